// Are probabilities what they say: observed against predicted shares in bins, and errors left at each yield.
#pragma once
#include <span>
#include <vector>

namespace hyped {

// Predictions in [from, until) of which `hits` came true; the last bin includes its end.
struct ReliabilityBin {
  double from = 0, until = 1;
  long count = 0, hits = 0;
  double predicted = 0, observed = 0;          // means over the bin
  double lower = 0, upper = 0;                 // exact 95 % interval of the observed share (Clopper & Pearson 1934)
  double p_value = 1;                          // two-sided, of the hits if every prediction is right (Poisson binomial)
};
// Bins without predictions are left out. predicted in [0, 1], hit 0 or 1, edges increasing.
std::vector<ReliabilityBin> reliability(std::span<const double> predicted, std::span<const char> hit, std::span<const double> edges);
// Two-sided p-value of `hits` successes in independent trials with these probabilities: twice the smaller tail, half of the point itself counted.
// Exact by convolution where trials times reachable numbers stay below 4e8 (100,000 trials with few misses), normal beyond.
double poisson_binomial_p(std::span<const double> probability, long hits);

struct CalibrationSummary {
  double brier = 0;                            // mean squared difference
  double log_loss = 0;                         // mean -log of the probability given to what happened; nats
  double expected_error = 0;                   // mean |observed - predicted| over bins, by count
  double excess = 0, excess_error = 0;         // sum of (hit - predicted), and its standard deviation if all is right
};
CalibrationSummary calibration(std::span<const double> predicted, std::span<const char> hit, std::span<const double> edges);

// The `yield` most certain calls, and how many of them are wrong; among equally certain ones the expected number is counted.
struct YieldError {
  double yield = 1;                            // share of cells called
  long calls = 0;
  double wrong = 0, share = 0;                 // wrong calls among them (expected over ties), and their share
  double lower = 0, upper = 0;                 // 95 % of the share
};
std::vector<YieldError> errors_at_yield(std::span<const double> certainty, std::span<const char> correct, std::span<const double> yields);

// Exact 95 % interval of a share.
struct ShareInterval {
  double lower = 0, upper = 1;
};
ShareInterval share_interval(double hits, double count);

}  // namespace hyped
