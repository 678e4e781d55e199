// A chain of 60 stages against CVODE (value), its own value (gradient), AMICI (both) and pyPESTO (a fit of three rates).
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unsupported/Eigen/MatrixFunctions>
#include <vector>

#include "bench/engine_bench.hpp"
#include "bench/timing.hpp"
#include "fitting/least_squares.hpp"
#include "libhyped/model/staged.hpp"
#include "libhyped/random.hpp"
#include "libhyped/simulate/staged_linear.hpp"
#ifdef HYPED_CVODE
#include "bench/cvode_peer.hpp"
#endif

namespace hyped::bench {

std::optional<nlohmann::json> peer(const std::string& program, const std::string& arguments) {
  const char* environment = std::getenv("HYPED_PEERS");
  if (environment == nullptr) return std::nullopt;
  const auto programs = std::filesystem::path(environment) / "bin";
  const auto file = std::filesystem::temp_directory_path() / fmt::format("hyped_engine_bench_{:x}.json", std::chrono::steady_clock::now().time_since_epoch().count());
  const std::string command = fmt::format("OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PATH='{0}':\"$PATH\" '{0}/python' '{1}/bench/{2}' {3} > '{4}' 2> /dev/null", programs.string(), HYPED_SOURCE_DIR, program, arguments, file.string());
  const bool ran = std::system(command.c_str()) == 0;
  std::optional<nlohmann::json> out;
  std::ifstream in(file);
  for (std::string line; ran && std::getline(in, line);)
    if (line.starts_with("{")) out = nlohmann::json::parse(line);
  std::filesystem::remove(file);
  return out;
}

namespace {

const PhaseGraph chain_graph{"bench/chain",
                             {{"G1", 20, "g1_exit", "S", 1, ""}, {"S", 20, "s_exit", "G2/M", 1, ""}, {"G2/M", 20, "division", "G1", 2, ""}},
                             {{"g1_exit", "1/h", "", 1 / 9.0, 1e-3, 1}, {"s_exit", "1/h", "", 1 / 8.0, 1e-3, 1}, {"division", "1/h", "", 1 / 5.0, 1e-3, 1}}};

// exp(A h) in 80-bit arithmetic: the reference of both.
Eigen::MatrixXd exact_chain(const Eigen::MatrixXd& generator, const std::vector<double>& start, int hours) {
  using Wide = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;
  const Wide hour = Wide(generator.cast<long double>()).exp();
  Wide x = Eigen::Map<const Eigen::VectorXd>(start.data(), static_cast<Eigen::Index>(start.size())).cast<long double>();
  Eigen::MatrixXd out(hours, x.rows());
  for (int h = 0; h < hours; ++h) {
    x = (hour * x).eval();
    out.row(h) = x.col(0).cast<double>().transpose();
  }
  return out;
}

// Phase totals of the chain with Gaussian noise as residuals over log10 of the three rates.
class ChainResiduals final : public ResidualFunction {
 public:
  ChainResiduals(const StagedModel& model, const Experiment& experiment, const LinearOptions& options, Eigen::MatrixXd data, double sd)
      : model_(model), experiment_(experiment), options_(options), data_(std::move(data)), sd_(sd) {}
  int residual_count() const override { return static_cast<int>(data_.size()); }
  int parameter_count() const override { return 3; }
  Outcome evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const override {
    std::vector<double> p = model_.default_parameters();
    for (int c = 0; c < 3; ++c) p[c] = std::pow(10, theta[c]);
    const Trajectory run = simulate_linear(model_, p, experiment_, options_, jacobian != nullptr ? Sensitivities::parameters : Sensitivities::none);
    if (!run.outcome.ok()) return run.outcome;
    residuals.resize(data_.size());
    if (jacobian != nullptr) jacobian->resize(data_.size(), 3);
    for (int t = 0, row = 0; t < data_.rows(); ++t)
      for (int phase = 0; phase < 3; ++phase, ++row) {
        residuals[row] = (run.states.row(t).segment(20 * phase, 20).sum() - data_(t, phase)) / sd_;
        if (jacobian != nullptr)
          for (int c = 0; c < 3; ++c) (*jacobian)(row, c) = run.sensitivities[t].col(c).segment(20 * phase, 20).sum() * p[c] * std::log(10.0) / sd_;
      }
    return {};
  }

 private:
  const StagedModel& model_;
  const Experiment& experiment_;
  const LinearOptions& options_;
  Eigen::MatrixXd data_;
  double sd_;
};

// The same data, starts, bounds and likelihood here and in pyPESTO with AMICI's forward sensitivities.
void compare_with_amici(Verdict& verdict, const StagedModel& model, const Experiment& experiment, const LinearOptions& options, const Trajectory& truth, double value, double gradient) {
  constexpr double sd = 0.02;
  constexpr int starts = 20;
  Eigen::MatrixXd data(truth.states.rows(), 3);
  RandomStream random(11, 0, 0);
  for (int t = 0; t < data.rows(); ++t)
    for (int phase = 0; phase < 3; ++phase) data(t, phase) = truth.states.row(t).segment(20 * phase, 20).sum() + sd * random.normal();
  nlohmann::json job{{"stages", 60}, {"sd", sd}, {"tolerance", 1e-8}, {"times", experiment.sample_times_h}, {"lower", {-2, -2, -2}}, {"upper", {0, 0, 0}}};
  for (int c = 0; c < 3; ++c) job["rates"][chain_graph.rates[c].name] = chain_graph.rates[c].value;
  for (int t = 0; t < data.rows(); ++t) job["data"].push_back({data(t, 0), data(t, 1), data(t, 2)});
  for (int s = 0; s < starts; ++s) job["starts"].push_back({-0.2 - 1.6 * random.uniform(), -0.2 - 1.6 * random.uniform(), -0.2 - 1.6 * random.uniform()});

  const ChainResiduals residuals(model, experiment, options, data, sd);
  const Eigen::Vector3d lower(-2, -2, -2), upper(0, 0, 0);
  std::vector<LeastSquaresResult> fits(starts);
  const double ours = cost_of([&] {
    for (int s = 0; s < starts; ++s) {
      const std::vector<double> start = job["starts"][s];
      fits[s] = least_squares(residuals, Eigen::Vector3d(start[0], start[1], start[2]), lower, upper);
    }
  });
  const auto best = std::min_element(fits.begin(), fits.end(), [](const auto& a, const auto& b) { return a.sum_of_squares < b.sum_of_squares; });
  const auto settled = std::count_if(fits.begin(), fits.end(), [&](const auto& fit) { return fit.sum_of_squares < best->sum_of_squares + 0.01; });
  fmt::print("f. value {:.0f} us, value and three derivatives {:.0f} us; fit of the three rates to 144 phase totals from {} starts: {:.3f} s, {} at the best optimum\n", 1e6 * value, 1e6 * gradient, starts, ours,
             settled);
  const auto file = std::filesystem::temp_directory_path() / fmt::format("hyped_chain_{:x}.json", std::chrono::steady_clock::now().time_since_epoch().count());
  std::ofstream(file) << job.dump();
  const auto theirs = peer("chain_amici.py", "'" + file.string() + "'");
  std::filesystem::remove(file);
  if (!theirs) {
    fmt::print("  no peer is here (amici, pypesto[fides] and petab in the virtual environment HYPED_PEERS)\n\n");
    return;
  }
  const auto number = [&](const char* name) { return theirs->at(name).get<double>(); };
  const std::vector<double> theta = theirs->at("theta"), squares = theirs->at("squares");
  double apart = 0;
  for (int c = 0; c < 3; ++c) apart = std::max(apart, std::abs(std::pow(10, theta[c] - best->theta[c]) - 1));
  const auto theirs_settled = std::count_if(squares.begin(), squares.end(), [&](double value) { return value < squares.front() + 0.005; });
  fmt::print("  AMICI {} (CVODES, KLU, tolerance 1e-8): value {:.0f} us, with sensitivities {:.0f} us; the model compiles in {:.0f} s\n  pyPESTO {} (fides): {:.2f} s, {} of {} at the best optimum; estimates differ by {:.1e}\n",
             theirs->at("amici").get<std::string>(), 1e6 * number("value_seconds"), 1e6 * number("gradient_seconds"), number("compile_seconds"), theirs->at("pypesto").get<std::string>(), number("fit_seconds"),
             theirs_settled, starts, apart);
  fmt::print("  ratios: value {:.1f}, gradient {:.1f}, fit {:.0f} (no target)\n\n", number("value_seconds") / value, number("gradient_seconds") / gradient, number("fit_seconds") / ours);
  verdict.must("the optima agree to 4 digits", apart < 1e-4);
}

}  // namespace

void compare_chain(Verdict& verdict) {
  const StagedModel model(chain_graph, {});
  const std::vector<double> p = model.default_parameters();
  Experiment experiment;
  experiment.initial.assign(static_cast<std::size_t>(model.stage_count()), 0);
  experiment.initial[0] = 1;
  for (int h = 1; h <= 48; ++h) experiment.sample_times_h.push_back(h);
  LinearOptions options;
  for (const char* rate : {"g1_exit", "s_exit", "division"}) options.columns.push_back(model.parameter_index(rate));
  Uniformisation flow(model);
  flow.set_rates(std::span(p.data(), 3));
  const Eigen::MatrixXd exact = exact_chain(flow.generator(), experiment.initial, 48);

  Trajectory run;
  const double value = cost_of([&] { run = simulate_linear(model, p, experiment, options); });
  const double error = (run.states - exact).cwiseAbs().maxCoeff();
  fmt::print("a. {} stages, 48 hourly outputs, one core\n  hyped, {}: {:.1f} us, error {:.1e}\n", model.stage_count(), run.method, 1e6 * value, error);
#ifdef HYPED_CVODE
  // The chain written out by hand: CVODE pays for nothing but itself.
  const auto& stages = model.chain();
  const int n = model.stage_count();
  std::vector<double> leave(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) leave[i] = stages.stage_scale[i] * p[stages.exit_group[i]];
  CvodePeer cvode(n,
                  [&](double, const double* x, double* dx) {
                    dx[0] = 2 * leave[n - 1] * x[n - 1] - leave[0] * x[0];
                    for (int i = 1; i < n; ++i) dx[i] = leave[i - 1] * x[i - 1] - leave[i] * x[i];
                  },
                  [&](double, const double*, double* j) {
                    for (int i = 0; i < n; ++i) {
                      j[i * n + i] -= leave[i];
                      j[i * n + (i + 1) % n] += (i == n - 1 ? 2 : 1) * leave[i];
                    }
                  });
  double fastest = 0;
  for (const double tolerance : {1e-6, 1e-8, 1e-10}) {
    Eigen::MatrixXd out;
    bool ran = true;
    const double theirs = cost_of([&] { ran = cvode.run(0, experiment.initial, experiment.sample_times_h, tolerance, tolerance, out) && ran; });
    const double off = (out - exact).cwiseAbs().maxCoeff();
    fmt::print("  CVODE BDF, dense Newton, exact Jacobian, tolerance {:.0e}: {:.0f} us, error {:.1e}, {} steps\n", tolerance, 1e6 * theirs, off, cvode.steps());
    if (tolerance == 1e-8) {
      verdict.must("CVODE ends", ran);
      verdict.must("our error is no larger", error <= off);
      fastest = theirs;
    }
  }
  verdict.at_least("times faster than CVODE at 1e-8", fastest / value, 40);
#else
  fmt::print("  CVODE is not here (Debian: libsundials-dev)\n");
#endif
  double gradient = 0;
  Trajectory with;
  gradient = cost_of([&] { with = simulate_linear(model, p, experiment, options, Sensitivities::parameters); });
  double slope_error = 0;
  for (int c = 0; c < 3; ++c) {      // fourth-order differences of the reference
    const double step = 1e-3 * p[c];
    const auto moved = [&](double by) {
      std::vector<double> q = p;
      q[c] += by * step;
      flow.set_rates(std::span(q.data(), 3));
      return exact_chain(flow.generator(), experiment.initial, 48);
    };
    const Eigen::MatrixXd slope = (8 * (moved(1) - moved(-1)) - (moved(2) - moved(-2))) / (12 * step);
    for (int t = 0; t < 48; ++t) slope_error = std::max(slope_error, (with.sensitivities[t].col(c) - slope.row(t).transpose()).cwiseAbs().maxCoeff() / slope.cwiseAbs().maxCoeff());
  }
  fmt::print("b. value and exact gradient in three rates: {:.1f} us, relative difference to differences of the reference {:.1e}\n", 1e6 * gradient, slope_error);
  verdict.must("the gradient is right", slope_error < 1e-7);
  verdict.at_most("times the cost of the value", gradient / value, 4);
  compare_with_amici(verdict, model, experiment, options, run, value, gradient);
}

}  // namespace hyped::bench
