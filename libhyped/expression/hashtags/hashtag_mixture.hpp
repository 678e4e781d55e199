// The mixture model of hashtag reads: background in every cell, and signal on top of it in cells that carry the hashtag.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/expression/hashtags/hashtag_counts.hpp"

namespace hyped {

// Negative binomial by mean and dispersion: variance = mean + dispersion mean^2.
struct CountLaw {
  double mean = 1, dispersion = 0.5;
};
// Reads of one hashtag: background (ambient) in every cell, and independent signal added to it in cells that carry the hashtag.
struct TagLaws {
  CountLaw signal, background;
};

// Classes: every hashtag alone, every pair (doublets of two samples), none (negative). Given its class, a cell's reads are independent.
struct HashtagMixture {
  std::vector<std::string> tags;                   // [K]
  std::vector<std::vector<int>> classes;           // [C] hashtags carried: {0}, ..., {K-1}, {0, 1}, ..., {}
  std::vector<TagLaws> laws;                       // [K]
  Eigen::VectorXd weight;                          // [C] shares of cells, sum 1

  int class_count() const { return static_cast<int>(classes.size()); }
  std::string class_name(int c) const;             // "A", "A+B", "negative"
  bool carries(int c, int tag) const;
};
// Its classes for these hashtags, all laws and shares equal.
HashtagMixture make_mixture(const std::vector<std::string>& tags);

// Log-probability of one count, with exact derivatives by log mean and log dispersion.
struct CountDensity {
  double value = 0;
  double by_mean = 0, by_dispersion = 0;
  double by_mean_twice = 0, by_both = 0, by_dispersion_twice = 0;
};
CountDensity count_density(const CountLaw& law, std::int32_t reads);
std::vector<CountDensity> count_densities(const CountLaw& law, std::int32_t most);      // of 0 ... most

// Probabilities of 0 ... most reads of a hashtag that is carried (signal + background) [most + 1].
std::vector<double> carried_probabilities(const TagLaws& laws, std::int32_t most);
// Log-probability of reads that are carried or not, with exact derivatives by (log signal mean, log signal dispersion, log background mean,
// log background dispersion).
struct TagDensity {
  double value = 0;
  Eigen::Vector4d by = Eigen::Vector4d::Zero();
  Eigen::Matrix4d by_twice = Eigen::Matrix4d::Zero();
};
TagDensity tag_density(const TagLaws& laws, bool carried, std::int32_t reads);

// Expected numbers of cells by reads of each part [0 ... greatest value], given cells per value that carry the hashtag and that do not.
struct PartHistograms {
  std::vector<double> signal, background;
};
PartHistograms split_counts(const TagLaws& laws, const std::vector<std::int32_t>& values, const std::vector<double>& carried, const std::vector<double>& not_carried);

// Posterior of every class for each pattern [U x C] (rows sum to 1) and the log-likelihood of all cells.
struct MixtureEvaluation {
  Eigen::MatrixXd posterior;                       // [U x C]
  double log_likelihood = 0;
};
MixtureEvaluation evaluate(const HashtagMixture& mixture, const ReadPatterns& data);

// Gradient and Hessian of the log-likelihood, exact, by theta = (per tag the four of TagDensity; then log-odds of the classes in `free` against the class `reference`). Classes in neither have
// their share fixed. Louis 1982, J R Stat Soc B 44:226.
struct MixtureCurvature {
  Eigen::VectorXd gradient;                        // [4 K + F]
  Eigen::MatrixXd hessian;                         // [4 K + F x 4 K + F]
};
MixtureCurvature curvature(const HashtagMixture& mixture, const ReadPatterns& data, const std::vector<int>& free, int reference);

}  // namespace hyped
