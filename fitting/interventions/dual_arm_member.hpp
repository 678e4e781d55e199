// One network of the dual-arm ensemble: its genes downstream of a dose, which of its constants are free, and their residuals.
#pragma once
#include <memory>
#include <vector>

#include "fitting/least_squares.hpp"
#include "fitting/interventions/dual_arm.hpp"

namespace hyped {

// Residuals: end of the siRNA arm, the mRNA arm and, if it was measured, the arm with both [R each], steadiness of the control [R], pull to the draw [P]; R genes downstream.
// Parameters in natural units: half-lives [min], activations, thresholds, exponents of these genes.
class DualArmResiduals final : public ResidualFunction {
 public:
  // `network` (per minute, all genes) with the genes `downstream` free; others hold their control level. `arms` holds the levels to fit.
  DualArmResiduals(const HillNetwork& network, std::vector<int> downstream, const SingleArms& arms, const DualArmOptions& options);
  int residual_count() const override { return (arm_count() + 1) * downstream_count() + parameter_count(); }
  int arm_count() const { return both_.size() > 0 ? 3 : 2; }
  int parameter_count() const override { return static_cast<int>(free_.size()); }
  Outcome evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const override;

  const std::vector<int>& downstream() const { return downstream_; }
  Eigen::VectorXd start() const, lower() const, upper() const;      // [P]
  // Levels of the genes downstream [R] at the end of an arm.
  Outcome predict(const Eigen::VectorXd& theta, bool silenced, bool delivered, Eigen::VectorXd& levels) const;
  // For plans: the model of the genes downstream (the first ones) and their regulators, its parameters and the state all arms start from.
  const models::HillModules& model() const { return *model_; }
  const models::TransientDoses& doses() const { return doses_; }
  const std::vector<double>& start_state() const { return start_; }
  std::vector<double> model_parameters(const Eigen::VectorXd& theta) const;

 private:
  struct Free {
    int parameter = 0, twin = -1;                // of the model; `twin` takes the same value
    double value = 0, lower = 0, upper = 0, sd = 1;
    bool half_life = false;                      // the model has ln 2 / it, per hour
  };
  int downstream_count() const { return static_cast<int>(downstream_.size()); }
  // Adds a row of model derivatives, times scale, to a row of the Jacobian.
  void chain(const Eigen::VectorXd& theta, const Eigen::RowVectorXd& by_model, double scale, Eigen::Ref<Eigen::RowVectorXd> row) const;

  std::vector<int> downstream_;                            // genes of the network; the first ones of the model
  std::unique_ptr<models::HillModules> model_;
  models::TransientDoses doses_;                           // genes of the model
  std::vector<double> base_, start_;                       // parameters and state of the model
  std::vector<Free> free_;
  Eigen::VectorXd si_, mm_, both_, si_error_, mm_error_, both_error_;          // [R]
  double level_error_ = 0, end_h_ = 0, minutes_per_hour_ = 60;
};

}  // namespace hyped
