// Living cells of an arm at harvest, each with the phases of its line since the start: what is sequenced.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "experiments/twin/cells/cells_settings.hpp"

namespace hyped {

struct Scenario;      // experiments/scenario.hpp

enum class TruePhase { g1, s, g2m };      // g1: G0 and G1
const char* to_string(TruePhase phase);

struct PooledCell {
  struct Stay {
    double from_h;
    TruePhase phase;
  };
  std::vector<Stay> stays;             // its own and its ancestors', by time; the first begins at the start
  TruePhase phase = TruePhase::g1;   // at harvest
  int founder = 0;                     // whose line it is
  std::vector<double> doses;           // of each input of its arm, relative to the mean of reached cells; 0: not reached
  TruePhase at(double time_h) const;
};

struct CellPool {
  std::string arm;
  std::vector<std::string> inputs;     // of the arm, in the order of doses
  std::vector<PooledCell> cells;
  std::map<std::string, double> factors;      // of rates in this culture
  int founders = 0;
};

// One culture of the arm by the scenario's cell-cycle model and [twin] truth, large enough for `wanted` cells in each phase and
// `unsorted` more; doses are the strata's, spread log-normally where a stratum stands for all reached cells. InputError if the arm has
// no such cells at harvest.
CellPool make_pool(const Scenario& scenario, const std::string& arm, std::array<int, 3> wanted, int unsorted, std::uint64_t seed);

}  // namespace hyped
