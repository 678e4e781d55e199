// Distributions over RandomStream, from Boost.Random, whose algorithms are fixed across platforms.
#include "libhyped/random.hpp"

#include <boost/random/binomial_distribution.hpp>
#include <boost/random/gamma_distribution.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/poisson_distribution.hpp>
#include <cmath>

namespace hyped {

double RandomStream::exponential() { return -std::log(uniform()); }
double RandomStream::normal() { return boost::random::normal_distribution<double>()(*this); }
double RandomStream::gamma(double shape) { return boost::random::gamma_distribution<double>(shape)(*this); }
std::int64_t RandomStream::poisson(double mean) {
  return mean > 0 ? boost::random::poisson_distribution<std::int64_t>(mean)(*this) : 0;
}
std::int64_t RandomStream::binomial(std::int64_t n, double p) {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  return boost::random::binomial_distribution<std::int64_t>(n, p)(*this);
}

}  // namespace hyped
