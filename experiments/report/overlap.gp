# Share of the k most changed genes that a prediction has among its own k, against k; a line per predictor, dashed: chance.
panel_width = 420; panel_height = 260; room_left = 92; room_right = 20
eval grid(1, 1)
longest_name = 0
do for [a = 1:|distinct_name|] { longest_name = larger(longest_name, strlen(distinct_name[a])) }
room_right = 6.4 * longest_name + 30
legend_text = legend
eval canvas(0)
eval place(1)
set logscale x
set xrange [curve_k_min:curve_k_max]
set yrange [0:1]
set xlabel 'k [genes], log axis' offset 0,0.3
set ylabel 'share found among k genes' offset 0,0
array line_colours[8] = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E3B505', '#56B4E9', '#8a5a44', '#000000']
mine(a) = strcol("name") eq distinct_name[a]
colour_of(a) = distinct_name[a] eq 'chance' ? pale : line_colours[(a - 1) % 8 + 1]
eval write_legend
do for [a = 1:|distinct_name|] { set label 60 + a distinct_name[a] at graph 1.03, graph 1.0 - 0.075 * (a - 0.5) left font ',11' textcolor rgb colour_of(a) }
is_chance(a) = distinct_name[a] eq 'chance'
plot for [a = 1:|distinct_name|] curve using (mine(a) && !is_chance(a) ? column("k") : NaN):(column("share")) with lines linewidth 1.6 linecolor rgb colour_of(a), \
     curve using (strcol("name") eq 'chance' ? column("k") : NaN):(column("share")) with lines linewidth 1.61 dashtype 2 linecolor rgb pale
unset multiplot
