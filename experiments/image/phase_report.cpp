// Phase shares in tables, figures and words.
#include <algorithm>
#include <fmt/format.h>

#include <cmath>

#include "experiments/image/image_phases.hpp"
#include "experiments/report/figure.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

void say(const std::string& head, const std::string& text) { fmt::print("{}", to_terminal_paragraph(fmt::format("{:<9} ", head), text)); }

Table light_table(const CellTracks& tracks, const NuclearLight& light, const ReporterMap& map) {
  Table table({{"condition", "", ""}, {"well", "", ""}, {"acquisition", "", ""}, {"channel", "", ""}, {"offset", "counts", "light of a dark nucleus above its ring"}, {"by_dna", "1", "counts a count of the DNA stain"}, {"by_other_reporter", "1", ""},
               {"noise", "counts", "sd of a dark nucleus"}, {"dark_nuclei", "", "nuclei and frames the line rests on"}, {"found", "", ""}});
  for (const BleedThrough& b : light.bleed) {
    const Film& film = tracks.films[static_cast<std::size_t>(b.film)];
    table.add_row({film.condition, film.name, std::int64_t{b.stage + 1}, b.channel == 0 ? map.g1_channel : map.cycling_channel, b.offset, b.by_dna, b.by_other, b.noise, std::int64_t{b.nuclei}, std::string(b.found ? "yes" : "no")});
  }
  return table;
}

Table mixture_table(const NucleusCalls& calls, const ReporterMap& map) {
  Table table({{"acquisition", "", ""}, {"channel", "", ""}, {"dark_mean", "counts", ""}, {"dark_sd", "counts", ""}, {"bright_median", "counts", ""}, {"bright_log_sd", "1", ""}, {"share_bright", "1", "of nuclei and frames"}, {"separation", "sd", "bright median over the dark sd"}, {"nuclei", "", ""}});
  for (std::size_t i = 0; i < calls.mixtures.size(); ++i) {
    const ReporterMixture& m = calls.mixtures[i];
    if (m.nuclei > 0) table.add_row({static_cast<std::int64_t>(i / 2 + 1), i % 2 == 0 ? map.g1_channel : map.cycling_channel, m.dark_mean, m.dark_sd, std::exp(m.log_bright), m.log_bright_sd, m.share_bright, m.separation, std::int64_t{m.nuclei}});
  }
  return table;
}

void add_shares(RunDirectory& run, const CellTracks& tracks, const PhaseShares& shares) {
  Table wells({{"condition", "", ""}, {"well", "", ""}, {"time_h", "h", ""}, {"class", "", ""}, {"nuclei", "", ""}, {"share", "1", "among labelled nuclei"}, {"lower", "1", "95 %, bootstrap over lineages"}, {"upper", "1", ""}, {"share_of_all", "1", "unlabelled nuclei counted too"}, {"all_lower", "1", ""}, {"all_upper", "1", ""}});
  Table curve({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}}), arms({{"condition", "", ""}, {"time_h", "h", ""}, {"class", "", ""}, {"share", "1", "of the mean well, among labelled nuclei"}, {"lower", "1", "95 %, wells as replicates"}, {"upper", "1", ""}, {"wells", "", ""}, {"degrees", "", "of freedom of the scatter between wells, pooled over arms"}});
  Table points({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"value", "", ""}});
  for (const WellShares& w : shares.wells)
    for (std::size_t t = 0; t < w.times_h.size(); ++t)
      for (std::size_t k = 0; k <= shares.phases.size(); ++k) {
        const auto row = static_cast<Eigen::Index>(t), column = static_cast<Eigen::Index>(k);
        const Film& film = tracks.films[static_cast<std::size_t>(w.film)];
        if (k == shares.phases.size()) {
          wells.add_row({film.condition, film.name, w.times_h[t], std::string("unlabelled"), static_cast<std::int64_t>(w.counts(row, column)), Cell{}, Cell{}, Cell{}, w.counts.row(row).sum() > 0 ? Cell(w.counts(row, column) / w.counts.row(row).sum()) : Cell{}, Cell{}, Cell{}});
          continue;
        }
        wells.add_row({film.condition, film.name, w.times_h[t], shares.phases[k], static_cast<std::int64_t>(w.counts(row, column)), cell_of(w.labelled.estimate(row, column)), cell_of(w.labelled.lower(row, column)), cell_of(w.labelled.upper(row, column)), cell_of(w.all.estimate(row, column)), cell_of(w.all.lower(row, column)), cell_of(w.all.upper(row, column))});
        if (std::isfinite(w.labelled.estimate(row, column))) points.add_row({film.condition, shares.phases[k], w.times_h[t], w.labelled.estimate(row, column)});
      }
  for (const ArmShares& arm : shares.arms)
    for (std::size_t t = 0; t < arm.times_h.size(); ++t)
      for (std::size_t k = 0; k < shares.phases.size(); ++k) {
        const auto row = static_cast<Eigen::Index>(t), column = static_cast<Eigen::Index>(k);
        arms.add_row({arm.condition, arm.times_h[t], shares.phases[k], arm.labelled.estimate(row, column), arm.labelled.lower(row, column), arm.labelled.upper(row, column), std::int64_t{arm.wells}, arm.degrees});
        curve.add_row({arm.condition, shares.phases[k], arm.times_h[t], arm.labelled.estimate(row, column), arm.labelled.lower(row, column), arm.labelled.upper(row, column)});
      }
  run.add_table("phase_shares", wells, "Phases of every well and frame, with and without the unlabelled nuclei.");
  run.add_table("arm_shares", arms, "Phases of the mean well of every arm.");
  report::add_figure(run, {"phase_shares", "Share of each phase among labelled nuclei; band: 95 % of the mean well, points: wells.", "time_course", {{"points", points}, {"model", curve}}, {{"y_label", "share of labelled cells"}, {"band_label", "mean well, 95 %"}}, "answer"});
}

void write_counts(RunDirectory& run, const CellTracks& tracks, const PhaseShares& shares) {
  const PhaseCounts counts = counts_of_shares(shares, tracks);
  std::string text = "condition\twell\ttime_h\tclass\tcount\n";
  for (const WellSeries& well : counts.wells)
    for (std::size_t t = 0; t < well.times_h.size(); ++t)
      for (std::size_t k = 0; k < counts.classes.size(); ++k)
        text += fmt::format("{}\t{}\t{:.6g}\t{}\t{:.0f}\n", well.condition, well.well, well.times_h[t], counts.classes[k], well.values(static_cast<int>(t), static_cast<int>(k)));
  write_file(run.path_for("data/phase_counts.tsv"), text);
  const double misread = std::max(1e-4, shares.misread);
  write_file(run.path_for("data/misread.toml"), fmt::format("# Put into the scenario of `hyped cycle fit`: how often a labelled nucleus is in another phase than called, by the smoother's\n# own posterior. The fit then holds the calls' doubt beside that of cells and wells.\n[[parameter]]\nname = \"misread_fraction\"\nfixed = {:.4g}\n", misread));
}

void add_polarity(RunDirectory& run, const ImagePhases& phases) {
  Table table({{"evidence", "", ""}, {"verdict", "", ""}, {"p_value", "1", ""}});
  for (const PolarityEvidence& one : phases.polarity) {
    table.add_row({one.what, std::string(to_string(one.verdict)), one.p_value});
    say("polarity", one.what + ": " + std::string(to_string(one.verdict)) + ".");
  }
  run.add_table("polarity", table, "What the data say of the reporters' polarity given, strongest evidence first.");
  const Verdict verdict = verdict_of(phases.polarity);
  run.add_result("polarity", std::string(to_string(verdict)));
  if (verdict == Verdict::contradicts) {
    run.add_warning("The data contradict the polarity given: the reporter named for G1 behaves as that of cycling cells. Every share below is then of the other phase. Exchange --g1-channel and --cycling-channel.");
    run.set_outcome({Status::not_identifiable, "the polarity given is contradicted by the data (table polarity)"});
  } else if (verdict == Verdict::silent) {
    run.add_warning("The data do not tell which reporter is on in G1: the shares rest on what was given.");
  } else {
    const auto agreeing = std::find_if(phases.polarity.begin(), phases.polarity.end(), [](const PolarityEvidence& e) { return e.verdict == Verdict::agrees; });
    run.add_answer("The data agree with the polarity given (a test says so below p = 0.01): " + agreeing->what + ".");
  }
  run.add_result("labels", std::string(to_string(phases.labels.verdict)));
  say("labels", phases.labels.words);
  if (phases.labels.verdict == Verdict::contradicts) run.add_warning(phases.labels.words);
  else run.add_note(phases.labels.words);
}

}  // namespace

void report_phases(RunDirectory& run, const CellTracks& tracks, const ImagePhases& phases, const ImagePhaseSettings& settings) {
  const ReporterMap& map = settings.calls.map;
  say("map", words_of(map));
  run.add_setting("map", words_of(map));
  run.add_setting("dna_channel", settings.light.dna_channel);
  run.add_setting("tile", settings.light.tile_rows > 0 ? fmt::format("{} x {} px", settings.light.tile_rows, settings.light.tile_columns) : "none: no flat field");
  run.add_setting("early_g1_h", fmt::format("{:.4g}", settings.calls.early_g1_h));
  run.add_table("light", light_table(tracks, phases.light, map), "What reaches each reporter's channel from elsewhere, by robust regression on nuclei that do not show it; taken out.");
  run.add_table("mixtures", mixture_table(phases.calls, map), "Dark and bright nuclei of each reporter and acquisition.");
  add_polarity(run, phases);
  for (const auto* notes : {&phases.light.notes, &phases.calls.notes})
    for (const std::string& note : *notes) run.add_note(note);
  if (phases.light.flat.size() > 0) run.add_answer(fmt::format("Flat field: a tile's darkest corner has {:.0f} % of the light of its centre; taken out.", 100 * phases.light.corner));
  if (!phases.calls.outcome.ok()) run.set_outcome(phases.calls.outcome);
  if (phases.shares.wells.empty()) return;
  const bool kinetics = phases.calls.light == LightModel::kinetics;
  const std::string words = fmt::format("{} (BIC {:.0f}; {} {:.0f})", kinetics ? "rise and fall of the reporter" : "two levels a channel", phases.calls.bic, kinetics ? "levels" : "kinetics", phases.calls.other_bic);
  run.add_setting("light", words);
  say("light", words);
  long labelled = 0;
  for (const char l : phases.calls.labelled) labelled += l;
  run.add_answer(fmt::format("{} of {} tracks carry the reporter, {} never shine, {} are unsure and unlabelled. Dark nuclei of carriers: {} counted as early G1 after a division that was seen, {} left unlabelled.", labelled, phases.calls.labelled.size(), phases.calls.dark_clones, phases.calls.unsure_cells, phases.calls.early_g1, phases.calls.dark_unseen));
  run.add_answer(fmt::format("On average {:.2f} % of the labelled nuclei are in another phase than called, by the smoother's own posterior.", 100 * phases.shares.misread));
  run.add_result("misread", phases.shares.misread, "share of labelled nuclei");
  add_shares(run, tracks, phases.shares);
  write_counts(run, tracks, phases.shares);
  for (const ArmShares& arm : phases.shares.arms)
    if (!arm.times_h.empty()) {
      const Eigen::Index last = static_cast<Eigen::Index>(arm.times_h.size()) - 1;
      run.add_answer(fmt::format("{}: {} {:.1f} % at {:.1f} h (95 %: {:.1f} to {:.1f}; {} wells).", arm.condition, phases.shares.phases.front(), 100 * arm.labelled.estimate(last, 0), arm.times_h.back(), 100 * arm.labelled.lower(last, 0), 100 * arm.labelled.upper(last, 0), arm.wells));
    }
}

}  // namespace hyped
