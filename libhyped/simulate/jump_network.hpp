// Inside the stochastic simulators: a reaction network with the rates of every segment of an experiment, laid out for fast events.
#pragma once
#include <array>
#include <span>
#include <string>
#include <vector>

#include "libhyped/model/model.hpp"
#include "libhyped/simulate/segments.hpp"

namespace hyped {

// The reactions a path may take: what each changes, which propensities that may change, and where propensities are of mass-action
// form, c x_i (x_j - s_j) (x_k - s_k) with up to three factors, their coefficients, so that no model is called at an event.
// What a propensity reads comes from the model, or, if that does not know, from probing it at many states; simulators compare
// with the whole list now and then and report a difference.
class JumpNetwork {
 public:
  struct Change {
    int state, amount;
  };
  // Factors that are not there have state S, whose count the caller holds at 1, and shift 0.
  struct MassAction {
    std::array<int, 3> state;
    std::array<double, 3> shift;      // the first is 0
    int order;
  };
  // Rates between two cuts of the experiment; `coefficient` is empty where rates vary in time or are not all of mass action.
  struct SegmentRates {
    std::vector<double> parameters, coefficient;
    bool varying = false;
    const Segment* segment = nullptr;
    double clock(double t) const { return segment->inside(t); }
  };

  // Throws InputError for a model without stoichiometry, and for a rate whose condition on time switches at times not known.
  JumpNetwork(const Model& model, std::span<const double> parameters, const Plan& plan);

  const Model& model() const { return model_; }
  int reaction_count() const { return static_cast<int>(change_start_.size()) - 1; }
  int state_count() const { return model_.state_count(); }
  std::span<const Change> changes(int reaction) const { return row(changes_, change_start_, reaction); }
  std::span<const int> reads(int reaction) const { return row(reads_, read_start_, reaction); }
  std::span<const int> dependents(int reaction) const { return row(dependents_, dependent_start_, reaction); }
  // The highest order of mass action (1 to 3) when all propensities are of that form, else 0.
  int order() const { return order_; }
  const std::vector<MassAction>& mass_action() const { return mass_action_; }
  const SegmentRates& rates(std::size_t segment) const { return rates_[segment]; }

  // All propensities [R] at x [S]; not cut off at 0.
  void propensities(double t, std::span<const double> x, const SegmentRates& rates, std::span<double> out) const;
  // Only those of `which` [.] anew; the others in `out` [R] are right already.
  void update(double t, std::span<const double> x, const SegmentRates& rates, std::span<const int> which, std::span<double> out) const;
  // The first propensity that is negative beyond rounding, -1 if none; smaller ones are set to 0.
  static int first_negative(std::span<double> propensities);
  // "reaction 'A -> B' has rate -3: split reversible reactions"
  std::string negative_rate(int reaction, double rate) const;
  // "reaction 'A -> B' takes 'A' below 0: its rate must vanish when there is not enough of it"
  std::string below_zero(int reaction, int state) const;
  // "the rate of reaction 'A -> B' is not finite"
  std::string not_finite(std::span<const double> propensities) const;
  // Throws InputError naming the reaction if rates vary in time between events.
  void require_constant_rates(const std::string& where) const;
  // Throws InputError if a propensity is negative.
  void require_rates(double t, std::span<const double> x, const SegmentRates& rates) const;

 private:
  template <class T>
  static std::span<const T> row(const std::vector<T>& all, const std::vector<int>& start, int r) {
    const auto from = static_cast<std::size_t>(start[static_cast<std::size_t>(r)]), to = static_cast<std::size_t>(start[static_cast<std::size_t>(r) + 1]);
    return {all.data() + from, to - from};
  }
  std::vector<std::vector<int>> probed_reads(double t, std::span<const double> nudged) const;
  void find_mass_action(double t, std::span<const double> nudged);
  bool fit_coefficients(double t, std::span<const double> parameters, std::vector<double>& out) const;

  const Model& model_;
  std::vector<Change> changes_;
  std::vector<int> change_start_, reads_, read_start_, dependents_, dependent_start_;
  std::vector<MassAction> mass_action_;
  int order_ = 0;
  std::vector<SegmentRates> rates_;      // by segment
};

}  // namespace hyped
