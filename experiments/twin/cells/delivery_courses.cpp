// Delivery models under unit dose, tabulated.
#include "experiments/twin/cells/delivery_courses.hpp"

#include <algorithm>
#include <cmath>

#include "experiments/scenario.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/model/catalogue.hpp"
#include "libhyped/simulate/simulate.hpp"
#include "models/delivery/active_input.hpp"
#include "models/delivery/activity.hpp"

namespace hyped {
namespace {

constexpr double grid_h = 0.05, horizon_h = 240;

struct States {
  std::vector<double> times;
  Eigen::MatrixXd values, slopes;      // [T x S]
  std::vector<double> breaks;
  InputCourse course(int state, double scale) const {
    const Eigen::VectorXd v = values.col(state) * scale, s = slopes.col(state) * scale;
    return InputCourse(times, {v.begin(), v.end()}, {s.begin(), s.end()}, breaks);
  }
};

States run(const Model& model, const std::vector<double>& parameters, double dose, double from_h, double until_h, double end_h) {
  Experiment dish;
  dish.id = std::string(model.name());
  dish.start_h = from_h;
  dish.initial = model.default_state();
  dish.schedule.push_back({from_h, "medium", Action::add, dose, ""});
  if (until_h < end_h) dish.schedule.push_back({until_h, "medium", Action::set, 0, ""});
  for (const auto& [begin, stop] : {std::pair{from_h, std::min(until_h, end_h)}, std::pair{until_h, end_h}})
    for (double t = begin; t < stop - 1e-6; t += grid_h) dish.sample_times_h.push_back(t);
  dish.sample_times_h.push_back(end_h);
  const Trajectory made = simulate(model, parameters, dish, OdeOptions{1e-9, 1e-12});
  if (!made.outcome.ok()) throw InputError(dish.id, "its parameters cannot be simulated: " + made.outcome.message);
  States out{made.times_h, made.states, made.states, {from_h}};
  if (until_h < end_h) out.breaks.push_back(until_h);
  std::vector<double> x(dish.initial.size()), dx(x.size());
  for (Eigen::Index i = 0; i < out.values.rows(); ++i) {
    for (std::size_t s = 0; s < x.size(); ++s) x[s] = out.values(i, static_cast<Eigen::Index>(s));
    model.rates(out.times[static_cast<std::size_t>(i)], x, parameters, dx);
    for (std::size_t s = 0; s < x.size(); ++s) out.slopes(i, static_cast<Eigen::Index>(s)) = dx[s];
  }
  return out;
}

// dv/dt = (u - v) / delay, exact for u linear between grid points.
InputCourse delayed(const InputCourse& u, double delay, double from, double end) {
  std::vector<double> times{from}, values{0}, slopes{0};
  double v = 0;
  for (double t = from; t < end; t += grid_h) {
    const double a = u(t), b = u(t + grid_h), e = std::exp(-grid_h / delay), slope = (b - a) / grid_h;
    v = b - slope * delay + (v - a + slope * delay) * e;
    times.push_back(t + grid_h);
    values.push_back(v);
    slopes.push_back((b - v) / delay);
  }
  return InputCourse(times, values, slopes, {from});
}

}  // namespace

double DeliveryCourse::activity(double dose, double time_h) const {
  if (!(dose > 0) || time_h < from_h) return 0;
  const double there = dose * std::max(0.0, active(time_h));
  return kind == "sirna" ? models::silencing(there, half_saturation) : there;
}

std::vector<DeliveryCourse> delivery_courses(const Scenario& scenario) {
  std::vector<DeliveryCourse> out;
  for (const DeliveredGene& gene : scenario.cells->delivered) {
    const auto d = std::find_if(scenario.deliveries.begin(), scenario.deliveries.end(), [&](const DeliveredInput& one) { return one.input == gene.input; });
    HYPED_REQUIRE(d != scenario.deliveries.end());
    const auto model = ModelCatalogue::instance().make("delivery/" + d->kind);
    std::vector<double> parameters = model->default_parameters();
    for (const auto& [name, value] : d->parameters) parameters[static_cast<std::size_t>(model->parameter_index(name))] = value;      // names checked with the arms
    const double end = std::max({scenario.end_h, scenario.cells->harvest_h, d->from_h}) + 1;
    const States made = run(*model, parameters, d->dose, d->from_h, d->until_h, end);
    DeliveryCourse course;
    course.input = d->input;
    course.kind = d->kind;
    course.from_h = d->from_h;
    course.until_h = d->until_h;
    course.mean_dose = d->transfected_fraction;
    const bool silences = d->kind == "sirna";
    const States reference = run(*model, parameters, models::reference_dose(models::delivery_kind(d->kind)), 0, std::numeric_limits<double>::infinity(), horizon_h);
    const int cargo = model->state_index(silences ? "cytosol" : "mrna"), active = model->state_index(silences ? "risc" : "protein");
    course.active = made.course(active, silences ? 1 : 1 / reference.values.col(active).maxCoeff());
    if (silences) course.half_saturation = parameters[static_cast<std::size_t>(model->parameter_index("half_saturation"))];
    else course.transcript = made.course(cargo, 1 / reference.course(cargo, 1)(24));
    const InputCourse answer = delayed(made.course(cargo, 1), scenario.cells->interferon_delay_h, d->from_h, end);
    const double peak = delayed(reference.course(cargo, 1), scenario.cells->interferon_delay_h, 0, horizon_h).range(0, horizon_h).second;
    course.answer = answer.scaled(1 / peak);
    out.push_back(course);
  }
  return out;
}

}  // namespace hyped
