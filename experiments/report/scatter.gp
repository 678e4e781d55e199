# Pairs of numbers, a panel per kind with a scale of its own; of more than four arms a row of panels per arm. Colour is the arm; open marks: at least one
# of the two was cut off; grey: equal.
by_arm = |distinct_arm| > 4
kinds = |distinct_panel|; arms_drawn = |distinct_arm|
panel_height = by_arm ? 150 : 225; panel_width = by_arm ? 185 : 225; gap_x = 46; gap_y = by_arm ? 62 : 92
eval grid(by_arm ? arms_drawn * kinds : kinds, by_arm ? kinds : 4)
room_top = by_arm ? 72 : 76
legend_text = 'open: cut off, longer than shown   grey line: equal'
key_marks = 1
if (!by_arm) { load arm_key } else { arm_mark(a) = 7 }
eval canvas(0)
kind_at(i) = by_arm ? 1 + (i - 1) % kinds : i
shows(i, a) = !by_arm || a == 1 + (i - 1) / kinds
mine(i, a, s) = shows(i, a) && strcol("panel") eq distinct_panel[kind_at(i)] && strcol("arm") eq distinct_arm[a] && (strcol("seen") eq 'complete') == s
eval write_legend
if (!by_arm) { eval write_arms }
do for [i = 1:grid_n] {
  j = kind_at(i); a_of = by_arm ? 1 + (i - 1) / kinds : 1
  set xrange [*:*]; set yrange [*:*]      # stats counts what lies within the axes
  stats points using (strcol("panel") eq distinct_panel[j] ? column("x") : NaN):(column("y")) nooutput
  widest_x = STATS_max_x; widest_y = STATS_max_y
  own = 1
  if (by_arm) {
    stats points using (strcol("panel") eq distinct_panel[j] && strcol("arm") eq distinct_arm[a_of] ? 1 : 0) nooutput
    own = STATS_sum
  }
  highest = 1.05 * larger(widest_x, widest_y)
  two_phases = distinct_panel[j][1:8] eq 'one cell'      # not alike in length: a scale for each
  set xrange [0:end_of(two_phases ? 1.05 * widest_x : highest)]
  set yrange [0:end_of(two_phases ? 1.05 * widest_y : highest)]
  eval hours_tics(two_phases ? widest_x : highest)
  eval place(i)
  if (by_arm) {
    panel_title = distinct_arm[a_of]
    set label 100 panel_title at graph 0.5, graph 1.06 center font (strlen(panel_title) > 26 ? ',8' : ',11') textcolor rgb arm_colours[a_of]
    if (row_of(i) == 0) { set label 102 distinct_panel[j] at graph 0.5, graph 1.2 center font (strlen(distinct_panel[j]) > 28 ? ',9' : ',11') textcolor rgb black } else { unset label 102 }
  } else {
    panel_title = distinct_panel[j]
    eval title_in(black)
  }
  axis_y = y_label
  if (in_first_column(i)) { set ylabel axis_y offset 0.5,0 } else { unset ylabel }
  axis_x = x_label
  if (!by_arm || in_last_row(i)) { set xlabel axis_x offset 0,0.3 } else { unset xlabel }
  if (own > 0) {
    plot x with lines linecolor rgb pale linewidth 1, \
         for [a = 1:arms_drawn] points using (mine(i, a, 0) ? column("x") : NaN):(column("y")) with points pointtype arm_mark(a) - 1 pointsize 0.4 linecolor rgb arm_colours[a], \
         for [a = 1:arms_drawn] points using (mine(i, a, 1) ? column("x") : NaN):(column("y")) with points pointtype arm_mark(a) pointsize 0.4 linecolor rgb arm_colours[a], \
         NaN
    if (!by_arm) { eval clear_arms }
    eval clear_legend
  }
}
unset multiplot
