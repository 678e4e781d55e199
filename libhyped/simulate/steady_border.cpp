// Two starts beside the one given, and whether they end alike.
#include <algorithm>
#include <cmath>

#include "libhyped/simulate/steady_state.hpp"

namespace hyped {
namespace {

constexpr double aside = 1e-6, alike = 1e-2;

bool same_end(const SteadyState& a, const SteadyState& b) {
  if (a.outcome.status != b.outcome.status) return false;
  if (!a.outcome.ok()) return true;      // neither is a steady state, and their texts say why
  const double floor = aside * std::max(a.state.cwiseAbs().maxCoeff(), b.state.cwiseAbs().maxCoeff());
  for (Eigen::Index i = 0; i < a.state.size(); ++i)
    if (std::abs(a.state[i] - b.state[i]) > alike * std::max({std::abs(a.state[i]), std::abs(b.state[i]), floor / alike})) return false;
  return true;
}

}  // namespace

std::vector<SteadyState> ends_beside(const Model& model, std::span<const double> parameters, std::span<const double> initial, const SteadyState& found,
                                     const SteadyStateOptions& options) {
  std::vector<double> rate(initial.size()), start(initial.size());
  model.rates(0, initial, parameters, rate);
  double largest = found.state.cwiseAbs().maxCoeff();
  for (const double x : initial) largest = std::max(largest, std::abs(x));
  std::vector<SteadyState> ends;
  for (const double sign : {1.0, -1.0}) {
    for (std::size_t i = 0; i < start.size(); ++i) {
      const double share = sign * std::cos(1 + 2.399963 * static_cast<double>(i));      // the golden angle: no two alike
      start[i] = initial[i] != 0 ? initial[i] * (1 + aside * share) : rate[i] > 0 ? aside * largest * (1 + share) : 0;
    }
    ends.push_back(steady_state(model, parameters, start, options));
  }
  if (same_end(found, ends[0]) && same_end(found, ends[1]) && same_end(ends[0], ends[1])) ends.clear();
  return ends;
}

}  // namespace hyped
