// The twin's network with candidates, in units of the data.
#include "experiments/grn/twin/twin_edges.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "libhyped/random.hpp"

namespace hyped {
namespace {

using models::CoordinateKind;
using models::InputAction;
using models::NetworkDefinition;
constexpr double infinity = std::numeric_limits<double>::infinity();

bool wanted(const TwinGene& gene, std::map<std::string, int>& phases, int most) {
  const std::string& p = gene.programme;
  if (p == "s_phase" || p == "g2m") return phases[p]++ < most;
  return gene.state >= 0;
}

// The chosen genes of the twin's network with their true parameters, in units of the data; levels are multiplied by `scale`.
NetworkDefinition chosen(const CellsTwin& twin, const std::vector<int>& states, const Eigen::VectorXd& scale) {
  const NetworkDefinition& all = twin.network.model->definition();
  NetworkDefinition d;
  d.name = "gene_network/saturating";
  d.inputs = all.inputs;
  std::map<int, int> place;
  for (std::size_t s = 0; s < states.size(); ++s) {
    const auto from = static_cast<std::size_t>(states[s]);
    const double unit = scale[static_cast<Eigen::Index>(s)];
    place[states[s]] = static_cast<int>(s);
    d.genes.push_back(all.genes[from]);
    d.capacity.push_back(all.capacity[from] * unit);
    d.bias.push_back(all.bias[from]);
    d.decay.push_back(all.decay[from]);
    d.initial.push_back(twin.network.rest[from] * unit);
  }
  for (const auto& e : all.edges)
    if (place.count(e.from) && place.count(e.to)) d.edges.push_back({place[e.from], place[e.to], e.weight / scale[place[e.from]]});
  for (const auto& a : all.actions)
    if (place.count(a.gene)) d.actions.push_back({a.input, place[a.gene], a.action, a.amount});
  return d;
}

}  // namespace

TwinEdgeProblem twin_edge_problem(const Scenario& scenario, const CellsTwin& twin, const TwinEdgeSettings& settings) {
  TwinEdgeProblem out;
  std::map<std::string, int> phases;
  std::vector<int> regulators;
  int myod1 = -1;
  std::set<std::string> interferon_genes;
  for (const TwinGene& gene : twin.network.genes) {
    if (gene.state < 0 || !wanted(gene, phases, settings.phase_genes)) continue;
    const int at = static_cast<int>(out.states.size());
    if (gene.programme == "factor" || gene.programme == "regulator") regulators.push_back(at);
    if (gene.name == "MYOD1") myod1 = at;
    out.states.push_back(gene.state);
    out.genes.push_back(gene.name);
  }
  TwinGroups groups = twin_groups(scenario, twin, out.states, {myod1}, settings.seed * 7919 + 13, settings.groups);
  out.notes = groups.notes;
  NetworkDefinition d = chosen(twin, out.states, groups.true_scale);
  const std::size_t true_edges = d.edges.size(), true_actions = d.actions.size();
  // candidates that are not there
  std::set<std::pair<int, int>> there;
  for (const auto& e : d.edges) there.emplace(e.from, e.to);
  for (std::size_t g = 0; g < d.genes.size(); ++g) {
    const int to = static_cast<int>(g);
    const TwinGene& gene = twin.network.genes[static_cast<std::size_t>(twin.network.gene_of_state[static_cast<std::size_t>(out.states[g])])];
    if (to == myod1 || gene.programme == "s_phase" || gene.programme == "g2m") continue;
    RandomStream random(settings.seed, 0x63616e64, static_cast<std::uint32_t>(g));
    for (std::int64_t n = random.poisson(settings.false_candidates); n > 0; --n) {
      const int from = regulators[static_cast<std::size_t>(random.uniform() * static_cast<double>(regulators.size()))];
      if (from != to && there.emplace(from, to).second) d.edges.push_back({from, to, 0});
    }
    if (settings.delivery_sd > 0)
      for (std::size_t input = 0; input < d.inputs.size(); ++input) {
        const bool carrier = static_cast<int>(input) == twin.network.interferon || (input < twin.courses.size() && twin.courses[input].kind == "sirna");
        const bool already = std::any_of(d.actions.begin(), d.actions.end(), [&](const auto& a) { return a.gene == to && a.input == static_cast<int>(input) && a.action == InputAction::drives; });
        if (carrier && !already) d.actions.push_back({static_cast<int>(input), to, InputAction::drives, 0});
      }
  }
  const Eigen::VectorXd rest = Eigen::Map<const Eigen::VectorXd>(d.initial.data(), static_cast<Eigen::Index>(d.initial.size()));
  out.network = std::make_unique<models::SaturatingNetwork>(d);
  out.coordinates = std::make_unique<models::SearchCoordinates>(*out.network, rest, std::vector<int>{myod1});
  const models::SearchCoordinates& coordinates = *out.coordinates;
  if (settings.unequal_cells) out.fluctuating = std::make_unique<models::FluctuatingNetwork>(*out.network, std::vector<double>(d.genes.size(), groups.dispersion));
  out.dispersion = groups.dispersion;
  if (out.fluctuating) out.notes.push_back(fmt::format("Cells of one group and dose are taken to differ with a squared coefficient of variation of {:.3f}, that of genes outside the network in control G1 cells without counting noise.", groups.dispersion));
  out.correlated_errors = settings.correlated_errors, out.expected_errors = settings.expected_errors;
  const models::FluctuatingNetwork* fluctuating = out.fluctuating.get();
  // the search: names, bounds, priors
  NetworkSearch search;
  const int count = coordinates.count();
  const Eigen::VectorXd truth = coordinates.of_definition();
  search.lower = Eigen::VectorXd::Constant(count, -10), search.upper = Eigen::VectorXd::Constant(count, 10);
  search.start = search.prior_mean = Eigen::VectorXd::Zero(count);
  search.prior_sd = Eigen::VectorXd::Constant(count, infinity);
  for (int c = 0; c < count; ++c) {
    const auto& at = coordinates.coordinates()[static_cast<std::size_t>(c)];
    search.names.push_back(at.name);
    const auto n = static_cast<std::size_t>(at.which);
    double mean = 0, sd = infinity, start = 0;
    if (at.kind == CoordinateKind::level) sd = settings.level_sd, search.lower[c] = -4, search.upper[c] = 4;
    if (at.kind == CoordinateKind::decay) mean = start = truth[c], sd = settings.decay_sd, search.lower[c] = truth[c] - 3, search.upper[c] = truth[c] + 3;      // a measured half-life; its error is drawn below
    if (at.kind == CoordinateKind::openness) mean = start = settings.openness_mean, sd = settings.openness_sd, search.lower[c] = -6, search.upper[c] = 5;
    if (at.kind == CoordinateKind::edge) {
      sd = settings.edge_sd;
      out.edges.push_back(c);
      out.real.push_back(n < true_edges && d.edges[n].weight != 0);
    }
    if (at.kind == CoordinateKind::strength) {
      const auto& action = d.actions[n];
      if (action.action == InputAction::degrades) mean = start = std::log(6.0), sd = settings.silencing_sd, search.lower[c] = 0.1, search.upper[c] = 4;
      if (action.action == InputAction::drives) sd = settings.interferon_sd, start = n < true_actions ? 1 : 0;
      if (n >= true_actions) sd = settings.delivery_sd, out.delivery.push_back(c);
      if (action.action == InputAction::modulates) sd = settings.phase_sd, start = 1, search.lower[c] = -0.9, search.upper[c] = 40;
    }
    RandomStream random(settings.seed, 0x7072696f, static_cast<std::uint32_t>(c));
    const double error = random.normal() * (std::isfinite(sd) ? sd : 0);
    if (at.kind == CoordinateKind::decay) mean = start = truth[c] + error;
    else if (settings.measured_priors) mean = truth[c] + error;
    search.prior_mean[c] = mean;
    search.prior_sd[c] = sd;
    search.start[c] = std::clamp(start, search.lower[c] + 1e-3, search.upper[c] - 1e-3);
  }
  search.model_parameters = coordinates.model_parameters();
  search.point = [&coordinates, fluctuating](const Eigen::VectorXd& theta) {
    auto p = coordinates.at(theta);
    if (fluctuating == nullptr) return NetworkPoint{std::move(p.parameters), std::move(p.start), std::move(p.parameters_by), std::move(p.start_by), {}};
    return NetworkPoint{std::move(p.parameters), fluctuating->start_at(p.start), std::move(p.parameters_by), std::move(p.start_by), fluctuating->start_by(p.start)};
  };
  std::vector<CellGroup> fitted;
  for (auto& group : groups.groups) (std::find(settings.left_out_arms.begin(), settings.left_out_arms.end(), group.arm) == settings.left_out_arms.end() ? fitted : out.left_out).push_back(std::move(group));
  GroupMeansOptions options;
  options.shared = std::move(groups.shared);
  // phases act on genes without edges alone
  options.few_model = out.network.get();
  for (const auto& action : d.actions)
    if ((action.input == twin.network.s_phase || action.input == twin.network.g2m) && std::find(options.few_states.begin(), options.few_states.end(), action.gene) == options.few_states.end()) options.few_states.push_back(action.gene);
  out.library_sd = options.library_sd = settings.library_sd > 0 ? settings.library_sd : std::max(0.02, groups.library_sd);
  out.means = std::make_unique<GroupMeans>(out.fluctuating ? static_cast<const Model&>(*out.fluctuating) : *out.network, std::move(search), std::move(fitted), options);
  out.truth = out.means->start();
  out.truth.head(count) = truth;
  for (std::size_t g = 0; g < out.genes.size(); ++g)
    if (const int factor = out.means->factor_index(1, static_cast<int>(g)); factor >= 0 && factor < out.truth.size()) out.truth[factor] = groups.true_log_factor[static_cast<Eigen::Index>(g)];
  return out;
}

DualPrediction predict_dual(const TwinEdgeProblem& problem, const TwinEdgeFit& fit, const std::string& control, const std::vector<std::string>& singles, const std::string& dual) {
  const GroupMeans& means = *problem.means;
  const auto group_of = [&](const std::string& arm) -> const CellGroup& {
    for (const auto* list : {&means.groups(), &problem.left_out})
      for (const auto& group : *list)
        if (group.arm == arm && group.phase == "G1") return group;
    throw InputError("arm " + arm, "has no group of G1 cells", "add cells");
  };
  const CellGroup &zero = group_of(control), &target = group_of(dual);
  Eigen::VectorXd level;
  Eigen::MatrixXd by;
  const Outcome outcome = means.predict(target, fit.fit.theta, level, &by);
  HYPED_REQUIRE(outcome.ok());
  DualPrediction out;
  std::vector<std::array<double, 6>> rows;
  double network = 0, additive = 0, none = 0;
  for (std::size_t g = 0; g < problem.genes.size(); ++g) {
    const auto i = static_cast<Eigen::Index>(g);
    const auto log_factor = [&](const CellGroup& group) {
      const int factor = means.factor_index(group.library, static_cast<int>(g));
      return factor >= 0 ? fit.fit.theta[factor] : 0.0;
    };
    const auto log_level = [&](const CellGroup& group) { return std::log(group.mean[i]) - log_factor(group); };      // its own library's factor apart
    bool usable = target.mean[i] > 0 && std::isfinite(target.standard_error[i]) && target.standard_error[i] < 0.3 * target.mean[i];
    double sum = 0, largest = 0, se2 = 0;
    usable = usable && zero.mean[i] > 0;
    for (const auto& arm : singles) {
      const CellGroup& one = group_of(arm);
      usable = usable && one.mean[i] > 0 && one.standard_error[i] < 0.3 * one.mean[i];
      if (!usable) break;
      const double fold = log_level(one) - log_level(zero);
      sum += fold;
      largest = std::max(largest, std::abs(fold));
      se2 += std::pow(one.standard_error[i] / one.mean[i], 2);
    }
    if (!usable) continue;
    const int factor = means.factor_index(target.library, static_cast<int>(g));
    // all of them as the dual arm's library would show them, which is what was measured
    const double here = log_factor(target), unchanged = log_level(zero) + here;
    sum += unchanged;
    const double measured = std::log(target.mean[i]), predicted = std::log(std::max(1e-9, level[i])) + here;
    Eigen::VectorXd gradient = by.row(i).transpose() / std::max(1e-9, level[i]);
    if (factor >= 0) gradient[factor] += 1;
    const double sd = fit.evidence->sd_of(gradient), error = target.standard_error[i] / target.mean[i];
    largest = std::max(largest, std::abs(measured - unchanged));
    out.genes.push_back(problem.genes[g]);
    rows.push_back({measured, error, predicted, sd, sum, std::sqrt(se2)});
    ++out.counted;
    if (std::abs(measured - predicted) <= 1.959963984540054 * std::hypot(sd, error)) ++out.covered;
    if (largest < 0.3) continue;
    ++out.moving;
    network += std::pow(predicted - measured, 2);
    additive += std::pow(sum - measured, 2);
    none += std::pow(unchanged - measured, 2);
  }
  const auto column = [&](std::size_t c) {
    Eigen::VectorXd v(static_cast<Eigen::Index>(rows.size()));
    for (std::size_t r = 0; r < rows.size(); ++r) v[static_cast<Eigen::Index>(r)] = rows[r][c];
    return v;
  };
  out.measured = column(0), out.measured_se = column(1), out.predicted = column(2), out.predicted_sd = column(3), out.additive = column(4), out.additive_se = column(5);
  const double n = std::max(1, out.moving);
  out.network_error = std::sqrt(network / n), out.additive_error = std::sqrt(additive / n), out.no_change_error = std::sqrt(none / n);
  return out;
}

std::vector<DeliveryRow> under_delivery_priors(const TwinEdgeProblem& problem, const Eigen::VectorXd& theta, const std::vector<double>& widths, const EdgeThresholds& thresholds) {
  const GroupMeans& means = *problem.means;
  Eigen::VectorXd residuals;
  Eigen::MatrixXd jacobian;
  const bool known = means.evaluate(theta, residuals, &jacobian).ok();
  HYPED_REQUIRE(known);
  const Eigen::MatrixXd data = jacobian.topRows(means.measured());
  const Eigen::VectorXd gradient = data.transpose() * residuals.head(means.measured());
  std::vector<DeliveryRow> out;
  for (const double width : widths) {
    Eigen::VectorXd sd = means.prior_sd();
    for (const int d : problem.delivery) sd[d] = std::max(width, 1e-6);
    const NetworkEvidence at(theta, jacobian, means.measured(), sd, means.names());
    Eigen::VectorXd slope = gradient;
    for (Eigen::Index i = 0; i < slope.size(); ++i)
      if (std::isfinite(sd[i])) slope[i] += (theta[i] - (i < means.search().count() ? means.search().prior_mean[i] : 0.0)) / (sd[i] * sd[i]);
    const NetworkEvidence moved(theta - at.covariance() * slope, jacobian, means.measured(), sd, means.names());
    for (const char* regulator : {"MYOD1", "PRRX1"}) {
      DeliveryRow row{width, regulator, 0, 0, 0};
      for (const int edge : problem.edges) {
        const EdgeEvidence evidence = moved.edge(edge, 0, thresholds);
        if (!evidence.name.starts_with(std::string(regulator) + " ->")) continue;
        ++row.edges;
        row.determined += evidence.verdict == EdgeVerdict::determined ? 1 : 0;
        row.mean_sd += evidence.sd;
      }
      row.mean_sd /= std::max(1, row.edges);
      out.push_back(row);
    }
  }
  return out;
}

}  // namespace hyped
