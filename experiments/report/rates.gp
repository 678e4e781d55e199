# Phases on a circle, a numbered arrow for every allowed change; the rates stand in a list beside it, by number.
eval grid(1, 1)
longest_label = 0
do for [i = 1:|transitions_name|] { longest_label = larger(longest_label, strlen(transitions_label[i])) }
panel_width = 440; panel_height = larger(420, 60 + 20 * |transitions_name|); room_left = 20; room_top = 20; room_bottom = 16
room_right = 50 + 6.6 * longest_label
legend_text = ''
eval canvas(0)
eval place(1)
unset border; unset tics
set xrange [-1.35:1.35]
set yrange [-1.35 * panel_height / panel_width:1.35 * panel_height / panel_width]
list_x = room_left + panel_width + 16
set label 399 'rates [1/h], 95 % intervals' at screen screen_x(list_x), screen screen_y(40) left font ',11' textcolor rgb '#202020'
do for [i = 1:|transitions_name|] {
  set arrow 400 + i from transitions_from_x[i], transitions_from_y[i] to transitions_to_x[i], transitions_to_y[i] head filled size 0.05,18 linewidth 1.3 linecolor rgb '#404040'
  # On the line itself, nearer to where it begins: ways back and crossing ways keep apart.
  at_x = transitions_from_x[i] + 0.3 * (transitions_to_x[i] - transitions_from_x[i]); at_y = transitions_from_y[i] + 0.3 * (transitions_to_y[i] - transitions_from_y[i])
  set object 400 + i circle at at_x, at_y size first 0.062 front fillcolor rgb '#ffffff' fillstyle solid border linecolor rgb '#404040'
  set label 400 + i sprintf('%d', i) at at_x, at_y center font ',10' textcolor rgb '#202020' front
  set label 600 + i sprintf('%d', i) at screen screen_x(list_x + 12), screen screen_y(44 + 20 * i) right font ',10' textcolor rgb '#202020'
  set label 700 + i transitions_label[i] at screen screen_x(list_x + 20), screen screen_y(44 + 20 * i) left font ',10' textcolor rgb '#202020'
}
# A name keeps within its circle.
name_size(name) = strlen(name) <= 7 ? 11 : larger(6, 77.0 / strlen(name))
do for [k = 1:|distinct_phase|] {
  set object 50 + k circle at phases_x[k], phases_y[k] size first 0.17 fillcolor rgb lighter(phase_colours[k]) fillstyle solid border linecolor rgb phase_colours[k]
  set label 450 + k phases_phase[k] at phases_x[k], phases_y[k] + (phases_label[k] eq '' ? 0 : 0.05) center font sprintf(',%.1f', name_size(phases_phase[k])) front
  set label 470 + k phases_label[k] at phases_x[k], phases_y[k] - 0.06 center font ',9' textcolor rgb '#404040' front
}
plot NaN
unset multiplot
