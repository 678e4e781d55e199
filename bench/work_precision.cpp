// Work and precision: our ODE methods, CVODE and SciPy on published initial value problems; points and ratios as tables.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/timing.hpp"
#include "libhyped/model/interpreted_model.hpp"
#include "libhyped/simulate/simulate.hpp"
#ifdef HYPED_CVODE
#include "bench/cvode_peer.hpp"
#endif

using namespace hyped;
using namespace hyped::bench;
using Json = nlohmann::json;

namespace {

// absolute: absolute tolerance over the relative one; floor: errors are |x - reference| / (|reference| + floor).
struct Case {
  const char* name;
  double absolute, floor;
};
constexpr Case cases[] = {{"HIRES", 1e-4, 0},     {"ROBER", 1e-10, 0},        {"OREGO", 1e-2, 0},          {"VDPOL", 1e-2, 0},
                          {"POLLUTION", 1e-8, 1e-12}, {"NONAUTONOMOUS", 1, 0}, {"ERLANG_CHAIN", 1e-2, 1e-6}, {"ARENSTORF", 1e-2, 1e-2}};

struct Point {
  std::string method;
  double tolerance, seconds, error;
};

std::unique_ptr<InterpretedModel> model_of(const Json& given) {
  ReactionTable table;
  table.name = given.at("name");
  const std::vector<std::string> states = given.at("states"), rates = given.at("rhs");
  const std::vector<double> start = given.at("y0");
  for (std::size_t i = 0; i < states.size(); ++i) {
    table.species.push_back({states[i], "1", start[i]});
    table.rates.push_back({states[i], rates[i], table.name});
  }
  for (const auto& [name, value] : given.at("parameters").items()) table.parameters.push_back({name, "1", "", value.get<double>()});
  return std::make_unique<InterpretedModel>(table);
}

double error_of(const Eigen::MatrixXd& states, const std::vector<double>& reference, double floor) {
  double worst = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double off = std::abs(states(0, static_cast<Eigen::Index>(i)) - reference[i]) / (std::abs(reference[i]) + floor);
    worst = std::isfinite(off) ? std::max(worst, off) : 1e300;
  }
  return worst;
}

std::vector<Point> measure(const Json& given, const Case& which) {
  const auto model = model_of(given);
  const std::vector<double> p = model->default_parameters(), reference = given.at("reference");
  Experiment experiment;
  experiment.start_h = given.at("t0");
  experiment.initial = given.at("y0").get<std::vector<double>>();
  experiment.sample_times_h = {given.at("t_end")};
  std::vector<Point> points;
#ifdef HYPED_CVODE
  Linearisation at;
  std::vector<double> unused(reference.size());
  const std::size_t n = reference.size();
  CvodePeer cvode(static_cast<int>(n), [&](double t, const double* x, double* dx) { model->rates(t, {x, n}, p, {dx, n}); },
                  [&](double t, const double* x, double* j) {
                    model->linearise(t, {x, n}, p, unused, at);
                    std::copy_n(at.state.data(), at.state.size(), j);
                  });
#endif
  for (int half = 8; half <= 24; ++half) {
    const double relative = std::pow(10, -0.5 * half), absolute = which.absolute * relative;
    const std::vector<std::pair<const char*, Method>> methods{
        {"hyped explicit", OdeOptions{.relative_tolerance = relative, .absolute_tolerance = absolute, .minimum_step_h = 0, .step_limit = 60000}},
        {"hyped stiff", StiffOptions{.relative_tolerance = relative, .absolute_tolerance = absolute, .step_limit = 60000}},
        {"hyped switching", SwitchingOptions{.relative_tolerance = relative, .absolute_tolerance = absolute}}};
    for (const auto& [name, method] : methods) {
      Trajectory run = simulate(*model, p, experiment, method);
      if (!run.outcome.ok()) continue;
      const double seconds = cost_of([&] { run = simulate(*model, p, experiment, method); }, 5);
      points.push_back({name, relative, seconds, error_of(run.states, reference, which.floor)});
      if (std::getenv("HYPED_WORK") != nullptr)
        fmt::print(stderr, "{} {} {:.1e}: {} steps, {} rejected, {} rates, {} jacobians, {:.0f} us\n", which.name, name, relative, run.work.steps, run.work.rejected, run.work.rate_calls, run.work.jacobian_calls,
                   1e6 * seconds);
    }
#ifdef HYPED_CVODE
    Eigen::MatrixXd out;
    if (!cvode.run(experiment.start_h, experiment.initial, experiment.sample_times_h, relative, absolute, out)) continue;
    const double seconds = cost_of([&] { cvode.run(experiment.start_h, experiment.initial, experiment.sample_times_h, relative, absolute, out); }, 5);
    points.push_back({"CVODE BDF", relative, seconds, error_of(out, reference, which.floor)});
    if (std::getenv("HYPED_WORK") != nullptr) fmt::print(stderr, "{} CVODE {:.1e}: {} steps, {:.0f} us\n", which.name, relative, cvode.steps(), 1e6 * seconds);
#endif
  }
  return points;
}

// Seconds of the cheapest run that is at least so accurate; infinity if there is none.
double cheapest(const std::vector<Point>& points, const std::string& method, double error) {
  double least = std::numeric_limits<double>::infinity();
  for (const Point& point : points)
    if (point.method == method && point.error <= error) least = std::min(least, point.seconds);
  return least;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    fmt::print("usage: work_precision problems.json OUT      (writes OUT/points.tsv and OUT/ratios.tsv)\n");
    return 2;
  }
  const std::filesystem::path folder = arguments[2];
  std::filesystem::create_directories(folder);
  const Json problems = Json::parse(std::ifstream(arguments[1]));
  Json job = Json::array();
  std::map<std::string, std::vector<Point>> all;
  for (const Case& which : cases)
    for (const auto& given : problems)
      if (given.at("name") == which.name) {
        all[which.name] = measure(given, which);
        job.push_back({{"problem", given}, {"absolute", which.absolute}, {"floor", which.floor}});
      }
  std::ofstream(folder / "job.json") << job.dump();
  const std::string command = fmt::format("OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 /usr/bin/python3 '{}/bench/work_precision.py' '{}' '{}'", HYPED_SOURCE_DIR, (folder / "job.json").string(),
                                          (folder / "scipy.json").string());
  if (std::system(command.c_str()) == 0)
    for (const auto& point : Json::parse(std::ifstream(folder / "scipy.json"))) all[point["problem"]].push_back({point["method"], point["tolerance"], point["seconds"], point["error"]});
  else
    fmt::print("SciPy is not here (Debian: python3-scipy)\n");

  std::ofstream points(folder / "points.tsv"), ratios(folder / "ratios.tsv");
  points << "problem\tmethod\ttolerance\tseconds\terror\n";
  const std::vector<std::string> peers{"CVODE BDF", "SciPy LSODA", "SciPy Radau", "SciPy BDF"};
  ratios << "problem\terror\tbest of ours\tus\tswitching us";
  for (const auto& peer : peers) ratios << '\t' << peer << " / switching";
  ratios << '\n';
  for (const Case& which : cases) {
    auto& mine = all[which.name];
    std::stable_sort(mine.begin(), mine.end(), [](const Point& a, const Point& b) { return a.method < b.method; });
    for (const Point& p : mine) points << fmt::format("{}\t{}\t{:.3g}\t{:.6g}\t{:.4g}\n", which.name, p.method, p.tolerance, p.seconds, std::max(p.error, 1e-16));
    for (const double error : {1e-3, 1e-5, 1e-7, 1e-9}) {
      std::string best;
      for (const char* method : {"hyped explicit", "hyped stiff", "hyped switching"})
        if (best.empty() || cheapest(mine, method, error) < cheapest(mine, best, error)) best = method;
      const double switching = cheapest(mine, "hyped switching", error);
      ratios << fmt::format("{}\t{:.0e}\t{}\t{:.1f}\t{:.1f}", which.name, error, best.substr(6), 1e6 * cheapest(mine, best, error), 1e6 * switching);
      for (const auto& peer : peers) {      // empty where the peer is not so accurate at any tolerance
        const double theirs = cheapest(mine, peer, error);
        ratios << (std::isfinite(theirs) ? fmt::format("\t{:.3g}", theirs / switching) : "\t");
      }
      ratios << '\n';
    }
  }
  return 0;
}
