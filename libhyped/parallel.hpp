// The only place that knows OpenMP: a loop over independent jobs whose exceptions are carried out of the region.
#pragma once
#include <omp.h>

#include <algorithm>
#include <exception>

namespace hyped {

// Number of threads used by parallel_for; 0 asks for all. Results never depend on it.
inline int& thread_setting() {
  static int threads = 0;
  return threads;
}
inline void set_threads(int threads) { thread_setting() = threads; }
inline int threads() { return thread_setting() > 0 ? thread_setting() : omp_get_num_procs(); }

// Calls body(i) for i in [0, n), dynamically scheduled; rethrows the exception of the lowest failing index.
// Inside another parallel_for it runs serially.
template <class Body>
void parallel_for(int n, Body&& body) {
  std::exception_ptr first;
  int first_index = n;
#pragma omp parallel for schedule(dynamic, 1) num_threads(std::max(1, std::min(threads(), n))) if (!omp_in_parallel() && n > 1)
  for (int i = 0; i < n; ++i) {
    try {
      body(i);
    } catch (...) {
#pragma omp critical(hyped_parallel_for)
      if (i < first_index) {
        first_index = i;
        first = std::current_exception();
      }
    }
  }
  if (first) std::rethrow_exception(first);
}

}  // namespace hyped
