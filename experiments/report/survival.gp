# Share of stays that last longer, a panel per phase, each as long as its stays; of more than four arms a panel per arm and phase. Colour is the arm;
# steps with 95 % bands, dashed: model.
by_arm = |distinct_arm| > 4
phases_drawn = |distinct_phase|; arms_drawn = |distinct_arm|
if (by_arm) { panel_height = 130; gap_y = 66 }
eval grid(by_arm ? arms_drawn * phases_drawn : phases_drawn, by_arm ? (phases_drawn < 3 ? 4 : phases_drawn) : 4)
room_top = by_arm ? 58 : 76
has_model = exists("model")
if (!has_model) { model = curve }
legend_text = 'steps: data, band 95 %' . (has_model ? '   dashed: fit' : '')
if (!by_arm) { load arm_key }
eval canvas(0)
phase_at(i) = by_arm ? 1 + (i - 1) % phases_drawn : i
shows(i, a) = !by_arm || a == 1 + (i - 1) / phases_drawn
mine(i, a) = shows(i, a) && strcol("phase") eq distinct_phase[phase_at(i)] && strcol("arm") eq distinct_arm[a]
eval write_legend
if (!by_arm) { eval write_arms }
do for [i = 1:grid_n] {
  j = phase_at(i)
  set xrange [*:*]; set yrange [*:*]      # stats counts what lies within the axes
  stats curve using (strcol("phase") eq distinct_phase[j] ? column("time_h") : NaN) nooutput
  longest = STATS_max
  if (has_model) {
    stats model using (strcol("phase") eq distinct_phase[j] ? column("time_h") : NaN) nooutput
    longest = larger(longest, STATS_max)
  }
  set xrange [0:end_of(longest)]
  set yrange [0:1.02]
  eval hours_tics(longest)
  eval place(i)
  panel_title = by_arm ? distinct_arm[1 + (i - 1) / phases_drawn] . ', ' . distinct_phase[j] : distinct_phase[j]
  if (strlen(panel_title) > 36) { eval "set label 100 panel_title at graph 0.5, graph 1.1 center font ',9' textcolor rgb arm_colours[1 + (i - 1) / phases_drawn]" } else { eval title_in(by_arm ? arm_colours[1 + (i - 1) / phases_drawn] : black) }
  axis_y = by_arm ? 'longer' : 'share that lasts longer'
  eval shared_y(i)
  axis_x = 'duration [h]'
  eval shared_x(i)
  if (!by_arm) { set xlabel axis_x offset 0,0.3 }
  set format x '%g'
  plot for [a = 1:arms_drawn] band using (mine(i, a) ? column("time_h") : NaN):(column("lower")):(column("upper")) \
         with filledcurves fillcolor rgb arm_colours[a] fillstyle transparent solid 0.18 noborder, \
       for [a = 1:arms_drawn] curve using (mine(i, a) ? column("time_h") : NaN):(column("value")) with steps linewidth 1.4 linecolor rgb arm_colours[a], \
       for [a = 1:(has_model ? arms_drawn : 0)] model using (mine(i, a) ? column("time_h") : NaN):(column("value")) with lines linewidth 1.6 dashtype '-' linecolor rgb arm_colours[a], \
       NaN
  if (!by_arm) { eval clear_arms }
  eval clear_legend
}
unset multiplot
