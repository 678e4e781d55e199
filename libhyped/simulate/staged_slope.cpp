// One pass over the stages: what leaves one arrives at its target.
#include "libhyped/simulate/staged_slope.hpp"

#include <array>

#include "libhyped/errors.hpp"

namespace hyped {

template <int Width>
void StagedSlope::pass(const double* __restrict rate, const double* __restrict by_direction, const double* __restrict x, double* __restrict dx) const {
  const auto& chain = model_.chain();
  const int stages = model_.stage_count();
  std::array<double, Width> leaving{}, arriving{};      // arriving: from the stage before, by one step of the chain
  std::fill(dx, dx + stages * Width, 0.0);
  for (int i = 0; i < stages; ++i) {
    const double* v = x + i * Width;
    double* w = dx + i * Width;
    const auto at = static_cast<std::size_t>(i);
    const double scale = chain.stage_scale[at], exit = scale * rate[chain.exit_group[at]];
    if constexpr (Width == 1) {
      leaving[0] = exit * v[0];
    } else {
      const double own = scale * v[0];
      const double* by = by_direction + chain.exit_group[at] * Width;
      for (int c = 0; c < Width; ++c) leaving[static_cast<std::size_t>(c)] = exit * v[c] + own * by[c];
    }
    for (int c = 0; c < Width; ++c) w[c] += arriving[static_cast<std::size_t>(c)] - leaving[static_cast<std::size_t>(c)];
    if (chain.death_group[at] >= 0) {
      const double death = rate[chain.death_group[at]];
      for (int c = 0; c < Width; ++c) w[c] -= death * v[c];
      if constexpr (Width > 1) {
        const double* by = by_direction + chain.death_group[at] * Width;
        for (int c = 0; c < Width; ++c) w[c] -= v[0] * by[c];
      }
    }
    const double offspring = chain.offspring[at];
    if (chain.target[at] == i + 1) {
      for (int c = 0; c < Width; ++c) arriving[static_cast<std::size_t>(c)] = offspring * leaving[static_cast<std::size_t>(c)];
    } else {
      arriving.fill(0);
      double* there = dx + chain.target[at] * Width;
      for (int c = 0; c < Width; ++c) there[c] += offspring * leaving[static_cast<std::size_t>(c)];
    }
  }
}

void StagedSlope::operator()(std::span<const double> rate, const Block& by_direction, const Block& x, Block& dx) {
  HYPED_ASSERT(x.rows() == model_.stage_count() && static_cast<int>(rate.size()) == model_.group_count());
  if (x.cols() > 1) HYPED_REQUIRE(by_direction.cols() == x.cols() && by_direction.rows() == model_.group_count());
  dx.resize(x.rows(), x.cols());
  ++products_;
  const double *by = by_direction.data(), *from = x.data();
  switch (x.cols()) {
    case 1: return pass<1>(rate.data(), by, from, dx.data());
    case 4: return pass<4>(rate.data(), by, from, dx.data());
    case 8: return pass<8>(rate.data(), by, from, dx.data());
    case 12: return pass<12>(rate.data(), by, from, dx.data());
    case 16: return pass<16>(rate.data(), by, from, dx.data());
    case 24: return pass<24>(rate.data(), by, from, dx.data());
    case 32: return pass<32>(rate.data(), by, from, dx.data());
    case 40: return pass<40>(rate.data(), by, from, dx.data());
    default: HYPED_REQUIRE(false && "block width must be a padded width up to 40");
  }
}

}  // namespace hyped
