// Steps from replicates, and products of steps as sums of low rank.
#include "experiments/control/factors/guided_dynamics.hpp"

#include <fmt/format.h>

#include <Eigen/SVD>
#include <limits>

#include "fitting/networks/series/linear_dynamics.hpp"
#include "libhyped/errors.hpp"

namespace hyped::control {
namespace {

Eigen::MatrixXd means_of(const std::vector<Eigen::MatrixXd>& states) {
  Eigen::MatrixXd out(states[0].rows(), static_cast<Eigen::Index>(states.size()));
  for (std::size_t t = 0; t < states.size(); ++t) out.col(static_cast<Eigen::Index>(t)) = states[t].rowwise().mean();
  return out;
}

// X^+' of a tall X with few columns, [G x R]: the pseudoinverse itself would be made from an identity of G x G.
Eigen::MatrixXd transposed_pseudoinverse(const Eigen::MatrixXd& x) {
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(x, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Eigen::VectorXd& sigma = svd.singularValues();
  const double least = sigma[0] * std::numeric_limits<double>::epsilon() * static_cast<double>(std::min(x.rows(), x.cols()));
  Eigen::VectorXd inverse = Eigen::VectorXd::Zero(sigma.size());
  for (Eigen::Index k = 0; k < sigma.size(); ++k)
    if (sigma[k] > 10 * least) inverse[k] = 1 / sigma[k];      // columns drawn twice count once
  return svd.matrixU() * inverse.asDiagonal() * svd.matrixV().transpose();
}

}  // namespace

const char* to_string(ReplicateRule rule) { return rule == ReplicateRule::mean ? "mean of replicates" : rule == ReplicateRule::each ? "every replicate" : "as the laboratory's code"; }

std::vector<GuidedTransition> guided_transitions(const std::vector<Eigen::MatrixXd>& states, ReplicateRule rule) {
  std::vector<GuidedTransition> out;
  if (rule == ReplicateRule::mean) {
    for (const auto& step : guided_steps(means_of(states))) out.push_back({step.change, step.state});
    return out;
  }
  for (std::size_t k = 0; k + 1 < states.size(); ++k) {
    const Eigen::MatrixXd &x = states[k], &next = states[k + 1];
    if (x.cols() != next.cols()) throw InputError(fmt::format("time point {}", k + 1), fmt::format("has {} replicates, the one before {}", next.cols(), x.cols()), "use the mean of replicates");
    const double all = x.rowwise().sum().squaredNorm();
    if (!(all > 0)) throw InputError(fmt::format("time point {}", k), "is all zero: its step is not defined", "");
    if (rule == ReplicateRule::laboratory) out.push_back({(next - x) / all, x});
    else out.push_back({next - x, transposed_pseudoinverse(x)});
  }
  return out;
}

GuidedProblem guided_problem(const GuidedData& data, const NuisanceProjection& nuisance) {
  HYPED_REQUIRE(!data.path.empty() && !data.target.empty());
  const Eigen::Index genes = data.path[0].rows();
  GuidedProblem out;
  out.removed = nuisance.directions;
  Eigen::VectorXd target = Eigen::VectorXd::Zero(genes);
  for (const auto& one : data.target) target += one.rowwise().mean();
  target = nuisance.apply(target / static_cast<double>(data.target.size()));
  std::vector<Eigen::MatrixXd> path;
  for (const auto& one : data.path) path.push_back(nuisance.apply(one));
  Eigen::VectorXd free = path[0].rowwise().mean();
  if (path.size() == 1) {
    out.difference = target - free;
    out.spread.resize(genes, 0), out.seen.resize(genes, 0);
    return out;
  }
  const auto steps = guided_transitions(path, data.rule);
  out.steps = static_cast<int>(steps.size());
  Eigen::Index columns = 0;
  for (std::size_t l = 1; l < steps.size(); ++l) columns += steps[l].seen.cols();
  out.spread.resize(genes, columns), out.seen.resize(genes, columns);
  columns = 0;
  for (std::size_t l = 0; l < steps.size(); ++l) {
    free = steps[l].apply(free);
    if (l == 0) continue;
    const Eigen::Index width = steps[l].seen.cols();
    // what came in before goes through this step too
    if (columns > 0) out.spread.leftCols(columns) = steps[l].apply(out.spread.leftCols(columns)).eval();
    out.spread.middleCols(columns, width) = steps[l].change;
    out.seen.middleCols(columns, width) = steps[l].seen;
    out.step.insert(out.step.end(), static_cast<std::size_t>(width), static_cast<int>(l) + 1);
    columns += width;
  }
  out.difference = target - free;
  return out;
}

}  // namespace hyped::control
