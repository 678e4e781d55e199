// The runs behind the commands.
#include "experiments/cycle/cycle_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "experiments/cycle/design_checks.hpp"
#include "experiments/report/figure.hpp"
#include "fitting/arm_refits.hpp"
#include "experiments/report/html_report.hpp"
#include "experiments/twin/film.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/progress.hpp"
#include "libhyped/store/table.hpp"
#include "libhyped/store/write_tracks.hpp"

namespace hyped {

std::string data_summary(const PhaseCounts& data) {
  std::map<std::string, int> wells;
  std::size_t frames = 0;
  double first = 1e300, last = -1e300;
  for (const auto& well : data.wells) {
    ++wells[well.condition];
    frames = std::max(frames, well.times_h.size());
    first = std::min(first, well.times_h.front());
    last = std::max(last, well.times_h.back());
  }
  std::vector<std::string> arms;
  for (const auto& [condition, count] : wells) arms.push_back(fmt::format("{} ({})", condition, count));
  if (arms.size() > 8) {
    const auto rest = arms.size() - 8;
    arms.resize(8);
    arms.push_back(fmt::format("{} more", rest));
  }
  return fmt::format("{}: {} wells, up to {} frames, {:.4g} to {:.4g} h; arms (wells): {}; classes: {}; time axis: {}", data.source, data.wells.size(), frames, first, last, fmt::join(arms, ", "), fmt::join(data.classes, ", "), data.time_axis);
}

CycleFit fit_cycle(const CycleSetup& setup, const PhaseCounts& data, const ProcessOptions& options) {
  CycleFit fitted;
  fitted.problem = std::make_unique<CycleProblem>(setup, data);
  fitted.fit = fit_process_by_arm(*fitted.problem, data, options);
  return fitted;
}

RunArrays fit_arrays(const CycleFit& fitted, const Scenario& scenario) {
  RunArrays arrays;
  arrays.attributes["scenario"] = scenario.text;
  const ParameterSpace& space = fitted.problem->space();
  arrays.names["parameters/names"] = space.names();
  std::vector<std::string> units;
  for (int i = 0; i < space.count(); ++i) units.push_back(space[i].unit);
  const Eigen::VectorXd natural = fitted.fit.theta.size() > 0 ? space.natural(fitted.fit.theta) : Eigen::VectorXd();
  arrays.arrays["parameters/values"] = {natural.transpose(), space.names(), units};
  if (fitted.fit.identifiability.covariance.size() > 0)
    arrays.arrays["parameters/covariance"] = {fitted.fit.identifiability.covariance, space.names(), {}};
  Eigen::MatrixXd starts(static_cast<int>(fitted.fit.starts.size()), space.count()), ends = starts;
  Eigen::MatrixXd costs(static_cast<int>(fitted.fit.starts.size()), 1);
  for (std::size_t s = 0; s < fitted.fit.starts.size(); ++s) {
    starts.row(static_cast<int>(s)) = fitted.fit.starts[s].start.transpose();
    ends.row(static_cast<int>(s)) = fitted.fit.starts[s].end.transpose();
    costs(static_cast<int>(s), 0) = fitted.fit.starts[s].sum_of_squares;
  }
  arrays.arrays["fit/starts/theta"] = {starts, space.names(), {}};
  arrays.arrays["fit/starts/end"] = {ends, space.names(), {}};
  arrays.arrays["fit/starts/cost"] = {costs, {"sum_of_squares"}, {}};
  if (fitted.fit.theta.size() > 0) {
    std::set<int> done;
    for (std::size_t u = 0; u < fitted.problem->units().size(); ++u) {
      const Unit& unit = fitted.problem->units()[u];
      if (!done.insert(unit.arm).second) continue;
      const Arm& arm = fitted.problem->setup().arms[unit.arm];
      const int founder = fitted.problem->founder_parameter(static_cast<int>(u));
      const UnitMean mean = fitted.problem->mean_at(arm, unit.times_h, fitted.fit.theta, false, founder < 0 ? 1.0 : natural[founder]);
      if (!mean.outcome.ok()) continue;
      Eigen::MatrixXd table(static_cast<int>(unit.times_h.size()), 1 + fitted.problem->class_count());
      std::vector<std::string> columns{"time_h"}, column_units{"h"};
      for (const auto& seen : fitted.problem->setup().map.classes) {
        columns.push_back(seen.name);
        column_units.push_back("cells per founder");
      }
      for (int t = 0; t < table.rows(); ++t) {
        table(t, 0) = unit.times_h[t];
        table.row(t).tail(fitted.problem->class_count()) = mean.mean.segment(t * fitted.problem->class_count(), fitted.problem->class_count()).transpose();
      }
      arrays.arrays["trajectories/" + file_name_of(arm.condition)] = {table, columns, column_units};
    }
  }
  return arrays;
}

namespace {

// What was done to the film's arm while it was watched: events by their label, deliveries by their input where no event is at their time.
void mark_events(const Scenario& scenario, Film& film) {
  const auto mark = [&](const std::string& name, double time) {
    const bool taken = std::any_of(film.marks.begin(), film.marks.end(), [&](const auto& other) { return other.second == time; });
    if (!name.empty() && !taken && time > film.first_h && time < film.last_h) film.marks.emplace_back(name, time);
  };
  for (const ScenarioEvent& event : scenario.events)
    if (event.arms.empty() || std::find(event.arms.begin(), event.arms.end(), film.condition) != event.arms.end()) mark(event.label, event.change.time_h);
  const auto inputs = scenario.arm_inputs.find(film.condition);
  for (const DeliveredInput& delivery : scenario.deliveries)
    if (inputs != scenario.arm_inputs.end() && std::find(inputs->second.begin(), inputs->second.end(), delivery.input) != inputs->second.end()) mark(delivery.input, delivery.from_h);
}

// What a tracker would export of the labelled cells of a field, and the truth row by row.
void write_film(RunDirectory& run, const Scenario& scenario, const Twin& twin, std::uint64_t seed) {
  FilmSettings settings;
  settings.reporter = scenario.setup.map.reporter;
  settings.times_h = scenario.twin->times_h;
  FilmedCells film = film_cells(twin.tracks, settings, seed);
  for (Film& one : film.tracks.films) mark_events(scenario, one);
  write_tracks(film.tracks, run.path_for("data/film"));
  std::string truth = "film\tcondition\tcell\tframe\ttrue_cell\ttrue_phase\n";
  for (const FollowedCell& cell : film.tracks.cells)
    for (int row = cell.first_row; row < cell.first_row + cell.row_count; ++row) {
      const auto r = static_cast<std::size_t>(row);
      const Film& at = film.tracks.films[static_cast<std::size_t>(cell.film)];
      truth += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", at.name, at.condition, cell.id, film.tracks.frames.frame[r], film.true_cell[r], film.true_phases[static_cast<std::size_t>(film.true_phase[r])]);
    }
  write_file(run.path_for("data/film_truth.tsv"), truth);
  run.add_note(fmt::format("data/film: tracks of {} labelled founders per well and their descendants as a tracker would have them ('{}' is the G1 channel, '{}' the cycling one): {} nuclei missed, {} frames misread, {} divisions missed, {} swaps, {} tracks cut. data/film_truth.tsv: what is true.",
                           settings.founders, settings.channels[0], settings.channels[1], film.dropped, film.misread, film.missed_divisions, film.swaps, film.lost));
}

}  // namespace

Twin run_twin(RunDirectory& run, const Scenario& scenario, std::uint64_t seed) {
  if (!scenario.twin) throw InputError(scenario.file.string(), "the scenario has no [twin]", "add wells, cells and truth");
  Twin twin = simulate_twin(scenario.setup, *scenario.twin, seed, true);
  std::string counts = "condition\twell\ttime_h\tclass\tcount\n", tracks = "condition\twell\tcell\tparent\tphase\tfrom_h\tuntil_h\tend\tlabelled\n";
  for (const auto& well : twin.counts.wells)
    for (std::size_t t = 0; t < well.times_h.size(); ++t)
      for (std::size_t k = 0; k < twin.counts.classes.size(); ++k)
        counts += fmt::format("{}\t{}\t{:.6g}\t{}\t{:.0f}\n", well.condition, well.well, well.times_h[t], twin.counts.classes[k], well.values(static_cast<int>(t), static_cast<int>(k)));
  for (const auto& t : twin.tracks)
    tracks += fmt::format("{}\t{}\t{}\t{}\t{}\t{:.6g}\t{:.6g}\t{}\t{}\n", t.condition, t.well, t.cell, t.parent, t.phase, t.from_h, t.until_h, t.end, t.labelled ? 1 : 0);
  write_file(run.path_for("data/counts.tsv"), counts);
  write_file(run.path_for("data/tracks.tsv"), tracks);
  if (scenario.setup.map.reporter == Reporter::cdt1_geminin || scenario.setup.map.reporter == Reporter::pip) write_film(run, scenario, twin, seed);
  Table truth({{"name", "", ""}, {"truth", "", "value the cells were simulated with, natural units"}});
  for (const auto& [name, value] : twin.truth) truth.add_row({name, value});
  run.add_table("truth", truth, "What the twin was made with.");
  std::vector<Column> columns{{"condition", "", ""}, {"well", "", ""}, {"cells", "cells", "seeded"}};
  for (const auto& [name, factor] : twin.well_factors.front()) columns.push_back({"factor_" + name, "1", "multiplier of the rate in this well"});
  Table wells(columns);
  for (std::size_t w = 0; w < twin.counts.wells.size(); ++w) {
    std::vector<Cell> row{twin.counts.wells[w].condition, twin.counts.wells[w].well, twin.well_cells[w]};
    for (const auto& [name, factor] : twin.well_factors[w]) row.push_back(factor);
    wells.add_row(row);
  }
  run.add_table("truth_wells", wells, "Seeding and rates of every well.");
  run.add_result("cells_simulated", static_cast<double>(twin.tracks.size()), "phases of cells");
  return twin;
}

void run_simulate(RunDirectory& run, const Scenario& scenario) {
  CycleSetup setup = scenario.setup;
  setup.unseen_arms = setup.arms;
  PhaseCounts grid;
  grid.source = "scenario";
  for (const auto& seen : setup.map.classes) grid.classes.push_back(seen.name);
  std::vector<double> times = scenario.twin ? scenario.twin->times_h : std::vector<double>{};
  for (int i = 0; times.empty() || (!scenario.twin && i <= scenario.end_h * 2); ++i) times.push_back(setup.start_h + i * 0.5);
  for (const Arm& arm : setup.arms) grid.wells.push_back({arm.condition, "1", times, Eigen::MatrixXd::Ones(static_cast<int>(times.size()), static_cast<int>(grid.classes.size())), std::vector<int>(times.size(), 0)});
  setup.unseen_arms.clear();
  const CycleProblem problem(setup, grid);
  Eigen::VectorXd theta = problem.space().start();
  for (int i = 0; i < problem.space().count(); ++i)
    if (scenario.twin)
      if (const auto found = scenario.twin->truth.find(problem.space()[i].name); found != scenario.twin->truth.end()) theta[i] = problem.space().search(i, found->second);
  Table values({{"name", "", ""}, {"unit", "", ""}, {"value", "", ""}, {"from", "", ""}, {"meaning", "", ""}});
  for (int i = 0; i < problem.space().count(); ++i) {
    const auto& p = problem.space()[i];
    if (p.name.rfind("cells@", 0) != 0) values.add_row({p.name, p.unit, problem.space().natural(i, theta[i]), scenario.twin && scenario.twin->truth.contains(p.name) ? scenario.truth_from : std::string("model's default or scenario"), p.meaning});
  }
  run.add_table("parameters", values, "Parameter values the courses were computed with.");
  std::fprintf(stdout, "%s\n", to_terminal(values, "tables/parameters.tsv").c_str());
  Table table({{"condition", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"expected", "cells per founder", ""}});
  Table model({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}});
  const double founders = scenario.twin ? scenario.twin->cells_per_well : 1.0;
  for (const Arm& arm : setup.arms) {
    const UnitMean mean = problem.mean_at(arm, times, theta, false, problem.density() ? founders : 1.0);
    if (!mean.outcome.ok()) {
      run.set_outcome(mean.outcome);
      continue;
    }
    run.add_setting("method " + arm.condition, mean.method);
    for (std::size_t t = 0; t < times.size(); ++t)
      for (std::size_t k = 0; k < grid.classes.size(); ++k) {
        const double value = mean.mean[static_cast<int>(t * grid.classes.size() + k)];
        table.add_row({arm.condition, grid.classes[k], times[t], value});
        model.add_row({arm.condition, grid.classes[k], times[t], value, value, value});
      }
  }
  run.add_table("expected", table, "Expected amounts per founder cell.");
  report::add_figure(run, {"expected", "Expected amounts per founder cell; a line only, nothing was fitted.", "time_course", {{"model", model}}, {{"y_label", "cells per founder"}, {"band_label", "line: expectation"}}, "answer"});
}

ArmPrediction run_predict(RunDirectory& run, const Scenario& scenario, const PhaseCounts& data, const PredictSettings& settings) {
  ArmPrediction prediction = predict_arm(scenario, data, settings);
  if (prediction.scores.empty()) {
    run.set_outcome(prediction.fitted.fit.outcome);
    return prediction;
  }
  for (const auto& doubt : design_doubts(scenario.setup, data)) run.add_warning("The prediction inherits a doubt of the design: " + doubt + ".");
  write_prediction(run, scenario, prediction, settings);
  if (!prediction.fitted.fit.outcome.ok()) run.set_outcome(prediction.fitted.fit.outcome);
  return prediction;
}

CycleFit run_cycle_fit(RunDirectory& run, const Scenario& scenario, const PhaseCounts& data, const Truth& truth) {
  run.set_title(scenario.title, scenario.question);
  run.add_setting("scenario", scenario.text);
  profiled_parameters(scenario, CycleProblem(scenario.setup, data).space());      // a wrong name is said before the work
  CycleFit fitted = fit_scenario(scenario, scenario.setup, data, scenario.records.in("fit"));
  if (fitted.fit.parameters.empty()) {
    run.set_outcome(fitted.fit.outcome);
    return fitted;
  }
  write_fit_words(run, scenario, fitted, data);
  write_time_axis(run, scenario, fitted);
  write_design_checks(run, fitted, data);
  write_fit_tables(run, fitted, truth);
  write_fit_figures(run, scenario, fitted, truth);
  write_profiles(run, scenario, fitted, truth);
  write_residual_check(run, fitted);
  write_bootstraps(run, scenario, fitted, run.summary().seed);
  write_independent_fits(run, scenario, fitted);
  write_references(run, scenario, fitted);
  if (scenario.compare_in_fit) fitted.fit.failed_solves.add(run_compare(run, scenario, data, &fitted));
  write_run_file(run.path_for("run.h5"), fit_arrays(fitted, scenario));
  return fitted;
}

std::filesystem::path run_demo(const std::filesystem::path& out, const std::vector<std::string>& command_line, std::uint64_t seed) {
  RunDirectory run(out, command_line, seed);
  const Scenario scenario = read_scenario(shipped_scenario("hyped_twin"));
  run.set_title(scenario.title, scenario.question);
  run.add_input(scenario.file);
  std::fprintf(stdout, "twin      10 wells, %zu frames, seed %llu\n", scenario.twin->times_h.size(), static_cast<unsigned long long>(seed));
  const Twin twin = run_twin(run, scenario, seed);
  run.add_made_input("data/counts.tsv");
  const CycleFit fitted = run_cycle_fit(run, scenario, twin.counts, twin.truth);
  std::fprintf(stdout, "fit       %s\n\n%s\n", std::string(to_string(fitted.fit.outcome.status)).c_str(), terminal_summary(fitted, twin.truth, "tables/parameters.tsv").c_str());
  int inside = 0, known = 0;
  for (const auto& p : fitted.fit.parameters)
    if (const auto found = twin.truth.find(p.name); found != twin.truth.end() && p.identified) {
      ++known;
      inside += p.lower <= found->second && found->second <= p.upper ? 1 : 0;
    }
  run.add_answer(fmt::format("{} of {} parameter intervals hold the truth the twin was made with.", inside, known));
  std::fprintf(stdout, "%d of %d intervals hold the truth\n\n", inside, known);
  FailedSolves failed = fitted.fit.failed_solves;
  failed.add(run_compare(run, scenario, twin.counts));
  const ArmPrediction prediction = run_predict(run, scenario, twin.counts, *scenario.predict);
  for (const auto& score : prediction.scores) std::fprintf(stdout, "predict   %-44s error %.3f [%.3f, %.3f]\n", score.name.c_str(), score.error, score.lower, score.upper);
  failed.add(prediction.fitted.fit.failed_solves, "prediction, ");
  write_failed_solves(run, failed);
  const auto done = run.finish();
  return report::write_report(done);
}

}  // namespace hyped
