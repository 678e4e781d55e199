// Model-predictive control of a cell cycle: an ensemble filter of stages and rates, and a moving horizon planned over it.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "experiments/control/optimal/nonlinear_program.hpp"
#include "experiments/planning/systems/cycle_system.hpp"

namespace hyped {

struct FeedbackSettings {
  std::string input;                       // acts at once, at a level that is held between decisions
  double highest = 1;
  double block_h = 2, horizon_h = 12;      // of the plan: levels are constant over blocks
  std::vector<std::string> phases;         // whose share of the cells is to be held
  double wanted = 0.1;
  double price = 1e-4;                     // of the level squared, beside the squared share
  double missed = 0.02;                    // probability that a cell is not seen
  int planned_over = 10;                   // members of the ensemble that the horizon is planned over
  std::uint64_t seed = 1;
};

// Members are stochastic copies of the culture, each with parameters of its own: cells in every stage and the logarithms of the positive
// parameters that differ between them (others as they are) are one vector, corrected by what is seen.
class FeedbackController {
 public:
  FeedbackController(const StageSettings& stages, const std::string& model, std::vector<std::vector<double>> parameters, double cells, FeedbackSettings settings);

  // All members go on by dt under this level, by the exact stochastic simulation: their scatter is the process noise.
  Outcome advance(double dt_h, double level);
  // Counts of seen cells inside and outside the phases. Ensemble Kalman filter with perturbed observations (Burgers, van Leeuwen & Evensen
  // 1998, Mon Weather Rev 126:1719): gain from the ensemble's covariance, observation noise of binomial detection.
  void observe(double inside, double outside);
  // Level to hold now: the first block of the plan that minimises, over the horizon, the mean over members of (share - wanted)^2 + price level^2,
  // sampled every half block, with exact derivatives (linear engine) and the last plan as start.
  double decide(Outcome& outcome);

  int member_count() const { return static_cast<int>(parameters_.size()); }
  const std::vector<std::string>& names() const { return names_; }      // of the parameters that are learnt
  Eigen::VectorXd shares() const;          // [M] now
  Eigen::MatrixXd learnt() const;          // [M x names]
  const StagedModel& model() const { return *model_; }
  const Eigen::VectorXd& pick() const { return pick_; }

 private:
  bool predict(int member, const Eigen::VectorXd& levels, double& cost, Eigen::VectorXd* gradient) const;
  FeedbackSettings settings_;
  std::unique_ptr<StagedModel> model_;     // with a parameter for the level of each block
  std::vector<std::vector<double>> parameters_;      // [M]
  Eigen::MatrixXd states_;                 // [M x S] cells
  std::vector<int> learnt_;                // parameters
  std::vector<bool> positive_;
  std::vector<std::string> names_;
  Eigen::VectorXd pick_, plan_;            // [S], [blocks]
  int input_ = 0;
  std::uint32_t step_ = 0;
};

// Cells in stages at the start, from the model's start odds.
Eigen::VectorXd start_of(const StagedModel& model, std::span<const double> parameters);

}  // namespace hyped
