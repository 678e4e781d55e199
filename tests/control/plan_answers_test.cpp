// What a plan's answers may say: support by data, reach, chances against the protocol, limits, ranges of few members. Systems are made, so truth is known.
#include <catch2/catch.hpp>
#include <cmath>

#include "experiments/control/ensembles/reachability.hpp"
#include "experiments/planning/plan/plan_run.hpp"
#include "libhyped/random.hpp"
#include "libhyped/store/run_directory.hpp"
#include "tests/control/made_system.hpp"
#include "tests/experiments/command_run.hpp"

using namespace hyped;
using namespace hyped::control;
using namespace hyped::tests;
using Catch::Matchers::Contains;

namespace {

InputLimits amount_only(const std::string& name, double lowest, double highest) {
  InputLimits out{name};
  out.lowest = lowest, out.highest = highest, out.fewest = 1;
  return out;
}

PlanTarget one_target(double value) { return PlanTarget({{"level", {{0, 1.0}}, Side::equal, value}}); }

// level of member m: amount + shift of the member.
MadeSystem shifted(int members, double spread, double price_of_dose = 0) {
  return MadeSystem(members, {"level", "harm"}, [=](int m, std::span<const Pulse> pulses, Eigen::VectorXd& values, Eigen::MatrixXd& by) {
    values[0] = spread * (m - 0.5 * (members - 1)) / members;
    for (std::size_t k = 0; k < pulses.size(); ++k) {
      values[0] += pulses[k].amount, by(0, static_cast<Eigen::Index>(k)) = 1;
      values[1] += price_of_dose * pulses[k].amount, by(1, static_cast<Eigen::Index>(k)) = price_of_dose;
    }
  });
}

// A case about a made system, every second member reporting.
PlanCase case_of(std::unique_ptr<MadeSystem> system, const InputLimits& input, const PlanTarget& target, double price, std::vector<Pulse> protocol) {
  PlanCase out;
  out.halves = split_members(system->member_count());
  out.problem = PlanProblem{system.get(), {input}, 0, target, {}, {RiskMeasure::mean, 0.9, 0}, price, never_h, out.halves.optimise};
  out.system = std::move(system);
  out.references = {{"no dose", {}}, {"protocol: made", std::move(protocol)}};
  out.rests_on = "nothing";
  return out;
}

RunSummary answered(const PlanCase& plan, const PlanScenario& scenario, PlanOutcome* found = nullptr) {
  const testing::CommandFolder folder;
  RunDirectory run(folder.path() / "run", {"test"}, 1);
  state_case(run, scenario, plan);
  PlanOutcome outcome = assess_plan(scenario, plan, search_plan(scenario, plan, *plan.problem, 1), 1);
  write_plan_answers(run, scenario, plan, outcome);
  if (found) *found = std::move(outcome);
  return run.summary();
}

std::string text_of(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += line + "\n";
  return out;
}

}  // namespace

TEST_CASE("an end of a dose that was never washed out in the data is not called measured") {
  PlanCase plan = case_of(std::make_unique<MadeSystem>(shifted(4, 0)), amount_only("mm", 0, 2), one_target(1), 0, {});
  plan.measured = {{"mm", 1, 24, never_h}};
  const auto rows = support_of(plan, {{0, 1, 24, 30}});
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].verdict == "measured");
  CHECK(rows[1].verdict == "measured");
  CHECK_FALSE(rows[2].supported);
  CHECK_THAT(rows[2].verdict, Contains("rests on nothing"));
  plan.measured = {{"mm", 1, 0, 20}, {"mm", 1, 12, 40}};
  const auto between = support_of(plan, {{0, 1, 6, 30}});
  CHECK(between[1].verdict == "between measured values");
  CHECK(between[2].verdict == "between measured values");
  CHECK_FALSE(support_of(plan, {{0, 1, 13, 41}})[2].supported);
}

TEST_CASE("a limit that only an unscreened member breaks sends the search to other shapes before it is called infeasible") {
  // Two doses reach the target of 2.5, one (at most 1.5) does not; member 0, which screening does not look at, is harmed by every second dose.
  const MadeSystem system(16, {"level", "harm"}, [](int m, std::span<const Pulse> pulses, Eigen::VectorXd& values, Eigen::MatrixXd& by) {
    values[1] = 1;
    for (std::size_t k = 0; k < pulses.size(); ++k) {
      const auto column = static_cast<Eigen::Index>(k);
      values[0] += pulses[k].amount, by(0, column) = 1;
      if (m == 0 && k > 0) values[1] -= 0.5 * pulses[k].amount, by(1, column) = -0.5;
    }
  });
  InputLimits mm = amount_only("mm", 0.5, 1.5);
  mm.most = 2, mm.latest_h = 40;
  PlanProblem problem{&system, {mm}, 0, one_target(2.5), {}, {RiskMeasure::mean, 0.9, 0}, 0, never_h, {}};
  problem.limits.push_back({"harm", {{1, 1.0}}, 0.9, never_h, Over::every, 0.9});
  const PlanSearch found = find_plan(problem);
  CHECK(found.best.pulses.size() == 1);
  CHECK(found.best.pulses[0].amount == Approx(1.5));
  CHECK(found.best.violation <= 1e-6);
  problem.limits[0].least = 1.1;      // nothing keeps that
  CHECK_THROWS_WITH(find_plan(problem), Contains("harm of member") && Contains("at least 1.1"));
  const MadeSystem undefined(4, {"level", "ratio"}, [](int, std::span<const Pulse> pulses, Eigen::VectorXd& values, Eigen::MatrixXd& by) {
    for (const Pulse& pulse : pulses) values[0] += pulse.amount;
    by.row(0).setOnes();
    values[1] = std::nan("");
  });
  problem.system = &undefined;
  CHECK_THROWS_AS(find_plan(problem), InputError);      // a limit without a value is not kept
}

TEST_CASE("a limit on both sides is kept by the share that was asked for") {
  // amount a: harm of member m is a + spread; kept within [0.5, 1.5] by 80 % at the least while the target pulls the amount up
  const int members = 400;
  const MadeSystem system(members, {"level", "harm"}, [&](int m, std::span<const Pulse> pulses, Eigen::VectorXd& values, Eigen::MatrixXd& by) {
    values[0] = pulses[0].amount, values[1] = 1 + pulses[0].amount * (2.0 * (m + 0.5) / members - 1);
    by(0, 0) = 1, by(1, 0) = 2.0 * (m + 0.5) / members - 1;
  });
  PlanProblem problem{&system, {amount_only("mm", 0, 2)}, 0, one_target(2), {}, {RiskMeasure::mean, 0.9, 0}, 0, never_h, {}};
  problem.limits.push_back({"harm", {{1, 1.0}}, 0.5, 1.5, Over::chance, 0.8});
  const PlanSearch found = find_plan(problem);
  int inside = 0;
  for (int m = 0; m < members; ++m) inside += std::abs(found.best.pulses[0].amount * (2.0 * (m + 0.5) / members - 1)) <= 0.5;
  CHECK(inside >= 0.79 * members);
  CHECK(inside <= 0.82 * members);      // as far as the limit lets it
}

TEST_CASE("out of reach is what members cannot reach with plans of their own, not how far they are apart") {
  PlanScenario scenario;
  scenario.within = 0.01;
  const InputLimits input = amount_only("mm", 0, 2);
  // Every member meets the target of 1 with its own dose; under one dose for all the spread is 0.3.
  PlanOutcome found;
  RunSummary said = answered(case_of(std::make_unique<MadeSystem>(shifted(80, 0.6)), input, one_target(1), 0, {{0, 1, 0, never_h}}), scenario, &found);
  CHECK(found.plan.reached < 0.1);
  CHECK(found.reach.share == Approx(1));
  CHECK_THAT(text_of(said.warnings), !Contains("out of reach"));
  // A target of 4 is not to be had with doses up to 2, whatever the price.
  said = answered(case_of(std::make_unique<MadeSystem>(shifted(80, 0.6)), input, one_target(4), 0.5, {{0, 1, 0, never_h}}), scenario, &found);
  CHECK(found.reach.share == 0);
  CHECK_THAT(text_of(said.warnings), Contains("out of reach") && Contains("level 2"));
  scenario.within = 0;      // said without a tolerance too
  said = answered(case_of(std::make_unique<MadeSystem>(shifted(80, 0.6)), input, one_target(4), 0, {{0, 1, 0, never_h}}), scenario);
  CHECK_THAT(text_of(said.answers), Contains("the nearest is") && Contains("level 2"));
}

TEST_CASE("that no plan beats the protocol is said after a search for one that does") {
  PlanScenario scenario;
  // At this price no dose is best; the protocol is far off, and 1 is better in every member.
  PlanOutcome found;
  RunSummary said = answered(case_of(std::make_unique<MadeSystem>(shifted(80, 0.2)), amount_only("mm", 0, 2), one_target(1), 5, {{0, 0.3, 0, never_h}}), scenario, &found);
  REQUIRE(found.beating);
  CHECK(found.beating->contrast.chance > 0.9);
  CHECK_THAT(text_of(said.answers), Contains("Another plan does") && !Contains("No plan that was found"));
  // The protocol is the best there is: half of the members lie on either side of it.
  said = answered(case_of(std::make_unique<MadeSystem>(shifted(80, 0.2)), amount_only("mm", 0, 2), one_target(1), 0, {{0, 1, 0, never_h}}), scenario, &found);
  REQUIRE(found.beating);
  CHECK(found.beating->contrast.chance < 0.9);
  CHECK_THAT(text_of(said.answers), Contains("No plan that was found within these limits beats the protocol: made for sure"));
}

TEST_CASE("a protocol that cannot be simulated is a warning, not a victory, and few members are said to promise less") {
  class Failing final : public PlannedSystem {
   public:
    explicit Failing(int members) : inner_(shifted(members, 0.2)) {}
    const std::vector<PlannedQuantity>& quantities() const override { return inner_.quantities(); }
    int member_count() const override { return inner_.member_count(); }
    PlannedAnswer answer(int m, std::span<const Pulse> pulses, bool derivatives) const override {
      PlannedAnswer out = inner_.answer(m, pulses, derivatives);
      if (!pulses.empty() && pulses[0].amount > 1.9) out.outcome = {Status::step_limit, "made to fail"};
      return out;
    }
    std::vector<PlannedQuantity> course_quantities() const override { return {}; }
    Eigen::MatrixXd course(int m, std::span<const Pulse> p, const std::vector<double>& t, Outcome& o) const override { return inner_.course(m, p, t, o); }
    Eigen::VectorXd input_course(int m, int i, std::span<const Pulse> p, const std::vector<double>& t) const override { return inner_.input_course(m, i, p, t); }

   private:
    MadeSystem inner_;
  };
  PlanScenario scenario;
  PlanCase plan = case_of(std::make_unique<MadeSystem>(shifted(8, 0.2)), amount_only("mm", 0, 1.5), one_target(1), 0, {{0, 2, 0, never_h}});
  auto failing = std::make_unique<Failing>(8);
  plan.problem->system = failing.get();
  plan.system = std::move(failing);
  const RunSummary said = answered(plan, scenario);
  CHECK_THAT(text_of(said.warnings), Contains("protocol: made") && Contains("made to fail") && Contains("ranges of 60 %"));
  CHECK_THAT(text_of(said.answers), Contains("60 % range"));
  bool unknown = false;
  for (const auto& result : said.results) unknown |= result.name == "beats_protocol" && result.text == "unknown";
  CHECK(unknown);
  CHECK(range_words(0.9216) == "90 % range");
  CHECK(range_words(1 / 3.0) == "33 % range");
  // limits that the reporting half breaks are warnings
  PlanCase harmed = case_of(std::make_unique<MadeSystem>(shifted(80, 0.6, 1)), amount_only("mm", 0, 2), one_target(1), 0, {});
  harmed.problem->limits.push_back({"level", {{0, 1.0}}, -never_h, 1.0, Over::every, 0.9});
  CHECK_THAT(text_of(answered(harmed, scenario).warnings), Contains("The limit 'level' was asked of every member"));
}

TEST_CASE("members count by their weights in regret and sensitivities") {
  // Two kinds of members: heavy ones want 1, light ones 3. The weighted median of wishes is 1.
  const int members = 40;
  MadeSystem system(members, {"level"}, [](int m, std::span<const Pulse> pulses, Eigen::VectorXd& values, Eigen::MatrixXd& by) {
    values[0] = pulses[0].amount - (m % 4 == 3 ? 2 : 0), by(0, 0) = 1;
  });
  for (int m = 0; m < members; ++m) system.weights.push_back(m % 4 == 3 ? 0.01 : 1);
  PlanProblem problem{&system, {amount_only("mm", 0, 4)}, 0, one_target(1), {}, {RiskMeasure::mean, 0.9, 0}, 0, never_h, {}};
  const PlanSearch found = find_plan(problem);
  CHECK(found.best.pulses[0].amount == Approx(1).margin(1e-3));
  const MemberPlans own = member_plans(problem, found, all_members(members));
  CHECK(own.regret == Approx(2 * 0.01 / 3.01).margin(1e-3));      // light members alone have something to regret
}

TEST_CASE("a plan out of the wrong valley is moved to a better start of the same dose") {
  // One dose of amount 1 whose effect by its start has two valleys: a wide shallow one near 40 h and a narrow deep one near 8 h.
  const MadeSystem system(8, {"level"}, [](int, std::span<const Pulse> pulses, Eigen::VectorXd& values, Eigen::MatrixXd& by) {
    values[0] = 1, by.setZero(1, static_cast<Eigen::Index>(3 * pulses.size()));
    for (std::size_t k = 0; k < pulses.size(); ++k) {
      const double t = pulses[k].start_h, wide = 0.5 * std::exp(-0.5 * std::pow((t - 40) / 12, 2)), deep = 0.9 * std::exp(-0.5 * std::pow((t - 8) / 3, 2));
      values[0] -= pulses[k].amount * (wide + deep);
      by(0, static_cast<Eigen::Index>(3 * k)) = -(wide + deep);
      by(0, static_cast<Eigen::Index>(3 * k + 1)) = pulses[k].amount * (wide * (t - 40) / 144 + deep * (t - 8) / 9);
    }
  });
  InputLimits input{"dose"};
  input.lowest = input.highest = 1, input.latest_h = 60, input.fewest = 1;
  PlanProblem problem{&system, {input}, 0, one_target(0), {}, {RiskMeasure::mean, 0.9, 0}, 0, never_h, {}};
  PlanSearchOptions options;
  options.candidates = options.starts = options.polished = 1;
  options.given = {{{0, 1, 40, never_h}}};      // begins in the shallow valley
  options.sweep = 0;
  CHECK(find_plan(problem, options).best.pulses[0].start_h > 30);
  options.sweep = 12;
  const PlanSearch found = find_plan(problem, options);
  CHECK(found.best.pulses[0].start_h == Approx(8).margin(0.2));
  CHECK(found.others.front().cost > found.best.cost);      // what it was is kept beside it
}

TEST_CASE("slack is known where the cost curves down in some direction: each variable alone, until the cost itself has risen") {
  // level = 1 - amount * start / 10 - ...: a saddle in (amount, start) where both trade off
  const MadeSystem system(4, {"level"}, [](int, std::span<const Pulse> pulses, Eigen::VectorXd& values, Eigen::MatrixXd& by) {
    values[0] = 0, by.setZero(1, static_cast<Eigen::Index>(3 * pulses.size()));
    for (std::size_t k = 0; k < pulses.size(); ++k) {
      const double t = pulses[k].start_h, a = pulses[k].amount, bump = std::sin(t);
      values[0] += a * bump;
      by(0, static_cast<Eigen::Index>(3 * k)) = bump, by(0, static_cast<Eigen::Index>(3 * k + 1)) = a * std::cos(t);
    }
  });
  InputLimits input{"dose"};
  input.lowest = 0.5, input.highest = 1.5, input.latest_h = 6, input.fewest = 1;
  PlanProblem problem{&system, {input}, 0, one_target(3), {}, {RiskMeasure::mean, 0.9, 0}, 0, never_h, {0, 1, 2, 3}};
  PlanSearch search;
  search.shapes = enumerate_shapes(problem.inputs);
  search.best.shape = 0;
  search.best.x.resize(2);
  search.best.x << 1.0, 4.5;      // sin is near its least: the cost curves down there by the start
  const auto rows = variable_slack(problem, search, 0.1);
  REQUIRE(rows.size() == 2);
  for (const auto& row : rows) {
    CHECK(row.known);
    CHECK_FALSE(row.following);
  }
  // distance = 3 - a sin(4.5): rises by .1 with a from 1 to 1 + .1 / .9775; falls without end the other way
  CHECK(rows[0].upper == Approx(1 + 0.1 / 0.97753).margin(0.002));
  CHECK(rows[0].lower == 0.5);
  problem.total = 1.05;      // a limit that is missed before the cost has risen
  const auto limited = variable_slack(problem, search, 0.1);
  CHECK(limited[0].upper == Approx(1.05).margin(0.002));
  CHECK(limited[0].lower == 0.5);
}
