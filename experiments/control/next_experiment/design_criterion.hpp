// What a design is good for: criteria on the information that candidate experiments would add to what is known, over posterior draws.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped::control {

// D: log det of the covariance of the contrasts over their number (log variance of a typical one); A: sum of their variances. One
// contrast with A is c-optimality; the identity with D is D-optimality of all parameters.
enum class CriterionKind { d_optimal, a_optimal };

// One candidate experiment as it can be done once (a well, a dish): the Fisher information it would add, per posterior draw.
struct CandidateExperiment {
  std::string name;
  double cost = 1;
  std::vector<Eigen::MatrixXd> information;      // [draws] of [P x P], positive semi-definite
};

// Draws of the parameters at which contrasts and information are taken; one draw: a locally optimal design.
struct DesignProblem {
  std::vector<Eigen::MatrixXd> known;            // [draws] of [P x P]: information of what has been measured, priors in it
  std::vector<Eigen::MatrixXd> contrasts;        // [draws] of [P x q]: gradients of the quantities of interest
  std::vector<CandidateExperiment> candidates;
  CriterionKind kind = CriterionKind::a_optimal;

  int draws() const { return static_cast<int>(contrasts.size()); }
  // InputError: sizes that differ, costs that are not positive, no candidates.
  void check() const;
};

// The criterion is expected over draws: smaller is better. infinite: the contrasts are not estimable.
double criterion(const DesignProblem& problem, const std::vector<Eigen::MatrixXd>& information);
// Its fall per unit of information of each candidate: trace(M_i G), G by draw; [candidates]. Finite criterion only.
Eigen::VectorXd sensitivities(const DesignProblem& problem, const std::vector<Eigen::MatrixXd>& information);
// known + sum of amount_i M_i, by draw.
std::vector<Eigen::MatrixXd> total_information(const DesignProblem& problem, const Eigen::VectorXd& amount);
// Variance of each contrast, by draw [draws x q]; infinite where not estimable.
Eigen::MatrixXd contrast_variances(const DesignProblem& problem, const std::vector<Eigen::MatrixXd>& information);

}  // namespace hyped::control
