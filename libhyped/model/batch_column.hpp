// One column of a batched model as a Model: stiff solvers, profiles, sampling and noise of single cells work on networks through it.
#pragma once
#include <memory>
#include <mutex>
#include <vector>

#include "libhyped/model/batch_model.hpp"
#include "libhyped/model/model.hpp"

namespace hyped {

// Parameters are the inputs (default 0, bounds 0 and 1000), then the parameters of the batched model, which must outlive this. Inputs can
// follow an InputCourse or a schedule. Eight trajectories that share all parameters but the inputs are one evaluation with eight columns.
class BatchColumn final : public Model {
 public:
  explicit BatchColumn(const BatchModel& model);
  BatchColumn(const BatchColumn&) = delete;
  BatchColumn& operator=(const BatchColumn&) = delete;
  ~BatchColumn() override;

  std::string_view name() const override { return model_.name(); }
  std::span<const StateSpec> states() const override { return model_.states(); }
  std::span<const ParameterSpec> parameters() const override { return parameters_; }
  void rates(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx) const override;
  void linearise(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx, Linearisation& out) const override;
  void pack_rates(const Pack& t, const Pack* x, const Pack* p, Pack* dx) const override;
  std::optional<ClockUse> clock_use() const override { return ClockUse::none; }

 private:
  struct Room;
  std::unique_ptr<Room> take() const;
  void give_back(std::unique_ptr<Room> room) const;
  const BatchModel& model_;
  int inputs_ = 0;
  std::vector<ParameterSpec> parameters_;      // [K + P]
  mutable std::mutex guard_;
  mutable std::vector<std::unique_ptr<Room>> rooms_;      // not in use
};

}  // namespace hyped
