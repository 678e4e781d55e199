// Search scales and start designs.
#include "fitting/parameter_space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"

namespace hyped {

int ParameterSpace::add(FreeParameter parameter) {
  const std::string where = "parameter '" + parameter.name + "'";
  if (index(parameter.name) >= 0) throw InputError(where, "is there twice", "name it once");
  if (!(parameter.lower < parameter.upper))
    throw InputError(where, fmt::format("bounds {} and {} are out of order", parameter.lower, parameter.upper), "give lower < upper");
  if (parameter.scale == SearchScale::log10 && !(parameter.lower > 0))
    throw InputError(where, fmt::format("has a log10 search scale and the lower bound {}", parameter.lower), "give a positive lower bound or scale = \"linear\"");
  if (!(parameter.start >= parameter.lower && parameter.start <= parameter.upper))
    throw InputError(where, fmt::format("the start {} is outside [{}, {}]", parameter.start, parameter.lower, parameter.upper), "move it inside");
  parameters_.push_back(std::move(parameter));
  return count() - 1;
}

FreeParameter ParameterSpace::from_spec(const ParameterSpec& spec, const std::string& suffix) {
  return {std::string(spec.name) + suffix, std::string(spec.unit), std::string(spec.meaning), spec.lower, spec.upper,
          spec.value, spec.lower > 0 ? SearchScale::log10 : SearchScale::linear, std::nullopt};
}

int ParameterSpace::index(const std::string& name) const {
  const auto found = std::find_if(parameters_.begin(), parameters_.end(), [&](const auto& p) { return p.name == name; });
  return found == parameters_.end() ? -1 : static_cast<int>(found - parameters_.begin());
}

std::vector<std::string> ParameterSpace::names() const {
  std::vector<std::string> all;
  for (const auto& parameter : parameters_) all.push_back(parameter.name);
  return all;
}

double ParameterSpace::natural(int i, double theta) const {
  return (*this)[i].scale == SearchScale::log10 ? std::pow(10.0, theta) : theta;
}
double ParameterSpace::slope(int i, double theta) const {
  return (*this)[i].scale == SearchScale::log10 ? std::numbers::ln10 * std::pow(10.0, theta) : 1.0;
}
double ParameterSpace::search(int i, double natural) const {
  return (*this)[i].scale == SearchScale::log10 ? std::log10(natural) : natural;
}

Eigen::VectorXd ParameterSpace::natural(const Eigen::VectorXd& theta) const {
  Eigen::VectorXd values(count());
  for (int i = 0; i < count(); ++i) values[i] = natural(i, theta[i]);
  return values;
}

Eigen::VectorXd ParameterSpace::lower() const {
  Eigen::VectorXd values(count());
  for (int i = 0; i < count(); ++i) values[i] = search(i, (*this)[i].lower);
  return values;
}
Eigen::VectorXd ParameterSpace::upper() const {
  Eigen::VectorXd values(count());
  for (int i = 0; i < count(); ++i) values[i] = search(i, (*this)[i].upper);
  return values;
}
Eigen::MatrixXd ParameterSpace::with_priors(Eigen::MatrixXd information, const Eigen::VectorXd& theta) const {
  for (int i = 0; i < count(); ++i)
    if (const auto& prior = parameters_[static_cast<std::size_t>(i)].prior) information(i, i) += std::pow(prior->row(theta[i]).slope, 2);
  return information;
}

Eigen::VectorXd ParameterSpace::start() const {
  Eigen::VectorXd values(count());
  for (int i = 0; i < count(); ++i) values[i] = search(i, (*this)[i].start);
  return values;
}
Eigen::VectorXd ParameterSpace::start(const Eigen::VectorXd& unit_point) const {
  const Eigen::VectorXd low = lower(), high = upper();
  return low + unit_point.cwiseProduct(high - low);
}

Eigen::VectorXd halton_point(int index, int dimensions) {
  static const std::vector<int> primes = [] {
    std::vector<int> found;
    for (int n = 2; found.size() < 400; ++n)
      if (std::none_of(found.begin(), found.end(), [&](int p) { return n % p == 0; })) found.push_back(n);
    return found;
  }();
  Eigen::VectorXd point(dimensions);
  for (int d = 0; d < dimensions; ++d) {
    const int base = primes[static_cast<std::size_t>(d) % primes.size()];
    RandomStream stream(0x48414c54, static_cast<std::uint32_t>(d), 0);
    std::vector<int> digit(static_cast<std::size_t>(base));
    for (int k = 0; k < base; ++k) digit[k] = k;
    for (int k = base - 1; k > 1; --k) std::swap(digit[k], digit[1 + static_cast<int>(stream.uniform() * k)]);
    double factor = 1.0 / base, value = 0;
    for (int n = index; n > 0; n /= base, factor /= base) value += digit[n % base] * factor;
    point[d] = value;
  }
  return point;
}

}  // namespace hyped
