# Work and precision: a panel per problem, processor time against the error at the end, a line per method.
# gnuplot -e "points='points.tsv'; svg='docs/figures/work_precision.svg'" experiments/report/style.gp bench/work_precision.gp
array problem[8] = ['HIRES', 'ROBER', 'OREGO', 'VDPOL', 'POLLUTION', 'NONAUTONOMOUS', 'ERLANG_CHAIN', 'ARENSTORF']
array method[7] = ['hyped switching', 'hyped stiff', 'hyped explicit', 'CVODE BDF', 'SciPy LSODA', 'SciPy Radau', 'SciPy BDF']
array colour[7] = ['#0072B2', '#009E73', '#56B4E9', '#D55E00', '#999999', '#999999', '#999999']
array mark[7] = [7, 5, 9, 11, 4, 6, 8]
eval grid(8, 4)
gap_x = 50; gap_y = 62
room_top = room_top + key_row
eval canvas(0)
set logscale xy
set xrange [1:1e-11] reverse
set xtics ('1' 1, '1e-3' 1e-3, '1e-6' 1e-6, '1e-9' 1e-9)
mine(i, m) = strcol("problem") eq problem[i] && strcol("method") eq method[m]
legend_text = 'processor time of one run, one core, log axis; further right is more accurate, lower is faster'
eval write_legend
left = room_left
do for [m = 1:7] {
  set arrow 200 + m from screen screen_x(left), screen screen_y(33) to screen screen_x(left + 30), screen screen_y(33) nohead linecolor rgb colour[m] linewidth 1.4 + 0.01 * m
  set label 120 + m '' at screen screen_x(left + 15), screen screen_y(33) point pointtype mark[m] pointsize 0.5 linecolor rgb colour[m]
  set label 140 + m method[m] at screen screen_x(left + 36), screen screen_y(33) left font ',11' textcolor rgb '#202020'
  left = left + 58 + 7 * strlen(method[m])
}
do for [i = 1:8] {
  eval place(i)
  panel_title = problem[i]
  eval title_in(black)
  axis_y = 'time [ms]'
  axis_x = 'relative error at the end'
  if (in_first_column(i)) { set ylabel axis_y offset 0.5,0 } else { unset ylabel }
  set format y '%g'
  if (in_last_row(i)) { set xlabel axis_x offset 0,0.3 } else { unset xlabel }
  set autoscale y
  plot for [m = 7:1:-1] points using (mine(i, m) && column("error") < 1 ? column("error") : NaN):(1e3 * column("seconds")) \
         with linespoints linecolor rgb colour[m] linewidth 1.4 pointtype mark[m] pointsize 0.4
  eval clear_legend
}
unset multiplot
