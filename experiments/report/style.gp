# The one look of all figures: colours, fonts, the grid of panels. Run after the preamble that names the data.
set encoding utf8
set datafile separator "\t"
set datafile columnheaders
set border 3 linecolor rgb '#404040' linewidth 0.8
set tics nomirror out scale 0.6 textcolor rgb '#202020'
set key off
black = '#000000'
pale = '#999999'
array dashes[5] = ["1", "'--'", "'.'", "'-.'", "'_'"]
array marks[5] = [7, 5, 9, 11, 13]
# A grid of n panels, at most `widest` side by side; room in pixels around and between them.
panel_width = 225; panel_height = 165; room_left = 74; room_right = 16; room_top = 58; room_bottom = 56; gap_x = 28; gap_y = 52
grid(n, widest) = sprintf("grid_n = %d; grid_columns = %d; grid_rows = %d", n, n < widest ? n : widest, int(ceil(n / (1.0 * widest))))
total_width(x) = room_left + grid_columns * panel_width + (grid_columns - 1) * gap_x + room_right
total_height(x) = room_top + grid_rows * panel_height + (grid_rows - 1) * gap_y + room_bottom
canvas(x) = sprintf("set terminal svg size %d,%d dynamic noenhanced font 'Helvetica,12' background rgb 'white'; set output svg; set multiplot", \
                    total_width(0), total_height(0))
column_of(i) = (i - 1) % grid_columns
row_of(i) = (i - 1) / grid_columns
left_of(i) = (room_left + column_of(i) * (panel_width + gap_x)) / (1.0 * total_width(0))
top_of(i) = 1 - (room_top + row_of(i) * (panel_height + gap_y)) / (1.0 * total_height(0))
place(i) = sprintf("set lmargin at screen %.6f; set rmargin at screen %.6f; set tmargin at screen %.6f; set bmargin at screen %.6f", \
                   left_of(i), left_of(i) + panel_width / (1.0 * total_width(0)), top_of(i), top_of(i) - panel_height / (1.0 * total_height(0)))
in_first_column(i) = column_of(i) == 0
in_last_row(i) = i + grid_columns > grid_n
# Names of users stay in variables and are never evaluated: backquotes in an evaluated string would run a command.
# Panel titles carry the arm's name (panel_title) in its colour; axis names are in axis_x and axis_y.
title_in(colour) = sprintf("set title panel_title textcolor rgb '%s' offset 0,-0.4", colour)
# Axes shared between panels: numbers on the left and bottom ones only.
shared_y(i) = in_first_column(i) ? "set ylabel axis_y offset 0.5,0; set format y '%g'" : "unset ylabel; set format y ''"
shared_x(i) = in_last_row(i) ? "set xlabel axis_x offset 0,0.3; set format x '%g'" : "unset xlabel; set format x ''"
# A time axis ends at the next full day if that is near.
end_of(longest) = 24 * ceil(longest / 24.0) - longest < 3.5 && longest > 20 ? 24 * ceil(longest / 24.0) : longest
hours_tics(longest) = longest > 30 ? "set xtics 0,24" : longest > 12 ? "set xtics 0,6" : "set xtics autofreq"
# Doses, wash and harvest: thin lines over the panel, names along them.
clear_events = "unset arrow; do for [e_ = 1:40] { unset label e_ }"
