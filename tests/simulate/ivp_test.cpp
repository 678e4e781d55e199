// Order of convergence, and end points of published initial value problems (IVP test set; shared data).
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <regex>
#include <sstream>

#include "libhyped/simulate/ode.hpp"
#include "libhyped/simulate/stiff_ode.hpp"
#include "tests/simulate/test_models.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

constexpr std::array no_parameters{ParameterSpec{"one", "1", 1, 0, 2}};
template <std::size_t N>
constexpr std::array<StateSpec, N> numbered() {
  constexpr std::array<std::string_view, 21> names{"y1",  "y2",  "y3",  "y4",  "y5",  "y6",  "y7",  "y8",  "y9",  "y10", "y11",
                                                   "y12", "y13", "y14", "y15", "y16", "y17", "y18", "y19", "y20", "y21"};
  std::array<StateSpec, N> specs;
  for (std::size_t i = 0; i < N; ++i) specs[i] = {names[i], "1", 0};
  return specs;
}
#define HYPED_PROBLEM(Type, N)                                   \
  static constexpr std::string_view name = #Type;                \
  static constexpr std::array<StateSpec, N> states = numbered<N>(); \
  static constexpr auto parameters = no_parameters;              \
  template <class T>                                             \
  static std::array<T, N> rates([[maybe_unused]] T t, In<T, N> y, In<T, 1>)

struct HIRES {
  HYPED_PROBLEM(HIRES, 8) {
    const T r = 280.0 * y[5] * y[7];
    return {-1.71 * y[0] + 0.43 * y[1] + 8.32 * y[2] + 0.0007, 1.71 * y[0] - 8.75 * y[1],
            -10.03 * y[2] + 0.43 * y[3] + 0.035 * y[4], 8.32 * y[1] + 1.71 * y[2] - 1.12 * y[3],
            -1.745 * y[4] + 0.43 * y[5] + 0.43 * y[6], -r + 0.69 * y[3] + 1.71 * y[4] - 0.43 * y[5] + 0.69 * y[6],
            r - 1.81 * y[6], -r + 1.81 * y[6]};
  }
};
struct ROBER {
  HYPED_PROBLEM(ROBER, 3) {
    const T one = 0.04 * y[0], two = 1e4 * y[1] * y[2], three = 3e7 * y[1] * y[1];
    return {two - one, one - two - three, three};
  }
};
struct OREGO {
  HYPED_PROBLEM(OREGO, 3) {
    return {77.27 * (y[1] + y[0] * (1.0 - 8.375e-6 * y[0] - y[1])), (y[2] - (1.0 + y[0]) * y[1]) / 77.27, 0.161 * (y[0] - y[2])};
  }
};
struct VDPOL {
  HYPED_PROBLEM(VDPOL, 2) { return {y[1], 1000.0 * (1.0 - y[0] * y[0]) * y[1] - y[0]}; }
};
struct NONLINCHEM {
  HYPED_PROBLEM(NONLINCHEM, 3) { return {-y[0], y[0] - y[1] * y[1], y[1] * y[1]}; }
};
struct NONAUTONOMOUS {
  HYPED_PROBLEM(NONAUTONOMOUS, 1) {
    using std::cos, std::sin;
    return {-2.0 * y[0] * cos(3.0 * t) + sin(5.0 * t)};
  }
};
struct ERLANG_CHAIN {
  HYPED_PROBLEM(ERLANG_CHAIN, 21) {
    std::array<T, 21> f;
    f[0] = -2.5 * y[0];
    for (std::size_t i = 1; i < 20; ++i) f[i] = 2.5 * (y[i - 1] - y[i]);
    f[20] = 2.5 * y[19];
    return f;
  }
};
struct ARENSTORF {
  HYPED_PROBLEM(ARENSTORF, 4) {
    using std::pow;
    const double mu = 0.012277471;
    const T left = pow((y[0] + mu) * (y[0] + mu) + y[1] * y[1], 1.5);
    const T right = pow((y[0] - (1 - mu)) * (y[0] - (1 - mu)) + y[1] * y[1], 1.5);
    return {y[2], y[3], y[0] + 2.0 * y[3] - (1 - mu) * (y[0] + mu) / left - mu * (y[0] - (1 - mu)) / right,
            y[1] - 2.0 * y[2] - (1 - mu) * y[1] / left - mu * y[1] / right};
  }
};
struct POLLUTION {
  HYPED_PROBLEM(POLLUTION, 20) {
    const T r1 = 0.35 * y[0], r2 = 26.6 * y[1] * y[3], r3 = 12300.0 * y[4] * y[1], r4 = 0.00086 * y[6], r5 = 0.00082 * y[6],
            r6 = 15000.0 * y[6] * y[5], r7 = 0.00013 * y[8], r8 = 24000.0 * y[8] * y[5], r9 = 16500.0 * y[10] * y[1],
            r10 = 9000.0 * y[10] * y[0], r11 = 0.022 * y[12], r12 = 12000.0 * y[9] * y[1], r13 = 1.88 * y[13],
            r14 = 16300.0 * y[0] * y[5], r15 = 4.8e6 * y[2], r16 = 0.00035 * y[3], r17 = 0.0175 * y[3], r18 = 1e8 * y[15],
            r19 = 4.44e11 * y[15], r20 = 1240.0 * y[16] * y[5], r21 = 2.1 * y[18], r22 = 5.78 * y[18],
            r23 = 0.0474 * y[0] * y[3], r24 = 1780.0 * y[18] * y[0], r25 = 3.12 * y[19];
    return {-r1 - r10 - r14 - r23 - r24 + r2 + r3 + r9 + r11 + r12 + r22 + r25,
            -r2 - r3 - r9 - r12 + r1 + r21, -r15 + r1 + r17 + r19 + r22, -r2 - r16 - r17 - r23 + r15,
            -r3 + r4 + r4 + r6 + r7 + r13 + r20, -r6 - r8 - r14 - r20 + r3 + r18 + r18, -r4 - r5 - r6 + r13, r4 + r5 + r6 + r7,
            -r7 - r8, -r12 + r7 + r9, -r9 - r10 + r8 + r11, r9, -r11 + r10, -r13 + r12, r14, -r18 - r19 + r16, -r20, r20,
            -r21 - r22 - r24 + r23 + r25, -r25 + r24};
  }
};

// The numbers of "key": [..] or "key": x after "name": NAME in problems.json.
std::vector<double> numbers(const std::string& text, const std::string& problem, const std::string& key) {
  const auto start = text.find('"' + key + '"', text.find('"' + problem + '"'));
  const auto from = text.find_first_of(":", start) + 1, end = text.find_first_of("]\"}", from);
  std::vector<double> values;
  const std::string part = text.substr(from, end - from);
  const std::regex number("[-+]?[0-9][0-9.]*([eE][-+]?[0-9]+)?");
  for (std::sregex_iterator i(part.begin(), part.end(), number), none; i != none; ++i) values.push_back(std::stod(i->str()));
  return values;
}

template <class Problem>
void check_end(const Method& method, double relative, double absolute = 0) {
  const auto file = shared_file("data/suites/ivp/problems.json");
  if (file.empty()) {
    WARN("skipped: no shared data");
    return;
  }
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  const std::string all = text.str(), name(Problem::name);
  const auto initial = numbers(all, name, "y0"), end = numbers(all, name, "t_end"), reference = numbers(all, name, "reference");
  const CompiledModel<Problem> model;
  REQUIRE(reference.size() == initial.size());
  const Trajectory run = simulate(model, model.default_parameters(), culture(initial, {end.at(0)}), method);
  INFO(name << ": " << run.outcome.message << ", " << run.work.steps << " steps");
  REQUIRE(run.outcome.ok());
  double worst = 0;
  for (std::size_t i = 0; i < reference.size(); ++i)
    worst = std::max(worst, std::abs(run.states(0, static_cast<int>(i)) - reference[i]) / (std::abs(reference[i]) + absolute));
  INFO("worst relative error " << worst);
  CHECK(worst < relative);
}

// Measured order: slope of log2 error against halved fixed steps (tolerances wide open).
template <class Problem>
double stiff_order(std::vector<double> start, double end, double step) {
  const CompiledModel<Problem> model;
  const auto run = [&](double h) -> Eigen::VectorXd {
    StiffOptions fixed{1e30, 1e30, h};
    const auto samples = static_cast<int>(std::lround(end / h));
    std::vector<double> times;      // a stop at every step keeps the steps equal
    for (int i = 1; i <= samples; ++i) times.push_back(end * i / samples);
    const Trajectory out = simulate_stiff(model, model.default_parameters(), culture(start, times), fixed);
    REQUIRE(out.work.steps == samples);
    return out.states.bottomRows(1).transpose();
  };
  const Eigen::VectorXd exact = simulate_ode(model, model.default_parameters(), culture(start, {end}), {3e-14, 1e-15}).states.row(0);
  const double coarse = (run(step) - exact).norm(), fine = (run(step / 2) - exact).norm();
  return std::log2(coarse / fine);
}

struct Autonomous {
  HYPED_PROBLEM(Autonomous, 2) { return {y[1], (1.0 - y[0] * y[0]) * y[1] - y[0]}; }
};

}  // namespace

TEST_CASE("Rodas5P is of order 5 on an autonomous and on a time-dependent problem") {
  const double autonomous = stiff_order<Autonomous>({1.5, 0.4}, 2, 0.1);
  const double timed = stiff_order<NONAUTONOMOUS>({1}, 2, 0.1);
  INFO("orders " << autonomous << " and " << timed);
  CHECK(autonomous > 4.5);
  CHECK(autonomous < 6.5);
  CHECK(timed > 4.5);
  CHECK(timed < 6.5);
}

TEST_CASE("Rodas5P meets the reference end points of stiff problems") {
  const StiffOptions tight{1e-9, 1e-13};
  check_end<HIRES>(tight, 1e-6);
  check_end<ROBER>(StiffOptions{1e-8, 1e-20}, 1e-5);
  check_end<OREGO>(StiffOptions{1e-9, 1e-9}, 1e-5);
  check_end<VDPOL>(tight, 1e-4);
  check_end<NONAUTONOMOUS>(tight, 1e-7);
  check_end<POLLUTION>(StiffOptions{1e-9, 1e-20}, 1e-5);
  check_end<NONLINCHEM>(tight, 1e-4, 1e-9);
  check_end<ERLANG_CHAIN>(tight, 1e-7, 1e-6);
}

TEST_CASE("the explicit method meets the reference end points of problems that are not stiff") {
  check_end<NONLINCHEM>(OdeOptions{1e-10, 1e-13}, 1e-5, 1e-9);
  check_end<NONAUTONOMOUS>(OdeOptions{1e-11, 1e-13}, 1e-8);
  check_end<ERLANG_CHAIN>(OdeOptions{1e-11, 1e-13}, 1e-8, 1e-6);
  check_end<ARENSTORF>(OdeOptions{1e-13, 1e-15}, 1e-5, 1e-2);
}

TEST_CASE("Automatic turns to the stiff method only after the explicit one failed, and says so") {
  const CompiledModel<VDPOL> model;
  const Trajectory run = simulate(model, model.default_parameters(), culture({2, 0}, {1000}));
  REQUIRE(run.outcome.ok());
  CHECK(run.method.find("stiff") != std::string::npos);
  CHECK(run.method.find("explicit method met its step limit") != std::string::npos);
}
