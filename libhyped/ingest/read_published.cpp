// AU565, BJ PIP-FUCCI and HYPED nuclei counts, read as distributed.
#include "libhyped/ingest/read_published.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "libhyped/ingest/series_builder.hpp"

namespace hyped {
namespace {

double amount_or_missing(const DelimitedTable& table, std::size_t row, std::size_t column) {
  const double value = table.number_or_missing(row, column);
  if (value < 0) throw table.error(row, column, fmt::format("{} is negative", value), "amounts are 0 or more; leave the cell empty if missing");
  return value;
}

double count_or_missing(const DelimitedTable& table, std::size_t row, std::size_t column) {
  if (std::isnan(table.number_or_missing(row, column))) return table.number_or_missing(row, column);
  const auto value = table.integer(row, column);
  if (value < 0) throw table.error(row, column, fmt::format("{} is negative", value), "counts are 0 or more");
  return static_cast<double>(value);
}

// Two wells cannot give the same numbers: a copy in the source is said, not removed.
void note_copies(PhaseCounts& counts) {
  const auto same = [](const WellSeries& a, const WellSeries& b) {
    return a.times_h == b.times_h && a.values.rows() == b.values.rows() &&
           (a.values.array() == b.values.array() || (a.values.array().isNaN() && b.values.array().isNaN())).all();
  };
  for (std::size_t i = 0; i < counts.wells.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (const auto &a = counts.wells[j], &b = counts.wells[i]; same(a, b))
        counts.notes.push_back(fmt::format("'{}' well '{}' and '{}' well '{}' hold the same numbers: a copy in the source", a.condition, a.well,
                                           b.condition, b.well));
}

}  // namespace

PhaseCounts read_au565(const std::filesystem::path& folder_or_file) {
  const auto file = std::filesystem::is_directory(folder_or_file) ? folder_or_file / "population_timecourse.csv" : folder_or_file;
  const DelimitedTable table = DelimitedTable::read(file);
  const auto drug = table.column("drug"), replicate = table.column("replicate"), dose = table.column("dose_nM"), time = table.column("time_h"),
             g1 = table.column("g1_rel"), sg2 = table.column("sg2_rel");
  PhaseCounts counts{table.file(), {"G1", "S/G2"}, Quantity::relative_total, true, "column 'time_h', hours after the drug; a frame every 30 min",
                     {}, {}};
  SeriesBuilder builder(table, counts.classes);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const double amount = table.number(row, dose), hours = table.number(row, time);
    const std::string& name = table.name(row, drug);
    const std::string condition = amount == 0 ? "untreated" : fmt::format("{} {} nM", name, amount);
    const std::string well = amount == 0 ? fmt::format("{} {}", name, table.name(row, replicate)) : table.name(row, replicate);
    builder.add(condition, well, hours, 0, amount_or_missing(table, row, g1), row, time);
    builder.add(condition, well, hours, 1, amount_or_missing(table, row, sg2), row, time);
  }
  counts.wells = builder.wells();
  Eigen::Index missing = 0;
  for (const auto& well : counts.wells) missing += well.values.col(0).array().isNaN().count();
  counts.notes = {"amounts are relative to each well's own start: the starting number of cells is not known",
                  "the wells of dose 0 of all drugs are one condition, 'untreated'",
                  fmt::format("{} frames have no total and are missing", missing)};
  note_copies(counts);
  return counts;
}

PhaseCounts read_bj_channels(const std::filesystem::path& file, double frame_interval_h) {
  if (!(frame_interval_h > 0 && std::isfinite(frame_interval_h)))
    throw InputError(file.string(), fmt::format("a frame interval of {} h", frame_interval_h), "give a positive number of hours, such as 0.4167");
  const DelimitedTable table = DelimitedTable::read(file);
  const auto condition = table.column("condition"), frame = table.column("frame"), channel = table.column("channel"),
             count = table.column("nucleus_count");
  PhaseCounts counts{table.file(), {"green", "blue", "red"}, Quantity::count, false,
                     fmt::format("(frame - 1) x {:.2f} min", frame_interval_h * 60), {}, {}};
  SeriesBuilder builder(table, counts.classes);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const auto k = table.integer(row, channel), number = table.integer(row, frame);
    if (k < 1 || k > 3) throw table.error(row, channel, fmt::format("there is no channel {}", k), "channels are 1 green, 2 blue, 3 red");
    if (number < 1) throw table.error(row, frame, fmt::format("frame {} is before the first", number), "frames count from 1");
    // "MyoD+ (scene B3)": the arm, and in brackets its well.
    const std::string& label = table.name(row, condition);
    const std::size_t open = label.find(" (");
    const std::string arm = label.substr(0, open);
    std::string well = open == label.npos ? "1" : label.substr(open + 2);
    if (!well.empty() && well.back() == ')') well.pop_back();
    builder.add(arm, well, static_cast<double>(number - 1) * frame_interval_h, static_cast<std::size_t>(k - 1), count_or_missing(table, row, count), row,
                frame);
  }
  counts.wells = builder.wells();
  counts.notes = {"the frame interval is uncertain by 12 %: the axis label says 25 min, the tracks step by 22.3 min; every rate scales with it",
                  "one well per arm: a difference between arms cannot be told from a difference between wells",
                  "channels overlap: a nucleus can be green and red, and blue is every nucleus; counts were digitised, error 2 to 10 cells"};
  return counts;
}

PhaseCounts read_nuclei_counts(const std::filesystem::path& file, const HypedTimeAxis& axis) {
  if (!(axis.frame_interval_h > 0) || !(axis.stage2_start_h > 0))
    throw InputError(file.string(), "the frame interval and the start of stage 2 must be positive hours", "give for example 1/3 h and 24 h");
  const DelimitedTable table = DelimitedTable::read(file);
  const auto condition = table.column("condition"), scene = table.column("scene"), stage = table.column("stage"), frame = table.column("frame"),
             count = table.column("n_cells_approx");
  PhaseCounts counts{table.file(), {"nuclei"}, Quantity::count, true, "", {}, {}};
  SeriesBuilder builder(table, counts.classes);
  const auto stage_of = [&](std::size_t row) {
    const auto part = table.integer(row, stage);
    if (part != 1 && part != 2) throw table.error(row, stage, fmt::format("there is no stage {}", part), "stages are 1 (before the dose of 24 h) and 2");
    return static_cast<std::size_t>(part);
  };
  // Frames run on through both stages, or restart in stage 2: either way stage 2 starts with its lowest frame.
  std::array<std::int64_t, 3> first{0, 0, std::numeric_limits<std::int64_t>::max()};
  for (std::size_t row = 0; row < table.rows(); ++row)
    if (stage_of(row) == 2) first[2] = std::min(first[2], table.integer(row, frame));
  std::array<double, 3> last{};
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const auto part = stage_of(row);
    const auto number = table.integer(row, frame);
    if (number < 0) throw table.error(row, frame, fmt::format("frame {} is negative", number), "frames count from 0");
    const double hours = static_cast<double>(number - first[part]) * axis.frame_interval_h + (part == 2 ? axis.stage2_start_h : 0);
    if (part == 1 && hours >= axis.stage2_start_h)
      throw table.error(row, frame, fmt::format("frame {} of stage 1 falls at {:.2f} h, not before stage 2 at {} h", number, hours, axis.stage2_start_h),
                        "check the frame interval and the start of stage 2");
    last[part] = std::max(last[part], hours);
    builder.add(table.name(row, condition), table.name(row, scene), hours, 0, count_or_missing(table, row, count), row, frame);
  }
  counts.wells = builder.wells();
  counts.time_axis = fmt::format("stage 1 from 0 h to {:.2f} h, a frame every {:.1f} min", last[1], axis.frame_interval_h * 60);
  if (last[2] > 0)
    counts.time_axis += fmt::format("; stage 2 from {:.2f} h (its first frame, {}) to {:.2f} h: the handling gap is not on the frame axis",
                                    axis.stage2_start_h, first[2], last[2]);
  counts.notes = {"counts are of an open field: cells migrate in and out; they were digitised from a plot"};
  return counts;
}

}  // namespace hyped
