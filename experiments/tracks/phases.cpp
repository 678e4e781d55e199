// Phase calls of tracks, in tables and words.
#include "experiments/tracks/phases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/report/figure.hpp"
#include "experiments/tracks/describe.hpp"
#include "experiments/tracks/terminal_notes.hpp"
#include "libhyped/store/table.hpp"
#include "libhyped/store/write_tracks.hpp"

namespace hyped {
namespace {

Table states_of(const SmootherFit& fit, const ReporterMap& map, double interval_h) {
  Table table({{"state", "", "onset: the light of the phase before is still fading"}, {"phase", "", ""}, {"stages", "1", "of its duration; the shortest is as many frames"}, {"mean_h", "h", "mean duration, expectation-maximisation"}, {"skipped", "1", "share of cells that pass it by"}, {"start_share", "1", "of cells there before the film"},
               {"g1_light", "a.u.", "median light of " + map.g1_channel + " at its first stage"}, {"g1_spread", "1", "sd of its logarithm"}, {"cycling_light", "a.u.", "median light of " + map.cycling_channel}, {"cycling_spread", "1", ""}});
  for (std::size_t s = 0; s < fit.model.states.size(); ++s) {
    const SmootherState& state = fit.model.states[s];
    const int at = fit.model.first_stage(static_cast<int>(s));
    const std::string look = state.light.g1_on ? (state.light.cycling_on ? "both on" : map.g1_channel + " on") : state.light.cycling_on ? map.cycling_channel + " on" : "dark";
    table.add_row({look + (state.given ? ", onset" : ""), fit.model.phases[static_cast<std::size_t>(state.light.phase)], std::int64_t{state.stages}, state.mean_frames * interval_h, state.skipped, fit.model.start_share[static_cast<Eigen::Index>(s)],
                   std::exp(fit.model.log_mean(at, 0)), fit.model.log_sd(at, 0), std::exp(fit.model.log_mean(at, 1)), fit.model.log_sd(at, 1)});
  }
  return table;
}

// What the tracks say of the four ways to read two channels.
void add_support(RunDirectory& run, const CellTracks& tracks, const ReporterMap& map, const SmootherFitOptions& options) {
  const auto support = compare_maps(tracks, map, options);
  Table table({{"reporter", "", ""}, {"g1_channel", "", ""}, {"cycling_channel", "", ""}, {"light", "", "levels or kinetics, whichever suits it better"}, {"log_likelihood", "nats", "of the smoother"}, {"behind_best", "nats", ""}, {"given", "", ""}});
  const MapSupport* given = nullptr;
  for (const MapSupport& s : support) {
    const bool mine = s.map.reporter == map.reporter && s.map.g1_channel == map.g1_channel;
    if (mine) given = &s;
    table.add_row({std::string(to_string(s.map.reporter)), s.map.g1_channel, s.map.cycling_channel, std::string(s.light == LightModel::levels ? "levels" : "kinetics"), cell_of(s.log_likelihood), cell_of(support[0].log_likelihood - s.log_likelihood), std::string(mine ? "yes" : "")});
  }
  run.add_table("map_support", table, "How well the cycle's order explains the light under each reading of the two channels.");
  const double behind = support[0].log_likelihood - given->log_likelihood;
  if (behind > 10)
    run.add_warning(fmt::format("The given map explains the tracks worse than another: {} is ahead by {:.0f} in log-likelihood. Check the reporter and its channels.", words_of(support[0].map), behind));
  else {
    const MapSupport& second = given == &support[0] ? support[1] : support[0];
    run.add_answer(fmt::format("The tracks support the given map: the next one ({}) is behind by {:.0f} in log-likelihood.", words_of(second.map), given->log_likelihood - second.log_likelihood));
  }
}

}  // namespace

Table phase_shares(const CellTracks& tracks) {
  Table table({{"arm", "", ""}, {"phase", "", ""}, {"time_h", "h", ""}, {"value", "1", "share among called cells"}});
  std::map<std::pair<std::string, double>, std::vector<double>> counts;
  for (const FollowedCell& cell : tracks.cells)
    for (int row = cell.first_row; row < cell.first_row + cell.row_count; ++row) {
      const auto r = static_cast<std::size_t>(row);
      if (tracks.frames.phase[r] < 0) continue;
      auto& here = counts[{tracks.films[static_cast<std::size_t>(cell.film)].condition, tracks.frames.time_h[r]}];
      here.resize(tracks.phases.size(), 0.0);
      here[static_cast<std::size_t>(tracks.frames.phase[r])] += 1;
    }
  for (const auto& [at, here] : counts) {
    double all = 0;
    for (const double n : here) all += n;
    for (std::size_t k = 0; k < here.size(); ++k) table.add_row({at.first, tracks.phases[k], at.second, here[k] / all});
  }
  return table;
}

namespace {

// The last phase of the cycle ends with a division: stays that do not are light left over from the mother, called a phase.
struct LastStays {
  long divided = 0, went_on = 0;
};
LastStays last_stays(const CellTracks& tracks) {
  LastStays out;
  const int last = static_cast<int>(tracks.phases.size()) - 1;
  for (const FollowedCell& cell : tracks.cells)
    for (const auto& stay : cell.stays)
      if (stay.phase == last) out.divided += stay.end == StayEnd::division, out.went_on += stay.end == StayEnd::next;
  return out;
}

void warn_of_undivided(RunDirectory& run, const CellTracks& tracks) {
  const LastStays seen = last_stays(tracks);
  run.add_result("undivided_stays", static_cast<double>(seen.went_on), "stays in the last phase that end in another phase without a division");
  if (seen.went_on * 20 > seen.divided + seen.went_on)
    run.add_warning(fmt::format("{} of {} stays in {} that were seen to end went on to another phase without a division: light left over in new-born cells is called {}, or divisions were missed. Durations and rates from these calls are wrong.", seen.went_on, seen.divided + seen.went_on, tracks.phases.back(), tracks.phases.back()));
}

// One way to see the light, fitted and smoothed.
struct LightCalls {
  LightModel light;
  SmootherFit fit;
  SmoothedPhases smoothed;
  LastStays last;
  double bic() const { return -2 * fit.log_likelihood + fit.parameter_count * std::log(static_cast<double>(std::max(1L, fit.frames))); }
  double per_frame() const { return fit.log_likelihood / static_cast<double>(std::max(1L, fit.frames)); }
  bool usable() const { return smoothed.outcome.ok() && std::isfinite(fit.log_likelihood); }
  const char* name() const { return light == LightModel::levels ? "levels" : "kinetics"; }
};

LightCalls calls_by(LightModel light, const PhaseSmoother& data, const CellTracks& tracks, const ReporterMap& map, int stages) {
  SmootherFitOptions options;
  options.light = light;
  options.stages = light == LightModel::kinetics ? std::max(6, stages) : stages;
  LightCalls out{light, fit_smoother(data, tracks, map, options), {}, {}};
  out.smoothed = data.smooth(out.fit.model);
  if (!out.usable()) return out;
  CellTracks called = tracks;
  apply_phases(called, out.fit.model.phases, out.smoothed.phase, out.smoothed.jumped);
  out.last = last_stays(called);
  return out;
}

// Fits both ways to see the light, says the figures of both, and gives the one to use: by BIC, unless the user named one.
LightCalls choose_light(RunDirectory& run, const PhaseSmoother& data, const CellTracks& tracks, const ReporterMap& map, const PhaseSettings& settings) {
  LightCalls kinetics = calls_by(LightModel::kinetics, data, tracks, map, settings.stages), levels = calls_by(LightModel::levels, data, tracks, map, settings.stages);
  const bool better = kinetics.usable() && (!levels.usable() || kinetics.bic() <= levels.bic());
  const bool named = settings.method != "auto", take = named ? settings.method == "kinetics" : better;
  Table table({{"light", "", "kinetics: the reporter's rise and fall; levels: two per channel"}, {"used", "", ""}, {"log_likelihood", "nats", ""}, {"per_frame", "nats", ""}, {"parameters", "1", ""}, {"bic", "1", "-2 log likelihood + parameters x log frames; lower is better"}, {"last_undivided", "1", "stays in the last phase that went on without a division"}, {"last_ended", "1", "stays in it that were seen to end"}});
  for (const LightCalls* one : {&kinetics, &levels})
    table.add_row({std::string(one->name()), std::string((one == &kinetics) == take ? "yes" : ""), cell_of(one->fit.log_likelihood), cell_of(one->per_frame()), std::int64_t{one->fit.parameter_count}, cell_of(one->bic()), std::int64_t{one->last.went_on}, std::int64_t{one->last.divided + one->last.went_on}});
  run.add_table("light_models", table, "Two ways to see the light, fitted to the same cells.");
  const LightCalls &used = take ? kinetics : levels, &other = take ? levels : kinetics;
  const auto figures = [](const LightCalls& one) { return fmt::format("{:.4f} nats per frame, BIC {:.0f}, {} of {} ended stays in the last phase without a division", one.per_frame(), one.bic(), one.last.went_on, one.last.divided + one.last.went_on); };
  const std::string words = fmt::format("{} ({}), {}; {}: {}", used.name(), figures(used), named ? "as given" : "chosen by the lower BIC", other.name(), figures(other));
  fmt::print("{}", to_terminal_paragraph("light     ", words));
  run.add_setting("light", words);
  run.add_answer("Light is called by " + words + ".");
  run.add_result(take ? "levels_gain" : "kinetics_gain", other.fit.log_likelihood - used.fit.log_likelihood, "log-likelihood");
  if (named && other.usable() && used.bic() - other.bic() > 20)
    run.add_warning(take ? fmt::format("Two levels of light per channel explain the tracks better than the kinetics of models/reporter (BIC lower by {:.0f}): its half-lives may not be this reporter's; compare with --method levels.", used.bic() - other.bic())
                         : fmt::format("A reporter that rises and falls explains the light better than two levels (BIC lower by {:.0f}): changes of phase are dated by when light crosses over; compare with --method kinetics.", used.bic() - other.bic()));
  return take ? std::move(kinetics) : std::move(levels);
}

}  // namespace

void call_phases(RunDirectory& run, CellTracks& tracks, const PhaseSettings& settings) {
  const std::vector<std::string> reporters{"cdt1_geminin", "pip"};      // those whose phases two channels tell
  if (std::find(reporters.begin(), reporters.end(), settings.reporter) == reporters.end())
    throw InputError("--reporter " + settings.reporter, "is no reporter whose phases two channels tell", did_you_mean(settings.reporter, reporters));
  if (!(settings.most_misfit > 0 && settings.most_misfit <= 1)) throw InputError(fmt::format("--most-misfit {:g}", settings.most_misfit), "is no share", "give a number above 0 and at most 1");
  const ReporterMap map{reporter_named(settings.reporter, "--reporter"), settings.g1_channel, settings.cycling_channel};
  if (settings.method != "auto" && settings.method != "smoother" && settings.method != "levels" && settings.method != "kinetics" && settings.method != "gates") throw InputError("--method " + settings.method, "is no way to call phases", "give auto, kinetics, levels (or smoother) or gates");
  say_notes(run, check_intensities(tracks, map, settings.allow_saturated));
  fmt::print("{}", to_terminal_paragraph("map       ", words_of(map)));
  run.add_setting("map", words_of(map));
  run.add_setting("method", settings.method);
  const GateCalls gates = call_by_gates(tracks, map, settings.gates);
  const int rows = tracks.frames.rows();
  if (settings.method == "gates") {
    tracks.phases = phases_of(map.reporter);
    tracks.frames.phase = gates.phase;
    fmt::print("{}", to_terminal_paragraph("gates     ", gates.words));
    run.add_setting("gates", gates.words);
    run.add_result("unlabelled", static_cast<double>(gates.unlabelled) / rows, "share of rows");
    run.add_answer(fmt::format("Gates leave {:.1f} % of {} nuclei without a phase.", 100.0 * gates.unlabelled / rows, rows));
    stays_from_frames(tracks);
    return;
  }
  double interval_h = 0;
  for (const Film& film : tracks.films) interval_h = std::max(interval_h, film.frame_interval_h);
  if (!(interval_h > 0)) throw InputError(tracks.source, "has no frame interval, and phases last so many frames", "give --frame-interval-min");
  const PhaseSmoother data(tracks, map);
  const LightCalls used = choose_light(run, data, tracks, map, settings);
  const SmootherFit& fit = used.fit;
  const SmoothedPhases& smoothed = used.smoothed;
  say_notes(run, fit.notes);
  if (!fit.outcome.ok()) run.set_outcome(fit.outcome);
  if (!smoothed.outcome.ok()) run.set_outcome(smoothed.outcome);
  apply_phases(tracks, fit.model.phases, smoothed.phase, smoothed.jumped);
  warn_of_undivided(run, tracks);
  const Table states = states_of(fit, map, interval_h);
  fmt::print("\n{}\n", to_terminal(states, "tables/smoother.tsv"));
  run.add_table("smoother", states, fmt::format("States of the hidden semi-Markov smoother, fitted to {} cells in {} rounds.", fit.cells, fit.iterations));
  for (int c = 0; c < 2; ++c)
    run.add_result(c == 0 ? "brightness_sd_g1" : "brightness_sd_cycling", fit.model.brightness_sd[c], "sd of the logarithm of a cell's brightness");
  run.add_answer(fmt::format("Cells differ in brightness by a factor of {:.2f} ({}) and {:.2f} ({}), one standard deviation; each cell's phases are called by its own.", std::exp(fit.model.brightness_sd[0]), map.g1_channel, std::exp(fit.model.brightness_sd[1]), map.cycling_channel));
  long called = 0, unsure = 0, both = 0, same = 0;
  for (int row = 0; row < rows; ++row) {
    const auto r = static_cast<std::size_t>(row);
    if (smoothed.phase[r] < 0) continue;
    ++called;
    unsure += smoothed.certainty[r] < 0.9F ? 1 : 0;
    if (gates.phase[r] < 0) continue;
    ++both;
    same += phases_of(map.reporter)[static_cast<std::size_t>(gates.phase[r])] == tracks.phases[static_cast<std::size_t>(smoothed.phase[r])] ? 1 : 0;
  }
  const double total = static_cast<double>(std::max(1L, called));
  run.add_result("uncertain", static_cast<double>(unsure) / total, "share of nuclei with less than 0.9 posterior");
  run.add_result("outliers", static_cast<double>(smoothed.outliers) / total, "share of nuclei");
  const double misfit = static_cast<double>(smoothed.outliers) / total;
  if (misfit > 0.05)
    run.add_warning(fmt::format("{:.0f} % of the frames fit no phase's light: the light model ({}) does not describe this reporter well, and its durations may be biased.", 100 * misfit, used.name()));
  if (misfit > settings.most_misfit && run.summary().status == "ok")
    run.set_outcome({Status::not_identifiable, fmt::format("{:.0f} % of the frames fit no phase's light, more than the {:.0f} % allowed (--most-misfit): the calls are written, but they do not describe these cells", 100 * misfit, 100 * settings.most_misfit)});
  if (misfit > 0.05) tracks.notes.push_back(fmt::format("phases: {:.0f} % of the frames fit no phase's light: durations and rates from these calls may be biased", 100 * misfit));
  run.add_result("jumps", static_cast<double>(smoothed.jumps), "1");
  run.add_result("gates_unlabelled", static_cast<double>(gates.unlabelled) / rows, "share of nuclei");
  run.add_result("gates_agree", both > 0 ? static_cast<double>(same) / static_cast<double>(both) : std::nan(""), "share of nuclei both call");
  run.add_answer(fmt::format("{} nuclei of {} cells called: {:.1f} % with less than 0.9 certainty, {:.2f} % of frames show something else (taken for misread), {} jumps against the cycle's order (wrong links; the stays on either side of one are cut there).", called, smoothed.cells,
                             100.0 * static_cast<double>(unsure) / total, 100.0 * static_cast<double>(smoothed.outliers) / total, smoothed.jumps));
  run.add_answer(fmt::format("Gates on the same channels leave {:.1f} % unlabelled and agree on {:.1f} % of what they call.", 100.0 * gates.unlabelled / rows, both > 0 ? 100.0 * static_cast<double>(same) / static_cast<double>(both) : 0.0));
  SmootherFitOptions few;      // cells are enough to compare maps by
  few.stages = settings.stages;
  few.cells = 400;
  add_support(run, tracks, map, few);
}

void run_phases(RunDirectory& run, const std::filesystem::path& file, const TrackReading& reading, const PhaseSettings& settings) {
  run.set_title("Phases of " + file.filename().string(), "In which phase of the cycle is every cell, frame by frame, and how certain is that?");
  run.add_input(file);
  CellTracks tracks = read_tracks(file, reading);
  for (const auto& [name, value] : facts_of(tracks)) run.add_setting(name, value);
  fmt::print("{}", to_terminal_paragraph("time      ", tracks.time_axis));
  say_notes(run, tracks.notes);
  call_phases(run, tracks, settings);
  write_tracks(tracks, run.path_for("data"));
  Table stays({{"phase", "", ""}, {"stays", "1", ""}, {"whole", "1", "entry and exit seen"}, {"entry_unseen", "1", ""}, {"exit_unseen", "1", ""}, {"mean_whole_h", "h", "of whole stays alone: too short, because long ones do not fit the film"}});
  for (std::size_t k = 0; k < tracks.phases.size(); ++k) {
    std::int64_t all = 0, whole = 0, left = 0, right = 0;
    double sum = 0;
    for (const FollowedCell& cell : tracks.cells)
      for (const PhaseStay& stay : cell.stays) {
        if (stay.phase != static_cast<int>(k)) continue;
        ++all;
        left += stay.entry_seen ? 0 : 1;
        right += stay.exit_seen() ? 0 : 1;
        if (!stay.entry_seen || !stay.exit_seen()) continue;
        ++whole;
        sum += 0.5 * (stay.left_from_h + stay.left_by_h - stay.entered_from_h - stay.entered_by_h);
      }
    stays.add_row({tracks.phases[k], all, whole, left, right, whole > 0 ? Cell(sum / static_cast<double>(whole)) : Cell{}});
  }
  fmt::print("{}\n", to_terminal(stays, "tables/stays.tsv"));
  run.add_table("stays", stays, "Stays in each phase; `hyped tracks durations` fits their lengths with the censoring.");
  report::add_figure(run, {"shares", "Share of each called phase over time.", "shares", {{"shares", phase_shares(tracks)}}, {}, "answer"});
  add_lineages(run, tracks, 12);
}

}  // namespace hyped
