// Forward sensitivities of a sparse network as states of their own: only those that are not zero by the network's shape.
#pragma once
#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <string>
#include <vector>

#include "libhyped/model/model.hpp"

namespace hyped {

// States: those of `base`, then d x_i / d column for every column that reaches state i through the network. Columns: the parameters
// `wanted`, then the initial values of the first `starts` states (of all: -1), on which those of later states may depend. A state without followers costs only its own columns and those
// of what regulates it. Any ODE simulator of the project can integrate it; its error control then covers the sensitivities.
class SensitivitySystem final : public Model {
 public:
  // moving: states that are integrated, others keep their start and have no sensitivities; empty: all. Nothing may flow into them from others
  // (InputError). The shape is read from df/dx and df/dp at random points, among them some with weights and states so small that no transfer function is
  // saturated, and with other signs: an entry that is zero at all of them is taken to be always zero.
  SensitivitySystem(const Model& base, std::vector<int> wanted, int starts = -1, const std::vector<int>& moving = {});
  SensitivitySystem(const SensitivitySystem&) = delete;
  SensitivitySystem& operator=(const SensitivitySystem&) = delete;

  std::string_view name() const override { return name_; }
  std::span<const StateSpec> states() const override { return states_; }
  std::span<const ParameterSpec> parameters() const override { return base_.parameters(); }
  void rates(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx) const override;
  void linearise(double, std::span<const double>, std::span<const double>, std::span<double>, Linearisation&) const override;      // BugError: not for implicit methods
  std::optional<ClockUse> clock_use() const override { return base_.clock_use(); }

  int columns() const { return static_cast<int>(wanted_.size()) + starts_; }
  int entries() const { return static_cast<int>(states_.size()) - base_.state_count(); }
  // [states] from the base model's start [S]; start_by: its derivatives by its first `starts` entries [S x starts], empty: the identity.
  // BugError for a derivative that the network's shape does not lead to.
  std::vector<double> initial(const Eigen::VectorXd& start, const Eigen::SparseMatrix<double>& start_by = {}) const;
  // Sensitivities of one sample, dense [S x columns].
  Eigen::MatrixXd sensitivities(const Eigen::RowVectorXd& state) const;

 private:
  struct Entry {
    int column = 0, parameter = -1;      // -1: of a start
  };
  struct Run {
    int to = 0, from = 0, count = 0;                 // entries next to each other in both states, offsets in the state vector
  };
  struct Inflow {
    int from = 0;                                    // state whose sensitivities flow in
    std::vector<Run> runs;
  };
  const Model& base_;
  std::string name_;
  std::vector<int> wanted_;
  int starts_;
  std::vector<bool> moving_;                         // [S]
  std::vector<std::vector<Entry>> entries_;          // [S]
  std::vector<int> first_;                           // [S] offset of the first entry
  std::vector<std::vector<Inflow>> inflows_;         // [S]
  std::vector<std::string> names_;
  std::vector<StateSpec> states_;
};

}  // namespace hyped
