// Any small model as a batch: a column each, derivatives from its own linearisation; inputs are some of its parameters.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "libhyped/model/batch_model.hpp"
#include "libhyped/model/model.hpp"

namespace hyped {

// dX/dt = f(X, p with the inputs put in): for models of tens of states, whose rates do not depend on time. `model` must outlive it.
class ModelBatch final : public BatchModel {
 public:
  // Parameters of these names become inputs [K]. InputError for a name that there is not.
  explicit ModelBatch(const Model& model, std::vector<std::string> inputs = {});
  std::string_view name() const override { return model_.name(); }
  std::span<const StateSpec> states() const override { return model_.states(); }
  std::span<const std::string> inputs() const override { return inputs_; }
  std::span<const ParameterSpec> parameters() const override { return model_.parameters(); }
  std::unique_ptr<Scratch> scratch(int columns) const override;
  void rates(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, BatchMatrix dx, Scratch& scratch) const override;
  void pull_back(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, const ConstBatchMatrix& w, BatchMatrix x_bar, std::span<double> p_bar,
                 Scratch& scratch) const override;
  void jacobian(std::span<const double> x, std::span<const double> u, std::span<const double> p, Eigen::MatrixXd& out) const override;
  void parameter_jacobian(std::span<const double> x, std::span<const double> u, std::span<const double> p, Eigen::MatrixXd& out) const override;
  void input_jacobian(std::span<const double> x, std::span<const double> u, std::span<const double> p, Eigen::MatrixXd& out) const override;

 private:
  const Model& model_;
  std::vector<std::string> inputs_;
  std::vector<int> places_;      // parameter of each input
};

}  // namespace hyped
