// Gauss-Hermite strata of a log-normal dose.
#include "models/delivery/uptake.hpp"

#include <Eigen/Eigenvalues>
#include <cmath>

#include "libhyped/errors.hpp"

namespace hyped::models {

std::vector<Stratum> uptake_strata(double transfected_fraction, double log_sd, int dose_points) {
  if (!(transfected_fraction >= 0 && transfected_fraction <= 1)) throw InputError("uptake", "the transfected fraction must lie in [0, 1]");
  if (!(log_sd >= 0) || !std::isfinite(log_sd)) throw InputError("uptake", "log_sd must not be negative");
  if (dose_points < 1) throw InputError("uptake", "at least one dose point is needed");
  if (log_sd == 0) dose_points = 1;

  // Jacobi matrix of the orthogonal polynomials of the standard normal density.
  Eigen::MatrixXd jacobi = Eigen::MatrixXd::Zero(dose_points, dose_points);
  for (int i = 1; i < dose_points; ++i) jacobi(i, i - 1) = jacobi(i - 1, i) = std::sqrt(i);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(jacobi);
  std::vector<Stratum> strata;
  if (transfected_fraction < 1) strata.push_back({1 - transfected_fraction, 0});
  if (transfected_fraction == 0) return strata;
  double mean = 0;
  std::vector<Stratum> transfected;
  for (int i = 0; i < dose_points; ++i) {
    const double weight = solver.eigenvectors()(0, i) * solver.eigenvectors()(0, i);
    transfected.push_back({weight, std::exp(log_sd * solver.eigenvalues()[i] - 0.5 * log_sd * log_sd)});
    mean += weight * transfected.back().relative_dose;
  }
  for (const Stratum& stratum : transfected) strata.push_back({transfected_fraction * stratum.weight, stratum.relative_dose / mean});
  return strata;
}

}  // namespace hyped::models
