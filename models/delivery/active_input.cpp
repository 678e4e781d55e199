// Simulates a delivery model under its own schedule and tabulates what is active.
#include "models/delivery/active_input.hpp"

#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/model/catalogue.hpp"
#include "libhyped/simulate/simulate.hpp"
#include "models/delivery/activity.hpp"

namespace hyped::models {
namespace {

const std::map<std::string, Delivery> kinds{{"sirna", Delivery::sirna}, {"modified_mrna", Delivery::modified_mrna}, {"ligand", Delivery::ligand}};

struct Agent {
  std::unique_ptr<Model> model;
  std::vector<double> parameters;
  Delivery kind;

  explicit Agent(const Dosing& dosing) : kind(dosing.kind) {
    std::string name;
    for (const auto& [text, value] : kinds)
      if (value == kind) name = text;
    model = ModelCatalogue::instance().make("delivery/" + name);
    parameters = model->default_parameters();
    for (const auto& [parameter, value] : dosing.parameters) {
      const int index = model->parameter_index(parameter);
      if (index < 0) {
        std::vector<std::string> valid;
        for (const auto& spec : model->parameters()) valid.emplace_back(spec.name);
        throw InputError("delivery/" + name, "unknown parameter '" + parameter + "'", did_you_mean(parameter, valid));
      }
      parameters[static_cast<std::size_t>(index)] = value;
    }
  }

  // Activity and its slope [1/h] at a state x with rates dx.
  std::pair<double, double> activity(const Eigen::VectorXd& x, const std::vector<double>& dx) const {
    const char* active = kind == Delivery::sirna ? "risc" : kind == Delivery::modified_mrna ? "protein" : "gate";
    const int i = model->state_index(active);
    const double value = x[i], slope = dx[static_cast<std::size_t>(i)];
    if (kind != Delivery::sirna) return {value, slope};
    const double half = parameters[static_cast<std::size_t>(model->parameter_index("half_saturation"))];
    return {silencing(value, half), slope * half / ((half + value) * (half + value))};
  }

  InputCourse course(double dose, double from_h, double until_h, double end_h) const {
    Experiment dish;
    dish.id = std::string(model->name());
    dish.start_h = from_h;
    dish.initial = model->default_state();
    dish.schedule.push_back({from_h, "medium", Action::add, dose});
    if (until_h < end_h) dish.schedule.push_back({until_h, "medium", Action::set, 0});
    // Fine where activity turns (after dose and wash), coarser later; every wash is a node.
    std::vector<double>& times = dish.sample_times_h;
    for (const auto& [begin, stop] : {std::pair{from_h, std::min(until_h, end_h)}, std::pair{until_h, end_h}})
      for (double t = begin; t < stop; t = t + (t - begin < 4 ? 0.025 : t - begin < 24 ? 0.1 : 0.5)) times.push_back(t);
    times.push_back(end_h);
    if (times.size() > 1 && times.end()[-2] > end_h - 1e-6) times.erase(times.end() - 2);
    const Trajectory run = simulate(*model, parameters, dish, OdeOptions{1e-9, 1e-12});
    if (!run.outcome.ok()) throw InputError(dish.id, "its parameters cannot be simulated: " + run.outcome.message);
    std::vector<double> values, slopes, x(dish.initial.size()), dx(dish.initial.size());
    for (Eigen::Index i = 0; i < run.states.rows(); ++i) {
      const Eigen::VectorXd state = run.states.row(i).transpose();
      std::ranges::copy(state, x.begin());
      model->rates(times[static_cast<std::size_t>(i)], x, parameters, dx);
      const auto [value, slope] = activity(state, dx);
      values.push_back(value);
      slopes.push_back(slope);
    }
    std::vector<double> breaks{from_h};
    if (until_h < end_h) breaks.push_back(until_h);
    return InputCourse(times, values, slopes, breaks);
  }
};

}  // namespace

Delivery delivery_kind(const std::string& name) {
  const auto found = kinds.find(name);
  if (found != kinds.end()) return found->second;
  std::vector<std::string> valid;
  for (const auto& [text, value] : kinds) valid.push_back(text);
  throw InputError("delivery", "there is no kind '" + name + "'", did_you_mean(name, valid));
}

double reference_dose(Delivery kind) { return kind == Delivery::ligand ? 2000 : 1; }

InputCourse active_input(const Dosing& dosing) {
  if (!(dosing.dose >= 0) || !std::isfinite(dosing.dose)) throw InputError("delivery", "the dose must be finite and not negative");
  if (!(dosing.until_h > dosing.from_h)) throw InputError("delivery", "the wash must come after the dose");
  if (!(dosing.end_h > dosing.from_h)) throw InputError("delivery", "end_h must come after the dose");
  constexpr double horizon_h = 240;      // every reference course peaks well before
  const Agent agent(dosing);
  const double never = std::numeric_limits<double>::infinity();
  const double peak = agent.course(reference_dose(dosing.kind), 0, never, horizon_h).range(0, horizon_h).second;
  if (!(peak > 0)) throw InputError("delivery", "with these parameters the reference dose has no effect");
  return agent.course(dosing.dose, dosing.from_h, dosing.until_h, dosing.end_h).scaled(1 / peak);
}

}  // namespace hyped::models
