// Growth and division of one cell under the Tyson-Novak oscillator: division is a threshold of the state, found here.
#pragma once
#include <cmath>
#include <span>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped::models {

struct CellDivision {
  double time_h;
  double mass;      // before division, units of the paper
};

struct DivisionRecord {
  std::vector<CellDivision> divisions;
  std::vector<double> times_h;                    // every sample_step_h
  std::vector<std::vector<double>> states;        // [T] of [S], state order of "cell_cycle/tyson_novak"
  Outcome outcome;
};

struct DivisionOptions {
  double end_h = 24;
  double sample_step_h = 0.02;
  double threshold = 0.1;
};

// Follows one cell (of each division one daughter) from `state` (empty: the default) until end_h: the cell divides, mass into
// halves, when active CycB falls through 0.1. Source: Tyson & Novak 2001, J Theor Biol 210:249, section on budding yeast.
// Throws InputError for wrong sizes.
DivisionRecord follow_divisions(std::span<const double> parameters, std::vector<double> state, const DivisionOptions& options);

// CycB/Cdk not bound to CKI (equilibrium constant `association`), from the totals.
template <class T>
T free_cyclin(const T& cyclin, const T& inhibitor, const T& association) {
  using std::sqrt;
  const T sum = cyclin + inhibitor + T(1) / association;
  return cyclin - T(2) * cyclin * inhibitor / (sum + sqrt(sum * sum - T(4) * cyclin * inhibitor));
}

}  // namespace hyped::models
