# A panel per arm: data as points, model as lines with 95 % bands, intervals as bars, truth dashed black; classes by line style and mark.
eval grid(|distinct_arm|, 4)
# A part that is absent is replaced by one that is there, and not drawn.
has_points = exists("points"); has_model = exists("model"); has_truth = exists("truth"); has_intervals = exists("intervals")
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
if (has_intervals) {
  low = intervals_lower_min < low ? intervals_lower_min : low
  high = intervals_upper_max > high ? intervals_upper_max : high
} else { intervals = there }
there_in = has_points || !has_model ? "value" : "estimate"
middle_in = has_intervals ? "estimate" : there_in; bar_low_in = has_intervals ? "lower" : there_in; bar_high_in = has_intervals ? "upper" : there_in
axis_start = 0; axis_end = end_of(longest)
load place_events
key_lines = has_model; key_points = has_points
if (|distinct_class| > 1) { room_top = room_top + key_row; key_width = key_left(|distinct_class|) + key_step(|distinct_class|) + 8 }
parts_drawn = (has_points ? "points: data" : '') . (has_model ? "   line and band: model, 95 %" : '') . (has_intervals ? "   bars: prediction profile, 95 %" : '') . (has_truth ? "   dashed black: truth" : '')
legend_text = exists("band_label") ? band_label : parts_drawn
eval canvas(0)
log_y = exists("y_log")
edged = exists("band_edges")      # narrow bands are seen by their edges
if (log_y) { set logscale y; set yrange [low * 0.9:high * 1.1] } else { set yrange [(low < 0.4 * high && low >= 0 ? 0 : low - 0.08 * (high - low)):high + 0.06 * (high - low)] }
set xrange [axis_start:axis_end]
eval hours_tics(longest)
eval write_legend
if (|distinct_class| > 1) { eval write_key }
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
  # Pale points at the back: neither line nor band is hidden by them.
  plot for [k = 1:(has_points ? |distinct_class| : 0)] points using (mine(i, k) ? column("time_h") : NaN):(column(value_in)) \
         with points pointtype marks[k] pointsize (has_model ? 0.32 : 0.28) linecolor rgb (has_model ? lighter(colour) : colour), \
       for [k = 1:(has_model ? |distinct_class| : 0)] model using (mine(i, k) ? column("time_h") : NaN):(column(lower_in)):(column(upper_in)) \
         with filledcurves fillcolor rgb colour fillstyle transparent solid 0.22 noborder, \
       for [k = 1:(has_model && edged ? |distinct_class| : 0)] model using (mine(i, k) ? column("time_h") : NaN):(column(lower_in)) \
         with lines linecolor rgb colour linewidth 0.6 dashtype '.', \
       for [k = 1:(has_model && edged ? |distinct_class| : 0)] model using (mine(i, k) ? column("time_h") : NaN):(column(upper_in)) \
         with lines linecolor rgb colour linewidth 0.6 dashtype '.', \
       for [k = 1:(has_model ? |distinct_class| : 0)] model using (mine(i, k) ? column("time_h") : NaN):(column(estimate_in)) \
         with lines linecolor rgb colour linewidth 1.4 dashtype k, \
       for [k = 1:(has_truth ? |distinct_class| : 0)] truth using (mine(i, k) ? column("time_h") : NaN):(column(value_in)) \
         with lines linecolor rgb black linewidth 1.1 dashtype '-', \
       for [k = 1:(has_intervals ? |distinct_class| : 0)] intervals using (mine(i, k) ? column("time_h") : NaN):(column(middle_in)):(column(bar_low_in)):(column(bar_high_in)) \
         with yerrorbars pointtype 7 pointsize 0.4 linecolor rgb black linewidth 1.2, \
       NaN
  eval clear_legend
}
unset multiplot
