// The method's coefficients, and loops over the entries of a batch.
#include "libhyped/simulate/batch/stepper.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hyped {
namespace {

// Source: Dormand & Prince 1980, J Comput Appl Math 6:19, table 2. The last row is the step itself.
constexpr double node[7] = {0, 1.0 / 5, 3.0 / 10, 4.0 / 5, 8.0 / 9, 1, 1};
constexpr double weight[7][6] = {{},
                                 {1.0 / 5},
                                 {3.0 / 40, 9.0 / 40},
                                 {44.0 / 45, -56.0 / 15, 32.0 / 9},
                                 {19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729},
                                 {9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656},
                                 {35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84}};
constexpr double error_weight[7] = {71.0 / 57600, 0, -71.0 / 16695, 71.0 / 1920, -17253.0 / 339200, 22.0 / 525, -1.0 / 40};

// out = base + sum_j c_j terms_j, in one pass.
template <int N>
void combine_in_one_pass(const double* base, const std::array<const double*, N>& terms, const std::array<double, N>& c, double* out, Eigen::Index size) {
#pragma GCC ivdep
  for (Eigen::Index i = 0; i < size; ++i) {
    double sum = c[0] * terms[0][i];
    for (int j = 1; j < N; ++j) sum += c[static_cast<std::size_t>(j)] * terms[static_cast<std::size_t>(j)][i];
    out[i] = base[i] + sum;
  }
}

template <int N>
void point(const Eigen::MatrixXd& x, const std::array<Eigen::MatrixXd, 7>& k, double h, Eigen::MatrixXd& out) {
  std::array<const double*, N> terms;
  std::array<double, N> c;
  for (int j = 0; j < N; ++j) {
    terms[static_cast<std::size_t>(j)] = k[static_cast<std::size_t>(j)].data();
    c[static_cast<std::size_t>(j)] = h * weight[N][j];
  }
  combine_in_one_pass<N>(x.data(), terms, c, out.data(), x.size());
}

void point_of_stage(int stage, const Eigen::MatrixXd& x, const std::array<Eigen::MatrixXd, 7>& k, double h, Eigen::MatrixXd& out) {
  switch (stage) {
    case 1: return point<1>(x, k, h, out);
    case 2: return point<2>(x, k, h, out);
    case 3: return point<3>(x, k, h, out);
    case 4: return point<4>(x, k, h, out);
    case 5: return point<5>(x, k, h, out);
    default: return point<6>(x, k, h, out);
  }
}

// The slope of a stage is weighted by the stages after it and by the step.
template <int Stage>
void slope_of_stage_bar(const Eigen::MatrixXd& lambda, const std::array<Eigen::MatrixXd, 6>& bar, double h, Eigen::MatrixXd& out) {
  constexpr int later = 5 - Stage;
  const double b = h * weight[6][Stage];
  if constexpr (later == 0) {
    out = b * lambda;
  } else {
    std::array<const double*, later> terms;
    std::array<double, later> c;
    for (int i = 0; i < later; ++i) {
      terms[static_cast<std::size_t>(i)] = bar[static_cast<std::size_t>(Stage + 1 + i)].data();
      c[static_cast<std::size_t>(i)] = h * weight[Stage + 1 + i][Stage];
    }
    out = b * lambda;
    combine_in_one_pass<later>(out.data(), terms, c, out.data(), out.size());
  }
}

}  // namespace

BatchStepper::BatchStepper(const BatchModel& model, const BatchExperiment& experiment, std::span<const double> parameters, const BatchOptions& options)
    : model_(model), experiment_(experiment), p_(parameters), options_(options), scratch_(model.scratch(static_cast<int>(experiment.initial.cols()))) {
  const Eigen::Index states = experiment.initial.rows(), columns = experiment.initial.cols();
  model.hold_parameters(parameters, *scratch_);
  for (auto& k : k_) k.resize(states, columns);
  next_.resize(states, columns);
  inputs_.resize(model.input_count(), columns);
}

const Eigen::MatrixXd& BatchStepper::inputs_at(double time_h, bool after, Eigen::MatrixXd& room) const {
  if (!experiment_.inputs) return experiment_.constant_inputs;
  experiment_.inputs(time_h, after, room);
  return room;
}

void BatchStepper::slope(double time_h, bool after, const Eigen::MatrixXd& x, Eigen::MatrixXd& k, BatchModel::Scratch& scratch) {
  ++evaluations_;
  model_.rates(x, inputs_at(time_h, after, inputs_), p_, k, scratch);
}

bool BatchStepper::begin(double time_h, bool after, const Eigen::MatrixXd& x) {
  slope(time_h, after, x, k_[0], *scratch_);
  return k_[0].allFinite();
}

double BatchStepper::norm(const Eigen::MatrixXd& v, const Eigen::MatrixXd& x) const {
  double worst = 0;
  for (Eigen::Index b = 0; b < x.cols(); ++b)
    worst = std::max(worst, (v.col(b).array() / (options_.absolute_tolerance + options_.relative_tolerance * x.col(b).array().abs())).square().mean());
  return std::sqrt(worst);
}

// Source: Hairer, Norsett & Wanner, Solving ODEs I, II.4.
double BatchStepper::first_step(double time_h, double until_h, const Eigen::MatrixXd& x) {
  if (options_.first_step_h > 0) return options_.first_step_h;
  const double size = norm(x, x), steep = norm(k_[0], x);
  double h = size < 1e-5 || steep < 1e-5 ? 1e-6 : 0.01 * size / steep;
  h = std::min(h, until_h - time_h);
  next_ = x + h * k_[0];
  slope(time_h + h, false, next_, k_[1], *scratch_);
  next_ = k_[1] - k_[0];
  const double curvature = norm(next_, x) / h, steepest = std::max(steep, curvature);
  if (!std::isfinite(curvature)) return h * 1e-3;
  return std::min(100 * h, steepest <= 1e-15 ? std::max(1e-6, h * 1e-3) : std::pow(0.01 / steepest, 0.2));
}

void BatchStepper::stages(const BatchStep& step, const Eigen::MatrixXd& x) {
  for (int s = 1; s < 7; ++s) {
    point_of_stage(s, x, k_, step.length_h, next_);
    slope(node[s] == 1 ? step.until_h : step.from_h + node[s] * step.length_h, false, next_, k_[static_cast<std::size_t>(s)], *scratch_);
  }
}

double BatchStepper::attempt(const BatchStep& step, const Eigen::MatrixXd& x) {
  stages(step, x);
  const double h = step.length_h;
  double worst = 0;
  for (Eigen::Index b = 0; b < x.cols(); ++b) {
    const auto k = [&](std::size_t s) { return k_[s].col(b).array(); };
    const double mean = (h * (error_weight[0] * k(0) + error_weight[2] * k(2) + error_weight[3] * k(3) + error_weight[4] * k(4) + error_weight[5] * k(5) + error_weight[6] * k(6)) /
                         (options_.absolute_tolerance + options_.relative_tolerance * x.col(b).array().abs().max(next_.col(b).array().abs())))
                            .square()
                            .mean();
    if (!std::isfinite(mean)) return std::numeric_limits<double>::infinity();
    worst = std::max(worst, mean);
  }
  return std::sqrt(worst);
}

void BatchStepper::accept(Eigen::MatrixXd& x) {
  x.swap(next_);
  k_[0].swap(k_[6]);
}

void BatchStepper::repeat(const BatchStep& step, Eigen::MatrixXd& x, bool slope_known) {
  if (!slope_known) slope(step.from_h, step.fresh, x, k_[0], *scratch_);
  stages(step, x);
  accept(x);
}

void BatchStepper::reverse(const BatchStep& step, const Eigen::MatrixXd& x, Eigen::MatrixXd& lambda, std::span<double> p_bar) {
  if (!stage_scratch_[0]) {
    for (std::size_t s = 0; s < 6; ++s) {
      stage_scratch_[s] = model_.scratch(static_cast<int>(x.cols()));
      model_.hold_parameters(p_, *stage_scratch_[s]);
      points_[s].resize(x.rows(), x.cols());
      points_bar_[s].resize(x.rows(), x.cols());
      stage_inputs_[s].resize(model_.input_count(), x.cols());
    }
    slope_bar_.resize(x.rows(), x.cols());
  }
  const double h = step.length_h;
  std::array<const Eigen::MatrixXd*, 6> inputs{};
  for (int s = 0; s < 6; ++s) {
    const auto i = static_cast<std::size_t>(s);
    if (s == 0) points_[0] = x;
    else point_of_stage(s, x, k_, h, points_[i]);
    inputs[i] = &inputs_at(node[s] == 1 ? step.until_h : step.from_h + node[s] * h, s == 0 && step.fresh, stage_inputs_[i]);
    ++evaluations_;
    model_.rates(points_[i], *inputs[i], p_, k_[i], *stage_scratch_[i]);
  }
  for (int s = 5; s >= 0; --s) {
    const auto i = static_cast<std::size_t>(s);
    switch (s) {
      case 5: slope_of_stage_bar<5>(lambda, points_bar_, h, slope_bar_); break;
      case 4: slope_of_stage_bar<4>(lambda, points_bar_, h, slope_bar_); break;
      case 3: slope_of_stage_bar<3>(lambda, points_bar_, h, slope_bar_); break;
      case 2: slope_of_stage_bar<2>(lambda, points_bar_, h, slope_bar_); break;
      case 1: slope_of_stage_bar<1>(lambda, points_bar_, h, slope_bar_); break;
      default: slope_of_stage_bar<0>(lambda, points_bar_, h, slope_bar_);
    }
    points_bar_[i].setZero();
    model_.pull_back_after_rates(points_[i], *inputs[i], p_, slope_bar_, points_bar_[i], p_bar, *stage_scratch_[i]);
  }
  const std::array<const double*, 6> terms{points_bar_[0].data(), points_bar_[1].data(), points_bar_[2].data(), points_bar_[3].data(), points_bar_[4].data(), points_bar_[5].data()};
  combine_in_one_pass<6>(lambda.data(), terms, {1, 1, 1, 1, 1, 1}, lambda.data(), lambda.size());
}

}  // namespace hyped
