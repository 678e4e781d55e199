# Standardised residuals over time, a panel per arm; the pale band holds 95 % if the model and its noise are right.
eval grid(|distinct_arm|, 4)
largest = points_residual_max > -points_residual_min ? points_residual_max : -points_residual_min
largest = largest < 3 ? 3.2 : 1.08 * largest
longest = points_time_h_max
axis_start = 0; axis_end = end_of(longest)
load place_events
key_lines = 0; key_points = 1
if (|distinct_class| > 1) { room_top = room_top + key_row }
legend_text = "band: 95 % of residuals if model and noise are right"
eval canvas(0)
set xrange [axis_start:axis_end]
set yrange [-largest:largest]
eval hours_tics(longest)
eval write_legend
if (|distinct_class| > 1) { eval write_key }
set style rectangle fillstyle solid 1 noborder
set object 1 rectangle from graph 0, first -1.96 to graph 1, first 1.96 behind fillcolor rgb '#eeeeee'
mine(a, k) = strcol("arm") eq distinct_arm[a] && strcol("class") eq distinct_class[k]
do for [i = 1:|distinct_arm|] {
  eval place(i)
  this_arm = distinct_arm[i]
  panel_title = this_arm
  eval title_in(arm_colours[i])
  axis_y = 'residual [sd]'
  eval shared_y(i)
  axis_x = 'time [h]'
  eval shared_x(i)
  load mark_events
  plot 0 with lines linecolor rgb '#404040' linewidth 0.8, \
       for [k = 1:|distinct_class|] points using (mine(i, k) ? column("time_h") : NaN):(column("residual")) \
         with points pointtype marks[k] pointsize 0.28 linecolor rgb arm_colours[i]
  eval clear_legend
}
unset multiplot
