# Distributions of quality metrics, a panel per metric; colour is the library; vertical lines: its cut-offs, dashed.
panel_width = 290; panel_height = 170
eval grid(panels_rows, 2)
room_top = 76; gap_x = 84; gap_y = 84
legend_text = legend
eval canvas(0)
eval write_legend
array library_colours[8] = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#6A3D9A', '#6b6b6b']
library_colour(a) = library_colours[(a - 1) % 8 + 1]
step_px = 20
do for [a = 1:|distinct_library|] { step_px = larger(step_px, 20 + 6.4 * strlen(distinct_library[a])) }
do for [a = 1:|distinct_library|] { set label 60 + a distinct_library[a] at screen (room_left + (a - 1) * step_px) / (1.0 * total_width(0)), screen screen_y(31) left textcolor rgb library_colour(a) }
has_cuts = exists("cuts")
do for [i = 1:panels_rows] {
  eval place(i)
  panel_title = panels_title[i]
  eval title_in(black)
  set ylabel 'share of cells per bin' offset 0.5,0
  set xlabel panels_axis[i] offset 0,0.3
  set format '%g'
  set xrange [panels_low[i]:panels_high[i]]
  set yrange [0:1.08 * panels_top[i]]
  eval tics_of(panels_low[i], panels_high[i], 0, 6)
  this_panel = panels_panel[i]
  if (has_cuts) {
    do for [c = 1:cuts_rows] {
      unset arrow 500 + c
      if (cuts_panel[c] eq this_panel) {
        do for [a = 1:|distinct_library|] { if (cuts_library[c] eq distinct_library[a]) {
          set arrow 500 + c from first cuts_x[c], graph 0 to first cuts_x[c], graph 1 nohead linecolor rgb library_colour(a) linewidth 1.2 dashtype '-' front } }
      }
    }
  }
  plot for [a = 1:|distinct_library|] bars using (strcol("panel") eq this_panel && strcol("library") eq distinct_library[a] ? column("x") : NaN):(column("share")) \
         with histeps linewidth 1.6 linecolor rgb library_colour(a)
  do for [a = 1:|distinct_library|] { unset label 60 + a }
  eval clear_legend
}
unset multiplot
