// Means of cells and their bootstraps; programmes of delivery taken out of effects.
#include <catch2/catch.hpp>
#include <cmath>

#include "experiments/program_files.hpp"
#include "fitting/networks/cells/cell_bootstrap.hpp"
#include "fitting/networks/cells/nuisance_programmes.hpp"
#include "libhyped/ingest/delimited.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

namespace {

// Wells differ by 20 %, cells by counting.
GroupCells cells_of(int wells, int per_well, std::uint32_t job) {
  RandomStream random(3, job, 0);
  GroupCells out{"group", Eigen::MatrixXd(wells * per_well, 2), Eigen::VectorXd(wells * per_well), {}};
  for (int w = 0, n = 0; w < wells; ++w) {
    const double factor = std::exp(0.2 * random.normal() - 0.02);
    for (int c = 0; c < per_well; ++c, ++n) {
      const double depth = std::exp(0.3 * random.normal());
      out.size[n] = static_cast<double>(random.poisson(400 * depth));
      out.counts(n, 0) = static_cast<double>(random.poisson(8 * depth * factor));
      out.counts(n, 1) = static_cast<double>(random.poisson(8 * depth));
      out.well.push_back(w);
    }
  }
  return out;
}

const RefitToMeans as_they_are = [](const std::vector<Eigen::VectorXd>& means, Eigen::VectorXd& numbers) {
  numbers = means[0];
  return Outcome{};
};

}  // namespace

TEST_CASE("standard errors of ratio means are those of repeated groups, and wells count where wells differ") {
  const int repeats = 300;
  Eigen::MatrixXd seen(repeats, 2), cells_se(repeats, 2), wells_se(repeats, 2);
  for (int r = 0; r < repeats; ++r) {
    const GroupCells cells = cells_of(6, 40, static_cast<std::uint32_t>(r));
    const RatioMeans by_cell = ratio_means(cells), by_well = ratio_means(cells, {}, true);
    seen.row(r) = by_cell.mean.transpose();
    cells_se.row(r) = by_cell.standard_error.transpose();
    wells_se.row(r) = by_well.standard_error.transpose();
  }
  for (int s = 0; s < 2; ++s) {
    const double sd = std::sqrt((seen.col(s).array() - seen.col(s).mean()).square().sum() / (repeats - 1));
    CHECK(std::sqrt(wells_se.col(s).array().square().mean()) == Approx(sd).epsilon(0.12));
    if (s == 1) CHECK(cells_se.col(s).mean() == Approx(sd).epsilon(0.12));
    else CHECK(cells_se.col(s).mean() < 0.4 * sd);      // cells of a well are alike: too sure
  }
}

TEST_CASE("the bootstrap over cells gives the errors of the formula, over wells those of wells, threads do not matter") {
  const GroupCells cells = cells_of(8, 40, 1000);
  CellBootstrapOptions options{ResampledUnit::cells, 600, 2, 0.95};
  const CellBootstrap by_cell = bootstrap_groups({cells}, as_they_are, options);
  const RatioMeans formula = ratio_means(cells);
  CHECK(by_cell.sd[0] == Approx(formula.standard_error[0]).epsilon(0.12));      // 600 replicates: 3 % each way
  CHECK(by_cell.upper[0] - by_cell.lower[0] == Approx(2 * 1.96 * by_cell.sd[0]).epsilon(0.12));
  set_threads(3);
  CHECK(bootstrap_groups({cells}, as_they_are, options).numbers == by_cell.numbers);
  set_threads(0);
  options.unit = ResampledUnit::wells;
  const CellBootstrap by_well = bootstrap_groups({cells}, as_they_are, options);
  CHECK(by_well.sd[0] == Approx(ratio_means(cells, {}, true).standard_error[0]).epsilon(0.25));
  CHECK_THROWS_WITH(bootstrap_groups({cells_of(1, 40, 5)}, as_they_are, options), Catch::Matchers::Contains("one well"));
  const CellBootstrap bad = bootstrap_groups({cells}, [](const auto&, Eigen::VectorXd&) { return Outcome{Status::not_converged, "no"}; }, options);
  CHECK(bad.outcome.status == Status::not_converged);
}

TEST_CASE("a programme of delivery is taken out of effects, an effect of the factor stays") {
  // 30 genes: 0-9 the programme, 10-19 moved by it and by nothing else, 20-24 moved by the factor, 25-29 by both
  const int genes = 30, per_group = 150;
  RandomStream random(4, 4, 4);
  Eigen::MatrixXd values(genes, 2 * per_group);
  std::vector<int> group;
  for (int n = 0; n < 2 * per_group; ++n) {
    const int treated = n < per_group ? 0 : 1;
    group.push_back(treated);
    const double response = 1.5 * treated + 0.7 * random.normal();      // differs between cells too
    for (int g = 0; g < genes; ++g) {
      double mean = 0;
      if (g < 20) mean += (g < 10 ? 1.0 : 0.6) * response;
      if (g >= 20) mean += 0.8 * treated;
      if (g >= 25) mean += 0.6 * response;
      values(g, n) = 2 + mean + 0.4 * random.normal();
    }
  }
  NuisanceProgramme programme{"interferon", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}};
  const ProjectedEffects out = project_programmes(values, group, {programme});
  double covered = 0;
  for (int g = 10; g < genes; ++g) {
    const double truth = g < 20 ? 0 : 0.8;
    INFO(g << " " << out.effect(g, 1) << " " << out.adjusted(g, 1) << " +- " << out.adjusted_se(g, 1));
    // the score is measured with the error of ten genes: loadings are drawn to zero by a few per cent
    CHECK(std::abs(out.adjusted(g, 1) - truth) < 4 * out.adjusted_se(g, 1) + 0.05);
    covered += std::abs(out.adjusted(g, 1) - truth) < 1.96 * out.adjusted_se(g, 1) + 0.05 ? 1 : 0;
    CHECK_FALSE(out.member[static_cast<std::size_t>(g)]);
  }
  CHECK(covered >= 17);
  for (int g = 10; g < 20; ++g) CHECK(out.effect(g, 1) > 0.6);
  CHECK(out.member[3]);
  CHECK_THROWS_WITH(project_programmes(values, group, {{"tiny", {0, 1}}}), Catch::Matchers::Contains("three are needed"));
}

TEST_CASE("the shipped programmes are placed, absent genes counted") {
  const DelimitedTable table = DelimitedTable::read(program_file("data/gene_sets/nuisance_programmes.tsv"));
  std::vector<ProgrammeGene> rows;
  for (std::size_t r = 0; r < table.rows(); ++r) rows.push_back({table.name(r, 0), table.name(r, 1)});
  std::vector<std::string> notes;
  const auto placed = place_programmes(rows, {"LDLR", "MX1", "IFIT1", "GAPDH"}, notes);
  REQUIRE(placed.size() == 3);
  CHECK(placed[0].genes == std::vector<int>{2, 1});
  CHECK(placed[1].genes == std::vector<int>{0});
  CHECK(placed[2].genes.empty());
  CHECK(notes.size() == 3);
}
