// Losses on predictions, pulled back through steady states and courses to the free parameters.
#include "fitting/networks/network_objective.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hyped {
namespace {

std::span<const double> span_of(const Eigen::VectorXd& v) { return {v.data(), static_cast<std::size_t>(v.size())}; }

// The inputs at a sample: the right limit does not matter to what was measured just before a dose.
Eigen::MatrixXd inputs_at(const BatchModel& model, const NetworkMeasurements& block, double time_h) {
  if (!block.experiment.inputs) return block.experiment.constant_inputs;
  Eigen::MatrixXd out(model.input_count(), block.columns());
  block.experiment.inputs(time_h, false, out);
  return out;
}

void check(const BatchModel& model, const NetworkMeasurements& block) {
  const auto samples = block.steady ? 1 : block.experiment.sample_times_h.size();
  const auto measured = static_cast<Eigen::Index>(model.measured_specs().size());
  HYPED_REQUIRE(block.mean.size() == samples && block.weight.size() == samples);
  for (std::size_t s = 0; s < samples; ++s) {
    HYPED_REQUIRE(block.mean[s].rows() == measured && block.mean[s].cols() == block.columns());
    HYPED_REQUIRE(block.weight[s].rows() == measured && block.weight[s].cols() == block.columns());
  }
  HYPED_REQUIRE(block.experiment.initial.rows() == model.state_count() && block.experiment.initial.cols() == block.columns());
}

std::vector<Eigen::Index> columns_named(const NetworkMeasurements& block, const std::string& name) {
  std::vector<Eigen::Index> out;
  for (int c = 0; c < block.columns(); ++c)
    if (block.conditions[static_cast<std::size_t>(c)] == name) out.push_back(c);
  return out;
}

}  // namespace

NetworkTransform NetworkTransform::of(const BatchModel& model) {
  NetworkTransform out;
  const auto specs = model.parameters();
  out.values.resize(static_cast<Eigen::Index>(specs.size()));
  for (std::size_t i = 0; i < specs.size(); ++i) {
    out.values[static_cast<Eigen::Index>(i)] = specs[i].value;
    out.free.push_back(static_cast<int>(i));
    out.logarithmic.push_back(specs[i].lower > 0);
  }
  return out;
}

void NetworkTransform::fix(int parameter, double value) {
  values[parameter] = value;
  const auto at = std::lower_bound(free.begin(), free.end(), parameter);
  if (at == free.end() || *at != parameter) return;
  logarithmic.erase(logarithmic.begin() + (at - free.begin()));
  free.erase(at);
}

Eigen::VectorXd NetworkTransform::start() const {
  Eigen::VectorXd out(size());
  for (int f = 0; f < size(); ++f) out[f] = logarithmic[static_cast<std::size_t>(f)] ? std::log(values[free[static_cast<std::size_t>(f)]]) : values[free[static_cast<std::size_t>(f)]];
  return out;
}

Eigen::VectorXd NetworkTransform::natural(const Eigen::VectorXd& theta) const {
  Eigen::VectorXd out = values;
  for (int f = 0; f < size(); ++f) out[free[static_cast<std::size_t>(f)]] = logarithmic[static_cast<std::size_t>(f)] ? std::exp(theta[f]) : theta[f];
  return out;
}

Eigen::VectorXd NetworkTransform::pull_back(const Eigen::VectorXd& natural, const Eigen::VectorXd& gradient) const {
  Eigen::VectorXd out(size());
  for (int f = 0; f < size(); ++f) {
    const int i = free[static_cast<std::size_t>(f)];
    out[f] = logarithmic[static_cast<std::size_t>(f)] ? gradient[i] * natural[i] : gradient[i];
  }
  return out;
}

std::vector<std::string> conditions_of(const NetworkMeasurements& block) {
  std::vector<std::string> out;
  for (const auto& name : block.conditions)
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  return out;
}

Eigen::MatrixXd by_condition(const NetworkMeasurements& block, const Eigen::MatrixXd& columns) {
  const auto names = conditions_of(block);
  if (names.size() == block.conditions.size()) return columns;
  Eigen::MatrixXd out(columns.rows(), static_cast<Eigen::Index>(names.size()));
  for (std::size_t n = 0; n < names.size(); ++n) {
    const auto mine = columns_named(block, names[n]);
    out.col(static_cast<Eigen::Index>(n)) = columns(Eigen::all, mine).rowwise().mean();
  }
  return out;
}

NetworkMeasurements only_conditions(const NetworkMeasurements& all, const std::vector<int>& columns) {
  NetworkMeasurements out;
  out.steady = all.steady;
  const auto cut = [&](const Eigen::MatrixXd& from) -> Eigen::MatrixXd { return from.cols() == 0 ? from : from(Eigen::all, columns).eval(); };
  for (const int c : columns) out.conditions.push_back(all.conditions[static_cast<std::size_t>(c)]);
  out.experiment = all.experiment;
  out.experiment.initial = cut(all.experiment.initial);
  out.experiment.constant_inputs = cut(all.experiment.constant_inputs);
  if (all.experiment.inputs)
    out.experiment.inputs = [whole = all.experiment.inputs, columns, width = all.columns()](double time_h, bool after, BatchMatrix inputs) {
      Eigen::MatrixXd every(inputs.rows(), width);
      whole(time_h, after, every);
      for (std::size_t c = 0; c < columns.size(); ++c) inputs.col(static_cast<Eigen::Index>(c)) = every.col(columns[c]);
    };
  for (const auto& m : all.mean) out.mean.push_back(cut(m));
  for (const auto& w : all.weight) out.weight.push_back(cut(w));
  for (const auto& one : all.cells)
    if (std::find(out.conditions.begin(), out.conditions.end(), one.condition) != out.conditions.end()) out.cells.push_back(one);
  return out;
}

NetworkObjective::NetworkObjective(const BatchModel& model, NetworkTransform transform, std::vector<NetworkMeasurements> blocks, NetworkLoss loss, NetworkSolving solving)
    : model_(model), transform_(std::move(transform)), blocks_(std::move(blocks)), loss_(std::move(loss)), solving_(solving) {
  HYPED_REQUIRE(loss_.pull.size() == 0 || (loss_.pull.size() == size() && loss_.pull_to.size() == size()));
  for (const NetworkMeasurements& block : blocks_) {
    check(model_, block);
    for (const auto& w : block.weight) measured_ += (w.array() > 0).count();
    cell_losses_ += static_cast<double>(block.cells.size());
    steady_.push_back(block.steady ? std::make_unique<SteadyIteration>(model_, block.experiment.constant_inputs, block.experiment.initial, solving_.steady) : nullptr);
  }
  if (measured_ == 0 && cell_losses_ == 0 && !loss_.sample_loss) throw InputError("the measurements of the network", "hold no value with a weight", "give conditions with means and standard errors");
}
NetworkObjective::~NetworkObjective() = default;

double NetworkObjective::misfit(int block, int sample, const Eigen::MatrixXd& state, const Eigen::MatrixXd& inputs, std::span<const double> p, BatchMatrix state_bar, std::span<double> p_bar) const {
  const NetworkMeasurements& data = blocks_[static_cast<std::size_t>(block)];
  const auto& mean = data.mean[static_cast<std::size_t>(sample)];
  const auto& weight = data.weight[static_cast<std::size_t>(sample)];
  Eigen::MatrixXd bar(mean.rows(), mean.cols());
  model_.measured(state, inputs, p, bar);
  const bool last = sample + 1 == static_cast<int>(data.mean.size());
  const Eigen::MatrixXd seen = last && !data.cells.empty() ? bar : Eigen::MatrixXd();
  const double n = static_cast<double>(std::max(1L, measured_));
  double sum = 0;
  for (Eigen::Index c = 0; c < mean.cols(); ++c)
    for (Eigen::Index g = 0; g < mean.rows(); ++g) {
      const double w = weight(g, c);
      double& out = bar(g, c);
      if (!(w > 0)) {
        out = 0;
        continue;
      }
      const double root = std::sqrt(w), z = root * (out - mean(g, c));
      const bool far = loss_.huber > 0 && std::abs(z) > loss_.huber;
      sum += far ? loss_.huber * (std::abs(z) - 0.5 * loss_.huber) : 0.5 * z * z;
      out = root * (far ? std::copysign(loss_.huber, z) : z) / n;
    }
  double value = sum / n;
  for (std::size_t k = 0; last && k < data.cells.size(); ++k) {
    const auto mine = columns_named(data, data.cells[k].condition);
    const Eigen::MatrixXd here = seen(Eigen::all, mine);
    Eigen::MatrixXd here_bar = Eigen::MatrixXd::Zero(here.rows(), here.cols());
    value += data.cells[k].value(here, here_bar) / cell_losses_;
    for (std::size_t c = 0; c < mine.size(); ++c) bar.col(mine[c]) += here_bar.col(static_cast<Eigen::Index>(c)) / cell_losses_;
  }
  model_.pull_back_measured(state, inputs, p, bar, state_bar, p_bar);
  if (loss_.sample_loss) value += loss_.sample_loss(block, sample, state, state_bar, p_bar);
  return value;
}

Outcome NetworkObjective::evaluate(const Eigen::VectorXd& theta, double& value, Eigen::VectorXd* gradient) const {
  const Eigen::VectorXd p = transform_.natural(theta);
  if (!p.allFinite()) return {Status::not_finite, "a parameter is not finite"};
  Eigen::VectorXd p_bar = Eigen::VectorXd::Zero(p.size());
  const std::span<double> p_bar_span{p_bar.data(), static_cast<std::size_t>(p_bar.size())};
  value = 0;
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    const NetworkMeasurements& block = blocks_[b];
    if (block.steady) {
      SteadyIteration& steady = *steady_[b];
      if (Outcome outcome = steady.solve(span_of(p)); !outcome.ok()) return outcome;
      Eigen::MatrixXd bar = Eigen::MatrixXd::Zero(model_.state_count(), block.columns());
      value += misfit(static_cast<int>(b), 0, steady.state(), block.experiment.constant_inputs, span_of(p), bar, p_bar_span);
      if (gradient != nullptr)
        if (Outcome outcome = steady.pull_back(span_of(p), bar, p_bar_span); !outcome.ok()) return outcome;
      continue;
    }
    const auto at_sample = [&](int sample, const Eigen::MatrixXd& state, BatchMatrix bar, std::span<double> direct) {
      return misfit(static_cast<int>(b), sample, state, inputs_at(model_, block, block.experiment.sample_times_h[static_cast<std::size_t>(sample)]), span_of(p), bar, direct);
    };
    if (gradient != nullptr) {
      const BatchGradient one = batch_gradient(model_, block.experiment, span_of(p), at_sample, solving_.time);
      if (!one.outcome.ok()) return one.outcome;
      value += one.loss;
      p_bar += one.parameters;
    } else {
      const BatchTrajectory course = simulate_batch(model_, block.experiment, span_of(p), solving_.time);
      if (!course.outcome.ok()) return course.outcome;
      Eigen::MatrixXd bar = Eigen::MatrixXd::Zero(model_.state_count(), block.columns());
      for (std::size_t s = 0; s < course.states.size(); ++s) value += at_sample(static_cast<int>(s), course.states[s], bar, p_bar_span);
    }
  }
  if (gradient != nullptr) *gradient = transform_.pull_back(p, p_bar);
  if (loss_.pull.size() > 0) {
    const Eigen::VectorXd off = theta - loss_.pull_to;
    value += 0.5 * loss_.pull.dot(off.cwiseAbs2());
    if (gradient != nullptr) *gradient += loss_.pull.cwiseProduct(off);
  }
  return std::isfinite(value) ? Outcome{} : Outcome{Status::not_finite, "the misfit is not finite"};
}

NetworkPrediction predict_network(const BatchModel& model, const Eigen::VectorXd& p, const NetworkMeasurements& block, const NetworkSolving& solving) {
  NetworkPrediction out;
  const auto add = [&](const Eigen::MatrixXd& state, const Eigen::MatrixXd& inputs) {
    out.states.push_back(state);
    out.measured.emplace_back(static_cast<Eigen::Index>(model.measured_specs().size()), state.cols());
    model.measured(state, inputs, span_of(p), out.measured.back());
  };
  if (block.steady) {
    SteadyIterationOptions patient = solving.steady;
    patient.limit *= 20;
    SteadyIteration steady(model, block.experiment.constant_inputs, block.experiment.initial, patient);
    out.outcome = steady.solve(span_of(p));
    if (out.outcome.ok()) out.outcome = steady.stable(span_of(p));
    if (out.outcome.ok()) add(steady.state(), block.experiment.constant_inputs);
    return out;
  }
  const BatchTrajectory course = simulate_batch(model, block.experiment, span_of(p), solving.time);
  out.outcome = course.outcome;
  for (std::size_t s = 0; s < course.states.size(); ++s) add(course.states[s], inputs_at(model, block, block.experiment.sample_times_h[s]));
  return out;
}

}  // namespace hyped
