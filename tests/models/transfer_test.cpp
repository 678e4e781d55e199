// Transfer functions against the standard library, slopes against differences.
#include "models/gene_network/transfer.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

using namespace hyped::models;

TEST_CASE("transfer functions agree with the standard library, their slopes with differences") {
  std::vector<double> z;
  for (double x = -40; x < 40; x += 0.0137) z.push_back(x);
  for (double x = 1e-12; x < 1; x *= 3) z.push_back(x), z.push_back(-x);
  z.insert(z.end(), {0.0, 1.0, -1.0, 0.625, 800, -800, 1e-300});
  std::vector<double> v(z.size()), slope(z.size());
  const auto hill = [](double x, int k) { return 2 * (1 - 1 / (1 + std::pow(std::max(x + 1, 0.0), k))) - 1; };
  const auto polynomial = [](double x, int k) { return std::copysign(std::pow(std::abs(x), k) / (1 + std::pow(std::abs(x), k)), x); };
  for (const TransferFunction f : {TransferFunction{Transfer::identity, 1}, {Transfer::tanh, 1}, {Transfer::logistic, 1}, {Transfer::polynomial, 1}, {Transfer::polynomial, 2}, {Transfer::polynomial, 3}, {Transfer::hill, 1}, {Transfer::hill, 4}, {Transfer::clip, 1}}) {
    f.apply(z.data(), v.data(), z.size());
    f.slope(z.data(), v.data(), slope.data(), z.size());
    for (std::size_t i = 0; i < z.size(); ++i) {
      const double x = z[i];
      const auto value = [&](double at) {
        switch (f.kind) {
          case Transfer::identity: return at;
          case Transfer::tanh: return std::tanh(at);
          case Transfer::logistic: return 1 / (1 + std::exp(-at));
          case Transfer::polynomial: return polynomial(at, f.exponent);
          case Transfer::hill: return hill(at, f.exponent);
          default: return std::clamp(at, -1.0, 1.0);
        }
      };
      INFO(static_cast<int>(f.kind) << " " << f.exponent << " " << x << " " << v[i]);
      if (std::isfinite(value(x))) {
        const double precision = f.kind == Transfer::hill ? 0 : 4 * 2.3e-16 * std::abs(value(x));      // the hill form subtracts from 1
        REQUIRE(std::abs(v[i] - value(x)) <= precision + (f.kind == Transfer::hill ? 8e-16 : 1e-307));
      }
      const bool kink = f.kind != Transfer::tanh && f.kind != Transfer::logistic && (std::abs(x) < 1e-3 || std::abs(std::abs(x) - 1) < 1e-3);
      if (std::abs(x) < 30 && !kink) REQUIRE(slope[i] == Approx((value(x + 1e-5) - value(x - 1e-5)) / 2e-5).margin(2e-9));
    }
  }
  // near 0 the relative precision is kept
  const double tiny[8] = {1e-9, -1e-9, 1e-5, 1e-3, 0, 0, 0, 0};
  double out[8];
  TransferFunction{Transfer::tanh, 1}.apply(tiny, out, 8);
  for (int i = 0; i < 4; ++i) CHECK(out[i] == Approx(std::tanh(tiny[i])).epsilon(5e-16));
  // what is no number stays none, whatever the transfer
  const double broken[8] = {std::nan(""), 0.5, std::nan(""), -2, 0, 1, 2, 3};
  for (const TransferFunction f : {TransferFunction{Transfer::identity, 1}, {Transfer::tanh, 1}, {Transfer::logistic, 1}, {Transfer::polynomial, 2}, {Transfer::hill, 3}, {Transfer::clip, 1}}) {
    f.apply(broken, out, 8);
    for (int i = 0; i < 8; ++i) CHECK(std::isnan(out[i]) == (i == 0 || i == 2));
  }
}
