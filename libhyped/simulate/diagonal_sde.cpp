// Strang splitting of diagonal-noise equations, eight paths in a pack.
#include "libhyped/simulate/diagonal_sde.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/model/pack.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

struct Interval {
  double from = 0, step = 0;
  int steps = 0;
  int sample = -1;      // index of the sample at its end
};

std::vector<Interval> intervals_of(const SdeEnsemble& e, const SdeOptions& options) {
  std::vector<double> ends = e.sample_times_h;
  for (const double b : e.breaks_h)
    if (b > e.start_h && b < e.sample_times_h.back()) ends.push_back(b);
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  std::vector<Interval> out;
  double from = e.start_h;
  for (const double until : ends) {
    const auto sample = std::find(e.sample_times_h.begin(), e.sample_times_h.end(), until);
    Interval piece{from, 0, 0, sample == e.sample_times_h.end() ? -1 : static_cast<int>(sample - e.sample_times_h.begin())};
    if (until > from) {
      piece.steps = std::max(1, static_cast<int>(std::ceil((until - from) / options.step_h - 1e-9)));
      piece.step = (until - from) / piece.steps;
    }
    out.push_back(piece);
    from = until;
  }
  return out;
}

void check(const SdeEnsemble& e, const SdeOptions& options) {
  HYPED_REQUIRE(e.model != nullptr && e.start != nullptr && (e.driven.empty() || e.drive != nullptr));
  const auto states = static_cast<std::size_t>(e.model->state_count());
  if (e.parameters.size() != static_cast<std::size_t>(e.model->parameter_count())) throw InputError("simulate_sde", "the number of parameters is not the model's");
  if (e.noise.strength.size() != states || e.noise.relaxation.size() != states) throw InputError("simulate_sde", "noise does not have one strength and one relaxation per state");
  for (std::size_t i = 0; i < states; ++i)
    if (!(e.noise.strength[i] >= 0 && std::isfinite(e.noise.strength[i]) && e.noise.relaxation[i] >= 0 && std::isfinite(e.noise.relaxation[i])))
      throw InputError("simulate_sde", fmt::format("strength or relaxation of '{}' is negative or not finite", e.model->states()[i].name));
  if (!(options.step_h > 0)) throw InputError("simulate_sde", "step_h is not positive");
  if (e.paths < 0) throw InputError("simulate_sde", "the number of paths is negative");
  if (e.sample_times_h.empty() || e.sample_times_h.front() < e.start_h || !std::is_sorted(e.sample_times_h.begin(), e.sample_times_h.end(), std::less_equal<>()))
    throw InputError("simulate_sde", "sample times are missing, not increasing or before the start");
  for (const int p : e.driven)
    if (p < 0 || p >= e.model->parameter_count()) throw InputError("simulate_sde", "a driven parameter is not the model's");
}

// The exact law of dx = -k x dt + g(x) dW over one time, state by state.
struct NoiseStep {
  std::vector<double> factor, spread;      // [S]
  NoiseForm form;
  NoiseStep(const DiagonalNoise& noise, double h) : factor(noise.strength.size()), spread(factor.size()), form(noise.form) {
    for (std::size_t i = 0; i < factor.size(); ++i) {
      const double k = noise.relaxation[i], s = noise.strength[i];
      const double lost = k > 0 ? -std::expm1(-k * h) / k : h, lost_twice = k > 0 ? -std::expm1(-2 * k * h) / (2 * k) : h;
      factor[i] = form == NoiseForm::proportional ? -(k + 0.5 * s * s) * h : std::exp(-k * h);
      spread[i] = form == NoiseForm::additive ? s * std::sqrt(lost_twice) : form == NoiseForm::proportional ? s * std::sqrt(h) : 0.5 * s * s * lost;
    }
  }
  double operator()(std::size_t i, double x, RandomStream& random) const {
    if (form == NoiseForm::additive) return spread[i] > 0 ? factor[i] * x + spread[i] * random.normal() : factor[i] * x;
    if (form == NoiseForm::proportional) return x * std::exp(spread[i] > 0 ? factor[i] + spread[i] * random.normal() : factor[i]);
    if (!(spread[i] > 0)) return factor[i] * x;
    if (!(x >= 0)) return std::nan("");
    const auto clusters = random.poisson(factor[i] * x / spread[i]);      // Feller's branching diffusion
    return clusters > 0 ? spread[i] * random.gamma(static_cast<double>(clusters)) : 0.0;
  }
};

class PackPaths {
 public:
  PackPaths(const SdeEnsemble& e, std::uint64_t seed, const SdeOptions& options, int first)
      : e_(e), first_(first), lanes_(std::min(pack_lanes, e.paths - first)), states_(static_cast<std::size_t>(e.model->state_count())),
        x_(states_), middle_(states_), rate_(states_), p_(e.parameters.size()), values_(e.driven.size()) {
    for (std::size_t j = 0; j < p_.size(); ++j) p_[j] = Pack(e.parameters[j]);
    std::vector<double> state(states_);
    for (int lane = 0; lane < pack_lanes; ++lane) {
      if (lane < lanes_) {
        random_.emplace_back(seed, options.job, static_cast<std::uint32_t>(first + lane));
        e.start(first + lane, random_.back(), state);
      }
      for (std::size_t i = 0; i < states_; ++i) x_[i].set(lane, state[i]);      // spare lanes repeat the last path and draw nothing
    }
  }

  void advance(const Interval& interval, const NoiseStep& half, const NoiseStep& whole) {
    if (interval.steps == 0) return;
    shake(half);
    for (int n = 0; n < interval.steps; ++n) {
      drift(interval.from + (n + 0.5) * interval.step, interval.step);
      shake(n + 1 < interval.steps ? whole : half);
    }
  }

  // First path and state that left the domain; -1: none.
  std::pair<int, int> lost() const {
    for (int lane = 0; lane < lanes_; ++lane)
      for (std::size_t i = 0; i < states_; ++i)
        if (const double value = x_[i][lane]; !std::isfinite(value) || (e_.noise.form == NoiseForm::square_root && value < 0)) return {first_ + lane, static_cast<int>(i)};
    return {-1, -1};
  }
  void write(Eigen::MatrixXd& out) const {
    for (std::size_t i = 0; i < states_; ++i)
      for (int lane = 0; lane < lanes_; ++lane) out(first_ + lane, static_cast<Eigen::Index>(i)) = x_[i][lane];
  }

 private:
  void shake(const NoiseStep& step) {
    for (std::size_t i = 0; i < states_; ++i)
      for (int lane = 0; lane < lanes_; ++lane) x_[i].set(lane, step(i, x_[i][lane], random_[static_cast<std::size_t>(lane)]));
  }
  // The drift without -k x, by the explicit midpoint rule.
  void drift(double t, double h) {
    if (!values_.empty())
      for (int lane = 0; lane < lanes_; ++lane) {
        e_.drive(first_ + lane, t, values_);
        for (std::size_t k = 0; k < values_.size(); ++k) p_[static_cast<std::size_t>(e_.driven[k])].set(lane, values_[k]);
      }
    e_.model->pack_rates(Pack(t), x_.data(), p_.data(), rate_.data());
    for (std::size_t i = 0; i < states_; ++i) middle_[i] = x_[i] + Pack(0.5 * h) * (rate_[i] + Pack(e_.noise.relaxation[i]) * x_[i]);
    e_.model->pack_rates(Pack(t), middle_.data(), p_.data(), rate_.data());
    for (std::size_t i = 0; i < states_; ++i) x_[i] += Pack(h) * (rate_[i] + Pack(e_.noise.relaxation[i]) * middle_[i]);
  }

  const SdeEnsemble& e_;
  int first_, lanes_;
  std::size_t states_;
  std::vector<Pack> x_, middle_, rate_, p_;
  std::vector<double> values_;
  std::vector<RandomStream> random_;
};

}  // namespace

SdePaths simulate_sde(const SdeEnsemble& ensemble, std::uint64_t seed, const SdeOptions& options) {
  check(ensemble, options);
  SdePaths out;
  out.times_h = ensemble.sample_times_h;
  const auto intervals = intervals_of(ensemble, options);
  std::vector<NoiseStep> half, whole;
  for (const Interval& i : intervals) {
    half.emplace_back(ensemble.noise, 0.5 * i.step);
    whole.emplace_back(ensemble.noise, i.step);
    out.steps += i.steps;
  }
  out.states.assign(out.times_h.size(), Eigen::MatrixXd(ensemble.paths, ensemble.model->state_count()));
  const int packs = (ensemble.paths + pack_lanes - 1) / pack_lanes;
  struct Loss {
    int path = -1, state = -1;
    double time_h = 0;
  };
  std::vector<Loss> losses(static_cast<std::size_t>(packs));
  parallel_for(packs, [&](int b) {
    PackPaths pack(ensemble, seed, options, b * pack_lanes);
    for (std::size_t i = 0; i < intervals.size(); ++i) {
      pack.advance(intervals[i], half[i], whole[i]);
      if (const auto [path, state] = pack.lost(); path >= 0 && losses[static_cast<std::size_t>(b)].path < 0)
        losses[static_cast<std::size_t>(b)] = {path, state, intervals[i].from + intervals[i].steps * intervals[i].step};
      if (intervals[i].sample >= 0) pack.write(out.states[static_cast<std::size_t>(intervals[i].sample)]);
    }
  });
  for (const Loss& loss : losses)
    if (loss.path >= 0) {
      out.outcome = {Status::not_finite, fmt::format("state '{}' of path {} left its domain: make steps shorter than {:.3g} h", ensemble.model->states()[static_cast<std::size_t>(loss.state)].name, loss.path, options.step_h), loss.time_h};
      break;
    }
  return out;
}

}  // namespace hyped
