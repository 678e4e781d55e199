// The dispatcher: which simulator a method or a model's structure asks for.
#include "libhyped/simulate/simulate.hpp"

#include "libhyped/model/staged.hpp"
#include "libhyped/simulate/ode.hpp"
#include "libhyped/simulate/staged_linear.hpp"
#include "libhyped/simulate/stiff_ode.hpp"
#include "libhyped/simulate/switching_ode.hpp"

namespace hyped {
namespace {

struct Dispatch {
  const Model& model;
  std::span<const double> parameters;
  const Experiment& experiment;
  Sensitivities sensitivities;

  Trajectory operator()(const OdeOptions& options) const { return simulate_ode(model, parameters, experiment, options, sensitivities); }
  Trajectory operator()(const StiffOptions& options) const {
    return simulate_stiff(model, parameters, experiment, options, sensitivities);
  }
  Trajectory operator()(const SwitchingOptions& options) const {
    return simulate_switching(model, parameters, experiment, options, sensitivities);
  }
  // The staged model if the exact linear method can answer, else null.
  const StagedModel* linear() const {
    const auto* staged = dynamic_cast<const StagedModel*>(&model);
    return staged && staged->structure() == Structure::linear ? staged : nullptr;
  }
  Trajectory operator()(const LinearOptions& options) const {
    if (const StagedModel* staged = linear()) return simulate_linear(*staged, parameters, experiment, options, sensitivities);
    throw InputError("method", "the exact linear method needs a staged model without density dependence, not '" +
                                   std::string(model.name()) + "'", "use an ODE method");
  }
  Trajectory operator()(Automatic) const {
    if (linear() && sensitivities != Sensitivities::parameters_and_event_times) return (*this)(LinearOptions{});
    return (*this)(SwitchingOptions{});
  }
};

}  // namespace

Trajectory simulate(const Model& model, std::span<const double> parameters, const Experiment& experiment, const Method& method,
                    Sensitivities sensitivities) {
  return std::visit(Dispatch{model, parameters, experiment, sensitivities}, method);
}

}  // namespace hyped
