// Tables and figures of a preparation.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "experiments/cells/cell_figures.hpp"
#include "experiments/cells/prepare.hpp"

namespace hyped {
namespace {

Table cut_table(const PreparedCells& prepared) {
  Table table({{"library", "", ""}, {"metric", "", ""}, {"unit", "", ""}, {"cells", "", ""}, {"median", "", ""}, {"mad", "", "median |x - median|, not scaled by 1.4826"}, {"lower", "", "kept from here; empty: no bound"}, {"upper", "", "to here"},
               {"outside", "", "cells"}, {"by_mad", "", "no: the MAD is 0 or cells are few"}});
  for (const QualityCut& cut : prepared.verdict.cuts)
    table.add_row({cut.group, cut.metric, cut.unit, std::int64_t{cut.cells}, cell_of(cut.median), cell_of(cut.mad), cell_of(cut.lower), cell_of(cut.upper), std::int64_t{cut.outside}, std::string(cut.applies ? "yes" : "no")});
  return table;
}

double median_in(const std::vector<int>& cells, const auto& value) {
  std::vector<double> values;
  for (const int c : cells) values.push_back(value(c));
  return median_of(values);
}

Table phase_table(const PreparedCells& prepared) {
  std::map<std::pair<int, int>, std::pair<int, int>> count;
  for (std::size_t i = 0; i < prepared.kept.size(); ++i) {
    auto& [cells, clear] = count[{prepared.arms.codes[static_cast<std::size_t>(prepared.kept[i])], static_cast<int>(prepared.cycle.phase[i])}];
    ++cells, clear += prepared.cycle.clear[i];
  }
  Table table({{"arm", "", ""}, {"phase", "", "by scores"}, {"cells", "", ""}, {"clear", "", "calls beyond two standard errors of the scores"}});
  for (const auto& [key, cells] : count)
    table.add_row({key.first < 0 ? Cell() : Cell(prepared.arms.levels[static_cast<std::size_t>(key.first)]), std::string(to_string(static_cast<CyclePhase>(key.second))), std::int64_t{cells.first}, std::int64_t{cells.second}});
  return table;
}

Table variable_table(const PreparedCells& prepared, bool v3) {
  Table table({{"gene", "", ""}, {"mean", "", v3 ? "of counts" : "ln(1 + mean of normalised counts)"}, {"spread", "", v3 ? "variance of counts" : "ln(variance / mean)"}, {"normalised", "1", v3 ? "variance over what genes of this mean have" : "standard deviations over the genes of the bin"},
               {"rank", "", "0 is first; median over libraries"}, {"libraries", "", "in which it is among the top"}, {"selected", "", ""}, {"masked", "", "could not be selected"}});
  std::vector<int> order(prepared.genes.size());
  std::iota(order.begin(), order.end(), 0);
  const auto& variable = prepared.variable;
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return std::isnan(variable.normalised[b]) ? !std::isnan(variable.normalised[a]) : variable.normalised[a] > variable.normalised[b]; });
  for (const int g : order)
    table.add_row({prepared.genes[static_cast<std::size_t>(g)], variable.mean[g], cell_of(variable.spread[g]), cell_of(variable.normalised[g]), variable.rank.size() > 0 ? cell_of(variable.rank[g]) : Cell(), std::int64_t{variable.batches[g]},
                   std::string(variable.selected[static_cast<std::size_t>(g)] ? "yes" : "no"), std::string(prepared.masked[static_cast<std::size_t>(g)] ? "yes" : "no")});
  return table;
}

void add_quality_figure(RunDirectory& run, const PreparedCells& prepared) {
  std::vector<DistributionPanel> panels;
  const auto add = [&](const std::string& metric, const std::string& title, const std::string& axis, const auto& value) {
    DistributionPanel panel{title, axis, {}, {}};
    for (Eigen::Index c = 0; c < prepared.quality.total_counts.size(); ++c) panel.value.push_back(value(c));
    for (const QualityCut& cut : prepared.verdict.cuts)
      if (cut.metric == metric) panel.cuts.emplace_back(cut.group, cut.lower), panel.cuts.emplace_back(cut.group, cut.upper);
    panels.push_back(std::move(panel));
  };
  const CellQuality& q = prepared.quality;
  add("log1p_total_counts", "counts", "ln(1 + counts of the cell)", [&](Eigen::Index c) { return std::log1p(q.total_counts[c]); });
  add("log1p_n_genes_by_counts", "genes seen", "ln(1 + genes of the cell)", [&](Eigen::Index c) { return std::log1p(q.genes_by_counts[c]); });
  for (std::size_t t = 0; t < std::min<std::size_t>(1, q.top.size()); ++t)
    add(fmt::format("pct_counts_in_top_{}_genes", q.top[t]), fmt::format("share of the top {} genes", q.top[t]), "counts of the cell [%]", [&](Eigen::Index c) { return q.pct_in_top(c, static_cast<Eigen::Index>(t)); });
  for (std::size_t m = 0; m < q.masks.size(); ++m)
    add("pct_counts_" + q.masks[m], q.masks[m] == "mt" ? "mitochondrial share" : "ribosomal share", "counts of the cell [%]", [&](Eigen::Index c) { return q.pct_in_mask(c, static_cast<Eigen::Index>(m)); });
  report::add_figure(run, distribution_figure("quality", "Quality of all cells of the file, by library, with the cut-offs that were used.", panels, prepared.libraries));
}

void add_variable_figure(RunDirectory& run, const PreparedCells& prepared, bool v3) {
  const auto& variable = prepared.variable;
  const auto n = static_cast<Eigen::Index>(prepared.genes.size());
  std::vector<std::int32_t> of;
  for (Eigen::Index g = 0; g < n; ++g) of.push_back(prepared.masked[static_cast<std::size_t>(g)] ? 2 : variable.selected[static_cast<std::size_t>(g)] ? 1 : 0);
  const std::vector<std::string> names{"not selected", "selected", "masked"}, colours{"#a8a8a8", "#D55E00", "#0072B2"};
  PointPanel left{v3 ? "variance of counts" : "dispersion", v3 ? "log10 mean counts" : "ln(1 + mean)", v3 ? "log10 variance" : "ln(variance / mean)", Eigen::VectorXd(n), Eigen::VectorXd(n), names, colours, of, 0.25, {}, {}};
  PointPanel right{"normalised", left.x_axis, v3 ? "log10 normalised variance" : "normalised dispersion [sd]", Eigen::VectorXd(n), Eigen::VectorXd(n), names, colours, of, 0.25, {}, {}};
  for (Eigen::Index g = 0; g < n; ++g) {
    left.x[g] = right.x[g] = v3 ? std::log10(variable.mean[g]) : variable.mean[g];
    left.y[g] = v3 ? std::log10(variable.spread[g]) : variable.spread[g];
    right.y[g] = v3 ? std::log10(variable.normalised[g]) : variable.normalised[g];
  }
  if (variable.expected_log10.size() == n) {
    std::vector<Eigen::Index> order;
    for (Eigen::Index g = 0; g < n; ++g)
      if (!std::isnan(variable.expected_log10[g])) order.push_back(g);
    std::sort(order.begin(), order.end(), [&](Eigen::Index a, Eigen::Index b) { return left.x[a] < left.x[b]; });
    const auto count = std::min<std::size_t>(order.size(), 300);
    left.line_x.resize(static_cast<Eigen::Index>(count));
    left.line_y = left.line_x;
    for (std::size_t i = 0; i < count; ++i) {
      const Eigen::Index g = order[i * (order.size() - 1) / std::max<std::size_t>(1, count - 1)];
      left.line_x[static_cast<Eigen::Index>(i)] = left.x[g], left.line_y[static_cast<Eigen::Index>(i)] = variable.expected_log10[g];
    }
  }
  report::add_figure(run, point_figure("variable_genes", v3 ? "Variance of each gene and what a local regression expects of genes of its mean (line); selected genes lie highest above it." : "Dispersion of each gene and its distance to the genes of like mean.", {left, right}, "diagnostics"));
}

}  // namespace

Table cells_kept(const PreparedCells& prepared) {
  std::map<std::pair<int, int>, std::pair<std::vector<int>, std::vector<int>>> groups;
  for (std::size_t c = 0; c < prepared.arms.codes.size(); ++c) groups[{prepared.arms.codes[c], prepared.libraries.codes[c]}].first.push_back(static_cast<int>(c));
  for (const int c : prepared.kept) groups[{prepared.arms.codes[static_cast<std::size_t>(c)], prepared.libraries.codes[static_cast<std::size_t>(c)]}].second.push_back(c);
  Table table({{"arm", "", ""}, {"library", "", ""}, {"cells", "", "in the file"}, {"kept", "", ""}, {"median_counts", "", "of the cells kept"}, {"median_genes", "", "of the cells kept"}});
  for (const auto& [key, cells] : groups)
    table.add_row({key.first < 0 ? Cell() : Cell(prepared.arms.levels[static_cast<std::size_t>(key.first)]), key.second < 0 ? Cell() : Cell(prepared.libraries.levels[static_cast<std::size_t>(key.second)]),
                   static_cast<std::int64_t>(cells.first.size()), static_cast<std::int64_t>(cells.second.size()), cell_of(median_in(cells.second, [&](int c) { return prepared.quality.total_counts[c]; })),
                   cell_of(median_in(cells.second, [&](int c) { return static_cast<double>(prepared.quality.genes_by_counts[c]); }))});
  return table;
}

void report_preparation(RunDirectory& run, const PreparedCells& prepared, const PrepareSettings& settings) {
  const bool v3 = settings.flavour == VariableGeneFlavour::seurat_v3;
  run.add_table("quality_cuts", cut_table(prepared), "Cut-offs by median and MAD within libraries, and absolute ones.");
  const Table kept = cells_kept(prepared);
  fmt::print("\n{}\n", to_terminal(kept, "tables/cells_kept.tsv"));
  run.add_table("cells_kept", kept, "Cells before and after quality control.");
  run.add_result("cells", static_cast<double>(prepared.kept.size()), "1");
  run.add_result("genes", static_cast<double>(prepared.genes.size()), "1");
  add_quality_figure(run, prepared);
  if (!prepared.cycle.phase.empty()) run.add_table("phases", phase_table(prepared), "Phases called from the scores of S and G2/M genes. Of cells sorted by phase they tell how good the calls are, not a composition.");
  if (!prepared.variable.outcome.ok()) return;
  run.add_table("variable_genes", variable_table(prepared, v3), "Genes by how much they vary beyond genes of their level.");
  add_variable_figure(run, prepared, v3);
  const Pca& pca = prepared.pca;
  Table components({{"component", "", ""}, {"variance", "", ""}, {"share", "1", "of the variance of the variable genes"}, {"highest", "", "genes with the largest positive loadings"}, {"lowest", "", "and negative ones"}});
  std::vector<int> chosen;
  for (std::size_t g = 0; g < prepared.genes.size(); ++g)
    if (prepared.variable.selected[g]) chosen.push_back(static_cast<int>(g));
  for (Eigen::Index c = 0; c < pca.variance.size(); ++c) {
    std::vector<int> order(chosen.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return pca.loadings(a, c) > pca.loadings(b, c); });
    std::string high, low;
    for (std::size_t i = 0; i < std::min<std::size_t>(5, order.size()); ++i) {
      high += (i ? ", " : "") + prepared.genes[static_cast<std::size_t>(chosen[static_cast<std::size_t>(order[i])])];
      low += (i ? ", " : "") + prepared.genes[static_cast<std::size_t>(chosen[static_cast<std::size_t>(order[order.size() - 1 - i])])];
    }
    components.add_row({std::int64_t{c + 1}, pca.variance[c], pca.variance_share[c], high, low});
  }
  run.add_table("components", components, "Principal components: variance, share, leading genes.");
  PointPanel share{"variance of the components", "component", "share of variance [1]", Eigen::VectorXd::LinSpaced(pca.variance.size(), 1, static_cast<double>(pca.variance.size())), pca.variance_share, {"component"}, {"#0072B2"}, {}, 0.5, {}, {}};
  const Labels arms{prepared.arms.levels, [&] {
                      std::vector<std::int32_t> codes;
                      for (const int c : prepared.kept) codes.push_back(prepared.arms.codes[static_cast<std::size_t>(c)]);
                      return codes;
                    }()};
  std::vector<PointPanel> panels{share};
  if (pca.scores.cols() > 1) panels.push_back({"cells by arm", "component 1", "component 2", pca.scores.col(0), pca.scores.col(1), arms.levels, colours_of(arms.levels, Palette::arms), arms.codes, 0.2, {}, {}});
  report::add_figure(run, point_figure("components", "Share of variance of the principal components, and the cells along the first two.", panels, "answer"));
}

}  // namespace hyped
