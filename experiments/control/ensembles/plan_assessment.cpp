// Reports over members; derivatives where a slope is needed.
#include "experiments/control/ensembles/plan_assessment.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "libhyped/parallel.hpp"

namespace hyped::control {
namespace {

Eigen::VectorXd ranks(const Eigen::VectorXd& values) {
  std::vector<Eigen::Index> order(static_cast<std::size_t>(values.size()));
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Eigen::Index a, Eigen::Index b) { return values[a] < values[b]; });
  Eigen::VectorXd out(values.size());
  for (std::size_t k = 0; k < order.size();) {
    std::size_t end = k;
    while (end < order.size() && values[order[end]] == values[order[k]]) ++end;
    for (std::size_t i = k; i < end; ++i) out[order[i]] = 0.5 * static_cast<double>(k + end - 1);
    k = end;
  }
  return out;
}

// Of ranks, members by their weights; 0 where one of them does not vary.
double spearman(const Eigen::VectorXd& a, const Eigen::VectorXd& b, const Eigen::VectorXd& weights) {
  const Eigen::ArrayXd w = weights.array() / weights.sum(), first = ranks(a).array(), second = ranks(b).array();
  const Eigen::ArrayXd x = first - (w * first).sum(), y = second - (w * second).sum();
  const double size = std::sqrt((w * x.square()).sum() * (w * y.square()).sum());
  return size > 1e-12 ? std::clamp((w * x * y).sum() / size, -1.0, 1.0) : 0.0;
}

}  // namespace

MemberHalves split_members(int count) {
  MemberHalves out;
  for (int m = 0; m < count; ++m) (m % 2 == 0 ? out.optimise : out.report).push_back(m);
  if (out.report.empty()) out.report = out.optimise;
  return out;
}

PlanRecord record_of(const PlanProblem& problem, const std::string& name, std::vector<Pulse> pulses, const std::vector<int>& members, double within) {
  PlanRecord out;
  out.name = name;
  EnsembleAnswer answer = ensemble_answer(*problem.system, problem.target, members, pulses);
  out.pulses = std::move(pulses);
  out.outcome = answer.outcome;
  if (!out.outcome.ok()) return out;
  out.distances = answer.distances, out.weights = answer.weights, out.quantities = answer.quantities;
  out.mean = out.distances.dot(out.weights) / out.weights.sum();
  out.median = smooth_quantile(out.distances, out.weights, 0.5);
  out.range = predictive_range(out.distances, out.weights);
  for (Eigen::Index m = 0; m < out.distances.size(); ++m) out.reached += (out.distances[m] <= within) * out.weights[m] / out.weights.sum();
  return out;
}

PlanContrast contrast(const PlanRecord& plan, const PlanRecord& other) {
  PlanContrast out;
  out.other = other.name;
  const Eigen::VectorXd gain = other.distances - plan.distances;
  double share = 0;
  for (Eigen::Index m = 0; m < gain.size(); ++m) share += (gain[m] > 0) * plan.weights[m] / plan.weights.sum();
  out.chance = succession(share, effective_count(plan.weights));
  out.gain = gain.dot(plan.weights) / plan.weights.sum();
  const PredictiveRange range = predictive_range(gain, plan.weights);
  out.lower = range.lower, out.upper = range.upper, out.level = range.level;
  return out;
}

std::vector<TimingPoint> timing_course(const PlanProblem& problem, const std::vector<Pulse>& pulses, int pulse, double from_h, double until_h, int points, const std::vector<int>& members) {
  std::vector<TimingPoint> out;
  for (int k = 0; k < points; ++k) {
    std::vector<Pulse> moved = pulses;
    Pulse& at = moved[static_cast<std::size_t>(pulse)];
    const double start = from_h + (until_h - from_h) * k / std::max(1, points - 1);
    at.until_h += start - at.start_h;
    at.start_h = start;
    const double gap_h = problem.inputs[static_cast<std::size_t>(at.input)].gap_h;      // from the end of a pulse, or its start if it is never washed out
    const auto end = [](const Pulse& p) { return std::isfinite(p.until_h) ? p.until_h : p.start_h; };
    const bool apart = std::all_of(moved.begin(), moved.end(), [&](const Pulse& other) { return &other == &at || other.input != at.input || !(other.amount > 0) || other.start_h >= end(at) + gap_h - 1e-9 || at.start_h >= end(other) + gap_h - 1e-9; });
    if (!apart) continue;
    const EnsembleAnswer answer = ensemble_answer(*problem.system, problem.target, members, moved);
    if (!answer.outcome.ok()) continue;
    out.push_back({start, risk_of(problem.risk, answer.distances, answer.weights), answer.distances.dot(answer.weights) / answer.weights.sum(), answer.quantities.transpose() * answer.weights / answer.weights.sum()});
  }
  return out;
}

std::vector<VariableSlack> variable_slack(const PlanProblem& problem, const PlanSearch& search, double rise) {
  const PlanShape& shape = search.shapes[static_cast<std::size_t>(search.best.shape)];
  const int variables = shape.variable_count();
  std::vector<VariableSlack> out;
  if (variables == 0) return out;
  std::vector<int> members = problem.members;
  if (members.empty()) members.resize(static_cast<std::size_t>(problem.system->member_count())), std::iota(members.begin(), members.end(), 0);
  PlanProblem smooth = problem;      // the largest distance has no curvature: its neighbour among smooth measures has
  if (smooth.risk.measure == RiskMeasure::worst) smooth.risk = {RiskMeasure::quantile, 1 - 0.5 / static_cast<double>(members.size()), 0};
  EnsembleProgram program(smooth, shape, members);
  const NonlinearProgram function = program.program();
  const Eigen::VectorXd z = program.to_program(search.best.x);
  const auto slope_at = [&](const Eigen::VectorXd& at) {
    double value;
    Eigen::VectorXd gradient;
    if (!function.objective(at, value, &gradient)) gradient.setConstant(variables, std::numeric_limits<double>::quiet_NaN());
    return gradient;
  };
  const Eigen::VectorXd slope = slope_at(z);
  Eigen::MatrixXd curvature(variables, variables);
  std::vector<int> free;
  constexpr double step = 1e-3;
  for (int v = 0; v < variables; ++v) {
    Eigen::VectorXd low = z, high = z;
    low[v] = std::max(0.0, z[v] - step), high[v] = std::min(1.0, z[v] + step);
    curvature.col(v) = (slope_at(high) - slope_at(low)) / (high[v] - low[v]);
    const bool held = (z[v] < 1e-6 && slope[v] > 0) || (z[v] > 1 - 1e-6 && slope[v] < 0);
    if (!held) free.push_back(v);
  }
  curvature = (0.5 * (curvature + curvature.transpose())).eval();
  double least = 0, kept = 0;      // cost, and what limits are missed by, at the plan
  const bool followed = program.value(search.best.x, least, kept);
  // From z towards `bound` along one variable: the place where the cost has risen or a limit is missed, by steps and bisection.
  const auto moved_alone = [&](Eigen::VectorXd at, int v, double bound, double by, bool& known) {
    const double from = at[v];
    const auto risen = [&](double place) {
      double cost = 0, missed = 0;
      at[v] = place;
      if (!followed || !program.value(program.to_plan(at), cost, missed)) known = false;
      return cost > least + by || missed > kept + 1e-9;
    };
    constexpr int steps = 16;
    double inside = from, outside = from;
    for (int k = 1; k <= steps && outside == inside; ++k) {
      const double place = from + (bound - from) * k / steps;
      if (risen(place)) outside = place;
      else inside = outside = place;
    }
    if (outside == inside) return bound;
    for (int k = 0; k < 8; ++k) (risen(0.5 * (inside + outside)) ? outside : inside) = 0.5 * (inside + outside);
    return inside;
  };
  const auto n = static_cast<Eigen::Index>(free.size());
  Eigen::MatrixXd inner = curvature(free, free);
  const Eigen::LDLT<Eigen::MatrixXd> factor(inner);
  const bool convex = n > 0 && inner.allFinite() && factor.info() == Eigen::Success && factor.isPositive() && factor.vectorD().minCoeff() > 0;
  const Eigen::MatrixXd inverse = convex ? Eigen::MatrixXd(factor.solve(Eigen::MatrixXd::Identity(n, n))) : Eigen::MatrixXd();
  for (int v = 0; v < variables; ++v) {
    const PlanVariable& variable = shape.variables()[static_cast<std::size_t>(v)];
    const double width = variable.upper - variable.lower;
    VariableSlack slack{variable.name, variable.unit, search.best.x[v], variable.lower, variable.upper, false, true, true};
    const auto place = std::find(free.begin(), free.end(), v);
    double reach = 1;
    if (place == free.end()) slack.at_bound = true, reach = std::min(1.0, rise / std::abs(slope[v]));
    else if (!convex) {
      slack.following = false;
      const auto reached = [&](double bound) { return moved_alone(z, v, bound, rise, slack.known); };
      const double low = reached(0), high = reached(1);
      slack.lower = variable.lower + width * low, slack.upper = variable.lower + width * high;
      out.push_back(slack);
      continue;
    } else reach = std::sqrt(2 * rise * std::max(0.0, inverse(place - free.begin(), place - free.begin())));
    slack.lower = std::max(variable.lower, slack.value - reach * width);
    slack.upper = std::min(variable.upper, slack.value + reach * width);
    out.push_back(slack);
  }
  return out;
}

PredictiveRange range_with_open_reach(const PlanProblem& problem, const PlanRecord& record, const MemberPlans& own) {
  HYPED_REQUIRE(own.distances.size() == record.distances.size());
  const bool root = problem.target.kind() == PlanDistance::root_mean_square;
  const Eigen::ArrayXd whole = record.distances.array(), best = own.distances.array().min(whole);
  Eigen::VectorXd gain = whole - best;
  if (root) gain = (whole.square() - best.square()).sqrt();
  PredictiveRange out = record.range;
  out.lower = std::min(out.lower, predictive_range(gain, record.weights).lower);
  return out;
}

MemberPlans member_plans(const PlanProblem& problem, const PlanSearch& search, const std::vector<int>& members) {
  MemberPlans out;
  const PlanShape& shape = search.shapes[static_cast<std::size_t>(search.best.shape)];
  const auto count = static_cast<Eigen::Index>(members.size());
  out.variables.resize(count, shape.variable_count());
  out.distances.setZero(count);
  Eigen::VectorXd common = Eigen::VectorXd::Zero(count), liked = common, shared = common;      // costs: distance and price of the dose; shared: distance of the common plan
  PlanProblem own = problem;
  own.risk = {RiskMeasure::mean, 0.9, 0};
  parallel_for(static_cast<int>(count), [&](int m) {
    EnsembleProgram program(own, shape, {members[static_cast<std::size_t>(m)]});
    double cost = 0, violation = 0;
    out.variables.row(m) = search.best.x.transpose();
    if (!program.value(search.best.x, cost, violation)) return;
    common[m] = liked[m] = cost;
    const std::vector<int> alone{members[static_cast<std::size_t>(m)]};
    const auto distance_at = [&](const Eigen::VectorXd& x) { return ensemble_answer(*problem.system, problem.target, alone, shape.pulses(x)).distances[0]; };
    out.distances[m] = shared[m] = distance_at(search.best.x);
    if (shape.variable_count() == 0) return;
    ProgramOptions solver;
    solver.method = ProgramMethod::sequential;
    solver.tolerance = 1e-6;
    solver.iteration_limit = 60;
    solver.value_tolerance = 1e-5;
    const Eigen::VectorXd x = program.to_plan(solve_program(program.program(), program.to_program(search.best.x), solver).x);
    double better = 0, broken = 0;
    if (program.value(x, better, broken) && better < cost && broken <= std::max(1e-6, violation)) out.variables.row(m) = x.transpose(), liked[m] = better, out.distances[m] = distance_at(x);
  });
  Eigen::VectorXd weights(count);
  for (Eigen::Index m = 0; m < count; ++m) weights[m] = problem.system->weight(members[static_cast<std::size_t>(m)]);
  out.regret = (common - liked).dot(weights) / weights.sum();
  out.nearer = (shared - out.distances).dot(weights) / weights.sum();
  const Eigen::MatrixXd parameters = problem.system->parameters();
  const std::vector<std::string> names = problem.system->parameter_names();
  const double effective = effective_count(weights);
  if (parameters.rows() != problem.system->member_count() || effective < 5) return out;
  for (std::size_t p = 0; p < names.size(); ++p) {
    const Eigen::VectorXd values = parameters(members, static_cast<Eigen::Index>(p));
    const auto add = [&](const std::string& of, const Eigen::VectorXd& what) {
      const double r = spearman(values, what, weights), z = std::atanh(std::clamp(r, -0.999999, 0.999999)), sd = 1.06 / std::sqrt(effective - 3);
      out.sensitivities.push_back({names[p], of, r, std::tanh(z - 1.96 * sd), std::tanh(z + 1.96 * sd)});
    };
    add("distance", shared);
    for (int v = 0; v < shape.variable_count(); ++v) add(shape.variables()[static_cast<std::size_t>(v)].name, out.variables.col(v));
  }
  return out;
}

}  // namespace hyped::control
