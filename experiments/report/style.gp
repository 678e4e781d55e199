# The one look of all figures: colours, fonts, the grid of panels. Run after the preamble that names the data.
set encoding utf8
set datafile separator "\t"
set datafile columnheaders
set border 3 linecolor rgb '#404040' linewidth 0.8
set tics nomirror out scale 0.6 textcolor rgb '#202020'
set key off
black = '#000000'
pale = '#999999'
array marks[5] = [7, 5, 9, 11, 13]
# A grid of n panels, at most `widest` side by side; room in pixels around and between them.
panel_width = 225; panel_height = 165; room_left = 74; room_right = 16; room_top = 58; room_bottom = 56; gap_x = 28; gap_y = 52
grid(n, widest) = sprintf("grid_n = %d; grid_columns = %d; grid_rows = %d", n, n < widest ? n : widest, int(ceil(n / (1.0 * widest))))
# A canvas is at least as wide as its legend, which therefore is set before.
legend_text = ''
larger(a, b) = a > b ? a : b
key_width = 0
total_width(x) = larger(larger(key_width, 5.5 * strlen(legend_text) + 24), room_left + grid_columns * panel_width + (grid_columns - 1) * gap_x + room_right)
height_of(i) = panel_height
above(i) = row_of(i) * (panel_height + gap_y)
total_height(x) = room_top + above(grid_n) + height_of(grid_n) + room_bottom
canvas(x) = sprintf("set terminal svg size %d,%d dynamic noenhanced font 'Helvetica,12' background rgb 'white'; set output svg; set multiplot", \
                    total_width(0), total_height(0))
column_of(i) = (i - 1) % grid_columns
row_of(i) = (i - 1) / grid_columns
left_of(i) = (room_left + column_of(i) * (panel_width + gap_x)) / (1.0 * total_width(0))
top_of(i) = 1 - (room_top + above(i)) / (1.0 * total_height(0))
place(i) = sprintf("set lmargin at screen %.6f; set rmargin at screen %.6f; set tmargin at screen %.6f; set bmargin at screen %.6f", \
                   left_of(i), left_of(i) + panel_width / (1.0 * total_width(0)), top_of(i), top_of(i) - height_of(i) / (1.0 * total_height(0)))
in_first_column(i) = column_of(i) == 0
in_last_row(i) = i + grid_columns > grid_n
# Names of users stay in variables and are never evaluated: backquotes in an evaluated string would run a command.
# A panel's title (panel_title) stands above the room for its events (event_room, in pixels: see place_events.gp).
event_room = 0
title_in(colour) = sprintf("set label 100 panel_title at graph 0.5, graph %.4f center font ',12' textcolor rgb '%s'", 1 + (14.0 + event_room) / panel_height, colour)
# What marks mean (legend_text) stands at the top right of the canvas; positions in pixels from its top left.
screen_x(px) = px / (1.0 * total_width(0))
screen_y(py) = 1 - py / (1.0 * total_height(0))
write_legend = "set label 101 legend_text at screen screen_x(total_width(0) - 8), screen screen_y(13) right font ',10' textcolor rgb '#555555'"
# Classes, with their line style and mark, stand in a row of height key_row under it, from the left. (gnuplot's svg gives a line the dashes of the
# one before it unless something else differs too: hence the hundredths of width.)
key_row = 18
key_step(k) = 76 + 7 * strlen(distinct_class[k])
key_left(k) = k < 2 ? room_left : key_left(k - 1) + key_step(k - 1)
write_key = "do for [k_ = 1:|distinct_class|] { " . \
  "if (key_lines) { set arrow 200 + k_ from screen screen_x(key_left(k_)), screen screen_y(31) to screen screen_x(key_left(k_) + 40), screen screen_y(31) nohead linecolor rgb '#404040' linewidth 1.6 + 0.01 * k_ dashtype k_ }; " . \
  "if (key_points) { set label 120 + k_ '' at screen screen_x(key_left(k_) + (key_lines ? 50 : 40)), screen screen_y(31) point pointtype marks[k_] pointsize 0.5 linecolor rgb '#404040' }; " . \
  "set label 140 + k_ distinct_class[k_] at screen screen_x(key_left(k_) + (key_lines && !key_points ? 46 : 58)), screen screen_y(31) left font ',11' textcolor rgb '#202020' }"
# Written with the first panel, they need not be written again.
clear_legend = "unset label 101; do for [k_ = 1:19] { unset label 120 + k_; unset label 140 + k_; unset arrow 200 + k_ }"
# Axes shared between panels: numbers on the left and bottom ones only.
shared_y(i) = in_first_column(i) ? "set ylabel axis_y offset 0.5,0; set format y '%g'" : "unset ylabel; set format y ''"
shared_x(i) = in_last_row(i) ? "set xlabel axis_x offset 0,0.3; set format x '%g'" : "unset xlabel; set format x ''"
# A time axis ends at the next full day if that is near.
end_of(longest) = 24 * ceil(longest / 24.0) - longest < 3.5 && longest > 20 ? 24 * ceil(longest / 24.0) : longest
hours_tics(longest) = longest > 240 ? "set xtics 0,48" : longest > 60 ? "set xtics 0,24" : longest > 26 ? "set xtics 0,12" : longest > 12 ? "set xtics 0,6" : longest > 6 ? "set xtics 0,2" : "set xtics autofreq"
# At most `most` + 1 numbers on an axis, at multiples of 1, 2 or 5; a log axis over more than a decade has powers of ten, and 3 times
# them where there is room.
magnitude(x) = 10.0 ** floor(log10(x))
rounded_up(x) = x > 5 * magnitude(x) ? 10 * magnitude(x) : x > 2 * magnitude(x) ? 5 * magnitude(x) : x > magnitude(x) ? 2 * magnitude(x) : magnitude(x)
multiples(n, last, step) = n > last ? '' : sprintf("%.12g%s", n * step, n < last ? ', ' : '') . multiples(n + 1, last, step)
even_tics(low, high, most) = sprintf("set xtics (%s)", multiples(int(ceil(low / rounded_up((high - low) / most) - 1e-9)), int(floor(high / rounded_up((high - low) / most) + 1e-9)), rounded_up((high - low) / most)))
powers(n, last, by, threes) = n > last ? '' : sprintf("%.12g, %.12g%s", 10.0 ** n, (threes ? 3 : 1) * 10.0 ** n, n + by <= last ? ', ' : '') . powers(n + by, last, by, threes)
power_tics(low, high) = sprintf("set xtics (%s)", powers(int(floor(log10(low))), int(ceil(log10(high))), int(ceil(log10(high / low) / 5)), high / low < 500))
tics_of(low, high, is_log, most) = is_log && high > 10 * low ? power_tics(low, high) : even_tics(low, high, most)
# A colour mixed with white.
channel(colour, from) = int(('0x' . colour[from:from + 1]) + 0)
mixed(c) = int(0.5 * c + 0.5 * 255)
lighter(colour) = sprintf('#%02x%02x%02x', mixed(channel(colour, 2)), mixed(channel(colour, 4)), mixed(channel(colour, 6)))
