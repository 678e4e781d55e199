// Linking, tables and the files other programs read.
#include "experiments/image/track_nuclei.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/report/figure.hpp"
#include "libhyped/ingest/images/picture.hpp"
#include "libhyped/store/images/write_followed.hpp"
#include "libhyped/store/images/write_tiff.hpp"
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

// A mask per frame number from `first` to the last, empty where the film has a gap. Planes of `labels` are frames from `first` on.
void write_masks(const RunDirectory& run, const LinkedFilm& film, const std::vector<FrameNuclei>& frames, const PictureFile& labels, int first) {
  const int last = frames.back().frame;
  if (labels.info().frames <= last - first) throw InputError(labels.info().file.string(), fmt::format("has {} frames, the nuclei are of frames {} to {}", labels.info().frames, frames.front().frame, last), "give a plane for every frame from the first on");
  const std::vector<int> numbers = track_numbers(film);
  const bool wide = !numbers.empty() && *std::max_element(numbers.begin(), numbers.end()) > 65535;
  std::size_t which = 0;
  for (int frame = first; frame <= last; ++frame) {
    const bool there = which < frames.size() && frames[which].frame == frame;
    Labels mask = Labels::Zero(labels.info().height, labels.info().width);
    if (there) {
      const Labels here = labels.labels(frame - first);
      const int most = here.maxCoeff();
      for (const Nucleus& nucleus : frames[which].nuclei)
        if (nucleus.label > most) throw InputError(labels.info().file.string(), fmt::format("frame {} has no label {}, which the table has", frame, nucleus.label), "give the labels the table was measured with");
      mask = labels_by_track(here, frames[which], film, static_cast<int>(which));
      ++which;
    }
    TiffWriter writer(run.path_for(fmt::format("ctc/mask{:03}.tif", frame - first)), mask.rows(), mask.cols(), 1, wide ? 32 : 16);
    writer.add(mask);
    writer.finish();
  }
}

}  // namespace

void report_links(RunDirectory& run, const LinkedFilm& film, const std::vector<FrameNuclei>& frames, const LinkOptions& options, int first_frame) {
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
  run.add_answer(fmt::format("Divisions found: {}; refused for want of evidence (below {:.2f}): {}. The table divisions says why.", counts.divisions, options.least_evidence, refused));
  if (options.cycling_channel.empty() && options.divisions) run.add_warning("No reporter channel was named: divisions rest on places, and where nuclei are missed about three in ten divisions are missed too (docs/imaging_tracks.md). Name --cycling-channel and --dna-channel.");
  write_tracks(film.tracks, run.path_for("data"));
  std::filesystem::create_directories(run.path_for("ctc"));
  write_ctc_tracks(film, run.path_for("ctc/res_track.txt"), first_frame);
  write_napari_tracks(film, frames, run.path_for("napari"));
  write_trackmate_tables(film, frames, run.path_for("trackmate"));
}

void run_image_track(RunDirectory& run, const std::filesystem::path& file, const NucleiReading& reading, const LinkOptions& options, const std::filesystem::path& labels) {
  run.set_title("Tracks of " + file.filename().string(), "Which nuclei are one cell over time, and which cells divided?");
  run.add_input(file);
  const std::vector<FrameNuclei> frames = read_nuclei(file, reading);
  for (const std::string& note : frames.front().notes) run.add_note(note);
  run.add_setting("dna_channel", options.dna_channel.empty() ? "none" : options.dna_channel);
  run.add_setting("cycling_channel", options.cycling_channel.empty() ? "none" : options.cycling_channel);
  run.add_setting("max_gap_frames", fmt::format("{}", options.max_gap_frames));
  const LinkedFilm film = link_nuclei(frames, options);
  run.add_setting("max_distance_px", fmt::format("{:.2f}{}", film.max_distance_px, options.max_distance_px > 0 ? "" : ", from the data"));
  if (labels.empty() || !film.outcome.ok()) {
    report_links(run, film, frames, options, frames.front().frame);
    return;
  }
  run.add_input(labels);
  const PictureFile pictures(labels);
  const int first = pictures.info().frames > frames.back().frame ? 0 : frames.front().frame;      // planes counted from 0, as `hyped image measure` counts them, or from the table's first frame
  run.add_setting("label_planes", fmt::format("the first is frame {}", first));
  report_links(run, film, frames, options, first);
  write_masks(run, film, frames, pictures, first);
}

}  // namespace hyped
