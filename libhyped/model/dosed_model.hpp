// A model at fixed values whose doses are parameters: the few columns that a plan is differentiated by, and nothing else.
#pragma once
#include <string>
#include <vector>

#include "libhyped/model/model.hpp"

namespace hyped {

// Parameters: those of `model` named by `kept` (events may change them), then "dose 1" ... "dose K", which only the amounts of events
// read. All other parameters stay at `values` [P]. It keeps room of its own: one object per thread; `model` must outlive it.
class DosedModel final : public Model {
 public:
  DosedModel(const Model& model, std::vector<double> values, std::vector<int> kept, int doses);
  DosedModel(const DosedModel&) = delete;      // specs view its own names
  DosedModel& operator=(const DosedModel&) = delete;

  std::string_view name() const override { return model_.name(); }
  std::span<const StateSpec> states() const override { return model_.states(); }
  std::span<const ParameterSpec> parameters() const override { return parameters_; }
  void rates(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx) const override;
  void linearise(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx, Linearisation& out) const override;
  void time_derivative(double t, std::span<const double> x, std::span<const double> p, std::span<double> dfdt) const override;
  std::optional<ClockUse> clock_use() const override { return model_.clock_use(); }
  std::vector<ClockSwitch> clock_switches(std::span<const double> p, double from, double until) const override { return model_.clock_switches(full(p), from, until); }

  int dose_parameter(int dose) const { return static_cast<int>(kept_.size()) + dose; }
  static std::string dose_name(int dose) { return "dose " + std::to_string(dose + 1); }

 private:
  std::span<const double> full(std::span<const double> p) const;
  const Model& model_;
  std::vector<int> kept_;
  std::vector<std::string> names_;
  std::vector<ParameterSpec> parameters_;
  mutable std::vector<double> values_;
  mutable Linearisation linear_;
};

}  // namespace hyped
