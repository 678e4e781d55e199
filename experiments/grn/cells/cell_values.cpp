// Values of cells by group, and programmes out of them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "experiments/cells/cell_columns.hpp"
#include "experiments/grn/cells/read_cells.hpp"
#include "experiments/program_files.hpp"
#include "fitting/networks/cells/nuisance_programmes.hpp"
#include "libhyped/counted.hpp"
#include "libhyped/ingest/delimited.hpp"

namespace hyped {
namespace {

int place_of(const std::vector<std::string>& genes, const std::string& gene) {
  const auto at = std::find(genes.begin(), genes.end(), gene);
  return at == genes.end() ? -1 : static_cast<int>(at - genes.begin());
}

std::filesystem::path programme_file(const GrnScenario& scenario) {
  return scenario.nuisance.file.empty() ? std::filesystem::path(program_file("data/gene_sets/nuisance_programmes.tsv")) : beside_scenario(scenario, scenario.nuisance.file, "correct [nuisance] file");
}

// Values [G x N] of these genes, N the cells of `chosen` in their order.
Eigen::MatrixXd dense_values(const ExpressionInput& input, const std::vector<std::string>& genes, const std::vector<int>& column_of_cell, Eigen::Index columns) {
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(genes.size()), columns);
  for (std::size_t g = 0; g < genes.size(); ++g) {
    const int row = place_of(input.genes, genes[g]);
    const auto cells = input.by_gene.columns_of(row);
    const auto values = input.by_gene.values_of(row);
    for (std::size_t e = 0; e < cells.size(); ++e)
      if (const int at = column_of_cell[static_cast<std::size_t>(cells[e])]; at >= 0) out(static_cast<Eigen::Index>(g), at) = values[e];
  }
  return out;
}

}  // namespace

std::vector<int> rows_in_groups(const CellGroups& groups) {
  std::vector<int> next(groups.names.size(), 0), out;
  for (const auto group : groups.of_cell) out.push_back(group < 0 ? -1 : next[static_cast<std::size_t>(group)]++);
  return out;
}

std::vector<GroupCells> values_by_group(const GrnScenario& scenario, const ExpressionInput& input, const GrnCellGroups& groups, const std::vector<std::string>& genes, std::vector<std::string>& notes) {
  const auto rows = rows_in_groups(groups.groups);
  const auto sizes = groups.groups.sizes();
  const auto& group_of = groups.groups.of_cell;
  std::vector<GroupCells> out;
  for (std::size_t g = 0; g < sizes.size(); ++g) {
    const auto n = static_cast<Eigen::Index>(sizes[g]);
    out.push_back({groups.groups.names[g], Eigen::MatrixXd::Zero(n, static_cast<Eigen::Index>(genes.size())), Eigen::VectorXd::Ones(n), {}});
  }
  const auto each = [&](int gene, const auto& use) {
    const auto cells = input.by_gene.columns_of(gene);
    const auto values = input.by_gene.values_of(gene);
    for (std::size_t e = 0; e < cells.size(); ++e) {
      const auto cell = static_cast<std::size_t>(cells[e]);
      if (group_of[cell] >= 0) use(out[static_cast<std::size_t>(group_of[cell])], static_cast<Eigen::Index>(rows[cell]), static_cast<double>(values[e]));
    }
  };
  for (std::size_t g = 0; g < genes.size(); ++g)
    each(place_of(input.genes, genes[g]), [&](GroupCells& group, Eigen::Index row, double value) { group.counts(row, static_cast<Eigen::Index>(g)) = value; });
  if (scenario.data.scale == GrnCellScale::log_ratio) {
    const bool rest = genes.size() < input.genes.size();
    const std::set<std::string> mine(genes.begin(), genes.end());
    for (GroupCells& group : out) group.size.setZero();
    double total = 0, cells = 0;
    for (std::size_t g = 0; g < input.genes.size(); ++g)
      if (!rest || !mine.contains(input.genes[g])) each(static_cast<int>(g), [&](GroupCells& group, Eigen::Index row, double value) { group.size[row] += value; });
    for (const GroupCells& group : out) {
      total += group.size.sum(), cells += static_cast<double>(group.size.size());
      if (!(group.size.minCoeff() > 0)) throw InputError(input.where, fmt::format("'{}' has cells without a count outside the network's genes", group.name), "filter the cells first: hyped cells prepare");
    }
    for (GroupCells& group : out) group.size *= cells / total;
    notes.push_back(rest ? fmt::format("The size of a cell is its count of {} outside the network.", counted(input.genes.size() - genes.size(), "gene")) : "The network holds all genes: the size of a cell is its whole count, so that effects are relative to their mean.");
  }
  if (!scenario.data.well.empty()) {
    const CellGroups wells = groups_by(input.data.obs, scenario.data.well, {}, input.where);
    for (std::size_t c = 0; c < group_of.size(); ++c) {
      if (group_of[c] < 0) continue;
      if (wells.of_cell[c] < 0) throw InputError(input.where, fmt::format("a cell of '{}' has no well in column '{}'", groups.groups.names[static_cast<std::size_t>(group_of[c])], scenario.data.well), "leave these cells out, or give another column");
      out[static_cast<std::size_t>(group_of[c])].well.push_back(wells.of_cell[c]);
    }
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> programme_genes(const GrnScenario& scenario) {
  const auto file = programme_file(scenario);
  const DelimitedTable table = DelimitedTable::read(file);
  const std::size_t programme = table.column("programme"), gene = table.column("gene");
  std::vector<std::pair<std::string, std::string>> out;
  std::set<std::string> known;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    known.insert(table.name(r, programme));
    if (std::find(scenario.nuisance.programmes.begin(), scenario.nuisance.programmes.end(), table.name(r, programme)) != scenario.nuisance.programmes.end()) out.emplace_back(table.name(r, programme), table.name(r, gene));
  }
  for (const auto& name : scenario.nuisance.programmes)
    if (!known.contains(name)) throw InputError(scenario.file.string(), fmt::format("there is no programme '{}' in {}", name, file.string()), did_you_mean(name, std::vector<std::string>(known.begin(), known.end())));
  return out;
}

TakenOut take_out_programmes(const GrnScenario& scenario, const ExpressionInput& input, const GrnCellGroups& groups, GrnData& data) {
  TakenOut out;
  std::vector<ProgrammeGene> table;
  for (const auto& [programme, gene] : programme_genes(scenario)) table.push_back({programme, gene});
  std::vector<std::string> genes = data.genes;
  const std::size_t own = genes.size();
  for (const auto& row : table)
    if (place_of(input.genes, row.gene) >= 0 && place_of(genes, row.gene) < 0) genes.push_back(row.gene);
  const auto programmes = place_programmes(table, genes, out.notes);
  const auto rows = rows_in_groups(groups.groups);
  out.standard_error = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(data.conditions.size()), static_cast<Eigen::Index>(own));
  out.table = Table({{"arm", "", ""}, {"gene", "", ""}, {"effect", "", "log-normalised, before"}, {"adjusted", "", "after programmes were taken out"}, {"standard_error", "", "of the adjusted effect, loadings included"}});
  for (int phase = 0; phase < groups.phases; ++phase) {
    std::vector<int> column(groups.groups.of_cell.size(), -1), group;
    std::vector<std::size_t> cell;
    for (std::size_t c = 0; c < column.size(); ++c) {
      const int of = groups.groups.of_cell[c];
      if (of < 0 || of % groups.phases != phase) continue;
      column[c] = static_cast<int>(cell.size());
      cell.push_back(c);
      group.push_back(of >= groups.conditions ? 0 : 1 + of / groups.phases);
    }
    Eigen::MatrixXd values = dense_values(input, genes, column, static_cast<Eigen::Index>(cell.size()));
    for (std::size_t n = 0; n < cell.size(); ++n)      // libraries may have been subtracted from the network's genes
      values.col(static_cast<Eigen::Index>(n)).head(static_cast<Eigen::Index>(own)) = data.cells[static_cast<std::size_t>(groups.groups.of_cell[cell[n]])].counts.row(rows[cell[n]]).transpose();
    const ProjectedEffects projected = project_programmes(values, group, programmes);
    for (const auto& note : projected.notes) out.notes.push_back(groups.phases > 1 ? fmt::format("{}: {}", data.cells[static_cast<std::size_t>(groups.conditions + phase)].name, note) : note);
    for (std::size_t n = 0; n < cell.size(); ++n)
      data.cells[static_cast<std::size_t>(groups.groups.of_cell[cell[n]])].counts.row(rows[cell[n]]) -= (projected.loading.topRows(static_cast<Eigen::Index>(own)) * projected.scores.col(static_cast<Eigen::Index>(n))).transpose();
    for (std::size_t arm = 0; arm < groups.arms.size(); ++arm) {
      const auto row = arm * static_cast<std::size_t>(groups.phases) + static_cast<std::size_t>(phase);
      for (std::size_t g = 0; g < own; ++g) {
        const auto i = static_cast<Eigen::Index>(g), k = static_cast<Eigen::Index>(arm) + 1;
        out.standard_error(static_cast<Eigen::Index>(row), i) = projected.adjusted_se(i, k);
        out.table.add_row({data.conditions[row], data.genes[g], projected.effect(i, k), projected.adjusted(i, k), projected.adjusted_se(i, k)});
      }
    }
  }
  out.notes.push_back(fmt::format("Programmes taken out of every effect: {}. Loadings come from the scatter of cells within arms.", fmt::join(scenario.nuisance.programmes, ", ")));
  return out;
}

}  // namespace hyped
