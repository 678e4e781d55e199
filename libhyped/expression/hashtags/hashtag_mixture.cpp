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

constexpr int batch = 8192;      // patterns summed at a time, in order; libraries of few reads have fewer and need no threads

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

CountDensity density_of(const CountLaw& law, std::int32_t reads, const Rising& g, double log_factorial) {
  const double m = law.mean, r = 1 / law.dispersion, y = reads, n = r + m;
  CountDensity out;
  out.value = g.log - log_factorial - r * std::log1p(m / r) + (reads > 0 ? y * std::log(m / n) : 0.0);
  out.by_mean = r * (y - m) / n;
  out.by_mean_twice = -r * m * (r + y) / (n * n);
  // by log r, then by log dispersion = -log r
  const double slope = g.first - std::log1p(m / r) + (m - y) / n, bend = g.second + 1 / r - 1 / n - (m - y) / (n * n);
  out.by_dispersion = -r * slope;
  out.by_dispersion_twice = r * slope + r * r * bend;
  out.by_both = -r * (y - m) * m / (n * n);
  return out;
}

// Splits of a carried count into background and signal: every part up to what matters.
struct Parts {
  std::vector<CountDensity> signal_density, background_density;
  std::vector<double> signal, background;      // probabilities; background ends where it is below 1e-17 beyond its mean
  Parts(const TagLaws& laws, std::int32_t most) : signal_density(count_densities(laws.signal, most)), background_density(count_densities(laws.background, most)) {
    for (const auto& d : signal_density) signal.push_back(std::exp(d.value));
    for (const auto& d : background_density) {
      background.push_back(std::exp(d.value));
      if (background.back() < 1e-17 && static_cast<double>(background.size()) > laws.background.mean) break;
    }
  }
  std::size_t splits(std::int32_t y) const { return std::min(background.size(), static_cast<std::size_t>(y) + 1); }
  double of(std::int32_t y) const {
    double sum = 0;
    const double* s = signal.data() + y;
    for (std::size_t j = 0; j < splits(y); ++j) sum += background[j] * *(s - j);
    return std::max(sum, 1e-300);
  }
};

// A sum over splits: means over the splits given the count (Louis 1982).
TagDensity carried_density(const Parts& parts, std::int32_t reads) {
  TagDensity out;
  const double all = parts.of(reads);
  out.value = std::log(all);
  for (std::size_t j = 0; j < parts.splits(reads); ++j) {
    const std::size_t i = static_cast<std::size_t>(reads) - j;
    const double p = parts.background[j] * parts.signal[i] / all;
    if (p < 1e-18) continue;
    const CountDensity &s = parts.signal_density[i], &b = parts.background_density[j];
    const Eigen::Vector4d by(s.by_mean, s.by_dispersion, b.by_mean, b.by_dispersion);
    out.by += p * by;
    out.by_twice.noalias() += p * by * by.transpose();
    out.by_twice(0, 0) += p * s.by_mean_twice;
    out.by_twice(1, 0) += p * s.by_both;
    out.by_twice(1, 1) += p * s.by_dispersion_twice;
    out.by_twice(2, 2) += p * b.by_mean_twice;
    out.by_twice(3, 2) += p * b.by_both;
    out.by_twice(3, 3) += p * b.by_dispersion_twice;
  }
  out.by_twice(0, 1) = out.by_twice(1, 0);
  out.by_twice(2, 3) = out.by_twice(3, 2);
  out.by_twice.noalias() -= out.by * out.by.transpose();
  return out;
}

TagDensity background_density(const CountDensity& b) {
  TagDensity out;
  out.value = b.value;
  out.by << 0, 0, b.by_mean, b.by_dispersion;
  out.by_twice.bottomRightCorner<2, 2>() << b.by_mean_twice, b.by_both, b.by_both, b.by_dispersion_twice;
  return out;
}

// Values of every count that occurs, per tag and state, looked up by a pattern; T: log-probability, or with its derivatives.
template <class T>
class DensityTable {
 public:
  template <class Make>
  DensityTable(const ReadPatterns& data, const Make& make) : data_(data) {      // make(tag, carried, values): one T for each
    for (std::size_t k = 0; k < data.values.size(); ++k)
      for (const bool carried : {false, true}) tables_.push_back(make(k, carried, data.values[k]));
  }
  const T& operator()(int pattern, int tag, bool carried) const {
    const auto at = static_cast<std::size_t>(pattern) * static_cast<std::size_t>(data_.tags) + static_cast<std::size_t>(tag);
    return tables_[static_cast<std::size_t>(2 * tag + (carried ? 1 : 0))][static_cast<std::size_t>(data_.index[at])];
  }

 private:
  const ReadPatterns& data_;
  std::vector<std::vector<T>> tables_;
};

DensityTable<double> values_of(const HashtagMixture& mixture, const ReadPatterns& data) {
  return DensityTable<double>(data, [&](std::size_t k, bool carried, const std::vector<std::int32_t>& values) {
    std::vector<double> out;
    if (!carried) {
      for (const std::int32_t y : values) out.push_back(count_density(mixture.laws[k].background, y).value);
      return out;
    }
    const Parts parts(mixture.laws[k], values.back());
    for (const std::int32_t y : values) out.push_back(std::log(parts.of(y)));
    return out;
  });
}

// Log-density of a pattern and class, shares included; log-sum-exp over classes.
double posterior_row(const HashtagMixture& mixture, const DensityTable<double>& density, int u, Eigen::Ref<Eigen::RowVectorXd> row) {
  double none = 0;
  for (int k = 0; k < static_cast<int>(mixture.tags.size()); ++k) none += density(u, k, false);
  double highest = -std::numeric_limits<double>::infinity();
  for (int c = 0; c < mixture.class_count(); ++c) {
    double log = none + std::log(mixture.weight[c]);
    for (const int k : mixture.classes[static_cast<std::size_t>(c)]) log += density(u, k, true) - density(u, k, false);
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

CountDensity count_density(const CountLaw& law, std::int32_t reads) { return density_of(law, reads, rising(reads, 1 / law.dispersion), std::lgamma(reads + 1.0)); }

std::vector<double> carried_probabilities(const TagLaws& laws, std::int32_t most) {
  const Parts parts(laws, most);
  std::vector<double> out;
  for (std::int32_t y = 0; y <= most; ++y) out.push_back(parts.of(y));
  return out;
}

TagDensity tag_density(const TagLaws& laws, bool carried, std::int32_t reads) {
  return carried ? carried_density(Parts(laws, reads), reads) : background_density(count_density(laws.background, reads));
}

PartHistograms split_counts(const TagLaws& laws, const std::vector<std::int32_t>& values, const std::vector<double>& carried, const std::vector<double>& not_carried) {
  PartHistograms out{std::vector<double>(static_cast<std::size_t>(values.back()) + 1, 0), {}};
  out.background = out.signal;
  const Parts parts(laws, values.back());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto y = static_cast<std::size_t>(values[i]);
    out.background[y] += not_carried[i];
    if (!(carried[i] > 0)) continue;
    const double scale = carried[i] / parts.of(values[i]);
    for (std::size_t j = 0; j < parts.splits(values[i]); ++j) {
      const double cells = scale * parts.background[j] * parts.signal[y - j];
      out.background[j] += cells;
      out.signal[y - j] += cells;
    }
  }
  return out;
}

std::vector<CountDensity> count_densities(const CountLaw& law, std::int32_t most) {
  std::vector<CountDensity> out;
  Rising g;
  double factorial = 0;
  const double r = 1 / law.dispersion;
  for (std::int32_t y = 0; y <= most; ++y) {
    if (y > 0) {
      const double at = r + y - 1;
      g.log += std::log(at);
      g.first += 1 / at;
      g.second -= 1 / (at * at);
      factorial += std::log(static_cast<double>(y));
    }
    out.push_back(density_of(law, y, g, factorial));
  }
  return out;
}

MixtureEvaluation evaluate(const HashtagMixture& mixture, const ReadPatterns& data) {
  const DensityTable<double> density = values_of(mixture, data);
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
  const DensityTable<double> density = values_of(mixture, data);
  const DensityTable<TagDensity> derivatives(data, [&](std::size_t k, bool carried, const std::vector<std::int32_t>& values) {
    std::vector<TagDensity> out(values.size());
    const Parts parts(mixture.laws[k], values.back());
    const int count = static_cast<int>(values.size()), chunk = values.back() > 1000 ? 16 : count;      // few reads: not worth threads
    parallel_for((count + chunk - 1) / chunk, [&](int b) {
      for (int i = b * chunk; i < std::min(count, (b + 1) * chunk); ++i) out[static_cast<std::size_t>(i)] = carried ? carried_density(parts, values[static_cast<std::size_t>(i)]) : background_density(parts.background_density[static_cast<std::size_t>(values[static_cast<std::size_t>(i)])]);
    });
    return out;
  });
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
        if (p < 1e-15) continue;      // below the rounding of the others
        of_class.setZero();
        for (int k = 0; k < tags; ++k) {
          const TagDensity& d = derivatives(u, k, mixture.carries(c, k));
          of_class.segment<4>(4 * k) = d.by;
          second.block<4, 4>(4 * k, 4 * k) += p * d.by_twice;
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
