// Which states are kept, and where the next one goes.
#include "libhyped/simulate/batch/checkpoints.hpp"

#include <algorithm>
#include <limits>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

// Steps that c slots reverse when none is repeated more than r times: binomial(c + r, c).
double reach(int c, int r) {
  double out = 1;
  for (int i = 1; i <= r; ++i) out *= static_cast<double>(c + i) / i;
  return out;
}

int repetition(long steps, int slots) {
  int r = 0;
  for (double within = 1; within + 0.5 < static_cast<double>(steps); within *= static_cast<double>(slots + r) / r) ++r;
  return r;
}

}  // namespace

long least_repeats(long steps, int slots) {
  if (steps <= 1) return 0;
  const int r = repetition(steps, slots);
  return r * steps - static_cast<long>(reach(slots + 1, r - 1) + 0.5);
}

Checkpoints::Checkpoints(int slots) : slots_(slots) {
  HYPED_REQUIRE(slots >= 1);
  states_.reserve(static_cast<std::size_t>(slots));
  kept_.reserve(static_cast<std::size_t>(slots));
  free_.reserve(static_cast<std::size_t>(slots) + 1);
}

int Checkpoints::take() {
  if (free_.empty()) {
    states_.emplace_back();
    return static_cast<int>(states_.size()) - 1;
  }
  const int slot = free_.back();
  free_.pop_back();
  return slot;
}

void Checkpoints::offer(long step, const Eigen::MatrixXd& state) {
  if (step % stride_ != 0) return;
  if (static_cast<int>(kept_.size()) == slots_) {
    stride_ *= 2;
    std::vector<Kept> stay;
    stay.reserve(static_cast<std::size_t>(slots_));
    for (const Kept& one : kept_) {
      if (one.step % stride_ == 0) stay.push_back(one);
      else free_.push_back(one.slot);
    }
    kept_.swap(stay);
    if (step % stride_ != 0) return;
    if (static_cast<int>(kept_.size()) == slots_) return;      // one slot: the start stays
  }
  const int slot = take();
  states_[static_cast<std::size_t>(slot)] = state;
  kept_.push_back({step, slot});
}

// The kept states that cost the least in all. best[j][r]: repeats to reverse everything before kept state j (or the end) when r states
// are kept there, the start among them.
void Checkpoints::choose(long steps) {
  while (!kept_.empty() && kept_.back().step >= steps) {
    free_.push_back(kept_.back().slot);
    kept_.pop_back();
  }
  const int count = static_cast<int>(kept_.size());
  if (count <= 1) return;
  const auto at = [&](int j) { return j == count ? steps : kept_[static_cast<std::size_t>(j)].step; };
  constexpr long never = std::numeric_limits<long>::max() / 4;
  std::vector<std::vector<long>> best(static_cast<std::size_t>(count) + 1, std::vector<long>(static_cast<std::size_t>(count) + 1, never));
  std::vector<std::vector<int>> previous(best.size(), std::vector<int>(best.size(), 0));
  best[0][0] = 0;
  for (int j = 1; j <= count; ++j)
    for (int r = 1; r <= j; ++r)
      for (int a = r - 1; a < j; ++a) {
        const long before = best[static_cast<std::size_t>(a)][static_cast<std::size_t>(r - 1)];
        if (before == never) continue;
        const long cost = before + least_repeats(at(j) - at(a), slots_ - r + 1);
        if (cost < best[static_cast<std::size_t>(j)][static_cast<std::size_t>(r)]) {
          best[static_cast<std::size_t>(j)][static_cast<std::size_t>(r)] = cost;
          previous[static_cast<std::size_t>(j)][static_cast<std::size_t>(r)] = a;
        }
      }
  const auto& last = best[static_cast<std::size_t>(count)];
  int r = static_cast<int>(std::min_element(last.begin(), last.end()) - last.begin());
  std::vector<char> stays(static_cast<std::size_t>(count), 0);
  for (int j = count; r > 0; --r) {
    j = previous[static_cast<std::size_t>(j)][static_cast<std::size_t>(r)];
    stays[static_cast<std::size_t>(j)] = 1;
  }
  std::vector<Kept> chosen;
  chosen.reserve(static_cast<std::size_t>(slots_));
  for (int j = 0; j < count; ++j) {
    if (stays[static_cast<std::size_t>(j)]) chosen.push_back(kept_[static_cast<std::size_t>(j)]);
    else free_.push_back(kept_[static_cast<std::size_t>(j)].slot);
  }
  kept_.swap(chosen);
}

// m that makes m + least(length - m, free) + least(m, free + 1) least; convex in m, whose slopes are repetition numbers.
long Checkpoints::split(long length, int free) const {
  long low = 1, high = length - 1;
  while (low < high) {
    const long m = (low + high) / 2;
    const long slope = 1 + repetition(m + 1, free + 1) - repetition(length - m, free);      // of one step further
    if (slope < 0) low = m + 1;
    else high = m;
  }
  return low;
}

}  // namespace hyped
