// Any tracker's export to the tidy form.
#include "experiments/tracks/convert.hpp"

#include <fmt/format.h>

#include "experiments/report/figure.hpp"
#include "experiments/tracks/describe.hpp"
#include "libhyped/counted.hpp"
#include "libhyped/store/write_tracks.hpp"

namespace hyped {

void run_convert(RunDirectory& run, const std::filesystem::path& file, const TrackReading& reading) {
  run.set_title("Tracks of " + file.filename().string(), "Which cells were followed, how long, and how did each of them begin and end?");
  run.add_input(file);
  for (const auto* companion : {&reading.edges, &reading.graph, &reading.properties})
    if (!companion->empty()) run.add_input(*companion);
  const CellTracks tracks = read_tracks(file, reading);
  const TrackCounts counts = counts_of(tracks);
  write_tracks(tracks, run.path_for("data"));
  fmt::print("{}", to_terminal_paragraph("format    ", tracks.format));
  for (const auto& [name, value] : facts_of(tracks)) {
    fmt::print("{}", to_terminal_paragraph(fmt::format("{:<10}", name), value));
    run.add_setting(name, value);
  }
  run.add_setting("format", tracks.format);
  for (const auto& note : tracks.notes) {
    fmt::print("{}", to_terminal_paragraph("note      ", note));
    run.add_note(note);
  }
  const Table conditions = conditions_of(tracks);
  fmt::print("\n{}\n", to_terminal(conditions, "tables/conditions.tsv"));
  run.add_table("conditions", conditions, "How the cells of each condition began and ended.");
  for (const auto& [name, value] : {std::pair("cells", counts.cells), std::pair("trees", counts.trees), std::pair("divisions", counts.divisions), std::pair("deaths", counts.deaths),
                                    std::pair("lost", counts.lost), std::pair("nuclei", counts.rows), std::pair("unlinked_nuclei", counts.unlinked_rows)})
    run.add_result(name, value, "1");
  report::add_figure(run, {"followed", "Cells followed at a time; cells that had divided by then; gone: cells that had died or were lost.", "time_course", {{"model", course_of(tracks)}},
                           {{"y_label", "cells"}, {"band_label", "counted"}}, "answer"});
  run.add_answer(fmt::format("{} in {}, of which {} divided, {} died and {} lost before the film ended; the tidy form is in data/.", counted(counts.cells, "cell"), counted(counts.trees, "tree"),
                             counts.divisions, counts.deaths, counts.lost == 1 ? "1 was" : fmt::format("{} were", counts.lost)));
}

}  // namespace hyped
