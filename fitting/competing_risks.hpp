// Stays that end in several ways: cause-specific durations as competing waiting times, exact where times are annotated and between frames alike.
#pragma once
#include <memory>
#include <vector>

#include "fitting/duration_fit.hpp"

namespace hyped {

// One family, with covariates, per cause; a stay ends by whichever comes first. theta: the causes' parameters one after the other. Annotated: the
// product of the causes' own likelihoods. Between frames: the integral of f_c times the others' survival over the interval (Gauss-Legendre,
// 10 nodes), averaged over an entry spread. A never-progressing fraction of a cause belongs to that cause. Source: Klein & Moeschberger 2003, ch. 2.7;
// independent latent times cannot be told from dependent ones (Tsiatis 1975, PNAS 72:20), the cause-specific hazards can.
class CompetingLikelihood final : public LogLikelihood {
 public:
  // InputError as for DurationLikelihood, and for selected or residual stays.
  CompetingLikelihood(const DurationData& data, const std::vector<DurationModel>& models, const std::vector<CovariateTerms>& terms);
  int parameter_count() const override { return space_.count(); }
  Outcome evaluate(const Eigen::VectorXd& theta, LikelihoodValue& out, bool derivatives) const override;
  Eigen::MatrixXd observed_information(const Eigen::VectorXd& theta) const;
  const ParameterSpace& space() const { return space_; }
  const DurationLikelihood& cause(int c) const { return *likelihoods_[static_cast<std::size_t>(c)]; }
  int first_parameter(int c) const { return first_[static_cast<std::size_t>(c)]; }
  // Probability of having ended by each cause at the times, for a cell with these covariates [T x causes].
  Eigen::MatrixXd incidence(const Eigen::VectorXd& theta, const Eigen::VectorXd& covariates, const std::vector<double>& times_h) const;

 private:
  // Value, gradient and Hessian by theta of one stay, added.
  void add(const Eigen::VectorXd& theta, int stay, double& value, Eigen::VectorXd& gradient, Eigen::MatrixXd& hessian) const;
  Outcome sum(const Eigen::VectorXd& theta, LikelihoodValue& out) const;
  const DurationData& data_;
  AlikeDurations alike_;
  std::vector<DurationData> by_cause_;
  std::vector<std::unique_ptr<DurationLikelihood>> likelihoods_;
  std::vector<int> first_;
  ParameterSpace space_;
};

struct CompetingFit {
  std::vector<DurationFit> causes;              // model, words and intervals of each cause, from the joint likelihood
  LikelihoodResult best;
  ModelEvidence evidence;
  Outcome outcome;
};
CompetingFit fit_competing(const DurationData& data, const std::vector<DurationModel>& models, const std::vector<CovariateTerms>& terms = {});

}  // namespace hyped
