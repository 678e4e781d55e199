// Pairs of durations (two phases of one cell, sisters, mother and daughter): Gaussian copula over any margins, censored or not.
#pragma once
#include <utility>
#include <vector>

#include "fitting/duration_fit.hpp"

namespace hyped {

struct DurationPairs {
  std::string name, first, second;                        // "sisters of WT", "sister 1", "sister 2"
  std::vector<std::pair<Duration, Duration>> pairs;       // exact, between frames or cut off; neither truncated nor residual
  bool exchangeable = false;                              // neither is the first: one margin for both
};

// theta: link-scale parameters of the first margin, of the second (not if exchangeable), atanh(correlation of the normal scores).
class PairLikelihood final : public LogLikelihood {
 public:
  // InputError for truncated, residual or selected durations, for ones cut off at 0, and for fewer than three pairs.
  PairLikelihood(const DurationPairs& pairs, const DurationFamily& first, const DurationFamily& second);
  int parameter_count() const override { return space_.count(); }
  Outcome evaluate(const Eigen::VectorXd& theta, LikelihoodValue& out, bool derivatives) const override;
  Eigen::MatrixXd observed_information(const Eigen::VectorXd& theta) const;
  const ParameterSpace& space() const { return space_; }
  // The durations of one side (0, 1), or of both if exchangeable, as data for its margin alone.
  DurationData margin(int side) const;

 private:
  Taylor<7> contribution(const Eigen::VectorXd& theta, const std::pair<Duration, Duration>& pair) const;
  Outcome sum(const Eigen::VectorXd& theta, double& value, Eigen::VectorXd& gradient, Eigen::MatrixXd& information) const;
  const DurationPairs& pairs_;
  DurationFamily families_[2];
  ParameterSpace space_;
};

struct PairFit {
  LikelihoodResult best;
  LikelihoodInterval correlation;                         // of the normal scores; profile, and Wald on Fisher's z
  ModelEvidence evidence, independent;                    // with and without correlation, on the same pairs
  RatioTest test;                                         // of no correlation
  int pairs = 0, complete = 0;
  // Of the complete pairs, hours, Fisher's z interval; exchangeable: intraclass correlation. NaN with fewer than four.
  double pearson = 0, pearson_lower = 0, pearson_upper = 0;
  Outcome outcome;
};

// Margins and correlation together, by maximum likelihood with exact derivatives; both exact: density; one cut off: conditional normal tail; both:
// bivariate normal probability. Sources: Joe 2014, Dependence Modeling with Copulas, ch. 5; Shih & Louis 1995, Biometrics 51:1384.
PairFit fit_pairs(const DurationPairs& pairs, const DurationFamily& first, const DurationFamily& second);

// Pearson's r with Fisher's z interval; exchangeable: intraclass, each pair entered both ways (Fisher 1925, ch. 7).
struct PearsonInterval {
  double r = 0, lower = 0, upper = 0;
};
PearsonInterval pearson_interval(const std::vector<double>& x, const std::vector<double>& y, bool exchangeable = false);

// Pairs from tracks: by cell the stay in one phase and the next stay; sisters (of one mother, or of one family whose mother was not
// followed) and mothers with daughters by `phase`, -1: whole cycle (birth to division). Stays with unseen begin, and cells out of the condition (empty: all), are left out.
DurationPairs within_cell_pairs(const CellTracks& tracks, int first_phase, int second_phase, const std::string& condition = "");
DurationPairs sister_pairs(const CellTracks& tracks, int phase, const std::string& condition = "");
DurationPairs mother_daughter_pairs(const CellTracks& tracks, int phase, const std::string& condition = "");

}  // namespace hyped
