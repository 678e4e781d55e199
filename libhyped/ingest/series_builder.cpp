// The order of times is checked as rows arrive, so that the error names both lines.
#include "libhyped/ingest/series_builder.hpp"

#include <fmt/format.h>

#include <limits>

namespace hyped {

void SeriesBuilder::add(const std::string& condition, const std::string& well, double time_h, std::size_t class_index, double value,
                        std::size_t row, std::size_t time_column) {
  const auto [found, is_new] = index_.try_emplace({condition, well}, wells_.size());
  if (is_new)
    wells_.push_back({condition, well, {}, std::vector(classes_.size(), std::pair(-std::numeric_limits<double>::infinity(), 0))});
  Well& target = wells_[found->second];
  auto& [last_time, last_line] = target.last[class_index];
  if (time_h <= last_time) {
    const std::string which = fmt::format("condition '{}', well '{}', class '{}'", condition, well, classes_[class_index]);
    if (time_h == last_time || target.samples.count(time_h))
      throw table_.error(row, time_column, fmt::format("time {} h occurs twice for {} (also near line {})", time_h, which, last_line),
                         "keep one of the two rows, or give each well its own name");
    throw table_.error(row, time_column,
                       fmt::format("time {} h comes after {} h (line {}) for {}: times are out of order", time_h, last_time, last_line, which),
                       "sort the rows by time, or give each well its own name");
  }
  last_time = time_h;
  last_line = table_.line(row);
  Sample& sample = target.samples[time_h];
  if (sample.values.empty()) {
    sample.line = table_.line(row);
    sample.values.assign(classes_.size(), std::numeric_limits<double>::quiet_NaN());
  }
  sample.values[class_index] = value;
}

std::vector<WellSeries> SeriesBuilder::wells() const {
  std::vector<WellSeries> result;
  for (const Well& well : wells_) {
    WellSeries series{well.condition, well.name, {}, Eigen::MatrixXd(well.samples.size(), classes_.size()), {}};
    for (const auto& [time, sample] : well.samples) {
      const Eigen::Index t = static_cast<Eigen::Index>(series.times_h.size());
      series.values.row(t) = Eigen::Map<const Eigen::RowVectorXd>(sample.values.data(), static_cast<Eigen::Index>(sample.values.size()));
      series.times_h.push_back(time);
      series.source_lines.push_back(sample.line);
    }
    result.push_back(std::move(series));
  }
  return result;
}

}  // namespace hyped
