// The random streams: published Philox vectors, independence of streams, moments of the distributions.
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "libhyped/random.hpp"

using namespace hyped;

TEST_CASE("Philox4x32-10 gives the known-answer vectors of Random123") {
  r123::Philox4x32 philox;
  const auto zero = philox({{0, 0, 0, 0}}, {{0, 0}});
  CHECK(zero[0] == 0x6627e8d5);
  CHECK(zero[1] == 0xe169c58d);
  CHECK(zero[2] == 0xbc57ac4c);
  CHECK(zero[3] == 0x9b00dbd8);
  const auto pi = philox({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, {{0xa4093822, 0x299f31d0}});
  CHECK(pi[0] == 0xd16cfe09);
  CHECK(pi[1] == 0x94fdcceb);
  CHECK(pi[2] == 0x5001e420);
  CHECK(pi[3] == 0x24126ea1);
  RandomStream stream(0, 0, 0);      // the zero vector, word by word
  for (int i = 0; i < 4; ++i) CHECK(stream() == zero[static_cast<std::size_t>(i)]);
}

TEST_CASE("streams of different seed, job or trajectory differ, equal ones repeat") {
  std::set<std::uint64_t> firsts;
  for (std::uint64_t seed : {1ull, 2ull, 1ull << 32})
    for (std::uint32_t job = 0; job < 5; ++job)
      for (std::uint32_t trajectory = 0; trajectory < 5; ++trajectory) {
        RandomStream stream(seed, job, trajectory), again(seed, job, trajectory);
        const std::uint64_t high = stream(), low = stream();
        CHECK(((std::uint64_t{again()} << 32) | again()) == ((high << 32) | low));
        firsts.insert((high << 32) | low);
      }
  CHECK(firsts.size() == 75);
}

TEST_CASE("distributions have the moments they should, within four standard errors") {
  const int n = 40000;
  const auto check = [&](auto draw, double mean, double variance) {
    RandomStream stream(5, 1, 2);
    double sum = 0, squares = 0;
    for (int i = 0; i < n; ++i) {
      const double x = static_cast<double>(draw(stream)) - mean;
      sum += x, squares += x * x;
    }
    CHECK(std::abs(sum / n) < 4 * std::sqrt(variance / n));
    CHECK(squares / n == Approx(variance).epsilon(0.08));
  };
  check([](RandomStream& s) { return s.uniform(); }, 0.5, 1.0 / 12);
  check([](RandomStream& s) { return s.exponential(); }, 1, 1);
  check([](RandomStream& s) { return s.normal(); }, 0, 1);
  check([](RandomStream& s) { return s.gamma(2.5); }, 2.5, 2.5);
  check([](RandomStream& s) { return s.poisson(3.7); }, 3.7, 3.7);
  check([](RandomStream& s) { return s.poisson(250); }, 250, 250);
  check([](RandomStream& s) { return s.binomial(40, 0.3); }, 12, 8.4);
  check([](RandomStream& s) { return s.binomial(4, 0.9); }, 3.6, 0.36);
  RandomStream s(1, 1, 1);
  CHECK(s.binomial(10, 0) == 0);
  CHECK(s.binomial(10, 1) == 10);
  CHECK(s.binomial(0, 0.5) == 0);
  CHECK(s.poisson(0) == 0);
}
