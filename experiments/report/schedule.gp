# What acts on each arm over time: a panel per arm, an input per line style, named in the panel; events marked.
eval grid(|distinct_arm|, 4)
panel_height = 120
axis_start = 0; axis_end = end_of(inputs_time_h_max)
load place_events
eval canvas(0)
set xrange [axis_start:axis_end]
set yrange [(inputs_amount_min < 0 ? 1.1 * inputs_amount_min : 0):(inputs_amount_max > 0 ? (1.05 + 0.15 * |distinct_input|) * inputs_amount_max : 1)]
eval hours_tics(inputs_time_h_max)
label_y = exists("y_label") ? y_label : 'active input'
mine(i, k) = strcol("arm") eq distinct_arm[i] && strcol("input") eq distinct_input[k]
do for [i = 1:|distinct_arm|] {
  eval place(i)
  this_arm = distinct_arm[i]
  panel_title = this_arm
  eval title_in(arm_colours[i])
  axis_y = label_y
  eval shared_y(i)
  axis_x = 'time [h]'
  eval shared_x(i)
  load mark_events
  # Each input is named at its highest point, unless it never acts; names stand one above the other and stay within the panel.
  named = 0
  do for [k = 1:|distinct_input|] {
    top = 0; top_time = NaN
    set table $walked
    plot inputs using (mine(i, k) && column("amount") > top ? (top = column("amount"), top_time = column("time_h"), 0) : 0) with table
    unset table
    unset label 50 + k
    late = top_time > 0.4 * (axis_start + axis_end)
    if (top > 0 && late) { set label 50 + k distinct_input[k] at first top_time, first top right offset 3,(0.5 + named) font ',10' textcolor rgb arm_colours[i] front; named = named + 1 }
    if (top > 0 && !late) { set label 50 + k distinct_input[k] at first top_time, first top left offset -3,(0.5 + named) font ',10' textcolor rgb arm_colours[i] front; named = named + 1 }
  }
  plot for [k = 1:|distinct_input|] inputs using (mine(i, k) ? column("time_h") : NaN):(column("amount")) \
         with lines linewidth 1.8 dashtype k linecolor rgb arm_colours[i]
}
unset multiplot
