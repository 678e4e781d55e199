# Estimates with 95 % intervals, a panel per kind of quantity; thin grey: what independent frames would claim; cross: truth.
array counts[|distinct_panel|]
do for [p = 1:|distinct_panel|] {
  counts[p] = 0
  do for [r = 1:rows_rows] { if (rows_panel[r] eq distinct_panel[p]) { counts[p] = counts[p] + 1 } }
}
longest_name = 0
do for [r = 1:rows_rows] { longest_name = strlen(rows_name[r]) > longest_name ? strlen(rows_name[r]) : longest_name }
room_left = 7 * longest_name + 24
gap_x = room_left; gap_y = 66
panel_width = 250
eval grid(|distinct_panel|, 2)
# A row of panels is as high as its longest list; all lists have the same pitch and stand on their axis.
array most_rows[grid_rows]
do for [g = 1:grid_rows] {
  most_rows[g] = 1
  do for [p = 1:|distinct_panel|] { if (row_of(p) + 1 == g) { most_rows[g] = larger(most_rows[g], counts[p]) } }
}
height_of(i) = 30 * most_rows[row_of(i) + 1] + 6
above(i) = sum [g = 1:row_of(i)] (30 * most_rows[g] + 6 + gap_y)
legend_text = exists("interval_label") ? interval_label : 'blue: estimate and 95 %'
any_grey = 0; any_truth = 0
do for [r = 1:rows_rows] {
  if (exists("rows_independent_lower")) { any_grey = any_grey || rows_independent_lower[r] == rows_independent_lower[r] }
  if (exists("rows_truth")) { any_truth = any_truth || rows_truth[r] == rows_truth[r] }
}
legend_text = legend_text . (any_grey ? '   grey: as if frames were independent' : '') . (any_truth ? '   x: ' . (exists("truth_label") ? truth_label : 'truth') : '')
# With same_range all panels have the range of them all.
all_low = 1e300; all_high = -1e300
do for [r = 1:rows_rows] {
  do for [name in 'estimate lower upper truth independent_lower independent_upper'] {
    if (exists('rows_' . name)) {
      eval sprintf("value_ = rows_%s[r]", name)
      if (value_ == value_) { all_low = value_ < all_low ? value_ : all_low; all_high = value_ > all_high ? value_ : all_high }
    }
  }
}
eval canvas(0)
eval write_legend
set border 1
set bars 0
do for [p = 1:|distinct_panel|] {
  eval place(p)
  set title ''
  set yrange [counts[p] + 0.6:counts[p] + 0.4 - most_rows[row_of(p) + 1]]
  unset ytics
  set ytics scale 0 font ',11' ('' -1000)
  seen = 0
  array position[rows_rows]
  low = 1e300; high = -1e300
  is_log = exists("rows_scale")
  do for [r = 1:rows_rows] {
    position[r] = NaN
    if (rows_panel[r] eq distinct_panel[p]) {
      seen = seen + 1
      position[r] = seen
      if (exists("rows_scale")) { is_log = is_log && rows_scale[r] eq 'log10' }
      set ytics add (rows_name[r] seen)
      do for [name in 'estimate lower upper truth independent_lower independent_upper'] {
        if (exists('rows_' . name)) {
          eval sprintf("value_ = rows_%s[r]", name)
          if (value_ == value_) { low = value_ < low ? value_ : low; high = value_ > high ? value_ : high }
        }
      }
    }
  }
  if (exists("same_range")) { low = all_low; high = all_high }
  # Decades on a log axis, else the small ones cannot be seen.
  is_log = is_log && low > 0 && high > 20 * low
  unset logscale x
  if (is_log) { set logscale x }
  pad = high > low ? 0.08 * (high - low) : 1
  from_x = is_log ? low / (high / low) ** 0.08 : low - pad
  to_x = is_log ? high * (high / low) ** 0.08 : high + pad
  set xrange [from_x:to_x]
  eval tics_of(from_x, to_x, is_log, 5)
  set format x '%g'
  set xlabel distinct_panel[p] . (is_log ? ', log axis' : '') offset 0,0.3
  unset arrow
  if (low < 0 && high > 0) { set arrow from first 0, graph 0 to first 0, graph 1 nohead linecolor rgb pale linewidth 0.8 dashtype '.' back }
  do for [r = 1:rows_rows] {
    if (position[r] == position[r]) {
      if (rows_lower[r] != rows_lower[r]) { set label 10 + 2 * r '< open' at graph 0, first position[r] - 0.25 left font ',10' textcolor rgb '#D55E00' }
      if (rows_upper[r] != rows_upper[r]) { set label 11 + 2 * r 'open >' at graph 1, first position[r] - 0.25 right font ',10' textcolor rgb '#D55E00' }
      below = rows_lower[r] == rows_lower[r] ? rows_lower[r] : from_x
      above = rows_upper[r] == rows_upper[r] ? rows_upper[r] : to_x
      set arrow from first below, first position[r] to first above, first position[r] nohead linewidth 2.2 linecolor rgb '#0072B2'
      if (exists("rows_independent_lower")) {
        if (rows_independent_lower[r] == rows_independent_lower[r] && rows_independent_upper[r] == rows_independent_upper[r]) {
          set arrow from first rows_independent_lower[r], first position[r] + 0.22 to first rows_independent_upper[r], first position[r] + 0.22 nohead linewidth 1.6 linecolor rgb '#999999'
        }
      }
    }
  }
  has_truth = exists("rows_truth")
  plot rows using (column("estimate")):(position[int($0) + 1]) with points pointtype 7 pointsize 0.6 linecolor rgb '#0072B2', \
       rows using (has_truth ? column("truth") : NaN):(position[int($0) + 1]) with points pointtype 2 pointsize 0.8 linewidth 1.6 linecolor rgb black
  unset label
}
unset multiplot
