// A cheap two-phase problem with data drawn frame by frame or as whole wells, for tests of what is fitted on top.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "fitting/cycle_problem.hpp"
#include "libhyped/random.hpp"

namespace hyped::test {

inline CycleSetup small_setup(int stages = 3) {
  CycleSetup setup;
  setup.model = "cell_cycle/two_phase";
  setup.stages.stages = {{"G1", stages}, {"S/G2/M", stages}};
  setup.stages.effects = {{"drug_on_g1_exit", {"drug"}, {"g1_exit"}}};
  setup.map = {Reporter::cdt1_geminin, {{"G1", {"G1"}}, {"S/G2/M", {"S/G2/M"}}}, true};
  std::vector<double> times, on, slope;
  for (double t = 0; t <= 40; t += 1) {
    times.push_back(t);
    on.push_back(std::exp(-t / 30));
    slope.push_back(-std::exp(-t / 30) / 30);
  }
  setup.arms = {{"control", {{1, {}}}, {}}, {"drug", {{1, {{"drug", InputCourse(times, on, slope, {})}}}}, {}}};
  ParameterChoice death;
  death.name = "death";
  death.fixed = 0.0;
  setup.parameters = {death};
  setup.random_effects = {{"well_rate_variance", {"g1_exit", "division"}, {}, {}}};
  return setup;
}

inline std::vector<double> frames(double until = 30, double every = 1) {
  std::vector<double> times;
  for (double t = 0; t <= until + 1e-9; t += every) times.push_back(t);
  return times;
}

// Wells with values that only matter for their shape.
inline PhaseCounts blank_data(int wells_per_arm, const std::vector<double>& times) {
  PhaseCounts data;
  data.source = "test data";
  data.classes = {"G1", "S/G2/M"};
  for (const char* condition : {"control", "drug"})
    for (int w = 0; w < wells_per_arm; ++w) {
      WellSeries well{condition, std::string(condition) + std::to_string(w), times, Eigen::MatrixXd::Constant(static_cast<int>(times.size()), 2, 10.0), {}};
      data.wells.push_back(well);
    }
  return data;
}

inline Eigen::VectorXd small_truth(const ParameterSpace& space) {
  Eigen::VectorXd theta = space.start();
  auto set = [&](const std::string& name, double value) {
    if (const int i = space.index(name); i >= 0) theta[i] = space.search(i, value);
  };
  set("g1_exit", 0.09);
  set("division", 0.07);
  set("drug_on_g1_exit", -0.8);
  set("start_S/G2/M", 0.6);
  return theta;
}

// Independent Poisson counts about `cells` times the truth; extra: gamma spread of a frame's class amounts (0: none).
inline PhaseCounts poisson_data(const CycleSetup& setup, int wells_per_arm, double cells, std::uint64_t seed, double extra = 0) {
  PhaseCounts data = blank_data(wells_per_arm, frames());
  const CycleProblem shape(setup, data);
  const auto means = shape.unit_means(small_truth(shape.space()), false);
  for (std::size_t w = 0; w < data.wells.size(); ++w) {
    RandomStream random(seed, static_cast<std::uint32_t>(w), 0);
    const Eigen::VectorXd& mean = means[shape.wells()[w].unit].mean;
    for (int t = 0; t < data.wells[w].values.rows(); ++t)
      for (int k = 0; k < 2; ++k) {
        const double factor = extra > 0 ? random.gamma(1 / extra) * extra : 1.0;
        data.wells[w].values(t, k) = static_cast<double>(random.poisson(cells * mean[2 * t + k] * factor));
      }
  }
  return data;
}

}  // namespace hyped::test
