# Scores of predictors with 95 % intervals, a panel per metric, names once on the left; colour is the role; dashed: floor; solid: ceiling.
# Variables: (role_names), words for the roles baseline|model|negative control.
longest_name = 0
do for [i = 1:|distinct_name|] { longest_name = larger(longest_name, strlen(distinct_name[i])) }
room_left = 6.4 * longest_name + 26
panel_width = 215; gap_x = 26
panel_height = 17 * |distinct_name| + 10
eval grid(|distinct_panel|, 4)
room_top = 76
legend_text = 'bar: 95 %   dashed: floor   solid: ceiling   triangle: score beyond the edge   arrow: bar goes on'
eval canvas(0)
array roles[3] = ['baseline', 'model', 'negative control']
array role_colours[3] = ['#0072B2', '#009E73', '#999999']
array role_words[3]
do for [k = 1:3] { role_words[k] = roles[k] }
if (exists("role_names")) {
  rest_ = role_names
  do for [k = 1:3] { cut_ = strstrt(rest_, '|'); role_words[k] = cut_ > 1 ? rest_[1:cut_ - 1] : ''; rest_ = rest_[cut_ + 1:*] }
}
colour_of_role(role) = role eq roles[1] ? role_colours[1] : role eq roles[2] ? role_colours[2] : role_colours[3]
place_of(name) = sum [i_ = 1:|distinct_name|] (distinct_name[i_] eq name ? i_ : 0)
eval write_legend
do for [k = 1:3] { set label 60 + k role_words[k] at screen screen_x(room_left + (k - 1) * 130), screen screen_y(31) left font ',11' textcolor rgb role_colours[k] }
set border 1
set bars 0
do for [p = 1:|distinct_panel|] {
  eval place(p)
  panel_title = distinct_panel[p]
  eval title_in(black)
  low = 1e300; high = -1e300; floor_at = NaN; ceiling_at = NaN
  do for [r = 1:rows_rows] {
    if (rows_panel[r] eq distinct_panel[p]) {
      floor_at = rows_floor[r]; ceiling_at = rows_ceiling[r]
      if (rows_role[r] ne roles[3]) {
        do for [name in 'estimate floor ceiling'] {
          eval sprintf("value_ = rows_%s[r]", name)
          if (value_ == value_) { low = value_ < low ? value_ : low; high = value_ > high ? value_ : high }
        }
      }
    }
  }
  if (low > high) { low = 0; high = 1 }
  pad = high > low ? 0.12 * (high - low) : 0.5
  # bars are shown whole where that takes no more than half of the room
  whole_low = low; whole_high = high
  do for [r = 1:rows_rows] {
    if (rows_panel[r] eq distinct_panel[p] && rows_role[r] ne roles[3]) {
      if (rows_lower[r] == rows_lower[r] && rows_lower[r] > low - 0.5 * (high - low)) { whole_low = rows_lower[r] < whole_low ? rows_lower[r] : whole_low }
      if (rows_upper[r] == rows_upper[r] && rows_upper[r] < high + 0.5 * (high - low)) { whole_high = rows_upper[r] > whole_high ? rows_upper[r] : whole_high }
    }
  }
  from_x = whole_low - pad / 2; to_x = whole_high + pad / 2
  do for [r = 1:rows_rows] { if (rows_panel[r] eq distinct_panel[p] && rows_most[r] == rows_most[r] && to_x > rows_most[r] && high <= rows_most[r]) { to_x = rows_most[r] + 0.015 * (rows_most[r] - from_x) } }
  set xrange [from_x:to_x]
  set yrange [|distinct_name| + 0.7:0.3]
  eval tics_of(from_x, to_x, 0, 4)
  set format x '%g'
  unset ytics
  set ytics scale 0 font ',11' ('' -1000)
  if (in_first_column(p)) { do for [i = 1:|distinct_name|] { set ytics add (distinct_name[i] i) } }
  set xlabel rows_axis[1] offset 0,0.3
  do for [r = 1:rows_rows] { if (rows_panel[r] eq distinct_panel[p]) { set xlabel rows_axis[r] offset 0,0.3 } }
  unset arrow
  if (floor_at == floor_at) { set arrow 1 from first floor_at, graph 0 to first floor_at, graph 1 nohead linecolor rgb '#D55E00' linewidth 1.2 dashtype 2 back }
  if (ceiling_at == ceiling_at) { set arrow 2 from first ceiling_at, graph 0 to first ceiling_at, graph 1 nohead linecolor rgb black linewidth 1.21 back }
  inside(x) = x >= from_x && x <= to_x ? x : NaN
  beyond(x) = x > to_x ? to_x - 0.01 * (to_x - from_x) : x < from_x ? from_x + 0.01 * (to_x - from_x) : NaN
  cut(x) = x > to_x ? to_x : x < from_x ? from_x : x
  # an arrow's head where a bar goes on beyond the edge
  do for [r = 1:rows_rows] {
    if (rows_panel[r] eq distinct_panel[p] && rows_estimate[r] >= from_x && rows_estimate[r] <= to_x) {
      row_ = place_of(rows_name[r])
      if (rows_upper[r] == rows_upper[r] && rows_upper[r] > to_x) { set arrow 300 + 2 * r from first to_x - 0.05 * (to_x - from_x), first row_ to first to_x, first row_ head filled size screen 6.0 / total_width(0), 30 linewidth 1.2 linecolor rgb colour_of_role(rows_role[r]) }
      if (rows_lower[r] == rows_lower[r] && rows_lower[r] < from_x) { set arrow 301 + 2 * r from first from_x + 0.05 * (to_x - from_x), first row_ to first from_x, first row_ head filled size screen 6.0 / total_width(0), 30 linewidth 1.2 linecolor rgb colour_of_role(rows_role[r]) }
    }
  }
  mine(k) = strcol("panel") eq distinct_panel[p] && strcol("role") eq roles[k]
  plot for [k = 1:3] rows using (mine(k) ? inside(column("estimate")) : NaN):(place_of(strcol("name"))):(cut(column("lower"))):(cut(column("upper"))) with xerrorbars pointtype 7 pointsize 0.01 linewidth 1.8 linecolor rgb role_colours[k], \
       for [k = 1:3] rows using (mine(k) ? inside(column("estimate")) : NaN):(place_of(strcol("name"))) with points pointtype 7 pointsize 0.5 linecolor rgb role_colours[k], \
       for [k = 1:3] rows using (mine(k) ? beyond(column("estimate")) : NaN):(place_of(strcol("name"))) with points pointtype 9 pointsize 0.6 linecolor rgb role_colours[k], \
       NaN
  do for [k = 1:3] { unset label 60 + k }
  eval clear_legend
}
unset multiplot
