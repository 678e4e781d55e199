// Calls go to the model with its fixed values.
#include "libhyped/model/dosed_model.hpp"

#include "libhyped/errors.hpp"

namespace hyped {

DosedModel::DosedModel(const Model& model, std::vector<double> values, std::vector<int> kept, int doses) : model_(model), kept_(std::move(kept)), values_(std::move(values)) {
  HYPED_REQUIRE(static_cast<int>(values_.size()) == model_.parameter_count() && doses >= 0);
  for (const int k : kept_) {
    parameters_.push_back(model_.parameters()[static_cast<std::size_t>(k)]);
    parameters_.back().value = values_[static_cast<std::size_t>(k)];
  }
  for (int k = 0; k < doses; ++k) names_.push_back(dose_name(k));
  for (const std::string& name : names_) parameters_.push_back({name, "dose", 0, 0, 1e300, "amount of one dose"});
  linear_.state.setZero(model_.state_count(), model_.state_count());
  linear_.parameter.setZero(model_.state_count(), model_.parameter_count());
}

std::span<const double> DosedModel::full(std::span<const double> p) const {
  for (std::size_t k = 0; k < kept_.size(); ++k) values_[static_cast<std::size_t>(kept_[k])] = p[k];
  return values_;
}

void DosedModel::rates(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx) const { model_.rates(t, x, full(p), dx); }

void DosedModel::linearise(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx, Linearisation& out) const {
  model_.linearise(t, x, full(p), dx, linear_);
  out.state = linear_.state;
  out.parameter.setZero(state_count(), parameter_count());
  for (std::size_t k = 0; k < kept_.size(); ++k) out.parameter.col(static_cast<Eigen::Index>(k)) = linear_.parameter.col(kept_[k]);
}

void DosedModel::time_derivative(double t, std::span<const double> x, std::span<const double> p, std::span<double> dfdt) const { model_.time_derivative(t, x, full(p), dfdt); }

}  // namespace hyped
