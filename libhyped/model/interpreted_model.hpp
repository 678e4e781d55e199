// A model read from a file, behind the same interface as a compiled one; derivatives are symbolic and exact.
#pragma once
#include <Eigen/Core>
#include <memory>
#include <string>
#include <vector>

#include "libhyped/model/clock_conditions.hpp"
#include "libhyped/model/expression.hpp"
#include "libhyped/model/model.hpp"
#include "libhyped/model/reaction_table.hpp"

namespace hyped {

// States are the species that are not constant, in the order of the table; parameters those of the table, then the constant
// species. The time variable is called `time` or `t` unless the table uses that name itself.
class InterpretedModel final : public Model {
 public:
  // Throws InputError with the row's place (and the column in its text) for what does not parse, unknown or repeated names,
  // assignments that depend on each other in a circle, species that both a rule and an assignment set.
  explicit InterpretedModel(const ReactionTable& table);
  InterpretedModel(const InterpretedModel&) = delete;      // specs view its own text
  InterpretedModel& operator=(const InterpretedModel&) = delete;

  std::string_view name() const override { return table_.name; }
  std::span<const StateSpec> states() const override { return states_; }
  std::span<const ParameterSpec> parameters() const override { return parameters_; }
  void rates(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx) const override;
  void linearise(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx, Linearisation& out) const override;
  void time_derivative(double t, std::span<const double> x, std::span<const double> p, std::span<double> dfdt) const override;
  void pack_rates(const Pack& t, const Pack* x, const Pack* p, Pack* dx) const override;
  // Empty when a reaction changes a species by a number that is not whole, or a rate rule moves a species: no jump process then.
  std::span<const int> stoichiometry() const override { return stoichiometry_; }
  void propensities(double t, std::span<const double> x, std::span<const double> p, std::span<double> out) const override;
  void propensities_of(double t, std::span<const double> x, std::span<const double> p, std::span<const int> which,
                       std::span<double> out) const override;
  std::vector<std::vector<int>> propensity_reads() const override { return propensity_reads_; }
  std::optional<ClockUse> clock_use() const override { return clock_use_; }
  std::vector<ClockUse> propensity_clock_use() const override { return {clock_.uses().begin(), clock_.uses().begin() + reactions_}; }
  std::vector<ClockSwitch> clock_switches(std::span<const double> p, double from_h, double until_h) const override { return clock_.switches(p, from_h, until_h); }
  bool propensity_bounds(double from_h, double until_h, std::span<const double> x, std::span<const double> p_low, std::span<const double> p_high,
                         std::span<double> most) const override;
  std::string reaction_name(int reaction) const override { return table_.reactions[static_cast<std::size_t>(reaction)].name; }

  std::vector<std::string> reaction_names() const;
  std::vector<std::string> assignment_names() const;
  // Values of the assignments [A] at one point.
  void assignments(double t, std::span<const double> x, std::span<const double> p, std::span<double> out) const;
  // Initial state for given parameters [S], and its derivative [S x P] if asked for.
  std::vector<double> initial_state(std::span<const double> p, Eigen::MatrixXd* by_parameter = nullptr) const;
  const ReactionTable& table() const { return table_; }

 private:
  struct Builder;
  struct Entry {
    int row, column;      // of a derivative that is not zero everywhere
  };
  template <class T>
  T* loaded(const T& t, const T* x, const T* p, const Tape& tape) const;
  ReactionTable table_;
  std::vector<StateSpec> states_;
  std::vector<ParameterSpec> parameters_;
  std::vector<int> stoichiometry_;
  Tape rates_, linearisation_, drift_, propensities_, assignments_, initial_;
  std::vector<Tape> propensity_;                     // by reaction
  std::vector<std::vector<int>> propensity_reads_;
  std::vector<Entry> by_state_, by_parameter_, initial_by_parameter_;
  int reactions_ = 0;
  ClockConditions clock_;                            // of the propensities, then of the right-hand side
  ClockUse clock_use_ = ClockUse::none;
};

}  // namespace hyped
