// The loop of culture and controller, its table and figure.
#include "experiments/planning/mpc/mpc_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>

#include "experiments/planning/plan/cycle_members.hpp"
#include "experiments/planning/systems/schedule_file.hpp"
#include "experiments/report/figure.hpp"
#include "fitting/bootstrap.hpp"
#include "libhyped/random.hpp"
#include "libhyped/simulate/ssa.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

MpcCourse run_culture(const FeedbackSettings& settings, const StageSettings& stages, const std::string& model, const std::vector<double>& truth, const std::vector<std::vector<double>>& members, const MpcSettings& mpc, MpcRegime regime) {
  MpcCourse out;
  out.name = regime == MpcRegime::closed ? "closed loop" : regime == MpcRegime::open ? "planned anew, not looking" : "no input";
  FeedbackController controller(stages, model, members, mpc.cells, settings);
  const auto culture = make_staged(model, stages);
  const int input = culture->parameter_index(settings.input);
  Eigen::VectorXd pick = Eigen::VectorXd::Zero(culture->stage_count());
  for (int s = 0; s < pick.size(); ++s) pick[s] = controller.pick()[s];
  Eigen::VectorXd cells = mpc.cells * start_of(*culture, truth);
  double squares = 0, level = 0;
  int counted = 0;
  const int steps = static_cast<int>(std::lround(mpc.until_h / mpc.observe_h));
  for (int k = 0; k <= steps; ++k) {
    const double t = k * mpc.observe_h;
    RandomStream random(settings.seed, 0x736565, static_cast<std::uint32_t>(k));
    double seen[2];
    for (int c = 0; c < 2; ++c) {
      const double there = c == 0 ? cells.dot(pick) : cells.sum() - cells.dot(pick);
      seen[c] = static_cast<double>(random.binomial(std::llround(there), 1 - settings.missed));
    }
    const auto started = std::chrono::steady_clock::now();
    if (regime == MpcRegime::closed) controller.observe(seen[0], seen[1]);
    if (regime != MpcRegime::none && t >= mpc.start_h) level = controller.decide(out.outcome);
    if (!out.outcome.ok()) return out;
    out.slowest_s = std::max(out.slowest_s, std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
    const Eigen::VectorXd shares = controller.shares();
    const std::vector<double> values(shares.begin(), shares.end());
    const double share = cells.dot(pick) / std::max(1.0, cells.sum());
    out.times_h.push_back(t), out.level.push_back(level), out.true_share.push_back(share), out.seen_share.push_back(seen[0] / std::max(1.0, seen[0] + seen[1]));
    out.mean.push_back(shares.mean()), out.lower.push_back(percentile(values, 0.05)), out.upper.push_back(percentile(values, 0.95));
    out.inside += share >= out.lower.back() && share <= out.upper.back();
    if (t >= mpc.start_h + mpc.horizon_h) squares += (share - settings.wanted) * (share - settings.wanted), ++counted;
    if (k == steps) break;
    std::vector<double> p = truth;
    p[static_cast<std::size_t>(input)] = level;
    Experiment dish;
    dish.initial.assign(cells.begin(), cells.end());
    dish.sample_times_h = {mpc.observe_h};
    SsaOptions options;
    options.seed = settings.seed + 77, options.job = static_cast<std::uint32_t>(k);
    const Trajectory next = simulate_ssa(*culture, p, dish, options);
    if (!(out.outcome = next.outcome).ok() || !(out.outcome = controller.advance(mpc.observe_h, level)).ok()) return out;
    cells = next.states.row(0).transpose();
  }
  out.error = counted > 0 ? std::sqrt(squares / counted) : std::numeric_limits<double>::quiet_NaN();
  return out;
}

namespace {

// Steps of the input at the looks where its level changes.
Schedule level_events(const std::string& input, const MpcCourse& course) {
  Schedule out;
  double now = 0;
  for (std::size_t k = 0; k + 1 < course.times_h.size(); ++k)
    if (course.level[k] != now) out.push_back({course.times_h[k], input, Action::set, now = course.level[k], ""});
  return out;
}

}  // namespace

void run_mpc(RunDirectory& run, const PlanScenario& scenario, const std::string& source, bool forced) {
  if (!scenario.mpc.given) throw InputError(scenario.file.string(), "the scenario has no [mpc]", "add it: input, highest, observe_h, block_h, horizon_h");
  if (scenario.kind != "cycle") throw InputError(scenario.file.string(), "closed loops are for cell-cycle models", "use kind = \"cycle\"");
  const Scenario base = read_scenario(shipped_scenario(scenario.base));
  if (!base.twin) throw InputError(base.file.string(), "has no [twin]: there is no culture to steer", "name a scenario with a twin");
  const std::string file = scenario.file.string();
  if (scenario.terms.size() != 1 || scenario.terms[0].quantity.quantity != "share" || !scenario.profiles.empty() || !scenario.nuisance.empty()) throw InputError(file, "a closed loop holds the share of phases, and one such share", "give one [[target.term]], with quantity = \"share\"");
  const StatedTerm& term = scenario.terms[0];
  if (term.quantity.of.empty()) throw InputError(term.quantity.place, "the share '" + term.term.name + "' names no phase", "give phases = [...]");
  if (std::isfinite(term.quantity.time_h) || !term.quantity.at_dosing.empty()) throw InputError(term.quantity.place, "a closed loop holds its share all the time", "leave time_h and at_dosing_of out");
  if (term.term.side != control::Side::equal) throw InputError(term.quantity.place, "a closed loop holds a share at a value, not on one side of it", "leave side out");
  if (!scenario.limits.empty() || std::isfinite(scenario.total) || scenario.between_h > 0 || !scenario.handling.empty()) throw InputError(file, "a closed loop knows no [[limit]], [[handling]], total or between_h", "leave them out; `price` holds the levels down, and `highest` in [mpc] bounds them");
  const MpcSettings& asked = scenario.mpc;
  for (const auto& input : scenario.inputs)
    if (input.name != asked.input || std::abs(input.highest - asked.highest) > 1e-12 || input.lowest > 0 || std::isfinite(input.total) || std::isfinite(input.longest_h)) throw InputError(file, fmt::format("[[input]] {} says something else than [mpc]: its input {} at levels from 0 to {:.4g}, from start_h on", input.name, asked.input, asked.highest), "leave [[input]] out, or say the same");
  if (!(asked.until_h > asked.start_h + asked.horizon_h)) throw InputError(file, fmt::format("the loop ends at {:.4g} h, and its error is measured after the first horizon, from {:.4g} h on", asked.until_h, asked.start_h + asked.horizon_h), "give a later until_h or a shorter horizon_h");
  const std::uint64_t seed = run.summary().seed;
  PlanScenario quiet = scenario;
  quiet.ensemble.kinetics = false;         // the input acts at once: no carrier
  quiet.ensemble.members = scenario.mpc.particles;
  Scenario carrierless = base;
  carrierless.deliveries.clear();
  const CycleEnsemble ensemble = cycle_members(quiet, carrierless, source, forced, seed);
  std::vector<std::vector<double>> members;
  for (std::size_t m = 0; m + 1 < ensemble.members.size(); ++m) members.push_back(ensemble.members[m].parameters);
  const auto model = make_staged(base.setup.model, base.setup.stages);
  std::vector<double> truth = ensemble.members.back().parameters;
  for (const auto& [name, value] : base.twin->truth)
    if (const int at = model->parameter_index(name); at >= 0) truth[static_cast<std::size_t>(at)] = value;
  FeedbackSettings settings{scenario.mpc.input, scenario.mpc.highest, scenario.mpc.block_h, scenario.mpc.horizon_h, term.quantity.of, term.term.value, scenario.price > 0 ? scenario.price : 1e-4, scenario.mpc.missed, 10, seed};
  run.set_title(scenario.title, scenario.question);
  run.add_setting("scenario", scenario.text);
  for (const auto& note : ensemble.notes) run.add_note(note);
  for (const auto& warning : ensemble.warnings) run.add_warning(warning);
  run.add_note("The input acts at once at its level: no carrier stands between a decision and the cells. The culture is the twin: its true parameters, exact stochastic cells.");
  Table table({{"regime", "", ""}, {"time_h", "h", ""}, {"level", "", "of the input until the next look"}, {"true_share", "1", ""}, {"seen_share", "1", ""}, {"filter", "1", "mean over members"}, {"lower", "1", "90 % of members"}, {"upper", "1", ""}});
  Table drawn({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}}), points({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"value", "", ""}}), wanted = points;
  Table inputs({{"arm", "", ""}, {"input", "", ""}, {"time_h", "h", ""}, {"amount", "", ""}});
  for (const MpcRegime regime : {MpcRegime::closed, MpcRegime::open, MpcRegime::none}) {
    const MpcCourse course = run_culture(settings, base.setup.stages, base.setup.model, truth, members, scenario.mpc, regime);
    if (!course.outcome.ok()) {
      run.set_outcome(course.outcome);
      return;
    }
    for (const double t : {course.times_h.front(), course.times_h.back()}) wanted.add_row({course.name, settings.phases[0], t, settings.wanted});
    for (std::size_t k = 0; k < course.times_h.size(); ++k) {
      table.add_row({course.name, course.times_h[k], course.level[k], course.true_share[k], course.seen_share[k], course.mean[k], course.lower[k], course.upper[k]});
      drawn.add_row({course.name, settings.phases[0], course.times_h[k], course.mean[k], course.lower[k], course.upper[k]});
      points.add_row({course.name, settings.phases[0], course.times_h[k], course.true_share[k]});
      inputs.add_row({course.name, settings.input, course.times_h[k], course.level[k]});
    }
    if (regime == MpcRegime::closed) {
      std::fprintf(stdout, "decision  the longest took %.3g s\n", course.slowest_s);      // on this machine: no part of the results
      ScheduleFile applied{scenario.base, "Levels that the closed loop held", "plan", scenario.mpc.until_h, {}, level_events(settings.input, course), {}};
      if (std::filesystem::path(scenario.base).extension() == ".toml") applied.scenario = std::filesystem::absolute(scenario.base).string();
      for (const auto& [name, value] : base.twin->truth) applied.values[name] = value;
      write_file(run.path_for("data/applied.toml"), to_toml(applied));
      run.add_note("The levels that were held, as a schedule file on the twin's true values: hyped cycle simulate OUT/data/applied.toml --out FOLDER");
    }
    run.add_result("error " + course.name, course.error, "root mean square of share - wanted, after the first horizon");
    run.add_answer(fmt::format("{}: the share is {:.4g} off the wanted {:.4g} (root mean square after the first horizon).", course.name, course.error, settings.wanted));
    if (regime == MpcRegime::closed) {
      run.add_result("filter_coverage", static_cast<double>(course.inside) / static_cast<double>(course.times_h.size()), "share of looks");
      run.add_answer(fmt::format("A look every {:.3g} h; the filter's 90 % range held the true share at {} of {} looks.", scenario.mpc.observe_h, course.inside, course.times_h.size()));
    }
  }
  run.add_table("course", table, "Culture, what was seen of it, what the filter believed, and the level that was held.");
  report::add_figure(run, {"course", "Share of the phases: points are the twin's cells, line and band the filter's members (90 %), dashed the share that is wanted.", "time_course", {{"points", points}, {"model", drawn}, {"truth", wanted}}, {{"y_label", "share of cells [1]"}, {"band_label", "points: culture   line and band: filter, 90 %   dashed: wanted"}, {"band_edges", "1"}}, "answer"});
  report::add_figure(run, {"schedule", "Level of the input over time.", "schedule", {{"inputs", inputs}}, {{"y_label", "level of the input"}}, "answer"});
  for (const auto& answer : run.summary().answers) std::fprintf(stdout, "%s", to_terminal_paragraph("answer    ", answer).c_str());
}

}  // namespace hyped
