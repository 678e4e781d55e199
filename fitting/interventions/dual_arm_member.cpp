// From a drawn network to least squares over the constants of its responding genes.
#include "fitting/interventions/dual_arm_member.hpp"

#include <algorithm>
#include <cmath>

#include "libhyped/simulate/ode.hpp"

namespace hyped {
namespace {

constexpr double start_tolerance = 1e-4;      // of the integration: a hundredth of the errors of means

OdeOptions solver() {
  OdeOptions options;
  options.relative_tolerance = start_tolerance;
  options.absolute_tolerance = start_tolerance / 10;
  options.derivatives = Derivatives::frozen;
  options.step_limit = 5000;
  return options;
}

}  // namespace

DualArmResiduals::DualArmResiduals(const HillNetwork& network, std::vector<int> downstream, const SingleArms& arms, const DualArmOptions& options)
    : downstream_(std::move(downstream)), doses_(arms.doses), level_error_(options.level_error), end_h_(arms.end_h), minutes_per_hour_(options.minutes_per_hour) {
  // Genes of the model: those downstream, then the regulators that are not, which stay where the control is.
  std::vector<int> place(network.genes.size(), -1), kept = downstream_;
  for (const int g : downstream_)
    for (const HillModule& module : network.genes[static_cast<std::size_t>(g)].modules)
      for (const auto* side : {&module.activators, &module.deactivators})
        for (const HillRegulator& r : *side)
          if (std::find(kept.begin(), kept.end(), r.gene) == kept.end()) kept.push_back(r.gene);
  for (std::size_t k = 0; k < kept.size(); ++k) place[static_cast<std::size_t>(kept[k])] = static_cast<int>(k);
  HillNetwork part;
  part.name = network.name;
  const double ln2 = std::log(2.0);
  std::vector<double> levels;
  for (std::size_t k = 0; k < kept.size(); ++k) {
    HillGene gene = network.genes[static_cast<std::size_t>(kept[k])];
    const double level = std::max(1e-4, arms.ctrl[kept[k]]);
    levels.push_back(level);
    if (k < downstream_.size()) {
      for (HillModule& module : gene.modules)
        for (auto* side : {&module.activators, &module.deactivators})
          for (HillRegulator& r : *side) r.gene = place[static_cast<std::size_t>(r.gene)];
    } else {
      gene.modules.clear();
      gene.activation = {1};
      gene.max = gene.decay * level;
      gene.translation = gene.protein_decay;
    }
    part.genes.push_back(std::move(gene));
  }
  doses_.silenced = place[static_cast<std::size_t>(arms.doses.silenced)];
  doses_.delivered = place[static_cast<std::size_t>(arms.doses.delivered)];
  model_ = std::make_unique<models::HillModules>(with_time_in_hours(part, minutes_per_hour_), models::inputs_of(doses_));
  base_ = models::parameters_with(*model_, doses_);
  start_ = models::hill_state(*model_, levels, levels);
  const auto rows = static_cast<Eigen::Index>(downstream_.size());
  si_.resize(rows), mm_.resize(rows), si_error_.resize(rows), mm_error_.resize(rows);
  if (arms.both.size() > 0) both_.resize(rows), both_error_.resize(rows);
  for (int k = 0; k < downstream_count(); ++k) {
    const int g = downstream_[static_cast<std::size_t>(k)];
    if (both_.size() > 0) both_[k] = arms.both[g], both_error_[k] = std::hypot(arms.both_error[g], level_error_);
    si_[k] = arms.si[g], mm_[k] = arms.mm[g];
    si_error_[k] = std::hypot(arms.si_error[g], level_error_), mm_error_[k] = std::hypot(arms.mm_error[g], level_error_);
    const HillGene& gene = network.genes[static_cast<std::size_t>(g)];
    const int at = model_->rate_parameter(k);
    free_.push_back({at, at + 1, ln2 / gene.decay, 5, 50, 7.5, true});
    free_.push_back({at + 2, at + 3, ln2 / gene.protein_decay, 5, 50, 7.5, true});
    for (std::size_t s = 0; s < gene.activation.size(); ++s)      // the basal one of genes that are only repressed is 1 by the units
      if (gene.activation.size() > 1 && !(s == 0 && gene.activation[0] == 1)) free_.push_back({model_->activation_parameter(k, static_cast<int>(s)), -1, gene.activation[s], 0, 1, 0.1, false});
    int n = 0;
    for (const HillModule& module : gene.modules)
      for (const auto* side : {&module.activators, &module.deactivators})
        for (const HillRegulator& r : *side) {
          const int threshold = model_->regulator_parameter(k, n++);
          free_.push_back({threshold, -1, r.threshold, 0.01, 1, 0.29, false});
          free_.push_back({threshold + 1, -1, r.exponent, 1, 10, 1.5, false});
        }
  }
}

Eigen::VectorXd DualArmResiduals::start() const {
  Eigen::VectorXd out(parameter_count());
  for (int i = 0; i < parameter_count(); ++i) out[i] = free_[static_cast<std::size_t>(i)].value;
  return out;
}
Eigen::VectorXd DualArmResiduals::lower() const {
  Eigen::VectorXd out(parameter_count());
  for (int i = 0; i < parameter_count(); ++i) out[i] = free_[static_cast<std::size_t>(i)].lower;
  return out;
}
Eigen::VectorXd DualArmResiduals::upper() const {
  Eigen::VectorXd out(parameter_count());
  for (int i = 0; i < parameter_count(); ++i) out[i] = free_[static_cast<std::size_t>(i)].upper;
  return out;
}

std::vector<double> DualArmResiduals::model_parameters(const Eigen::VectorXd& theta) const {
  std::vector<double> p = base_;
  for (int i = 0; i < parameter_count(); ++i) {
    const Free& free = free_[static_cast<std::size_t>(i)];
    const double value = free.half_life ? std::log(2.0) * minutes_per_hour_ / theta[i] : theta[i];
    p[static_cast<std::size_t>(free.parameter)] = value;
    if (free.twin >= 0) p[static_cast<std::size_t>(free.twin)] = value;
  }
  return p;
}

void DualArmResiduals::chain(const Eigen::VectorXd& theta, const Eigen::RowVectorXd& by_model, double scale, Eigen::Ref<Eigen::RowVectorXd> row) const {
  for (int i = 0; i < parameter_count(); ++i) {
    const Free& free = free_[static_cast<std::size_t>(i)];
    double by = by_model[free.parameter] + (free.twin >= 0 ? by_model[free.twin] : 0.0);
    if (free.half_life) by *= -std::log(2.0) * minutes_per_hour_ / (theta[i] * theta[i]);
    row[i] += scale * by;
  }
}

Outcome DualArmResiduals::evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const {
  const int rows = downstream_count();
  residuals.setZero(residual_count());
  if (jacobian) jacobian->setZero(residual_count(), parameter_count());
  const std::vector<double> p = model_parameters(theta);
  Eigen::RowVectorXd row(parameter_count());
  for (int a = 0; a < arm_count(); ++a) {
    const bool silenced = a != 1, delivered = a > 0;
    const Eigen::VectorXd &seen = a == 0 ? si_ : a == 1 ? mm_ : both_, &errors = a == 0 ? si_error_ : a == 1 ? mm_error_ : both_error_;
    Experiment arm = models::arm_of(*model_, doses_, silenced, delivered, start_, {end_h_});
    if (!silenced) arm.start_h = doses_.delivery_h;      // until then it is the control, which is steady
    const Trajectory course = simulate_ode(*model_, p, arm, solver(), jacobian ? Sensitivities::parameters : Sensitivities::none);
    if (!course.outcome.ok()) return course.outcome;
    const Eigen::MatrixXd levels = models::measured_mrna(*model_, course.states);
    for (int k = 0; k < rows; ++k) {
      const int at = a * rows + k;
      const double error = errors[k];
      residuals[at] = (levels(0, k) - seen[k]) / error;
      if (!jacobian) continue;
      row.setZero();
      chain(theta, course.sensitivities[0].row(k), 1 / error, row);
      jacobian->row(at) = row;
    }
  }
  Linearisation linear;
  std::vector<double> rates(static_cast<std::size_t>(model_->state_count()));
  if (jacobian) model_->linearise(0, start_, p, rates, linear);
  else model_->rates(0, start_, p, rates);
  for (int k = 0; k < rows; ++k) {      // production over decay against the level
    const double decay = p[static_cast<std::size_t>(model_->rate_parameter(k) + 1)];
    residuals[arm_count() * rows + k] = rates[static_cast<std::size_t>(k)] / (decay * level_error_);
    if (!jacobian) continue;
    row.setZero();
    chain(theta, linear.parameter.row(k), 1 / (decay * level_error_), row);
    for (int i = 0; i < parameter_count(); ++i)
      if (free_[static_cast<std::size_t>(i)].twin == model_->rate_parameter(k) + 1) row[i] += residuals[arm_count() * rows + k] / theta[i];      // of 1 / decay
    jacobian->row(arm_count() * rows + k) = row;
  }
  for (int i = 0; i < parameter_count(); ++i) {
    const Free& free = free_[static_cast<std::size_t>(i)];
    residuals[(arm_count() + 1) * rows + i] = (theta[i] - free.value) / free.sd;
    if (jacobian) (*jacobian)((arm_count() + 1) * rows + i, i) = 1 / free.sd;
  }
  return {};
}

Outcome DualArmResiduals::predict(const Eigen::VectorXd& theta, bool silenced, bool delivered, Eigen::VectorXd& levels) const {
  const Trajectory course = simulate_ode(*model_, model_parameters(theta), models::arm_of(*model_, doses_, silenced, delivered, start_, {end_h_}), solver());
  if (!course.outcome.ok()) return course.outcome;
  levels = models::measured_mrna(*model_, course.states).row(0).head(downstream_count()).transpose();
  return {};
}

}  // namespace hyped
