// Small invented problems of data-guided control, and the same answers worked out with dense matrices.
#pragma once
#include <Eigen/Dense>
#include <cmath>
#include <string>
#include <vector>

#include "experiments/control/factors/factor_search.hpp"
#include "libhyped/random.hpp"

namespace hyped::testing {

inline Eigen::MatrixXd normal_matrix(Eigen::Index rows, Eigen::Index columns, std::uint32_t job) {
  RandomStream random(11, job, 3);
  Eigen::MatrixXd out(rows, columns);
  for (double& entry : out.reshaped()) entry = random.normal();
  return out;
}

// Every factor has `targets` genes, four of five of them activated.
inline control::FactorInputs made_inputs(int genes, int factors, int targets, std::uint32_t job) {
  control::FactorInputs out;
  std::vector<Eigen::Triplet<double>> entries;
  for (int m = 0; m < factors; ++m) {
    RandomStream random(12, job, static_cast<std::uint32_t>(m));
    std::vector<int> list(static_cast<std::size_t>(genes));
    for (int g = 0; g < genes; ++g) list[static_cast<std::size_t>(g)] = g;
    int up = 0;
    for (int t = 0; t < targets; ++t) {
      std::swap(list[static_cast<std::size_t>(t)], list[static_cast<std::size_t>(t + static_cast<int>(random.uniform() * (genes - t)))]);
      const double sign = random.uniform() < 0.8 ? 1 : -1;
      up += sign > 0 ? 1 : 0;
      entries.emplace_back(list[static_cast<std::size_t>(t)], m, sign);
    }
    out.names.push_back("F" + std::to_string(m)), out.activated.push_back(up), out.repressed.push_back(targets - up);
  }
  out.effect.resize(genes, factors);
  out.effect.setFromTriplets(entries.begin(), entries.end());
  return out;
}

// T times of R replicates of expression about 5 to 9, then a target.
inline control::GuidedData made_data(int genes, int times, int replicates, std::uint32_t job) {
  control::GuidedData out;
  Eigen::MatrixXd level = normal_matrix(genes, 1, job).array() + 7;
  for (int t = 0; t <= times; ++t) {
    const Eigen::MatrixXd state = level.replicate(1, replicates) + 0.2 * normal_matrix(genes, replicates, job + 100 + static_cast<std::uint32_t>(t));
    if (t < times) out.path.push_back(state);
    else out.target = {state + 0.5 * normal_matrix(genes, 1, job + 200).replicate(1, replicates)};
    level += 0.3 * normal_matrix(genes, 1, job + 300 + static_cast<std::uint32_t>(t));
  }
  return out;
}

// C_j and r with every matrix written out; states and B projected first.
struct DenseProblem {
  std::vector<Eigen::MatrixXd> effects;      // [K] C_1 .. C_K
  Eigen::VectorXd difference;
};
inline DenseProblem dense_problem(const control::GuidedData& data, const control::FactorInputs& inputs, const control::NuisanceProjection& nuisance) {
  std::vector<Eigen::MatrixXd> path;
  for (const auto& one : data.path) path.push_back(nuisance.apply(one));
  const Eigen::MatrixXd b = nuisance.apply(Eigen::MatrixXd(inputs.effect));
  const Eigen::Index genes = b.rows();
  const int steps = std::max<int>(1, static_cast<int>(path.size()) - 1);
  std::vector<Eigen::MatrixXd> a(static_cast<std::size_t>(steps), Eigen::MatrixXd::Identity(genes, genes));
  if (path.size() > 1)
    for (std::size_t k = 0; k + 1 < path.size(); ++k) {
      const Eigen::VectorXd x = path[k].rowwise().mean(), next = path[k + 1].rowwise().mean();
      if (data.rule == control::ReplicateRule::mean) a[k] += (next - x) * x.transpose() / x.squaredNorm();
      else if (data.rule == control::ReplicateRule::laboratory) a[k] += (path[k + 1] - path[k]) * path[k].transpose() / (path[k].transpose() * path[k]).sum();
      else a[k] += (path[k + 1] - path[k]) * (path[k].transpose() * path[k]).inverse() * path[k].transpose();
    }
  DenseProblem out;
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(genes, b.cols()), product = Eigen::MatrixXd::Identity(genes, genes);
  out.effects.resize(static_cast<std::size_t>(steps));
  for (int k = steps; k >= 1; --k) {      // product: A_K ... A_{k+1}
    sum += product * b;
    out.effects[static_cast<std::size_t>(k - 1)] = sum;
    product = product * a[static_cast<std::size_t>(k - 1)];
  }
  Eigen::VectorXd target = Eigen::VectorXd::Zero(genes);
  for (const auto& one : data.target) target += one.rowwise().mean() / static_cast<double>(data.target.size());
  out.difference = nuisance.apply(target) - product * path[0].rowwise().mean();
  return out;
}

// min |r - C u| over u >= 0 by trying every set of columns with least squares on C itself.
inline double brute_distance(const Eigen::MatrixXd& c, const Eigen::VectorXd& r, Eigen::VectorXd* inputs = nullptr) {
  double best = r.norm();
  if (inputs != nullptr) *inputs = Eigen::VectorXd::Zero(c.cols());
  for (unsigned set = 1; set < (1u << c.cols()); ++set) {
    std::vector<Eigen::Index> columns;
    for (Eigen::Index k = 0; k < c.cols(); ++k)
      if (set >> k & 1u) columns.push_back(k);
    Eigen::MatrixXd part(c.rows(), static_cast<Eigen::Index>(columns.size()));
    for (std::size_t k = 0; k < columns.size(); ++k) part.col(static_cast<Eigen::Index>(k)) = c.col(columns[k]);
    const Eigen::VectorXd u = part.colPivHouseholderQr().solve(r);
    if (!(u.minCoeff() >= 0)) continue;
    const double distance = (r - part * u).norm();
    if (!(distance < best)) continue;
    best = distance;
    if (inputs == nullptr) continue;
    inputs->setZero();
    for (std::size_t k = 0; k < columns.size(); ++k) (*inputs)[columns[k]] = u[static_cast<Eigen::Index>(k)];
  }
  return best;
}

}  // namespace hyped::testing
