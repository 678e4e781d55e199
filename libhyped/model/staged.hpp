// Staged models: a graph of phases, each an Erlang chain of stages; one definition gives ODE, generator, SSA and derivatives.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "libhyped/model/catalogue.hpp"
#include "libhyped/model/model.hpp"

namespace hyped {

// One phase of the graph. With k stages its duration is Erlang(k), mean 1/exit_rate; every stage is left at rate k*exit_rate.
struct StagedPhase {
  std::string name;
  int stages = 1;
  std::string exit_rate;       // parameter [1/h]
  std::string next;            // phase entered on leaving, at its first stage
  int offspring = 1;           // 2: the cell divides on leaving
  std::string death_rate;      // parameter [1/h]; empty: cells do not die here
  bool starts_at_entry = false;      // at the start its cells stand at the first stage, not spread over all
};

// Multiplies `rates` by exp(coefficient * product of the inputs), inputs being active doses over time (0: absent).
struct Effect {
  std::string coefficient;             // parameter, log-fold change at input 1
  std::vector<std::string> inputs;     // one: main effect; two: interaction
  std::vector<std::string> rates;      // exit or death rates it acts on
};

// What an author gives: the phase graph and what its parameters mean.
struct PhaseGraph {
  std::string name;
  std::vector<StagedPhase> phases;
  struct Rate {
    std::string name, unit, meaning;
    double value, lower, upper;
  };
  std::vector<Rate> rates;             // every exit and death rate named by a phase
};

// From the scenario: stages per phase, effects of inputs, density dependence.
struct StageSettings {
  std::map<std::string, int> stages;   // by phase name; absent: the graph's default
  // Parts of a phase whose shares at the start are parameters of their own (age_<phase>.2, ...: odds against its first part), so
  // that the cells' ages at the start are not taken for even; absent: 1. The phase's stages are dealt evenly to its parts.
  std::map<std::string, int> start_parts;
  std::vector<Effect> effects;
  // Exit rates named here are multiplied by exp(-density_effect * (N/reference - 1)), N the cells in the field.
  std::vector<std::string> density_rates;
  double density_reference = 0;        // cells; must be > 0 when density_rates is not empty
  // Parameters that only events use, such as the fraction of cells kept at a medium change.
  std::vector<PhaseGraph::Rate> event_parameters;
};

// Parameters in order: the graph's rates, effect coefficients, inputs (value 0), density_effect if there is one, event
// parameters, start_<phase> for every phase but the first (the odds of starting there against the first phase), then
// age_<phase>.<part> for every start part but a phase's first (the odds of being in that part against the first part).
class StagedModel final : public Model {
 public:
  // Throws InputError for unknown phases, rates, non-positive stages.
  StagedModel(const PhaseGraph& graph, const StageSettings& settings);

  StagedModel(const StagedModel&) = delete;      // specs view its own text
  StagedModel& operator=(const StagedModel&) = delete;

  std::string_view name() const override { return name_; }
  std::span<const StateSpec> states() const override { return states_; }
  std::span<const ParameterSpec> parameters() const override { return parameters_; }
  Structure structure() const override { return density_rates_.empty() ? Structure::linear : Structure::nonlinear; }
  void rates(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx) const override;
  void linearise(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx,
                 Linearisation& out) const override;
  std::span<const int> stoichiometry() const override { return stoichiometry_; }
  void propensities(double t, std::span<const double> x, std::span<const double> p, std::span<double> out) const override;
  std::vector<std::vector<int>> propensity_reads() const override;

  // The chain behind it. Stage i leaves at rate stage_scale[i] * rate[exit_group[i]] to stage target[i], offspring[i] cells
  // arriving; it dies at rate[death_group[i]] (-1: never). Groups are the graph's rates after effects.
  struct Chain {
    std::vector<int> phase, exit_group, death_group, target, offspring;
    std::vector<double> stage_scale;
  };
  const Chain& chain() const { return chain_; }
  const PhaseGraph& graph() const { return graph_; }
  int stage_count() const { return static_cast<int>(chain_.phase.size()); }
  int group_count() const { return static_cast<int>(graph_.rates.size()); }
  int phase_count() const { return static_cast<int>(graph_.phases.size()); }
  int phase_index(std::string_view name) const;        // -1 if there is none
  int first_stage(int phase) const { return first_stage_[static_cast<std::size_t>(phase)]; }
  std::span<const std::string> inputs() const { return inputs_; }
  int input_parameter(int input) const { return first_input_ + input; }      // index into parameters()

  // Distribution of one founder over the stages at the start [S], from the start_<phase> odds, and its derivative [S x P].
  Eigen::VectorXd start_distribution(std::span<const double> p, Eigen::MatrixXd& derivative) const;

  // Rates per group after effects (without density), and d rate / d parameter [G x P].
  void group_rates(std::span<const double> p, std::span<double> rate) const;
  void group_rates(std::span<const double> p, std::span<double> rate, Eigen::MatrixXd& derivative) const;
  // Can the parameter change a rate, given which inputs (parameter indices) are ever there? Start odds and event amounts cannot.
  bool moves_rates(int parameter, const std::function<bool(int)>& present) const;

 private:
  double density_factor(std::span<const double> x, std::span<const double> p) const;
  std::string name_;
  PhaseGraph graph_;
  Chain chain_;
  std::vector<int> first_stage_;
  std::vector<std::string> names_, coefficient_names_, meanings_, inputs_, start_names_;      // own the text the specs view
  std::vector<PhaseGraph::Rate> event_parameters_;
  std::vector<StateSpec> states_;
  std::vector<ParameterSpec> parameters_;
  std::vector<int> stoichiometry_;
  struct BoundEffect {
    int coefficient;
    std::vector<int> inputs, groups;      // parameter indices; group indices
  };
  std::vector<BoundEffect> effects_;
  std::vector<int> density_rates_;        // group indices
  double density_reference_ = 0;
  std::vector<int> start_parts_;          // by phase
  int first_input_ = 0, density_parameter_ = -1, first_start_ = 0;
};

// What an author of a staged model writes: a name and a phase graph with default stages.
template <class M>
concept StagedDefinition = requires {
  { M::graph() } -> std::same_as<PhaseGraph>;
};

template <StagedDefinition M>
struct RegisterStagedModel {
  RegisterStagedModel() {
    ModelCatalogue::instance().add(M::graph().name, [](const StageSettings& settings) -> std::unique_ptr<Model> {
      return std::make_unique<StagedModel>(M::graph(), settings);
    });
  }
};

// The catalogue's model as a staged one; InputError when it is not.
std::unique_ptr<StagedModel> make_staged(const std::string& name, const StageSettings& settings);

}  // namespace hyped
