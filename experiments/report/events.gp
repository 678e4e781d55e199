# Marks the events of arm `this_arm` in the panel that follows: a thin line, its name above the panel (place_events.gp came before).
do for [e = 1:event_count] {
  unset arrow 300 + e; unset label 300 + e
  here = 1
  if (exists("events_arm")) { here = (events_arm[e] eq '' || events_arm[e] eq this_arm) }
  if (here) {
    over = (event_row_height * (event_row[e] - 0.5) + 1) / panel_height
    set arrow 300 + e from first events_time_h[e], graph 0 to first events_time_h[e], graph 1 + over nohead linecolor rgb pale linewidth 0.8 dashtype '.' back
    if (event_side[e] > 0) {
      set label 300 + e events_name[e] at first events_time_h[e], graph 1 + over left offset 0.4,0 font ',9' textcolor rgb '#555555' front
    } else {
      set label 300 + e events_name[e] at first events_time_h[e], graph 1 + over right offset -0.4,0 font ',9' textcolor rgb '#555555' front
    }
  }
}
