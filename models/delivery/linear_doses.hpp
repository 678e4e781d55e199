// Delivery models that are linear in what reaches the active state: their courses under doses and washes, exact.
#pragma once
#include <Eigen/Core>
#include <optional>
#include <span>
#include <vector>

#include "libhyped/model/model.hpp"

namespace hyped::models {

// The first state (the medium) gains `amount` at a dose and loses what it holds at a wash.
struct MediumEvent {
  double time_h = 0;
  bool wash = false;
  double amount = 0;      // of a dose
  int pulse = 0;          // the dose or wash belongs to
};

// At each time: the active state, then (where asked for) its derivatives by every pulse's amount and by every event's time.
struct ActiveCourse {
  Eigen::MatrixXd values, slopes;      // [N x 1] or [N x (1 + pulses + events)]; slopes: by time [1/h]
};

// x' = A x with constant A on the states that reach the active one: advanced by exp(A t), which is kept for the spans named. Thread-safe.
class LinearDoses {
 public:
  // None if the rates of those states are not linear in them, or have a constant part.
  static std::optional<LinearDoses> of(const Model& model, std::span<const double> parameters, int active, std::span<const double> spans_h);
  // Events in the order they happen; times increase and begin at the first event. The active state is taken to be continuous at events.
  ActiveCourse follow(std::span<const MediumEvent> events, std::span<const double> times_h, int pulses, bool derivatives) const;

 private:
  LinearDoses() = default;
  Eigen::MatrixXd a_;                                         // [M x M], the medium first
  std::vector<std::pair<double, Eigen::MatrixXd>> kept_;      // exp(A span) of spans
  int active_ = 0;
};

}  // namespace hyped::models
