// Areas under curves of a ranking, blocks of ties handled exactly.
#include "libhyped/score/edge_ranking.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libhyped/errors.hpp"

namespace hyped {

RankedEdges score_edges(const std::vector<double>& scores, const std::vector<bool>& truth) {
  if (scores.size() != truth.size()) throw InputError("edge ranking", "there are not as many scores as pairs");
  RankedEdges out;
  out.pairs = static_cast<int>(scores.size());
  for (std::size_t k = 0; k < scores.size(); ++k) {
    if (!std::isfinite(scores[k])) throw InputError("edge ranking", "a score is not finite");
    out.edges += truth[k];
  }
  if (out.edges == 0 || out.edges == out.pairs) throw InputError("edge ranking", "all pairs are edges, or none is", "a ranking needs both");
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  const double edges = out.edges, others = out.pairs - out.edges;
  double right = 0, wrong = 0;      // before the block
  for (std::size_t at = 0; at < order.size();) {
    std::size_t end = at;
    double hits = 0;
    while (end < order.size() && scores[order[end]] == scores[order[at]]) hits += truth[order[end++]];
    const double block = static_cast<double>(end - at), misses = block - hits;
    out.auroc += misses / others * (right + 0.5 * hits) / edges;
    if (hits > 0) {
      // A true edge at place m of the block (all places alike) has on average (m - 1)(hits - 1)/(block - 1) others of the block before it.
      double sum = 0;
      for (double m = 1; m <= block; m += 1) sum += (right + 1 + (block > 1 ? (m - 1) * (hits - 1) / (block - 1) : 0.0)) / (right + wrong + m);
      out.average_precision += hits * sum / block / edges;
      // Precision (right + x) / (right + x + wrong + x misses / hits), x from 0 to hits.
      const double slope = 1 + misses / hits, base = right + wrong;
      const double area = base > 0 ? hits / slope + (right - base / slope) / slope * std::log((base + slope * hits) / base) : hits / slope;
      out.dream_aupr += area / edges;
    }
    right += hits, wrong += misses;
    at = end;
  }
  return out;
}

RankedEdges score_edges(const Eigen::MatrixXd& scores, const Eigen::Matrix<bool, Eigen::Dynamic, Eigen::Dynamic>& truth) {
  if (scores.rows() != truth.rows() || scores.cols() != truth.cols()) throw InputError("edge ranking", "scores and truth are not of one size");
  std::vector<double> values;
  std::vector<bool> present;
  for (Eigen::Index r = 0; r < scores.rows(); ++r)
    for (Eigen::Index c = 0; c < scores.cols(); ++c)
      if (r != c) values.push_back(scores(r, c)), present.push_back(truth(r, c));
  return score_edges(values, present);
}

}  // namespace hyped
