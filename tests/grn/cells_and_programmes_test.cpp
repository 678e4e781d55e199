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

TEST_CASE("weights count in the mean and in its error") {
  const GroupCells cells = cells_of(3, 40, 77);
  const RatioMeans plain = ratio_means(cells), twice = ratio_means(cells, std::vector<double>(120, 2.0));
  CHECK((plain.mean - twice.mean).norm() < 1e-12);
  CHECK((plain.standard_error - twice.standard_error).norm() < 1e-12);
  std::vector<double> half(120, 0.0);      // weight 0: as if not there
  std::fill(half.begin(), half.begin() + 60, 1.0);
  GroupCells first{"first", cells.counts.topRows(60), cells.size.head(60), {}};
  const RatioMeans some = ratio_means(cells, half), alone = ratio_means(first);
  CHECK((some.mean - alone.mean).norm() < 1e-12);
  CHECK((some.standard_error - alone.standard_error).norm() < 1e-12);
  CHECK(some.units == 60);
}

namespace {

// 30 genes: 0-9 the programme, 10-19 moved by it and by nothing else, 20-24 moved by the factor, 25-29 by both
struct Delivered {
  Eigen::MatrixXd values;
  std::vector<int> group;
  NuisanceProgramme programme{"interferon", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}};
};
Delivered delivered(int per_group, double noise, std::uint32_t job) {
  RandomStream random(4, job, 4);
  Delivered out{Eigen::MatrixXd(30, 2 * per_group), {}};
  for (int n = 0; n < 2 * per_group; ++n) {
    const int treated = n < per_group ? 0 : 1;
    out.group.push_back(treated);
    const double response = 1.5 * treated + 0.7 * random.normal();      // differs between cells too
    for (int g = 0; g < 30; ++g) {
      double mean = 0;
      if (g < 20) mean += (g < 10 ? 1.0 : 0.6) * response;
      if (g >= 20) mean += 0.8 * treated;
      if (g >= 25) mean += 0.6 * response;
      out.values(g, n) = 2 + mean + noise * random.normal();
    }
  }
  return out;
}

}  // namespace

// The score of ten noisy genes is itself noisy: a plain regression on it leaves 1 - reliability of the programme in the effects
// (reliability 0.97 at noise 0.4; 0.77 at noise 1.2).
TEST_CASE("a programme of delivery is taken out of effects, an effect of the factor stays, intervals hold the truth") {
  const int repeats = 200;
  for (const double noise : {0.4, 1.2}) {
    Eigen::MatrixXd off(30, repeats);
    int covered = 0, all = 0;
    for (int r = 0; r < repeats; ++r) {
      const Delivered made = delivered(150, noise, static_cast<std::uint32_t>(r));
      const ProjectedEffects out = project_programmes(made.values, made.group, {made.programme});
      for (int g = 10; g < 30; ++g) {
        off(g, r) = out.adjusted(g, 1) - (g < 20 ? 0 : 0.8);
        covered += std::abs(off(g, r)) < 1.96 * out.adjusted_se(g, 1) ? 1 : 0;
        ++all;
        if (g < 20) CHECK(out.effect(g, 1) > 0.4);
      }
      CHECK(out.reliability[0] == Approx(noise < 1 ? 0.97 : 0.77).margin(0.06));
      CHECK(out.member[3]);
      CHECK_FALSE(out.member[13]);
    }
    for (int g = 10; g < 30; ++g) {
      const double mean = off.row(g).mean(), sd = std::sqrt((off.row(g).array() - mean).square().sum() / (repeats - 1));
      INFO("gene " << g << ", noise " << noise << ": mean deviation " << mean << " +- " << sd / std::sqrt(repeats));
      CHECK(std::abs(mean) < 4.5 * sd / std::sqrt(repeats));
    }
    const double share = static_cast<double>(covered) / all;      // genes share the score's error: 200 data sets, not 4000
    INFO("noise " << noise << ": 95 % intervals hold " << share);
    CHECK(share > 0.91);
    CHECK(share < 0.985);
  }
  const Delivered made = delivered(150, 0.4, 1);
  CHECK_THROWS_WITH(project_programmes(made.values, made.group, {{"tiny", {0, 1}}}), Catch::Matchers::Contains("three are needed"));
}

TEST_CASE("a gene listed twice in a programme counts once and stays out of its own score") {
  const Delivered made = delivered(60, 0.4, 3);
  NuisanceProgramme twice = made.programme;
  twice.genes.push_back(3);
  twice.genes.push_back(3);
  const ProjectedEffects once = project_programmes(made.values, made.group, {made.programme}), again = project_programmes(made.values, made.group, {twice});
  CHECK(once.scores == again.scores);
  CHECK(once.loading == again.loading);
  std::vector<std::string> notes;
  CHECK(place_programmes({{"p", "A"}, {"p", "B"}, {"p", "A"}, {"p", "Q"}}, {"A", "B"}, notes)[0].genes == std::vector<int>{0, 1});
  CHECK_THAT(notes.at(0), Catch::Matchers::Contains("2 of 3 genes") && Catch::Matchers::Contains("1 row that repeats"));
}

TEST_CASE("a programme whose genes do not go together is not corrected for, and it is said") {
  RandomStream random(9, 9, 9);
  Eigen::MatrixXd values(8, 80);
  for (double& v : values.reshaped()) v = random.normal();
  std::vector<int> group(80, 0);
  std::fill(group.begin() + 40, group.end(), 1);
  const ProjectedEffects out = project_programmes(values, group, {{"nothing", {0, 1, 2, 3, 4}}});
  CHECK(out.reliability[0] < 0.3);
  CHECK(out.adjusted.allFinite());
  CHECK(out.adjusted_se.allFinite());
  CHECK_THAT(out.notes.back(), Catch::Matchers::Contains("too low to correct"));
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
