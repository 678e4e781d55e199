// All relabellings within strata, or draws of them.
#include "libhyped/score/calibration/permutation_null.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

constexpr std::uint32_t permutation_stream = 0x50000000u;

// Permutation number k of `items` in the order of factorial digits.
void place_permutation(std::vector<std::size_t> items, std::uint64_t k, const std::vector<std::size_t>& at, std::vector<std::size_t>& from) {
  for (std::size_t i = 0; i < at.size(); ++i) {
    const std::uint64_t left = items.size();
    from[at[i]] = items[k % left];
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(k % left));
    k /= left;
  }
}

double factorial(std::size_t n) {
  double out = 1;
  for (std::size_t i = 2; i <= n; ++i) out *= static_cast<double>(i);
  return out;
}

std::optional<double> mean_score(const Metric& metric, const EffectComparison& pair, std::string& why) {
  double sum = 0, n = 0;
  for (const auto& v : metric.evaluate(pair)) {
    if (v.value) sum += *v.value, n += 1;
    else if (why.empty()) why = v.undefined_because;
  }
  if (n == 0) return std::nullopt;
  return sum / n;
}

}  // namespace

PermutationNull permutation_null(const Metric& metric, const EffectComparison& pair, const PermutationOptions& options) {
  const std::size_t n = pair.conditions.size();
  HYPED_REQUIRE(options.strata.empty() || options.strata.size() == n);
  std::map<std::string, std::vector<std::size_t>> strata;
  for (std::size_t i = 0; i < n; ++i) strata[options.strata.empty() ? pair.conditions[i].context : std::to_string(options.strata[i])].push_back(i);
  PermutationNull out;
  for (const auto& [name, members] : strata) out.relabellings *= factorial(members.size());
  out.exact = out.relabellings <= options.most_exact;
  out.evaluated = out.exact ? static_cast<std::size_t>(out.relabellings) : static_cast<std::size_t>(options.draws);
  out.smallest_p = out.exact ? 1 / out.relabellings : 1 / (1 + static_cast<double>(options.draws));
  out.observed = mean_score(metric, pair, out.undefined_because);
  if (!out.observed) return out;
  out.undefined_because.clear();
  for (const auto& [name, members] : strata)
    for (const auto i : members)
      if ((pair.control.row(static_cast<Eigen::Index>(i)).array() != pair.control.row(static_cast<Eigen::Index>(members[0])).array()).any()) out.caution = "conditions of one stratum have different controls, whose noise tells them apart";
  const ProfileMatrix change = pair.predicted - pair.control;
  std::vector<std::optional<double>> scores(out.evaluated);
  parallel_for(static_cast<int>(out.evaluated), [&](int k) {
    std::vector<std::size_t> from(n);
    RandomStream random(options.seed, permutation_stream, static_cast<std::uint32_t>(k));
    auto code = static_cast<std::uint64_t>(k);
    for (const auto& [name, members] : strata) {
      if (out.exact) {
        const auto size = static_cast<std::uint64_t>(factorial(members.size()));
        place_permutation(members, code % size, members, from);
        code /= size;
        continue;
      }
      std::vector<std::size_t> order = members;
      for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[std::min(i - 1, static_cast<std::size_t>(random.uniform() * static_cast<double>(i)))]);
      for (std::size_t i = 0; i < members.size(); ++i) from[members[i]] = order[i];
    }
    EffectComparison relabelled = pair;
    for (std::size_t i = 0; i < n; ++i) relabelled.predicted.row(static_cast<Eigen::Index>(i)) = pair.control.row(static_cast<Eigen::Index>(i)) + change.row(static_cast<Eigen::Index>(from[i]));
    std::string ignored;
    scores[static_cast<std::size_t>(k)] = mean_score(metric, relabelled, ignored);
  });
  std::vector<double> values;
  for (const auto& s : scores)
    if (s) values.push_back(*s);
  const double sign = metric.better == Better::higher ? 1 : -1;
  double as_good = 0, sum = 0;
  for (const double v : values) as_good += sign * (v - *out.observed) >= -1e-12 * (1 + std::abs(*out.observed)), sum += v;
  out.p = out.exact ? std::max(1.0, as_good) / out.relabellings : (1 + as_good) / (1 + static_cast<double>(options.draws));
  if (values.empty()) return out;
  std::sort(values.begin(), values.end());
  const auto at = [&](double p) { return values[static_cast<std::size_t>(std::lround(p * static_cast<double>(values.size() - 1)))]; };
  out.chance = sum / static_cast<double>(values.size()), out.chance_lower = at(0.025), out.chance_upper = at(0.975);
  return out;
}

}  // namespace hyped
