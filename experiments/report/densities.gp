# Density of phase durations, a panel per phase; colour is the arm, band 95 %, truth dashed black.
eval grid(|distinct_phase|, 4)
room_top = 64
has_truth = exists("truth")
if (!has_truth) { truth = density }
eval canvas(0)
high = exists("density_upper_max") ? (density_upper_max > density_value_max ? density_upper_max : density_value_max) : density_value_max
set xrange [0:end_of(density_time_h_max)]
set yrange [0:1.08 * high]
eval hours_tics(density_time_h_max)
mine(j, a) = strcol("phase") eq distinct_phase[j] && strcol("arm") eq distinct_arm[a]
# The arms are named once, each in its colour.
do for [a = 1:|distinct_arm|] { set label 60 + a distinct_arm[a] at screen (room_left + (a - 1) * 110) / (1.0 * total_width(0)), screen 1 left offset 0,-0.9 textcolor rgb arm_colours[a] }
do for [j = 1:|distinct_phase|] {
  eval place(j)
  set title distinct_phase[j] offset 0,-0.4 textcolor rgb black
  axis_y = 'density [1/h]'
  eval shared_y(j)
  axis_x = 'duration [h]'
  eval shared_x(j)
  plot for [a = 1:(exists("density_upper_max") ? |distinct_arm| : 0)] density using (mine(j, a) ? column("time_h") : NaN):(column("lower")):(column("upper")) \
         with filledcurves fillcolor rgb arm_colours[a] fillstyle transparent solid 0.2 noborder, \
       for [a = 1:|distinct_arm|] density using (mine(j, a) ? column("time_h") : NaN):(column("value")) with lines linewidth 1.8 linecolor rgb arm_colours[a], \
       for [a = 1:(has_truth ? |distinct_arm| : 0)] truth using (mine(j, a) ? column("time_h") : NaN):(column("value")) with lines linewidth 1.1 dashtype '-' linecolor rgb black, \
       NaN
  do for [a = 1:|distinct_arm|] { unset label 60 + a }
}
unset multiplot
