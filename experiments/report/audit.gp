# What tricks gain by each metric: metrics in rows, tricks in columns, the number is the gain in spans; red: the metric pays, green: it charges, grey: nothing.
longest_name = 0; longest_column = 0
do for [i = 1:|distinct_metric|] { longest_name = larger(longest_name, strlen(distinct_metric[i])) }
do for [i = 1:|distinct_trick|] { longest_column = larger(longest_column, strlen(distinct_trick[i])) }
room_left = 6.4 * longest_name + 26
panel_width = 40 * |distinct_trick|
panel_height = 19 * |distinct_metric|
room_bottom = 5.4 * longest_column + 30; room_top = 52; room_right = 24
eval grid(1, 1)
legend_text = 'gain in spans (duplicate - mean only)   red: the metric pays   green: it charges   grey: nothing sure'
eval canvas(0)
row_at(name) = sum [i_ = 1:|distinct_metric|] (distinct_metric[i_] eq name ? i_ : 0)
column_at(name) = sum [i_ = 1:|distinct_trick|] (distinct_trick[i_] eq name ? i_ : 0)
held(v) = v > 1 ? 1 : v
towards(v, full) = int(255 - (255 - full) * v)
strength(v) = 0.25 + 0.75 * held(abs(v))
red(v) = sprintf('#%02x%02x%02x', towards(strength(v), 225), towards(strength(v), 110), towards(strength(v), 80))
green(v) = sprintf('#%02x%02x%02x', towards(strength(v), 110), towards(strength(v), 190), towards(strength(v), 150))
colour_of(paid, v) = paid eq 'gains' ? red(v) : paid eq 'loses' ? green(v) : '#ececec'
short(v) = abs(v) < 0.005 ? '0' : abs(v) < 10 ? sprintf('%.2f', v) : abs(v) < 1000 ? sprintf('%.0f', v) : v > 0 ? '>999' : '<-999'
eval write_legend
set border 0
eval place(1)
set xrange [0.5:|distinct_trick| + 0.5]
set yrange [|distinct_metric| + 0.5:0.5]
unset xtics
unset ytics
set xtics scale 0 font ',10' rotate by -60 ('' -1000)
set ytics scale 0 font ',11' ('' -1000)
do for [i = 1:|distinct_trick|] { set xtics add (distinct_trick[i] i) }
do for [i = 1:|distinct_metric|] { set ytics add (distinct_metric[i] i) }
# a background of the cells, then their numbers: read from the file, as there may be many
set style fill solid noborder
paid_is(what) = strcol("paid") eq what
box_x(d) = column_at(strcol("trick")); box_y(d) = row_at(strcol("metric"))
rgb_of(paid, v) = int('0x' . colour_of(paid, v)[2:7])
plot chart using (box_x(0)):(box_y(0)):(0.48):(0.46):(rgb_of(strcol("paid"), column("gain"))) with boxxyerror linecolor rgb variable, \
     chart using (box_x(0)):(box_y(0)):(short(column("gain"))) with labels font ',9' textcolor rgb '#202020'
unset multiplot
