// Exhaustive search over sets on Gram matrices.
#include "experiments/control/factors/factor_search.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "experiments/control/factors/nonnegative_least_squares.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped::control {
namespace {

// The best sets of a thread's share, by gain, then by factors: the order does not depend on who found them.
struct Found {
  double gain = 0;      // squared
  int start = 1, a = 0, b = 0, c = -1;
  bool operator<(const Found& other) const {
    if (gain != other.gain) return gain > other.gain;
    if (a != other.a) return a < other.a;
    if (b != other.b) return b < other.b;
    return c < other.c;
  }
};

class BestList {
 public:
  explicit BestList(std::size_t size) : size_(size) {}
  void offer(const Found& one) {
    if (size_ == 0 || (list_.size() == size_ && !(one < list_.back()))) return;
    list_.insert(std::upper_bound(list_.begin(), list_.end(), one), one);
    if (list_.size() > size_) list_.pop_back();
  }
  const std::vector<Found>& list() const { return list_; }

 private:
  std::size_t size_;
  std::vector<Found> list_;
};

std::vector<FactorSet> sets_of(const EffectModel& model, const std::vector<BestList>& lists, const std::vector<int>& pool, std::size_t listed) {
  BestList all(listed);
  for (const auto& list : lists)
    for (const auto& one : list.list()) all.offer(one);
  std::vector<FactorSet> out;
  for (const auto& one : all.list()) {
    std::vector<int> factors{pool[static_cast<std::size_t>(one.a)], pool[static_cast<std::size_t>(one.b)]};
    if (one.c >= 0) factors.push_back(pool[static_cast<std::size_t>(one.c)]);
    std::sort(factors.begin(), factors.end());
    out.push_back(evaluate_set(model, factors, one.start));
  }
  return out;
}

}  // namespace

double score_of(double distance, double gain) {
  if (!(gain > 0)) return 0;
  const double left = std::sqrt(std::max(0.0, (distance - gain) * (distance + gain)));
  return gain * gain / (distance + left);
}

std::vector<FactorScore> score_factors(const EffectModel& model) {
  std::vector<FactorScore> out(static_cast<std::size_t>(model.factors()));
  for (int start = 1; start <= model.starts(); ++start) {
    const Eigen::VectorXd match = model.match(start), squares = model.squares(start);
    for (int m = 0; m < model.factors(); ++m) {
      FactorScore& one = out[static_cast<std::size_t>(m)];
      const double gain = squares[m] > 0 ? match[m] / std::sqrt(squares[m]) : 0;
      if (start > 1 && !(gain > one.gain)) continue;
      one = {m, start, gain, score_of(model.distance(), gain), gain > 0 ? match[m] / squares[m] : 0};
    }
  }
  return out;
}

std::vector<double> places_of(const std::vector<FactorScore>& scores) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a].gain > scores[b].gain; });
  std::vector<double> out(scores.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last + 1 < order.size() && scores[order[last + 1]].gain == scores[order[first]].gain) ++last;
    for (std::size_t k = first; k <= last; ++k) out[order[k]] = 1 + 0.5 * static_cast<double>(first + last);
    first = last + 1;
  }
  return out;
}

FactorSet evaluate_set(const EffectModel& model, const std::vector<int>& factors, int start) {
  const Eigen::VectorXd all = model.match(start);
  Eigen::VectorXd match(static_cast<Eigen::Index>(factors.size()));
  for (std::size_t a = 0; a < factors.size(); ++a) match[static_cast<Eigen::Index>(a)] = all[factors[a]];
  const NonnegativeSolution found = nonnegative_least_squares(model.gram(start, factors), match);
  const double gain = std::sqrt(std::max(0.0, found.gain));
  return {factors, start, gain, score_of(model.distance(), gain), {found.u.begin(), found.u.end()}};
}

FactorSet best_start_of(const EffectModel& model, const std::vector<int>& factors) {
  FactorSet best = evaluate_set(model, factors, 1);
  for (int start = 2; start <= model.starts(); ++start)
    if (FactorSet one = evaluate_set(model, factors, start); one.gain > best.gain) best = std::move(one);
  return best;
}

SetSearch search_sets(const EffectModel& model, const std::vector<FactorScore>& singles, const SetSearchOptions& options) {
  HYPED_REQUIRE(static_cast<int>(singles.size()) == model.factors() && options.pool >= 0 && options.listed >= 0);
  std::vector<int> order(singles.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return singles[static_cast<std::size_t>(a)].gain > singles[static_cast<std::size_t>(b)].gain; });
  const int all = model.factors(), pool = options.pool == 0 ? all : std::min(options.pool, all);
  const auto listed = static_cast<std::size_t>(options.listed);
  std::vector<BestList> pairs(static_cast<std::size_t>(all), BestList(listed)), triples(static_cast<std::size_t>(pool), BestList(listed));
  SetSearch out;
  out.pool = pool;
  Eigen::MatrixXd gram(all, all);
  Eigen::VectorXd match(all);
  std::vector<Eigen::MatrixXd> grams;
  std::vector<Eigen::VectorXd> matches;
  for (int start = 1; start <= model.starts(); ++start) {
    const Eigen::MatrixXd whole = model.gram(start);
    const Eigen::VectorXd right = model.match(start);
    for (int a = 0; a < all; ++a) {
      match[a] = right[order[static_cast<std::size_t>(a)]];
      for (int b = 0; b < all; ++b) gram(b, a) = whole(order[static_cast<std::size_t>(b)], order[static_cast<std::size_t>(a)]);
    }
    grams.push_back(gram), matches.push_back(match);
  }
  parallel_for(all, [&](int a) {
    for (int b = a + 1; b < all; ++b) {
      Found best{0, 1, a, b, -1};
      for (std::size_t j = 0; j < grams.size(); ++j) {
        const auto& g = grams[j];
        const auto& r = matches[j];
        const InteriorGain one = interior_pair(g(a, a), g(b, b), g(a, b), r[a], r[b]);
        if (one.interior && one.gain > best.gain) best.gain = one.gain, best.start = static_cast<int>(j) + 1;
      }
      if (best.gain > 0) pairs[static_cast<std::size_t>(a)].offer(best);
    }
  });
  parallel_for(pool, [&](int a) {
    for (int b = a + 1; b < pool; ++b)
      for (int c = b + 1; c < pool; ++c) {
        Found best{0, 1, a, b, c};
        for (std::size_t j = 0; j < grams.size(); ++j) {
          const auto& g = grams[j];
          const auto& r = matches[j];
          const InteriorGain one = interior_triple(g(a, a), g(b, b), g(c, c), g(b, a), g(c, a), g(c, b), r[a], r[b], r[c]);
          if (one.interior && one.gain > best.gain) best.gain = one.gain, best.start = static_cast<int>(j) + 1;
        }
        if (best.gain > 0) triples[static_cast<std::size_t>(a)].offer(best);
      }
  });
  const long m = all, p = pool;
  out.tried = model.starts() * (m * (m - 1) / 2 + p * (p - 1) * (p - 2) / 6);
  out.pairs = sets_of(model, pairs, order, listed);
  out.triples = sets_of(model, triples, order, listed);
  return out;
}

}  // namespace hyped::control
