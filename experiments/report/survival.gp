# Share of stays that last longer, a panel per phase, each as long as its stays; colour is the arm; steps with 95 % bands, dashed: model.
eval grid(|distinct_phase|, 4)
room_top = 76
has_model = exists("model")
if (!has_model) { model = curve }
legend_text = 'steps: data, band 95 %' . (has_model ? '   dashed: fit' : '')
load arm_key
eval canvas(0)
mine(j, a) = strcol("phase") eq distinct_phase[j] && strcol("arm") eq distinct_arm[a]
eval write_legend
eval write_arms
do for [j = 1:|distinct_phase|] {
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
  eval place(j)
  panel_title = distinct_phase[j]
  eval title_in(black)
  axis_y = 'share that lasts longer'
  eval shared_y(j)
  axis_x = 'duration [h]'
  set xlabel axis_x offset 0,0.3
  plot for [a = 1:|distinct_arm|] band using (mine(j, a) ? column("time_h") : NaN):(column("lower")):(column("upper")) \
         with filledcurves fillcolor rgb arm_colours[a] fillstyle transparent solid 0.18 noborder, \
       for [a = 1:|distinct_arm|] curve using (mine(j, a) ? column("time_h") : NaN):(column("value")) with steps linewidth 1.4 linecolor rgb arm_colours[a], \
       for [a = 1:(has_model ? |distinct_arm| : 0)] model using (mine(j, a) ? column("time_h") : NaN):(column("value")) with lines linewidth 1.6 dashtype '-' linecolor rgb arm_colours[a], \
       NaN
  eval clear_arms
  eval clear_legend
}
unset multiplot
