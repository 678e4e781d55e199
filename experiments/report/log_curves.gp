# Curves over a log axis, a panel a quantity; series stand right of the panel in their colours.
panel_width = 290; panel_height = 220
eval grid(|distinct_panel|, 3)
longest_series = 1
do for [k = 1:|distinct_series|] { longest_series = larger(longest_series, strlen(distinct_series[k])) }
name_room = 16 + 6.4 * longest_series
gap_x = 72 + name_room; room_right = 12 + name_room; gap_y = 84
legend_text = ''
eval canvas(0)
array colours[8] = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#303030', '#8a5a44']
mine(p, k) = strcol("panel") eq distinct_panel[p] && strcol("series") eq distinct_series[k]
has(p, k) = sum [r_ = 1:curve_rows] (curve_panel[r_] eq distinct_panel[p] && curve_series[r_] eq distinct_series[k] ? 1 : 0)
set logscale x
do for [p = 1:|distinct_panel|] {
  eval place(p)
  panel_title = distinct_panel[p]
  eval title_in(black)
  low = 1e300; high = -1e300; bottom = 1e300; top = -1e300
  do for [r = 1:curve_rows] {
    if (curve_panel[r] eq distinct_panel[p]) {
      low = curve_x[r] < low ? curve_x[r] : low; high = curve_x[r] > high ? curve_x[r] : high
      bottom = curve_y[r] < bottom ? curve_y[r] : bottom; top = curve_y[r] > top ? curve_y[r] : top
    }
  }
  # decades on the vertical axis too where the values ask for it
  is_log = bottom > 0 && top > 20 * bottom
  unset logscale y
  if (is_log) { set logscale y }
  pad = top > bottom ? 0.06 * (top - bottom) : 0.5
  set xrange [low / 1.15:high * 1.15]
  if (is_log) { set yrange [bottom / 1.3:top * 1.3] } else { set yrange [bottom - pad:top + pad] }
  set ylabel distinct_panel[p] . (is_log ? ', log axis' : '') offset 0.5,0
  set xlabel x_axis offset 0,0.3
  set format '%g'
  eval power_tics(low, high)
  named = 0
  do for [k = 1:|distinct_series|] {
    unset label 400 + k
    if (has(p, k) > 0) {
      named = named + 1
      set label 400 + k distinct_series[k] at graph 1.03, graph 1.02 - 0.08 * named left font ',11' textcolor rgb colours[(k - 1) % 8 + 1]
    }
  }
  plot for [k = 1:|distinct_series|] curve using (mine(p, k) ? column("x") : NaN):(column("y")) with linespoints pointtype 7 pointsize 0.45 linewidth 1.6 linecolor rgb colours[(k - 1) % 8 + 1]
  do for [k = 1:|distinct_series|] { unset label 400 + k }
}
unset multiplot
