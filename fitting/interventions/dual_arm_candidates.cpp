// Drawing edges and constants, fitting in rounds, weighing.
#include "fitting/interventions/dual_arm_candidates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "models/gene_network/random_hill_network.hpp"

namespace hyped {
namespace {

constexpr double clear_change = 4;           // standard errors
constexpr int most_regulators = 5;

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

void draw_candidate(const SingleArms& arms, const EdgeList& known, const DualArmOptions& options, RandomStream& random, DualArmCandidate& candidate) {
  const int genes = static_cast<int>(arms.genes.size());
  DualArmMember& member = candidate.member;
  SingleArms drawn = arms;
  for (int g = 0; g < genes; ++g) {
    drawn.ctrl[g] = std::max(0.0, arms.ctrl[g] + arms.ctrl_error[g] * random.normal());
    drawn.si[g] += arms.si_error[g] * random.normal();
    drawn.mm[g] += arms.mm_error[g] * random.normal();
    if (arms.both.size() > 0) drawn.both[g] += arms.both_error[g] * random.normal();
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
    const int seen = arms.both.size() > 0 ? 4 : 3;
    const double level[4] = {drawn.ctrl[g], drawn.si[g], drawn.mm[g], seen > 3 ? drawn.both[g] : 0}, error[4] = {arms.ctrl_error[g], arms.si_error[g], arms.mm_error[g], seen > 3 ? arms.both_error[g] : 1};
    for (int k = 0; k < seen; ++k) {
      const double w = 1 / (error[k] * error[k]);
      weights += w, sum += w * level[k];
    }
    member.prediction[g] = sum / weights;
    for (int k = 0; k < seen; ++k) candidate.flat_misfit += std::pow((level[k] - sum / weights) / error[k], 2) / 2;      // drawn about what was measured: twice the variance
    member.residuals += seen - 1;
  }
    candidate.residuals = std::make_unique<DualArmResiduals>(network, downstream, drawn, options);
  candidate.theta = candidate.residuals->start();
  member.residuals += candidate.residuals->residual_count() - candidate.residuals->parameter_count();
}

void fit_candidate(DualArmCandidate& candidate, int iterations) {
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
  const auto rows = static_cast<Eigen::Index>(residuals.residual_count() - residuals.parameter_count());
  candidate.member.misfit = candidate.flat_misfit + values.head(rows).squaredNorm();
  candidate.member.pull = values.tail(values.size() - rows).squaredNorm();
}

double effective_number(const std::vector<DualArmCandidate>& candidates, double temper, std::vector<double>& weights) {
  double sum = 0, squares = 0, least = candidates[0].excess();
  for (const auto& c : candidates) least = std::min(least, c.excess());
  weights.clear();
  for (const auto& c : candidates) weights.push_back(std::exp(-(c.excess() - least) / (2 * temper))), sum += weights.back();
  for (double& w : weights) w /= sum, squares += w * w;
  return 1 / squares;
}

}  // namespace

double DualArmCandidate::excess() const { return std::max(0.0, member.misfit - member.residuals - 2 * std::sqrt(2.0 * member.residuals)); }

std::vector<DualArmCandidate> fit_candidates(const SingleArms& arms, const EdgeList& known, const DualArmOptions& options, int& failed) {
  const auto genes = static_cast<Eigen::Index>(arms.genes.size());
  const int fewest = static_cast<int>(std::ceil(options.fewest_networks));
  if (options.iterations.empty() || options.kept.size() + 1 != options.iterations.size()) throw InputError("rounds", "there is not one share kept between every two rounds");
  double last = options.attempts;
  for (const double share : options.kept) last *= share;
  if (fewest < 2 || last < fewest) throw InputError("attempts", fmt::format("{} leave {:.0f} networks for the last round", options.attempts, last), fmt::format("the interval needs {}, and two at least", fewest));
  if (!(known.precision > 0 && known.precision <= 1 && known.recall >= 0 && known.recall <= 1)) throw InputError("edge list", "precision and recall do not lie in (0, 1] and [0, 1]");
  for (const SignedEdge& e : known.edges)
    if (e.from < 0 || e.from >= genes || e.to < 0 || e.to >= genes || e.from == e.to) throw InputError("edge list", "names a gene that there is not, or a gene's edge to itself");
  std::vector<DualArmCandidate> candidates(static_cast<std::size_t>(options.attempts));
  parallel_for(options.attempts, [&](int n) {
    RandomStream random(options.seed, 0x6475, static_cast<std::uint32_t>(n));
    draw_candidate(arms, known, options, random, candidates[static_cast<std::size_t>(n)]);
  });
  for (std::size_t round = 0; round < options.iterations.size(); ++round) {
    parallel_for(static_cast<int>(candidates.size()), [&](int n) { fit_candidate(candidates[static_cast<std::size_t>(n)], options.iterations[round]); });
    const auto before = candidates.size();
    std::erase_if(candidates, [](const DualArmCandidate& c) { return !c.alive; });
    failed += static_cast<int>(before - candidates.size());
    if (round + 1 == options.iterations.size()) break;
    std::stable_sort(candidates.begin(), candidates.end(), [](const DualArmCandidate& one, const DualArmCandidate& other) { return one.member.misfit - one.member.residuals < other.member.misfit - other.member.residuals; });
    const auto keep = static_cast<std::size_t>(std::max<double>(fewest, std::round(static_cast<double>(before) * options.kept[round])));
    if (candidates.size() > keep) candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(keep), candidates.end());
  }
  return candidates;
}

double weigh_candidates(const std::vector<DualArmCandidate>& candidates, double wanted_number, std::vector<double>& weights, double& temper) {
  temper = 1;
  double effective = effective_number(candidates, 1, weights);
  const double wanted = std::min(wanted_number, 0.999 * static_cast<double>(candidates.size()));
  if (effective < wanted) {
    double low = 0, high = 1;      // log of the temper
    while (effective_number(candidates, std::exp(high), weights) < wanted) high *= 2;
    for (int k = 0; k < 40; ++k) (effective_number(candidates, std::exp(0.5 * (low + high)), weights) < wanted ? low : high) = 0.5 * (low + high);
    temper = std::exp(high);
    effective = effective_number(candidates, temper, weights);
  }
  return effective;
}

}  // namespace hyped
