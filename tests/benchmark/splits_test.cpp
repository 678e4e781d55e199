// Splits as files, what leaks through them, and halves of cells that do not depend on the order of rows.
#include "experiments/benchmark/splits.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <set>

#include "libhyped/random.hpp"
#include "tests/experiments/command_run.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

namespace {

// Ten cells of each label in each context; gene 0 to 5 random, A's target is gene A.
BenchmarkCells cells_of(const std::vector<std::string>& labels, const std::vector<std::string>& contexts, int each = 10, std::uint64_t seed = 1, bool reversed = false) {
  const std::vector<std::string> genes{"A", "B", "C", "g1", "g2", "g3"};
  std::vector<std::string> label, context, names;
  std::vector<std::vector<float>> values;
  for (const auto& c : contexts)
    for (const auto& l : labels)
      for (int i = 0; i < each; ++i) {
        RandomStream random(seed, static_cast<std::uint32_t>(values.size()), 0);
        label.push_back(l), context.push_back(c), names.push_back(l + c + std::to_string(i));
        values.emplace_back();
        for (std::size_t g = 0; g < genes.size(); ++g) values.back().push_back(static_cast<float>(random.uniform()));
      }
  if (reversed)
    for (auto* list : {&label, &context, &names}) std::reverse(list->begin(), list->end());
  if (reversed) std::reverse(values.begin(), values.end());
  SparseRows rows;
  rows.columns = static_cast<int>(genes.size());
  rows.rows = static_cast<int>(values.size());
  for (const auto& cell : values) {
    for (std::size_t g = 0; g < cell.size(); ++g) rows.column.push_back(static_cast<std::int32_t>(g)), rows.value.push_back(cell[g]);
    rows.start.push_back(static_cast<std::int64_t>(rows.column.size()));
  }
  std::vector<std::string> notes;
  BenchmarkReading reading;
  reading.least_cells = 2;
  return benchmark_cells_of(genes, rows, label, contexts.size() > 1 ? context : std::vector<std::string>{}, names, "control", reading, "example", notes);
}

const std::vector<std::string> labels{"control", "A", "B", "C", "A+B", "B+C"};

}  // namespace

TEST_CASE("a split is a file that comes back to the byte") {
  const auto cells = cells_of(labels, {"x", "y"});
  for (const auto kind : {SplitKind::condition, SplitKind::stratum, SplitKind::dual, SplitKind::context, SplitKind::held_out}) {
    const BenchmarkSplit split = make_split(cells, kind, 77, 0.4);
    check_split(split, cells, "here");
    const testing::CommandFolder folder;
    folder.write("split.tsv", split_text(split));
    const BenchmarkSplit back = read_split(folder.path() / "split.tsv");
    CHECK(back == split);
    CHECK(split_text(back) == testing::text_of(folder.path() / "split.tsv"));
  }
}

TEST_CASE("kinds of splits hold out what they say") {
  const auto cells = cells_of(labels, {"x", "y"});
  CHECK(make_split(cells, SplitKind::condition, 1, 0).folds.size() == 5);
  CHECK(make_split(cells, SplitKind::condition, 1, 0).folds[0].test == std::vector<SplitCondition>{{"A", "x"}, {"A", "y"}});
  CHECK(make_split(cells, SplitKind::stratum, 1, 0).folds.size() == 10);
  const auto dual = make_split(cells, SplitKind::dual, 1, 0);
  REQUIRE(dual.folds.size() == 1);
  CHECK(dual.folds[0].test.size() == 4);
  CHECK(dual.folds[0].train.size() == 6);
  const auto context = make_split(cells, SplitKind::context, 1, 0);
  CHECK(context.folds.size() == 2);
  CHECK(context.folds[1].test.size() == 5);
  const auto held = make_split(cells, SplitKind::held_out, 5, 0.4);
  CHECK(held.folds[0].test.size() == 4);      // two labels in two contexts
  CHECK(held == make_split(cells, SplitKind::held_out, 5, 0.4));
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 30; ++seed) seen.insert(make_split(cells, SplitKind::held_out, seed, 0.2).folds[0].test[0].name);
  CHECK(seen.size() == 5);
  CHECK_THROWS_WITH(make_split(cells_of({"control", "A", "B"}, {"x"}), SplitKind::dual, 1, 0), Contains("no combination"));
  CHECK_THROWS_WITH(make_split(cells_of({"control", "A", "B"}, {"x"}), SplitKind::context, 1, 0), Contains("two contexts"));
  CHECK_THROWS_WITH(split_kind_of("contxt"), Contains("did you mean 'context'"));
}

TEST_CASE("a split that lets the truth in is refused") {
  const auto cells = cells_of(labels, {"x"});
  const testing::CommandFolder folder;
  const auto refused = [&](const std::string& lines, const std::string& word) {
    folder.write("s.tsv", "fold\trole\tcondition\tcontext\n" + lines);
    CHECK_THROWS_WITH(check_split(read_split(folder.path() / "s.tsv"), cells, "s.tsv"), Contains(word));
  };
  refused("one\ttest\tA\t\none\ttrain\tA\t\n", "learns from 'A' and tests it");
  refused("one\ttest\tA\t\ntwo\ttest\tA\t\n", "is tested in");
  refused("one\ttest\tAA\t\n", "the cells do not have");
  refused("one\ttest\tcontrol\t\n", "names the control");
  refused("one\ttrain\tA\t\n", "tests nothing");
  folder.write("s.tsv", "fold\trole\tcondition\tcontext\none\ttests\tA\t\n");
  CHECK_THROWS_WITH(read_split(folder.path() / "s.tsv"), Contains("is no role"));
}

TEST_CASE("leaks are found: shared controls, equal cells on both sides") {
  auto cells = cells_of(labels, {"x"});
  const auto split = make_split(cells, SplitKind::condition, 1, 0);
  const auto leak = [&](const std::string& check, bool shared = false) {
    for (const auto& one : leaks_of(cells, split, shared))
      if (one.check == check) return one;
    FAIL("no check " + check);
    return Leak{};
  };
  CHECK_FALSE(leak("control cells on both sides").leaks);
  CHECK(leak("control cells on both sides", true).count == 10);
  CHECK(leak("equal cells on both sides").count == 0);
  CHECK(leak("targets among scored genes").count == 3);
  // the first cell of A becomes a copy of the first of the control
  const int a = 10, c = 0;
  for (std::size_t e = 0; e < 6; ++e) cells.values.values_of(a)[e] = cells.values.values_of(c)[e];
  CHECK(leak("equal cells on both sides").leaks);
  CHECK(leak("equal cells on both sides").count == 2);
  // a copy within one condition does not cross a fold
  cells = cells_of(labels, {"x"});
  for (std::size_t e = 0; e < 6; ++e) cells.values.values_of(11)[e] = cells.values.values_of(10)[e];
  CHECK_FALSE(leak("equal cells on both sides").leaks);
}

TEST_CASE("halves of cells are equal in size and follow the cells, not the rows") {
  const auto forward = cells_of(labels, {"x"}, 11), backward = cells_of(labels, {"x"}, 11, 1, true);
  const auto a = cell_halves(forward, 9, 0), b = cell_halves(backward, 9, 0);
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == b[a.size() - 1 - i]);
  for (std::size_t l = 0; l < forward.conditions.size(); ++l) {
    int second = 0;
    for (std::size_t c = 0; c < a.size(); ++c) second += forward.condition_of[c] == static_cast<std::int32_t>(l) && a[c] == 1;
    CHECK(second == 6);
  }
  CHECK(cell_halves(forward, 9, 0) != cell_halves(forward, 10, 0));
  CHECK(cell_halves(forward, 9, 0) != cell_halves(forward, 9, 1));
}

TEST_CASE("labels and targets and masks are resolved or refused") {
  std::vector<std::string> notes;
  SparseRows rows;
  rows.columns = 3;
  std::vector<std::string> label, names;
  for (int i = 0; i < 9; ++i) {
    label.push_back(i < 3 ? "control" : i < 6 ? "drug" : "A");
    names.push_back("c" + std::to_string(i));
    rows.column.push_back(i % 3), rows.value.push_back(1.0F), rows.start.push_back(i + 1);
  }
  rows.rows = 9;
  const std::vector<std::string> genes{"A", "MT-ND1", "g"};
  BenchmarkReading reading;
  reading.least_cells = 2;
  const auto read = [&] { return benchmark_cells_of(genes, rows, label, {}, names, "control", reading, "file", notes); };
  CHECK_THROWS_WITH(read(), Contains("is no gene of the data: drug") && Contains("drug=none"));
  reading.targets = {"drug=none"};
  CHECK(read().targets.at("A") == std::vector<std::string>{"A"});
  CHECK(read().targets.at("drug").empty());
  reading.targets = {"drug=gg"};
  CHECK_THROWS_WITH(read(), Contains("gene 'gg' is not in file"));
  reading.targets = {"drugg=A"};
  CHECK_THROWS_WITH(read(), Contains("there is no perturbation 'drugg'"));
  reading.targets = {"none"};
  reading.mask_mitochondrial = true;
  CHECK(read().genes == std::vector<std::string>{"A", "g"});
  CHECK(read().values.columns == 2);
  reading.least_cells = 4;
  CHECK_THROWS(read());
  reading.least_cells = 2;
  reading.parts = {"drug=A+A"};
  CHECK_THROWS_WITH(read(), Contains("repeated part"));
  CHECK(parts_of_label("PRRX1_MYOD", {}) == std::vector<std::string>{"mmMYOD1", "siPRRX1"});
  CHECK(parts_of_label("dual", {}) == std::vector<std::string>{"mmMYOD1", "siPRRX1"});
  CHECK(parts_of_label("B+A", {}) == std::vector<std::string>{"A", "B"});
}

TEST_CASE("replicates are halved whole, and a column that has none is refused") {
  auto cells = cells_of(labels, {"x"}, 16);
  std::vector<std::string> guide;
  for (std::size_t c = 0; c < cells.condition_of.size(); ++c) guide.push_back(cells.conditions[static_cast<std::size_t>(cells.condition_of[c])].name + " g" + std::to_string(c % 8));
  take_replicates(cells, guide, "column guide");
  const auto halves = cell_halves(cells, 9, 0);
  std::map<std::string, std::set<int>> sides;
  std::map<int, int> sizes;
  for (std::size_t c = 0; c < guide.size(); ++c) sides[guide[c]].insert(halves[c]), ++sizes[halves[c]];
  CHECK(sides.size() == 48);
  for (const auto& [name, side] : sides) CHECK(side.size() == 1);
  CHECK(sizes[0] == sizes[1]);
  CHECK(cell_halves(cells, 10, 0) != halves);
  const auto leak = [&](const std::string& check) {
    for (const auto& one : leaks_of(cells, make_split(cells, SplitKind::condition, 9, 0), false))
      if (one.check == check) return one.count;
    return std::int64_t{-1};
  };
  CHECK(leak("replicates of controls on both sides") == 0);
  // two donors: halves of cells, and both donors on both sides
  for (std::size_t c = 0; c < guide.size(); ++c) guide[c] = "donor" + std::to_string(c % 2);
  take_replicates(cells, guide, "column donor");
  CHECK(leak("replicates of controls on both sides") == 2);
  for (std::size_t c = 0; c < guide.size(); ++c) guide[c] = "only " + std::to_string(cells.condition_of[c]);
  CHECK_THROWS_WITH(take_replicates(cells, guide, "column batch"), Contains("no condition has two replicates"));
}

TEST_CASE("labels of --parts that no cell has, and a condition without any value, are refused") {
  SparseRows rows;
  rows.columns = 2;
  std::vector<std::string> label, names;
  for (int i = 0; i < 12; ++i) {
    label.push_back(i < 4 ? "control" : i < 8 ? "drug" : "A");
    names.push_back("c" + std::to_string(i));
    if (i < 4 || i >= 8) rows.column.push_back(i % 2), rows.value.push_back(1.0F);
    rows.start.push_back(static_cast<std::int64_t>(rows.column.size()));
  }
  rows.rows = 12;
  BenchmarkReading reading;
  reading.least_cells = 2, reading.targets = {"none"};
  std::vector<std::string> notes;
  const auto read = [&] { return benchmark_cells_of({"A", "g"}, rows, label, {}, names, "control", reading, "file", notes); };
  CHECK_THROWS_WITH(read(), Contains("all values of all cells of 'drug' are 0"));
  reading.parts = {"drugs=A+B"};
  CHECK_THROWS_WITH(read(), Contains("no cell is labelled 'drugs'") && Contains("drug"));
}
