# Pairs of numbers, a panel per kind with a scale of its own; colour is the arm; open marks: at least one of the two was cut off; grey: equal.
panel_height = 225; gap_x = 46; gap_y = 92
eval grid(|distinct_panel|, 4)
room_top = 76
legend_text = 'open: cut off, longer than shown   grey line: equal'
key_marks = 1
load arm_key
eval canvas(0)
mine(j, a, s) = strcol("panel") eq distinct_panel[j] && strcol("arm") eq distinct_arm[a] && (strcol("seen") eq 'complete') == s
eval write_legend
eval write_arms
do for [j = 1:|distinct_panel|] {
  set xrange [*:*]; set yrange [*:*]      # stats counts what lies within the axes
  stats points using (strcol("panel") eq distinct_panel[j] ? column("x") : NaN):(column("y")) nooutput
  highest = 1.05 * larger(STATS_max_x, STATS_max_y)
  two_phases = distinct_panel[j][1:8] eq 'one cell'      # not alike in length: a scale for each
  set xrange [0:end_of(two_phases ? 1.05 * STATS_max_x : highest)]
  set yrange [0:end_of(two_phases ? 1.05 * STATS_max_y : highest)]
  eval hours_tics(two_phases ? STATS_max_x : highest)
  eval place(j)
  panel_title = distinct_panel[j]
  eval title_in(black)
  axis_y = y_label
  if (in_first_column(j)) { set ylabel axis_y offset 0.5,0 } else { unset ylabel }
  axis_x = x_label
  set xlabel axis_x offset 0,0.3
  plot x with lines linecolor rgb pale linewidth 1, \
       for [a = 1:|distinct_arm|] points using (mine(j, a, 0) ? column("x") : NaN):(column("y")) with points pointtype arm_mark(a) - 1 pointsize 0.4 linecolor rgb arm_colours[a], \
       for [a = 1:|distinct_arm|] points using (mine(j, a, 1) ? column("x") : NaN):(column("y")) with points pointtype arm_mark(a) pointsize 0.4 linecolor rgb arm_colours[a], \
       NaN
  eval clear_arms
  eval clear_legend
}
unset multiplot
