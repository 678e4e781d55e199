// Isoforms gene by gene: units gathered, shares, the likelihood ratio and its scale.
#include "libhyped/expression/composition/isoform_proportions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "libhyped/errors.hpp"
#include "libhyped/expression/composition/dirichlet_multinomial.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN(), z95 = 1.959963984540054;

using Counts = std::vector<double>;
// Units of one gene: which group (0 reference, 1 arm), and their counts by isoform; alike ones together.
using Units = std::map<std::pair<int, Counts>, double>;

UnitCounts matrix_of(const Units& units, std::size_t classes) {
  UnitCounts out;
  out.counts.resize(static_cast<Eigen::Index>(units.size()), static_cast<Eigen::Index>(classes));
  out.times.resize(static_cast<Eigen::Index>(units.size()));
  Eigen::Index u = 0;
  for (const auto& [key, times] : units) {
    for (std::size_t j = 0; j < classes; ++j) out.counts(u, static_cast<Eigen::Index>(j)) = key.second[j];
    out.times[u++] = times;
    out.group.push_back(key.first);
  }
  return out;
}

// Likelihood ratio of shares by group; a fit that does not settle is told by `settled`.
double likelihood_ratio(const UnitCounts& units, DirichletMultinomialFit& pooled, DirichletMultinomialFit& apart, bool& settled) {
  pooled = fit_dirichlet_multinomial(units, 2, false);
  apart = fit_dirichlet_multinomial(units, 2, true);
  settled = pooled.outcome.ok() && apart.outcome.ok();
  return settled ? std::max(0.0, 2 * (apart.log_likelihood - pooled.log_likelihood)) : nan;
}

// One unit's counts: few by a Polya urn, which is the Dirichlet-multinomial, many by gamma weights and binomials.
Counts drawn(double total, const Eigen::RowVectorXd& share, double precision, RandomStream& random) {
  Counts out(static_cast<std::size_t>(share.size()), 0);
  if (total > 60) {
    Counts weight(out.size());
    double all = 0;
    for (std::size_t j = 0; j < out.size(); ++j) {
      const double p = share[static_cast<Eigen::Index>(j)];
      all += weight[j] = p > 0 && std::isfinite(precision) ? random.gamma(precision * p) : p;
    }
    auto left = static_cast<std::int64_t>(total);
    for (std::size_t j = 0; j < out.size() && left > 0 && all > 0; ++j) {
      const std::int64_t n = j + 1 == out.size() ? left : random.binomial(left, std::min(1.0, weight[j] / all));
      out[j] = static_cast<double>(n);
      left -= n, all -= weight[j];
    }
    return out;
  }
  for (double i = 0; i < total; ++i) {
    const bool again = std::isfinite(precision) && random.uniform() * (precision + i) < i;      // as one drawn before
    double u = random.uniform() * (again ? i : 1.0);
    std::size_t j = 0;
    for (; j + 1 < out.size(); ++j) {
      u -= again ? out[j] : share[static_cast<Eigen::Index>(j)];
      if (u < 0) break;
    }
    ++out[j];
  }
  return out;
}

// Mean of the likelihood ratio under no difference, over its degrees of freedom.
double bartlett_scale(const UnitCounts& units, const DirichletMultinomialFit& pooled, int df, const IsoformOptions& options, int gene, int arm) {
  double sum = 0;
  int used = 0;
  for (int draw = 0; draw < options.draws; ++draw) {
    RandomStream random(options.seed + 0x9E3779B97F4A7C15ull * static_cast<std::uint64_t>(arm + 1), static_cast<std::uint32_t>(gene), static_cast<std::uint32_t>(draw));
    Units simulated;
    for (Eigen::Index u = 0; u < units.counts.rows(); ++u)
      for (double i = 0; i < units.times[u]; ++i) simulated[{units.group[static_cast<std::size_t>(u)], drawn(units.counts.row(u).sum(), pooled.share.row(0), pooled.precision, random)}] += 1;
    DirichletMultinomialFit a, b;
    bool settled = false;
    const double ratio = likelihood_ratio(matrix_of(simulated, static_cast<std::size_t>(units.counts.cols())), a, b, settled);
    if (settled) sum += ratio, ++used;
  }
  return used > options.draws / 2 && sum > 0 ? sum / used / df : 1;
}

// Shares of one group with intervals from the scatter between its units.
std::vector<IsoformShare> shares_of(const UnitCounts& units, int group, const std::vector<int>& transcripts) {
  double total = 0, members = 0;
  Eigen::RowVectorXd sums = Eigen::RowVectorXd::Zero(units.counts.cols());
  for (Eigen::Index u = 0; u < units.counts.rows(); ++u)
    if (units.group[static_cast<std::size_t>(u)] == group) sums += units.times[u] * units.counts.row(u), members += units.times[u];
  total = sums.sum();
  std::vector<IsoformShare> out;
  for (Eigen::Index j = 0; j < sums.size(); ++j) {
    const double p = sums[j] / total;
    double squares = 0;
    for (Eigen::Index u = 0; u < units.counts.rows(); ++u)
      if (units.group[static_cast<std::size_t>(u)] == group) {
        const double off = units.counts(u, j) - p * units.counts.row(u).sum();
        squares += units.times[u] * off * off;
      }
    IsoformShare s{transcripts[static_cast<std::size_t>(j)], sums[j], p, nan, nan};
    // counts that scatter as much as the units do; never more than there are
    const double variance = members > 1 ? squares * members / (members - 1) / (total * total) : 0;
    const double n = variance > 0 && p > 0 && p < 1 ? std::min(total, p * (1 - p) / variance) : std::min(total, members);
    const double a = z95 * z95, half = z95 * std::sqrt(p * (1 - p) / n + a / (4 * n * n));
    s.lower = std::max(0.0, (p + a / (2 * n) - half) / (1 + a / n));
    s.upper = std::min(1.0, (p + a / (2 * n) + half) / (1 + a / n));
    out.push_back(s);
  }
  return out;
}

// Isoforms with too few counts in both groups together become the last class.
void merge_rare(std::vector<std::pair<int, Counts>>& rows, std::vector<int>& transcripts, double least) {
  Counts sums(transcripts.size(), 0);
  for (const auto& [group, counts] : rows)
    for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += counts[j];
  std::vector<int> kept;
  std::vector<std::size_t> common;
  double rare = 0;
  for (std::size_t j = 0; j < sums.size(); ++j) {
    if (sums[j] >= least) common.push_back(j), kept.push_back(transcripts[j]);
    else rare += sums[j];
  }
  const bool other = rare > 0;
  for (auto& [group, counts] : rows) {
    Counts merged;
    double sum = 0, used = 0;
    for (const double c : counts) sum += c;
    for (const std::size_t j : common) merged.push_back(counts[j]), used += counts[j];
    if (other) merged.push_back(sum - used);
    counts = std::move(merged);
  }
  if (other) kept.push_back(-1);
  transcripts = std::move(kept);
}

IsoformTest test_gene(std::vector<std::pair<int, Counts>> rows, std::vector<int> transcripts, int gene, int arm, bool samples, const IsoformOptions& options) {
  IsoformTest out;
  out.gene = gene;
  out.arm = arm;
  double totals[2] = {0, 0};
  for (const auto& [group, counts] : rows)
    for (const double c : counts) totals[group] += c;
  if (totals[0] < options.least_gene_counts || totals[1] < options.least_gene_counts) return out;
  merge_rare(rows, transcripts, options.least_isoform_counts);
  Units grouped;
  for (auto& row : rows) grouped[row] += 1;
  const UnitCounts units = matrix_of(grouped, transcripts.size());
  out.reference_shares = shares_of(units, 0, transcripts);
  out.arm_shares = shares_of(units, 1, transcripts);
  out.df = static_cast<int>(transcripts.size()) - 1;
  if (out.df < 1) {
    out.status = IsoformStatus::one_isoform;
    return out;
  }
  DirichletMultinomialFit pooled, apart;
  bool settled = false;
  out.statistic = likelihood_ratio(units, pooled, apart, settled);
  if (!settled) {
    out.status = IsoformStatus::not_converged;
    out.statistic = 0;
    return out;
  }
  out.status = IsoformStatus::tested;
  out.precision = apart.precision;
  const double expected = pooled.share.row(0).minCoeff() * std::min(totals[0], totals[1]);
  if (samples || expected < options.small_expectation) out.scale = bartlett_scale(units, pooled, out.df, options, gene, arm);
  out.test = chi_squared_tail(out.statistic / out.scale, out.df);
  return out;
}

}  // namespace

std::string_view to_string(IsoformStatus status) {
  switch (status) {
    case IsoformStatus::tested: return "tested";
    case IsoformStatus::one_isoform: return "one isoform";
    case IsoformStatus::too_few_counts: return "too few counts";
    case IsoformStatus::not_converged: return "the fit did not settle";
  }
  return "";
}

std::vector<IsoformTest> isoform_tests(const SparseRows& transcripts, std::span<const int> gene_of, const CellGroups& arms, int reference, const CellGroups* replicates, const IsoformOptions& options) {
  HYPED_REQUIRE(static_cast<int>(gene_of.size()) == transcripts.rows && static_cast<int>(arms.of_cell.size()) == transcripts.columns && reference >= 0 && reference < arms.count());
  std::map<int, std::vector<int>> isoforms_of;
  for (int t = 0; t < transcripts.rows; ++t)
    if (gene_of[static_cast<std::size_t>(t)] >= 0) isoforms_of[gene_of[static_cast<std::size_t>(t)]].push_back(t);
  std::vector<std::pair<int, std::vector<int>>> genes;
  for (auto& entry : isoforms_of)
    if (entry.second.size() > 1) genes.push_back(std::move(entry));
  const auto others = static_cast<std::size_t>(arms.count() - 1);
  std::vector<IsoformTest> out(genes.size() * others);
  parallel_for(static_cast<int>(genes.size()), [&](int i) {
    const auto& [gene, mine] = genes[static_cast<std::size_t>(i)];
    std::map<std::int32_t, Counts> units;      // cell, or arm and replicate, -> counts
    for (std::size_t j = 0; j < mine.size(); ++j) {
      const auto cells = transcripts.columns_of(mine[j]);
      const auto values = transcripts.values_of(mine[j]);
      for (std::size_t k = 0; k < cells.size(); ++k) {
        const auto cell = static_cast<std::size_t>(cells[k]);
        if (!(values[k] >= 0) || values[k] != std::floor(values[k])) throw InputError(fmt::format("transcript {}, cell {}", mine[j] + 1, cell + 1), fmt::format("{} is no count", values[k]), "isoforms are tested on counts");
        if (arms.of_cell[cell] < 0 || (replicates && replicates->of_cell[cell] < 0)) continue;
        const std::int32_t unit = replicates ? arms.of_cell[cell] * replicates->count() + replicates->of_cell[cell] : static_cast<std::int32_t>(cell);
        Counts& counts = units.try_emplace(unit, mine.size(), 0.0).first->second;
        counts[j] += static_cast<double>(values[k]);
      }
    }
    std::size_t at = static_cast<std::size_t>(i) * others;
    for (int arm = 0; arm < arms.count(); ++arm) {
      if (arm == reference) continue;
      std::vector<std::pair<int, Counts>> rows;
      for (const auto& [unit, counts] : units) {
        const int of = replicates ? unit / replicates->count() : arms.of_cell[static_cast<std::size_t>(unit)];
        if (of == arm || of == reference) rows.emplace_back(of == arm ? 1 : 0, counts);
      }
      out[at++] = test_gene(std::move(rows), mine, gene, arm, replicates != nullptr, options);
    }
  });
  return out;
}

}  // namespace hyped
