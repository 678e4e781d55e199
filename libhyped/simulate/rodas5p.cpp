// Stages on Eigen: one factorisation a step, shared by the state and all sensitivity columns.
#include "libhyped/simulate/rodas5p.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "libhyped/simulate/dormand_prince.hpp"

namespace hyped {
namespace {

using Eigen::Index;

constexpr double gamma_ = 0.21193756319429014;
constexpr std::array<double, 8> c{0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1, 1, 1};
constexpr std::array<double, 8> d{gamma_, -0.42387512638858027, -0.3384627126235924, 1.8046452872882734, 2.325825639765069, 0, 0, 0};
constexpr double a[8][7] = {
    {},
    {3.0},
    {2.849394379747939, 0.45842242204463923},
    {-6.954028509809101, 2.489845061869568, -10.358996098473584},
    {2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641},
    {-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946},
    {-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946, 1},
    {-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946, 1, 1}};
constexpr double C[8][7] = {
    {},
    {-14.155112264123755},
    {-17.97296035885952, -2.859693295451294},
    {147.12150275711716, -1.41221402718213, 71.68940251302358},
    {165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306},
    {24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471},
    {30.91273214028599, -3.1208243349937974, 77.79954646070892, 34.28646028294783, -19.097331116725623, -28.087943162872662},
    {37.80277123390563, -3.2571969029072276, 112.26918849496327, 66.9347231244047, -40.06618937091002, -54.66780262877968,
     -9.48861652309627}};

// Steps this much shorter than the stability limit of the explicit method say that stiffness no longer limits them.
constexpr double explicit_reach = 1.5;

}  // namespace

Rodas5P::Rodas5P(VariationalSystem& system, const StiffOptions& options)
    : options_(options), states_(system.state_count()), columns_(system.column_count()), scales_(system.column_scales(options.derivatives)), lu_(states_) {
  const Index n = states_ * (1 + columns_), parameters = system.model().parameter_count();
  k_.setZero(n, 8);
  for (Eigen::VectorXd* v : {&stage_, &f_, &drift_, &rhs_, &probe_, &unused_}) v->setZero(v == &probe_ || v == &unused_ ? states_ : n);
  state_drift_.setZero(states_);
  extra_.setZero(states_ * columns_);
  matrix_.setZero(states_, states_);
  for (Linearisation* l : {&here_, &there_, &plus_, &minus_}) l->state.setZero(states_, states_), l->parameter.setZero(states_, parameters);
}

Outcome Rodas5P::advance(VariationalSystem& system, double& t, double until, Eigen::VectorXd& y) {
  bool fresh = true;      // f, J and df/dt at (t, y) are to be computed
  while (t < until) {
    if (steps_++ >= options_.step_limit) return {Status::step_limit, "the stiff method needs too many steps", t};
    if (fresh) {
      system.linearise(t, y.data(), f_.data(), here_);
      system.time_derivative(t, y.data(), here_, state_drift_);
      if (columns_ > 0) system.column_rates(here_, y.data() + states_, f_.data() + states_);
      if (!f_.allFinite() || !here_.state.allFinite() || !state_drift_.allFinite())
        return {Status::not_finite, "the rates or their derivatives are not finite", t};
      if (step_ == 0) step_ = first_step(y, until - t);
    }
    step_ = std::min(step_, options_.maximum_step_h);
    const bool last = t + step_ * 1.0001 >= until;
    const double h = last ? until - t : step_;
    double error = state_step(system, t, h, last ? until : t + h, y);
    if (error <= 1 && columns_ > 0) error = std::max(error, column_step(system, t, h, last ? until : t + h, y));
    fresh = error <= 1;
    if (fresh) {
      ++system.work.steps;
      t = last ? until : t + h;
      y.swap(stage_);
      double grown = h / std::clamp(std::pow(std::max(error, 1e-12), 0.2) / std::pow(previous_error_, 0.04) / 0.9, 0.17, 5.0);
      if (just_rejected_) grown = std::min(grown, h);
      step_ = last && !just_rejected_ ? std::max(step_, grown) : grown;
      just_rejected_ = false;
      previous_error_ = std::max(error, 1e-4);
      if (leave_when_calm_) {
        calm_steps_ = std::max(h, step_) * here_.state.cwiseAbs().rowwise().sum().maxCoeff() < explicit_reach ? calm_steps_ + 1 : 0;
        if (wants_explicit() && t < until) return {};
      }
    } else {
      ++system.work.rejected;
      just_rejected_ = true;
      step_ = std::isfinite(error) ? h / std::min(5.0, std::pow(error, 0.2) / 0.9) : h * 0.1;
      if (step_ < options_.minimum_step_h || t + step_ == t)
        return std::isfinite(error) ? Outcome{Status::step_too_small, "the step fell below its minimum", t}
                                    : Outcome{Status::singular, "the stage equations have no finite solution", t};
    }
  }
  return {};
}

double Rodas5P::norm(const Eigen::VectorXd& v, const Eigen::VectorXd& y, const Eigen::VectorXd& other, bool columns) const {
  static const std::vector<double> none;
  return block_norm(v.data(), y.data(), other.data(), states_, columns ? scales_ : none, options_.absolute_tolerance, options_.relative_tolerance);
}

double Rodas5P::first_step(const Eigen::VectorXd& y, double span) const {
  if (options_.first_step_h > 0) return options_.first_step_h;
  const double size = norm(y, y, y, true), slope = norm(f_, y, y, true);
  return std::min(span, size < 1e-5 || slope < 1e-5 ? 1e-6 * std::max(1.0, span) : 0.01 * size / slope);
}

// (J(x + e v) - J(x - e v)) / 2e applied to the columns, df/dp likewise: H v for every column, into out.
void Rodas5P::second_order(VariationalSystem& system, double t, const Eigen::VectorXd& y, const double* v, double* out) {
  double reach = 0;
  const double floor = options_.absolute_tolerance / options_.relative_tolerance;
  for (Index i = 0; i < states_; ++i) reach = std::max(reach, std::abs(v[i]) / (std::abs(y[i]) + floor));
  Eigen::Map<Eigen::VectorXd> result(out, states_ * columns_);
  if (!(reach > 0) || !std::isfinite(reach)) return result.setZero(), void();
  const double e = 1e-4 / reach;
  const Eigen::Map<const Eigen::VectorXd> direction(v, states_);
  probe_ = y.head(states_) + e * direction;
  system.linearise(t, probe_.data(), unused_.data(), plus_);
  probe_ = y.head(states_) - e * direction;
  system.linearise(t, probe_.data(), unused_.data(), minus_);
  plus_.state = (plus_.state - minus_.state) / (2 * e);
  plus_.parameter = (plus_.parameter - minus_.parameter) / (2 * e);
  system.column_rates(plus_, y.data() + states_, out);
}

// df/dt of the columns' rates by a one-sided second-order difference that stays inside the segment.
void Rodas5P::column_drift(VariationalSystem& system, double t, double h, const Eigen::VectorXd& y) {
  const double step = 1e-3 * h;
  system.linearise(t + step, y.data(), unused_.data(), plus_);
  system.linearise(t + 2 * step, y.data(), unused_.data(), minus_);
  plus_.state = (4 * plus_.state - minus_.state - 3 * here_.state) / (2 * step);
  plus_.parameter = (4 * plus_.parameter - minus_.parameter - 3 * here_.parameter) / (2 * step);
  system.column_rates(plus_, y.data() + states_, drift_.data() + states_);
}

double Rodas5P::state_step(VariationalSystem& system, double t, double h, double end, const Eigen::VectorXd& y) {
  matrix_ = -here_.state;
  matrix_.diagonal().array() += 1 / (h * gamma_);
  lu_.compute(matrix_);
  auto rhs = rhs_.head(states_);
  auto stage = stage_.head(states_);
  for (int s = 0; s < 8; ++s) {
    if (s == 0) {
      rhs = f_.head(states_) + h * d[0] * state_drift_;
    } else {
      stage = y.head(states_);
      for (int j = 0; j < s; ++j) stage += a[s][j] * k_.col(j).head(states_);
      system.state_rates(s < 5 ? t + c[static_cast<std::size_t>(s)] * h : end, stage_.data(), rhs_.data());
      if (d[static_cast<std::size_t>(s)] != 0) rhs += h * d[static_cast<std::size_t>(s)] * state_drift_;
      for (int j = 0; j < s; ++j) rhs += C[s][j] / h * k_.col(j).head(states_);
    }
    k_.col(s).head(states_) = lu_.solve(rhs);
  }
  stage += k_.col(7).head(states_);
  return norm(k_.col(7), y, stage_, false);
}

double Rodas5P::column_step(VariationalSystem& system, double t, double h, double end, const Eigen::VectorXd& y) {
  column_drift(system, t, h, y);
  const Index from = states_, count = states_ * columns_;
  auto rhs = rhs_.segment(from, count);
  auto stage = stage_.segment(from, count);
  const auto drift = drift_.segment(from, count);
  for (int s = 0; s < 8; ++s) {
    if (s == 0) {
      rhs = f_.segment(from, count) + h * d[0] * drift;
    } else {
      probe_ = y.head(states_);
      for (int j = 0; j < s; ++j) probe_ += a[s][j] * k_.col(j).head(states_);
      stage = y.segment(from, count);
      for (int j = 0; j < s; ++j) stage += a[s][j] * k_.col(j).segment(from, count);
      system.linearise(s < 5 ? t + c[static_cast<std::size_t>(s)] * h : end, probe_.data(), unused_.data(), there_);
      system.column_rates(there_, stage_.data() + from, rhs_.data() + from);
      if (d[static_cast<std::size_t>(s)] != 0) rhs += h * d[static_cast<std::size_t>(s)] * drift;
      for (int j = 0; j < s; ++j) rhs += C[s][j] / h * k_.col(j).segment(from, count);
    }
    second_order(system, t, y, k_.col(s).data(), extra_.data());
    rhs += extra_;
    Eigen::Map<Eigen::MatrixXd> solution(k_.col(s).data() + from, states_, columns_);
    solution = lu_.solve(Eigen::Map<const Eigen::MatrixXd>(rhs_.data() + from, states_, columns_));
  }
  stage += k_.col(7).segment(from, count);
  return norm(k_.col(7), y, stage_, true);
}

}  // namespace hyped
