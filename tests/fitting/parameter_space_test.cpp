// Search scales, refusals, start designs; what the information does not determine is named and gets no standard error.
#include <Eigen/LU>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "fitting/identifiability.hpp"
#include "fitting/parameter_space.hpp"
#include "libhyped/errors.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

namespace {

FreeParameter rate(const std::string& name) { return {name, "1/h", "", 1e-3, 1, 0.1, SearchScale::log10, std::nullopt}; }

std::string message_of(const FreeParameter& parameter) {
  ParameterSpace space;
  space.add(rate("division"));
  try {
    space.add(parameter);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("natural and search scales are inverse, slopes are derivatives") {
  ParameterSpace space;
  space.add(rate("division"));
  space.add({"effect", "1", "", -3, 3, 0.5, SearchScale::linear, std::nullopt});
  const Eigen::VectorXd theta = space.start();
  CHECK(theta[0] == Approx(-1));
  CHECK(space.natural(theta)[0] == Approx(0.1));
  CHECK(space.slope(0, -1) == Approx((space.natural(0, -1 + 1e-6) - space.natural(0, -1 - 1e-6)) / 2e-6));
  CHECK(space.slope(1, 2) == 1);
  CHECK(space.start(Eigen::Vector2d(0, 1))[0] == Approx(-3));
  CHECK(space.start(Eigen::Vector2d(0, 1))[1] == Approx(3));
  CHECK(ParameterSpace::from_spec({"a", "1", 0.5, 0, 1, ""}).scale == SearchScale::linear);
  CHECK(ParameterSpace::from_spec({"a", "1", 0.5, 0.1, 1, ""}).scale == SearchScale::log10);
}

TEST_CASE("wrong parameters are refused with what to do") {
  CHECK(message_of(rate("other")).empty());
  CHECK_THAT(message_of(rate("division")), Contains("there twice"));
  CHECK_THAT(message_of({"a", "", "", 2, 1, 1.5, SearchScale::linear, std::nullopt}), Contains("out of order"));
  CHECK_THAT(message_of({"a", "", "", 0, 1, 0.5, SearchScale::log10, std::nullopt}), Contains("positive lower bound"));
  CHECK_THAT(message_of({"a", "", "", 0, 1, 1.5, SearchScale::linear, std::nullopt}), Contains("outside [0, 1]"));
}

TEST_CASE("the start design fills the cube evenly and without repeats") {
  const int points = 243;
  for (const int dimension : {0, 1, 4, 11}) {
    std::vector<int> cells(9, 0);
    std::set<double> seen;
    for (int i = 1; i <= points; ++i) {
      const double x = halton_point(i, 12)[dimension];
      REQUIRE((x >= 0 && x < 1));
      ++cells[static_cast<std::size_t>(9 * x)];
      seen.insert(x);
    }
    CHECK(seen.size() == static_cast<std::size_t>(points));
    for (const int count : cells) CHECK(std::abs(count - points / 9) <= 8);      // random points would be off by 15 somewhere
  }
  // base 3 fills its 243 intervals exactly once
  std::set<int> intervals;
  for (int i = 0; i < points; ++i) intervals.insert(static_cast<int>(std::floor(halton_point(i, 2)[1] * points + 1e-9)));
  CHECK(intervals.size() == static_cast<std::size_t>(points));
}

TEST_CASE("of a product only the product is known: both factors are named, neither gets a standard error, the rest keeps its own") {
  ParameterSpace space;
  space.add(rate("a"));
  space.add(rate("b"));
  space.add(rate("c"));
  // y = log10 a + log10 b, and c by itself
  Eigen::MatrixXd x(2, 3);
  x << 1, 1, 0, 0, 0, 1;
  const Eigen::MatrixXd information = x.transpose() * Eigen::Vector2d(400, 100).asDiagonal() * x;
  const Identifiability found = identifiability_of(information, space);
  CHECK_FALSE(found.all());
  REQUIRE(found.null.size() == 1);
  CHECK_THAT(found.null[0].text, Contains("log10 a") && Contains("log10 b") && !Contains("log10 c"));
  CHECK(found.identified == std::vector<bool>{false, false, true});
  CHECK(found.covariance(0, 0) == 0);
  CHECK(found.covariance(1, 1) == 0);
  CHECK(found.covariance(2, 2) == Approx(0.01));
}

TEST_CASE("full information: the covariance is its inverse, a parameter looser than ten times its bounds is not known") {
  ParameterSpace space;
  space.add(rate("a"));
  space.add(rate("b"));
  Eigen::Matrix2d information;
  information << 50, 20, 20, 90;
  const Identifiability found = identifiability_of(information, space);
  CHECK(found.all());
  CHECK((found.covariance - information.inverse()).cwiseAbs().maxCoeff() < 1e-12);
  information << 50, 0, 0, 1e-5;      // sd 316 decades against bounds of 3
  CHECK(identifiability_of(information, space).identified == std::vector<bool>{true, false});
}

TEST_CASE("from the Jacobian: as from the information, and right where squaring would lose the rest") {
  ParameterSpace space;
  for (const char* name : {"a", "b", "c"}) space.add(rate(name));
  Eigen::MatrixXd x(4, 3);
  x << 10, 10, 0, 5, 5, 1, 2, 2, 7, 1, 1, 3;
  const Identifiability pair = identifiability_of_jacobian(x, space), squared = identifiability_of(x.transpose() * x, space);
  REQUIRE(pair.null.size() == 1);
  CHECK_THAT(pair.null[0].text, Contains("log10 a") && Contains("log10 b") && !Contains("log10 c"));
  CHECK(pair.identified == std::vector<bool>{false, false, true});
  CHECK(pair.covariance(2, 2) == Approx(squared.covariance(2, 2)).epsilon(1e-10));
  CHECK((pair.eigenvalues - squared.eigenvalues).cwiseAbs().maxCoeff() < 1e-9 * squared.eigenvalues.maxCoeff());
  // nearly the same column: a condition of 1e9 is seen, its square would not be
  x(0, 1) += 1e-8;
  const Identifiability near = identifiability_of_jacobian(x * 1e9, space);
  CHECK(near.all());
  CHECK(near.covariance(0, 0) == Approx(near.covariance(1, 1)).epsilon(1e-6));
  CHECK(identifiability_of_jacobian(x, space).null.size() == 1);      // known to 1e8 decades only: not known
  CHECK(identifiability_of_jacobian(Eigen::MatrixXd::Zero(2, 3), space).null.size() == 3);
  CHECK(identifiability_of_jacobian(Eigen::MatrixXd::Identity(2, 3) * 30, space).identified == std::vector<bool>{true, true, false});
}
