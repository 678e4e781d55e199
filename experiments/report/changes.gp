# Predicted against measured change of every gene, a panel per condition; orange: target genes, named; grey line: equal. Variables: legend.
panel_height = 225; gap_y = 66
eval grid(|distinct_panel|, 4)
legend_text = legend
eval canvas(0)
most(a, b) = larger(larger(a, -a), larger(b, -b))
wide = 1.08 * larger(most(points_x_min, points_x_max), most(points_y_min, points_y_max))
set xrange [-wide:wide]
set yrange [-wide:wide]
eval even_tics(-wide, wide, 4)
mine(j, k) = strcol("panel") eq distinct_panel[j] && strcol("kind") eq k
eval write_legend
do for [j = 1:|distinct_panel|] {
  eval place(j)
  panel_title = distinct_panel[j]
  eval title_in(black)
  axis_y = y_label
  eval shared_y(j)
  axis_x = x_label
  eval shared_x(j)
  plot x with lines linecolor rgb pale linewidth 1, \
       points using (mine(j, 'gene') ? column("x") : NaN):(column("y")) with points pointtype 7 pointsize 0.3 linecolor rgb '#0072B2', \
       points using (mine(j, 'target') ? column("x") : NaN):(column("y")) with points pointtype 7 pointsize 0.55 linecolor rgb '#D55E00', \
       points using (mine(j, 'target') ? column("x") : -9 * wide):(column("y")):(strcol("label")) with labels font ',10' offset 0,0.7 textcolor rgb '#D55E00' noenhanced
  eval clear_legend
}
unset multiplot
