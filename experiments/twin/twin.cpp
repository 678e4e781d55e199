// Cell-by-cell simulation of wells.
#include "experiments/twin/twin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/simulate/segments.hpp"

namespace hyped {
namespace {

// Integrated group rates of one stratum over time.
class Clock {
 public:
  Clock(const StagedModel& model, std::span<const double> p, const Arm& arm, const ArmStratum& stratum, double start, double end)
      : start_(start), step_((end - start) / std::ceil((end - start) / 0.02)) {
    Experiment experiment;
    experiment.id = arm.condition;
    experiment.start_h = start;
    experiment.initial = model.default_state();
    for (const auto& perturbation : arm.schedule)
      if (perturbation.target != "cells" && model.parameter_index(perturbation.target) >= 0) experiment.schedule.push_back(perturbation);
    for (const auto& [name, course] : stratum.inputs)
      if (model.parameter_index(name) >= 0) experiment.inputs[name] = course;
    experiment.sample_times_h = {end};
    const Plan plan = plan_of(model, p, experiment);
    ActiveParameters active(p, plan.inputs);
    const int groups = model.group_count(), steps = static_cast<int>(std::lround((end - start) / step_));
    integral_.assign(static_cast<std::size_t>(groups), std::vector<double>(static_cast<std::size_t>(steps) + 1, 0));
    std::vector<double> rate(groups);
    std::size_t s = 0;
    for (const auto& event : plan.segments[0].events) active.apply(event);
    active.begin(plan.segments[0].until_h);
    for (int i = 0; i < steps; ++i) {
      const double middle = start + (i + 0.5) * step_;
      while (s + 1 < plan.segments.size() && middle >= plan.segments[s].until_h) {
        ++s;
        for (const auto& event : plan.segments[s].events) active.apply(event);
        active.begin(plan.segments[s].until_h);
      }
      model.group_rates(active.at(middle), rate);
      for (int g = 0; g < groups; ++g) integral_[g][i + 1] = integral_[g][i] + rate[g] * step_;
    }
  }
  double integral(int group, double t) const {
    const auto& table = integral_[group];
    const double position = std::clamp((t - start_) / step_, 0.0, static_cast<double>(table.size() - 1));
    const auto i = std::min(table.size() - 2, static_cast<std::size_t>(position));
    return table[i] + (position - static_cast<double>(i)) * (table[i + 1] - table[i]);
  }
  // Time at which the integral from `from` reaches `amount`; infinity if not before the end.
  double when(int group, double from, double amount) const {
    const auto& table = integral_[group];
    const double wanted = integral(group, from) + amount;
    const auto above = std::lower_bound(table.begin(), table.end(), wanted);
    if (above == table.end()) return std::numeric_limits<double>::infinity();
    const auto i = static_cast<std::size_t>(above - table.begin());
    if (i == 0) return from;
    return std::max(from, start_ + (static_cast<double>(i - 1) + (wanted - table[i - 1]) / (table[i] - table[i - 1])) * step_);
  }

 private:
  double start_, step_;
  std::vector<std::vector<double>> integral_;
};

struct WellRun {
  Eigen::MatrixXd phase_counts;      // [T x (labelled phases | dark)]
  std::vector<TwinPhase> tracks;
};

struct Cell {
  int id, parent, phase, stratum;
  double time;
  int stages_left;                   // of the first phase
  bool labelled;
  std::vector<double> shared;        // normal score per phase shared with the sister; empty: none
};

class WellSimulator {
 public:
  WellSimulator(const StagedModel& model, const Arm& arm, const TwinSettings& settings, std::span<const double> p,
                const std::map<std::string, double>& factors, double start, RandomStream& random)
      : model_(model), settings_(settings), random_(random), start_(start), end_(settings.times_h.back()) {
    std::vector<double> mine(p.begin(), p.end());
    for (const auto& [name, factor] : factors) mine[model.parameter_index(name)] *= factor;
    for (const auto& stratum : arm.strata) {
      clocks_.emplace_back(model, mine, arm, stratum, start, end_);
      weights_.push_back(stratum.weight);
    }
    for (const auto& event : arm.schedule)
      if (event.target == "cells") {
        const double kept = event.amount_parameter.empty() ? event.amount : mine[model.parameter_index(event.amount_parameter)];
        losses_.emplace_back(event.time_h, kept);
      }
    rho_ = settings.sister_correlation;
  }

  WellRun run(int cells, const Eigen::VectorXd& start, double labelled, bool tracks) {
    const int phases = model_.phase_count();
    WellRun out;
    out.phase_counts = Eigen::MatrixXd::Zero(static_cast<int>(settings_.times_h.size()), phases + 1);
    std::vector<Cell> todo;
    int next_id = 0;
    for (int c = 0; c < cells; ++c) {
      const int stage = pick(start);
      const int phase = model_.chain().phase[stage];
      Cell cell{next_id++, -1, phase, pick_stratum(), start_, model_.graph().phases[phase].stages - (stage - model_.first_stage(phase)), random_.uniform() < labelled, {}};
      todo.push_back(cell);
      while (!todo.empty()) {
        Cell now = todo.back();
        todo.pop_back();
        live(now, todo, next_id, out, tracks);
      }
    }
    return out;
  }

 private:
  int pick(const Eigen::VectorXd& weights) {
    double u = random_.uniform() * weights.sum();
    for (int i = 0; i < weights.size(); ++i)
      if ((u -= weights[i]) <= 0) return i;
    return static_cast<int>(weights.size()) - 1;
  }
  int pick_stratum() { return pick(Eigen::Map<const Eigen::VectorXd>(weights_.data(), static_cast<int>(weights_.size()))); }

  // A Gamma(stages) variate, correlated with the sister's through the shared score.
  double operational(int stages, const Cell& cell) {
    if (cell.shared.empty()) return random_.gamma(stages);
    const double z = std::sqrt(rho_) * cell.shared[cell.phase] + std::sqrt(1 - rho_) * random_.normal();
    const double u = boost::math::cdf(boost::math::normal(), z);
    return boost::math::quantile(boost::math::gamma_distribution<double>(stages), std::clamp(u, 1e-15, 1 - 1e-15));
  }

  // One cell from now to its division, death, loss or the end of the film.
  void live(Cell cell, std::vector<Cell>& todo, int& next_id, WellRun& out, bool tracks) {
    const auto& chain = model_.chain();
    const Clock& clock = clocks_[cell.stratum];
    double lost = std::numeric_limits<double>::infinity();
    for (const auto& [time, kept] : losses_)
      if (time >= cell.time && time < lost && random_.uniform() >= kept) lost = time;
    for (;;) {
      const auto& phase = model_.graph().phases[cell.phase];
      const int last = model_.first_stage(cell.phase) + phase.stages - 1;
      const double left = clock.when(chain.exit_group[last], cell.time, operational(cell.stages_left, cell) / chain.stage_scale[last]);
      const double died = chain.death_group[last] >= 0 ? clock.when(chain.death_group[last], cell.time, random_.exponential())
                                                       : std::numeric_limits<double>::infinity();
      // a cell made after a loss event faces only later ones; a lost cell ends at once
      const double until = std::min({left, died, lost, end_ + 1});
      const auto first = std::lower_bound(settings_.times_h.begin(), settings_.times_h.end(), cell.time);
      for (auto frame = first; frame != settings_.times_h.end() && *frame < until; ++frame)
        out.phase_counts(static_cast<int>(frame - settings_.times_h.begin()), cell.labelled ? cell.phase : model_.phase_count()) += 1;
      const bool filmed = until > end_;
      const bool dies = !filmed && until == died, is_lost = !filmed && until == lost, divides = !filmed && !dies && !is_lost && phase.offspring > 1;
      if (tracks)
        out.tracks.push_back({"", "", cell.id, cell.parent, phase.name, cell.time, std::min(until, end_),
                              filmed ? "filmed to the end" : is_lost ? "lost" : dies ? "died" : divides ? "divided" : "next", cell.labelled, cell.stratum});
      if (filmed || dies || is_lost) return;
      const int target = chain.phase[chain.target[last]];
      if (!divides) {
        cell.phase = target;
        cell.time = until;
        cell.stages_left = model_.graph().phases[target].stages;
        continue;
      }
      std::vector<double> shared;
      if (rho_ > 0)
        for (int k = 0; k < model_.phase_count(); ++k) shared.push_back(random_.normal());
      for (int d = 0; d < phase.offspring; ++d)
        todo.push_back({next_id++, cell.id, target, cell.stratum, until, model_.graph().phases[target].stages, cell.labelled, shared});
      return;
    }
  }

  const StagedModel& model_;
  const TwinSettings& settings_;
  RandomStream& random_;
  std::vector<Clock> clocks_;
  std::vector<double> weights_;
  std::vector<std::pair<double, double>> losses_;
  double start_, end_, rho_ = 0;
};

}  // namespace

std::vector<double> hyped_frames() {
  std::vector<double> times;
  for (int i = 0; i < 67; ++i) times.push_back(i / 3.0);
  for (int i = 0; i < 137; ++i) times.push_back(24 + i / 3.0);
  return times;
}

Twin simulate_twin(const CycleSetup& setup, const TwinSettings& settings, std::uint64_t seed, bool tracks) {
  const auto model = make_staged(setup.model, setup.stages);
  const ClassProjection projection(setup.map, *model, setup.where);
  Twin twin;
  std::vector<double> p = model->default_parameters();
  std::vector<std::string> names{labelled_fraction, misread_fraction};
  for (const auto& spec : model->parameters()) names.emplace_back(spec.name);
  double labelled = 1, misread = 0;
  for (const auto& [name, value] : settings.truth) {
    if (name == labelled_fraction) labelled = value;
    else if (name == misread_fraction) misread = value;
    else if (model->parameter_index(name) >= 0) p[model->parameter_index(name)] = value;
    else throw InputError(setup.where, "truth names '" + name + "', which is no parameter", did_you_mean(name, names));
  }
  for (const auto& spec : model->parameters()) twin.truth[std::string(spec.name)] = p[model->parameter_index(spec.name)];
  twin.truth[labelled_fraction] = labelled;
  twin.truth[misread_fraction] = misread;
  for (const auto& input : model->inputs()) twin.truth.erase(input);
  Eigen::MatrixXd unused;
  const Eigen::VectorXd start = model->start_distribution(p, unused);

  struct Job {
    const Arm* arm;
    std::string name;
  };
  std::vector<Job> jobs;
  for (const Arm& arm : setup.arms) {
    const auto found = settings.wells.find(arm.condition);
    if (found == settings.wells.end()) throw InputError(setup.where, "twin.wells does not say how many wells arm '" + arm.condition + "' has", "add it");
    for (int w = 1; w <= found->second; ++w) jobs.push_back({&arm, fmt::format("{}", w)});
  }
  std::vector<WellRun> runs(jobs.size());
  twin.well_cells.resize(jobs.size());
  twin.well_factors.resize(jobs.size());
  twin.counts.wells.resize(jobs.size());
  const Eigen::MatrixXd conditional = projection.conditional(misread);
  parallel_for(static_cast<int>(jobs.size()), [&](int j) {
    RandomStream random(seed, 0x7477, static_cast<std::uint32_t>(j));
    const double spread = settings.seeding_spread;
    const double cells = std::round(settings.cells_per_well * std::exp(spread * random.normal() - 0.5 * spread * spread));
    twin.well_cells[j] = std::max(20.0, cells);
    for (const auto& phase : model->graph().phases)
      if (!twin.well_factors[j].contains(phase.exit_rate)) twin.well_factors[j][phase.exit_rate] = std::exp(settings.rate_spread * random.normal());
    WellSimulator simulator(*model, *jobs[j].arm, settings, p, twin.well_factors[j], setup.start_h, random);
    runs[j] = simulator.run(static_cast<int>(twin.well_cells[j]), start, labelled, tracks);
    WellSeries& series = twin.counts.wells[j];
    series = {jobs[j].arm->condition, jobs[j].name, settings.times_h, {}, std::vector<int>(settings.times_h.size(), 0)};
    const int classes = projection.class_count(), phases = model->phase_count();
    series.values = Eigen::MatrixXd::Zero(static_cast<int>(settings.times_h.size()), classes);
    for (int t = 0; t < series.values.rows(); ++t) {
      for (int phase = 0; phase < phases; ++phase) {
        const auto found = random.binomial(static_cast<std::int64_t>(runs[j].phase_counts(t, phase)), 1 - settings.missed);
        const Eigen::VectorXd seen = conditional.col(model->first_stage(phase));
        if (setup.map.partition) {
          // each cell is seen in one class
          std::int64_t left = found;
          double share = 1;
          for (int k = 0; k < classes && left > 0; ++k) {
            if (k == projection.unlabelled() || seen[k] <= 0) continue;
            const auto here = random.binomial(left, std::min(1.0, seen[k] / share));
            series.values(t, k) += static_cast<double>(here);
            left -= here;
            share -= seen[k];
          }
        } else {
          for (int k = 0; k < classes; ++k)
            if (k != projection.unlabelled()) series.values(t, k) += std::round(seen[k] * static_cast<double>(found));
        }
      }
      if (!projection.shows_dark()) continue;
      const auto dark = random.binomial(static_cast<std::int64_t>(runs[j].phase_counts(t, phases)), 1 - settings.missed);
      for (int k = 0; k < classes; ++k)
        if (projection.seen_in_both(k, k, 0) > 0) series.values(t, k) += static_cast<double>(dark);
    }
  });
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    twin.well_names.push_back(jobs[j].arm->condition + "/" + jobs[j].name);
    for (auto& track : runs[j].tracks) {
      track.condition = jobs[j].arm->condition;
      track.well = jobs[j].name;
      twin.tracks.push_back(std::move(track));
    }
  }
  for (const auto& seen : setup.map.classes) twin.counts.classes.push_back(seen.name);
  twin.counts.source = fmt::format("twin of {} (seed {})", setup.model, seed);
  twin.counts.classes_partition_cells = setup.map.partition;
  twin.counts.time_axis = "hours since release from starvation, as simulated";
  return twin;
}

}  // namespace hyped
