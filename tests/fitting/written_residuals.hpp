// Residual functions written by hand and plain parameter spaces, for tests of profiles.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "fitting/least_squares.hpp"
#include "fitting/parameter_space.hpp"

namespace hyped::testing {

// Residuals given as functions; Jacobian written by hand.
class Written final : public ResidualFunction {
 public:
  using Body = std::function<void(const Eigen::VectorXd&, Eigen::VectorXd&, Eigen::MatrixXd&)>;
  Written(int residuals, int parameters, Body body) : residuals_(residuals), parameters_(parameters), body_(std::move(body)) {}
  int residual_count() const override { return residuals_; }
  int parameter_count() const override { return parameters_; }
  Outcome evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& r, Eigen::MatrixXd* jacobian) const override {
    r.resize(residuals_);
    Eigen::MatrixXd j = Eigen::MatrixXd::Zero(residuals_, parameters_);
    body_(theta, r, j);
    if (jacobian != nullptr) *jacobian = j;
    return {};
  }

 private:
  int residuals_, parameters_;
  Body body_;
};

inline ParameterSpace space_of(const std::vector<std::string>& names, double lower, double upper, double start) {
  ParameterSpace space;
  for (const auto& name : names) space.add({name, "1", "", lower, upper, start, lower > 0 ? SearchScale::log10 : SearchScale::linear, std::nullopt});
  return space;
}

}  // namespace hyped::testing
