// Evaluation of a batched network, and its adjoint with what the evaluation left.
#include <algorithm>

#include "libhyped/errors.hpp"
#include "models/gene_network/batch_network_room.hpp"

namespace hyped::models {

std::unique_ptr<BatchModel::Scratch> BatchNetwork::scratch(int columns) const {
  auto out = std::make_unique<Room>();
  const int genes = state_count(), modules = definition_.modules.count, actions = static_cast<int>(definition_.actions.size());
  for (auto* v : {&out->capacity, &out->bias, &out->decay, &out->sum, &out->row_sums}) v->resize(genes);
  out->capacity = Eigen::Map<const Eigen::VectorXd>(definition_.capacity.data(), genes);
  out->bias = Eigen::Map<const Eigen::VectorXd>(definition_.bias.data(), genes);
  out->decay = Eigen::Map<const Eigen::VectorXd>(definition_.decay.data(), genes);
  out->gain = Eigen::Map<const Eigen::VectorXd>(definition_.modules.gain.data(), modules);
  out->module_bias = Eigen::Map<const Eigen::VectorXd>(definition_.modules.bias.data(), modules);
  out->amount.resize(actions);
  out->effect.resize(actions, columns);
  for (auto* m : {&out->z, &out->value, &out->slope, &out->z_bar}) m->resize(genes, columns);
  if (has(BatchAction::carries)) out->level.resize(genes, columns), out->level_bar.resize(genes, columns);
  if (has(BatchAction::boosts)) out->boost.resize(genes, columns);
  if (has(BatchAction::modulates)) out->production.resize(genes, columns);
  if (has(BatchAction::degrades)) out->loss.resize(genes, columns);
  if (modules > 0) {
    for (auto* m : {&out->read, &out->module_z, &out->module_value, &out->module_slope, &out->module_bar}) m->resize(modules, columns);
    out->module_part.resize(genes, columns);
  }
  return out;
}

void BatchNetwork::hold_parameters(std::span<const double> p, Scratch& scratch) const {
  Room& room = static_cast<Room&>(scratch);
  room.held = false;
  place(p, room);
  room.held = true;
}

void BatchNetwork::place(std::span<const double> p, Room& room) const {
  if (room.held) return;
  HYPED_REQUIRE(static_cast<int>(p.size()) == parameter_count_);
  const BatchNetworkDefinition& d = definition_;
  const int genes = state_count();
  using Strided = Eigen::Map<const Eigen::VectorXd, 0, Eigen::InnerStride<>>;
  if (!d.capacity_fixed) room.capacity = Strided(p.data() + capacity_index(0), genes, Eigen::InnerStride<>(kinds_));
  if (!d.bias_fixed) room.bias = Strided(p.data() + bias_index(0), genes, Eigen::InnerStride<>(kinds_));
  if (!d.decay_fixed) room.decay = Strided(p.data() + decay_index(0), genes, Eigen::InnerStride<>(kinds_));
  const int module_kinds = (d.modules.gain_fixed ? 0 : 1) + (d.modules.bias_fixed ? 0 : 1);
  if (!d.modules.gain_fixed) room.gain = Strided(p.data() + first_module_, d.modules.count, Eigen::InnerStride<>(module_kinds));
  if (!d.modules.bias_fixed) room.module_bias = Strided(p.data() + first_module_ + module_kinds - 1, d.modules.count, Eigen::InnerStride<>(module_kinds));
  for (std::size_t a = 0; a < d.actions.size(); ++a) room.amount[static_cast<Eigen::Index>(a)] = amount(a, p);
  edges_.place(p.data() + first_edge_, room.edges);
  reads_.place(p.data() + first_read_, room.reads);
  regulates_.place(p.data() + first_regulated_, room.regulates);
  if (d.degree == 2) edges_.add_row_sums(room.edges, room.row_sums);
}

void BatchNetwork::evaluate_modules(const ConstBatchMatrix& level, Room& room) const {
  reads_.multiply(level, room.read, room.reads);
  room.module_z = (room.read.array().colwise() * room.gain.array()).colwise() + room.module_bias.array();
  definition_.modules.transfer.apply(room.module_z.data(), room.module_value.data(), static_cast<std::size_t>(room.module_z.size()));
  regulates_.multiply(room.module_value, room.module_part, room.regulates);
  room.z += room.module_part;
}

void BatchNetwork::evaluate(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, Room& room) const {
  HYPED_REQUIRE(x.rows() == room.z.rows() && x.cols() == room.z.cols() && u.rows() == input_count() && (u.rows() == 0 || u.cols() == x.cols()));
  place(p, room);
  const auto& actions = definition_.actions;
  const Eigen::Index columns = x.cols();
  if (has(BatchAction::carries)) room.level = x;
  if (has(BatchAction::boosts)) room.boost.setZero();
  if (has(BatchAction::modulates)) room.production.setOnes();
  if (has(BatchAction::degrades)) room.loss.setOnes();
  for (Eigen::Index b = 0; b < columns; ++b)
    for (std::size_t k = 0; k < actions.size(); ++k) {
      const BatchInput& a = actions[k];
      const auto i = static_cast<Eigen::Index>(k);
      const double e = a.gate >= 0 ? u(a.input, b) * u(a.gate, b) : u(a.input, b);
      room.effect(i, b) = e;
      if (a.action == BatchAction::carries) room.level(a.gene, b) += room.amount[i] * e;
      else if (a.action == BatchAction::boosts) room.boost(a.gene, b) += room.amount[i] * e;
      else if (a.action == BatchAction::modulates) room.production(a.gene, b) *= 1 + room.amount[i] * e;
      else if (a.action == BatchAction::degrades) room.loss(a.gene, b) *= 1 + (room.amount[i] - 1) * e;
    }
  const ConstBatchMatrix level = has(BatchAction::carries) ? ConstBatchMatrix(room.level) : ConstBatchMatrix(x);
  if (edges_.empty()) room.z.setZero();
  else edges_.multiply(level, room.z, room.edges);
  if (definition_.modules.count > 0) evaluate_modules(level, room);
  if (definition_.degree == 2) room.z.array() += level.array().colwise() * room.row_sums.array();
  room.z.colwise() += room.bias;
  if (has(BatchAction::drives))
    for (Eigen::Index b = 0; b < columns; ++b)
      for (std::size_t k = 0; k < actions.size(); ++k)
        if (actions[k].action == BatchAction::drives) room.z(actions[k].gene, b) += room.amount[static_cast<Eigen::Index>(k)] * room.effect(static_cast<Eigen::Index>(k), b);
  definition_.transfer.apply(room.z.data(), room.value.data(), static_cast<std::size_t>(room.z.size()));
}

void BatchNetwork::rates(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, BatchMatrix dx, Scratch& scratch) const {
  Room& room = static_cast<Room&>(scratch);
  evaluate(x, u, p, room);
  const auto& actions = definition_.actions;
  for (Eigen::Index b = 0; b < x.cols(); ++b) {
    auto out = dx.col(b).array();
    out = room.capacity.array() * room.value.col(b).array();
    if (has(BatchAction::boosts)) out += room.capacity.array() * room.boost.col(b).array();
    if (has(BatchAction::modulates)) out *= room.production.col(b).array();
    if (has(BatchAction::degrades)) out -= room.decay.array() * (room.loss.col(b).array() * (x.col(b).array() + resting_.array()) - resting_.array());
    else out -= room.decay.array() * x.col(b).array();
    if (has(BatchAction::produces))
      for (std::size_t k = 0; k < actions.size(); ++k)
        if (actions[k].action == BatchAction::produces) dx(actions[k].gene, b) += room.amount[static_cast<Eigen::Index>(k)] * room.effect(static_cast<Eigen::Index>(k), b);
  }
}

void BatchNetwork::pull_back(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, const ConstBatchMatrix& w, BatchMatrix x_bar, std::span<double> p_bar, Scratch& scratch) const {
  Room& room = static_cast<Room&>(scratch);
  evaluate(x, u, p, room);
  adjoint(x, u, w, x_bar, p_bar, nullptr, room);
}

void BatchNetwork::pull_back_after_rates(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double>, const ConstBatchMatrix& w, BatchMatrix x_bar, std::span<double> p_bar, Scratch& scratch) const {
  adjoint(x, u, w, x_bar, p_bar, nullptr, static_cast<Room&>(scratch));
}

void BatchNetwork::pull_back_inputs(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, const ConstBatchMatrix& w, BatchMatrix x_bar, std::span<double> p_bar, Eigen::MatrixXd& u_bar, Scratch& scratch) const {
  Room& room = static_cast<Room&>(scratch);
  evaluate(x, u, p, room);
  adjoint(x, u, w, x_bar, p_bar, &u_bar, room);
}

// Capacity, bias and decay: sums over the columns, in their order.
void BatchNetwork::adjoint_genes(const ConstBatchMatrix& x, const ConstBatchMatrix& w, std::span<double> p_bar, Room& room) const {
  const BatchNetworkDefinition& d = definition_;
  const auto write = [&](int first) {
    for (Eigen::Index g = 0; g < room.sum.size(); ++g) p_bar[static_cast<std::size_t>(first + g * kinds_)] += room.sum[g];
  };
  if (!d.capacity_fixed) {
    room.sum.setZero();
    for (Eigen::Index b = 0; b < x.cols(); ++b) {
      auto sum = room.sum.array();
      if (has(BatchAction::modulates) && has(BatchAction::boosts)) sum += w.col(b).array() * room.production.col(b).array() * (room.value.col(b).array() + room.boost.col(b).array());
      else if (has(BatchAction::modulates)) sum += w.col(b).array() * room.production.col(b).array() * room.value.col(b).array();
      else if (has(BatchAction::boosts)) sum += w.col(b).array() * (room.value.col(b).array() + room.boost.col(b).array());
      else sum += w.col(b).array() * room.value.col(b).array();
    }
    write(capacity_index(0));
  }
  if (!d.bias_fixed) {
    room.sum = room.z_bar.rowwise().sum();
    write(bias_index(0));
  }
  if (!d.decay_fixed) {
    room.sum.setZero();
    for (Eigen::Index b = 0; b < x.cols(); ++b) {
      if (has(BatchAction::degrades)) room.sum.array() -= w.col(b).array() * (room.loss.col(b).array() * (x.col(b).array() + resting_.array()) - resting_.array());
      else room.sum.array() -= w.col(b).array() * x.col(b).array();
    }
    write(decay_index(0));
  }
}

void BatchNetwork::adjoint_modules(const ConstBatchMatrix& level, BatchMatrix level_bar, std::span<double> p_bar, Room& room) const {
  const HiddenModules& m = definition_.modules;
  const bool wanted = !p_bar.empty();
  room.module_bar.setZero();
  regulates_.pull_back(room.z_bar, room.module_value, room.module_bar, wanted ? p_bar.data() + first_regulated_ : nullptr, room.regulates);
  m.transfer.slope(room.module_z.data(), room.module_value.data(), room.module_slope.data(), static_cast<std::size_t>(room.module_z.size()));
  room.module_bar.array() *= room.module_slope.array();
  if (wanted) {
    const int kinds = (m.gain_fixed ? 0 : 1) + (m.bias_fixed ? 0 : 1);
    for (int i = 0; i < m.count; ++i) {
      if (!m.gain_fixed) p_bar[static_cast<std::size_t>(first_module_ + i * kinds)] += room.module_bar.row(i).dot(room.read.row(i));
      if (!m.bias_fixed) p_bar[static_cast<std::size_t>(first_module_ + i * kinds + kinds - 1)] += room.module_bar.row(i).sum();
    }
  }
  room.module_bar.array().colwise() *= room.gain.array();
  reads_.pull_back(room.module_bar, level, level_bar, wanted ? p_bar.data() + first_read_ : nullptr, room.reads);
}

void BatchNetwork::adjoint_action(std::size_t action, const ConstBatchMatrix& x, const ConstBatchMatrix& u, const ConstBatchMatrix& w, const BatchMatrix& level_bar, std::span<double> p_bar, Eigen::MatrixXd* u_bar, Room& room) const {
  const BatchInput& a = definition_.actions[action];
  const auto k = static_cast<Eigen::Index>(action);
  const int g = a.gene;
  const bool degrades = a.action == BatchAction::degrades;
  double sum = 0;
  for (Eigen::Index b = 0; b < x.cols(); ++b) {
    double bar = 0;      // of amount e, or of the factor
    switch (a.action) {
      case BatchAction::drives: bar = room.z_bar(g, b); break;
      case BatchAction::boosts: bar = w(g, b) * room.capacity[g] * (has(BatchAction::modulates) ? room.production(g, b) : 1.0); break;
      case BatchAction::produces: bar = w(g, b); break;
      case BatchAction::carries: bar = level_bar(g, b); break;
      case BatchAction::degrades:
      case BatchAction::modulates: {
        double others = 1;      // the product without this factor, which may be zero
        for (const std::size_t other : companions_[action]) {
          const auto o = static_cast<Eigen::Index>(other);
          others *= 1 + (room.amount[o] - (degrades ? 1.0 : 0.0)) * room.effect(o, b);
        }
        bar = others * (degrades ? -w(g, b) * room.decay[g] * (x(g, b) + resting_[g]) : w(g, b) * room.capacity[g] * (room.value(g, b) + (has(BatchAction::boosts) ? room.boost(g, b) : 0.0)));
        break;
      }
    }
    sum += bar * room.effect(k, b);
    if (u_bar == nullptr) continue;
    const double effect_bar = bar * (room.amount[k] - (degrades ? 1.0 : 0.0));
    (*u_bar)(a.input, b) += effect_bar * (a.gate >= 0 ? u(a.gate, b) : 1.0);
    if (a.gate >= 0) (*u_bar)(a.gate, b) += effect_bar * u(a.input, b);
  }
  if (!p_bar.empty() && action_index_[action] >= 0) p_bar[static_cast<std::size_t>(action_index_[action])] += sum;
}

void BatchNetwork::adjoint(const ConstBatchMatrix& x, const ConstBatchMatrix& u, const ConstBatchMatrix& w, BatchMatrix x_bar, std::span<double> p_bar, Eigen::MatrixXd* u_bar, Room& room) const {
  const bool wanted = !p_bar.empty(), carries = has(BatchAction::carries);
  definition_.transfer.slope(room.z.data(), room.value.data(), room.slope.data(), static_cast<std::size_t>(room.z.size()));
  for (Eigen::Index b = 0; b < x.cols(); ++b) {
    room.z_bar.col(b).array() = room.capacity.array() * room.slope.col(b).array() * w.col(b).array();
    if (has(BatchAction::modulates)) room.z_bar.col(b).array() *= room.production.col(b).array();
    if (has(BatchAction::degrades)) x_bar.col(b).array() -= room.decay.array() * room.loss.col(b).array() * w.col(b).array();
    else x_bar.col(b).array() -= room.decay.array() * w.col(b).array();
  }
  if (wanted) adjoint_genes(x, w, p_bar, room);
  if (carries) room.level_bar.setZero();
  const ConstBatchMatrix level = carries ? ConstBatchMatrix(room.level) : ConstBatchMatrix(x);
  BatchMatrix level_bar = carries ? BatchMatrix(room.level_bar) : x_bar;
  if (!edges_.empty()) edges_.pull_back(room.z_bar, level, level_bar, wanted ? p_bar.data() + first_edge_ : nullptr, room.edges);
  if (definition_.degree == 2) {
    level_bar.array() += room.z_bar.array().colwise() * room.row_sums.array();
    if (wanted) {
      room.sum = (room.z_bar.array() * level.array()).rowwise().sum();
      edges_.pull_back_row_sums(room.sum, p_bar.data() + first_edge_);
    }
  }
  if (definition_.modules.count > 0) adjoint_modules(level, level_bar, p_bar, room);
  if (wanted || u_bar != nullptr)
    for (std::size_t k = 0; k < definition_.actions.size(); ++k)
      if (u_bar != nullptr || action_index_[k] >= 0) adjoint_action(k, x, u, w, level_bar, p_bar, u_bar, room);
  if (carries) x_bar += level_bar;
}

}  // namespace hyped::models
