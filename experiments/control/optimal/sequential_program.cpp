// NLopt's SLSQP: sequential quadratic programs with least-squares subproblems (Kraft 1994, ACM TOMS 20:262), dense.
#include <nlopt.h>

#include <cmath>
#include <memory>

#include "experiments/control/optimal/program_solvers.hpp"
#include "experiments/control/optimal/sign_constrained_squares.hpp"

namespace hyped::control {
namespace {

using Rows = std::vector<std::pair<int, double>>;      // constraint and sign: sign * (g - bound) <= 0 or = 0

// The program as NLopt asks for it: one group of rows at a time, derivatives dense; the last point's values are kept.
class Calls {
 public:
  explicit Calls(const NonlinearProgram& program) : program_(program) {
    values_.setZero(program.constraint_lower.size());
    derivatives_.setZero(static_cast<Eigen::Index>(program.pattern.size()));
    gradient_.setZero(program.lower.size());
    row_of_.resize(static_cast<std::size_t>(values_.size()));
    for (std::size_t k = 0; k < program.pattern.size(); ++k) row_of_[static_cast<std::size_t>(program.pattern[k].first)].push_back(static_cast<int>(k));
  }

  double objective(unsigned n, const double* x, double* gradient) {
    point_ = Eigen::Map<const Eigen::VectorXd>(x, n);
    double value = 0;
    ++evaluations;
    const bool known = guarded([&] { return program_.objective(point_, value, gradient ? &gradient_ : nullptr); }) && std::isfinite(value);
    if (gradient) {
      if (!known) gradient_.setZero();
      std::copy_n(gradient_.data(), n, gradient);
    }
    if (guarded.failed() && optimiser) nlopt_force_stop(optimiser);
    return known ? value : too_large;
  }

  void constraints(const Rows& rows, double* result, unsigned n, const double* x, double* gradient) {
    point_ = Eigen::Map<const Eigen::VectorXd>(x, n);
    if (!at_.size() || at_ != point_ || (gradient && !with_derivatives_)) {
      at_ = point_;
      with_derivatives_ = gradient != nullptr;
      known_ = guarded([&] { return program_.constraints(point_, values_, gradient ? &derivatives_ : nullptr); }) && values_.allFinite();
      if (guarded.failed() && optimiser) nlopt_force_stop(optimiser);
    }
    if (gradient) std::fill_n(gradient, rows.size() * n, 0.0);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const auto [c, sign] = rows[r];
      const double bound = sign > 0 ? program_.constraint_upper[c] : program_.constraint_lower[c];
      result[r] = known_ ? sign * (values_[c] - bound) : too_large;
      if (gradient && known_)
        for (const int k : row_of_[static_cast<std::size_t>(c)]) gradient[r * n + static_cast<std::size_t>(program_.pattern[static_cast<std::size_t>(k)].second)] += sign * derivatives_[k];
    }
  }

  static constexpr double too_large = 1e100;      // where nothing is known: far above, so that the line search steps back
  nlopt_opt optimiser = nullptr;
  GuardedCalls guarded;
  int evaluations = 0;
  Rows equal, unequal;

 private:
  const NonlinearProgram& program_;
  Eigen::VectorXd point_, at_, values_, derivatives_, gradient_;
  std::vector<std::vector<int>> row_of_;
  bool with_derivatives_ = false, known_ = false;
};

double call_objective(unsigned n, const double* x, double* gradient, void* data) { return static_cast<Calls*>(data)->objective(n, x, gradient); }
void call_equal(unsigned, double* result, unsigned n, const double* x, double* gradient, void* data) {
  auto& calls = *static_cast<Calls*>(data);
  calls.constraints(calls.equal, result, n, x, gradient);
}
void call_unequal(unsigned, double* result, unsigned n, const double* x, double* gradient, void* data) {
  auto& calls = *static_cast<Calls*>(data);
  calls.constraints(calls.unequal, result, n, x, gradient);
}

// Multipliers that make the gradient of the Lagrangian least, signs as they must be, over what is active at x. Gives its max norm.
double recover_multipliers(const NonlinearProgram& program, ProgramSolution& s) {
  const Eigen::Index n = s.x.size(), m = program.constraint_lower.size();
  s.multipliers.setZero(m);
  s.lower_multipliers.setZero(n);
  s.upper_multipliers.setZero(n);
  Eigen::VectorXd gradient = Eigen::VectorXd::Zero(n), values = Eigen::VectorXd::Zero(m), derivatives = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(program.pattern.size()));
  double value = 0;
  if (!program.objective(s.x, value, &gradient) || (m > 0 && !program.constraints(s.x, values, &derivatives)) || !gradient.allFinite() || !derivatives.allFinite())
    return std::numeric_limits<double>::infinity();
  Eigen::MatrixXd jacobian = Eigen::MatrixXd::Zero(m, n);
  for (std::size_t k = 0; k < program.pattern.size(); ++k) jacobian(program.pattern[k].first, program.pattern[k].second) += derivatives[static_cast<Eigen::Index>(k)];
  struct Column {
    double* multiplier;
    double sign;
  };
  std::vector<Column> columns;
  std::vector<bool> free;
  Eigen::MatrixXd a(n, 2 * (n + m));
  const auto add = [&](const Eigen::VectorXd& direction, double* multiplier, double sign, bool either) {
    a.col(static_cast<Eigen::Index>(columns.size())) = sign * direction;
    columns.push_back({multiplier, sign});
    free.push_back(either);
  };
  const auto met = [](double v, double bound) { return std::isfinite(bound) && std::abs(v - bound) <= 1e-7 * std::max(1.0, std::abs(bound)); };
  for (Eigen::Index c = 0; c < m; ++c) {
    const bool equal = program.constraint_lower[c] == program.constraint_upper[c];
    if (equal || met(values[c], program.constraint_upper[c])) add(jacobian.row(c), &s.multipliers[c], 1, equal);
    if (!equal && met(values[c], program.constraint_lower[c])) add(jacobian.row(c), &s.multipliers[c], -1, false);
  }
  for (Eigen::Index i = 0; i < n; ++i) {
    const bool fixed = program.lower[i] == program.upper[i];
    if (fixed || met(s.x[i], program.upper[i])) add(Eigen::VectorXd::Unit(n, i), &s.upper_multipliers[i], 1, fixed);
    if (!fixed && met(s.x[i], program.lower[i])) add(-Eigen::VectorXd::Unit(n, i), &s.lower_multipliers[i], 1, false);
  }
  if (columns.empty()) return gradient.lpNorm<Eigen::Infinity>();
  const Eigen::MatrixXd active = a.leftCols(static_cast<Eigen::Index>(columns.size()));
  const Eigen::VectorXd z = sign_constrained_squares(active, -gradient, free);
  for (std::size_t k = 0; k < columns.size(); ++k) *columns[k].multiplier += columns[k].sign * z[static_cast<Eigen::Index>(k)];
  return (gradient + active * z).lpNorm<Eigen::Infinity>() / std::max(1.0, gradient.lpNorm<Eigen::Infinity>());
}

Outcome outcome_of(nlopt_result result) {
  if (result == NLOPT_MAXEVAL_REACHED || result == NLOPT_MAXTIME_REACHED) return {Status::step_limit, "the limit of iterations was reached"};
  if (result > 0) return {};
  if (result == NLOPT_ROUNDOFF_LIMITED) return {Status::step_too_small, "rounding errors stopped the search"};
  return {Status::not_converged, "the solver gave up"};
}

}  // namespace

ProgramSolution solve_sequential(const NonlinearProgram& program, const Eigen::VectorXd& start, const ProgramOptions& options) {
  ProgramSolution solution;
  solution.x = start;
  Calls calls(program);
  for (int c = 0; c < program.constraint_lower.size(); ++c) {
    const double lower = program.constraint_lower[c], upper = program.constraint_upper[c];
    if (lower == upper) calls.equal.push_back({c, 1.0});
    else {
      if (std::isfinite(upper)) calls.unequal.push_back({c, 1.0});
      if (std::isfinite(lower)) calls.unequal.push_back({c, -1.0});
    }
  }
  const auto n = static_cast<unsigned>(start.size());
  double optimality = std::numeric_limits<double>::infinity(), last_value = optimality;
  // A fresh quasi-Newton matrix frees a search that stopped early.
  const int rounds = options.value_tolerance > 1e-6 ? 1 : 4;
  for (int round = 0; round < rounds; ++round) {
    const std::unique_ptr<nlopt_opt_s, void (*)(nlopt_opt)> optimiser(nlopt_create(NLOPT_LD_SLSQP, n), nlopt_destroy);
    calls.optimiser = optimiser.get();
    nlopt_set_lower_bounds(optimiser.get(), program.lower.data());
    nlopt_set_upper_bounds(optimiser.get(), program.upper.data());
    nlopt_set_min_objective(optimiser.get(), call_objective, &calls);
    const Eigen::VectorXd slack = Eigen::VectorXd::Constant(static_cast<Eigen::Index>(std::max(calls.equal.size(), calls.unequal.size())), options.tolerance);
    if (!calls.equal.empty()) nlopt_add_equality_mconstraint(optimiser.get(), static_cast<unsigned>(calls.equal.size()), call_equal, &calls, slack.data());
    if (!calls.unequal.empty()) nlopt_add_inequality_mconstraint(optimiser.get(), static_cast<unsigned>(calls.unequal.size()), call_unequal, &calls, slack.data());
    nlopt_set_xtol_rel(optimiser.get(), 1e-14);
    nlopt_set_ftol_rel(optimiser.get(), options.value_tolerance);
    nlopt_set_maxeval(optimiser.get(), options.iteration_limit);
    Eigen::VectorXd x = solution.x;
    double value = 0;
    const int before = calls.evaluations;
    const nlopt_result result = nlopt_optimize(optimiser.get(), x.data(), &value);
    calls.optimiser = nullptr;
    calls.guarded.rethrow();
    solution.iterations += calls.evaluations - before;
    if (x.allFinite()) solution.x = x;
    const double reached = recover_multipliers(program, solution);
    solution.outcome = outcome_of(result);
    const bool better = reached < 0.5 * optimality;
    optimality = std::min(optimality, reached);
    const bool gained = !(std::abs(last_value - value) <= options.value_tolerance * std::abs(value));
    last_value = value;
    if (optimality <= options.tolerance || !better || !gained || result == NLOPT_MAXEVAL_REACHED) break;
  }
  solution.evaluations = calls.evaluations;
  return solution;
}

}  // namespace hyped::control
