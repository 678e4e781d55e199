# Density of phase durations, a panel per phase; colour is the arm, band 95 %, truth dashed black.
eval grid(|distinct_phase|, 4)
room_top = 76
has_truth = exists("truth")
if (!has_truth) { truth = density }
legend_text = 'line: fit' . (exists("density_upper_max") ? '   band: 95 %' : '') . (has_truth ? '   dashed: truth' : '')
load arm_key
eval canvas(0)
has_band = exists("density_upper_max")
lower_in = has_band ? "lower" : "value"; upper_in = has_band ? "upper" : "value"
high = has_band ? (density_upper_max > density_value_max ? density_upper_max : density_value_max) : density_value_max
set xrange [0:end_of(density_time_h_max)]
set yrange [0:1.08 * high]
eval hours_tics(density_time_h_max)
mine(j, a) = strcol("phase") eq distinct_phase[j] && strcol("arm") eq distinct_arm[a]
eval write_legend
eval write_arms
do for [j = 1:|distinct_phase|] {
  eval place(j)
  panel_title = distinct_phase[j]
  eval title_in(black)
  axis_y = 'density [1/h]'
  eval shared_y(j)
  axis_x = 'duration [h]'
  eval shared_x(j)
  plot for [a = 1:(has_band ? |distinct_arm| : 0)] density using (mine(j, a) ? column("time_h") : NaN):(column(lower_in)):(column(upper_in)) \
         with filledcurves fillcolor rgb arm_colours[a] fillstyle transparent solid 0.2 noborder, \
       for [a = 1:|distinct_arm|] density using (mine(j, a) ? column("time_h") : NaN):(column("value")) with lines linewidth 2.4 linecolor rgb arm_colours[a], \
       for [a = 1:(has_truth ? |distinct_arm| : 0)] truth using (mine(j, a) ? column("time_h") : NaN):(column("value")) with lines linewidth 1.1 dashtype '-' linecolor rgb black, \
       NaN
  eval clear_arms
  eval clear_legend
}
unset multiplot
