// From reads per hashtag to a posterior of every sample, doublet and negative for each cell, with parameters and their intervals.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/expression/hashtags/hashtag_mixture.hpp"

namespace hyped {

struct DemultiplexOptions {
  double certainty = 0.9;              // least posterior of a call; below it a cell is left unassigned
  int starts = 4;                      // of the fit, from different guesses of doublets and negatives (at most 4)
  int em_rounds = 400;                 // before Newton steps finish
};

// One parameter; lower and upper are NaN where the data do not bound it on that side.
struct HashtagParameter {
  std::string tag, quantity, unit;     // tag: a hashtag or a class
  double estimate = 0, lower = 0, upper = 0;      // 95 %
  std::string identified;              // "determined", "weakly determined" (beyond a factor 1.65 either way), "not determined", "at its bound"
};

// What the data say about the model's assumptions.
struct HashtagCheck {
  std::string what;                    // "distribution of A", "A and B together"
  double statistic = 0;                // largest distance of cumulative shares times sqrt(N); standardised difference of the mean product
  double limit = 0;                    // 1 % point
  bool passed = true;
};

struct Demultiplexed {
  HashtagMixture mixture;
  Eigen::MatrixXd posterior;           // [N x C]
  double log_likelihood = 0;
  std::vector<HashtagParameter> parameters;
  double doublets = 0, doublets_lower = 0, doublets_upper = 0;      // share of cells, two cells of one sample included (seen ones scaled up)
  std::vector<HashtagCheck> checks;
  Eigen::MatrixXd covariance;          // of theta (see curvature); empty if there is none
  std::vector<int> free_classes;       // whose log-odds are in theta
  int reference_class = 0, rounds = 0, best_starts = 0;      // best_starts: whose EM ended within 1 of the best log-likelihood
  Outcome outcome;                     // not_converged; not_identifiable: a hashtag's signal drowns in its background
};

// Maximum likelihood by EM (shares and means in closed form, dispersions by Newton's method with exact derivatives), finished by Newton steps
// with the exact Hessian, whose inverse gives the intervals. Shares that go to 0 get an upper limit from the likelihood itself.
// Same bytes for any number of threads. Throws InputError as patterns_of does.
// Sources: mixtures of negative binomials per hashtag: Klein 2023, Bioinformatics 39:btad481; here signal adds to the background, as it does in a
// droplet, instead of replacing it. EM: Dempster, Laird & Rubin 1977, J R Stat Soc B 39:1.
Demultiplexed demultiplex(const HashtagCounts& counts, const DemultiplexOptions& options = {});

struct HashtagCall {
  int best = 0;                        // class of greatest posterior
  double certainty = 0;                // its posterior
  int tag = -1;                        // greatest posterior among single hashtags
  double single = 0;                   // its posterior
  double doublet = 0, negative = 0;    // posterior of any pair; of none
  std::string label;                   // a hashtag, "doublet", "negative" or "unassigned"
};
std::vector<HashtagCall> call_cells(const Demultiplexed& fit, double certainty);

}  // namespace hyped
