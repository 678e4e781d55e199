// How long the Wilcoxon test of a HYPED-sized matrix takes on one core.
#include <catch2/catch.hpp>
#include <cmath>
#include <ctime>

#include "libhyped/expression/differential/group_moments.hpp"
#include "libhyped/expression/differential/rank_test.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

namespace {

// Log-normalised counts: 20,000 cells x 28,000 genes, one value in twenty stored, most of them in a few thousand genes.
SparseRows large_matrix(int cells, int genes, double density) {
  std::vector<double> rate(static_cast<std::size_t>(genes));
  RandomStream setup(1, 0, 0);
  double sum = 0;
  for (double& r : rate) sum += r = std::exp(2 * setup.normal());
  for (double& r : rate) r = std::min(0.95, r / sum * genes * density * 1.25);
  SparseRows m;
  m.rows = cells, m.columns = genes;
  m.start.assign(static_cast<std::size_t>(cells) + 1, 0);
  std::vector<std::vector<std::int32_t>> column(static_cast<std::size_t>(cells));
  std::vector<std::vector<float>> value(static_cast<std::size_t>(cells));
  parallel_for(cells, [&](int c) {
    RandomStream random(2, 0, static_cast<std::uint32_t>(c));
    const double scale = std::exp(0.4 * random.normal());
    for (int g = 0; g < genes; ++g)
      if (const double u = random.uniform(); u < rate[static_cast<std::size_t>(g)]) {
        const double count = 1 + std::floor(-std::log(u / rate[static_cast<std::size_t>(g)]));
        column[static_cast<std::size_t>(c)].push_back(g);
        value[static_cast<std::size_t>(c)].push_back(static_cast<float>(std::log1p(count * scale)));
      }
  });
  for (int c = 0; c < cells; ++c) {
    m.column.insert(m.column.end(), column[static_cast<std::size_t>(c)].begin(), column[static_cast<std::size_t>(c)].end());
    m.value.insert(m.value.end(), value[static_cast<std::size_t>(c)].begin(), value[static_cast<std::size_t>(c)].end());
    m.start[static_cast<std::size_t>(c) + 1] = static_cast<std::int64_t>(m.column.size());
  }
  return m;
}

template <class Body>
double seconds(const Body& body) {
  const std::clock_t began = std::clock();
  body();
  return static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
}

}  // namespace

TEST_CASE("Wilcoxon of three arms, 28,000 genes and 20,000 cells takes seconds on one core", "[slow]") {
  const SparseRows cells = large_matrix(20000, 28000, 0.05);
  CellGroups groups{{"control", "siPRRX1", "mmMYOD1", "dual"}, {}};
  for (int c = 0; c < cells.rows; ++c) groups.of_cell.push_back(c < 9000 ? 0 : 1 + c % 3);
  set_threads(1);
  SparseRows by_gene;
  std::vector<RankSum> found;
  const double turning = seconds([&] { by_gene = transposed(cells); });
  const double testing = seconds([&] { found = rank_test(by_gene, groups, 0); });
  const double moments = seconds([&] { group_moments(by_gene, groups, MomentScale::stored); });
  set_threads(0);
  WARN(cells.stored() << " stored values, processor seconds: transposed " << turning << ", Wilcoxon " << testing << ", moments " << moments);
  CHECK(found.size() == 28000u * 4);
  const std::vector<RankSum> of_cells = rank_test_of_cells(cells, groups, 0);      // without the second copy, the same to the last bit
  bool same = of_cells.size() == found.size();
  for (std::size_t i = 0; i < found.size() && same; ++i) same = of_cells[i].twice_u == found[i].twice_u && of_cells[i].variance == found[i].variance && of_cells[i].test.log_p == found[i].test.log_p && of_cells[i].area_se == found[i].area_se;
  CHECK(same);
  CHECK(turning + testing < 15);
}
