// The only place that knows igraph: its Leiden and Louvain on our graphs.
#include "libhyped/expression/embedding/communities.hpp"

#include <igraph/igraph.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

void check(igraph_error_t code, const char* what) {
  if (code != IGRAPH_SUCCESS) throw BugError(std::string("igraph: ") + what + ": " + igraph_strerror(code));
}

// igraph's values with their destruction.
struct Graph {
  igraph_t graph{};
  igraph_vector_t weight{}, strength{};
  igraph_vector_int_t membership{};
  double total = 0;      // of the weights, each link once

  Graph(const NeighbourGraph& from, std::uint64_t seed) {
    igraph_set_error_handler(igraph_error_handler_ignore);      // codes are checked
    check(igraph_rng_seed(igraph_rng_default(), static_cast<igraph_uint_t>(seed)), "seed");
    igraph_vector_int_t ends;
    const int n = from.points();
    check(igraph_vector_int_init(&ends, 0), "links");
    check(igraph_vector_init(&weight, 0), "weights");
    check(igraph_vector_init(&strength, n), "strengths");
    check(igraph_vector_int_init(&membership, n), "membership");
    for (int i = 0; i < n; ++i) VECTOR(membership)[i] = i;      // what it is where nothing is linked
    for (int i = 0; i < n; ++i)
      for (std::int64_t l = from.start[static_cast<std::size_t>(i)]; l < from.start[static_cast<std::size_t>(i) + 1]; ++l) {
        const int j = from.other[static_cast<std::size_t>(l)];
        const double w = from.weight[static_cast<std::size_t>(l)];
        VECTOR(strength)[i] += w;
        if (j <= i) continue;
        check(igraph_vector_int_push_back(&ends, i), "link");
        check(igraph_vector_int_push_back(&ends, j), "link");
        check(igraph_vector_push_back(&weight, w), "weight");
        total += w;
      }
    check(igraph_create(&graph, &ends, n, IGRAPH_UNDIRECTED), "graph");
    igraph_vector_int_destroy(&ends);
  }
  ~Graph() {
    igraph_vector_int_destroy(&membership);
    igraph_vector_destroy(&strength);
    igraph_vector_destroy(&weight);
    igraph_destroy(&graph);
  }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
};

// Largest first; the modularity of the partition from its definition.
Communities ordered(const Graph& graph, const NeighbourGraph& from, double resolution) {
  const auto n = static_cast<std::size_t>(from.points());
  std::vector<int> raw(n);
  for (std::size_t i = 0; i < n; ++i) raw[i] = static_cast<int>(VECTOR(graph.membership)[i]);
  const int count = n == 0 ? 0 : 1 + *std::max_element(raw.begin(), raw.end());
  std::vector<int> size(static_cast<std::size_t>(count), 0), first(size), order(size), place(size);
  std::vector<double> inside(size.size(), 0), strength(size.size(), 0);
  for (std::size_t i = n; i-- > 0;) ++size[static_cast<std::size_t>(raw[i])], first[static_cast<std::size_t>(raw[i])] = static_cast<int>(i);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    const auto x = static_cast<std::size_t>(a), y = static_cast<std::size_t>(b);
    return size[x] != size[y] ? size[x] > size[y] : first[x] < first[y];
  });
  Communities out;
  for (std::size_t k = 0; k < order.size(); ++k) place[static_cast<std::size_t>(order[k])] = static_cast<int>(k), out.size.push_back(size[static_cast<std::size_t>(order[k])]);
  for (std::size_t i = 0; i < n; ++i) {
    out.of.push_back(place[static_cast<std::size_t>(raw[i])]);
    for (std::int64_t l = from.start[i]; l < from.start[i + 1]; ++l) {
      const auto at = static_cast<std::size_t>(l);
      strength[static_cast<std::size_t>(raw[i])] += from.weight[at];
      if (raw[static_cast<std::size_t>(from.other[at])] == raw[i]) inside[static_cast<std::size_t>(raw[i])] += from.weight[at];
    }
  }
  const double both = 2 * graph.total;
  for (std::size_t k = 0; k < inside.size() && both > 0; ++k) out.modularity += inside[k] / both - resolution * (strength[k] / both) * (strength[k] / both);
  return out;
}

}  // namespace

Communities leiden(const NeighbourGraph& from, const CommunityOptions& options) {
  Graph graph(from, options.seed);
  igraph_integer_t count = 0;
  igraph_real_t quality = 0;
  if (graph.total > 0)
    check(igraph_community_leiden(&graph.graph, &graph.weight, &graph.strength, options.resolution / (2 * graph.total), 0.01, false, options.iterations, &graph.membership, &count, &quality), "leiden");
  return ordered(graph, from, options.resolution);
}

Communities louvain(const NeighbourGraph& from, const CommunityOptions& options) {
  Graph graph(from, options.seed);
  igraph_vector_t modularity;
  check(igraph_vector_init(&modularity, 0), "modularity");
  if (graph.total > 0) check(igraph_community_multilevel(&graph.graph, &graph.weight, options.resolution, &graph.membership, nullptr, &modularity), "louvain");
  igraph_vector_destroy(&modularity);
  return ordered(graph, from, options.resolution);
}

double adjusted_rand_index(const std::vector<int>& a, const std::vector<int>& b) {
  HYPED_REQUIRE(a.size() == b.size());
  std::map<std::pair<int, int>, double> both;
  std::map<int, double> in_a, in_b;
  for (std::size_t i = 0; i < a.size(); ++i) ++both[{a[i], b[i]}], ++in_a[a[i]], ++in_b[b[i]];
  const auto pairs = [](const auto& counts) {
    double sum = 0;
    for (const auto& [key, n] : counts) sum += n * (n - 1) / 2;
    return sum;
  };
  const double n = static_cast<double>(a.size()), all = n * (n - 1) / 2, together = pairs(both), of_a = pairs(in_a), of_b = pairs(in_b);
  const double chance = all > 0 ? of_a * of_b / all : 0, most = 0.5 * (of_a + of_b);
  return most > chance ? (together - chance) / (most - chance) : 1;
}

double adjusted_mutual_information(const std::vector<int>& a, const std::vector<int>& b) {
  HYPED_REQUIRE(a.size() == b.size());
  std::map<std::pair<int, int>, int> both;
  std::map<int, int> in_a, in_b;
  for (std::size_t i = 0; i < a.size(); ++i) ++both[{a[i], b[i]}], ++in_a[a[i]], ++in_b[b[i]];
  const int n = static_cast<int>(a.size());
  if (in_a.size() == in_b.size() && (in_a.size() <= 1 || in_a.size() == a.size())) return 1;      // one group on both sides, or nobody together
  const auto entropy = [n](const std::map<int, int>& counts) {
    double sum = 0;
    for (const auto& [key, k] : counts) sum -= static_cast<double>(k) / n * std::log(static_cast<double>(k) / n);
    return sum;
  };
  double shared = 0, chance = 0;
  for (const auto& [key, k] : both) shared += static_cast<double>(k) / n * std::log(static_cast<double>(n) * k / (static_cast<double>(in_a[key.first]) * in_b[key.second]));
  // mean over all pairings with these sizes: k of two groups is hypergeometric
  const auto log_factorial = [](int k) { return std::lgamma(k + 1.0); };
  for (const auto& [x, na] : in_a)
    for (const auto& [y, nb] : in_b)
      for (int k = std::max(1, na + nb - n); k <= std::min(na, nb); ++k) {
        const double log_p = log_factorial(na) + log_factorial(nb) + log_factorial(n - na) + log_factorial(n - nb) - log_factorial(n) - log_factorial(k) - log_factorial(na - k) - log_factorial(nb - k) - log_factorial(n - na - nb + k);
        chance += static_cast<double>(k) / n * std::log(static_cast<double>(n) * k / (static_cast<double>(na) * nb)) * std::exp(log_p);
      }
  const double most = 0.5 * (entropy(in_a) + entropy(in_b));
  return std::abs(most - chance) > 1e-15 ? (shared - chance) / (most - chance) : 1;
}

}  // namespace hyped
