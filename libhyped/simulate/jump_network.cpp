// Rows of changes and dependents, and the search for mass-action forms.
#include "libhyped/simulate/jump_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/errors.hpp"
#include "libhyped/simulate/first_order.hpp"

namespace hyped {
namespace {

// States at which forms are told from each other; the last is far out.
constexpr int probe_count = 5;
std::vector<double> probe_state(std::size_t states, int which) {
  static constexpr std::array<double, probe_count> scale{7, 3, 11, 40, 2500};
  std::vector<double> x(states);
  for (std::size_t i = 0; i < states; ++i) x[i] = scale[static_cast<std::size_t>(which)] + static_cast<double>((i * static_cast<std::size_t>(which)) % 13);
  return x;
}

double product(const JumpNetwork::MassAction& form, std::span<const double> x) {
  double value = 1;
  for (int f = 0; f < form.order; ++f) value *= x[static_cast<std::size_t>(form.state[static_cast<std::size_t>(f)])] - form.shift[static_cast<std::size_t>(f)];
  return value;
}

// Forms with exactly these states as factors, the likelier ones first.
std::vector<JumpNetwork::MassAction> forms_of(std::span<const int> reads, int nothing) {
  const auto form = [&](std::vector<int> states, std::vector<double> shifts) {
    JumpNetwork::MassAction out{{nothing, nothing, nothing}, {0, 0, 0}, static_cast<int>(states.size())};
    std::copy(states.begin(), states.end(), out.state.begin());
    std::copy(shifts.begin(), shifts.end(), out.shift.begin());
    return out;
  };
  if (reads.empty()) return {form({}, {})};
  const int a = reads[0];
  if (reads.size() == 1)
    return {form({a}, {0}), form({a, a}, {0, 1}), form({a, a}, {0, 0}), form({a, a, a}, {0, 1, 2}), form({a, a, a}, {0, 0, 0})};
  const int b = reads[1];
  if (reads.size() == 2)
    return {form({a, b}, {0, 0}), form({a, b, a}, {0, 0, 1}), form({a, b, b}, {0, 0, 1}), form({a, b, a}, {0, 0, 0}), form({a, b, b}, {0, 0, 0})};
  if (reads.size() == 3) return {form({a, b, reads[2]}, {0, 0, 0})};
  return {};
}

bool same(double a, double b) { return std::abs(a - b) <= 1e-12 * std::max(std::abs(a), std::abs(b)); }

}  // namespace

JumpNetwork::JumpNetwork(const Model& model, std::span<const double> parameters, const Plan& plan) : model_(model) {
  const int reactions = model.reaction_count(), states = model.state_count();
  if (reactions == 0)
    throw InputError("stochastic simulation", "model '" + std::string(model.name()) + "' is not a reaction network",
                     "choose a model with stoichiometry");
  const std::span<const int> table = model.stoichiometry();
  change_start_.push_back(0);
  for (int r = 0; r < reactions; ++r) {
    for (int s = 0; s < states; ++s)
      if (const int amount = table[static_cast<std::size_t>(r) * static_cast<std::size_t>(states) + static_cast<std::size_t>(s)]) changes_.push_back({s, amount});
    change_start_.push_back(static_cast<int>(changes_.size()));
  }

  const std::vector<ClockUse> clock = model.propensity_clock_use();
  for (std::size_t r = 0; r < clock.size(); ++r)
    if (clock[r] == ClockUse::unresolved)
      throw InputError("stochastic simulation of '" + std::string(model.name()) + "'", "the rate of reaction '" + model.reaction_name(static_cast<int>(r)) + "' has a condition on time that switches at times not known beforehand",
                       "compare time with numbers and parameters (time > on), floor(time/24) for what repeats, or use an ODE method");
  const bool smooth = std::ranges::find(clock, ClockUse::smooth) != clock.end();

  // Parameters a little aside and off zero: a rate that is zero now must not hide what its reaction reads.
  std::vector<double> nudged(parameters.begin(), parameters.end());
  for (double& p : nudged) p = p == 0 ? 0.013 : p * 1.01;
  const double start = plan.segments.empty() ? 0 : plan.segments.front().inside(plan.segments.front().from_h);
  std::vector<std::vector<int>> reads = model.propensity_reads();
  if (reads.empty()) reads = probed_reads(start, nudged);
  std::vector<std::vector<int>> readers(static_cast<std::size_t>(states));
  read_start_.push_back(0);
  for (int r = 0; r < reactions; ++r) {
    for (const int s : reads[static_cast<std::size_t>(r)]) readers[static_cast<std::size_t>(s)].push_back(r), reads_.push_back(s);
    read_start_.push_back(static_cast<int>(reads_.size()));
  }
  dependent_start_.push_back(0);
  std::vector<int> found;
  for (int r = 0; r < reactions; ++r) {
    found.clear();
    for (const Change& change : changes(r)) {
      const auto& those = readers[static_cast<std::size_t>(change.state)];
      found.insert(found.end(), those.begin(), those.end());
    }
    std::ranges::sort(found);
    dependents_.insert(dependents_.end(), found.begin(), std::unique(found.begin(), found.end()));
    dependent_start_.push_back(static_cast<int>(dependents_.size()));
  }
  find_mass_action(start, nudged);

  ActiveParameters active(parameters, plan.inputs);
  for (const Segment& segment : plan.segments) {
    for (const BoundEvent& event : segment.events)
      if (event.kind == BoundEvent::Kind::parameter) active.apply(event);
    active.begin(segment.until_h);
    const std::span<const double> now = active.after(segment.from_h);
    SegmentRates rates{{now.begin(), now.end()}, {}, !plan.inputs.empty() || smooth, &segment};
    if (clock.empty() && segment.until_h > segment.from_h && depends_on_time(model, now, segment.from_h, segment.until_h)) rates.varying = true;
    if (order_ > 0 && !rates.varying && !fit_coefficients(segment.inside(segment.from_h), now, rates.coefficient)) order_ = 0;
    rates_.push_back(std::move(rates));
  }
  if (order_ == 0)
    for (SegmentRates& rates : rates_) rates.coefficient.clear();
}

std::vector<std::vector<int>> JumpNetwork::probed_reads(double t, std::span<const double> nudged) const {
  const auto states = static_cast<std::size_t>(model_.state_count()), reactions = static_cast<std::size_t>(reaction_count());
  std::vector<std::vector<int>> reads(reactions);
  std::vector<std::vector<double>> base(probe_count, std::vector<double>(reactions));
  for (int k = 0; k < probe_count; ++k) model_.propensities(t, probe_state(states, k), nudged, base[static_cast<std::size_t>(k)]);
  std::vector<double> moved(reactions);
  std::vector<char> depends(reactions);
  for (std::size_t s = 0; s < states; ++s) {
    std::ranges::fill(depends, 0);
    for (int k = 0; k < probe_count; ++k) {
      std::vector<double> x = probe_state(states, k);
      for (const double value : {x[s] + 1, 0.0, 10 * x[s], std::numeric_limits<double>::quiet_NaN()}) {      // NaN marks all it goes into
        x[s] = value;
        model_.propensities(t, x, nudged, moved);
        for (std::size_t r = 0; r < reactions; ++r)
          if (!(moved[r] == base[static_cast<std::size_t>(k)][r])) depends[r] = 1;
      }
    }
    for (std::size_t r = 0; r < reactions; ++r)
      if (depends[r]) reads[r].push_back(static_cast<int>(s));
  }
  return reads;
}

void JumpNetwork::find_mass_action(double t, std::span<const double> nudged) {
  const auto states = static_cast<std::size_t>(state_count()), reactions = static_cast<std::size_t>(reaction_count());
  std::vector<std::vector<double>> x, value;
  for (int k = 0; k < probe_count; ++k) {
    x.push_back(probe_state(states, k));
    value.emplace_back(reactions);
    model_.propensities(t, x.back(), nudged, value.back());
  }
  int highest = 1;
  for (std::size_t r = 0; r < reactions; ++r) {
    bool fits = false;
    for (const MassAction& form : forms_of(reads(static_cast<int>(r)), static_cast<int>(states))) {
      const double coefficient = value[0][r] / product(form, x[0]);
      fits = true;
      for (std::size_t k = 0; k < probe_count && fits; ++k) fits = same(value[k][r], coefficient * product(form, x[k]));
      if (!fits) continue;
      mass_action_.push_back(form);
      highest = std::max(highest, form.order);
      break;
    }
    if (!fits) return mass_action_.clear();
  }
  order_ = highest;
}

bool JumpNetwork::fit_coefficients(double t, std::span<const double> parameters, std::vector<double>& out) const {
  const auto states = static_cast<std::size_t>(state_count());
  out.assign(static_cast<std::size_t>(reaction_count()), 0);
  std::vector<double> value(out.size());
  for (int k = 0; k < probe_count; ++k) {
    const std::vector<double> x = probe_state(states, k);
    model_.propensities(t, x, parameters, value);
    for (std::size_t r = 0; r < out.size(); ++r) {
      const double factors = product(mass_action_[r], x);
      if (k == 0) out[r] = value[r] / factors;
      else if (std::isfinite(value[r]) && !same(value[r], out[r] * factors)) return false;
    }
  }
  return true;
}

void JumpNetwork::propensities(double t, std::span<const double> x, const SegmentRates& rates, std::span<double> out) const {
  if (rates.coefficient.empty()) return model_.propensities(rates.clock(t), x.first(static_cast<std::size_t>(state_count())), rates.parameters, out);
  for (std::size_t r = 0; r < out.size(); ++r) out[r] = rates.coefficient[r] * product(mass_action_[r], x);
}

void JumpNetwork::update(double t, std::span<const double> x, const SegmentRates& rates, std::span<const int> which, std::span<double> out) const {
  if (rates.coefficient.empty()) return model_.propensities_of(rates.clock(t), x.first(static_cast<std::size_t>(state_count())), rates.parameters, which, out);
  for (const int r : which) out[static_cast<std::size_t>(r)] = rates.coefficient[static_cast<std::size_t>(r)] * product(mass_action_[static_cast<std::size_t>(r)], x);
}

int JumpNetwork::first_negative(std::span<double> propensities) {
  double size = 0;
  for (const double a : propensities) size += std::abs(a);
  for (std::size_t r = 0; r < propensities.size(); ++r) {
    if (!(propensities[r] < 0)) continue;
    if (propensities[r] < -1e-12 * size) return static_cast<int>(r);
    propensities[r] = 0;
  }
  return -1;
}

std::string JumpNetwork::negative_rate(int reaction, double rate) const {
  return fmt::format("reaction '{}' has rate {:.6g}: split reversible reactions", model_.reaction_name(reaction), rate);
}

std::string JumpNetwork::below_zero(int reaction, int state) const {
  return fmt::format("reaction '{}' takes '{}' below 0: its rate must vanish when there is not enough of it", model_.reaction_name(reaction),
                     model_.states()[static_cast<std::size_t>(state)].name);
}

std::string JumpNetwork::not_finite(std::span<const double> propensities) const {
  for (std::size_t r = 0; r < propensities.size(); ++r)
    if (!std::isfinite(propensities[r])) return "the rate of reaction '" + model_.reaction_name(static_cast<int>(r)) + "' is not finite";
  return "the rates are not finite in sum";
}

void JumpNetwork::require_constant_rates(const std::string& where) const {
  if (std::ranges::none_of(rates_, [](const SegmentRates& rates) { return rates.varying; })) return;
  const std::vector<ClockUse> clock = model_.propensity_clock_use();
  const auto smooth = std::ranges::find(clock, ClockUse::smooth);
  throw InputError(where, smooth == clock.end() ? "rates vary in time between events" : "the rate of reaction '" + model_.reaction_name(static_cast<int>(smooth - clock.begin())) + "' varies with time between events", "use SSA");
}

void JumpNetwork::require_rates(double t, std::span<const double> x, const SegmentRates& rates) const {
  std::vector<double> a(static_cast<std::size_t>(reaction_count()));
  model_.propensities(rates.clock(t), x.first(static_cast<std::size_t>(state_count())), rates.parameters, a);
  if (const int r = first_negative(a); r >= 0)
    throw InputError("stochastic simulation of '" + std::string(model_.name()) + "'", negative_rate(r, a[static_cast<std::size_t>(r)]));
}

}  // namespace hyped
