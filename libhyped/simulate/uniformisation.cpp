// The stencil kernel: two multiplies and an add per stage and column, columns side by side in registers.
#include "libhyped/simulate/uniformisation.hpp"

#include <cmath>

#include "libhyped/errors.hpp"

namespace hyped {

Uniformisation::Uniformisation(const StagedModel& model)
    : model_(model), exit_(model.stage_count()), death_(model.stage_count()) {}

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
  growth_ = uniform_rate_ > 0 ? division / uniform_rate_ : 0;
  has_slopes_ = false;
}

void Uniformisation::set_rates(std::span<const double> rate, const Eigen::MatrixXd& derivative) {
  set_rates(rate);
  const auto& chain = model_.chain();
  const int width = padded_width(1 + static_cast<int>(derivative.cols()));
  exit_slope_.setZero(model_.stage_count(), width);
  death_slope_.setZero(model_.stage_count(), width);
  for (int i = 0; i < model_.stage_count(); ++i) {
    exit_slope_.row(i).segment(1, derivative.cols()) = chain.stage_scale[i] * derivative.row(chain.exit_group[i]);
    if (chain.death_group[i] >= 0) death_slope_.row(i).segment(1, derivative.cols()) = derivative.row(chain.death_group[i]);
  }
  has_slopes_ = true;
}

template <int Width, bool Derivatives>
double Uniformisation::run(double duration_h, Block& block, double tolerance) const {
  const auto& chain = model_.chain();
  const int stages = model_.stage_count();
  const double mean = uniform_rate_ * duration_h, per_rate = 1 / uniform_rate_;
  current_ = block;
  next_.resize(stages, Width);
  double weight = std::exp(-mean);
  block *= weight;
  const double total = Width == 1 || Derivatives ? current_.col(0).cwiseAbs().sum() : current_.cwiseAbs().colwise().sum().maxCoeff();
  double remainder = 0;
  for (int k = 1; k < 100000; ++k) {
    double* next = next_.data();
    const double* current = current_.data();
    for (int i = 0; i < stages; ++i) {
      const double stay = 1 - (exit_[i] + death_[i]) * per_rate;
      const double* v = current + i * Width;
      double* w = next + i * Width;
      if constexpr (Derivatives) {
        const double* de = exit_slope_.data() + i * Width;
        const double* dd = death_slope_.data() + i * Width;
        const double scaled = v[0] * per_rate;
        for (int c = 0; c < Width; ++c) w[c] = stay * v[c] - scaled * (de[c] + dd[c]);
      } else {
        for (int c = 0; c < Width; ++c) w[c] = stay * v[c];
      }
    }
    for (int i = 0; i < stages; ++i) {
      const double move = chain.offspring[i] * exit_[i] * per_rate;
      const double* v = current + i * Width;
      double* w = next + chain.target[i] * Width;
      if constexpr (Derivatives) {
        const double* de = exit_slope_.data() + i * Width;
        const double scaled = chain.offspring[i] * v[0] * per_rate;
        for (int c = 0; c < Width; ++c) w[c] += move * v[c] + scaled * de[c];
      } else {
        for (int c = 0; c < Width; ++c) w[c] += move * v[c];
      }
    }
    current_.swap(next_);
    weight *= mean / k;
    double* out = block.data();
    const double* add = current_.data();
    for (int j = 0; j < stages * Width; ++j) out[j] += weight * add[j];
    ++products_;
    const double ratio = (1 + growth_) * mean / (k + 2);
    if (ratio < 0.9 && k > mean) {
      const double norm = Width == 1 || Derivatives ? current_.col(0).cwiseAbs().sum() : current_.cwiseAbs().colwise().sum().maxCoeff();
      remainder = weight * (mean / (k + 1)) * (1 + growth_) * norm / (1 - ratio);
      if (remainder <= tolerance * total) break;
    }
  }
  return remainder;
}

template <bool Derivatives>
double Uniformisation::dispatch(double duration_h, Block& block, double tolerance) const {
  if (duration_h <= 0 || uniform_rate_ <= 0) {
    if (duration_h > 0 && Derivatives && has_slopes_) {
      // all rates zero: one first-order term is exact for the derivatives
      for (int i = 0; i < model_.stage_count(); ++i) {
        const double moved = block(i, 0) * duration_h;
        block.row(i) -= moved * (exit_slope_.row(i) + death_slope_.row(i));
        block.row(model_.chain().target[i]) += moved * model_.chain().offspring[i] * exit_slope_.row(i);
      }
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
      case 8: error += run<8, Derivatives>(span, block, tolerance); break;
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
  if (block.cols() > 1) HYPED_REQUIRE(has_slopes_ && block.cols() == exit_slope_.cols());
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
