// A plan over an ensemble as a nonlinear program: the risk of the distance, limits over the members, exact derivatives of both.
#pragma once
#include <memory>
#include <vector>

#include "experiments/control/ensembles/risk.hpp"
#include "experiments/control/optimal/nonlinear_program.hpp"
#include "experiments/control/schedules/plan_target.hpp"
#include "experiments/control/schedules/planned_system.hpp"
#include "experiments/control/schedules/pulse_plan.hpp"

namespace hyped::control {

struct PlanProblem {
  const PlannedSystem* system = nullptr;
  std::vector<InputLimits> inputs;
  double between_h = 0;                    // from one input's pulse to the next one's; 0: none asked for
  PlanTarget target;
  std::vector<QuantityLimit> limits;
  Risk risk;
  double price = 0;                        // cost of one unit of dose, added to the risk
  double total = never_h;                  // of the amounts of all inputs together
  std::vector<int> members;                // over which is optimised; empty: all
  Eigen::VectorXd to_beat = {};            // [members of the system] distances that the risk is measured from; empty: from 0
};

// What a plan does to every member: distances, and limits' combinations.
struct EnsembleAnswer {
  Eigen::VectorXd distances, weights;      // [M]
  Eigen::MatrixXd quantities;              // [M x Q]
  Outcome outcome;                         // of the first member that failed
};
// In parallel over members; the same numbers for any number of threads.
EnsembleAnswer ensemble_answer(const PlannedSystem& system, const PlanTarget& target, std::span<const int> members, std::span<const Pulse> pulses);

// The program of one shape over `members`. Variables are scaled to [0, 1]; worst case: one more variable, the bound on every member's
// distance (epigraph form). One object per thread.
class EnsembleProgram {
 public:
  EnsembleProgram(const PlanProblem& problem, const PlanShape& shape, std::vector<int> members);

  NonlinearProgram program();
  // Sum of squared violations of all constraints, which has a zero where a plan keeps them: what a search for a feasible plan minimises.
  NonlinearProgram feasibility();
  Eigen::VectorXd to_program(const Eigen::VectorXd& x);            // scaled, with the bound of the worst case
  Eigen::VectorXd to_plan(const Eigen::VectorXd& z) const;
  // Cost (risk + price of the doses) and largest violation at x; false where a member cannot be simulated.
  bool value(const Eigen::VectorXd& x, double& cost, double& violation);
  std::vector<std::string> violated(const Eigen::VectorXd& x, double tolerance);
  long evaluations() const { return evaluations_; }

 private:
  struct At {
    bool good = false;
    double cost = 0;
    Eigen::VectorXd gradient;                // [V]
    Eigen::VectorXd constraints;             // [C]
    Eigen::MatrixXd slopes;                  // [C x V]
    Eigen::VectorXd distances;               // [M]
    Eigen::MatrixXd distance_slopes;         // [M x V]
  };
  const At& at(const Eigen::VectorXd& x, bool derivatives);
  void compute(const Eigen::VectorXd& x, bool derivatives, At& out);
  bool worst() const { return problem_.risk.measure == RiskMeasure::worst; }
  int program_variables() const { return shape_.variable_count() + (worst() ? 1 : 0); }
  double violation_of(const At& here) const;

  const PlanProblem& problem_;
  const PlanShape& shape_;
  std::vector<int> members_;
  Eigen::VectorXd weights_, lower_, width_;
  std::vector<std::string> names_;           // of the constraints
  Eigen::VectorXd least_, most_;             // [C]
  Eigen::VectorXd last_x_;
  bool last_derivatives_ = false;
  At last_;
  long evaluations_ = 0;
};

}  // namespace hyped::control
