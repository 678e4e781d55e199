# Distances of conditions with 95 % bars over cells (blue) and the range of permutations (grey band), a row per condition.
longest_name = 0
do for [i = 1:|distinct_name|] { longest_name = larger(longest_name, strlen(distinct_name[i])) }
room_left = 6.4 * longest_name + 26
panel_width = 420; panel_height = 17 * |distinct_name| + 10; room_top = 40
eval grid(1, 1)
legend_text = 'blue: distance, 95 % over cells   grey: 95 % of permutations'
eval canvas(0)
place_of(name) = sum [i_ = 1:|distinct_name|] (distinct_name[i_] eq name ? i_ : 0)
eval write_legend
eval place(1)
set border 1
set bars 0
low = 0; high = 0
do for [r = 1:rows_rows] {
  low = rows_lower[r] < low ? rows_lower[r] : low; low = rows_null_lower[r] < low ? rows_null_lower[r] : low
  high = rows_upper[r] > high ? rows_upper[r] : high; high = rows_null_upper[r] > high ? rows_null_upper[r] : high
}
pad = high > low ? 0.06 * (high - low) : 1
set xrange [low - pad:high + pad]
set yrange [|distinct_name| + 0.7:0.3]
eval tics_of(low - pad, high + pad, 0, 6)
set format x '%g'
unset ytics
set ytics scale 0 font ',11' ('' -1000)
do for [i = 1:|distinct_name|] { set ytics add (distinct_name[i] i) }
set xlabel distinct_panel[1] offset 0,0.3
set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead linecolor rgb pale linewidth 0.8 dashtype '.' back
do for [r = 1:rows_rows] { set object r rectangle from first rows_null_lower[r], first r - 0.36 to first rows_null_upper[r], first r + 0.36 fillcolor rgb '#cccccc' fillstyle solid noborder behind }
plot rows using (column("estimate")):(place_of(strcol("name"))):(column("lower")):(column("upper")) with xerrorbars pointtype 7 pointsize 0.5 linewidth 1.8 linecolor rgb '#0072B2'
unset multiplot
