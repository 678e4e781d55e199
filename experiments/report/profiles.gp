# Profile likelihoods, a panel per parameter: threshold of the 95 % interval, estimate, bounds; open bounds are named.
gap_x = 44; gap_y = 76; panel_width = 190; room_bottom = 60
eval grid(marks_rows, 4)
eval canvas(0)
threshold = exists("threshold_value") ? threshold_value + 0.0 : 3.841
set yrange [0:threshold * 2.2]
set label 100 "line at 3.84: 95 %   bar: interval   dashed: truth" at screen 1, screen 1 right offset -1,-0.9 font ',10' textcolor rgb '#555555'
mine(i) = strcol("parameter") eq marks_parameter[i]
do for [i = 1:marks_rows] {
  eval place(i)
  set title marks_parameter[i] offset 0,-0.4 textcolor rgb black
  axis_y = '2 x drop of log-likelihood'
  eval shared_y(i)
  unit = marks_unit[i]
  unset logscale x
  if (marks_scale[i] eq 'log10') { set logscale x }
  set xlabel ((unit eq '' ? '' : '[' . unit . ']') . (marks_scale[i] eq 'log10' ? ' log axis' : '')) offset 0,0.3
  least = 1e300; most = -1e300
  set table $walked
  plot profile using (mine(i) ? (least = column("value") < least ? column("value") : least, most = column("value") > most ? column("value") : most, 0) : 0) with table
  unset table
  span = marks_scale[i] eq 'log10' ? most / least : most - least
  if (marks_scale[i] eq 'log10') { set xrange [least / span ** 0.06:most * span ** 0.06] } else { set xrange [least - 0.06 * span:most + 0.06 * span] }
  if (marks_scale[i] eq 'log10') { if (span > 20) { set xtics autofreq } else { set xtics (least, sqrt(least * most), most) } } else { set xtics 10 ** floor(log10(span)) * (span / 10 ** floor(log10(span)) > 4 ? 2 : span / 10 ** floor(log10(span)) > 2 ? 1 : 0.5) }
  set format x '%.3g'
  unset arrow
  do for [m = 1:2] { unset label m }
  low_open = !(marks_lower[i] == marks_lower[i]); high_open = !(marks_upper[i] == marks_upper[i])
  from = low_open ? least : marks_lower[i]
  to = high_open ? most : marks_upper[i]
  set arrow 1 from first from, first 0.22 to first to, first 0.22 nohead linewidth 4 linecolor rgb '#0072B2' front
  if (low_open) { set label 1 '< open' at graph 0.03, graph 0.16 left font ',10' textcolor rgb '#D55E00' front }
  if (high_open) { set label 2 'open >' at graph 0.97, graph 0.16 right font ',10' textcolor rgb '#D55E00' front }
  if (exists("marks_truth")) { if (marks_truth[i] == marks_truth[i]) { set arrow 2 from first marks_truth[i], graph 0 to first marks_truth[i], graph 1 nohead linewidth 1.1 dashtype '-' linecolor rgb black back } }
  plot threshold with lines linecolor rgb pale linewidth 1 dashtype '.', \
       profile using (mine(i) ? column("value") : NaN):(column("delta")) with linespoints pointtype 7 pointsize 0.25 linecolor rgb '#0072B2' linewidth 1.6, \
       '+' using (marks_estimate[i]):(0.22) every ::::0 with points pointtype 7 pointsize 0.8 linecolor rgb black
  unset label 100
}
unset multiplot
