// What may be said after sampling: summaries with their Monte-Carlo errors, whether to believe them, in numbers and in words.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "fitting/nuts.hpp"
#include "fitting/pareto_tail.hpp"

namespace hyped {

// What the tails say about the variance of a parameter (k >= 1/2 in a tail: it does not exist).
enum class VarianceExists { yes, doubtful, no };

inline constexpr std::array<double, 3> summary_probabilities{0.05, 0.5, 0.95};

// Natural units.
struct ParameterDiagnostics {
  std::string name;
  double mean = 0, sd = 0;                      // of the draws; of no use where the variance does not exist
  std::optional<double> mean_error;             // Monte-Carlo standard error; none where the variance may not exist
  std::array<double, 3> quantiles{}, quantile_errors{};      // at summary_probabilities
  double rhat_bulk = 1, rhat_folded = 1;
  double ess_bulk = 0, ess_tail = 0;
  TailShape lower_tail, upper_tail;
  VarianceExists variance = VarianceExists::yes;
  bool good = false;                            // mixed and enough draws
  std::string verdict;
};

struct ChainDiagnostics {
  std::vector<ParameterDiagnostics> parameters; // [D]
  std::vector<double> e_bfmi;                   // per chain that could start
  long draws = 0, divergences = 0, saturated = 0, warmup_divergences = 0;
  int failed_chains = 0;
  bool good = false;
  std::string verdict;                          // of the chains as a whole
};

struct DiagnosticLimits {
  double rhat = 1.01, ess_per_chain = 100, e_bfmi = 0.3;
};

// Throws InputError if no chain has at least four draws. Sources: Vehtari et al. 2021, Bayesian Analysis 16:667 (limits of R-hat
// and effective draws); Vehtari et al. 2024, JMLR 25(72) (tails).
ChainDiagnostics diagnose(const Chains& chains, const DiagnosticLimits& limits = {});

// Pointwise quantiles of what each draw predicts.
struct PredictionBands {
  Eigen::MatrixXd quantiles;                    // [T x Q]
  std::vector<double> probabilities;            // [Q]
  int draws = 0, failed = 0;                    // failed predictions are left out
};
// One draw in natural units [D] -> predictions [T]; called from several threads.
using Prediction = std::function<Outcome(const Eigen::VectorXd& parameters, Eigen::VectorXd& prediction)>;
struct PredictionOptions {
  std::vector<double> probabilities = {0.025, 0.5, 0.975};
  int draws = 1000;                             // at most, evenly spaced over all chains' draws
};
// draws: natural units [K x D], as Chains::pooled() and laplace_draws give them. InputError if every prediction fails.
PredictionBands prediction_bands(const Eigen::MatrixXd& draws, const Prediction& predict, const PredictionOptions& options = {});

}  // namespace hyped
