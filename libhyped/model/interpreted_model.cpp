// From the table to tapes: names are resolved once, assignments are put in the expressions that use them.
#include "libhyped/model/interpreted_model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "libhyped/errors.hpp"
#include "libhyped/model/pack.hpp"

namespace hyped {
namespace {

using Node = ExpressionGraph::Node;
using Op = ExpressionGraph::Op;

// Workspace of the calling thread: tapes are shared, registers are not.
template <class T>
T* registers(int count) {
  thread_local std::vector<T> space;
  if (static_cast<int>(space.size()) < count) space.resize(static_cast<std::size_t>(count));
  return space.data();
}

void check_names(const ReactionTable& table) {
  std::map<std::string, std::string> seen;
  const auto once = [&](const std::string& name, const std::string& place) {
    if (name.empty()) throw InputError(place, "a name is empty", "give it one");
    if (const auto [at, added] = seen.try_emplace(name, place); !added)
      throw InputError(place, "the name '" + name + "' is there twice", "the other is at " + at->second);
  };
  for (const auto& s : table.species) once(s.name, s.place);
  for (const auto& p : table.parameters) once(p.name, p.place);
  for (const auto& a : table.assignments)      // an assignment may give a declared species or parameter its value
    if (!seen.contains(a.name)) once(a.name, a.place);
  std::map<std::string, std::string> reactions;
  for (const auto& r : table.reactions)
    if (const auto [at, added] = reactions.try_emplace(r.name, r.place); !added) throw InputError(r.place, "the reaction '" + r.name + "' is there twice", "the other is at " + at->second);
  if (table.species.empty()) throw InputError(table.where, "the model has no species", "add them with their initial values");
}

}  // namespace

// Slots of variables: [time | states | parameters]. A name that an assignment sets stands for its expression.
struct InterpretedModel::Builder {
  const ReactionTable& table;
  ExpressionGraph graph;
  std::vector<std::string> state_names, parameter_names;
  std::map<std::string, const ReactionTable::Rule*> assigned, initially;
  std::map<std::string, Node> made;
  std::vector<std::string> stack;

  explicit Builder(const ReactionTable& t) : table(t) {
    for (const auto& rule : table.assignments)
      if (!assigned.emplace(rule.name, &rule).second) throw InputError(rule.place, "'" + rule.name + "' is assigned twice", "keep one");
    for (const auto& rule : table.initial_assignments)
      if (!initially.emplace(rule.name, &rule).second) throw InputError(rule.place, "'" + rule.name + "' has two initial assignments", "keep one");
    for (const auto& s : table.species)
      if (!assigned.contains(s.name)) (s.constant ? parameter_names : state_names).push_back(s.name);
    std::vector<std::string> constants = std::move(parameter_names);
    parameter_names.clear();
    for (const auto& p : table.parameters)
      if (!assigned.contains(p.name)) parameter_names.push_back(p.name);
    parameter_names.insert(parameter_names.end(), constants.begin(), constants.end());
  }
  int variables() const { return 1 + static_cast<int>(state_names.size() + parameter_names.size()); }
  static int index(const std::vector<std::string>& names, const std::string& name) {
    const auto found = std::find(names.begin(), names.end(), name);
    return found == names.end() ? -1 : static_cast<int>(found - names.begin());
  }
  int state_slot(int i) const { return 1 + i; }
  int parameter_slot(int i) const { return 1 + static_cast<int>(state_names.size()) + i; }

  Node assignment(const ReactionTable::Rule& rule) {
    if (const auto found = made.find(rule.name); found != made.end()) return found->second;
    if (std::find(stack.begin(), stack.end(), rule.name) != stack.end()) {
      stack.push_back(rule.name);
      const auto from = std::find(stack.begin(), stack.end(), rule.name);
      throw InputError(rule.place, fmt::format("assignments depend on each other in a circle: {}", fmt::join(from, stack.end(), " needs ")), "break it with a rate or a parameter");
    }
    stack.push_back(rule.name);
    const Node node = parse(rule.expression, rule.place);
    stack.pop_back();
    return made[rule.name] = node;
  }
  Node parse(const std::string& text, const std::string& place) {
    return parse_expression(graph, text, [&](const std::string& name) { return resolve(name, place); }, place);
  }
  Node resolve(const std::string& name, const std::string& place) {
    if (const auto found = assigned.find(name); found != assigned.end()) return assignment(*found->second);
    if (const int i = index(state_names, name); i >= 0) return graph.variable(state_slot(i));
    if (const int i = index(parameter_names, name); i >= 0) return graph.variable(parameter_slot(i));
    if (name == "time" || name == "t") return graph.variable(0);
    std::vector<std::string> valid{"time"};
    valid.insert(valid.end(), state_names.begin(), state_names.end());
    valid.insert(valid.end(), parameter_names.begin(), parameter_names.end());
    for (const auto& [known, rule] : assigned) valid.push_back(known);
    throw InputError(place, "unknown name '" + name + "'", did_you_mean(name, valid));
  }
  // The initial value of a state as an expression of parameters alone.
  Node initial(const std::string& name, const std::string& asked_at) {
    const auto found = initially.find(name);
    if (found == initially.end()) {
      const auto species = std::find_if(table.species.begin(), table.species.end(), [&](const auto& s) { return s.name == name; });
      return graph.constant(species->initial);
    }
    const ReactionTable::Rule& rule = *found->second;
    if (std::find(stack.begin(), stack.end(), name) != stack.end()) throw InputError(asked_at, "initial assignments of '" + name + "' depend on each other in a circle", "give one a number");
    stack.push_back(name);
    const Node node = parse_expression(graph, rule.expression, [&](const std::string& used) -> Node {
      if (index(state_names, used) >= 0) return initial(used, rule.place);
      if (const auto a = assigned.find(used); a != assigned.end()) throw InputError(rule.place, "an initial assignment uses the assigned name '" + used + "'", "write its expression out");
      return resolve(used, rule.place);
    }, rule.place);
    stack.pop_back();
    return node;
  }
};

InterpretedModel::InterpretedModel(const ReactionTable& table) : table_(table) {
  check_names(table_);
  Builder b(table_);
  const int states = static_cast<int>(b.state_names.size()), parameters = static_cast<int>(b.parameter_names.size());
  if (states == 0) throw InputError(table_.where, "no species changes: all are constant or assigned", "leave one free");
  std::vector<Node> rate(static_cast<std::size_t>(states), b.graph.constant(0)), propensity;
  bool whole = true;
  for (const auto& reaction : table_.reactions) {
    const Node node = b.parse(reaction.rate, reaction.place);
    propensity.push_back(node);
    std::vector<int> row(static_cast<std::size_t>(states), 0);
    for (const auto& [species, change] : reaction.net) {
      const int i = Builder::index(b.state_names, species);
      if (i < 0) {
        const bool held = Builder::index(b.parameter_names, species) >= 0;
        if (held) continue;
        std::vector<std::string> names = b.state_names;
        throw InputError(reaction.place, b.assigned.contains(species) ? "a reaction changes '" + species + "', which an assignment sets" : "a reaction changes the unknown species '" + species + "'", did_you_mean(species, names));
      }
      whole = whole && change == std::round(change);
      row[static_cast<std::size_t>(i)] = static_cast<int>(std::lround(change));
      Node& sum = rate[static_cast<std::size_t>(i)];
      sum = b.graph.make(Op::add, sum, b.graph.make(Op::multiply, b.graph.constant(change), node));
    }
    stoichiometry_.insert(stoichiometry_.end(), row.begin(), row.end());
  }
  reactions_ = static_cast<int>(propensity.size());
  for (const auto& rule : table_.rates) {
    const int i = Builder::index(b.state_names, rule.name);
    if (i < 0) throw InputError(rule.place, "a rate is given for '" + rule.name + "', which is no free species", did_you_mean(rule.name, b.state_names));
    Node& sum = rate[static_cast<std::size_t>(i)];
    sum = b.graph.make(Op::add, sum, b.parse(rule.expression, rule.place));
  }
  if (!whole || !table_.rates.empty()) stoichiometry_.clear();

  std::vector<Node> timed = propensity;
  timed.insert(timed.end(), rate.begin(), rate.end());
  clock_ = ClockConditions(b.graph, timed, states, parameters);
  clock_use_ = *std::max_element(clock_.uses().begin(), clock_.uses().end());

  rates_ = Tape(b.graph, rate, b.variables());
  propensities_ = Tape(b.graph, propensity, b.variables());
  for (const Node node : propensity) {
    propensity_.push_back(Tape(b.graph, {node}, b.variables()));
    propensity_reads_.emplace_back();
    for (int i = 0; i < states; ++i)
      if (b.graph.depends_on(node, b.state_slot(i))) propensity_reads_.back().push_back(i);
  }
  std::vector<Node> all = rate, drift, assigned, initial;
  for (int i = 0; i < states; ++i) {
    for (int j = 0; j < states; ++j)
      if (const Node d = b.graph.derivative(rate[static_cast<std::size_t>(i)], b.state_slot(j)); !b.graph.is_constant(d, 0)) {
        by_state_.push_back({i, j});
        all.push_back(d);
      }
    drift.push_back(b.graph.derivative(rate[static_cast<std::size_t>(i)], 0));
  }
  for (int i = 0; i < states; ++i)
    for (int j = 0; j < parameters; ++j)
      if (const Node d = b.graph.derivative(rate[static_cast<std::size_t>(i)], b.parameter_slot(j)); !b.graph.is_constant(d, 0)) {
        by_parameter_.push_back({i, j});
        all.push_back(d);
      }
  linearisation_ = Tape(b.graph, all, b.variables());
  drift_ = Tape(b.graph, drift, b.variables());
  for (const auto& rule : table_.assignments) assigned.push_back(b.assignment(rule));
  assignments_ = Tape(b.graph, assigned, b.variables());
  for (const auto& rule : table_.initial_assignments)
    if (Builder::index(b.state_names, rule.name) < 0) throw InputError(rule.place, "an initial assignment names '" + rule.name + "', which is no free species", did_you_mean(rule.name, b.state_names));
  for (const auto& name : b.state_names) initial.push_back(b.initial(name, table_.where));
  for (int i = 0; i < states; ++i)
    for (int j = 0; j < parameters; ++j)
      if (const Node d = b.graph.derivative(initial[static_cast<std::size_t>(i)], b.parameter_slot(j)); !b.graph.is_constant(d, 0)) {
        initial_by_parameter_.push_back({i, j});
        initial.push_back(d);
      }
  initial_ = Tape(b.graph, initial, b.variables());

  for (const auto& name : b.parameter_names) {
    const auto p = std::find_if(table_.parameters.begin(), table_.parameters.end(), [&](const auto& row) { return row.name == name; });
    if (p == table_.parameters.end()) {
      const auto s = std::find_if(table_.species.begin(), table_.species.end(), [&](const auto& row) { return row.name == name; });
      parameters_.push_back({s->name, s->unit, s->initial, std::min(0.0, s->initial), std::max(1.0, 10 * std::abs(s->initial)), "amount held constant"});
      continue;
    }
    const bool bounded = p->lower < p->upper, positive = p->value > 0;
    parameters_.push_back({p->name, p->unit, p->value, bounded ? p->lower : positive ? p->value * 1e-3 : std::min(-1.0, 10 * p->value), bounded ? p->upper : positive ? p->value * 1e3 : 1.0, p->meaning});
  }
  std::vector<double> values;
  for (const auto& spec : parameters_) values.push_back(spec.value);
  for (const auto& name : b.state_names) {
    const auto s = std::find_if(table_.species.begin(), table_.species.end(), [&](const auto& row) { return row.name == name; });
    states_.push_back({s->name, s->unit, 0});
  }
  const std::vector<double> start = initial_state(values);
  for (std::size_t i = 0; i < start.size(); ++i) states_[i].initial = start[i];
}

template <class T>
T* InterpretedModel::loaded(const T& t, const T* x, const T* p, const Tape& tape) const {
  T* r = registers<T>(tape.register_count() + tape.output_count());
  r[0] = t;
  std::copy_n(x, states_.size(), r + 1);
  std::copy_n(p, parameters_.size(), r + 1 + states_.size());
  return r;
}

void InterpretedModel::rates(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx) const {
  rates_.evaluate(loaded(t, x.data(), p.data(), rates_), dx.data());
}

void InterpretedModel::pack_rates(const Pack& t, const Pack* x, const Pack* p, Pack* dx) const { rates_.evaluate(loaded(t, x, p, rates_), dx); }

void InterpretedModel::linearise(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx, Linearisation& out) const {
  double* r = loaded(t, x.data(), p.data(), linearisation_);
  double* values = r + linearisation_.register_count();
  linearisation_.evaluate(r, values);
  const auto states = static_cast<Eigen::Index>(states_.size());
  std::copy_n(values, states, dx.data());
  values += states;
  out.state.setZero(states, states);
  out.parameter.setZero(states, static_cast<Eigen::Index>(parameters_.size()));
  for (const Entry& e : by_state_) out.state(e.row, e.column) = *values++;
  for (const Entry& e : by_parameter_) out.parameter(e.row, e.column) = *values++;
}

void InterpretedModel::time_derivative(double t, std::span<const double> x, std::span<const double> p, std::span<double> dfdt) const {
  drift_.evaluate(loaded(t, x.data(), p.data(), drift_), dfdt.data());
}

void InterpretedModel::propensities(double t, std::span<const double> x, std::span<const double> p, std::span<double> out) const {
  propensities_.evaluate(loaded(t, x.data(), p.data(), propensities_), out.data());
}

void InterpretedModel::propensities_of(double t, std::span<const double> x, std::span<const double> p, std::span<const int> which,
                                       std::span<double> out) const {
  int most = 1 + static_cast<int>(states_.size() + parameters_.size());
  for (const int r : which) most = std::max(most, propensity_[static_cast<std::size_t>(r)].register_count());
  double* space = registers<double>(most);
  space[0] = t;
  std::copy_n(x.data(), states_.size(), space + 1);
  std::copy_n(p.data(), parameters_.size(), space + 1 + states_.size());
  for (const int r : which) propensity_[static_cast<std::size_t>(r)].evaluate(space, &out[static_cast<std::size_t>(r)]);
}

bool InterpretedModel::propensity_bounds(double from_h, double until_h, std::span<const double> x, std::span<const double> p_low,
                                         std::span<const double> p_high, std::span<double> most) const {
  Interval* r = registers<Interval>(propensities_.register_count() + propensities_.output_count());
  r[0] = {from_h, until_h};
  for (std::size_t i = 0; i < x.size(); ++i) r[1 + i] = {x[i], x[i]};
  for (std::size_t i = 0; i < p_low.size(); ++i) r[1 + x.size() + i] = {p_low[i], p_high[i]};
  Interval* out = r + propensities_.register_count();
  propensities_.bounds(r, out);
  for (std::size_t i = 0; i < most.size(); ++i) most[i] = out[i].high;
  return true;
}

void InterpretedModel::assignments(double t, std::span<const double> x, std::span<const double> p, std::span<double> out) const {
  assignments_.evaluate(loaded(t, x.data(), p.data(), assignments_), out.data());
}

std::vector<double> InterpretedModel::initial_state(std::span<const double> p, Eigen::MatrixXd* by_parameter) const {
  std::vector<double> r(static_cast<std::size_t>(initial_.register_count()), 0.0), values(static_cast<std::size_t>(initial_.output_count()));
  std::copy(p.begin(), p.end(), r.begin() + 1 + static_cast<std::ptrdiff_t>(states_.size()));
  initial_.evaluate(r.data(), values.data());
  const double* derivative = values.data() + states_.size();
  if (by_parameter != nullptr) {
    by_parameter->setZero(static_cast<Eigen::Index>(states_.size()), static_cast<Eigen::Index>(parameters_.size()));
    for (const Entry& e : initial_by_parameter_) (*by_parameter)(e.row, e.column) = *derivative++;
  }
  values.resize(states_.size());
  return values;
}

std::vector<std::string> InterpretedModel::reaction_names() const {
  std::vector<std::string> names;
  for (const auto& r : table_.reactions) names.push_back(r.name);
  return names;
}

std::vector<std::string> InterpretedModel::assignment_names() const {
  std::vector<std::string> names;
  for (const auto& a : table_.assignments) names.push_back(a.name);
  return names;
}

}  // namespace hyped
