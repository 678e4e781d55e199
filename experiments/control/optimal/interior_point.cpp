// Ipopt: sparse interior point method of a filter line search (Waechter & Biegler 2006, Math Program 106:25).
#include <IpIpoptApplication.hpp>
#include <IpTNLP.hpp>

#include <algorithm>
#include <mutex>
#include <sstream>

#include "experiments/control/optimal/program_solvers.hpp"

namespace hyped::control {
namespace {

using Ipopt::Index;
using Ipopt::Number;
using Vector = Eigen::Map<const Eigen::VectorXd>;

constexpr double no_bound = 2e19;      // what Ipopt takes for infinity

class IpoptProgram final : public Ipopt::TNLP {
 public:
  IpoptProgram(const NonlinearProgram& program, const Eigen::VectorXd& start, ProgramSolution& solution) : program_(program), start_(start), solution_(solution) {
    values_.setZero(program.constraint_lower.size());
    derivatives_.setZero(static_cast<Eigen::Index>(program.pattern.size()));
    gradient_.setZero(start.size());
    hessian_.setZero(static_cast<Eigen::Index>(program.hessian_pattern.size()));
  }
  void rethrow() const { guarded_.rethrow(); }

  bool get_nlp_info(Index& n, Index& m, Index& derivatives, Index& hessian, IndexStyleEnum& style) override {
    n = static_cast<Index>(start_.size());
    m = static_cast<Index>(values_.size());
    derivatives = static_cast<Index>(program_.pattern.size());
    hessian = static_cast<Index>(program_.hessian_pattern.size());
    style = C_STYLE;
    return true;
  }
  bool get_bounds_info(Index n, Number* x_l, Number* x_u, Index m, Number* g_l, Number* g_u) override {
    const auto fill = [](const Eigen::VectorXd& from, Number* to, Index size) {
      for (Index i = 0; i < size; ++i) to[i] = std::clamp(from[i], -no_bound, no_bound);
    };
    fill(program_.lower, x_l, n);
    fill(program_.upper, x_u, n);
    fill(program_.constraint_lower, g_l, m);
    fill(program_.constraint_upper, g_u, m);
    return true;
  }
  bool get_starting_point(Index n, bool, Number* x, bool, Number*, Number*, Index, bool, Number*) override {
    std::copy_n(start_.data(), n, x);
    return true;
  }
  bool eval_f(Index n, const Number* x, bool, Number& value) override {
    point_ = Vector(x, n);
    ++solution_.evaluations;
    return guarded_([&] { return program_.objective(point_, value, nullptr); });
  }
  bool eval_grad_f(Index n, const Number* x, bool, Number* gradient) override {
    point_ = Vector(x, n);
    double value = 0;
    const bool known = guarded_([&] { return program_.objective(point_, value, &gradient_); });
    std::copy_n(gradient_.data(), n, gradient);
    return known;
  }
  bool eval_g(Index n, const Number* x, bool, Index m, Number* g) override {
    point_ = Vector(x, n);
    const bool known = guarded_([&] { return program_.constraints(point_, values_, nullptr); });
    std::copy_n(values_.data(), m, g);
    return known;
  }
  bool eval_jac_g(Index n, const Number* x, bool, Index, Index count, Index* rows, Index* columns, Number* values) override {
    if (values == nullptr) {
      for (Index k = 0; k < count; ++k) rows[k] = program_.pattern[static_cast<std::size_t>(k)].first, columns[k] = program_.pattern[static_cast<std::size_t>(k)].second;
      return true;
    }
    point_ = Vector(x, n);
    const bool known = guarded_([&] { return program_.constraints(point_, values_, &derivatives_); });
    std::copy_n(derivatives_.data(), count, values);
    return known;
  }
  bool eval_h(Index n, const Number* x, bool, Number weight, Index m, const Number* multipliers, bool, Index count, Index* rows, Index* columns, Number* values) override {
    if (!program_.hessian) return false;
    if (values == nullptr) {
      for (Index k = 0; k < count; ++k) rows[k] = program_.hessian_pattern[static_cast<std::size_t>(k)].first, columns[k] = program_.hessian_pattern[static_cast<std::size_t>(k)].second;
      return true;
    }
    point_ = Vector(x, n);
    const Eigen::VectorXd lambda = Vector(multipliers, m);
    const bool known = guarded_([&] { return program_.hessian(point_, weight, lambda, hessian_); });
    std::copy_n(hessian_.data(), count, values);
    return known;
  }
  bool intermediate_callback(Ipopt::AlgorithmMode, Index iteration, Number, Number, Number, Number, Number, Number, Number, Number, Index, const Ipopt::IpoptData*,
                             Ipopt::IpoptCalculatedQuantities*) override {
    solution_.iterations = iteration;
    return !guarded_.failed();
  }
  void finalize_solution(Ipopt::SolverReturn, Index n, const Number* x, const Number* z_l, const Number* z_u, Index m, const Number*, const Number* lambda, Number,
                         const Ipopt::IpoptData*, Ipopt::IpoptCalculatedQuantities*) override {
    solution_.x = Vector(x, n);
    solution_.lower_multipliers = Vector(z_l, n);
    solution_.upper_multipliers = Vector(z_u, n);
    solution_.multipliers = Vector(lambda, m);
  }

 private:
  const NonlinearProgram& program_;
  const Eigen::VectorXd& start_;
  ProgramSolution& solution_;
  Eigen::VectorXd point_, gradient_, values_, derivatives_, hessian_;
  GuardedCalls guarded_;
};

Outcome outcome_of(Ipopt::ApplicationReturnStatus status) {
  switch (status) {
    case Ipopt::Solve_Succeeded: return {};
    case Ipopt::Solved_To_Acceptable_Level:
    case Ipopt::Feasible_Point_Found: return {Status::not_converged, "the solver could not reach the tolerance asked for"};
    case Ipopt::Infeasible_Problem_Detected: return {Status::not_converged, "the solver found no point that meets the constraints"};
    case Ipopt::Search_Direction_Becomes_Too_Small: return {Status::step_too_small, "the search direction became too small"};
    case Ipopt::Diverging_Iterates: return {Status::not_converged, "the variables grow without bound"};
    case Ipopt::Maximum_Iterations_Exceeded:
    case Ipopt::Maximum_CpuTime_Exceeded: return {Status::step_limit, "the limit of iterations was reached"};
    case Ipopt::Restoration_Failed: return {Status::not_converged, "the solver could not reduce the violation of the constraints"};
    case Ipopt::Error_In_Step_Computation: return {Status::singular, "the solver's linear system is singular"};
    case Ipopt::Not_Enough_Degrees_Of_Freedom: return {Status::not_converged, "more equality constraints than free variables"};
    case Ipopt::Invalid_Number_Detected: return {Status::not_finite, "the functions cannot be evaluated at the start, or their derivatives are not finite"};
    default: return {Status::not_converged, "the solver gave up"};
  }
}

}  // namespace

ProgramSolution solve_interior_point(const NonlinearProgram& program, const Eigen::VectorXd& start, const ProgramOptions& options) {
  static std::mutex one_at_a_time;      // MUMPS keeps global data
  const std::lock_guard<std::mutex> lock(one_at_a_time);
  ProgramSolution solution;
  solution.x = start;
  solution.lower_multipliers.setZero(start.size());
  solution.upper_multipliers.setZero(start.size());
  solution.multipliers.setZero(program.constraint_lower.size());
  Ipopt::SmartPtr<Ipopt::IpoptApplication> application = new Ipopt::IpoptApplication(false);
  std::istringstream no_file;      // an ipopt.opt in the working folder changes nothing
  application->RethrowNonIpoptException(false);
  const auto settings = application->Options();
  settings->SetIntegerValue("print_level", 0);
  settings->SetStringValue("sb", "yes");
  settings->SetIntegerValue("max_iter", options.iteration_limit);
  settings->SetNumericValue("tol", options.tolerance);
  settings->SetNumericValue("constr_viol_tol", std::min(1e-4, 10 * options.tolerance));
  settings->SetNumericValue("compl_inf_tol", std::min(1e-4, 100 * options.tolerance));
  settings->SetNumericValue("bound_relax_factor", std::min(1e-8, 0.1 * options.tolerance));
  settings->SetIntegerValue("acceptable_iter", 0);      // our own measure decides
  settings->SetStringValue("linear_solver", "mumps");
  if (!program.hessian) settings->SetStringValue("hessian_approximation", "limited-memory");
  if (application->Initialize(no_file) != Ipopt::Solve_Succeeded) {
    solution.outcome = {Status::not_converged, "Ipopt could not be started"};
    return solution;
  }
  Ipopt::SmartPtr<IpoptProgram> problem = new IpoptProgram(program, start, solution);
  const auto status = application->OptimizeTNLP(Ipopt::GetRawPtr(problem));
  problem->rethrow();
  solution.outcome = outcome_of(status);
  return solution;
}

}  // namespace hyped::control
