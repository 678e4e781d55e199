# Names of the arms, each behind a line or mark of its colour, in as many rows as they need under the legend. Loaded after grid() and
# legend_text, before canvas(); key_marks: a mark instead of a line.
array arm_key_left[|distinct_arm|]
array arm_key_row[|distinct_arm|]
arm_entry(a) = 54 + 7.4 * strlen(distinct_arm[a])
do for [a = 1:|distinct_arm|] { key_width = larger(key_width, room_left + arm_entry(a) + 8) }
arm_right = total_width(0) - 8; arm_at = room_left; arm_row = 0
do for [a = 1:|distinct_arm|] {
  if (arm_at + arm_entry(a) > arm_right && arm_at > room_left) { arm_row = arm_row + 1; arm_at = room_left }
  arm_key_left[a] = arm_at
  arm_key_row[a] = arm_row
  arm_at = arm_at + arm_entry(a)
}
room_top = room_top + arm_row * key_row
if (!exists("key_marks")) { key_marks = 0 }
array arm_marks[5] = [7, 5, 9, 11, 13]
arm_mark(a) = arm_marks[1 + (a - 1) % 5]
write_arms = "do for [a_ = 1:|distinct_arm|] { " . \
  "if (key_marks) { set label 600 + a_ '' at screen screen_x(arm_key_left[a_] + 12), screen screen_y(31 + arm_key_row[a_] * key_row) point pointtype arm_mark(a_) pointsize 0.6 linecolor rgb arm_colours[a_] } " . \
  "else { set arrow 600 + a_ from screen screen_x(arm_key_left[a_]), screen screen_y(31 + arm_key_row[a_] * key_row) to screen screen_x(arm_key_left[a_] + 24), screen screen_y(31 + arm_key_row[a_] * key_row) nohead linewidth 2.4 + 0.01 * a_ linecolor rgb arm_colours[a_] }; " . \
  "set label 500 + a_ distinct_arm[a_] at screen screen_x(arm_key_left[a_] + (key_marks ? 22 : 30)), screen screen_y(31 + arm_key_row[a_] * key_row) left font ',11' textcolor rgb '#202020' }"
clear_arms = "do for [a_ = 1:|distinct_arm|] { unset label 500 + a_; unset label 600 + a_; unset arrow 600 + a_ }"
