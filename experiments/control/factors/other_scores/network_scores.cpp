// Moderated t tests, breadth-first levels, weighted sums.
#include "experiments/control/factors/other_scores/network_scores.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "libhyped/errors.hpp"
#include "libhyped/expression/differential/false_discovery.hpp"
#include "libhyped/expression/replicates/quasi_likelihood.hpp"

namespace hyped::control {
namespace {

// Places by rising key, equal ones share the mean.
std::vector<double> places_by(const std::vector<double>& key) {
  std::vector<std::size_t> order(key.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key[a] < key[b]; });
  std::vector<double> out(key.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last + 1 < order.size() && key[order[last + 1]] == key[order[first]]) ++last;
    for (std::size_t k = first; k <= last; ++k) out[order[k]] = 1 + 0.5 * static_cast<double>(first + last);
    first = last + 1;
  }
  return out;
}

// The list as adjacency between all names that occur in it or are measured.
struct Network {
  std::unordered_map<std::string, int> node;
  std::vector<std::vector<std::pair<int, int>>> targets;      // node -> (target, sign)
  std::vector<int> gene;                                      // node -> row of the data, -1: not measured
  explicit Network(const PriorEdges& list, const std::vector<std::string>& genes) {
    for (std::size_t g = 0; g < genes.size(); ++g) gene[add(genes[g])] = static_cast<int>(g);
    for (const auto& edge : list.edges) {
      const auto from = static_cast<std::size_t>(add(edge.source));
      const int to = add(edge.target);
      targets[from].emplace_back(to, edge.sign);
    }
  }
  std::size_t add(const std::string& name) {
    const auto [at, fresh] = node.emplace(name, static_cast<int>(gene.size()));
    if (fresh) gene.push_back(-1), targets.emplace_back();
    return static_cast<std::size_t>(at->second);
  }
};

}  // namespace

GeneChanges gene_changes(const Eigen::MatrixXd& start, const Eigen::MatrixXd& target) {
  const auto n1 = static_cast<double>(start.cols()), n2 = static_cast<double>(target.cols());
  const double degrees = n1 + n2 - 2;
  if (start.cols() < 1 || target.cols() < 1 || degrees < 1) throw InputError("start and target", "have one sample each: no change can be tested", "give replicates");
  GeneChanges out;
  const Eigen::VectorXd low = start.rowwise().mean(), high = target.rowwise().mean();
  out.change = high - low;
  const Eigen::VectorXd variance = ((start.colwise() - low).rowwise().squaredNorm() + (target.colwise() - high).rowwise().squaredNorm()) / degrees;
  const SqueezedVariances squeezed = squeeze_variances(variance, Eigen::VectorXd::Constant(variance.size(), degrees));
  out.prior_degrees = squeezed.prior_df;
  out.error = (squeezed.posterior * (1 / n1 + 1 / n2)).cwiseSqrt();
  std::vector<TailProbability> tests;
  for (Eigen::Index g = 0; g < variance.size(); ++g) tests.push_back(out.error[g] > 0 ? two_sided_student(out.change[g] / out.error[g], degrees + squeezed.prior_df) : TailProbability{});
  const auto adjusted = benjamini_hochberg(tests);
  out.minus_log10_p.resize(variance.size());
  for (Eigen::Index g = 0; g < variance.size(); ++g) out.minus_log10_p[g] = -adjusted[static_cast<std::size_t>(g)].log_p / std::log(10.0);
  return out;
}

std::vector<NetworkScore> mogrify_like(const PriorEdges& list, const std::vector<std::string>& factors, const std::vector<std::string>& genes, const GeneChanges& changes, int levels) {
  Network net(list, genes);
  const Eigen::VectorXd score = changes.change.cwiseAbs().cwiseProduct(changes.minus_log10_p);
  std::vector<NetworkScore> out;
  std::vector<double> own, around;
  for (const auto& name : factors) {
    NetworkScore one;
    const auto root = net.add(name);
    if (net.gene[root] >= 0) one.gene = score[net.gene[root]];
    std::vector<int> level(net.gene.size(), -1), front{static_cast<int>(root)};
    level[root] = 0;
    for (int step = 1; step <= levels && !front.empty(); ++step) {
      std::unordered_map<int, double> reached;      // gene -> 1 / out-degree of its parent, the largest
      std::vector<int> next;
      for (const int parent : front) {
        const auto& targets = net.targets[static_cast<std::size_t>(parent)];
        for (const auto& [to, sign] : targets) {
          if (level[static_cast<std::size_t>(to)] >= 0 && level[static_cast<std::size_t>(to)] < step) continue;
          if (level[static_cast<std::size_t>(to)] < 0) level[static_cast<std::size_t>(to)] = step, next.push_back(to);
          double& share = reached[to];
          share = std::max(share, 1.0 / static_cast<double>(targets.size()));
        }
      }
      for (const int to : next)      // in the order they were met: the same sum every time
        if (const int g = net.gene[static_cast<std::size_t>(to)]; g >= 0) one.network += score[g] * reached[to] / step;
      front = std::move(next);
    }
    own.push_back(-one.gene), around.push_back(-one.network);
    out.push_back(one);
  }
  const auto by_own = places_by(own), by_network = places_by(around);
  std::vector<double> sum;
  for (std::size_t m = 0; m < out.size(); ++m) sum.push_back(out[m].combined = by_own[m] + by_network[m]);
  const auto place = places_by(sum);
  for (std::size_t m = 0; m < out.size(); ++m) out[m].place = place[m];
  return out;
}

std::vector<NetworkScore> influence_like(const PriorEdges& list, const std::vector<std::string>& factors, const std::vector<std::string>& genes, const GeneChanges& changes, const Eigen::VectorXd& target) {
  Network net(list, genes);
  const double typical = std::max(1e-300, target.cwiseAbs().mean());
  const auto weighted = [&](int g) { return changes.error[g] > 0 ? changes.change[g] / changes.error[g] * target[g] / typical : 0.0; };
  std::vector<NetworkScore> out;
  std::vector<double> key;
  for (const auto& name : factors) {
    NetworkScore one;
    const auto root = net.add(name);
    int count = 0;
    for (const auto& [to, sign] : net.targets[root]) {
      const int g = net.gene[static_cast<std::size_t>(to)];
      if (g < 0 || sign == 0) continue;
      ++count;
      one.network += sign * weighted(g);
    }
    if (net.gene[root] >= 0) one.gene = count * weighted(net.gene[root]);
    one.combined = one.network + one.gene;
    key.push_back(-one.combined);
    out.push_back(one);
  }
  const auto place = places_by(key);
  for (std::size_t m = 0; m < out.size(); ++m) out[m].place = place[m];
  return out;
}

}  // namespace hyped::control
