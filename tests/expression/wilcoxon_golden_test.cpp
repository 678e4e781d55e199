// Wilcoxon, false discovery and fold changes against the golden tables of Norman 2019 and Papalexi 2021.
#include <dlfcn.h>

#include <catch2/catch.hpp>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>
#include <optional>

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

struct Breakable {      // see below
  double pairs = 0;
  bool any = false;
};
struct Worst {
  int rows = 0, untouched = 0;
  double u = 0, p = 0, q = 0, fold = 0;
};

// Every row of the golden table; fold changes where it has them; less is asked of rows whose ties rounding may have broken, by gene and group.
Worst compare(const std::filesystem::path& golden, const SparseRows& by_gene, const CellGroups& groups, const std::vector<std::string>& genes, const std::string& reference_name, const std::vector<std::vector<Breakable>>& rounding) {
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
    const Breakable broken = rounding.empty() ? Breakable{} : rounding[static_cast<std::size_t>(g)][static_cast<std::size_t>(k)];
    worst.u = std::max(worst.u, std::abs(r.u() - std::stod(table.text(row, table.column("U1")))) - 0.5 * broken.pairs);
    worst.untouched += broken.any ? 0 : 1;
    if (broken.any) continue;
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

// The golden table of papalexi was made with NumPy 1.26 as log1p(count * (1e4 / total)) in double. Products of equal ratios then differ in
// their last bit, and NumPy's vectorised log1p keeps some of these differences: part of its ties are broken by rounding. The table is therefore
// checked twice: from ratios that are equal where they are equal, where a row may differ by half of the pairs that rounding can have
// broken and must be the same where there is none; and from NumPy's own doubles, which glibc's libmvec reproduces on processors with AVX-512.
namespace {

using Fraction = std::pair<std::int64_t, std::int64_t>;

// pairs: of a group's and the reference's cell, whose ratios are equal but not their counts; any: whether such a pair is in both together.
std::vector<Breakable> breakable(const SparseRows& counts_by_gene, int gene, const std::vector<std::int64_t>& total, const CellGroups& groups, int reference) {
  std::map<Fraction, std::map<Fraction, std::vector<double>>> cells;      // ratio -> counts and total -> cells of each group
  const auto where = counts_by_gene.columns_of(gene);
  const auto value = counts_by_gene.values_of(gene);
  for (std::size_t i = 0; i < where.size(); ++i) {
    const auto c = static_cast<std::int64_t>(value[i]), t = total[static_cast<std::size_t>(where[i])], d = std::gcd(c, t);
    auto& number = cells[{c / d, t / d}][{c, t}];
    number.resize(static_cast<std::size_t>(groups.count()), 0);
    ++number[static_cast<std::size_t>(groups.of_cell[static_cast<std::size_t>(where[i])])];
  }
  std::vector<Breakable> out(static_cast<std::size_t>(groups.count()));
  const auto r = static_cast<std::size_t>(reference);
  for (const auto& [ratio, ways] : cells) {
    if (ways.size() < 2) continue;
    for (std::size_t k = 0; k < out.size(); ++k) {
      double mine = 0, others = 0, same = 0;
      int seen = 0;
      for (const auto& [counts, number] : ways) mine += number[k], others += number[r], same += number[k] * number[r], seen += number[k] + number[r] > 0 ? 1 : 0;
      out[k].pairs += mine * others - same;
      out[k].any = out[k].any || seen > 1;
    }
  }
  return out;
}

#if defined(__x86_64__) && defined(__GLIBC__)
using Vector = double __attribute__((vector_size(64)));
__attribute__((target("avx512f"))) void log1p_of(void* function, std::vector<double>& values) {
  values.resize((values.size() + 7) / 8 * 8, 1.0);
  for (std::size_t i = 0; i < values.size(); i += 8) {
    Vector v;
    std::memcpy(&v, values.data() + i, sizeof v);
    v = reinterpret_cast<Vector (*)(Vector)>(function)(v);
    std::memcpy(values.data() + i, &v, sizeof v);
  }
}
// NumPy 1.26's log1p of each; false where the machine has none.
bool numpy_log1p(std::vector<double>& values) {
  void* library = __builtin_cpu_supports("avx512dq") ? dlopen("libmvec.so.1", RTLD_LAZY) : nullptr;
  void* function = library ? dlsym(library, "_ZGVeN8v_log1p") : nullptr;
  const std::size_t count = values.size();
  if (function) log1p_of(function, values);
  values.resize(count);
  return function != nullptr;
}
#else
bool numpy_log1p(std::vector<double>&) { return false; }
#endif

// Every gene's values in the golden table's doubles, as their places in order: ties and order are all a rank test sees.
std::optional<SparseRows> golden_order(const SparseRows& counts_by_gene, const std::vector<std::int64_t>& total) {
  SparseRows out = counts_by_gene;
  for (int g = 0; g < out.rows; ++g) {
    std::vector<double> values;
    const auto where = out.columns_of(g);
    const auto place = out.values_of(g);
    for (std::size_t i = 0; i < where.size(); ++i) values.push_back(static_cast<double>(place[i]) * (1e4 / static_cast<double>(total[static_cast<std::size_t>(where[i])])));
    if (!numpy_log1p(values)) return {};
    std::vector<double> levels(values);
    std::sort(levels.begin(), levels.end());
    levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
    for (std::size_t i = 0; i < values.size(); ++i) place[i] = static_cast<float>(1 + (std::lower_bound(levels.begin(), levels.end(), values[i]) - levels.begin()));
  }
  return out;
}

}  // namespace

TEST_CASE("must/expression/2") {
  const auto golden = shared_file("data/scrna/golden");
  if (golden.empty()) return;
  const SharedCells norman(shared_file("data/scrna/norman2019_mcfaline2023_perturbench_devel/norman_triplets.h5ad"));
  const Worst n = compare(golden / "golden_de_full.csv", transposed(norman.matrix), norman.groups("condition"), norman.genes, "control", {});
  CHECK(n.rows == 5500);
  CHECK(n.u == 0);
  CHECK(n.p < 1e-9);
  CHECK(n.q < 1e-9);
  CHECK(n.fold < 1e-10);
  const SharedCells papalexi(shared_file("data/scrna/papalexi2021_thp1_sceptre_lowmoi/papalexi_lowmoi_counts.h5ad"));
  const CellGroups groups = papalexi.groups("target");
  const int reference = groups.index_of("non-targeting", "test");
  std::vector<std::int64_t> total(static_cast<std::size_t>(papalexi.matrix.rows), 0);
  for (int c = 0; c < papalexi.matrix.rows; ++c)
    for (const float v : papalexi.matrix.values_of(c)) total[static_cast<std::size_t>(c)] += static_cast<std::int64_t>(v);
  const SparseRows counts_by_gene = transposed(papalexi.matrix);
  std::vector<std::vector<Breakable>> rounding;
  for (int g = 0; g < counts_by_gene.rows; ++g) rounding.push_back(breakable(counts_by_gene, g, total, groups, reference));
  const Worst p = compare(golden / "golden_de_papalexi.csv", transposed(log_cp10k(papalexi.matrix)), groups, papalexi.genes, "non-targeting", rounding);
  CHECK(p.rows == 7475);
  CHECK(p.untouched > 1000);
  CHECK(p.u == 0);      // beyond half the pairs that rounding can have broken
  CHECK(p.p < 1e-9);    // where there is no such pair
  const auto order = golden_order(counts_by_gene, total);
  if (!order) {
    WARN("skipped: papalexi from NumPy's own doubles (needs AVX-512 and glibc 2.35)");
    return;
  }
  const Worst same = compare(golden / "golden_de_papalexi.csv", *order, groups, papalexi.genes, "non-targeting", {});
  CHECK(same.rows == 7475);
  CHECK(same.u == 0);
  CHECK(same.p < 1e-9);
  CHECK(same.q < 1e-9);
  WARN("largest relative difference: p " << std::max(n.p, same.p) << ", q " << std::max(n.q, same.q) << ", fold change " << n.fold << "; " << p.untouched << " rows of papalexi without ties that rounding could break");
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
