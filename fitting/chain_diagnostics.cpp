// Verdicts on chains, and bands of predictions.
#include "fitting/chain_diagnostics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "fitting/mixing.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

void add(std::string& text, const std::string& more) { text += (text.empty() ? "" : "; ") + more; }

// The heavier tail decides; both fits' error counts against existence.
VarianceExists variance_exists(const TailShape& low, const TailShape& high) {
  VarianceExists worst = VarianceExists::yes;
  for (const TailShape& tail : {low, high}) {
    if (!tail.known) continue;
    if (tail.k >= 0.5) worst = VarianceExists::no;
    else if (tail.k + 1.645 * tail.error >= 0.5 && worst == VarianceExists::yes) worst = VarianceExists::doubtful;
  }
  return worst;
}

ParameterDiagnostics diagnose(const std::string& name, const Eigen::MatrixXd& x, const DiagnosticLimits& limits) {
  ParameterDiagnostics out;
  out.name = name;
  out.mean = x.mean();
  out.sd = std::sqrt((x.array() - out.mean).square().sum() / static_cast<double>(x.size() - 1));
  for (std::size_t q = 0; q < summary_probabilities.size(); ++q) {
    out.quantiles[q] = draw_quantile(x, summary_probabilities[q]);
    out.quantile_errors[q] = mcse_quantile(x, summary_probabilities[q]);
  }
  if (x.maxCoeff() <= x.minCoeff()) {
    out.verdict = "did not move";
    return out;
  }
  const Rhat rhat = rank_rhat(x);
  out.rhat_bulk = rhat.bulk;
  out.rhat_folded = rhat.folded;
  out.ess_bulk = ess_bulk(x);
  out.ess_tail = ess_tail(x);
  const double efficiency = out.ess_tail / static_cast<double>(x.size());
  const Eigen::VectorXd all = x.reshaped();
  out.upper_tail = upper_tail(all, efficiency);
  out.lower_tail = upper_tail(-all, efficiency);
  out.variance = variance_exists(out.lower_tail, out.upper_tail);
  if (out.variance == VarianceExists::yes) out.mean_error = mcse_mean(x);

  const double wanted = limits.ess_per_chain * static_cast<double>(x.cols());
  if (!(rhat.worst() <= limits.rhat)) add(out.verdict, fmt::format("chains disagree (R-hat {:.3f})", rhat.worst()));
  if (out.ess_bulk < wanted) add(out.verdict, fmt::format("too few effective draws for the middle ({:.0f}; at least {:.0f} are wanted)", out.ess_bulk, wanted));
  if (out.ess_tail < wanted) add(out.verdict, fmt::format("too few effective draws for the tails ({:.0f}; at least {:.0f} are wanted)", out.ess_tail, wanted));
  out.good = out.verdict.empty();
  if (out.good) out.verdict = "mixed";
  const bool upper = out.upper_tail.k >= out.lower_tail.k;
  const double k = std::max(out.upper_tail.k, out.lower_tail.k);
  const char* side = upper ? "upper" : "lower";
  if (out.variance == VarianceExists::no)
    add(out.verdict, fmt::format("variance does not exist: tail index {:.2f} below 2 ({} tail), mean not reported with an error", 1 / k, side));
  else if (out.variance == VarianceExists::doubtful)
    add(out.verdict, fmt::format("variance may not exist: tail index {:.2f} not clearly above 2 ({} tail), mean not reported with an error", 1 / k, side));
  return out;
}

}  // namespace

ChainDiagnostics diagnose(const Chains& chains, const DiagnosticLimits& limits) {
  ChainDiagnostics out;
  for (const Chain& chain : chains.chains) {
    if (!chain.outcome.ok()) {
      ++out.failed_chains;
      add(out.verdict, chain.outcome.message);
      continue;
    }
    Eigen::VectorXd energy(static_cast<Eigen::Index>(chain.steps.size()));
    for (std::size_t k = 0; k < chain.steps.size(); ++k) {
      energy[static_cast<Eigen::Index>(k)] = chain.steps[k].energy;
      out.divergences += chain.steps[k].divergent ? 1 : 0;
      out.saturated += chain.steps[k].saturated ? 1 : 0;
    }
    out.draws += static_cast<long>(chain.steps.size());
    out.warmup_divergences += chain.warmup_divergences;
    if (energy.size() >= 4) out.e_bfmi.push_back(e_bfmi(energy));
  }
  if (out.e_bfmi.empty())
    throw InputError("chains", out.verdict.empty() ? "no chain has four draws" : out.verdict, "draw more, or mend the density or its start");
  for (std::size_t i = 0; i < chains.names.size(); ++i) out.parameters.push_back(diagnose(chains.names[i], chains.parameter(static_cast<int>(i)), limits));

  if (out.divergences > 0)
    add(out.verdict, fmt::format("{} of {} draws diverged: parts of the posterior are too narrow for the step and are missed", out.divergences, out.draws));
  if (out.saturated > 0)
    add(out.verdict, fmt::format("{} of {} trajectories were cut at depth {}: slow, not wrong", out.saturated, out.draws, chains.max_depth));
  const double lowest = *std::min_element(out.e_bfmi.begin(), out.e_bfmi.end());
  if (lowest < limits.e_bfmi) add(out.verdict, fmt::format("energies mix slowly (E-BFMI {:.2f}): tails may be missed", lowest));
  std::string bad;
  for (const auto& parameter : out.parameters)
    if (!parameter.good) bad += (bad.empty() ? "" : ", ") + parameter.name;
  if (!bad.empty()) add(out.verdict, "not to be used: " + bad);
  out.good = bad.empty() && out.divergences == 0 && lowest >= limits.e_bfmi && out.failed_chains == 0;
  if (out.verdict.empty()) out.verdict = "chains agree, no divergence";
  return out;
}

PredictionBands prediction_bands(const Eigen::MatrixXd& draws, const Prediction& predict, const PredictionOptions& options) {
  const auto available = draws.rows();
  PredictionBands out;
  out.probabilities = options.probabilities;
  out.draws = static_cast<int>(std::min<Eigen::Index>(available, std::max(1, options.draws)));
  std::vector<Eigen::VectorXd> predictions(static_cast<std::size_t>(out.draws));
  std::vector<Outcome> outcomes(predictions.size());
  parallel_for(out.draws, [&](int k) {
    const Eigen::VectorXd parameters = draws.row(k * available / out.draws).transpose();
    Eigen::VectorXd& prediction = predictions[static_cast<std::size_t>(k)];
    Outcome& outcome = outcomes[static_cast<std::size_t>(k)] = predict(parameters, prediction);
    if (outcome.ok() && !prediction.allFinite()) outcome = {Status::not_finite, "the prediction is not finite"};
  });
  std::vector<int> good;
  for (int k = 0; k < out.draws; ++k)
    if (outcomes[static_cast<std::size_t>(k)].ok()) good.push_back(k);
  out.failed = out.draws - static_cast<int>(good.size());
  if (good.empty())
    throw InputError("prediction", out.draws == 0 ? "there are no draws" : "no draw could be predicted; the first: " + outcomes.front().message, "check the prediction at one draw");
  const auto points = predictions[static_cast<std::size_t>(good.front())].size();
  out.quantiles.resize(points, static_cast<Eigen::Index>(options.probabilities.size()));
  Eigen::VectorXd column(static_cast<Eigen::Index>(good.size()));
  for (Eigen::Index t = 0; t < points; ++t) {
    for (std::size_t k = 0; k < good.size(); ++k) column[static_cast<Eigen::Index>(k)] = predictions[static_cast<std::size_t>(good[k])][t];
    for (std::size_t q = 0; q < options.probabilities.size(); ++q) out.quantiles(t, static_cast<Eigen::Index>(q)) = draw_quantile(column, options.probabilities[q]);
  }
  return out;
}

}  // namespace hyped
