# A panel per arm: data as points, model as lines with 95 % bands, truth dashed black; classes by line style and mark.
eval grid(|distinct_arm|, 4)
# A part that is absent is replaced by one that is there, and not drawn.
has_points = exists("points"); has_model = exists("model"); has_truth = exists("truth")
there = has_points ? points : has_model ? model : truth
if (!has_points) { points = there; points_time_h_max = 0; points_rows = 0 }
if (!has_model) { model = there; model_time_h_max = 0; model_rows = 0 }
if (!has_truth) { truth = there; truth_rows = 0 }
value_in = has_points || has_truth ? "value" : "estimate"
estimate_in = has_model ? "estimate" : "value"; lower_in = has_model ? "lower" : "value"; upper_in = has_model ? "upper" : "value"
low = 1e300; high = -1e300; longest = 0
if (points_rows > 0) { low = points_value_min; high = points_value_max; longest = points_time_h_max }
if (model_rows > 0) {
  low = model_estimate_min < low ? model_estimate_min : low
  high = model_estimate_max > high ? model_estimate_max : high
  if (exists("model_lower_min")) { low = model_lower_min < low ? model_lower_min : low }
  if (exists("model_upper_max")) { high = model_upper_max > high ? model_upper_max : high }
  longest = model_time_h_max > longest ? model_time_h_max : longest
}
if (truth_rows > 0) {
  low = truth_value_min < low ? truth_value_min : low
  high = truth_value_max > high ? truth_value_max : high
  longest = truth_time_h_max > longest ? truth_time_h_max : longest
}
# Arms may end at different times.
array arm_end[|distinct_arm|]
do for [i = 1:|distinct_arm|] {
  arm_end[i] = longest
  if (has_model) {
    stats model using (strcol("arm") eq distinct_arm[i] ? column("time_h") : NaN) nooutput name 'mine'
    arm_end[i] = mine_max
  }
}
room_right = |distinct_class| > 1 ? 62 : 16
eval canvas(0)
log_y = exists("y_log")
if (log_y) { set logscale y; set yrange [low * 0.9:high * (exists("events") ? (high / low) ** 0.3 : 1.1)] } else { set yrange [(low < 0.4 * high && low >= 0 ? 0 : low - 0.08 * (high - low)):high + (exists("events") ? 0.35 : 0.12) * (high - low)] }
set xrange [0:end_of(longest)]
eval hours_tics(longest)
set label 100 (exists("band_label") ? band_label : "points: data   line and band: model, 95 %" . (has_truth ? "   dashed: truth" : "")) at screen 1, screen 1 right offset -1,-0.9 font ',10' textcolor rgb '#555555'
if (!has_model) { unset label 100 }
mine(a, k) = strcol("arm") eq distinct_arm[a] && strcol("class") eq distinct_class[k]
do for [i = 1:|distinct_arm|] {
  eval place(i)
  this_arm = distinct_arm[i]
  panel_title = this_arm
  eval title_in(arm_colours[i])
  axis_y = y_label . (log_y ? ', log axis' : '')
  eval shared_y(i)
  axis_x = 'time [h]'
  eval shared_x(i)
  load mark_events
  colour = arm_colours[i]
  # Classes are named at the end of their line in the rightmost panels.
  mine_end = arm_end[i]
  named = (column_of(i) == grid_columns - 1 || i == |distinct_arm|) && |distinct_class| > 1 ? |distinct_class| : 0
  plot for [k = 1:(has_model ? |distinct_class| : 0)] model using (mine(i, k) ? column("time_h") : NaN):(column(lower_in)):(column(upper_in)) \
         with filledcurves fillcolor rgb colour fillstyle transparent solid 0.22 noborder, \
       for [k = 1:(has_points ? |distinct_class| : 0)] points using (mine(i, k) ? column("time_h") : NaN):(column(value_in)) \
         with points pointtype marks[k] pointsize 0.28 linecolor rgb colour, \
       for [k = 1:(has_model ? |distinct_class| : 0)] model using (mine(i, k) ? column("time_h") : NaN):(column(estimate_in)) \
         with lines linecolor rgb colour linewidth 1.8 dashtype k, \
       for [k = 1:(has_truth ? |distinct_class| : 0)] truth using (mine(i, k) ? column("time_h") : NaN):(column(value_in)) \
         with lines linecolor rgb black linewidth 1.1 dashtype '-', \
       for [k = 1:(has_model ? named : 0)] model using (mine(i, k) && column("time_h") >= mine_end ? column("time_h") : NaN):(column(estimate_in)):(strcol("class")) \
         with labels left offset 0.4,0 font ',10' textcolor rgb colour, \
       for [k = 1:(has_model ? 0 : named)] points using (mine(i, k) && column("time_h") >= points_time_h_max ? column("time_h") : NaN):(column(value_in)):(strcol("class")) \
         with labels left offset 0.4,0 font ',10' textcolor rgb colour, \
       NaN
  unset label 100
}
unset multiplot
