// Conditions on time: which are found, when they switch, what moves them; bounds that hold over intervals of time.
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/model/interpreted_model.hpp"
#include "libhyped/random.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

namespace {

// X is made at `rate`, with parameters on = 2, off = 6.
InterpretedModel made_at(const std::string& rate) {
  ReactionTable table;
  table.name = "clocked";
  table.species = {{"X", "1", 8}};
  table.parameters = {{"on", "h", "", 2}, {"off", "h", "", 6}};
  table.assignments = {{"light", "time > on && time < off", "f:1"}};
  table.reactions = {{"make", {{"X", 1}}, rate, "f:2"}};
  return InterpretedModel(table);
}

ClockUse use_of(const std::string& rate) { return *made_at(rate).clock_use(); }
std::vector<double> times_of(const std::string& rate, double until = 10, std::vector<double> p = {2, 6}) {
  std::vector<double> times;
  for (const auto& s : made_at(rate).clock_switches(p, 0, until)) times.push_back(s.time_h);
  return times;
}

}  // namespace

TEST_CASE("what rates do with the clock is read from their expressions") {
  CHECK(use_of("on*X") == ClockUse::none);
  CHECK(use_of("on*(X > 3)") == ClockUse::none);
  for (const char* stepwise : {"5*light", "5*(time > 3)", "piecewise(1, time < on, 2, t < off, 0)", "floor(time/24)", "X*(time - 24*floor(time/24) < 12)", "5*!(time > 3)", "5*(X > 3*light)", "max(2*light, 1)"})
    CHECK(use_of(stepwise) == ClockUse::stepwise);
  for (const char* smooth : {"exp(-time)", "light*exp(-0.1*(time - on))", "1 + sin(time)", "max(0, time - 3)", "abs(time - X)", "piecewise(time, time < 3, 0)"}) CHECK(use_of(smooth) == ClockUse::smooth);
  for (const char* unresolved : {"5*(sin(time) > 0)", "5*(time > X)", "5*((time - 2)^2 < 1)", "floor(time*X)", "5*(time > X) + exp(-time)"}) CHECK(use_of(unresolved) == ClockUse::unresolved);
}

TEST_CASE("switches are found, with what moves them") {
  CHECK(times_of("5*light") == std::vector<double>{2, 6});
  CHECK(times_of("5*(time > 3)") == std::vector<double>{3});
  CHECK(times_of("5*(time > 30)").empty());
  CHECK(times_of("5*(time/0.3 > 1)") == std::vector<double>{0.3});
  CHECK(times_of("piecewise(1, time < on, 2, time < on, 0)") == std::vector<double>{2});      // the same switch twice
  CHECK(times_of("max(0, time - 3)") == std::vector<double>{3});
  const std::vector<double> halves = times_of("(time - 24*floor(time/24) < 12)", 72);
  REQUIRE(halves.size() == 7);
  for (std::size_t i = 0; i < halves.size(); ++i) CHECK(halves[i] == Approx(12.0 * static_cast<double>(i)).epsilon(1e-14).margin(1e-13));
  CHECK(times_of("5*(1/(time - off) > 0)").empty());      // not linear in time
  const auto moved = made_at("5*(2*time > on + off)").clock_switches(std::vector<double>{2, 6}, 0, 10);
  REQUIRE(moved.size() == 1);
  CHECK(moved[0].time_h == 4);
  CHECK(moved[0].by_parameter[0] == Approx(0.5));
  CHECK(moved[0].by_parameter[1] == Approx(0.5));
  const auto together = made_at("light*(time > off)").clock_switches(std::vector<double>{6, 6}, 0, 10);
  REQUIRE(together.size() == 1);
  CHECK(std::isnan(together[0].by_parameter[0]));
  CHECK_THROWS_WITH(times_of("5*(time > on/on)", 10, {0, 6}), Contains("not a number"));
  CHECK_THROWS_WITH(times_of("floor(1e6*time)"), Contains("more than 100000 times"));
}

TEST_CASE("bounds of rates hold wherever time and parameters are within theirs") {
  RandomStream random(3, 0, 0);
  for (const char* rate : {"on + sin(off*time)*X", "exp(-on*time)/(1 + time)", "light*time^3 + 7", "cos(time)^2*on^off", "abs(tanh(time - on)) + atan(off*time)", "max(time, 3) - min(on, time)*0.5", "floor(time*on) + ceil(off)", "pow(time, 1.5) + sqrt(time)*log(1 + time)",
                           "piecewise(time, time < on, off, time == 4, 1/(1 + X*time))", "tan(0.1*time) + (time <= on || !(time < off))*(time - 3)", "(time - 5)^2 - (time - 5)^3", "log10(1 + on*time)"}) {
    const InterpretedModel model = made_at(rate);
    for (int trial = 0; trial < 200; ++trial) {
      const double from = 10 * random.uniform(), until = from + 3 * random.uniform() * random.uniform();
      const std::vector<double> x{std::floor(9 * random.uniform())}, low{4 * random.uniform(), 5 * random.uniform()}, high{low[0] + random.uniform(), low[1] + random.uniform()};
      double most = 0;
      REQUIRE(model.propensity_bounds(from, until, x, low, high, {&most, 1}));
      for (int k = 0; k < 20; ++k) {
        const std::vector<double> p{low[0] + (high[0] - low[0]) * random.uniform(), low[1] + (high[1] - low[1]) * random.uniform()};
        double value = 0;
        model.propensities(from + (until - from) * random.uniform(), x, p, {&value, 1});
        INFO(rate << " in " << from << " to " << until);
        CHECK_FALSE(value > most + 1e-12 * std::abs(most));
      }
    }
  }
}
