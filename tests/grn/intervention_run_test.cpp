// The runs behind `hyped grn knockouts` and `hyped grn dual-arm`, on the shared networks, and their bad input.
#include "experiments/interventions/intervention_run.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>

#include "experiments/commands/grn_interventions.hpp"
#include "experiments/interventions/dual_arm_networks.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/ingest/networks/read_gene_network_sbml.hpp"
#include "libhyped/ingest/networks/read_network_tables.hpp"
#include "tests/experiments/real_data.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

int command(std::vector<std::string> arguments) {
  CLI::App app;
  int exit_code = -1;
  commands::add_grn_interventions(app, exit_code);
  std::reverse(arguments.begin(), arguments.end());
  app.parse(arguments);
  return exit_code;
}

}  // namespace

TEST_CASE("hyped grn knockouts gives edges with their posterior", "[standard]") {
  const auto folder = real_data("data/grn/dream4/size10");
  if (folder.empty()) return;
  const std::string base = (folder / "insilico_size10_1_").string();
  RunFolder out("grn_knockouts");
  REQUIRE(command({"knockouts", base + "knockouts.tsv", "--knockdowns", base + "knockdowns.tsv", "--series", base + "timeseries.tsv", "--gold", base + "goldstandard.tsv", "--steps", "10000", "--out", out.path.string()}) == 0);
  const DelimitedTable edges = out.table("edges");
  REQUIRE(edges.rows() == 90);
  for (std::size_t r = 1; r < edges.rows(); ++r) CHECK(edges.number(r, 2) <= edges.number(r - 1, 2));
  CHECK(edges.number(0, 2) > 0.5);
  for (const char* figure : {"network", "scores"}) CHECK(std::filesystem::exists(out.path / "figures" / (std::string(figure) + ".svg")));
  CHECK_THAT(out.text("summary.json"), Catch::Matchers::Contains("average_precision_z_score"));
  RunFolder none("grn_knockouts_bad");
  CHECK_THROWS_AS(command({"knockouts", base + "timeseries.tsv", "--out", none.path.string()}), InputError);
  CHECK_THROWS_AS(command({"knockouts", base + "knockouts.tsv", "--series", base + "timeseries.tsv", "--rows-each", "20", "--out", none.path.string()}), InputError);
  CHECK_FALSE(std::filesystem::exists(none.path));
}

TEST_CASE("hyped grn dual-arm predicts the HYPED-like networks' dual arm, beside the bars of their source", "[standard]") {
  const auto folder = real_data("data/grn/hyped_like_gnw10");
  if (folder.empty()) return;
  for (const int k : {1, 2}) {
    const HillNetwork network = read_gene_network_sbml(folder.parent_path() / "dream4" / "sbml" / ("insilico_size10_" + std::to_string(k) + ".xml"));
    const auto cells = folder / ("net" + std::to_string(k) + "_cells_48h_counts.csv");
    RunFolder out("grn_dual");
    std::filesystem::create_directories(out.path);
    const auto prior = out.path / "prior.tsv";
    {
      std::ofstream file(prior);
      file << "regulator\ttarget\tsign\n";
      for (const SignedEdge& e : noisy_edge_list(network, 0.8, 0.8, 5).edges) file << network.genes[static_cast<std::size_t>(e.from)].name << "\t" << network.genes[static_cast<std::size_t>(e.to)].name << "\t" << e.sign << "\n";
    }
    const std::string a = k == 1 ? "G4" : "G9", b = k == 1 ? "G3" : "G5";
    const double depth = 20 * std::exp(0.045);
    REQUIRE(command({"dual-arm", cells.string(), "--edges", prior.string(), "--silenced", a, "--delivered", b, "--depth", std::to_string(depth), "--minutes-per-hour", "12", "--out", (out.path / "run").string()}) == 0);
    const DelimitedTable table = DelimitedTable::read(out.path / "run" / "tables" / "dual_arm.tsv");
    REQUIRE(table.rows() == 10);
    for (const char* figure : {"dual_arm", "predictions"}) CHECK(std::filesystem::exists(out.path / "run/figures" / (std::string(figure) + ".svg")));
    // The bars that the source computed from the cells' true mRNA: no change, additive, the better of si and mm.
    const LevelTable truth = read_level_table(folder / ("net" + std::to_string(k) + "_cells_48h_truth_mRNA.csv"));
    const Eigen::RowVectorXd mean[4] = {truth.levels.topRows(400).colwise().mean(), truth.levels.middleRows(400, 400).colwise().mean(), truth.levels.middleRows(800, 400).colwise().mean(), truth.levels.bottomRows(400).colwise().mean()};
    double bars[4] = {0, 0, 0, 0}, mine = 0;
    int covered = 0;
    for (std::size_t g = 0; g < 10; ++g) {
      if (table.text(g, 0) == a || table.text(g, 0) == b) continue;
      const auto i = static_cast<Eigen::Index>(g);
      bars[0] += std::pow(mean[0][i] - mean[3][i], 2) / 8, bars[1] += std::pow(mean[1][i] + mean[2][i] - mean[0][i] - mean[3][i], 2) / 8;
      bars[2] += std::pow(mean[1][i] - mean[3][i], 2) / 8, bars[3] += std::pow(mean[2][i] - mean[3][i], 2) / 8;
      mine += std::pow(table.number(g, 4) - mean[3][i], 2) / 8;
      covered += mean[3][i] >= table.number(g, 5) && mean[3][i] <= table.number(g, 6);
    }
    WARN("network " << k << ": RMSE of the dual arm " << std::sqrt(mine) << ", no change " << std::sqrt(bars[0]) << ", additive " << std::sqrt(bars[1]) << ", si " << std::sqrt(bars[2]) << ", mm " << std::sqrt(bars[3]) << ", covered " << covered << "/8");
    CHECK(std::sqrt(bars[0]) == Approx(k == 1 ? 0.053 : 0.273).margin(0.002));
    CHECK(std::sqrt(bars[1]) == Approx(k == 1 ? 0.048 : 0.140).margin(0.002));
    CHECK(std::sqrt(std::min(bars[2], bars[3])) == Approx(k == 1 ? 0.044 : 0.081).margin(0.003));
    CHECK(covered >= 6);
    std::ifstream in(out.path / "run" / "summary.json");
    const std::string summary(std::istreambuf_iterator<char>(in), {});
    CHECK_THAT(summary, Catch::Matchers::Contains("10 columns of the cells: G1, G2"));
    CHECK_THROWS_AS(command({"dual-arm", cells.string(), "--edges", prior.string(), "--silenced", a, "--delivered", b, "--depth", "20", "--metadata", "well", "--out", (out.path / "bad").string()}), InputError);
    CHECK_THROWS_AS(command({"dual-arm", cells.string(), "--edges", prior.string(), "--silenced", "Q", "--delivered", b, "--depth", "20", "--out", (out.path / "bad").string()}), InputError);
    CHECK_THROWS_AS(command({"dual-arm", cells.string(), "--edges", prior.string(), "--silenced", a, "--delivered", b, "--depth", "20", "--ctrl", "nothing", "--out", (out.path / "bad").string()}), InputError);
    CHECK_FALSE(std::filesystem::exists(out.path / "bad"));
  }
}
