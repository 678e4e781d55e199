# A panel per unit: lines of the quantities with their bands, names in their colours on the right; events as dotted lines.
array line_colours[8] = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#6A3D9A', '#6b6b6b']
panel_width = 330; panel_height = 190
eval grid(panels_rows, 2)
longest_name = 1
do for [n = 1:names_rows] { longest_name = strlen(names_quantity[n]) > longest_name ? strlen(names_quantity[n]) : longest_name }
name_room = 12 + 6.4 * longest_name
gap_x = 84 + name_room; room_right = 12 + name_room
longest = model_time_h_max
axis_start = 0; axis_end = end_of(longest)
load place_events
gap_y = gap_y + 12
legend_text = band_label
eval canvas(0)
set xrange [axis_start:axis_end]
eval hours_tics(longest)
eval write_legend
do for [i = 1:panels_rows] {
  eval place(i)
  this_arm = ''
  panel_title = panels_title[i]
  eval title_in(black)
  set ylabel panels_axis[i] offset 0.5,0
  set format y '%g'
  set yrange [panels_low[i] - (panels_low[i] < 0 ? 0.06 : 0) * (panels_high[i] - panels_low[i]):panels_high[i] + 0.06 * (panels_high[i] - panels_low[i])]
  axis_x = 'time [h]'
  eval shared_x(i)
  load mark_events
  do for [n = 1:names_rows] {
    unset label 400 + n
    if (names_panel[n] == i) { set label 400 + n names_quantity[n] at graph 1.02, graph 1.04 - 0.11 * names_place[n] left font ',11' textcolor rgb line_colours[int(names_place[n])] }
  }
  mine(n) = column("panel") == i && strcol("name") eq names_quantity[n]
  plot for [n = 1:names_rows] model using (names_panel[n] == i && mine(n) ? column("time_h") : NaN):(column("lower")):(column("upper")) \
         with filledcurves fillcolor rgb line_colours[int(names_place[n])] fillstyle transparent solid 0.18 noborder, \
       for [n = 1:names_rows] model using (names_panel[n] == i && mine(n) ? column("time_h") : NaN):(column("estimate")) \
         with lines linecolor rgb line_colours[int(names_place[n])] linewidth 1.5, \
       NaN
  eval clear_legend
}
unset multiplot
