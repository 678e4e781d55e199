// Moments of a founder's descendants against the general moment equations, cell-by-cell wells, and lockstep sisters.
#include <catch2/catch.hpp>
#include <cmath>

#include "experiments/twin/twin.hpp"
#include "libhyped/observe/class_map.hpp"
#include "libhyped/random.hpp"
#include "libhyped/simulate/clone_moments.hpp"
#include "libhyped/simulate/moments.hpp"
#include "tests/simulate/test_models.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

std::unique_ptr<StagedModel> chain(int g1, int sg2m) {
  StageSettings settings;
  settings.stages = {{"G1", g1}, {"S/G2/M", sg2m}};
  settings.effects = {{"slowing", {"drug"}, {"g1_exit"}}};
  return make_staged("cell_cycle/two_phase", settings);
}

std::vector<double> parameters_of(const StagedModel& model, double death) {
  std::vector<double> p;
  for (const auto& spec : model.parameters()) p.push_back(spec.value);
  p[static_cast<std::size_t>(model.parameter_index("death"))] = death;
  p[static_cast<std::size_t>(model.parameter_index("slowing"))] = -0.9;
  return p;
}

Experiment washed(const StagedModel& model, const std::vector<double>& p, std::vector<double> times) {
  Eigen::MatrixXd unused;
  const Eigen::VectorXd start = model.start_distribution(p, unused);
  return culture({start.data(), start.data() + start.size()}, std::move(times), {{5, "drug", Action::set, 1, ""}, keep_fraction_of_cells(11, 0.8)});
}

Eigen::MatrixXd phases_seen(const StagedModel& model) {
  Eigen::MatrixXd seen = Eigen::MatrixXd::Zero(model.phase_count(), model.stage_count());
  for (int i = 0; i < model.stage_count(); ++i) seen(model.chain().phase[static_cast<std::size_t>(i)], i) = 1;
  return seen;
}

// Counts per phase of one founder's descendants at the sample times [T K], by jumps of stages; sisters born together run in
// lockstep with probability rho until one dies; a well is no part of it.
struct LockstepClone {
  const StagedModel& model;
  std::span<const double> p;
  const std::vector<double>& times;
  double rho;
  RandomStream& random;
  Eigen::VectorXd counts;

  void live(int stage, int cells, double now) {
    std::vector<double> rate(static_cast<std::size_t>(model.group_count()));
    model.group_rates(p, rate);
    const auto& chain = model.chain();
    for (;;) {
      const double exit = chain.stage_scale[stage] * rate[chain.exit_group[stage]], death = cells * rate[chain.death_group[stage]];
      const double until = now + random.exponential() / (exit + death);
      for (std::size_t t = 0; t < times.size(); ++t)
        if (times[t] >= now && times[t] < until) counts[static_cast<int>(t) * model.phase_count() + chain.phase[stage]] += cells;
      if (until > times.back()) return;
      now = until;
      if (random.uniform() * (exit + death) < death) {
        if (--cells == 0) return;
        continue;
      }
      const int target = chain.target[stage];
      if (chain.offspring[stage] == 1) {
        stage = target;
        continue;
      }
      for (int mother = 0; mother < cells; ++mother) {
        if (random.uniform() < rho) live(target, 2, now);
        else {
          live(target, 1, now);
          live(target, 1, now);
        }
      }
      return;
    }
  }
};

// Sample mean and covariance of rows, with the standard errors of both.
struct SampleMoments {
  Eigen::VectorXd mean, mean_error;
  Eigen::MatrixXd covariance, covariance_error;
  explicit SampleMoments(const Eigen::MatrixXd& rows) {
    const double n = static_cast<double>(rows.rows());
    mean = rows.colwise().mean().transpose();
    const Eigen::MatrixXd centred = rows.rowwise() - mean.transpose();
    covariance = centred.transpose() * centred / (n - 1);
    mean_error = (covariance.diagonal() / n).cwiseSqrt();
    covariance_error.resize(rows.cols(), rows.cols());
    for (int i = 0; i < rows.cols(); ++i)
      for (int j = 0; j < rows.cols(); ++j) {
        const Eigen::ArrayXd product = centred.col(i).array() * centred.col(j).array();
        covariance_error(i, j) = std::sqrt((product - product.mean()).square().sum() / (n - 1) / n);
      }
  }
};

void check_within(const SampleMoments& sampled, const Eigen::VectorXd& mean, const Eigen::MatrixXd& covariance, double errors) {
  for (int i = 0; i < mean.size(); ++i) {
    INFO("entry " << i << ": mean " << mean[i] << " sampled " << sampled.mean[i]);
    CHECK(std::abs(mean[i] - sampled.mean[i]) <= errors * sampled.mean_error[i] + 1e-12);
    for (int j = 0; j <= i; ++j) {
      INFO("covariance with " << j << ": " << covariance(i, j) << " sampled " << sampled.covariance(i, j) << " +- " << sampled.covariance_error(i, j));
      CHECK(std::abs(covariance(i, j) - sampled.covariance(i, j)) <= errors * sampled.covariance_error(i, j) + 1e-12);
    }
  }
}

}  // namespace

TEST_CASE("clone moments equal the moment equations of the network, across an input step and a wash") {
  const auto model = chain(3, 2);
  const auto p = parameters_of(*model, 0.02);
  const std::vector<double> times{0, 2, 4.5, 5, 9, 11, 14, 22};
  const Experiment experiment = washed(*model, p, times);
  const CloneMoments clone = clone_moments(*model, p, experiment, Eigen::MatrixXd::Identity(5, 5), block_samples(times, 0));
  REQUIRE(clone.outcome.ok());
  MomentOptions options;
  options.between_times = true;
  options.ode.relative_tolerance = 1e-10;
  options.ode.absolute_tolerance = 1e-12;
  const Eigen::VectorXd start = Eigen::Map<const Eigen::VectorXd>(experiment.initial.data(), 5);
  options.initial_covariance = Eigen::MatrixXd(start.asDiagonal()) - start * start.transpose();
  const Moments moments = simulate_moments(*model, p, experiment, options);
  REQUIRE(moments.exact);
  for (std::size_t t = 0; t < times.size(); ++t)
    CHECK((clone.mean.segment(static_cast<int>(t) * 5, 5).transpose() - moments.mean.row(static_cast<int>(t))).cwiseAbs().maxCoeff() < 1e-6);
  CHECK((clone.covariance - moments.between).cwiseAbs().maxCoeff() < 1e-6);
}

TEST_CASE("block averages and class projections are linear in the stages' moments") {
  const auto model = chain(2, 3);
  const auto p = parameters_of(*model, 0.01);
  const std::vector<double> times{0, 1, 2, 3, 8, 9, 12, 13};
  const Experiment experiment = washed(*model, p, times);
  const SampleBlocks blocks = block_samples(times, 2, std::vector<double>{11.0});
  const Eigen::MatrixXd seen = phases_seen(*model);
  const CloneMoments fine = clone_moments(*model, p, experiment, Eigen::MatrixXd::Identity(5, 5), block_samples(times, 0));
  const CloneMoments coarse = clone_moments(*model, p, experiment, seen, blocks);
  Eigen::MatrixXd to_blocks = Eigen::MatrixXd::Zero(blocks.count * 2, static_cast<int>(times.size()) * 5);
  const auto sizes = blocks.size();
  for (std::size_t t = 0; t < times.size(); ++t) {
    const int b = blocks.block_of_sample[t];
    to_blocks.block(b * 2, static_cast<int>(t) * 5, 2, 5) += seen / sizes[static_cast<std::size_t>(b)];
  }
  CHECK((coarse.mean - to_blocks * fine.mean).cwiseAbs().maxCoeff() < 1e-12);
  CHECK((coarse.covariance - to_blocks * fine.covariance * to_blocks.transpose()).cwiseAbs().maxCoeff() < 1e-11);
  CHECK((coarse.sister_covariance - to_blocks * fine.sister_covariance * to_blocks.transpose()).cwiseAbs().maxCoeff() < 1e-11);
}

TEST_CASE("blocks end at gaps, cuts and their length") {
  const std::vector<double> times{0, 0.5, 1, 1.5, 2, 6, 6.5, 7, 7.5};
  const SampleBlocks blocks = block_samples(times, 1, std::vector<double>{7.0});
  CHECK(blocks.block_of_sample == std::vector<int>{0, 0, 1, 1, 2, 3, 3, 4, 4});
  CHECK(blocks.size() == std::vector<int>{2, 2, 1, 2, 2});
  CHECK(block_samples(times, 0).count == 9);
}

TEST_CASE("clone moments lie within the scatter of wells simulated cell by cell", "[standard]") {
  CycleSetup setup;
  setup.stages.stages = {{"G1", 3}, {"S/G2/M", 4}};
  setup.stages.effects = {{"slowing", {"drug"}, {"g1_exit"}}};
  setup.map = {Reporter::cdt1_geminin, {{"G1", {"G1"}}, {"S/G2/M", {"S/G2/M"}}}, true};
  setup.arms = {{"control", {{1, {}}}, {{5, "drug", Action::set, 1, ""}, keep_fraction_of_cells(11, 0.8)}}};
  TwinSettings settings;
  settings.wells = {{"control", 6000}};
  settings.times_h = {0, 4, 10, 11, 18, 30};
  settings.cells_per_well = 20;
  settings.seeding_spread = 0;
  settings.missed = 0;
  settings.truth = {{"g1_exit", 0.12}, {"division", 0.1}, {"death", 0.015}, {"slowing", -0.9}};
  const Twin twin = simulate_twin(setup, settings, 5);
  Eigen::MatrixXd rows(static_cast<int>(twin.counts.wells.size()), 12);
  for (int w = 0; w < rows.rows(); ++w) {
    REQUIRE(twin.well_cells[static_cast<std::size_t>(w)] == 20);
    for (int t = 0; t < 6; ++t) rows.row(w).segment(2 * t, 2) = twin.counts.wells[static_cast<std::size_t>(w)].values.row(t);
  }
  const auto model = make_staged(setup.model, setup.stages);
  auto p = parameters_of(*model, 0.015);
  p[static_cast<std::size_t>(model->parameter_index("g1_exit"))] = 0.12;
  p[static_cast<std::size_t>(model->parameter_index("division"))] = 0.1;
  const CloneMoments clone = clone_moments(*model, p, washed(*model, p, settings.times_h), phases_seen(*model), block_samples(settings.times_h, 0));
  check_within(SampleMoments(rows), 20 * clone.mean, 20 * clone.covariance, 4);
}

TEST_CASE("sister covariance is that of sisters in lockstep, exactly linear in their share", "[standard]") {
  const auto model = chain(2, 3);
  const auto p = parameters_of(*model, 0.03);
  const std::vector<double> times{2, 8, 16, 26};
  Eigen::MatrixXd unused;
  const Eigen::VectorXd start = model->start_distribution(p, unused);
  const CloneMoments clone = clone_moments(*model, p, culture({start.data(), start.data() + start.size()}, times), phases_seen(*model), block_samples(times, 0));
  CHECK(clone.sister_covariance.diagonal().tail(2).minCoeff() > 0.05);
  for (const double rho : {0.4, 1.0}) {
    Eigen::MatrixXd rows(120000, 8);
    for (int c = 0; c < rows.rows(); ++c) {
      RandomStream random(21, static_cast<std::uint32_t>(10 * rho), static_cast<std::uint32_t>(c));
      double u = random.uniform();
      int stage = 0;
      while (stage + 1 < start.size() && (u -= start[stage]) > 0) ++stage;
      LockstepClone one{*model, p, times, rho, random, Eigen::VectorXd::Zero(8)};
      one.live(stage, 1, 0);
      rows.row(c) = one.counts.transpose();
    }
    INFO("rho " << rho);
    check_within(SampleMoments(rows), clone.mean, clone.covariance + rho * clone.sister_covariance, 4);
  }
}

TEST_CASE("other changes of the state than a loss are refused") {
  const auto model = chain(1, 1);
  const auto p = parameters_of(*model, 0);
  const Experiment experiment = culture({0.5, 0.5}, {0, 5}, {{2, "G1", Action::add, 3, ""}});
  CHECK_THROWS_AS(clone_moments(*model, p, experiment, phases_seen(*model), block_samples(experiment.sample_times_h, 0)), InputError);
}
