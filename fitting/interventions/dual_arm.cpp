// Drawing, fitting and gathering the networks of a dual-arm prediction.
#include "fitting/interventions/dual_arm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <memory>
#include <tuple>

#include "fitting/interventions/dual_arm_member.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "models/gene_network/random_hill_network.hpp"

namespace hyped {
namespace {

constexpr double clear_change = 4;           // standard errors
constexpr int most_regulators = 5;

void mean_and_error(const Eigen::MatrixXd& counts, double depth, const std::string& arm, Eigen::Index genes, Eigen::VectorXd& mean, Eigen::VectorXd& error) {
  const Eigen::Index n = counts.rows();
  if (n < 2) throw InputError("arm '" + arm + "'", fmt::format("has {} cells", n), "two at least");
  if (counts.cols() != genes) throw InputError("arm '" + arm + "'", "has not as many columns as there are genes");
  mean = counts.colwise().mean().transpose() / depth;
  error.resize(genes);
  for (Eigen::Index g = 0; g < genes; ++g)      // a gene without a count: what one count would be
    error[g] = std::max(std::sqrt((counts.col(g).array() / depth - mean[g]).square().sum() / static_cast<double>(n - 1) / static_cast<double>(n)), 1 / (depth * static_cast<double>(n)));
}

// Which genes come after `from` along the edges, itself included [G].
std::vector<bool> reached(const std::vector<SignedEdge>& edges, int genes, int from) {
  std::vector<bool> out(static_cast<std::size_t>(genes), false);
  std::vector<int> open{from};
  out[static_cast<std::size_t>(from)] = true;
  while (!open.empty()) {
    const int at = open.back();
    open.pop_back();
    for (const SignedEdge& e : edges)
      if (e.from == at && !out[static_cast<std::size_t>(e.to)]) out[static_cast<std::size_t>(e.to)] = true, open.push_back(e.to);
  }
  return out;
}

// Edges drawn from what is known, such that every gene that clearly changes comes after the dose of that arm.
std::vector<SignedEdge> draw_edges(const SingleArms& arms, const EdgeList& known, RandomStream& random) {
  const int genes = static_cast<int>(arms.genes.size()), a = arms.doses.silenced, b = arms.doses.delivered;
  const double listed = static_cast<double>(known.edges.size()), open = std::max(1.0, genes * (genes - 1.0) - listed);
  const double added = std::clamp(listed * known.precision * (1 - known.recall) / std::max(known.recall, 0.05) / open, 0.0, 0.5);
  const auto changed = [&](int g, const Eigen::VectorXd& level, const Eigen::VectorXd& error) {
    return std::abs(level[g] - arms.ctrl[g]) > clear_change * std::hypot(error[g], arms.ctrl_error[g]);
  };
  std::vector<SignedEdge> edges;
  std::vector<std::pair<int, int>> missing;      // (dose's gene, changed gene)
  for (int attempt = 0; attempt < 200; ++attempt) {
    edges.clear();
    std::vector<int> regulators(static_cast<std::size_t>(genes), 0);
    const auto add = [&](SignedEdge e) {
      if (regulators[static_cast<std::size_t>(e.to)] >= most_regulators) return;
      ++regulators[static_cast<std::size_t>(e.to)];
      edges.push_back(e);
    };
    for (const SignedEdge& e : known.edges)
      if (random.uniform() < known.precision) add(e);
    for (int from = 0; from < genes; ++from)
      for (int to = 0; to < genes; ++to)
        if (from != to && std::none_of(known.edges.begin(), known.edges.end(), [&](const SignedEdge& e) { return e.from == from && e.to == to; }) && random.uniform() < added)
          add({from, to, random.uniform() < 0.5 ? 1 : -1});
    const auto from_a = reached(edges, genes, a), from_b = reached(edges, genes, b);
    missing.clear();
    for (int g = 0; g < genes; ++g) {
      if (g != a && changed(g, arms.si, arms.si_error) && !from_a[static_cast<std::size_t>(g)]) missing.emplace_back(a, g);
      if (g != b && changed(g, arms.mm, arms.mm_error) && !from_b[static_cast<std::size_t>(g)]) missing.emplace_back(b, g);
    }
    if (missing.empty()) return edges;
  }
  for (const auto& [dose, g] : missing) {      // no draw explains it: a direct edge of the sign that the change has
    const double change = dose == a ? arms.ctrl[g] - arms.si[g] : arms.mm[g] - arms.ctrl[g];
    if (std::none_of(edges.begin(), edges.end(), [&, from = dose, to = g](const SignedEdge& e) { return e.from == from && e.to == to; })) edges.push_back({dose, g, change > 0 ? 1 : -1});
  }
  return edges;
}

// Constants of each gene from several draws, by how well they hold the control level.
HillNetwork draw_network(const SingleArms& arms, const std::vector<SignedEdge>& edges, int draws, RandomStream& random) {
  std::vector<HillNetwork> drawn;
  for (int k = 0; k < std::max(1, draws); ++k) drawn.push_back(models::random_hill_network("member", arms.genes, edges, random));
  HillNetwork network = drawn[0];
  std::vector<double> weight(drawn.size());
  for (std::size_t g = 0; g < network.genes.size(); ++g) {
    double sum = 0;
    for (std::size_t k = 0; k < drawn.size(); ++k) {
      const double off = (models::hill_activation(drawn[k].genes[g], arms.ctrl.data()) - arms.ctrl[static_cast<Eigen::Index>(g)]) / 0.1;
      sum += weight[k] = std::exp(-0.5 * std::min(off * off, 400.0));
    }
    double at = random.uniform() * sum;
    std::size_t k = 0;
    while (k + 1 < drawn.size() && at > weight[k]) at -= weight[k++];
    network.genes[g] = drawn[k].genes[g];
  }
  return network;
}

// A drawn network on its way through the rounds.
struct Candidate {
  DualArmMember member;
  std::unique_ptr<DualArmResiduals> residuals;
  Eigen::VectorXd theta;
  double flat_misfit = 0;      // of genes that no dose reaches
  bool alive = true;
  // Up to here a misfit is no reason to prefer another network. A bound by choice: the data of a member are drawn anew and its constants
  // fitted with a pull, so that its misfit has no chi-squared distribution.
  double excess() const { return std::max(0.0, member.misfit - member.residuals - 2 * std::sqrt(2.0 * member.residuals)); }
};

void draw_candidate(const SingleArms& arms, const EdgeList& known, const DualArmOptions& options, RandomStream& random, Candidate& candidate) {
  const int genes = static_cast<int>(arms.genes.size());
  DualArmMember& member = candidate.member;
  SingleArms drawn = arms;
  for (int g = 0; g < genes; ++g) {
    drawn.ctrl[g] = std::max(0.0, arms.ctrl[g] + arms.ctrl_error[g] * random.normal());
    drawn.si[g] += arms.si_error[g] * random.normal();
    drawn.mm[g] += arms.mm_error[g] * random.normal();
  }
  member.edges = draw_edges(arms, known, random);
  const HillNetwork network = draw_network(drawn, member.edges, options.kinetics_drawn, random);
  const auto from_a = reached(member.edges, genes, arms.doses.silenced), from_b = reached(member.edges, genes, arms.doses.delivered);
  std::vector<int> downstream;
  member.prediction.resize(genes);
  for (int g = 0; g < genes; ++g) {
    if (from_a[static_cast<std::size_t>(g)] || from_b[static_cast<std::size_t>(g)]) {
      downstream.push_back(g);
      continue;
    }
    double weights = 0, sum = 0;      // no dose reaches it: one level in all arms
    const double level[3] = {drawn.ctrl[g], drawn.si[g], drawn.mm[g]}, error[3] = {arms.ctrl_error[g], arms.si_error[g], arms.mm_error[g]};
    for (int k = 0; k < 3; ++k) {
      const double w = 1 / (error[k] * error[k]);
      weights += w, sum += w * level[k];
    }
    member.prediction[g] = sum / weights;
    for (int k = 0; k < 3; ++k) candidate.flat_misfit += std::pow((level[k] - sum / weights) / error[k], 2) / 2;      // drawn about what was measured: twice the variance
    member.residuals += 2;
  }
  member.residuals += 3 * static_cast<int>(downstream.size());
  candidate.residuals = std::make_unique<DualArmResiduals>(network, downstream, drawn, options);
  candidate.theta = candidate.residuals->start();
}

void fit_candidate(Candidate& candidate, int iterations) {
  LeastSquaresOptions solver;
  solver.iteration_limit = iterations;
  solver.function_tolerance = 1e-3;
  solver.first_radius = 1;
  const DualArmResiduals& residuals = *candidate.residuals;
  const LeastSquaresResult fit = least_squares(residuals, candidate.theta, residuals.lower(), residuals.upper(), {}, solver);
  Eigen::VectorXd values;
  candidate.alive = fit.theta.size() == residuals.parameter_count() && fit.theta.allFinite() && residuals.evaluate(fit.theta, values, nullptr).ok();
  if (!candidate.alive) return;
  candidate.theta = fit.theta;
  const auto rows = static_cast<Eigen::Index>(3 * residuals.downstream().size());
  candidate.member.misfit = candidate.flat_misfit + values.head(rows).squaredNorm();
  candidate.member.pull = values.tail(values.size() - rows).squaredNorm();
}

double effective_number(const std::vector<Candidate>& candidates, double temper, std::vector<double>& weights) {
  double sum = 0, squares = 0, least = candidates[0].excess();
  for (const auto& c : candidates) least = std::min(least, c.excess());
  weights.clear();
  for (const auto& c : candidates) weights.push_back(std::exp(-(c.excess() - least) / (2 * temper))), sum += weights.back();
  for (double& w : weights) w /= sum, squares += w * w;
  return 1 / squares;
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
  if (options.iterations.empty() || options.kept.size() + 1 != options.iterations.size()) throw InputError("rounds", "there is not one share kept between every two rounds");
  double last = options.attempts;
  for (const double share : options.kept) last *= share;
  if (fewest < 2 || last < fewest) throw InputError("attempts", fmt::format("{} leave {:.0f} networks for the last round", options.attempts, last), fmt::format("the interval needs {}, and two at least", fewest));
  if (!(known.precision > 0 && known.precision <= 1 && known.recall >= 0 && known.recall <= 1)) throw InputError("edge list", "precision and recall do not lie in (0, 1] and [0, 1]");
  for (const SignedEdge& e : known.edges)
    if (e.from < 0 || e.from >= genes || e.to < 0 || e.to >= genes || e.from == e.to) throw InputError("edge list", "names a gene that there is not, or a gene's edge to itself");
  DualArmPrediction out;
  std::vector<Candidate> candidates(static_cast<std::size_t>(options.attempts));
  parallel_for(options.attempts, [&](int n) {
    RandomStream random(options.seed, 0x6475, static_cast<std::uint32_t>(n));
    draw_candidate(arms, known, options, random, candidates[static_cast<std::size_t>(n)]);
  });
  for (std::size_t round = 0; round < options.iterations.size(); ++round) {
    parallel_for(static_cast<int>(candidates.size()), [&](int n) { fit_candidate(candidates[static_cast<std::size_t>(n)], options.iterations[round]); });
    const auto before = candidates.size();
    std::erase_if(candidates, [](const Candidate& c) { return !c.alive; });
    out.failed += static_cast<int>(before - candidates.size());
    if (round + 1 == options.iterations.size()) break;
    std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& one, const Candidate& other) { return one.member.misfit - one.member.residuals < other.member.misfit - other.member.residuals; });
    const auto keep = static_cast<std::size_t>(std::max<double>(fewest, std::round(static_cast<double>(before) * options.kept[round])));
    if (candidates.size() > keep) candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(keep), candidates.end());
  }
  parallel_for(static_cast<int>(candidates.size()), [&](int n) {
    Candidate& c = candidates[static_cast<std::size_t>(n)];
    Eigen::VectorXd levels;
    c.alive = c.residuals->predict(c.theta, true, true, levels).ok();
    if (c.alive)
      for (std::size_t k = 0; k < c.residuals->downstream().size(); ++k) c.member.prediction[c.residuals->downstream()[k]] = levels[static_cast<Eigen::Index>(k)];
  });
  out.failed += static_cast<int>(std::erase_if(candidates, [](const Candidate& c) { return !c.alive; }));
  if (static_cast<int>(candidates.size()) < fewest) {
    out.outcome = {Status::not_converged, fmt::format("{} of {} networks could be solved: {} are needed", candidates.size(), options.attempts, fewest)};
    return out;
  }
  std::vector<double> weights;
  out.effective = effective_number(candidates, 1, weights);
  const double wanted = std::min(options.fewest_networks, 0.999 * static_cast<double>(candidates.size()));
  if (out.effective < wanted) {
    double low = 0, high = 1;      // log of the temper
    while (effective_number(candidates, std::exp(high), weights) < wanted) high *= 2;
    for (int k = 0; k < 40; ++k) (effective_number(candidates, std::exp(0.5 * (low + high)), weights) < wanted ? low : high) = 0.5 * (low + high);
    out.temper = std::exp(high);
    out.effective = effective_number(candidates, out.temper, weights);
  }
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
  for (Candidate& c : candidates) out.members.push_back(std::move(c.member));
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
