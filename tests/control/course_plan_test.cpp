// Levels over time on a fitted cell cycle, and linear tools on a network: against every course of a lattice, quadrature and closed forms.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "experiments/control/courses/switching_structure.hpp"
#include "experiments/planning/course/course_problem.hpp"
#include "experiments/planning/course/course_run.hpp"
#include "libhyped/ingest/delimited.hpp"
#include "libhyped/random.hpp"
#include "tests/experiments/run_checks.hpp"
#include "tests/experiments/small_scenario.hpp"

using namespace hyped;
using namespace hyped::control;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

const std::string course = R"(harvest_h = 36
[model]
kind = "cycle"
scenario = "small.toml"
[ensemble]
members = 40
relative_sd = 0.05
kinetics = false
[[input]]
name = "drug"
shape = "free"
amount = [0, 1]
[target]
within = 0.05
[[target.term]]
name = "S/G2/M at the end"
phases = ["S/G2/M"]
value = 0.25
[risk]
measure = "mean"
price = 0.0008
[course]
intervals = 12
starts = 2
)";

std::string small() {
  std::string text = testing::small_scenario;
  text.replace(text.find("[data]\nfile = \"counts.tsv\""), std::string("[data]\nfile = \"counts.tsv\"").size(), "[data]");
  return text + "[twin]\nwells = {control = 3, drug = 3}\ncells_per_well = 400\ntruth = {g1_exit = 0.09, division = 0.07, labelled_fraction = 1, \"start_S/G2/M\" = 0.6, drug_on_g1_exit = -1.6}\nframe_interval_h = 8\nuntil_h = 48\n";
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  REQUIRE(text.find(from) != text.npos);
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("a course of levels on a fitted model meets Pontryagin's conditions and is beaten by no course of a lattice", "[standard]") {
  const testing::CommandFolder folder;
  folder.write("small.toml", small());
  folder.write("free.toml", with(course, "small.toml", (folder.path() / "small.toml").string()));
  const PlanScenario scenario = read_plan_scenario(folder.path() / "free.toml");
  REQUIRE(is_free(scenario));
  const PlanCase plan = make_plan_case(scenario, "", false, 1);
  const auto& system = dynamic_cast<const CycleSystem&>(*plan.system);
  const OptimalControlProblem problem = course_problem(scenario, system, plan.centre);
  CHECK(problem.states.size() == 4);
  for (const Transcription transcription : {Transcription::collocation, Transcription::multiple_shooting}) {
    OptimalControlOptions grid;
    grid.transcription = transcription;
    grid.intervals = 12, grid.starts = 2;
    StructureOptions refine;
    refine.solver.transcription = transcription;
    refine.solver.program.tolerance = 1e-10;
    const RefinedControl found = solve_by_structure(problem, grid, refine);
    INFO(found.outcome.message << found.structure.words(problem));
    REQUIRE(found.outcome.ok());
    REQUIRE(found.report.outcome.ok());
    CHECK(found.report.met(1e-2));      // at the junction with an arc between the bounds; on the arcs it is met far better
    CHECK(found.report.adjoint_gap < 1e-3);
    CHECK(found.report.minimum_gap < 1e-6);
    const auto pulses = pulses_of_course(found.solution.course, problem);
    const auto cost_of = [&](const std::vector<Pulse>& steps) {
      const PlannedAnswer answer = system.answer(plan.centre, steps, false);
      REQUIRE(answer.outcome.ok());
      const double off = answer.values[0] - 0.25;
      double hours = 0;
      for (const Pulse& pulse : steps) hours += pulse.amount * (pulse.until_h - pulse.start_h);
      return off * off + scenario.price * hours;
    };
    // what is written is what was found: the planner's engine and the optimal control engine share no code
    CHECK(cost_of(pulses) == Approx(found.solution.cost).epsilon(4e-3));      // steps in place of what is smooth
    double least = std::min(cost_of({}), cost_of({{0, 1, 0, 36}}));
    for (double on = 0; on < 36; on += 0.5)
      for (double off = on + 0.5; off <= 36; off += 0.5)
        for (const double level : {0.5, 1.0}) least = std::min(least, cost_of({{0, level, on, off}}));
    RandomStream random(5, 1, 1);
    for (int n = 0; n < 500; ++n) {
      std::vector<Pulse> steps;
      for (int k = 0; k < 6; ++k) steps.push_back({0, std::max(1e-6, random.uniform()), 6.0 * k, 6.0 * (k + 1)});
      least = std::min(least, cost_of(steps));
    }
    CHECK(found.solution.cost <= least + 1e-7);
    CHECK(found.solution.cost > 0.5 * least);      // the lattice comes near it
  }
}

TEST_CASE("hyped control plan with free levels: structure, conditions, and a schedule that runs unchanged", "[standard]") {
  const testing::CommandFolder folder;
  folder.write("small.toml", small());
  folder.write("free.toml", course);
  const testing::Ended plan = folder.run("control plan free.toml --out plan");
  INFO(plan.out << plan.err);
  REQUIRE(plan.code == 0);
  CHECK_THAT(plan.out, Contains("Structure: drug:") && Contains("Pontryagin's first-order conditions hold"));
  for (const char* name : {"pontryagin_adjoints", "pontryagin_hamiltonian_spread", "pontryagin_sign", "pontryagin_minimum"}) CHECK(testing::number_in(folder.path() / "plan/summary.json", name) < 1e-2);
  CHECK(testing::number_in(folder.path() / "plan/summary.json", "cost_followed") == Approx(testing::number_in(folder.path() / "plan/summary.json", "cost")).epsilon(1e-3));
  for (const char* figure : {"conditions", "courses", "schedule", "comparison"}) CHECK(fs::file_size(folder.path() / "plan/figures" / (std::string(figure) + ".svg")) > 1000);
  const testing::Ended again = folder.run("cycle simulate plan/data/plan.toml --out simulated");
  INFO(again.out << again.err);
  REQUIRE(again.code == 0);
  const DelimitedTable expected = DelimitedTable::read(folder.path() / "simulated/tables/expected.tsv");
  double inside = 0, outside = 0;
  for (std::size_t r = 0; r < expected.rows(); ++r)
    if (expected.text(r, expected.column("condition")) == "plan" && expected.number(r, expected.column("time_h")) == 36) (expected.text(r, expected.column("class")) == "S/G2/M" ? inside : outside) += expected.number(r, expected.column("expected"));
  REQUIRE(inside > 0);
  CHECK(std::abs(inside / (inside + outside) - 0.25) == Approx(testing::number_in(folder.path() / "plan/summary.json", "distance_of_centre")).margin(1e-5));
}

TEST_CASE("free levels refuse what belongs to pulses, and limits and totals hold in them") {
  const testing::CommandFolder folder;
  folder.write("small.toml", small());
  const struct {
    const char *from, *to, *said;
  } cases[] = {{"amount = [0, 1]", "amount = [0, 1]\nstart_h = [0, 4]", "has no start_h"},
               {"value = 0.25", "value = 0.25\ntime_h = 12", "before the harvest"},
               {"[course]", "[[input]]\nname = \"other\"\n[course]", "plan them apart"},
               {"[risk]", "[[limit]]\nname = \"left\"\nquantity = \"relative_cells\"\nleast = 0.3\nover = \"every\"\n[risk]", "at the fitted values alone"},
               {"price = 0.0008", "price = 0.0008\n[[limit]]\nname = \"left\"\nquantity = \"relative_cells\"\nleast = 1.5", "left"}};
  for (const auto& one : cases) {
    folder.write("bad.toml", with(course, one.from, one.to));
    const testing::Ended ended = folder.run("control plan bad.toml --out bad");
    INFO(one.to << "\n" << ended.err);
    CHECK(ended.code == 2);
    CHECK_THAT(ended.err, Contains(one.said));
  }
  folder.write("pareto.toml", course);
  CHECK(folder.run("control pareto pareto.toml --out none").code == 2);
  folder.write("total.toml", with(course, "amount = [0, 1]", "amount = [0, 1]\ntotal = 3"));
  const PlanScenario scenario = read_plan_scenario(folder.path() / "total.toml");
  const auto before = fs::current_path();
  fs::current_path(folder.path());
  const PlanCase plan = make_plan_case(scenario, "", false, 1);
  fs::current_path(before);
  const OptimalControlProblem problem = course_problem(scenario, dynamic_cast<const CycleSystem&>(*plan.system), plan.centre);
  const ControlSolution found = solve_optimal_control(problem, {.intervals = 12});
  REQUIRE(found.outcome.ok());
  double hours = 0;
  for (const Pulse& pulse : pulses_of_course(found.course, problem)) hours += pulse.amount * (pulse.until_h - pulse.start_h);
  CHECK(hours == Approx(3).epsilon(1e-4));      // all of it is used
}

TEST_CASE("hyped control linear gives the energy of the closed form, and says what the network itself does") {
  const testing::CommandFolder folder;
  // dx = -k x + u, y follows x: linear, so that the network does what its linear picture says
  folder.write("net.toml", "name = \"net\"\ntitle = \"t\"\nquestion = \"q\"\n[simulate]\nend_h = 10\nstep_h = 1\n[[species]]\nname = \"X\"\ninitial = 4\nunit = \"1\"\n[[species]]\nname = \"Z\"\ninitial = 1\nunit = \"1\"\n"
                           "[[parameter]]\nname = \"u\"\nvalue = 2\nunit = \"1/h\"\n[[rate]]\nname = \"X\"\nexpression = \"u - 0.5*X\"\n[[rate]]\nname = \"Z\"\nexpression = \"-0.2*Z\"\n");
  folder.write("steer.toml", "network = \"net.toml\"\ninputs = [\"u\"]\nreadings = [\"X\"]\nchange = {X = 1}\nend_h = 3\n");
  const testing::Ended ended = folder.run("control linear steer.toml --out out");
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  const double w = (1 - std::exp(-3.0)) / 1.0;      // integral of exp(-2 * 0.5 s)
  CHECK(testing::number_in(folder.path() / "out/summary.json", "energy") == Approx(1 / w).epsilon(1e-8));
  CHECK_THAT(ended.out, Contains("move 1 of 2 directions") && Contains("tells 1 of 2 directions"));
  const DelimitedTable reached = DelimitedTable::read(folder.path() / "out/tables/reached.tsv");
  CHECK(reached.number(0, reached.column("linear")) == Approx(1).epsilon(1e-8));
  CHECK(reached.number(0, reached.column("network")) == Approx(1).epsilon(1e-4));      // steps in place of the course
  folder.write("both.toml", "network = \"net.toml\"\ninputs = [\"u\"]\nchange = {X = 1, Z = 1}\nend_h = 3\n");
  const testing::Ended beyond = folder.run("control linear both.toml --out beyond");
  CHECK(beyond.code == 0);
  CHECK_THAT(testing::text_of(folder.path() / "beyond/summary.json"), Contains("out of reach"));
  folder.write("bad.toml", "network = \"net.toml\"\ninputs = [\"v\"]\n");
  const testing::Ended bad = folder.run("control linear bad.toml --out bad");
  CHECK(bad.code == 2);
  CHECK_THAT(bad.err, Contains("no parameter 'v'"));
  // a horizon whose steps are longer than the input takes: said, and not a bare number
  folder.write("long.toml", "network = \"net.toml\"\ninputs = [\"u\"]\nchange = {X = 1}\nend_h = 1e6\n");
  REQUIRE(folder.run("control linear long.toml --out long").code == 0);
  CHECK_THAT(testing::text_of(folder.path() / "long/summary.json"), Contains("changes within a step"));
  CHECK_THAT(testing::text_of(folder.path() / "out/summary.json"), !Contains("changes within a step"));
  for (const auto& [change, said] : {std::pair{"{}", "names no species"}, {"{X = 1e300}", "'change' of 'X' is 1e+300"}, {"{X = 0}", "'change' is 0"}}) {
    folder.write("bad.toml", std::string("network = \"net.toml\"\ninputs = [\"u\"]\nend_h = 3\nchange = ") + change + "\n");
    const testing::Ended refused = folder.run("control linear bad.toml --out bad");
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err, Contains("bad.toml:4") && Contains(said));
  }
  const testing::Ended all = folder.run("control linear cascade_steering --out all");
  CHECK_THAT(all.out, Contains("move all 2 directions") && !Contains("others take more"));
}
