// Both steppers on one system; whoever is in charge says when it should be the other.
#include "libhyped/simulate/switching_ode.hpp"

#include <string>

#include "libhyped/simulate/dormand_prince.hpp"
#include "libhyped/simulate/event_loop.hpp"
#include "libhyped/simulate/rodas5p.hpp"

namespace hyped {
namespace {

class SwitchingStepper {
 public:
  SwitchingStepper(VariationalSystem& system, const SwitchingOptions& o)
      : explicit_(system.state_count(), system.column_scales(o.derivatives),
                  {.relative_tolerance = o.relative_tolerance, .absolute_tolerance = o.absolute_tolerance, .minimum_step_h = 1e-14, .step_limit = o.step_limit}),
        stiff_(system, {.relative_tolerance = o.relative_tolerance, .absolute_tolerance = o.absolute_tolerance, .step_limit = o.step_limit, .derivatives = o.derivatives}) {
    explicit_.leave_when_stiff(true);
  }
  void restart() {
    explicit_.restart();
    stiff_.restart();
  }
  Outcome advance(VariationalSystem& system, double& t, double until, Eigen::VectorXd& y) {
    while (true) {
      const Outcome outcome = in_stiff_ ? stiff_.advance(system, t, until, y) : explicit_.advance(system, t, until, y);
      // an explicit step can leave the domain of the rates where the implicit one would not
      const bool give_up = !in_stiff_ && (outcome.status == Status::step_too_small || outcome.status == Status::not_finite) && !gave_up_;
      if (!outcome.ok() && !give_up) return outcome;
      if (outcome.ok() && t >= until) return outcome;
      gave_up_ = gave_up_ || give_up;
      exchange();
    }
  }
  int switches() const { return switches_; }

 private:
  void exchange() {
    ++switches_;
    if (in_stiff_) {
      explicit_.restart();
      explicit_.leave_when_stiff(true);
    } else {
      if (explicit_.step() > 0) stiff_.start_with(explicit_.step());
      stiff_.be_calm(true, calm_needed_);
      calm_needed_ *= 2;      // a model at the border is not sent to and fro
    }
    in_stiff_ = !in_stiff_;
  }
  DormandPrince explicit_;
  Rodas5P stiff_;
  bool in_stiff_ = false, gave_up_ = false;
  int switches_ = 0, calm_needed_ = 10;
};

}  // namespace

Trajectory simulate_switching(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                              const SwitchingOptions& options, Sensitivities sensitivities) {
  VariationalSystem system(model, parameters, experiment, sensitivities);
  SwitchingStepper stepper(system, options);
  Trajectory out = follow(system, stepper, "");
  out.method = (stepper.switches() == 0 ? std::string("explicit ODE (Dormand-Prince 5(4))")
                                       : "switching ODE (Dormand-Prince 5(4) and Rodas5P, " + std::to_string(stepper.switches()) + (stepper.switches() == 1 ? " switch)" : " switches)")) + out.method;
  return out;
}

}  // namespace hyped
