// Log densities on the whole line, as samplers and Laplace's method want them, and how likelihoods become one.
#pragma once
#include <Eigen/Core>
#include <functional>
#include <string>
#include <vector>

#include "fitting/general_likelihood.hpp"
#include "fitting/least_squares.hpp"
#include "fitting/parameter_space.hpp"
#include "libhyped/errors.hpp"

namespace hyped {

// log p(u) up to a constant for u in R^D, with its gradient. evaluate() is called from several threads at once and must be a
// pure function of u. To a sampler an outcome that is not ok is a density of zero.
class LogDensity {
 public:
  virtual ~LogDensity() = default;
  virtual int dimension() const = 0;
  virtual std::vector<std::string> names() const = 0;      // [D]
  // gradient [D] is sized by the caller.
  virtual Outcome evaluate(const Eigen::VectorXd& u, double& log_density, Eigen::VectorXd& gradient) const = 0;
  // Coordinate i in natural units: strictly increasing in u; draws and intervals are reported so.
  virtual double natural(int, double u) const { return u; }
  virtual Eigen::VectorXd start() const { return Eigen::VectorXd::Zero(dimension()); }
  Eigen::VectorXd natural(const Eigen::VectorXd& u) const;
};

// Whether the normal priors of the space are added here or are part of the function already (as in ProcessResiduals and
// DevianceResiduals, one row each; IndependentLikelihood has none).
enum class Priors { add, in_function };

// A bounded parameter is flat between its bounds on its search scale (log10 or linear), unless it has a prior, and is carried to
// the whole line by a logit; with one infinite bound by a logarithm; with none it stays. The log-Jacobian is in the density.
// The space is copied, the function must outlive this. InputError if their numbers of parameters differ.
class SpaceDensity final : public LogDensity {
 public:
  SpaceDensity(ParameterSpace space, const LogLikelihood& function, Priors priors);
  SpaceDensity(ParameterSpace space, const ResidualFunction& function, Priors priors);      // -1/2 |r|^2
  int dimension() const override { return space_.count(); }
  std::vector<std::string> names() const override { return space_.names(); }
  Outcome evaluate(const Eigen::VectorXd& u, double& log_density, Eigen::VectorXd& gradient) const override;
  using LogDensity::natural;
  double natural(int i, double u) const override { return space_.natural(i, search(i, u)); }
  Eigen::VectorXd start() const override;                 // of the space; a start on a bound is moved just inside
  double search(int i, double u) const;                   // the parameter on its search scale
  double from_search(int i, double theta) const;          // its inverse, inside the bounds
  const ParameterSpace& space() const { return space_; }

 private:
  void check(int parameters) const;
  ParameterSpace space_;
  Eigen::VectorXd lower_, upper_;                         // search scale [D]
  const LogLikelihood* likelihood_ = nullptr;
  const ResidualFunction* residuals_ = nullptr;
  Priors priors_;
};

// A function of the user's own, with what is to be reported for each coordinate (nothing: the coordinate itself).
class FunctionDensity final : public LogDensity {
 public:
  using Function = std::function<Outcome(const Eigen::VectorXd& u, double& log_density, Eigen::VectorXd& gradient)>;
  using Report = std::function<double(int i, double u)>;
  FunctionDensity(std::vector<std::string> names, Function function, Eigen::VectorXd start = {}, Report natural = {})
      : names_(std::move(names)), function_(std::move(function)), start_(std::move(start)), natural_(std::move(natural)) {}
  int dimension() const override { return static_cast<int>(names_.size()); }
  std::vector<std::string> names() const override { return names_; }
  Outcome evaluate(const Eigen::VectorXd& u, double& log_density, Eigen::VectorXd& gradient) const override {
    return function_(u, log_density, gradient);
  }
  using LogDensity::natural;
  double natural(int i, double u) const override { return natural_ ? natural_(i, u) : u; }
  Eigen::VectorXd start() const override { return start_.size() > 0 ? start_ : LogDensity::start(); }

 private:
  std::vector<std::string> names_;
  Function function_;
  Eigen::VectorXd start_;
  Report natural_;
};

// evaluate(), with everything that is no finite density and gradient made an outcome and -infinity.
Outcome density_at(const LogDensity& density, const Eigen::VectorXd& u, double& log_density, Eigen::VectorXd& gradient);

// Largest difference between the gradient and central differences at u, relative to the gradient's largest entry or 1.
double gradient_error(const LogDensity& density, const Eigen::VectorXd& u, double step = 1e-5);

}  // namespace hyped
