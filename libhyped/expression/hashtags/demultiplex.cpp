// EM and Newton for the hashtag mixture.
#include "libhyped/expression/hashtags/demultiplex.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "libhyped/expression/hashtags/mixture_intervals.hpp"

namespace hyped {
namespace {

constexpr double least_dispersion = 1e-4, greatest_dispersion = 50;

// Weighted maximum likelihood of one negative binomial from cells per number of reads: the mean in closed form, the dispersion by
// Newton's method on its logarithm.
void fit_law(CountLaw& law, const std::vector<double>& cells) {
  double total = 0, sum = 0;
  for (std::size_t y = 0; y < cells.size(); ++y) {
    total += cells[y];
    sum += cells[y] * static_cast<double>(y);
  }
  if (total < 1e-6) return;      // nobody in this state: the law stays
  auto last = static_cast<std::int32_t>(cells.size()) - 1;
  while (last > 0 && cells[static_cast<std::size_t>(last)] < 1e-15 * total) --last;
  law.mean = std::max(sum / total, 1e-4);
  for (int n = 0; n < 3; ++n) {
    double slope = 0, bend = 0;
    const auto density = count_densities(law, last);
    for (std::size_t y = 0; y < density.size(); ++y) {
      slope += cells[y] * density[y].by_dispersion;
      bend += cells[y] * density[y].by_dispersion_twice;
    }
    const double step = std::clamp(bend < 0 ? -slope / bend : slope > 0 ? 0.5 : -0.5, -1.0, 1.0);
    law.dispersion = std::clamp(law.dispersion * std::exp(step), least_dispersion, greatest_dispersion);
    if (std::abs(step) < 1e-6) break;
  }
}

void maximise(HashtagMixture& mixture, const ReadPatterns& data, const Eigen::MatrixXd& posterior) {
  const auto tags = static_cast<std::size_t>(data.tags);
  const std::vector<double>& cells = data.cells;
  mixture.weight.setConstant(1e-300);
  double all = 0;
  for (int c = 0; c < mixture.class_count(); ++c)
    for (int u = 0; u < data.count(); ++u) mixture.weight[c] += cells[static_cast<std::size_t>(u)] * posterior(u, c);
  for (const double w : mixture.weight) all += w;
  mixture.weight /= all;
  Eigen::MatrixXd member = Eigen::MatrixXd::Zero(mixture.class_count(), data.tags);
  for (int c = 0; c < mixture.class_count(); ++c)
    for (const int k : mixture.classes[static_cast<std::size_t>(c)]) member(c, k) = 1;
  const Eigen::MatrixXd carriers = posterior * member;      // [U x K]
  for (std::size_t k = 0; k < tags; ++k) {
    std::vector<double> signal(data.values[k].size(), 0), background = signal;
    for (int u = 0; u < data.count(); ++u) {
      const double carried = std::min(1.0, carriers(u, static_cast<Eigen::Index>(k)));
      const auto value = static_cast<std::size_t>(data.index[static_cast<std::size_t>(u) * tags + k]);
      const double here = cells[static_cast<std::size_t>(u)];
      signal[value] += here * carried;
      background[value] += here * (1 - carried);
    }
    const PartHistograms parts = split_counts(mixture.laws[k], data.values[k], signal, background);
    fit_law(mixture.laws[k].signal, parts.signal);
    fit_law(mixture.laws[k].background, parts.background);
  }
}

// A guess: signal where a hashtag has most reads, background elsewhere; shares of doublets and negatives are given.
HashtagMixture guess(const HashtagCounts& counts, const ReadPatterns& data, double pairs, double negatives) {
  HashtagMixture out = make_mixture(counts.tags);
  const auto tags = static_cast<std::size_t>(data.tags);
  std::vector<double> winners(tags, 0);
  for (std::size_t k = 0; k < tags; ++k) {
    double n[2] = {0, 0}, sum[2] = {0, 0}, squares[2] = {0, 0};
    for (int u = 0; u < data.count(); ++u) {
      const std::int32_t* row = data.reads.data() + static_cast<std::size_t>(u) * tags;
      const double y = row[k], cells = data.cells[static_cast<std::size_t>(u)];
      const int side = row[k] > 0 && *std::max_element(row, row + tags) == row[k] ? 1 : 0;
      n[side] += cells;
      sum[side] += cells * y;
      squares[side] += cells * y * y;
    }
    winners[k] = n[1] + 1;
    CountLaw* laws[2] = {&out.laws[k].background, &out.laws[k].signal};
    for (int side = 0; side < 2; ++side) {
      const double mean = n[side] > 0 ? std::max(sum[side] / n[side], 0.01) : 1, variance = n[side] > 1 ? squares[side] / n[side] - mean * mean : mean;
      *laws[side] = {mean, std::clamp((variance - mean) / (mean * mean), 0.05, 3.0)};
    }
    out.laws[k].signal.mean = std::max(out.laws[k].signal.mean - out.laws[k].background.mean, out.laws[k].background.mean);
  }
  double all = 0, products = 0;
  for (const double w : winners) all += w;
  for (const auto& c : out.classes)
    if (c.size() == 2) products += winners[static_cast<std::size_t>(c[0])] * winners[static_cast<std::size_t>(c[1])];
  for (int c = 0; c < out.class_count(); ++c) {
    const auto& of = out.classes[static_cast<std::size_t>(c)];
    out.weight[c] = of.empty() ? negatives : of.size() == 1 ? (1 - pairs - negatives) * winners[static_cast<std::size_t>(of[0])] / all : pairs * winners[static_cast<std::size_t>(of[0])] * winners[static_cast<std::size_t>(of[1])] / products;
  }
  return out;
}

struct Fit {
  HashtagMixture mixture;
  double log_likelihood = 0, decrement = 0;
  int rounds = 0;
};

// Parameters moved along theta; shares of the classes that vary keep their sum.
HashtagMixture moved(const HashtagMixture& from, const Eigen::VectorXd& step, const std::vector<int>& free, int reference) {
  HashtagMixture out = from;
  const int tags = static_cast<int>(from.tags.size());
  for (int k = 0; k < tags; ++k) {
    TagLaws& laws = out.laws[static_cast<std::size_t>(k)];
    laws.signal.mean *= std::exp(step[4 * k]);
    laws.signal.dispersion = std::clamp(laws.signal.dispersion * std::exp(step[4 * k + 1]), least_dispersion, greatest_dispersion);
    laws.background.mean *= std::exp(step[4 * k + 2]);
    laws.background.dispersion = std::clamp(laws.background.dispersion * std::exp(step[4 * k + 3]), least_dispersion, greatest_dispersion);
  }
  double before = from.weight[reference], after = before;
  for (std::size_t f = 0; f < free.size(); ++f) {
    before += from.weight[free[f]];
    after += out.weight[free[f]] *= std::exp(step[4 * tags + static_cast<int>(f)]);
  }
  out.weight[reference] *= before / after;
  for (const int c : free) out.weight[c] *= before / after;
  return out;
}

// EM until the log-likelihood hardly rises.
Fit fit_from(HashtagMixture start, const ReadPatterns& data, const DemultiplexOptions& options) {
  Fit out{std::move(start), 0, 0, 0};
  MixtureEvaluation now = evaluate(out.mixture, data);
  for (; out.rounds < options.em_rounds; ++out.rounds) {
    maximise(out.mixture, data, now.posterior);
    const double before = now.log_likelihood;
    now = evaluate(out.mixture, data);
    if (now.log_likelihood - before < 1e-7 * std::abs(now.log_likelihood) && out.rounds > 3) break;
  }
  out.log_likelihood = now.log_likelihood;
  return out;
}

// Newton steps while they raise the log-likelihood, EM where they do not.
void finish(Fit& out, const ReadPatterns& data) {
  MixtureEvaluation now = evaluate(out.mixture, data);
  for (int n = 0; n < 60; ++n, ++out.rounds) {
    const FreeParameters free = free_parameters(out.mixture, data, least_dispersion, greatest_dispersion);
    const MixtureCurvature at = curvature(out.mixture, data, free.classes, free.reference);
    const Eigen::VectorXd gradient = free.chosen(at.gradient);
    const Eigen::LDLT<Eigen::MatrixXd> factor(-free.chosen(at.hessian));
    bool risen = false;
    if (factor.info() == Eigen::Success && factor.isPositive()) {
      const Eigen::VectorXd step = factor.solve(gradient);
      out.decrement = gradient.dot(step);
      if (out.decrement < 1e-10) break;
      for (double shorter = 1; shorter > 1e-3 && !risen; shorter *= 0.5) {
        const Eigen::VectorXd whole = free.spread(shorter * step.cwiseMax(-2).cwiseMin(2));
        HashtagMixture next = moved(out.mixture, whole, free.classes, free.reference);
        MixtureEvaluation there = evaluate(next, data);
        if (there.log_likelihood >= now.log_likelihood) {
          risen = true;
          out.mixture = std::move(next);
          now = std::move(there);
        }
      }
    }
    if (risen) continue;
    maximise(out.mixture, data, now.posterior);      // EM never falls
    now = evaluate(out.mixture, data);
  }
  out.log_likelihood = now.log_likelihood;
}

}  // namespace

Demultiplexed demultiplex(const HashtagCounts& counts, const DemultiplexOptions& options) {
  const ReadPatterns data = patterns_of(counts);
  const std::vector<std::pair<double, double>> guesses{{0.04, 0.005}, {0.12, 0.03}, {0.02, 0.15}, {0.3, 0.01}};
  std::vector<Fit> fits(static_cast<std::size_t>(std::clamp(options.starts, 1, 4)));
  for (std::size_t s = 0; s < fits.size(); ++s) fits[s] = fit_from(guess(counts, data, guesses[s].first, guesses[s].second), data, options);
  std::size_t best = 0;
  int best_starts = 0;
  for (std::size_t s = 1; s < fits.size(); ++s)
    if (fits[s].log_likelihood > fits[best].log_likelihood) best = s;
  for (const Fit& fit : fits) best_starts += fit.log_likelihood > fits[best].log_likelihood - 1 ? 1 : 0;
  finish(fits[best], data);
  Demultiplexed out;
  out.best_starts = best_starts;
  out.mixture = fits[best].mixture;
  out.log_likelihood = fits[best].log_likelihood;
  for (const Fit& fit : fits) out.rounds += fit.rounds;
  if (fits[best].decrement > 1e-6) out.outcome = {Status::not_converged, fmt::format("the fit stopped with a rise of {:.2g} in log-likelihood left", 0.5 * fits[best].decrement)};
  add_intervals(out, data, free_parameters(out.mixture, data, least_dispersion, greatest_dispersion), {least_dispersion, greatest_dispersion});
  add_checks(out, data);
  const MixtureEvaluation end = evaluate(out.mixture, data);
  out.posterior.resize(counts.cells, out.mixture.class_count());
  for (int c = 0; c < counts.cells; ++c) out.posterior.row(c) = end.posterior.row(data.pattern[static_cast<std::size_t>(c)]);
  for (std::size_t k = 0; k < counts.tags.size(); ++k)
    if (const auto& [signal, background] = out.mixture.laws[k]; signal.mean <= std::sqrt(background.mean + background.dispersion * background.mean * background.mean))
      out.outcome = {Status::not_identifiable, fmt::format("the signal of hashtag '{}' ({:.3g} reads) drowns in its background ({:.3g} reads, dispersion {:.3g}): it marks no cells that can be told", counts.tags[k], signal.mean, background.mean, background.dispersion)};
  return out;
}

std::vector<HashtagCall> call_cells(const Demultiplexed& fit, double certainty) {
  std::vector<HashtagCall> calls(static_cast<std::size_t>(fit.posterior.rows()));
  for (std::size_t i = 0; i < calls.size(); ++i) {
    HashtagCall& call = calls[i];
    for (int c = 0; c < fit.mixture.class_count(); ++c) {
      const double p = fit.posterior(static_cast<Eigen::Index>(i), c);
      const auto& of = fit.mixture.classes[static_cast<std::size_t>(c)];
      if (p > call.certainty) call.best = c, call.certainty = p;
      if (of.size() == 1 && p > call.single) call.tag = of[0], call.single = p;
      (of.empty() ? call.negative : call.doublet) += of.size() == 1 ? 0.0 : p;
    }
    const bool single = fit.mixture.classes[static_cast<std::size_t>(call.best)].size() == 1;
    call.label = single && call.single >= certainty ? fit.mixture.tags[static_cast<std::size_t>(call.tag)] : call.doublet >= certainty ? "doublet" : call.negative >= certainty ? "negative" : "unassigned";
  }
  return calls;
}

}  // namespace hyped
