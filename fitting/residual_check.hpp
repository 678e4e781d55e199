// Does the model describe the data? Whitened residuals should be independent with variance 1; where they are not, in words.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "fitting/process_fit.hpp"

namespace hyped {

// One well's residuals after whitening with its covariance: entry t * K + k, each an innovation given what came before it.
struct WhitenedWell {
  std::string condition, well;
  std::vector<double> times_h;        // [T] middle of each block
  Eigen::VectorXd residuals;          // [T K]
  Eigen::MatrixXd design;             // whitened derivatives by shared parameters and the well's own scale [T K x (D or D + 1)]
};

struct WhitenedResiduals {
  std::vector<std::string> classes;   // [K]
  int shared = 0;                     // D, columns of every design that mean the same parameter
  std::vector<WhitenedWell> wells;
  Outcome outcome;
};

WhitenedResiduals whitened_residuals(const CycleProblem& problem, const ProcessFit& fit);

struct ResidualCheckOptions {
  double level = 0.05;                // of all tests together (Holm)
  int lags = 10;                      // of the autocorrelation and of Ljung-Box, at most T / 4
  int waves = 4;                      // slowest cosines that make up the low-frequency part
  double window_h = 6;                // of the places that are named
};

struct ResidualTest {
  std::string name;
  double statistic = 0, degrees = 0, p_value = 1;
  bool flagged = false;
};

// Sum of a condition's residuals in one class and window, standardised.
struct ResidualPlace {
  std::string condition, class_name;
  double from_h = 0, until_h = 0, z = 0;
};

struct ResidualCheck {
  Eigen::MatrixXd autocorrelation;          // pooled over wells [lags x K], lag 1 first
  double band = 0;                          // 95 % of white residuals lie within +- band, each
  std::vector<Eigen::MatrixXd> by_well;     // the same per well
  std::vector<ResidualTest> tests;          // total, shared slow part, slow differences between wells, lag 1, Ljung-Box
  std::vector<ResidualPlace> places;        // largest first, at most 5
  bool passed = true;
  std::vector<std::string> words;           // what was found and what to change; one sentence that all is well otherwise
  Outcome outcome;
};

// Chi-square tests allow for the fitted parameters: contrasts C of the residuals have covariance C'(I - H)C with H the projection on
// the design. The slow part is split in two: what all wells of an arm share speaks against the expected course (number of stages,
// a missing phase or effect), what differs between them against the well-to-well spread.
// Sources: Ljung & Box 1978, Biometrika 65:297; Holm 1979.
ResidualCheck check_residuals(const WhitenedResiduals& residuals, const ResidualCheckOptions& options = {});
ResidualCheck check_residuals(const CycleProblem& problem, const ProcessFit& fit, const ResidualCheckOptions& options = {});

}  // namespace hyped
