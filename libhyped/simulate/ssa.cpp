// The direct method: constant propensities between reactions, or thinning against a bound where inputs vary.
#include "libhyped/simulate/ssa.hpp"

#include <algorithm>
#include <cmath>

#include "libhyped/parallel.hpp"
#include "libhyped/simulate/first_order.hpp"
#include "libhyped/simulate/propensity_bound.hpp"
#include "libhyped/simulate/segments.hpp"

namespace hyped {
namespace {

using Eigen::Index;

// What every trajectory of one experiment shares.
struct Network {
  struct Change {
    int state, amount;
  };
  std::vector<std::vector<Change>> changes;             // by reaction
  std::vector<std::vector<int>> readers;                // by reaction: reactions whose propensity it changes
  std::vector<int> source;                              // reaction r is coefficient * x[source]; -1: constant; only if single_source
  bool single_source = true;                            // every propensity is a constant or one coefficient times one state

  Network(const Model& model, std::span<const double> parameters, double t) {
    const int reactions = model.reaction_count(), states = model.state_count();
    if (reactions == 0)
      throw InputError("stochastic simulation", "model '" + std::string(model.name()) + "' is not a reaction network",
                       "choose a model with stoichiometry");
    const std::span<const int> table = model.stoichiometry();
    changes.resize(static_cast<std::size_t>(reactions));
    for (int r = 0; r < reactions; ++r)
      for (int s = 0; s < states; ++s)
        if (const int amount = table[static_cast<std::size_t>(r * states + s)]) changes[static_cast<std::size_t>(r)].push_back({s, amount});
    find_sources(model, parameters, t);
  }

  void find_sources(const Model& model, std::span<const double> parameters, double t) {
    const auto network = first_order_structure(model, t, parameters);
    source.assign(changes.size(), -1);
    if (!network) single_source = false;
    for (std::size_t r = 0; r < changes.size() && single_source; ++r) {
      int found = 0;
      for (Index s = 0; s < network->coefficient.cols(); ++s)
        if (network->coefficient(static_cast<Index>(r), s) != 0) source[r] = static_cast<int>(s), ++found;
      if (found > 1 || (found == 1 && network->constant[static_cast<Index>(r)] != 0)) single_source = false;
    }
    readers.resize(changes.size());
    for (std::size_t r = 0; r < changes.size() && single_source; ++r)
      for (std::size_t other = 0; other < changes.size(); ++other)
        for (const Change& change : changes[r])
          if (source[other] == change.state) readers[r].push_back(static_cast<int>(other));
  }
};

class Run {
 public:
  Run(const Model& model, const Network& network, const Plan& plan, std::span<const double> parameters, const Experiment& experiment,
      const SsaOptions& options, std::uint32_t trajectory)
      : model_(model), network_(network), plan_(plan), options_(options), active_(parameters, plan.inputs),
        bound_(model, plan.inputs), random_(options.seed, options.job, trajectory), a_(network.changes.size()), rate_(a_.size()),
        probe_(a_.size()) {
    for (const double value : experiment.initial) x_.push_back(whole(value));
    ones_.assign(x_.size(), 1);
  }

  template <class Record>
  Outcome go(Record&& record) {
    for (const Segment& segment : plan_.segments) {
      for (const BoundEvent& event : segment.events) apply(event);
      active_.begin(segment.until_h);
      bound_.begin(segment, active_);
      varying_ = bound_.varying();
      t_ = segment.from_h;
      refresh_rates();
      Outcome outcome;
      for (const double sample : segment.samples_h) {
        if (!(outcome = advance(sample)).ok()) return outcome;
        record(x_);
      }
      if (!(outcome = advance(segment.until_h)).ok()) return outcome;
    }
    return {};
  }
  long reactions() const { return reactions_; }

 private:
  double whole(double value) {
    const double floor = std::floor(std::max(value, 0.0));
    return floor + (value > floor && random_.uniform() < value - floor ? 1 : 0);
  }

  void apply(const BoundEvent& event) {
    if (event.kind == BoundEvent::Kind::parameter) return active_.apply(event);
    for (std::size_t i = 0; i < x_.size(); ++i) {
      if (event.kind == BoundEvent::Kind::state && static_cast<int>(i) != event.index) continue;
      double& x = x_[i];
      if (event.action != Action::scale) {
        x = whole(after_event(event, x));
      } else {
        const double kept = std::floor(std::max(event.amount, 0.0)), share = std::max(event.amount, 0.0) - kept;
        x = x * kept + static_cast<double>(random_.binomial(static_cast<std::int64_t>(x), share));
      }
    }
  }

  void propensities(double t, std::span<double> out) {
    model_.propensities(t, x_, active_.at(t), out);
    for (double& a : out) a = std::max(a, 0.0);
  }

  // Coefficients of a single-source network, or the propensities themselves.
  void refresh_rates() {
    if (varying_) return;
    if (network_.single_source) {
      model_.propensities(t_, ones_, active_.at(t_), rate_);
      for (std::size_t r = 0; r < a_.size(); ++r) a_[r] = rate_[r] * (network_.source[r] < 0 ? 1 : x_[static_cast<std::size_t>(network_.source[r])]);
    } else {
      propensities(t_, a_);
    }
    sum();
  }
  void sum() {
    total_ = 0;
    for (const double a : a_) total_ += a;
  }

  std::size_t choose(double target, std::span<const double> a) const {
    std::size_t last = 0;
    for (std::size_t r = 0; r < a.size(); ++r) {
      if (a[r] <= 0) continue;
      last = r;
      if ((target -= a[r]) < 0) return r;
    }
    return last;      // rounding: the last reaction that can happen
  }

  void fire(std::size_t reaction) {
    ++reactions_;
    for (const auto& change : network_.changes[reaction]) x_[static_cast<std::size_t>(change.state)] += change.amount;
    if (varying_) return;
    if (network_.single_source) {
      for (const int r : network_.readers[reaction]) {
        const auto other = static_cast<std::size_t>(r);
        const double fresh = rate_[other] * x_[static_cast<std::size_t>(network_.source[other])];
        total_ += fresh - a_[other];
        a_[other] = fresh;
      }
      if (reactions_ % 1024 == 0 || total_ < 1e-9 * previous_total_) sum();      // no drift
      previous_total_ = total_;
    } else {
      propensities(t_, a_);
      sum();
    }
  }

  Outcome advance(double until) {
    if (varying_) return advance_thinning(until);
    while (true) {
      if (!std::isfinite(total_)) return {Status::not_finite, "a propensity is not finite", t_};
      if (!(total_ > 0)) break;
      const double next = t_ + random_.exponential() / total_;
      if (!(next < until)) break;      // memoryless: drawing anew at `until` is exact
      if (reactions_ >= options_.reaction_limit) return {Status::step_limit, "too many reactions", t_};
      t_ = next;
      fire(choose(random_.uniform() * total_, a_));
    }
    t_ = until;
    return {};
  }

  Outcome advance_thinning(double until) {
    while (t_ < until) {
      const double end = std::min(until, t_ + options_.window_h);
      double top = bound_(t_, end, x_, active_.at(t_));
      while (true) {
        if (!std::isfinite(top)) return {Status::not_finite, "a propensity is not finite", t_};
        const double next = top > 0 ? t_ + random_.exponential() / top : end;
        if (!(next < end)) break;
        if (++candidates_ > options_.reaction_limit) return {Status::step_limit, "too many reactions", t_};
        t_ = next;
        propensities(t_, probe_);
        double total = 0;
        for (const double a : probe_) total += a;
        if (!(total <= top)) return {Status::not_converged, "a propensity exceeded its bound in a window", t_};
        const double target = random_.uniform() * top;
        if (target >= total) continue;
        fire(choose(target, probe_));
        top = bound_(t_, end, x_, active_.at(t_));
      }
      t_ = end;
    }
    return {};
  }

  const Model& model_;
  const Network& network_;
  const Plan& plan_;
  const SsaOptions& options_;
  ActiveParameters active_;
  PropensityBound bound_;
  RandomStream random_;
  std::vector<double> x_, a_, rate_, probe_, ones_;
  double t_ = 0, total_ = 0, previous_total_ = 0;
  std::int64_t reactions_ = 0, candidates_ = 0;
  bool varying_ = false;
};

}  // namespace

Trajectory simulate_ssa(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                        const SsaOptions& options, std::uint32_t trajectory) {
  const Plan plan = plan_of(model, parameters, experiment);
  const Network network(model, parameters, experiment.start_h);
  Run run(model, network, plan, parameters, experiment, options, trajectory);
  Trajectory out;
  out.method = "exact SSA (direct method)";
  out.states.resize(plan.sample_count, model.state_count());
  Index row = 0;
  out.outcome = run.go([&](const std::vector<double>& x) {
    out.states.row(row) = Eigen::Map<const Eigen::RowVectorXd>(x.data(), static_cast<Index>(x.size()));
    out.times_h.push_back(experiment.sample_times_h[static_cast<std::size_t>(row++)]);
  });
  out.states.conservativeResize(row, Eigen::NoChange);
  out.work.steps = run.reactions();
  return out;
}

SsaEnsemble simulate_ssa_ensemble(const Model& model, std::span<const double> parameters, const Experiment& experiment, int runs,
                                  const SsaOptions& options) {
  if (runs < 1) throw InputError("stochastic simulation", "at least one run is needed");
  const Plan plan = plan_of(model, parameters, experiment);
  const Network network(model, parameters, experiment.start_h);
  const Index times = plan.sample_count, states = model.state_count();

  // Runs in blocks that depend on the problem only, summed in order: sums do not depend on threads. Counts are taken from the
  // first run's, against cancellation.
  const Index block_limit = std::clamp<Index>(20'000'000 / std::max<Index>(1, times * states * states), 4, 64);
  const int block_runs = std::max(32, (runs + static_cast<int>(block_limit) - 1) / static_cast<int>(block_limit));
  struct Block {
    Eigen::MatrixXd sum, products;      // [T x S], [T x S*S]
    Outcome outcome;
    long reactions = 0;
  };
  const int block_count = (runs + block_runs - 1) / block_runs;
  std::vector<Block> blocks(static_cast<std::size_t>(block_count));
  const Eigen::MatrixXd origin = [&] {
    Eigen::MatrixXd first = Eigen::MatrixXd::Zero(times, states);
    Index row = 0;
    Run(model, network, plan, parameters, experiment, options, 0).go([&](const std::vector<double>& x) {
      first.row(row++) = Eigen::Map<const Eigen::RowVectorXd>(x.data(), states);
    });
    return first;
  }();
  parallel_for(block_count, [&](int b) {
    Block& block = blocks[static_cast<std::size_t>(b)];
    block.sum.setZero(times, states);
    block.products.setZero(times, states * states);
    Eigen::VectorXd off(states);
    for (int k = b * block_runs; k < std::min(runs, (b + 1) * block_runs) && block.outcome.ok(); ++k) {
      Run run(model, network, plan, parameters, experiment, options, static_cast<std::uint32_t>(k));
      Index row = 0;
      block.outcome = run.go([&](const std::vector<double>& x) {
        off = Eigen::Map<const Eigen::VectorXd>(x.data(), states) - origin.row(row).transpose();
        block.sum.row(row) += off.transpose();
        for (Index i = 0; i < states; ++i)
          if (off[i] != 0) block.products.block(row, i * states, 1, states) += off[i] * off.transpose();
        ++row;
      });
      block.reactions += run.reactions();
    }
  });

  SsaEnsemble out;
  out.times_h = experiment.sample_times_h;
  out.runs = runs;
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(times, states), products = Eigen::MatrixXd::Zero(times, states * states);
  for (const Block& block : blocks) {
    if (out.outcome.ok()) out.outcome = block.outcome;
    out.reactions += block.reactions;
    sum += block.sum;
    products += block.products;
  }
  out.mean = origin + sum / runs;
  for (Index t = 0; t < times; ++t) {
    Eigen::MatrixXd second(states, states);
    for (Index i = 0; i < states; ++i) second.row(i) = products.block(t, i * states, 1, states);
    const Eigen::VectorXd shift = sum.row(t).transpose() / runs;
    out.covariance.emplace_back((second - runs * shift * shift.transpose()) / std::max(1, runs - 1));
  }
  return out;
}

}  // namespace hyped
