// An input that varies between events (decaying siRNA or mRNA): a smooth function of time between its break points.
#pragma once
#include <utility>
#include <vector>

namespace hyped {

// Cubic Hermite through tabulated values; breaks are times at which the derivative may jump (solvers restart there).
class InputCourse {
 public:
  InputCourse() = default;
  // times [h] strictly increasing, values and slopes [1/h] of the same length; zero before, constant after. Both ends of the
  // table are added to the breaks. Throws InputError for tables of unequal length, not increasing or not finite.
  InputCourse(std::vector<double> times, std::vector<double> values, std::vector<double> slopes, std::vector<double> breaks);
  double operator()(double t) const;
  double slope(double t) const;
  const std::vector<double>& breaks() const { return breaks_; }
  // Least and greatest value over [from, until], from the pieces themselves (exact).
  std::pair<double, double> range(double from, double until) const;
  InputCourse scaled(double factor) const;
  bool operator==(const InputCourse&) const = default;

 private:
  std::vector<double> times_, values_, slopes_, breaks_;
};

}  // namespace hyped
