// Cells with known phase durations, growing as they do in a dish, cut out by a film.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "experiments/twin/twin.hpp"
#include "libhyped/random.hpp"

namespace hyped::testing {

struct PhaseLaw {
  std::string name;
  double mean_h = 10, cv = 0.3;          // log-normal
};

inline double log_normal(RandomStream& random, double mean, double cv) {
  const double s2 = std::log(1 + cv * cv);
  return mean * std::exp(std::sqrt(s2) * random.normal() - 0.5 * s2);
}

// Founders live from `before_h` ahead of the film, so that those it finds are of all ages; phases are given from the film's start on.
inline std::vector<TwinPhase> simulated_histories(const std::vector<PhaseLaw>& cycle, int founders, double film_h, std::uint64_t seed, double before_h = 60, double death_rate = 0) {
  RandomStream random(seed, 0x74657374, 0);
  std::vector<TwinPhase> out;
  int next_id = 0;
  struct Cell {
    int id, parent;
    double birth;
  };
  std::vector<Cell> todo;
  for (int f = 0; f < founders; ++f) todo.push_back({next_id++, -1, -before_h - 20 * random.uniform()});
  std::vector<std::vector<TwinPhase>> filmed;
  while (!todo.empty()) {
    const Cell cell = todo.back();
    todo.pop_back();
    double at = cell.birth;
    const double death = death_rate > 0 ? cell.birth + random.exponential() / death_rate : 1e300;
    std::vector<TwinPhase> mine;
    bool divided = false;
    for (std::size_t k = 0; k < cycle.size(); ++k) {
      const double until = at + log_normal(random, cycle[k].mean_h, cycle[k].cv), end = std::min(until, death);
      const bool last = k + 1 == cycle.size();
      if (end > 0 && at < film_h)
        mine.push_back({"all", "1", cell.id, cell.birth > 0 ? cell.parent : -1, cycle[k].name, std::max(0.0, at), std::min(end, film_h), end > film_h ? "filmed to the end" : death <= until ? "died" : last ? "divided" : "next", true});
      at = end;
      if (at > film_h || death <= until) break;
      divided = last;
    }
    if (divided && at < film_h)
      for (int d = 0; d < 2; ++d) todo.push_back({next_id++, cell.id, at});
    if (!mine.empty()) filmed.push_back(std::move(mine));
  }
  // A mother comes before her daughters, as the film maker wants it.
  std::vector<std::vector<TwinPhase>> by_id(static_cast<std::size_t>(next_id));
  for (auto& one : filmed) by_id[static_cast<std::size_t>(one[0].cell)] = std::move(one);
  for (const auto& one : by_id) out.insert(out.end(), one.begin(), one.end());
  return out;
}

}  // namespace hyped::testing
