// Folds of arms, and what each model says of the fold it has not seen.
#include "experiments/grn/fit/grn_baselines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "libhyped/counted.hpp"

namespace hyped {
namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();
constexpr int most_groups = 10;      // where the fit has no folds

// Rows of the data that are held out together.
std::vector<std::vector<int>> groups_of(const GrnScenario& scenario, const GrnData& data, const FittedGrn& fitted) {
  std::vector<std::vector<int>> out;
  if (fitted.fit.folds > 1) {
    for (int f = 0; f < fitted.fit.folds; ++f) out.push_back(rows_named(data, fitted.fit.members[static_cast<std::size_t>(f)].held_out));
    return out;
  }
  const std::vector<std::string> arms = data.arms();
  const int n = static_cast<int>(arms.size()), groups = std::min(n, most_groups);
  const std::vector<int> fold = deal_folds(n, groups, scenario.fit.seed, 0);
  out.resize(static_cast<std::size_t>(groups));
  for (std::size_t row = 0; row < data.arm_of.size(); ++row) {
    const auto arm = std::find(arms.begin(), arms.end(), data.arm_of[row]) - arms.begin();
    out[static_cast<std::size_t>(fold[static_cast<std::size_t>(arm)])].push_back(static_cast<int>(row));
  }
  return out;
}

std::vector<std::string> names_of(const GrnData& data, const std::vector<int>& rows) {
  std::vector<std::string> out;
  for (const int row : rows) out.push_back(data.conditions[static_cast<std::size_t>(row)]);
  return out;
}

// Predictions [rows x M] by parameters; nothing where the network has no state.
std::optional<Eigen::MatrixXd> asked(const NetworkProblem& problem, const GrnData& data, const Eigen::VectorXd& theta, const std::vector<int>& rows) {
  const NetworkMeasurements block = problem.only(names_of(data, rows)).blocks.at(0);
  const NetworkPrediction seen = predict_network(*problem.model, problem.transform.natural(theta), block, problem.solving);
  if (!seen.outcome.ok()) return std::nullopt;
  const Eigen::MatrixXd means = by_condition(block, seen.measured.back()).topRows(data.mean.cols()).transpose();
  const auto names = conditions_of(block);      // in their order of appearance
  Eigen::MatrixXd out(static_cast<Eigen::Index>(rows.size()), means.cols());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto at = std::find(names.begin(), names.end(), data.conditions[static_cast<std::size_t>(rows[r])]) - names.begin();
    out.row(static_cast<Eigen::Index>(r)) = means.row(at);
  }
  return out;
}

// The step of the ladder that predicts all folds but this best; nothing if none could be predicted.
std::optional<std::size_t> step_without(const NetworkFit& fit, int fold) {
  std::optional<std::size_t> best;
  double lowest = std::numeric_limits<double>::infinity();
  for (std::size_t s = 0; s < fit.cross_validated.size(); ++s) {
    double sum = 0;
    for (int f = 0; f < fit.folds; ++f) {
      const auto& ladder = fit.members[static_cast<std::size_t>(f)].ladder;
      if (f != fold) sum += s < ladder.size() ? ladder[s].held_out : std::numeric_limits<double>::infinity();
    }
    if (sum < lowest && s < fit.members[static_cast<std::size_t>(fold)].ladder.size()) lowest = sum, best = s;
  }
  return best;
}

// The network without edges, fitted to the means of these conditions.
Eigen::VectorXd fit_inputs_alone(const GrnScenario& scenario, const NetworkProblem& whole, const std::vector<std::string>& train) {
  NetworkProblem problem = whole.only(train);
  Penalty& penalty = problem.penalty;
  constexpr double infinite = std::numeric_limits<double>::infinity();
  if (penalty.lower.size() == 0) penalty.lower = Eigen::VectorXd::Constant(problem.transform.size(), -infinite), penalty.upper = Eigen::VectorXd::Constant(problem.transform.size(), infinite);
  for (const int e : problem.edges) penalty.lower[e] = penalty.upper[e] = 0;
  penalty.groups.clear();
  problem.edges.clear();
  NetworkFitOptions options = scenario.fit;
  options.ladder = {1};
  options.descent = Descent::proximal;
  options.patience = 0;
  options.stop_at.clear();
  const auto ladder = descend_ladder(problem, {}, options);
  return ladder.empty() || !std::isfinite(ladder.back().misfit) ? Eigen::VectorXd{} : ladder.back().theta;
}

// One model's predictions, group by group: rows of groups without one are NaN.
BaselineRow scored(const GrnData& data, const std::vector<std::vector<int>>& groups, BaselineRow row, const std::vector<std::optional<Eigen::MatrixXd>>& predicted) {
  const int genes = data.scored();
  std::vector<double> guess, truth;
  double squares = 0, in_errors = 0;
  for (std::size_t f = 0; f < groups.size(); ++f) {
    if (!predicted[f]) {
      row.why_not = row.why_not.empty() ? fmt::format("no prediction for {} of {}", names_of(data, groups[f]).front(), counted(groups.size(), "group")) : row.why_not;
      row.pearson = row.mse = row.rms_se = missing;
      row.by_group.clear();
      return row;
    }
    double sum = 0;
    int count = 0;
    for (std::size_t r = 0; r < groups[f].size(); ++r)
      for (int g = 0; g < genes; ++g) {
        const Eigen::Index at = groups[f][r];
        const double se = data.standard_error.size() > 0 ? data.standard_error(at, g) : 1;
        if (!(se > 0)) continue;      // counts for nothing in the fit either
        guess.push_back((*predicted[f])(static_cast<Eigen::Index>(r), g));
        truth.push_back(data.mean(at, g));
        const double error = guess.back() - truth.back();
        sum += error * error, in_errors += error * error / (se * se), ++count;
      }
    squares += sum;
    if (count > 0) row.by_group.push_back(sum / count);
  }
  const double n = static_cast<double>(truth.size());
  row.mse = squares / n;
  row.rms_se = data.standard_error.size() > 0 ? std::sqrt(in_errors / n) : missing;
  const Eigen::Map<Eigen::VectorXd> p(guess.data(), static_cast<Eigen::Index>(guess.size())), m(truth.data(), static_cast<Eigen::Index>(truth.size()));
  const Eigen::VectorXd pc = p.array() - p.mean(), mc = m.array() - m.mean();
  const double scale = pc.norm() * mc.norm();
  row.pearson = scale > 0 ? pc.dot(mc) / scale : missing;
  return row;
}

}  // namespace

GrnBaselines cross_validated_baselines(const GrnScenario& scenario, const GrnData& data, const FittedGrn& fitted) {
  GrnBaselines out;
  const std::vector<std::vector<int>> groups = groups_of(scenario, data, fitted);
  const std::size_t arms = data.arms().size(), count = groups.size();
  std::vector<std::optional<Eigen::MatrixXd>> none, linear(count), inputs(count), network(count);
  for (const auto& rows : groups) none.emplace_back(Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(rows.size()), data.mean.cols()));
  if (arms < 2) {
    out.why_not = "There is one arm, and nothing is left to learn from when it is held out: neither the network nor a linear baseline can be compared on data that it has not seen.";
    out.rows.push_back(scored(data, groups, {"no change", 0, 0, 0, {}, "", "needs no fit"}, none));
    return out;
  }
  out.held_out = count == arms ? fmt::format("{}, each left out once", counted(arms, "arm")) : fmt::format("{} in {}, each left out once", counted(arms, "arm"), counted(count, "fold"));
  GrnScenario of_means = scenario;
  of_means.loss.kind = GrnLoss::means;
  const GrnNetwork plain = build_grn(of_means, data, fitted.baseline);
  BaselineRow ridge{"ridge on the inputs", 0, 0, 0, {}, "", "penalty by leave-one-out among the others"}, empty{"empty network", 0, 0, 0, {}, "", "inputs alone, no edge between genes"},
      full{"network", 0, 0, 0, {}, "", "penalty by the other folds"};
  for (std::size_t f = 0; f < count; ++f) {
    std::vector<int> train;
    for (std::size_t other = 0; other < count; ++other)
      if (other != f) train.insert(train.end(), groups[other].begin(), groups[other].end());
    std::sort(train.begin(), train.end());
    if (train.size() >= 2) linear[f] = baseline_of(data, train).predict(data.level(groups[f], Eigen::all));
    else ridge.why_not = "one condition is left to learn from: a penalty needs two";
    const Eigen::VectorXd theta = fit_inputs_alone(scenario, plain.problem, names_of(data, train));
    if (theta.size() > 0) inputs[f] = asked(plain.problem, data, theta, groups[f]);
    if (fitted.fit.folds < 2) continue;
    if (const auto step = step_without(fitted.fit, static_cast<int>(f))) network[f] = asked(plain.problem, data, fitted.fit.members[f].ladder[*step].theta, groups[f]);
  }
  if (fitted.fit.folds < 2) full.why_not = "folds = 0 in [fit]: the network was not cross-validated";
  else if (scenario.fit.patience > 0) full.note += "; where to stop was chosen on the fold held out, which favours it";
  out.rows = {scored(data, groups, ridge, linear), scored(data, groups, empty, inputs), scored(data, groups, full, network)};
  out.rows.push_back(scored(data, groups, {"no change", 0, 0, 0, {}, "", "needs no fit"}, none));
  return out;
}

}  // namespace hyped
