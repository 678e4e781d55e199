// Order statistics of left-out predictions.
#include "fitting/networks/left_out_intervals.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/errors.hpp"

namespace hyped {

PredictionRange left_out_intervals(const Eigen::MatrixXd& residual, const std::vector<int>& member, const std::vector<Eigen::MatrixXd>& predictions, double level) {
  HYPED_REQUIRE(static_cast<Eigen::Index>(member.size()) == residual.cols() && !predictions.empty() && level > 0 && level < 1);
  const Eigen::Index quantities = residual.rows(), news = predictions[0].cols();
  PredictionRange out;
  out.lower = out.upper = Eigen::MatrixXd::Constant(quantities, news, std::numeric_limits<double>::quiet_NaN());
  std::vector<double> low, high;
  for (Eigen::Index m = 0; m < quantities; ++m)
    for (Eigen::Index q = 0; q < news; ++q) {
      low.clear();
      high.clear();
      for (Eigen::Index i = 0; i < residual.cols(); ++i) {
        const double off = std::abs(residual(m, i)), at = predictions[static_cast<std::size_t>(member[static_cast<std::size_t>(i)])](m, q);
        if (!std::isfinite(off) || !std::isfinite(at)) continue;
        low.push_back(at - off);
        high.push_back(at + off);
      }
      const auto n = static_cast<double>(low.size());
      const auto below = static_cast<std::ptrdiff_t>(std::floor((1 - level) * (n + 1))), above = static_cast<std::ptrdiff_t>(std::ceil(level * (n + 1)));
      if (below < 1 || above > static_cast<std::ptrdiff_t>(low.size())) continue;
      std::nth_element(low.begin(), low.begin() + (below - 1), low.end());
      std::nth_element(high.begin(), high.begin() + (above - 1), high.end());
      out.lower(m, q) = low[static_cast<std::size_t>(below - 1)];
      out.upper(m, q) = high[static_cast<std::size_t>(above - 1)];
    }
  return out;
}

}  // namespace hyped
