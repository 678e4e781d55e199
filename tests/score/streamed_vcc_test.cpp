// Streamed metrics against the same dialects in memory, in blocks and tiles of any size and any number of threads.
#include <catch2/catch.hpp>
#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/score/dialects/dialects.hpp"
#include "libhyped/score/streamed/streamed_vcc.hpp"

using namespace hyped;

namespace {

constexpr int conditions = 4, genes = 60;

// A quarter of the genes is moved by each condition; every fifth cell is a control.
SparseRows counted(int cells, std::uint32_t job, CellGroups& groups) {
  RandomStream random(61, job, 0);
  SparseRows out;
  out.rows = cells, out.columns = genes;
  for (int c = 0; c < cells; ++c) {
    const int k = c % (conditions + 1);
    groups.of_cell.push_back(k);
    for (int g = 0; g < genes; ++g) {
      const double moved = k < conditions && g % 4 == k ? 3 : 1, y = static_cast<double>(random.poisson(0.2 * (1 + g % 7) * moved));
      if (y > 0) out.column.push_back(g), out.value.push_back(static_cast<float>(y));
    }
    out.start.push_back(static_cast<std::int64_t>(out.value.size()));
  }
  for (int k = 0; k < conditions; ++k) groups.names.push_back("g" + std::to_string(k));
  groups.names.push_back("control");
  return out;
}

RowStream in_blocks(const SparseRows& cells, int rows) {
  return [&cells, rows](const auto& see) {
    for (int first = 0; first < cells.rows; first += rows) {
      std::vector<int> these;
      for (int r = first; r < std::min(cells.rows, first + rows); ++r) these.push_back(r);
      see(first, rows_of(cells, these));
    }
  };
}

}  // namespace

TEST_CASE("streamed metrics of both challenges are those of the dialects in memory, for any tiles, blocks and threads") {
  ScoredPair pair;
  CellGroups real, other;
  const SparseRows truth = counted(400, 0, real), predicted = counted(300, 1, other);
  std::vector<std::string> names;
  for (int g = 0; g < genes; ++g) names.push_back("g" + std::to_string(g));
  pair.genes = names, pair.conditions = {"g0", "g1", "g2", "g3"}, pair.control = "control", pair.where = "test";
  pair.truth = {truth, real, {}}, pair.predicted = ScoredCells{predicted, other, {}};
  pair.missing.assign(conditions, 0);
  pair.own_genes = {{0}, {1}, {2}, {3}};
  const std::vector<DialectScores> memory = {score_dialect(pair, "cell-eval-0.6.6"), score_dialect(pair, "cell-eval2")};
  for (const auto& [tile, rows, thread] : {std::tuple{std::uint64_t{1} << 30, 1000, 1}, {std::uint64_t{2000}, 7, 3}, {std::uint64_t{1}, 33, 2}}) {
    set_threads(thread);
    StreamedOptions options;
    options.tile_bytes = tile;
    const StreamedVcc found = streamed_vcc({in_blocks(truth, rows), names, real, "truth"}, {in_blocks(predicted, rows), names, other, "predicted"}, pair.own_genes, options);
    REQUIRE(found.scores.size() == 9);
    if (tile == 1) CHECK(found.readings == genes + 1);
    for (const StreamedScore& s : found.scores) {
      const auto& dialect = memory[s.dialect == "cell-eval2" ? 1 : 0];
      const auto metric = std::find_if(dialect.metrics.begin(), dialect.metrics.end(), [&](const DialectMetric& m) { return m.id == s.id; });
      INFO(s.dialect << " " << s.id << ", tiles of " << tile);
      REQUIRE(metric != dialect.metrics.end());
      REQUIRE(metric->values.size() == s.values.size());
      for (std::size_t k = 0; k < s.values.size(); ++k) {
        REQUIRE(metric->values[k].value.has_value() == s.values[k].value.has_value());
        // sums over genes are taken tile by tile: rounding alone
        if (s.values[k].value) CHECK(*s.values[k].value == Approx(*metric->values[k].value).epsilon(1e-12).margin(1e-13));
      }
    }
  }
  set_threads(0);
}

TEST_CASE("what cannot be streamed is refused") {
  CellGroups groups;
  SparseRows cells = counted(50, 2, groups);
  std::vector<std::string> names;
  for (int g = 0; g < genes; ++g) names.push_back("g" + std::to_string(g));
  const std::vector<std::vector<std::size_t>> own(conditions);
  const StreamedCells good{in_blocks(cells, 8), names, groups, "good"};
  std::vector<std::string> renamed = names;
  std::swap(renamed[0], renamed[1]);
  CHECK_THROWS_AS(streamed_vcc(good, {in_blocks(cells, 8), renamed, groups, "renamed"}, own), InputError);
  SparseRows broken = cells;
  broken.value[3] = 0.5f;
  CHECK_THROWS_AS(streamed_vcc(good, {in_blocks(broken, 8), names, groups, "broken"}, own), InputError);
}
