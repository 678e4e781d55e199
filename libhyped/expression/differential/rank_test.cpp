// Rank tests over tiles of genes.
#include "libhyped/expression/differential/rank_test.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr int tile = 32;      // genes per job

template <class Body>
void each_gene(int genes, const Body& body) {
  parallel_for((genes + tile - 1) / tile, [&](int t) {
    GroupedRanks::Scratch scratch;
    for (int g = t * tile; g < std::min(genes, (t + 1) * tile); ++g) body(g, scratch);
  });
}

// out [rows of genes x groups]
void rank_rows(const SparseRows& genes, const GroupedRanks& ranks, std::span<RankSum> out) {
  const std::size_t count = out.size() / static_cast<std::size_t>(std::max(1, genes.rows));
  each_gene(genes.rows, [&](int g, GroupedRanks::Scratch& scratch) { ranks.rank(genes.columns_of(g), genes.values_of(g), scratch, out.subspan(static_cast<std::size_t>(g) * count, count)); });
}

}  // namespace

std::vector<RankSum> rank_test(const SparseRows& genes, const CellGroups& groups, int reference) {
  HYPED_REQUIRE(static_cast<int>(groups.of_cell.size()) == genes.columns && reference < groups.count());
  std::vector<RankSum> out(static_cast<std::size_t>(genes.rows) * static_cast<std::size_t>(groups.count()));
  rank_rows(genes, GroupedRanks(groups.of_cell, groups.count(), reference), out);
  return out;
}

std::vector<RankSum> rank_test_of_cells(const SparseRows& cells, const CellGroups& groups, int reference) {
  constexpr int genes_at_once = 1024;
  HYPED_REQUIRE(static_cast<int>(groups.of_cell.size()) == cells.rows && reference < groups.count());
  const GroupedRanks ranks(groups.of_cell, groups.count(), reference);
  const auto count = static_cast<std::size_t>(groups.count());
  std::vector<RankSum> out(static_cast<std::size_t>(cells.columns) * count);
  ColumnBlocks blocks(cells, genes_at_once);
  for (SparseRows genes; blocks.next(genes);) rank_rows(genes, ranks, std::span(out).subspan(static_cast<std::size_t>(blocks.first()) * count, static_cast<std::size_t>(genes.rows) * count));
  return out;
}

std::vector<StratifiedRankSum> rank_test_within(const SparseRows& genes, const CellGroups& groups, int reference, const CellGroups& strata) {
  HYPED_REQUIRE(groups.of_cell.size() == strata.of_cell.size() && static_cast<int>(groups.of_cell.size()) == genes.columns && reference < groups.count());
  const auto count = static_cast<std::size_t>(groups.count()), parts = static_cast<std::size_t>(strata.count());
  std::vector<GroupedRanks> within;
  for (int s = 0; s < strata.count(); ++s) {
    std::vector<std::int32_t> label(groups.of_cell);
    for (std::size_t c = 0; c < label.size(); ++c)
      if (strata.of_cell[c] != s) label[c] = -1;
    within.emplace_back(std::move(label), groups.count(), reference);
  }
  for (int k = 0; k < groups.count(); ++k) {
    if (k == reference) continue;
    const bool shared = std::any_of(within.begin(), within.end(), [&](const GroupedRanks& w) {
      std::int64_t others = 0;
      for (int j = 0; j < groups.count(); ++j)
        if (j != k && (reference == the_rest || j == reference)) others += w.size(j);
      return w.size(k) > 0 && others > 0;
    });
    if (!shared)
      throw InputError(groups.names[static_cast<std::size_t>(k)], reference == the_rest ? "shares no replicate with the other groups" : fmt::format("shares no replicate with {}", groups.names[static_cast<std::size_t>(reference)]),
                       "a test within replicates needs both in at least one; replicates of one group each go into a pseudobulk test (--test nb)");
  }
  std::vector<StratifiedRankSum> out(static_cast<std::size_t>(genes.rows) * count);
  each_gene(genes.rows, [&](int g, GroupedRanks::Scratch& scratch) {
    std::vector<RankSum> found(count * parts), one(parts);
    for (std::size_t s = 0; s < parts; ++s) within[s].rank(genes.columns_of(g), genes.values_of(g), scratch, std::span(found).subspan(s * count, count));
    for (std::size_t k = 0; k < count; ++k) {
      for (std::size_t s = 0; s < parts; ++s) one[s] = found[s * count + k];
      out[static_cast<std::size_t>(g) * count + k] = van_elteren(one);
    }
  });
  return out;
}

}  // namespace hyped
