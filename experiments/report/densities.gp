# Density of phase durations, a panel per phase with scales of its own; where there are histograms, or over four arms, a panel per arm and phase with
# one scale a phase. Colour is the arm, bars the data, line the fit, band 95 %, truth dashed black.
room_left = 88; gap_x = 62
has_truth = exists("truth"); has_histogram = exists("histogram")
by_arm = |distinct_arm| > (has_histogram ? 1 : 4)
phases_drawn = |distinct_phase|; arms_drawn = |distinct_arm|
if (by_arm) { panel_height = 130; gap_y = 66 }
eval grid(by_arm ? arms_drawn * phases_drawn : phases_drawn, by_arm ? (phases_drawn < 3 ? 4 : phases_drawn) : 4)
room_top = by_arm ? 58 : 76
if (!has_truth) { truth = density }
if (!has_histogram) { histogram = density }
legend_text = (has_histogram ? 'bars: data, cut-off stays allowed for   ' : '') . 'line: fit' . (exists("density_upper_max") ? '   band: 95 %' : '') . (has_truth ? '   dashed: truth' : '')
if (!by_arm) { load arm_key }
eval canvas(0)
has_band = exists("density_upper_max")
lower_in = has_band ? "lower" : "value"; upper_in = has_band ? "upper" : "value"
phase_at(i) = by_arm ? 1 + (i - 1) % phases_drawn : i
shows(i, a) = !by_arm || a == 1 + (i - 1) / phases_drawn
mine(i, a) = shows(i, a) && strcol("phase") eq distinct_phase[phase_at(i)] && strcol("arm") eq distinct_arm[a]
eval write_legend
if (!by_arm) { eval write_arms }
do for [i = 1:grid_n] {
  j = phase_at(i)
  set xrange [*:*]; set yrange [*:*]      # stats counts what lies within the axes
  stats density using (strcol("phase") eq distinct_phase[j] ? column("time_h") : NaN):(larger(column("value"), column(upper_in))) nooutput
  longest = STATS_max_x; highest = STATS_max_y
  if (has_histogram) {
    stats histogram using (strcol("phase") eq distinct_phase[j] ? column("to_h") : NaN):(column("value")) nooutput
    if (STATS_records > 0) { longest = larger(longest, STATS_max_x); highest = larger(highest, STATS_max_y) }
  }
  set xrange [0:end_of(longest)]
  set yrange [0:1.08 * highest]
  set ytics autofreq
  eval hours_tics(longest)
  eval place(i)
  panel_title = by_arm ? distinct_arm[1 + (i - 1) / phases_drawn] . ', ' . distinct_phase[j] : distinct_phase[j]
  if (strlen(panel_title) > 36) { eval "set label 100 panel_title at graph 0.5, graph 1.1 center font ',9' textcolor rgb arm_colours[1 + (i - 1) / phases_drawn]" } else { eval title_in(by_arm ? arm_colours[1 + (i - 1) / phases_drawn] : black) }
  axis_y = 'density [1/h]'
  if (in_first_column(i)) { set ylabel axis_y offset 0.5,0 } else { unset ylabel }
  axis_x = 'duration [h]'
  eval shared_x(i)
  if (!by_arm) { set xlabel axis_x offset 0,0.3 }
  set format x '%g'
  plot for [a = 1:(has_histogram ? arms_drawn : 0)] histogram using (mine(i, a) ? 0.5 * (column("from_h") + column("to_h")) : NaN):(column("value")):(column("to_h") - column("from_h")) \
         with boxes fillcolor rgb arm_colours[a] fillstyle transparent solid 0.3 border linecolor rgb lighter(arm_colours[a]), \
       for [a = 1:(has_band ? arms_drawn : 0)] density using (mine(i, a) ? column("time_h") : NaN):(column(lower_in)):(column(upper_in)) \
         with filledcurves fillcolor rgb arm_colours[a] fillstyle transparent solid 0.2 noborder, \
       for [a = 1:arms_drawn] density using (mine(i, a) ? column("time_h") : NaN):(column("value")) with lines linewidth 2.4 linecolor rgb arm_colours[a], \
       for [a = 1:(has_truth ? arms_drawn : 0)] truth using (mine(i, a) ? column("time_h") : NaN):(column("value")) with lines linewidth 1.1 dashtype '-' linecolor rgb black, \
       NaN
  if (!by_arm) { eval clear_arms }
  eval clear_legend
}
unset multiplot
