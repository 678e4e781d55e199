// Efficiency and latency of transient inputs: sample paths, with the exact chain beside them where it is small.
#include "experiments/planning/transitions/transition_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>

#include "experiments/control/transitions/efficiency.hpp"
#include "experiments/control/transitions/passage_chain.hpp"
#include "experiments/planning/curve_keys.hpp"
#include "experiments/report/figure.hpp"
#include "libhyped/progress.hpp"

namespace hyped {
namespace {

using namespace control;

struct Case {
  const TransitionInput* input = nullptr;      // none: no input at all
  double dose = 0, duration_h = 0;
  Passages passages;
  double exact = std::numeric_limits<double>::quiet_NaN();
};

std::vector<double> with_input(const TransitionPlan& plan, const Case& one) {
  std::vector<double> p = plan.values.parameters;
  if (one.input != nullptr)
    for (const auto& [name, value] : one.input->parameters) p[static_cast<std::size_t>(plan.network.model->parameter_index(name))] = one.dose * value;
  return p;
}

// Every case is followed for the horizon after its own input has ended, so that all have as long to fall back.
double end_of(const TransitionPlan& plan, const Case& one) { return plan.horizon_h + (one.input == nullptr ? 0 : one.input->from_h + one.duration_h); }

Experiment experiment_of(const TransitionPlan& plan, const Case& one) {
  Experiment out;
  out.id = one.input == nullptr ? "no input" : one.input->name;
  out.initial = plan.values.initial;
  out.schedule = plan.network.schedule;
  if (one.input != nullptr)
    for (const auto& [name, value] : one.input->parameters) {
      const double before = plan.values.parameters[static_cast<std::size_t>(plan.network.model->parameter_index(name))];
      out.schedule.push_back({one.input->from_h, name, Action::set, one.dose * value, ""});
      out.schedule.push_back({one.input->from_h + one.duration_h, name, Action::set, before, ""});
    }
  std::stable_sort(out.schedule.begin(), out.schedule.end(), [](const auto& a, const auto& b) { return a.time_h < b.time_h; });
  while (!out.schedule.empty() && out.schedule.back().time_h > end_of(plan, one)) out.schedule.pop_back();
  out.sample_times_h = {end_of(plan, one)};
  return out;
}

std::vector<PassageStage> stages_of(const TransitionPlan& plan, const Case& one) {
  std::vector<PassageStage> out;
  if (one.input == nullptr || one.input->from_h > 0) out.push_back({0, plan.values.parameters});
  if (one.input == nullptr) return out;
  out.push_back({one.input->from_h, with_input(plan, one)});
  out.push_back({one.input->from_h + one.duration_h, plan.values.parameters});
  return out;
}

std::string dose_name(const Case& one) { return fmt::format("dose {:.4g}", one.dose); }

void add_latency_rows(const TransitionPlan& plan, const Case& one, const PassageDistribution* exact, Table& points, Table& line, Table& all) {
  const std::string panel = one.input == nullptr ? "no input" : fmt::format("{}, {}", one.input->name, dose_name(one)), series = one.input == nullptr ? "none" : fmt::format("{:.4g} h", one.duration_h);
  std::vector<double> sorted = one.passages.latency_h;
  std::sort(sorted.begin(), sorted.end());
  for (int i = 0; i <= 48; ++i) {
    const double t = end_of(plan, one) * i / 48;
    const Share share = share_of(static_cast<int>(std::upper_bound(sorted.begin(), sorted.end(), t) - sorted.begin()), static_cast<int>(sorted.size()));
    points.add_row({panel, series, t, share.value, share.lower, share.upper});
    Cell known;
    if (exact != nullptr && exact->outcome.ok()) known = exact->reached[static_cast<std::size_t>(i)];
    if (exact != nullptr && exact->outcome.ok()) line.add_row({panel, series, t, exact->reached[static_cast<std::size_t>(i)]});
    all.add_row({one.input == nullptr ? std::string("no input") : one.input->name, one.dose, one.duration_h, t, share.value, share.lower, share.upper, known});
  }
}

Cell hours(double value) { return std::isfinite(value) ? Cell(value) : Cell{}; }

}  // namespace

void run_efficiency(RunDirectory& run, const TransitionPlan& plan, std::uint64_t seed) {
  std::vector<Case> cases(1);
  for (const auto& input : plan.inputs)
    for (const double dose : input.doses)
      for (const double duration : input.durations_h) cases.push_back({&input, dose, duration, {}, std::numeric_limits<double>::quiet_NaN()});
  // one chain for all: every arrow that any input makes possible
  std::unique_ptr<PassageChain> chain;
  if (plan.exact && !plan.network.schedule.empty()) run.add_warning("[exact] is asked for, and the network has events of its own: there is no exact chain, sample paths stand alone.");
  if (plan.exact && plan.network.schedule.empty()) {
    std::vector<std::vector<double>> parameters;
    for (const Case& one : cases) parameters.push_back(with_input(plan, one));
    PassageChainOptions options;
    options.most = plan.most;
    options.state_limit = plan.state_limit;
    chain = std::make_unique<PassageChain>(*plan.network.model, parameters, plan.values.initial, plan.target, options);
    if (!chain->outcome().ok()) {
      run.add_warning(fmt::format("No exact distributions: {}. Sample paths stand alone.", chain->outcome().message));
      chain.reset();
    }
  }
  run.add_note(chain ? fmt::format("Exact: {} states; dashed lines and the column 'exact' are the chance to have reached the target by the end.", chain->size())
                     : "Efficiencies and latencies are from sample paths alone, with binomial intervals (Clopper-Pearson) and order statistics.");
  Table table({{"input", "", ""}, {"dose", "1", ""}, {"duration_h", "h", ""}, {"runs", "", ""}, {"held", "1", "share inside the target when the horizon after the input's end has passed"}, {"held_lower", "1", "95 %"}, {"held_upper", "1", "95 %"},
               {"reached", "1", "share that was inside at any time"}, {"reached_lower", "1", ""}, {"reached_upper", "1", ""}, {"exact", "1", "chance to have been inside, exact chain"}, {"left_out", "1", "bound on the chance that the chain's box mattered"},
               {"median_h", "h", "latency from 0 h; empty: beyond the end"}, {"median_lower_h", "h", "95 %, order statistics"}, {"median_upper_h", "h", ""}, {"latency_cv", "1", "of those that reached it"}, {"cv_lower", "1", "95 %, bootstrap"}, {"cv_upper", "1", ""}});
  Table points({{"panel", "", ""}, {"series", "", ""}, {"x", "h", ""}, {"value", "1", ""}, {"lower", "1", ""}, {"upper", "1", ""}}), curve = points;
  Table line({{"panel", "", ""}, {"series", "", ""}, {"x", "h", ""}, {"value", "1", ""}});
  Table latency({{"input", "", ""}, {"dose", "1", ""}, {"duration_h", "h", ""}, {"time_h", "h", ""}, {"reached", "1", "share by this time"}, {"lower", "1", "95 %"}, {"upper", "1", "95 %"}, {"exact", "1", ""}});
  Progress progress("inputs", static_cast<int>(cases.size()));
  int outside = 0, compared = 0;
  double left_out = 0;
  for (std::size_t c = 0; c < cases.size(); ++c) {
    Case& one = cases[c];
    PassageOptions options;
    options.runs = plan.runs;
    options.seed = seed;
    options.job = static_cast<std::uint32_t>(c);
    one.passages = sample_passages(*plan.network.model, plan.values.parameters, experiment_of(plan, one), plan.target, options);
    if (!one.passages.outcome.ok()) {
      run.set_outcome(one.passages.outcome);
      run.add_warning("Sample paths failed: " + one.passages.outcome.message);
      return;
    }
    PassageDistribution exact;
    if (chain) {
      std::vector<double> grid;
      for (int i = 0; i <= 48; ++i) grid.push_back(end_of(plan, one) * i / 48);
      exact = chain->distribution(stages_of(plan, one), grid);
      if (exact.outcome.ok()) one.exact = exact.reached.back();
    }
    const Share held = share_of(one.passages.held_count(), plan.runs), reached = share_of(one.passages.reached(), plan.runs);
    if (std::isfinite(one.exact)) {
      ++compared;
      outside += one.exact < reached.lower || one.exact > reached.upper;
      left_out = std::max(left_out, exact.left_out);
    }
    const LatencyQuantile median = latency_quantile(one.passages, 0.5);
    const LatencyVariability cv = latency_variability(one.passages, seed);
    table.add_row({one.input == nullptr ? std::string("no input") : one.input->name, one.dose, one.duration_h, std::int64_t{plan.runs}, held.value, held.lower, held.upper, reached.value, reached.lower, reached.upper,
                   cell_of(one.exact), std::isfinite(one.exact) ? Cell(exact.left_out) : Cell{}, hours(median.value_h), hours(median.lower_h), hours(median.upper_h), cell_of(cv.value), cell_of(cv.lower), cell_of(cv.upper)});
    if (one.input != nullptr) {
      if (one.dose == one.input->doses.back()) add_latency_rows(plan, one, chain ? &exact : nullptr, points, line, latency);
    } else {
      add_latency_rows(plan, one, chain ? &exact : nullptr, points, line, latency);
    }
    progress.advance();
  }
  if (left_out > 1e-3) run.add_warning(fmt::format("The exact chain's box matters: chance up to {:.2g} that a path left it (column left_out). Give larger bounds in [exact] most.", left_out));
  run.add_table("latency", latency, "Share that reached the target by each time, largest dose of each input.");
  Table needed({{"input", "", ""}, {"dose", "1", ""}, {"level", "1", "share held at the end"}, {"duration_h", "h", "empty: not within the durations tried"}, {"lower_h", "h", "95 %, bootstrap"}, {"upper_h", "h", "empty: beyond the longest tried"}, {"where", "", ""}});
  std::size_t at = 1;
  int added = 0;
  for (const auto& input : plan.inputs)
    for (const double dose : input.doses) {
      std::vector<Share> shares;
      for (std::size_t d = 0; d < input.durations_h.size(); ++d, ++at) shares.push_back(share_of(cases[at].passages.held_count(), plan.runs));
      // between the durations tried more are simulated, until sampling is what limits the answer
      int more = 0;
      const auto sample = [&](double duration) -> std::optional<Share> {
        Case one{&input, dose, duration, {}, std::numeric_limits<double>::quiet_NaN()};
        PassageOptions options;
        options.runs = plan.runs;
        options.seed = seed;
        options.job = static_cast<std::uint32_t>(0x100000 + 64 * at + static_cast<std::size_t>(more++));
        one.passages = sample_passages(*plan.network.model, plan.values.parameters, experiment_of(plan, one), plan.target, options);
        if (!one.passages.outcome.ok()) return std::nullopt;
        const Share held = share_of(one.passages.held_count(), plan.runs), reached = share_of(one.passages.reached(), plan.runs);
        const LatencyQuantile median = latency_quantile(one.passages, 0.5);
        const LatencyVariability cv = latency_variability(one.passages, seed);
        table.add_row({input.name, dose, duration, std::int64_t{plan.runs}, held.value, held.lower, held.upper, reached.value, reached.lower, reached.upper, Cell{}, Cell{}, hours(median.value_h), hours(median.lower_h), hours(median.upper_h), cell_of(cv.value), cell_of(cv.lower), cell_of(cv.upper)});
        return held;
      };
      const RefinedPersistence refined = refine_persistence(input.durations_h, shares, plan.level, seed, sample);
      const PersistenceNeeded& found = refined.needed;
      added += refined.added;
      for (std::size_t d = 0; d < refined.shares.size(); ++d) curve.add_row({input.name, fmt::format("dose {:.4g}", dose), refined.durations_h[d], refined.shares[d].value, refined.shares[d].lower, refined.shares[d].upper});
      if (!refined.settled) run.add_warning(fmt::format("{} at dose {:.4g}: {} further durations did not bring the needed one between two near ones; its interval is moved out to the durations tried.", input.name, dose, refined.added));
      const bool at_once = std::isfinite(found.value_h) && found.value_h <= input.durations_h.front();
      needed.add_row({input.name, dose, plan.level, hours(found.value_h), hours(found.lower_h), hours(found.upper_h), std::string(!std::isfinite(found.value_h) ? "beyond the longest tried" : at_once ? "the shortest tried, or less" : "within those tried")});
      if (dose != input.doses.back()) continue;
      if (!std::isfinite(found.value_h)) run.add_answer(fmt::format("{} at dose {:.4g}: {:.4g} h, the longest tried, leaves {:.1f} % across [{:.1f}, {:.1f}]; {:.0f} % is not reached.", input.name, dose, input.durations_h.back(), 100 * shares.back().value, 100 * shares.back().lower, 100 * shares.back().upper, 100 * plan.level));
      else if (at_once) run.add_answer(fmt::format("{} at dose {:.4g}: already {:.4g} h, the shortest tried, leaves {:.1f} % across [{:.1f}, {:.1f}].", input.name, dose, input.durations_h.front(), 100 * shares.front().value, 100 * shares.front().lower, 100 * shares.front().upper));
      else run.add_answer(fmt::format("{} at dose {:.4g} must last {:.3g} h [{}, {}] for {:.0f} % of cells to stay across.", input.name, dose, found.value_h, std::isfinite(found.lower_h) ? fmt::format("{:.3g}", found.lower_h) : "open", std::isfinite(found.upper_h) ? fmt::format("{:.3g}", found.upper_h) : "open", 100 * plan.level));
    }
  run.add_table("persistence", needed, "How long the input must last for the stated share to stay across.");
  if (added > 0) run.add_note(fmt::format("Needed durations: {} durations between those of the file were simulated as well, until tried ones lie closer together about the answer than its interval is wide; intervals so hold sampling, and what straight lines between durations miss is less.", added));
  run.add_table("efficiency", table, fmt::format("Share of cells across ({}) by input, dose and duration; {} sample paths each, followed for {:.6g} h after the input has ended.", plan.target_text, plan.runs, plan.horizon_h));
  if (compared > 0) run.add_answer(fmt::format("Sample paths against the exact chain: {} of {} exact chances lie outside the 95 % interval of the paths (about 1 in 20 is chance).", outside, compared));
  report::add_figure(run, {"efficiency", fmt::format("Share of cells inside the target {:.4g} h after the input has ended against how long it lasted, with 95 % bands.", plan.horizon_h), "banded_curves", {{"curve", curve}, {"keys", curve_keys(curve)}}, {{"x_axis", "duration of the input [h]"}, {"y_axis", "share across at the end"}, {"legend", "bands: 95 %"}, {"from_zero", "1"}, {"marks_only", "1"}}, "answer"});
  std::vector<std::pair<std::string, Table>> parts{{"curve", points}, {"keys", curve_keys(points)}};
  if (chain) parts.emplace_back("line", line);
  report::add_figure(run, {"latency", "Share of cells that reached the target by a time, by duration of the input; bands: 95 %, dashed: exact.", "banded_curves", parts, {{"x_axis", "time [h]"}, {"y_axis", "share that reached it"}, {"legend", chain ? "bands: 95 %   dashed: exact" : "bands: 95 %"}, {"from_zero", "1"}}, "answer"});
  std::fprintf(stdout, "\n%s\n", to_terminal(needed, "tables/persistence.tsv").c_str());
}

void run_transitions(RunDirectory& run, const TransitionPlan& plan, std::uint64_t seed) {
  run.set_title(plan.title, plan.question);
  if (!plan.assumed.empty()) run.add_warning(plan.assumed);
  run.add_setting("scenario", plan.text);
  run.add_setting("target", plan.target_text);
  run.add_table("values", values_table(*plan.network.model, plan.values), "Parameters and starts that were used.");
  if (plan.target.holds(std::span<const double>(plan.values.initial))) throw InputError(plan.file.string(), "the start lies inside the target: " + plan.target_text, "correct one of them");
  if (!plan.inputs.empty()) run_efficiency(run, plan, seed);
  if (plan.end) run_barrier(run, plan, seed);
  for (const auto& answer : run.summary().answers) std::fprintf(stdout, "%s", to_terminal_paragraph("answer    ", answer).c_str());
}

}  // namespace hyped
