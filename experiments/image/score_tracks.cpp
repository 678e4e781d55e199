// Tracks and label pictures against a reference.
#include <fmt/format.h>

#include <cmath>

#include "experiments/image/score_pictures.hpp"
#include "libhyped/image/quality/segmentation_scores.hpp"
#include "libhyped/image/quality/tracking_scores.hpp"
#include "libhyped/ingest/images/picture.hpp"
#include "libhyped/ingest/images/read_ctc.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

void run_score_tracks(RunDirectory& run, const TrackScoring& settings) {
  run.set_title("Tracks against " + settings.reference.filename().string(), "How many links and divisions are right?");
  run.add_input(settings.reference);
  run.add_input(settings.found);
  const bool ctc = is_ctc(settings.reference);
  if (ctc != is_ctc(settings.found)) throw InputError((ctc ? settings.found : settings.reference).string(), "is no folder of the Cell Tracking Challenge, the other one is", "give both in one form");
  TrackingScores scores;
  if (ctc) {
    const CtcTracking reference = read_ctc(settings.reference), found = read_ctc(settings.found);
    scores = score_tracking(reference.graph, found.graph, match_ctc(reference, found), settings.tolerance);
    run.add_setting("matched", "a found nucleus that covers more than half of the reference's, as the challenge does");
  } else {
    if (!(settings.max_distance > 0)) throw InputError("--max-distance", "is not given", "give the distance within which a found nucleus is the reference's, half a nucleus or less, in the unit of the files");
    const CellTracks reference_tracks = read_tracks(settings.reference, settings.reading), found_tracks = read_tracks(settings.found, settings.reading);
    if (reference_tracks.length_unit != found_tracks.length_unit) throw InputError(settings.found.string(), fmt::format("has positions in {}, the reference in {}", found_tracks.length_unit, reference_tracks.length_unit), "give the same unit in both");
    const TrackGraph reference = graph_of(reference_tracks), found = graph_of(found_tracks);
    scores = score_tracking(reference, found, match_places(reference, found, settings.max_distance), settings.tolerance);
    run.add_setting("matched", fmt::format("the nearest within {} {}", settings.max_distance, reference_tracks.length_unit));
  }
  run.add_setting("division_tolerance", fmt::format("{} frames", settings.tolerance));
  Table table({{"what", "", ""}, {"f1", "1", ""}, {"recall", "1", ""}, {"precision", "1", ""}, {"hits", "1", ""}, {"missed", "1", ""}, {"wrong", "1", ""}});
  const auto add = [&](const char* what, const HitCounts& c) { table.add_row({std::string(what), c.f1(), c.recall(), c.precision(), std::int64_t{c.hit}, std::int64_t{c.missed}, std::int64_t{c.wrong}}); };
  add("detections", scores.detections);
  add("links among what was detected", scores.links);
  add("links, all of the reference", scores.links_strict);
  add("divisions, same frame", scores.divisions_exact);
  add("divisions, within the tolerance", scores.divisions_near);
  fmt::print("\n{}\n", to_terminal(table, "tables/scores.tsv"));
  run.add_table("scores", table, "Detections, links and divisions against the reference.");
  Table edits({{"edit", "", ""}, {"count", "1", ""}, {"weight", "1", ""}});
  const GraphEdits& e = scores.edits;
  for (const auto& [name, count, weight] : {std::tuple{"NS, found nucleus that stands for several", e.splits, 5.0}, {"FN, missed nucleus", e.missed_nodes, 10.0}, {"FP, false nucleus", e.false_nodes, 1.0}, {"ED, false link", e.false_links, 1.0}, {"EA, missed link", e.missed_links, 1.5}, {"EC, link of the wrong kind", e.wrong_links, 1.0}})
    edits.add_row({std::string(name), std::int64_t{count}, weight});
  run.add_table("edits", edits, "Edits that make the found graph the reference (Matula et al. 2015).");
  run.add_result("TRA", e.tra(), "1");
  run.add_result("DET", e.det(), "1");
  run.add_result("link_f1", scores.links.f1(), "1");
  run.add_result("division_f1", scores.divisions_near.f1(), "1");
  run.add_answer(fmt::format("TRA {:.4f}, DET {:.4f}; F1 of links {:.4f}, of divisions {:.3f} ({} of {} found, {} false; within {} frames).", e.tra(), e.det(), scores.links.f1(), scores.divisions_near.f1(), scores.divisions_near.hit, scores.divisions_near.hit + scores.divisions_near.missed, scores.divisions_near.wrong, settings.tolerance));
  const double divisions = static_cast<double>(scores.divisions_near.hit + scores.divisions_near.missed);
  if (divisions > 0) {      // Wilson's interval
    const double n = divisions, p = scores.divisions_near.recall(), z = 1.96, middle = (p + z * z / (2 * n)) / (1 + z * z / n), half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    run.add_answer(fmt::format("Of divisions like these {:.2f} to {:.2f} are found (95 %, were they independent).", middle - half, middle + half));
  }
}

void run_score_labels(RunDirectory& run, const LabelScoring& settings) {
  run.set_title("Nuclei against those of a reference", "How many nuclei are outlined rightly?");
  if (settings.reference.size() != settings.found.size()) throw InputError("label pictures", fmt::format("{} of the reference, {} found", settings.reference.size(), settings.found.size()), "give them in pairs, in the same order");
  Table table({{"threshold", "1", "of intersection over union"}, {"f1", "1", ""}, {"ap", "1", "matched / (matched + missed + false)"}, {"recall", "1", ""}, {"precision", "1", ""}, {"reference", "1", "nuclei"}, {"found", "1", "nuclei"}, {"merges", "1", ""}, {"splits", "1", ""}, {"mean_overlap", "1", "of the matched"}, {"seg", "1", "of the Cell Tracking Challenge"}});
  for (const auto& file : settings.reference) run.add_input(file);
  for (const auto& file : settings.found) run.add_input(file);
  for (const double threshold : settings.thresholds) {
    SegmentationScore sum;
    int pictures = 0;
    for (std::size_t k = 0; k < settings.reference.size(); ++k) {
      const PictureFile file(settings.reference[k]);
      const int frames = PictureFile(settings.found[k]).info().frames;
      if (file.info().frames != frames) throw InputError(settings.found[k].string(), fmt::format("holds {} frames, and its reference {} holds {}", frames, settings.reference[k].string(), file.info().frames), "give stacks of the same frames");
      for (int f = 0; f < frames; ++f, ++pictures) {
        const SegmentationScore one = segmentation_score(file.labels(f), read_labels(settings.found[k], f, file.info().height, file.info().width), threshold);
        if (pictures) sum.add(one);
        else sum = one;
      }
    }
    table.add_row({threshold, sum.f1(), sum.ap(), sum.recall(), sum.precision(), std::int64_t{sum.reference}, std::int64_t{sum.found}, std::int64_t{sum.merges}, std::int64_t{sum.splits}, sum.mean_overlap(), sum.mean_seg()});
    run.add_answer(fmt::format("At an overlap above {:.2f}: F1 {:.3f}, {} of {} nuclei matched, {} false; {} merges, {} splits.", threshold, sum.f1(), sum.matched, sum.reference, sum.false_ones(), sum.merges, sum.splits));
  }
  fmt::print("\n{}\n", to_terminal(table, "tables/scores.tsv"));
  run.add_table("scores", table, "Nuclei found against those of the reference, all frames of all pictures together.");
}

}  // namespace hyped
