// Variables of a sequence of pulses, what is linear in them, and all sequences.
#include "experiments/control/schedules/pulse_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace hyped::control {
namespace {

constexpr std::size_t most_shapes = 64;

void check(const InputLimits& input) {
  const auto crossed = [&](const char* what, double low, double high, const char* fix) {
    if (!(low <= high)) throw InputError("input '" + input.name + "'", fmt::format("{} lies between {:.6g} and {:.6g}", what, low, high), fix);
  };
  crossed("its amount", input.lowest, input.highest, "the lower limit comes first");
  crossed("its start", input.earliest_h, input.latest_h, "the lower limit comes first");
  crossed("its duration", input.shortest_h, input.longest_h, "the lower limit comes first");
  if (!(input.lowest >= 0) || !std::isfinite(input.highest)) throw InputError("input '" + input.name + "'", "its amount must be finite and not negative");
  if (!(input.shortest_h > 0)) throw InputError("input '" + input.name + "'", "a pulse needs a positive duration");
  if (std::isinf(input.longest_h) && std::isfinite(input.shortest_h)) throw InputError("input '" + input.name + "'", "its duration has a lower limit and no upper one", "give both, or neither for a dose that is never washed out");
  if (input.fewest < 0 || input.most < input.fewest) throw InputError("input '" + input.name + "'", fmt::format("{} to {} pulses are no range", input.fewest, input.most));
  if (!(input.gap_h >= 0) || !(input.total >= 0)) throw InputError("input '" + input.name + "'", "gap and total must not be negative");
}

}  // namespace

PlanShape::PlanShape(const std::vector<InputLimits>& inputs, std::vector<int> sequence, bool ordered, double between_h) : inputs_(inputs), sequence_(std::move(sequence)), ordered_(ordered) {
  std::vector<int> number(inputs.size(), 0);
  std::vector<std::array<int, 3>> at;      // variable of amount, start, duration of each pulse; -1: fixed
  for (int k = 0; k < pulse_count(); ++k) {
    const int i = sequence_[static_cast<std::size_t>(k)];
    const InputLimits& input = inputs[static_cast<std::size_t>(i)];
    const int pulse = ++number[static_cast<std::size_t>(i)];
    const std::string name = input.most > 1 ? fmt::format("{} pulse {}", input.name, pulse) : input.name;
    fixed_.push_back({i, input.lowest, input.earliest_h, input.shortest_h});
    at.push_back({-1, -1, -1});
    const auto add = [&](Knob knob, const char* what, const std::string& unit, double low, double high) {
      if (low == high) return;
      at.back()[static_cast<std::size_t>(knob)] = static_cast<int>(variables_.size());
      variables_.push_back({k, knob, name + " " + what, unit, low, high});
    };
    add(Knob::amount, "amount", input.unit, input.lowest, input.highest);
    add(Knob::start, "start", "h", input.earliest_h, input.latest_h);
    add(Knob::duration, "duration", "h", input.shortest_h, input.longest_h);
  }
  by_variable_.setZero(3 * pulse_count(), variable_count());
  for (int k = 0; k < pulse_count(); ++k) {
    const auto& [amount, start, duration] = at[static_cast<std::size_t>(k)];
    if (amount >= 0) by_variable_(3 * k, amount) = 1;
    if (start >= 0) by_variable_(3 * k + 1, start) = 1;
    if (std::isinf(fixed_[static_cast<std::size_t>(k)].until_h)) continue;
    if (start >= 0) by_variable_(3 * k + 2, start) = 1;
    if (duration >= 0) by_variable_(3 * k + 2, duration) = 1;
  }
  const auto end_of = [&](int k, Eigen::RowVectorXd& row, double& constant) {      // end of pulse k, its start if never washed out
    const Pulse& pulse = fixed_[static_cast<std::size_t>(k)];
    const auto& [amount, start, duration] = at[static_cast<std::size_t>(k)];
    if (start >= 0) row[start] += 1;
    else constant += pulse.start_h;
    if (std::isinf(pulse.until_h)) return;
    if (duration >= 0) row[duration] += 1;
    else constant += pulse.until_h;
  };
  const auto follows = [&](int before, int after, double gap, const std::string& name) {      // end(before) + gap <= start(after)
    Linear limit{Eigen::RowVectorXd::Zero(variable_count()), -gap, name};
    double constant = 0;
    end_of(before, limit.row, constant);
    const int start = at[static_cast<std::size_t>(after)][1];
    if (start >= 0) limit.row[start] -= 1;
    else constant -= fixed_[static_cast<std::size_t>(after)].start_h;
    limit.most -= constant;
    linear_.push_back(std::move(limit));
  };
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Linear total{Eigen::RowVectorXd::Zero(variable_count()), inputs[i].total, fmt::format("total of {}", inputs[i].name)};
    int last = -1;
    for (int k = 0; k < pulse_count(); ++k) {
      if (sequence_[static_cast<std::size_t>(k)] != static_cast<int>(i)) continue;
      const int amount = at[static_cast<std::size_t>(k)][0];
      if (amount >= 0) total.row[amount] = 1;
      else total.most -= fixed_[static_cast<std::size_t>(k)].amount;
      if (last >= 0 && !ordered) follows(last, k, inputs[i].gap_h, fmt::format("gap between pulses of {}", inputs[i].name));
      last = k;
    }
    if (std::isfinite(total.most) && number[i] > 0) linear_.push_back(std::move(total));
  }
  for (int k = 1; ordered && k < pulse_count(); ++k) {
    const int one = sequence_[static_cast<std::size_t>(k - 1)], two = sequence_[static_cast<std::size_t>(k)];
    const double gap = one == two ? std::max(between_h, inputs[static_cast<std::size_t>(one)].gap_h) : between_h;
    follows(k - 1, k, gap, fmt::format("gap between {} and {}", inputs[static_cast<std::size_t>(one)].name, inputs[static_cast<std::size_t>(two)].name));
  }
}

Eigen::VectorXd PlanShape::lower() const {
  Eigen::VectorXd out(variable_count());
  for (int v = 0; v < variable_count(); ++v) out[v] = variables_[static_cast<std::size_t>(v)].lower;
  return out;
}
Eigen::VectorXd PlanShape::upper() const {
  Eigen::VectorXd out(variable_count());
  for (int v = 0; v < variable_count(); ++v) out[v] = variables_[static_cast<std::size_t>(v)].upper;
  return out;
}

std::vector<Pulse> PlanShape::pulses(const Eigen::VectorXd& x) const {
  std::vector<Pulse> out = fixed_;
  for (int v = 0; v < variable_count(); ++v) {
    const PlanVariable& variable = variables_[static_cast<std::size_t>(v)];
    Pulse& pulse = out[static_cast<std::size_t>(variable.pulse)];
    (variable.knob == Knob::amount ? pulse.amount : variable.knob == Knob::start ? pulse.start_h : pulse.until_h) = x[v];
  }
  for (Pulse& pulse : out) pulse.until_h += pulse.start_h;
  return out;
}

Eigen::VectorXd PlanShape::variables_of(std::span<const Pulse> pulses) const {
  HYPED_REQUIRE(static_cast<int>(pulses.size()) == pulse_count());
  Eigen::VectorXd x(variable_count());
  for (int v = 0; v < variable_count(); ++v) {
    const PlanVariable& variable = variables_[static_cast<std::size_t>(v)];
    const Pulse& pulse = pulses[static_cast<std::size_t>(variable.pulse)];
    const double value = variable.knob == Knob::amount ? pulse.amount : variable.knob == Knob::start ? pulse.start_h : pulse.until_h - pulse.start_h;
    x[v] = std::clamp(value, variable.lower, variable.upper);
  }
  return x;
}

std::string PlanShape::words() const {
  if (sequence_.empty()) return "no dose";
  std::string out;
  for (std::size_t k = 0; k < sequence_.size();) {
    std::size_t end = k;
    while (end < sequence_.size() && sequence_[end] == sequence_[k]) ++end;
    if (!out.empty()) out += ordered_ ? ", then " : " and ";
    out += inputs_[static_cast<std::size_t>(sequence_[k])].name;
    if (end - k > 1) out += fmt::format(" {} times", end - k);
    k = end;
  }
  return out;
}

std::vector<PlanShape> enumerate_shapes(const std::vector<InputLimits>& inputs, double between_h) {
  if (inputs.empty()) throw InputError("plan", "no input may be used", "name one at least");
  for (const InputLimits& input : inputs) check(input);
  std::vector<std::vector<int>> counts{{}};
  for (const InputLimits& input : inputs) {
    std::vector<std::vector<int>> longer;
    for (const auto& before : counts)
      for (int n = input.fewest; n <= input.most; ++n) {
        longer.push_back(before);
        longer.back().push_back(n);
      }
    counts = std::move(longer);
  }
  std::vector<PlanShape> shapes;
  for (const auto& count : counts) {
    std::vector<int> sequence;
    for (std::size_t i = 0; i < inputs.size(); ++i) sequence.insert(sequence.end(), static_cast<std::size_t>(count[i]), static_cast<int>(i));
    const bool ordered = between_h > 0 && sequence.size() > 1;
    do {
      shapes.emplace_back(inputs, sequence, ordered, between_h);
      if (shapes.size() > most_shapes) throw InputError("plan", fmt::format("there are more than {} combinations of inputs, pulses and orders", most_shapes), "allow fewer pulses");
    } while (ordered && std::next_permutation(sequence.begin(), sequence.end()));
  }
  return shapes;
}

}  // namespace hyped::control
