// Fits, predictions and scores of splits.
#include "experiments/grn/fit/grn_split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "libhyped/counted.hpp"
#include "libhyped/distance/tail_probability.hpp"

namespace hyped {
namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

// Measured singles added up, by the dose used in the combination where it was measured; empty rows (NaN) where a single was not trained.
Eigen::MatrixXd additive_guess(const GrnData& data, const std::vector<int>& train, const std::vector<int>& test) {
  Eigen::MatrixXd out = Eigen::MatrixXd::Constant(static_cast<Eigen::Index>(test.size()), data.mean.cols(), missing);
  for (std::size_t t = 0; t < test.size(); ++t) {
    const Eigen::RowVectorXd levels = data.level.row(test[t]);
    if ((levels.array() != 0).count() < 2) continue;
    Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(data.mean.cols());
    bool all = true;
    for (Eigen::Index k = 0; k < levels.size(); ++k) {
      if (levels[k] == 0) continue;
      const auto single = std::find_if(train.begin(), train.end(), [&](int row) { return data.level(row, k) == levels[k] && (data.level.row(row).array() != 0).count() == 1; });
      if (single == train.end()) all = false;
      else sum += data.mean.row(*single);
    }
    if (all) out.row(static_cast<Eigen::Index>(t)) = sum;
  }
  return out;
}

double share_inside(const Eigen::MatrixXd& measured, const Eigen::MatrixXd& lower, const Eigen::MatrixXd& upper, int scored) {
  long inside = 0, all = 0;
  for (Eigen::Index i = 0; i < measured.rows(); ++i)
    for (Eigen::Index m = 0; m < scored; ++m)
      if (std::isfinite(lower(i, m)) && std::isfinite(upper(i, m))) ++all, inside += measured(i, m) >= lower(i, m) && measured(i, m) <= upper(i, m) ? 1 : 0;
  return all > 0 ? static_cast<double>(inside) / static_cast<double>(all) : missing;
}

}  // namespace

GrnScore score_of(const Eigen::MatrixXd& predicted, const Eigen::MatrixXd& measured, int scored) {
  GrnScore out;
  out.mse = (predicted - measured).array().square().mean();
  const Eigen::ArrayXXd p = predicted.leftCols(scored).array(), m = measured.leftCols(scored).array();
  out.mse_scored = (p - m).square().mean();
  const Eigen::ArrayXXd pc = p - p.mean(), mc = m - m.mean();
  const double scale = std::sqrt(pc.square().sum() * mc.square().sum());
  out.pearson = scale > 0 ? (pc * mc).sum() / scale : missing;
  return out;
}

FittedGrn fit_grn(const GrnScenario& scenario, const GrnData& data, const std::vector<std::string>& train) {
  const auto start = std::chrono::steady_clock::now();
  FittedGrn out;
  out.trained = train;
  out.baseline = baseline_of(data, rows_named(data, train));
  out.network = build_grn(scenario, data, out.baseline);
  out.ensemble = scenario.ensemble;
  const NetworkProblem problem = out.network.problem.only(train);
  out.fit = fit_network(problem, scenario.fit);
  if (out.fit.chosen >= 0 && !out.fit.members.empty()) {
    const std::size_t step = static_cast<std::size_t>(out.fit.chosen);
    const auto m = static_cast<Eigen::Index>(data.genes.size());
    out.left_out_residual = Eigen::MatrixXd::Constant(m, static_cast<Eigen::Index>(train.size()), missing);
    out.member_of.assign(train.size(), 0);
    for (std::size_t f = 0; f < out.fit.members.size(); ++f) {
      const NetworkMember& member = out.fit.members[f];
      if (member.ladder.size() <= step) continue;
      const int index = static_cast<int>(out.member_theta.size());
      out.member_theta.push_back(member.ladder[step].theta);
      out.member_deal.push_back(static_cast<int>(f) / out.fit.folds);
      if (f >= static_cast<std::size_t>(out.fit.folds)) continue;      // later deals: only for the spread of parameters
      const NetworkProblem held = problem.only(member.held_out);
      for (const NetworkMeasurements& block : held.blocks) {
        const NetworkPrediction seen = predict_network(*problem.model, problem.transform.natural(out.member_theta.back()), block);
        if (!seen.outcome.ok()) continue;
        const Eigen::MatrixXd means = by_condition(block, seen.measured.back());
        const auto names = conditions_of(block);
        const auto rows = rows_named(data, names);
        for (std::size_t c = 0; c < names.size(); ++c) {
          const auto at = static_cast<std::size_t>(std::find(train.begin(), train.end(), names[c]) - train.begin());
          out.member_of[at] = index;
          for (Eigen::Index g = 0; g < m; ++g)
            if (data.standard_error.size() == 0 || data.standard_error(rows[c], g) > 0) out.left_out_residual(g, static_cast<Eigen::Index>(at)) = data.mean(rows[c], g) - means(g, static_cast<Eigen::Index>(c));
        }
      }
    }
  }
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return out;
}

GrnPrediction predict_grn(const FittedGrn& fitted, const NetworkMeasurements& block, double level) {
  GrnPrediction out;
  const NetworkTransform& transform = fitted.network.problem.transform;
  const NetworkPrediction best = predict_network(*fitted.network.model, transform.natural(fitted.fit.best().theta), block);
  out.outcome = best.outcome;
  if (!best.outcome.ok()) return out;
  const auto genes = fitted.network.genes;
  out.conditions = conditions_of(block);
  const auto means_of = [&](const NetworkPrediction& one) { return Eigen::MatrixXd(by_condition(block, one.measured.back()).topRows(genes)); };
  out.estimate = means_of(best);
  out.range.lower = out.range.upper = Eigen::MatrixXd::Constant(out.estimate.rows(), out.estimate.cols(), missing);
  if (fitted.member_theta.empty()) return out;
  std::vector<Eigen::MatrixXd> members;
  for (const auto& theta : fitted.member_theta) {
    const NetworkPrediction one = predict_network(*fitted.network.model, transform.natural(theta), block);
    members.push_back(one.outcome.ok() ? means_of(one) : Eigen::MatrixXd::Constant(out.estimate.rows(), out.estimate.cols(), missing));
  }
  if (fitted.ensemble) {
    Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(out.estimate.rows(), out.estimate.cols());
    int count = 0;
    for (const auto& member : members)
      if (member.allFinite()) sum += member, ++count;
    if (count > 0) out.estimate = sum / count;
  }
  out.range = left_out_intervals(fitted.left_out_residual, fitted.member_of, members, level);
  return out;
}

SplitResult run_split(const GrnScenario& scenario, const GrnData& data, const GrnSplit& split) {
  SplitResult out;
  out.split = split;
  const std::vector<int> train = rows_named(data, split.train), test = rows_named(data, split.test);
  const int scored = data.scored();
  out.measured = data.mean(test, Eigen::all);
  const FittedGrn fitted = fit_grn(scenario, data, split.train);
  out.seconds = fitted.seconds;
  out.words = fitted.fit.words;
  out.ridge_penalty = fitted.baseline.penalty;
  const Eigen::MatrixXd levels = data.level(test, Eigen::all);
  out.linear = fitted.baseline.predict(levels);
  out.ridge = score_of(out.linear, out.measured, scored);
  const Eigen::MatrixXd half = fitted.baseline.half_width(levels, scenario.level);
  out.ridge_coverage = share_inside(out.measured, out.linear - half, out.linear + half, scored);
  out.no_change = score_of(Eigen::MatrixXd::Zero(out.measured.rows(), out.measured.cols()), out.measured, scored);
  out.network = out.additive = {missing, missing, missing};
  out.coverage = out.non_additive = out.non_additive_linear = missing;
  out.outcome = fitted.fit.outcome;
  if (fitted.fit.chosen < 0 || !std::isfinite(fitted.fit.best().misfit)) return out;
  out.factor = fitted.fit.best().factor;
  out.edges = fitted.fit.best().edges;
  const GrnPrediction predicted = predict_grn(fitted, fitted.network.problem.only(split.test).blocks.at(0), scenario.level);
  if (!predicted.outcome.ok()) {
    out.outcome = predicted.outcome;
    return out;
  }
  out.predicted = predicted.estimate.transpose();
  out.network = score_of(out.predicted, out.measured, scored);
  out.coverage = share_inside(out.measured, predicted.range.lower.transpose(), predicted.range.upper.transpose(), scored);
  const Eigen::MatrixXd additive = additive_guess(data, train, test);
  std::vector<int> known;
  for (Eigen::Index t = 0; t < additive.rows(); ++t)
    if (additive.row(t).allFinite()) known.push_back(static_cast<int>(t));
  out.additive_count = static_cast<int>(known.size());
  if (known.empty()) return out;
  const Eigen::MatrixXd truth = out.measured(known, Eigen::all), guess = additive(known, Eigen::all);
  if (known.size() == test.size()) out.additive = score_of(guess, truth, scored), out.added = guess;
  const double rest = (truth - guess).leftCols(scored).squaredNorm();
  out.non_additive = 1 - (truth - out.predicted(known, Eigen::all)).leftCols(scored).squaredNorm() / rest;
  out.non_additive_linear = 1 - (truth - out.linear(known, Eigen::all)).leftCols(scored).squaredNorm() / rest;
  return out;
}

PairedDifference paired_difference(const std::vector<double>& all, double overlap) {
  PairedDifference out;
  std::vector<double> differences;
  for (const double d : all)
    if (std::isfinite(d)) differences.push_back(d);
  out.missing = static_cast<int>(all.size() - differences.size());
  out.splits = static_cast<int>(differences.size());
  const double n = static_cast<double>(differences.size());
  for (const double d : differences) out.mean += d / n, out.ahead += d > 0 ? 1 : 0;
  out.lower = out.upper = out.corrected_lower = out.corrected_upper = missing;
  if (differences.empty()) out.mean = missing;
  if (differences.size() < 2) return out;
  double variance = 0;
  for (const double d : differences) variance += (d - out.mean) * (d - out.mean) / (n - 1);
  const double t = student_quantile(0.975, n - 1), half = t * std::sqrt(variance / n), wide = t * std::sqrt(variance * (1 / n + overlap));
  out.lower = out.mean - half, out.upper = out.mean + half;
  out.corrected_lower = out.mean - wide, out.corrected_upper = out.mean + wide;
  return out;
}

ErrorInterval error_interval(double mse, const std::vector<double>& by_group, const std::string& group, double level) {
  const double n = static_cast<double>(by_group.size());
  if (n < 3) return {missing, missing, fmt::format("one value, no interval: {} held out, and a spread needs 3", counted(by_group.size(), group))};
  double mean = 0, variance = 0;
  for (const double v : by_group) mean += v / n;
  for (const double v : by_group) variance += (v - mean) * (v - mean) / (n - 1);
  if (!(mean > 0) || !std::isfinite(mse)) return {missing, missing, "one value, no interval: there is no error"};
  const double half = student_quantile(0.5 + 0.5 * level, n - 1) * std::sqrt(variance / n) / mean;
  return {mse * std::exp(-half), mse * std::exp(half), fmt::format("{:g} %, over {} held out", 100 * level, counted(by_group.size(), group))};
}

std::string verdict_of(const PairedDifference& d) {
  if (d.splits == 0) return "No split could be compared: network or linear baseline has no score.";
  if (d.splits < 2) return d.mean > 0 ? fmt::format("The network is ahead of the linear baseline by {:.4f} in one split: one split shows nothing.", d.mean) : fmt::format("The network is no better than linear: {:.4f} behind in one split.", -d.mean);
  const std::string figures = fmt::format("Pearson r differs by {:+.4f}, paired 95 % interval {:+.4f} to {:+.4f} over {}, ahead in {}; corrected for the conditions that splits share {:+.4f} to {:+.4f}{}", d.mean, d.lower, d.upper, counted(d.splits, "split"), d.ahead, d.corrected_lower, d.corrected_upper, d.missing > 0 ? fmt::format("; {} without a score {} not counted", counted(d.missing, "split"), d.missing == 1 ? "is" : "are") : "");
  if (d.upper < 0) return "The network is no better than linear: it is worse. " + figures + ".";
  if (!(d.lower > 0)) return "The network is no better than linear. " + figures + ".";
  if (!(d.corrected_lower > 0)) return "The network is ahead of the linear baseline on these splits, but the corrected interval holds 0: at least as good as linear, not shown to be better for other conditions. " + figures + ".";
  return "The network is better than linear. " + figures + ".";
}

}  // namespace hyped
