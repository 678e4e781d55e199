// Inside tau-leaping: how far the next leap may go from a state, and which reactions are too near a limit to leap.
#pragma once
#include <span>
#include <vector>

#include "libhyped/simulate/jump_network.hpp"

namespace hyped {

struct LeapChoice {
  bool exact = false;      // a leap would be so short that single reactions are cheaper
  double leap_h = 0;       // without critical reactions this far, at most
};

// Cao, Gillespie & Petzold 2006, J Chem Phys 124:044109: a leap changes no propensity by more than a share epsilon in mean or
// standard deviation; reactions that may run out within ten firings are critical and fire singly.
class LeapSelection {
 public:
  LeapSelection(const JumpNetwork& network, double epsilon);
  // For counts [S] with propensities [R]; sets critical().
  LeapChoice choose(std::span<const double> x, std::span<const double> propensities);
  const std::vector<char>& critical() const { return critical_; }      // [R]
  // Counts after a leap with these numbers of firings [R]. Firings a count does not suffice for are left out, in the order of the
  // reactions: never negative, and what reactions conserve is conserved. (A leap drawn anew could not be coupled to an exact path.)
  void apply(std::span<const double> firings, std::span<double> x) const;

 private:
  double largest_change(std::size_t state, double x) const;
  const JumpNetwork& network_;
  double epsilon_;
  struct Role {
    int order = 0, own = 0;      // highest order of a reaction that reads the state, and the greatest power of it in there
  };
  std::vector<Role> roles_;      // [S]
  std::vector<char> critical_;
  std::vector<double> drift_, spread_;      // [S]
};

}  // namespace hyped
