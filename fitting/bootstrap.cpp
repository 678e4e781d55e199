// Parametric bootstrap and bootstrap over wells.
#include "fitting/bootstrap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "fitting/linearised_wells.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

// The frozen problem of a fit: expectation, factor and pseudo-data of every well.
struct Frozen {
  std::vector<Eigen::MatrixXd> lower;
  std::vector<Eigen::VectorXd> mean, offset;
  Outcome outcome;
};

Frozen frozen_at(const CycleProblem& problem, const ProcessFit& fit) {
  Frozen out;
  const auto covariances = problem.unit_covariances(fit.theta);
  for (const auto& covariance : covariances)
    if (!covariance.outcome.ok()) {
      out.outcome = covariance.outcome;
      return out;
    }
  const LinearisedWells wells = linearise_wells(problem, fit.theta, fit.effects, fit.scales, fit.components.size(), covariances);
  out.outcome = wells.outcome;
  out.lower.resize(problem.wells().size());
  for (std::size_t w = 0; w < out.lower.size() && out.outcome.ok(); ++w) {
    out.outcome = block_factor(wells.blocks[w], fit.components, out.lower[w]);
    out.offset.emplace_back(wells.random[w] * fit.effects.row(static_cast<int>(w)).transpose());
    out.mean.emplace_back(problem.wells()[w].blocks + out.offset.back() - wells.blocks[w].residual);
  }
  return out;
}

// One refit and which parameters it says something about.
struct Refit {
  LeastSquaresResult result;
  std::vector<int> held;
  SolveLog solves;
};

Bootstrap summary_of(const CycleProblem& problem, const ProcessFit& fit, const char* kind, const std::vector<Refit>& refits, const BootstrapOptions& options) {
  const ParameterSpace& space = problem.space();
  Bootstrap out;
  for (std::size_t b = 0; b < refits.size(); ++b) out.failed_solves.add(fmt::format("{} bootstrap {}", kind, b + 1), refits[b].solves, space);
  std::map<std::string, int> texts;
  std::vector<const Refit*> good;
  for (const Refit& refit : refits) {
    if (std::isfinite(refit.result.sum_of_squares) && refit.result.outcome.ok()) good.push_back(&refit);
    else ++out.failures, ++texts[refit.result.outcome.message];
  }
  for (const auto& [text, count] : texts) out.failure_texts.push_back(fmt::format("{} refit{}: {}", count, count == 1 ? "" : "s", text));
  out.theta.resize(static_cast<int>(good.size()), space.count());
  for (std::size_t b = 0; b < good.size(); ++b) out.theta.row(static_cast<int>(b)) = good[b]->result.theta.transpose();
  for (int i = 0; i < space.count(); ++i) {
    BootstrapInterval interval{space[i].name, space[i].unit, space.natural(i, fit.theta[i]), space[i].lower, space[i].upper, 0, 0};
    std::vector<double> values;
    for (const Refit* refit : good)
      if (std::find(refit->held.begin(), refit->held.end(), i) == refit->held.end()) values.push_back(refit->result.theta[i]);
    interval.used = static_cast<int>(values.size());
    if (interval.used >= 20) {
      // copied: the order in which Eigen sums mapped memory depends on its address
      const Eigen::VectorXd all = Eigen::Map<const Eigen::VectorXd>(values.data(), interval.used);
      interval.sd = std::sqrt((all.array() - all.mean()).square().sum() / (interval.used - 1));
      interval.lower = space.natural(i, percentile(values, (1 - options.level) / 2));
      interval.upper = space.natural(i, percentile(values, (1 + options.level) / 2));
    }
    out.parameters.push_back(std::move(interval));
  }
  if (10 * out.failures > static_cast<int>(refits.size()))
    out.outcome = {Status::not_converged, fmt::format("{} of {} refits failed: {}", out.failures, refits.size(), out.failure_texts.front())};
  return out;
}

// A residual function whose rows count as often as their well was drawn.
class DrawnWells final : public ResidualFunction {
 public:
  DrawnWells(const ResidualFunction& all, const CycleProblem& problem, const std::vector<int>& times) : all_(all), weight_(Eigen::VectorXd::Ones(all.residual_count())) {
    int row = 0;
    for (std::size_t w = 0; w < times.size(); ++w) {
      const int size = static_cast<int>(problem.wells()[w].blocks.size());
      weight_.segment(row, size).setConstant(std::sqrt(static_cast<double>(times[w])));
      row += size;
    }
  }
  int residual_count() const override { return all_.residual_count(); }
  int parameter_count() const override { return all_.parameter_count(); }
  Outcome evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const override {
    const Outcome outcome = all_.evaluate(theta, residuals, jacobian);
    if (!outcome.ok()) return outcome;
    residuals.array() *= weight_.array();
    if (jacobian != nullptr) jacobian->array().colwise() *= weight_.array();
    return outcome;
  }

 private:
  const ResidualFunction& all_;
  Eigen::VectorXd weight_;
};

template <class Make>
void keep_refit(const Records& records, const char* kind, int number, Refit& refit, const Make& make) {
  const Record kept = records.job(fmt::format("{}/{}", kind, number), [&] {
    const LeastSquaresResult made = make();
    SolveLog log;
    log.add(made);
    RecordWriter out;
    out << made.theta << made.sum_of_squares << made.start_sum_of_squares << made.gradient_norm << made.at_lower << made.at_upper << made.iterations << log;
    return out.record(made.outcome);
  });
  RecordReader in(kept);
  LeastSquaresResult& result = refit.result;
  result.theta = in.vector();
  result.sum_of_squares = in.number();
  result.start_sum_of_squares = in.number();
  result.gradient_norm = in.number();
  result.at_lower = in.integers();
  result.at_upper = in.integers();
  result.iterations = in.integer();
  result.outcome = kept.outcome;
  refit.solves = solves_of(in);
}

}  // namespace

double percentile(std::vector<double> values, double probability) {
  HYPED_REQUIRE(!values.empty());
  std::sort(values.begin(), values.end());
  const double at = std::clamp(probability, 0.0, 1.0) * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const double share = at - static_cast<double>(below);
  return below + 1 < values.size() ? values[below] + share * (values[below + 1] - values[below]) : values.back();
}

Bootstrap bootstrap_parametric(const CycleProblem& problem, const ProcessFit& fit, const BootstrapOptions& options) {
  const Frozen frozen = frozen_at(problem, fit);
  if (!frozen.outcome.ok()) {
    Bootstrap out;
    out.outcome = frozen.outcome;
    return out;
  }
  const Eigen::VectorXd lower = problem.space().lower(), upper = problem.space().upper();
  std::vector<Refit> refits(static_cast<std::size_t>(std::max(1, options.replicates)));
  parallel_for(static_cast<int>(refits.size()), [&](int b) {
    keep_refit(options.records, "parametric", b, refits[b], [&] {
      std::vector<Eigen::VectorXd> offset(frozen.mean.size());
      for (std::size_t w = 0; w < offset.size(); ++w) {
        RandomStream random(options.seed, static_cast<std::uint32_t>(b), static_cast<std::uint32_t>(w));
        Eigen::VectorXd z(frozen.mean[w].size());
        for (auto& value : z) value = random.normal();
        offset[w] = frozen.mean[w] + frozen.lower[w].triangularView<Eigen::Lower>() * z - problem.wells()[w].blocks;
      }
      const ProcessResiduals residuals(problem, frozen.lower, fit.effects, std::move(offset));
      return least_squares(residuals, fit.theta, lower, upper, {}, options.least_squares);
    });
  });
  Bootstrap out = summary_of(problem, fit, "parametric", refits, options);
  out.notes.push_back("new data were drawn from the fitted model with its covariance held");
  return out;
}

Bootstrap bootstrap_wells(const CycleProblem& problem, const ProcessFit& fit, const BootstrapOptions& options) {
  std::map<std::string, std::vector<int>> arms;
  for (std::size_t w = 0; w < problem.wells().size(); ++w) arms[problem.wells()[w].condition].push_back(static_cast<int>(w));
  std::size_t least = problem.wells().size();
  for (const auto& [condition, wells] : arms) {
    if (wells.size() < 2)
      throw InputError("bootstrap over wells", "arm '" + condition + "' has one well, and one well says nothing about the spread between wells",
                       "use the parametric bootstrap, or leave the arm out");
    least = std::min(least, wells.size());
  }
  Bootstrap failed;
  const auto residuals = frozen_residuals(problem, fit, failed.outcome);
  if (!failed.outcome.ok()) return failed;
  const Eigen::VectorXd lower = problem.space().lower(), upper = problem.space().upper();
  std::vector<Refit> refits(static_cast<std::size_t>(std::max(1, options.replicates)));
  parallel_for(static_cast<int>(refits.size()), [&](int b) {
    std::vector<int> times(problem.wells().size(), 0);
    std::uint32_t arm = 0;
    for (const auto& [condition, wells] : arms) {
      RandomStream random(options.seed, static_cast<std::uint32_t>(b), arm++);
      for (std::size_t draw = 1; draw < wells.size(); ++draw) ++times[wells[static_cast<std::size_t>(random.uniform() * static_cast<double>(wells.size()))]];
    }
    for (std::size_t w = 0; w < times.size(); ++w)      // a well's own number of founders is only known when the well is there
      if (const int founder = problem.founder_parameter(problem.wells()[w].unit); founder >= 0 && times[w] == 0) refits[b].held.push_back(founder);
    keep_refit(options.records, "wells", b, refits[b], [&] {
      const DrawnWells drawn(*residuals, problem, times);
      return least_squares(drawn, fit.theta, lower, upper, refits[b].held, options.least_squares);
    });
  });
  Bootstrap out = summary_of(problem, fit, "wells", refits, options);
  out.notes.push_back("wells were drawn again within each arm, one fewer than it has");
  if (least < 5) out.notes.push_back(fmt::format("the smallest arm has {} wells: percentiles of so few distinct draws are coarse and tend to be narrow", least));
  return out;
}

}  // namespace hyped
