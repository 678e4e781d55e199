# Trees of cells: a horizontal line per cell and phase in the phase's colour, a vertical one where a cell divides; ends marked.
eval grid(1, 1)
rows_shown = stays_row_max + 1
panel_width = 660
panel_height = larger(90, 7.5 * rows_shown)
has_links = exists("links"); has_ends = exists("ends")
room_top = 58; room_left = 20
legend_text = has_ends ? 'cross: death   open circle: lost' : ''
load phase_key
eval canvas(0)
if (!has_links) { links = stays }
if (!has_ends) { ends = stays }
eval place(1)
set xrange [(stays_from_h_min > 0 && stays_from_h_min < 0.2 * stays_until_h_max ? 0 : stays_from_h_min):end_of(stays_until_h_max)]
set yrange [rows_shown:-1]
set border 1 linecolor rgb '#404040' linewidth 0.8
unset ytics
eval hours_tics(stays_until_h_max)
set xlabel 'time [h]' offset 0,0.3
eval write_legend
eval write_phases
ends_mark(e) = e eq 'death' ? 2 : 6
plot for [k = 1:(has_links ? 1 : 0)] links using (column("time_h")):(column("row")):(0):(column("until_row") - column("row")) with vectors nohead linewidth 0.9 linecolor rgb '#606060', \
     for [k = 1:|distinct_phase|] stays using (strcol("phase") eq distinct_phase[k] ? column("from_h") : NaN):(column("row")):(column("until_h") - column("from_h")):(0) \
       with vectors nohead linewidth 3.6 linecolor rgb phase_colours[k], \
     for [k = 1:(has_ends ? |distinct_end| : 0)] ends using (strcol("end") eq distinct_end[k] ? column("time_h") : NaN):(column("row")) \
       with points pointtype ends_mark(distinct_end[k]) pointsize 0.5 linewidth 1.4 linecolor rgb (distinct_end[k] eq 'death' ? '#000000' : '#808080'), \
     NaN
unset multiplot
