// Sums of counts over cells, and designs.
#include "libhyped/expression/replicates/pseudobulk.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <utility>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {

PseudobulkCounts pseudobulk_counts(const SparseRows& genes, const CellGroups& arms, const CellGroups& replicates, std::int64_t least_cells) {
  HYPED_REQUIRE(arms.of_cell.size() == replicates.of_cell.size() && static_cast<int>(arms.of_cell.size()) == genes.columns);
  const auto width = static_cast<std::size_t>(replicates.count());
  std::vector<std::int64_t> cells(arms.names.size() * width, 0);
  std::vector<std::int32_t> sample_of(arms.of_cell.size(), -1);
  for (std::size_t c = 0; c < sample_of.size(); ++c)
    if (arms.of_cell[c] >= 0 && replicates.of_cell[c] >= 0) {
      sample_of[c] = static_cast<std::int32_t>(static_cast<std::size_t>(arms.of_cell[c]) * width + static_cast<std::size_t>(replicates.of_cell[c]));
      ++cells[static_cast<std::size_t>(sample_of[c])];
    }
  PseudobulkCounts out;
  out.arms = arms.names;
  out.replicates = replicates.names;
  std::vector<std::int32_t> row_of(cells.size(), -1);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i] == 0) continue;
    const PseudobulkSample sample{static_cast<int>(i / width), static_cast<int>(i % width), cells[i]};
    if (cells[i] < least_cells) {
      out.words.push_back(fmt::format("{}, {}: {} cells are too few for a sample, left out", arms.names[i / width], replicates.names[i % width], cells[i]));
      continue;
    }
    row_of[i] = static_cast<std::int32_t>(out.samples.size());
    out.samples.push_back(sample);
  }
  if (out.samples.empty()) throw InputError("replicates", fmt::format("no arm has {} cells in any replicate", least_cells), "check the columns, or lower --min-cells");
  for (auto& sample : sample_of) sample = sample < 0 ? -1 : row_of[static_cast<std::size_t>(sample)];
  out.counts = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(out.samples.size()), genes.rows);
  parallel_for(genes.rows, [&](int g) {
    const auto where = genes.columns_of(g);
    const auto value = genes.values_of(g);
    for (std::size_t i = 0; i < where.size(); ++i) {
      const auto row = sample_of[static_cast<std::size_t>(where[i])];
      if (!(value[i] >= 0) || value[i] != std::floor(value[i]))
        throw InputError(fmt::format("gene {}, cell {}", g + 1, where[i] + 1), fmt::format("{} is no count", value[i]), "a pseudobulk test adds counts up: give the layer that holds them");
      if (row >= 0) out.counts(row, g) += static_cast<double>(value[i]);
    }
  });
  return out;
}

Eigen::MatrixXd PseudobulkCounts::log_normalised(double target) const {
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(counts.rows(), counts.cols());
  const Eigen::VectorXd total = counts.rowwise().sum();
  for (Eigen::Index s = 0; s < counts.rows(); ++s)
    if (total[s] > 0) out.row(s) = (counts.row(s) * (target / total[s])).array().log1p().matrix();
  return out;
}

std::string_view to_string(SizeFactors kind) { return kind == SizeFactors::library ? "library sizes" : "median of ratios"; }

Eigen::VectorXd size_factors(const Eigen::MatrixXd& counts, SizeFactors kind) {
  const Eigen::Index samples = counts.rows();
  Eigen::VectorXd log_factor(samples);
  const Eigen::VectorXd totals = counts.rowwise().sum();
  for (Eigen::Index s = 0; s < samples; ++s)
    if (!(totals[s] > 0)) throw InputError(fmt::format("sample {}", s + 1), "has no counts at all", "leave it out");
  if (kind == SizeFactors::library) {
    log_factor = totals.array().log();
  } else {
    std::vector<Eigen::Index> everywhere;
    for (Eigen::Index g = 0; g < counts.cols(); ++g)
      if ((counts.col(g).array() > 0).all()) everywhere.push_back(g);
    if (everywhere.empty()) throw InputError("size factors", "no gene is counted in every sample, so there are no ratios", "use library sizes (--size-factors library)");
    std::vector<double> ratios(everywhere.size());
    Eigen::MatrixXd logs(samples, static_cast<Eigen::Index>(everywhere.size()));
    for (std::size_t i = 0; i < everywhere.size(); ++i) logs.col(static_cast<Eigen::Index>(i)) = counts.col(everywhere[i]).array().log();
    const Eigen::RowVectorXd centre = logs.colwise().mean();
    for (Eigen::Index s = 0; s < samples; ++s) {
      for (std::size_t i = 0; i < ratios.size(); ++i) ratios[i] = logs(s, static_cast<Eigen::Index>(i)) - centre[static_cast<Eigen::Index>(i)];
      const auto half = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
      std::nth_element(ratios.begin(), half, ratios.end());
      const double upper = *half;
      log_factor[s] = ratios.size() % 2 == 1 ? upper : 0.5 * (upper + *std::max_element(ratios.begin(), half));
    }
  }
  return (log_factor.array() - log_factor.mean()).exp();
}

PseudobulkDesign pseudobulk_design(const PseudobulkCounts& bulk, int reference) {
  const auto arm_count = bulk.arms.size(), replicate_count = bulk.replicates.size();
  std::vector<int> arms_of_replicate(replicate_count, 0), samples_of_arm(arm_count, 0);
  for (const auto& s : bulk.samples) ++arms_of_replicate[static_cast<std::size_t>(s.replicate)], ++samples_of_arm[static_cast<std::size_t>(s.arm)];
  const std::string& reference_name = bulk.arms.at(static_cast<std::size_t>(reference));
  if (samples_of_arm[static_cast<std::size_t>(reference)] == 0) throw InputError("reference " + reference_name, "has no replicate with enough cells");
  PseudobulkDesign out;
  out.paired = std::any_of(arms_of_replicate.begin(), arms_of_replicate.end(), [](int n) { return n > 1; });
  out.coefficients.push_back("intercept");
  out.of_arm.assign(arm_count, -1);
  for (std::size_t a = 0; a < arm_count; ++a)
    if (static_cast<int>(a) != reference && samples_of_arm[a] > 0) {
      out.of_arm[a] = static_cast<int>(out.coefficients.size());
      out.coefficients.push_back(bulk.arms[a] + " - " + reference_name);
    }
  std::vector<int> column_of(replicate_count, -1);
  if (out.paired) {
    bool first = true;
    for (std::size_t r = 0; r < replicate_count; ++r) {
      if (arms_of_replicate[r] == 0) continue;
      if (arms_of_replicate[r] == 1) out.words.push_back(bulk.replicates[r] + " occurs in one arm only: in a paired design it says nothing of the arms");
      if (!std::exchange(first, false)) {
        column_of[r] = static_cast<int>(out.coefficients.size());
        out.coefficients.push_back("replicate " + bulk.replicates[r]);
      }
    }
  }
  const auto samples = static_cast<Eigen::Index>(bulk.samples.size());
  out.design = Eigen::MatrixXd::Zero(samples, static_cast<Eigen::Index>(out.coefficients.size()));
  for (Eigen::Index s = 0; s < samples; ++s) {
    const PseudobulkSample& sample = bulk.samples[static_cast<std::size_t>(s)];
    out.design(s, 0) = 1;
    if (const int c = out.of_arm[static_cast<std::size_t>(sample.arm)]; c >= 0) out.design(s, c) = 1;
    if (const int c = column_of[static_cast<std::size_t>(sample.replicate)]; c >= 0) out.design(s, c) = 1;
  }
  if (Eigen::ColPivHouseholderQR<Eigen::MatrixXd>(out.design).rank() < out.design.cols())
    throw InputError("replicates", fmt::format("the arms and the replicates cannot be told apart: an arm shares no chain of replicates with {}", reference_name), "compare only arms that were run in the same replicates (--only)");
  out.residual_df = static_cast<int>(samples - out.design.cols());
  if (out.residual_df < 1)
    throw InputError("replicates", fmt::format("{} samples and {} coefficients ({}) leave nothing to learn the scatter between replicates from", samples, out.design.cols(), fmt::join(out.coefficients, ", ")),
                     "a pseudobulk test needs at least two replicates of each arm; for cells of one culture use --test wilcoxon and read what it is conditional on");
  out.words.push_back(out.paired ? fmt::format("replicates are blocks: {} samples, {} residual degrees of freedom", samples, out.residual_df)
                                 : fmt::format("every replicate belongs to one arm: arms are compared between replicates, {} samples, {} residual degrees of freedom", samples, out.residual_df));
  return out;
}

}  // namespace hyped
