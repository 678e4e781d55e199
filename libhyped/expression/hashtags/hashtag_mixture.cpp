// Likelihood of the hashtag mixture and its exact derivatives.
#include "libhyped/expression/hashtags/hashtag_mixture.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <cmath>
#include <limits>

#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr int batch = 2048;      // patterns summed at a time, in order

// log Gamma(y + r) - log Gamma(r), and its first two derivatives by r; sums where differences would cancel.
struct Rising {
  double log = 0, first = 0, second = 0;
};
Rising rising(std::int32_t y, double r) {
  if (y > 64) {
    using boost::math::digamma;
    using boost::math::trigamma;
    return {std::lgamma(y + r) - std::lgamma(r), digamma(y + r) - digamma(r), trigamma(y + r) - trigamma(r)};
  }
  Rising out;
  for (std::int32_t j = 0; j < y; ++j) {
    const double at = r + j;
    out.log += std::log(at);
    out.first += 1 / at;
    out.second -= 1 / (at * at);
  }
  return out;
}

// Densities of every count that occurs, per tag and state, looked up by a pattern.
class DensityTable {
 public:
  DensityTable(const HashtagMixture& mixture, const ReadPatterns& data) : data_(data) {
    for (std::size_t k = 0; k < data.values.size(); ++k)
      for (const CountLaw* law : {&mixture.laws[k].background, &mixture.laws[k].signal}) {
        tables_.emplace_back();
        for (const std::int32_t y : data.values[k]) tables_.back().push_back(count_density(*law, y));
      }
  }
  const CountDensity& operator()(int pattern, int tag, bool signal) const {
    const auto at = static_cast<std::size_t>(pattern) * static_cast<std::size_t>(data_.tags) + static_cast<std::size_t>(tag);
    return tables_[static_cast<std::size_t>(2 * tag + (signal ? 1 : 0))][static_cast<std::size_t>(data_.index[at])];
  }

 private:
  const ReadPatterns& data_;
  std::vector<std::vector<CountDensity>> tables_;
};

// Log-density of a pattern and class, shares included; log-sum-exp over classes.
double posterior_row(const HashtagMixture& mixture, const DensityTable& density, int u, Eigen::Ref<Eigen::RowVectorXd> row) {
  double none = 0;
  for (int k = 0; k < static_cast<int>(mixture.tags.size()); ++k) none += density(u, k, false).value;
  double highest = -std::numeric_limits<double>::infinity();
  for (int c = 0; c < mixture.class_count(); ++c) {
    double log = none + std::log(mixture.weight[c]);
    for (const int k : mixture.classes[static_cast<std::size_t>(c)]) log += density(u, k, true).value - density(u, k, false).value;
    row[c] = log;
    highest = std::max(highest, log);
  }
  double sum = 0;
  for (int c = 0; c < mixture.class_count(); ++c) sum += row[c] = std::exp(row[c] - highest);
  row /= sum;
  return highest + std::log(sum);
}

}  // namespace

std::string HashtagMixture::class_name(int c) const {
  std::vector<std::string> names;
  for (const int k : classes[static_cast<std::size_t>(c)]) names.push_back(tags[static_cast<std::size_t>(k)]);
  return names.empty() ? "negative" : fmt::format("{}", fmt::join(names, "+"));
}

bool HashtagMixture::carries(int c, int tag) const {
  const auto& tags_of = classes[static_cast<std::size_t>(c)];
  return std::find(tags_of.begin(), tags_of.end(), tag) != tags_of.end();
}

HashtagMixture make_mixture(const std::vector<std::string>& tags) {
  HashtagMixture out;
  out.tags = tags;
  const int count = static_cast<int>(tags.size());
  for (int a = 0; a < count; ++a) out.classes.push_back({a});
  for (int a = 0; a < count; ++a)
    for (int b = a + 1; b < count; ++b) out.classes.push_back({a, b});
  out.classes.push_back({});
  out.laws.resize(tags.size());
  out.weight = Eigen::VectorXd::Constant(out.class_count(), 1.0 / out.class_count());
  return out;
}

CountDensity count_density(const CountLaw& law, std::int32_t reads) {
  const double m = law.mean, r = 1 / law.dispersion, y = reads, n = r + m;
  const Rising g = rising(reads, r);
  CountDensity out;
  out.value = g.log - std::lgamma(y + 1) - r * std::log1p(m / r) + (reads > 0 ? y * std::log(m / n) : 0.0);
  out.by_mean = r * (y - m) / n;
  out.by_mean_twice = -r * m * (r + y) / (n * n);
  // by log r, then by log dispersion = -log r
  const double slope = g.first - std::log1p(m / r) + (m - y) / n, bend = g.second + 1 / r - 1 / n - (m - y) / (n * n);
  out.by_dispersion = -r * slope;
  out.by_dispersion_twice = r * slope + r * r * bend;
  out.by_both = -r * (y - m) * m / (n * n);
  return out;
}

MixtureEvaluation evaluate(const HashtagMixture& mixture, const ReadPatterns& data) {
  const DensityTable density(mixture, data);
  MixtureEvaluation out;
  out.posterior.resize(data.count(), mixture.class_count());
  const int batches = (data.count() + batch - 1) / batch;
  std::vector<double> sums(static_cast<std::size_t>(batches), 0);
  parallel_for(batches, [&](int b) {
    Eigen::RowVectorXd row(mixture.class_count());
    for (int u = b * batch; u < std::min(data.count(), (b + 1) * batch); ++u) {
      sums[static_cast<std::size_t>(b)] += data.cells[static_cast<std::size_t>(u)] * posterior_row(mixture, density, u, row);
      out.posterior.row(u) = row;
    }
  });
  for (const double sum : sums) out.log_likelihood += sum;
  return out;
}

MixtureCurvature curvature(const HashtagMixture& mixture, const ReadPatterns& data, const std::vector<int>& free, int reference) {
  const DensityTable density(mixture, data);
  const int tags = data.tags, laws = 4 * tags, size = laws + static_cast<int>(free.size());
  // share of each class among those that vary: log-odds move shares within that total
  double varying = mixture.weight[reference];
  for (const int c : free) varying += mixture.weight[c];
  Eigen::VectorXd share(static_cast<int>(free.size()));
  for (int f = 0; f < share.size(); ++f) share[f] = mixture.weight[free[static_cast<std::size_t>(f)]] / varying;
  std::vector<int> place(static_cast<std::size_t>(mixture.class_count()), -1);
  for (std::size_t f = 0; f < free.size(); ++f) place[static_cast<std::size_t>(free[f])] = static_cast<int>(f);
  const auto varies = [&](int c) { return c == reference || place[static_cast<std::size_t>(c)] >= 0; };
  const Eigen::MatrixXd by_odds = Eigen::MatrixXd(share * share.transpose()) - Eigen::MatrixXd(share.asDiagonal());      // second derivative of each varying log share
  const int batches = (data.count() + batch - 1) / batch;
  std::vector<MixtureCurvature> sums(static_cast<std::size_t>(batches), {Eigen::VectorXd::Zero(size), Eigen::MatrixXd::Zero(size, size)});
  parallel_for(batches, [&](int b) {
    MixtureCurvature& sum = sums[static_cast<std::size_t>(b)];
    Eigen::RowVectorXd posterior(mixture.class_count());
    Eigen::VectorXd of_class(size), mean(size);
    Eigen::MatrixXd second(size, size);
    for (int u = b * batch; u < std::min(data.count(), (b + 1) * batch); ++u) {
      posterior_row(mixture, density, u, posterior);
      mean.setZero();
      second.setZero();
      for (int c = 0; c < mixture.class_count(); ++c) {
        const double p = posterior[c];
        if (p == 0) continue;
        of_class.setZero();
        for (int k = 0; k < tags; ++k) {
          const bool signal = mixture.carries(c, k);
          const CountDensity& d = density(u, k, signal);
          const int i = 4 * k + (signal ? 0 : 2);
          of_class[i] = d.by_mean;
          of_class[i + 1] = d.by_dispersion;
          second(i, i) += p * d.by_mean_twice;
          second(i, i + 1) += p * d.by_both;
          second(i + 1, i) += p * d.by_both;
          second(i + 1, i + 1) += p * d.by_dispersion_twice;
        }
        if (varies(c)) {
          of_class.tail(share.size()) = -share;
          if (const int f = place[static_cast<std::size_t>(c)]; f >= 0) of_class[laws + f] += 1;
          second.bottomRightCorner(share.size(), share.size()) += p * by_odds;
        }
        mean += p * of_class;
        second.noalias() += p * of_class * of_class.transpose();
      }
      const double n = data.cells[static_cast<std::size_t>(u)];
      sum.gradient += n * mean;
      sum.hessian += n * (second - mean * mean.transpose());
    }
  });
  MixtureCurvature out{Eigen::VectorXd::Zero(size), Eigen::MatrixXd::Zero(size, size)};
  for (const auto& sum : sums) {
    out.gradient += sum.gradient;
    out.hessian += sum.hessian;
  }
  return out;
}

}  // namespace hyped
