// Jacobian of the fitted means, priors of the penalties, covariance of the arms.
#include "experiments/grn/report/grn_evidence.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "libhyped/counted.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr int most_parameters = 400;

// A measured mean: row of the data and gene.
struct Measured {
  int row = 0, gene = 0;
};

}  // namespace

GrnEvidence grn_evidence(const GrnScenario& scenario, const GrnData& data, const FittedGrn& fitted) {
  GrnEvidence out;
  const NetworkProblem& problem = fitted.network.problem;
  const Eigen::VectorXd& theta = fitted.fit.best().theta;
  std::vector<int> active;
  std::vector<bool> edge(static_cast<std::size_t>(theta.size()), false);
  for (const int e : problem.edges) edge[static_cast<std::size_t>(e)] = true;
  for (int i = 0; i < theta.size(); ++i) {
    const bool used = !edge[static_cast<std::size_t>(i)] || theta[i] != 0;
    out.place.push_back(used ? static_cast<int>(active.size()) : -1);
    if (used) active.push_back(i);
  }
  const auto count = static_cast<Eigen::Index>(active.size());
  if (data.standard_error.size() == 0) {
    out.words = "The data have no standard errors, so what they determine is judged by leaving out folds of conditions (jackknife).";
    return out;
  }
  if (scenario.loss.kind != GrnLoss::means) {
    out.words = "Whole cells were fitted, not their means, so what the data determine is judged by leaving out folds of conditions (jackknife).";
    return out;
  }
  if (count == 0 || count > most_parameters) {
    out.words = fmt::format("{} not zero: the information is not looked at (1 to {}), what the data determine is judged by leaving out folds of conditions (jackknife).", counted(count, "parameter"), most_parameters);
    return out;
  }
  std::vector<Measured> measured;
  for (int r = 0; r < data.mean.rows(); ++r)
    for (int g = 0; g < data.mean.cols(); ++g)
      if (data.standard_error(r, g) > 0) measured.push_back({r, g});
  const auto rows = static_cast<Eigen::Index>(measured.size());
  const NetworkMeasurements& block = problem.blocks[0];
  const auto residuals = [&](const Eigen::VectorXd& at, Eigen::Ref<Eigen::VectorXd> values) {
    const NetworkPrediction predicted = predict_network(*problem.model, problem.transform.natural(at), block, problem.solving);
    if (!predicted.outcome.ok()) return predicted.outcome;
    for (Eigen::Index k = 0; k < rows; ++k) {
      const Measured& m = measured[static_cast<std::size_t>(k)];
      values[k] = (predicted.measured[0](m.gene, m.row) - data.mean(m.row, m.gene)) / data.standard_error(m.row, m.gene);
    }
    return Outcome{};
  };
  Eigen::VectorXd at_optimum(rows);
  Outcome outcome = residuals(theta, at_optimum);
  Eigen::MatrixXd jacobian(rows, count);
  std::vector<Outcome> outcomes(active.size());
  parallel_for(static_cast<int>(active.size()), [&](int k) {
    Eigen::VectorXd up = theta, down = theta, above(rows), below(rows);
    const int i = active[static_cast<std::size_t>(k)];
    const double step = 1e-3 * std::max(0.1, std::abs(theta[i]));
    up[i] += step, down[i] -= step;
    Outcome& one = outcomes[static_cast<std::size_t>(k)];
    one = residuals(up, above);
    if (one.ok()) one = residuals(down, below);
    if (one.ok()) jacobian.col(k) = (above - below) / (2 * step);
  });
  for (const Outcome& one : outcomes)
    if (outcome.ok()) outcome = one;
  if (!outcome.ok()) {
    out.words = "The information of the data could not be computed (" + outcome.message + "), so edges are judged by leaving out folds of conditions (jackknife).";
    return out;
  }
  // the objective is a mean over the measured values: times their number it is minus a log density
  const double n = static_cast<double>(rows), factor = fitted.fit.best().factor;
  Eigen::VectorXd prior_sd = Eigen::VectorXd::Constant(count, std::numeric_limits<double>::infinity()), estimate(count);
  std::vector<std::string> names;
  for (Eigen::Index k = 0; k < count; ++k) {
    const int i = active[static_cast<std::size_t>(k)];
    estimate[k] = theta[i];
    names.push_back(fitted.network.free[static_cast<std::size_t>(i)].name);
    const double pull = problem.loss.pull.size() > 0 ? problem.loss.pull[i] : 0.0, lasso = problem.penalty.lasso.size() > 0 ? factor * problem.penalty.lasso[i] : 0.0;
    double precision = n * pull;
    if (lasso > 0) precision += n * n * lasso * lasso / 2;      // Laplace: variance 2 / rate^2
    if (precision > 0) prior_sd[k] = 1 / std::sqrt(precision);
  }
  // arms share the errors of the reference that was subtracted
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Identity(rows, rows);
  for (Eigen::Index a = 0; a < rows; ++a)
    for (Eigen::Index b = 0; b < rows; ++b) {
      const Measured &one = measured[static_cast<std::size_t>(a)], &other = measured[static_cast<std::size_t>(b)];
      if (a == b || one.gene != other.gene || data.reference_variance.size() == 0 || data.reference_of[static_cast<std::size_t>(one.row)] != data.reference_of[static_cast<std::size_t>(other.row)]) continue;
      covariance(a, b) = data.reference_variance(one.row, one.gene) / (data.standard_error(one.row, one.gene) * data.standard_error(other.row, other.gene));
    }
  const NetworkEvidence plain(estimate, jacobian, static_cast<int>(rows), prior_sd, names);
  const double used = (jacobian * plain.covariance() * jacobian.transpose()).trace();
  out.overdispersion = std::max(1.0, at_optimum.squaredNorm() / std::max(1.0, n - used));
  covariance *= out.overdispersion;
  out.evidence = std::make_unique<NetworkEvidence>(estimate, jacobian, static_cast<int>(rows), prior_sd, names, &covariance);
  out.words = fmt::format("Edges are judged by the information of {} with their standard errors between cells, those that arms share through their reference included{}. The edges are those that the penalty left; that it chose them is not in the intervals, nor is the spread between cultures.", counted(rows, "mean"),
                          out.overdispersion > 1 ? fmt::format(" and variances raised {:.1f} times, since the means lie that far from the network", out.overdispersion) : "");
  return out;
}

std::string far_words(const GrnEvidence& told_by) {
  if (!told_by.evidence || !(told_by.overdispersion > far_from_means)) return "";
  return fmt::format("The network lies {:.1f} standard errors from the measured means (root mean square): intervals and verdicts of edges hold only if what is left is noise, with variances raised {:.1f} times. A penalty too large, edges that may not be, "
                     "or a transfer that does not fit would leave it too.",
                     std::sqrt(told_by.overdispersion), told_by.overdispersion);
}

std::string cut_words(const LadderStep& step) {
  if (!(step.optimality > cut_descent * step.factor)) return "";
  return fmt::format("The descent was cut short: its optimality is {:.2g}, against a penalty of {:.2g} on an edge. A smaller least_gain or more iterations go on.", step.optimality, step.factor);
}

std::string interval_words(const PredictionRange& range, Eigen::Index gene, Eigen::Index condition, double level) {
  const bool known = std::isfinite(range.lower(gene, condition)) && std::isfinite(range.upper(gene, condition));
  return known ? fmt::format("{:g} % for a new measurement, by the folds", 100 * level) : "one value, no interval: too few conditions were left out";
}

}  // namespace hyped
