// Libraries and arms: subtracted where the design tells them apart, an error of every gene where it does not.
#include <fmt/format.h>

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "experiments/grn/cells/read_cells.hpp"
#include "libhyped/counted.hpp"

namespace hyped {
namespace {

double median_of(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

// Cells of each group in each library [groups x libraries].
Eigen::MatrixXi cells_in(const GrnCellGroups& groups, const CellGroups& libraries) {
  Eigen::MatrixXi out = Eigen::MatrixXi::Zero(groups.groups.count(), libraries.count());
  for (std::size_t c = 0; c < libraries.of_cell.size(); ++c)
    if (groups.groups.of_cell[c] >= 0 && libraries.of_cell[c] >= 0) ++out(groups.groups.of_cell[c], libraries.of_cell[c]);
  return out;
}

// Component of each group where groups are linked by the libraries they share.
std::vector<int> components(const Eigen::MatrixXi& cells) {
  std::vector<int> of(static_cast<std::size_t>(cells.rows()));
  std::iota(of.begin(), of.end(), 0);
  for (Eigen::Index l = 0; l < cells.cols(); ++l) {
    int first = -1;
    for (Eigen::Index g = 0; g < cells.rows(); ++g) {
      if (cells(g, l) == 0) continue;
      if (first < 0) first = of[static_cast<std::size_t>(g)];
      const int old = of[static_cast<std::size_t>(g)];
      for (int& one : of) one = one == old ? first : one;
    }
  }
  return of;
}

}  // namespace

bool subtract_libraries(const GrnScenario& scenario, const ExpressionInput& input, const GrnCellGroups& groups, GrnData& data) {
  const CellGroups libraries = groups_by(input.data.obs, scenario.data.library, {}, input.where);
  const Eigen::MatrixXi cells = cells_in(groups, libraries);
  const auto linked = components(cells);
  for (std::size_t row = 0; row < data.conditions.size(); ++row)
    if (linked[row] != linked[static_cast<std::size_t>(data.reference_of[row])]) return false;
  int used = 0;
  for (Eigen::Index l = 0; l < cells.cols(); ++l) used += cells.col(l).sum() > 0 ? 1 : 0;
  if (used < 2) {
    data.notes.push_back(fmt::format("All cells are of one library (column {}): nothing is subtracted.", scenario.data.library));
    return true;
  }
  if (data.scale == GrnCellScale::log_ratio) throw InputError(scenario.file.string(), "libraries are subtracted from log-normalised values", "write scale = \"log_normalised\" in [data]");
  // mean of group g in library l = group effect + library effect, weighted by cells; the least norm leaves libraries at a sum of zero within linked parts
  const auto rows = rows_in_groups(groups.groups);
  const Eigen::Index count = cells.rows() * cells.cols(), genes = static_cast<Eigen::Index>(data.genes.size());
  Eigen::MatrixXd design = Eigen::MatrixXd::Zero(count, cells.rows() + cells.cols()), sums = Eigen::MatrixXd::Zero(count, genes);
  for (std::size_t c = 0; c < rows.size(); ++c) {
    const int g = groups.groups.of_cell[c], l = libraries.of_cell[c];
    if (g >= 0 && l >= 0) sums.row(g * cells.cols() + l) += data.cells[static_cast<std::size_t>(g)].counts.row(rows[c]);
  }
  for (Eigen::Index g = 0; g < cells.rows(); ++g)
    for (Eigen::Index l = 0; l < cells.cols(); ++l) {
      const double root = std::sqrt(static_cast<double>(cells(g, l)));
      design(g * cells.cols() + l, g) = design(g * cells.cols() + l, cells.rows() + l) = root;
      if (root > 0) sums.row(g * cells.cols() + l) /= root;
    }
  const Eigen::MatrixXd effects = design.completeOrthogonalDecomposition().solve(sums).bottomRows(cells.cols());
  for (std::size_t c = 0; c < rows.size(); ++c)
    if (const int g = groups.groups.of_cell[c]; g >= 0 && libraries.of_cell[c] >= 0) data.cells[static_cast<std::size_t>(g)].counts.row(rows[c]) -= effects.row(libraries.of_cell[c]);
  data.facts.emplace_back("libraries", fmt::format("{} of column {}, linked by arms that are in several: their differences are subtracted (rms {:.3f} over genes)", used, scenario.data.library, std::sqrt((effects.rowwise() - effects.colwise().mean()).array().square().mean())));
  return true;
}

void widen_for_libraries(const GrnScenario& scenario, const ExpressionInput& input, const GrnCellGroups& groups, GrnData& data) {
  const CellGroups libraries = groups_by(input.data.obs, scenario.data.library, {}, input.where);
  const auto linked = components(cells_in(groups, libraries));
  const std::set<std::string> mine(data.genes.begin(), data.genes.end());
  const auto sizes = groups.groups.sizes();
  const Eigen::Index conditions = static_cast<Eigen::Index>(data.conditions.size());
  // Of every gene outside: sums and squares by group.
  std::vector<std::vector<double>> differences(data.conditions.size()), variances(data.conditions.size());
  std::vector<double> total(sizes.size(), 0);
  const bool counts = data.scale == GrnCellScale::log_ratio;
  for (std::size_t g = 0; g < data.cells.size(); ++g) total[g] = data.cells[g].size.sum();
  for (std::size_t gene = 0; gene < input.genes.size(); ++gene) {
    if (mine.contains(input.genes[gene])) continue;
    std::vector<double> sum(sizes.size(), 0), squares(sizes.size(), 0);
    const auto cells = input.by_gene.columns_of(static_cast<int>(gene));
    const auto values = input.by_gene.values_of(static_cast<int>(gene));
    for (std::size_t e = 0; e < cells.size(); ++e)
      if (const int g = groups.groups.of_cell[static_cast<std::size_t>(cells[e])]; g >= 0) sum[static_cast<std::size_t>(g)] += values[e], squares[static_cast<std::size_t>(g)] += static_cast<double>(values[e]) * values[e];
    for (Eigen::Index row = 0; row < conditions; ++row) {
      const auto a = static_cast<std::size_t>(row), b = static_cast<std::size_t>(data.reference_of[a]);
      const auto moments = [&](std::size_t g, double& mean, double& variance) {
        const double n = counts ? total[g] : static_cast<double>(sizes[g]), cells_here = static_cast<double>(sizes[g]);
        mean = sum[g] / n;
        variance = std::max(0.0, squares[g] / cells_here - sum[g] * sum[g] / cells_here / cells_here) / (cells_here - 1);
        if (counts && mean > 0) variance /= mean * mean, mean = std::log(mean);
      };
      if (sum[a] < 20 || sum[b] < 20) continue;      // hardly seen
      double here = 0, there = 0, va = 0, vb = 0;
      moments(a, here, va), moments(b, there, vb);
      differences[a].push_back(here - there);
      variances[a].push_back(va + vb);
    }
  }
  std::string words;
  for (Eigen::Index row = 0; row < conditions; ++row) {
    const auto a = static_cast<std::size_t>(row);
    if (linked[a] == linked[static_cast<std::size_t>(data.reference_of[a])]) continue;
    if (differences[a].size() < 10) throw InputError(input.where, fmt::format("'{}' and its reference share no library, and only {} outside the network {} how much libraries differ", data.conditions[a], counted(differences[a].size(), "gene"), agreed(differences[a].size(), "tells", "tell")), "leave [data] library out, and know that libraries may look like effects");
    std::vector<double> off;
    const double centre = median_of(differences[a]);
    for (const double d : differences[a]) off.push_back(std::abs(d - centre));
    const double spread = 1.4826 * median_of(off), noise = median_of(variances[a]), sd = std::sqrt(std::max(0.0, spread * spread - noise));
    for (Eigen::Index g = 0; g < data.standard_error.cols(); ++g)
      if (data.standard_error(row, g) > 0) data.standard_error(row, g) = std::hypot(data.standard_error(row, g), sd);
    words += fmt::format("{}{} {:.3f}", words.empty() ? "" : ", ", data.conditions[a], sd);
  }
  data.warnings.push_back(fmt::format("Arms and their reference are in libraries of their own (column {}): a gene's factor between libraries cannot be told from an effect. The spread of genes outside the network (sd {}; effects on them count in it) is part of every standard error.", scenario.data.library, words));
}

}  // namespace hyped
