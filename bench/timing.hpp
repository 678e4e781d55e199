// How the benchmarks take time: processor seconds, the least of several runs, so that other work on the machine does not count.
#pragma once
#include <algorithm>
#include <chrono>
#include <ctime>

namespace hyped::bench {

template <class Body>
double processor_seconds_of(const Body& body) {
  const std::clock_t began = std::clock();
  body();
  return static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
}

template <class Body>
double seconds_of(const Body& body) {
  const auto began = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

// Processor seconds of one call: the least of `batches` batches, each long enough to be measured.
template <class Body>
double cost_of(const Body& body, int batches = 7, double batch_seconds = 0.02) {
  const double first = processor_seconds_of(body);
  const int calls = std::clamp(static_cast<int>(batch_seconds / std::max(first, 1e-7)), 1, 100000);
  double least = calls == 1 ? first : 1e300;
  for (int batch = 0; batch < batches; ++batch)
    least = std::min(least, processor_seconds_of([&] {
              for (int call = 0; call < calls; ++call) body();
            }) / calls);
  return least;
}

}  // namespace hyped::bench
