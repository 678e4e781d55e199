// Multi-state fits of called phases, in tables, figures and words.
#include "experiments/tracks/multistate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "experiments/tracks/driven_rates.hpp"
#include "experiments/tracks/multistate_figures.hpp"
#include "experiments/tracks/terminal_notes.hpp"
#include "libhyped/counted.hpp"
#include "libhyped/store/table.hpp"
#include "libhyped/tracks/split_films.hpp"

namespace hyped {
namespace {

Table changes_of(const PanelData& data) {
  const std::size_t n = data.phases.size();
  std::vector<Column> columns{{"from", "", ""}};
  for (const auto& phase : data.phases) columns.push_back({"to_" + phase, "1", "looks that show it right after"});
  Table table(columns);
  std::vector<std::vector<std::int64_t>> count(n, std::vector<std::int64_t>(n, 0));
  for (const PanelSubject& subject : data.subjects)
    for (std::size_t i = 1; i < subject.looks.size(); ++i)
      if (subject.looks[i - 1].seen >= 0 && subject.looks[i].seen >= 0) ++count[static_cast<std::size_t>(subject.looks[i - 1].seen)][static_cast<std::size_t>(subject.looks[i].seen)];
  for (std::size_t a = 0; a < n; ++a) {
    std::vector<Cell> row{data.phases[a]};
    for (const auto value : count[a]) row.emplace_back(value);
    if (!is_end(data.phases[a])) table.add_row(row);
  }
  return table;
}

Table estimates_of(const std::vector<PanelEstimate>& list) {
  Table table({{"name", "", ""}, {"unit", "", ""}, {"estimate", "", "maximum likelihood"}, {"lower", "", "95 % Wald interval on the search scale"}, {"upper", "", ""}, {"how", "", ""}, {"meaning", "", ""}});
  for (const PanelEstimate& e : list) table.add_row({e.name, e.unit, e.estimate, e.identified ? cell_of(e.lower) : Cell{}, e.identified ? cell_of(e.upper) : Cell{}, e.how, e.meaning});
  return table;
}

using Doubts = std::map<std::string, std::string>;      // by phase, why its mean is not to be used

Table sojourns_of(const std::vector<PanelEstimate>& list, const Doubts& doubts) {
  Table table({{"name", "", "phase"}, {"unit", "", ""}, {"estimate", "", "maximum likelihood"}, {"lower", "", "95 % Wald interval on the search scale"}, {"upper", "", ""}, {"use", "", "no: a test below says that the model does not describe these stays"}, {"how", "", ""}, {"meaning", "", ""}});
  for (const PanelEstimate& e : list)
    table.add_row({e.name, e.unit, e.estimate, e.identified ? cell_of(e.lower) : Cell{}, e.identified ? cell_of(e.upper) : Cell{}, doubts.contains(e.name) ? "no: " + doubts.at(e.name) : std::string("yes"), e.how, e.meaning});
  return table;
}

// Prints and stores what the model takes for granted; warns of what the data reject.
void add_assumptions(RunDirectory& run, const std::vector<PanelTest>& tests, Doubts& doubts) {
  Table table({{"assumption", "", ""}, {"alternative", "", ""}, {"statistic", "1", "twice the gain in log-likelihood, or Wald's"}, {"extra_parameters", "1", ""}, {"p", "1", "chi-square tail; of another number of stages at most so large, corrected for all numbers that may be asked for"}, {"gain_aic", "1", "AIC of the fitted model less the alternative's"}, {"verdict", "", ""}});
  for (const PanelTest& t : tests) {
    table.add_row({t.assumption, t.alternative, cell_of(t.statistic), std::int64_t{t.extra}, cell_of(t.p), cell_of(t.gain_aic), t.outcome.ok() ? t.verdict : t.verdict + "; " + t.outcome.message});
    fmt::print("{}", to_terminal_paragraph("assumed   ", fmt::format("{}: {}", t.assumption, t.verdict)));
    if (!t.verdict.starts_with("rejected")) continue;
    if (t.phase.empty()) run.add_warning(fmt::format("Not what the data show: {} ({}).", t.assumption, t.verdict));
    else {
      run.add_warning(fmt::format("Not what the data show: {} ({}). Fit them: --stages \"{}={}\".", t.assumption, t.verdict, t.phase, t.stages));
      doubts[t.phase] = fmt::format("{} would be better by {:.1f} of AIC", counted(t.stages, "stage"), t.gain_aic);
    }
  }
  run.add_table("assumptions", table, "What a time-homogeneous Markov model takes for granted, put to the test.");
}

// The conditions whose shares of cells do not follow the model, in words.
std::string add_prevalence_tests(RunDirectory& run, const PanelData& data, const PanelFit& fit, const PanelSpec& spec) {
  Table table({{"condition", "", ""}, {"cells", "", "there at the first look"}, {"statistic", "1", "chi-square"}, {"degrees", "1", ""}, {"p", "1", ""}, {"largest_gap", "1", "observed less expected share"}, {"in_phase", "", ""}, {"at_h", "h", ""}, {"outcome", "", ""}});
  std::string rejected;
  for (int row = 0; row < static_cast<int>(data.covariates.rows()); ++row) {
    const std::string condition = row == 0 ? data.reference : data.covariate_names[static_cast<std::size_t>(row - 1)];
    const PrevalenceTest test = test_prevalence(data, fit, spec, row);
    const bool ok = test.outcome.ok();
    table.add_row({condition, std::int64_t{test.cells}, ok ? cell_of(test.statistic) : Cell{}, std::int64_t{test.degrees}, ok ? cell_of(test.p) : Cell{}, ok ? cell_of(test.largest_gap) : Cell{}, test.gap_phase, ok ? cell_of(test.gap_at_h) : Cell{}, ok ? std::string("tested") : "not tested: " + test.outcome.message});
    if (!ok) {
      fmt::print("{}", to_terminal_paragraph("prevalence", fmt::format(" {}: not tested: {}", condition, test.outcome.message)));
      continue;
    }
    fmt::print("{}", to_terminal_paragraph("prevalence", fmt::format(" {}: {} in phases against the model at four times, chi-square {:.1f} on {} degrees, p {:.2g}", condition, counted(test.cells, "cell"), test.statistic, test.degrees, test.p)));
    if (test.p >= 0.01) continue;
    rejected += (rejected.empty() ? "'" : ", '") + condition + "'";
    run.add_warning(fmt::format("'{}': the shares of cells in the phases do not follow the model (p {:.2g}): at {:.3g} h {:+.1f} % of the cells are in '{}' beyond what it predicts. Its rates do not describe these cells; try other stages or rates that change with time.", condition, test.p, test.gap_at_h, 100 * test.largest_gap, test.gap_phase));
  }
  run.add_table("prevalence_test", table, "Do the shares of cells in each phase follow the fitted model? At a quarter, half, three quarters and the end of the looks.");
  return rejected;
}

}  // namespace

void run_multistate(RunDirectory& run, const std::filesystem::path& file, const TrackReading& reading, const MultistateSettings& settings) {
  run.set_title("Rates between phases of " + file.filename().string(), "At which rates do cells go from phase to phase, and does a Markov model describe it?");
  run.add_input(file);
  const CellTracks tracks = read_tracks(file, reading);
  fmt::print("{}", to_terminal_paragraph("time      ", tracks.time_axis));
  PanelData data = panel_from_tracks(tracks, settings.reference);
  const PanelCuts cuts = settings.transitions.empty() && !settings.misread ? cut_undivided(data) : PanelCuts{};
  if (data.subjects.empty()) throw InputError(data.source, "no cell was seen twice in known phases at frames", "follow cells over several frames; tables of annotated times (no frames) are for hyped tracks durations");
  run.add_result("leftover_light", static_cast<double>(cuts.leftover), "cells born with the light of the last phase");
  run.add_result("undivided_changes", static_cast<double>(cuts.undivided), "from the last phase to the first without a division; read as missed divisions");
  if (const long ends = cuts.divided + cuts.undivided; cuts.undivided * 50 > ends)
    run.add_warning(fmt::format("{} of {} ends of '{}' are followed by '{}' in the same track, without a division. They count as divisions that the tracker missed. Were they wrong links or wrong calls, the rate of division would be {:.0f} % lower.", cuts.undivided, ends, data.phases[static_cast<std::size_t>(std::count_if(data.phases.begin(), data.phases.end(), [](const auto& phase) { return !is_end(phase); }) - 1)], data.phases[0], 100.0 * static_cast<double>(cuts.undivided) / static_cast<double>(ends)));
  say_notes(run, tracks.notes);
  say_notes(run, data.notes);
  if (settings.cuts_h.empty() && settings.deliveries.empty())
    for (const MarkedStays& m : marked_stays(tracks))
      if (m.before + m.across > 0 && m.after + m.across > 0)
        run.add_warning(fmt::format("{} films carry the mark '{}' (from {:.4g} h on): rates before and after it are one here. Let them change by --cut-h {:.4g}, or drive them by --delivery.", m.films, m.mark, m.first_h, m.first_h));
  PanelSpec spec = spec_of(data, settings);
  std::set<std::string> delivered;
  if (!settings.deliveries.empty()) {
    std::vector<int> driven;
    for (const std::string& text : settings.driven) {
      const auto found = std::find_if(spec.transitions.begin(), spec.transitions.end(), [&](const PanelTransition& t) { return spec.phases[static_cast<std::size_t>(t.from)] + "-" + spec.phases[static_cast<std::size_t>(t.to)] == text; });
      if (found == spec.transitions.end()) throw InputError("--driven " + text, "is no allowed change", "write A-B as among the rates");
      driven.push_back(static_cast<int>(found - spec.transitions.begin()));
    }
    add_deliveries(run, data, settings.deliveries, driven, settings.input_step_h, spec);
    for (const std::string& text : settings.deliveries) delivered.insert(text.substr(0, text.rfind('=')));
  }
  if (settings.effects)
    for (int c = 0; c < static_cast<int>(data.covariate_names.size()); ++c)
      for (int r = 0; !delivered.contains(data.covariate_names[static_cast<std::size_t>(c)]) && r < static_cast<int>(spec.transitions.size()); ++r) spec.effects.push_back({c, r});
  std::vector<std::string> pooled;
  const auto unseen = settings.misread || !settings.deliveries.empty() ? std::vector<UnseenRate>{} : leave_out_unseen(data, spec, pooled);
  for (const UnseenRate& one : unseen) {
    const std::string words = fmt::format("{}: no such transition was seen in {:.4g} h of cells; upper limit {:.3g} /h (95 %); left out of the fit", one.name, one.hours, one.upper_per_h);
    fmt::print("{}", to_terminal_paragraph("note      ", words));
    run.add_note(words);
  }
  for (const auto& words : pooled) {
    fmt::print("{}", to_terminal_paragraph("note      ", words));
    run.add_note(words);
  }
  run.add_table("changes", changes_of(data), "What follows what from look to look, as read.");
  PanelFitOptions options;
  options.starts = settings.starts;
  const PanelFit fit = fit_panel(data, spec, options);
  run.set_outcome(fit.outcome);
  run.add_result("log_likelihood", cell_of(fit.log_likelihood).index() == 0 ? std::nan("") : fit.log_likelihood, "nats");
  run.add_result("cells", static_cast<double>(data.subjects.size()), "1");
  run.add_result("intervals", static_cast<double>(fit.intervals), "1");
  if (fit.estimates.empty()) return;
  std::vector<PanelEstimate> listed = fit.estimates;
  for (const UnseenRate& one : unseen) listed.push_back({one.name, "1/h", "no such transition was seen", 0, 0, one.upper_per_h, true, "not seen: upper limit"});
  Doubts doubts;
  const auto tests = test_panel(data, fit, spec, options);
  const Table rates = estimates_of(listed);
  fmt::print("\n{}\n", to_terminal(rates, "tables/rates.tsv"));
  run.add_table("rates", rates, fmt::format("Parameters of the multi-state model: {} cells (or parts of cells), {} intervals, log-likelihood {:.6g}.", data.subjects.size(), fit.intervals, fit.log_likelihood));
  add_assumptions(run, tests, doubts);
  if (const std::string shares = add_prevalence_tests(run, data, fit, spec); !shares.empty())
    for (const PanelEstimate& s : fit.sojourns) doubts.try_emplace(s.name, "shares of cells in " + shares + " do not follow the model");
  const Table sojourns = sojourns_of(fit.sojourns, doubts);
  fmt::print("\n{}\n", to_terminal(sojourns, "tables/sojourns.tsv"));
  run.add_table("sojourns", sojourns, "Mean stay in every phase that is left.");
  if (!fit.exits.empty()) run.add_table("exits", estimates_of(fit.exits), "Which way out cells take.");
  for (const PanelEstimate& s : fit.sojourns) {
    const std::string mean = s.identified ? fmt::format("mean stay in {}: {:.3g} h [{:.3g}, {:.3g}]", s.name, s.estimate, s.lower, s.upper) : fmt::format("mean stay in {}: {:.3g} h, not determined by these data", s.name, s.estimate);
    run.add_answer(doubts.contains(s.name) ? fmt::format("Not to be used: {} ({}).", mean, doubts.at(s.name)) : fmt::format("M{}.", mean.substr(1)));
  }
  for (const auto& answer : run.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
  add_diagram(run, spec, fit);
  add_prevalence(run, data, fit, spec, settings.seed);
}

}  // namespace hyped
