# Size of an effect against how sure it is, a panel per arm: grey: not significant, arm's colour: significant, triangles: beyond the edge; names of the first genes.
panel_width = 300; panel_height = 240
eval grid(|distinct_arm|, 3)
legend_text = 'coloured: below the false discovery rate   triangles: beyond the edge'
eval canvas(0)
wide = larger(points_x_max, -points_x_min)
set xrange [-1.04 * wide:1.04 * wide]
set yrange [0:1.12 * larger(points_y_max, 1)]
has_labels = exists("labels")
if (!has_labels) { labels = points }
label_in = has_labels ? "label" : "kind"
eval write_legend
# (Names of other arms stand outside the range: a file of one row that is NaN kills gnuplot 5.4.)
mine(a, k) = strcol("arm") eq distinct_arm[a] && strcol("kind") eq k
do for [a = 1:|distinct_arm|] {
  eval place(a)
  panel_title = distinct_arm[a]
  eval title_in(arm_colours[a])
  axis_y = '-log10 p'
  eval shared_y(a)
  axis_x = 'log2 fold change'
  eval shared_x(a)
  set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead linecolor rgb pale linewidth 0.8 dashtype '.' back
  plot points using (mine(a, 'none') ? column("x") : NaN):(column("y")) with points pointtype 7 pointsize 0.2 linecolor rgb '#bbbbbb', \
       points using (mine(a, 'edge_none') ? column("x") : NaN):(column("y")) with points pointtype 9 pointsize 0.35 linecolor rgb '#bbbbbb', \
       points using (mine(a, 'down') || mine(a, 'up') ? column("x") : NaN):(column("y")) with points pointtype 7 pointsize 0.3 linecolor rgb arm_colours[a], \
       points using (mine(a, 'edge') ? column("x") : NaN):(column("y")) with points pointtype 9 pointsize 0.4 linecolor rgb arm_colours[a], \
       labels using (has_labels && strcol("arm") eq distinct_arm[a] ? column("x") : -9 * wide):(column("y")):(strcol(label_in)) with labels font ',9' offset 0,0.55 textcolor rgb '#202020' noenhanced
  unset arrow 1
  eval clear_legend
}
unset multiplot
