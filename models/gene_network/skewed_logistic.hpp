// Mean of a logistic function of a skewed random variable, from its first three moments, with derivatives.
#pragma once

namespace hyped::models {

// E[f(Z)] and E[f'(Z)] of f = 1 / (1 + exp(-z)), with derivatives by the mean, the variance and the third central moment of Z.
struct SkewedLogistic {
  double value = 0, slope = 0;                                        // E[f], E[f'] (also the derivative of E[f] by the mean)
  double by_variance = 0, by_third = 0;                               // of E[f]
  double slope_by_mean = 0, slope_by_variance = 0, slope_by_third = 0;      // of E[f']
};

// Z is a shifted log-normal with these moments: exact for a multiple of one log-normal level, normal where the third moment is 0.
// Nine Gauss-Hermite nodes: within 1e-3 for standard deviations up to 2.5. A variance below 1e-10 (negative ones too) is a point, with the
// derivatives of Taylor's series.
SkewedLogistic skewed_logistic(double mean, double variance, double third);

}  // namespace hyped::models
