# Wrong calls seen against wrong calls predicted, bin by bin, a panel per library; log axes, as most calls are nearly sure; line: equal.
panel_width = 330; panel_height = 280; room_left = 84
eval grid(|distinct_arm|, 3)
legend_text = 'points: bins of calls, bars 95 %   triangle: none wrong   grey line: posterior means what it says'
eval canvas(0)
lowest = 1
do for [r = 1:points_rows] { lowest = 1 - points_predicted[r] > 0 && 1 - points_predicted[r] < lowest ? 1 - points_predicted[r] : lowest }
lowest = 10.0 ** floor(log10(lowest) - 0.2)
set logscale xy
set xrange [lowest:1.3]
set yrange [lowest:1.3]
mine(j) = strcol("arm") eq distinct_arm[j]
above_floor(v) = v > lowest ? v : lowest
eval write_legend
do for [j = 1:|distinct_arm|] {
  eval place(j)
  panel_title = distinct_arm[j]
  eval title_in(black)
  axis_y = 'wrong calls seen [share], log axis'
  eval shared_y(j)
  axis_x = 'wrong calls predicted [share], log axis'
  eval shared_x(j)
  plot x with lines linecolor rgb pale linewidth 1, \
       points using (mine(j) ? 1 - column("predicted") : NaN):(above_floor(1 - column("observed"))):(above_floor(1 - column("upper"))):(above_floor(1 - column("lower"))) with yerrorbars pointtype 7 pointsize 0.01 linewidth 1.3 linecolor rgb '#0072B2', \
       points using (mine(j) && column("observed") < 1 ? 1 - column("predicted") : NaN):(1 - column("observed")) with points pointtype 7 pointsize 0.6 linecolor rgb '#0072B2', \
       points using (mine(j) && column("observed") == 1 ? 1 - column("predicted") : NaN):(lowest * 1.15) with points pointtype 11 pointsize 0.7 linecolor rgb '#0072B2', \
       points using (mine(j) ? 1 - column("predicted") : NaN):(above_floor(1 - column("lower")) * 1.25):(sprintf("%d", column("cells"))) with labels font ',9' textcolor rgb '#555555'
  eval clear_legend
}
unset multiplot
