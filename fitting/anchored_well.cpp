// Totals of blocks relative to the anchor's.
#include "fitting/anchored_well.hpp"

#include <algorithm>
#include <cmath>

namespace hyped {

AnchoredWell::AnchoredWell(const CycleProblem& problem, const Arm& arm, const CycleProblem& sampled, int unit, double anchor_h, double cells)
    : problem_(problem), arm_(arm), sampled_(sampled), unit_(unit), cells_(cells) {
  const Unit& frames = sampled.units()[static_cast<std::size_t>(unit)];
  const auto sizes = frames.blocks.size();
  std::vector<double> times(static_cast<std::size_t>(frames.blocks.count), 0);
  for (std::size_t t = 0; t < frames.times_h.size(); ++t)
    if (const int block = frames.blocks.block_of_sample[t]; block >= 0) times[block] += frames.times_h[t] / sizes[block];
  anchor_ = static_cast<int>(std::find_if(times.begin(), times.end(), [&](double time) { return time >= anchor_h; }) - times.begin());
  times_h_.assign(times.begin() + anchor_, times.end());
  for (std::size_t t = 0; t < frames.times_h.size(); ++t)
    if (frames.blocks.block_of_sample[t] == anchor_) anchor_frames_h_.push_back(frames.times_h[t]);
}

// The total is nearly proportional to the founders: secant steps on logarithms.
double AnchoredWell::founders(const Eigen::VectorXd& theta, Outcome& outcome) const {
  double x = std::log(cells_), before = x, last = 0, slope = 1;
  for (int step = 0; step < 30; ++step) {
    const UnitMean mean = problem_.mean_at(arm_, anchor_frames_h_, theta, false, std::exp(x));
    outcome = mean.outcome;
    if (!outcome.ok()) return 1;
    const double miss = std::log(mean.mean.sum() / static_cast<double>(anchor_frames_h_.size()) / cells_);
    if (std::abs(miss) < 1e-8) return std::exp(x);
    if (step > 0) slope = std::clamp((miss - last) / (x - before), 0.05, 5.0);
    before = x;
    last = miss;
    x -= miss / slope;
  }
  outcome = {Status::not_converged, "no number of cells at the start leads to those of the anchor"};
  return 1;
}

AnchoredCourse AnchoredWell::at(const Eigen::VectorXd& theta, bool derivatives) const {
  AnchoredCourse out;
  if (problem_.density()) out.founders = founders(theta, out.outcome);
  if (!out.outcome.ok()) return out;
  const UnitMean mean = problem_.mean_at(arm_, sampled_.units()[static_cast<std::size_t>(unit_)].times_h, theta, derivatives, out.founders);
  out.outcome = mean.outcome;
  if (!out.outcome.ok()) return out;
  const int classes = problem_.class_count();
  const auto rows = static_cast<Eigen::Index>(times_h_.size());
  // Totals of the blocks from the anchor on.
  const auto totals = [&](const Eigen::MatrixXd& amounts) {
    Eigen::MatrixXd sums(rows, amounts.cols());
    for (Eigen::Index b = 0; b < rows; ++b) sums.row(b) = amounts.middleRows((anchor_ + b) * classes, classes).colwise().sum();
    return sums;
  };
  out.blocks = sampled_.block_average(unit_, mean.mean);
  const Eigen::VectorXd total = totals(out.blocks).col(0);
  out.log_fold = (total.array() / total[0]).log();
  if (!derivatives) return out;
  const auto log_slope = [&](const Eigen::MatrixXd& slope) -> Eigen::MatrixXd { return totals(sampled_.block_average(unit_, slope)).array().colwise() / total.array(); };
  // The founders give way so that the anchor's total stays: what they move it by, every block loses in their proportion.
  Eigen::VectorXd give = Eigen::VectorXd::Ones(rows);
  if (problem_.density()) {
    give = log_slope(mean.by_founders);
    give /= Eigen::VectorXd(give)[0];
  }
  const auto relative = [&](const Eigen::MatrixXd& slope) -> Eigen::MatrixXd {
    const Eigen::MatrixXd all = log_slope(slope);
    return all - give * all.row(0);
  };
  out.by_theta = relative(mean.by_theta);
  out.by_random = relative(mean.by_random);
  return out;
}

}  // namespace hyped
