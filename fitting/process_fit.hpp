// The default fit: counts of the same cells over time, weighted with the covariance of the branching process, wells as random.
#pragma once
#include <Eigen/Core>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fitting/cycle_problem.hpp"
#include "fitting/failed_solves.hpp"
#include "fitting/identifiability.hpp"
#include "fitting/least_squares.hpp"
#include "fitting/records.hpp"
#include "fitting/variance_components.hpp"

namespace hyped {

struct ProcessOptions {
  int starts = 8;                           // low-discrepancy starts of the first, cheap fit
  int round_limit = 25;                     // covariance -> components -> parameters
  double round_tolerance = 0.02;            // largest change of a parameter in standard deviations
  std::optional<double> sister;             // correlation of sisters' cycle times; empty: estimated
  std::optional<double> detection;          // extra variance per counted cell and frame; empty: estimated
  std::optional<double> unit_variance;      // factor on the demographic covariance: 1 for counts; empty: estimated
  bool open_field = false;                  // cells move in and out of view: a component migration_variance, last
  bool random_effects = true;               // false: wells differ by chance alone
  std::optional<Eigen::VectorXd> from;      // search scale: the rounds start here, without a first fit
  LeastSquaresOptions least_squares;
  Records records;                          // keeps the starts
};

struct FittedParameter {
  std::string name, unit, meaning;
  double estimate = 0, lower = 0, upper = 0;      // natural units; 95 % Wald interval on the search scale with t quantile
  double sd = 0;                                  // search scale
  double degrees = 0;                             // of freedom, Satterthwaite
  double independent_sd = 0;                      // what independent frames would have claimed, search scale; 0: not available
  bool identified = true;
  std::string how;                                // identified, at bound, not identifiable, ...
};

struct StartRecord {
  Eigen::VectorXd start, end;
  double sum_of_squares = 0, gradient_norm = 0;
  int iterations = 0;
  SolveLog solves;
  Outcome outcome;
};

struct ProcessFit {
  Eigen::VectorXd theta;                          // search scale [P]
  Identifiability identifiability;                // with the process covariance
  std::vector<FittedParameter> parameters;        // [P]
  Eigen::MatrixXd effects;                        // predicted log multipliers of the random parameters per well [W x R]
  std::vector<double> scales;                     // cells per well at the start (relative data: factor) [W]
  std::vector<VarianceComponent> components;      // unit_variance, sister, detection, one per random-effect group, migration
  Eigen::VectorXd component_sd;
  MixedFit mixed;                                 // of the wells linearised at theta: degrees of freedom of whatever is predicted
  std::vector<double> between_to_demographic;     // per random-effect parameter: sd between wells / sd one well's counts leave
  double minus_two_log_likelihood = 0;            // Gaussian, of the data, at the final covariance
  double restricted = 0;
  int data_count = 0;                             // block averages used
  int rounds = 0;
  std::vector<StartRecord> starts;
  FailedSolves failed_solves;                     // of starts and refits of arms; who does more with the fit adds its own
  int refitted_arms = 0;                          // arms that found a better optimum when tried alone (arm_refits.hpp)
  std::vector<Eigen::VectorXd> whitened;          // residuals per well, independent with variance 1 if the model is right
  Outcome outcome;
  std::string method;
};

// After a plainly weighted fit from many starts, rounds of (1) covariance of the branching process at theta; (2) every well
// linearised about its own predicted rates (conditional linearisation: differences between wells are large against the noise of
// a well, so that expanding about the mean well would bias the rates); (3) variance components by restricted maximum likelihood;
// (4) a generalised least-squares step of the shared parameters and new predictions of the wells, halved while the penalised sum
// of squares rises. Source: Lindstrom & Bates 1990, Biometrics 46:673; Davidian & Giltinan 1995; branching moments as in
// clone_moments.hpp; intervals by Satterthwaite.
ProcessFit fit_process(const CycleProblem& problem, const ProcessOptions& options = {});

// Intervals, identifiability, spreads and verdict at fit.theta; `settled` says whether the rounds converged. Part of fit_process.
void describe(const CycleProblem& problem, ProcessFit& fit, bool settled);

// The weighted least-squares problem with a frozen covariance: what fit_process minimises last; profiles walk on it.
class ProcessResiduals final : public ResidualFunction {
 public:
  // lower: Cholesky factor of each well's marginal covariance; effects [W x R] the wells' predicted log multipliers about which
  // they are linearised and offset [W] their contribution, added to the data; both empty for the mean well.
  ProcessResiduals(const CycleProblem& problem, std::vector<Eigen::MatrixXd> lower, Eigen::MatrixXd effects = {},
                   std::vector<Eigen::VectorXd> offset = {});
  int residual_count() const override;
  int parameter_count() const override { return problem_.space().count(); }
  Outcome evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const override;
  // The wells' scales at theta, solved inside.
  std::vector<double> scales(const Eigen::VectorXd& theta) const;

 private:
  const CycleProblem& problem_;
  // Expectation [B K] and derivatives of every well.
  Outcome well_courses(const Eigen::VectorXd& theta, bool derivatives, std::vector<Eigen::VectorXd>& mean, std::vector<Eigen::MatrixXd>& slope) const;
  Eigen::VectorXd data_of(int well) const;
  std::vector<Eigen::MatrixXd> lower_;
  Eigen::MatrixXd effects_;
  std::vector<Eigen::VectorXd> offset_;
  int count_ = 0, priors_ = 0;
};

// The least-squares problem frozen at a fit, for profiles; the problem must outlive it.
std::unique_ptr<ProcessResiduals> frozen_residuals(const CycleProblem& problem, const ProcessFit& fit, Outcome& outcome);
// The marginal covariance factors of every well at a fit.
std::vector<Eigen::MatrixXd> covariance_factors(const CycleProblem& problem, const ProcessFit& fit, Outcome& outcome);

// One-sided 97.5 % quantile of Student's t with the given degrees of freedom.
double t_quantile_975(double degrees);

}  // namespace hyped
