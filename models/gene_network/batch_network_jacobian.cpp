// Derivatives of one column of a batched network as matrices, and what is measured of it.
#include "models/gene_network/batch_network_room.hpp"

namespace hyped::models {
namespace {

using Column = Eigen::Map<const Eigen::VectorXd>;

}  // namespace

void BatchNetwork::jacobian(std::span<const double> x, std::span<const double> u, std::span<const double> p, Eigen::MatrixXd& out) const {
  const int genes = state_count();
  const auto kept = scratch(1);
  Room& room = static_cast<Room&>(*kept);
  const Column at(x.data(), genes), given(u.data(), input_count());
  evaluate(at, given, p, room);
  out.setZero(genes, genes);
  if (!edges_.empty()) edges_.add_dense(room.edges, out);
  if (definition_.modules.count > 0) {
    const int modules = definition_.modules.count;
    Eigen::MatrixXd reads = Eigen::MatrixXd::Zero(modules, genes), regulates = Eigen::MatrixXd::Zero(genes, modules);
    reads_.add_dense(room.reads, reads);
    regulates_.add_dense(room.regulates, regulates);
    Eigen::VectorXd slope(modules);
    definition_.modules.transfer.slope(room.module_z.data(), room.module_value.data(), slope.data(), static_cast<std::size_t>(modules));
    reads.array().colwise() *= slope.array() * room.gain.array();
    out.noalias() += regulates * reads;
  }
  if (definition_.degree == 2) out.diagonal() += room.row_sums;
  definition_.transfer.slope(room.z.data(), room.value.data(), room.slope.data(), static_cast<std::size_t>(genes));
  room.sum = room.capacity.array() * room.slope.col(0).array();
  if (has(BatchAction::modulates)) room.sum.array() *= room.production.col(0).array();
  out.array().colwise() *= room.sum.array();
  if (has(BatchAction::degrades)) out.diagonal().array() -= room.decay.array() * room.loss.col(0).array();
  else out.diagonal() -= room.decay;
}

// Row by row: the adjoint of each unit vector.
void BatchNetwork::parameter_jacobian(std::span<const double> x, std::span<const double> u, std::span<const double> p, Eigen::MatrixXd& out) const {
  const int genes = state_count();
  const auto kept = scratch(1);
  Room& room = static_cast<Room&>(*kept);
  const Column at(x.data(), genes), given(u.data(), input_count());
  Eigen::VectorXd unit = Eigen::VectorXd::Zero(genes), x_bar(genes), row(parameter_count_);
  out.resize(genes, parameter_count_);
  for (int g = 0; g < genes; ++g) {
    unit[g] = 1;
    x_bar.setZero();
    row.setZero();
    evaluate(at, given, p, room);
    adjoint(at, given, unit, x_bar, {row.data(), static_cast<std::size_t>(row.size())}, nullptr, room);
    out.row(g) = row.transpose();
    unit[g] = 0;
  }
}

void BatchNetwork::input_jacobian(std::span<const double> x, std::span<const double> u, std::span<const double> p, Eigen::MatrixXd& out) const {
  const int genes = state_count();
  out.setZero(genes, input_count());
  if (definition_.actions.empty()) return;
  const auto kept = scratch(1);
  Room& room = static_cast<Room&>(*kept);
  const Column at(x.data(), genes), given(u.data(), input_count());
  Eigen::VectorXd unit = Eigen::VectorXd::Zero(genes), x_bar(genes);
  Eigen::MatrixXd row(input_count(), 1);
  for (int g = 0; g < genes; ++g) {
    unit[g] = 1;
    x_bar.setZero();
    row.setZero();
    evaluate(at, given, p, room);
    adjoint(at, given, unit, x_bar, {}, &row, room);
    out.row(g) = row.transpose();
    unit[g] = 0;
  }
}

void BatchNetwork::measured(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, BatchMatrix out) const {
  out = x;
  for (std::size_t k = 0; k < definition_.actions.size(); ++k) {
    const BatchInput& a = definition_.actions[k];
    if (a.counted) out.row(a.gene) += amount(k, p) * u.row(a.input);
  }
}

void BatchNetwork::pull_back_measured(const ConstBatchMatrix&, const ConstBatchMatrix& u, std::span<const double>, const ConstBatchMatrix& w, BatchMatrix x_bar, std::span<double> p_bar) const {
  x_bar += w;
  if (p_bar.empty()) return;
  for (std::size_t k = 0; k < definition_.actions.size(); ++k) {
    const BatchInput& a = definition_.actions[k];
    if (a.counted && action_index_[k] >= 0) p_bar[static_cast<std::size_t>(action_index_[k])] += w.row(a.gene).dot(u.row(a.input));
  }
}

}  // namespace hyped::models
