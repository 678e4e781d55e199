# Density of phase durations, a panel per phase with scales of its own; colour is the arm, band 95 %, truth dashed black.
room_left = 88; gap_x = 62
eval grid(|distinct_phase|, 4)
room_top = 76
has_truth = exists("truth")
if (!has_truth) { truth = density }
legend_text = 'line: fit' . (exists("density_upper_max") ? '   band: 95 %' : '') . (has_truth ? '   dashed: truth' : '')
load arm_key
eval canvas(0)
has_band = exists("density_upper_max")
lower_in = has_band ? "lower" : "value"; upper_in = has_band ? "upper" : "value"
mine(j, a) = strcol("phase") eq distinct_phase[j] && strcol("arm") eq distinct_arm[a]
eval write_legend
eval write_arms
do for [j = 1:|distinct_phase|] {
  set xrange [*:*]; set yrange [*:*]      # stats counts what lies within the axes
  stats density using (strcol("phase") eq distinct_phase[j] ? column("time_h") : NaN):(larger(column("value"), column(upper_in))) nooutput
  set xrange [0:end_of(STATS_max_x)]
  set yrange [0:1.08 * STATS_max_y]
  set ytics autofreq
  eval hours_tics(STATS_max_x)
  eval place(j)
  panel_title = distinct_phase[j]
  eval title_in(black)
  axis_y = 'density [1/h]'
  if (in_first_column(j)) { set ylabel axis_y offset 0.5,0 } else { unset ylabel }
  axis_x = 'duration [h]'
  set xlabel axis_x offset 0,0.3
  plot for [a = 1:(has_band ? |distinct_arm| : 0)] density using (mine(j, a) ? column("time_h") : NaN):(column(lower_in)):(column(upper_in)) \
         with filledcurves fillcolor rgb arm_colours[a] fillstyle transparent solid 0.2 noborder, \
       for [a = 1:|distinct_arm|] density using (mine(j, a) ? column("time_h") : NaN):(column("value")) with lines linewidth 2.4 linecolor rgb arm_colours[a], \
       for [a = 1:(has_truth ? |distinct_arm| : 0)] truth using (mine(j, a) ? column("time_h") : NaN):(column("value")) with lines linewidth 1.1 dashtype '-' linecolor rgb black, \
       NaN
  eval clear_arms
  eval clear_legend
}
unset multiplot
