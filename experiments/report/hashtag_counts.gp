# Cells by reads, a panel per hashtag; points: data, lines: signal and background of the mixture; both axes log.
panel_width = 290; room_left = 80
eval grid(|distinct_arm|, 3)
room_top = 66
legend_text = 'points: cells'
eval canvas(0)
set logscale xy
set xrange [0.9:1.2 * seen_reads_max]
set yrange [0.3:2 * seen_cells_max]
mine(j) = strcol("arm") eq distinct_arm[j]
of(j, c) = mine(j) && strcol("class") eq c
positive(v) = v > 1e-6 ? v : NaN
eval write_legend
set label 61 'signal' at screen screen_x(room_left), screen screen_y(31) left textcolor rgb '#009E73'
set label 62 'background' at screen screen_x(room_left + 60), screen screen_y(31) left textcolor rgb '#D55E00'
do for [j = 1:|distinct_arm|] {
  eval place(j)
  panel_title = distinct_arm[j]
  eval title_in(black)
  axis_y = 'cells per number of reads, log axis'
  eval shared_y(j)
  axis_x = 'reads + 1, log axis'
  eval shared_x(j)
  plot model using (of(j, 'background') ? column("reads") : NaN):(positive(column("cells"))) with lines linewidth 1.6 linecolor rgb '#D55E00', \
       model using (of(j, 'signal') ? column("reads") : NaN):(positive(column("cells"))) with lines linewidth 1.6 linecolor rgb '#009E73', \
       seen using (mine(j) ? column("reads") : NaN):(positive(column("cells"))) with points pointtype 7 pointsize 0.4 linecolor rgb '#404040'
  unset label 61; unset label 62
  eval clear_legend
}
unset multiplot
