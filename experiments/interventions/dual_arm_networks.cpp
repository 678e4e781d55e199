// Drawing networks and doses for the dual-arm study.
#include "experiments/interventions/dual_arm_networks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/simulate/ode.hpp"
#include "models/gene_network/random_hill_network.hpp"

namespace hyped {
namespace {

OdeOptions solver() {
  OdeOptions options;
  options.relative_tolerance = 1e-5, options.absolute_tolerance = 1e-7;
  return options;
}

constexpr double settling_h = 400;

void settle(StudyNetwork& study) {
  const models::HillModules model(study.network);
  const std::vector<double> ones(study.network.genes.size(), 1.0);
  Experiment rest;
  rest.id = "rest", rest.initial = models::hill_state(model, ones, ones), rest.sample_times_h = {settling_h};
  const Trajectory course = simulate_ode(model, model.default_parameters(), rest, solver());
  if (!course.outcome.ok()) throw InputError(study.network.name, "could not be simulated: " + course.outcome.message);
  const auto genes = static_cast<Eigen::Index>(study.network.genes.size());
  study.mrna.assign(static_cast<std::size_t>(genes), 0.0), study.protein = study.mrna;
  for (Eigen::Index g = 0; g < genes; ++g) study.mrna[static_cast<std::size_t>(g)] = std::max(0.0, course.states(0, g)), study.protein[static_cast<std::size_t>(g)] = std::max(0.0, course.states(0, genes + g));
}

struct DosePair {
  int silenced = 0, delivered = 0;
  double not_additive = 0;
};

// All ordered pairs of genes by falling effect.
std::vector<DosePair> pairs_by_effect(const StudyNetwork& settled) {
  StudyNetwork study = settled;
  const int genes = study.network.size();
  const auto levels = [&](int a, int b) {
    study.doses.silenced = a >= 0 ? a : b == 0 ? 1 : 0;
    study.doses.delivered = b >= 0 ? b : a == 0 ? 1 : 0;
    return end_levels(study, a >= 0, b >= 0);
  };
  const Eigen::VectorXd ctrl = levels(-1, -1);
  std::vector<Eigen::VectorXd> si, mm;
  for (int g = 0; g < genes; ++g) si.push_back(levels(g, -1)), mm.push_back(levels(-1, g));
  std::vector<DosePair> pairs;
  for (int a = 0; a < genes; ++a)
    for (int b = 0; b < genes; ++b) {
      if (a == b) continue;
      const auto ia = static_cast<std::size_t>(a), ib = static_cast<std::size_t>(b);
      if (((si[ia] - ctrl).cwiseAbs().array() > 1e-3).count() <= 1 && ((mm[ib] - ctrl).cwiseAbs().array() > 1e-3).count() <= 1) {
        pairs.push_back({a, b, 0});      // neither dose moves another gene
        continue;
      }
      Eigen::VectorXd off = (levels(a, b) - si[ia] - mm[ib] + ctrl).cwiseAbs();
      off[a] = off[b] = 0;
      pairs.push_back({a, b, off.maxCoeff()});
    }
  std::stable_sort(pairs.begin(), pairs.end(), [](const DosePair& one, const DosePair& other) { return one.not_additive > other.not_additive; });
  return pairs;
}

void choose(StudyNetwork& study, const DosePair& pair) {
  study.doses.silenced = pair.silenced, study.doses.delivered = pair.delivered;
  study.not_additive = pair.not_additive;
}

}  // namespace

Eigen::VectorXd end_levels(const StudyNetwork& study, bool silenced, bool delivered) {
  const models::HillModules model(study.network, models::inputs_of(study.doses));
  const Experiment arm = models::arm_of(model, study.doses, silenced, delivered, models::hill_state(model, study.mrna, study.protein), {48});
  const Trajectory course = simulate_ode(model, models::parameters_with(model, study.doses), arm, solver());
  if (!course.outcome.ok()) throw InputError(study.network.name, "could not be simulated: " + course.outcome.message);
  return models::measured_mrna(model, course.states).row(0).transpose();
}

std::vector<StudyNetwork> draw_study_networks(const std::vector<HillNetwork>& per_minute, const StudyOptions& options) {
  std::vector<StudyNetwork> out(static_cast<std::size_t>(options.networks));
  const int given = per_minute.empty() ? 0 : (options.networks + 2) / 4, redrawn = given, sources = static_cast<int>(per_minute.size());
  std::vector<std::vector<DosePair>> best(per_minute.size());
  std::vector<StudyNetwork> settled(per_minute.size());
  parallel_for(given > 0 ? sources : 0, [&](int k) {
    auto& study = settled[static_cast<std::size_t>(k)];
    study.origin = "DREAM4";
    study.network = with_time_in_hours(per_minute[static_cast<std::size_t>(k)], options.minutes_per_hour);
    settle(study);
    best[static_cast<std::size_t>(k)] = pairs_by_effect(study);
  });
  parallel_for(options.networks, [&](int n) {
    StudyNetwork& study = out[static_cast<std::size_t>(n)];
    if (n < given) {
      const auto source = static_cast<std::size_t>(n % sources);
      study = settled[source];
      choose(study, best[source].at(static_cast<std::size_t>(n / sources)));
      study.name = fmt::format("{} pair {}", study.network.name, n / sources + 1);
      return;
    }
    for (std::uint32_t attempt = 0;; ++attempt) {
      if (attempt == 500) throw InputError("dual-arm study", fmt::format("no network of 500 has an effect of {} that is not additive", options.least_not_additive), "ask for less");
      RandomStream random(options.seed, 0x6e6574, static_cast<std::uint32_t>(n) * 1000 + attempt);
      std::vector<SignedEdge> edges;
      std::vector<std::string> genes;
      if (n < given + redrawn) {
        const HillNetwork& source = per_minute[static_cast<std::size_t>(n % sources)];
        edges = source.edges(), genes = source.names();
        study.origin = "DREAM4 edges";
      } else {
        edges = models::random_edges({}, random);
        for (int g = 0; g < 10; ++g) genes.push_back(fmt::format("G{}", g + 1));
        study.origin = "random";
      }
      study.name = fmt::format("{} {}", study.origin, n + 1);
      study.network = with_time_in_hours(models::random_hill_network(study.name, genes, edges, random), options.minutes_per_hour);
      settle(study);
      const auto pairs = pairs_by_effect(study);
      if (pairs[0].not_additive < options.least_not_additive) continue;
      choose(study, pairs[0]);
      return;
    }
  });
  return out;
}

EdgeList noisy_edge_list(const HillNetwork& network, double precision, double recall, std::uint64_t seed) {
  RandomStream random(seed, 0x6c697374, 0);
  const auto truth = network.edges();
  const int genes = network.size();
  EdgeList list;
  list.precision = precision, list.recall = recall;
  for (const SignedEdge& e : truth)
    if (e.from != e.to && random.uniform() < recall) list.edges.push_back(e);
  const int wrong = static_cast<int>(std::lround(static_cast<double>(list.edges.size()) * (1 - precision) / precision));
  for (int k = 0; k < wrong;) {
    const int from = static_cast<int>(random.uniform() * genes), to = static_cast<int>(random.uniform() * genes);
    const auto same = [&](const SignedEdge& e) { return e.from == from && e.to == to; };
    if (from == to || std::any_of(truth.begin(), truth.end(), same) || std::any_of(list.edges.begin(), list.edges.end(), same)) continue;
    list.edges.push_back({from, to, random.uniform() < 0.5 ? 1 : -1});
    ++k;
  }
  return list;
}

}  // namespace hyped
