// Inside the transcriptions: which variable of the program is which state, control or duration; parts that both share.
#pragma once
#include "experiments/control/courses/optimal_control.hpp"

namespace hyped::control {

// Variables: durations of the arcs, states of all points (one at each end of an interval, `stages` - 1 between), controls.
struct ControlMesh {
  int states = 0, controls = 0, stages = 1;
  std::vector<ControlArc> arcs;
  std::vector<int> arc_of;                     // [K]
  std::vector<double> basis;                   // of the controls
  ControlShape shape = ControlShape::piecewise_constant;

  int intervals() const { return static_cast<int>(arc_of.size()); }
  int points() const { return intervals() * stages + 1; }
  int state(int point) const { return static_cast<int>(arcs.size()) + point * states; }
  int last_state() const { return state(points() - 1); }
  int control(int interval, int b) const;      // first of U variables
  int variables() const;
  double share(int interval) const { return 1.0 / arcs[static_cast<std::size_t>(arc_of[static_cast<std::size_t>(interval)])].intervals; }
  double length(const Eigen::VectorXd& z, int interval) const { return z[arc_of[static_cast<std::size_t>(interval)]] * share(interval); }
  Eigen::MatrixXd coefficients(const Eigen::VectorXd& z, int interval) const;      // [B x U]
  std::vector<double> breaks(const Eigen::VectorXd& z, double start) const;        // [K + 1]
};

// Entries of a sparse matrix in a fixed order: written in the order in which the pattern was declared.
class Entries {
 public:
  explicit Entries(Eigen::VectorXd& values) : values_(values) {}
  void add(double value) { values_[next_++] = value; }
  Eigen::Index written() const { return next_; }

 private:
  Eigen::VectorXd& values_;
  Eigen::Index next_ = 0;
};

// Terminal cost and constraints and the horizon's length: rows after all others. The clockless problem must outlive it.
class EndConditions {
 public:
  EndConditions(const OptimalControlProblem& problem, const ControlMesh& mesh) : problem_(problem), mesh_(mesh) {}
  int rows() const;
  void declare(NonlinearProgram& program, int first_row) const;                    // bounds, names, pattern
  bool cost(const Eigen::VectorXd& z, double& value, Eigen::VectorXd* gradient) const;
  bool constraints(const Eigen::VectorXd& z, Eigen::VectorXd& values, int first_row, Entries* derivatives) const;
  void declare_hessian(NonlinearProgram& program) const;
  bool hessian(const Eigen::VectorXd& z, double weight, const Eigen::VectorXd& multipliers, int first_row, Entries& out) const;
  // Gradient of cost + multipliers' constraints by the last state: what the adjoint is there, bounds aside [S].
  Eigen::VectorXd end_adjoint(const Eigen::VectorXd& z, const Eigen::VectorXd& multipliers, int first_row) const;

 private:
  const OptimalControlProblem& problem_;
  const ControlMesh& mesh_;
};

// Bounds of all variables, and their names.
void declare_variables(const OptimalControlProblem& problem, const ControlMesh& mesh, NonlinearProgram& program);

// A transcribed problem: the program, and adjoints at the grid's nodes from its solution [K + 1 x S].
struct Transcribed {
  NonlinearProgram program;
  std::function<Eigen::MatrixXd(const ProgramSolution&)> adjoints;
};
Transcribed transcribe_by_collocation(const OptimalControlProblem& clockless, const ControlMesh& mesh);
Transcribed transcribe_by_shooting(const OptimalControlProblem& clockless, const ControlMesh& mesh, double tolerance);

}  // namespace hyped::control
