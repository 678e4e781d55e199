// Stays that end in several ways: cause-specific durations as competing waiting times, exact where times are annotated and between frames alike.
#pragma once
#include <map>
#include <memory>
#include <vector>

#include "fitting/duration_fit.hpp"

namespace hyped {

// One family, with covariates, per cause; a stay ends by whichever comes first. theta: the causes' parameters one after the other. Annotated: the
// product of the causes' own likelihoods. Between frames: the integral of f_c times the others' survival over the interval (Gauss-Legendre,
// 10 nodes), averaged over an entry spread; where the spread is as long as the interval the double integral is one over a triangle. Stays of one film share
// the moments: tails are taken once at each. A never-progressing fraction of a cause belongs to that cause. Source: Klein & Moeschberger 2003, ch. 2.7;
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
  struct Moment {
    int row;                             // of rows_
    double t;
    unsigned survivals = 0, densities = 0;      // bit c: asked for of cause c
  };
  struct Node {
    int moment, ending;                  // cause it ends by, -1: has not ended
    double log_weight;
  };
  struct Tails;                          // log survival and log density of every cause at every moment
  struct Part;
  int moment_at(int row, double t, int ending);
  void plan();                           // which moments each group of like stays asks for
  std::pair<int, double> place(int parameter, const Eigen::VectorXd& covariates) const;
  Tails tabulate(const Eigen::VectorXd& theta) const;
  void add_log_sum(const Eigen::VectorXd& theta, const Tails& at, const std::vector<Node>& nodes, double weight, Part& part) const;
  Outcome sum(const Eigen::VectorXd& theta, LikelihoodValue& out) const;
  const DurationData& data_;
  AlikeDurations alike_;
  std::vector<DurationData> by_cause_;
  std::vector<std::unique_ptr<DurationLikelihood>> likelihoods_;
  std::vector<int> first_;
  ParameterSpace space_;
  std::vector<Eigen::VectorXd> rows_;                // distinct covariates
  std::vector<Moment> moments_;
  std::map<std::pair<int, long long>, int> moment_of_;
  std::vector<std::vector<Node>> seen_, windows_;    // by group; distinct
  std::vector<int> window_of_;                       // by group; -1: none
};

struct CompetingFit {
  std::vector<DurationFit> causes;              // model, words and intervals of each cause, from the joint likelihood
  LikelihoodResult best;
  ModelEvidence evidence;
  Outcome outcome;
};
CompetingFit fit_competing(const DurationData& data, const std::vector<DurationModel>& models, const std::vector<CovariateTerms>& terms = {});

}  // namespace hyped
