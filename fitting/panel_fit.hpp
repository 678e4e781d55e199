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
// information (differences of the exact score), which also takes over where scoring does not settle.
PanelFit fit_panel(const PanelData& data, const PanelSpec& spec, const PanelFitOptions& options = {});

// One assumption put to the test: the wider model against the fitted one.
struct PanelTest {
  std::string assumption, alternative;            // in words
  // Twice the gain in log-likelihood and its chi-square tail; of models that are not nested an upper bound of p, corrected for all alternatives (NaN: none).
  double log_likelihood = 0, statistic = 0, p = 1;
  int extra = 0;                                  // parameters
  double gain_aic = 0;                            // AIC of the fitted model less that of the alternative
  bool nested = true;
  std::string phase = {};                         // of a test of stages in one phase
  int stages = 0, alternatives = 0;               // of tests of stages: the number asked for, and among how many alternatives it is the best
  std::string verdict;                            // begins with "rejected", "not rejected", "holds", "not applicable" or "not tested"
  Outcome outcome;
};

// Do the shares of cells in each phase follow the model? Cells there at the first look, at `times_h` after it, counted against what the model says of
// each from the phase it was seen in (with stages: from any of them alike, or the first if the cell was seen to be born); ended cells count as long as they would have been watched (weights from the product-limit estimate of being
// lost). The differences' covariance is that of the counts less what fitting the parameters took (Pierce 1982, Ann Stat 10:475), so that the
// quadratic form is chi-square. Sources: Aguirre-Hernandez & Farewell 2002, Stat Med 21:1899; Titman 2009, Biometrics 65:1079.
struct PrevalenceTest {
  double statistic = 0, p = 1;
  int degrees = 0, cells = 0;
  double largest_gap = 0, gap_at_h = 0;           // observed less expected share of the cells, where it is largest
  std::string gap_phase;
  std::vector<double> times_h;
  Outcome outcome;                                // not_identifiable: no parameters' covariance, misread phases, or too few cells
};
PrevalenceTest test_prevalence(const PanelData& data, const PanelFit& fit, const PanelSpec& spec, int covariate_row);

// Is film time every cell's age (all are seen from their birth on, which is at one time)? Then a rate that changes with time is one that changes with age.
bool time_is_age(const PanelData& data);

// Another number of stages than the fitted one (1, 2, 3, 4, 6, 8, 12) in each phase by itself, from the fitted one up and down as long as it gets better;
// where all have one, also 2 and 4 in every phase at once; and together what each phase asks for. All have as many parameters, so the gain in AIC is
// twice the log-likelihood ratio, whose tail is at most n exp(-gain / 2) for the best of n alternatives: that bound decides (0.05).
std::vector<PanelTest> test_stages(const PanelData& data, const PanelFit& fit, const PanelSpec& spec, const PanelFitOptions& options = {});

// Time-homogeneity (every rate may change at the middle of the looks; not applicable where time is age), stages (test_stages), equal courses for all
// covariate rows if the spec has no effects, and lumpability of each pair of phases with the same ways out (are the rates of the ways out equal, so
// that the two are one phase?).
std::vector<PanelTest> test_panel(const PanelData& data, const PanelFit& fit, const PanelSpec& spec, const PanelFitOptions& options = {});

}  // namespace hyped
