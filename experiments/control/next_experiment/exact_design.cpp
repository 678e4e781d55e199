// Exchange of single experiments.
#include "experiments/control/next_experiment/exact_design.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped::control {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct State {
  std::vector<int> count;
  double cost = 0, value = infinity;
};

class Exchange {
 public:
  Exchange(const DesignProblem& problem, const ExactOptions& options) : problem_(problem), options_(options) {}

  double value(const std::vector<int>& count) const {
    Eigen::VectorXd amount(static_cast<Eigen::Index>(count.size()));
    for (std::size_t i = 0; i < count.size(); ++i) amount[static_cast<Eigen::Index>(i)] = count[i];
    auto information = total_information(problem_, amount);
    const double full = criterion(problem_, information);
    if (std::isfinite(full)) return full;
    // not yet estimable: a design is better the more it determines, seen through a weak pull; far above every finite value
    for (auto& matrix : information) matrix.diagonal().array() += 1e-9 * std::max(1e-300, scale());
    const double weak = criterion(problem_, information);
    return std::isfinite(weak) ? 1e150 * (1 + std::atan(weak)) : infinity;
  }
  static bool finite(double value) { return value < 1e100; }
  bool affordable(const State& state, std::size_t i, double freed) const {
    return state.cost - freed + problem_.candidates[i].cost <= options_.budget * (1 + 1e-12) && state.count[i] < options_.most_each;
  }
  bool add_best(State& state) const {
    State best;
    for (std::size_t i = 0; i < state.count.size(); ++i) {
      if (!affordable(state, i, 0)) continue;
      State trial = state;
      ++trial.count[i];
      trial.cost += problem_.candidates[i].cost;
      trial.value = value(trial.count);
      if (trial.value < best.value) best = trial;
    }
    if (best.count.empty() || !(best.value < state.value * (1 - 1e-12 * (state.value > 0 ? 1 : -1)))) return false;
    state = best;
    return true;
  }
  bool exchange_best(State& state) const {
    State best = state;
    for (std::size_t out = 0; out < state.count.size(); ++out) {
      if (state.count[out] == 0) continue;
      const double freed = problem_.candidates[out].cost;
      for (std::size_t in = 0; in < state.count.size(); ++in) {
        if (in == out || !affordable(state, in, freed)) continue;
        State trial = state;
        --trial.count[out];
        trial.cost -= freed;
        while (affordable(trial, in, 0)) {
          ++trial.count[in];
          trial.cost += problem_.candidates[in].cost;
          if (problem_.candidates[in].cost >= freed) break;      // one for one; cheaper ones as many as the freed money buys
          if (trial.cost - state.cost + problem_.candidates[in].cost > 1e-12) break;
        }
        trial.value = value(trial.count);
        if (trial.value < best.value - 1e-12 * std::abs(best.value)) best = trial;
      }
    }
    if (!(best.value < state.value)) return false;
    state = best;
    return true;
  }
  // One out, then the best ones in until the money is spent: leaves where no single exchange helps because sizes do not match.
  bool refill_best(State& state) const {
    State best = state;
    for (std::size_t out = 0; out < state.count.size(); ++out) {
      if (state.count[out] == 0) continue;
      State trial = state;
      --trial.count[out];
      trial.cost -= problem_.candidates[out].cost;
      trial.value = value(trial.count);
      while (add_best(trial)) {}
      if (trial.value < best.value - 1e-12 * std::abs(best.value)) best = trial;
    }
    if (!(best.value < state.value)) return false;
    state = best;
    return true;
  }
  State from(int start) const {
    State state{std::vector<int>(problem_.candidates.size(), 0), 0, infinity};
    state.value = value(state.count);
    if (start > 0) {
      RandomStream random(options_.seed, 0xde51, static_cast<std::uint32_t>(start));
      for (int misses = 0; misses < 50;) {
        const auto i = std::min(state.count.size() - 1, static_cast<std::size_t>(random.uniform() * static_cast<double>(state.count.size())));
        if (affordable(state, i, 0)) {
          ++state.count[i];
          state.cost += problem_.candidates[i].cost;
        } else {
          ++misses;
        }
      }
      state.value = value(state.count);
    }
    while (add_best(state)) {}
    for (int round = 0; round < 1000 && (exchange_best(state) || refill_best(state)); ++round)
      while (add_best(state)) {}
    return state;
  }

 private:
  double scale() const {
    double most = 0;
    for (const auto& candidate : problem_.candidates) most = std::max(most, candidate.information.front().diagonal().maxCoeff());
    return most;
  }
  const DesignProblem& problem_;
  const ExactOptions& options_;
};

}  // namespace

ExactDesign exact_design(const DesignProblem& problem, const ExactOptions& options) {
  problem.check();
  const auto cheapest = std::min_element(problem.candidates.begin(), problem.candidates.end(), [](const auto& a, const auto& b) { return a.cost < b.cost; });
  if (cheapest->cost > options.budget) throw InputError("design", fmt::format("the budget {:.6g} buys no experiment; the cheapest, '{}', costs {:.6g}", options.budget, cheapest->name, cheapest->cost), "give a larger budget");
  const Exchange exchange(problem, options);
  std::vector<State> ends(static_cast<std::size_t>(std::max(1, options.starts)));
  parallel_for(static_cast<int>(ends.size()), [&](int s) { ends[static_cast<std::size_t>(s)] = exchange.from(s); });
  ExactDesign out;
  const State* best = &ends.front();
  for (const State& end : ends) {
    out.by_start.push_back(Exchange::finite(end.value) ? end.value : infinity);
    if (end.value < best->value) best = &end;
  }
  out.count = best->count;
  out.cost = best->cost;
  out.value = best->value;
  if (!Exchange::finite(best->value)) {
    out.value = infinity;
    out.outcome = {Status::not_identifiable, "no design within the budget determines the quantity"};
  }
  return out;
}

}  // namespace hyped::control
