// Making, writing, reading and checking splits.
#include "experiments/benchmark/splits.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/delimited.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

const std::vector<std::pair<std::string, SplitKind>> words = {{"condition", SplitKind::condition}, {"stratum", SplitKind::stratum}, {"dual", SplitKind::dual},
                                                              {"context", SplitKind::context},     {"phase", SplitKind::phase},     {"held-out", SplitKind::held_out}};

SplitCondition key_of(const ResponseCondition& c) { return {c.name, c.context}; }

// Perturbed conditions for which `tested` is true are tested, the others learned from.
SplitFold fold_of(const BenchmarkCells& cells, const std::string& name, const std::function<bool(const ResponseCondition&)>& tested) {
  SplitFold out{name, {}, {}};
  for (const auto& c : cells.conditions)
    if (!c.perturbations.empty()) (tested(c) ? out.test : out.train).push_back(key_of(c));
  return out;
}

std::vector<std::string> labels_of_conditions(const BenchmarkCells& cells) {
  std::set<std::string> out;
  for (const auto& c : cells.conditions)
    if (!c.perturbations.empty()) out.insert(c.name);
  return {out.begin(), out.end()};
}

std::vector<std::string> contexts_of(const BenchmarkCells& cells) {
  std::set<std::string> out;
  for (const auto& c : cells.conditions)
    if (!c.perturbations.empty()) out.insert(c.context);
  return {out.begin(), out.end()};
}

std::string where_of(const SplitCondition& c) { return c.context.empty() ? fmt::format("'{}'", c.name) : fmt::format("'{}' in {}", c.name, c.context); }

}  // namespace

SplitKind split_kind_of(const std::string& word) {
  std::vector<std::string> valid;
  for (const auto& [name, kind] : words) {
    if (name == word) return kind;
    valid.push_back(name);
  }
  throw InputError("--split " + word, "is no kind of split and no file", did_you_mean(word, valid) + " (a .tsv file as this command writes it is taken too)");
}

std::string_view to_string(SplitKind kind) {
  for (const auto& [name, one] : words)
    if (one == kind) return name;
  return "file";
}

BenchmarkSplit make_split(const BenchmarkCells& cells, SplitKind kind, std::uint64_t seed, double share) {
  BenchmarkSplit out{std::string(to_string(kind)), seed, {}};
  const auto labels = labels_of_conditions(cells), contexts = contexts_of(cells);
  const auto need = [&](bool holds, const std::string& problem, const std::string& fix) {
    if (!holds) throw InputError("--split " + out.kind, problem, fix);
  };
  switch (kind) {
    case SplitKind::condition:
      need(labels.size() > 1, "needs two perturbed labels or more", "use --split context, or another column with --by");
      for (const auto& label : labels) out.folds.push_back(fold_of(cells, "without " + label, [&](const auto& c) { return c.name == label; }));
      break;
    case SplitKind::stratum:
      for (const auto& c : cells.conditions)
        if (!c.perturbations.empty()) out.folds.push_back(fold_of(cells, fmt::format("without {}{}", c.name, c.context.empty() ? "" : " in " + c.context), [&](const auto& other) { return key_of(other) == key_of(c); }));
      break;
    case SplitKind::dual:
      out.folds.push_back(fold_of(cells, "combinations from the rest", [](const auto& c) { return c.perturbations.size() > 1; }));
      need(!out.folds[0].test.empty(), "finds no combination of two parts or more", "name their parts: --parts LABEL=PART+PART");
      need(!out.folds[0].train.empty(), "finds no single part to learn from", "choose another split");
      break;
    case SplitKind::context:
    case SplitKind::phase:
      need(contexts.size() > 1, "needs two contexts or more", "name the column: --context COLUMN");
      for (const auto& context : contexts) out.folds.push_back(fold_of(cells, "without " + context, [&](const auto& c) { return c.context == context; }));
      break;
    case SplitKind::held_out: {
      const auto held = static_cast<std::size_t>(std::lround(share * static_cast<double>(labels.size())));
      need(held >= 1 && held < labels.size(), fmt::format("a share of {:g} of {} labels holds out {}", share, labels.size(), held), "choose another --share");
      std::vector<std::string> order = labels;
      RandomStream random(seed, 8201, 0);
      for (std::size_t i = order.size() - 1; i > 0; --i) std::swap(order[i], order[static_cast<std::size_t>(random.uniform() * static_cast<double>(i + 1))]);
      const std::set<std::string> chosen(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(held));
      out.folds.push_back(fold_of(cells, fmt::format("{} held out", held), [&](const auto& c) { return chosen.contains(c.name); }));
      break;
    }
    case SplitKind::file: throw BugError("a split of kind file is read, not made");
  }
  return out;
}

std::string split_text(const BenchmarkSplit& split) {
  std::string out = "kind\tseed\tfold\trole\tcondition\tcontext\n";
  for (const auto& fold : split.folds)
    for (const auto& [role, list] : {std::pair{"train", &fold.train}, {"test", &fold.test}})
      for (const auto& c : *list) out += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", split.kind, split.seed, fold.name, role, c.name, c.context);
  return out;
}

BenchmarkSplit read_split(const std::filesystem::path& file) {
  const DelimitedTable table = DelimitedTable::read(file);
  const std::size_t fold = table.column("fold"), role = table.column("role"), condition = table.column("condition"), context = table.column("context");
  BenchmarkSplit out{"file", 1, {}};
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (table.has("kind")) out.kind = table.name(row, table.column("kind"));
    if (table.has("seed")) {
      const std::int64_t seed = table.integer(row, table.column("seed"));
      if (seed < 0 || (row > 0 && static_cast<std::uint64_t>(seed) != out.seed)) throw table.error(row, table.column("seed"), "the seed is negative or differs from the line above", "one seed for the whole file");
      out.seed = static_cast<std::uint64_t>(seed);
    }
    const std::string& name = table.name(row, fold);
    if (out.folds.empty() || out.folds.back().name != name) {
      if (std::any_of(out.folds.begin(), out.folds.end(), [&](const auto& f) { return f.name == name; })) throw table.error(row, fold, "'" + name + "' comes back after another fold", "keep the lines of a fold together");
      out.folds.push_back({name, {}, {}});
    }
    const std::string& what = table.name(row, role);
    if (what != "train" && what != "test") throw table.error(row, role, "'" + what + "' is no role", "write train or test");
    (what == "train" ? out.folds.back().train : out.folds.back().test).push_back({table.name(row, condition), table.text(row, context)});
  }
  if (out.folds.empty()) throw InputError(file.string(), "holds no fold", "write lines of fold, role, condition, context");
  return out;
}

void check_split(const BenchmarkSplit& split, const BenchmarkCells& cells, const std::string& where) {
  std::vector<std::string> known;
  for (const auto& c : cells.conditions) known.push_back(c.name);
  std::map<std::pair<std::string, std::string>, std::string> tested;
  for (const auto& fold : split.folds) {
    if (fold.test.empty()) throw InputError(where, "fold '" + fold.name + "' tests nothing", "give it a condition with role test");
    for (const auto* list : {&fold.train, &fold.test})
      for (const auto& c : *list) {
        const int at = cells.index_of(c.name, c.context);
        if (at < 0) throw InputError(where, fmt::format("fold '{}' names {}, which the cells do not have", fold.name, where_of(c)), did_you_mean(c.name, known));
        if (cells.conditions[static_cast<std::size_t>(at)].perturbations.empty()) throw InputError(where, fmt::format("fold '{}' names the control {}", fold.name, where_of(c)), "leave controls out: those of all contexts are always there");
      }
    for (const auto& c : fold.test) {
      if (std::find(fold.train.begin(), fold.train.end(), c) != fold.train.end()) throw InputError(where, fmt::format("fold '{}' learns from {} and tests it", fold.name, where_of(c)), "it can be one of the two");
      if (const auto [at, fresh] = tested.emplace(std::pair{c.name, c.context}, fold.name); !fresh) throw InputError(where, fmt::format("{} is tested in '{}' and in '{}'", where_of(c), at->second, fold.name), "test each condition once");
    }
  }
}

}  // namespace hyped
