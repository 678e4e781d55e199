// The run-time model: everything after this sees doubles and spans, never a template.
#pragma once
#include <Eigen/Core>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libhyped/model/clock_use.hpp"
#include "libhyped/model/quantity.hpp"

namespace hyped {

struct Pack;      // model/pack.hpp

// Derivatives of the right-hand side at one point.
struct Linearisation {
  Eigen::MatrixXd state;       // df/dx [S x S]
  Eigen::MatrixXd parameter;   // df/dp [S x P]
};

// What a model is between events; decides which simulator is exact for it.
enum class Structure { nonlinear, linear };      // linear: dx/dt = A(p) x, first-order reactions only

class Model {
 public:
  virtual ~Model() = default;
  virtual std::string_view name() const = 0;
  virtual std::span<const StateSpec> states() const = 0;
  virtual std::span<const ParameterSpec> parameters() const = 0;
  virtual Structure structure() const { return Structure::nonlinear; }
  // Right-hand side [S] at time t [h], state x [S], parameters p [P]; every entry of dx is written.
  virtual void rates(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx) const = 0;
  virtual void linearise(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx,
                         Linearisation& out) const = 0;
  // df/dt at fixed x, p [S]; zero for autonomous models. Needed by Rosenbrock methods.
  virtual void time_derivative(double, std::span<const double>, std::span<const double>, std::span<double> dfdt) const {
    for (double& entry : dfdt) entry = 0;
  }
  // The right-hand side of eight trajectories at once, each lane by itself: x [S], p [P], dx [S]. Lane by lane unless overridden.
  virtual void pack_rates(const Pack& t, const Pack* x, const Pack* p, Pack* dx) const;
  virtual std::span<const int> stoichiometry() const { return {}; }      // [R x S] row major, empty if not a network
  virtual void propensities(double, std::span<const double>, std::span<const double>, std::span<double>) const {}
  // For reactions of which few change at a time: `out` [R] holds propensities, those of `which` may be old; afterwards all are right.
  // Everything is computed anew unless overridden.
  virtual void propensities_of(double t, std::span<const double> x, std::span<const double> p, std::span<const int> which,
                               std::span<double> out) const;
  // The states that the propensity of each reaction reads [R]; empty: the model does not know.
  virtual std::vector<std::vector<int>> propensity_reads() const { return {}; }
  // What the rates do with the clock, inputs aside: the most that any of them does; of each propensity [R]. Nothing: the model does not
  // know, and simulators probe.
  virtual std::optional<ClockUse> clock_use() const { return std::nullopt; }
  virtual std::vector<ClockUse> propensity_clock_use() const { return {}; }
  // Where conditions on time switch within [from, until], in order; simulators stop there. Derivatives: see clock_conditions.hpp.
  virtual std::vector<ClockSwitch> clock_switches(std::span<const double>, double, double) const { return {}; }
  // The most every propensity can be [R] for times in [from, until] and parameters between p_low and p_high; false: the model cannot say.
  virtual bool propensity_bounds(double, double, std::span<const double>, std::span<const double>, std::span<const double>, std::span<double>) const {
    return false;
  }
  // The reaction in words, for messages: its net equation unless the model names its reactions.
  virtual std::string reaction_name(int reaction) const;

  int state_count() const { return static_cast<int>(states().size()); }
  int parameter_count() const { return static_cast<int>(parameters().size()); }
  int reaction_count() const { return state_count() == 0 ? 0 : static_cast<int>(stoichiometry().size()) / state_count(); }
  int state_index(std::string_view name) const;         // -1 if there is none
  int parameter_index(std::string_view name) const;     // -1 if there is none
  std::vector<double> default_state() const;
  std::vector<double> default_parameters() const;
};

}  // namespace hyped
