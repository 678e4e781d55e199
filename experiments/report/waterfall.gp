# Multi-start: cost above the best, by rank; a step that many starts share is a mode, starts without a proper end are crosses.
panel_width = 420; room_left = 92; room_right = 20
eval grid(1, 1)
failed = |distinct_outcome| > 1 || distinct_outcome[1] ne 'ok'
legend_text = 'y: weighted sum of squared residuals [1]' . (failed ? '   cross: no convergence, or at a bound' : '')
eval canvas(0)
eval place(1)
set logscale y
set format y '%g'
set xlabel 'start, best first' offset 0,0.3
set ylabel 'squares above best + 1e-6, log axis' offset 0,0
if (points_rank_max < 13) { set xtics 1 }
set xrange [0.5:points_rank_max + 0.5]
set yrange [5e-7:2 * (points_cost_max - points_cost_min > 1e-5 ? points_cost_max - points_cost_min : 1e-5)]
good(x) = strcol("outcome") eq 'ok'
eval write_legend
plot points using (good(0) ? column("rank") : NaN):(column("cost") - points_cost_min + 1e-6) with points pointtype 7 pointsize 0.5 linecolor rgb '#0072B2', \
     points using (good(0) ? NaN : column("rank")):(column("cost") - points_cost_min + 1e-6) with points pointtype 2 pointsize 0.6 linecolor rgb '#D55E00'
unset multiplot
