// Tails against SciPy's values, where they underflow too (scipy.stats 1.17) and mpmath's (far Student tail).
#include "libhyped/distance/tail_probability.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using namespace hyped;

TEST_CASE("normal tails keep their digits out to where nothing is left of p") {
  CHECK(normal_tail(1.5).p == Approx(0.06680720126885807).epsilon(1e-14));
  CHECK(two_sided_normal(-10).p == Approx(1.523970604832094e-23).epsilon(1e-13));
  CHECK(two_sided_normal(30).log_p == Approx(-453.6280967757833).epsilon(1e-14));
  const TailProbability far = two_sided_normal(50);
  CHECK(far.p == 0);
  CHECK(far.log_p == Approx(-1254.13821395886).epsilon(1e-14));
  CHECK(two_sided_normal(0).p == 1);
  // the two formulas meet
  CHECK(two_sided_normal(20 * std::sqrt(2.0) - 1e-9).log_p == Approx(two_sided_normal(20 * std::sqrt(2.0) + 1e-9).log_p).epsilon(1e-9));
}

TEST_CASE("Student, F and chi-squared tails, also where they underflow") {
  CHECK(two_sided_student(2.5, 7).p == Approx(0.04099221858575289).epsilon(1e-12));
  CHECK(two_sided_student(-2.5, 7).p == two_sided_student(2.5, 7).p);
  CHECK(two_sided_student(3, std::numeric_limits<double>::infinity()).p == Approx(two_sided_normal(3).p));
  CHECK(two_sided_student(60, 20000).log_p == Approx(-1659.3820535287889).epsilon(1e-12));
  CHECK(f_tail(3.2, 1, 4.5).p == Approx(two_sided_student(std::sqrt(3.2), 4.5).p).epsilon(1e-12));
  CHECK(chi_squared_tail(3.841458820694124, 1).p == Approx(0.05).epsilon(1e-12));
  CHECK(chi_squared_tail(40 * 40.0, 1).log_p == Approx(two_sided_normal(40).log_p).epsilon(1e-13));
  CHECK(chi_squared_tail(2000, 2).log_p == Approx(-1000).epsilon(1e-13));      // exp(-x / 2)
  CHECK(f_tail(5000, 2, 2000).log_p == Approx(-1000 * std::log1p(5.0)).epsilon(1e-12));      // (1 + f / 1000)^-1000
  CHECK(f_tail(0, 1, 3).p == 1);
  CHECK(student_quantile(0.975, 3) == Approx(3.182446305284263).epsilon(1e-10));
}
