// How well several chains agree and how many independent draws they are worth, for one quantity.
#pragma once
#include <Eigen/Core>

namespace hyped {

// All take draws [K x C], a column per chain, K >= 4, finite. Every chain is split into halves first.
// Source: Vehtari, Gelman, Simpson, Carpenter & Buerkner 2021, Bayesian Analysis 16:667.
struct Rhat {
  double bulk = 1, folded = 1;      // of the normal scores of ranks; of those of |x - median|: location, scale and tails
  double worst() const { return bulk > folded ? bulk : folded; }
};
Rhat rank_rhat(const Eigen::MatrixXd& draws);
double ess_bulk(const Eigen::MatrixXd& draws);      // of the normal scores of ranks
double ess_tail(const Eigen::MatrixXd& draws);      // the smaller of those of the 5 % and the 95 % quantile
double ess_mean(const Eigen::MatrixXd& draws);
double ess_quantile(const Eigen::MatrixXd& draws, double probability);
double mcse_mean(const Eigen::MatrixXd& draws);     // means nothing where the variance does not exist
double mcse_quantile(const Eigen::MatrixXd& draws, double probability);
// Linear between order statistics (Hyndman & Fan's type 7); of all chains together.
double draw_quantile(const Eigen::MatrixXd& draws, double probability);

// Energies of one chain [K]: mean squared change over variance. Below 0.3 momenta change too little energy to reach the tails.
// Source: Betancourt 2016, arXiv 1604.00695.
double e_bfmi(const Eigen::VectorXd& energy);

}  // namespace hyped
