# Curves with bands over a plain axis, a panel a quantity; series stand right of the panel in their colours; dashed: exact or predicted.
panel_width = 300; panel_height = 220
eval grid(|distinct_panel|, 2)
longest_series = 1
do for [k = 1:|distinct_series|] { longest_series = larger(longest_series, strlen(distinct_series[k])) }
name_room = 16 + 6.4 * longest_series
gap_x = 76 + name_room; room_right = 12 + name_room; gap_y = 84
legend_text = legend
eval canvas(0)
array colours[8] = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#303030', '#8a5a44']
colour(k) = colours[(k - 1) % 8 + 1]
has_line = exists("line")
if (!has_line) { line = curve }
as_marks = exists("marks_only")
mine(p, k) = strcol("panel") eq distinct_panel[p] && strcol("series") eq distinct_series[k]
eval write_legend
set style fill transparent solid 0.18 noborder
do for [p = 1:|distinct_panel|] {
  eval place(p)
  panel_title = distinct_panel[p]
  eval title_in(black)
  set xrange [*:*]
  set yrange [*:*]
  if (exists("from_zero")) { set yrange [0:*] }
  set ylabel (p == 2 && exists("y_axis_2") ? y_axis_2 : y_axis) offset 0.5,0
  set xlabel x_axis offset 0,0.3
  set format '%g'
  named = 0
  do for [k = 1:|distinct_series|] { unset label 400 + k }
  do for [r = 1:keys_rows] {
    if (keys_panel[r] eq distinct_panel[p]) {
      named = named + 1
      do for [k = 1:|distinct_series|] { if (distinct_series[k] eq keys_series[r]) { set label 400 + k distinct_series[k] at graph 1.03, graph 1.02 - 0.08 * named left font ',11' textcolor rgb colour(k) } }
    }
  }
  plot for [k = 1:|distinct_series|] curve using (mine(p, k) ? column("x") : NaN):(column("lower")):(column("upper")) with filledcurves fillcolor rgb colour(k), \
       for [k = 1:|distinct_series|] curve using (mine(p, k) ? column("x") : NaN):(column("value")) with linespoints pointtype 7 pointsize (as_marks ? 0.6 : 0.01) linewidth (as_marks ? 0.8 : 1.5) linecolor rgb colour(k), \
       for [k = 1:(has_line ? |distinct_series| : 0)] line using (mine(p, k) ? column("x") : NaN):(column("value")) with lines linewidth 1.6 dashtype '-' linecolor rgb colour(k), \
       NaN
  eval clear_legend
}
unset multiplot
