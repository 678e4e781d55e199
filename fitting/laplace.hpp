// Laplace's method: the posterior as a Gaussian about its mode, and whether that may be believed.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fitting/chain_diagnostics.hpp"
#include "fitting/log_density.hpp"

namespace hyped {

struct LaplaceOptions {
  std::optional<Eigen::VectorXd> start = {};        // on the whole line [D]; empty: the density's
  int starts = 1;                                   // climbs: the start and points within start_radius of it; the highest is kept
  double start_radius = 2;                          // uniform in each coordinate
  double level = 0.95;                              // of the intervals
  int iteration_limit = 200;
  double gain_tolerance = 1e-9;                     // log density a Newton step would still gain
  double hessian_step = 1e-3;                       // of the central differences, in standard deviations
  int check_draws = 4000;
  std::uint64_t seed = 1;
  double khat_limit = 0.7, shift_limit = 0.5;
};

// Natural units; quantiles of the Gaussian's marginal on the whole line, carried over.
struct LaplaceParameter {
  std::string name;
  double estimate = 0, lower = 0, upper = 0;
  std::array<double, 3> quantiles{};                // at summary_probabilities
  double weighted_shift = 0;                        // largest move of the quantiles when draws are weighted by the posterior, in sd
  double worst_shift = 0;                           // from the chains' quantiles, in robust sd of theirs; 0: not compared
  bool disagrees = false;
  std::string verdict;
};

struct Laplace {
  Eigen::VectorXd mode;                             // whole line [D]
  Eigen::MatrixXd covariance;                       // whole line [D x D]; empty if no maximum was found
  Eigen::MatrixXd root;                             // root * root' = covariance
  double log_density = 0, gradient_norm = 0;        // at the mode
  int iterations = 0;
  double khat = 0;                                  // of the importance ratios of its draws
  std::vector<LaplaceParameter> parameters;         // [D]; empty if no maximum was found
  bool good = false;
  std::string verdict;
  Outcome outcome;
};

// Damped Newton steps on -log p with the Hessian from central differences of the gradient; the Gaussian stands on the whole-line
// scale of the density (the search scale, stretched towards bounds), where it can put no mass outside the bounds. k-hat of the
// importance ratios of its own draws above khat_limit says that it is wrong, and so do quantiles that move by more than shift_limit
// standard deviations when the draws are weighted by those ratios. Parallel; the result does not depend on the number of threads. Sources: Tierney & Kadane 1986, JASA 81:82; Vehtari et al. 2024, JMLR 25(72) (k-hat); Yao et al. 2018,
// ICML (k-hat as a check of an approximation).
Laplace laplace(const LogDensity& density, const LaplaceOptions& options = {});

// Sets the quantiles against those of chains: a shift of more than `tolerance` robust standard deviations ((q95 - q05) / 3.29)
// and more than three Monte-Carlo errors is a disagreement. Amends the verdicts. InputError if the names differ.
void compare(Laplace& approximation, const ChainDiagnostics& chains, double tolerance = 0.25);

// Starts for chains [count]: draws from the approximation on the whole line, `widening` times as wide.
std::vector<Eigen::VectorXd> laplace_starts(const Laplace& approximation, int count, std::uint64_t seed = 1, double widening = 2);

// Draws from the approximation, natural units [count x D]; the same for any number of threads.
Eigen::MatrixXd laplace_draws(const LogDensity& density, const Laplace& approximation, int count, std::uint64_t seed = 1);

}  // namespace hyped
