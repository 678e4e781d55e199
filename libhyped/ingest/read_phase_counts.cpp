// The checks of tidy and wide tables of counts.
#include "libhyped/ingest/read_phase_counts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/ingest/series_builder.hpp"

namespace hyped {
namespace {

double checked_value(const DelimitedTable& table, std::size_t row, std::size_t column, Quantity quantity) {
  const double value = table.number_or_missing(row, column);
  if (std::isnan(value)) return value;
  if (value < 0)
    throw table.error(row, column, fmt::format("{} is negative", value), "counts and amounts are 0 or more; leave the cell empty if missing");
  if (quantity == Quantity::count && value != std::floor(value))
    throw table.error(row, column, fmt::format("{} is not a whole number of cells", value),
                      "give counts as integers, or set quantity to fraction or relative_total");
  if (quantity == Quantity::fraction && value > 1.01)
    throw table.error(row, column, fmt::format("{} is not a fraction", value), "fractions lie in 0 to 1: divide percentages by 100");
  return value;
}

void check_fractions(const PhaseCounts& counts) {
  for (const auto& well : counts.wells)
    for (Eigen::Index t = 0; t < well.values.rows(); ++t) {
      const double sum = well.values.row(t).sum();      // NaN when a class is missing: nothing to check
      if (std::abs(sum - 1) > 0.01)
        throw InputError(fmt::format("{}:{}", counts.source, well.source_lines[t]),
                         fmt::format("fractions of condition '{}', well '{}' at {} h sum to {:.4g}, not 1", well.condition, well.well,
                                     well.times_h[t], sum),
                         "add the missing class, or declare that the classes do not partition the cells");
    }
}

void check_observed(const PhaseCounts& counts, int first_line) {
  for (std::size_t k = 0; k < counts.classes.size(); ++k) {
    const bool seen = std::any_of(counts.wells.begin(), counts.wells.end(), [&](const WellSeries& well) {
      return (well.values.col(static_cast<Eigen::Index>(k)).array() > 0).any();
    });
    if (!seen)
      throw InputError(fmt::format("{}:{}", counts.source, first_line),
                       fmt::format("class '{}' is never observed: every value is 0 or missing", counts.classes[k]),
                       "leave the class out, or merge it with another");
  }
}

}  // namespace

PhaseCounts read_phase_counts(const std::filesystem::path& file, const ColumnMap& map) {
  const DelimitedTable table = DelimitedTable::read(file);
  const std::size_t condition = table.column(map.condition), well = table.column(map.well), time = table.column(map.time);
  const bool wide = !map.class_columns.empty();
  PhaseCounts counts;
  counts.source = table.file();
  counts.quantity = map.quantity;
  counts.classes_partition_cells = map.classes_partition_cells;
  counts.time_axis = fmt::format("column '{}' x {:.6g} h", map.time, map.hours_per_time_unit);
  std::vector<std::size_t> value_columns;
  std::size_t class_column = 0;
  if (wide) {
    counts.classes = map.class_columns;
    for (const auto& name : map.class_columns) value_columns.push_back(table.column(name));
  } else {
    class_column = table.column(map.class_name);
    value_columns.push_back(table.column(map.count));
    for (std::size_t row = 0; row < table.rows(); ++row)
      if (std::find(counts.classes.begin(), counts.classes.end(), table.name(row, class_column)) == counts.classes.end())
        counts.classes.push_back(table.text(row, class_column));
  }
  SeriesBuilder builder(table, counts.classes);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const double hours = table.number(row, time) * map.hours_per_time_unit;
    const auto add = [&](std::size_t k, std::size_t column) {
      builder.add(table.name(row, condition), table.name(row, well), hours, k, checked_value(table, row, column, map.quantity), row, time);
    };
    if (wide)
      for (std::size_t k = 0; k < value_columns.size(); ++k) add(k, value_columns[k]);
    else
      add(static_cast<std::size_t>(std::find(counts.classes.begin(), counts.classes.end(), table.text(row, class_column)) -
                                   counts.classes.begin()), value_columns[0]);
  }
  counts.wells = builder.wells();
  if (map.quantity == Quantity::fraction && map.classes_partition_cells) check_fractions(counts);
  check_observed(counts, table.line(0));
  Eigen::Index missing = 0;
  for (const auto& series : counts.wells) missing += series.values.array().isNaN().count();
  if (missing > 0) counts.notes.push_back(fmt::format("{} values are missing", missing));
  return counts;
}

}  // namespace hyped
