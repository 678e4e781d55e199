// Durations fitted by maximum likelihood: families, covariates on every parameter, cells that never progress, profile intervals.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "fitting/alike_durations.hpp"
#include "fitting/duration_times.hpp"
#include "fitting/identifiability.hpp"
#include "fitting/likelihood_interval.hpp"
#include "fitting/model_selection.hpp"
#include "libhyped/tracks/durations/duration_likelihood.hpp"

namespace hyped {

// Which covariates act on which link-scale parameter, by names: {"shape", {"siPRRX1"}}. "location" is every family's first parameter (of the
// delayed exponential the mean excess), "never" the logit of the share that never leaves.
using CovariateTerms = std::map<std::string, std::vector<std::string>>;

// theta: for every link-scale parameter its intercept, then a coefficient per covariate on it.
class DurationLikelihood final : public LogLikelihood {
 public:
  // InputError for unknown names, residual durations with a cure fraction, selected stays with one (it cancels), a covariate on the
  // delay of a delayed exponential (its likelihood ends at an edge that then moves with every cell: use the exgaussian).
  DurationLikelihood(const DurationData& data, const DurationModel& model, const CovariateTerms& terms = {});
  int parameter_count() const override { return space_.count(); }
  // information: the observed one with negative eigenvalues turned over, so that steps go up. Summed in one order with any threads.
  Outcome evaluate(const Eigen::VectorXd& theta, LikelihoodValue& out, bool derivatives) const override;
  Eigen::MatrixXd observed_information(const Eigen::VectorXd& theta) const;      // [P x P]
  // Covariance of theta if durations of a family may be alike: I^-1 (sum over families of score score') I^-1 with the inverse information given
  // [P x P]; empty if every duration is a family of its own. Source: Liang & Zeger 1986, Biometrika 73:13.
  Eigen::MatrixXd family_covariance(const Eigen::VectorXd& theta, const Eigen::MatrixXd& inverse_information) const;
  // Link-scale parameters of a cell with these covariates [C], each number carrying derivatives by the link-scale parameters.
  DurationEta eta_at(const Eigen::VectorXd& theta, const Eigen::VectorXd& covariates) const;
  // d theta-gradient from derivatives by link-scale parameters.
  Eigen::VectorXd by_theta(const Taylor<4>& value, const Eigen::VectorXd& covariates) const;
  const ParameterSpace& space() const { return space_; }
  const DurationModel& model() const { return model_; }
  const DurationData& data() const { return data_; }
  std::vector<Eigen::VectorXd> starts() const;
  int link_of(int theta_index) const { return owner_[static_cast<std::size_t>(theta_index)].first; }
  bool is_intercept(int theta_index) const { return owner_[static_cast<std::size_t>(theta_index)].second < 0; }
  // What theta's number is multiplied with: 1, or its covariate.
  double column(int theta_index, const Eigen::VectorXd& covariates) const;

 private:
  struct Sums;
  template <class T>
  struct Tabulated;                      // tails and densities at the distinct moments
  template <class T>
  Tabulated<T> tabulate(const Eigen::VectorXd& theta) const;
  // Of groups; scores, if wanted, by group.
  template <class T>
  void add(const Eigen::VectorXd& theta, const Tabulated<T>& at, int from, int to, Sums& out) const;
  template <class T>
  void sum_all(const Eigen::VectorXd& theta, std::vector<Sums>& sums) const;
  const DurationData& data_;
  AlikeDurations alike_;
  DurationTimes times_;
  DurationModel model_;
  ParameterSpace space_;
  std::vector<std::pair<int, int>> owner_;      // by theta index: link parameter, column of the design (-1: intercept)
};

// A cell whose mean and sd are told: name and covariates [C].
struct ReferenceCell {
  std::string name;
  Eigen::VectorXd covariates;
};

// What is told of a fit: parameters on their natural scale, mean and sd of those that progress for every cell (none: the baseline, whose
// mean may be the first parameter).
std::vector<LikelihoodQuantity> quantities_of(const DurationLikelihood& function, const LikelihoodResult& best, const std::vector<ReferenceCell>& cells);

struct DurationFitOptions {
  bool intervals = true;
  double gain_tolerance = 1e-14;                // log-likelihood a full step would still gain at the end
  Eigen::VectorXd start = {};                   // not empty: the only start, and with Erlang stages the model's own number of them is where the climb begins
  std::vector<ReferenceCell> told_at = {};      // empty: the baseline, all covariates 0
};

struct DurationFit {
  DurationModel model;                          // with the stages found
  CovariateTerms terms;
  LikelihoodResult best;
  Eigen::MatrixXd information;                  // observed, at best.theta
  Identifiability identifiability;
  // Natural scale, profile and Wald: every parameter, then mean and sd [h] of those that progress for every reference cell. Where families
  // have several members the threshold grows by the ratio of the variances with and without them, if above 1 (Chandler & Bate 2007,
  // Biometrika 94:167), so that alike sisters do not count as two.
  std::vector<LikelihoodInterval> intervals;
  ModelEvidence evidence;                       // for score_models, likelihood_ratio
  std::vector<std::string> words;               // what is not identified and why
  int finished = 0, cut_off = 0;                // stays
  // Why no mean or sd may be told; empty: they may. A mean is told if more stays finished than the fit has parameters, its profile closes on
  // both sides, and the spread has not collapsed onto the stays that finished (its parameter stands at a bound).
  std::string not_estimable;
  Outcome outcome;
  const LikelihoodInterval& interval(const std::string& name) const;      // InputError if there is none
  double log_likelihood() const { return best.at.log_likelihood; }
};

// Maximum likelihood from several fixed starts. Erlang: the number of stages by search, its interval of the mean over all numbers of stages
// that the data allow. Numerical failure is in `outcome`, and in intervals that are open or broke off.
DurationFit fit_durations(const DurationData& data, const DurationModel& model, const CovariateTerms& terms = {}, const DurationFitOptions& options = {});

// Several families on the same data with AICc; those that fail are left out of the scores and say why in their outcome.
struct FamilyComparison {
  std::vector<DurationFit> fits;
  std::vector<ModelScore> scores;               // of the fits that are ok, in their order
};
FamilyComparison compare_families(const DurationData& data, const std::vector<FamilyKind>& families, bool cure, const CovariateTerms& terms = {},
                                  const DurationFitOptions& options = {});

}  // namespace hyped
