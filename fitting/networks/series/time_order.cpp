// Everything from the squared distances between time points.
#include "fitting/networks/series/time_order.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

struct Distances {
  Eigen::MatrixXd squared;      // [T x T]
  double total = 0;             // sum of squares about the mean
  explicit Distances(const Eigen::MatrixXd& mean) {
    const Eigen::MatrixXd centred = mean.colwise() - mean.rowwise().mean();
    const Eigen::MatrixXd gram = centred.transpose() * centred;
    const Eigen::VectorXd own = gram.diagonal();
    squared = ((-2 * gram).colwise() + own).rowwise() + own.transpose();
    total = own.sum();
    if (!(total > 0)) throw InputError("the course", "does not vary over its times", "an order cannot be judged: give a series that changes");
  }
  double along(std::span<const int> order) const {
    double sum = 0;
    for (std::size_t t = 0; t + 1 < order.size(); ++t) sum += squared(order[t], order[t + 1]);
    return sum / total;
  }
};

std::vector<int> forward(Eigen::Index count) {
  std::vector<int> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

}  // namespace

double roughness(const Eigen::MatrixXd& mean, std::span<const int> order) {
  const std::vector<int> given = order.empty() ? forward(mean.cols()) : std::vector<int>(order.begin(), order.end());
  return Distances(mean).along(given);
}

bool TimeOrderTest::doubtful() const { return std::isfinite(numbers) && numbers < labels && share_labels > 20 * std::max(share_numbers, 1.0 / random_orders); }

TimeOrderTest test_time_order(const ExpressionCourse& course, int random_orders, std::uint64_t seed) {
  HYPED_REQUIRE(random_orders > 0);
  const Eigen::MatrixXd mean = course.mean();
  const Distances distances(mean);
  const std::vector<int> labels = forward(mean.cols());
  TimeOrderTest test;
  test.random_orders = random_orders;
  test.labels = distances.along(labels);
  test.numbers = std::numeric_limits<double>::quiet_NaN();
  const bool numbered = std::all_of(course.numbers.begin(), course.numbers.end(), [](auto n) { return n >= 0; });
  std::vector<int> by_number = labels;
  if (numbered) {
    std::stable_sort(by_number.begin(), by_number.end(), [&](int a, int b) { return course.numbers[static_cast<std::size_t>(a)] < course.numbers[static_cast<std::size_t>(b)]; });
    test.numbers = distances.along(by_number);
    for (std::size_t first = 0; first + 1 < labels.size();) {
      std::size_t last = first;
      while (last + 1 < labels.size() && course.numbers[last + 1] < course.numbers[last]) ++last;
      if (last > first && test.blocks.size() < 16) test.blocks.emplace_back(static_cast<int>(first), static_cast<int>(last));
      first = last + 1;
    }
    const std::size_t choices = std::size_t{1} << test.blocks.size();
    std::vector<std::pair<double, int>> found;
    for (std::size_t choice = 0; choice < choices; ++choice) {
      std::vector<int> order = labels;
      for (std::size_t b = 0; b < test.blocks.size(); ++b)
        if (choice >> b & 1) std::reverse(order.begin() + test.blocks[b].first, order.begin() + test.blocks[b].second + 1);
      found.emplace_back(distances.along(order), static_cast<int>(choice));
    }
    std::sort(found.begin(), found.end());
    for (std::size_t k = 0; k < found.size(); ++k) {
      test.orientations.push_back(found[k].first);
      test.orientation_index.push_back(found[k].second);
      if (found[k].second == 0) test.labels_rank = static_cast<int>(k) + 1;
      if (std::abs(found[k].first - test.numbers) < 1e-12 * test.numbers) test.numbers_rank = static_cast<int>(k) + 1;
    }
  }
  constexpr int batch = 1000;
  const int batches = (random_orders + batch - 1) / batch;
  std::vector<long> as_labels(static_cast<std::size_t>(batches)), as_numbers(static_cast<std::size_t>(batches));
  const double slack = 1e-12 * test.labels;
  parallel_for(batches, [&](int b) {
    std::vector<int> order = labels;
    for (int n = b * batch; n < std::min(random_orders, (b + 1) * batch); ++n) {
      RandomStream random(seed, 0x74696d65, static_cast<std::uint32_t>(n));
      order = labels;
      for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[static_cast<std::size_t>(random.uniform() * static_cast<double>(i))]);
      const double value = distances.along(order);
      if (value <= test.labels + slack) ++as_labels[static_cast<std::size_t>(b)];
      if (value <= test.numbers + slack) ++as_numbers[static_cast<std::size_t>(b)];
    }
  });
  // The order itself counts as one of them: a share is never 0 (Phipson & Smyth 2010, Stat Appl Genet Mol Biol 9:39).
  const auto share = [&](const std::vector<long>& counts) { return (1.0 + static_cast<double>(std::accumulate(counts.begin(), counts.end(), 0L))) / (1.0 + random_orders); };
  test.share_labels = share(as_labels);
  test.share_numbers = numbered ? share(as_numbers) : std::numeric_limits<double>::quiet_NaN();
  return test;
}

}  // namespace hyped
