// The distinct moments at which a set of durations asks a family for its tails: frames repeat, so most stays share them.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "fitting/alike_durations.hpp"
#include "libhyped/tracks/durations/duration_family.hpp"

namespace hyped {

struct DurationTimes {
  struct Moment {
    int row;                                   // of rows
    double t;                                  // [h], may be 0 or infinite
    bool density;                              // the density is wanted too
  };
  struct Node {                                // P(lower < T <= upper), or the density at lower where the stay is exact, with its weight
    int lower, upper;                          // into moments
    double log_weight;
  };
  struct Window {                              // which durations would have been seen
    int row;
    std::vector<Node> nodes;
  };
  std::vector<Eigen::VectorXd> rows;           // distinct covariates
  std::vector<Moment> moments;
  std::vector<Window> windows;
  std::vector<int> row_of, window_of;          // by group; window -1: every duration would have been
  std::vector<std::vector<Node>> seen;         // by group; empty: met half way
};

// Moments are equal to a nano-hour. The family decides how finely an entry spread is averaged over.
DurationTimes duration_times(const DurationData& data, const AlikeDurations& alike, FamilyKind kind);

}  // namespace hyped
