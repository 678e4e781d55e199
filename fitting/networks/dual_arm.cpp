// Drawing, fitting and gathering the networks of a dual-arm prediction.
#include "fitting/networks/dual_arm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "fitting/networks/dual_arm_member.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "models/gene_network/random_hill_network.hpp"

namespace hyped {
namespace {

constexpr int fewest_networks = 5;
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

Outcome make_member(const SingleArms& arms, const EdgeList& known, const DualArmOptions& options, RandomStream& random, DualArmMember& member) {
  const int genes = static_cast<int>(arms.genes.size());
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
  member.misfit = 0, member.residuals = 0;
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
    for (int k = 0; k < 3; ++k) member.misfit += std::pow((level[k] - sum / weights) / error[k], 2) / 2;      // drawn about what was measured: twice the variance
    member.residuals += 2;
  }
  const DualArmResiduals residuals(network, downstream, drawn, options);
  LeastSquaresOptions solver;
  solver.iteration_limit = options.iteration_limit;
  solver.function_tolerance = 1e-3;
  solver.first_radius = 1;
  const LeastSquaresResult fit = least_squares(residuals, residuals.start(), residuals.lower(), residuals.upper(), {}, solver);
  if (fit.theta.size() != residuals.parameter_count() || !fit.theta.allFinite()) return fit.outcome;
  Eigen::VectorXd values, levels;
  if (const Outcome at_end = residuals.evaluate(fit.theta, values, nullptr); !at_end.ok()) return at_end;
  if (const Outcome predicted = residuals.predict(fit.theta, true, true, levels); !predicted.ok()) return predicted;
  const auto rows = static_cast<Eigen::Index>(3 * downstream.size());
  member.misfit += values.head(rows).squaredNorm();
  member.residuals += static_cast<int>(rows);
  for (std::size_t k = 0; k < downstream.size(); ++k) member.prediction[downstream[k]] = levels[static_cast<Eigen::Index>(k)];
  member.accepted = member.misfit <= member.residuals + 3 * std::sqrt(2.0 * member.residuals);
  return {};
}

}  // namespace

SingleArms single_arms(const std::vector<std::string>& genes, const Eigen::MatrixXd& ctrl, const Eigen::MatrixXd& si, const Eigen::MatrixXd& mm, double depth, const models::TransientDoses& doses) {
  const int count = static_cast<int>(genes.size());
  if (!(depth > 0)) throw InputError("depth", "is not positive", "it is the mean count of a gene at level 1");
  if (doses.silenced < 0 || doses.silenced >= count || doses.delivered < 0 || doses.delivered >= count || doses.silenced == doses.delivered)
    throw InputError("doses", "name no two different genes of the network", "one is silenced, another delivered");
  SingleArms out;
  out.genes = genes;
  out.doses = doses;
  mean_and_error(ctrl, depth, "ctrl", count, out.ctrl, out.ctrl_error);
  mean_and_error(si, depth, "si", count, out.si, out.si_error);
  mean_and_error(mm, depth, "mm", count, out.mm, out.mm_error);
  return out;
}

DualArmPrediction predict_dual_arm(const SingleArms& arms, const EdgeList& known, const DualArmOptions& options) {
  const auto genes = static_cast<Eigen::Index>(arms.genes.size());
  if (options.attempts < fewest_networks) throw InputError("attempts", fmt::format("are {}", options.attempts), fmt::format("an interval needs {} networks at least", fewest_networks));
  if (!(known.precision > 0 && known.precision <= 1 && known.recall >= 0 && known.recall <= 1)) throw InputError("edge list", "precision and recall do not lie in (0, 1] and [0, 1]");
  for (const SignedEdge& e : known.edges)
    if (e.from < 0 || e.from >= genes || e.to < 0 || e.to >= genes || e.from == e.to) throw InputError("edge list", "names a gene that there is not, or a gene's edge to itself");
  DualArmPrediction out;
  std::vector<DualArmMember> members(static_cast<std::size_t>(options.attempts));
  std::vector<char> good(members.size(), 0);
  parallel_for(options.attempts, [&](int n) {
    RandomStream random(options.seed, 0x6475, static_cast<std::uint32_t>(n));
    good[static_cast<std::size_t>(n)] = make_member(arms, known, options, random, members[static_cast<std::size_t>(n)]).ok();
  });
  for (std::size_t n = 0; n < members.size(); ++n) {
    if (good[n]) out.members.push_back(std::move(members[n]));
    else ++out.failed;
  }
  if (static_cast<int>(out.members.size()) < fewest_networks) {
    out.outcome = {Status::not_converged, fmt::format("{} of {} networks could be solved", out.members.size(), options.attempts)};
    return out;
  }
  std::vector<const DualArmMember*> used;
  for (const DualArmMember& member : out.members)
    if (member.accepted) used.push_back(&member);
  out.accepted = static_cast<int>(used.size());
  if (out.accepted < fewest_networks) {
    used.clear();
    for (const DualArmMember& member : out.members) used.push_back(&member);
    std::stable_sort(used.begin(), used.end(), [](const auto* one, const auto* other) { return one->misfit - one->residuals < other->misfit - other->residuals; });
    used.resize(fewest_networks);
    out.outcome = {Status::not_converged, fmt::format("only {} of {} networks explain the singles: the {} that come nearest are used", out.accepted, options.attempts, fewest_networks)};
  }
  const double count = static_cast<double>(used.size());
  out.mean.setZero(genes), out.sd.setZero(genes);
  for (const auto* member : used) out.mean += member->prediction / count;
  for (const auto* member : used) out.sd += (member->prediction - out.mean).array().square().matrix() / (count - 1);
  out.sd = ((out.sd.array() * (1 + 1 / count)) + options.level_error * options.level_error).sqrt();
  const double t = boost::math::quantile(boost::math::students_t(count - 1), 0.5 + options.level / 2);
  out.lower = (out.mean - t * out.sd).cwiseMax(0.0);
  out.upper = out.mean + t * out.sd;
  out.words = fmt::format("{} of {} drawn networks explain the singles; the interval holds their spread (edges drawn from the list, modules and constants, data drawn within their errors) and {} for means of noisy cells",
                          out.accepted, options.attempts, options.level_error);
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
