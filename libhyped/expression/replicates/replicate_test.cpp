// Tests of arms between replicates.
#include "libhyped/expression/replicates/replicate_test.hpp"

#include <fmt/format.h>

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/expression/replicates/quasi_likelihood.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr int batch = 32;
constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity(), log_two = 0.6931471805599453;
constexpr double infinite_se = 20;      // an estimate whose standard error is a factor of e^20 does not exist

Eigen::MatrixXd without(const Eigen::MatrixXd& design, int column) {
  Eigen::MatrixXd out(design.rows(), design.cols() - 1);
  out << design.leftCols(column), design.rightCols(design.cols() - column - 1);
  return out;
}

struct Work {
  NegativeBinomialFit full, reduced, poisson;
};

class GeneTest {
 public:
  GeneTest(const PseudobulkCounts& samples, const PseudobulkDesign& design, const ReplicateTestOptions& options, const Eigen::VectorXd& log_exposure)
      : design_(design), options_(options), log_exposure_(log_exposure), full_(design.design) {
    for (std::size_t a = 0; a < samples.arms.size(); ++a) reduced_.emplace_back(design.of_arm[a] < 0 ? design.design : without(design.design, design.of_arm[a]));
  }
  const NegativeBinomialGlm& full() const { return full_; }

  // quasi: the gene's quasi-dispersion with its degrees of freedom; 1 and infinity where the dispersion is taken as known.
  void run(const Eigen::Ref<const Eigen::VectorXd>& counts, double dispersion, double quasi, double df, Work& work, ReplicateEffect* effects) const {
    full_.fit(counts, log_exposure_, dispersion, work.full, false);
    const double quantile = student_quantile(0.975, df);
    for (std::size_t a = 0; a < reduced_.size(); ++a) {
      const int column = design_.of_arm[a];
      if (column < 0) continue;
      ReplicateEffect& e = effects[a];
      e.df = df;
      const NegativeBinomialGlm& small = reduced_[a];
      small.fit(counts, log_exposure_, dispersion, work.reduced, false);
      if (!work.full.outcome.ok() || !work.reduced.outcome.ok()) {
        e.status = GeneStatus::not_converged;
        e.log2 = e.lower = e.upper = nan;
        continue;
      }
      e.status = GeneStatus::tested;
      const double estimate = work.full.beta[column], se = work.full.se(column) * std::sqrt(quasi);
      const bool infinite = work.full.se(column) > infinite_se;
      const double ratio = std::max(0.0, work.reduced.deviance - work.full.deviance);
      if (infinite) {
        e.log2 = std::copysign(infinity, estimate);
        const double end = profile_end(counts, dispersion, quantile * quantile * quasi, column, small, work, estimate) / log_two;
        (estimate < 0 ? e.upper : e.lower) = end;
        (estimate < 0 ? e.lower : e.upper) = nan;
      } else {
        e.log2 = estimate / log_two;
        e.lower = (estimate - quantile * se) / log_two;
        e.upper = (estimate + quantile * se) / log_two;
      }
      if (options_.kind == ReplicateTestKind::wald && !infinite) {
        e.statistic = estimate / se;
        e.test = two_sided_normal(e.statistic);
      } else if (options_.kind != ReplicateTestKind::quasi_likelihood) {
        e.statistic = ratio;      // an infinite estimate has no Wald statistic
        e.test = chi_squared_tail(ratio, 1);
      } else {
        e.statistic = ratio / quasi;
        e.test = f_tail(e.statistic, 1, df);
        bound_by_poisson(counts, dispersion, quasi, small, work, e);
      }
    }
  }

 private:
  // Counts cannot vary less than Poisson: where quasi and negative binomial dispersion together would, Poisson's p is the least (as edgeR does).
  void bound_by_poisson(const Eigen::Ref<const Eigen::VectorXd>& counts, double dispersion, double quasi, const NegativeBinomialGlm& small, Work& work, ReplicateEffect& e) const {
    if (!(quasi * (1 + work.full.mean.array() * dispersion) < 1).any()) return;
    full_.fit(counts, log_exposure_, 0, work.poisson, false);
    const double with = work.poisson.deviance;
    small.fit(counts, log_exposure_, 0, work.poisson, false);
    const TailProbability least = chi_squared_tail(std::max(0.0, work.poisson.deviance - with), 1);
    if (least.log_p > e.test.log_p) e.test = least;
  }

  // Where the deviance has risen by `rise` on the finite side of an infinite estimate.
  double profile_end(const Eigen::Ref<const Eigen::VectorXd>& counts, double dispersion, double rise, int column, const NegativeBinomialGlm& small, Work& work, double estimate) const {
    double out = estimate, in = estimate < 0 ? 10 : -10;      // the deviance is below and above
    for (int i = 0; i < 50; ++i) {
      const double middle = 0.5 * (out + in);
      const Eigen::VectorXd shifted = log_exposure_ + middle * design_.design.col(column);
      small.fit(counts, shifted, dispersion, work.poisson, false);
      (work.poisson.deviance - work.full.deviance < rise ? out : in) = middle;
    }
    return 0.5 * (out + in);
  }

  const PseudobulkDesign& design_;
  const ReplicateTestOptions& options_;
  const Eigen::VectorXd& log_exposure_;
  NegativeBinomialGlm full_;
  std::vector<NegativeBinomialGlm> reduced_;      // [arms]
};

}  // namespace

std::string_view to_string(ReplicateTestKind kind) {
  return kind == ReplicateTestKind::wald ? "Wald" : kind == ReplicateTestKind::likelihood_ratio ? "likelihood ratio" : "quasi-likelihood F";
}
std::string_view to_string(GeneStatus status) {
  return status == GeneStatus::tested ? "tested" : status == GeneStatus::too_few_counts ? "too few counts" : "the fit did not settle";
}

ReplicateTest replicate_test(const PseudobulkCounts& samples, const PseudobulkDesign& design, const ReplicateTestOptions& options) {
  const auto genes = static_cast<int>(samples.counts.cols());
  const auto arms = samples.arms.size();
  ReplicateTest out;
  out.size_factors = size_factors(samples.counts, options.size_factors);
  const Eigen::VectorXd log_exposure = out.size_factors.array().log();
  const GeneTest test(samples, design, options, log_exposure);
  out.words.push_back(fmt::format("size factors by {}: {:.3g} to {:.3g}", to_string(options.size_factors), out.size_factors.minCoeff(), out.size_factors.maxCoeff()));
  std::vector<int> kept;
  for (int g = 0; g < genes; ++g)
    if (samples.counts.col(g).sum() >= options.least_counts) kept.push_back(g);
  if (kept.empty()) throw InputError("counts", fmt::format("no gene has {} counts over all samples", options.least_counts), "lower --min-counts");
  Eigen::MatrixXd counts(samples.counts.rows(), static_cast<Eigen::Index>(kept.size()));
  for (std::size_t i = 0; i < kept.size(); ++i) counts.col(static_cast<Eigen::Index>(i)) = samples.counts.col(kept[i]);
  const Dispersions found = estimate_dispersions(test.full(), counts, log_exposure);
  out.outcome = found.outcome;
  out.words.insert(out.words.end(), found.words.begin(), found.words.end());
  out.words.push_back(fmt::format("{} of {} genes have {} counts or more and are tested ({})", kept.size(), genes, options.least_counts, to_string(options.kind)));
  const auto count = static_cast<int>(kept.size());
  const int batches = (count + batch - 1) / batch;
  Eigen::VectorXd quasi = Eigen::VectorXd::Ones(count), df = Eigen::VectorXd::Constant(count, design.residual_df);
  SqueezedVariances squeezed;
  squeezed.posterior = quasi;
  if (options.kind == ReplicateTestKind::quasi_likelihood) {
    parallel_for(batches, [&](int b) {
      NegativeBinomialFit work;
      for (int i = b * batch; i < std::min(count, (b + 1) * batch); ++i) {
        test.full().fit(counts.col(i), log_exposure, found.trend[i], work, false);
        // samples fitted to nothing that hold nothing say nothing: they and the coefficients that are theirs alone drop out
        int empty = 0;
        for (Eigen::Index s = 0; s < counts.rows(); ++s) empty += work.mean[s] < 1e-6 && counts(s, i) == 0 ? 1 : 0;
        if (empty > 0) {
          Eigen::MatrixXd rest(counts.rows() - empty, design.design.cols());
          for (Eigen::Index s = 0, to = 0; s < counts.rows(); ++s)
            if (!(work.mean[s] < 1e-6 && counts(s, i) == 0)) rest.row(to++) = design.design.row(s);
          df[i] = static_cast<double>(rest.rows()) - (rest.rows() > 0 ? static_cast<double>(Eigen::ColPivHouseholderQR<Eigen::MatrixXd>(rest).rank()) : 0.0);
        }
        quasi[i] = df[i] > 0 ? work.deviance / df[i] : 0;
      }
    });
    squeezed = squeeze_variances(quasi, df);
    out.prior_df = squeezed.prior_df;
    out.words.push_back(fmt::format("quasi-dispersions scatter about {:.3g} with {:.3g} prior degrees of freedom", squeezed.prior, squeezed.prior_df));
  }
  out.dispersions = found;
  out.dispersions.own = out.dispersions.trend = out.dispersions.shrunken = Eigen::VectorXd::Constant(genes, nan);
  out.quasi_dispersion = Eigen::VectorXd::Constant(genes, nan);
  out.effects.resize(static_cast<std::size_t>(genes) * arms);
  for (auto& e : out.effects) e.log2 = e.lower = e.upper = nan;
  const double pooled_df = df.sum();
  parallel_for(batches, [&](int b) {
    Work work;
    for (int i = b * batch; i < std::min(count, (b + 1) * batch); ++i) {
      const int g = kept[static_cast<std::size_t>(i)];
      out.dispersions.own[g] = found.own[i], out.dispersions.trend[g] = found.trend[i], out.dispersions.shrunken[g] = found.shrunken[i];
      out.quasi_dispersion[g] = squeezed.posterior[i];
      const bool quasi_likelihood = options.kind == ReplicateTestKind::quasi_likelihood;
      test.run(counts.col(i), quasi_likelihood ? found.trend[i] : found.shrunken[i], squeezed.posterior[i], quasi_likelihood ? std::min(squeezed.prior_df + df[i], pooled_df) : infinity, work,
               out.effects.data() + static_cast<std::size_t>(g) * arms);
    }
  });
  return out;
}

}  // namespace hyped
