// Inside BatchNetwork: what an evaluation leaves for its adjoint.
#pragma once
#include "models/gene_network/batch_network.hpp"

namespace hyped::models {

struct BatchNetwork::Room final : BatchModel::Scratch {
  bool held = false;                                                   // parameters are placed for good
  Eigen::VectorXd capacity, bias, decay, amount, gain, module_bias;    // [G], [A], [M]
  Eigen::VectorXd row_sums, sum;                                       // [G]
  EdgeMatrix::Room edges, reads, regulates;
  Eigen::MatrixXd effect;                                              // e [A x B]
  Eigen::MatrixXd level;                                               // y [G x B], where something is carried
  Eigen::MatrixXd z, value, slope, z_bar;                              // [G x B]
  Eigen::MatrixXd boost, production, loss;                             // [G x B], where there is any; the last two are products
  Eigen::MatrixXd read, module_z, module_value, module_slope, module_bar;            // [M x B]
  Eigen::MatrixXd module_part, level_bar;                              // [G x B]
};

}  // namespace hyped::models
