// Trees, step size and metric of one no-U-turn chain.
#include "fitting/nuts.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <memory>
#include <limits>

#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double log_sum(double a, double b) {
  const double high = std::max(a, b);
  return high == -infinity ? high : high + std::log1p(std::exp(std::min(a, b) - high));
}

// The ends of the trajectory still move apart, seen from the sum of the momenta between them.
template <class End>
bool apart(const End& first, const End& last, const Eigen::VectorXd& sum) {
  return first.velocity.dot(sum) > 0 && last.velocity.dot(sum) > 0;
}

}  // namespace

NutsChain::NutsChain(const LogDensity& density, const NutsOptions& options, std::uint32_t chain) : density_(density), options_(options) {
  const int size = density.dimension();
  state_.seed = options.seed;
  state_.chain = chain;
  state_.u = state_.gradient = Eigen::VectorXd::Zero(size);
  state_.inverse_metric = options.metric == MassMetric::dense ? Eigen::MatrixXd(Eigen::MatrixXd::Identity(size, size)) : Eigen::MatrixXd(Eigen::MatrixXd::Ones(size, 1));
  if (options.start_metric.size() > 0) {
    HYPED_REQUIRE(options.start_metric.rows() == size && options.start_metric.cols() == state_.inverse_metric.cols());
    state_.inverse_metric = options.start_metric;
  }
  state_.window_mean = Eigen::VectorXd::Zero(size);
  state_.window_squares = Eigen::MatrixXd::Zero(size, state_.inverse_metric.cols());
  allocate();
  RandomStream random(state_.seed, chain, 0);
  const bool given = !options.starts.empty();
  const Eigen::VectorXd centre = given ? options.starts[chain % options.starts.size()] : density.start();
  HYPED_REQUIRE(centre.size() == size);
  for (int attempt = 0; attempt < 100; ++attempt) {
    for (int i = 0; i < size; ++i) state_.u[i] = centre[i] + (given && attempt == 0 ? 0 : options.start_radius * (2 * random.uniform() - 1));
    outcome_ = density_at(density, state_.u, state_.log_density, state_.gradient);
    if (outcome_.ok()) break;
  }
  if (!outcome_.ok()) {
    outcome_.message = fmt::format("chain {}: no start with a finite density in 100 attempts; the last: {}", chain + 1, outcome_.message);
    return;
  }
  find_step(random);
}

NutsChain::NutsChain(const LogDensity& density, const NutsOptions& options, NutsState state)
    : density_(density), options_(options), state_(std::move(state)) {
  HYPED_REQUIRE(state_.u.size() == density.dimension() && state_.inverse_metric.rows() == density.dimension());
  allocate();
}

void NutsChain::allocate() {
  const auto size = density_.dimension();
  const Eigen::VectorXd zero = Eigen::VectorXd::Zero(size);
  const Point point{zero, zero, zero, 0};
  const End end{zero, zero};
  moving_ = ahead_ = behind_ = sample_ = proposal_ = point;
  ahead_first_ = ahead_last_ = behind_first_ = behind_last_ = end;
  sum_ = ahead_sum_ = behind_sum_ = joint_ = velocity_ = zero;
  levels_.assign(static_cast<std::size_t>(options_.max_depth) + 1, Level{point, zero, zero, zero, end, end});
  factor_metric();
  // Stan's windows: 75 draws to arrive, doubling windows from 25, 50 draws for the step size; shares of them when short.
  int arrive = 75, last = 50, width = 25;
  if (arrive + last + width > options_.warmup) {
    arrive = static_cast<int>(0.15 * options_.warmup);
    last = static_cast<int>(0.1 * options_.warmup);
    width = options_.warmup - arrive - last;
  }
  first_in_window_ = arrive;
  if (options_.warmup < 20) return;
  const int final_end = options_.warmup - last - 1;
  for (int at = arrive + width - 1;;) {
    window_ends_.push_back(at);
    if (at >= final_end) break;
    width *= 2;
    at += width;
    if (at + 2 * width > final_end) at = final_end;      // no room for one twice as long after it
  }
}

void NutsChain::factor_metric() {
  if (state_.inverse_metric.cols() > 1) metric_root_ = state_.inverse_metric.llt().matrixL();
}

void NutsChain::draw_momentum(RandomStream& random, Eigen::VectorXd& momentum) const {
  for (auto& value : momentum) value = random.normal();
  if (state_.inverse_metric.cols() > 1) metric_root_.transpose().triangularView<Eigen::Upper>().solveInPlace(momentum);
  else momentum.array() /= state_.inverse_metric.col(0).array().sqrt();
}

void NutsChain::velocity(const Eigen::VectorXd& momentum, Eigen::VectorXd& out) const {
  if (state_.inverse_metric.cols() > 1) out.noalias() = state_.inverse_metric * momentum;
  else out = state_.inverse_metric.col(0).cwiseProduct(momentum);
}

double NutsChain::energy(const Point& at) const {
  velocity(at.momentum, velocity_);
  const double value = 0.5 * at.momentum.dot(velocity_) - at.log_density;
  return std::isfinite(value) ? value : infinity;
}

void NutsChain::leapfrog(double step) {
  moving_.momentum += 0.5 * step * moving_.gradient;
  velocity(moving_.momentum, velocity_);
  moving_.u += step * velocity_;
  if (density_at(density_, moving_.u, moving_.log_density, moving_.gradient).ok()) moving_.momentum += 0.5 * step * moving_.gradient;
}

// Doubles or halves the step until one leapfrog step crosses an acceptance of 0.8 (Hoffman & Gelman 2014, algorithm 4).
void NutsChain::find_step(RandomStream& random) {
  int direction = 0;
  for (int round = 0; round < 60; ++round) {
    moving_.u = state_.u;
    moving_.gradient = state_.gradient;
    moving_.log_density = state_.log_density;
    draw_momentum(random, moving_.momentum);
    const double before = energy(moving_);
    leapfrog(state_.step_size);
    const int wanted = before - energy(moving_) > std::log(0.8) ? 1 : -1;
    if (direction != 0 && wanted != direction) break;
    direction = wanted;
    state_.step_size *= direction > 0 ? 2 : 0.5;
  }
  state_.step_centre = std::log(10 * state_.step_size);
  state_.step_shortfall = state_.log_step_mean = 0;
  state_.step_updates = 0;
}

// Extends the trajectory by 2^depth steps from moving_. False: the criterion or a divergence says stop, and the proposal is void.
bool NutsChain::build(int depth, Walk& walk, RandomStream& random, Point& proposal, End& first, End& last, Eigen::VectorXd& sum, double& log_weight) {
  if (depth == 0) {
    leapfrog(walk.direction * state_.step_size);
    ++walk.leapfrogs;
    const double change = walk.start_energy - energy(moving_);
    if (!(-change <= options_.divergence_threshold)) walk.divergent = true;
    log_weight = change;
    walk.accept_sum += change > 0 ? 1 : std::exp(change);
    if (walk.divergent) return false;
    proposal = moving_;
    first.momentum = moving_.momentum;
    first.velocity = velocity_;      // energy() left it there
    last = first;
    sum = moving_.momentum;
    return true;
  }
  Level& level = levels_[static_cast<std::size_t>(depth)];
  double first_weight = 0, second_weight = 0;
  if (!build(depth - 1, walk, random, proposal, first, level.first_last, level.first_sum, first_weight)) return false;
  if (!build(depth - 1, walk, random, level.proposal, level.second_first, last, level.second_sum, second_weight)) return false;
  log_weight = log_sum(first_weight, second_weight);
  if (random.uniform() < std::exp(second_weight - log_weight)) std::swap(proposal, level.proposal);
  sum = level.first_sum + level.second_sum;
  bool going = apart(first, last, sum);
  level.joint = level.first_sum + level.second_first.momentum;      // across the joint of the two subtrees
  going = apart(first, level.second_first, level.joint) && going;
  level.joint = level.second_sum + level.first_last.momentum;
  return apart(level.first_last, last, level.joint) && going;
}

NutsDraw NutsChain::transition(RandomStream& random) {
  moving_.u = state_.u;
  moving_.gradient = state_.gradient;
  moving_.log_density = state_.log_density;
  draw_momentum(random, moving_.momentum);
  Walk walk;
  walk.start_energy = energy(moving_);
  ahead_ = behind_ = sample_ = moving_;
  ahead_last_.momentum = moving_.momentum;
  ahead_last_.velocity = velocity_;
  ahead_first_ = behind_first_ = behind_last_ = ahead_last_;
  sum_ = moving_.momentum;
  double log_weight = 0;
  NutsDraw draw;
  draw.step_size = state_.step_size;
  bool going = true;
  while (going && draw.depth < options_.max_depth) {
    double new_weight = 0;
    bool valid = false;
    if (random.uniform() > 0.5) {
      walk.direction = 1;
      moving_ = ahead_;
      behind_sum_ = sum_;
      behind_last_ = ahead_last_;
      valid = build(draw.depth, walk, random, proposal_, ahead_first_, ahead_last_, ahead_sum_, new_weight);
      ahead_ = moving_;
    } else {
      walk.direction = -1;
      moving_ = behind_;
      ahead_sum_ = sum_;
      ahead_first_ = behind_first_;
      valid = build(draw.depth, walk, random, proposal_, behind_last_, behind_first_, behind_sum_, new_weight);
      behind_ = moving_;
    }
    if (!valid) {
      going = false;
      break;
    }
    ++draw.depth;
    if (random.uniform() < std::exp(std::min(0.0, new_weight - log_weight))) std::swap(sample_, proposal_);
    log_weight = log_sum(log_weight, new_weight);
    sum_ = behind_sum_ + ahead_sum_;
    going = apart(behind_first_, ahead_last_, sum_);
    joint_ = behind_sum_ + ahead_first_.momentum;
    going = apart(behind_first_, ahead_first_, joint_) && going;
    joint_ = ahead_sum_ + behind_last_.momentum;
    going = apart(behind_last_, ahead_last_, joint_) && going;
  }
  state_.u = sample_.u;
  state_.gradient = sample_.gradient;
  state_.log_density = draw.log_density = sample_.log_density;
  draw.energy = energy(sample_);
  draw.leapfrogs = walk.leapfrogs;
  draw.accept = walk.accept_sum / walk.leapfrogs;
  draw.divergent = walk.divergent;
  draw.saturated = going;
  return draw;
}

// Dual averaging of the step towards the target acceptance, and the metric at the end of each window.
void NutsChain::adapt(double accept, RandomStream& random) {
  constexpr double shrinkage = 0.05, delay = 10, decay = 0.75;      // gamma, t0, kappa
  const int draw = static_cast<int>(state_.iteration);
  const double count = ++state_.step_updates, share = 1 / (count + delay);
  state_.step_shortfall = (1 - share) * state_.step_shortfall + share * (options_.target_accept - std::min(1.0, accept));
  const double log_step = state_.step_centre - state_.step_shortfall * std::sqrt(count) / shrinkage, weight = std::pow(count, -decay);
  state_.log_step_mean = weight * log_step + (1 - weight) * state_.log_step_mean;
  state_.step_size = std::exp(log_step);
  if (!window_ends_.empty() && draw >= first_in_window_ && draw <= window_ends_.back()) {
    const bool dense = state_.inverse_metric.cols() > 1;
    ++state_.window_draws;
    joint_ = state_.u - state_.window_mean;      // before the mean moves
    state_.window_mean += joint_ / state_.window_draws;
    const double factor = (state_.window_draws - 1.0) / state_.window_draws;
    if (dense) state_.window_squares.noalias() += factor * joint_ * joint_.transpose();
    else state_.window_squares.col(0).array() += factor * joint_.array().square();
    if (std::find(window_ends_.begin(), window_ends_.end(), draw) != window_ends_.end()) {
      // shrunk towards a small multiple of the identity, as Stan does
      const double n = state_.window_draws;
      state_.inverse_metric = state_.window_squares * (n / ((n + 5) * std::max(1.0, n - 1)));
      if (dense) state_.inverse_metric.diagonal().array() += 1e-3 * 5 / (n + 5);
      else state_.inverse_metric.array() += 1e-3 * 5 / (n + 5);
      factor_metric();
      state_.window_draws = 0;
      state_.window_mean.setZero();
      state_.window_squares.setZero();
      find_step(random);
    }
  }
  if (draw + 1 == options_.warmup && state_.step_updates > 0) state_.step_size = std::exp(state_.log_step_mean);
}

NutsDraw NutsChain::advance() {
  HYPED_REQUIRE(outcome_.ok());
  RandomStream random(state_.seed, state_.chain, state_.iteration + 1);
  NutsDraw draw = transition(random);
  draw.warmup = !warm();
  if (draw.warmup) adapt(draw.accept, random);
  ++state_.iteration;
  return draw;
}

Eigen::MatrixXd Chains::parameter(int i) const {
  std::vector<const Chain*> good;
  for (const Chain& chain : chains)
    if (chain.outcome.ok()) good.push_back(&chain);
  Eigen::MatrixXd out(good.empty() ? 0 : good[0]->draws.rows(), static_cast<Eigen::Index>(good.size()));
  for (std::size_t c = 0; c < good.size(); ++c) out.col(static_cast<Eigen::Index>(c)) = good[c]->draws.col(i);
  return out;
}

Eigen::MatrixXd Chains::pooled() const {
  Eigen::Index rows = 0;
  for (const Chain& chain : chains) rows += chain.draws.rows();
  Eigen::MatrixXd out(rows, static_cast<Eigen::Index>(names.size()));
  rows = 0;
  for (const Chain& chain : chains) {
    out.middleRows(rows, chain.draws.rows()) = chain.draws;
    rows += chain.draws.rows();
  }
  return out;
}

}  // namespace hyped
