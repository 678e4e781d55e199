// Linking, tables and the files other programs read.
#include "experiments/image/track_nuclei.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/report/figure.hpp"
#include "libhyped/store/images/write_followed.hpp"
#include "libhyped/store/table.hpp"
#include "libhyped/store/write_tracks.hpp"

namespace hyped {
namespace {

Table divisions_table(const LinkedFilm& film) {
  Table table({{"frame", "", "the mother's last"}, {"time_h", "h", ""}, {"row", "px", ""}, {"column", "px", ""}, {"accepted", "", "yes, or no: the pair was not linked"}, {"mother", "", "cell"}, {"first", "", "cell"}, {"second", "", "cell"},
               {"evidence", "1", "weighted mean of what was measured, 0 against, 1 for"}, {"reporter_lost", "1", ""}, {"dna_halved", "1", ""}, {"sisters_alike", "1", ""}, {"condensed", "1", ""}, {"symmetric", "1", ""}, {"distance", "1", ""},
               {"reporter_left", "1", "the brighter daughter's light over the mother's"}, {"first_share", "1", "of the mother's DNA light"}, {"second_share", "1", ""}, {"sister_distance", "px", ""}});
  const auto name = [&](int cell) { return cell >= 0 ? Cell(film.tracks.cells[static_cast<std::size_t>(cell)].id) : Cell{}; };
  for (const FoundDivision& d : film.divisions) {
    const DivisionEvidence& e = d.evidence;
    table.add_row({std::int64_t{d.frame}, d.time_h, d.row, d.column, std::string(d.accepted ? "yes" : "no"), name(d.mother), name(d.first), name(d.second), cell_of(e.total), cell_of(e.reporter_lost), cell_of(e.dna_halved), cell_of(e.sisters_alike), cell_of(e.condensed), cell_of(e.symmetric),
                   cell_of(e.distance), cell_of(e.cycling_left), cell_of(e.first_share), cell_of(e.second_share), cell_of(e.sister_distance)});
  }
  return table;
}

Table courses_table(const LinkedFilm& film) {
  Table table({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"value", "1", ""}});
  std::map<double, std::pair<long, long>> counts;      // all nuclei, nuclei of cells
  const FrameTable& rows = film.tracks.frames;
  int followed = 0;
  for (const FollowedCell& cell : film.tracks.cells) followed = std::max(followed, cell.first_row + cell.row_count);
  for (int r = 0; r < rows.rows(); ++r) {
    auto& here = counts[rows.time_h[static_cast<std::size_t>(r)]];
    ++here.first;
    if (r < followed) ++here.second;
  }
  const std::string arm = film.tracks.films.front().condition;
  for (const auto& [time, count] : counts) {
    table.add_row({arm, std::string("nuclei"), time, static_cast<double>(count.first)});
    table.add_row({arm, std::string("nuclei of cells followed"), time, static_cast<double>(count.second)});
  }
  return table;
}

}  // namespace

void report_links(RunDirectory& run, const LinkedFilm& film, const std::vector<FrameNuclei>& frames, const LinkOptions& options) {
  for (const std::string& note : film.notes) run.add_note(note);
  if (!film.outcome.ok()) {
    run.set_outcome(film.outcome);
    return;
  }
  const TrackCounts counts = counts_of(film.tracks);
  const long refused = std::count_if(film.divisions.begin(), film.divisions.end(), [](const auto& d) { return !d.accepted; });
  Table cells({{"cell", "", ""}, {"mother", "", ""}, {"start", "", "division, film_start or appeared"}, {"end", "", "division, lost or film_end"}, {"start_h", "h", ""}, {"end_h", "h", ""}, {"frames", "1", "in which it was seen"}});
  std::vector<double> lengths;
  for (const FollowedCell& cell : film.tracks.cells) {
    cells.add_row({cell.id, cell.mother >= 0 ? Cell(film.tracks.cells[static_cast<std::size_t>(cell.mother)].id) : Cell{}, std::string(to_string(cell.start)), std::string(to_string(cell.end)), cell.start_h, cell.end_h, std::int64_t{cell.row_count}});
    lengths.push_back(cell.row_count);
  }
  run.add_table("cells", cells, "Every cell that was followed.");
  run.add_table("divisions", divisions_table(film), "Divisions found, with their evidence; refused ones too.");
  if (!film.breaks.empty()) {
    Table breaks({{"from_frame", "", ""}, {"to_frame", "", ""}, {"rows", "px", "shift"}, {"columns", "px", "shift"}, {"matched", "1", "nuclei that fit after it"}, {"nuclei", "1", ""}, {"by_chance", "1", "matches expected of nuclei at random"}, {"linked", "", ""}});
    for (const FrameShift& b : film.breaks) breaks.add_row({std::int64_t{b.from_frame}, std::int64_t{b.to_frame}, b.rows, b.columns, std::int64_t{b.matched}, std::int64_t{b.nuclei}, b.by_chance, std::string(b.trusted ? "yes" : "no")});
    run.add_table("breaks", breaks, "Acquisitions of one film and how their pictures were laid on each other.");
  }
  report::add_figure(run, {"nuclei", "Nuclei found, and those of cells that were followed over more than one frame.", "time_course", {{"points", courses_table(film)}}, {{"y_label", "nuclei per frame"}}, "answer"});
  std::sort(lengths.begin(), lengths.end());
  const double middle = lengths.empty() ? 0 : lengths[lengths.size() / 2];
  run.add_result("cells", static_cast<double>(counts.cells), "1");
  run.add_result("divisions", static_cast<double>(counts.divisions), "1");
  run.add_result("divisions_refused", static_cast<double>(refused), "1");
  run.add_result("unlinked_nuclei", static_cast<double>(counts.unlinked_rows), "1");
  run.add_result("gaps_bridged", static_cast<double>(film.gaps), "1");
  run.add_result("max_distance", film.max_distance_px, "px");
  run.add_answer(fmt::format("{} nuclei in {} frames are {} cells of {} families, followed over {:.0f} frames (median); {} gaps were bridged, {} nuclei are linked to nothing.", film.tracks.frames.rows(), frames.size(), counts.cells, counts.trees, middle, film.gaps, counts.unlinked_rows));
  run.add_answer(fmt::format("{} divisions were found; {} more were refused for want of evidence (below {:.2f}). The table divisions says why.", counts.divisions, refused, options.least_evidence));
  if (options.cycling_channel.empty() && options.divisions) run.add_warning("No reporter channel was named: divisions rest on places, and where nuclei are missed about three in ten divisions are missed too (docs/imaging_tracks.md). Name --cycling-channel and --dna-channel.");
  write_tracks(film.tracks, run.path_for("data"));
  std::filesystem::create_directories(run.path_for("ctc"));
  write_ctc_tracks(film, run.path_for("ctc/res_track.txt"), frames.front().frame);
  write_napari_tracks(film, frames, run.path_for("napari"));
  write_trackmate_tables(film, frames, run.path_for("trackmate"));
}

void run_image_track(RunDirectory& run, const std::filesystem::path& file, const NucleiReading& reading, const LinkOptions& options) {
  run.set_title("Tracks of " + file.filename().string(), "Which nuclei are one cell over time, and which cells divided?");
  run.add_input(file);
  const std::vector<FrameNuclei> frames = read_nuclei(file, reading);
  for (const std::string& note : frames.front().notes) run.add_note(note);
  run.add_setting("dna_channel", options.dna_channel.empty() ? "none" : options.dna_channel);
  run.add_setting("cycling_channel", options.cycling_channel.empty() ? "none" : options.cycling_channel);
  run.add_setting("max_gap_frames", fmt::format("{}", options.max_gap_frames));
  const LinkedFilm film = link_nuclei(frames, options);
  run.add_setting("max_distance_px", fmt::format("{:.2f}{}", film.max_distance_px, options.max_distance_px > 0 ? "" : ", from the data"));
  report_links(run, film, frames, options);
}

}  // namespace hyped
