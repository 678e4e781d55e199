// Growth by Euler and Lotka, nearest staged models, predicted counts.
#include "experiments/tracks/population.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <set>

#include "experiments/report/figure.hpp"
#include "fitting/duration_fit.hpp"
#include "libhyped/ingest/read_phase_counts.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

PhaseLaw law_of(const FittedCycle::Phase& phase, const Eigen::VectorXd& theta) {
  std::array<double, 4> eta{};
  for (Eigen::Index i = 0; i < theta.size(); ++i) eta[static_cast<std::size_t>(i)] = theta[i];
  const DurationModel model = phase.model;
  const double stays = 1 - phase.passed_by;
  return {phase.name, [=](double t) { return t <= 0 ? 1.0 : stays * std::exp(log_mixture_survival(model, eta, t)); }};
}

// Of cells that leave the phase before `phase`, the share that is next seen in the one after it.
double passed_by(const CellTracks& tracks, const std::string& condition, int phase) {
  long into = 0, over = 0;
  const int last = static_cast<int>(tracks.phases.size()) - 1;
  if (phase == 0 || phase == last) return 0;
  for (const FollowedCell& cell : tracks.cells)
    if (condition.empty() || tracks.films[static_cast<std::size_t>(cell.film)].condition == condition)
      for (std::size_t i = 1; i < cell.stays.size(); ++i) {
        if (cell.stays[i - 1].phase != phase - 1 || cell.stays[i - 1].end != StayEnd::next) continue;
        into += cell.stays[i].phase == phase ? 1 : 0;
        over += cell.stays[i].phase == phase + 1 ? 1 : 0;
      }
  return into + over > 0 ? static_cast<double>(over) / static_cast<double>(into + over) : 0;
}

struct Interval {
  double lower, upper;
};
Interval middle(std::vector<double> draws) {
  std::sort(draws.begin(), draws.end());
  const auto at = [&](double q) { return draws[static_cast<std::size_t>(q * static_cast<double>(draws.size() - 1))]; };
  return {at(0.025), at(0.975)};
}

void predict_counts(RunDirectory& run, const CellTracks& tracks, const FittedCycle& cycle, const PhaseCounts& counts, const PopulationSettings& settings, std::uint64_t seed, Table& points, Table& line, Table& scores) {
  std::vector<std::vector<int>> shown(counts.classes.size());      // phases of each class; empty: not predicted
  for (std::size_t k = 0; k < counts.classes.size(); ++k) {
    const auto given = settings.classes.find(counts.classes[k]);
    const std::vector<std::string> names = given != settings.classes.end() ? given->second : std::vector<std::string>{counts.classes[k]};
    for (const std::string& name : names)
      if (const auto at = std::find(tracks.phases.begin(), tracks.phases.end(), name); at != tracks.phases.end()) shown[k].push_back(static_cast<int>(at - tracks.phases.begin()));
      else if (given != settings.classes.end()) throw InputError("--class " + counts.classes[k], "'" + name + "' is no phase of the tracks", fmt::format("phases are {}", fmt::join(tracks.phases, ", ")));
  }
  std::vector<double> times;
  Eigen::MatrixXd sum;
  int wells = 0;
  for (const WellSeries& well : counts.wells) {
    if (well.condition != cycle.condition) continue;
    std::vector<double> mine;
    std::vector<Eigen::Index> rows;
    for (std::size_t t = 0; t < well.times_h.size(); ++t)
      if (well.times_h[t] >= settings.from_h) mine.push_back(well.times_h[t]), rows.push_back(static_cast<Eigen::Index>(t));
    if (mine.size() < 2 || (wells > 0 && mine != times)) continue;
    if (wells == 0) times = mine, sum = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(mine.size()), well.values.cols());
    for (std::size_t t = 0; t < rows.size(); ++t) sum.row(static_cast<Eigen::Index>(t)) += well.values.row(rows[t]);
    ++wells;
  }
  if (wells == 0) {
    run.add_note(fmt::format("no counts of '{}' to compare with", cycle.condition));
    return;
  }
  // Cells at the start: the classes' counts, shared within a class as in balanced growth.
  const auto laws = laws_of(cycle);
  const BalancedAges balanced = balanced_ages(laws);
  AgeStart start{Eigen::VectorXd::Zero(static_cast<Eigen::Index>(laws.size()))};
  for (std::size_t k = 0; k < shown.size(); ++k) {
    double all = 0;
    for (const int p : shown[k]) all += balanced.shares[p];
    for (const int p : shown[k]) start.cells[p] += sum(0, static_cast<Eigen::Index>(k)) * balanced.shares[p] / all;
  }
  const AgeCourse course = age_course(laws, start, times);
  std::vector<Eigen::MatrixXd> drawn(static_cast<std::size_t>(settings.draws));
  parallel_for(settings.draws, [&](int d) { drawn[static_cast<std::size_t>(d)] = age_course(drawn_laws(cycle, seed, d), start, times, 0, 0.1).cells; });
  double square = 0;
  int scored = 0;
  for (std::size_t k = 0; k < shown.size(); ++k) {
    if (shown[k].empty()) continue;
    for (std::size_t t = 0; t < times.size(); ++t) {
      const auto row = static_cast<Eigen::Index>(t);
      const auto total = [&](const Eigen::MatrixXd& cells) {
        double out = 0;
        for (const int p : shown[k]) out += cells(row, p);
        return out / wells;
      };
      std::vector<double> band;
      for (const auto& one : drawn) band.push_back(total(one));
      const Interval interval = middle(band);
      const double seen = sum(row, static_cast<Eigen::Index>(k)) / wells, expected = total(course.cells);
      if (std::isfinite(seen)) points.add_row({cycle.condition, counts.classes[k], times[t], seen});
      line.add_row({cycle.condition, counts.classes[k], times[t], expected, std::min(interval.lower, expected), std::max(interval.upper, expected)});
      if (t == 0 || !(seen > 0) || !(expected > 0)) continue;
      square += std::pow(std::log(expected / seen), 2);
      ++scored;
    }
  }
  const double error = scored > 0 ? std::sqrt(square / scored) : std::nan("");
  scores.add_row({cycle.condition, std::int64_t{wells}, times.front(), cell_of(error), course.step_error});
  if (std::isfinite(error)) run.add_answer(fmt::format("'{}': counts predicted from the tracks alone, from {:.3g} h on, are off by {:.3f} in logarithms (root mean square over classes and frames).", cycle.condition, times.front(), error));
}

}  // namespace

FittedCycle fitted_cycle(const CellTracks& tracks, const std::string& condition, const DurationSettings& settings) {
  FittedCycle out;
  out.condition = condition;
  for (int phase = 0; phase < static_cast<int>(tracks.phases.size()); ++phase) {
    DurationPolicy policy;
    policy.phase = phase;
    policy.condition = condition;
    policy.unseen_entry = settings.unseen_entry;
    policy.kept = settings.kept;
    policy.growth_rate_per_h = settings.growth_rate_per_h;
    DurationData data;
    try {
      data = make_durations(tracks, policy);
    } catch (const InputError& nothing) {
      out.outcome = {Status::not_identifiable, nothing.what()};
      return out;
    }
    if (std::all_of(data.durations.begin(), data.durations.end(), [](const Duration& d) { return d.censored(); })) {
      out.outcome = {Status::not_identifiable, data.name + ": no stay was seen to end"};
      return out;
    }
    DurationFitOptions options;
    options.intervals = false;
    const FamilyComparison found = compare_families(data, {FamilyKind::gamma, FamilyKind::lognormal, FamilyKind::weibull}, settings.never, {}, options);
    const DurationFit* best = nullptr;
    std::size_t next = 0;
    for (const DurationFit& fit : found.fits)
      if (fit.outcome.ok() && found.scores[next++].aicc_difference == 0) best = &fit;
    if (best == nullptr) {
      out.outcome = {Status::not_identifiable, fmt::format("no family could be fitted to {}", data.name)};
      return out;
    }
    out.phases.push_back({tracks.phases[static_cast<std::size_t>(phase)], best->evidence.model, passed_by(tracks, condition, phase), best->model, best->best.theta, best->identifiability.covariance});
  }
  return out;
}

std::vector<PhaseLaw> laws_of(const FittedCycle& cycle) {
  std::vector<PhaseLaw> out;
  for (const auto& phase : cycle.phases) out.push_back(law_of(phase, phase.theta));
  return out;
}

std::vector<PhaseLaw> drawn_laws(const FittedCycle& cycle, std::uint64_t seed, int draw) {
  RandomStream random(seed, 0x706f70, static_cast<std::uint32_t>(draw));
  std::vector<PhaseLaw> out;
  for (const auto& phase : cycle.phases) {
    Eigen::VectorXd z(phase.theta.size());
    for (double& value : z) value = random.normal();
    const Eigen::LDLT<Eigen::MatrixXd> factor(phase.covariance);
    const Eigen::VectorXd root = factor.vectorD().cwiseMax(0.0).cwiseSqrt();
    const Eigen::VectorXd scaled = root.cwiseProduct(z);
    Eigen::VectorXd step = factor.matrixL() * scaled;
    step = factor.transpositionsP().transpose() * step;
    out.push_back(law_of(phase, phase.theta + step));
  }
  return out;
}

void run_population(RunDirectory& run, const CellTracks& tracks, const DurationSettings& settings, const PopulationSettings& population, const DurationRun& durations) {
  PhaseCounts counts;
  if (!population.counts.empty()) {
    run.add_input(population.counts);
    counts = read_phase_counts(population.counts, {});
  }
  std::set<std::string> conditions;
  for (const auto& film : tracks.films) conditions.insert(film.condition);
  Table growth({{"condition", "", ""}, {"name", "", ""}, {"unit", "", ""}, {"estimate", "", ""}, {"lower", "", "95 %, draws of the durations' parameters"}, {"upper", "", ""}, {"use", "", "no: durations it is made of are not to be used, and why"}}),
      staged({{"condition", "", ""}, {"phase", "", ""}, {"family", "", "best by AICc of gamma, lognormal, weibull"}, {"passed_by", "1", "share of cells that skip the phase"}, {"mean_h", "h", ""}, {"stages", "1", "of the nearest Erlang stay"}, {"distance", "1", "largest difference of the distribution functions"}, {"at_h", "h", ""}}),
      points({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"value", "cells", "mean over wells"}}), line({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"estimate", "cells", ""}, {"lower", "", "95 %"}, {"upper", "", ""}}),
      scores({{"condition", "", ""}, {"wells", "1", ""}, {"from_h", "h", ""}, {"error", "1", "root mean square of log (predicted / counted)"}, {"step_error", "1", "of the age-structured course"}});
  for (const auto& condition : conditions) {
    const FittedCycle cycle = fitted_cycle(tracks, condition, settings);
    if (!cycle.outcome.ok()) {
      run.add_warning(fmt::format("'{}': no population can be made of it: {}", condition, cycle.outcome.message));
      continue;
    }
    const auto doubts = durations.doubts.find(condition);
    const std::string why = doubts == durations.doubts.end() ? "" : fmt::format("{}", fmt::join(doubts->second, "; ")), use = why.empty() ? "yes" : "no: " + why;
    const auto laws = laws_of(cycle);
    const BalancedAges balanced = balanced_ages(laws);
    if (!balanced.outcome.ok()) {
      run.add_warning(fmt::format("'{}': {}", condition, balanced.outcome.message));
      continue;
    }
    std::vector<BalancedAges> drawn(static_cast<std::size_t>(population.draws));
    parallel_for(population.draws, [&](int d) { drawn[static_cast<std::size_t>(d)] = balanced_ages(drawn_laws(cycle, settings.seed, d)); });
    const auto add = [&](const std::string& name, const std::string& unit, double estimate, const auto& value) {
      std::vector<double> all;
      for (const BalancedAges& one : drawn)
        if (one.outcome.ok()) all.push_back(value(one));
      const Interval interval = all.empty() ? Interval{estimate, estimate} : middle(all);
      growth.add_row({condition, name, unit, estimate, interval.lower, interval.upper, use});
      return interval;
    };
    const Interval rate = add("growth_rate", "1/h", balanced.growth_rate_per_h, [](const BalancedAges& b) { return b.growth_rate_per_h; });
    add("doubling_time", "h", std::log(2.0) / balanced.growth_rate_per_h, [](const BalancedAges& b) { return std::log(2.0) / b.growth_rate_per_h; });
    for (Eigen::Index k = 0; k < balanced.shares.size(); ++k) add("share " + cycle.phases[static_cast<std::size_t>(k)].name, "1", balanced.shares[k], [k](const BalancedAges& b) { return b.shares[k]; });
    std::vector<PhaseLaw> erlang;
    for (std::size_t k = 0; k < laws.size(); ++k) {
      const ErlangStay stay = nearest_erlang(laws[k]);
      if (!std::isfinite(stay.mean_h)) continue;      // some cells never leave: no staged model
      staged.add_row({condition, laws[k].phase, cycle.phases[k].family, cycle.phases[k].passed_by, cell_of(stay.mean_h), std::int64_t{stay.stages}, stay.distance, stay.at_h});
      DurationModel nearest;
      nearest.family.kind = FamilyKind::erlang;
      nearest.family.stages = stay.stages;
      erlang.push_back(law_of({laws[k].phase, "", 0, nearest, {}, {}}, Eigen::VectorXd::Constant(1, std::log(stay.mean_h))));
    }
    const std::string staged_growth = erlang.size() == laws.size() ? fmt::format("; the nearest staged model (Erlang stays) grows at {:.4f} /h", balanced_ages(erlang).growth_rate_per_h) : "; some cells never leave a phase, which no staged model has";
    int cells = 0, died = 0;
    for (const auto& cell : tracks.cells)
      if (tracks.films[static_cast<std::size_t>(cell.film)].condition == condition) ++cells, died += cell.end == CellEnd::death;
    const std::string death = died == 0 ? std::string("no death") : fmt::format("as if none died: {} of {} cells did", died, cells);
    run.add_answer(fmt::format("'{}': {}phases this long make {:.4f} /h [{:.4f}, {:.4f}] of growth ({}), a doubling in {:.3g} h{}{}.", condition, why.empty() ? "" : "not to be used: ", balanced.growth_rate_per_h, rate.lower, rate.upper, death, std::log(2.0) / balanced.growth_rate_per_h, staged_growth, why.empty() ? "" : fmt::format(" ({})", why)));
    if (!population.counts.empty()) predict_counts(run, tracks, cycle, counts, population, settings.seed, points, line, scores);
  }
  if (growth.rows().empty()) return;
  run.add_table("growth", growth, "Balanced growth of a population whose cells last as long in their phases (no death, no lost cells).");
  run.add_table("phase_type", staged, "The staged model nearest to the fitted durations, and how far it is from them.");
  if (scores.rows().empty()) return;
  run.add_table("counts_prediction", scores, "Counts predicted from durations of single cells alone.");
  report::add_figure(run, {"counts_prediction", "Counts per well: points as counted, lines predicted from the durations of single cells, started from the first count.", "time_course", {{"points", points}, {"model", line}}, {{"y_label", "cells per well"}}, "answer"});
}

}  // namespace hyped
