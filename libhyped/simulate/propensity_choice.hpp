// Inside the stochastic simulators: which reaction is next, by a search along the list of propensities or down a tree of sums.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace hyped {

// Both keep sums by differences and renew them before rounding can matter: every few thousand changes, and when the total has
// fallen far below what it was. Propensities are >= 0.
class LinearChoice {
 public:
  explicit LinearChoice(std::size_t reactions) : a_(reactions) {}
  std::span<double> values() { return a_; }      // after writing them: renew()
  double value(std::size_t r) const { return a_[r]; }
  double total() const { return total_; }
  void set(std::size_t r, double value) {
    total_ += value - a_[r];
    a_[r] = value;
  }
  void renew() {
    total_ = 0;
    for (const double a : a_) total_ += a;
    peak_ = total_;
    age_ = 0;
  }
  // Once per event.
  void settle() {
    peak_ = std::max(peak_, total_);
    if (++age_ >= 2048 || total_ < 1e-6 * peak_) [[unlikely]] renew();
  }
  // The reaction at share u in (0, 1) of the total, which is > 0; one whose propensity is > 0.
  std::size_t choose(double u) const {
    double target = u * total_;
    for (std::size_t r = 0; r < a_.size(); ++r) {
      target -= a_[r];
      if (target < 0) return r;
    }
    std::size_t last = a_.size() - 1;      // rounding
    while (last > 0 && !(a_[last] > 0)) --last;
    return last;
  }

 private:
  std::vector<double> a_;
  double total_ = 0, peak_ = 0;
  int age_ = 0;
};

// Sums of `fan` neighbours, sums of those, and so on: choosing and changing cost the logarithm of the number of reactions.
template <int fan>
class TreeChoice {
 public:
  explicit TreeChoice(std::size_t reactions) : reactions_(reactions) {
    for (std::size_t count = reactions;; count = (count + fan - 1) / fan) {
      levels_.emplace_back((count + fan - 1) / fan * fan, 0.0);      // padded with zeros
      if (count <= fan) break;
    }
    limit_ = std::max<long>(2048, 4 * static_cast<long>(reactions));
  }
  std::span<double> values() { return {levels_[0].data(), reactions_}; }
  double value(std::size_t r) const { return levels_[0][r]; }
  double total() const { return total_; }
  void set(std::size_t r, double value) {
    const double change = value - levels_[0][r];
    levels_[0][r] = value;
    for (std::size_t level = 1; level < levels_.size(); ++level) levels_[level][r /= fan] += change;
    total_ += change;
  }
  void renew() {
    for (std::size_t level = 1; level < levels_.size(); ++level)
      for (std::size_t i = 0; i * fan < levels_[level - 1].size(); ++i) levels_[level][i] = sum(levels_[level - 1].data() + i * fan);
    peak_ = total_ = sum(levels_.back().data());
    age_ = 0;
  }
  void settle() {
    peak_ = std::max(peak_, total_);
    if (++age_ >= limit_ || total_ < 1e-6 * peak_) [[unlikely]] renew();
  }
  std::size_t choose(double u) {
    for (int attempt = 0;; ++attempt) {
      double target = u * total_;
      std::size_t at = 0;
      for (std::size_t level = levels_.size(); level-- > 0;) {
        const double* group = levels_[level].data() + at * fan;
        std::size_t i = 0;
        while (i + 1 < fan && target >= group[i]) target -= group[i++];
        at = at * fan + i;
      }
      if (at < reactions_ && levels_[0][at] > 0) return at;
      if (attempt == 0) renew();      // rounding led past the end of a group
      else break;
    }
    return static_cast<std::size_t>(std::max_element(levels_[0].begin(), levels_[0].end()) - levels_[0].begin());
  }

 private:
  static double sum(const double* group) {
    double total = 0;
    for (int i = 0; i < fan; ++i) total += group[i];
    return total;
  }
  std::size_t reactions_;
  std::vector<std::vector<double>> levels_;
  double total_ = 0, peak_ = 0;
  long age_ = 0, limit_ = 0;
};

}  // namespace hyped
