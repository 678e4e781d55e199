// Multi-state fits of called phases, in tables, figures and words.
#include "experiments/tracks/multistate.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include "experiments/report/figure.hpp"
#include "experiments/tracks/driven_rates.hpp"
#include "libhyped/counted.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

bool is_end(const std::string& phase) { return phase == "divided" || phase == "dead"; }

int phase_named(const PanelData& data, const std::string& name, const std::string& where) {
  const auto at = std::find(data.phases.begin(), data.phases.end(), name);
  if (at == data.phases.end()) throw InputError(where, "'" + name + "' is no phase of the data", "phases are " + fmt::format("{}", fmt::join(data.phases, ", ")));
  return static_cast<int>(at - data.phases.begin());
}

// Which phase can be reached from which, in any number of changes.
std::vector<std::vector<char>> reachable(const PanelSpec& spec) {
  const std::size_t n = spec.phases.size();
  std::vector<std::vector<char>> to(n, std::vector<char>(n, 0));
  for (std::size_t i = 0; i < n; ++i) to[i][i] = 1;
  for (const PanelTransition& t : spec.transitions) to[static_cast<std::size_t>(t.from)][static_cast<std::size_t>(t.to)] = 1;
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) to[i][j] = to[i][j] || (to[i][k] && to[k][j]);
  return to;
}

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

// Draws from the normal approximation on the search scale, inside the bounds; none where some parameter is not determined.
std::vector<Eigen::VectorXd> parameter_draws(const PanelFit& fit, std::uint64_t seed) {
  std::vector<Eigen::VectorXd> out;
  if (!fit.identifiability.all()) return out;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(fit.identifiability.covariance);
  RandomStream random(seed, 0x70726576, 0);
  for (int k = 0; k < 200; ++k) {
    Eigen::VectorXd z(fit.theta.size());
    for (double& value : z) value = random.normal();
    const Eigen::VectorXd theta = fit.theta + eigen.eigenvectors() * (eigen.eigenvalues().cwiseMax(0).cwiseSqrt().array() * z.array()).matrix();
    out.push_back(fit.space.natural(theta.cwiseMax(fit.space.lower()).cwiseMin(fit.space.upper())));
  }
  return out;
}

void add_prevalence(RunDirectory& run, const PanelData& data, const PanelFit& fit, const PanelSpec& spec, std::uint64_t seed) {
  const PanelModel model(spec, data);
  const PanelLikelihood likelihood(data, model);
  const auto draws = parameter_draws(fit, seed);
  Table points({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"value", "1", "share of the cells there at the first look, ends included"}}), line({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"estimate", "1", ""}, {"lower", "", ""}, {"upper", "", ""}});
  for (int row = 0; row < static_cast<int>(data.covariates.rows()); ++row) {
    std::string arm = data.reference;
    for (Eigen::Index c = 0; c < data.covariates.cols(); ++c)
      if (data.covariates(row, c) == 1) arm = data.covariate_names[static_cast<std::size_t>(c)];
    std::vector<const PanelSubject*> there;
    double first = 1e300, last = 0;
    for (const PanelSubject& s : data.subjects)
      if (s.covariate_row == row) first = std::min(first, s.looks.front().time_h);
    for (const PanelSubject& s : data.subjects)
      if (s.covariate_row == row && s.looks.front().time_h <= first + 1e-9) there.push_back(&s), last = std::max(last, s.looks.back().time_h);
    if (there.empty()) continue;
    std::vector<double> times;
    for (int i = 0; i <= 40; ++i) times.push_back(first + (last - first) * i / 40);
    const Eigen::MatrixXd expected = likelihood.prevalence(fit.natural(), times, row);
    std::vector<Eigen::MatrixXd> drawn(draws.size());
    parallel_for(static_cast<int>(draws.size()), [&](int k) { drawn[static_cast<std::size_t>(k)] = likelihood.prevalence(draws[static_cast<std::size_t>(k)], times, row); });
    for (std::size_t t = 0; t < times.size(); ++t) {
      std::vector<double> seen(data.phases.size(), 0);
      double all = 0;
      for (const PanelSubject* s : there) {
        const PanelLook* at = nullptr;
        for (const PanelLook& look : s->looks)
          if (look.time_h <= times[t] + 1e-9) at = &look;
        const bool over = s->looks.back().time_h < times[t] - 1e-9;
        if (at == nullptr || at->seen < 0 || (over && !is_end(data.phases[static_cast<std::size_t>(at->seen)]))) continue;
        seen[static_cast<std::size_t>(at->seen)] += 1;
        all += 1;
      }
      for (std::size_t k = 0; k < data.phases.size(); ++k) {
        if (all >= 5) points.add_row({arm, data.phases[k], times[t], seen[k] / all});
        const double e = expected(static_cast<Eigen::Index>(t), static_cast<Eigen::Index>(k));
        std::vector<double> here{e};
        for (const auto& one : drawn) here.push_back(one(static_cast<Eigen::Index>(t), static_cast<Eigen::Index>(k)));
        std::sort(here.begin(), here.end());
        const auto at = [&](double q) { return here[static_cast<std::size_t>(q * static_cast<double>(here.size() - 1) + 0.5)]; };
        line.add_row({arm, data.phases[k], times[t], e, at(0.025), at(0.975)});
      }
    }
  }
  report::add_figure(run, {"prevalence", "Share of the cells that were there at the first look in each phase: points as read, lines and 95 % bands (of the parameters) by the fitted model (true phases).", "time_course", {{"points", points}, {"model", line}},
                           {{"y_label", "share of cells"}, {"band_label", "points: data   line and band: model"}}, "answer"});
}

void add_prevalence_tests(RunDirectory& run, const PanelData& data, const PanelFit& fit, const PanelSpec& spec) {
  Table table({{"condition", "", ""}, {"cells", "", "there at the first look"}, {"statistic", "1", "chi-square"}, {"degrees", "1", ""}, {"p", "1", ""}, {"largest_gap", "1", "observed less expected share"}, {"in_phase", "", ""}, {"at_h", "h", ""}, {"outcome", "", ""}});
  for (int row = 0; row < static_cast<int>(data.covariates.rows()); ++row) {
    const std::string condition = row == 0 ? data.reference : data.covariate_names[static_cast<std::size_t>(row - 1)];
    const PrevalenceTest test = test_prevalence(data, fit, spec, row);
    const bool ok = test.outcome.ok();
    table.add_row({condition, std::int64_t{test.cells}, ok ? cell_of(test.statistic) : Cell{}, std::int64_t{test.degrees}, ok ? cell_of(test.p) : Cell{}, ok ? cell_of(test.largest_gap) : Cell{}, test.gap_phase, ok ? cell_of(test.gap_at_h) : Cell{}, ok ? std::string("tested") : "not tested: " + test.outcome.message});
    if (!ok) continue;
    fmt::print("{}", to_terminal_paragraph("prevalence", fmt::format(" {}: {} in phases against the model at four times, chi-square {:.1f} on {} degrees, p {:.2g}", condition, counted(test.cells, "cell"), test.statistic, test.degrees, test.p)));
    if (test.p < 0.01)
      run.add_warning(fmt::format("'{}': the shares of cells in the phases do not follow the model (p {:.2g}): at {:.3g} h {:+.1f} % of the cells are in '{}' beyond what it predicts. Its rates do not describe these cells; try stages or rates that change with time.", condition, test.p, test.gap_at_h, 100 * test.largest_gap, test.gap_phase));
  }
  run.add_table("prevalence_test", table, "Do the shares of cells in each phase follow the fitted model? At a quarter, half, three quarters and the end of the looks.");
}

void add_diagram(RunDirectory& run, const PanelSpec& spec, const PanelFit& fit) {
  Table phases({{"phase", "", ""}, {"x", "1", "place in the figure"}, {"y", "1", ""}, {"label", "", ""}}), arrows({{"name", "", ""}, {"from_x", "1", ""}, {"from_y", "1", ""}, {"to_x", "1", ""}, {"to_y", "1", ""}, {"rate", "1/h", ""}, {"label", "", ""}});
  const auto n = static_cast<double>(spec.phases.size());
  const auto place = [&](int k) { return std::pair(std::cos(std::numbers::pi / 2 - 2 * std::numbers::pi * k / n), std::sin(std::numbers::pi / 2 - 2 * std::numbers::pi * k / n)); };
  for (int k = 0; k < static_cast<int>(spec.phases.size()); ++k) {
    const auto [x, y] = place(k);
    std::string label;
    for (const PanelEstimate& s : fit.sojourns)
      if (s.name == spec.phases[static_cast<std::size_t>(k)]) label = fmt::format("{:.3g} h", s.estimate);
    phases.add_row({spec.phases[static_cast<std::size_t>(k)], x, y, label});
  }
  for (std::size_t r = 0; r < spec.transitions.size(); ++r) {
    const auto [x, y] = place(spec.transitions[r].from);
    const auto [u, v] = place(spec.transitions[r].to);
    const PanelEstimate& e = fit.estimates[r];
    const double length = std::hypot(u - x, v - y), a = (u - x) / length, b = (v - y) / length, side = 0.045;      // two ways between the same phases side by side
    arrows.add_row({e.name, x + 0.2 * a - side * b, y + 0.2 * b + side * a, u - 0.2 * a - side * b, v - 0.2 * b + side * a, e.estimate, fmt::format("{} to {}: ", spec.phases[static_cast<std::size_t>(spec.transitions[r].from)], spec.phases[static_cast<std::size_t>(spec.transitions[r].to)]) + (e.identified ? fmt::format("{:.3g} [{:.3g}, {:.3g}] /h", e.estimate, e.lower, e.upper) : fmt::format("{:.3g} /h, open", e.estimate))});
  }
  report::add_figure(run, {"rates", "Rates [1/h] of every allowed change with 95 % intervals, and the mean stay in every phase (reference condition, first piece of time).", "rates", {{"phases", phases}, {"transitions", arrows}}, {}, "answer"});
}

}  // namespace

PanelSpec spec_of(const PanelData& data, const MultistateSettings& settings) {
  PanelSpec spec;
  spec.phases = data.phases;
  spec.cuts_h = settings.cuts_h;
  int last = -1;
  for (int k = 0; k < static_cast<int>(data.phases.size()); ++k)
    if (!is_end(data.phases[static_cast<std::size_t>(k)])) last = k;
  if (settings.transitions.empty()) {
    for (int k = 0; k < last; ++k) spec.transitions.push_back({k, k + 1});
    const auto divided = std::find(data.phases.begin(), data.phases.end(), "divided"), dead = std::find(data.phases.begin(), data.phases.end(), "dead");
    if (divided != data.phases.end()) spec.transitions.push_back({last, static_cast<int>(divided - data.phases.begin())});
    // Without any division in the file, the first phase after the last one is it.
    const bool missed = divided == data.phases.end() && std::any_of(data.subjects.begin(), data.subjects.end(), [&](const PanelSubject& s) {
      return std::adjacent_find(s.looks.begin(), s.looks.end(), [&](const PanelLook& a, const PanelLook& b) { return a.seen == last && b.seen == 0; }) != s.looks.end();
    });
    if (missed && last > 0) spec.transitions.push_back({last, 0});
    for (int k = 0; dead != data.phases.end() && k <= last; ++k) spec.transitions.push_back({k, static_cast<int>(dead - data.phases.begin()), true});
  }
  for (const std::string& text : settings.transitions) {
    // The names may hold a dash themselves: every split is tried.
    bool found = false;
    for (std::size_t dash = text.find('-'); dash != text.npos && !found; dash = text.find('-', dash + 1)) {
      const auto from = std::find(data.phases.begin(), data.phases.end(), text.substr(0, dash)), to = std::find(data.phases.begin(), data.phases.end(), text.substr(dash + 1));
      if (from == data.phases.end() || to == data.phases.end()) continue;
      spec.transitions.push_back({static_cast<int>(from - data.phases.begin()), static_cast<int>(to - data.phases.begin()), *to == "dead"});
      found = true;
    }
    if (!found) throw InputError("--transition " + text, "names no two phases", fmt::format("write A-B with phases among {}", fmt::join(data.phases, ", ")));
  }
  spec.stages.assign(data.phases.size(), 1);
  for (const auto& [phase, stages] : settings.stages) spec.stages[static_cast<std::size_t>(phase_named(data, phase, "--stages"))] = stages;
  if (settings.misread) {
    for (int a = 0; a <= last; ++a)
      for (int b = 0; b <= last; ++b)
        if (a != b) spec.misread.push_back({a, b});
    spec.start = PanelSpec::Start::estimated;
    return spec;
  }
  const auto to = reachable(spec);
  std::set<std::string> seen;
  long impossible = 0;
  for (const PanelSubject& subject : data.subjects)
    for (std::size_t i = 1; i < subject.looks.size(); ++i) {
      const int a = subject.looks[i - 1].seen, b = subject.looks[i].seen;
      if (a < 0 || b < 0 || to[static_cast<std::size_t>(a)][static_cast<std::size_t>(b)]) continue;
      ++impossible;
      seen.insert(data.phases[static_cast<std::size_t>(a)] + "-" + data.phases[static_cast<std::size_t>(b)]);
    }
  if (impossible > 0)
    throw InputError(data.source, fmt::format("shows {} changes that no allowed path explains: {}", impossible, fmt::join(seen, ", ")), "allow them by --transition, or take phases for misread by --misread");
  return spec;
}

std::vector<UnseenRate> leave_out_unseen(const PanelData& data, PanelSpec& spec, std::vector<std::string>& pooled) {
  const std::size_t n = data.phases.size(), rows = static_cast<std::size_t>(data.covariates.rows());
  std::vector<std::vector<double>> hours(rows, std::vector<double>(n, 0));
  std::vector<std::vector<std::vector<long>>> seen(rows, std::vector<std::vector<long>>(n, std::vector<long>(n, 0)));
  for (const PanelSubject& subject : data.subjects) {
    int before = -1;
    double since = 0;
    for (const PanelLook& look : subject.looks) {
      if (look.seen < 0) continue;
      if (before >= 0) {
        hours[static_cast<std::size_t>(subject.covariate_row)][static_cast<std::size_t>(before)] += look.time_h - since;
        ++seen[static_cast<std::size_t>(subject.covariate_row)][static_cast<std::size_t>(before)][static_cast<std::size_t>(look.seen)];
      }
      before = look.seen;
      since = look.time_h;
    }
  }
  const auto events = [&](const PanelTransition& t, std::size_t row) { return seen[row][static_cast<std::size_t>(t.from)][static_cast<std::size_t>(t.to)]; };
  const auto explained = [&](const PanelSpec& all) {
    const auto to = reachable(all);
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t a = 0; a < n; ++a)
        for (std::size_t b = 0; b < n; ++b)
          if (seen[row][a][b] > 0 && !to[a][b]) return false;
    return true;
  };
  std::vector<UnseenRate> out;
  for (std::size_t r = 0; r < spec.transitions.size();) {
    const PanelTransition t = spec.transitions[r];
    long all = 0;
    UnseenRate unseen{data.phases[static_cast<std::size_t>(t.from)] + "-" + data.phases[static_cast<std::size_t>(t.to)]};
    for (std::size_t row = 0; row < rows; ++row) all += events(t, row), unseen.hours += hours[row][static_cast<std::size_t>(t.from)];
    PanelSpec without = spec;
    without.transitions.erase(without.transitions.begin() + static_cast<std::ptrdiff_t>(r));
    const bool left = std::any_of(without.transitions.begin(), without.transitions.end(), [&](const PanelTransition& other) { return other.from == t.from; });
    if (all > 0 || !left || !(unseen.hours > 0) || !explained(without)) {
      ++r;
      continue;
    }
    unseen.upper_per_h = -std::log(0.05) / unseen.hours;
    out.push_back(unseen);
    spec = without;
  }
  std::erase_if(spec.effects, [&](const PanelEffect& effect) {
    const PanelTransition& t = spec.transitions[static_cast<std::size_t>(effect.transition)];
    const auto row = static_cast<std::size_t>(effect.covariate) + 1;
    const bool here = events(t, row) > 0, reference = events(t, 0) > 0;
    // what can also be passed by in one step is seen as a longer change: only ways to an end are sure to show
    if (!is_end(data.phases[static_cast<std::size_t>(t.to)]) || (here && reference)) return false;
    pooled.push_back(fmt::format("{}-{} was not seen in '{}': one rate for it and for '{}'", data.phases[static_cast<std::size_t>(t.from)], data.phases[static_cast<std::size_t>(t.to)], here ? data.reference : data.covariate_names[static_cast<std::size_t>(effect.covariate)], here ? data.covariate_names[static_cast<std::size_t>(effect.covariate)] : data.reference));
    return true;
  });
  return out;
}

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
  for (const std::vector<std::string>* notes : {&tracks.notes, static_cast<const std::vector<std::string>*>(&data.notes)})
    for (const auto& note : *notes) {
      fmt::print("{}", to_terminal_paragraph("note      ", note));
      run.add_note(note);
    }
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
  const Table rates = estimates_of(listed), sojourns = estimates_of(fit.sojourns);
  fmt::print("\n{}\n{}\n", to_terminal(rates, "tables/rates.tsv"), to_terminal(sojourns, "tables/sojourns.tsv"));
  run.add_table("rates", rates, fmt::format("Parameters of the multi-state model: {} cells (or parts of cells), {} intervals, log-likelihood {:.6g}.", data.subjects.size(), fit.intervals, fit.log_likelihood));
  run.add_table("sojourns", sojourns, "Mean stay in every phase that is left.");
  if (!fit.exits.empty()) run.add_table("exits", estimates_of(fit.exits), "Which way out cells take.");
  const auto tests = test_panel(data, fit, spec, options);
  Table assumptions({{"assumption", "", ""}, {"alternative", "", ""}, {"statistic", "1", "twice the gain in log-likelihood, or Wald's"}, {"extra_parameters", "1", ""}, {"p", "1", "chi-square tail; empty where the models are not nested"}, {"gain_aic", "1", "AIC of the fitted model less the alternative's"}, {"verdict", "", ""}});
  for (const PanelTest& t : tests) {
    assumptions.add_row({t.assumption, t.alternative, cell_of(t.statistic), std::int64_t{t.extra}, t.nested ? cell_of(t.p) : Cell{}, cell_of(t.gain_aic), t.outcome.ok() ? t.verdict : t.verdict + "; " + t.outcome.message});
    fmt::print("{}", to_terminal_paragraph("assumed   ", fmt::format("{}: {}", t.assumption, t.verdict)));
    if (t.verdict.starts_with("rejected") || t.verdict.starts_with("the alternative is better")) run.add_warning(fmt::format("Not what the data show: {} ({}).", t.assumption, t.verdict));
  }
  run.add_table("assumptions", assumptions, "What a time-homogeneous Markov model takes for granted, put to the test.");
  for (const PanelEstimate& s : fit.sojourns)
    run.add_answer(s.identified ? fmt::format("Mean stay in {}: {:.3g} h [{:.3g}, {:.3g}].", s.name, s.estimate, s.lower, s.upper) : fmt::format("Mean stay in {}: {:.3g} h, not determined by these data.", s.name, s.estimate));
  add_diagram(run, spec, fit);
  add_prevalence_tests(run, data, fit, spec);
  add_prevalence(run, data, fit, spec, settings.seed);
}

}  // namespace hyped
