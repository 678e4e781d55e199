// Files of gene networks: GeneNetWeaver's SBML, DREAM4's tables, cells; and what each of them gets wrong.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/networks/read_gene_network_sbml.hpp"
#include "libhyped/ingest/networks/read_network_tables.hpp"
#include "tests/experiments/real_data.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

namespace {

const std::string small_file = R"xml(<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level2" level="2" version="1"><model name="small">
<listOfCompartments><compartment id="cell" name="cell" size="1.0" /></listOfCompartments>
<listOfSpecies><species id="A" name="A" compartment="cell" /><species id="B" name="B" compartment="cell" /><species id="C" name="C" compartment="cell" />
<species id="_void_" name="_void_" compartment="cell" initialAmount="0.0" boundaryCondition="true" constant="true" /></listOfSpecies>
<listOfReactions>
<reaction id="A_synthesis" name="A_synthesis: no inputs" reversible="false"><listOfReactants><speciesReference species="_void_" /></listOfReactants><listOfProducts><speciesReference species="A" /></listOfProducts>
<kineticLaw><listOfParameters><parameter id="max" value="0.02" /><parameter id="deltaProtein" value="0.03" /><parameter id="maxTranslation" value="0.03" /><parameter id="a_0" value="1.0" /></listOfParameters></kineticLaw></reaction>
<reaction id="A_degradation" name="A_degradation" reversible="false"><listOfReactants><speciesReference species="A" /></listOfReactants><listOfProducts><speciesReference species="_void_" /></listOfProducts>
<kineticLaw><listOfParameters><parameter id="delta" value="0.021" /></listOfParameters></kineticLaw></reaction>
<reaction id="B_synthesis" name="B_synthesis: ~(1~2)" reversible="false"><listOfReactants><speciesReference species="_void_" /></listOfReactants><listOfProducts><speciesReference species="B" /></listOfProducts>
<listOfModifiers><modifierSpeciesReference species="C" /><modifierSpeciesReference species="A" /></listOfModifiers>
<kineticLaw><listOfParameters><parameter id="max" value="0.02" /><parameter id="deltaProtein" value="0.03" /><parameter id="maxTranslation" value="0.03" /><parameter id="bindsAsComplex_1" value="1.0" /><parameter id="numActivators_1" value="1.0" /><parameter id="numDeactivators_1" value="1.0" />
<parameter id="a_0" value="1.0" /><parameter id="a_1" value="0.25" /><parameter id="k_1" value="0.5" /><parameter id="k_2" value="0.6" /><parameter id="n_1" value="2.0" /><parameter id="n_2" value="3.0" /></listOfParameters></kineticLaw></reaction>
<reaction id="B_degradation" name="B_degradation" reversible="false"><listOfReactants><speciesReference species="B" /></listOfReactants><listOfProducts><speciesReference species="_void_" /></listOfProducts>
<kineticLaw><listOfParameters><parameter id="delta" value="0.02" /></listOfParameters></kineticLaw></reaction>
<reaction id="C_synthesis" name="C_synthesis: no inputs" reversible="false"><listOfReactants><speciesReference species="_void_" /></listOfReactants><listOfProducts><speciesReference species="C" /></listOfProducts>
<kineticLaw><listOfParameters><parameter id="max" value="0.02" /><parameter id="deltaProtein" value="0.03" /><parameter id="maxTranslation" value="0.03" /><parameter id="a_0" value="1.0" /></listOfParameters></kineticLaw></reaction>
<reaction id="C_degradation" name="C_degradation" reversible="false"><listOfReactants><speciesReference species="C" /></listOfReactants><listOfProducts><speciesReference species="_void_" /></listOfProducts>
<kineticLaw><listOfParameters><parameter id="delta" value="0.02" /></listOfParameters></kineticLaw></reaction>
</listOfReactions></model></sbml>
)xml";

struct TextFile {
  std::filesystem::path path;
  TextFile(const std::string& name, const std::string& text) : path(std::filesystem::temp_directory_path() / (std::to_string(getpid()) + "_" + name)) { std::ofstream(path) << text; }
  ~TextFile() { std::filesystem::remove(path); }
};

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

}  // namespace

TEST_CASE("modules are read from a reaction's name, errors name the column") {
  using Modules = std::vector<NamedModule>;
  CHECK(parse_modules(" no inputs", "r") == Modules{});
  CHECK(parse_modules(" (1)", "r") == Modules{{1, 0, false}});
  CHECK(parse_modules("~(1) + (2*3~4~5)", "r") == Modules{{1, 0, true}, {2, 2, false}});
  const auto fails = [](const char* text, const char* where, const char* what) {
    CHECK_THROWS_WITH(parse_modules(text, "G2_synthesis", 15), Contains(where) && Contains(what));
  };
  fails(" (1", "G2_synthesis, column 18", "')' is expected");
  fails(" (1*3)", "column 19", "3 where 2 is expected");
  fails(" (1~2*3)", "column 20", "activators come first");
  fails(" (1) (2)", "column 20", "'+' and another module");
  fails(" (1) + ", "column 22", "'(' is expected");
  fails(" (1+2)", "column 18", "not '+'");
  fails(" no inputs (1)", "column 26", "after 'no inputs'");
  fails("", "column 15", "'(' is expected");
}

TEST_CASE("a network is read from GeneNetWeaver's SBML, its errors name file and reaction") {
  const TextFile file("small.xml", small_file);
  const HillNetwork network = read_gene_network_sbml(file.path);
  CHECK(network.name == "small");
  CHECK(network.names() == std::vector<std::string>{"A", "B", "C"});
  CHECK(network.genes[0].decay == 0.021);
  REQUIRE(network.genes[1].modules.size() == 1);
  const HillModule& module = network.genes[1].modules[0];
  CHECK(module.complex);
  CHECK((module.activators[0].gene == 2 && module.activators[0].threshold == 0.5 && module.deactivators[0].gene == 0 && module.deactivators[0].exponent == 3));
  CHECK(network.edges() == std::vector<SignedEdge>{{2, 1, -1}, {0, 1, 1}});
  const auto fails = [](const std::string& what, const std::string& with, const char* reaction, const char* words) {
    const TextFile wrong("wrong.xml", replaced(small_file, what, with));
    CHECK_THROWS_WITH(read_gene_network_sbml(wrong.path), Contains("wrong.xml") && Contains(reaction) && Contains(words));
  };
  fails("~(1~2)", "~(1*2)", "B_synthesis", "2 activators and 0 deactivators in the name, 1 and 1");
  fails("~(1~2)", "(1~2)", "B_synthesis", "no repressor");
  fails("~(1~2)", "~(1~2", "B_synthesis", "column 19");
  fails(": ~(1~2)", "", "B_synthesis", "holds no modules");
  fails("<parameter id=\"k_2\" value=\"0.6\" />", "", "B_synthesis", "'k_2' is missing");
  fails("<parameter id=\"delta\" value=\"0.021\" />", "<parameter id=\"delta\" value=\"0.021\" /><parameter id=\"x\" value=\"1\" />", "A_degradation", "'x' has no place");
  fails("<modifierSpeciesReference species=\"A\" />", "", "B_synthesis", "more regulators than the 1 modifiers");
  fails("modifierSpeciesReference species=\"A\"", "modifierSpeciesReference species=\"Q\"", "B_synthesis", "no gene of the file");
  fails("value=\"0.021\"", "value=\"-1\"", "gene A", "negative rate");
  fails("</listOfReactions>", "", "", "not readable");
  CHECK_THROWS_WITH(read_gene_network_sbml("nowhere.xml"), Contains("is not there"));
  const TextFile empty("empty.xml", "");
  CHECK_THROWS_AS(read_gene_network_sbml(empty.path), InputError);
}

TEST_CASE("tables of DREAM4 and of cells, and their errors") {
  const TextFile levels("levels.tsv", "\"A\"\t\"B\"\n\n0.0\t0.5\n0.4\t0\n0.1\t0.2\n0.1\t0.3\n");
  CHECK(read_level_table(levels.path).levels(1, 0) == 0.4);
  const SeriesTable series = read_series_table(levels.path, 2, 50);
  CHECK((series.series.size() == 2 && series.times[1] == 50 && series.series[1](1, 1) == 0.3));
  CHECK_THROWS_WITH(read_series_table(levels.path, 3), Contains("4 rows"));
  const TextFile negative("negative.tsv", "A\tB\n0.1\t-0.5\n");
  CHECK_THROWS_WITH(read_level_table(negative.path), Contains("negative.tsv:2") && Contains("'B'"));
  const TextFile bare("bare.tsv", "0.1\t0.5\n");
  CHECK(read_bare_levels(bare.path, {"A", "B"}).levels(0, 1) == 0.5);
  CHECK_THROWS_AS(read_bare_levels(bare.path, {"A", "B", "C"}), InputError);
  const TextFile gold("gold.tsv", "A\tB\t1\nB\tA\t0\n");
  const GoldStandard standard = read_gold_standard(gold.path, {"A", "B"});
  CHECK((standard.present(0, 1) && !standard.present(1, 0)));
  for (const auto& [text, words] : {std::pair{"A\tQ\t1\n", "no gene"}, {"A\tB\t2\n", "neither 0 nor 1"}, {"A\tA\t1\n", "itself"}, {"A\tB\t1\nA\tB\t1\n", "twice"}, {"A\tB\t0\n", "no edge"}}) {
    const TextFile wrong("wrong.tsv", text);
    CHECK_THROWS_WITH(read_gold_standard(wrong.path, {"A", "B"}), Contains(words));
  }
  const TextFile cells("cells.csv", "cell,condition,A,B\n0,ctrl,3,4\n1,si,0,7\n");
  const ConditionCounts counts = read_condition_counts(cells.path);
  CHECK(counts.of("si")(0, 1) == 7);
  CHECK_THROWS_WITH(counts.of("mm"), Contains("has no cells"));
  const TextFile wells("wells.csv", "cell,condition,A,total_counts,B\n0,ctrl,3,7,4\n1,si,0,7,7\n");
  CHECK(read_condition_counts(wells.path, {"total_counts"}).genes == std::vector<std::string>{"A", "B"});
  CHECK_THROWS_AS(read_condition_counts(wells.path, {"well"}), InputError);
  const TextFile fractional("fractional.csv", "cell,condition,A\n0,ctrl,3.5\n");
  CHECK_THROWS_AS(read_condition_counts(fractional.path), InputError);
}

TEST_CASE("the DREAM4 networks have the edges of their gold standards") {
  const auto folder = hyped::testing::real_data("data/grn/dream4");
  if (folder.empty()) return;
  for (int k = 1; k <= 3; ++k) {
    const std::string name = "insilico_size10_" + std::to_string(k);
    const HillNetwork network = read_gene_network_sbml(folder / "sbml" / (name + ".xml"));
    const GoldStandard gold = read_gold_standard(folder / "size10" / (name + "_goldstandard.tsv"), network.names());
    int edges = 0;
    for (const SignedEdge& e : network.edges()) {
      CHECK(gold.present(e.from, e.to));
      ++edges;
    }
    CHECK(edges == gold.present.count());
    for (const HillGene& gene : network.genes) CHECK((gene.max == gene.decay && gene.translation == gene.protein_decay));
  }
}
