// Cells that were treated alike: rejections among random halves of papalexi's non-targeting cells; kang's donors as replicates.
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <numeric>

#include "libhyped/expression/differential/false_discovery.hpp"
#include "libhyped/expression/differential/fold_change.hpp"
#include "libhyped/expression/differential/group_moments.hpp"
#include "libhyped/expression/differential/rank_test.hpp"
#include "libhyped/expression/replicates/replicate_test.hpp"
#include "libhyped/random.hpp"
#include "tests/expression/shared_cells.hpp"

using namespace hyped;
using hyped::testing::log_cp10k;
using hyped::testing::shared_file;
using hyped::testing::SharedCells;

namespace {

// Share of genes rejected in each split; genes of a split are correlated, so splits are the independent units.
struct Rejections {
  std::vector<double> share;
  double mean() const { return std::accumulate(share.begin(), share.end(), 0.0) / static_cast<double>(share.size()); }
  double standard_error() const {
    double squares = 0;
    for (const double s : share) squares += (s - mean()) * (s - mean());
    return std::sqrt(squares / static_cast<double>(share.size() - 1) / static_cast<double>(share.size()));
  }
};

// Half of each replicate's cells, at random, into group 1.
std::vector<std::int32_t> halves(const CellGroups& replicates, std::uint32_t split) {
  RandomStream random(2021, split, 0);
  std::vector<std::int32_t> half(replicates.of_cell.size(), 0);
  for (int r = 0; r < replicates.count(); ++r) {
    std::vector<std::size_t> cells;
    for (std::size_t c = 0; c < half.size(); ++c)
      if (replicates.of_cell[c] == r) cells.push_back(c);
    for (std::size_t i = cells.size(); i > 1; --i) std::swap(cells[i - 1], cells[static_cast<std::size_t>(random.uniform() * static_cast<double>(i))]);
    for (std::size_t i = 0; i < cells.size() / 2; ++i) half[cells[i]] = 1;
  }
  return half;
}

template <class Tests>
double rejected(const Tests& p_of, int genes) {
  int below = 0, tested = 0;
  for (int g = 0; g < genes; ++g) {
    const double p = p_of(g);
    if (p < 0) continue;
    ++tested;
    below += p < 0.05 ? 1 : 0;
  }
  return below / static_cast<double>(tested);
}

void check_kang() {
  const auto file = shared_file("data/scrna/kang2018_pbmc_ifnb_muscat/kang_ifnb_counts.h5ad");
  const SharedCells cells(file);
  const CellGroups conditions = cells.groups("group_id");
  std::vector<std::string> donor;
  for (const auto& sample : cells.labels("sample_id")) donor.push_back(sample.substr(sample.size() - 3));
  const PseudobulkCounts bulk = pseudobulk_counts(transposed(cells.matrix), conditions, group_cells(donor), 10);
  const PseudobulkDesign design = pseudobulk_design(bulk, conditions.index_of("ctrl", "test"));
  CHECK(design.paired);
  CHECK(bulk.samples.size() == 4);
  CHECK(design.residual_df == 1);
  const ReplicateTest found = replicate_test(bulk, design, {});
  const int stim = conditions.index_of("stim", "test");
  std::vector<TailProbability> p;
  std::vector<int> genes;
  std::map<std::string, int> at;
  for (std::size_t g = 0; g < cells.genes.size(); ++g)
    if (const ReplicateEffect& e = found.effects[g * 2 + static_cast<std::size_t>(stim)]; e.status == GeneStatus::tested) at[cells.genes[g]] = static_cast<int>(p.size()), p.push_back(e.test), genes.push_back(static_cast<int>(g));
  const auto q = benjamini_hochberg(p);
  int significant = 0;
  for (const auto& one : q) significant += one.p < 0.05 ? 1 : 0;
  WARN("kang, 2 donors as pairs: " << significant << " of " << p.size() << " genes below 5 % false discovery; prior degrees of freedom " << found.prior_df);
  // the interferon answer: genes every text book names, up and significant
  for (const char* gene : {"ISG15", "IFI6", "IFIT1", "IFIT2", "IFIT3", "MX1", "ISG20", "IFITM3", "LY6E"}) {
    INFO(gene);
    REQUIRE(at.count(gene) == 1);
    const int i = at[gene];
    const ReplicateEffect& e = found.effects[static_cast<std::size_t>(genes[static_cast<std::size_t>(i)]) * 2 + static_cast<std::size_t>(stim)];
    CHECK(e.log2 > 1);
    CHECK(e.lower > 0);
    CHECK(q[static_cast<std::size_t>(i)].p < 0.05);
  }
}

}  // namespace

TEST_CASE("must/expression/5", "[standard]") {
  const auto file = shared_file("data/scrna/papalexi2021_thp1_sceptre_lowmoi/papalexi_lowmoi_counts.h5ad");
  if (file.empty()) return;
  const SharedCells all(file);
  const std::vector<std::string> target = all.labels("target");
  std::vector<int> rows;
  for (std::size_t c = 0; c < target.size(); ++c)
    if (target[c] == "non-targeting") rows.push_back(static_cast<int>(c));
  REQUIRE(rows.size() == 2386);
  const SparseRows counts = rows_of(all.matrix, rows);
  const std::vector<std::string> all_replicates = all.labels("bio_rep");
  std::vector<std::string> replicate;
  for (const int c : rows) replicate.push_back(all_replicates[static_cast<std::size_t>(c)]);
  const CellGroups replicates = group_cells(replicate);
  REQUIRE(replicates.count() == 3);
  const SparseRows by_gene = transposed(log_cp10k(counts)), counts_by_gene = transposed(counts);
  const int genes = by_gene.rows;
  Rejections cell_level, within, between;
  for (std::uint32_t split = 0; split < 50; ++split) {
    const CellGroups groups{{"rest", "half"}, halves(replicates, split)};
    const auto plain = rank_test(by_gene, groups, 0);
    cell_level.share.push_back(rejected([&](int g) { return plain[static_cast<std::size_t>(2 * g + 1)].test.p; }, genes));
    const auto strata = rank_test_within(by_gene, groups, 0, replicates);
    within.share.push_back(rejected([&](int g) { return strata[static_cast<std::size_t>(2 * g + 1)].test.p; }, genes));
    const PseudobulkCounts bulk = pseudobulk_counts(counts_by_gene, groups, replicates, 10);
    const ReplicateTest blocked = replicate_test(bulk, pseudobulk_design(bulk, 0), {});
    between.share.push_back(rejected([&](int g) {
      const ReplicateEffect& e = blocked.effects[static_cast<std::size_t>(2 * g + 1)];
      return e.status == GeneStatus::tested ? e.test.p : -1;
    }, genes));
  }
  for (const auto& [name, r] : {std::pair{"Wilcoxon", &cell_level}, std::pair{"within replicates", &within}, std::pair{"pseudobulk, replicates as blocks", &between}}) {
    INFO(name);
    WARN(name << ": rejected at 5 % " << r->mean() << " +- " << r->standard_error());
    CHECK(r->mean() < 0.05 + 2 * r->standard_error());
    CHECK(r->mean() > 0.02);      // and they are no tests that never reject
  }
  check_kang();
}

TEST_CASE("the test within replicates sees what the knocked-out targets do, and a difference of replicates alone is none", "[standard]") {
  const auto file = shared_file("data/scrna/papalexi2021_thp1_sceptre_lowmoi/papalexi_lowmoi_counts.h5ad");
  if (file.empty()) return;
  const SharedCells cells(file);
  const SparseRows by_gene = transposed(log_cp10k(cells.matrix));
  const CellGroups groups = cells.groups("target"), replicates = cells.groups("bio_rep");
  const int reference = groups.index_of("non-targeting", "test"), count = groups.count();
  const auto within = rank_test_within(by_gene, groups, reference, replicates);
  const auto plain = rank_test(by_gene, groups, reference);
  // knocked-out genes of the interferon pathway lower what it drives: many genes are found, nearly the same ones by both tests
  const int strong = groups.index_of("IFNGR2", "test");
  int both = 0, either = 0;
  for (int g = 0; g < by_gene.rows; ++g) {
    const bool a = within[static_cast<std::size_t>(g * count + strong)].test.p < 1e-4, b = plain[static_cast<std::size_t>(g * count + strong)].test.p < 1e-4;
    both += a && b ? 1 : 0, either += a || b ? 1 : 0;
  }
  CHECK(both > 20);
  CHECK(both > 0.7 * either);
  // groups made of replicates: "rep_1 cells" against all others within replicates has no stratum with both
  CHECK_THROWS_AS(rank_test_within(by_gene, replicates, 0, replicates), InputError);
  // a group drawn mostly from one replicate: the plain test finds the replicates' difference, the stratified one does not
  CellGroups skewed{{"rest", "drawn"}, std::vector<std::int32_t>(groups.of_cell.size(), -1)};
  RandomStream random(8, 0, 0);
  for (std::size_t c = 0; c < skewed.of_cell.size(); ++c)
    if (groups.of_cell[c] == reference) skewed.of_cell[c] = random.uniform() < (replicates.of_cell[c] == 0 ? 0.85 : 0.15) ? 1 : 0;
  const auto fooled = rank_test(by_gene, skewed, 0);
  const auto steady = rank_test_within(by_gene, skewed, 0, replicates);
  const double wrong = rejected([&](int g) { return fooled[static_cast<std::size_t>(2 * g + 1)].test.p; }, by_gene.rows);
  const double right = rejected([&](int g) { return steady[static_cast<std::size_t>(2 * g + 1)].test.p; }, by_gene.rows);
  WARN("group mostly of one replicate: rejected at 5 % by the plain test " << wrong << ", within replicates " << right);
  CHECK(wrong > 0.15);
  CHECK(right < 0.1);      // one split of 299 correlated genes
}
