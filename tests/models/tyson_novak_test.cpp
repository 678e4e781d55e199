// The mechanistic oscillator: size control, hysteresis and the reporters it drives.
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/model/catalogue.hpp"
#include "libhyped/simulate/simulate.hpp"
#include "models/cell_cycle/tyson_novak.hpp"

using namespace hyped;
using namespace hyped::models;

namespace {

constexpr const char* name = "cell_cycle/tyson_novak";

std::vector<double> changed(const std::map<std::string, double>& changes) {
  const auto model = ModelCatalogue::instance().make(name);
  auto p = model->default_parameters();
  for (const auto& [parameter, value] : changes) p.at(static_cast<std::size_t>(model->parameter_index(parameter))) = value;
  return p;
}

// CycB of the CycB-Cdh1 pair alone at a fixed mass, from a G1-like or an S/M-like start.
double settled_cyclin(double mass, bool high) {
  const auto model = ModelCatalogue::instance().make(name);
  const auto p = changed({{"mu", 0}, {"k5p", 0}, {"k5pp", 0}, {"k11", 0}, {"k13p", 0}, {"k13pp", 0}});
  Experiment cell;
  cell.initial.assign(10, 0);
  cell.initial[0] = high ? 1 : 0.02;
  cell.initial[1] = high ? 0 : 1;
  cell.initial[7] = mass;
  cell.sample_times_h = {200};
  const Trajectory run = simulate(*model, p, cell, StiffOptions{});
  REQUIRE(run.outcome.ok());
  return run.states(0, 0);
}

}  // namespace

TEST_CASE("growth drives the cell: in balanced growth it divides once per mass doubling and halves its mass") {
  const auto p = changed({});
  const DivisionRecord record = follow_divisions(p, {}, {.end_h = 40});
  REQUIRE(record.outcome.ok());
  REQUIRE(record.divisions.size() > 10);
  const auto& d = record.divisions;
  const double period = d.back().time_h - d[d.size() - 2].time_h, before = d[d.size() - 2].time_h - d[d.size() - 3].time_h;
  INFO("period " << 60 * period << " min, mass at division " << d.back().mass);
  CHECK(period == Approx(before).epsilon(1e-4));      // a limit cycle
  CHECK(d.back().mass == Approx(d[d.size() - 2].mass).epsilon(1e-4));
  // dm/dt = mu m (1 - m/10): the time from M/2 to M
  const double m = d.back().mass, doubling = std::log((m / (10 - m)) / ((m / 2) / (10 - m / 2))) / (0.005 * 60);
  CHECK(period == Approx(doubling).epsilon(1e-4));
  CHECK(60 * period > 60 * std::log(2) / 0.3);      // 139 min mass doubling at first, longer as growth saturates
  // size control: a newborn of twice the mass divides early and the cycle recovers
  auto large = record.states.back();
  large[7] *= 1.5;
  const DivisionRecord disturbed = follow_divisions(p, large, {.end_h = 60});
  CHECK(disturbed.divisions.back().mass == Approx(m).epsilon(1e-3));
}

TEST_CASE("hysteresis: small cells rest in G1, large ones in S/M, and between the thresholds both states are stable") {
  CHECK(settled_cyclin(0.1, true) < 0.1);
  CHECK(settled_cyclin(0.1, false) < 0.1);
  CHECK(settled_cyclin(0.3, false) < 0.1);      // the mass of the paper's phase plane
  CHECK(settled_cyclin(0.3, true) > 0.5);
  CHECK(settled_cyclin(1.5, false) > 0.5);
  CHECK(settled_cyclin(1.5, true) > 0.5);
  // Thresholds against the balance of the pair: p = (k3' / (k4 m)), CycB = k1 / (k2' + k2'' G(p, 1, J3, J4)).
  double low = 0.3, high = 1.5;
  while (high - low > 1e-4) {
    const double middle = 0.5 * (low + high);
    (settled_cyclin(middle, false) < 0.15 ? low : high) = middle;
  }
  const auto balance = [](double cdh1) {      // mass at which this Cdh1 is in balance
    const double cyclin = 0.04 / (0.04 + cdh1);
    return 1.0 * (1 - cdh1) / (0.04 + 1 - cdh1) * (0.04 + cdh1) / cdh1 / (35 * cyclin);
  };
  double fold = 0;      // the G1 branch ends at the largest mass in balance with much Cdh1
  for (double cdh1 = 0.5; cdh1 < 0.9999; cdh1 += 1e-4) fold = std::max(fold, balance(cdh1));
  CHECK(low == Approx(fold).epsilon(2e-3));
}

TEST_CASE("a spindle checkpoint that stays on, or no growth, ends the cycle") {
  CHECK(follow_divisions(changed({{"Mad", 20}}), {}, {.end_h = 20}).divisions.size() <= 1);
  CHECK(follow_divisions(changed({{"mu", 0}}), {}, {.end_h = 40}).divisions.size() <= 4);
}

TEST_CASE("CDT1 and geminin alternate: one high in G1, the other from S to mitosis") {
  const DivisionRecord record = follow_divisions(changed({}), {}, {.end_h = 30});
  double cdt1_g1 = 0, cdt1_s = 0, geminin_g1 = 0, geminin_s = 0;
  int g1 = 0, s = 0;
  for (std::size_t i = record.states.size() / 2; i < record.states.size(); ++i) {
    const auto& x = record.states[i];
    if (x[1] > 0.8) cdt1_g1 += x[8], geminin_g1 += x[9], ++g1;
    if (x[1] < 0.2) cdt1_s += x[8], geminin_s += x[9], ++s;
  }
  REQUIRE(g1 > 0);
  REQUIRE(s > 0);
  CHECK(cdt1_g1 / g1 > 1.3 * cdt1_s / s);
  CHECK(geminin_s / s > 1.3 * geminin_g1 / g1);
}
