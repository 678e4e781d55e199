# Shares of phases over time, a panel per arm; colour is the phase.
eval grid(|distinct_arm|, 4)
room_top = 76
legend_text = ''
load phase_key
eval canvas(0)
set xrange [(shares_time_h_min > 0.2 * shares_time_h_max ? shares_time_h_min : 0):end_of(shares_time_h_max)]
set yrange [0:1]
eval hours_tics(shares_time_h_max)
mine(a, k) = strcol("arm") eq distinct_arm[a] && strcol("phase") eq distinct_phase[k]
eval write_phases
do for [i = 1:|distinct_arm|] {
  eval place(i)
  panel_title = distinct_arm[i]
  eval title_in(arm_colours[i])
  axis_y = 'share of called cells'
  eval shared_y(i)
  axis_x = 'time [h]'
  eval shared_x(i)
  plot for [k = 1:|distinct_phase|] shares using (mine(i, k) ? column("time_h") : NaN):(column("value")) with lines linewidth 1.6 linecolor rgb phase_colours[k]
  eval clear_phases
}
unset multiplot
