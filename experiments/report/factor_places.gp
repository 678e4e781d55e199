# Places of factors by variant, a panel per order of time, best on top; a line per factor, named where it ends.
panel_width = 60 * |distinct_variant| + 60; panel_height = 300
room_bottom = 150; gap_x = 120; room_right = 110
legend_text = 'line: one factor   top: place 1'
eval grid(|distinct_panel|, 2)
eval canvas(0)
eval write_legend
variant_at(name) = sum [i_ = 1:|distinct_variant|] (distinct_variant[i_] eq name ? i_ : 0)
set logscale y
set yrange [larger(10, points_place_max * 1.15):0.85]
set ytics (1, 3, 10, 30, 100, 300, 1000, 3000)
do for [p = 1:|distinct_panel|] {
  eval place(p)
  panel_title = distinct_panel[p]
  eval title_in(black)
  set xrange [0.7:|distinct_variant| + 0.3]
  unset xtics
  set xtics scale 0 font ',11' rotate by -35 left ('' -1000)
  do for [i = 1:|distinct_variant|] { set xtics add ('without ' . distinct_variant[i] i) }
  if (in_first_column(p)) { set ylabel y_label . ', log axis' offset 0.5,0 } else { unset ylabel }
  # Names stand where the lines end, pushed apart where they would overlap.
  array ends[|distinct_arm|]
  array heights[|distinct_arm|]
  do for [k = 1:|distinct_arm|] {
    ends[k] = NaN
    last_ = 0
    do for [r = 1:points_rows] {
      if (points_arm[r] eq distinct_arm[k] && points_panel[r] eq distinct_panel[p] && variant_at(points_variant[r]) > last_) { last_ = variant_at(points_variant[r]); ends[k] = points_place[r] }
    }
    heights[k] = ends[k] == ends[k] ? log10(ends[k]) : NaN
  }
  pitch = 0.045 * log10(larger(10, points_place_max * 1.15) / 0.85)
  do for [pass = 1:60] {
    do for [k = 1:|distinct_arm|] {
      do for [m = 1:|distinct_arm|] {
        if (k != m && heights[k] == heights[k] && heights[m] == heights[m]) {
          gap_ = heights[k] - heights[m]
          if (abs(gap_) < pitch) {
            push_ = 0.25 * (pitch - abs(gap_)) * (gap_ > 0 || (gap_ == 0 && k > m) ? 1 : -1)
            heights[k] = heights[k] + push_
            heights[m] = heights[m] - push_
          }
        }
      }
    }
  }
  do for [k = 1:|distinct_arm|] {
    unset label 400 + k
    if (heights[k] == heights[k]) { set label 400 + k distinct_arm[k] at first |distinct_variant| + 0.4, first 10 ** heights[k] left font ',11' textcolor rgb arm_colours[k] }
  }
  plot for [k = 1:|distinct_arm|] points using (strcol("panel") eq distinct_panel[p] && strcol("arm") eq distinct_arm[k] ? variant_at(strcol("variant")) : NaN):(column("place")) with linespoints pointtype 7 pointsize 0.5 linewidth 1.6 linecolor rgb arm_colours[k]
  eval clear_legend
}
unset multiplot
