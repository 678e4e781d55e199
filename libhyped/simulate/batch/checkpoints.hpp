// States kept while steps are made, so that they can be gone through backwards in bounded memory.
#pragma once
#include <Eigen/Core>
#include <vector>

namespace hyped {

// Least number of steps to repeat when `steps` are gone through backwards with `slots` states kept, the first of them at the start.
// Source: Griewank & Walther 2000, ACM TOMS 26:19, equation 4.
long least_repeats(long steps, int slots);

// The number of steps is not known while they are made: states are kept at every stride-th step, and the stride doubles when all slots
// are taken. Going back, those of the kept states are dropped whose slots save more repeats elsewhere (exact choice among them), and
// between two kept states the schedule is the binomial one. Sources: Griewank & Walther 2000; Stumm & Walther 2010, SIAM J Sci Comput 32:836.
class Checkpoints {
 public:
  explicit Checkpoints(int slots);
  // The state before step `step`; steps are offered in order from 0. Memory is taken when a slot is first used.
  void offer(long step, const Eigen::MatrixXd& state);
  // advance(n, state): state before step n -> state after it. reverse(n, state): called once for every n from steps - 1 down to 0, with
  // the state before it; it may spoil the state. Returns how many times advance was called.
  template <class Advance, class Reverse>
  long go_back(long steps, Advance&& advance, Reverse&& reverse) {
    choose(steps);
    long repeated = 0, until = steps;
    while (!kept_.empty()) {
      const Kept from = kept_.back();
      repeated += segment(from, until, advance, reverse);
      until = from.step;
      free_.push_back(from.slot);
      kept_.pop_back();
    }
    return repeated;
  }
  int slots_used() const { return static_cast<int>(states_.size()); }

 private:
  struct Kept {
    long step = 0;
    int slot = 0;
  };
  void choose(long steps);
  int take();
  long split(long steps, int free) const;      // how far to go before the next state is kept
  template <class Advance, class Reverse>
  long segment(const Kept& from, long until, Advance& advance, Reverse& reverse) {
    long repeated = 0;
    while (until > from.step) {
      const long length = until - from.step;
      const int free = slots_ - static_cast<int>(states_.size()) + static_cast<int>(free_.size());
      work_ = states_[static_cast<std::size_t>(from.slot)];
      if (length > 1 && free > 0) {
        const long middle = from.step + split(length, free);
        for (long n = from.step; n < middle; ++n, ++repeated) advance(n, work_);
        const Kept kept{middle, take()};
        states_[static_cast<std::size_t>(kept.slot)] = work_;
        repeated += segment(kept, until, advance, reverse);
        free_.push_back(kept.slot);
        until = middle;
      } else {
        for (long n = from.step; n + 1 < until; ++n, ++repeated) advance(n, work_);
        reverse(--until, work_);
      }
    }
    return repeated;
  }

  int slots_;
  long stride_ = 1;
  std::vector<Kept> kept_;                   // by step
  std::vector<Eigen::MatrixXd> states_;      // [slots used] of [S x B]
  std::vector<int> free_;                    // slots that can be used again
  Eigen::MatrixXd work_;
};

}  // namespace hyped
