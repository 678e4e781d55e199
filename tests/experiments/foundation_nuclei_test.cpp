// The HYPED nuclei counts end to end: growth, loss, density and effects of ten wells; placebo and confound found and said; the
// dual arm predicted. And the design checks by themselves.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>

#include "experiments/cycle/design_checks.hpp"
#include "libhyped/store/run_summary.hpp"
#include "tests/experiments/command_run.hpp"
#include "tests/simulate/test_models.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

namespace {

using Row = std::map<std::string, std::string>;

const Row& row_of(const std::vector<Row>& rows, const std::string& column, const std::string& value) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.at(column) == value; });
  REQUIRE(found != rows.end());
  return *found;
}
double number(const Row& row, const std::string& column) { return std::stod(row.at(column)); }

bool any_contains(const std::vector<std::string>& texts, const std::string& part) {
  return std::any_of(texts.begin(), texts.end(), [&](const auto& text) { return text.find(part) != std::string::npos; });
}

// Wells that grow at their own rates from their own starts, a frame every hour to 20 h.
PhaseCounts grown(const std::vector<std::tuple<std::string, double, double>>& wells) {
  PhaseCounts data;
  data.source = "test";
  data.classes = {"nuclei"};
  int number = 0;
  for (const auto& [condition, start, growth] : wells) {
    WellSeries well{condition, std::to_string(++number), {}, Eigen::MatrixXd(21, 1), std::vector<int>(21, 0)};
    for (int t = 0; t <= 20; ++t) {
      well.times_h.push_back(t);
      well.values(t, 0) = start * std::exp(growth * t);
    }
    data.wells.push_back(well);
  }
  return data;
}

}  // namespace

TEST_CASE("must/foundation/3") {
  const auto file = shared_file("hyped/nuclei_counts_digitised.tsv");
  if (file.empty()) {
    WARN("skipped: no shared data");
    return;
  }
  const CommandFolder folder;
  const auto began = std::chrono::steady_clock::now();
  const Ended fit = folder.run("cycle fit hyped_nuclei '" + std::filesystem::absolute(file).string() + "' --out fit");
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  INFO(fit.out << fit.err << seconds << " s");
  REQUIRE(fit.code == 0);
#ifndef HYPED_CHECKS      // sanitizers cost ten times the time
  CHECK(seconds < 60);
#endif      // a few seconds on a machine that does nothing else
  const RunSummary summary = read_summary(folder.path() / "fit");
  CHECK(summary.status == "ok");
  CHECK(std::none_of(summary.figures.begin(), summary.figures.end(), [](const auto& figure) { return figure.name == "durations"; }));      // growth has none
  CHECK_THAT(summary.settings.at("time axis"), Contains("stage 2 from 24.00 h") && Contains("69.33 h"));

  const auto parameters = folder.table("fit/tables/parameters.tsv");
  CHECK(std::count_if(parameters.begin(), parameters.end(), [](const Row& row) { return row.at("name").rfind("cells@", 0) == 0; }) == 10);
  for (const Row& row : parameters) {
    INFO(row.at("name"));
    CHECK(number(row, "lower") < number(row, "estimate"));
    CHECK(number(row, "estimate") < number(row, "upper"));
  }
  const Row &kept = row_of(parameters, "name", "kept_at_wash"), &mrna = row_of(parameters, "name", "mmMYOD1_on_growth");
  CHECK(number(kept, "estimate") > 0.82);      // 4 to 18 % are lost, median 11 %
  CHECK(number(kept, "estimate") < 0.96);
  CHECK(number(mrna, "estimate") < -0.7);      // near-complete arrest; two wells leave a wide interval
  CHECK(number(row_of(parameters, "name", "released_medium_on_growth"), "estimate") > 0);

  // (a) the arms treated alike before 24 h
  const auto placebo = folder.table("fit/tables/placebo.tsv");
  REQUIRE(placebo.size() == 4);      // two pairs, each over all frames and over those of the fit
  const auto pair = std::find_if(placebo.begin(), placebo.end(), [](const Row& row) { return row.at("arm") == "siPRRX1" && row.at("other_arm") == "dual" && std::stod(row.at("from_h")) == 0; });
  REQUIRE(pair != placebo.end());
  CHECK(number(*pair, "until_h") == 24);
  CHECK(number(*pair, "growth") == Approx(0.003).margin(5e-4));
  CHECK(number(*pair, "other_growth") == Approx(0.012).margin(5e-4));
  CHECK(number(*pair, "degrees") == 6);
  CHECK(number(*pair, "lower") > 0);
  CHECK(any_contains(summary.warnings, "yet they grow by 0.003 and 0.012 /h"));

  // (b) density and arm
  const auto density = folder.table("fit/tables/density_by_arm.tsv");
  REQUIRE(density.size() == 4);
  CHECK(number(row_of(density, "arm", "siPRRX1"), "fold") == Approx(2.2).margin(0.3));
  CHECK(number(row_of(density, "arm", "mmMYOD1"), "fold") == 1);
  CHECK(any_contains(summary.warnings, "Density is confounded with the arm"));
  CHECK_FALSE(folder.table("fit/tables/density_correlations.tsv").empty());

  // (c) wells against chance in the cells, in words and in the table
  CHECK(any_contains(summary.notes, "times as much as chance in the cells of one well"));
  CHECK(number(row_of(folder.table("fit/tables/well_spread.tsv"), "rate", "division"), "between_to_demographic") > 3);

  const Ended predict = folder.run("cycle predict hyped_nuclei '" + std::filesystem::absolute(file).string() + "' --out predict");
  INFO(predict.out << predict.err);
  REQUIRE(predict.code == 0);
  const auto scores = folder.table("predict/tables/prediction_scores.tsv");
  for (const char* name : {"model", "no change in time", "same as siPRRX1", "same as mmMYOD1", "same as control", "additive in log totals", "other wells of the same arm"}) {
    const Row& row = row_of(scores, "prediction", name);
    INFO(name);
    CHECK(number(row, "error") > 0);
    CHECK(number(row, "error") < 1);
    CHECK(number(row, "lower") <= number(row, "upper"));
  }
  CHECK(std::count_if(scores.begin(), scores.end(), [](const Row& row) { return row.at("prediction").rfind("best single", 0) == 0; }) == 1);
  CHECK(number(row_of(scores, "prediction", "model"), "error") < number(row_of(scores, "prediction", "no change in time"), "error"));
  const RunSummary predicted = read_summary(folder.path() / "predict");
  const auto minimal = std::find_if(predicted.results.begin(), predicted.results.end(), [](const auto& r) { return r.name == "prediction.minimal_difference"; });
  REQUIRE(minimal != predicted.results.end());
  CHECK(*minimal->value > 0.1);
  const auto intervals = folder.table("predict/tables/prediction_intervals.tsv");
  REQUIRE(intervals.size() == 4);
  CHECK(number(intervals.back(), "time_h") > 68);
  for (const Row& row : intervals) {
    INFO(row.at("time_h") << " h: " << row.at("verdict"));
    CHECK(number(row, "lower") < number(row, "estimate"));
    CHECK(number(row, "estimate") < number(row, "upper"));
    CHECK(number(row, "linear_upper") - number(row, "linear_lower") == Approx(number(row, "upper") - number(row, "lower")).epsilon(0.2));
  }
  CHECK(std::count_if(predicted.results.begin(), predicted.results.end(), [](const auto& r) { return r.name.rfind("prediction.log_fold_at_end", 0) == 0; }) == 3);
  CHECK(any_contains(predicted.answers, "by prediction profile"));
}

TEST_CASE("when two arms part: steps, events, courses") {
  const InputCourse late({10, 20}, {0, 1}, {0, 0}, {});
  const Arm plain{"a", {{1, {}}}, {{24, "cells", Action::scale, 0.9, ""}}};
  Arm other = plain;
  CHECK(first_difference_h(plain, other) == std::numeric_limits<double>::infinity());
  other.strata[0].inputs["drug"] = late;
  CHECK(first_difference_h(plain, other) == 10);
  CHECK(first_difference_h(other, plain) == 10);
  other.schedule.insert(other.schedule.begin(), {6, "medium", Action::set, 1, ""});
  CHECK(first_difference_h(plain, other) == 6);
  other = plain;
  other.schedule[0].amount = 0.8;
  CHECK(first_difference_h(plain, other) == 24);
}

TEST_CASE("a placebo difference has the interval of a pooled t test") {
  CycleSetup setup;
  setup.arms = {{"a", {{1, {}}}, {}}, {"b", {{1, {}}}, {{12, "drug", Action::set, 1, ""}}}, {"c", {{1, {}}}, {{0, "drug", Action::set, 1, ""}}}};
  const PhaseCounts data = grown({{"a", 100, 0.010}, {"a", 100, 0.014}, {"b", 100, 0.024}, {"b", 100, 0.026}, {"c", 100, 0.030}});
  const auto checks = placebo_checks(setup, data);
  REQUIRE(checks.size() == 1);      // c differs from the start, and b and c too
  const PlaceboCheck& c = checks[0];
  CHECK(c.until_h == 12);
  CHECK(c.growth_one == Approx(0.012));
  CHECK(c.growth_two == Approx(0.025));
  CHECK(c.degrees == 2);
  const double pooled = std::sqrt((2 * 0.002 * 0.002 + 2 * 0.001 * 0.001) / 2);      // sd of growth between wells
  CHECK(c.upper - c.difference == Approx(4.302653 * pooled).epsilon(1e-5));          // t, 2 degrees; 1/2 + 1/2 = 1
  CHECK(c.differs());
  setup.first_frame_h = 3;
  CHECK(placebo_checks(setup, data).size() == 2);
  CHECK(placebo_checks(setup, data)[1].from_h == 3);
}

TEST_CASE("density between arms is an analysis of variance of log starts") {
  CycleSetup setup;
  setup.arms = {{"a", {{1, {}}}, {}}, {"b", {{1, {}}}, {}}};
  const double e = std::exp(1);
  // log starts 0, 2 and 3, 5 beside a common factor; growth 0 leaves the mean of the first hour exact
  const auto found = density_check(setup, grown({{"a", 100, 0}, {"a", 100 * e * e, 0}, {"b", 100 * std::pow(e, 3), 0}, {"b", 100 * std::pow(e, 5), 0}}));
  REQUIRE(found);
  CHECK(found->f == Approx(9.0 / 2));              // between: 9 on 1, within: 4 on 2
  CHECK(found->between_share == Approx(9.0 / 13));
  CHECK(found->p == Approx(0.1679).margin(5e-4));      // F(1, 2) = t(2)^2
  CHECK(found->fold() == Approx(std::pow(e, 3)));
  CHECK(found->arms[found->densest].condition == "b");
  PhaseCounts relative = grown({{"a", 1, 0}, {"b", 1, 0}});
  relative.quantity = Quantity::relative_total;
  CHECK_FALSE(density_check(setup, relative));
}
