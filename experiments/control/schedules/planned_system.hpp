// What a plan is made for: a fitted model as an ensemble of members, each of which answers doses with quantities and their derivatives.
#pragma once
#include <Eigen/Core>
#include <span>
#include <string>
#include <vector>

#include "experiments/control/schedules/pulse_plan.hpp"
#include "libhyped/errors.hpp"

namespace hyped::control {

struct PlannedQuantity {
  std::string name, unit;
};

struct PlannedAnswer {
  Eigen::VectorXd values;           // [Q]
  Eigen::MatrixXd by_pulses;        // [Q x 3K]: by amount, start, until of every pulse; empty if not asked for
  Outcome outcome;
};

// Members are draws from a posterior or refits of a bootstrap; all functions are called from several threads.
class PlannedSystem {
 public:
  virtual ~PlannedSystem() = default;
  virtual const std::vector<PlannedQuantity>& quantities() const = 0;      // [Q]
  virtual int member_count() const = 0;
  virtual double weight(int) const { return 1; }                           // relative
  virtual PlannedAnswer answer(int member, std::span<const Pulse> pulses, bool derivatives) const = 0;
  // For figures: courses of the model's own quantities [T x N], and what each input does over time [T].
  virtual std::vector<PlannedQuantity> course_quantities() const = 0;      // [N]
  virtual Eigen::MatrixXd course(int member, std::span<const Pulse> pulses, const std::vector<double>& times_h, Outcome& outcome) const = 0;
  virtual Eigen::VectorXd input_course(int member, int input, std::span<const Pulse> pulses, const std::vector<double>& times_h) const = 0;
  // What differs between members, for the sensitivity of a plan [M x P] with names; may be empty.
  virtual std::vector<std::string> parameter_names() const { return {}; }
  virtual Eigen::MatrixXd parameters() const { return {}; }
};

}  // namespace hyped::control
