// A cell's own brightness: light above the background times a factor that the cell keeps.
#include <algorithm>
#include <cmath>

#include "libhyped/tracks/calls/smoother_pass.hpp"

namespace hyped {
namespace {
constexpr int rounds = 12;            // of expectation and maximisation within a cell
constexpr double settled = 0.02;      // of the spread between cells
}  // namespace

void SmootherPass::shift_means() {
  mean_ = model_.log_mean;
  signal_.setZero(stages_, 2);
  for (int c = 0; c < 2; ++c) {
    if (!(model_.brightness_sd[c] > 0)) continue;
    const double background = std::exp(model_.log_background[c]), factor = std::exp(log_brightness_[c]);
    for (int s = 0; s < stages_; ++s) {
      const double signal = factor * std::max(0.0, std::exp(model_.log_mean(s, c)) - background);
      if (signal <= 0) continue;
      mean_(s, c) = std::log(background + signal);
      signal_(s, c) = signal / (background + signal);
    }
  }
}

// The normal posterior of the logarithm of brightness, given in which stages the frames were: Gauss-Newton on its log density.
Eigen::RowVector2d SmootherPass::brightness_step(const SmootherSums& own) {
  Eigen::RowVector2d to = log_brightness_;
  for (int c = 0; c < 2; ++c) {
    const double sd = model_.brightness_sd[c];
    precision_[c] = 1;
    if (!(sd > 0)) continue;
    const double background = std::exp(model_.log_background[c]);
    for (int iteration = 0; iteration < 8; ++iteration) {
      double score = -to[c] / (sd * sd), information = 1 / (sd * sd);
      for (int s = 0; s < stages_; ++s) {
        const double w = own.weight(s, c), above = std::exp(model_.log_mean(s, c)) - background;
        if (w <= 0 || above <= 0) continue;
        const double signal = above * std::exp(to[c]), mean = std::log(background + signal), slope = signal / (background + signal), precise = 1 / (model_.log_sd(s, c) * model_.log_sd(s, c));
        score += (own.light(s, c) - w * mean) * slope * precise;
        information += w * slope * slope * precise;
      }
      precision_[c] = information;
      const double step = std::clamp(score / information, -0.5, 0.5);
      to[c] = std::clamp(to[c] + step, -5 * sd, 5 * sd);
      if (std::abs(step) < 1e-3 * sd) break;
    }
  }
  return to;
}

Eigen::RowVector2d SmootherPass::add_expectations(SmootherSums& sums) {
  if (model_.brightness_sd.isZero(0)) {
    backward(&sums, false);
    ++sums.cells;
    return log_brightness_;
  }
  mine_.clear(stages_, states_);
  backward(&mine_, false);
  const Eigen::RowVector2d to = brightness_step(mine_);
  for (int c = 0; c < 2; ++c) {
    const double sd = model_.brightness_sd[c];
    if (!(sd > 0)) continue;
    mine_.log_likelihood -= 0.5 * log_brightness_[c] * log_brightness_[c] / (sd * sd) + 0.5 * std::log(sd * sd * precision_[c]);
    mine_.brightness[c] = to[c];
    mine_.brightness2[c] = to[c] * to[c] + 1 / precision_[c];
    for (int s = 0; s < stages_; ++s) {      // as a cell of brightness 1 would have shown it, with what is not known of the brightness
      const double shift = mean_(s, c) - model_.log_mean(s, c), w = mine_.weight(s, c);
      mine_.light2(s, c) += w * (shift * shift + signal_(s, c) * signal_(s, c) / precision_[c]) - 2 * shift * mine_.light(s, c);
      mine_.light(s, c) -= w * shift;
    }
  }
  mine_.cells = 1;
  sums.add(mine_);
  return to;
}

bool SmootherPass::settle(int cell) {
  if (!forward(cell)) return false;
  if (model_.brightness_sd.isZero(0)) return true;
  for (int round = 0; round < rounds; ++round) {
    mine_.clear(stages_, states_);
    backward(&mine_, false);
    const Eigen::RowVector2d to = brightness_step(mine_), from = log_brightness_;
    if (!forward(cell, to)) return false;
    if (((to - from).array().abs() <= settled * model_.brightness_sd.array()).all()) break;
  }
  for (int c = 0; c < 2; ++c) {
    const double sd = model_.brightness_sd[c];
    if (sd > 0) log_likelihood_ -= 0.5 * log_brightness_[c] * log_brightness_[c] / (sd * sd) + 0.5 * std::log(sd * sd * precision_[c]);
  }
  return true;
}

}  // namespace hyped
