// Which inputs a design can tell apart: the rank of the inputs over its arms, and who always comes together.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

namespace hyped {

struct InputDesign {
  std::vector<std::string> arms, inputs;
  Eigen::MatrixXd amount;              // of each input in each arm, e.g. its integral over time [arms x inputs]
};

struct InseparableInputs {
  std::vector<std::string> inputs;     // of one group: any split of their effect fits the same
  std::string text;                    // "siRNA delivery and PRRX1 knock-down always come together: ... by prior only"
};

struct DesignReport {
  int rank = 0, inputs = 0;            // of inputs that occur
  std::vector<std::string> absent;     // inputs that no arm has
  std::vector<std::string> separable;  // inputs whose effects the arms tell from all others
  std::vector<InseparableInputs> pairs;        // collinear two by two (or more), each group once
  std::vector<InseparableInputs> combinations; // further null directions: sums of some inputs equal sums of others
  bool by_prior_only(const std::string& input) const;
};

// A baseline common to all arms is always fitted beside the inputs, so an input that is the same in every arm is not separable either.
// relative: singular values below this share of the largest count as zero. InputError for a matrix of the wrong size or negative amounts.
DesignReport check_design(const InputDesign& design, double relative = 1e-8);

}  // namespace hyped
