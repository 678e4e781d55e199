# Genes on a circle, an arrow for every edge: blue activates, orange represses, width by weight, dashed where weakly determined.
eval grid(1, 1)
panel_width = 620; panel_height = 600; room_left = 20; room_top = 20; room_bottom = 16
legend_text = exists("legend") ? legend : 'blue: activates   orange: represses   dashed: weakly determined'
eval canvas(0)
eval write_legend
eval place(1)
unset border; unset tics
set xrange [-1.45:1.45]
set yrange [-1.4:1.4]
do for [i = 1:edges_rows] {
  if (edges_verdict[i] eq 'determined') {
    set arrow 400 + i from edges_from_x[i], edges_from_y[i] to edges_to_x[i], edges_to_y[i] head filled size 0.035,18 linewidth edges_width[i] linecolor rgb (edges_weight[i] > 0 ? '#0072B2' : '#D55E00')
  } else {
    set arrow 400 + i from edges_from_x[i], edges_from_y[i] to edges_to_x[i], edges_to_y[i] head filled size 0.035,18 linewidth edges_width[i] dashtype '-' linecolor rgb (edges_weight[i] > 0 ? '#0072B2' : '#D55E00')
  }
}
do for [k = 1:nodes_rows] {
  set label 2000 + k nodes_node[k] at 1.05 * nodes_x[k], 1.05 * nodes_y[k] font ',10' front
  if (nodes_x[k] > 0.2) { set label 2000 + k left } else { if (nodes_x[k] < -0.2) { set label 2000 + k right } else { set label 2000 + k center } }
  set object 2000 + k circle at nodes_x[k], nodes_y[k] size first 0.018 fillcolor rgb '#404040' fillstyle solid noborder front
}
plot NaN
unset multiplot
