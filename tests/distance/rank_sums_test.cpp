// Rank sums against counting every pair, stated values, coverage, and the same test through another road.
#include "libhyped/distance/rank_sums.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "libhyped/random.hpp"

using namespace hyped;

namespace {

struct Table {
  std::vector<double> value;
  std::vector<std::int32_t> label;
};

// A third zeros, ties among small numbers, some negative, some cells in no group.
Table random_table(int n, int labels, std::uint32_t job) {
  RandomStream random(3, job, 0);
  Table t;
  for (int i = 0; i < n; ++i) {
    const double u = random.uniform();
    t.value.push_back(u < 0.35 ? 0 : u < 0.7 ? static_cast<double>(random.poisson(2)) : u < 0.8 ? -random.uniform() : static_cast<float>(random.exponential()));
    t.label.push_back(static_cast<std::int32_t>(random.uniform() * (labels + 1)) - 1);
  }
  for (double& v : t.value) v = static_cast<float>(v);
  return t;
}

std::vector<RankSum> grouped(const Table& t, int labels, int reference) {
  std::vector<std::int32_t> where;
  std::vector<float> value;
  for (std::size_t i = 0; i < t.value.size(); ++i)
    if (t.value[i] != 0) where.push_back(static_cast<std::int32_t>(i)), value.push_back(static_cast<float>(t.value[i]));
  GroupedRanks::Scratch scratch;
  std::vector<RankSum> out(static_cast<std::size_t>(labels));
  const GroupedRanks ranks(t.label, labels, reference);
  ranks.rank(where, value, scratch, out);
  ranks.rank(where, value, scratch, out);      // the scratch leaves nothing behind
  return out;
}

void check_same(const RankSum& a, const RankSum& b) {
  CHECK(a.twice_u == b.twice_u);
  CHECK(a.group == b.group);
  CHECK(a.other == b.other);
  CHECK(a.variance == Approx(b.variance).epsilon(1e-13));
  CHECK(a.z == Approx(b.z).epsilon(1e-13).margin(1e-15));
  CHECK(a.test.p == Approx(b.test.p).epsilon(1e-12));
  CHECK(a.area_se == Approx(b.area_se).epsilon(1e-10).margin(1e-14));
}

}  // namespace

TEST_CASE("U, its variance and the area's error are those of counting every pair") {
  const Table t = random_table(90, 2, 0);
  std::vector<double> a, b;
  for (std::size_t i = 0; i < t.value.size(); ++i)
    if (t.label[i] >= 0) (t.label[i] == 0 ? a : b).push_back(t.value[i]);
  const RankSum r = mann_whitney(a, b);
  double twice_u = 0;
  std::vector<double> place_a(a.size(), 0), place_b(b.size(), 0);
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < b.size(); ++j) {
      const double win = a[i] > b[j] ? 1 : a[i] == b[j] ? 0.5 : 0;
      twice_u += 2 * win, place_a[i] += win / static_cast<double>(b.size()), place_b[j] += win / static_cast<double>(a.size());
    }
  CHECK(static_cast<double>(r.twice_u) == twice_u);
  const auto spread = [](const std::vector<double>& v) {
    double mean = 0, squares = 0;
    for (const double x : v) mean += x / static_cast<double>(v.size());
    for (const double x : v) squares += (x - mean) * (x - mean);
    return squares / static_cast<double>(v.size() - 1) / static_cast<double>(v.size());
  };
  CHECK(r.area_se == Approx(std::sqrt(spread(place_a) + spread(place_b))).epsilon(1e-12));
  // the variance over all ways to hand out the labels, by its formula with mid-ranks: sum of squared rank deviations
  std::vector<double> all(a);
  all.insert(all.end(), b.begin(), b.end());
  const auto n = static_cast<double>(all.size());
  double squares = 0;
  for (const double x : all) {
    double below = 0, equal = 0;
    for (const double y : all) below += y < x ? 1 : 0, equal += y == x ? 1 : 0;
    const double rank = below + 0.5 * (equal + 1) - 0.5 * (n + 1);
    squares += rank * rank;
  }
  CHECK(r.variance == Approx(static_cast<double>(a.size() * b.size()) * squares / (n * (n - 1))).epsilon(1e-12));
}

TEST_CASE("all groups from one sort are the pairwise tests, against one reference and against the rest") {
  for (const int n : {60, 3000}) {      // both ways to sort
    const int labels = 4;
    const Table t = random_table(n, labels, static_cast<std::uint32_t>(n));
    for (const int reference : {-1, 2}) {
      const auto found = grouped(t, labels, reference);
      for (int k = 0; k < labels; ++k) {
        std::vector<double> a, b;
        for (std::size_t i = 0; i < t.value.size(); ++i) {
          if (t.label[i] == k) a.push_back(t.value[i]);
          else if (t.label[i] >= 0 && (reference < 0 || t.label[i] == reference)) b.push_back(t.value[i]);
        }
        if (k != reference) check_same(found[static_cast<std::size_t>(k)], mann_whitney(a, b));
        else CHECK(found[static_cast<std::size_t>(k)].other == 0);
      }
    }
  }
}

TEST_CASE("edges: all equal, all zero, complete separation, one observation") {
  const std::vector<double> ones(5, 1.0), twos(7, 2.0), zeros(6, 0.0), one{1.0};
  const RankSum same = mann_whitney(ones, std::vector<double>(9, 1.0));
  CHECK(same.test.p == 1);
  CHECK(same.test.log_p == 0);
  CHECK(same.z == 0);
  CHECK(same.area == 0.5);
  CHECK(std::isnan(area_interval(same.area, same.area_se, same.group, same.other).lower));
  const RankSum apart = mann_whitney(twos, ones);
  CHECK(apart.u() == 35);
  CHECK(apart.area == 1);
  const AreaInterval end = area_interval(apart.area, apart.area_se, apart.group, apart.other);
  CHECK(end.upper == 1);
  CHECK(end.lower > 0.5);
  CHECK(end.lower < 0.95);
  CHECK(mann_whitney(one, zeros).area_se == 0);
  const std::vector<double> balanced{1, 4}, other{2, 3};
  CHECK(mann_whitney(balanced, other).test.p == 1);      // U is its mean: the correction cannot make p more than 1
  Table empty;
  empty.label = {0, 0, 1, 1};
  empty.value = {0, 0, 0, 0};
  CHECK(grouped(empty, 2, 1)[0].test.p == 1);
  CHECK(grouped(empty, 2, 1)[0].twice_u == 4);
}

TEST_CASE("a stated example: SciPy's mannwhitneyu, asymptotic, and a p far below what a double holds") {
  // scipy.stats.mannwhitneyu([19,22,16,29,24],[20,11,17,12], method="asymptotic"): U 17, p 0.11134688653314041
  const std::vector<double> males{19, 22, 16, 29, 24}, females{20, 11, 17, 12};
  const RankSum r = mann_whitney(males, females);
  CHECK(r.u() == 17);
  CHECK(r.test.p == Approx(0.11134688653314041).epsilon(1e-12));
  std::vector<double> low, high;
  for (int i = 0; i < 4000; ++i) low.push_back(i), high.push_back(5000 + i);
  const RankSum far = mann_whitney(high, low);
  CHECK(far.test.p == 0);
  const double z = (4000.0 * 4000 / 2 - 0.5) / std::sqrt(4000.0 * 4000 * 8001 / 12);
  CHECK(far.z == Approx(z).epsilon(1e-14));
  CHECK(far.test.log_p == Approx(two_sided_normal(z).log_p).epsilon(1e-13));
  CHECK(far.test.log_p < -2900);
}

TEST_CASE("strata: a difference between them is none between groups, and one stratum is the plain test without its correction") {
  RandomStream random(5, 0, 0);
  std::vector<RankSum> strata;
  std::vector<double> a, b;
  for (int s = 0; s < 3; ++s) {
    std::vector<double> x, y;
    for (int i = 0; i < (s == 0 ? 80 : 20); ++i) x.push_back(random.normal() + 3 * s);
    for (int i = 0; i < (s == 0 ? 20 : 80); ++i) y.push_back(random.normal() + 3 * s);
    strata.push_back(mann_whitney(x, y));
    a.insert(a.end(), x.begin(), x.end());
    b.insert(b.end(), y.begin(), y.end());
  }
  CHECK(mann_whitney(a, b).test.p < 1e-6);
  CHECK(van_elteren(strata).test.p > 0.01);
  const StratifiedRankSum one = van_elteren(std::vector<RankSum>{strata[0], RankSum{}});
  CHECK(one.strata == 1);
  CHECK(one.z == Approx((strata[0].u() - 800) / std::sqrt(strata[0].variance)).epsilon(1e-13));
  CHECK(one.area == Approx(strata[0].area).epsilon(1e-14));
  // by its definition
  double off = 0, variance = 0;
  for (const RankSum& r : strata) {
    off += (r.u() - 0.5 * 1600) / 101;
    variance += r.variance / (101.0 * 101.0);
  }
  CHECK(van_elteren(strata).z == Approx(off / std::sqrt(variance)).epsilon(1e-13));
}

TEST_CASE("intervals of the area hold what they say, with many zeros and with a difference") {
  constexpr int runs = 2000;
  for (const double shift : {0.0, 0.8}) {
    int inside = 0;
    // truth by a large sample: counts, Poisson of mean 0.5 against Poisson of mean 0.5 exp(shift)
    const double m = 0.5, k = 0.5 * std::exp(shift);
    double truth = 0, py = std::exp(-m);
    for (int y = 0; y < 60; ++y) {
      double px = std::exp(-k), upto = px;
      for (int x = 1; x <= y; ++x) px *= k / x, upto += px;
      truth += py * (1 - upto + 0.5 * px);
      py *= m / (y + 1);
    }
    for (int run = 0; run < runs; ++run) {
      RandomStream random(11, static_cast<std::uint32_t>(shift * 10), static_cast<std::uint32_t>(run));
      std::vector<double> a, b;
      for (int i = 0; i < 60; ++i) a.push_back(static_cast<double>(random.poisson(k)));
      for (int i = 0; i < 90; ++i) b.push_back(static_cast<double>(random.poisson(m)));
      const RankSum r = mann_whitney(a, b);
      const AreaInterval i = area_interval(r.area, r.area_se, r.group, r.other);
      inside += i.lower <= truth && truth <= i.upper ? 1 : 0;
    }
    // 95 % +- 3.5 standard errors of 2,000 runs (0.5 %)
    CHECK(std::abs(inside / static_cast<double>(runs) - 0.95) < 0.017);
  }
}
