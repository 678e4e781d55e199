# Names of the phases, each behind a line of its colour, in as many rows as they need under the legend. Loaded after grid() and legend_text, before
# canvas(); key_marks: with the phase's mark on the line.
array phase_key_left[|distinct_phase|]
array phase_key_row[|distinct_phase|]
phase_entry(k) = 48 + 7.4 * strlen(distinct_phase[k])
do for [k = 1:|distinct_phase|] { key_width = larger(key_width, room_left + phase_entry(k) + 8) }
phase_right = total_width(0) - 8; phase_at_x = room_left; phase_row = 0
do for [k = 1:|distinct_phase|] {
  if (phase_at_x + phase_entry(k) > phase_right && phase_at_x > room_left) { phase_row = phase_row + 1; phase_at_x = room_left }
  phase_key_left[k] = phase_at_x
  phase_key_row[k] = phase_row
  phase_at_x = phase_at_x + phase_entry(k)
}
room_top = room_top + phase_row * key_row
if (!exists("key_marks")) { key_marks = 0 }
if (!exists("key_y")) { key_y = 31 }
phase_mark(k) = marks[1 + (k - 1) % 5]
write_phases = "do for [k_ = 1:|distinct_phase|] { " . \
  "set arrow 600 + k_ from screen screen_x(phase_key_left[k_]), screen screen_y(key_y + phase_key_row[k_] * key_row) to screen screen_x(phase_key_left[k_] + 24), screen screen_y(key_y + phase_key_row[k_] * key_row) nohead linewidth (key_marks ? 2 : 4.5) + 0.01 * k_ linecolor rgb phase_colours[k_]; " . \
  "if (key_marks) { set label 600 + k_ '' at screen screen_x(phase_key_left[k_] + 12), screen screen_y(key_y + phase_key_row[k_] * key_row) point pointtype phase_mark(k_) pointsize 0.6 linecolor rgb phase_colours[k_] }; " . \
  "set label 500 + k_ distinct_phase[k_] at screen screen_x(phase_key_left[k_] + 30), screen screen_y(key_y + phase_key_row[k_] * key_row) left font ',11' textcolor rgb '#202020' }"
clear_phases = "do for [k_ = 1:|distinct_phase|] { unset label 500 + k_; unset label 600 + k_; unset arrow 600 + k_ }"
