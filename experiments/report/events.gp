# Marks the events of arm `this_arm` in the panel that follows; loaded by templates for each panel, `events` may be absent.
eval clear_events
if (exists("events") && events_rows > 0) {
  do for [e = 1:events_rows] {
    here = 1
    if (exists("events_arm")) { here = (events_arm[e] eq '' || events_arm[e] eq this_arm) }
    if (here) {
      set arrow from first events_time_h[e], graph 0 to first events_time_h[e], graph 1 nohead linecolor rgb pale linewidth 0.8 dashtype '.' back
      set label e events_name[e] at first events_time_h[e], graph 0.985 right rotate by 90 offset 0.95,0 font ',9' textcolor rgb '#555555' front
    }
  }
}
