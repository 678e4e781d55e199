// Weights of resampled units.
#include "fitting/networks/cells/cell_bootstrap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "libhyped/distance/tail_probability.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

// Sums over units: cells, or wells.
struct UnitSums {
  Eigen::MatrixXd counts;      // [U x S]
  Eigen::VectorXd size;        // [U]
};

UnitSums units_of(const GroupCells& cells, bool by_wells) {
  if (!by_wells) return {cells.counts, cells.size};
  std::map<int, Eigen::Index> place;
  for (const int w : cells.well) place.emplace(w, 0);
  Eigen::Index next = 0;
  for (auto& [well, at] : place) at = next++;
  UnitSums out{Eigen::MatrixXd::Zero(std::max<Eigen::Index>(next, 1), cells.counts.cols()), Eigen::VectorXd::Zero(std::max<Eigen::Index>(next, 1))};
  for (Eigen::Index n = 0; n < cells.counts.rows(); ++n) {
    const Eigen::Index at = cells.well.empty() ? 0 : place[cells.well[static_cast<std::size_t>(n)]];
    out.counts.row(at) += cells.counts.row(n);
    out.size[at] += cells.size[n];
  }
  return out;
}

Eigen::VectorXd ratio(const UnitSums& units, const std::vector<double>& weights) {
  Eigen::VectorXd counts = Eigen::VectorXd::Zero(units.counts.cols());
  double size = 0;
  for (Eigen::Index u = 0; u < units.size.size(); ++u) {
    const double w = weights.empty() ? 1 : weights[static_cast<std::size_t>(u)];
    if (w == 0) continue;
    counts += w * units.counts.row(u).transpose();
    size += w * units.size[u];
  }
  return counts / size;
}

}  // namespace

RatioMeans ratio_means(const GroupCells& cells, const std::vector<double>& weights, bool by_wells) {
  const UnitSums units = units_of(cells, by_wells);
  HYPED_REQUIRE(weights.empty() || static_cast<Eigen::Index>(weights.size()) == units.size.size());
  Eigen::VectorXd weight = Eigen::VectorXd::Ones(units.size.size());
  if (!weights.empty()) weight = Eigen::Map<const Eigen::VectorXd>(weights.data(), units.size.size());
  HYPED_REQUIRE(weight.size() == 0 || weight.minCoeff() >= 0);
  const double n = static_cast<double>((weight.array() > 0).count());
  if (n < 2) throw InputError(cells.name, fmt::format("has {} {}", n, by_wells ? "well" : "cell"), by_wells ? "one well says nothing about the spread between wells" : "");
  if (!(weight.dot(units.size) > 0)) throw InputError(cells.name, "has no counts of genes outside the network", "");
  RatioMeans out;
  out.units = static_cast<int>(n);
  out.mean = ratio(units, weights);
  const Eigen::MatrixXd residuals = weight.asDiagonal() * (units.counts - units.size * out.mean.transpose());
  out.standard_error = (residuals.colwise().squaredNorm().transpose() * (n / (n - 1))).cwiseSqrt() / weight.dot(units.size);
  return out;
}

CellBootstrap bootstrap_groups(const std::vector<GroupCells>& groups, const RefitToMeans& refit, const CellBootstrapOptions& options) {
  const bool wells = options.unit == ResampledUnit::wells;
  std::vector<UnitSums> units;
  for (const GroupCells& group : groups) {
    units.push_back(units_of(group, wells));
    if (units.back().size.size() < 2) throw InputError(group.name, wells ? "has one well" : "has fewer than two cells", wells ? "it says nothing about the spread between wells; resample cells, and know that their spread is not that of wells" : "");
  }
  std::vector<Eigen::VectorXd> made(static_cast<std::size_t>(options.replicates));
  std::vector<Outcome> outcomes(made.size());
  parallel_for(options.replicates, [&](int r) {
    RandomStream random(options.seed, 0x626f6f74, static_cast<std::uint32_t>(r));
    std::vector<Eigen::VectorXd> means;
    for (const UnitSums& one : units) {
      const auto n = static_cast<std::size_t>(one.size.size());
      std::vector<double> weights(n, 0);
      for (std::size_t k = 0; k < (wells ? n - 1 : n); ++k) weights[static_cast<std::size_t>(random.uniform() * static_cast<double>(n))] += 1;
      means.push_back(ratio(one, weights));
    }
    outcomes[static_cast<std::size_t>(r)] = refit(means, made[static_cast<std::size_t>(r)]);
  });
  CellBootstrap out;
  std::vector<const Eigen::VectorXd*> good;
  for (std::size_t r = 0; r < made.size(); ++r) {
    if (outcomes[r].ok() && made[r].allFinite()) good.push_back(&made[r]);
    else if (++out.failures == 1) out.failure = outcomes[r].ok() ? "a number is not finite" : outcomes[r].message;
  }
  if (10 * out.failures > options.replicates || good.size() < 20) out.outcome = {Status::not_converged, fmt::format("{} of {} refits failed, first: {}", out.failures, options.replicates, out.failure)};
  if (good.empty()) return out;
  out.numbers.resize(static_cast<Eigen::Index>(good.size()), good[0]->size());
  for (std::size_t r = 0; r < good.size(); ++r) out.numbers.row(static_cast<Eigen::Index>(r)) = good[r]->transpose();
  double fewest = static_cast<double>(units[0].size.size());
  for (const UnitSums& one : units) fewest = std::min(fewest, static_cast<double>(one.size.size()));
  const double tail = (1 + options.level) / 2, stretch = student_quantile(tail, 2 * (fewest - 1)) / normal_quantile_of(tail) * (wells ? 1.0 : std::sqrt(fewest / (fewest - 1)));
  const Eigen::Index count = out.numbers.cols();
  out.sd.resize(count), out.lower.resize(count), out.upper.resize(count);
  for (Eigen::Index f = 0; f < count; ++f) {
    std::vector<double> sorted(out.numbers.col(f).begin(), out.numbers.col(f).end());
    std::sort(sorted.begin(), sorted.end());
    const auto at = [&](double p) {
      const double place = p * static_cast<double>(sorted.size() - 1);
      const auto low = static_cast<std::size_t>(place);
      return low + 1 < sorted.size() ? sorted[low] + (place - static_cast<double>(low)) * (sorted[low + 1] - sorted[low]) : sorted[low];
    };
    const Eigen::VectorXd column = out.numbers.col(f);
    out.sd[f] = sorted.size() > 1 ? std::sqrt((column.array() - column.mean()).square().sum() / static_cast<double>(sorted.size() - 1)) : 0;
    const double middle = at(0.5);
    out.lower[f] = middle + stretch * (at(1 - tail) - middle), out.upper[f] = middle + stretch * (at(tail) - middle);
  }
  return out;
}

}  // namespace hyped
