// Expansion of a phase graph into stages, and its equations.
#include "libhyped/model/staged.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

std::vector<std::string> phase_names(const PhaseGraph& graph) {
  std::vector<std::string> names;
  for (const auto& phase : graph.phases) names.push_back(phase.name);
  return names;
}

std::vector<std::string> rate_names(const PhaseGraph& graph) {
  std::vector<std::string> names;
  for (const auto& rate : graph.rates) names.push_back(rate.name);
  return names;
}

int position(const std::vector<std::string>& names, std::string_view wanted, const std::string& where, const char* what) {
  const auto found = std::find(names.begin(), names.end(), wanted);
  if (found == names.end())
    throw InputError(where, fmt::format("there is no {} '{}'", what, wanted),
                     did_you_mean(wanted, names));
  return static_cast<int>(found - names.begin());
}

}  // namespace

StagedModel::StagedModel(const PhaseGraph& graph, const StageSettings& settings) : name_(graph.name), graph_(graph) {
  const std::string where = "model " + name_;
  const auto phases = phase_names(graph_);
  const auto rates = rate_names(graph_);
  for (const auto& [phase, stages] : settings.stages) {
    const int index = position(phases, phase, where, "phase");
    if (stages < 1)
      throw InputError(where, fmt::format("phase '{}' has {} stages", phase, stages), "give at least 1");
    graph_.phases[static_cast<std::size_t>(index)].stages = stages;
  }
  for (const auto& phase : graph_.phases) {
    first_stage_.push_back(static_cast<int>(chain_.phase.size()));
    for (int k = 0; k < phase.stages; ++k) {
      const bool last = k + 1 == phase.stages;
      chain_.phase.push_back(static_cast<int>(first_stage_.size()) - 1);
      chain_.exit_group.push_back(position(rates, phase.exit_rate, where, "rate"));
      chain_.death_group.push_back(phase.death_rate.empty() ? -1 : position(rates, phase.death_rate, where, "rate"));
      chain_.stage_scale.push_back(phase.stages);
      chain_.target.push_back(last ? -1 : static_cast<int>(chain_.phase.size()));
      chain_.offspring.push_back(last ? phase.offspring : 1);
      names_.push_back(phase.stages == 1 ? phase.name : fmt::format("{}/{}", phase.name, k + 1));
    }
  }
  for (int i = 0; i < stage_count(); ++i)
    if (chain_.target[i] < 0)
      chain_.target[i] = first_stage(position(phases, graph_.phases[chain_.phase[i]].next, where, "phase"));
  for (const auto& name : names_) states_.push_back({name, "cells", 0});
  for (int phase = 0; phase < phase_count(); ++phase) states_[first_stage(phase)].initial = 100;

  std::vector<ParameterSpec> specs;
  for (const auto& rate : graph_.rates)
    specs.push_back({rate.name, rate.unit, rate.value, rate.lower, rate.upper, rate.meaning});
  // The specs view text owned by coefficient_names_ and meanings_: reserve, so that it never moves.
  const auto effect_count = settings.effects.size();
  meanings_.reserve(effect_count);
  for (const auto& effect : settings.effects)
    for (const auto& input : effect.inputs)
      if (std::find(inputs_.begin(), inputs_.end(), input) == inputs_.end()) inputs_.push_back(input);
  coefficient_names_.reserve(effect_count);
  for (const auto& effect : settings.effects) {
    coefficient_names_.push_back(effect.coefficient);
    std::string on;
    for (const auto& rate : effect.rates) on += (on.empty() ? "" : ", ") + rate;
    std::string by;
    for (const auto& input : effect.inputs) by += (by.empty() ? "" : " x ") + input;
    meanings_.push_back(fmt::format("log-fold change of {} by {} at input 1", on, by));
    specs.push_back({coefficient_names_.back(), "1", 0, -3, 3, meanings_.back()});
  }
  first_input_ = static_cast<int>(specs.size());
  for (const auto& input : inputs_) specs.push_back({input, "1", 0, 0, 10, "active input, 1 at the reference dose's peak"});
  if (!settings.density_rates.empty()) {
    if (!(settings.density_reference > 0))
      throw InputError(where, "density_reference is missing or not positive", "give the number of cells it refers to");
    density_reference_ = settings.density_reference;
    density_parameter_ = static_cast<int>(specs.size());
    specs.push_back({"density_effect", "1", 0, -3, 10, "exit rates are multiplied by exp(-density_effect (N/reference - 1))"});
    for (const auto& rate : settings.density_rates) density_rates_.push_back(position(rates, rate, where, "rate"));
  }
  event_parameters_ = settings.event_parameters;
  for (const auto& event : event_parameters_)
    specs.push_back({event.name, event.unit, event.value, event.lower, event.upper, event.meaning});
  first_start_ = static_cast<int>(specs.size());
  start_parts_.assign(phases.size(), 1);
  std::size_t ages = 0;
  for (const auto& [phase, parts] : settings.start_parts) {
    const int index = position(phases, phase, where, "phase");
    const StagedPhase& of = graph_.phases[static_cast<std::size_t>(index)];
    if (parts < 1 || of.stages % parts != 0 || (parts > 1 && of.starts_at_entry))
      throw InputError(where, fmt::format("phase '{}' with {} stages cannot start in {} parts", phase, of.stages, parts),
                       of.starts_at_entry ? "its cells start at its entry" : "give a number that divides its stages");
    start_parts_[static_cast<std::size_t>(index)] = parts;
    ages += static_cast<std::size_t>(parts);
  }
  start_names_.reserve(phases.size() + ages);
  for (std::size_t k = 1; k < phases.size(); ++k) {
    start_names_.push_back("start_" + phases[k]);
    specs.push_back({start_names_.back(), "1", 1, 1e-4, 1e4, "odds of starting in this phase against the first phase"});
  }
  for (std::size_t k = 0; k < phases.size(); ++k)
    for (int part = 2; part <= start_parts_[k]; ++part) {
      start_names_.push_back(fmt::format("age_{}.{}", phases[k], part));
      specs.push_back({start_names_.back(), "1", 1, 1e-4, 1e4, "odds, at the start, of this part of the phase against its first"});
    }
  for (std::size_t i = 0; i < specs.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (specs[i].name == specs[j].name)
        throw InputError(where, fmt::format("two parameters are called '{}'", specs[i].name), "rename one");
  parameters_ = specs;
  for (const auto& effect : settings.effects) {
    if (effect.inputs.empty() || effect.rates.empty())
      throw InputError(where, fmt::format("effect '{}' names no input or no rate", effect.coefficient), "name both");
    BoundEffect bound{parameter_index(effect.coefficient), {}, {}};
    for (const auto& input : effect.inputs) bound.inputs.push_back(parameter_index(input));
    for (const auto& rate : effect.rates) bound.groups.push_back(position(rates, rate, where, "rate"));
    effects_.push_back(bound);
  }

  const int stages = stage_count();
  for (int i = 0; i < stages; ++i)
    for (const bool death : {false, true}) {
      if (death && chain_.death_group[i] < 0) continue;
      std::vector<int> row(static_cast<std::size_t>(stages), 0);
      row[i] -= 1;
      if (!death) row[chain_.target[i]] += chain_.offspring[i];
      stoichiometry_.insert(stoichiometry_.end(), row.begin(), row.end());
    }
}

int StagedModel::phase_index(std::string_view name) const {
  for (int i = 0; i < phase_count(); ++i)
    if (graph_.phases[i].name == name) return i;
  return -1;
}

void StagedModel::group_rates(std::span<const double> p, std::span<double> rate) const {
  for (int g = 0; g < group_count(); ++g) rate[g] = p[g];
  for (const auto& effect : effects_) {
    double exponent = p[effect.coefficient];
    for (const int input : effect.inputs) exponent *= p[input];
    if (exponent != 0)
      for (const int g : effect.groups) rate[g] *= std::exp(exponent);
  }
}

void StagedModel::group_rates(std::span<const double> p, std::span<double> rate, Eigen::MatrixXd& derivative) const {
  group_rates(p, rate);
  derivative.setZero(group_count(), parameter_count());
  for (int g = 0; g < group_count(); ++g) derivative(g, g) = p[g] > 0 ? rate[g] / p[g] : 1.0;
  for (const auto& effect : effects_) {
    double product = 1;
    for (const int input : effect.inputs) product *= p[input];
    for (const int g : effect.groups) {
      derivative(g, effect.coefficient) += rate[g] * product;
      for (std::size_t j = 0; j < effect.inputs.size(); ++j) {
        double others = p[effect.coefficient];
        for (std::size_t k = 0; k < effect.inputs.size(); ++k)
          if (k != j) others *= p[effect.inputs[k]];
        derivative(g, effect.inputs[j]) += rate[g] * others;
      }
    }
  }
}

bool StagedModel::moves_rates(int parameter, const std::function<bool(int)>& present) const {
  if (parameter < group_count()) return true;
  return std::any_of(effects_.begin(), effects_.end(), [&](const BoundEffect& effect) {
    if (std::find(effect.inputs.begin(), effect.inputs.end(), parameter) != effect.inputs.end()) return true;
    return effect.coefficient == parameter && std::all_of(effect.inputs.begin(), effect.inputs.end(), present);
  });
}

Eigen::VectorXd StagedModel::start_distribution(std::span<const double> p, Eigen::MatrixXd& derivative) const {
  Eigen::VectorXd odds = Eigen::VectorXd::Ones(phase_count());
  for (int k = 1; k < phase_count(); ++k) odds[k] = p[first_start_ + k - 1];
  const double total = odds.sum();
  Eigen::VectorXd start = Eigen::VectorXd::Zero(stage_count());
  derivative.setZero(stage_count(), parameter_count());
  int first_age = first_start_ + phase_count() - 1;
  for (int k = 0; k < phase_count(); ++k) {
    const auto& phase = graph_.phases[k];
    const int parts = start_parts_[k], spread = phase.starts_at_entry ? 1 : phase.stages / parts;
    Eigen::VectorXd ages = Eigen::VectorXd::Ones(parts);
    for (int part = 1; part < parts; ++part) ages[part] = p[first_age + part - 1];
    const double all = ages.sum();
    for (int i = 0; i < parts * spread; ++i) {
      const int stage = first_stage(k) + i, part = i / spread;
      const double share = ages[part] / all / spread, in_phase = odds[k] / total;
      start[stage] = in_phase * share;
      for (int j = 1; j < phase_count(); ++j)
        derivative(stage, first_start_ + j - 1) = ((j == k ? 1.0 : 0.0) - in_phase) / total * share;
      for (int other = 1; other < parts; ++other)
        derivative(stage, first_age + other - 1) = in_phase * ((other == part ? 1.0 : 0.0) / spread - share) / all;
    }
    first_age += parts - 1;
  }
  return start;
}

double StagedModel::density_factor(std::span<const double> x, std::span<const double> p) const {
  double total = 0;
  for (const double cells : x) total += cells;
  return std::exp(-p[density_parameter_] * (total / density_reference_ - 1));
}

void StagedModel::propensities(double, std::span<const double> x, std::span<const double> p, std::span<double> out) const {
  double rate[64];
  HYPED_REQUIRE(group_count() <= 64);
  group_rates(p, std::span<double>(rate, group_count()));
  if (density_parameter_ >= 0) {
    const double factor = density_factor(x, p);
    for (const int g : density_rates_) rate[g] *= factor;
  }
  std::size_t r = 0;
  for (int i = 0; i < stage_count(); ++i) {
    out[r++] = chain_.stage_scale[i] * rate[chain_.exit_group[i]] * x[i];
    if (chain_.death_group[i] >= 0) out[r++] = rate[chain_.death_group[i]] * x[i];
  }
}

std::vector<std::vector<int>> StagedModel::propensity_reads() const {
  std::vector<int> every(static_cast<std::size_t>(stage_count()));
  std::iota(every.begin(), every.end(), 0);
  const auto reads = [&](int stage, int group) {
    return std::ranges::find(density_rates_, group) == density_rates_.end() ? std::vector<int>{stage} : every;
  };
  std::vector<std::vector<int>> all;
  for (int i = 0; i < stage_count(); ++i) {
    all.push_back(reads(i, chain_.exit_group[i]));
    if (chain_.death_group[i] >= 0) all.push_back(reads(i, chain_.death_group[i]));
  }
  return all;
}

void StagedModel::rates(double, std::span<const double> x, std::span<const double> p, std::span<double> dx) const {
  double rate[64];
  HYPED_REQUIRE(group_count() <= 64);
  group_rates(p, std::span<double>(rate, group_count()));
  if (density_parameter_ >= 0) {
    const double factor = density_factor(x, p);
    for (const int g : density_rates_) rate[g] *= factor;
  }
  std::fill(dx.begin(), dx.end(), 0.0);
  for (int i = 0; i < stage_count(); ++i) {
    const double flow = chain_.stage_scale[i] * rate[chain_.exit_group[i]] * x[i];
    dx[i] -= flow + (chain_.death_group[i] >= 0 ? rate[chain_.death_group[i]] * x[i] : 0.0);
    dx[chain_.target[i]] += chain_.offspring[i] * flow;
  }
}

void StagedModel::linearise(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx,
                            Linearisation& out) const {
  rates(t, x, p, dx);
  const int stages = stage_count();
  std::vector<double> rate(group_count());
  Eigen::MatrixXd by_parameter;
  group_rates(p, rate, by_parameter);
  const double factor = density_parameter_ >= 0 ? density_factor(x, p) : 1.0;
  double total = 0;
  for (const double cells : x) total += cells;
  for (const int g : density_rates_) {
    rate[g] *= factor;
    by_parameter.row(g) *= factor;
    by_parameter(g, density_parameter_) += -rate[g] * (total / density_reference_ - 1);
  }
  out.state.setZero(stages, stages);
  Eigen::MatrixXd by_group = Eigen::MatrixXd::Zero(stages, group_count());
  for (int i = 0; i < stages; ++i) {
    const double exit = chain_.stage_scale[i] * rate[chain_.exit_group[i]];
    const int target = chain_.target[i];
    out.state(i, i) -= exit;
    out.state(target, i) += chain_.offspring[i] * exit;
    by_group(i, chain_.exit_group[i]) -= chain_.stage_scale[i] * x[i];
    by_group(target, chain_.exit_group[i]) += chain_.offspring[i] * chain_.stage_scale[i] * x[i];
    if (chain_.death_group[i] >= 0) {
      out.state(i, i) -= rate[chain_.death_group[i]];
      by_group(i, chain_.death_group[i]) -= x[i];
    }
  }
  out.parameter.noalias() = by_group * by_parameter;
  if (density_parameter_ >= 0) {
    // d rate_g / dN = -rate_g * density_effect / reference, the same for every stage
    Eigen::VectorXd slope = Eigen::VectorXd::Zero(stages);
    for (const int g : density_rates_) slope -= by_group.col(g) * (rate[g] * p[density_parameter_] / density_reference_);
    out.state.colwise() += slope;
  }
}

std::unique_ptr<StagedModel> make_staged(const std::string& name, const StageSettings& settings) {
  auto model = ModelCatalogue::instance().make(name, settings);
  auto* staged = dynamic_cast<StagedModel*>(model.get());
  if (staged == nullptr) throw InputError("model", "'" + name + "' is not made of phases", "choose a cell_cycle model");
  model.release();
  return std::unique_ptr<StagedModel>(staged);
}

}  // namespace hyped
