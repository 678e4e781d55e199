// What the learning side of a split may have seen of the tested one, and the halves cells are put into.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>

#include "experiments/benchmark/first_names.hpp"
#include "experiments/benchmark/splits.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

std::uint64_t mixed(std::uint64_t x) {      // splitmix64's finaliser
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

std::uint64_t text_hash(const std::string& text) {      // FNV-1a
  std::uint64_t out = 14695981039346656037ULL;
  for (const char c : text) out = (out ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return out;
}

}  // namespace

std::vector<std::pair<std::uint64_t, std::uint64_t>> cell_hashes(const SparseRows& values) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> out(static_cast<std::size_t>(values.rows), {0, 0});
  for (int c = 0; c < values.rows; ++c) {
    auto& [a, b] = out[static_cast<std::size_t>(c)];
    const auto genes = values.columns_of(c);
    const auto x = values.values_of(c);
    for (std::size_t e = 0; e < genes.size(); ++e) {
      const std::uint64_t value = (static_cast<std::uint64_t>(genes[e]) << 32) | std::bit_cast<std::uint32_t>(x[e]);
      a = mixed(a ^ mixed(value + 0x9e3779b97f4a7c15ULL));
      b = mixed(b * 0xd1342543de82ef95ULL + value + 1);
    }
  }
  return out;
}

namespace {

// Each half needs four replicates: how replicates differ is told with one degree of freedom less than they are, and intervals of one or two are of no use.
bool halved_by_replicates(const BenchmarkCells& cells, const std::vector<std::pair<std::uint64_t, std::size_t>>& list) {
  if (cells.replicate_of.empty()) return false;
  std::set<std::int32_t> replicates;
  for (const auto& [hash, c] : list) {
    if (cells.replicate_of[c] < 0) return false;
    replicates.insert(cells.replicate_of[c]);
  }
  return replicates.size() >= 8;
}

}  // namespace

std::vector<std::uint8_t> cell_halves(const BenchmarkCells& cells, std::uint64_t seed, std::uint32_t draw) {
  std::vector<std::vector<std::pair<std::uint64_t, std::size_t>>> of(cells.conditions.size());
  const auto place = static_cast<std::uint64_t>(draw) << 40;
  for (std::size_t c = 0; c < cells.condition_of.size(); ++c)
    if (cells.condition_of[c] >= 0) of[static_cast<std::size_t>(cells.condition_of[c])].emplace_back(mixed(text_hash(cells.cell_names[c]) ^ mixed(seed + place)), c);
  std::vector<std::uint8_t> out(cells.condition_of.size(), 0);
  for (auto& list : of) {
    if (halved_by_replicates(cells, list)) {      // first the replicates of the first half, each by its own name
      std::map<std::pair<std::uint64_t, std::int32_t>, std::vector<std::size_t>> replicates;
      for (const auto& [hash, c] : list) {
        const std::int32_t r = cells.replicate_of[c];
        replicates[{mixed(text_hash(cells.replicate_names[static_cast<std::size_t>(r)]) ^ mixed(seed + place)), r}].push_back(c);
      }
      std::size_t at = 0;
      for (const auto& [key, members] : replicates)
        if (at++ >= replicates.size() / 2)
          for (const auto c : members) out[c] = 1;
      continue;
    }
    std::sort(list.begin(), list.end(), [&](const auto& a, const auto& b) { return std::tie(a.first, cells.cell_names[a.second], a.second) < std::tie(b.first, cells.cell_names[b.second], b.second); });
    for (std::size_t i = list.size() / 2; i < list.size(); ++i) out[list[i].second] = 1;
  }
  return out;
}

std::vector<Leak> leaks_of(const BenchmarkCells& cells, const BenchmarkSplit& split, bool shared_control) {
  std::vector<Leak> out;
  std::int64_t controls = 0;
  for (const auto& c : cells.conditions)
    if (c.perturbations.empty()) controls += static_cast<std::int64_t>(c.cells);
  out.push_back({"control cells on both sides", shared_control ? controls : 0, shared_control,
                 shared_control ? "predictions and truth are taken from the same control cells: their noise is common to both and raises correlations of change" : "predictions start from one half of the control cells, truth is compared with the other"});
  if (!cells.replicate_of.empty() && !shared_control) {
    const auto halves = cell_halves(cells, split.seed, 0);
    std::map<std::pair<std::int32_t, std::int32_t>, int> sides;      // of control condition and replicate
    for (std::size_t c = 0; c < halves.size(); ++c)
      if (cells.condition_of[c] >= 0 && cells.replicate_of[c] >= 0 && cells.conditions[static_cast<std::size_t>(cells.condition_of[c])].perturbations.empty()) sides[{cells.condition_of[c], cells.replicate_of[c]}] |= 1 << halves[c];
    const auto both = std::count_if(sides.begin(), sides.end(), [](const auto& one) { return one.second == 3; });
    out.push_back({"replicates of controls on both sides", both, false, both > 0 ? "a control of fewer than eight replicates, or with cells that name none, is halved by cells: what its replicates have of their own is common to both halves" : "halves of controls are replicates of their own"});
  }
  // equal cells
  const auto hashes = cell_hashes(cells.values);
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::vector<std::size_t>> groups;
  std::int64_t empty = 0, repeated_names = 0;
  std::unordered_map<std::string, int> names;
  for (std::size_t c = 0; c < hashes.size(); ++c) {
    if (cells.condition_of[c] < 0) continue;
    if (++names[cells.cell_names[c]] > 1) ++repeated_names;
    if (hashes[c] == std::pair<std::uint64_t, std::uint64_t>{0, 0}) ++empty;
    else groups[hashes[c]].push_back(c);
  }
  std::int64_t equal = 0, across = 0;
  std::set<std::string> where;
  for (const auto& [hash, list] : groups) {
    if (list.size() < 2) continue;
    equal += static_cast<std::int64_t>(list.size()) - 1;
    bool crosses = false;
    for (const auto& fold : split.folds) {
      int train = 0, test = 0;
      for (const std::size_t c : list) {
        const auto& condition = cells.conditions[static_cast<std::size_t>(cells.condition_of[c])];
        const SplitCondition key{condition.name, condition.context};
        if (std::find(fold.test.begin(), fold.test.end(), key) != fold.test.end()) ++test;
        else if (condition.perturbations.empty() || std::find(fold.train.begin(), fold.train.end(), key) != fold.train.end()) ++train;
      }
      if (train > 0 && test > 0) crosses = true, where.insert(fold.name);
    }
    across += crosses ? static_cast<std::int64_t>(list.size()) : 0;
  }
  out.push_back({"equal cells on both sides", across, across > 0, across > 0 ? "cells with the same values stand in training and in truth: " + first_of(where) : fmt::format("{} cells equal another one, none across a fold; {} cells have no value at all and were not compared", equal, empty)});
  out.push_back({"names of cells that come back", repeated_names, false, repeated_names > 0 ? "barcodes of different libraries may be equal: see equal cells" : "every cell has a name of its own"});
  std::set<std::string> targets, elsewhere, none_learned, inside;
  const std::set<std::string> scored(cells.genes.begin(), cells.genes.end());
  std::int64_t parts = 0, learned = 0;
  for (const auto& fold : split.folds)
    for (const auto& c : fold.test) {
      const auto& condition = cells.conditions[static_cast<std::size_t>(cells.index_of(c.name, c.context))];
      int known = 0;
      for (const auto& part : condition.perturbations) {
        ++parts;
        if (const auto at = cells.targets.find(part); at != cells.targets.end())
          for (const auto& gene : at->second)
            if (scored.contains(gene)) targets.insert(gene);
        const bool alone = std::any_of(fold.train.begin(), fold.train.end(), [&](const auto& t) { return cells.conditions[static_cast<std::size_t>(cells.index_of(t.name, t.context))].perturbations == std::vector<std::string>{part}; });
        known += alone;
      }
      learned += known;
      const std::set<std::string> own(condition.perturbations.begin(), condition.perturbations.end());
      for (const auto& t : fold.train) {
        const auto& other = cells.conditions[static_cast<std::size_t>(cells.index_of(t.name, t.context))].perturbations;
        const std::set<std::string> theirs(other.begin(), other.end());
        if (theirs.size() > own.size() && std::includes(theirs.begin(), theirs.end(), own.begin(), own.end())) inside.insert(fmt::format("{} within {}", c.name, t.name));
      }
      if (known == 0) none_learned.insert(c.name);
      if (std::any_of(fold.train.begin(), fold.train.end(), [&](const auto& t) { return t.name == c.name; })) elsewhere.insert(c.name);
    }
  out.push_back({"targets among scored genes", static_cast<std::int64_t>(targets.size()), false,
                 targets.empty() ? std::string("no target gene is scored") : "the perturbation itself moves them; discrimination leaves them out, errors and correlations do not unless --leave-own-genes-out: " + first_of(targets)});
  out.push_back({"tested labels learned in another context", static_cast<std::int64_t>(elsewhere.size()), false, elsewhere.empty() ? std::string("none") : "this split asks for transfer between contexts: " + first_of(elsewhere)});
  out.push_back({"tested conditions within learned combinations", static_cast<std::int64_t>(inside.size()), !inside.empty(), inside.empty() ? std::string("none") : "models that learn from combinations (ridge by gene, latent additive) have seen these effects: " + first_of(inside)});
  out.push_back({"parts of tested conditions learned alone", learned, false, fmt::format("{} of {} parts; without any: {}", learned, parts, none_learned.empty() ? std::string("none") : first_of(none_learned))});
  return out;
}

}  // namespace hyped
