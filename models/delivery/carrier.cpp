// Simulates the delivery model under its doses and tabulates what is active.
#include "models/delivery/carrier.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/model/catalogue.hpp"
#include "libhyped/model/dosed_model.hpp"
#include "libhyped/simulate/simulate.hpp"
#include "models/delivery/activity.hpp"

namespace hyped::models {
namespace {

const char* name_of(Delivery kind) { return kind == Delivery::sirna ? "delivery/sirna" : kind == Delivery::modified_mrna ? "delivery/modified_mrna" : "delivery/ligand"; }
constexpr double horizon_h = 240;      // every reference course peaks well before
constexpr std::array spans_h{0.025, 0.1, 0.5};      // between nodes: up to 4 h after a turn, up to 24 h, later

// Fine where activity turns (after doses and washes), coarser later; every one of them is a node.
std::vector<double> nodes(std::vector<double> turns, double end_h) {
  std::sort(turns.begin(), turns.end());
  turns.erase(std::unique(turns.begin(), turns.end()), turns.end());
  std::vector<double> times;
  for (std::size_t k = 0; k < turns.size(); ++k) {
    const double begin = turns[k], stop = k + 1 < turns.size() ? turns[k + 1] : end_h;
    for (double t = begin; t < stop; t = t + (t - begin < 4 ? spans_h[0] : t - begin < 24 ? spans_h[1] : spans_h[2])) {
      if (!times.empty() && t - times.back() < 1e-6 && t == begin) times.pop_back();      // a turn just after a node takes its place
      times.push_back(t);
    }
  }
  times.push_back(end_h);
  if (times.size() > 1 && times.end()[-2] > end_h - 1e-6) times.erase(times.end() - 2);
  return times;
}

}  // namespace

Carrier::Carrier(Delivery kind, const std::map<std::string, double>& parameters) : model_(ModelCatalogue::instance().make(name_of(kind))), parameters_(model_->default_parameters()), kind_(kind) {
  for (const auto& [parameter, value] : parameters) {
    const int index = model_->parameter_index(parameter);
    if (index < 0) {
      std::vector<std::string> valid;
      for (const auto& spec : model_->parameters()) valid.emplace_back(spec.name);
      throw InputError(name_of(kind), "unknown parameter '" + parameter + "'", did_you_mean(parameter, valid));
    }
    parameters_[static_cast<std::size_t>(index)] = value;
  }
  active_ = model_->state_index(kind == Delivery::sirna ? "risc" : kind == Delivery::modified_mrna ? "protein" : "gate");
  if (kind == Delivery::sirna) half_ = parameters_[static_cast<std::size_t>(model_->parameter_index("half_saturation"))];
  linear_ = LinearDoses::of(*model_, parameters_, active_, spans_h);
  const DosePulse reference{1, 0};
  const double peak = simulated({&reference, 1}, 1, horizon_h, false).course.range(0, horizon_h).second;
  if (!(peak > 0)) throw InputError("delivery", "with these parameters the reference dose has no effect");
  peak_ = peak;
}

Carrier::Activity Carrier::activity(double x) const {
  if (kind_ != Delivery::sirna) return {x, 1, 0};
  const double below = half_ + x;
  return {silencing(x, half_), half_ / (below * below), -2 * half_ / (below * below * below)};
}

DosedCourse Carrier::course(std::span<const DosePulse> pulses, double end_h, bool derivatives) const {
  for (const DosePulse& pulse : pulses) {
    if (!(pulse.amount >= 0) || !std::isfinite(pulse.amount)) throw InputError("delivery", "the dose must be finite and not negative");
    if (!(pulse.until_h > pulse.from_h)) throw InputError("delivery", "the wash must come after the dose");
  }
  return simulated(pulses, 1 / peak_, end_h, derivatives);
}

DosedCourse Carrier::simulated(std::span<const DosePulse> pulses, double scale, double end_h, bool derivatives) const {
  DosedCourse out;
  const int count = static_cast<int>(pulses.size());
  std::vector<double> turns;
  Experiment dish;
  dish.id = std::string(model_->name());
  dish.initial = model_->default_state();
  struct Origin {
    int pulse;
    bool wash;
  };
  std::vector<std::pair<Perturbation, Origin>> events;
  for (int k = 0; k < count; ++k) {
    const DosePulse& pulse = pulses[static_cast<std::size_t>(k)];
    if (pulse.from_h < end_h) events.push_back({{pulse.from_h, "medium", Action::add, pulse.amount * reference_dose(kind_), derivatives ? DosedModel::dose_name(k) : ""}, {k, false}});
    if (pulse.until_h < end_h) events.push_back({{pulse.until_h, "medium", Action::set, 0}, {k, true}});
  }
  if (derivatives) out.by_amount.resize(pulses.size()), out.by_from.resize(pulses.size()), out.by_until.resize(pulses.size());
  if (events.empty()) {      // nothing acts before the end
    out.course = InputCourse({end_h}, {0}, {0}, {});
    for (auto* part : {&out.by_amount, &out.by_from, &out.by_until}) std::fill(part->begin(), part->end(), out.course);
    return out;
  }
  // At one instant the wash comes first, and one of several is enough.
  std::stable_sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.first.time_h != b.first.time_h ? a.first.time_h < b.first.time_h : a.second.wash && !b.second.wash; });
  for (std::size_t k = 1; k < events.size(); ++k)
    for (std::size_t before = k; before-- > 0 && events[before].first.time_h == events[k].first.time_h;)
      if (!events[k].second.wash || !events[before].second.wash) {
        events[k].first.time_h += 1e-9;      // the engine takes one change of a target an instant
      }
  for (const auto& [event, origin] : events) {
    if (!dish.schedule.empty() && dish.schedule.back().time_h >= event.time_h && origin.wash) continue;
    dish.schedule.push_back(event);
    turns.push_back(event.time_h);
  }
  // Of the events that take place, in the order of the schedule; their columns stand after those of the amounts.
  std::vector<MediumEvent> taken;
  for (std::size_t e = 0, number = 0; e < events.size() && number < dish.schedule.size(); ++e)
    if (const auto& [event, origin] = events[e]; dish.schedule[number] == event) taken.push_back({event.time_h, origin.wash, event.amount, origin.pulse}), ++number;
  dish.start_h = dish.schedule.front().time_h;
  dish.sample_times_h = nodes(turns, end_h);
  const std::vector<double>& times = dish.sample_times_h;
  const ActiveCourse active = linear_ ? linear_->follow(taken, times, count, derivatives) : integrated(pulses, dish, derivatives);

  const std::size_t n = times.size();
  const auto width = static_cast<std::size_t>(active.values.cols());
  std::vector<std::vector<double>> values(width, std::vector<double>(n)), slopes = values;
  for (std::size_t i = 0; i < n; ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    const double moves = active.slopes(row, 0);
    const Activity at = activity(active.values(row, 0));
    values[0][i] = scale * at.value, slopes[0][i] = scale * at.slope * moves;
    for (std::size_t c = 1; c < width; ++c) {
      const auto column = static_cast<Eigen::Index>(c);
      values[c][i] = scale * at.slope * active.values(row, column);
      slopes[c][i] = scale * (at.slope * active.slopes(row, column) + at.curvature * moves * active.values(row, column));
    }
  }
  const auto course = [&](std::size_t c) { return InputCourse(times, values[c], slopes[c], turns); };
  out.course = course(0);
  if (!derivatives) return out;
  const InputCourse nothing({end_h}, {0}, {0}, {});
  std::fill(out.by_from.begin(), out.by_from.end(), nothing), out.by_until = out.by_from;
  for (std::size_t k = 0; k < pulses.size(); ++k) out.by_amount[k] = course(1 + k).scaled(reference_dose(kind_));
  for (std::size_t e = 0; e < taken.size(); ++e) (taken[e].wash ? out.by_until : out.by_from)[static_cast<std::size_t>(taken[e].pulse)] = course(1 + pulses.size() + e);
  return out;
}

ActiveCourse Carrier::integrated(std::span<const DosePulse> pulses, const Experiment& dish, bool derivatives) const {
  const DosedModel dosed(*model_, parameters_, {}, static_cast<int>(pulses.size()));
  std::vector<double> amounts;
  for (const DosePulse& pulse : pulses) amounts.push_back(pulse.amount * reference_dose(kind_));
  OdeOptions solver{1e-9, 1e-12};
  solver.derivatives = Derivatives::frozen;      // the states do not depend on whether derivatives are wanted
  const Trajectory run = derivatives ? simulate(dosed, amounts, dish, solver, Sensitivities::parameters_and_event_times) : simulate(*model_, parameters_, dish, solver);
  if (!run.outcome.ok()) throw InputError(dish.id, "its parameters cannot be simulated: " + run.outcome.message);
  const Eigen::Index n = run.states.rows(), columns = derivatives ? static_cast<Eigen::Index>(run.sensitivity_columns.size()) : 0;
  ActiveCourse out{Eigen::MatrixXd(n, 1 + columns), Eigen::MatrixXd(n, 1 + columns)};
  std::vector<double> x(dish.initial.size()), dx(dish.initial.size());
  Linearisation linear;
  linear.state.setZero(model_->state_count(), model_->state_count()), linear.parameter.setZero(model_->state_count(), model_->parameter_count());
  for (Eigen::Index i = 0; i < n; ++i) {
    const Eigen::VectorXd state = run.states.row(i).transpose();
    std::ranges::copy(state, x.begin());
    const double t = dish.sample_times_h[static_cast<std::size_t>(i)];
    if (derivatives) model_->linearise(t, x, parameters_, dx, linear);
    else model_->rates(t, x, parameters_, dx);
    out.values(i, 0) = state[active_], out.slopes(i, 0) = dx[static_cast<std::size_t>(active_)];
    if (columns == 0) continue;
    const Eigen::MatrixXd& by = run.sensitivities[static_cast<std::size_t>(i)];
    out.values.row(i).tail(columns) = by.row(active_);
    out.slopes.row(i).tail(columns).noalias() = linear.state.row(active_) * by;
  }
  return out;
}

}  // namespace hyped::models
