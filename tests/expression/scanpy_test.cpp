// Quality, normalisation, variable genes, scores and components against scanpy, and against its documented formulas in NumPy.
#include <catch2/catch.hpp>
#include <cmath>
#include <tuple>

#include "libhyped/expression/embedding/principal_components.hpp"
#include "libhyped/expression/preparation/gene_scores.hpp"
#include "libhyped/expression/preparation/normalise.hpp"
#include "libhyped/expression/preparation/quality.hpp"
#include "libhyped/expression/preparation/scaled_values.hpp"
#include "libhyped/expression/preparation/variable_genes.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "tests/experiments/real_data.hpp"
#include "tests/expression/peer_exchange.hpp"
#include "tests/expression/simulated_cells.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

struct Case {
  std::string name;
  SparseRows counts;
  std::vector<int> batch;
  int top_genes = 0, components = 0;
};

Eigen::MatrixXd rows_of_vectors(const std::vector<Eigen::VectorXd>& vectors) {
  Eigen::MatrixXd out(static_cast<Eigen::Index>(vectors.size()), vectors[0].size());
  for (std::size_t i = 0; i < vectors.size(); ++i) out.row(static_cast<Eigen::Index>(i)) = vectors[i].transpose();
  return out;
}
Eigen::VectorXd as_numbers(const std::vector<char>& flags) {
  Eigen::VectorXd out(static_cast<Eigen::Index>(flags.size()));
  for (std::size_t i = 0; i < flags.size(); ++i) out[static_cast<Eigen::Index>(i)] = flags[i];
  return out;
}
Eigen::VectorXd stored(const SparseRows& m) { return Eigen::Map<const Eigen::VectorXf>(m.value.data(), static_cast<Eigen::Index>(m.value.size())).cast<double>(); }

// Both references on one matrix; true if the scanpy one ran.
bool compare(const Case& one) {
  CAPTURE(one.name);
  const int genes = one.counts.columns;
  const PeerFolder folder;
  std::vector<int> tops, s_genes, g2m_genes;
  for (const int t : {50, 100, 200, 500})
    if (t <= genes) tops.push_back(t);
  std::vector<std::int8_t> mask;
  for (int g = 0; g < genes; ++g) mask.push_back(g % 7 == 0);
  for (int g = 0; g < genes; g += 17) (g % 2 ? s_genes : g2m_genes).push_back(g);
  folder.write("shape", std::vector<std::int64_t>{one.counts.rows, genes, one.top_genes, one.components});
  folder.write("start", one.counts.start);
  folder.write("column", one.counts.column);
  folder.write("value", one.counts.value);
  folder.write("batch", one.batch);
  folder.write("mask", mask);
  folder.write("s_genes", s_genes);
  folder.write("g2m_genes", g2m_genes);

  const std::vector<GeneMask> masks{{"mask", std::vector<char>(mask.begin(), mask.end())}};
  const CellQuality cell = cell_quality(one.counts, masks, tops);
  const GeneQuality gene = gene_quality(one.counts);
  SparseRows logs = one.counts, by_median = one.counts;
  const Eigen::VectorXd totals = row_totals(one.counts);
  log_normalise(logs, totals, 1e4);
  folder.write("log_value", logs.value);      // components are compared on these, since they are stored as floats: 6e-8 of a value, over the gaps between components
  normalise_total(by_median, totals, median_total(totals));
  log1p_values(by_median);
  VariableGeneOptions options;
  options.top = one.top_genes;
  // Genes of the same sum and sum of squares have the same normalised variance; the order of equal ones is not defined (numpy's argsort is not stable) and
  // no part of the rule. So every gene has a factor of its own here.
  SparseRows untied = one.counts;
  for (std::size_t i = 0; i < untied.value.size(); ++i) untied.value[i] *= static_cast<float>(1 + 1e-4 * untied.column[i]);
  folder.write("untied_value", untied.value);
  const auto v3 = variable_genes_seurat_v3(untied, options), v3_batch = variable_genes_seurat_v3(untied, options, one.batch);
  const auto seurat = variable_genes_seurat(logs, options), seurat_batch = variable_genes_seurat(logs, options, one.batch);
  REQUIRE(v3.outcome.ok());
  REQUIRE(v3_batch.outcome.ok());
  std::vector<int> chosen;
  for (int g = 0; g < genes; ++g)
    if (v3.selected[static_cast<std::size_t>(g)]) chosen.push_back(g);
  const SparseRows small = columns_of(logs, chosen);
  PcaOptions pca_options;
  pca_options.components = one.components;
  const Pca pca = principal_components(small, pca_options);
  REQUIRE(pca.outcome.ok());
  const ScaledValues scaled = scaled_values(small, 4);
  const Eigen::MatrixXd scaled_all = dense(scaled.rows).rowwise() + scaled.at_zero.transpose();
  const Pca scaled_pca = principal_components(scaled.rows, pca_options);
  const CellCycle cycle = score_cell_cycle(logs, s_genes, g2m_genes);
  std::vector<double> depths;
  for (const double total : totals) depths.push_back(std::log1p(total));
  const MedianMad mad = median_mad(depths);

  bool with_scanpy = false;
  for (const std::string by : {"numpy", "scanpy"}) {
    CAPTURE(by);
    const bool peers = by == "scanpy";
    if (!PeerFolder::has(peers ? "scanpy, skmisc" : "numpy, scipy", peers)) continue;
    INFO(folder.said());
    if (!folder.run("scanpy_reference.py", by, peers)) FAIL(folder.said());
    with_scanpy = with_scanpy || peers;
    const auto theirs = [&](const std::string& name, Eigen::Index rows) { return folder.read(by + "_" + name, rows); };
    const Eigen::Index n = one.counts.rows;
    const auto near = [&](const std::string& what, const Eigen::MatrixXd& ours, const Eigen::MatrixXd& reference) {
      INFO(what);
      const double worst = worst_difference(ours, reference);
      CAPTURE(worst);
      CHECK(worst < 1e-6);
    };
    near("totals", totals, theirs("total", n));
    near("detected genes", cell.genes_by_counts.cast<double>(), theirs("detected", n));
    near("share of top genes", cell.pct_in_top.transpose(), theirs("top", static_cast<Eigen::Index>(tops.size())));
    near("share of a mask", cell.pct_in_mask, theirs("masked", n));
    near("genes", rows_of_vectors({gene.cells_by_counts.cast<double>(), gene.mean_counts, gene.pct_dropout, gene.total_counts}), theirs("gene", 4));
    near("median and MAD", Eigen::Vector2d(mad.median, mad.mad), theirs("mad", 2));
    near("CP10k", stored(logs), theirs("cp10k", static_cast<Eigen::Index>(logs.value.size())));
    near("median normalisation", stored(by_median), theirs("median", static_cast<Eigen::Index>(logs.value.size())));
    for (const auto& [name, found] : {std::pair{"v3", &v3}, {"v3_batch", &v3_batch}}) near(name, rows_of_vectors({found->mean, found->spread, found->normalised, found->rank, found->batches.cast<double>(), as_numbers(found->selected)}), theirs(name, 6));
    for (const auto& [name, found] : {std::pair{"seurat", &seurat}, {"seurat_batch", &seurat_batch}}) near(name, rows_of_vectors({found->mean, found->spread, found->normalised, found->batches.cast<double>(), as_numbers(found->selected)}), theirs(name, 5));
    near("scores", rows_of_vectors({cycle.s.score, cycle.g2m.score}), theirs("scores", 2));
    near("variances", rows_of_vectors({pca.variance, pca.variance_share}), theirs("pca_variance", 2));
    near("scaled", scaled_all, theirs("scaled", n));
    // Components as good as one plane are not held to 1e-6 alone; none is here.
    CAPTURE(pca.least_gap, scaled_pca.least_gap, pca.residual, pca.products);
    const double components = worst_up_to_sign(pca.scores, theirs("pca", n)), loadings = worst_up_to_sign(pca.loadings, theirs("loadings", small.columns)), of_scaled = worst_up_to_sign(scaled_pca.scores, theirs("scaled_pca", n));
    CAPTURE(components, loadings, of_scaled);
    CHECK(components < 1e-6);
    CHECK(loadings < 1e-6);
    CHECK(of_scaled < 2e-6);      // scaled values are stored as floats: 6e-8 of them, over the gaps between components
  }
  return with_scanpy;
}

}  // namespace

TEST_CASE("must/expression/3", "[peers]") {
  SimulatedCells cells = simulated_cells({.cells = 1200, .genes = 1800, .groups = 6, .depth = 12000, .level_spread = 1, .effect = 1.5});
  compare({"simulated", cells.counts, cells.batch, 700, 20});
  for (const auto& [file, column, top, components] : {std::tuple{"data/scrna/papalexi2021_thp1_sceptre_lowmoi/papalexi_lowmoi_counts.h5ad", "bio_rep", 150, 15}, {"data/scrna/kang2018_pbmc_ifnb_muscat/kang_ifnb_counts.h5ad", "sample_id", 300, 15}}) {
    const auto path = real_data(file);
    if (path.empty()) continue;
    AnnotatedData data = read_anndata(path).data;
    const Labels batch = labels_of(*data.obs.find(column));
    compare({file, sparse_rows_of(std::move(data.X), "X"), std::vector<int>(batch.codes.begin(), batch.codes.end()), top, components});
  }
}
