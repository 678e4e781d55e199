// An input that varies between events (decaying siRNA or mRNA): a smooth function of time between its break points.
#pragma once
#include <vector>

namespace hyped {

// Cubic Hermite through tabulated values; breaks are times at which the derivative may jump (solvers restart there).
class InputCourse {
 public:
  InputCourse() = default;
  // times [h] strictly increasing, values and slopes [1/h] of the same length; zero before, constant after.
  InputCourse(std::vector<double> times, std::vector<double> values, std::vector<double> slopes, std::vector<double> breaks);
  double operator()(double t) const;
  double slope(double t) const;
  const std::vector<double>& breaks() const { return breaks_; }
  InputCourse scaled(double factor) const;

 private:
  std::vector<double> times_, values_, slopes_, breaks_;
};

}  // namespace hyped
