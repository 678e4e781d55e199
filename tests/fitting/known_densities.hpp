// Densities with known moments or known troubles, and chains every language can make, for tests of samplers.
#pragma once
#include <Eigen/Core>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

#include "fitting/log_density.hpp"

namespace hyped::test {

inline std::vector<std::string> numbered(int size) {
  std::vector<std::string> names;
  for (int i = 0; i < size; ++i) names.push_back("x" + std::to_string(i + 1));
  return names;
}

// Means i, standard deviations 10^(i mod 3 - 1), every pair correlated by rho.
struct KnownGaussian {
  Eigen::VectorXd mean, sd;
  double rho;
  KnownGaussian(int size, double correlation) : mean(size), sd(size), rho(correlation) {
    for (int i = 0; i < size; ++i) {
      mean[i] = i;
      sd[i] = std::pow(10.0, i % 3 - 1);
    }
  }
  FunctionDensity density() const {
    return {numbered(static_cast<int>(mean.size())), [*this](const Eigen::VectorXd& u, double& value, Eigen::VectorXd& gradient) {
              // inverse of (1 - rho) I + rho 11'
              const double share = rho / (1 + (static_cast<double>(u.size()) - 1) * rho);
              double sum = 0;
              for (int i = 0; i < u.size(); ++i) sum += (u[i] - mean[i]) / sd[i];
              value = 0;
              for (int i = 0; i < u.size(); ++i) {
                const double z = (u[i] - mean[i]) / sd[i], pull = (z - share * sum) / (1 - rho);
                value -= 0.5 * z * pull;
                gradient[i] = -pull / sd[i];
              }
              return Outcome{};
            }};
  }
};

// Neal's funnel: v ~ N(0, 3), x_i ~ N(0, exp(v / 2)). Source: Neal 2003, Ann Stat 31:705.
inline FunctionDensity funnel(int size) {
  return {numbered(size), [](const Eigen::VectorXd& u, double& value, Eigen::VectorXd& gradient) {
            const double v = u[0], inverse = std::exp(-v), count = static_cast<double>(u.size()) - 1;
            double squares = 0;
            for (int i = 1; i < u.size(); ++i) {
              squares += u[i] * u[i];
              gradient[i] = -u[i] * inverse;
            }
            value = -v * v / 18 - 0.5 * count * v - 0.5 * squares * inverse;
            gradient[0] = -v / 9 - 0.5 * count + 0.5 * squares * inverse;
            return Outcome{};
          }};
}

// x ~ N(0, 1), y given x ~ N(3 x^2, 0.3).
inline FunctionDensity banana() {
  return {{"x", "y"}, [](const Eigen::VectorXd& u, double& value, Eigen::VectorXd& gradient) {
            const double off = (u[1] - 3 * u[0] * u[0]) / 0.09;
            value = -0.5 * u[0] * u[0] - 0.5 * off * off * 0.09;
            gradient[0] = -u[0] + 6 * u[0] * off;
            gradient[1] = -off;
            return Outcome{};
          }};
}

inline FunctionDensity cauchy() {
  return {{"x"}, [](const Eigen::VectorXd& u, double& value, Eigen::VectorXd& gradient) {
            value = -std::log1p(u[0] * u[0]);
            gradient[0] = -2 * u[0] / (1 + u[0] * u[0]);
            return Outcome{};
          }};
}

// Four autocorrelated chains of 250 from an integer generator, shifted by 0.08 each [250 x 4]: the same in any language.
inline Eigen::MatrixXd portable_chains() {
  Eigen::MatrixXd x(250, 4);
  for (int c = 0; c < 4; ++c) {
    std::uint64_t s = 12345 + 977 * static_cast<std::uint64_t>(c);
    double v = 0;
    for (int k = 0; k < 250; ++k) {
      s = (1103515245 * s + 12345) % 2147483648;
      v = 0.6 * v + (static_cast<double>(s) / 2147483648.0 - 0.5);
      x(k, c) = v + 0.08 * c;
    }
  }
  return x;
}

}  // namespace hyped::test
