// Structure of arrays: one register per state, a lane per job.
#include "libhyped/simulate/pack_ode.hpp"

#include <algorithm>
#include <cmath>

#include "libhyped/model/pack.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/simulate/segments.hpp"
#include "libhyped/simulate/switching_ode.hpp"

namespace hyped {
namespace {

constexpr int stages = 7;

// Do two plans stop at the same times?
bool alike(const Plan& a, const Plan& b) {
  return a.segments.size() == b.segments.size() && std::equal(a.segments.begin(), a.segments.end(), b.segments.begin(), [](const Segment& x, const Segment& y) {
           return x.from_h == y.from_h && x.until_h == y.until_h && x.samples_h == y.samples_h;
         });
}

class PackRun {
 public:
  PackRun(const Model& model, std::span<const PackJob> jobs, std::vector<Plan> plans, const OdeOptions& options)
      : model_(model), jobs_(jobs), plans_(std::move(plans)), options_(options), states_(static_cast<std::size_t>(model.state_count())), parameters_(static_cast<std::size_t>(model.parameter_count())) {
    x_.resize(states_), next_.resize(states_), p_.resize(parameters_), sixth_.resize(states_);
    for (auto& k : k_) k.resize(states_);
    for (std::size_t lane = 0; lane < jobs.size(); ++lane) active_.emplace_back(jobs[lane].parameters, plans_[lane].inputs);
    for (int lane = 0; lane < pack_lanes; ++lane) {
      const PackJob& job = jobs_[std::min<std::size_t>(static_cast<std::size_t>(lane), jobs_.size() - 1)];      // spare lanes repeat the last job
      for (std::size_t i = 0; i < states_; ++i) x_[i].set(lane, job.experiment->initial[i]);
    }
  }

  // False: the pack turned stiff and is to be done otherwise.
  bool run(std::span<Trajectory> out) {
    for (std::size_t lane = 0; lane < jobs_.size(); ++lane) {
      out[lane].method = "explicit ODE (Dormand-Prince 5(4), packs of eight)";
      out[lane].states.resize(plans_[lane].sample_count, static_cast<Eigen::Index>(states_));
    }
    for (std::size_t s = 0; s < plans_[0].segments.size(); ++s) {
      const Segment& segment = plans_[0].segments[s];
      segment_ = &segment;
      for (std::size_t lane = 0; lane < jobs_.size(); ++lane)
        if (const Outcome outcome = begin(lane, plans_[lane].segments[s]); !outcome.ok() && !retired(static_cast<int>(lane))) retire(1u << lane, outcome, out);
      fresh_ = true;
      double t = segment.from_h;
      for (const double sample : segment.samples_h) {
        if (sample > t && !advance(t, sample, out)) return false;
        record(sample, out);
      }
      if (segment.until_h > t && !advance(t, segment.until_h, out)) return false;
    }
    for (std::size_t lane = 0; lane < jobs_.size(); ++lane) {
      out[lane].states.conservativeResize(static_cast<Eigen::Index>(out[lane].times_h.size()), static_cast<Eigen::Index>(states_));
      out[lane].work = work_;
    }
    return true;
  }

 private:
  Outcome begin(std::size_t lane, const Segment& segment) {
    Outcome outcome;
    for (const BoundEvent& event : segment.events) {
      if (event.kind == BoundEvent::Kind::parameter) {
        active_[lane].apply(event);
        continue;
      }
      for (std::size_t i = 0; i < states_; ++i)
        if (event.kind == BoundEvent::Kind::all_states || static_cast<int>(i) == event.index) {
          const double before = x_[i][static_cast<int>(lane)], after = after_event(event, before);
          if (outcome.ok()) outcome = event_outcome(model_, event, static_cast<int>(i), before, after, segment.from_h);
          x_[i].set(static_cast<int>(lane), after);
        }
    }
    active_[lane].begin(segment.until_h);
    varies_ = varies_ || !active_[lane].inputs().empty();
    return outcome;
  }
  void load_parameters(double t) {
    for (int lane = 0; lane < pack_lanes; ++lane) {
      const auto values = active_[std::min<std::size_t>(static_cast<std::size_t>(lane), jobs_.size() - 1)].at(t);
      for (std::size_t i = 0; i < parameters_; ++i) p_[i].set(lane, values[i]);
    }
  }
  void rates(double t, const std::vector<Pack>& x, std::vector<Pack>& dx) {
    if (varies_) load_parameters(t);
    ++work_.rate_calls;
    model_.pack_rates(segment_->inside(t), x.data(), p_.data(), dx.data());
  }
  bool retired(int lane) const { return retired_ >> lane & 1; }

  // Largest error of the lanes that are alive; a lane that is not finite is infinity, and `bad` names it.
  double worst(const double (&norm)[pack_lanes], unsigned& bad) const {
    double largest = 0;
    bad = 0;
    for (int lane = 0; lane < pack_lanes; ++lane) {
      if (retired(lane)) continue;
      if (!std::isfinite(norm[lane])) bad |= 1u << lane;
      else largest = std::max(largest, norm[lane]);
    }
    return bad != 0 ? std::numeric_limits<double>::infinity() : largest;
  }
  template <class Part>
  void norm_of(const Part& part, double (&norm)[pack_lanes]) const {
    const Pack absolute(options_.absolute_tolerance), relative(options_.relative_tolerance);
    Pack largest(0.0), all(0.0);
    for (std::size_t i = 0; i < states_; ++i) {
      const Pack size = abs(part(i)) / (absolute + relative * larger(abs(x_[i]), abs(next_[i])));
      largest = larger(largest, size);
      all += size;      // carries a NaN
    }
    for (int lane = 0; lane < pack_lanes; ++lane) norm[lane] = std::isfinite(all[lane]) ? largest[lane] : std::numeric_limits<double>::infinity();
  }

  double first_step(double t, double until) {
    if (options_.first_step_h > 0) return options_.first_step_h;
    next_ = x_;
    double size[pack_lanes], slope[pack_lanes];
    norm_of([&](std::size_t i) { return x_[i]; }, size);
    norm_of([&](std::size_t i) { return k_[0][i]; }, slope);
    double h = until - t;
    for (int lane = 0; lane < pack_lanes; ++lane)
      if (!retired(lane) && std::isfinite(slope[lane])) h = std::min(h, size[lane] < 1e-5 || slope[lane] < 1e-5 ? 1e-6 : 0.01 * size[lane] / slope[lane]);
    return h;
  }

  void attempt(double t, double h, double end) {
    const Pack *k1 = k_[0].data(), *k2 = k_[1].data(), *k3 = k_[2].data(), *k4 = k_[3].data(), *k5 = k_[4].data(), *k6 = k_[5].data(), *x = x_.data();
    Pack *z = next_.data(), *sixth = sixth_.data();
    const std::size_t n = states_;
    const auto w = [h](double weight) { return Pack(h * weight); };
    const Pack a21 = w(1.0 / 5);
    for (std::size_t i = 0; i < n; ++i) z[i] = x[i] + a21 * k1[i];
    rates(t + h / 5, next_, k_[1]);
    const Pack a31 = w(3.0 / 40), a32 = w(9.0 / 40);
    for (std::size_t i = 0; i < n; ++i) z[i] = x[i] + a31 * k1[i] + a32 * k2[i];
    rates(t + h * 3 / 10, next_, k_[2]);
    const Pack a41 = w(44.0 / 45), a42 = w(-56.0 / 15), a43 = w(32.0 / 9);
    for (std::size_t i = 0; i < n; ++i) z[i] = x[i] + a41 * k1[i] + a42 * k2[i] + a43 * k3[i];
    rates(t + h * 4 / 5, next_, k_[3]);
    const Pack a51 = w(19372.0 / 6561), a52 = w(-25360.0 / 2187), a53 = w(64448.0 / 6561), a54 = w(-212.0 / 729);
    for (std::size_t i = 0; i < n; ++i) z[i] = x[i] + a51 * k1[i] + a52 * k2[i] + a53 * k3[i] + a54 * k4[i];
    rates(t + h * 8 / 9, next_, k_[4]);
    const Pack a61 = w(9017.0 / 3168), a62 = w(-355.0 / 33), a63 = w(46732.0 / 5247), a64 = w(49.0 / 176), a65 = w(-5103.0 / 18656);
    for (std::size_t i = 0; i < n; ++i) sixth[i] = z[i] = x[i] + a61 * k1[i] + a62 * k2[i] + a63 * k3[i] + a64 * k4[i] + a65 * k5[i];
    rates(end, next_, k_[5]);
    const Pack b1 = w(35.0 / 384), b3 = w(500.0 / 1113), b4 = w(125.0 / 192), b5 = w(-2187.0 / 6784), b6 = w(11.0 / 84);
    for (std::size_t i = 0; i < n; ++i) z[i] = x[i] + b1 * k1[i] + b3 * k3[i] + b4 * k4[i] + b5 * k5[i] + b6 * k6[i];
    rates(end, next_, k_[6]);
  }

  // Steps to `until`; false when a lane is limited by stability.
  bool advance(double& t, double until, std::span<Trajectory> out) {
    double norm[pack_lanes];
    unsigned bad = 0;
    if (fresh_) {
      load_parameters(t);
      rates(t, x_, k_[0]);
      step_ = first_step(t, until);
      fresh_ = false;
    }
    while (t < until) {
      if (retired_ == all_lanes()) {
        t = until;
        return true;
      }
      if (++steps_ > options_.step_limit) return retire(all_lanes() & ~retired_, {Status::step_limit, "the explicit method needs too many steps", t}, out), t = until, true;
      step_ = std::min(step_, options_.maximum_step_h);
      const bool last = t + step_ * 1.0001 >= until;
      const double h = last ? until - t : step_;
      attempt(t, h, last ? until : t + h);
      const Pack e1(h * (71.0 / 57600)), e3(h * (-71.0 / 16695)), e4(h * (71.0 / 1920)), e5(h * (-17253.0 / 339200)), e6(h * (22.0 / 525)), e7(h * (-1.0 / 40));
      norm_of([&](std::size_t i) { return e1 * k_[0][i] + e3 * k_[2][i] + e4 * k_[3][i] + e5 * k_[4][i] + e6 * k_[5][i] + e7 * k_[6][i]; }, norm);
      const double error = worst(norm, bad);
      if (error <= 1) {
        ++work_.steps;
        if (stiff(h)) return false;
        t = last ? until : t + h;
        x_.swap(next_);
        k_[0].swap(k_[6]);
        const double grown = h / std::clamp(std::pow(std::max(error, 1e-10), 0.17) / std::pow(previous_, 0.04) / 0.9, 0.1, 5.0);
        step_ = last ? std::max(step_, grown) : grown;
        if (just_rejected_) step_ = std::min(step_, h);
        just_rejected_ = false;
        previous_ = std::max(error, 1e-4);
        continue;
      }
      ++work_.rejected;
      just_rejected_ = true;
      step_ = std::isfinite(error) ? h / std::min(5.0, std::pow(error, 0.17) / 0.9) : h * 0.1;
      if (step_ < options_.minimum_step_h || t + step_ == t) {
        if (bad == 0)
          for (int lane = 0; lane < pack_lanes; ++lane) bad |= !retired(lane) && norm[lane] > 1 ? 1u << lane : 0u;
        retire(bad, {std::isfinite(error) ? Status::step_too_small : Status::not_finite, std::isfinite(error) ? "the step fell below its minimum" : "the rates are not finite", t}, out);
        step_ = first_step(t, until);
      }
    }
    return true;
  }

  unsigned all_lanes() const { return (1u << jobs_.size()) - 1; }
  void retire(unsigned lanes, const Outcome& outcome, std::span<Trajectory> out) {
    for (std::size_t lane = 0; lane < jobs_.size(); ++lane)
      if (lanes >> lane & 1) out[lane].outcome = outcome;
    retired_ |= lanes;
    for (int lane = static_cast<int>(jobs_.size()); lane < pack_lanes; ++lane) retired_ |= 1u << lane;      // spare lanes follow no one
    for (std::size_t i = 0; i < states_; ++i)      // a number to go on with, which nobody reads
      for (int lane = 0; lane < pack_lanes; ++lane)
        if (retired(lane)) x_[i].set(lane, 0), k_[0][i].set(lane, 0);
  }
  bool stiff(double h) {
    Pack slopes(0.0), distance(0.0);
    for (std::size_t i = 0; i < states_; ++i) {
      const Pack slope = k_[6][i] - k_[5][i], apart = next_[i] - sixth_[i];
      slopes += slope * slope;
      distance += apart * apart;
    }
    bool limited = false;      // h |lambda| > 2.6 in a lane that is followed
    for (int lane = 0; lane < static_cast<int>(jobs_.size()); ++lane) limited = limited || (!retired(lane) && h * h * slopes[lane] > 2.6 * 2.6 * distance[lane]);
    if (limited) calm_ = 0, ++stiff_;
    else if (++calm_ == 6) stiff_ = calm_ = 0;
    return stiff_ >= 15;
  }
  void record(double t, std::span<Trajectory> out) {
    for (std::size_t lane = 0; lane < jobs_.size(); ++lane) {
      if (retired(static_cast<int>(lane))) continue;
      const auto row = static_cast<Eigen::Index>(out[lane].times_h.size());
      for (std::size_t i = 0; i < states_; ++i) out[lane].states(row, static_cast<Eigen::Index>(i)) = x_[i][static_cast<int>(lane)];
      out[lane].times_h.push_back(t);
    }
  }

  const Model& model_;
  std::span<const PackJob> jobs_;
  std::vector<Plan> plans_;
  const Segment* segment_ = nullptr;
  OdeOptions options_;
  std::size_t states_, parameters_;
  std::vector<ActiveParameters> active_;
  std::vector<Pack> x_, next_, sixth_, p_, k_[stages];
  double step_ = 0, previous_ = 1e-4;
  long steps_ = 0;
  int stiff_ = 0, calm_ = 0;
  unsigned retired_ = 0;
  bool fresh_ = true, just_rejected_ = false, varies_ = false;
  WorkCounters work_;
};

}  // namespace

std::vector<Trajectory> simulate_packs(const Model& model, std::span<const PackJob> jobs, const OdeOptions& options) {
  std::vector<Trajectory> out(jobs.size());
  const int packs = static_cast<int>((jobs.size() + pack_lanes - 1) / pack_lanes);
  parallel_for(packs, [&](int number) {
    const std::size_t from = static_cast<std::size_t>(number) * pack_lanes, count = std::min<std::size_t>(pack_lanes, jobs.size() - from);
    const auto mine = jobs.subspan(from, count);
    const std::span<Trajectory> results(out.data() + from, count);
    std::vector<Plan> plans;
    bool together = true;
    for (const PackJob& job : mine) {
      plans.push_back(plan_of(model, job.parameters, *job.experiment));
      together = together && alike(plans.front(), plans.back()) && !std::isfinite(plans.back().longest_step_h);
    }
    if (together && PackRun(model, mine, std::move(plans), options).run(results)) return;
    for (std::size_t lane = 0; lane < count; ++lane) {
      results[lane] = simulate_switching(model, mine[lane].parameters, *mine[lane].experiment,
                                         {.relative_tolerance = options.relative_tolerance, .absolute_tolerance = options.absolute_tolerance, .step_limit = options.step_limit});
      results[lane].method += together ? ", the pack turned stiff" : ", its stops differ from its pack's";
    }
  });
  return out;
}

}  // namespace hyped
