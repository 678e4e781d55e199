# Where the names of events go: rows above the panels, so that no name lies over data or over another name. Needs axis_start and
# axis_end [h] of the time axis, and comes before the canvas, which it makes higher. Rows are dealt from the last event to the
# first: a name runs to the right from its line, and passes the lines of earlier events, which reach higher, on their right.
event_row_height = 13
event_count = exists("events") ? events_rows : 0
if (event_count > 0) {
  array event_row[event_count]
  array event_from[event_count]
  array event_to[event_count]
  array event_side[event_count]
  event_rows_used = 1
  hour_width = panel_width / (1.0 * (axis_end - axis_start))
  do for [e = 1:event_count] {
    at_px = (events_time_h[e] - axis_start) * hour_width
    width_px = 5.6 * strlen(events_name[e]) + 6
    event_side[e] = at_px + width_px > panel_width + 12 ? -1 : 1
    event_from[e] = event_side[e] > 0 ? at_px : at_px - width_px
    event_to[e] = event_from[e] + width_px
    event_row[e] = 0
  }
  do for [placed = 1:event_count] {
    late = 0
    do for [e = 1:event_count] { if (event_row[e] == 0) { if (late == 0) { late = e } else { if (events_time_h[e] > events_time_h[late]) { late = e } } } }
    row = 1
    do for [turn = 1:event_count] {
      do for [other = 1:event_count] {
        meet = event_row[other] == row && event_from[other] < event_to[late] && event_from[late] < event_to[other]
        if (meet && exists("events_arm")) { meet = events_arm[other] eq '' || events_arm[late] eq '' || events_arm[other] eq events_arm[late] }
        if (meet) { row = row + 1 }
      }
    }
    event_row[late] = row
    event_rows_used = row > event_rows_used ? row : event_rows_used
  }
  event_room = event_row_height * event_rows_used
  room_top = room_top + event_room
  gap_y = gap_y + event_room
}
