// Tables and figures of a comparison of arms.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "experiments/cells/differential.hpp"
#include "experiments/report/figure.hpp"
#include "libhyped/expression/composition/design_limits.hpp"

namespace hyped {
namespace {

constexpr double ten = 2.302585092994046;

const std::string& arm_of(const DifferentialResult& r, const GeneDifference& d) { return r.arms.names[static_cast<std::size_t>(d.arm)]; }
const std::string& gene_of(const DifferentialResult& r, const GeneDifference& d) { return r.genes[static_cast<std::size_t>(d.gene)]; }

// An infinite fold change is an empty cell; where the gene is absent is in a column of its own.
std::string absent_in(const FoldChange& fold) { return std::isinf(fold.log2) ? fold.log2 > 0 ? "reference" : "arm" : ""; }

Table all_differences(const DifferentialResult& r, const DifferentialSettings& settings) {
  const bool ranks = settings.test == DifferentialTest::wilcoxon, bulk = !ranks && settings.test != DifferentialTest::t && settings.test != DifferentialTest::t_overestimated;
  const std::string scale = bulk ? "counts per cell" : settings.target == 1e4 ? "CP10k" : "normalised counts";
  std::vector<Column> columns = {{"arm", "", ""}, {"gene", "", ""}, {"log2_fold_change", "1", "arm over reference"}, {"lower", "1", bulk ? "95 %, other cultures" : "95 %, other cells of these cultures"}, {"upper", "1", ""},
                                 {"absent_in", "", "the side without this gene: its fold change is infinite"}, {"mean_arm", scale, ""}, {"mean_reference", scale, ""}, {"expressing_arm", "1", "share of cells"}, {"expressing_reference", "1", ""}};
  if (ranks) columns.insert(columns.end(), {{"u", "1", "Mann-Whitney U of the arm"}, {"area", "1", "P(arm > reference) + P(equal) / 2"}, {"area_lower", "1", "95 %"}, {"area_upper", "1", ""}});
  columns.insert(columns.end(), {{bulk && settings.test == DifferentialTest::nb ? "f" : bulk && settings.test == DifferentialTest::nb_ratio ? "chi_squared" : ranks || bulk ? "z" : "t", "1", ""}, {"p", "1", "two-sided"}, {"log10_p", "1", "also where p is below what a double holds"},
                                 {"fdr", "1", "Benjamini-Hochberg"}, {"log10_fdr", "1", ""}, {"status", "", "why not tested"}, {"caution", "", ""}});
  Table table(columns);
  const bool hyped = are_hyped_arms(r.arms.names);
  for (const GeneDifference& d : r.differences) {
    const bool tested = d.status.empty();
    std::vector<Cell> row = {arm_of(r, d), gene_of(r, d), cell_of(d.fold.log2), cell_of(d.fold.lower), cell_of(d.fold.upper), absent_in(d.fold), d.mean_arm, d.mean_reference, d.expressing_arm, d.expressing_reference};
    if (ranks) row.insert(row.end(), {cell_of(d.u), cell_of(d.area), cell_of(d.area_lower), cell_of(d.area_upper)});
    const auto if_tested = [&](double value) { return tested ? cell_of(value) : Cell(); };
    row.insert(row.end(), {if_tested(d.statistic), if_tested(d.test.p), if_tested(d.test.log_p / ten), if_tested(d.q.p), if_tested(d.q.log_p / ten), d.status, hyped ? gene_caution(gene_of(r, d)) : std::string()});
    table.add_row(std::move(row));
  }
  return table;
}

// Names of the genes with the smallest p, where they do not cover one another on a panel of 300 x 240 pixels.
void add_names(Table& labels, const DifferentialResult& r, const DifferentialSettings& settings, double edge, double highest) {
  constexpr std::size_t most = 12, tried = 60;
  std::vector<std::pair<double, double>> placed;      // centre
  std::vector<double> width;
  std::size_t seen = 0;
  for (std::size_t i = 0; i < r.differences.size(); ++i) {
    const GeneDifference& d = r.differences[i];
    if (i == 0 || d.arm != r.differences[i - 1].arm) placed.clear(), width.clear(), seen = 0;
    if (!d.status.empty() || d.q.p >= settings.fdr || std::isnan(d.fold.log2) || placed.size() >= most || ++seen > tried) continue;
    const double x = std::clamp(d.fold.log2, -edge, edge), px = x / edge * 144, py = -d.test.log_p / ten / highest * 214, wide = 6.0 * static_cast<double>(gene_of(r, d).size());
    bool free = true;
    for (std::size_t k = 0; k < placed.size(); ++k) free = free && (std::abs(px - placed[k].first) > 0.5 * (wide + width[k]) || std::abs(py - placed[k].second) > 11);
    if (!free) continue;
    placed.emplace_back(px, py), width.push_back(wide);
    labels.add_row({arm_of(r, d), x, -d.test.log_p / ten, gene_of(r, d)});
  }
}

// One point for each place on paper: what would be drawn over is left out.
void add_volcano(RunDirectory& run, const DifferentialResult& r, const DifferentialSettings& settings) {
  Table points({{"arm", "", ""}, {"kind", "", ""}, {"x", "1", "log2 fold change"}, {"y", "1", "-log10 p"}}), labels({{"arm", "", ""}, {"x", "1", ""}, {"y", "1", ""}, {"label", "", ""}});
  double widest = 1, highest = 1;
  for (const GeneDifference& d : r.differences) {
    if (!d.status.empty()) continue;
    if (std::isfinite(d.fold.log2) && d.q.p < settings.fdr) widest = std::max(widest, std::abs(d.fold.log2));
    highest = std::max(highest, -d.test.log_p / ten);
  }
  const double edge = 1.08 * widest;
  std::set<std::tuple<int, int, int, std::string>> seen;
  std::int64_t outside = 0;
  for (const GeneDifference& d : r.differences) {
    if (!d.status.empty() || std::isnan(d.fold.log2)) continue;
    const bool found = d.q.p < settings.fdr, far = std::abs(d.fold.log2) > edge;
    outside += far ? 1 : 0;
    const double x = std::clamp(d.fold.log2, -edge, edge), y = -d.test.log_p / ten;
    const std::string kind = far ? found ? "edge" : "edge_none" : found ? d.fold.log2 > 0 ? "up" : "down" : "none";
    if (!seen.insert({d.arm, static_cast<int>(std::lround(x / edge * 110)), static_cast<int>(std::lround(y / highest * 160)), kind}).second) continue;
    points.add_row({arm_of(r, d), kind, x, y});
  }
  add_names(labels, r, settings, edge, highest);
  if (points.rows().empty()) return;
  std::vector<std::pair<std::string, Table>> data{{"points", points}};
  if (!labels.rows().empty()) data.emplace_back("labels", labels);
  report::add_figure(run, {"volcano", fmt::format("Every gene: log2 fold change against -log10 p; coloured below a false discovery rate of {:g}; triangles at the edge: {} fold changes outside, most of genes absent on one side. Points that would cover each other are drawn once.", settings.fdr, outside), "volcano", data, {}, "answer"});
}

}  // namespace

std::vector<const GeneDifference*> top_genes(const DifferentialResult& r, const DifferentialSettings& settings, int arm) {
  const bool hyped = are_hyped_arms(r.arms.names);
  std::vector<const GeneDifference*> out;
  for (const GeneDifference& d : r.differences) {
    if (d.arm != arm || !d.status.empty() || static_cast<int>(out.size()) >= settings.top) continue;
    if (settings.top_up && !(d.fold.log2 > 0)) continue;
    if (d.q.p >= settings.fdr || (hyped && !gene_caution(gene_of(r, d)).empty())) continue;
    out.push_back(&d);
  }
  return out;
}

void report_top_genes(RunDirectory& run, const DifferentialResult& r, const DifferentialSettings& settings) {
  Table rows({{"panel", "", ""}, {"name", "", ""}, {"estimate", "1", "log2 fold change"}, {"lower", "1", "95 %"}, {"upper", "1", ""}});
  Table table({{"arm", "", ""}, {"rank", "1", ""}, {"gene", "", ""}, {"log2_fold_change", "1", ""}, {"lower", "1", ""}, {"upper", "1", ""}, {"absent_in", "", ""}, {"log10_p", "1", ""}, {"fdr", "1", ""}});
  std::vector<std::string> infinite;
  for (int arm = 0; arm < r.arms.count(); ++arm) {
    std::int64_t rank = 0;
    for (const GeneDifference* d : top_genes(r, settings, arm)) {
      table.add_row({arm_of(r, *d), ++rank, gene_of(r, *d), cell_of(d->fold.log2), cell_of(d->fold.lower), cell_of(d->fold.upper), absent_in(d->fold), d->test.log_p / ten, d->q.p});
      if (std::isfinite(d->fold.log2)) rows.add_row({"log2 fold change, " + arm_of(r, *d), gene_of(r, *d), d->fold.log2, cell_of(d->fold.lower), cell_of(d->fold.upper)});
      else infinite.push_back(fmt::format("{} ({})", gene_of(r, *d), arm_of(r, *d)));
    }
  }
  if (table.rows().empty()) return;
  fmt::print("\n{}\n", to_terminal(table, "tables/top_genes.tsv"));
  run.add_table("top_genes", table, fmt::format("The {} genes of each arm with the smallest p{} among those below a false discovery rate of {:g}; genes with a caution are left out.", settings.top, settings.top_up ? " that are higher in the arm" : "", settings.fdr));
  if (rows.rows().empty()) return;
  report::add_figure(run, {"top_genes", fmt::format("Top {} genes of each arm by p{}: log2 fold change with 95 % interval ({}).{}", settings.top, settings.top_up ? ", higher in the arm" : "", settings.replicate.empty() || settings.test == DifferentialTest::wilcoxon ? "cells of these cultures" : "between replicates",
                                                    infinite.empty() ? "" : fmt::format(" Not drawn, absent on one side: {}.", fmt::join(infinite, ", "))),
                           "intervals", {{"rows", rows}}, {{"same_range", "yes"}}, "answer"});
}

void report_differential(RunDirectory& run, const DifferentialResult& r, const DifferentialSettings& settings) {
  Table summary({{"arm", "", ""}, {"cells", "1", ""}, {"tested", "1", "genes"}, {"up", "1", fmt::format("below {:g}, higher in the arm", settings.fdr)}, {"down", "1", ""}, {"absent_in_reference", "1", "of those up"}, {"absent_in_arm", "1", "of those down"}});
  const auto sizes = r.arms.sizes();
  for (int arm = 0; arm < r.arms.count(); ++arm) {
    if (arm == r.reference) continue;
    std::int64_t tested = 0, up = 0, down = 0, only_arm = 0, only_reference = 0;
    for (const GeneDifference& d : r.differences) {
      if (d.arm != arm || !d.status.empty()) continue;
      ++tested;
      if (d.q.p >= settings.fdr) continue;
      const double sign = d.fold.log2 != 0 ? d.fold.log2 : d.statistic;
      (sign > 0 ? up : down) += 1;
      if (std::isinf(d.fold.log2)) (sign > 0 ? only_arm : only_reference) += 1;
    }
    const std::string& name = r.arms.names[static_cast<std::size_t>(arm)];
    summary.add_row({name, sizes[static_cast<std::size_t>(arm)], tested, up, down, only_arm, only_reference});
    run.add_result("significant_" + name, static_cast<double>(up + down), "genes");
    run.add_answer(fmt::format("{}: {} of {} genes below a false discovery rate of {:g}, {} higher and {} lower than in {}.", name, up + down, tested, settings.fdr, up, down, r.reference < 0 ? "the other cells" : r.arms.names[static_cast<std::size_t>(r.reference)]));
  }
  fmt::print("\n{}\n", to_terminal(summary, "tables/differential_summary.tsv"));
  run.add_table("differential_summary", summary, "Genes that differ, by arm.");
  run.add_table("differential", all_differences(r, settings), "Every gene in every arm, by p.");
  add_volcano(run, r, settings);
  report_top_genes(run, r, settings);
}

}  // namespace hyped
