// Nuisance programmes (interferon, sterol, depletion) taken out of states and inputs before factors are ranked.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "fitting/networks/cells/nuisance_programmes.hpp"

namespace hyped::control {

struct NuisanceProjection {
  Eigen::VectorXd kept;             // 1, or 0 of genes left out [G]
  Eigen::MatrixXd directions;       // orthonormal, zero at genes left out [G x D]
  std::vector<std::string> notes;
  Eigen::MatrixXd apply(const Eigen::MatrixXd& x) const;      // of states [G x n]
};
NuisanceProjection no_projection(Eigen::Index genes);

// Genes of the programmes are left out; with `loadings` the directions in which all other genes move with them are taken out as well: the
// regression of every gene on the programmes' scores (mean of their standardised genes), by the scatter of replicates within times alone,
// so that what the series does over time is not mistaken for them. That scatter is thin (T (R - 1) degrees of freedom): notes give the
// reliability (Cronbach's alpha) of each score. InputError for a programme with fewer than three genes that scatter, or one replicate.
// replicates [R] of [G x T].
NuisanceProjection remove_programmes(const std::vector<Eigen::MatrixXd>& replicates, const std::vector<NuisanceProgramme>& programmes, bool loadings);

}  // namespace hyped::control
