# Autocorrelation of residuals by lag, a panel per arm; outside the band the frames are not independent.
eval grid(|distinct_arm|, 4)
legend_text = "band: 95 % of independent residuals"
eval canvas(0)
set xrange [0:points_lag_h_max * 1.03]
set yrange [(points_autocorrelation_min < -0.35 ? 1.1 * points_autocorrelation_min : -0.4):1.05]
eval write_legend
mine(a) = strcol("arm") eq distinct_arm[a]
do for [i = 1:|distinct_arm|] {
  eval place(i)
  panel_title = distinct_arm[i]
  eval title_in(arm_colours[i])
  axis_y = 'autocorrelation'
  eval shared_y(i)
  axis_x = 'lag [h]'
  eval shared_x(i)
  plot points using (mine(i) ? column("lag_h") : NaN):(column("lower")):(column("upper")) with filledcurves fillcolor rgb '#e4e4e4' fillstyle solid noborder, \
       0 with lines linecolor rgb '#404040' linewidth 0.8, \
       points using (mine(i) ? column("lag_h") : NaN):(column("autocorrelation")) with impulses linecolor rgb arm_colours[i] linewidth 1.6
  eval clear_legend
}
unset multiplot
