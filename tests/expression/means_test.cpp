// t-tests, fold changes, moments and false discovery: closed forms, coverage, and SciPy.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <unistd.h>

#include "libhyped/errors.hpp"
#include "libhyped/expression/differential/false_discovery.hpp"
#include "libhyped/expression/differential/fold_change.hpp"
#include "libhyped/expression/differential/group_moments.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

SparseRows one_gene(const std::vector<float>& values) {
  SparseRows m;
  m.rows = 1, m.columns = static_cast<int>(values.size());
  for (std::size_t c = 0; c < values.size(); ++c) m.column.push_back(static_cast<std::int32_t>(c)), m.value.push_back(values[c]);
  m.start.push_back(static_cast<std::int64_t>(values.size()));
  make_rows(m);
  return m;
}

MeanOfCells of(const GroupMoments& m, int k) { return {m.mean(0, k), m.variance(0, k), m.cells[static_cast<std::size_t>(k)]}; }

}  // namespace

TEST_CASE("moments count what is not stored as zero, on both scales and for the rest") {
  const SparseRows gene = one_gene({0, 2, 0, 1, 3, 0, 5, 1});
  const CellGroups groups{{"a", "b", "c"}, {0, 0, 0, 1, 1, 2, 2, -1}};
  const GroupMoments m = group_moments(gene, groups, MomentScale::stored);
  CHECK(m.mean(0, 0) == Approx(2.0 / 3));
  CHECK(m.variance(0, 0) == Approx(4.0 / 3));
  CHECK(m.expressing(0, 0) == 1);
  CHECK(m.mean(0, 2) == 2.5);
  CHECK(m.variance(0, 2) == 12.5);
  CHECK(m.cells == std::vector<std::int64_t>{3, 2, 2});
  const GroupMoments rest = moments_of_rest(m);      // of a: 1 3 0 5
  CHECK(rest.mean(0, 0) == Approx(2.25));
  CHECK(rest.variance(0, 0) == Approx(59.0 / 12));
  CHECK(rest.cells[0] == 4);
  CHECK(rest.expressing(0, 0) == 3);
  CHECK(group_moments(gene, groups, MomentScale::log1p_undone).mean(0, 1) == Approx((std::expm1(1.0) + std::expm1(3.0)) / 2));
  SparseRows broken = gene;
  broken.value[1] = std::nanf("");
  CHECK_THROWS_WITH(require_values(broken, {"ISG15"}, true, "X"), Catch::Matchers::Contains("ISG15") && Catch::Matchers::Contains("cell 4"));
  broken.value[1] = -1;
  CHECK_THROWS_AS(require_values(broken, {"ISG15"}, true, "X"), InputError);
  CHECK_NOTHROW(require_values(broken, {"ISG15"}, false, "X"));
}

TEST_CASE("fold changes: what zero means, and what the pseudocount does") {
  const MeanOfCells zero{0, 0, 50}, some{std::log1p(3.0), 0.5, 50};
  CHECK(fold_change(zero, zero, MeanKind::geometric, 0).log2 == 0);
  CHECK(fold_change(some, zero, MeanKind::geometric, 0).log2 == infinity);
  CHECK(fold_change(zero, some, MeanKind::geometric, 0).log2 == -infinity);
  CHECK(std::isnan(fold_change(some, zero, MeanKind::geometric, 0).lower));
  CHECK(fold_change(some, zero, MeanKind::geometric, 1).log2 == Approx(2));
  CHECK(fold_change({8, 2, 50}, {2, 2, 50}, MeanKind::arithmetic, 0).log2 == Approx(2));
  // one-sided spread: log2(e) * sd / (mean sqrt(n)) and the t quantile of its own degrees of freedom
  const FoldChange f = fold_change({8, 4, 16}, {2, 0, 16}, MeanKind::arithmetic, 0);
  CHECK(f.upper - f.log2 == Approx(student_quantile(0.975, 15) * (2.0 / 8 / 4) / std::log(2.0)));
  CHECK(f.log2 - f.lower == Approx(f.upper - f.log2));
}

TEST_CASE("false discovery: the published example, order, ties, and values far below a double") {
  // Benjamini & Hochberg 1995, section 4: 15 p-values, four rejected at 0.05
  const double p[] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0};
  std::vector<TailProbability> tests;
  for (const double one : p) tests.insert(tests.begin(), {one, std::log(one)});
  const auto q = benjamini_hochberg(tests);
  int below = 0;
  for (const auto& one : q) below += one.p <= 0.05 ? 1 : 0;
  CHECK(below == 4);
  CHECK(q[11].p == Approx(0.0095 * 15 / 4));
  CHECK(q[0].p == 1);
  CHECK(q[7].p == Approx(0.0344 * 15 / 8).epsilon(1e-12));
  const auto far = benjamini_hochberg(std::vector<TailProbability>{{0, -2000}, {0, -1000}, {0.5, std::log(0.5)}});
  CHECK(far[0].p == 0);
  CHECK(far[0].log_p == Approx(-2000 + std::log(3.0)));
  CHECK(far[1].log_p == Approx(-1000 + std::log(1.5)));
  CHECK(benjamini_hochberg({}).empty());
}

TEST_CASE("fold change intervals cover, also where most cells show nothing", "[standard]") {
  constexpr int runs = 3000;
  for (const double mean : {0.02, 0.1, 1.0})      // counts per cell; 400 cells, so 8 to 400 counts
    for (const double effect : {0.0, 1.0}) {
      int geometric = 0, arithmetic = 0, finite = 0;
      // means of log(1 + count) by summation over the negative binomial of dispersion 0.5
      const auto mean_log = [](double m) {
        double p = std::pow(1 + 0.5 * m, -2.0), sum = 0;
        for (int y = 0; y < 400; ++y) {
          sum += p * std::log1p(y);
          p *= (y + 2.0) / (y + 1.0) * (0.5 * m / (1 + 0.5 * m));
        }
        return sum;
      };
      const double other = mean * std::exp2(effect), truth = std::log2(std::expm1(mean_log(other)) / std::expm1(mean_log(mean)));
      for (int run = 0; run < runs; ++run) {
        RandomStream random(4, static_cast<std::uint32_t>(mean * 1000 + effect), static_cast<std::uint32_t>(run));
        std::vector<float> counts;
        CellGroups groups{{"a", "b"}, {}};
        for (int c = 0; c < 800; ++c) counts.push_back(static_cast<float>(random.poisson((c < 400 ? other : mean) * 0.5 * random.gamma(2)))), groups.of_cell.push_back(c < 400 ? 0 : 1);
        std::vector<float> logs;
        for (const float v : counts) logs.push_back(std::log1p(v));
        const GroupMoments linear = group_moments(one_gene(counts), groups, MomentScale::stored), log_scale = group_moments(one_gene(logs), groups, MomentScale::stored);
        const FoldChange a = fold_change(of(linear, 0), of(linear, 1), MeanKind::arithmetic, 0), g = fold_change(of(log_scale, 0), of(log_scale, 1), MeanKind::geometric, 0);
        if (!std::isfinite(a.log2) || std::isnan(a.lower)) continue;
        ++finite;
        arithmetic += a.lower <= effect && effect <= a.upper ? 1 : 0;
        geometric += g.lower <= truth && truth <= g.upper ? 1 : 0;
      }
      INFO("mean " << mean << ", effect " << effect);
      const double ca = arithmetic / static_cast<double>(finite), cg = geometric / static_cast<double>(finite);
      WARN("mean " << mean << ", effect " << effect << ": covered " << ca << " (arithmetic), " << cg << " (geometric)");
      CHECK(finite > 0.99 * runs);
      // standard error 0.4 %; with eight counts a group the log scale is a little short or long
      CHECK(std::abs(ca - 0.95) < 0.025);
      CHECK(std::abs(cg - 0.95) < 0.025);
    }
}

TEST_CASE("t-tests agree with SciPy", "[peers]") {
  RandomStream random(6, 0, 0);
  std::vector<float> values;
  CellGroups groups{{"a", "b"}, {}};
  const auto file = std::filesystem::temp_directory_path() / ("hyped_t_" + std::to_string(getpid()));
  {
    std::ofstream out(file);
    out.precision(17);
    for (int c = 0; c < 70; ++c) {
      values.push_back(random.uniform() < 0.5 ? 0.0F : static_cast<float>(random.normal() + (c < 25 ? 0.8 : 0.0)));
      groups.of_cell.push_back(c < 25 ? 0 : 1);
      out << groups.of_cell.back() << ' ' << static_cast<double>(values.back()) << '\n';
    }
  }
  const std::string code = "import numpy as np; from scipy import stats as s; d=np.loadtxt('" + file.string() + "'); a=d[d[:,0]==0,1]; b=d[d[:,0]==1,1]; w=s.ttest_ind(a,b,equal_var=False); "
                           "o=s.ttest_ind_from_stats(a.mean(),a.std(ddof=1),len(a),b.mean(),b.std(ddof=1),len(a),equal_var=False); print(w.statistic,w.pvalue,o.statistic,o.pvalue)";
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(("python3 -c \"" + code + "\" 2>/dev/null").c_str(), "r"), pclose);
  double found[4];
  const int read = std::fscanf(pipe.get(), "%lf %lf %lf %lf", found, found + 1, found + 2, found + 3);
  std::filesystem::remove(file);
  if (read != 4) {
    WARN("skipped: no SciPy (Debian python3-scipy)");
    return;
  }
  const GroupMoments m = group_moments(one_gene(values), groups, MomentScale::stored);
  const MeanTest welch = mean_test(of(m, 0), of(m, 1), MeanTestKind::welch), over = mean_test(of(m, 0), of(m, 1), MeanTestKind::overestimated_variance);
  CHECK(welch.t == Approx(found[0]).epsilon(1e-10));
  CHECK(welch.test.p == Approx(found[1]).epsilon(1e-10));
  CHECK(over.t == Approx(found[2]).epsilon(1e-10));
  CHECK(over.test.p == Approx(found[3]).epsilon(1e-10));
}
