// Weighted sums of states that no reaction changes: moieties of enzymes, receptors, DNA.
#pragma once
#include <Eigen/Core>
#include <span>
#include <string>
#include <vector>

#include "libhyped/model/model.hpp"

namespace hyped {

struct ConservedTotal {
  Eigen::VectorXd weights;      // [S] of the states, the smallest that is not zero is 1
  double total = 0;             // their sum at the given state, natural units
  std::string text;             // "E + ES = 10"
};

// A basis of what is conserved, from the left null space of the stoichiometry or, for a model without one, from what no Jacobian near
// `state` changes at these parameters; non-negative sums over few states where such a basis exists. Values are those at `state` [S].
// Source: Reder 1988, J Theor Biol 135:175; extreme rays as in Schuster & Hofer 1991, J Chem Soc Faraday Trans 87:2561.
std::vector<ConservedTotal> conserved_totals(const Model& model, std::span<const double> parameters, std::span<const double> state);

}  // namespace hyped
