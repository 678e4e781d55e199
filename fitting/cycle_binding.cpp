// Binding of a cycle problem's parameters to conditions, and of the data to arms.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "fitting/cycle_problem.hpp"

namespace hyped {

void CycleProblem::bind_parameters() {
  const int own = model_->parameter_count();
  std::vector<ParameterSpec> specs(model_->parameters().begin(), model_->parameters().end());
  specs.push_back({labelled_fraction, "1", 0.5, 0.01, 1, "fraction of clones whose reporter is seen"});
  specs.push_back({misread_fraction, "1", 0, 0, 0.5, "probability that a labelled cell is put into another class"});
  std::vector<std::string> names;
  for (const auto& spec : specs) names.emplace_back(spec.name);
  std::map<std::string, ParameterChoice> choices;
  for (const auto& choice : setup_.parameters) {
    if (std::find(names.begin(), names.end(), choice.name) == names.end())
      throw InputError(setup_.place("parameter " + choice.name), "there is no parameter '" + choice.name + "'", did_you_mean(choice.name, names));
    for (const auto& condition : choice.conditions) arm(condition);
    for (const auto& [condition, value] : choice.fixed_in)
      if (std::none_of(setup_.unseen_arms.begin(), setup_.unseen_arms.end(), [&](const Arm& a) { return a.condition == condition; })) arm(condition);
    choices[choice.name] = choice;
  }
  std::vector<Arm> arms = setup_.arms;
  arms.insert(arms.end(), setup_.unseen_arms.begin(), setup_.unseen_arms.end());
  for (const Arm& a : arms) bindings_[a.condition] = {std::vector<int>(specs.size(), -1), std::vector<double>(specs.size(), 0)};

  for (std::size_t j = 0; j < specs.size(); ++j) {
    const std::string name(specs[j].name);
    const auto found = choices.find(name);
    ParameterChoice choice = found == choices.end() ? ParameterChoice{} : found->second;
    const bool input = std::find(model_->inputs().begin(), model_->inputs().end(), name) != model_->inputs().end();
    const bool start = name.rfind("start_", 0) == 0 || name.rfind("age_", 0) == 0;
    if (found == choices.end()) {
      if (input) choice.fixed = 0.0;
      if (name == labelled_fraction && !projection_.shows_dark()) choice.fixed = 1.0;
      if (name == misread_fraction) choice.fixed = 0.0;
      if (name == "founders") choice.fixed = 1.0;
    }
    if (start && setup_.start == StartKind::steady) choice.fixed = 1.0;
    if (choice.fixed) {
      for (auto& [condition, bound] : bindings_) bound.fixed[j] = *choice.fixed;
      continue;
    }
    FreeParameter parameter = ParameterSpace::from_spec(specs[j]);
    if (choice.lower) parameter.lower = *choice.lower;
    if (choice.upper) parameter.upper = *choice.upper;
    if (choice.start) parameter.start = *choice.start;
    parameter.start = std::clamp(parameter.start, parameter.lower, parameter.upper);
    parameter.scale = choice.scale ? *choice.scale : parameter.lower > 0 ? SearchScale::log10 : SearchScale::linear;
    parameter.prior = choice.prior;
    int shared = -1;
    for (const Arm& a : arms) {
      if (const auto known = choice.fixed_in.find(a.condition); known != choice.fixed_in.end()) {
        bindings_[a.condition].fixed[j] = known->second;
        continue;
      }
      const bool unseen = &a - arms.data() >= static_cast<std::ptrdiff_t>(setup_.arms.size());
      if (unseen && choice.per_condition && choice.conditions.empty())
        throw InputError(setup_.where, "parameter '" + name + "' has a value per condition, so that of arm '" + a.condition + "', which has no data, is unknown", "share it, or express it by effects of inputs");
      const bool separate = choice.per_condition && (choice.conditions.empty() ||
          std::find(choice.conditions.begin(), choice.conditions.end(), a.condition) != choice.conditions.end());
      int index;
      if (separate) {
        FreeParameter mine = parameter;
        mine.name = name + "@" + a.condition;
        index = space_.index(mine.name) >= 0 ? space_.index(mine.name) : space_.add(mine);
      } else {
        if (shared < 0) shared = space_.add(parameter);
        index = shared;
      }
      bindings_[a.condition].theta[j] = index;
    }
  }

  std::set<int> columns;
  for (const auto& [condition, bound] : bindings_)
    for (int j = 0; j < own; ++j)
      if (bound.theta[j] >= 0) columns.insert(j);
  for (std::size_t g = 0; g < setup_.random_effects.size(); ++g)
    for (const auto& name : setup_.random_effects[g].parameters) {
      const int j = model_->parameter_index(name);
      if (j < 0)
        throw InputError(setup_.place("random effect " + setup_.random_effects[g].name), "random effect on '" + name + "', which is no parameter of the model", did_you_mean(name, names));
      random_names_.push_back(name);
      random_parameters_.push_back(j);
      random_group_.push_back(static_cast<int>(g));
      columns.insert(j);
    }
  columns_.assign(columns.begin(), columns.end());
}

void CycleProblem::bind_data(const PhaseCounts& data) {
  quantity_ = data.quantity;
  if (quantity_ == Quantity::fraction && density())
    throw InputError(data.source, "fractions say nothing of the density of the cells", "give counts, or drop density_rates");
  if (quantity_ == Quantity::fraction && !setup_.map.partition)
    throw InputError(data.source, "fractions of overlapping classes have no common total", "give counts, or classes that partition the cells");
  std::vector<int> column;
  for (const auto& seen : setup_.map.classes) {
    const auto found = std::find(data.classes.begin(), data.classes.end(), seen.name);
    if (found == data.classes.end())
      throw InputError(setup_.place("class " + seen.name), fmt::format("the class map names '{}', which {} does not have", seen.name, data.source),
                       did_you_mean(seen.name, data.classes));
    column.push_back(static_cast<int>(found - data.classes.begin()));
  }
  const int classes = class_count();
  std::vector<double> total(static_cast<std::size_t>(classes), 0);
  std::set<std::string> used;
  for (const WellSeries& series : data.wells) {
    std::size_t arm_index = 0;
    while (arm_index < setup_.arms.size() && setup_.arms[arm_index].condition != series.condition) ++arm_index;
    if (arm_index == setup_.arms.size()) {
      std::vector<std::string> names;
      for (const Arm& known : setup_.arms) names.push_back(known.condition);
      const std::string line = series.source_lines.empty() || series.source_lines[0] <= 0 ? data.source : fmt::format("{}:{}", data.source, series.source_lines[0]);
      throw InputError(line, "the condition '" + series.condition + "' is no arm of " + setup_.where, did_you_mean(series.condition, names) + ". Rename it, add the arm, or leave it out with conditions in [data]");
    }
    used.insert(series.condition);
    Well well;
    well.condition = series.condition;
    well.name = series.well;
    Unit unit;
    unit.arm = static_cast<int>(arm_index);
    std::vector<double> values;
    for (std::size_t t = 0; t < series.times_h.size(); ++t) {
      bool complete = series.times_h[t] >= setup_.first_frame_h;
      for (const int c : column) complete = complete && std::isfinite(series.values(static_cast<int>(t), c));
      if (!complete) continue;
      unit.times_h.push_back(series.times_h[t]);
      for (int k = 0; k < classes; ++k) {
        values.push_back(series.values(static_cast<int>(t), column[k]));
        total[k] += values.back();
      }
    }
    if (unit.times_h.size() < 3)
      throw InputError(data.source, fmt::format("well '{}' of '{}' has {} complete frames", series.well, series.condition, unit.times_h.size()), "give at least 3, or leave the well out");
    if (unit.times_h.front() < setup_.start_h)
      throw InputError(data.source, fmt::format("well '{}' of '{}' starts at {} h, before the model's start at {} h", series.well, series.condition, unit.times_h.front(), setup_.start_h), "set start_h to the first frame or earlier, or leave early frames out with from_h in [data]");
    std::vector<double> cuts;
    for (const Perturbation& event : setup_.arms[arm_index].schedule) {
      cuts.push_back(event.time_h);
      if (event.time_h > unit.times_h.back())
        throw InputError(setup_.place(fmt::format("event {} {}", event.target, event.time_h)), fmt::format("'{}' is changed at {} h in arm '{}', after the last frame at {} h of well '{}'", event.target, event.time_h, series.condition, unit.times_h.back(), series.well), "take the event out or correct its time (hours)");
    }
    unit.blocks = block_samples(unit.times_h, setup_.block_h, cuts);
    well.values = Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
    int index = -1;
    for (std::size_t u = 0; u < units_.size() && !density(); ++u)
      if (units_[u].arm == unit.arm && units_[u].times_h == unit.times_h) index = static_cast<int>(u);
    if (index < 0) {
      index = static_cast<int>(units_.size());
      units_.push_back(unit);
      int founder = -1;
      if (density()) {
        double first = 0;
        for (int k = 0; k < classes; ++k) first += values[k];
        founder = space_.add({"cells@" + series.condition + "/" + series.well, "cells", "cells in the field at the start", 0.2 * first, 5 * first, first, SearchScale::log10, std::nullopt});
      }
      founders_.push_back(founder);
    }
    well.unit = index;
    well.blocks = block_average(index, well.values);
    wells_.push_back(std::move(well));
  }
  for (const Arm& a : setup_.arms)
    if (!used.contains(a.condition)) {
      std::vector<std::string> conditions;
      for (const auto& series : data.wells)
        if (std::find(conditions.begin(), conditions.end(), series.condition) == conditions.end()) conditions.push_back(series.condition);
      throw InputError(setup_.place("arm " + a.condition), "no well of " + data.source + " has the condition '" + a.condition + "'", "the data have " + nearest_names(a.condition, conditions));
    }
  for (int k = 0; k < classes; ++k)
    if (!(total[k] > 0))
      throw InputError(data.source, "class '" + setup_.map.classes[k].name + "' is never observed: all its values are 0", "merge it with another class in the class map, or leave the class out");
}

}  // namespace hyped
