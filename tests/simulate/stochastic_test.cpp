// Sample paths, ensembles, moments and the single-cell chain against closed forms and against each other.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "libhyped/parallel.hpp"
#include "libhyped/simulate/ctmc.hpp"
#include "libhyped/simulate/moments.hpp"
#include "libhyped/simulate/ode.hpp"
#include "libhyped/simulate/ssa.hpp"
#include "tests/simulate/test_models.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

// G1 -> S -> two G1, with death in S, and an input that slows the exit from G1.
struct Cycle {
  static constexpr std::string_view name = "test/cycle";
  static constexpr std::array states{StateSpec{"G1", "cells", 50}, StateSpec{"S", "cells", 30}};
  static constexpr std::array parameters{ParameterSpec{"exit", "1/h", 0.1, 0, 1}, ParameterSpec{"division", "1/h", 0.08, 0, 1},
                                         ParameterSpec{"death", "1/h", 0.01, 0, 1}, ParameterSpec{"drug", "1", 0, 0, 1}};
  static constexpr std::array<std::array<int, 2>, 3> stoichiometry{{{-1, +1}, {+2, -1}, {0, -1}}};
  template <class T>
  static std::array<T, 3> propensities(T, In<T, 2> x, In<T, 4> p) {
    using std::exp;
    return {p[0] * exp(-2.0 * p[3]) * x[0], p[1] * x[1], p[2] * x[1]};
  }
};

// 2 A -> B, B -> 2 A: not of first order.
struct Dimer {
  static constexpr std::string_view name = "test/dimer";
  static constexpr std::array states{StateSpec{"A", "molecules", 300}, StateSpec{"B", "molecules", 0}};
  static constexpr std::array parameters{ParameterSpec{"join", "1/h", 1e-3, 0, 1}, ParameterSpec{"part", "1/h", 0.1, 0, 1}};
  static constexpr std::array<std::array<int, 2>, 2> stoichiometry{{{-2, +1}, {+2, -1}}};
  template <class T>
  static std::array<T, 2> propensities(T, In<T, 2> x, In<T, 2> p) {
    return {p[0] * x[0] * (x[0] - 1.0) / 2.0, p[1] * x[1]};
  }
};

const CompiledModel<BirthDeath> birth_death;
const CompiledModel<Cycle> cycle;
const CompiledModel<Dimer> dimer;
const CompiledModel<Logistic> logistic;

Experiment treated() {
  Experiment experiment = culture({50, 30}, {4, 10, 24}, {keep_fraction_of_cells(6, 0.7), {12, "division", Action::scale, 0.5}});
  experiment.inputs["drug"] = InputCourse({2, 5, 20}, {0, 1, 0.1}, {0.6, 0, -0.05}, {});
  return experiment;
}

MomentOptions between_times() {
  MomentOptions options;
  options.between_times = true;
  return options;
}

// Ensemble mean and covariance within `sigmas` standard errors of the moments.
void check_agreement(const SsaEnsemble& ensemble, const Moments& moments, double sigmas, double slack = 0) {
  REQUIRE(ensemble.outcome.ok());
  REQUIRE(moments.outcome.ok());
  for (int t = 0; t < moments.mean.rows(); ++t)
    for (int i = 0; i < moments.mean.cols(); ++i) {
      const auto& v = moments.covariance[static_cast<std::size_t>(t)];
      const double variance = v(i, i);
      INFO("time " << t << " state " << i);
      CHECK(std::abs(ensemble.mean(t, i) - moments.mean(t, i)) <=
            sigmas * std::sqrt(variance / ensemble.runs) + slack * moments.mean(t, i) + 1e-9);
      for (int j = 0; j < moments.mean.cols(); ++j) {
        const double spread = std::sqrt((variance * v(j, j) + v(i, j) * v(i, j)) / ensemble.runs);
        CHECK(std::abs(ensemble.covariance[static_cast<std::size_t>(t)](i, j) - v(i, j)) <=
              1.3 * sigmas * spread + 3 * slack * variance + 1e-9);
      }
    }
}

}  // namespace

TEST_CASE("birth-death moments equal their closed forms (Yule and immigration-death among them)") {
  const std::vector<double> times{0, 1, 7, 20, 50};
  for (const auto& [birth, death] : {std::pair{0.1, 0.11}, {0.12, 0.1}, {0.05, 0.0}}) {
    const Moments m = simulate_moments(birth_death, std::vector<double>{birth, death, 0}, culture({100}, times), between_times());
    REQUIRE(m.exact);
    for (int i = 0; i < 5; ++i) {
      const double t = times[static_cast<std::size_t>(i)], growth = std::exp((birth - death) * t);
      const double variance = 100 * (birth + death) / (birth - death) * growth * (growth - 1);
      CHECK(m.mean(i, 0) == Approx(100 * growth).epsilon(1e-7));
      CHECK(m.covariance[static_cast<std::size_t>(i)](0, 0) == Approx(variance).epsilon(1e-6).margin(1e-9));
      for (int j = i; j < 5; ++j)
        CHECK(m.between(j, i) == Approx(variance * std::exp((birth - death) * (times[static_cast<std::size_t>(j)] - t))).epsilon(1e-6).margin(1e-9));
    }
  }
  const auto washed = culture({100}, {7, 20}, {keep_fraction_of_cells(10, 0.5)});
  const Moments w = simulate_moments(birth_death, std::vector<double>{0.12, 0.1, 0}, washed, between_times());
  CHECK(w.between(1, 0) == Approx(0.5 * std::exp(0.02 * 13) * w.between(0, 0)).epsilon(1e-8));
  const Moments poisson = simulate_moments(birth_death, std::vector<double>{0, 0.1, 1}, culture({0}, times));
  for (int i = 0; i < 5; ++i) {
    const double mean = 10 * (1 - std::exp(-0.1 * times[static_cast<std::size_t>(i)]));
    CHECK(poisson.mean(i, 0) == Approx(mean).epsilon(1e-7).margin(1e-12));
    CHECK(poisson.covariance[static_cast<std::size_t>(i)](0, 0) == Approx(mean).epsilon(1e-6).margin(1e-9));
  }
}

TEST_CASE("moments meet the published means and standard deviations of DSMTS cases") {
  struct Case {
    std::string number;
    double birth, death, immigration, initial;
  };
  for (const Case& one : {Case{"00001", 0.1, 0.11, 0, 100}, {"00002", 0.1, 0.11, 0, 100}, {"00003", 1, 1.1, 0, 100},
                          {"00004", 0.1, 0.11, 0, 10}, {"00020", 0, 0.1, 1, 0}}) {
    const auto file = shared_file("data/suites/dsmts/" + one.number + "/" + one.number + "-results.csv");
    if (file.empty()) {
      WARN("skipped: no shared data");
      return;
    }
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    std::vector<double> times, mean, sd;
    while (std::getline(in, line)) {
      std::replace(line.begin(), line.end(), ',', ' ');
      std::istringstream row(line);
      double t, m, s;
      if (row >> t >> m >> s) times.push_back(t), mean.push_back(m), sd.push_back(s);
    }
    REQUIRE(times.size() == 51);
    const Moments found = simulate_moments(birth_death, std::vector<double>{one.birth, one.death, one.immigration}, culture({one.initial}, times));
    double worst = 0;
    for (std::size_t i = 0; i < times.size(); ++i) {
      worst = std::max(worst, std::abs(found.mean(static_cast<int>(i), 0) - mean[i]));
      worst = std::max(worst, std::abs(std::sqrt(found.covariance[i](0, 0)) - sd[i]));
    }
    INFO("case " << one.number);
    CHECK(worst < 1.1e-5);      // the files give five decimals
  }
}

TEST_CASE("sample paths agree with the moments: constant rates, inputs that vary, thinning at a wash") {
  check_agreement(simulate_ssa_ensemble(birth_death, std::vector<double>{0.1, 0.11, 0.5}, culture({100}, {1, 20, 50}), 4000),
                  simulate_moments(birth_death, std::vector<double>{0.1, 0.11, 0.5}, culture({100}, {1, 20, 50})), 4);
  const auto p = cycle.default_parameters();
  check_agreement(simulate_ssa_ensemble(cycle, p, treated(), 4000), simulate_moments(cycle, p, treated()), 4);
}

TEST_CASE("a network that is not of first order is flagged as a linear-noise approximation, near the sample paths") {
  const auto experiment = culture({300, 0}, {1, 5, 30});
  const auto p = dimer.default_parameters();
  const Moments moments = simulate_moments(dimer, p, experiment);
  CHECK_FALSE(moments.exact);
  CHECK(moments.method.find("linear-noise") != std::string::npos);
  check_agreement(simulate_ssa_ensemble(dimer, p, experiment, 4000), moments, 4, 0.01);
}

TEST_CASE("covariances between times agree with the sample paths across a wash") {
  const auto p = cycle.default_parameters();
  const Experiment experiment = treated();
  const Moments moments = simulate_moments(cycle, p, experiment, between_times());
  const int runs = 3000;
  Eigen::MatrixXd rows(runs, 6);
  for (int k = 0; k < runs; ++k) {
    const Trajectory path = simulate_ssa(cycle, p, experiment, {.seed = 7}, static_cast<std::uint32_t>(k));
    for (int t = 0; t < 3; ++t) rows.block(k, 2 * t, 1, 2) = path.states.row(t);
  }
  rows.rowwise() -= rows.colwise().mean().eval();
  const Eigen::MatrixXd sample = rows.transpose() * rows / (runs - 1);
  for (int i = 0; i < 6; ++i)
    for (int j = 0; j < 6; ++j) {
      const double spread = std::sqrt((sample(i, i) * sample(j, j) + sample(i, j) * sample(i, j)) / runs);
      CHECK(std::abs(sample(i, j) - moments.between(i, j)) < 5 * spread);
    }
}

TEST_CASE("sample paths are the same bytes for any number of threads, and differ between trajectories, jobs and seeds") {
  const auto p = cycle.default_parameters();
  std::vector<SsaEnsemble> results;
  for (const int count : {1, 2, 8}) {
    set_threads(count);
    results.push_back(simulate_ssa_ensemble(cycle, p, treated(), 300));
  }
  set_threads(0);
  for (const SsaEnsemble& other : results) {
    CHECK((other.mean.array() == results[0].mean.array()).all());
    CHECK(other.reactions == results[0].reactions);
    for (std::size_t t = 0; t < 3; ++t) CHECK((other.covariance[t].array() == results[0].covariance[t].array()).all());
  }
  const auto path = [&](SsaOptions options, std::uint32_t k) { return simulate_ssa(cycle, p, treated(), options, k).states; };
  CHECK(path({}, 3) == path({}, 3));
  CHECK(path({}, 3) != path({}, 4));
  CHECK(path({.seed = 2}, 3) != path({}, 3));
  CHECK(path({.job = 2}, 3) != path({}, 3));
}

TEST_CASE("counts stay whole and not negative, events keep the mean, limits are outcomes") {
  const std::vector<double> still{0, 0, 0};
  const auto experiment = culture({10.25}, {0, 1, 2, 3, 4}, {{1, "X", Action::scale, 0.5}, {2, "X", Action::add, 2.5},
                                                             {3, "cells", Action::scale, 1.5}});
  const SsaEnsemble ensemble = simulate_ssa_ensemble(birth_death, still, experiment, 20000);
  CHECK(ensemble.mean(0, 0) == Approx(10.25).margin(0.013));
  CHECK(ensemble.mean(1, 0) == Approx(5.125).margin(0.05));
  CHECK(ensemble.mean(2, 0) == Approx(7.625).margin(0.05));
  CHECK(ensemble.mean(3, 0) == Approx(11.4375).margin(0.09));
  const SsaEnsemble below = simulate_ssa_ensemble(birth_death, still, culture({10.25}, {1, 4}, {{4, "X", Action::add, -1000}}), 50);
  CHECK(below.outcome.status == Status::not_converged);
  CHECK(below.times_h.empty());
  const Trajectory one = simulate_ssa(birth_death, still, experiment);
  CHECK((one.states.array() == one.states.array().round()).all());
  const Trajectory limited = simulate_ssa(birth_death, std::vector<double>{1, 0, 0}, culture({100}, {1, 20}), {.reaction_limit = 1000});
  CHECK(limited.outcome.status == Status::step_limit);
  CHECK(limited.times_h.size() == 1);
  CHECK_THROWS_AS(simulate_ssa(logistic, logistic.default_parameters(), culture({1}, {1})), InputError);
  CHECK_THROWS_AS(simulate_moments(logistic, logistic.default_parameters(), culture({1}, {1})), InputError);
}

TEST_CASE("occupancy of one cell: closed form, conserved probability, agreement with sampled paths") {
  const auto p = cycle.default_parameters();
  const double k = 0.1, out = 0.09;
  const auto simple = culture({1, 0}, {0, 3, 12, 60});
  const Occupancy occupancy = simulate_occupancy(cycle, p, simple);
  REQUIRE(occupancy.outcome.ok());
  for (int i = 0; i < 4; ++i) {
    const double t = simple.sample_times_h[static_cast<std::size_t>(i)];
    const double s = k / (out - k) * (std::exp(-k * t) - std::exp(-out * t));
    const double left = 1 - std::exp(-k * t) - s;
    CHECK(occupancy.stage(i, 0) == Approx(std::exp(-k * t)).epsilon(1e-7));
    CHECK(occupancy.stage(i, 1) == Approx(s).margin(1e-8));
    CHECK(occupancy.divided[i] == Approx(left * 0.08 / 0.09).margin(1e-8));
    CHECK(occupancy.died[i] == Approx(left * 0.01 / 0.09).margin(1e-8));
  }
  Experiment experiment = treated();
  experiment.initial = {3, 1};
  const Occupancy expected = simulate_occupancy(cycle, p, experiment);
  const int runs = 8000;
  double divided = 0, died = 0, lost = 0, in_g1 = 0, first_entry = 0;
  for (int r = 0; r < runs; ++r) {
    RandomStream random(11, 3, static_cast<std::uint32_t>(r));
    const CellPath path = sample_cell(cycle, p, experiment, random);
    REQUIRE(path.outcome.ok());
    REQUIRE(path.entry_h.size() == path.stage.size());
    divided += path.end == CellPath::End::divided;
    died += path.end == CellPath::End::died;
    lost += path.end == CellPath::End::lost;
    in_g1 += path.end == CellPath::End::censored && path.stage.back() == 0;
    first_entry += path.stage.size() > 1;
  }
  const auto close = [&](double count, double probability) {
    CHECK(std::abs(count / runs - probability) < 4 * std::sqrt(probability * (1 - probability) / runs) + 1e-9);
  };
  close(divided, expected.divided[2]);
  close(died, expected.died[2]);
  close(lost, expected.lost[2]);
  close(in_g1, expected.stage(2, 0));
  CHECK(expected.stage.row(2).sum() + expected.divided[2] + expected.died[2] + expected.lost[2] == Approx(1).epsilon(1e-9));
  CHECK(first_entry > 0);
  CHECK_THROWS_AS(simulate_occupancy(dimer, dimer.default_parameters(), culture({1, 0}, {1})), InputError);
  CHECK_THROWS_AS(simulate_occupancy(cycle, p, culture({1, 0}, {1}, {{0.5, "G1", Action::set, 1}})), InputError);
}
