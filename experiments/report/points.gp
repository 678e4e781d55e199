# Points in panels with axes of their own, `side` of them side by side, coloured by category; the categories stand right of the panel in their colours.
panel_width = 320; panel_height = 290
eval grid(panels_rows, int(side))
longest_name = 1
do for [n = 1:categories_rows] { longest_name = strlen(categories_category[n]) > longest_name ? strlen(categories_category[n]) : longest_name }
name_room = 16 + 6.4 * longest_name
gap_x = 84 + name_room; gap_y = 92; room_right = 12 + name_room
legend_text = legend
eval canvas(0)
eval write_legend
set clip two      # a line whose two ends lie outside is still drawn inside
has_line = exists("line")
if (!has_line) { line = points }
do for [i = 1:panels_rows] {
  eval place(i)
  panel_title = panels_title[i]
  eval title_in(black)
  set ylabel panels_y_axis[i] offset 0.5,0
  set xlabel panels_x_axis[i] offset 0,0.3
  set format '%g'
  pad_x = 0.04 * (panels_high_x[i] - panels_low_x[i]); pad_y = 0.04 * (panels_high_y[i] - panels_low_y[i])
  set xrange [panels_low_x[i] - pad_x:panels_high_x[i] + pad_x]
  set yrange [panels_low_y[i] - pad_y:panels_high_y[i] + pad_y]
  eval tics_of(panels_low_x[i] - pad_x, panels_high_x[i] + pad_x, 0, 6)
  this_panel = panels_panel[i]
  named = 0
  do for [n = 1:categories_rows] {
    unset label 400 + n
    if (categories_panel[n] eq this_panel) {
      named = named + 1
      set label 400 + n categories_category[n] at graph 1.03, graph 1.02 - 0.055 * named left font ',11' textcolor rgb categories_colour[n]
    }
  }
  mine(n) = categories_panel[n] eq this_panel && strcol("panel") eq this_panel && strcol("category") eq categories_category[n]
  plot for [n = 1:categories_rows] points using (mine(n) ? column("x") : NaN):(column("y")) with points pointtype 7 pointsize panels_size[i] linecolor rgb categories_colour[n], \
       for [n = 1:(has_line ? 1 : 0)] line using (strcol("panel") eq this_panel ? column("x") : NaN):(column("y")) with lines linecolor rgb black linewidth 1.4, \
       NaN
  eval clear_legend
}
unset multiplot
