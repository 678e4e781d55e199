// The tableau of order 8 against a closed form, and its error estimate.
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/simulate/dop853.hpp"

using hyped::Dop853;

namespace {

// x' = -x cos t and y' = x - y / 2: x = exp(-sin t). Error of x at 2 after steps of h, and the estimates' sum.
std::pair<double, double> error_with(double h) {
  Dop853 method(1, 2);
  Dop853::Block x(1, 2), next(1, 2);
  x << 1, 0;
  double estimates = 0;
  const auto rates = [](double t, const Dop853::Block& at, Dop853::Block& dx) { dx(0, 0) = -at(0, 0) * std::cos(t), dx(0, 1) = at(0, 0) - 0.5 * at(0, 1); };
  for (int k = 0; k < std::lround(2 / h); ++k) {
    estimates += method.step(rates, k * h, h, x, next)[0];
    x.swap(next);
    method.restart();
  }
  return {std::abs(x(0, 0) - std::exp(-std::sin(2.0))), estimates};
}

}  // namespace

TEST_CASE("Dormand and Prince's method of order 8: halving the step divides the error by 256, and the estimate lies above it") {
  const auto coarse = error_with(0.5), fine = error_with(0.25);
  INFO(coarse.first << " " << fine.first << ", estimates " << coarse.second << " " << fine.second);
  CHECK(coarse.first / fine.first > 150);
  CHECK(coarse.first / fine.first < 1200);      // order 8 in the limit; the next order still shows
  CHECK(coarse.second > coarse.first);
  CHECK(fine.second > fine.first);
  CHECK(fine.second < 1e-6);
}

TEST_CASE("a step repeated shorter starts from the same slope") {
  Dop853 twice(1, 1), once(1, 1);
  Dop853::Block x(1, 1), a(1, 1), b(1, 1);
  x << 2;
  int asked = 0;
  const auto rates = [&](double t, const Dop853::Block& at, Dop853::Block& dx) { ++asked, dx(0, 0) = t - at(0, 0); };
  twice.step(rates, 1, 1, x, a);
  CHECK(asked == 12);
  twice.step(rates, 1, 0.5, x, a);
  CHECK(asked == 23);
  once.step(rates, 1, 0.5, x, b);
  CHECK(a(0, 0) == b(0, 0));
}

TEST_CASE("derivatives that move where the state does not are resolved too") {
  // x' = -x, and its derivative by the height of a pulse that has height 0: y' = -y - exp(-4 (t - 9)^2) x
  Dop853 method(1, 2);
  method.begin(0.5);
  Dop853::Block x(1, 2);
  x << 1, 0;
  const auto rates = [](double t, const Dop853::Block& at, Dop853::Block& dx) { dx(0, 0) = -0.01 * at(0, 0), dx(0, 1) = -0.01 * at(0, 1) - std::exp(-4 * (t - 9) * (t - 9)) * at(0, 0); };
  method.advance(rates, 0, 20, x, 1e-8);
  const double area = 0.5 * std::sqrt(3.14159265358979) ;      // of the pulse
  CHECK(x(0, 0) == Approx(std::exp(-0.2)).epsilon(1e-8));
  CHECK(x(0, 1) == Approx(-area * std::exp(-0.2)).epsilon(1e-5));
}
