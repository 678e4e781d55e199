// The non-additive part of a dual arm: values, intervals, and a functional for profiles.
#include <cmath>

#include "experiments/grn/twin/twin_edges.hpp"

namespace hyped {
namespace {

struct SignedGroup {
  const CellGroup* group = nullptr;
  double sign = 1;
};

// log dual - sum of log singles + (singles - 1) log control.
std::vector<SignedGroup> terms_of(const TwinEdgeProblem& problem, const std::string& control, const std::vector<std::string>& singles, const std::string& dual) {
  const auto group_of = [&](const std::string& arm) {
    for (const auto* list : {&problem.means->groups(), &problem.left_out})
      for (const auto& group : *list)
        if (group.arm == arm && group.phase == "G1") return &group;
    throw InputError("arm " + arm, "has no group of G1 cells", "add cells");
  };
  std::vector<SignedGroup> out{{group_of(dual), 1}, {group_of(control), static_cast<double>(singles.size()) - 1}};
  for (const auto& arm : singles) out.push_back({group_of(arm), -1});
  return out;
}

// Of all genes; by [S x P] may be null.
Outcome parts_at(const GroupMeans& means, const std::vector<SignedGroup>& terms, const Eigen::VectorXd& theta, Eigen::VectorXd& parts, Eigen::MatrixXd* by) {
  for (std::size_t k = 0; k < terms.size(); ++k) {
    Eigen::VectorXd level;
    Eigen::MatrixXd slope;
    const Outcome outcome = means.predict(*terms[k].group, theta, level, by ? &slope : nullptr);
    if (!outcome.ok()) return outcome;
    const Eigen::VectorXd kept = level.cwiseMax(1e-12);
    const Eigen::VectorXd part = terms[k].sign * kept.array().log().matrix();
    parts = k == 0 ? part : Eigen::VectorXd(parts + part);
    if (!by) continue;
    const Eigen::MatrixXd scaled = terms[k].sign * (kept.cwiseInverse().asDiagonal() * slope);
    *by = k == 0 ? scaled : Eigen::MatrixXd(*by + scaled);
  }
  return {};
}

}  // namespace

std::vector<PredictedNumber> non_additive_parts(const TwinEdgeProblem& problem, const TwinEdgeFit& fit, const std::string& control, const std::vector<std::string>& singles, const std::string& dual) {
  Eigen::VectorXd parts;
  Eigen::MatrixXd by;
  const Outcome outcome = parts_at(*problem.means, terms_of(problem, control, singles, dual), fit.fit.theta, parts, &by);
  HYPED_REQUIRE(outcome.ok());
  std::vector<PredictedNumber> out;
  for (std::size_t g = 0; g < problem.genes.size(); ++g) out.push_back(predicted(problem.genes[g], parts[static_cast<Eigen::Index>(g)], by.row(static_cast<Eigen::Index>(g)).transpose(), *fit.evidence));
  return out;
}

NetworkFunctional non_additive_part(const TwinEdgeProblem& problem, int gene, const std::string& control, const std::vector<std::string>& singles, const std::string& dual) {
  return [means = problem.means.get(), terms = terms_of(problem, control, singles, dual), gene](const Eigen::VectorXd& theta, double& value, Eigen::VectorXd* gradient) {
    Eigen::VectorXd parts;
    Eigen::MatrixXd by;
    const Outcome outcome = parts_at(*means, terms, theta, parts, gradient ? &by : nullptr);
    if (!outcome.ok()) return outcome;
    value = parts[gene];
    if (gradient) *gradient = by.row(gene).transpose();
    return Outcome{};
  };
}

NetworkFunctional element_of(int index) {
  return [index](const Eigen::VectorXd& theta, double& value, Eigen::VectorXd* gradient) {
    value = theta[index];
    if (gradient) *gradient = Eigen::VectorXd::Unit(theta.size(), index);
    return Outcome{};
  };
}

}  // namespace hyped
