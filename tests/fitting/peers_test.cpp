// The same inputs through independent implementations: SciPy, R deSolve, R msm, R nlme.
#include <Eigen/LU>
#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "fitting/variance_components.hpp"
#include "libhyped/model/compiled_model.hpp"
#include "libhyped/model/staged.hpp"
#include "libhyped/random.hpp"
#include "libhyped/simulate/ode.hpp"
#include "libhyped/simulate/simulate.hpp"
#include "libhyped/simulate/staged_linear.hpp"
#include "tests/places.hpp"

namespace {

using namespace hyped;

// Numbers a program prints; empty if it cannot be run.
std::vector<double> numbers_of(const std::string& command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen((command + " 2>/dev/null").c_str(), "r"), pclose);
  std::vector<double> out;
  for (double value; pipe && std::fscanf(pipe.get(), "%lf", &value) == 1;) out.push_back(value);
  return out;
}

std::string script(const std::string& name) { return hyped::tests::source_folder() + "/tests/peers/" + name; }

#define REQUIRE_PEER(values, what)                                  \
  if ((values).empty()) {                                           \
    WARN("skipped: " what " is not installed (scripts/setup peers)"); \
    return;                                                         \
  }

}  // namespace

TEST_CASE("staged chain with a decaying input against SciPy", "[peers]") {
  StageSettings settings;
  settings.stages = {{"G1", 8}, {"S/G2/M", 20}};
  settings.effects = {{"effect", {"drug"}, {"g1_exit"}}};
  const auto model = make_staged("cell_cycle/two_phase", settings);
  std::vector<double> p = model->default_parameters();
  p[model->parameter_index("g1_exit")] = 0.07;
  p[model->parameter_index("division")] = 0.08;
  p[model->parameter_index("death")] = 0.003;
  p[model->parameter_index("effect")] = -1.3;
  Experiment experiment;
  experiment.id = "peer";
  experiment.initial.assign(28, 0.0);
  for (int i = 0; i < 28; ++i) experiment.initial[i] = 10 + i;
  const double half = 9, from = 5, loss = 24, kept = 0.85;
  // a table so fine that its cubic interpolation is exact to 1e-11
  std::vector<double> t, v, s;
  for (int i = 0; i <= 6000; ++i) {
    const double at = from + i * 0.01, rate = std::log(2) / half;
    t.push_back(at);
    v.push_back(std::exp(-rate * (at - from)));
    s.push_back(-rate * v.back());
  }
  experiment.inputs["drug"] = InputCourse(t, v, s, {from});
  experiment.schedule = {keep_fraction_of_cells(loss, kept)};
  for (int i = 0; i <= 30; ++i) experiment.sample_times_h.push_back(2.0 * i);
  const auto file = std::filesystem::temp_directory_path() / "hyped_peer_case.json";
  {
    std::ofstream json(file);
    json.precision(17);
    json << "{\"stages\":[8,20],\"g1_exit\":0.07,\"division\":0.08,\"death\":0.003,\"effect\":-1.3,\"half_life_h\":" << half << ",\"from_h\":" << from << ",\"loss_h\":" << loss << ",\"kept\":" << kept << ",\"initial\":[";
    for (int i = 0; i < 28; ++i) json << (i ? "," : "") << experiment.initial[i];
    json << "],\"times_h\":[";
    for (int i = 0; i <= 30; ++i) json << (i ? "," : "") << 2 * i;
    json << "]}";
  }
  const std::vector<double> peer = numbers_of("/usr/bin/python3 " + script("staged_scipy.py") + " " + file.string());
  REQUIRE_PEER(peer, "SciPy");
  REQUIRE(peer.size() == 31u * 28u);
  LinearOptions fine;
  fine.magnus_tolerance = 1e-11;
  const Trajectory linear = simulate_linear(*model, p, experiment, fine);
  const Trajectory ode = simulate_ode(*model, p, experiment, {.relative_tolerance = 1e-10, .absolute_tolerance = 1e-10});
  double worst_linear = 0, worst_ode = 0;
  for (int i = 0; i < 31; ++i)
    for (int k = 0; k < 28; ++k) {
      worst_linear = std::max(worst_linear, std::abs(linear.states(i, k) - peer[i * 28 + k]));
      worst_ode = std::max(worst_ode, std::abs(ode.states(i, k) - peer[i * 28 + k]));
    }
  std::printf("largest difference from SciPy: linear %.2g, ODE %.2g cells\n", worst_linear, worst_ode);
  CHECK(worst_linear < 1e-6);      // of counts up to 100: the requested tolerances of both sides
  CHECK(worst_ode < 1e-6);
}

TEST_CASE("single-cell generator against R msm", "[peers]") {
  const std::vector<double> peer = numbers_of("Rscript " + script("generator_msm.R"));
  REQUIRE_PEER(peer, "R msm");
  REQUIRE(peer.size() == 9);
  // closed form through the linear engine: two phases that swap, both dying at 0.05 / h
  PhaseGraph graph{"peer/chain", {{"A", 1, "a", "B", 1, "d"}, {"B", 1, "b", "A", 1, "d"}}, {{"a", "1/h", "", 0.25, 0, 1}, {"b", "1/h", "", 0.1, 0, 1}, {"d", "1/h", "", 0.05, 0, 1}}};
  const StagedModel model(graph, {});
  Experiment experiment;
  experiment.id = "peer";
  experiment.initial = {1, 0};
  experiment.sample_times_h = {0.5, 2, 10};
  const Trajectory run = simulate_linear(model, model.default_parameters(), experiment);
  for (int i = 0; i < 3; ++i) {
    CHECK(run.states(i, 0) == Approx(peer[3 * i]).epsilon(1e-10));
    CHECK(run.states(i, 1) == Approx(peer[3 * i + 1]).epsilon(1e-10));
    CHECK(1 - run.states.row(i).sum() == Approx(peer[3 * i + 2]).epsilon(1e-10));
  }
}

TEST_CASE("restricted likelihood against R nlme", "[peers]") {
  const auto file = std::filesystem::temp_directory_path() / "hyped_peer_reml.tsv";
  std::vector<MixedBlock> blocks;
  RandomStream random(11, 1, 1);
  std::ofstream table(file);
  table.precision(17);
  table << "group x y\n";
  for (int g = 0; g < 12; ++g) {
    const int n = 4 + g % 5;
    MixedBlock block;
    block.design = Eigen::MatrixXd::Ones(n, 2);
    block.residual.resize(n);
    const double intercept = 0.8 * random.normal(), slope = 0.4 * random.normal();
    for (int i = 0; i < n; ++i) {
      const double x = random.uniform() * 3, y = 1.5 + 0.7 * x + intercept + slope * x + 0.5 * random.normal();
      block.design(i, 1) = x;
      block.residual[i] = y;      // linearised at zero: the residual is the data
      table << g << " " << x << " " << y << "\n";
    }
    block.parts.resize(3);
    block.parts[0].dense = Eigen::MatrixXd::Identity(n, n);
    block.parts[1].factor = Eigen::MatrixXd::Ones(n, 1);
    block.parts[2].factor = block.design.col(1);
    blocks.push_back(block);
  }
  table.close();
  const std::vector<double> peer = numbers_of("Rscript " + script("reml_nlme.R") + " " + file.string());
  REQUIRE_PEER(peer, "R nlme");
  REQUIRE(peer.size() == 7);
  MixedFit fit = fit_variance_components(blocks, {{"residual", 1, true, 1e6}, {"intercept", 0.1, true, 1e6}, {"slope", 0.1, true, 1e6}}, 100);
  for (int pass = 0; pass < 3; ++pass) fit = fit_variance_components(blocks, fit.components, 100);      // to full convergence
  CHECK(fit.components[1].value == Approx(peer[0]).epsilon(2e-3));      // nlme optimises the log-Cholesky factors to about 1e-4
  CHECK(fit.components[2].value == Approx(peer[1]).epsilon(2e-3));
  CHECK(fit.components[0].value == Approx(peer[2]).epsilon(2e-3));
  const Eigen::MatrixXd covariance = fit.information.inverse();
  const Eigen::VectorXd beta = covariance * fit.score;
  CHECK(beta[0] == Approx(peer[3]).epsilon(1e-3));
  CHECK(beta[1] == Approx(peer[4]).epsilon(1e-3));
  CHECK(std::sqrt(covariance(0, 0)) == Approx(peer[5]).epsilon(2e-3));
  CHECK(std::sqrt(covariance(1, 1)) == Approx(peer[6]).epsilon(2e-3));
}

namespace {

// Robertson 1966: three species, rates over nine orders of magnitude.
struct PeerRobertson {
  static constexpr std::string_view name = "peer/robertson";
  static constexpr std::array states{StateSpec{"y1", "1", 1}, StateSpec{"y2", "1", 0}, StateSpec{"y3", "1", 0}};
  static constexpr std::array parameters{ParameterSpec{"k1", "1/h", 0.04, 0, 1}};
  template <class T>
  static std::array<T, 3> rates(T, In<T, 3> y, In<T, 1> k) {
    const T slow = k[0] * y[0], back = T(1e4) * y[1] * y[2], fast = T(3e7) * y[1] * y[1];
    return {back - slow, slow - back - fast, fast};
  }
};

Trajectory robertson() {
  Experiment experiment;
  experiment.id = "robertson";
  experiment.initial = {1, 0, 0};
  experiment.sample_times_h = {0.4, 4, 40, 400};
  const CompiledModel<PeerRobertson> model;
  return simulate(model, model.default_parameters(), experiment, StiffOptions{.relative_tolerance = 1e-10, .absolute_tolerance = 1e-14});
}

void compare_robertson(const std::vector<double>& peer) {
  const Trajectory run = robertson();
  REQUIRE(run.outcome.ok());
  REQUIRE(peer.size() == 12);
  for (int i = 0; i < 4; ++i)
    for (int k = 0; k < 3; ++k) CHECK(run.states(i, k) == Approx(peer[3 * i + k]).epsilon(1e-7));      // the peers' own tolerance
}

}  // namespace

TEST_CASE("stiff method against R deSolve", "[peers]") {
  const std::vector<double> peer = numbers_of("Rscript " + script("stiff_desolve.R"));
  REQUIRE_PEER(peer, "R deSolve");
  compare_robertson(peer);
}

TEST_CASE("stiff method against SUNDIALS CVODE", "[peers]") {
  const std::vector<double> peer = numbers_of(hyped::tests::build_folder() + "/tests/peer_cvode");
  REQUIRE_PEER(peer, "SUNDIALS");
  compare_robertson(peer);
}
