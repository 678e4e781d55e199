// Experiments on a network of reactions that could be done next: what samples at some times under some inputs would add.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/model/model.hpp"
#include "libhyped/simulate/experiment.hpp"

namespace hyped::control {

// Species read with error sd^2 = absolute^2 + (relative value)^2, replicates averaged; every sample its own dish.
struct NetworkReading {
  std::vector<int> species;
  double absolute = 0, relative = 0.1;
  int replicates = 1;
};
// Parameters that are not known: indices, estimated on a log10 scale (natural values positive), prior sd in decades (0: none).
struct NetworkUnknowns {
  std::vector<int> parameters;
  std::vector<double> prior_sd;
};

struct NetworkMeans {
  Eigen::VectorXd mean, sd;             // [samples x species]
  Eigen::MatrixXd jacobian;             // d mean / d log10 parameter [samples species x P]
  Outcome outcome;
};

// Deterministic course with forward sensitivities; theta: log10 of the unknown parameters [P].
NetworkMeans network_means(const Model& model, std::vector<double> parameters, const NetworkUnknowns& unknowns, const Eigen::VectorXd& theta, const Experiment& experiment,
                           const NetworkReading& reading, bool derivatives);
// J' diag(1 / sd^2) J [P x P]: of the means; what the spread itself would say of the parameters is left out.
Eigen::MatrixXd network_information(const NetworkMeans& means);
// Information of the priors [P x P].
Eigen::MatrixXd prior_information(const NetworkUnknowns& unknowns);

}  // namespace hyped::control
