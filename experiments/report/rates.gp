# Phases on a circle, an arrow for every allowed change with its rate beside it.
eval grid(1, 1)
panel_width = 560; panel_height = 420; room_left = 30; room_top = 20; room_bottom = 16
legend_text = ''
eval canvas(0)
eval place(1)
unset border; unset tics
set xrange [-1.7:1.7]
set yrange [-1.3:1.3]
set style textbox opaque noborder fillcolor rgb '#ffffff' margins 0.5, 0.5
do for [i = 1:|transitions_name|] {
  set arrow 400 + i from transitions_from_x[i], transitions_from_y[i] to transitions_to_x[i], transitions_to_y[i] head filled size 0.05,18 linewidth 1.3 linecolor rgb '#404040'
  step_x = transitions_to_x[i] - transitions_from_x[i]; step_y = transitions_to_y[i] - transitions_from_y[i]
  # Nearer to where the arrow begins: labels of ways back and of crossing ways keep apart.
  at_x = transitions_from_x[i] + 0.33 * step_x; at_y = transitions_from_y[i] + 0.33 * step_y
  span = sqrt(step_x * step_x + step_y * step_y)
  side = -step_y > 0 ? 1 : -1
  set label 400 + i transitions_label[i] at at_x - 0.06 * step_y / span, at_y + 0.06 * step_x / span font ',10' textcolor rgb '#202020' boxed front
  if (-step_y / span < -0.3) { set label 400 + i right } else { if (-step_y / span > 0.3) { set label 400 + i left } else { set label 400 + i center } }
}
do for [k = 1:|distinct_phase|] {
  set object 50 + k circle at phases_x[k], phases_y[k] size first 0.15 fillcolor rgb lighter(phase_colours[k]) fillstyle solid border linecolor rgb phase_colours[k]
  set label 450 + k phases_phase[k] at phases_x[k], phases_y[k] + (phases_label[k] eq '' ? 0 : 0.035) center font ',11' front
  set label 470 + k phases_label[k] at phases_x[k], phases_y[k] - 0.05 center font ',9' textcolor rgb '#404040' front
}
plot NaN
unset multiplot
