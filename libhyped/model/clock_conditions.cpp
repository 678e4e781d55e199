// Walks the graph for conditions on time; finds their switches cell by cell between those found before.
#include "libhyped/model/clock_conditions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

using Node = ExpressionGraph::Node;
using Op = ExpressionGraph::Op;

constexpr std::size_t most_switches = 100'000;

bool earlier(const ClockSwitch& a, const ClockSwitch& b) { return a.time_h < b.time_h; }
double nearness(double t) { return 1e-12 * std::max(1.0, std::abs(t)); }

struct Walk {
  ExpressionGraph& graph;
  int states;
  std::map<Node, bool> varies_known;

  static bool is_step(Op op) {
    return op == Op::less || op == Op::less_equal || op == Op::equal || op == Op::floor || op == Op::ceil || op == Op::sign || is_logic(op);
  }
  static bool is_logic(Op op) { return op == Op::both || op == Op::either || op == Op::negation; }
  // Does it change with time between switches?
  bool varies(Node node) {
    if (node < 0 || !graph.depends_on(node, 0)) return false;
    const auto at = graph[node];
    if (at.op == Op::variable) return true;
    if (is_step(at.op)) return false;
    if (const auto found = varies_known.find(node); found != varies_known.end()) return found->second;
    const bool answer = (at.op != Op::select && varies(at.a)) || varies(at.b) || varies(at.c);
    return varies_known[node] = answer;
  }
  bool reads_state(Node node) {
    for (int s = 1; s <= states; ++s)
      if (graph.depends_on(node, s)) return true;
    return false;
  }
  void reach(Node node, std::set<Node>& all) const {
    if (node < 0 || !all.insert(node).second) return;
    const auto at = graph[node];
    if (at.op == Op::constant || at.op == Op::variable) return;
    for (const Node operand : {at.a, at.b, at.c}) reach(operand, all);
  }
  // The functions whose zeros (or whole numbers) switch the node.
  std::vector<Node> deciding(Node node) {
    const auto at = graph[node];
    const auto unless_step = [&](std::initializer_list<Node> operands) {
      std::vector<Node> out;
      for (const Node operand : operands)
        if (!is_step(graph[operand].op)) out.push_back(operand);
      return out;
    };
    switch (at.op) {
      case Op::less:
      case Op::less_equal:
      case Op::equal:
      case Op::minimum:
      case Op::maximum: return {graph.make(Op::subtract, at.a, at.b)};
      case Op::sign:
      case Op::abs:
      case Op::floor:
      case Op::ceil: return {at.a};
      case Op::both:
      case Op::either: return unless_step({at.a, at.b});
      case Op::negation:
      case Op::select: return unless_step({at.a});
      default: return {};
    }
  }
};

}  // namespace

ClockConditions::ClockConditions(ExpressionGraph& graph, const std::vector<Node>& rates, int states, int parameters) : states_(states), parameters_(parameters) {
  Walk walk{graph, states, {}};
  std::set<Node> all;
  for (const Node rate : rates) walk.reach(rate, all);
  std::set<Node> unresolved;
  std::set<std::pair<Node, bool>> known;
  for (const Node node : all) {      // operands come before what uses them
    if (!graph.depends_on(node, 0)) continue;
    const Op op = graph[node].op;
    const bool whole = op == Op::floor || op == Op::ceil, bends = op == Op::abs || op == Op::minimum || op == Op::maximum;
    for (const Node function : walk.deciding(node)) {
      if (!walk.varies(function)) continue;      // changes only where what it holds switches
      const Node slope = graph.derivative(function, 0);
      if (walk.reads_state(function) || walk.varies(slope)) {
        if (!bends) unresolved.insert(node);
        continue;
      }
      if (!known.insert({function, whole}).second) continue;
      std::vector<Node> outputs{function, slope};
      for (int p = 0; p < parameters; ++p) outputs.push_back(graph.derivative(function, 1 + states + p));
      conditions_.push_back({Tape(graph, outputs, 1 + states + parameters), whole});
    }
  }
  for (const Node rate : rates) {
    std::set<Node> mine;
    walk.reach(rate, mine);
    const bool lost = std::any_of(mine.begin(), mine.end(), [&](Node node) { return unresolved.contains(node); });
    uses_.push_back(lost ? ClockUse::unresolved : walk.varies(rate) ? ClockUse::smooth : graph.depends_on(rate, 0) ? ClockUse::stepwise : ClockUse::none);
  }
}

std::vector<ClockSwitch> ClockConditions::switches(std::span<const double> parameters, double from_h, double until_h) const {
  std::vector<ClockSwitch> found;
  std::vector<double> r, value(static_cast<std::size_t>(2 + parameters_));
  for (const Condition& condition : conditions_) {
    r.assign(static_cast<std::size_t>(condition.tape.register_count()), 0.0);
    std::copy(parameters.begin(), parameters.end(), r.begin() + 1 + states_);
    const auto at = [&](double t) {
      r[0] = t;
      condition.tape.evaluate(r.data(), value.data());
      if (std::isnan(value[0]) || std::isnan(value[1])) throw InputError("condition on time", "it compares with what is not a number, or with an input that moves", "compare time with parameters and numbers");
    };
    std::vector<double> cells{from_h};
    for (const ClockSwitch& s : found)
      if (s.time_h > cells.back()) cells.push_back(s.time_h);
    if (until_h > cells.back()) cells.push_back(until_h);
    std::vector<ClockSwitch> mine;
    for (std::size_t c = 0; c + 1 < cells.size(); ++c) {
      const double low = cells[c], high = cells[c + 1], middle = 0.5 * (low + high);
      at(middle);
      const double here = value[0], slope = value[1], reach = std::abs(slope) * (0.5 * (high - low) + nearness(high));
      if (!(slope != 0) || !std::isfinite(here) || !std::isfinite(slope)) continue;
      const double first = condition.at_whole_numbers ? std::ceil(here - reach) : 0, last = condition.at_whole_numbers ? std::floor(here + reach) : 0;
      if (last - first > static_cast<double>(most_switches) || found.size() + mine.size() > most_switches)
        throw InputError("condition on time", fmt::format("it switches more than {} times before {:.6g} h", most_switches, until_h), "make its period longer, or end earlier");
      for (double level = first; level <= last; ++level) {
        double t = middle + (level - here) / slope;
        if (!(t >= low - nearness(low) && t <= high + nearness(high))) continue;
        at(std::clamp(t, std::nextafter(low, high), std::nextafter(high, low)));
        t = std::clamp(r[0] + (level - value[0]) / slope, low, high);
        mine.push_back({t, -Eigen::Map<const Eigen::VectorXd>(value.data() + 2, parameters_) / slope});
      }
    }
    std::sort(mine.begin(), mine.end(), earlier);
    std::vector<ClockSwitch> fresh;
    for (ClockSwitch& s : mine) {
      auto near = std::lower_bound(found.begin(), found.end(), s.time_h - nearness(s.time_h), [](const ClockSwitch& other, double t) { return other.time_h < t; });
      ClockSwitch* same = near != found.end() && near->time_h <= s.time_h + nearness(s.time_h) ? &*near : nullptr;
      if (same == nullptr && !fresh.empty() && fresh.back().time_h >= s.time_h - nearness(s.time_h)) same = &fresh.back();
      if (same == nullptr) fresh.push_back(std::move(s));
      else
        for (Eigen::Index p = 0; p < parameters_; ++p)
          if (!(std::abs(same->by_parameter[p] - s.by_parameter[p]) <= 1e-9 * std::abs(s.by_parameter[p]))) same->by_parameter[p] = std::numeric_limits<double>::quiet_NaN();
    }
    found.insert(found.end(), fresh.begin(), fresh.end());
    std::sort(found.begin(), found.end(), earlier);
  }
  return found;
}

}  // namespace hyped
