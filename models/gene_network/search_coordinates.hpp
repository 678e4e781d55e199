// Coordinates in which a saturating network is searched: resting level, openness at rest, decay, weights, input strengths.
#pragma once
#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <string>
#include <vector>

#include "models/gene_network/saturating_network.hpp"

namespace hyped::models {

// level: log of the steady state without inputs; openness: logit of the share of the capacity in use there; decay: log of 1/h;
// edge: weight; strength: amount of an input (of `degrades`: its log).
enum class CoordinateKind { level, openness, decay, edge, strength };
struct NetworkCoordinate {
  CoordinateKind kind;
  int which = 0;                 // gene, edge or action
  std::string name;
};

// capacity = decay level / openness, bias = logit(openness) - sum_j w_ij level_j: whatever the weights, the network rests at its levels,
// and weights of edges are not tied to biases. Logistic saturation only (InputError otherwise).
class SearchCoordinates {
 public:
  // held: genes whose own level, openness and decay, and incoming edges, stay those of the definition (their start is `rest`).
  SearchCoordinates(const SaturatingNetwork& network, Eigen::VectorXd rest, const std::vector<int>& held = {});
  const std::vector<NetworkCoordinate>& coordinates() const { return coordinates_; }
  int count() const { return static_cast<int>(coordinates_.size()); }
  // Of the network's own parameters at its resting levels `rest`.
  Eigen::VectorXd of_definition() const;
  std::vector<int> model_parameters() const;      // that depend on the coordinates

  struct Point {
    std::vector<double> parameters;
    Eigen::VectorXd start;
    Eigen::SparseMatrix<double> parameters_by, start_by;
  };
  Point at(const Eigen::VectorXd& theta) const;

 private:
  const SaturatingNetwork& network_;
  Eigen::VectorXd rest_;
  std::vector<bool> held_;
  std::vector<NetworkCoordinate> coordinates_;
  std::vector<int> level_, openness_, decay_, edge_, strength_;      // index of the coordinate, -1: held
};

}  // namespace hyped::models
