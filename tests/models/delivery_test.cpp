// Delivery: what the protocol and the literature say about siRNA, modified mRNA and ligand.
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/model/catalogue.hpp"
#include "libhyped/simulate/simulate.hpp"
#include "models/delivery/active_input.hpp"
#include "models/delivery/activity.hpp"
#include "models/delivery/carrier.hpp"
#include "models/delivery/uptake.hpp"

using namespace hyped;
using namespace hyped::models;

static Trajectory run(const std::string& name, const Schedule& schedule, const std::vector<double>& times,
                      const std::map<std::string, double>& changes = {}) {
  const auto model = ModelCatalogue::instance().make(name);
  auto p = model->default_parameters();
  for (const auto& [parameter, value] : changes) p[static_cast<std::size_t>(model->parameter_index(parameter))] = value;
  Experiment experiment;
  experiment.initial = model->default_state();
  experiment.schedule = schedule;
  experiment.sample_times_h = times;
  Trajectory out = simulate(*model, p, experiment);
  REQUIRE(out.outcome.ok());
  return out;
}

TEST_CASE("default siRNA leaves 15 to 35 % of PRRX1 mRNA at 48 h, and less after a day than at 3 h") {
  const Trajectory t = run("delivery/sirna", {{0, "medium", Action::add, 1}}, {3, 24, 48, 336});
  INFO("mRNA left at 3, 24, 48 h: " << t.states(0, 4) << ", " << t.states(1, 4) << ", " << t.states(2, 4));
  CHECK(t.states(2, 4) > 0.15);
  CHECK(t.states(2, 4) < 0.35);
  CHECK(t.states(0, 4) > 0.75);
  CHECK(t.states(1, 4) < 0.35);
  CHECK(t.states(3, 4) > 0.85);      // dividing cells are back after two weeks
  const Trajectory resting = run("delivery/sirna", {{0, "medium", Action::add, 1}}, {336}, {{"dilution", 0}});
  CHECK(resting.states(0, 4) < 0.8);      // silencing outlasts that in cells that do not divide
}

TEST_CASE("a wash ends the uptake of siRNA, not its silencing") {
  const Trajectory kept = run("delivery/sirna", {{0, "medium", Action::add, 1}}, {24, 48});
  const Trajectory washed = run("delivery/sirna", {{0, "medium", Action::add, 1}, {24, "medium", Action::set, 0}}, {24, 48});
  CHECK(washed.states(1, 0) == 0);
  CHECK(washed.states(1, 4) == Approx(kept.states(1, 4)).epsilon(0.02));
  const Trajectory early = run("delivery/sirna", {{0, "medium", Action::add, 1}, {0.5, "medium", Action::set, 0}}, {24, 48});
  CHECK(early.states(1, 4) > kept.states(1, 4));      // less was taken up
  CHECK(early.states(1, 4) < 0.8);                    // and yet it silences
}

TEST_CASE("modified mRNA: the onset is Gamma distributed, protein peaks when the literature says") {
  // with no decay the cytoplasmic mRNA is the distribution function of Gamma(4, mean 3 h)
  const std::map<std::string, double> immortal{{"mrna_decay", 0}, {"dilution", 0}};
  const Trajectory t = run("delivery/modified_mrna", {{0, "medium", Action::add, 1}}, {1, 3, 6}, immortal);
  for (int i = 0; i < 3; ++i) {
    const double z = 4.0 / 3 * t.times_h[static_cast<std::size_t>(i)];
    CHECK(t.states(i, 4) == Approx(1 - std::exp(-z) * (1 + z + z * z / 2 + z * z * z / 6)).epsilon(1e-7));
  }
  std::vector<double> hourly;
  for (int i = 1; i <= 72; ++i) hourly.push_back(i);
  const auto peak = [&](double half_life) {
    Eigen::Index at = 0;
    run("delivery/modified_mrna", {{0, "medium", Action::add, 1}}, hourly, {{"protein_decay", std::log(2) / half_life}}).states.col(5).maxCoeff(&at);
    return hourly[static_cast<std::size_t>(at)];
  };
  CHECK(peak(2) >= 5);       // short-lived factor: 8 (5-14) h
  CHECK(peak(2) <= 14);
  CHECK(peak(24) >= 12);     // stable protein: 18 (12-24) h
  CHECK(peak(24) <= 24);
}

TEST_CASE("4-OHT: half of its nuclear concentration after 0.7 h, half activity at EC50, gone after the wash") {
  const Trajectory t = run("delivery/ligand", {{0, "medium", Action::set, 30}, {48, "medium", Action::set, 0}}, {0.7, 24, 72});
  CHECK(t.states(0, 1) == Approx(15).epsilon(1e-6));
  CHECK(t.states(1, 2) == Approx(0.5).epsilon(1e-6));
  CHECK(t.states(2, 2) < 1e-6);
  CHECK(run("delivery/ligand", {{0, "medium", Action::set, 2000}}, {24}).states(0, 2) > 0.95);
}

TEST_CASE("active inputs: the reference dose peaks at 1, breaks at dose and wash, nothing before, linear in the mRNA dose") {
  for (const Delivery kind : {Delivery::sirna, Delivery::modified_mrna, Delivery::ligand}) {
    const InputCourse reference = active_input({kind, reference_dose(kind), 10, 1e9, 100});
    CHECK(reference.range(0, 100).second == Approx(1).epsilon(1e-5));
    CHECK(reference(9.9) == 0);
    CHECK(reference(10) == Approx(0).margin(1e-12));
    const InputCourse washed = active_input({kind, reference_dose(kind), 10, 34, 100});
    CHECK(std::ranges::count(washed.breaks(), 10.0) == 1);
    CHECK(std::ranges::count(washed.breaks(), 34.0) == 1);
    CHECK(washed(33) == Approx(reference(33)).epsilon(1e-6));
    const InputCourse none = active_input({kind, 0, 10, 34, 100});
    CHECK(none.range(0, 100) == std::pair{0.0, 0.0});
  }
  const InputCourse one = active_input({Delivery::modified_mrna, 1, 0, 1e9, 72}), half = active_input({Delivery::modified_mrna, 0.5, 0, 1e9, 72});
  const InputCourse weak = active_input({Delivery::sirna, 0.5, 0, 1e9, 72}), full = active_input({Delivery::sirna, 1, 0, 1e9, 72});
  for (const double t : {3.03, 12.7, 47.3}) {
    CHECK(half(t) == Approx(0.5 * one(t)).epsilon(1e-6));
    CHECK(weak(t) > 0.5 * full(t));      // saturation
    CHECK(weak(t) < full(t));
  }
  CHECK_THROWS_AS(active_input({Delivery::sirna, 1, 0, 24, 72, {{"decya", 0.1}}}), InputError);
  CHECK_THROWS_AS(active_input({Delivery::sirna, -1, 0, 24, 72}), InputError);
  CHECK_THROWS_AS(active_input({Delivery::sirna, 1, 24, 24, 72}), InputError);
  CHECK_THROWS_WITH(delivery_kind("sirn"), Catch::Matchers::Contains("'sirna'"));
}

TEST_CASE("the tabulated course is the simulated activity between its nodes too") {
  const InputCourse course = active_input({Delivery::modified_mrna, 1, 0, 6, 72});
  const std::vector<double> times{0.512, 2.213, 5.987, 6.013, 9.04, 30.17, 60.26};
  const Trajectory t = run("delivery/modified_mrna", {{0, "medium", Action::add, 1}, {6, "medium", Action::set, 0}}, times);
  const double scale = course(9.04) / t.states(4, 5);
  for (std::size_t i = 0; i < times.size(); ++i)
    CHECK(course(times[i]) == Approx(scale * t.states(static_cast<int>(i), 5)).epsilon(1e-5).margin(1e-8));
}

TEST_CASE("linear deliveries are exact: the catalogue's model integrated finely gives the same course under doses and washes") {
  for (const Delivery kind : {Delivery::sirna, Delivery::modified_mrna, Delivery::ligand}) {
    const Carrier carrier(kind, {});
    const std::string name = kind == Delivery::sirna ? "delivery/sirna" : kind == Delivery::modified_mrna ? "delivery/modified_mrna" : "delivery/ligand";
    const auto model = ModelCatalogue::instance().make(name);
    const std::vector<double> parameters = model->default_parameters();
    const int active = kind == Delivery::sirna ? 3 : kind == Delivery::modified_mrna ? 5 : 2;
    const std::vector<double> spans{0.1};
    CHECK(LinearDoses::of(*model, parameters, active, spans).has_value() == (kind != Delivery::ligand));      // binding saturates
    const std::vector<DosePulse> pulses{{0.8, 2.13, 9.4}, {1.3, 12, std::numeric_limits<double>::infinity()}};
    const InputCourse course = carrier.course(pulses, 60).course;
    Experiment dish;
    dish.initial = model->default_state();
    dish.start_h = 2.13;
    const double unit = reference_dose(kind);
    dish.schedule = {{2.13, "medium", Action::add, 0.8 * unit}, {9.4, "medium", Action::set, 0}, {12, "medium", Action::add, 1.3 * unit}};
    dish.sample_times_h = {3.13, 6.13, 9.4, 10, 12, 16, 24, 36, 60};
    const Trajectory fine = simulate(*model, parameters, dish, OdeOptions{1e-12, 1e-14});
    REQUIRE(fine.outcome.ok());
    const auto activity = [&](double x) { return kind == Delivery::sirna ? silencing(x, 0.15) : x; };
    const double at_10 = course(10), scale = at_10 / activity(fine.states(3, active));      // one unit for the whole course
    // siRNA and mRNA are exact at nodes; between nodes the table's pieces are what is left
    for (std::size_t i = 0; i < dish.sample_times_h.size(); ++i)
      CHECK(course(dish.sample_times_h[i]) == Approx(scale * activity(fine.states(static_cast<int>(i), active))).epsilon(1e-6).margin(1e-8));
  }
}

TEST_CASE("uptake strata: weights sum to 1, the mean transfected dose is 1, moments of a log-normal") {
  const auto strata = uptake_strata(0.9, 0.6, 9);
  REQUIRE(strata.size() == 10);
  CHECK(strata[0].weight == Approx(0.1));
  CHECK(strata[0].relative_dose == 0);
  double weight = 0, mean = 0, square = 0;
  for (const Stratum& s : strata) {
    weight += s.weight;
    mean += s.weight * s.relative_dose;
    square += s.weight * s.relative_dose * s.relative_dose;
  }
  CHECK(weight == Approx(1));
  CHECK(mean == Approx(0.9));
  CHECK(square / 0.9 == Approx(std::exp(0.36)).epsilon(1e-6));
  CHECK(uptake_strata(1, 0, 5).size() == 1);
  CHECK(uptake_strata(0, 0.5, 5).size() == 1);
  CHECK_THROWS_AS(uptake_strata(1.2, 0.5, 5), InputError);
  CHECK_THROWS_AS(uptake_strata(0.5, -1, 5), InputError);
  CHECK_THROWS_AS(uptake_strata(0.5, 1, 0), InputError);
}
