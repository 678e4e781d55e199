// Samples sorted into replicates and times.
#include "libhyped/observe/expression_series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

struct TimePoint {
  double labelled_h = 0;
  std::int64_t number = -1;
};

std::vector<TimePoint> time_points(const ExpressionSeries& series, TimeOrder order) {
  std::map<double, std::vector<std::int64_t>> numbers;
  for (const auto& sample : series.samples) numbers[sample.time_h].push_back(sample.number);
  std::vector<TimePoint> points;
  for (auto& [time, all] : numbers) {
    std::sort(all.begin(), all.end());
    points.push_back({time, all[(all.size() - 1) / 2]});
  }
  if (order == TimeOrder::labels) return points;
  std::set<std::int64_t> seen;
  for (const auto& point : points)
    if (point.number < 0 || !seen.insert(point.number).second) throw InputError(series.source, "samples have no numbers that order the time points", "give the table of samples, or keep the order of the labels");
  std::sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  return points;
}

// First and last of the longest run of equal steps.
std::pair<std::size_t, std::size_t> longest_even_run(const std::vector<double>& times) {
  std::pair<std::size_t, std::size_t> best{0, 1};
  for (std::size_t first = 0; first + 1 < times.size(); ++first) {
    const double step = times[first + 1] - times[first];
    std::size_t last = first + 1;
    while (last + 1 < times.size() && std::abs(times[last + 1] - times[last] - step) < 1e-6 * step) ++last;
    if (last - first > best.second - best.first) best = {first, last};
  }
  return best;
}

}  // namespace

const char* to_string(TimeOrder order) { return order == TimeOrder::labels ? "labels" : "sample numbers"; }

Eigen::MatrixXd ExpressionCourse::mean() const {
  Eigen::MatrixXd sum = replicates[0];
  for (std::size_t r = 1; r < replicates.size(); ++r) sum += replicates[r];
  return sum / static_cast<double>(replicates.size());
}

ExpressionCourse make_course(const ExpressionSeries& series, const CourseChoice& choice) {
  const auto genes = static_cast<Eigen::Index>(series.genes.size()), samples = static_cast<Eigen::Index>(series.samples.size());
  HYPED_REQUIRE(series.values.rows() == genes && series.values.cols() == samples);
  std::vector<TimePoint> points = time_points(series, choice.order);
  std::vector<double> times;
  for (const auto& point : points) times.push_back(point.labelled_h);
  std::sort(times.begin(), times.end());
  if (times.size() < 3) throw InputError(series.source, fmt::format("has {} times; a course needs three", times.size()), "");
  ExpressionCourse course;
  course.source = series.source;
  std::pair<std::size_t, std::size_t> run{0, times.size() - 1};
  if (choice.even_steps) run = longest_even_run(times);
  if (run.second - run.first + 1 < times.size())
    course.notes.push_back(fmt::format("{} of {} times are used, {:g} to {:g} h in steps of {:g} h: steps of one length.", run.second - run.first + 1, times.size(), times[run.first], times[run.second], times[run.first + 1] - times[run.first]));
  for (std::size_t t = run.first; t <= run.second; ++t) {
    course.times_h.push_back(times[t]);
    course.labelled_h.push_back(points[t].labelled_h);
    course.numbers.push_back(points[t].number);
  }
  // log2(CPM + 1)
  Eigen::MatrixXd level = series.values;
  Eigen::VectorXd mean_cpm(genes);
  if (series.counted) {
    const Eigen::RowVectorXd depth = level.colwise().sum();
    for (Eigen::Index n = 0; n < samples; ++n)
      if (!(depth[n] > 0)) throw InputError(series.source, "sample '" + series.samples[static_cast<std::size_t>(n)].name + "' has no counts", "remove it");
    level = (level.array().rowwise() / depth.array() * 1e6).matrix();
    mean_cpm = level.rowwise().mean();
    level = ((level.array() + 1).log() / std::log(2.0)).matrix();
  } else {
    mean_cpm = (level.array() * std::log(2.0)).exp().matrix().rowwise().mean().array() - 1;
  }
  const auto still_over = [&](const auto& row) {      // over the times used
    double least = std::numeric_limits<double>::infinity(), most = -least;
    for (Eigen::Index n = 0; n < samples; ++n)
      if (std::find(course.labelled_h.begin(), course.labelled_h.end(), series.samples[static_cast<std::size_t>(n)].time_h) != course.labelled_h.end()) least = std::min(least, row[n]), most = std::max(most, row[n]);
    return !(most > least);
  };
  std::vector<Eigen::Index> kept;
  int low = 0, still = 0;
  for (Eigen::Index g = 0; g < genes; ++g) {
    if (!(mean_cpm[g] > choice.least_cpm)) ++low;
    else if (still_over(level.row(g))) ++still;
    else kept.push_back(g);
  }
  course.notes.push_back(fmt::format("{} of {} genes are used: mean CPM above {:g}.", kept.size(), genes, choice.least_cpm));
  if (still > 0) course.notes.push_back(fmt::format("{} genes do not change over the times used and are left out.", still));
  (void)low;
  if (kept.empty()) throw InputError(series.source, fmt::format("no gene has a mean CPM above {:g} and changes", choice.least_cpm), "lower the limit");
  for (const Eigen::Index g : kept) course.genes.push_back(series.genes[static_cast<std::size_t>(g)]);
  // replicates
  std::map<int, std::map<double, Eigen::Index>> at;
  for (Eigen::Index n = 0; n < samples; ++n) {
    const auto& sample = series.samples[static_cast<std::size_t>(n)];
    if (!at[sample.replicate].emplace(sample.time_h, n).second) throw InputError(series.source, fmt::format("two samples are replicate {} of {:g} h", sample.replicate, sample.time_h), "number the replicates");
  }
  for (const auto& [replicate, columns] : at) {
    Eigen::MatrixXd values(static_cast<Eigen::Index>(kept.size()), static_cast<Eigen::Index>(course.times_h.size()));
    for (std::size_t t = 0; t < course.times_h.size(); ++t) {
      const auto found = columns.find(course.labelled_h[t]);
      if (found == columns.end()) throw InputError(series.source, fmt::format("replicate {} has no sample of {:g} h", replicate, course.labelled_h[t]), "give all replicates at all times");
      for (std::size_t g = 0; g < kept.size(); ++g) values(static_cast<Eigen::Index>(g), static_cast<Eigen::Index>(t)) = level(kept[g], found->second);
    }
    course.replicates.push_back(std::move(values));
  }
  return course;
}

}  // namespace hyped
