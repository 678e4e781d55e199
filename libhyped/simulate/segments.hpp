// Inside the simulators: an Experiment checked against a Model and cut into segments free of events and input breaks.
#pragma once
#include <Eigen/Core>
#include <limits>
#include <span>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/model/model.hpp"
#include "libhyped/simulate/experiment.hpp"

namespace hyped {

// A perturbation whose target is resolved: a state, a parameter, or all states ("cells").
struct BoundEvent {
  enum class Kind { state, parameter, all_states };
  Kind kind = Kind::state;
  int index = -1;
  Action action = Action::set;
  double amount = 0;              // the value, also when it comes from a parameter
  int amount_parameter = -1;      // index of that parameter; its value is the caller's, not the scheduled one
  int number = 0;                 // position in Experiment::schedule
};

// [from, until]; `events` act at from_h, then the samples in [from, until) are seen (in the last segment also at until_h).
struct Segment {
  double from_h = 0, until_h = 0;
  std::vector<BoundEvent> events;
  std::vector<double> samples_h;
  bool clocked = false;              // conditions on time may switch at its ends
  Eigen::VectorXd moved_by = {};     // d from_h / d (parameter the model sees) [P] of a switch at from_h; empty: nothing moves it
  // The time at which rates are to be taken: off the ends, where conditions on time are not yet, or no longer, what they are inside.
  double inside(double t) const { return clocked ? off_the_ends(t) : t; }

 private:
  double off_the_ends(double t) const;
};

struct BoundInput {
  int parameter;
  const InputCourse* course;
};

struct Plan {
  std::vector<Segment> segments;       // empty when nothing is sampled
  std::vector<BoundInput> inputs;
  int sample_count = 0, event_count = 0;
  double longest_step_h = std::numeric_limits<double>::infinity();      // of ODE methods, where rates switch at times not known
  std::vector<int> one_sided;          // parameters whose derivatives miss a jump: a switch they move coincides with another cut
};

// Throws InputError: wrong sizes or values not finite; unknown target, input or amount parameter (with the nearest names);
// schedule or samples not sorted; two events on one target at one instant; an event or sample before start_h; an event on a
// parameter that an input course overrides; of a network: an event that scales or sets an amount to below zero. Events after the last
// sample are checked, then ignored. Where conditions on time switch a new segment begins.
Plan plan_of(const Model& model, std::span<const double> parameters, const Experiment& experiment);

// The state after one event; `value` the current value of the event's target.
double after_event(const BoundEvent& event, double value);
// What is wrong with the amount an event left: that of a network below zero, or not finite.
Outcome event_outcome(const Model& model, const BoundEvent& event, int state, double before, double after, double time_h);

// Parameters as the model sees them at a time inside one segment: the schedule's value, then inputs. At or after until_h
// inputs are taken just before it, so that a jump at a boundary belongs to the next segment.
class ActiveParameters {
 public:
  ActiveParameters(std::span<const double> parameters, std::span<const BoundInput> inputs);
  void apply(const BoundEvent& event);                            // parameter events only
  void begin(double until_h);                                     // a new segment
  std::span<const double> at(double t);                           // in a segment
  std::span<const double> after(double t);                        // right limit
  const std::vector<BoundInput>& inputs() const { return inputs_; }
  // d (value the model sees) / d (caller's parameter) [P x P]; rows of inputs are zero.
  const Eigen::MatrixXd& by_parameter() const { return by_parameter_; }
  bool plain() const { return plain_; }                           // by_parameter is the identity

 private:
  std::vector<double> values_;
  std::vector<BoundInput> inputs_;
  Eigen::MatrixXd by_parameter_;
  double last_inside_ = 0;
  bool plain_ = true;
};

}  // namespace hyped
