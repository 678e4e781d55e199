// hyped control dgc on a small invented series: kinds of target, tables, and what is refused.
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <fmt/format.h>

#include "experiments/planning/dgc/dgc_run.hpp"
#include "experiments/planning/dgc/dgc_scenario.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/expression/sparse_rows.hpp"
#include "libhyped/ingest/delimited.hpp"
#include "libhyped/random.hpp"
#include "libhyped/store/write_anndata.hpp"
#include "tests/experiments/command_run.hpp"
#include "tests/experiments/real_data.hpp"

using namespace hyped;
using hyped::testing::CommandFolder;
using hyped::testing::RunFolder;

namespace {

constexpr int genes = 120, times = 7, repeats = 3;

// Counts of a series in which the targets of factor F0 rise, a list of 12 factors, and a table of responses.
void write_series(const CommandFolder& folder) {
  RandomStream random(3, 3, 3);
  std::string samples = "column,sample_id,T_label,hours_official,replicate\n", header = "gene", rows, list = "source,target,weight\n", responses = "gene,up,down\n";
  for (int r = 1; r <= repeats; ++r)
    for (int t = 0; t < times; ++t) {
      const int number = 100 + 10 * t + r;
      samples += fmt::format("{}_T{}R{},{},T{},{},{}\n", number, t, r, number, t, 8 * t, r);
      header += fmt::format(",{}_T{}R{}", number, t, r);
    }
  for (int g = 0; g < genes; ++g) {
    rows += fmt::format("G{}", g);
    const double level = 200 * std::exp(random.normal());
    for (int r = 1; r <= repeats; ++r)
      for (int t = 0; t < times; ++t) rows += fmt::format(",{}", random.poisson(level * std::exp((g < 12 ? 0.25 : 0.02 * std::sin(g)) * t + 0.1 * random.normal())));
    rows += "\n";
    responses += fmt::format("G{},{},{}\n", g, g < 12 ? 1.0 : 0.0, g < 12 ? -1.0 : 0.1);
  }
  for (int f = 0; f < 12; ++f)
    for (int k = 0; k < 12; ++k) list += fmt::format("F{},G{},{}\n", f, f == 0 ? k : 10 * f - 5 + k > genes - 1 ? k : 10 * f - 5 + k, k % 6 == 5 && f > 0 ? -1 : 1);
  folder.write("samples.csv", samples);
  folder.write("counts.csv", header + "\n" + rows);
  folder.write("list.csv", list);
  folder.write("responses.csv", responses);
  folder.write("sets.tsv", "set\tgene\nrisen\tG0\nrisen\tG1\nrisen\tG2\nabsent\tX\n");
}

DgcSettings small(const CommandFolder& folder) {
  DgcSettings out;
  out.series = folder.path() / "counts.csv", out.prior = folder.path() / "list.csv";
  out.start = "T0", out.target = {"T6"};
  out.programmes = {"none"}, out.follow = {"F0"};
  out.draws = 60, out.permutations = 99, out.sensors = 5;
  return out;
}

std::string done(const DgcSettings& settings, RunFolder& folder) {
  RunDirectory run(folder.path, {"test"}, 1);
  run_dgc(run, settings);
  run.finish();
  return folder.text("summary.json");
}

}  // namespace

TEST_CASE("the factor whose targets rise is found, by every score") {
  const CommandFolder data;
  write_series(data);
  DgcSettings settings = small(data);
  settings.responses = data.path() / "responses.csv";
  RunFolder folder("dgc_small");
  const std::string summary = done(settings, folder);
  const auto ranking = folder.table("ranking");
  CHECK(ranking.text(0, 0) == "F0");
  CHECK(ranking.number(0, ranking.column("place_upper")) < 6);
  CHECK(ranking.number(0, ranking.column("p")) == Approx(0.01));
  CHECK(ranking.text(0, ranking.column("own_log2_fold")).empty());      // F0 is no gene of the series
  const auto other = folder.table("other_scores");
  CHECK(other.number(testing::row_of(other, "factor", "F0"), other.column("place_influence_like")) == 1);
  CHECK_THAT(summary, Catch::Matchers::Contains("Start: samples of 0 h") && Catch::Matchers::Contains("Target: mean of the samples of 48 h"));
  CHECK_THAT(summary, Catch::Matchers::Contains("nothing is left"));      // the filter
  const auto sums = folder.table("superposition");
  CHECK(sums.text(0, sums.column("responses")) == "up");
  CHECK(folder.table("variants").rows() == 24);      // two orders
  CHECK(folder.table("sensors").rows() >= 5);
  CHECK(folder.table("controllability").rows() == 12);
}

TEST_CASE("a path of steps, and a set of genes as target") {
  const CommandFolder data;
  write_series(data);
  DgcSettings settings = small(data);
  settings.path_until = {"24"}, settings.permutations = 0;
  RunFolder path("dgc_path");
  CHECK_THAT(done(settings, path), Catch::Matchers::Contains("3 data-guided steps to 24 h"));
  CHECK(path.table("ranking").text(0, 0) == "F0");
  settings.path_until.clear(), settings.target.clear();
  settings.target_set = (data.path() / "sets.tsv").string() + ":risen";
  RunFolder set("dgc_set");
  CHECK_THAT(done(settings, set), Catch::Matchers::Contains("3 of 3 genes of 'risen'"));
  CHECK(set.table("ranking").text(0, 0) == "F0");
}

TEST_CASE("a set of genes on the start itself has no interval from replicates, along a path it has one that holds its score") {
  const CommandFolder data;
  write_series(data);
  DgcSettings settings = small(data);
  settings.target.clear(), settings.permutations = 0;
  settings.target_set = (data.path() / "sets.tsv").string() + ":risen";
  RunFolder still("dgc_set_still");
  const std::string summary = done(settings, still);
  const auto ranking = still.table("ranking");
  for (std::size_t m = 0; m < ranking.rows(); ++m) {
    CHECK(ranking.text(m, ranking.column("score_lower")).empty());
    CHECK(ranking.text(m, ranking.column("place_upper")).empty());
  }
  CHECK_THAT(summary, Catch::Matchers::Contains("what is wanted is the same whatever the replicates are") && Catch::Matchers::Contains("F0 keeps its place, 1, whatever is taken out"));
  CHECK_THAT(summary, !Catch::Matchers::Contains("F0 moves with"));
  settings.path_until = {"16"};
  RunFolder path("dgc_set_path");
  done(settings, path);
  const auto moved = path.table("ranking");
  CHECK(moved.number(0, moved.column("score_upper")) > moved.number(0, moved.column("score_lower")));
}

TEST_CASE("no draws and no change are called what they are") {
  const CommandFolder data;
  write_series(data);
  DgcSettings settings = small(data);
  settings.draws = 0, settings.permutations = 0, settings.rank = 500, settings.sensors = 100000;
  RunFolder folder("dgc_no_draws");
  const std::string summary = done(settings, folder);
  CHECK_THAT(summary, Catch::Matchers::Contains("no draws of replicates were asked for") && !Catch::Matchers::Contains("no replicates"));
  CHECK_THAT(summary, Catch::Matchers::Contains("A rank of 500 was asked for") && Catch::Matchers::Contains("100000 sensors were asked for"));
}

// The panel's cells are the start itself: normalised by its own total against the series' total every gene would stand two log2 units too high.
TEST_CASE("cells of a gene panel are normalised by the genes that the series shares, and only these count") {
  const CommandFolder data;
  write_series(data);
  const DelimitedTable counts = DelimitedTable::read(data.path() / "counts.csv");
  AnnotatedData cells;
  SparseRows rows;
  rows.rows = 3, rows.columns = 30;
  std::size_t cell = 0;
  for (const char* column : {"101_T0R1", "102_T0R2", "103_T0R3"}) {
    for (int g = 0; g < 30; ++g) rows.column.push_back(g), rows.value.push_back(static_cast<float>(counts.number(static_cast<std::size_t>(g), counts.column(fmt::format("{}", column)))));
    rows.start.push_back(static_cast<std::int64_t>(rows.column.size()));
    cells.obs.index = Strings{"a", "b", "c"};
    ++cell;
  }
  REQUIRE(cell == 3);
  Strings names;
  for (int g = 0; g < 30; ++g) names.push_back(fmt::format("G{}", g));
  cells.obs.index_name = cells.var.index_name = "_index";
  cells.var.index = names;
  cells.obs.put("kind", DataColumn(Strings{"x", "x", "x"}));
  cells.X.value = compressed_of(std::move(rows));
  write_anndata(cells, data.path() / "panel.h5ad");
  DgcSettings settings = small(data);
  settings.target.clear(), settings.permutations = 0;
  settings.target_cells = (data.path() / "panel.h5ad").string(), settings.target_label = "kind=x";
  settings.follow = {"F0"};
  RunFolder folder("dgc_panel");
  const std::string summary = done(settings, folder);
  CHECK_THAT(summary, Catch::Matchers::Contains("a panel?") && Catch::Matchers::Contains("30 genes are used: of 120"));
  CHECK_THAT(summary, !Catch::Matchers::Contains("120 of 120 genes are used"));
  const auto at = summary.find("\"name\": \"distance\"");
  REQUIRE(at != std::string::npos);
  CHECK(std::stod(summary.substr(summary.find("\"value\": ", at) + 9)) < 0.7);      // replicates' means of logs and logs of means; else about 10
  const auto ranking = folder.table("ranking");
  CHECK(ranking.rows() == 4);      // F0 to F3 have five targets in the panel
  for (std::size_t m = 0; m < ranking.rows(); ++m)
    if (ranking.text(m, 0) == "F3") CHECK(ranking.number(m, ranking.column("activated")) + ranking.number(m, ranking.column("repressed")) == 5);
}

TEST_CASE("targets and times that are not there are refused") {
  const CommandFolder data;
  write_series(data);
  const auto refused = [&](const std::function<void(DgcSettings&)>& change, const std::string& words) {
    DgcSettings settings = small(data);
    change(settings);
    RunFolder folder("dgc_bad");
    CHECK_THROWS_WITH(done(settings, folder), Catch::Matchers::Contains(words));
    CHECK_FALSE(std::filesystem::exists(folder.path));
  };
  refused([](auto& s) { s.target = {"T9"}; }, "has no time or sample 'T9'");
  refused([](auto& s) { s.target.clear(); }, "is not given");
  refused([](auto& s) { s.target_set = "fibroblast"; }, "several ways");
  refused([](auto& s) { s.target = {"T0"}; }, "is the start");
  refused([](auto& s) { s.path_until = {"24"}, s.target = {"16"}; }, "lies on the path from 0 to 24 h");
  refused([](auto& s) { s.path_until = {"24"}, s.target = {"24"}; }, "lies on the path");
  refused([](auto& s) { s.path_until = {"T0"}; }, "is not after the start");
  refused([](auto& s) { s.least_targets = 50; }, "has no factor with 50 signed targets");
  refused([](auto& s) { s.programmes = {"interferron"}; }, "interferon");
  refused([](auto& s) { s.follow = {"F99"}; }, "--follow F99: is no factor");
  refused([&](auto& s) { s.target.clear(), s.target_set = (data.path() / "sets.tsv").string() + ":absent"; }, "no gene of 'absent'");
  refused([&](auto& s) { s.target.clear(), s.target_set = (data.path() / "sets.tsv").string() + ":rissen"; }, "risen");
  refused([&](auto& s) { s.responses = data.path() / "list.csv"; }, "the gene is there twice");
}

TEST_CASE("a scenario file says the same as settings, and its faults have lines") {
  const CommandFolder data;
  write_series(data);
  data.write("dgc.toml", "series = \"counts.csv\"\nprior = \"list.csv\"\nstart = \"T0\"\ntarget = [\"T5\", \"T6\"]\nprogrammes = [\"none\"]\nfollow = [\"F0\"]\ndraws = 40\npermutations = 0\n");
  const DgcSettings read = read_dgc_scenario(data.path() / "dgc.toml");
  CHECK(read.series == data.path() / "counts.csv");
  CHECK(read.target == std::vector<std::string>{"T5", "T6"});
  RunFolder folder("dgc_scenario");
  CHECK_THAT(done(read, folder), Catch::Matchers::Contains("40 h and 48 h"));
  const auto refused = [&](const std::string& line, const std::string& words) {
    data.write("bad.toml", "series = \"counts.csv\"\nprior = \"list.csv\"\n" + line + "\n");
    CHECK_THROWS_WITH(read_dgc_scenario(data.path() / "bad.toml"), Catch::Matchers::Contains(words));
  };
  refused("strat = \"T0\"", "did you mean");
  refused("start = 3", "is not a string");
  refused("draws = 3", "give 20 or more");
  refused("replicates = \"all\"", "is unknown");
  refused("fold = 0", "positive");
  refused("target_set = \"risen\"\nraise = 0", "the target would be the start");
  refused("target_label = \"a=b\"", "without target_cells");
  refused("target_cells = \"a.h5ad\"", "without target_label");
  refused("start = ", "bad.toml:3");
}
