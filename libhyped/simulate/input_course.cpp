// Evaluation of tabulated inputs: cubic Hermite pieces, zero before the table, constant after it.
#include "libhyped/simulate/input_course.hpp"

#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"

namespace hyped {

InputCourse::InputCourse(std::vector<double> times, std::vector<double> values, std::vector<double> slopes,
                         std::vector<double> breaks)
    : times_(std::move(times)), values_(std::move(values)), slopes_(std::move(slopes)), breaks_(std::move(breaks)) {
  if (times_.empty() || values_.size() != times_.size() || slopes_.size() != times_.size())
    throw InputError("input course", "times, values and slopes must have one common length of at least 1");
  const auto finite = [](const std::vector<double>& v) { return std::ranges::all_of(v, [](double x) { return std::isfinite(x); }); };
  if (!finite(times_) || !finite(values_) || !finite(slopes_) || !finite(breaks_))
    throw InputError("input course", "times, values, slopes and breaks must be finite");
  for (std::size_t i = 1; i < times_.size(); ++i)
    if (!(times_[i - 1] < times_[i])) throw InputError("input course", "times must increase strictly");
  breaks_.push_back(times_.front());      // zero before
  breaks_.push_back(times_.back());       // constant after
  std::ranges::sort(breaks_);
  breaks_.erase(std::unique(breaks_.begin(), breaks_.end()), breaks_.end());
}

double InputCourse::operator()(double t) const {
  if (times_.empty() || t < times_.front()) return 0;
  if (t >= times_.back()) return values_.back();
  const auto i = static_cast<std::size_t>(std::upper_bound(times_.begin(), times_.end(), t) - times_.begin()) - 1;
  const double h = times_[i + 1] - times_[i], s = (t - times_[i]) / h;
  return values_[i] * (1 + 2 * s) * (1 - s) * (1 - s) + values_[i + 1] * s * s * (3 - 2 * s) +
         h * s * (1 - s) * (slopes_[i] * (1 - s) - slopes_[i + 1] * s);
}

double InputCourse::slope(double t) const {
  if (times_.empty() || t < times_.front() || t >= times_.back()) return 0;
  const auto i = static_cast<std::size_t>(std::upper_bound(times_.begin(), times_.end(), t) - times_.begin()) - 1;
  const double h = times_[i + 1] - times_[i], s = (t - times_[i]) / h;
  return 6 * s * (1 - s) * (values_[i + 1] - values_[i]) / h + slopes_[i] * (1 - s) * (1 - 3 * s) + slopes_[i + 1] * s * (3 * s - 2);
}

std::pair<double, double> InputCourse::range(double from, double until) const {
  double low = std::min((*this)(from), (*this)(until)), high = std::max((*this)(from), (*this)(until));
  const auto see = [&](double value) { low = std::min(low, value), high = std::max(high, value); };
  if (times_.empty()) return {low, high};
  auto i = static_cast<std::size_t>(std::upper_bound(times_.begin(), times_.end(), from) - times_.begin());
  if (i > 0) --i;
  for (; i < times_.size() && times_[i] <= until; ++i) {
    if (times_[i] >= from) see(values_[i]);
    if (i + 1 == times_.size()) break;
    // slope of the piece in s: c0 + c1 s + c2 s^2
    const double h = times_[i + 1] - times_[i], rise = 6 * (values_[i + 1] - values_[i]) / h;
    const double c0 = slopes_[i], c1 = rise - 4 * slopes_[i] - 2 * slopes_[i + 1], c2 = 3 * (slopes_[i] + slopes_[i + 1]) - rise;
    const double discriminant = c1 * c1 - 4 * c0 * c2;
    if (discriminant < 0) continue;
    const double q = -0.5 * (c1 + std::copysign(std::sqrt(discriminant), c1));
    for (const double s : {c2 != 0 ? q / c2 : -1.0, q != 0 ? c0 / q : -1.0}) {
      const double t = times_[i] + s * h;
      if (s > 0 && s < 1 && t > from && t < until) see((*this)(t));
    }
  }
  return {low, high};
}

InputCourse InputCourse::scaled(double factor) const {
  InputCourse course = *this;
  for (double& value : course.values_) value *= factor;
  for (double& slope : course.slopes_) slope *= factor;
  return course;
}

}  // namespace hyped
