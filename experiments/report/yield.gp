# Share of wrong calls against the share of cells called, a line per method with exact 95 % bands; log axis of errors.
panel_width = 420; panel_height = 260; room_left = 92; room_right = 20
eval grid(1, 1)
room_top = 60
legend_text = 'band: exact 95 %'
eval canvas(0)
eval place(1)
lowest = 1
do for [r = 1:curve_rows] { lowest = curve_wrong[r] > 0 && curve_wrong[r] < lowest ? curve_wrong[r] : lowest }
lowest = lowest / 3
set logscale y
set format y '%g'
set xrange [curve_yield_min - 0.01:1.01]
set yrange [lowest:2 * (curve_upper_max < 0.5 ? curve_upper_max : 0.5)]
set xlabel 'yield [share of cells called]' offset 0,0.3
set ylabel 'wrong calls [share], log axis' offset 0,0
array method_colours[4] = ['#0072B2', '#D55E00', '#009E73', '#CC79A7']
mine(a) = strcol("arm") eq distinct_arm[a]
above_floor(v) = v > lowest ? v : lowest
eval write_legend
do for [a = 1:|distinct_arm|] { set label 60 + a distinct_arm[a] at screen screen_x(room_left + (a - 1) * 110), screen screen_y(31) left textcolor rgb method_colours[a] }
plot for [a = 1:|distinct_arm|] curve using (mine(a) ? column("yield") : NaN):(above_floor(column("lower"))):(above_floor(column("upper"))) with filledcurves fillcolor rgb method_colours[a] fillstyle transparent solid 0.18 noborder, \
     for [a = 1:|distinct_arm|] curve using (mine(a) ? column("yield") : NaN):(column("wrong") > 0 ? column("wrong") : NaN) with linespoints pointtype 7 pointsize 0.4 linewidth 1.6 linecolor rgb method_colours[a]
unset multiplot
