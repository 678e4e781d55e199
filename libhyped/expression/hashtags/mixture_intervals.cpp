// The exact Hessian as intervals, and what the model's marginals say of its assumptions.
#include "libhyped/expression/hashtags/mixture_intervals.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

namespace hyped {
namespace {

constexpr double z95 = 1.959963984540054;

std::string word_of(double log_error) { return log_error < 0.25 ? "determined" : log_error < 1 ? "weakly determined" : "not determined"; }

// The share of a class without cells at which the log-likelihood has fallen by 1.92 (one-sided 97.5 %), other parameters held.
double greatest_share(const HashtagMixture& mixture, const ReadPatterns& data, int c) {
  HashtagMixture there = mixture;
  const double here = evaluate(mixture, data).log_likelihood;
  const auto fall = [&](double share) {
    there.weight = mixture.weight * ((1 - share) / (1 - mixture.weight[c]));
    there.weight[c] = share;
    return here - evaluate(there, data).log_likelihood;
  };
  double low = mixture.weight[c], high = std::max(1e-6, 2 * low);
  while (high < 0.5 && fall(high) < 0.5 * z95 * z95) low = high, high *= 3;
  for (int n = 0; n < 30; ++n) (fall(0.5 * (low + high)) < 0.5 * z95 * z95 ? low : high) = 0.5 * (low + high);
  return high;
}

// Estimate and interval of a share from the derivatives of it by theta.
struct Share {
  double estimate = 0, lower = 0, upper = 0, log_error = 0;
};
Share share_of(double w, const Eigen::VectorXd& slope, const Eigen::MatrixXd& covariance) {
  const double error = std::sqrt(std::max(0.0, slope.dot(covariance * slope)));
  const double odds = std::log(w / (1 - w)), width = z95 * error / (w * (1 - w));
  return {w, 1 / (1 + std::exp(width - odds)), 1 / (1 + std::exp(-width - odds)), error / w};
}

}  // namespace

Eigen::VectorXd FreeParameters::chosen(const Eigen::VectorXd& theta) const { return theta(kept); }
Eigen::MatrixXd FreeParameters::chosen(const Eigen::MatrixXd& matrix) const { return matrix(kept, kept); }
Eigen::VectorXd FreeParameters::spread(const Eigen::VectorXd& free) const {
  Eigen::VectorXd out = Eigen::VectorXd::Zero(size);
  out(kept) = free;
  return out;
}

FreeParameters free_parameters(const HashtagMixture& mixture, const ReadPatterns& data, double least_dispersion, double greatest_dispersion) {
  FreeParameters out;
  double cells = 0;
  for (const double n : data.cells) cells += n;
  mixture.weight.maxCoeff(&out.reference);
  for (int c = 0; c < mixture.class_count(); ++c)
    if (c != out.reference && mixture.weight[c] * cells > 0.5) out.classes.push_back(c);
  const int tags = data.tags;
  for (int k = 0; k < tags; ++k) {
    const TagLaws& laws = mixture.laws[static_cast<std::size_t>(k)];
    double carrying = 0;
    for (int c = 0; c < mixture.class_count(); ++c) carrying += mixture.carries(c, k) ? mixture.weight[c] * cells : 0;
    const auto inside = [&](double dispersion) { return dispersion > 1.01 * least_dispersion && dispersion < 0.99 * greatest_dispersion; };
    if (carrying > 0.5) out.kept.push_back(4 * k);
    if (carrying > 0.5 && inside(laws.signal.dispersion)) out.kept.push_back(4 * k + 1);
    out.kept.push_back(4 * k + 2);
    if (inside(laws.background.dispersion)) out.kept.push_back(4 * k + 3);
  }
  for (std::size_t f = 0; f < out.classes.size(); ++f) out.kept.push_back(4 * tags + static_cast<int>(f));
  out.size = 4 * tags + static_cast<int>(out.classes.size());
  return out;
}

void add_intervals(Demultiplexed& fit, const ReadPatterns& data, const FreeParameters& free, std::pair<double, double> bounds) {
  const HashtagMixture& m = fit.mixture;
  const int tags = data.tags, size = free.size;
  fit.free_classes = free.classes;
  fit.reference_class = free.reference;
  const MixtureCurvature at = curvature(m, data, free.classes, free.reference);
  const Eigen::LDLT<Eigen::MatrixXd> factor(-free.chosen(at.hessian));
  const bool known = factor.info() == Eigen::Success && factor.isPositive() && factor.vectorD().minCoeff() > 1e-9;
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(size, size);
  std::vector<bool> moves(static_cast<std::size_t>(size), false);
  if (known) {
    const auto count = static_cast<Eigen::Index>(free.kept.size());
    const Eigen::MatrixXd inverse = factor.solve(Eigen::MatrixXd::Identity(count, count));
    covariance(free.kept, free.kept) = inverse;
    for (const int i : free.kept) moves[static_cast<std::size_t>(i)] = true;
    fit.covariance = covariance;
  } else if (fit.outcome.ok()) {
    fit.outcome = {Status::not_identifiable, "the curvature of the log-likelihood is not negative definite at its maximum: no intervals"};
  }
  const double nothing = std::nan("");
  const auto law = [&](int k, int i, const char* quantity, const char* unit, double value) {
    HashtagParameter p{m.tags[static_cast<std::size_t>(k)], quantity, unit, value, nothing, nothing, "not determined"};
    if (moves[static_cast<std::size_t>(4 * k + i)]) {
      const double error = std::sqrt(covariance(4 * k + i, 4 * k + i));
      p.lower = value * std::exp(-z95 * error);
      p.upper = value * std::exp(z95 * error);
      p.identified = word_of(error);
    } else if (known && (i == 1 || i == 3)) {
      p.identified = value < 2 * bounds.first ? "at its bound: no more spread than Poisson" : value > 0.5 * bounds.second ? "at its bound" : p.identified;
    }
    fit.parameters.push_back(p);
  };
  for (int k = 0; k < tags; ++k) {
    const TagLaws& laws = m.laws[static_cast<std::size_t>(k)];
    law(k, 0, "signal mean", "reads", laws.signal.mean);
    law(k, 1, "signal dispersion", "1", laws.signal.dispersion);
    law(k, 2, "background mean", "reads", laws.background.mean);
    law(k, 3, "background dispersion", "1", laws.background.dispersion);
  }
  // d share_c / d log-odds_f = share_c (1[c = f] - share_f / sum of varying), as in curvature
  double varying = m.weight[free.reference];
  for (const int c : free.classes) varying += m.weight[c];
  const auto slope_of = [&](int c) {
    Eigen::VectorXd slope = Eigen::VectorXd::Zero(size);
    for (std::size_t f = 0; f < free.classes.size(); ++f) slope[4 * tags + static_cast<int>(f)] = m.weight[c] * ((free.classes[f] == c ? 1 : 0) - m.weight[free.classes[f]] / varying);
    return slope;
  };
  Eigen::VectorXd pairs = Eigen::VectorXd::Zero(size);
  double seen = 0, singles = 0, same = 0;
  for (int c = 0; c < m.class_count(); ++c) {
    HashtagParameter p{m.class_name(c), "share of cells", "1", m.weight[c], nothing, nothing, "not determined"};
    const bool varies = c == free.reference || std::find(free.classes.begin(), free.classes.end(), c) != free.classes.end();
    if (varies && known) {
      const Share share = share_of(m.weight[c], slope_of(c), covariance);
      p.lower = share.lower, p.upper = share.upper, p.identified = word_of(share.log_error);
      if (m.classes[static_cast<std::size_t>(c)].size() == 2) pairs += slope_of(c);
    } else if (!varies) {
      p.lower = 0;
      p.upper = greatest_share(m, data, c);
      p.identified = "at its bound: no cells";
    }
    const auto& of = m.classes[static_cast<std::size_t>(c)];
    if (of.size() == 2) seen += m.weight[c];
    if (of.size() == 1) singles += m.weight[c], same += m.weight[c] * m.weight[c];
    fit.parameters.push_back(p);
  }
  // Two cells of one sample carry one hashtag: with samples mixing freely, seen doublets are 1 - sum q^2 of all.
  const double visible = singles > 0 ? 1 - same / (singles * singles) : 1;
  if (seen > 0 && visible > 0) {
    const Share share = known ? share_of(seen, pairs, covariance) : Share{seen, nothing, nothing, 0};
    fit.doublets = seen / visible, fit.doublets_lower = share.lower / visible, fit.doublets_upper = share.upper / visible;
  }
}

void add_checks(Demultiplexed& fit, const ReadPatterns& data) {
  const HashtagMixture& m = fit.mixture;
  const auto tags = static_cast<std::size_t>(data.tags);
  double cells = 0;
  for (const double n : data.cells) cells += n;
  for (std::size_t k = 0; k < tags; ++k) {
    double carried = 0;
    for (int c = 0; c < m.class_count(); ++c) carried += m.carries(c, static_cast<int>(k)) ? m.weight[c] : 0;
    std::vector<double> seen(data.values[k].size(), 0);
    for (int u = 0; u < data.count(); ++u) seen[static_cast<std::size_t>(data.index[static_cast<std::size_t>(u) * tags + k])] += data.cells[static_cast<std::size_t>(u)] / cells;
    double observed = 0, expected = 0, farthest = 0;
    std::size_t next = 0;
    const std::vector<double> with = carried_probabilities(m.laws[k], data.values[k].back());
    for (std::int32_t y = 0; y <= data.values[k].back(); ++y) {
      expected += carried * with[static_cast<std::size_t>(y)] + (1 - carried) * std::exp(count_density(m.laws[k].background, y).value);
      if (data.values[k][next] == y) observed += seen[next++];
      farthest = std::max(farthest, std::abs(observed - expected));
    }
    const double statistic = farthest * std::sqrt(cells);
    fit.checks.push_back({fmt::format("distribution of {}", m.tags[k]), statistic, 1.63, statistic < 1.63});      // Kolmogorov, 1 %
  }
  for (std::size_t a = 0; a < tags; ++a)
    for (std::size_t b = a + 1; b < tags; ++b) {
      double mean = 0, square = 0, expected = 0;
      for (int u = 0; u < data.count(); ++u) {
        const double product = static_cast<double>(data.reads[static_cast<std::size_t>(u) * tags + a]) * data.reads[static_cast<std::size_t>(u) * tags + b];
        mean += data.cells[static_cast<std::size_t>(u)] / cells * product;
        square += data.cells[static_cast<std::size_t>(u)] / cells * product * product;
      }
      for (int c = 0; c < m.class_count(); ++c) {
        const auto mean_of = [&](std::size_t k) { return m.laws[k].background.mean + (m.carries(c, static_cast<int>(k)) ? m.laws[k].signal.mean : 0.0); };
        expected += m.weight[c] * mean_of(a) * mean_of(b);
      }
      const double error = std::sqrt(std::max(1e-300, (square - mean * mean) / cells)), statistic = (mean - expected) / error;
      fit.checks.push_back({fmt::format("{} and {} together", m.tags[a], m.tags[b]), statistic, 2.58, std::abs(statistic) < 2.58});
    }
}

}  // namespace hyped
