// Preparation of counts against closed forms and dense arithmetic.
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/expression/preparation/gene_moments.hpp"
#include "libhyped/expression/preparation/gene_scores.hpp"
#include "libhyped/expression/preparation/group_profiles.hpp"
#include "libhyped/expression/preparation/local_regression.hpp"
#include "libhyped/expression/preparation/normalise.hpp"
#include "libhyped/expression/preparation/quality.hpp"
#include "libhyped/expression/preparation/scaled_values.hpp"
#include "libhyped/expression/preparation/variable_genes.hpp"
#include "libhyped/expression/replicates/pseudobulk.hpp"
#include "tests/expression/simulated_cells.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {
SparseRows rows_of_dense(const std::vector<std::vector<float>>& values) {
  SparseRows m;
  m.columns = static_cast<int>(values[0].size());
  for (const auto& row : values) {
    for (std::size_t c = 0; c < row.size(); ++c)
      if (row[c] != 0) m.column.push_back(static_cast<int>(c)), m.value.push_back(row[c]);
    m.start.push_back(static_cast<std::int64_t>(m.column.size()));
    ++m.rows;
  }
  return m;
}
}  // namespace

TEST_CASE("quality of cells and genes in closed form") {
  const SparseRows m = rows_of_dense({{1, 0, 5, 2, 0}, {0, 0, 0, 0, 0}, {3, 1, 0, 4, 2}});
  const std::vector<std::string> names{"MT-CO1", "RPL3", "RPS6KA1", "mt-Nd1", "PRRX1"};
  const std::vector<GeneMask> masks{mitochondrial_genes(names), ribosomal_genes(names)};
  CHECK(masks[0].of == std::vector<char>{1, 0, 0, 1, 0});
  CHECK(masks[1].of == std::vector<char>{0, 1, 0, 0, 0});
  std::vector<std::string> absent;
  CHECK(named_genes("transgenes", names, transgene_symbols(), &absent).of == std::vector<char>{0, 0, 0, 0, 1});
  CHECK(absent == std::vector<std::string>{"MYOD1", "ESR1"});
  const CellQuality cell = cell_quality(m, masks, {2, 1, 50});
  CHECK(cell.top == std::vector<int>{1, 2, 50});
  CHECK(cell.total_counts == Eigen::Vector3d(8, 0, 10));
  CHECK(cell.genes_by_counts == Eigen::Vector3i(3, 0, 4));
  CHECK(cell.pct_in_top(0, 0) == 62.5);
  CHECK(cell.pct_in_top(0, 1) == 87.5);
  CHECK(cell.pct_in_top(2, 0) == 40);
  CHECK(cell.pct_in_top(2, 1) == 70);
  CHECK(cell.pct_in_top(2, 2) == 100);
  CHECK(std::isnan(cell.pct_in_top(1, 0)));
  CHECK(cell.pct_in_mask(0, 0) == 37.5);
  CHECK(cell.pct_in_mask(2, 1) == 10);
  const GeneQuality gene = gene_quality(m);
  CHECK(gene.cells_by_counts[0] == 2);
  CHECK(gene.mean_counts[3] == 2);
  CHECK(gene.pct_dropout[1] == Approx(100 * 2.0 / 3));
  CHECK(genes_to_keep(gene, 2, 0) == std::vector<int>{0, 3});
  CHECK(genes_to_keep(gene, 1, 5) == std::vector<int>{2, 3});
}

TEST_CASE("median, MAD, and the cells cut off by them within their library") {
  const MedianMad odd = median_mad(std::vector<double>{1, 2, 3, 4, 100, std::nan("")});
  CHECK(odd.median == 3);
  CHECK(odd.mad == 1);      // scipy.stats.median_abs_deviation([1, 2, 3, 4, 100])
  const MedianMad even = median_mad(std::vector<double>{1, 2, 4, 9});
  CHECK(even.median == 3);
  CHECK(even.mad == 1.5);
  // two libraries of different depth, one bad cell in each: a cut over both would miss them
  CellQuality quality;
  std::vector<int> group;
  std::vector<double> total;
  for (int library = 0; library < 2; ++library)
    for (int i = 0; i < 50; ++i) group.push_back(library), total.push_back((library ? 20000 : 2000) * std::exp(0.02 * (i % 11 - 5)) * (i == 7 ? (library ? 0.05 : 20) : 1));
  quality.total_counts = Eigen::Map<Eigen::VectorXd>(total.data(), 100);
  quality.genes_by_counts = Eigen::VectorXi::Constant(100, 900);
  quality.masks = {"mt"};
  quality.pct_in_mask = Eigen::MatrixXd::Constant(100, 1, 2);
  quality.pct_in_mask(33, 0) = 9;
  const std::vector<std::string> names{"one", "two"};
  CHECK(judge_cells(quality, {}, group, names).kept[33]);      // the MAD is 0, and there is no absolute bound unless it is asked for
  const QualityVerdict verdict = judge_cells(quality, {.max_pct_mt = 8}, group, names);
  for (int c = 0; c < 100; ++c) CHECK(verdict.kept[static_cast<std::size_t>(c)] == (c != 7 && c != 57 && c != 33));
  CHECK(verdict.mt_outlier[33]);
  bool flat = false;
  for (const QualityCut& cut : verdict.cuts)
    if (cut.metric == "log1p_n_genes_by_counts") {
      flat = true;
      CHECK_FALSE(cut.applies);      // all alike: MAD 0
      CHECK(std::isinf(cut.upper));
    }
  CHECK(flat);
}

TEST_CASE("equal shares of cells are equal numbers, whatever their depth") {
  for (int depth = 2; depth < 400; ++depth) {
    SparseRows m = rows_of_dense({{1, 2}, {static_cast<float>(depth), 2.0F * static_cast<float>(depth)}});
    log_normalise(m, row_totals(m), 1e4);
    REQUIRE(m.values_of(0)[0] == m.values_of(1)[0]);
    REQUIRE(m.values_of(0)[1] == m.values_of(1)[1]);
  }
}

TEST_CASE("normalised totals are the target and logs are natural") {
  SparseRows m = rows_of_dense({{1, 0, 3}, {0, 0, 0}, {40, 2.5F, 0}});
  const Eigen::VectorXd totals = row_totals(m);
  CHECK(median_total(totals) == Approx(0.5 * (4 + 42.5)));      // the empty cell does not count
  SparseRows one = m, two = m;
  normalise_total(one, totals, 1e4);
  CHECK(row_totals(one)[0] == Approx(1e4));
  CHECK(row_totals(one)[1] == 0);
  log1p_values(one);
  log_normalise(two, totals, 1e4);
  for (std::size_t i = 0; i < one.value.size(); ++i) CHECK(one.value[i] == Approx(two.value[i]).epsilon(2e-7));
  CHECK(two.value[0] == Approx(std::log1p(2500)));
}

TEST_CASE("a local quadratic regression returns a quadratic, and says when it cannot") {
  RandomStream random(3, 0, 0);
  std::vector<double> x, y, noisy;
  for (int i = 0; i < 700; ++i) {
    x.push_back(std::floor(40 * random.normal()) / 10);      // many ties
    y.push_back(1 - 2 * x.back() + 0.3 * x.back() * x.back());
    noisy.push_back(std::sin(x.back()) + 0.05 * random.normal());
  }
  const LocalRegression exact = local_quadratic_regression(x, y);
  REQUIRE(exact.outcome.ok());
  CHECK(exact.vertex.size() > 10);
  for (std::size_t v = 0; v < exact.vertex.size(); ++v) {
    CHECK(exact.value[v] == Approx(1 - 2 * exact.vertex[v] + 0.3 * exact.vertex[v] * exact.vertex[v]).margin(1e-9));
    CHECK(exact.slope[v] == Approx(-2 + 0.6 * exact.vertex[v]).margin(1e-9));
  }
  for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(exact.fitted[i] == Approx(y[i]).margin(1e-8));      // a cubic Hermite carries a quadratic
  const LocalRegression smooth = local_quadratic_regression(x, noisy);
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (std::abs(x[i]) < 5) worst = std::max(worst, std::abs(smooth.fitted[i] - std::sin(x[i])));
  CHECK(worst < 0.35);
  std::vector<double> alike(300, 1.0);
  for (int i = 0; i < 60; ++i) alike[static_cast<std::size_t>(i)] = i;
  CHECK(local_quadratic_regression(alike, std::vector<double>(300, 2.0)).outcome.status == Status::singular);
  CHECK_THROWS_AS(local_quadratic_regression(std::vector<double>{1, 2, 3}, std::vector<double>{1, 2, 3}), InputError);
}

TEST_CASE("genes made variable are found, excluded ones are not, threads change nothing") {
  const SimulatedCells cells = simulated_cells({.cells = 600, .genes = 1000, .groups = 3, .depth = 3000, .level_spread = 1.2, .changed = 0});
  SparseRows counts = cells.counts;
  const std::vector<int> planted{11, 222, 503, 777};
  for (int c = 0; c < counts.rows; ++c)
    for (std::size_t i = 0; i < counts.columns_of(c).size(); ++i)
      if (std::find(planted.begin(), planted.end(), counts.columns_of(c)[i]) != planted.end()) counts.values_of(c)[i] *= c % 5 == 0 ? 30 : 1;
  VariableGeneOptions options;
  options.top = 30;
  options.excluded.assign(1000, 0);
  options.excluded[503] = 1;
  const auto one = with_threads(1, [&] { return variable_genes_seurat_v3(counts, options, cells.batch); });
  const auto many = with_threads(2, [&] { return variable_genes_seurat_v3(counts, options, cells.batch); });
  CHECK(one.normalised == many.normalised);
  CHECK(one.selected == many.selected);
  CHECK(std::count(one.selected.begin(), one.selected.end(), 1) == 30);
  SparseRows logs = counts;
  log_normalise(logs, row_totals(counts), 1e4);
  const auto seurat = variable_genes_seurat(logs, options);
  int by_dispersion = 0;      // its bins of the mean hold few genes at the ends, where one planted gene hides another
  for (const int g : planted) {
    CAPTURE(g);
    CHECK(one.selected[static_cast<std::size_t>(g)] == (g != 503));
    by_dispersion += seurat.selected[static_cast<std::size_t>(g)];
  }
  CHECK(by_dispersion >= 2);
  CHECK_FALSE(seurat.selected[503]);
}

TEST_CASE("cells in S and G2/M are found by their genes, with how sure it is") {
  // frequencies of set genes doubled or not, 4 phases in turn
  SimulatedCells cells = simulated_cells({.cells = 900, .genes = 800, .groups = 1, .depth = 6000, .level_spread = 0.8});
  std::vector<int> s_genes, g2m_genes;
  for (int g = 0; g < 40; ++g) s_genes.push_back(10 * g), g2m_genes.push_back(10 * g + 5);
  SparseRows counts = cells.counts;
  for (int c = 0; c < counts.rows; ++c)
    for (std::size_t i = 0; i < counts.columns_of(c).size(); ++i) {
      const int g = counts.columns_of(c)[i];
      const bool s = g % 10 == 0 && g < 400, g2m = g % 10 == 5 && g < 400;
      if ((s && c % 3 == 1) || (g2m && c % 3 == 2)) counts.values_of(c)[i] *= 2;
      else if (s || g2m) counts.values_of(c)[i] = std::ceil(counts.values_of(c)[i] * 0.5F);
    }
  log_normalise(counts, row_totals(counts), 1e4);
  const CellCycle cycle = score_cell_cycle(counts, s_genes, g2m_genes);
  int right[3] = {0, 0, 0}, clear = 0, clear_right = 0;
  for (int c = 0; c < counts.rows; ++c) {
    const bool good = static_cast<int>(cycle.phase[static_cast<std::size_t>(c)]) == c % 3;
    right[c % 3] += good;
    clear += cycle.clear[static_cast<std::size_t>(c)];
    clear_right += good && cycle.clear[static_cast<std::size_t>(c)];
  }
  CAPTURE(right[0], right[1], right[2], clear, clear_right);
  CHECK(right[1] > 270);
  CHECK(right[2] > 270);
  CHECK(right[0] > 200);
  CHECK(clear_right > 0.97 * clear);
  CHECK(cycle.s.genes == 40);
  CHECK_THROWS_AS(score_genes(counts, {}), InputError);
}

TEST_CASE("scaled values are those of the dense matrix, clipped zeros too") {
  SparseRows m = simulated_cells({.cells = 300, .genes = 60, .groups = 2, .depth = 900}).counts;
  for (int c = 0; c < 300; ++c)      // a gene that is nearly constant and missing in one cell: its zero is clipped
    for (std::size_t i = 0; i < m.columns_of(c).size(); ++i)
      if (m.columns_of(c)[i] == 3) m.values_of(c)[i] = 50;
  const Eigen::MatrixXd x = dense(m);
  const ScaledValues scaled = scaled_values(m, 2.5);
  const Eigen::MatrixXd ours = dense(scaled.rows).rowwise() + scaled.at_zero.transpose();
  int clipped = 0;
  for (int g = 0; g < 60; ++g) {
    const double mean = x.col(g).mean(), deviation = std::sqrt((x.col(g).array() - mean).square().sum() / 299);
    for (int c = 0; c < 300; ++c) {
      const double z = (x(c, g) - mean) / (deviation > 0 ? deviation : 1);
      clipped += std::abs(z) > 2.5;
      REQUIRE(ours(c, g) == Approx(std::clamp(z, -2.5, 2.5)).margin(1e-6));
    }
  }
  CHECK(clipped > 50);
}

TEST_CASE("pseudobulk: means of logs, sums per replicate, threads change nothing") {
  const SimulatedCells cells = simulated_cells({.cells = 3000, .genes = 50, .groups = 3, .depth = 200});
  const std::vector<std::string> names{"a", "b", "c"};
  SparseRows logs = cells.counts;
  log_normalise(logs, row_totals(logs), 1e4);
  const auto one = with_threads(1, [&] { return mean_of_logs(logs, cells.group, names); });
  const auto many = with_threads(2, [&] { return mean_of_logs(logs, cells.group, names); });
  CHECK(one.mean == many.mean);
  const Eigen::MatrixXd x = dense(logs), counts = dense(cells.counts);
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(50);
  for (int c = 1; c < 3000; c += 3) sum += x.row(c).transpose();
  for (int g = 0; g < 50; ++g) CHECK(one.mean(1, g) == Approx(sum[g] / 1000));
  const std::vector<std::string> batches{"x", "y", "z"};
  const PseudobulkCounts sums = pseudobulk_counts(transposed(cells.counts), {names, {cells.group.begin(), cells.group.end()}}, {batches, {cells.batch.begin(), cells.batch.end()}}, 1);
  CHECK(sums.samples.size() == 9);
  CHECK(sums.counts.sum() == counts.sum());
  Eigen::VectorXd expected = Eigen::VectorXd::Zero(50);
  for (int c = 0; c < 3000; ++c)
    if (cells.group[static_cast<std::size_t>(c)] == 2 && cells.batch[static_cast<std::size_t>(c)] == 1) expected += counts.row(c).transpose();
  for (std::size_t p = 0; p < 9; ++p)
    if (sums.samples[p].arm == 2 && sums.samples[p].replicate == 1) CHECK(Eigen::VectorXd(sums.counts.row(static_cast<Eigen::Index>(p)).transpose()) == expected);
  CHECK(sums.log_normalised(1e4)(0, 5) == Approx(std::log1p(1e4 * sums.counts(0, 5) / sums.counts.row(0).sum())));
  CHECK_THROWS_AS(mean_of_logs(logs, cells.group, std::vector<std::string>{"a", "b", "c", "none"}), InputError);
}
