# Profile likelihoods, a panel per parameter: threshold of its 95 % interval, estimate, bounds; open bounds are named.
gap_x = 44; gap_y = 92; panel_width = 190; room_bottom = 60
eval grid(marks_rows, 4)
some_truth = exists("marks_truth_min")
legend_text = "dotted: threshold of the 95 % interval" . (exists("threshold_name") ? ", " . threshold_name : '') . "   blue bar: interval   black dot: estimate" . (some_truth ? "   dashed: truth" : '')
eval canvas(0)
# Thresholds differ with the degrees of freedom: one range if they are alike, else a range per panel.
alike = marks_threshold_max < 2 * marks_threshold_min
eval write_legend
mine(i) = strcol("parameter") eq marks_parameter[i]
do for [i = 1:marks_rows] {
  eval place(i)
  panel_title = marks_parameter[i]
  eval title_in(black)
  axis_y = 'rise of -2 log-likelihood'
  eval shared_y(i)
  if (!alike) { set format y '%g' }
  highest = 1.8 * (alike ? marks_threshold_max : marks_threshold[i])
  bar_y = 0.03 * highest
  set yrange [0:highest]
  is_log = marks_scale[i] eq 'log10'
  least = 1e300; most = -1e300
  set table $walked
  plot profile using (mine(i) ? (least = column("value") < least ? column("value") : least, most = column("value") > most ? column("value") : most, 0) : 0) with table
  unset table
  # Over a narrow range a log axis looks linear and is not called log.
  is_log = is_log && most > 3 * least
  unset logscale x
  if (is_log) { set logscale x }
  set xlabel marks_axis[i] . (is_log ? ', log axis' : '') offset 0,0.3
  span = is_log ? most / least : most - least
  from_x = is_log ? least / span ** 0.06 : least - 0.06 * span
  to_x = is_log ? most * span ** 0.06 : most + 0.06 * span
  set xrange [from_x:to_x]
  eval tics_of(from_x, to_x, is_log, 4)
  set format x '%g'
  unset arrow
  do for [m = 1:3] { unset label m }
  low_open = !(marks_lower[i] == marks_lower[i]); high_open = !(marks_upper[i] == marks_upper[i])
  from = low_open ? from_x : marks_lower[i]
  to = high_open ? to_x : marks_upper[i]
  set arrow 1 from first from, first bar_y to first to, first bar_y nohead linewidth 4 linecolor rgb '#0072B2' front
  if (low_open) { set label 1 '< open' at graph 0.03, graph 0.1 left font ',10' textcolor rgb '#D55E00' front }
  if (high_open) { set label 2 'open >' at graph 0.97, graph 0.1 right font ',10' textcolor rgb '#D55E00' front }
  # Beside the truth's line, not on it.
  truth_right = 0
  if (exists("marks_truth")) { truth_right = marks_truth[i] > (is_log ? sqrt(from_x * to_x) : 0.5 * (from_x + to_x)) }
  set label 3 sprintf('%.2f', marks_threshold[i]) at graph (truth_right ? 0.32 : 0.68), first marks_threshold[i] center offset 0,0.5 font ',10' textcolor rgb '#555555'
  if (exists("marks_truth")) { if (marks_truth[i] == marks_truth[i]) { set arrow 2 from first marks_truth[i], graph 0 to first marks_truth[i], graph 0.88 nohead linewidth 1.1 dashtype '-' linecolor rgb black back } }
  plot marks_threshold[i] with lines linecolor rgb '#606060' linewidth 1.2 dashtype '.', \
       profile using (mine(i) ? column("value") : NaN):(column("delta")) with linespoints pointtype 7 pointsize 0.3 linecolor rgb '#0072B2' linewidth 1.6, \
       '+' using (marks_estimate[i]):(bar_y) every ::::0 with points pointtype 7 pointsize 0.8 linecolor rgb black
  eval clear_legend
}
unset multiplot
