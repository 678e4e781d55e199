// `hyped cells de|compose|isoforms` from a file to tables: what must be found, what must be said, what is refused.
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <set>

#include "libhyped/expression/annotated_data.hpp"
#include "libhyped/expression/join_libraries.hpp"
#include "libhyped/random.hpp"
#include "libhyped/store/write_anndata.hpp"
#include "tests/experiments/command_run.hpp"

using namespace hyped;
using Catch::Matchers::Contains;
using hyped::testing::CommandFolder;
using hyped::testing::Ended;
using hyped::testing::text_of;

namespace {

constexpr int cells_per_arm = 120, gene_count = 60;

// Three arms of HYPED-like cells in two cultures each: gene g0 up in mmMYOD1, g1 absent in the control, MYOD1 in most mRNA cells;
// controls sorted to equal numbers of phases; two isoforms of g5 that switch in mmMYOD1.
AnnotatedData example(bool two_cultures) {
  AnnotatedData data;
  const Strings arms{"control", "siPRRX1", "mmMYOD1"}, phases{"G1", "S", "G2M"};
  Strings names, genes;
  for (int g = 0; g < gene_count; ++g) genes.push_back("g" + std::to_string(g));
  genes[20] = "MYOD1", genes[21] = "MT-ND4";
  Labels arm{arms, {}}, phase{phases, {}}, source{{"scored", "sorted"}, {}}, culture{{}, {}};
  SparseRows counts, isoforms;
  counts.columns = gene_count;
  isoforms.columns = 4;
  for (int a = 0; a < 3; ++a)
    for (int c = 0; c < cells_per_arm; ++c) {
      RandomStream random(50, static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(c));
      names.push_back("c" + std::to_string(names.size()));
      arm.codes.push_back(a);
      const int own_phase = a == 0 ? c % 3 : random.uniform() < (a == 2 ? 0.8 : 0.5) ? 0 : 1 + (random.uniform() < 0.5);
      phase.codes.push_back(own_phase);
      source.codes.push_back(a == 0);
      culture.codes.push_back(two_cultures ? c % 2 : a);
      for (int g = 0; g < gene_count; ++g) {
        double mean = 2 + g % 5 + (g == 3 && own_phase == 0 ? 6 : 0);
        if (g == 0 && a == 2) mean *= 4;
        if (g == 1) mean = a == 0 ? 0 : 1;
        if (g == 20) mean = a == 2 && c % 5 != 0 ? 6 : 0;
        if (const auto n = random.poisson(mean * (two_cultures && c % 2 == 1 ? 1.2 : 1)); n > 0) counts.column.push_back(g), counts.value.push_back(static_cast<float>(n));
      }
      counts.start.push_back(static_cast<std::int64_t>(counts.column.size()));
      const auto total = random.poisson(2), first = random.binomial(total, a == 2 ? 0.2 : 0.7);
      for (int t = 0; t < 4; ++t)
        if (const auto n = t == 0 ? first : t == 1 ? total - first : random.poisson(0.5); n > 0) isoforms.column.push_back(t), isoforms.value.push_back(static_cast<float>(n));
      isoforms.start.push_back(static_cast<std::int64_t>(isoforms.column.size()));
    }
  counts.rows = isoforms.rows = static_cast<int>(names.size());
  if (two_cultures) culture.levels = {"first", "second"};
  else culture.levels = {"c1", "c2", "c3"};
  data.obs.index = names;
  data.var.index = genes;
  data.obs.put("arm", categorical_of(arm));
  data.obs.put("phase", categorical_of(phase));
  data.obs.put("phase_source", categorical_of(source));
  data.obs.put("culture", categorical_of(culture));
  data.X = {compressed_of(counts)};
  AnnotatedData transcripts;
  transcripts.obs.index = names;
  transcripts.var.index = Strings{"t1", "t2", "u1", "u2"};
  transcripts.X = {compressed_of(isoforms)};
  add_isoforms(data, transcripts, {{"t1", "g5"}, {"t2", "g5"}, {"u1", "g6"}, {"u2", "g6"}});
  return data;
}

std::map<std::string, std::string> row_with(const std::vector<std::map<std::string, std::string>>& rows, const std::map<std::string, std::string>& wanted) {
  for (const auto& row : rows) {
    bool all = true;
    for (const auto& [column, value] : wanted) all = all && row.count(column) && row.at(column) == value;
    if (all) return row;
  }
  FAIL("no such row");
  return {};
}

}  // namespace

TEST_CASE("de: effects with intervals, infinite fold changes as directions, limits said, the same bytes on any number of threads") {
  const CommandFolder folder;
  write_anndata(example(false), folder.path() / "cells.h5ad");
  const Ended ended = folder.run("cells de cells.h5ad --by arm --reference control --out one --threads 1");
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  CHECK_THAT(ended.out, Contains("X, counts") && Contains("ln(1 + 10000 count"));
  const auto rows = folder.table("one/tables/differential.tsv");
  CHECK(rows.size() == 2 * gene_count);
  const auto up = row_with(rows, {{"arm", "mmMYOD1"}, {"gene", "g0"}});
  CHECK(std::stod(up.at("log2_fold_change")) > 1);
  CHECK(std::stod(up.at("lower")) > 0.8);
  CHECK(std::stod(up.at("fdr")) < 1e-6);
  CHECK(std::stod(up.at("area")) > 0.8);
  const auto absent = row_with(rows, {{"arm", "siPRRX1"}, {"gene", "g1"}});
  CHECK(absent.at("log2_fold_change").empty());
  CHECK(absent.at("absent_in") == "reference");
  CHECK(std::stod(absent.at("p")) < 1e-6);
  CHECK(row_with(rows, {{"arm", "mmMYOD1"}, {"gene", "MYOD1"}}).at("caution").find("mRNA") != std::string::npos);
  for (const auto& row : rows) {
    REQUIRE(row.at("log2_fold_change").find("nan") == std::string::npos);
    if (!row.at("lower").empty()) REQUIRE(std::stod(row.at("lower")) <= std::stod(row.at("log2_fold_change")));
  }
  for (const auto& row : folder.table("one/tables/top_genes.tsv")) CHECK(row.at("gene") != "MYOD1");
  const std::string summary = hyped::testing::text_of(folder.path() / "one/summary.json");
  CHECK_THAT(summary, Contains("mock siRNA") && Contains("collinear") && Contains("One culture"));
  CHECK(std::filesystem::exists(folder.path() / "one/figures/volcano.svg"));
  CHECK(std::filesystem::exists(folder.path() / "one/figures/top_genes.svg"));
  REQUIRE(folder.run("cells de cells.h5ad --by arm --reference control --out four --threads 4").code == 0);
  CHECK(hyped::testing::text_of(folder.path() / "one/tables/differential.tsv") == hyped::testing::text_of(folder.path() / "four/tables/differential.tsv"));
  // an explicit pseudocount makes every fold change finite; bystanders are an arm by name
  REQUIRE(folder.run("cells de cells.h5ad --by arm --reference control --pseudocount 1 --mean arithmetic --bystanders --test t --out p").code == 0);
  const auto with = folder.table("p/tables/differential.tsv");
  CHECK_FALSE(row_with(with, {{"arm", "siPRRX1"}, {"gene", "g1"}}).at("log2_fold_change").empty());
  const auto bystander = row_with(with, {{"arm", "mmMYOD1, MYOD1-negative"}, {"gene", "g0"}});
  CHECK(std::stod(bystander.at("log2_fold_change")) > 1);
  CHECK(row_with(with, {{"arm", "mmMYOD1, MYOD1-negative"}, {"gene", "MYOD1"}}).at("mean_arm") == "0");
}

TEST_CASE("de between and within replicates, and what is refused") {
  const CommandFolder folder;
  write_anndata(example(true), folder.path() / "cells.h5ad");
  const Ended nb = folder.run("cells de cells.h5ad --by arm --reference control --replicate culture --test nb --out nb");
  INFO(nb.err << nb.out);
  REQUIRE(nb.code == 0);
  CHECK_THAT(nb.out, Contains("replicates are blocks: 6 samples, 2 residual degrees of freedom"));
  const auto rows = folder.table("nb/tables/differential.tsv");
  const auto up = row_with(rows, {{"arm", "mmMYOD1"}, {"gene", "g0"}});
  CHECK(std::stod(up.at("log2_fold_change")) == Approx(2).margin(0.5));
  CHECK(std::stod(up.at("lower")) < std::stod(up.at("log2_fold_change")));
  CHECK(std::stod(up.at("fdr")) < 0.05);
  const auto absent = row_with(rows, {{"arm", "siPRRX1"}, {"gene", "g1"}});
  CHECK(absent.at("log2_fold_change").empty());
  CHECK_FALSE(absent.at("lower").empty());      // the profile's finite end
  CHECK(absent.at("upper").empty());
  const Ended within = folder.run("cells de cells.h5ad --by arm --reference control --replicate culture --out w");
  REQUIRE(within.code == 0);
  CHECK_THAT(within.out, Contains("within culture (van Elteren)"));
  write_anndata(example(false), folder.path() / "single.h5ad");
  struct Wrong {
    std::string arguments, said;
  };
  for (const auto& [arguments, said] : {Wrong{"single.h5ad --by arm --reference control --replicate culture --test nb", "leave nothing to learn"}, Wrong{"single.h5ad --by arm --reference control --replicate culture", "shares no replicate"},
                                        Wrong{"cells.h5ad --by arm --reference control --test nb", "give --replicate COLUMN"}, Wrong{"cells.h5ad --by arm --reference contrl", "did you mean 'control'"},
                                        Wrong{"cells.h5ad --by arms --reference control", "are: arm (categories (3)), phase"}, Wrong{"cells.h5ad --by arm --reference control --min-cells 121", "fewer than 121 cells"},
                                        Wrong{"cells.h5ad --by arm --reference control --matrix layers/raw", "has no matrix"}, Wrong{"cells.h5ad --by culture --reference first --bystanders", "no arm carries"}}) {
    const Ended ended = folder.run("cells de " + arguments + " --out wrong");
    INFO(arguments);
    CHECK(ended.code == 2);
    CHECK_THAT(ended.err, Contains(said));
    CHECK_FALSE(std::filesystem::exists(folder.path() / "wrong"));
  }
}

TEST_CASE("arms and reference and phases are found by their names and said, what cannot be told is asked for") {
  const CommandFolder folder;
  AnnotatedData data = example(true);
  write_anndata(data, folder.path() / "cells.h5ad");
  const Ended named = folder.run("cells compose cells.h5ad --by arm --phase phase --reference control --out named"), found = folder.run("cells compose cells.h5ad --out found");
  INFO(found.out << found.err);
  REQUIRE(found.code == 0);
  CHECK_THAT(found.out, Contains("found by its name"));
  CHECK_THAT(text_of(folder.path() / "found/summary.json"), Contains("found by its name"));
  CHECK(text_of(folder.path() / "found/tables/composition.tsv") == text_of(folder.path() / "named/tables/composition.tsv"));
  CHECK(folder.run("cells isoforms cells.h5ad --out i").code == 0);
  Labels sample{{"first-control", "first-siPRRX1", "first-mmMYOD1", "second-control", "second-siPRRX1", "second-mmMYOD1"}, {}};
  for (int c = 0; c < 3 * cells_per_arm; ++c) sample.codes.push_back(c / cells_per_arm + 3 * (c % 2));
  data.obs.put("sample_id", categorical_of(sample));
  write_anndata(data, folder.path() / "samples.h5ad");
  const Ended by_pattern = folder.run("cells de samples.h5ad --replicate 'sample_id:^([a-z]+)-' --test nb --out pattern"), by_column = folder.run("cells de samples.h5ad --replicate culture --test nb --out column");
  INFO(by_pattern.out << by_pattern.err);
  REQUIRE(by_pattern.code == 0);
  CHECK_THAT(by_pattern.out, Contains("(first, second)"));
  CHECK(text_of(folder.path() / "pattern/tables/differential.tsv") == text_of(folder.path() / "column/tables/differential.tsv"));
  AnnotatedData two = example(true), none = example(true);
  Labels arms = labels_of(*two.obs.find("arm"));
  arms.levels[1] = "ctrl";
  two.obs.put("arm", categorical_of(arms));
  none.obs.take("arm"), none.obs.take("phase");
  write_anndata(two, folder.path() / "two.h5ad"), write_anndata(none, folder.path() / "none.h5ad");
  for (const auto& [arguments, said] : {std::pair<std::string, std::string>{"compose two.h5ad", "2 labels are controls: control, ctrl"}, {"compose none.h5ad", "name it with --by; there are: phase_source"}, {"de none.h5ad --by culture", "name the label to compare with by --reference; there are: first, second"},
                                        {"compose cells.h5ad --by arm --phase none", "there are: "}, {"de samples.h5ad --replicate 'sample_id:x'", "says nothing of the label 'first-control'"}, {"de samples.h5ad --replicate 'sample_id:('", "no regular expression"}}) {
    const Ended ended = folder.run("cells " + arguments + " --out wrong");
    INFO(arguments << ended.out << ended.err);
    CHECK(ended.code == 2);
    CHECK_THAT(ended.err, Contains(said));
    CHECK_FALSE(std::filesystem::exists(folder.path() / "wrong"));
  }
}

TEST_CASE("bad values are named by cell and gene before anything is computed from them") {
  const CommandFolder folder;
  for (const auto& [value, said] : {std::pair(NAN, "no number; the first is nan in cell c0, gene g0"), {-2.0F, "negative; the first is -2 in cell c0, gene g0"}}) {
    AnnotatedData data = example(true);
    std::get<std::vector<float>>(data.X.as<CompressedMatrix>()->values)[0] = value;
    write_anndata(data, folder.path() / "bad.h5ad");
    const Ended ended = folder.run("cells de bad.h5ad --out wrong");
    CHECK(ended.code == 2);
    CHECK_THAT(ended.err, Contains(said));
  }
}

TEST_CASE("compose: sorted controls have no composition until one is given, the split is exact in the table") {
  const CommandFolder folder;
  write_anndata(example(false), folder.path() / "cells.h5ad");
  const Ended plain = folder.run("cells compose cells.h5ad --by arm --phase phase --reference control --out plain");
  INFO(plain.err);
  REQUIRE(plain.code == 0);
  CHECK_THAT(plain.out, Contains("set by sorting in: control"));
  const auto shares = folder.table("plain/tables/composition.tsv");
  CHECK(row_with(shares, {{"arm", "control"}, {"phase", "G1"}}).at("lower").empty());
  const auto g1 = row_with(shares, {{"arm", "mmMYOD1"}, {"phase", "G1"}});
  CHECK(std::stod(g1.at("lower")) < std::stod(g1.at("share")));
  CHECK_THAT(folder.table("plain/tables/contrasts.tsv")[0].at("against"), Contains("needs an imaging reference"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "plain/tables/mean_change.tsv"));
  const Ended given = folder.run("cells compose cells.h5ad --by arm --phase phase --reference control --share G1=0.6 --share S=0.2 --share G2M=0.2 --share-cells 500 --share-source imaging --out given");
  INFO(given.err);
  REQUIRE(given.code == 0);
  CHECK(std::stod(row_with(folder.table("given/tables/contrasts.tsv"), {{"arm", "mmMYOD1"}, {"phase", "G1"}}).at("difference")) == Approx(std::stod(g1.at("share")) - 0.6));
  const auto changes = folder.table("given/tables/mean_change.tsv");
  CHECK(changes.size() == 2 * gene_count);
  for (const auto& row : changes) REQUIRE(std::stod(row.at("composition")) + std::stod(row.at("within")) == Approx(std::stod(row.at("total"))).margin(1e-12));
  const auto phased = row_with(changes, {{"arm", "mmMYOD1"}, {"gene", "g3"}});      // high in G1, of which mmMYOD1 has more
  CHECK(std::stod(phased.at("composition_lower")) > 0);
  AnnotatedData mixed = example(false);      // some controls had no hashtag and were scored: their numbers are still set
  Labels source = labels_of(*mixed.obs.find("phase_source"));
  for (int c = 0; c < 7; ++c) source.codes[static_cast<std::size_t>(c)] = 0;
  mixed.obs.put("phase_source", categorical_of(source));
  write_anndata(mixed, folder.path() / "mixed.h5ad");
  CHECK_THAT(folder.run("cells compose mixed.h5ad --out mixed").out, Contains("set by sorting in: control"));
  AnnotatedData bare = example(false);      // one arm without any phase
  Labels phase = labels_of(*bare.obs.find("phase"));
  for (int c = cells_per_arm; c < 2 * cells_per_arm; ++c) phase.codes[static_cast<std::size_t>(c)] = -1;
  bare.obs.put("phase", categorical_of(phase));
  write_anndata(bare, folder.path() / "bare.h5ad");
  const Ended without = folder.run("cells compose bare.h5ad --out bare");
  CHECK(without.code == 0);
  CHECK_THAT(without.out, Contains("No cell of siPRRX1 has a phase in column phase"));
  CHECK(folder.run("cells compose cells.h5ad --by arm --phase phase --reference control --share G1=0.6 --out wrong").code == 2);
  CHECK(folder.run("cells compose cells.h5ad --by arm --phase phase --reference control --share G1 --out wrong").code == 2);
}

TEST_CASE("isoforms: the gene that switches is found, the other is not") {
  const CommandFolder folder;
  write_anndata(example(false), folder.path() / "cells.h5ad");
  const Ended ended = folder.run("cells isoforms cells.h5ad --by arm --reference control --out i");
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  const auto tests = folder.table("i/tables/isoform_tests.tsv");
  CHECK(std::stod(row_with(tests, {{"arm", "mmMYOD1"}, {"gene", "g5"}}).at("fdr")) < 1e-6);
  CHECK(std::stod(row_with(tests, {{"arm", "siPRRX1"}, {"gene", "g5"}}).at("p")) > 1e-3);
  CHECK(std::stod(row_with(tests, {{"arm", "mmMYOD1"}, {"gene", "g6"}}).at("p")) > 1e-3);
  const auto share = row_with(folder.table("i/tables/isoform_shares.tsv"), {{"arm", "mmMYOD1"}, {"transcript", "t1"}});
  CHECK(std::stod(share.at("lower")) < 0.2);
  CHECK(std::stod(share.at("upper")) > 0.2);
  CHECK(std::stod(share.at("reference_share")) == Approx(0.7).margin(0.1));
}
