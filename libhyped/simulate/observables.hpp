// Quantities computed from the counts of every path or state: their means and variances are not functions of mean counts.
#pragma once
#include <functional>
#include <span>

namespace hyped {

// `value` writes `count` numbers for counts x [S] at a sample (its number); called from several threads. Where one is not finite its
// mean and variance are not either.
struct Observables {
  int count = 0;
  std::function<void(int sample, std::span<const double> x, std::span<double> out)> value;
};

}  // namespace hyped
