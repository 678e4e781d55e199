// Columns of a batch, one by one through the model's own functions.
#include "libhyped/model/model_batch.hpp"

#include <algorithm>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

struct ColumnRoom final : BatchModel::Scratch {
  std::vector<double> p, dx;
  Linearisation linear;
};

}  // namespace

ModelBatch::ModelBatch(const Model& model, std::vector<std::string> inputs) : model_(model), inputs_(std::move(inputs)) {
  for (const auto& name : inputs_) {
    places_.push_back(model.parameter_index(name));
    if (places_.back() >= 0) continue;
    std::vector<std::string> known;
    for (const auto& spec : model.parameters()) known.emplace_back(spec.name);
    throw InputError(std::string(model.name()), "has no parameter '" + name + "' to be an input", "nearest: " + nearest_names(name, known));
  }
}

std::unique_ptr<BatchModel::Scratch> ModelBatch::scratch(int) const {
  auto room = std::make_unique<ColumnRoom>();
  room->dx.resize(static_cast<std::size_t>(model_.state_count()));
  return room;
}

namespace {

std::span<const double> with_inputs(std::span<const double> p, const double* u, const std::vector<int>& places, std::vector<double>& room) {
  if (places.empty()) return p;
  room.assign(p.begin(), p.end());
  for (std::size_t k = 0; k < places.size(); ++k) room[static_cast<std::size_t>(places[k])] = u[k];
  return room;
}

}  // namespace

void ModelBatch::rates(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, BatchMatrix dx, Scratch& scratch) const {
  auto& room = static_cast<ColumnRoom&>(scratch);
  const auto states = static_cast<std::size_t>(x.rows());
  for (Eigen::Index b = 0; b < x.cols(); ++b)
    model_.rates(0, {x.col(b).data(), states}, with_inputs(p, places_.empty() ? nullptr : u.col(b).data(), places_, room.p), {dx.col(b).data(), states});
}

void ModelBatch::pull_back(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, const ConstBatchMatrix& w, BatchMatrix x_bar, std::span<double> p_bar,
                           Scratch& scratch) const {
  auto& room = static_cast<ColumnRoom&>(scratch);
  const auto states = static_cast<std::size_t>(x.rows());
  for (Eigen::Index b = 0; b < x.cols(); ++b) {
    model_.linearise(0, {x.col(b).data(), states}, with_inputs(p, places_.empty() ? nullptr : u.col(b).data(), places_, room.p), room.dx, room.linear);
    x_bar.col(b).noalias() += room.linear.state.transpose() * w.col(b);
    if (p_bar.empty()) continue;
    for (const int place : places_) room.linear.parameter.col(place).setZero();      // the input stands there, not the parameter
    Eigen::Map<Eigen::VectorXd>(p_bar.data(), static_cast<Eigen::Index>(p_bar.size())).noalias() += room.linear.parameter.transpose() * w.col(b);
  }
}

void ModelBatch::jacobian(std::span<const double> x, std::span<const double> u, std::span<const double> p, Eigen::MatrixXd& out) const {
  ColumnRoom room;
  room.dx.resize(x.size());
  model_.linearise(0, x, with_inputs(p, u.data(), places_, room.p), room.dx, room.linear);
  out = room.linear.state;
}

void ModelBatch::parameter_jacobian(std::span<const double> x, std::span<const double> u, std::span<const double> p, Eigen::MatrixXd& out) const {
  ColumnRoom room;
  room.dx.resize(x.size());
  model_.linearise(0, x, with_inputs(p, u.data(), places_, room.p), room.dx, room.linear);
  out = room.linear.parameter;
  for (const int place : places_) out.col(place).setZero();
}

void ModelBatch::input_jacobian(std::span<const double> x, std::span<const double> u, std::span<const double> p, Eigen::MatrixXd& out) const {
  ColumnRoom room;
  room.dx.resize(x.size());
  model_.linearise(0, x, with_inputs(p, u.data(), places_, room.p), room.dx, room.linear);
  out.resize(static_cast<Eigen::Index>(x.size()), static_cast<Eigen::Index>(places_.size()));
  for (std::size_t k = 0; k < places_.size(); ++k) out.col(static_cast<Eigen::Index>(k)) = room.linear.parameter.col(places_[k]);
}

}  // namespace hyped
