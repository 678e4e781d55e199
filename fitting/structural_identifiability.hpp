// Which parameters and starting values the outputs could ever determine: rank of the sensitivities without noise, at generic points.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/model/model.hpp"
#include "libhyped/simulate/experiment.hpp"

namespace hyped {

struct StructuralQuestion {
  std::vector<std::string> outputs;               // infix over states, parameters and t, seen without error at the sample times
  std::vector<std::string> unknown_parameters;    // empty: all but those that an input of the experiment sets
  std::vector<std::string> unknown_starts;        // states whose start is unknown; the others start where the experiment says
  Experiment experiment;                          // sample times, schedule, inputs
  std::vector<double> parameters = {};            // about which points are drawn; empty: the defaults
};

struct StructuralOptions {
  int points = 5;
  double spread = 0.7;                            // unknowns are drawn within a factor exp(+- spread) of default or start (0: of 1)
  double relative_tolerance = 1e-13;              // of the sensitivities; a second run at thirty times that tells noise from values
  double smallest_gap = 1e3;                      // between the last singular value that counts and the first that does not
  double largest_weight = 1e-3;                   // of an identifiable name in a null vector of unit length (columns scaled)
  std::uint64_t seed = 1;
};

struct GenericPoint {
  Eigen::VectorXd values;                         // of the unknowns, natural units [U]
  Eigen::VectorXd singular;                       // of [outputs x times, U], every column scaled to length one; decreasing
  Eigen::MatrixXd null;                           // orthonormal, columns scaled as above [U x deficiency]
  Eigen::MatrixXd relative;                       // the same in changes of ln value, reduced so that few names share one [U x deficiency]
  int deficiency = 0;
  double gap = 0;                                 // last that counts over the first that does not; at full rank last over its noise
  Outcome outcome;                                // not_converged: no clear gap
};

struct StructuralIdentifiability {
  std::vector<std::string> names;                 // [U] parameters, then states
  std::vector<bool> identifiable;                 // [U] locally
  std::vector<double> weight;                     // [U] largest part of the unit vector of a name in the null space, over the points
  std::vector<std::string> not_identifiable;      // names
  std::vector<std::string> null;                  // [deficiency] "ln b - ln x1": changing these together changes no output
  int deficiency = 0;                             // unknowns minus rank; the smallest over the points
  double gap = 0;                                 // smallest over the points
  int agreeing = 0;                               // points with that deficiency
  std::vector<GenericPoint> points;
  Outcome outcome;                                // not ok: no two points with a clear gap agree, or none could be simulated
};

// Throws InputError for names the model has not and outputs that do not parse. Deterministic; parallel over the points.
// Sources: Hermann & Krener 1977, IEEE TAC 22:728 (local observability); Stigter & Molenaar 2015, Automatica 58:118 (singular values
// of the sensitivities at a random point); Jacquez & Greif 1985, Math Biosci 77:201.
StructuralIdentifiability structural_identifiability(const Model& model, const StructuralQuestion& question, const StructuralOptions& options = {});

}  // namespace hyped
