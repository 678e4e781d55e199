// What every registered model promises, checked without naming any of them.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "libhyped/model/catalogue.hpp"
#include "libhyped/random.hpp"
#include "libhyped/simulate/first_order.hpp"
#include "libhyped/simulate/moments.hpp"
#include "libhyped/simulate/simulate.hpp"
#include "libhyped/simulate/ssa.hpp"

using namespace hyped;

static const double nan_value = std::numeric_limits<double>::quiet_NaN();

// A positive state near the default and parameters a little off it, both fixed by the model's name.
static std::pair<std::vector<double>, std::vector<double>> point(const Model& model, std::uint32_t job) {
  RandomStream random(2026, job, 0);
  std::vector<double> x = model.default_state(), p = model.default_parameters();
  for (double& value : x) value = (value == 0 ? 0.4 : std::abs(value)) * (0.7 + 0.6 * random.uniform());
  for (std::size_t j = 0; j < p.size(); ++j) {
    const ParameterSpec& spec = model.parameters()[j];
    p[j] = std::clamp(p[j] == 0 ? 0.05 : p[j] * (0.9 + 0.2 * random.uniform()), spec.lower, spec.upper);
  }
  return {x, p};
}

static double scale_of(const std::vector<double>& values) {
  double largest = 1e-6;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

TEST_CASE("every model: names, units, defaults inside bounds") {
  const auto names = ModelCatalogue::instance().names();
  REQUIRE(names.size() >= 4);
  for (const std::string& name : names) {
    INFO(name);
    const auto model = ModelCatalogue::instance().make(name);
    CHECK(model->name() == name);
    REQUIRE(model->state_count() > 0);
    for (const StateSpec& spec : model->states()) {
      INFO(spec.name);
      CHECK_FALSE(spec.name.empty());
      CHECK_FALSE(spec.unit.empty());
      CHECK(std::isfinite(spec.initial));
    }
    for (const ParameterSpec& spec : model->parameters()) {
      INFO(spec.name);
      CHECK_FALSE(spec.unit.empty());
      CHECK(spec.lower <= spec.value);
      CHECK(spec.value <= spec.upper);
      CHECK(model->parameter_index(spec.name) == &spec - model->parameters().data());
      CHECK(model->state_index(spec.name) == -1);
      CHECK(spec.name != "cells");
    }
  }
}

TEST_CASE("every model: rates are written, equal their linearisation, and the derivatives equal differences") {
  std::uint32_t job = 0;
  for (const std::string& name : ModelCatalogue::instance().names()) {
    const auto model = ModelCatalogue::instance().make(name);
    const auto [x, p] = point(*model, job++);
    const double t = 3.7;
    std::vector<double> f(x.size(), nan_value), g(x.size(), nan_value);
    Linearisation at;
    model->rates(t, x, p, f);
    model->linearise(t, x, p, g, at);
    const double scale = scale_of(f);
    for (std::size_t i = 0; i < f.size(); ++i) {
      INFO(name << " state " << model->states()[i].name);
      REQUIRE(std::isfinite(f[i]));
      CHECK(std::abs(f[i] - g[i]) <= 1e-12 * scale);
    }
    REQUIRE(at.state.rows() == model->state_count());
    REQUIRE(at.parameter.cols() == model->parameter_count());
    const auto column = [&](bool state, std::size_t j) {
      const double value = state ? x[j] : p[j], h = 1e-4 * std::max(std::abs(value), 1e-3);
      const auto moved = [&](double step) {
        auto y = x;
        auto q = p;
        (state ? y : q)[j] += step;
        Eigen::VectorXd out(model->state_count());
        model->rates(t, y, q, {out.data(), x.size()});
        return out;
      };
      return Eigen::VectorXd((8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h));
    };
    const auto compare = [&](const Eigen::MatrixXd& exact, bool state) {
      for (Eigen::Index j = 0; j < exact.cols(); ++j) {
        const Eigen::VectorXd difference = column(state, static_cast<std::size_t>(j));
        const double value = state ? x[static_cast<std::size_t>(j)] : p[static_cast<std::size_t>(j)];
        const double size = std::max({exact.col(j).cwiseAbs().maxCoeff(), difference.cwiseAbs().maxCoeff(),
                                      1e-6 * scale / std::max(std::abs(value), 1e-3)});
        INFO(name << (state ? " state " : " parameter ") << j);
        CHECK((exact.col(j) - difference).cwiseAbs().maxCoeff() <= 1e-6 * size);
      }
    };
    compare(at.state, true);
    compare(at.parameter, false);
  }
}

TEST_CASE("every model: df/dt equals its difference") {
  std::uint32_t job = 100;
  for (const std::string& name : ModelCatalogue::instance().names()) {
    const auto model = ModelCatalogue::instance().make(name);
    const auto [x, p] = point(*model, job++);
    const double t = 3.7, h = 1e-4;
    std::vector<double> slope(x.size(), nan_value), before(x.size()), after(x.size());
    model->time_derivative(t, x, p, slope);
    model->rates(t - h, x, p, before);
    model->rates(t + h, x, p, after);
    for (std::size_t i = 0; i < x.size(); ++i) {
      INFO(name << " state " << i);
      CHECK(slope[i] == Approx((after[i] - before[i]) / (2 * h)).epsilon(1e-5).margin(1e-7 * scale_of(before)));
    }
  }
}

TEST_CASE("every network: stoichiometry times propensities are the rates, none is negative, nothing reacts from nothing") {
  std::uint32_t job = 200;
  int networks = 0;
  for (const std::string& name : ModelCatalogue::instance().names()) {
    const auto model = ModelCatalogue::instance().make(name);
    if (model->reaction_count() == 0) continue;
    ++networks;
    const auto [x, p] = point(*model, job++);
    std::vector<double> f(x.size());
    Eigen::VectorXd a = Eigen::VectorXd::Constant(model->reaction_count(), nan_value);
    const std::span<double> out(a.data(), static_cast<std::size_t>(a.size()));
    model->rates(1.5, x, p, f);
    model->propensities(1.5, x, p, out);
    INFO(name);
    REQUIRE(a.allFinite());
    CHECK(a.minCoeff() >= 0);
    const Eigen::MatrixXd change = stoichiometry_matrix(*model);
    const Eigen::VectorXd rates = change.transpose() * a;
    for (std::size_t i = 0; i < f.size(); ++i) CHECK(std::abs(rates[static_cast<Eigen::Index>(i)] - f[i]) <= 1e-11 * scale_of(f));
    // a reaction that consumes a state cannot happen where that state is empty
    for (Eigen::Index s = 0; s < change.cols(); ++s) {
      auto without = x;
      without[static_cast<std::size_t>(s)] = 0;
      model->propensities(1.5, without, p, out);
      for (Eigen::Index r = 0; r < change.rows(); ++r)
        if (change(r, s) < 0) CHECK(a[r] == 0);
    }
  }
  CHECK(networks >= 1);
}

TEST_CASE("every network: the mean of sample paths is the deterministic path, within five standard errors") {
  for (const std::string& name : ModelCatalogue::instance().names()) {
    const auto model = ModelCatalogue::instance().make(name);
    if (model->reaction_count() == 0) continue;
    INFO(name);
    const auto p = model->default_parameters();
    Experiment experiment;
    experiment.initial = model->default_state();
    for (double& value : experiment.initial) value = std::ceil(value);
    if (scale_of(experiment.initial) < 1) experiment.initial[0] = 200;
    experiment.sample_times_h = {6, 24};
    const SsaEnsemble ensemble = simulate_ssa_ensemble(*model, p, experiment, 300);
    REQUIRE(ensemble.outcome.ok());
    const Trajectory path = simulate(*model, p, experiment);
    REQUIRE(path.outcome.ok());
    const bool exact = first_order_structure(*model, 0, p).has_value();
    for (int t = 0; t < 2; ++t) {
      const double variance = ensemble.covariance[static_cast<std::size_t>(t)].sum();      // of the total
      const double tolerance = 5 * std::sqrt(variance / ensemble.runs) + (exact ? 0 : 0.02 * path.states.row(t).sum()) + 1e-6;
      CHECK(std::abs(ensemble.mean.row(t).sum() - path.states.row(t).sum()) < tolerance);
    }
  }
}
