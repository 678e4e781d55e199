// Wilcoxon, false discovery and fold changes against the golden tables of Norman 2019 and Papalexi 2021.
#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "libhyped/expression/differential/false_discovery.hpp"
#include "libhyped/expression/differential/fold_change.hpp"
#include "libhyped/expression/differential/group_moments.hpp"
#include "libhyped/expression/differential/rank_test.hpp"
#include "libhyped/ingest/delimited.hpp"
#include "libhyped/parallel.hpp"
#include "tests/expression/shared_cells.hpp"

using namespace hyped;
using hyped::testing::log_cp10k;
using hyped::testing::shared_file;
using hyped::testing::SharedCells;

namespace {

double relative(double a, double b) { return a == b ? 0 : std::abs(a - b) / std::max(std::abs(a), std::abs(b)); }

struct Worst {
  int rows = 0;
  double u = 0, p = 0, q = 0, fold = 0;
};

// Every row of the golden table; fold changes where it has them.
Worst compare(const std::filesystem::path& golden, const SparseRows& log_values, const CellGroups& groups, const std::vector<std::string>& genes, const std::string& reference_name) {
  const SparseRows by_gene = transposed(log_values);
  const int reference = groups.index_of(reference_name, "test"), count = groups.count();
  const auto found = rank_test(by_gene, groups, reference);
  const GroupMoments moments = group_moments(by_gene, groups, MomentScale::stored);
  std::vector<std::vector<TailProbability>> q;
  for (int k = 0; k < count; ++k) {
    std::vector<TailProbability> p;
    for (int g = 0; g < by_gene.rows; ++g) p.push_back(found[static_cast<std::size_t>(g * count + k)].test);
    q.push_back(benjamini_hochberg(p));
  }
  std::map<std::string, int> gene_index;
  for (std::size_t g = 0; g < genes.size(); ++g) gene_index[genes[g]] = static_cast<int>(g);
  const DelimitedTable table = DelimitedTable::read(golden);
  const bool folds = table.has("log2fc_eps0");
  Worst worst;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const int g = gene_index.at(table.text(row, table.column("gene"))), k = groups.index_of(table.text(row, table.column("pert")), "test");
    const RankSum& r = found[static_cast<std::size_t>(g * count + k)];
    ++worst.rows;
    worst.u = std::max(worst.u, std::abs(r.u() - std::stod(table.text(row, table.column("U1")))));
    const double p = std::stod(table.text(row, table.column("p")));
    if (p > 1e-300) {
      worst.p = std::max(worst.p, relative(r.test.p, p));
      worst.q = std::max(worst.q, relative(q[static_cast<std::size_t>(k)][static_cast<std::size_t>(g)].p, std::stod(table.text(row, table.column("fdr_bh")))));
    }
    if (!folds) continue;
    const auto mean_of = [&](int group) { return MeanOfCells{moments.mean(g, group), moments.variance(g, group), moments.cells[static_cast<std::size_t>(group)]}; };
    const double fold = fold_change(mean_of(k), mean_of(reference), MeanKind::geometric, 0).log2, golden_fold = std::stod(table.text(row, table.column("log2fc_eps0")));
    if (std::isinf(golden_fold)) CHECK(fold == golden_fold);
    else worst.fold = std::max(worst.fold, relative(fold, golden_fold));
  }
  return worst;
}

}  // namespace

TEST_CASE("must/expression/2") {
  const auto golden = shared_file("data/scrna/golden");
  if (golden.empty()) return;
  const SharedCells norman(shared_file("data/scrna/norman2019_mcfaline2023_perturbench_devel/norman_triplets.h5ad"));
  const Worst n = compare(golden / "golden_de_full.csv", norman.matrix, norman.groups("condition"), norman.genes, "control");
  CHECK(n.rows == 5500);
  CHECK(n.u == 0);
  CHECK(n.p < 1e-9);
  CHECK(n.q < 1e-9);
  CHECK(n.fold < 1e-10);
  const SharedCells papalexi(shared_file("data/scrna/papalexi2021_thp1_sceptre_lowmoi/papalexi_lowmoi_counts.h5ad"));
  const Worst p = compare(golden / "golden_de_papalexi.csv", log_cp10k(papalexi.matrix), papalexi.groups("target"), papalexi.genes, "non-targeting");
  CHECK(p.rows == 7475);
  CHECK(p.u == 0);
  CHECK(p.p < 1e-9);
  CHECK(p.q < 1e-9);
  WARN("largest relative difference: p " << std::max(n.p, p.p) << ", q " << std::max(n.q, p.q) << ", fold change " << n.fold);
}

TEST_CASE("the same bytes for any number of threads, whatever the order of cells") {
  const auto file = shared_file("data/scrna/norman2019_mcfaline2023_perturbench_devel/norman_triplets.h5ad");
  if (file.empty()) return;
  const SharedCells cells(file);
  const CellGroups groups = cells.groups("condition");
  const SparseRows by_gene = transposed(cells.matrix);
  set_threads(1);
  const auto one = rank_test(by_gene, groups, the_rest);
  const GroupMoments moments = group_moments(by_gene, groups, MomentScale::log1p_undone);
  set_threads(4);
  const auto four = rank_test(by_gene, groups, the_rest);
  const GroupMoments again = group_moments(by_gene, groups, MomentScale::log1p_undone);
  set_threads(0);
  CHECK((moments.mean.array() == again.mean.array()).all());
  CHECK((moments.variance.array() == again.variance.array()).all());
  std::vector<int> turned;
  for (int c = cells.matrix.rows; c-- > 0;) turned.push_back(c);
  CellGroups other = groups;
  std::reverse(other.of_cell.begin(), other.of_cell.end());
  const auto reversed = rank_test(transposed(rows_of(cells.matrix, turned)), other, the_rest);
  bool same = true;
  for (std::size_t i = 0; i < one.size(); ++i)
    same = same && one[i].twice_u == four[i].twice_u && one[i].test.log_p == four[i].test.log_p && one[i].area_se == four[i].area_se && one[i].twice_u == reversed[i].twice_u && one[i].test.log_p == reversed[i].test.log_p;
  CHECK(same);
}
