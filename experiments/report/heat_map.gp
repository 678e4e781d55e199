# Scaled scores in cells, a panel per metric: predictors in rows, conditions in columns; 0 is the floor, 1 the ceiling; grey: none.
longest_name = 0; longest_column = 0
do for [i = 1:|distinct_name|] { longest_name = larger(longest_name, strlen(distinct_name[i])) }
do for [i = 1:|distinct_stratum|] { longest_column = larger(longest_column, strlen(distinct_stratum[i])) }
room_left = 6.4 * longest_name + 26
panel_width = 44 * |distinct_stratum|
panel_height = 20 * |distinct_name|
room_bottom = 6.2 * longest_column + 34; room_right = 16 + 3.2 * longest_column; gap_y = room_bottom + 40; gap_x = 30
eval grid(|distinct_panel|, |distinct_stratum| > 8 ? 1 : 3)
legend_text = 'number: scaled score, 0 floor, 1 ceiling   grey: floor and ceiling are not told apart'
eval canvas(0)
row_at(name) = sum [i_ = 1:|distinct_name|] (distinct_name[i_] eq name ? i_ : 0)
column_at(name) = sum [i_ = 1:|distinct_stratum|] (distinct_stratum[i_] eq name ? i_ : 0)
held(v) = v > 1 ? 1 : v < -1 ? -1 : v
towards(v, full) = int(255 - (255 - full) * v)
green(v) = sprintf('#%02x%02x%02x', towards(v, 90), towards(v, 180), towards(v, 140))
orange(v) = sprintf('#%02x%02x%02x', towards(-v, 235), towards(-v, 150), towards(-v, 90))
colour_of(v) = v != v ? '#d8d8d8' : held(v) >= 0 ? green(held(v)) : orange(held(v))
eval write_legend
set border 0
do for [p = 1:|distinct_panel|] {
  eval place(p)
  panel_title = distinct_panel[p]
  eval title_in(black)
  set xrange [0.5:|distinct_stratum| + 0.5]
  set yrange [|distinct_name| + 0.5:0.5]
  unset xtics
  unset ytics
  set xtics scale 0 font ',10' rotate by -60 ('' -1000)
  set ytics scale 0 font ',11' ('' -1000)
  do for [i = 1:|distinct_stratum|] { set xtics add (distinct_stratum[i] i) }
  if (in_first_column(p)) { do for [i = 1:|distinct_name|] { set ytics add (distinct_name[i] i) } }
  unset object
  do for [r = 1:boxes_rows] {
    if (boxes_panel[r] eq distinct_panel[p]) {
      x_ = column_at(boxes_stratum[r]); y_ = row_at(boxes_name[r]); v_ = boxes_value[r]
      set object r rectangle from first x_ - 0.48, first y_ - 0.46 to first x_ + 0.48, first y_ + 0.46 fillcolor rgb colour_of(v_) fillstyle solid noborder behind
      text_ = v_ == v_ ? sprintf('%.2f', abs(v_) < 0.005 ? 0 : v_) : ''
      label_ = 1000 + r
      set label label_ text_ at first x_, first y_ center font ',9' textcolor rgb '#202020'
    }
  }
  plot -100 notitle linecolor rgb 'white'
  do for [r = 1:boxes_rows] { label_ = 1000 + r; unset label label_ }
  eval clear_legend
}
unset multiplot
