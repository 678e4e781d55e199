// Comparing models fitted to the same data: information criteria, Akaike weights and tests between nested models.
#pragma once
#include <string>
#include <vector>

#include "fitting/independent_fit.hpp"
#include "fitting/process_fit.hpp"

namespace hyped {

// What one fit says for its model.
struct ModelEvidence {
  std::string model;
  double log_likelihood = 0;      // maximised, all constants included
  int parameters = 0;             // estimated: shared ones, wells' scales, variances
  int data = 0;                   // independent values
  std::string data_text;          // what was modelled; only equal texts compare
};

// With a process covariance the likelihood is the Gaussian one of block averages with all components at their estimates.
ModelEvidence evidence_of(const std::string& model, const CycleProblem& problem, const ProcessFit& fit);
ModelEvidence evidence_of(const std::string& model, const IndependentFit& fit);

struct ModelScore {
  std::string model;
  double log_likelihood = 0, aic = 0, aicc = 0, bic = 0;
  double aicc_difference = 0;     // to the best
  double weight = 0;              // Akaike weight from AICc; weights sum to 1
  int parameters = 0;
  bool corrected = true;          // false: too few data for AICc (n <= k + 1), aicc holds AIC
};

// In the order given. AIC = -2 log L + 2 k, AICc = AIC + 2 k (k + 1) / (n - k - 1), BIC = -2 log L + k log n.
// If any model has too few data for AICc, all are weighed by AIC. Throws InputError when the data differ or a likelihood is not
// finite. Source: Burnham & Anderson 2002, ch. 2.
std::vector<ModelScore> score_models(const std::vector<ModelEvidence>& models);

struct RatioTest {
  double statistic = 0;           // twice the gain in log-likelihood, >= 0
  int degrees = 0;
  double p_value = 1;
  bool boundary = false;
  std::string text;               // in words
};

// Is `large` needed beside `small`, which it contains? variances: how many of the extra parameters are variances that are 0 in
// `small`; 0 lies on their boundary, so the reference is a binomial mixture of chi-squares, exact for one variance.
// Throws InputError when the data differ or `large` has no more parameters. Sources: Wilks 1938; Self & Liang 1987, JASA 82:605;
// Stram & Lee 1994, Biometrics 50:1171.
RatioTest likelihood_ratio(const ModelEvidence& small, const ModelEvidence& large, int variances = 0);

}  // namespace hyped
