# Share of cells in each phase over time, a panel per arm: points as read, lines and 95 % bands by the model; colour and mark are the phase.
eval grid(|distinct_arm|, 3)
panel_width = 290; panel_height = 200
room_top = 80
legend_text = 'points: as read   line and band: model, 95 %'
key_marks = 1
load phase_key
eval canvas(0)
set xrange [(model_time_h_min > 0.2 * model_time_h_max ? model_time_h_min : 0):end_of(model_time_h_max)]
set yrange [0:1.03]
eval hours_tics(model_time_h_max)
has_points = exists("points")
if (!has_points) { points = model }
eval write_legend
eval write_phases
mine(i, k) = strcol("arm") eq distinct_arm[i] && strcol("phase") eq distinct_phase[k]
do for [i = 1:|distinct_arm|] {
  eval place(i)
  panel_title = distinct_arm[i]
  eval title_in(arm_colours[i])
  axis_y = 'share of cells'
  eval shared_y(i)
  axis_x = 'time [h]'
  eval shared_x(i)
  plot for [k = 1:|distinct_phase|] model using (mine(i, k) ? column("time_h") : NaN):(column("lower")):(column("upper")) \
         with filledcurves fillcolor rgb phase_colours[k] fillstyle transparent solid 0.25 noborder, \
       for [k = 1:|distinct_phase|] model using (mine(i, k) ? column("time_h") : NaN):(column("estimate")) with lines linewidth 2 linecolor rgb phase_colours[k], \
       for [k = 1:(has_points ? |distinct_phase| : 0)] points using (mine(i, k) ? column("time_h") : NaN):(column("value")) \
         with points pointtype phase_mark(k) pointsize 0.5 linecolor rgb phase_colours[k], \
       NaN
  eval clear_legend
  eval clear_phases
}
unset multiplot
