// How a fitter sees parameters: names, units, bounds, search scale and priors, in one place.
#pragma once
#include <Eigen/Core>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libhyped/model/quantity.hpp"

namespace hyped {

enum class SearchScale { linear, log10 };

// What is known of a parameter besides the data: a normal prior on the search scale (log10 units for a log10 parameter) or, where
// `evidence` is set, what other data say of it, exactly: the signed root r of their -2 log likelihood ratio and its slope, so that
// r^2 adds to |residuals|^2 as if both data sets were fitted at once. mean and sd then are its optimum and curvature.
struct PriorRow {
  double value = 0, slope = 0;
};
struct NormalPrior {
  double mean = 0, sd = 1;
  std::function<PriorRow(double theta)> evidence = {};
  PriorRow row(double theta) const { return evidence ? evidence(theta) : PriorRow{(theta - mean) / sd, 1 / sd}; }
};

struct FreeParameter {
  std::string name, unit, meaning;
  double lower = 0, upper = 1, start = 0.5;      // natural units
  SearchScale scale = SearchScale::linear;
  std::optional<NormalPrior> prior;
};

// theta is the vector of free parameters on their search scales; nothing else in the project takes logarithms of parameters.
class ParameterSpace {
 public:
  // Returns the index. Throws InputError for a name already there, bounds out of order or a start outside them.
  int add(FreeParameter parameter);
  // log10 when the lower bound is positive, else linear.
  static FreeParameter from_spec(const ParameterSpec& spec, const std::string& suffix = "");

  int count() const { return static_cast<int>(parameters_.size()); }
  const FreeParameter& operator[](int i) const { return parameters_[static_cast<std::size_t>(i)]; }
  FreeParameter& operator[](int i) { return parameters_[static_cast<std::size_t>(i)]; }
  int index(const std::string& name) const;      // -1 if there is none
  std::vector<std::string> names() const;

  double natural(int i, double theta) const;
  double slope(int i, double theta) const;       // d natural / d theta
  double search(int i, double natural) const;
  Eigen::VectorXd natural(const Eigen::VectorXd& theta) const;
  Eigen::VectorXd lower() const;                 // search scale
  Eigen::VectorXd upper() const;
  Eigen::VectorXd start() const;
  // Information of the data [P x P] with that of the priors at theta.
  Eigen::MatrixXd with_priors(Eigen::MatrixXd information, const Eigen::VectorXd& theta) const;
  // A start from a point of the unit cube: low-discrepancy designs become starts.
  Eigen::VectorXd start(const Eigen::VectorXd& unit_point) const;

 private:
  std::vector<FreeParameter> parameters_;
};

// Point number `index` (from 1) of the Halton sequence in `dimensions`, scrambled by a fixed digit permutation per base.
// Source: Halton 1960; Braaten & Weller 1979 (scrambling).
Eigen::VectorXd halton_point(int index, int dimensions);

}  // namespace hyped
