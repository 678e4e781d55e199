// Posteriors of two ODE models against posteriordb's reference draws, and Laplace's method seen to fail on one of them.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "fitting/chain_diagnostics.hpp"
#include "fitting/laplace.hpp"
#include "fitting/mixing.hpp"
#include "libhyped/model/compiled_model.hpp"
#include "libhyped/simulate/ode.hpp"
#include "tests/places.hpp"
#include "tests/sanitized.hpp"

using namespace hyped;
using Json = nlohmann::json;
using Catch::Matchers::Contains;

namespace {

constexpr double dose = 30, volume = 2;      // of one_comp_mm_elim_abs.json

// u: hares, v: lynx; the start is a parameter and moves no rate.
struct LotkaVolterra {
  static constexpr std::string_view name = "test/lotka_volterra";
  static constexpr std::array states{StateSpec{"u", "1000 pelts", 30}, StateSpec{"v", "1000 pelts", 4}};
  static constexpr std::array parameters{ParameterSpec{"theta[1]", "1/a", 1, 0, 10},    ParameterSpec{"theta[2]", "1/a", 0.05, 0, 10},
                                         ParameterSpec{"theta[3]", "1/a", 1, 0, 10},    ParameterSpec{"theta[4]", "1/a", 0.05, 0, 10},
                                         ParameterSpec{"z_init[1]", "1000 pelts", 10, 0, 1e3}, ParameterSpec{"z_init[2]", "1000 pelts", 10, 0, 1e3}};
  template <class T>
  static std::array<T, 2> rates(T, In<T, 2> x, In<T, 6> p) {
    return {(p[0] - p[1] * x[1]) * x[0], (p[3] * x[0] - p[2]) * x[1]};
  }
};

// Absorption of first order, elimination by Michaelis and Menten.
struct OneCompartment {
  static constexpr std::string_view name = "test/one_compartment";
  static constexpr std::array states{StateSpec{"C", "mg/l", 0}};
  static constexpr std::array parameters{ParameterSpec{"k_a", "1/d", 1, 0, 100}, ParameterSpec{"K_m", "mg/l", 1, 0, 1e6}, ParameterSpec{"V_m", "1/d", 1, 0, 1e6}};
  template <class T>
  static std::array<T, 1> rates(T t, In<T, 1> x, In<T, 3> p) {
    using std::exp;
    return {exp(-p[0] * t) * p[0] * (dose / volume) - p[2] / volume * x[0] / (p[1] + x[0])};
  }
};

std::filesystem::path suite(const std::string& file) {
  const char* set = std::getenv("HYPED_SHARED");
  const std::filesystem::path root = set != nullptr ? std::filesystem::path(set) : std::filesystem::path(hyped::tests::source_folder()) / ".." / "shared";
  return root / "data/suites/posteriordb_ode" / file;
}
Json read(const std::string& file) { return Json::parse(std::ifstream(suite(file))); }

// log of a log-normal density of y up to a constant; adds d/d log_mean and d/d log_sd.
double log_normal(double y, double log_mean, double sd, double& by_mean, double& by_log_sd) {
  const double z = (std::log(y) - log_mean) / sd;
  by_mean += z / sd;
  by_log_sd += z * z - 1;
  return -std::log(sd) - 0.5 * z * z;
}

constexpr OdeOptions accuracy{1e-7, 1e-9, 0, 1e-12, 5000};
double positive(int, double u) { return std::exp(u); }      // every parameter is the exponential of its coordinate

// theta [4], z_init [2], sigma [2], logarithms of all.
FunctionDensity lotka_volterra(const Json& data) {
  const auto y = data.at("y").get<std::vector<std::array<double, 2>>>();
  const auto first = data.at("y_init").get<std::array<double, 2>>();
  Experiment experiment{"hares and lynx", 0, {0, 0}, Eigen::MatrixXd::Zero(2, 6), {}, {}, data.at("ts").get<std::vector<double>>()};
  experiment.initial_by_parameter(0, 4) = experiment.initial_by_parameter(1, 5) = 1;
  const auto function = [y, first, experiment](const Eigen::VectorXd& u, double& value, Eigen::VectorXd& gradient) {
    static const CompiledModel<LotkaVolterra> model;
    const Eigen::VectorXd p = u.array().exp();
    Experiment own = experiment;
    own.initial = {p[4], p[5]};
    if (!p.allFinite()) return Outcome{Status::not_finite, "a parameter is not finite"};
    const Trajectory run = simulate_ode(model, {p.data(), 6}, own, accuracy, Sensitivities::parameters);
    if (!run.outcome.ok()) return run.outcome;
    gradient.setOnes();      // of the log-Jacobian
    value = u.sum();
    for (const auto& [i, mean, sd] : {std::tuple{0, 1.0, 0.5}, {1, 0.05, 0.05}, {2, 1.0, 0.5}, {3, 0.05, 0.05}}) {
      const double z = (p[i] - mean) / sd;
      value -= 0.5 * z * z;
      gradient[i] -= z / sd * p[i];
    }
    for (const auto& [i, mean] : {std::pair{4, std::log(10.0)}, {5, std::log(10.0)}, {6, -1.0}, {7, -1.0}}) {
      value -= 0.5 * (u[i] - mean) * (u[i] - mean) + u[i];
      gradient[i] -= u[i] - mean + 1;
    }
    for (int k = 0; k < 2; ++k) value += log_normal(first[k], u[4 + k], p[6 + k], gradient[4 + k], gradient[6 + k]);
    for (std::size_t t = 0; t < y.size(); ++t)
      for (int k = 0; k < 2; ++k) {
        const double z = run.states(static_cast<int>(t), k);
        double by_mean = 0;
        value += log_normal(y[t][k], std::log(z), p[6 + k], by_mean, gradient[6 + k]);
        for (int i = 0; i < 6; ++i) gradient[i] += by_mean * run.sensitivities[t](k, i) / z * p[i];
      }
    return Outcome{};
  };
  Eigen::VectorXd start(8);      // the priors' middles
  start << 0, std::log(0.05), 0, std::log(0.05), std::log(10.0), std::log(10.0), -1, -1;
  return {{"theta[1]", "theta[2]", "theta[3]", "theta[4]", "z_init[1]", "z_init[2]", "sigma[1]", "sigma[2]"}, function, start, positive};
}

// k_a, K_m, V_m, sigma, logarithms of all; half-Cauchy priors.
FunctionDensity one_compartment(const Json& data) {
  REQUIRE(data.at("D").get<double>() == dose);
  REQUIRE(data.at("V").get<double>() == volume);
  const auto y = data.at("C_hat").get<std::vector<double>>();
  const Experiment experiment{"one dose", data.at("t0").get<double>(), {0}, {}, {}, {}, data.at("times").get<std::vector<double>>()};
  const auto function = [y, experiment](const Eigen::VectorXd& u, double& value, Eigen::VectorXd& gradient) {
    static const CompiledModel<OneCompartment> model;
    const Eigen::VectorXd p = u.array().exp();
    if (!p.allFinite()) return Outcome{Status::not_finite, "a parameter is not finite"};
    const Trajectory run = simulate_ode(model, {p.data(), 3}, experiment, accuracy, Sensitivities::parameters);
    if (!run.outcome.ok()) return run.outcome;
    value = 0;
    for (int i = 0; i < 4; ++i) {
      const double square = p[i] * p[i];
      value += u[i] - std::log1p(square);
      gradient[i] = 1 - 2 * square / (1 + square);
    }
    for (std::size_t t = 0; t < y.size(); ++t) {
      const double c = run.states(static_cast<int>(t), 0);
      double by_mean = 0;
      value += log_normal(y[t], std::log(c), p[3], by_mean, gradient[3]);
      for (int i = 0; i < 3; ++i) gradient[i] += by_mean * run.sensitivities[t](0, i) / c * p[i];
    }
    return Outcome{};
  };
  return {{"k_a", "K_m", "V_m", "sigma"}, function, {}, positive};
}

// Reference draws of one parameter [1000 x 10].
Eigen::MatrixXd reference(const Json& chains, const std::string& name) {
  Eigen::MatrixXd out(1000, static_cast<Eigen::Index>(chains.size()));
  for (std::size_t c = 0; c < chains.size(); ++c)
    for (std::size_t k = 0; k < 1000; ++k) out(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(c)) = chains[c].at(name)[k].get<double>();
  return out;
}

// Every quantile, and every mean that has an error, within three Monte-Carlo errors of the reference's, both errors together.
// Returns the largest deviation.
double check_against(const ChainDiagnostics& found, const std::string& file) {
  const Json chains = read(file);
  double worst = 0;
  const auto compare_one = [&](const std::string& what, double ours, double our_error, double theirs, double their_error) {
    const double deviation = std::abs(ours - theirs) / std::hypot(our_error, their_error);
    INFO(what << ": " << ours << " +- " << our_error << " against " << theirs << " +- " << their_error);
    CHECK(deviation < 3);
    worst = std::max(worst, deviation);
  };
  for (const auto& p : found.parameters) {
    const Eigen::MatrixXd x = reference(chains, p.name);
    for (std::size_t q = 0; q < 3; ++q)
      compare_one(fmt::format("{} quantile {}", p.name, summary_probabilities[q]), p.quantiles[q], p.quantile_errors[q],
                  draw_quantile(x, summary_probabilities[q]), mcse_quantile(x, summary_probabilities[q]));
    if (p.mean_error) compare_one(p.name + " mean", p.mean, *p.mean_error, x.mean(), mcse_mean(x));
  }
  return worst;
}

const ParameterDiagnostics& named(const ChainDiagnostics& all, const std::string& name) {
  for (const auto& p : all.parameters)
    if (p.name == name) return p;
  throw InputError("test", "no parameter " + name);
}

// One line on what came out, in the log of the run.
void report(const ChainDiagnostics& found, const Laplace& gaussian, double worst) {
  std::string text = fmt::format("worst deviation {:.2f} Monte-Carlo errors; {}; Laplace: {}", worst, found.verdict, gaussian.verdict);
  for (std::size_t i = 0; i < found.parameters.size(); ++i) {
    const auto& p = found.parameters[i];
    text += fmt::format("\n{}: effective draws {:.0f} and {:.0f}, k-hat {:.2f}, {}; Laplace {:.3g} to {:.3g}, {}", p.name, p.ess_bulk, p.ess_tail,
                        std::max(p.lower_tail.k, p.upper_tail.k), p.verdict, gaussian.parameters[i].lower, gaussian.parameters[i].upper, gaussian.parameters[i].verdict);
  }
  std::fputs((text + "\n").c_str(), stdout);
}

}  // namespace

TEST_CASE("must/engine/4", "[standard]") {
  if (!std::filesystem::exists(suite("summary.json"))) {
    WARN("skipped: no shared data");
    return;
  }
  // Long chains: our own Monte-Carlo error is then small against the reference's, and what is left is the reference's.
  NutsOptions options;
  options.seed = 4;
  options.metric = MassMetric::dense;

  SECTION("lotka_volterra") {
    const FunctionDensity density = lotka_volterra(read("hudson_lynx_hare.json"));
    CHECK(gradient_error(density, density.start()) < 1e-5);      // the simulator's tolerance over the step of differences
    LaplaceOptions climbs;
    climbs.starts = 12;      // cycles of another period are local modes
    Laplace gaussian = laplace(density, climbs);
    REQUIRE(gaussian.outcome.ok());
    options.starts = laplace_starts(gaussian, options.chains);
    options.draws = hyped::tests::sanitized ? 200 : 5000;
    options.target_accept = 0.9;
    const ChainDiagnostics found = diagnose(sample(density, options));
    if (hyped::tests::sanitized) {
      compare(gaussian, found);
      report(found, gaussian, 0);
      return;
    }
    INFO(found.verdict);
    for (const auto& p : found.parameters) CHECK(p.good);
    CHECK(found.divergences * 1000 <= found.draws);
    const double worst = check_against(found, "hudson_lynx_hare-lotka_volterra.json");
    for (const auto& p : found.parameters) CHECK(p.mean_error.has_value());
    // A Gaussian holds for rates and start. That of the spreads misses the degrees of freedom the rates use up: its quantiles are
    // low by up to one sd (21 residuals a species, 3 parameters), and that is said.
    CHECK(gaussian.khat < 0.7);
    for (const auto& p : gaussian.parameters) {
      INFO(p.name << ": " << p.verdict);
      if (p.name.starts_with("sigma")) continue;
      CHECK(std::abs(p.weighted_shift) < 0.3);
    }
    compare(gaussian, found);
    for (const auto& p : gaussian.parameters) {
      INFO(p.name << ": " << p.verdict);
      CHECK(std::abs(p.worst_shift) < (p.name.starts_with("sigma") ? 1.25 : 0.5));
    }
    report(found, gaussian, worst);
  }

  SECTION("one_comp_mm_elim_abs") {
    // For large K_m only V_m / K_m matters: half-Cauchy priors on both leave a tail of K_m^-3, index 2, no variance. Nor has V_m.
    const FunctionDensity density = one_compartment(read("one_comp_mm_elim_abs.json"));
    CHECK(gradient_error(density, density.start()) < 1e-5);
    options.target_accept = 0.99;      // the ridge of K_m and V_m is narrow and bent; with 0.8 its end is missed
    options.draws = hyped::tests::sanitized ? 400 : 12000;
    const ChainDiagnostics found = diagnose(sample(density, options));
    if (hyped::tests::sanitized) {
      Laplace gaussian = laplace(density);
      compare(gaussian, found);
      report(found, gaussian, 0);
      return;
    }
    INFO(found.verdict);
    for (const auto& p : found.parameters) CHECK(p.good);
    const double worst = check_against(found, "one_comp_mm_elim_abs-one_comp_mm_elim_abs.json");
    const ParameterDiagnostics& k_m = named(found, "K_m");
    CHECK_FALSE(k_m.mean_error.has_value());
    CHECK_THAT(k_m.verdict, Contains("variance does not exist: tail index") && Contains("below 2") && Contains("mean not reported with an error"));
    CHECK(named(found, "k_a").mean_error.has_value());
    CHECK(named(found, "sigma").mean_error.has_value());
    Laplace gaussian = laplace(density);
    CHECK_FALSE(gaussian.good);      // without any chain
    CHECK_THAT(gaussian.verdict, Contains("wrong: "));
    compare(gaussian, found);
    CHECK(gaussian.parameters[1].disagrees);
    CHECK(std::abs(gaussian.parameters[1].worst_shift) > 1);
    report(found, gaussian, worst);
  }
}
