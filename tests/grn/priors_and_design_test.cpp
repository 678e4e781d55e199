// Signed edge lists and what a design cannot tell apart.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "fitting/networks/evidence/input_design.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/ingest/networks/read_edge_list.hpp"
#include "tests/places.hpp"

using namespace hyped;

namespace {

std::filesystem::path priors() {
  const char* given = std::getenv("HYPED_SHARED");
  return std::filesystem::path(given ? given : hyped::tests::source_folder() + "/../shared") / "data/grn/priors";
}

PriorEdges list_of(const std::string& name, const std::string& text) {
  const auto file = std::filesystem::temp_directory_path() / name;
  std::ofstream(file) << text;
  const PriorEdges list = read_edge_list(file);
  std::filesystem::remove(file);
  return list;
}

}  // namespace

TEST_CASE("the three public lists are read with their numbers") {
  if (!std::filesystem::exists(priors() / "collectri_human.csv")) {
    WARN("skipped: no shared data");
    return;
  }
  const PriorEdges collectri = read_edge_list(priors() / "collectri_human.csv"), dorothea = read_edge_list(priors() / "dorothea_human.csv"), trrust = read_edge_list(priors() / "trrust_human.tsv");
  CHECK(collectri.edges.size() == 43178);
  CHECK(collectri.weak_positive);
  long plus = 0, from_myod1 = 0, from_prrx1 = 0;
  for (const auto& e : collectri.edges) {
    plus += e.sign > 0 ? 1 : 0;
    from_myod1 += e.source == "MYOD1" ? 1 : 0;
    from_prrx1 += e.source == "PRRX1" ? 1 : 0;
  }
  CHECK(plus == 37326);
  CHECK(from_myod1 == 145);
  CHECK(from_prrx1 == 7);
  CHECK(dorothea.edges.size() == 32275);
  CHECK_FALSE(dorothea.weak_positive);
  CHECK(trrust.edges.size() <= 9398);
  CHECK(trrust.edges.size() > 8000);
  const PlacedEdges placed = place_edges(collectri, {"MYOD1", "MYOG", "CDKN1A", "NOT_THERE", "PRRX1", "SRF"});
  CHECK(placed.edges.size() + static_cast<std::size_t>(placed.dropped + placed.self) == collectri.edges.size());
  CHECK(placed.absent_sources.size() > 1000);
  REQUIRE(placed.notes.size() >= 4);
  bool weak = false;
  for (const auto& e : placed.edges) weak = weak || (e.sign > 0 && e.confidence == 0.5);
  CHECK(weak);
}

TEST_CASE("an own list: signs, grades, repeats, contradictions, genes that are absent") {
  const PriorEdges list = list_of("own_edges.tsv", "source\ttarget\tsign\tconfidence\nA\tB\t+\t1\nA\tB\t+\tC\nB\tC\t-1\t0.5\nB\tC\t1\tA\nB\tC\t1\tA\nC\tC\t1\t1\nX\tA\t0\t1\n");
  REQUIRE(list.edges.size() == 4);
  CHECK(list.edges[0].confidence == 1);
  CHECK(list.edges[1].sign == 0);
  CHECK(list.notes.size() == 2);
  const PlacedEdges placed = place_edges(list, {"A", "B", "C"});
  CHECK(placed.edges.size() == 2);
  CHECK(placed.self == 1);
  CHECK(placed.absent_sources == std::vector<std::string>{"X"});
  CHECK(placed.dropped == 1);
  const PriorWeights weights = prior_weights(placed, 3, 0.2, 1, 1);
  CHECK(weights.lasso[1 * 3 + 0] == Approx(0.2));      // B from A
  CHECK(weights.lasso[0 * 3 + 1] == 1);
  CHECK(weights.pull_mean[0] == 1);
  CHECK(weights.pull_mean[1] == 0);                     // contradicted: no direction
  CHECK(place_edges(list, {"Q"}).notes.back() == "No edge of the prior is left: the fit has no prior.");
  CHECK_THROWS_WITH(list_of("bad_edges.csv", "from,to\nA,B\n"), Catch::Matchers::Contains("no columns source (or regulator) and target"));
  CHECK_THROWS_WITH(list_of("bad_grade.csv", "source,target,sign,confidence\nA,B,1,7\n"), Catch::Matchers::Contains("between 0 and 1"));
}

TEST_CASE("HYPED's arms: delivery comes with MYOD1, siRNA delivery with PRRX1") {
  InputDesign design;
  design.arms = {"control", "siPRRX1", "mmMYOD1", "dual"};
  design.inputs = {"PRRX1 knock-down", "siRNA delivery", "MYOD1", "interferon", "4-OHT", "serum"};
  design.amount.resize(4, 6);
  design.amount << 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0.7, 1, 1, 1, 1, 1, 0.7, 1, 1;
  const DesignReport report = check_design(design);
  CHECK(report.rank == 2);
  REQUIRE(report.pairs.size() == 3);
  CHECK(report.pairs[0].inputs == std::vector<std::string>{"serum"});
  CHECK(report.pairs[1].inputs == std::vector<std::string>{"PRRX1 knock-down", "siRNA delivery"});
  CHECK(report.pairs[2].inputs == std::vector<std::string>{"MYOD1", "interferon", "4-OHT"});
  CHECK(report.by_prior_only("MYOD1"));
  CHECK(report.separable.empty());
  // one mock with both carriers leaves a sum open; one for each carrier separates what they bring along
  design.arms.push_back("both mocks");
  design.amount.conservativeResize(5, 6);
  design.amount.row(4) << 0, 1, 0, 0.7, 1, 1;
  const DesignReport with_both = check_design(design);
  CHECK(with_both.rank == 3);
  CHECK(with_both.combinations.size() == 1);
  CHECK(with_both.by_prior_only("MYOD1"));
  design.arms.push_back("mRNA mock");
  design.amount.conservativeResize(6, 6);
  design.amount.row(5) << 0, 0, 0, 0.7, 1, 1;
  const DesignReport with_mock = check_design(design);
  CHECK(with_mock.rank == 4);
  CHECK_FALSE(with_mock.by_prior_only("MYOD1"));
  CHECK_FALSE(with_mock.by_prior_only("siRNA delivery"));
  CHECK(with_mock.by_prior_only("interferon"));      // 4-OHT comes with it
  // three arms, two inputs and their sum
  const DesignReport sum = check_design({{"a", "b", "c"}, {"x", "y", "z"}, (Eigen::Matrix3d() << 0, 0, 0, 1, 0, 1, 0, 1, 1).finished()});
  CHECK(sum.pairs.empty());
  REQUIRE(sum.combinations.size() == 1);
  CHECK(sum.rank == 2);
  CHECK_THROWS_AS(check_design({{"a"}, {"x"}, Eigen::MatrixXd::Constant(1, 1, -1)}), InputError);
}
