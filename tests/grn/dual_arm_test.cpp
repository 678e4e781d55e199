// What the issue asks of networks with GeneNetWeaver's kinetics: trajectories, steady states, knock-outs, edges, and the dual arm.
#include "fitting/interventions/dual_arm.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <cmath>
#include <fstream>

#include "experiments/interventions/dual_arm_study.hpp"
#include "fitting/interventions/dual_arm_member.hpp"
#include "fitting/interventions/intervention_network.hpp"
#include "libhyped/ingest/networks/read_gene_network_sbml.hpp"
#include "libhyped/ingest/networks/read_network_tables.hpp"
#include "libhyped/model/model_batch.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/score/edge_ranking.hpp"
#include "libhyped/simulate/batch_steady.hpp"
#include "libhyped/simulate/ode.hpp"
#include "libhyped/simulate/steady_state.hpp"
#include "models/gene_network/random_hill_network.hpp"
#include "tests/experiments/real_data.hpp"

using namespace hyped;
using namespace hyped::models;
using hyped::testing::real_data;

namespace {

HillNetwork dream4(int k, double minutes_per_hour) {
  return with_time_in_hours(read_gene_network_sbml(real_data("data/grn/dream4") / "sbml" / ("insilico_size10_" + std::to_string(k) + ".xml")), minutes_per_hour);
}

std::vector<HillNetwork> dream4_per_minute() {
  std::vector<HillNetwork> out;
  for (int k = 1; k <= 3; ++k) out.push_back(dream4(k, 1));
  return out;
}

void say_study(const DualArmStudy& study) {
  for (const DualArmRow& row : study.rows)
    WARN(row.name << ", A " << row.silenced << ", B " << row.delivered << ", not additive " << row.not_additive << ": RMSE " << row.rmse << ", baselines " << row.baseline_rmse[0] << " " << row.baseline_rmse[1] << " "
                  << row.baseline_rmse[2] << " " << row.baseline_rmse[3] << ", skill " << row.skill << ", covered " << row.covered << "/" << row.genes.size());
  WARN("median skill " << study.median_skill << " (" << study.lower << " to " << study.upper << "), above zero " << study.better << "/" << study.rows.size() << ", coverage " << study.coverage << ", median RMSE " << study.median_rmse
                       << ", baselines " << study.median_baseline[0] << " " << study.median_baseline[1] << " " << study.median_baseline[2] << " " << study.median_baseline[3]);
}

void check_reference_trajectories() {
  const auto folder = real_data("data/grn/hyped_like_gnw10");
  if (folder.empty()) return;
  for (const auto& [k, a, b] : {std::tuple{1, "G4", "G3"}, {2, "G9", "G5"}}) {
    const HillNetwork network = dream4(k, 12);
    const auto reference = read_reference_arms(folder / ("net" + std::to_string(k) + "_reference.csv"), network.names());
    REQUIRE(reference.size() == 4);
    TransientDoses doses;      // siRNA halved every 4 h after the wash, mRNA every 8 h
    doses.silenced = network.index(a), doses.delivered = network.index(b);
    const HillModules model(network, inputs_of(doses));
    OdeOptions options;
    options.relative_tolerance = 1e-11, options.absolute_tolerance = 1e-13;
    for (const auto& [name, arm] : reference) {
      std::vector<double> mrna, protein;
      for (int g = 0; g < 10; ++g) mrna.push_back(arm.endogenous(0, g)), protein.push_back(arm.protein(0, g));
      const Trajectory course = simulate_ode(model, parameters_with(model, doses), arm_of(model, doses, name.starts_with("si"), name.ends_with("mm"), hill_state(model, mrna, protein), arm.hours), options);
      REQUIRE(course.outcome.ok());
      const double error = std::max((measured_mrna(model, course.states) - arm.measured).cwiseAbs().maxCoeff(), (course.states.middleCols(10, 10) - arm.protein).cwiseAbs().maxCoeff());
      INFO("network " << k << ", arm " << name << ", largest difference " << error);
      CHECK(error < 1e-8);      // the file has 10 significant digits
      CHECK((course.states.leftCols(10) - arm.endogenous).cwiseAbs().maxCoeff() < 1e-8);
    }
  }
}

void check_steady_state_of_network_2() {
  if (real_data("data/grn/dream4").empty()) return;
  const HillModules model(dream4(2, 60));
  const std::vector<double> ones(10, 1.0), start = hill_state(model, ones, ones);
  const auto p = model.default_parameters();
  const ModelBatch batch(model);
  BatchSteadyOptions options;
  options.longest_h = 2000;
  const auto columns = steady_batch(batch, p, Eigen::Map<const Eigen::VectorXd>(start.data(), 20), Eigen::MatrixXd(0, 1), options);
  REQUIRE(columns.size() == 1);
  const SteadyColumn& column = columns[0];
  INFO(column.outcome.message << ", leading " << column.leading.real() / 60 << " +- " << std::abs(column.leading.imag()) / 60 << " i /min, period " << column.period_h * 60 << " min");
  CHECK(column.exists);
  CHECK_FALSE(column.stable);
  CHECK_FALSE(column.reached);
  CHECK(column.outcome.status == Status::not_converged);
  CHECK(column.leading.real() / 60 == Approx(3.5e-4).epsilon(0.02));
  CHECK(std::abs(column.leading.imag()) / 60 == Approx(0.0287).epsilon(0.005));
  CHECK(column.period_h * 60 == Approx(219).epsilon(0.005));
  std::vector<double> rates(20), at(column.state.data(), column.state.data() + 20);      // an independent look at the root
  model.rates(0, at, p, rates);
  for (const double rate : rates) CHECK(std::abs(rate) < 1e-8);
  const SteadyState other = steady_state(model, p, start);
  CHECK(other.outcome.status == Status::not_converged);
  CHECK_FALSE(other.stable);
}

}  // namespace

TEST_CASE("HYPED-like reference trajectories are reproduced with their doses") { check_reference_trajectories(); }
TEST_CASE("the steady state of DREAM4's network 2 exists, is unstable and not reached") { check_steady_state_of_network_2(); }

TEST_CASE("residuals of a dual-arm network have exact derivatives") {
  RandomStream random(4, 4, 4);
  std::vector<std::string> genes;
  for (int g = 0; g < 6; ++g) genes.push_back("G" + std::to_string(g));
  const std::vector<SignedEdge> edges{{0, 2, 1}, {1, 2, -1}, {2, 3, 1}, {4, 3, 1}, {3, 1, 1}};
  const HillNetwork network = random_hill_network("net", genes, edges, random);
  SingleArms arms;
  arms.genes = genes;
  arms.doses.silenced = 0, arms.doses.delivered = 1;
  arms.ctrl = Eigen::VectorXd::Constant(6, 0.6), arms.si = Eigen::VectorXd::Constant(6, 0.5), arms.mm = Eigen::VectorXd::Constant(6, 0.7);
  arms.ctrl_error = arms.si_error = arms.mm_error = Eigen::VectorXd::Constant(6, 0.01);
  DualArmOptions options;
  options.minutes_per_hour = 12;
  const DualArmResiduals residuals(network, {0, 1, 2, 3}, arms, options);
  // Steps are chosen anew for each theta: differences carry the solver's tolerance, 1e-4, over the errors, 0.014.
  const Eigen::VectorXd theta = residuals.start();
  Eigen::VectorXd values, up, down;
  Eigen::MatrixXd jacobian;
  REQUIRE(residuals.evaluate(theta, values, &jacobian).ok());
  for (int k = 0; k < residuals.parameter_count(); ++k) {
    Eigen::VectorXd moved = theta;
    const double h = 0.02 * std::max(0.1, std::abs(theta[k]));
    moved[k] = theta[k] + h;
    REQUIRE(residuals.evaluate(moved, up, nullptr).ok());
    moved[k] = theta[k] - h;
    REQUIRE(residuals.evaluate(moved, down, nullptr).ok());
    const Eigen::VectorXd difference = (up - down) / (2 * h);
    CHECK((difference - jacobian.col(k)).cwiseAbs().maxCoeff() < 0.05 * std::max(jacobian.col(k).cwiseAbs().maxCoeff(), 0.1 / h));
  }
}

TEST_CASE("the dual arm of too little data, or with unknown genes, is refused") {
  const std::vector<std::string> genes{"A", "B", "C"};
  TransientDoses doses;
  doses.silenced = 0, doses.delivered = 1;
  const Eigen::MatrixXd cells = Eigen::MatrixXd::Constant(5, 3, 4);
  CHECK_THROWS_AS(single_arms(genes, cells, cells.topRows(1), cells, 20, doses), InputError);
  CHECK_THROWS_AS(single_arms(genes, cells, cells.leftCols(2), cells, 20, doses), InputError);
  CHECK_THROWS_AS(single_arms(genes, cells, cells, cells, 0, doses), InputError);
  const SingleArms arms = single_arms(genes, cells, cells, cells, 20, doses);
  CHECK_THROWS_AS(predict_dual_arm(arms, {{{0, 7, 1}}, 0.8, 0.8}), InputError);
  CHECK_THROWS_AS(predict_dual_arm(arms, {{{0, 2, 1}}, 0, 0.8}), InputError);
  DualArmOptions few;
  few.attempts = 10;
  CHECK_THROWS_AS(predict_dual_arm(arms, {{{0, 2, 1}}, 0.8, 0.8}, few), InputError);
  doses.delivered = 0;
  CHECK_THROWS_AS(single_arms(genes, cells, cells, cells, 20, doses), InputError);
}

TEST_CASE("arms of unequal depth have their own, and one depth for all is doubted") {
  std::vector<std::string> genes;
  for (int g = 0; g < 10; ++g) genes.push_back("G" + std::to_string(g));
  TransientDoses doses;
  doses.silenced = 0, doses.delivered = 1;
  RandomStream random(5, 5, 5);
  const auto cells = [&](double depth) {
    Eigen::MatrixXd out(300, 10);
    for (double& count : out.reshaped()) count = static_cast<double>(random.poisson(0.5 * depth));
    return out;
  };
  const Eigen::MatrixXd ctrl = cells(20), si = cells(20), mm = cells(26);
  const SingleArms one = single_arms(genes, ctrl, si, mm, 20, doses), each = single_arms(genes, ctrl, si, mm, {20, 20, 26}, doses);
  CHECK(one.mm[5] == Approx(0.65).margin(0.04));
  CHECK(each.mm[5] == Approx(0.5).margin(0.04));
  CHECK(each.si == one.si);
  REQUIRE(depth_doubts(one).size() == 1);
  CHECK_THAT(depth_doubts(one)[0], Catch::Matchers::Contains("mRNA arm 8 of 8 genes") && Catch::Matchers::Contains("factor of 1.3"));
  CHECK(depth_doubts(each).empty());
}

TEST_CASE("the median of fewer than six networks has no 95 % interval") {
  CHECK(std::isnan(median_interval({1, 2, 3, 4, 5}).lower));
  CHECK(std::isnan(median_interval({}).upper));
  const MedianInterval six = median_interval({6, 2, 3, 4, 5, 1});      // 1 - 2 / 64 = 96.9 %
  CHECK((six.lower == 1 && six.upper == 6));
  const MedianInterval nine = median_interval({1, 2, 3, 4, 5, 6, 7, 8, 9});      // ranks 2 and 8, 96.1 % (tables of the sign test)
  CHECK((nine.lower == 2 && nine.upper == 8));
}

TEST_CASE("baselines of the dual arm are what they say") {
  SingleArms arms;
  arms.ctrl = Eigen::Vector3d(0.5, 0.5, 0.5), arms.si = Eigen::Vector3d(0.7, 0.4, 0.3), arms.mm = Eigen::Vector3d(0.6, 0.6, 0.2);
  CHECK(baseline_prediction(DualArmBaseline::no_change, arms).isApprox(arms.ctrl));
  CHECK(baseline_prediction(DualArmBaseline::additive, arms).isApprox(Eigen::Vector3d(0.8, 0.5, 0.0), 1e-12));
  CHECK(baseline_prediction(DualArmBaseline::overlap_corrected, arms).isApprox(Eigen::Vector3d(0.7, 0.5, 0.2), 1e-12));
  CHECK(baseline_prediction(DualArmBaseline::same_as_mm, arms).isApprox(arms.mm));
}

TEST_CASE("the dual arm of a few networks is predicted the same by any number of threads", "[standard]") {
  if (real_data("data/grn/dream4").empty()) return;
  DualArmStudyOptions options;
  options.networks.networks = 4;
  options.cells = 200;
  options.fit.attempts = 20, options.fit.kept = {0.8, 1}, options.fit.iterations = {4, 6, 10};
  set_threads(2);
  const DualArmStudy study = study_dual_arms(dream4_per_minute(), options);
  say_study(study);
  CHECK(study.failed == 0);
  for (const DualArmRow& row : study.rows) {
    CHECK((row.mean.array() >= row.lower.array()).all());
    CHECK((row.lower.array() <= row.upper.array()).all());
    CHECK(row.covered >= 4);
  }
  options.networks.networks = 1;
  set_threads(1);
  const DualArmStudy one = study_dual_arms({}, options);
  set_threads(2);
  CHECK(one.rows[0].mean == study_dual_arms({}, options).rows[0].mean);
  set_threads(0);
}

TEST_CASE("must/gene/2", "[slow]") {
  check_reference_trajectories();
  check_steady_state_of_network_2();
  if (real_data("data/grn/dream4").empty()) return;
  const DualArmStudy study = study_dual_arms(dream4_per_minute(), {});
  say_study(study);
  REQUIRE(study.rows.size() == 50);
  CHECK(study.failed == 0);
  CHECK(study.median_skill > 0);
  CHECK(study.coverage > 0.92);      // of 400 genes in 50 networks; genes of one network err together
  CHECK(study.coverage < 0.99);
  for (const double baseline : study.median_baseline) CHECK(study.median_rmse < baseline);
}

TEST_CASE("must/gene/3", "[standard]") {
  const auto folder = real_data("data/grn/dream4");
  if (folder.empty()) return;
  std::ifstream file(folder / "dual_knockout_pairs_size10.json");
  const nlohmann::json pairs = nlohmann::json::parse(file);
  double ours = 0, baseline = 0;
  for (int k = 1; k <= 3; ++k) {
    const HillNetwork network = dream4(k, 60);
    const std::string name = "insilico_size10_" + std::to_string(k);
    const LevelTable measured = read_bare_levels(folder / "dualknockouts_nonoise" / (name + "_nonoise_dualknockouts.tsv"), network.names());
    Eigen::MatrixXd levels(5, 10);
    for (const auto& pair : pairs.at(std::to_string(k))) {
      const HillNetwork both = with_transcription(with_transcription(network, network.index(pair.at("ko")[0]), 0), network.index(pair.at("ko")[1]), 0);
      const HillModules model(both);
      const std::vector<double> ones(10, 1.0);
      const SteadyState steady = steady_state(model, model.default_parameters(), hill_state(model, ones, ones));
      INFO(name << ", row " << pair.at("row") << ": " << steady.outcome.message);
      REQUIRE(steady.outcome.ok());
      CHECK(steady.stable);
      levels.row(pair.at("row").get<int>() - 1) = steady.state.head(10).transpose();
    }
    const double scale = (levels.array() * measured.levels.array()).sum() / levels.squaredNorm(), error = (scale * levels - measured.levels).cwiseAbs().maxCoeff();
    WARN(name << ": dual knock-outs, scale " << scale << ", largest difference " << error);
    CHECK(error < 3e-3);

    // From the noisy tables alone: wild type and noise from the beginning and the end of the time series.
    const LevelTable knockouts = read_level_table(folder / "size10" / (name + "_knockouts.tsv")), knockdowns = read_level_table(folder / "size10" / (name + "_knockdowns.tsv"));
    const SeriesTable series = read_series_table(folder / "size10" / (name + "_timeseries.tsv"));
    const GoldStandard gold = read_gold_standard(folder / "size10" / (name + "_goldstandard.tsv"), knockouts.genes);
    Eigen::MatrixXd rest(5 * static_cast<Eigen::Index>(series.series.size()), 10);
    for (std::size_t s = 0; s < series.series.size(); ++s) rest.middleRows(static_cast<Eigen::Index>(5 * s), 5) << series.series[s].row(0), series.series[s].bottomRows(4);
    InterventionData data{knockouts.genes, rest.colwise().mean().transpose(), Eigen::MatrixXd(20, 10), {}, {}};
    data.levels << knockouts.levels, knockdowns.levels;
    for (int r = 0; r < 20; ++r) data.target.push_back(r % 10), data.remaining.push_back(r < 10 ? 0.0 : 0.5);
    const LevelNoise noise = noise_of_replicates(rest);
    InterventionOptions options;
    options.noise_absolute = noise.absolute, options.noise_relative = noise.relative;
    const EdgePosterior posterior = intervention_network(data, options);
    const RankedEdges mine = score_edges(posterior.probability, gold.present), simple = score_edges(knockout_zscores(knockouts.levels), gold.present);
    WARN(name << ": average precision " << mine.average_precision << " (z-score " << simple.average_precision << "), DREAM's AUPR " << mine.dream_aupr << " (" << simple.dream_aupr << "), AUROC " << mine.auroc << " (" << simple.auroc
              << "), noise " << noise.absolute << " and " << noise.relative << ", chains differ by " << posterior.disagreement);
    CHECK(mine.average_precision > simple.average_precision);
    CHECK(mine.dream_aupr > simple.dream_aupr);
    CHECK(mine.auroc > simple.auroc);
    CHECK(posterior.disagreement < 0.15);
    ours += mine.average_precision / 3, baseline += simple.average_precision / 3;
  }
  WARN("mean average precision " << ours << ", z-score " << baseline);
  CHECK(ours > baseline + 0.1);
}
