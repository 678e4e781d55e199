// Wells that could be added to a cell-cycle experiment: the information each would add, with the covariance the fit itself uses.
#pragma once
#include <Eigen/Core>
#include <memory>
#include <string>
#include <vector>

#include "fitting/cycle_problem.hpp"
#include "fitting/variance_components.hpp"

namespace hyped::control {

// One well: an arm of the setup seen at some times.
struct WellPlan {
  std::string condition;
  std::vector<double> times_h;          // increasing
};

// What is to be known: a parameter on its search scale, or an expected amount (log10, per founder) or share of a class at one time.
struct CycleQuantity {
  std::string name, unit;
  int parameter = -1;                   // >= 0: this parameter
  std::string condition;
  int of_class = -1;                    // -1: all classes together
  double time_h = 0;
  bool share = false;
};

// Value on the scale that intervals are made on, and gradient by theta [P].
struct QuantityValue {
  double value = 0;
  Eigen::VectorXd gradient;
  Outcome outcome;
};

class CycleCandidates {
 public:
  // setup: the fit's, with the arms of all plans; its parameters must be the fit's. `like`: the data fitted (classes, quantity). InputError:
  // density dependence (each well then has a parameter of its own), a plan without three frames, parameters that differ.
  CycleCandidates(CycleSetup setup, const PhaseCounts& like, std::vector<WellPlan> plans, const ParameterSpace& fitted);

  // Information of every plan [plans] of [P x P] at theta: D' V^-1 D with the well's number of cells projected out, V from the components of
  // a process fit; `cells` per well at the start. Every frame counts by itself. Plans of one arm share their moments, which are exact
  // for any choice of their frames.
  Outcome information(const Eigen::VectorXd& theta, const std::vector<VarianceComponent>& components, double cells, std::vector<Eigen::MatrixXd>& out) const;
  QuantityValue quantity(const CycleQuantity& wanted, const Eigen::VectorXd& theta) const;
  const CycleProblem& problem() const { return *problem_; }
  const std::vector<WellPlan>& plans() const { return plans_; }

 private:
  std::vector<WellPlan> plans_;
  std::unique_ptr<CycleProblem> problem_;               // a well an arm, on the union of its plans' times
  std::vector<int> well_of_;                            // [plans]
  std::vector<std::vector<int>> rows_of_;               // [plans] rows of the well's blocks
};

}  // namespace hyped::control
