// Scaled forward-backward on the expanded chain, decoding by posteriors.
#include "libhyped/tracks/calls/smoother_pass.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hyped {
namespace {
constexpr double log_root_two_pi = 0.91893853320467274178;
}

SmootherPass::SmootherPass(const PhaseSmoother& data, const SmootherModel& model)
    : data_(data), model_(model), stages_(model.stage_count()), states_(static_cast<int>(model.states.size())) {
  for (int s = 0; s < states_; ++s) {
    const SmootherState& state = model.states[static_cast<std::size_t>(s)];
    const bool last_state = s + 1 == states_;
    const double leave = std::min(0.999, state.stages / std::max(state.mean_frames, 1.0));
    for (int k = 0; k < state.stages; ++k) {
      const bool last = k + 1 == state.stages;
      state_of_.push_back(s);
      leave_.push_back(leave);
      keep_.push_back(1 - leave);
      const int next = last_state ? 0 : s + 1, over = last_state ? 1 % states_ : (s + 2) % states_;
      const double skip = last ? model.states[static_cast<std::size_t>(next)].skipped : 0;
      next_.push_back(last ? model.first_stage(next) : model.first_stage(s) + k + 1);
      over_.push_back(model.first_stage(over));
      const double seen = last && last_state ? model.missed_division : 1;      // the other divisions end the track
      to_next_.push_back(leave * seen * (1 - skip));
      to_over_.push_back(leave * seen * skip);
    }
  }
  const Eigen::RowVector2d width = (model.log_high - model.log_low).cwiseMax(1e-6);
  outlier_density_ = 1 / width.prod();
}

// Mixture of the state's normals and of anything; a channel without a value says nothing.
void SmootherPass::emissions() {
  const int rows = cell_->rows;
  light_.resize(rows, stages_);
  own_.resize(rows, stages_);
  const double width0 = std::max(1e-6, model_.log_high[0] - model_.log_low[0]), width1 = std::max(1e-6, model_.log_high[1] - model_.log_low[1]);
  const auto x0 = data_.log_light_.col(0).segment(cell_->first_row, rows).array(), x1 = data_.log_light_.col(1).segment(cell_->first_row, rows).array();
  const bool complete = !(x0.isNaN().any() || x1.isNaN().any());
  for (int s = 0; s < stages_; ++s) {
    if (s > 0 && mean_.row(s) == mean_.row(s - 1) && model_.log_sd.row(s) == model_.log_sd.row(s - 1)) {
      own_.col(s) = own_.col(s - 1);
      light_.col(s) = light_.col(s - 1);
      continue;
    }
    const double a = 1 / model_.log_sd(s, 0), b = 1 / model_.log_sd(s, 1), m0 = mean_(s, 0), m1 = mean_(s, 1);
    if (complete) {
      own_.col(s) = (1 - model_.outlier) * a * b * (-0.5 * (((x0 - m0) * a).square() + ((x1 - m1) * b).square()) - 2 * log_root_two_pi).exp();
      light_.col(s) = own_.col(s) + model_.outlier * outlier_density_;
      continue;
    }
    for (int i = 0; i < rows; ++i) {
      double density = 1 - model_.outlier, anything = model_.outlier;
      if (!std::isnan(x0[i])) density *= a * std::exp(-0.5 * std::pow((x0[i] - m0) * a, 2) - log_root_two_pi), anything /= width0;
      if (!std::isnan(x1[i])) density *= b * std::exp(-0.5 * std::pow((x1[i] - m1) * b, 2) - log_root_two_pi), anything /= width1;
      own_(i, s) = density;
      light_(i, s) = density + anything;
    }
  }
}

// A born cell enters the first state (a wrong link puts it anywhere with the weight of a jump); others are somewhere in any state.
void SmootherPass::start(std::vector<double>& into) const {
  std::fill(into.begin(), into.end(), 0.0);
  const double anywhere = cell_->born ? model_.false_division : 1;
  for (int s = 0; s < stages_; ++s) {
    const int state = state_of_[static_cast<std::size_t>(s)];
    into[static_cast<std::size_t>(s)] = anywhere * model_.start_share[state] / model_.states[static_cast<std::size_t>(state)].stages;
  }
  if (cell_->born) {
    const double skip = model_.states[0].skipped;
    into[0] += (1 - anywhere) * (1 - skip);
    into[static_cast<std::size_t>(model_.first_stage(1 % states_))] += (1 - anywhere) * skip;
  }
}

void SmootherPass::advance(const double* from, double* to) const {
  double sum = 0;
  for (int s = 0; s < stages_; ++s) sum += from[s];
  const double jumped = model_.jump * sum / stages_, stay = 1 - model_.jump;
  for (int s = 0; s < stages_; ++s) to[s] = stay * keep_[s] * from[s] + jumped;
  for (int s = 0; s < stages_; ++s) {
    to[next_[s]] += stay * to_next_[s] * from[s];
    to[over_[s]] += stay * to_over_[s] * from[s];
  }
}

// A recorded division is the exit of the last state; anywhere else it is a mistake of the tracker.
double SmootherPass::end_weight(int stage) const {
  if (!cell_->divided) return 1;
  return stage + 1 == stages_ ? leave_[static_cast<std::size_t>(stage)] * (1 - model_.missed_division) + model_.false_division : model_.false_division;
}

bool SmootherPass::forward(int cell, const Eigen::RowVector2d& log_brightness) {
  cell_ = &data_.cells_[static_cast<std::size_t>(cell)];
  log_brightness_ = log_brightness;
  shift_means();
  emissions();
  const int steps = cell_->steps, rows = cell_->rows;
  row_of_step_.assign(static_cast<std::size_t>(steps), -1);
  for (int i = 0; i < rows; ++i) row_of_step_[static_cast<std::size_t>(data_.step_[static_cast<std::size_t>(cell_->first_row + i)])] = i;
  alpha_.resize(static_cast<std::size_t>(steps) * stages_);
  scale_.resize(static_cast<std::size_t>(steps));
  weighted_.resize(static_cast<std::size_t>(stages_));
  log_likelihood_ = 0;
  for (int t = 0; t < steps; ++t) {
    double* at = alpha_.data() + static_cast<std::size_t>(t) * stages_;
    if (t == 0) {
      start(weighted_);
      std::copy(weighted_.begin(), weighted_.end(), at);
    } else advance(at - stages_, at);
    const int row = row_of_step_[static_cast<std::size_t>(t)];
    double sum = 0;
    for (int s = 0; s < stages_; ++s) {
      if (row >= 0) at[s] *= light_(row, s);
      sum += at[s];
    }
    if (!(sum > 0) || !std::isfinite(sum)) return false;
    scale_[static_cast<std::size_t>(t)] = sum;
    log_likelihood_ += std::log(sum);
    for (int s = 0; s < stages_; ++s) at[s] /= sum;
  }
  double ends = 0;
  const double* at = alpha_.data() + static_cast<std::size_t>(steps - 1) * stages_;
  for (int s = 0; s < stages_; ++s) ends += at[s] * end_weight(s);
  if (!(ends > 0)) return false;
  log_likelihood_ += std::log(ends);
  return true;
}

void SmootherPass::backward(SmootherSums* sums, bool keep) {
  const int steps = cell_->steps;
  if (keep) {
    posterior_.assign(static_cast<std::size_t>(steps) * states_, 0.0);
    jump_.assign(static_cast<std::size_t>(steps), 0.0);
    outliers_ = 0;
  }
  beta_.resize(static_cast<std::size_t>(stages_));
  beta_before_.resize(beta_.size());
  double ends = 0;
  for (int s = 0; s < stages_; ++s) {
    beta_[s] = end_weight(s);
    ends += beta_[s] * alpha_[static_cast<std::size_t>(steps - 1) * stages_ + s];
  }
  for (double& b : beta_) b /= ends;
  if (sums != nullptr) {
    sums->log_likelihood += log_likelihood_;
    if (cell_->divided) {
      const int last = states_ - 1;
      const double exit = leave_.back() * (1 - model_.missed_division);
      sums->left[last] += alpha_[static_cast<std::size_t>(steps) * stages_ - 1] * exit / ends;
    }
  }
  const double stay = 1 - model_.jump;
  for (int t = steps - 1; t >= 0; --t) {
    const double* at = alpha_.data() + static_cast<std::size_t>(t) * stages_;
    const int row = row_of_step_[static_cast<std::size_t>(t)];
    if (keep) {
      double strange = 0;
      for (int s = 0; s < stages_; ++s) {
        const double here = at[s] * beta_[s];
        posterior_[static_cast<std::size_t>(t) * states_ + state_of_[s]] += here;
        if (row >= 0) strange += here * (1 - own_(row, s) / light_(row, s));
      }
      outliers_ += strange > 0.5 ? 1 : 0;
    }
    if (sums != nullptr) {
      for (int s = 0; s < stages_; ++s) {
        const double here = at[s] * beta_[s];
        if (t + 1 < steps || cell_->divided) sums->occupied[state_of_[s]] += here;
        if (t == 0 && !cell_->born) sums->started[state_of_[s]] += here;
        if (row < 0) continue;
        const double share = here * own_(row, s) / light_(row, s);
        for (int c = 0; c < 2; ++c) {
          const double x = data_.log_light_(cell_->first_row + row, c);
          if (std::isnan(x)) continue;
          sums->weight(s, c) += share;
          sums->light(s, c) += share * x;
          sums->light2(s, c) += share * x * x;
        }
      }
    }
    if (t == 0) break;
    // weighted: light of this step times what follows, over its scale
    double all = 0;
    for (int s = 0; s < stages_; ++s) {
      weighted_[s] = beta_[s] * (row >= 0 ? light_(row, s) : 1.0) / scale_[static_cast<std::size_t>(t)];
      all += weighted_[s];
    }
    const double* before = at - stages_;
    const double jumped = model_.jump * all / stages_;
    if (keep) jump_[static_cast<std::size_t>(t)] = jumped;      // the states before sum to 1
    for (int s = 0; s < stages_; ++s) {
      const double on = stay * to_next_[s] * weighted_[next_[s]], over = stay * to_over_[s] * weighted_[over_[s]];
      beta_before_[s] = stay * keep_[s] * weighted_[s] + on + over + jumped;
      if (sums != nullptr) {
        sums->left[state_of_[s]] += before[s] * (on + over);
        if (state_of_[next_[s]] == state_of_[s]) continue;
        const int next = state_of_[next_[s]];
        sums->entered[next] += before[s] * on;
        sums->skipped_into[next] += before[s] * over;      // the state that was skipped
      }
    }
    beta_.swap(beta_before_);
  }
  if (sums != nullptr && cell_->born) {
    const int first = states_ > 1 ? model_.first_stage(1) : 0;
    sums->entered[0] += alpha_[0] * beta_[0];
    if (first > 0) sums->skipped_into[0] += alpha_[first] * beta_[first];
  }
}

void SmootherPass::decode(int* state, float* certainty, char* jumped) {
  const int steps = cell_->steps, rows = cell_->rows;
  from_.resize(static_cast<std::size_t>(steps) * states_);
  std::vector<double>& best = beta_;
  std::vector<double>& next = beta_before_;
  best.resize(static_cast<std::size_t>(states_));
  next.resize(best.size());
  const auto score = [&](int t, int s) { return std::log(std::max(1e-9, posterior_[static_cast<std::size_t>(t) * states_ + s])); };
  const auto follows = [&](int from, int to) {
    if (from == to || (from + 1) % states_ == to) return true;
    const int between = (from + 1) % states_;
    return (from + 2) % states_ == to && model_.states[static_cast<std::size_t>(between)].skipped > 0;
  };
  for (int s = 0; s < states_; ++s) best[static_cast<std::size_t>(s)] = score(0, s);
  for (int t = 1; t < steps; ++t) {
    const double jump = std::log(std::max(1e-12, jump_[static_cast<std::size_t>(t)]));
    for (int s = 0; s < states_; ++s) {
      double top = -std::numeric_limits<double>::infinity();
      for (int f = 0; f < states_; ++f) {
        const double here = best[static_cast<std::size_t>(f)] + (follows(f, s) ? 0 : jump);
        // Of equals the one that stays: what happens where nobody looked is put as late as it can be.
        if (here > top || (here == top && f == s)) top = here, from_[static_cast<std::size_t>(t) * states_ + s] = static_cast<std::uint8_t>(f);
      }
      next[static_cast<std::size_t>(s)] = top + score(t, s);
    }
    best.swap(next);
  }
  int at = static_cast<int>(std::max_element(best.begin(), best.begin() + states_) - best.begin()), later = rows - 1;
  for (int t = steps - 1; t >= 0; --t) {
    const int row = row_of_step_[static_cast<std::size_t>(t)];
    if (row >= 0) {
      later = row;
      state[row] = at;
      double sure = 0;
      for (int s = 0; s < states_; ++s)
        if (model_.states[static_cast<std::size_t>(s)].light.phase == model_.states[static_cast<std::size_t>(at)].light.phase) sure += posterior_[static_cast<std::size_t>(t) * states_ + s];
      certainty[row] = static_cast<float>(std::min(1.0, sure));
    }
    if (t == 0) break;
    const int before = from_[static_cast<std::size_t>(t) * states_ + at];
    if (!follows(before, at)) jumped[later] = 1;
    at = before;
  }
}

}  // namespace hyped
