// Tiles of genes of both files, and what the metrics make of them.
#include "libhyped/score/streamed/streamed_vcc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/expression/preparation/normalise.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/score/bulk/bulk_metrics.hpp"
#include "libhyped/score/bulk/unbiased_error.hpp"
#include "libhyped/score/dialects/scored_pair.hpp"
#include "libhyped/score/differential/de_metrics.hpp"

namespace hyped {
namespace {

constexpr double bulk_target = 5e4;

// Counts of some genes as scanpy's 32-bit steps leave them, with the libraries of all genes.
SparseRows scanpy_logs(SparseRows counts, const Eigen::VectorXd& libraries, double target) {
  constexpr int block = 1024;
  const auto to = static_cast<float>(target);
  parallel_for((counts.rows + block - 1) / block, [&](int b) {
    for (int c = b * block; c < std::min(counts.rows, (b + 1) * block); ++c) {
      const float factor = static_cast<float>(libraries[c]) / to;
      for (float& v : counts.values_of(c)) v = static_cast<float>(std::log1p(static_cast<double>(v / factor)));
    }
  });
  return counts;
}

std::vector<std::vector<int>> members_of(const CellGroups& groups) {
  std::vector<std::vector<int>> out(static_cast<std::size_t>(groups.count()));
  for (std::size_t c = 0; c < groups.of_cell.size(); ++c)
    if (const auto k = groups.of_cell[c]; k >= 0) out[static_cast<std::size_t>(k)].push_back(static_cast<int>(c));
  return out;
}

// The table of all genes from tables of tiles; q is computed when all are there.
class GrowingTable {
 public:
  GrowingTable(const std::vector<std::string>& genes, std::size_t conditions, const DeSettings& settings) : settings_(settings) {
    table_.genes = genes;
    table_.values.resize(genes.size() * conditions);
    table_.significance = settings.significance;
    table_.float_columns = settings.float_columns;
  }
  void add(const DeTable& tile, std::size_t first) {
    table_.conditions = tile.conditions;
    for (std::size_t n = 0; n < tile.conditions.size(); ++n)
      for (std::size_t g = 0; g < tile.genes.size(); ++g) table_.values[n * table_.genes.size() + first + g] = tile.at(n, g);
  }
  // kept [G]: genes that pass the gate.
  DeTable finish(const std::vector<char>& kept) {
    const std::size_t genes = table_.genes.size();
    for (std::size_t i = 0; i < table_.values.size(); ++i) table_.values[i].tested = kept[i % genes] != 0;
    adjust(table_, settings_);
    table_.tested.assign(table_.conditions.size(), std::count(kept.begin(), kept.end(), 1));
    return std::move(table_);
  }

 private:
  DeTable table_;
  DeSettings settings_;
};

struct Side {
  const StreamedCells& cells;
  StreamedSums sums;
  std::vector<std::vector<int>> members;
  double median = 0;
  ProfileMatrix log_means;      // [L x G]
  NoisyProfiles bulk;           // [L]
  explicit Side(const StreamedCells& from) : cells(from), sums(streamed_sums(from)), members(members_of(from.groups)) {
    median = median_total(sums.libraries);
    log_means = ProfileMatrix::Zero(sums.sums.rows(), sums.sums.cols());
    bulk.profile = log_means;
    bulk.noise = Eigen::VectorXd::Zero(sums.sums.rows());
    for (Eigen::Index k = 0; k < sums.sums.rows(); ++k)
      if (const double total = sums.sums.row(k).sum(); total > 0) bulk.profile.row(k) = (bulk_target * sums.sums.row(k).array() / total).log1p().matrix();
  }
  void add_noise(const SparseRows& counts, int first) {
    Eigen::VectorXd noise = Eigen::VectorXd::Zero(bulk.noise.size());
    parallel_for(static_cast<int>(members.size()), [&](int k) { noise[k] = jackknife_noise(counts, members[static_cast<std::size_t>(k)], sums.libraries, sums.sums.row(k).segment(first, counts.columns).transpose().array(), sums.sums.row(k).sum(), bulk_target); });
    bulk.noise += noise;
  }
};

// Means by group of logs as the dialect takes them for profiles: divided in 64 bits, unlike those of its tables. Groups are jobs, cells in their order.
void add_log_means(SparseRows counts, Side& side, int first) {
  log_normalise(counts, side.sums.libraries, side.median);
  parallel_for(static_cast<int>(side.members.size()), [&](int k) {
    const std::vector<int>& members = side.members[static_cast<std::size_t>(k)];
    auto row = side.log_means.row(k).segment(first, counts.columns);
    for (const int c : members)
      for (std::size_t i = 0; i < counts.columns_of(c).size(); ++i) row[counts.columns_of(c)[i]] += static_cast<double>(counts.values_of(c)[i]);
    row /= std::max(1.0, static_cast<double>(members.size()));
  });
}

std::vector<int> tiles_of(const StreamedSums& a, const StreamedSums& b, std::uint64_t bytes) {
  std::vector<int> out = {0};
  std::int64_t most = static_cast<std::int64_t>(bytes / 8), held = 0;
  for (std::size_t g = 0; g < a.stored_of_gene.size(); ++g) {
    const std::int64_t here = std::max(a.stored_of_gene[g], b.stored_of_gene[g]);
    if (held > 0 && held + here > most) out.push_back(static_cast<int>(g)), held = 0;
    held += here;
  }
  out.push_back(static_cast<int>(a.stored_of_gene.size()));
  return out;
}

void check(const StreamedCells& truth, const StreamedCells& predicted, std::size_t own) {
  if (truth.genes != predicted.genes) throw InputError(predicted.where, fmt::format("has not the genes of {} in their order", truth.where), "write both files with the same genes");
  if (truth.groups.names != predicted.groups.names) throw InputError(predicted.where, fmt::format("has not the conditions and control of {}", truth.where), "name the same conditions in both");
  if (truth.groups.count() < 2 || own + 1 != truth.groups.names.size()) throw InputError(truth.where, "has no condition beside the control", "");
  require_cells(truth.groups, 1, truth.where);
  require_cells(predicted.groups, 1, predicted.where);
}

}  // namespace

StreamedVcc streamed_vcc(const StreamedCells& truth, const StreamedCells& predicted, const std::vector<std::vector<std::size_t>>& own_genes, const StreamedOptions& options) {
  check(truth, predicted, own_genes.size());
  const std::size_t conditions = own_genes.size(), genes = truth.genes.size();
  const auto n = static_cast<Eigen::Index>(conditions);
  const int control = static_cast<int>(conditions);
  Side real(truth), other(predicted);
  DeSettings first, second;      // VCC-2025, VCC-2026
  first.float_columns = true, first.pool = DeSettings::Pool::all, first.zero_mean = DeSettings::ZeroMean::twentyfold, first.significance = options.significance;
  second.mean = MeanKind::arithmetic, second.pseudocount = 1e-9, second.significance = options.significance;
  GrowingTable real_first(truth.genes, conditions, first), other_first(truth.genes, conditions, first), real_second(truth.genes, conditions, second), other_second(truth.genes, conditions, second);
  DeSettings first_tile = first;
  first_tile.float_columns = false, first_tile.pool = DeSettings::Pool::condition;      // done at the end
  // The prediction's cells against the measured control.
  std::vector<int> kept_rows;
  CellGroups mixed{truth.groups.names, {}};
  for (std::size_t c = 0; c < predicted.groups.of_cell.size(); ++c)
    if (const auto k = predicted.groups.of_cell[c]; k >= 0 && k != control) kept_rows.push_back(static_cast<int>(c)), mixed.of_cell.push_back(k);
  const std::vector<int>& control_rows = real.members.back();
  mixed.of_cell.insert(mixed.of_cell.end(), control_rows.size(), control);
  Eigen::VectorXd control_cpm = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(genes));
  const std::vector<int> tiles = tiles_of(real.sums, other.sums, options.tile_bytes);
  StreamedVcc out;
  out.readings = static_cast<int>(tiles.size());      // one for sums
  out.stored_truth = real.sums.stored, out.stored_predicted = other.sums.stored;
  for (std::size_t t = 0; t + 1 < tiles.size(); ++t) {
    const int from = tiles[t], until = tiles[t + 1];
    const std::vector<std::string> names(truth.genes.begin() + from, truth.genes.begin() + until);
    const auto at = static_cast<std::size_t>(from);
    SparseRows real_cpm;
    {
      const SparseRows counts = streamed_columns(truth, from, until);
      real.add_noise(counts, from);
      {
        add_log_means(counts, real, from);
        const SparseRows logs = scanpy_logs(counts, real.sums.libraries, real.median);
        real_first.add(differential_table(logs, names, truth.groups, control, first_tile), at);
      }
      real_cpm = counts;
      log_normalise(real_cpm, real.sums.libraries, 1e6);
    }
    real_second.add(differential_table(real_cpm, names, truth.groups, control, second), at);
    for (const int c : control_rows)
      for (std::size_t i = 0; i < real_cpm.columns_of(c).size(); ++i) control_cpm[from + real_cpm.columns_of(c)[i]] += std::expm1(static_cast<double>(real_cpm.values_of(c)[i]));
    SparseRows counts = streamed_columns(predicted, from, until);
    other.add_noise(counts, from);
    {
      add_log_means(counts, other, from);
      const SparseRows logs = scanpy_logs(counts, other.sums.libraries, other.median);
      other_first.add(differential_table(logs, names, predicted.groups, control, first_tile), at);
    }
    log_normalise(counts, other.sums.libraries, 1e6);
    other_second.add(differential_table(stacked_rows(counts, kept_rows, real_cpm, control_rows), names, mixed, control, second), at);
  }
  control_cpm /= static_cast<double>(control_rows.size());
  const double total = control_cpm.sum();
  std::vector<char> all(genes, 1), gated(genes, 0);
  for (std::size_t g = 0; g < genes; ++g) gated[g] = total > 0 && control_cpm[static_cast<Eigen::Index>(g)] / total * 1e6 > second.gate_cpm ? 1 : 0;

  const auto comparison = [&](const ProfileMatrix& a, const ProfileMatrix& b, bool own_control) {
    EffectComparison pair;
    pair.genes = truth.genes, pair.own_genes = own_genes;
    for (std::size_t p = 0; p < conditions; ++p) pair.conditions.push_back({truth.groups.names[p], {}, "", real.members[p].size()});
    pair.truth = a.topRows(n), pair.predicted = b.topRows(n), pair.control = a.row(n).replicate(n, 1);
    pair.predicted_control = own_control ? ProfileMatrix(b.row(n).replicate(n, 1)) : pair.control;
    return pair;
  };
  const EffectComparison logs = comparison(real.log_means, other.log_means, true), bulk = comparison(real.bulk.profile, other.bulk.profile, false);
  for (const char* id : {"mae", "discrimination_score_l1"}) out.scores.push_back({"cell-eval-0.6.6", id, bulk_metric(id).evaluate(logs), false});
  DeRules rules = cell_eval_rules();
  rules.auc_floor = DeRules::AucFloor::replace_zero, rules.missing_fold_is_zero = false;
  {
    const DeComparison tables{real_first.finish(all), other_first.finish(all), own_genes};
    out.scores.push_back({"cell-eval-0.6.6", "overlap_at_N", de_metric("overlap_at_N", rules).evaluate(tables), false});
  }
  out.scores.push_back({"cell-eval2", "pds_cosine", bulk_metric("pds_cosine").evaluate(bulk), false});
  const auto rows = [&](const NoisyProfiles& p, Eigen::Index from, Eigen::Index count) { return NoisyProfiles{p.profile.middleRows(from, count), p.noise.segment(from, count)}; };
  out.scores.push_back({"cell-eval2", "expr_mse_unbiased_capped_norm", {unbiased_capped_error(rows(real.bulk, 0, n), rows(other.bulk, 0, n), rows(real.bulk, n, 1), own_genes).ratio}, true});
  const DeComparison tables{real_second.finish(gated), other_second.finish(gated), own_genes};
  for (const char* id : {"direction_fidelity_yield_raw", "direction_reach_raw", "sig_jaccard", "lfc_nmae"}) {
    const DeMetric metric = de_metric(id, cell_eval2_rules());
    out.scores.push_back({"cell-eval2", id, metric.evaluate(tables), metric.over_all});
  }
  return out;
}

}  // namespace hyped
