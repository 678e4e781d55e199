// Centred columns, their angles and null space.
#include "fitting/networks/evidence/input_design.hpp"

#include <fmt/format.h>

#include <Eigen/SVD>
#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"

namespace hyped {

bool DesignReport::by_prior_only(const std::string& input) const { return std::find(separable.begin(), separable.end(), input) == separable.end(); }

DesignReport check_design(const InputDesign& design, double relative) {
  const auto arms = static_cast<Eigen::Index>(design.arms.size()), inputs = static_cast<Eigen::Index>(design.inputs.size());
  if (design.amount.rows() != arms || design.amount.cols() != inputs) throw InputError("design", "has not one amount per arm and input", "");
  if (inputs > 0 && (design.amount.minCoeff() < 0 || !design.amount.allFinite())) throw InputError("design", "has an amount that is negative or not finite", "amounts of inputs are zero or more");
  DesignReport out;
  std::vector<Eigen::Index> present;
  std::vector<std::string> constant;
  Eigen::MatrixXd columns(arms, inputs);
  for (Eigen::Index k = 0; k < inputs; ++k) {
    const Eigen::VectorXd amount = design.amount.col(k);
    const auto& name = design.inputs[static_cast<std::size_t>(k)];
    if (!(amount.maxCoeff() > 0)) {
      out.absent.push_back(name);
      continue;
    }
    const Eigen::VectorXd centred = amount.array() - amount.mean();
    if (centred.norm() <= relative * amount.norm()) {
      constant.push_back(name);
      continue;
    }
    columns.col(static_cast<Eigen::Index>(present.size())) = centred / centred.norm();
    present.push_back(k);
  }
  for (const auto& name : constant) out.pairs.push_back({{name}, fmt::format("{} is the same in all arms: its effect is not told from the baseline; by prior only.", name)});
  const auto count = static_cast<Eigen::Index>(present.size());
  out.inputs = static_cast<int>(count) + static_cast<int>(constant.size());
  if (count == 0) return out;
  columns.conservativeResize(arms, count);
  const auto name = [&](Eigen::Index c) { return design.inputs[static_cast<std::size_t>(present[static_cast<std::size_t>(c)])]; };
  // groups of parallel columns
  std::vector<int> group(static_cast<std::size_t>(count), -1);
  std::vector<Eigen::Index> leaders;
  for (Eigen::Index c = 0; c < count; ++c) {
    for (std::size_t l = 0; l < leaders.size() && group[static_cast<std::size_t>(c)] < 0; ++l)
      if (1 - std::abs(columns.col(c).dot(columns.col(leaders[l]))) < relative) group[static_cast<std::size_t>(c)] = static_cast<int>(l);
    if (group[static_cast<std::size_t>(c)] < 0) group[static_cast<std::size_t>(c)] = static_cast<int>(leaders.size()), leaders.push_back(c);
  }
  std::vector<bool> alone(leaders.size(), true);
  for (std::size_t l = 0; l < leaders.size(); ++l) {
    InseparableInputs together;
    for (Eigen::Index c = 0; c < count; ++c)
      if (group[static_cast<std::size_t>(c)] == static_cast<int>(l)) together.inputs.push_back(name(c));
    if (together.inputs.size() < 2) continue;
    alone[l] = false;
    together.text = fmt::format("{} always come together: the arms cannot tell their effects apart; separated by prior only.", fmt::join(together.inputs, ", "));
    out.pairs.push_back(std::move(together));
  }
  // null directions among the groups
  Eigen::MatrixXd reduced(arms, static_cast<Eigen::Index>(leaders.size()));
  for (std::size_t l = 0; l < leaders.size(); ++l) reduced.col(static_cast<Eigen::Index>(l)) = columns.col(leaders[l]);
  Eigen::MatrixXd padded = Eigen::MatrixXd::Zero(std::max(reduced.rows(), reduced.cols()), reduced.cols());
  padded.topRows(arms) = reduced;
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(padded, Eigen::ComputeFullV);
  for (Eigen::Index k = 0; k < svd.singularValues().size(); ++k) {
    if (svd.singularValues()[k] > relative * svd.singularValues()[0]) {
      ++out.rank;
      continue;
    }
    InseparableInputs combination;
    for (Eigen::Index l = 0; l < reduced.cols(); ++l)
      if (std::abs(svd.matrixV()(l, k)) > 1e-6) combination.inputs.push_back(name(leaders[static_cast<std::size_t>(l)])), alone[static_cast<std::size_t>(l)] = false;
    combination.text = fmt::format("A sum of {} is the same in all arms: their effects are separated by prior only.", fmt::join(combination.inputs, ", "));
    out.combinations.push_back(std::move(combination));
  }
  for (std::size_t l = 0; l < leaders.size(); ++l)
    if (alone[l]) out.separable.push_back(name(leaders[l]));
  return out;
}

}  // namespace hyped
