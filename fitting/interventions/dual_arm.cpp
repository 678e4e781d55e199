// Drawing, fitting and gathering the networks of a dual-arm prediction.
#include "fitting/interventions/dual_arm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <memory>
#include <tuple>

#include "fitting/interventions/dual_arm_candidates.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

constexpr double clear_change = 4;           // standard errors

void mean_and_error(const Eigen::MatrixXd& counts, double depth, const std::string& arm, Eigen::Index genes, Eigen::VectorXd& mean, Eigen::VectorXd& error) {
  const Eigen::Index n = counts.rows();
  if (n < 2) throw InputError("arm '" + arm + "'", fmt::format("has {} cells", n), "two at least");
  if (counts.cols() != genes) throw InputError("arm '" + arm + "'", "has not as many columns as there are genes");
  mean = counts.colwise().mean().transpose() / depth;
  error.resize(genes);
  for (Eigen::Index g = 0; g < genes; ++g)      // a gene without a count: what one count would be
    error[g] = std::max(std::sqrt((counts.col(g).array() / depth - mean[g]).square().sum() / static_cast<double>(n - 1) / static_cast<double>(n)), 1 / (depth * static_cast<double>(n)));
}

}  // namespace

SingleArms single_arms(const std::vector<std::string>& genes, const Eigen::MatrixXd& ctrl, const Eigen::MatrixXd& si, const Eigen::MatrixXd& mm, const ArmDepths& depth, const models::TransientDoses& doses) {
  const int count = static_cast<int>(genes.size());
  if (!(depth.ctrl > 0 && depth.si > 0 && depth.mm > 0)) throw InputError("depth", "is not positive", "it is the mean count of a gene at level 1");
  if (doses.silenced < 0 || doses.silenced >= count || doses.delivered < 0 || doses.delivered >= count || doses.silenced == doses.delivered)
    throw InputError("doses", "name no two different genes of the network", "one is silenced, another delivered");
  SingleArms out;
  out.genes = genes;
  out.doses = doses;
  mean_and_error(ctrl, depth.ctrl, "ctrl", count, out.ctrl, out.ctrl_error);
  mean_and_error(si, depth.si, "si", count, out.si, out.si_error);
  mean_and_error(mm, depth.mm, "mm", count, out.mm, out.mm_error);
  return out;
}

std::vector<std::string> depth_doubts(const SingleArms& arms) {
  std::vector<std::string> out;
  for (const auto& [name, level, error] : {std::tuple{"siRNA", &arms.si, &arms.si_error}, {"mRNA", &arms.mm, &arms.mm_error}}) {
    std::vector<double> ratios;
    int up = 0, down = 0;
    for (Eigen::Index g = 0; g < arms.ctrl.size(); ++g) {
      if (g == arms.doses.silenced || g == arms.doses.delivered || !(arms.ctrl[g] > 0) || !((*level)[g] > 0)) continue;
      ratios.push_back((*level)[g] / arms.ctrl[g]);
      const double z = ((*level)[g] - arms.ctrl[g]) / std::hypot((*error)[g], arms.ctrl_error[g]);
      up += z > clear_change, down += z < -clear_change;
    }
    if (ratios.size() < 4 || 4 * static_cast<std::size_t>(std::max(up, down)) < 3 * ratios.size()) continue;
    std::sort(ratios.begin(), ratios.end());
    out.push_back(fmt::format("In the {} arm {} of {} genes without a dose are {} than in the control, by a factor of {:.2f} in the median: its depth may be another one", name, std::max(up, down), ratios.size(), up > down ? "higher" : "lower", ratios[ratios.size() / 2]));
  }
  return out;
}

DualArmPrediction predict_dual_arm(const SingleArms& arms, const EdgeList& known, const DualArmOptions& options) {
  const auto genes = static_cast<Eigen::Index>(arms.genes.size());
  const int fewest = static_cast<int>(std::ceil(options.fewest_networks));
  DualArmPrediction out;
  std::vector<DualArmCandidate> candidates = fit_candidates(arms, known, options, out.failed);
  parallel_for(static_cast<int>(candidates.size()), [&](int n) {
    DualArmCandidate& c = candidates[static_cast<std::size_t>(n)];
    Eigen::VectorXd levels;
    c.alive = c.residuals->predict(c.theta, true, true, levels).ok();
    if (c.alive)
      for (std::size_t k = 0; k < c.residuals->downstream().size(); ++k) c.member.prediction[c.residuals->downstream()[k]] = levels[static_cast<Eigen::Index>(k)];
  });
  out.failed += static_cast<int>(std::erase_if(candidates, [](const DualArmCandidate& c) { return !c.alive; }));
  if (static_cast<int>(candidates.size()) < fewest) {
    out.outcome = {Status::not_converged, fmt::format("{} of {} networks could be solved: {} are needed", candidates.size(), options.attempts, fewest)};
    return out;
  }
  std::vector<double> weights;
  out.effective = weigh_candidates(candidates, options.fewest_networks, weights, out.temper);
  out.mean.setZero(genes), out.sd.setZero(genes);
  out.best_misfit = candidates[0].member.misfit / candidates[0].member.residuals;
  for (std::size_t n = 0; n < candidates.size(); ++n) {
    candidates[n].member.weight = weights[n];
    out.mean += weights[n] * candidates[n].member.prediction;
    out.best_misfit = std::min(out.best_misfit, candidates[n].member.misfit / candidates[n].member.residuals);
  }
  for (std::size_t n = 0; n < candidates.size(); ++n) out.sd += weights[n] * (candidates[n].member.prediction - out.mean).array().square().matrix();
  const double count = out.effective;
  const double wider = options.widening * options.widening * std::max(1.0, out.best_misfit);
  out.sd = ((out.sd.array() * ((count + 1) / (count - 1)) + options.level_error * options.level_error) * wider).sqrt();
  const double t = boost::math::quantile(boost::math::students_t(count - 1), 0.5 + options.level / 2);
  out.lower = (out.mean - t * out.sd).cwiseMax(0.0);
  out.upper = out.mean + t * out.sd;
  out.words = fmt::format("the interval holds the spread over {:.1f} networks in effect ({} drawn; edges drawn from the list, modules and constants, data drawn within their errors) and {} for means of noisy cells, {:.3g} times as wide; weights flattened by {:.3g}",
                          out.effective, options.attempts, options.level_error, std::sqrt(wider), out.temper);
  for (DualArmCandidate& c : candidates) out.members.push_back(std::move(c.member));
  return out;
}

std::string_view to_string(DualArmBaseline baseline) {
  switch (baseline) {
    case DualArmBaseline::no_change: return "no change";
    case DualArmBaseline::additive: return "additive";
    case DualArmBaseline::overlap_corrected: return "overlap corrected";
    case DualArmBaseline::same_as_mm: return "same as mm";
  }
  return "";
}

Eigen::VectorXd baseline_prediction(DualArmBaseline baseline, const SingleArms& arms) {
  const Eigen::ArrayXd si = (arms.si - arms.ctrl).array(), mm = (arms.mm - arms.ctrl).array();
  switch (baseline) {
    case DualArmBaseline::no_change: return arms.ctrl;
    case DualArmBaseline::additive: return arms.ctrl + (si + mm).matrix();
    case DualArmBaseline::overlap_corrected: return arms.ctrl + (si * mm > 0).select((si.abs() > mm.abs()).select(si, mm), si + mm).matrix();
    case DualArmBaseline::same_as_mm: return arms.mm;
  }
  return {};
}

}  // namespace hyped
