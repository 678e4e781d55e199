# Pairs of numbers, a panel per kind; colour is the arm; open marks: at least one of the two was cut off; grey: equal.
panel_height = 225; gap_y = 66
eval grid(|distinct_panel|, 4)
room_top = 76
legend_text = 'open: cut off, longer than shown   grey line: equal'
key_marks = 1
load arm_key
eval canvas(0)
highest = 1.05 * larger(points_x_max, points_y_max)
set xrange [0:end_of(highest)]
set yrange [0:end_of(highest)]
eval hours_tics(highest)
mine(j, a, s) = strcol("panel") eq distinct_panel[j] && strcol("arm") eq distinct_arm[a] && (strcol("seen") eq 'complete') == s
eval write_legend
eval write_arms
do for [j = 1:|distinct_panel|] {
  eval place(j)
  panel_title = distinct_panel[j]
  eval title_in(black)
  axis_y = y_label
  eval shared_y(j)
  axis_x = x_label
  eval shared_x(j)
  plot x with lines linecolor rgb pale linewidth 1, \
       for [a = 1:|distinct_arm|] points using (mine(j, a, 0) ? column("x") : NaN):(column("y")) with points pointtype arm_mark(a) - 1 pointsize 0.4 linecolor rgb arm_colours[a], \
       for [a = 1:|distinct_arm|] points using (mine(j, a, 1) ? column("x") : NaN):(column("y")) with points pointtype arm_mark(a) pointsize 0.4 linecolor rgb arm_colours[a], \
       NaN
  eval clear_arms
  eval clear_legend
}
unset multiplot
