// Dispersions of all genes: each gene's own, their trend over the mean, and the gene's own drawn towards the trend.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/expression/replicates/negative_binomial.hpp"

namespace hyped {

// dispersion = asymptote + extra / mean of normalised counts.
struct DispersionTrend {
  double asymptote = 0, extra = 0;
  double at(double mean) const { return asymptote + extra / mean; }
};

// log-dispersions scatter about the log of the trend: normal with prior_sd for most genes; 5 % of them are outliers, two wider.
struct DispersionPrior {
  DispersionTrend trend;
  double sd = 0;
  double log_density(double log_dispersion, double mean) const;
};
constexpr double dispersion_outliers = 0.05, dispersion_outlier_sd = 2;

struct Dispersions {
  Eigen::VectorXd own;              // [G] maximum of the adjusted profile likelihood; least_dispersion where the gene is no more than Poisson
  Eigen::VectorXd trend, shrunken;  // [G] shrunken: maximum a posteriori under the prior
  DispersionPrior prior;
  int genes_in_prior = 0;
  std::vector<std::string> words;   // what was done, printed
  Outcome outcome;
};
constexpr double least_dispersion = 1e-8;

// log-likelihood with beta fitted, less half the log determinant of its information (Cox & Reid 1987, J R Stat Soc B 49:1).
double adjusted_profile(const NegativeBinomialGlm& glm, const Eigen::Ref<const Eigen::VectorXd>& counts, const Eigen::VectorXd& log_exposure, double log_dispersion, NegativeBinomialFit& work, bool warm);

// counts [S x G], log_exposure [S]; genes without any count keep the trend. The trend's two numbers and the prior's width are those that
// maximise the marginal likelihood of the genes (each gene's adjusted profile integrated over its dispersion): with few residual degrees
// of freedom no histogram of unstable estimates is needed. Fewer than 30 genes with counts: one dispersion for all (extra = 0), said in words.
// After Love, Huber & Anders 2014, Genome Biol 15:550, who fit the trend to the genes' own estimates and match a variance.
Dispersions estimate_dispersions(const NegativeBinomialGlm& glm, const Eigen::MatrixXd& counts, const Eigen::VectorXd& log_exposure);

}  // namespace hyped
