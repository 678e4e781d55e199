// Inside solve_program: what each packaged solver is asked for and gives back.
#pragma once
#include "experiments/control/optimal/nonlinear_program.hpp"

namespace hyped::control {

// x, multipliers of the constraints and, from the interior point method, of the bounds; counts; the solver's own word on how it ended.
// An exception of the program's functions is carried out.
ProgramSolution solve_interior_point(const NonlinearProgram& program, const Eigen::VectorXd& start, const ProgramOptions& options);
ProgramSolution solve_sequential(const NonlinearProgram& program, const Eigen::VectorXd& start, const ProgramOptions& options);

// Calls a function of the program; its exception is kept for later, as solvers written in C or Fortran must not see one.
class GuardedCalls {
 public:
  template <class Call>
  bool operator()(const Call& call) {
    if (thrown_) return false;
    try {
      return call();
    } catch (...) {
      thrown_ = std::current_exception();
      return false;
    }
  }
  bool failed() const { return thrown_ != nullptr; }
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  std::exception_ptr thrown_;
};

}  // namespace hyped::control
