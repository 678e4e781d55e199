// The misfit of a network to measured means as a smooth function of its free parameters, with the exact gradient.
#pragma once
#include <Eigen/Core>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fitting/networks/smooth_function.hpp"
#include "fitting/networks/steady_iteration.hpp"
#include "libhyped/model/batch_model.hpp"
#include "libhyped/simulate/batch_ode.hpp"

namespace hyped {

// Which of a model's parameters are free, and on which scale they are searched. What is not free keeps its value: an edge that may not be
// is fixed at 0.
struct NetworkTransform {
  Eigen::VectorXd values;               // [P] natural: fixed ones for good, free ones where a search starts
  std::vector<int> free;                // [F] ascending indices into P
  std::vector<bool> logarithmic;        // [F]
  // All parameters free at their defaults, logarithmic where the lower bound is above 0.
  static NetworkTransform of(const BatchModel& model);
  void fix(int parameter, double value);
  int size() const { return static_cast<int>(free.size()); }
  Eigen::VectorXd start() const;                                                                 // [F]
  Eigen::VectorXd natural(const Eigen::VectorXd& theta) const;                                   // [P]
  Eigen::VectorXd pull_back(const Eigen::VectorXd& natural, const Eigen::VectorXd& gradient) const;     // d/d theta [F] from d/d p [P]
};

// A loss on whole cells of one condition: `value` gets the measured quantities of the columns that bear its name [M x columns], at the
// last sample, adds its derivative, and is on the scale of the misfit (about half a squared residual in standard errors, mean over genes).
struct ConditionLoss {
  std::string condition;
  std::function<double(const Eigen::MatrixXd& measured, BatchMatrix measured_bar)> value;
};

// Conditions with one clock: measured means and their weights (1 / squared standard error, or 1). End points (steady) and courses may be
// mixed: give several of these.
struct NetworkMeasurements {
  std::vector<std::string> conditions;              // [B]; columns of one name are simulated cells of one condition
  bool steady = false;                              // the one sample is the steady state that `experiment.initial` leads to
  BatchExperiment experiment;                       // steady: initial and constant_inputs alone
  std::vector<Eigen::MatrixXd> mean, weight;        // [T] of [M x B]; weight 0 (mean then free): not measured
  std::vector<ConditionLoss> cells;                 // of some conditions, or none
  int columns() const { return static_cast<int>(conditions.size()); }
};
// The conditions of a block, each once, in order of appearance; and the mean over the columns of each [.. x conditions].
std::vector<std::string> conditions_of(const NetworkMeasurements& block);
Eigen::MatrixXd by_condition(const NetworkMeasurements& block, const Eigen::MatrixXd& columns);
// Some of the columns, in the order given; an input that varies in time is cut to them.
NetworkMeasurements only_conditions(const NetworkMeasurements& all, const std::vector<int>& columns);

struct NetworkLoss {
  double huber = 0;                     // beyond so many standard errors (weight^-1/2) the loss is linear (Huber 1964); 0: squared
  // A loss on states of its own (cells, counts): adds d loss / d state and d loss / d p; its value is added as it is. May be empty.
  std::function<double(int block, int sample, const Eigen::MatrixXd& state, BatchMatrix state_bar, std::span<double> p_bar)> sample_loss;
  Eigen::VectorXd pull_to, pull;        // [F] pull_i / 2 (theta_i - pull_to_i)^2; empty: none
};

struct NetworkSolving {
  SteadyIterationOptions steady;
  BatchOptions time;
};

// value = 1/n sum_i rho(sqrt(w_i) (prediction_i - mean_i)) + mean of the conditions' losses on cells + sample losses + pulls, rho(z) = z^2 / 2 or Huber's, n the number of values
// with a weight. One object serves one thread: steady states are kept from call to call, so that a result may depend on what was
// evaluated before within the tolerance of the solver.
class NetworkObjective final : public SmoothFunction {
 public:
  // InputError: no measured value, sizes that do not fit.
  NetworkObjective(const BatchModel& model, NetworkTransform transform, std::vector<NetworkMeasurements> blocks, NetworkLoss loss = {}, NetworkSolving solving = {});
  ~NetworkObjective() override;
  int size() const override { return transform_.size(); }
  Outcome evaluate(const Eigen::VectorXd& theta, double& value, Eigen::VectorXd* gradient) const override;
  long measured_values() const { return measured_; }
  const NetworkTransform& transform() const { return transform_; }

 private:
  double misfit(int block, int sample, const Eigen::MatrixXd& state, const Eigen::MatrixXd& inputs, std::span<const double> p, BatchMatrix state_bar, std::span<double> p_bar) const;
  const BatchModel& model_;
  NetworkTransform transform_;
  std::vector<NetworkMeasurements> blocks_;
  NetworkLoss loss_;
  NetworkSolving solving_;
  long measured_ = 0;
  double cell_losses_ = 0;
  mutable std::vector<std::unique_ptr<SteadyIteration>> steady_;      // by block, null for courses
};

// What a network says of the measured quantities of every sample.
struct NetworkPrediction {
  std::vector<Eigen::MatrixXd> measured;      // [T] of [M x B]
  std::vector<Eigen::MatrixXd> states;        // [T] of [S x B]
  Outcome outcome;
};
// Steady states are followed from `experiment.initial`, never from a fit's warm states, and have to be stable (not_converged if one is not: a fit's
// descent itself does not look). p [P] natural.
NetworkPrediction predict_network(const BatchModel& model, const Eigen::VectorXd& p, const NetworkMeasurements& block, const NetworkSolving& solving = {});

}  // namespace hyped
