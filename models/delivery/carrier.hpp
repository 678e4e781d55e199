// A carrier with its kinetics under any number of doses: the active input over time, and its exact derivatives by amounts and times.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libhyped/model/model.hpp"
#include "libhyped/simulate/experiment.hpp"
#include "libhyped/simulate/input_course.hpp"
#include "models/delivery/active_input.hpp"
#include "models/delivery/linear_doses.hpp"

namespace hyped::models {

// `amount` of the reference dose from from_h; at until_h the medium is washed (infinite: never), whatever dose it holds.
struct DosePulse {
  double amount = 1, from_h = 0, until_h = std::numeric_limits<double>::infinity();
  bool operator==(const DosePulse&) const = default;
};

struct DosedCourse {
  InputCourse course;                                             // in units of the reference dose's peak
  std::vector<InputCourse> by_amount, by_from, by_until;          // per pulse; empty where not asked for
};

// The delivery model of one agent. Thread-safe. InputError for unknown parameters and a reference dose without effect.
class Carrier {
 public:
  Carrier(Delivery kind, const std::map<std::string, double>& parameters);
  // Zero before the first dose, constant after end_h. The active input is continuous at doses and washes (each passes two states at
  // least), so that its derivatives by their times have no jumps. InputError: an amount below 0, a wash that does not come after its dose.
  DosedCourse course(std::span<const DosePulse> pulses, double end_h, bool derivatives = false) const;
  Delivery kind() const { return kind_; }

 private:
  struct Activity {
    double value, slope, curvature;      // by the active state
  };
  Activity activity(double x) const;
  DosedCourse simulated(std::span<const DosePulse> pulses, double scale, double end_h, bool derivatives) const;
  ActiveCourse integrated(std::span<const DosePulse> pulses, const Experiment& dish, bool derivatives) const;
  std::unique_ptr<Model> model_;
  std::vector<double> parameters_;
  Delivery kind_;
  int active_ = 0;
  double half_ = 0, peak_ = 1;
  std::optional<LinearDoses> linear_;      // exact courses; none: integrated
};

}  // namespace hyped::models
