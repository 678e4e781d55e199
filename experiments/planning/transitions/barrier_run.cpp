// The barrier between two states: least-action path, and exact mean waiting times at several sizes whose logarithm must rise by its action.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "experiments/control/transitions/passage_chain.hpp"
#include "experiments/control/transitions/passage_paths.hpp"
#include "experiments/planning/curve_keys.hpp"
#include "experiments/planning/transitions/transition_run.hpp"
#include "experiments/report/figure.hpp"
#include "libhyped/progress.hpp"
#include "libhyped/simulate/steady_state.hpp"

namespace hyped {
namespace {

using namespace control;

// The stable state that a start leads to, as density.
bool rest_of(RunDirectory& run, const TransitionPlan& plan, const std::vector<double>& parameters, double size, const std::vector<double>& start, const char* which, Eigen::VectorXd& out) {
  std::vector<double> counts = start;
  for (double& count : counts) count *= size;
  const SteadyState found = steady_state(*plan.network.model, parameters, counts);
  if (!found.outcome.ok() || !found.stable) {
    run.add_warning(fmt::format("The {} leads to no stable state: {}. No path is computed.", which, found.outcome.ok() ? "it is not stable" : found.outcome.message));
    run.set_outcome(found.outcome.ok() ? Outcome{Status::not_converged, "an end of the path is no stable state"} : found.outcome);
    return false;
  }
  out = found.state / size;
  return true;
}

struct SizeRow {
  double size = 0;
  int states = 0;
  PassageMoments exact;
  double mean = std::numeric_limits<double>::quiet_NaN(), error = mean;      // of sample paths
  int runs = 0;
};

void path_tables(RunDirectory& run, const TransitionPlan& plan, const ActionPath& path, double scale, bool sized) {
  const auto& states = plan.network.model->states();
  std::vector<Column> columns{{"step", "", ""}, {"action", "1", "from the start to here, per unit of size"}};
  for (const auto& spec : states) columns.push_back({std::string(spec.name), std::string(spec.unit), ""});
  Table table(columns);
  // the species that move most first
  std::vector<int> order(states.size());
  for (std::size_t s = 0; s < order.size(); ++s) order[s] = static_cast<int>(s);
  const Eigen::VectorXd span = (path.density.colwise().maxCoeff() - path.density.colwise().minCoeff()).transpose();
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return span[a] > span[b]; });
  Table curve({{"panel", "", ""}, {"series", "", ""}, {"x", "", ""}, {"value", "", ""}, {"lower", "", ""}, {"upper", "", ""}});
  std::vector<std::string> drawn;
  for (std::size_t k = 1; k < std::min<std::size_t>(order.size(), 5); ++k) drawn.emplace_back(states[static_cast<std::size_t>(order[k])].name);
  const std::string x_name(states[static_cast<std::size_t>(order[0])].name);
  for (Eigen::Index k = 0; k < path.density.rows(); ++k) {
    std::vector<Cell> row{std::int64_t{k}, path.action[k]};
    for (std::size_t s = 0; s < states.size(); ++s) row.push_back(path.density(k, static_cast<Eigen::Index>(s)) * scale);
    table.add_row(row);
    for (std::size_t s = 1; s < std::min<std::size_t>(order.size(), 5); ++s) {
      const double value = path.density(k, order[s]) * scale;
      curve.add_row({std::string("path by which it happens"), std::string(states[static_cast<std::size_t>(order[s])].name), path.density(k, order[0]) * scale, value, value, value});
    }
    const double a = path.action[k];
    curve.add_row({std::string("action so far"), std::string("action"), path.density(k, order[0]) * scale, a, a, a});
  }
  run.add_table("path", table, "The least-action path from the start's stable state to the other one, evenly spaced, in counts.");
  if (order.size() > 1)
    report::add_figure(run, {"path", fmt::format("Least-action path against {}, the species that moves most: {}, and the action spent.{}", x_name, fmt::join(drawn, ", "), order.size() > 5 ? " Those that move less are in tables/path.tsv." : ""), "banded_curves", {{"curve", curve}, {"keys", curve_keys(curve)}}, {{"x_axis", fmt::format("{} [{}]", x_name, states[static_cast<std::size_t>(order[0])].unit)}, {"y_axis", fmt::format("level [{}]", states[static_cast<std::size_t>(order[1])].unit)}, {"y_axis_2", sized ? "action per unit of size" : "action"}, {"legend", ""}}, "answer"});
}

// log mean = slope size + constant + c / size through the three largest sizes (two: without the last term).
double extrapolated_slope(const std::vector<SizeRow>& rows) {
  std::vector<const SizeRow*> good;
  for (const auto& row : rows)
    if (row.exact.outcome.ok()) good.push_back(&row);
  if (good.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  const Eigen::Index n = std::min<Eigen::Index>(3, static_cast<Eigen::Index>(good.size()));
  Eigen::MatrixXd design(n, n);
  Eigen::VectorXd log_mean(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const SizeRow& row = *good[good.size() - static_cast<std::size_t>(n - i)];
    design(i, 0) = row.size;
    design(i, 1) = 1;
    if (n == 3) design(i, 2) = 1 / row.size;
    log_mean[i] = std::log(row.exact.mean_h);
  }
  return design.colPivHouseholderQr().solve(log_mean)[0];
}

std::vector<SizeRow> mean_times(RunDirectory& run, const TransitionPlan& plan, const Eigen::VectorXd& rest, double reference, std::uint64_t seed) {
  std::vector<SizeRow> rows;
  Progress progress("sizes", static_cast<int>(plan.sizes.size()));
  for (std::size_t i = 0; i < plan.sizes.size(); ++i) {
    SizeRow row;
    row.size = plan.sizes[i];
    std::vector<double> parameters = plan.values.parameters;
    parameters[static_cast<std::size_t>(plan.size_parameter)] = row.size;
    CountSet target = plan.target;
    PassageChainOptions options;
    options.state_limit = plan.state_limit;
    for (std::size_t s = 0; s < target.lower.size(); ++s) {
      target.lower[s] *= row.size / reference;
      target.upper[s] *= row.size / reference;
      options.most.push_back(std::isfinite(plan.most[s]) ? std::ceil(plan.most[s] * row.size / reference + 10) : plan.most[s]);
    }
    std::vector<double> start(target.lower.size());
    for (std::size_t s = 0; s < start.size(); ++s) start[s] = std::round(rest[static_cast<Eigen::Index>(s)] * row.size);
    const std::vector<std::vector<double>> all{parameters};
    const PassageChain chain(*plan.network.model, all, start, target, options);
    row.states = chain.size();
    row.exact = chain.moments(parameters);
    if (!row.exact.outcome.ok()) run.add_warning(fmt::format("No exact mean at size {:.6g}: {}", row.size, row.exact.outcome.message));
    // paths only where they are affordable: a million hours in all
    if (plan.paths > 0 && row.exact.outcome.ok() && row.exact.mean_h * plan.paths < 1e6) {
      Experiment experiment;
      experiment.initial = start;
      experiment.sample_times_h = {60 * row.exact.mean_h};      // exp(-60): every path gets there
      PassageOptions passage;
      passage.runs = plan.paths;
      passage.seed = seed;
      passage.job = 0x5000 + static_cast<std::uint32_t>(i);
      passage.stop_inside = true;
      const Passages seen = sample_passages(*plan.network.model, parameters, experiment, target, passage);
      if (seen.outcome.ok() && seen.reached() == plan.paths) {
        double sum = 0, squares = 0;
        for (const double t : seen.latency_h) sum += t, squares += t * t;
        row.runs = plan.paths;
        row.mean = sum / row.runs;
        row.error = std::sqrt(std::max(0.0, squares / row.runs - row.mean * row.mean) / std::max(1, row.runs - 1));
      }
    }
    rows.push_back(row);
    progress.advance();
  }
  return rows;
}

}  // namespace

void run_barrier(RunDirectory& run, const TransitionPlan& plan, std::uint64_t seed) {
  const bool sized = plan.size_parameter >= 0;
  const double reference = sized ? plan.values.parameters[static_cast<std::size_t>(plan.size_parameter)] : 1;
  // far beyond every size asked for, so that what is left of n (n - 1) against n n does not count
  const double large = sized ? 1e6 * reference : 1;
  std::vector<double> parameters = plan.values.parameters, start = plan.values.initial, end = *plan.end;
  if (sized) {
    parameters[static_cast<std::size_t>(plan.size_parameter)] = large;
    for (double& count : start) count /= reference;
    for (double& count : end) count /= reference;
  }
  Eigen::VectorXd from, to;
  if (!rest_of(run, plan, parameters, large, start, "start", from) || !rest_of(run, plan, parameters, large, end, "[path] end", to)) return;
  if ((from - to).norm() < 1e-6 * (from.norm() + to.norm())) throw InputError(plan.file.string(), "the start and the [path] end lead to the same stable state", "give an end in the other basin");
  const DensityNetwork network(*plan.network.model, parameters, large, from);
  const ActionPath path = least_action(network, from, to, plan.path);
  run.add_setting("path", path.method);
  if (!path.outcome.ok()) {
    run.set_outcome(path.outcome);
    run.add_warning("No least-action path: " + path.outcome.message);
    return;
  }
  run.add_result("action", path.total, sized ? "per " + std::string(plan.network.model->parameters()[static_cast<std::size_t>(plan.size_parameter)].name) : "1");
  run.add_result("action_error", path.error, "discretisation");
  path_tables(run, plan, path, sized ? reference : 1, sized);
  if (!path.descent.ok()) run.add_warning("The search for the least path ended early (" + path.descent.message + "): its action is an upper bound, and not extrapolated. Give more [path] starts, or another number of segments.");
  if (path.error > 0.02 * path.total) run.add_warning(fmt::format("The path's action is known to {:.1f} % only: raise [path] segments.", 100 * path.error / path.total));
  if (path.saddle.size() == 0) run.add_warning("No saddle with one unstable direction was found on the path: the action may belong to a longer way round.");
  run.add_answer(fmt::format("The least-action path costs {:.5g} +- {:.1g} (discretisation){}.", path.total, path.error, sized ? " per unit of size: mean waiting times grow as its exponential" : " in all: the mean waiting time is of the order of its exponential, times an unknown factor"));
  if (!sized) return;
  const std::vector<SizeRow> rows = mean_times(run, plan, from, reference, seed);
  Table table({{"size", "", ""}, {"states", "", "of the exact chain"}, {"mean_h", "h", "exact first-passage time from the stable state to the target"}, {"sd_h", "h", "exact"}, {"left_out", "1", "expected jumps out of the box before"}, {"paths", "", ""}, {"path_mean_h", "h", "of sample paths"}, {"path_lower_h", "h", "95 %"}, {"path_upper_h", "h", "95 %"}, {"log_mean", "1", ""}, {"local_slope", "1", "of log mean against size, from the size before"}, {"outcome", "", ""}});
  Table curve({{"panel", "", ""}, {"series", "", ""}, {"x", "", ""}, {"value", "", ""}, {"lower", "", ""}, {"upper", "", ""}}), line({{"panel", "", ""}, {"series", "", ""}, {"x", "", ""}, {"value", "", ""}});
  double last_slope = std::numeric_limits<double>::quiet_NaN(), anchor = last_slope;
  const SizeRow* before = nullptr;
  for (const SizeRow& row : rows) {
    const bool ok = row.exact.outcome.ok();
    const double log_mean = ok ? std::log(row.exact.mean_h) : std::numeric_limits<double>::quiet_NaN();
    const double slope = ok && before != nullptr ? (log_mean - std::log(before->exact.mean_h)) / (row.size - before->size) : std::numeric_limits<double>::quiet_NaN();
    table.add_row({row.size, std::int64_t{row.states}, ok ? cell_of(row.exact.mean_h) : Cell{}, ok ? cell_of(row.exact.sd_h) : Cell{}, ok ? cell_of(row.exact.left_out) : Cell{}, std::int64_t{row.runs}, cell_of(row.mean), cell_of(row.mean - 1.96 * row.error),
                   cell_of(row.mean + 1.96 * row.error), cell_of(log_mean), cell_of(slope), ok ? std::string("ok") : row.exact.outcome.message});
    if (!ok) continue;
    if (row.exact.left_out > 1e-3) run.add_warning(fmt::format("At size {:.6g} the box matters ({:.2g} jumps left out): give larger bounds in [exact] most.", row.size, row.exact.left_out));
    curve.add_row({std::string("log of the mean waiting time"), std::string("exact"), row.size, log_mean, log_mean, log_mean});
    if (row.runs > 0 && row.mean > 2 * row.error) curve.add_row({std::string("log of the mean waiting time"), std::string("sample paths"), row.size, std::log(row.mean), std::log(row.mean - 1.96 * row.error), std::log(row.mean + 1.96 * row.error)});
    if (std::isfinite(slope)) last_slope = slope;
    anchor = log_mean - path.total * row.size;
    before = &row;
  }
  for (const double size : plan.sizes)
    if (std::isfinite(anchor)) line.add_row({std::string("log of the mean waiting time"), std::string("exact"), size, anchor + path.total * size});
  run.add_table("barrier", table, "Exact mean waiting times by size, sample paths beside them.");
  const double slope = extrapolated_slope(rows);
  run.add_result("slope", slope, "log mean waiting time per unit of size, sizes to infinity");
  run.add_result("last_slope", last_slope, "between the two largest sizes");
  if (std::isfinite(slope)) run.add_answer(fmt::format("The logarithm of the exact mean waiting time rises by {:.5g} per unit of size between the two largest sizes ({:.2f} % off the action), extrapolated by {:.5g} ({:.2f} % off).", last_slope, 100 * std::abs(last_slope / path.total - 1), slope, 100 * std::abs(slope / path.total - 1)));
  if (!curve.rows().empty()) report::add_figure(run, {"barrier", "Logarithm of the mean waiting time by size; dashed: rises by the least action.", "banded_curves", {{"curve", curve}, {"keys", curve_keys(curve)}, {"line", line}}, {{"x_axis", "size"}, {"y_axis", "log of mean time [h]"}, {"legend", "dashed: slope of the least action"}, {"marks_only", "1"}}, "answer"});
  if (anchor < 1e300 && !rows.empty() && path.total * rows.back().size < 3) run.add_warning(fmt::format("At the largest size the barrier is only {:.2g}: its exponential law does not hold yet. Give larger sizes.", path.total * rows.back().size));
  std::fprintf(stdout, "\n%s\n", to_terminal(table, "tables/barrier.tsv").c_str());
}

}  // namespace hyped
