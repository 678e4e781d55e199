// Coordinates from the stoichiometry's range, propensities at the stated size.
#include "experiments/control/transitions/density_network.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <Eigen/SVD>
#include <cmath>

namespace hyped::control {

DensityNetwork::DensityNetwork(const Model& model, std::vector<double> parameters, double size, Eigen::VectorXd origin)
    : model_(model), parameters_(std::move(parameters)), size_(size), origin_(std::move(origin)),
      counts_(static_cast<std::size_t>(model.state_count())), rate_(static_cast<std::size_t>(model.reaction_count())) {
  const std::string where = "large-size limit of '" + std::string(model.name()) + "'";
  if (model.stoichiometry().empty()) throw InputError(where, "the model is no network of reactions that change whole counts");
  if (const auto use = model.clock_use(); !use || *use != ClockUse::none) throw InputError(where, "its rates vary in time, or are not known to be constant");
  if (origin_.size() != model.state_count() || parameters_.size() != static_cast<std::size_t>(model.parameter_count())) throw InputError(where, "start and parameters are not of the model's size");
  if (!(size > 0)) throw InputError(where, "the size is not positive");
  const int states = model.state_count(), reactions = model.reaction_count();
  Eigen::MatrixXd change(states, reactions);
  for (int r = 0; r < reactions; ++r)
    for (int s = 0; s < states; ++s) change(s, r) = model.stoichiometry()[static_cast<std::size_t>(r * states + s)];
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(change, Eigen::ComputeThinU);
  const auto rank = (svd.singularValues().array() > 1e-10 * svd.singularValues()[0]).count();
  // where everything can move the coordinates are the densities themselves
  basis_ = rank == states ? Eigen::MatrixXd::Identity(states, states) : Eigen::MatrixXd(svd.matrixU().leftCols(rank));
  jumps_ = basis_.transpose() * change;
}

bool DensityNetwork::rates(const Eigen::VectorXd& y, Eigen::VectorXd& out) const {
  const Eigen::VectorXd x = density(y);
  for (Eigen::Index s = 0; s < x.size(); ++s) {
    if (!(x[s] >= -1e-12)) return false;
    counts_[static_cast<std::size_t>(s)] = std::max(0.0, x[s]) * size_;
  }
  model_.propensities(0, counts_, parameters_, rate_);
  out.resize(reaction_count());
  for (Eigen::Index r = 0; r < out.size(); ++r) {
    out[r] = rate_[static_cast<std::size_t>(r)] / size_;
    if (!std::isfinite(out[r]) || out[r] < -1e-12) return false;
    out[r] = std::max(0.0, out[r]);
  }
  return true;
}

bool DensityNetwork::slopes(const Eigen::VectorXd& y, Eigen::MatrixXd& out) const {
  out.resize(reaction_count(), dimension());
  Eigen::VectorXd above, below, far_above, far_below, moved = y;
  const double scale = std::max(1e-6, density(y).cwiseAbs().maxCoeff());
  for (int k = 0; k < dimension(); ++k) {
    double step = 1e-3 * scale;
    bool good = false;
    for (int attempt = 0; attempt < 30 && !good; ++attempt, step /= 4) {
      const auto at = [&](double by, Eigen::VectorXd& rate) {
        moved[k] = y[k] + by;
        return rates(moved, rate);
      };
      good = at(2 * step, far_above) && at(-2 * step, far_below) && at(step, above) && at(-step, below);
      if (good) out.col(k) = (8 * (above - below) - (far_above - far_below)) / (12 * step);
    }
    moved[k] = y[k];
    if (!good) return false;
  }
  return true;
}

bool DensityNetwork::drift(const Eigen::VectorXd& y, Eigen::VectorXd& out) const {
  Eigen::VectorXd rate;
  if (!rates(y, rate)) return false;
  out = jumps_ * rate;
  return true;
}

bool DensityNetwork::rest_near(Eigen::VectorXd& y, int iteration_limit) const {
  Eigen::VectorXd force, trial_force, rate;
  Eigen::MatrixXd slope;
  if (!drift(y, force)) return false;
  for (int i = 0; i < iteration_limit; ++i) {
    if (!slopes(y, slope) || !rates(y, rate)) return false;
    const double speed = (jumps_.cwiseAbs() * rate).maxCoeff();
    if (force.cwiseAbs().maxCoeff() <= 1e-12 * speed) return true;
    const Eigen::VectorXd step = (jumps_ * slope).partialPivLu().solve(force);
    bool moved = false;
    for (double length = 1; length > 1e-6 && !moved; length /= 2) {
      const Eigen::VectorXd trial = y - length * step;
      if (!drift(trial, trial_force) || trial_force.norm() > (1 - 0.1 * length) * force.norm()) continue;
      y = trial;
      force = trial_force;
      moved = true;
    }
    if (!moved) return force.cwiseAbs().maxCoeff() <= 1e-9 * speed;
  }
  return false;
}

int DensityNetwork::unstable_directions(const Eigen::VectorXd& y) const {
  Eigen::MatrixXd slope;
  if (!slopes(y, slope)) return -1;
  const Eigen::VectorXcd values = (jumps_ * slope).eigenvalues();
  return static_cast<int>((values.real().array() > 1e-9 * values.cwiseAbs().maxCoeff()).count());
}

}  // namespace hyped::control
