// The stencil kernel: two multiplies and an add per stage and column, columns side by side in registers.
#include "libhyped/simulate/uniformisation.hpp"

#include <cmath>

#include "libhyped/errors.hpp"

namespace hyped {

Uniformisation::Uniformisation(const StagedModel& model)
    : model_(model), exit_(model.stage_count()), death_(model.stage_count()), stay_(model.stage_count()), move_(model.stage_count()) {
  for (int i = 0; i < model.stage_count(); ++i)
    if (model.chain().target[i] != i + 1) jumps_.push_back(i);
}

void Uniformisation::set_rates(std::span<const double> rate) {
  const auto& chain = model_.chain();
  uniform_rate_ = 0;
  double division = 0;
  for (int i = 0; i < model_.stage_count(); ++i) {
    exit_[i] = chain.stage_scale[i] * rate[chain.exit_group[i]];
    death_[i] = chain.death_group[i] >= 0 ? rate[chain.death_group[i]] : 0.0;
    uniform_rate_ = std::max(uniform_rate_, exit_[i] + death_[i]);
    if (chain.offspring[i] > 1) division = std::max(division, (chain.offspring[i] - 1) * exit_[i]);
  }
  const double per_rate = uniform_rate_ > 0 ? 1 / uniform_rate_ : 0;
  growth_ = division * per_rate;
  for (int i = 0; i < model_.stage_count(); ++i) {
    stay_[i] = 1 - (exit_[i] + death_[i]) * per_rate;
    move_[i] = chain.offspring[i] * exit_[i] * per_rate;
  }
  has_slopes_ = false;
}

void Uniformisation::set_rates(std::span<const double> rate, const Eigen::MatrixXd& derivative) {
  set_rates(rate);
  const auto& chain = model_.chain();
  const int width = padded_width(1 + static_cast<int>(derivative.cols()));
  const double per_rate = uniform_rate_ > 0 ? 1 / uniform_rate_ : 1;
  group_slope_.setZero(derivative.rows(), width);
  group_slope_.middleCols(1, derivative.cols()) = per_rate * derivative;
  move_slope_.resize(model_.stage_count(), width);
  stay_slope_.resize(model_.stage_count(), width);
  for (int i = 0; i < model_.stage_count(); ++i) {
    const double scale = chain.stage_scale[i], offspring = chain.offspring[i];
    const double *exit = group_slope_.data() + chain.exit_group[i] * width, *death = chain.death_group[i] >= 0 ? group_slope_.data() + chain.death_group[i] * width : nullptr;
    double *stay = stay_slope_.data() + i * width, *move = move_slope_.data() + i * width;
    for (int c = 0; c < width; ++c) {
      stay[c] = -scale * exit[c];
      move[c] = -offspring * stay[c];
    }
    if (death != nullptr)
      for (int c = 0; c < width; ++c) stay[c] -= death[c];
  }
  has_slopes_ = true;
}

// One product next = P current, all columns; `current` is added to the sum with its weight while it is read. Stages that follow
// each other are one pass; edges that jump (last stage of a phase) come after.
template <int Width, bool Derivatives>
void Uniformisation::product(const double* __restrict current, double* __restrict next, double* __restrict sum, double weight) const {
  const int stages = model_.stage_count();
  const auto& target = model_.chain().target;
  for (int i = 0; i < stages; ++i) {
    const double* v = current + i * Width;
    double *w = next + i * Width, *out = sum + i * Width;
    const double stay = stay_[i];
    const bool follows = i > 0 && target[i - 1] == i;
    const double* before = follows ? v - Width : v;
    const double move = follows ? move_[i - 1] : 0;
    if constexpr (Derivatives) {
      const double own = v[0], arriving = follows ? before[0] : 0;
      const double* ds = stay_slope_.data() + i * Width;
      const double* dm = move_slope_.data() + (follows ? i - 1 : i) * Width;
      for (int c = 0; c < Width; ++c) {
        out[c] += weight * v[c];
        w[c] = stay * v[c] + move * before[c] + own * ds[c] + arriving * dm[c];
      }
    } else {
      for (int c = 0; c < Width; ++c) {
        out[c] += weight * v[c];
        w[c] = stay * v[c] + move * before[c];
      }
    }
  }
  for (const int i : jumps_) {
    const double* v = current + i * Width;
    double* w = next + target[i] * Width;
    const double move = move_[i];
    if constexpr (Derivatives) {
      const double* dm = move_slope_.data() + i * Width;
      const double leaving = v[0];
      for (int c = 0; c < Width; ++c) w[c] += move * v[c] + leaving * dm[c];
    } else {
      for (int c = 0; c < Width; ++c) w[c] += move * v[c];
    }
  }
}

template <int Width, bool Derivatives>
double Uniformisation::run(double duration_h, Block& block, double tolerance) const {
  const int stages = model_.stage_count();
  const double mean = uniform_rate_ * duration_h;
  auto norm = [&](const Block& b) {
    return Width == 1 || Derivatives ? b.col(0).cwiseAbs().sum() : b.cwiseAbs().colwise().sum().maxCoeff();
  };
  const double total = norm(block);
  current_ = block;
  next_.resize(stages, Width);
  block.setZero();
  double weight = std::exp(-mean), remainder = 0;
  for (int k = 1; k < 100000; ++k) {
    product<Width, Derivatives>(current_.data(), next_.data(), block.data(), weight);
    current_.swap(next_);
    weight *= mean / k;
    ++products_;
    const double ratio = (1 + growth_) * mean / (k + 2);
    // the norm is only worth its cost once the Poisson weight itself is small
    if (ratio < 0.9 && k > mean && weight * mean / (k + 1) < 10 * tolerance) {
      remainder = weight * (mean / (k + 1)) * (1 + growth_) * norm(current_) / (1 - ratio);
      if (remainder <= tolerance * total) break;
    }
  }
  block += weight * current_;
  return remainder;
}

template <bool Derivatives>
double Uniformisation::dispatch(double duration_h, Block& block, double tolerance) const {
  if (duration_h <= 0 || uniform_rate_ <= 0) {
    if (duration_h > 0 && Derivatives && has_slopes_)      // all rates zero: the first-order term is exact
      for (int i = 0; i < model_.stage_count(); ++i) {
        const double cells = block(i, 0) * duration_h;
        block.row(i) += cells * stay_slope_.row(i);
        block.row(model_.chain().target[i]) += cells * move_slope_.row(i);
      }
    return 0;
  }
  // exp(-L t) must not underflow: long spans are cut.
  const int parts = std::max(1, static_cast<int>(std::ceil(uniform_rate_ * duration_h / 300)));
  double error = 0;
  for (int part = 0; part < parts; ++part) {
    const double span = duration_h / parts;
    switch (block.cols()) {
      case 1: error += run<1, false>(span, block, tolerance); break;
      case 4: error += run<4, Derivatives>(span, block, tolerance); break;
      case 8: error += run<8, Derivatives>(span, block, tolerance); break;
      case 12: error += run<12, Derivatives>(span, block, tolerance); break;
      case 16: error += run<16, Derivatives>(span, block, tolerance); break;
      case 24: error += run<24, Derivatives>(span, block, tolerance); break;
      case 32: error += run<32, Derivatives>(span, block, tolerance); break;
      case 40: error += run<40, Derivatives>(span, block, tolerance); break;
      default: HYPED_REQUIRE(false && "block width must be a padded width up to 40");
    }
  }
  return error;
}

double Uniformisation::advance(double duration_h, Block& block, double tolerance) const {
  HYPED_ASSERT(block.rows() == model_.stage_count());
  if (block.cols() > 1) HYPED_REQUIRE(has_slopes_ && block.cols() == stay_slope_.cols());
  return block.cols() > 1 ? dispatch<true>(duration_h, block, tolerance) : dispatch<false>(duration_h, block, tolerance);
}

double Uniformisation::advance_states(double duration_h, Block& block, double tolerance) const {
  return dispatch<false>(duration_h, block, tolerance);
}

Eigen::MatrixXd Uniformisation::transition(double duration_h, double tolerance) const {
  const int stages = model_.stage_count();
  Eigen::MatrixXd result(stages, stages);
  Block block;
  for (int first = 0; first < stages; first += 32) {
    const int columns = std::min(32, stages - first);
    block.setZero(stages, padded_width(std::max(2, columns)));
    for (int c = 0; c < columns; ++c) block(first + c, c) = 1;
    advance_states(duration_h, block, tolerance);
    result.middleCols(first, columns) = block.leftCols(columns);
  }
  return result;
}

Eigen::MatrixXd Uniformisation::generator() const {
  const int stages = model_.stage_count();
  Eigen::MatrixXd a = Eigen::MatrixXd::Zero(stages, stages);
  for (int i = 0; i < stages; ++i) {
    a(i, i) -= exit_[i] + death_[i];
    a(model_.chain().target[i], i) += model_.chain().offspring[i] * exit_[i];
  }
  return a;
}

}  // namespace hyped
