// How counts and intensities scatter about their expectation: log-densities with exact derivatives and expected information.
#pragma once
#include <Eigen/Core>
#include <span>
#include <string>
#include <variant>

namespace hyped {

// Counts of K classes given their total; only the proportions of the expected amounts matter.
struct Multinomial {};
// Multinomial whose proportions vary between frames: Dirichlet with weights p / dispersion. dispersion 0: multinomial.
// Variance of a class n p (1 - p) (1 + n d) / (1 + d).
struct DirichletMultinomial {
  double dispersion = 0;
};
// Independent counts with variance equal to the mean.
struct Poisson {};
// Independent counts with variance mean + dispersion * mean^2. dispersion 0: Poisson.
struct NegativeBinomial {
  double dispersion = 0;
};
// Independent values with one standard deviation.
struct Gaussian {
  double sd = 1;
};
// As Gaussian; a value at or above `saturation` only says that the unsaturated value would have been there or higher.
struct CensoredGaussian {
  double sd = 1, saturation = 0;
};

using Noise = std::variant<Multinomial, DirichletMultinomial, Poisson, NegativeBinomial, Gaussian, CensoredGaussian>;

std::string name_of(const Noise& noise);

// The density is a probability for counts, a density for the Gaussians; all constants are included, so that likelihoods of
// different noise on the same data compare. dispersion: DirichletMultinomial and NegativeBinomial, sd: the Gaussians, 0 else.
struct NoiseDensity {
  double value = 0;             // -infinity where the data are impossible
  double by_dispersion = 0;
};

// observed, expected, by_expected [K], same units. Counts must be whole and >= 0, expected amounts > 0 (counts) and need not be normalised for
// the multinomial kinds. by_expected may be empty. No allocation, O(K).
NoiseDensity log_density(const Noise& noise, std::span<const double> observed, std::span<const double> expected,
                       std::span<double> by_expected = {});

// Expected (Fisher) information of one frame. For the multinomial kinds conditional on the observed total.
// Sources: Dirichlet-multinomial: Paul, Balasooriya & Banerjee 2005, Biom J 47:230 (beta-binomial tails); negative binomial:
// Lawless 1987, Can J Stat 15:209; censored: Escobar & Meeker 1998, Scand J Stat 25:115.
struct NoiseInformation {
  Eigen::MatrixXd expected;     // [K x K]
  Eigen::VectorXd mixed;        // expected x dispersion [K]
  double dispersion = 0;
};
void information(const Noise& noise, std::span<const double> observed, std::span<const double> expected, NoiseInformation& out);

}  // namespace hyped
