// Ranks in the data of the picture's neighbours.
#include "libhyped/expression/embedding/embedding_quality.hpp"

#include <algorithm>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {

EmbeddingQuality embedding_quality(const PointMatrix& data, const PointMatrix& picture, int k, int most) {
  const int n = static_cast<int>(data.rows());
  HYPED_REQUIRE(picture.rows() == n && k > 0);
  if (2 * n <= 3 * k + 1) throw InputError("quality of the embedding", "there are too few points for the neighbours asked", "ask for fewer neighbours");
  const int looked_at = std::min(n, most);
  std::vector<double> penalty(static_cast<std::size_t>(looked_at)), kept(penalty.size());
  parallel_for(looked_at, [&](int s) {
    const auto i = static_cast<Eigen::Index>(static_cast<std::int64_t>(s) * n / looked_at);
    const Eigen::VectorXd far = (data.rowwise() - data.row(i)).rowwise().squaredNorm(), seen = (picture.rowwise() - picture.row(i)).rowwise().squaredNorm();
    std::vector<int> order;
    for (int j = 0; j < n; ++j)
      if (j != i) order.push_back(j);
    std::partial_sort(order.begin(), order.begin() + k, order.end(), [&](int a, int b) { return seen[a] != seen[b] ? seen[a] < seen[b] : a < b; });
    for (int m = 0; m < k; ++m) {
      const int j = order[static_cast<std::size_t>(m)];
      int rank = 1;
      for (int o = 0; o < n; ++o) rank += o != i && (far[o] < far[j] || (far[o] == far[j] && o < j));
      if (rank > k) penalty[static_cast<std::size_t>(s)] += rank - k;
      else kept[static_cast<std::size_t>(s)] += 1;
    }
  });
  EmbeddingQuality out;
  out.points_looked_at = looked_at;
  double sum = 0, all = 0;
  for (std::size_t s = 0; s < penalty.size(); ++s) sum += penalty[s], all += kept[s];
  out.trustworthiness = 1 - 2 * sum / (static_cast<double>(looked_at) * k * (2.0 * n - 3.0 * k - 1));
  out.neighbours_kept = all / (static_cast<double>(looked_at) * k);
  return out;
}

}  // namespace hyped
