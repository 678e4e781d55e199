// Maximum likelihood of multi-state models, and tests of what they assume.
#pragma once
#include <Eigen/Core>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fitting/general_likelihood.hpp"
#include "fitting/identifiability.hpp"
#include "fitting/parameter_space.hpp"
#include "libhyped/tracks/panels/panel_likelihood.hpp"

namespace hyped {

struct PanelEstimate {
  std::string name, unit, meaning;
  double estimate = 0, lower = 0, upper = 0;      // natural units; Wald on the search scale, 95 %
  bool identified = true;
  std::string how;                                // data, at lower bound, not identifiable
};

struct PanelFitOptions {
  ScoringOptions scoring = {};
  std::map<std::string, double> first = {};       // where the first start is, natural units, by name; others at their own
  int starts = 1;                                 // further ones from a low-discrepancy design around the first (a tenth to ten times the rates)
};

struct PanelFit {
  ParameterSpace space;
  Eigen::VectorXd theta;                          // search scale [P]
  double log_likelihood = 0;
  int parameter_count = 0, iterations = 0;
  long intervals = 0;
  std::vector<PanelEstimate> estimates;           // of the model's parameters, in its order
  std::vector<PanelEstimate> sojourns;            // mean stay [h] in every phase that is left, covariates 0, first piece of time
  std::vector<PanelEstimate> exits;               // probability of every way out at its end, where there is more than one
  Identifiability identifiability;                // from the observed information
  std::vector<double> start_log_likelihoods;      // where every start ended
  Outcome outcome;
  Eigen::VectorXd natural() const { return space.natural(theta); }
};

// Fisher scoring with the subjects' summed outer products of scores as information (Berndt et al. 1974); intervals from the observed
// information (differences of the exact score).
PanelFit fit_panel(const PanelData& data, const PanelSpec& spec, const PanelFitOptions& options = {});

// One assumption put to the test: the wider model against the fitted one.
struct PanelTest {
  std::string assumption, alternative;            // in words
  double log_likelihood = 0, statistic = 0, p = 1;      // twice the gain and its chi-square tail; no p where the models are not nested
  int extra = 0;                                  // parameters
  double gain_aic = 0;                            // AIC of the fitted model less that of the alternative
  bool nested = true;
  std::string verdict;
  Outcome outcome;
};

// Do the shares of cells in each phase follow the model? Cells there at the first look, at `times_h` after it, counted against what the model says of
// each from the phase it was seen in; ended cells count as long as they would have been watched (weights from the product-limit estimate of being
// lost). The differences' covariance is that of the counts less what fitting the parameters took (Pierce 1982, Ann Stat 10:475), so that the
// quadratic form is chi-square. Sources: Aguirre-Hernandez & Farewell 2002, Stat Med 21:1899; Titman 2009, Biometrics 65:1079.
struct PrevalenceTest {
  double statistic = 0, p = 1;
  int degrees = 0, cells = 0;
  double largest_gap = 0, gap_at_h = 0;           // observed less expected share of the cells, where it is largest
  std::string gap_phase;
  std::vector<double> times_h;
  Outcome outcome;                                // not_identifiable: no parameters' covariance, misread phases, stages, or too few cells
};
PrevalenceTest test_prevalence(const PanelData& data, const PanelFit& fit, const PanelSpec& spec, int covariate_row);

// Time-homogeneity (every rate may change at the middle of the looks), memorylessness (2 and 4 stages in each phase that is left, same
// number of parameters, by AIC), equal courses for all covariate rows if the spec has no effects, and lumpability of each pair of phases
// with the same ways out (are the rates of the ways out equal, so that the two are one phase?).
std::vector<PanelTest> test_panel(const PanelData& data, const PanelFit& fit, const PanelSpec& spec, const PanelFitOptions& options = {});

}  // namespace hyped
