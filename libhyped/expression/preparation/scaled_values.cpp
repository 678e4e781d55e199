// Scaling that leaves zeros unstored: where a zero itself is clipped, the level it is clipped to is its zero.
#include "libhyped/expression/preparation/scaled_values.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/expression/preparation/gene_moments.hpp"

namespace hyped {

ScaledValues scaled_values(const SparseRows& values, double max_value) {
  const GeneMoments moments = gene_moments(values);
  const double most = max_value > 0 ? max_value : std::numeric_limits<double>::infinity();
  ScaledValues out{values, Eigen::VectorXd(values.columns), moments.mean, moments.variance.cwiseSqrt()};
  for (double& one : out.deviation)
    if (one == 0) one = 1;
  for (int g = 0; g < values.columns; ++g) out.at_zero[g] = std::clamp(-moments.mean[g] / out.deviation[g], -most, most);
  constexpr int block = 256;
  parallel_for((values.rows + block - 1) / block, [&](int b) {
    for (int cell = b * block; cell < std::min(values.rows, (b + 1) * block); ++cell) {
      const auto genes = out.rows.columns_of(cell);
      const auto row = out.rows.values_of(cell);
      for (std::size_t i = 0; i < genes.size(); ++i) {
        const int g = genes[i];
        row[i] = static_cast<float>(std::clamp((row[i] - moments.mean[g]) / out.deviation[g], -most, most) - out.at_zero[g]);
      }
    }
  });
  make_rows(out.rows);
  return out;
}

}  // namespace hyped
