// The published single-cell tables as durations: dowling2014, imig2020, carr2021.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "fitting/duration_pairs.hpp"
#include "fitting/memoryless_cycle.hpp"
#include "libhyped/ingest/delimited.hpp"
#include "tests/experiments/real_data.hpp"

namespace hyped::testing {

struct AnnotatedCell {
  double division_h = 0, g1_h = 0, sg2m_h = 0;
  std::string sister;
  int family = 0;
};

inline std::vector<double> column_of(const std::map<int, AnnotatedCell>& cells, double AnnotatedCell::*member) {
  std::vector<double> out;
  for (const auto& [id, cell] : cells) out.push_back(cell.*member);
  return out;
}

// Cells of one condition that the paper analyses, by id.
inline std::map<int, AnnotatedCell> dowling_cells(const std::filesystem::path& file, const std::string& condition) {
  const DelimitedTable table = DelimitedTable::read(file);
  std::map<int, AnnotatedCell> out;
  for (std::size_t row = 0; row < table.rows(); ++row)
    if (table.text(row, table.column("condition")) == condition && table.text(row, table.column("in_paper")) == "1")
      out[static_cast<int>(table.integer(row, table.column("cell_id")))] = {table.number(row, table.column("t_div_h")), table.number(row, table.column("t_g1_h")), table.number(row, table.column("t_sg2m_h")), table.text(row, table.column("sister_cell_id")), static_cast<int>(table.integer(row, table.column("family_id")))};
  return out;
}

inline Duration exact_duration(double hours) {
  Duration out;
  out.lower_h = out.upper_h = hours;
  return out;
}
inline Duration cut_off_duration(double hours) {
  Duration out;
  out.lower_h = hours;
  out.upper_h = std::numeric_limits<double>::infinity();
  out.cause = -1;
  return out;
}

inline DurationData exact_data(const std::string& name, const std::vector<double>& hours) {
  DurationData out;
  out.name = name;
  for (const double t : hours) out.durations.push_back(exact_duration(t));
  out.design.resize(out.count(), 0);
  return out;
}

inline DurationPairs sisters_of(const std::map<int, AnnotatedCell>& cells, double AnnotatedCell::*member, const std::string& name) {
  DurationPairs out{name, "sister 1", "sister 2", {}, true};
  for (const auto& [id, cell] : cells)
    if (!cell.sister.empty() && id < std::stoi(cell.sister) && cells.count(std::stoi(cell.sister)))
      out.pairs.emplace_back(exact_duration(cell.*member), exact_duration(cells.at(std::stoi(cell.sister)).*member));
  return out;
}

// One phase of one line; cut-off stays longer than `drop_above_h` are left out, as the authors do.
inline DurationData imig_durations(const std::filesystem::path& file, const std::string& line, const std::string& phase, double drop_above_h = std::numeric_limits<double>::infinity()) {
  const DelimitedTable table = DelimitedTable::read(file);
  DurationData out;
  out.name = phase + " of " + line;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (table.text(row, table.column("cell_line")) != line || table.text(row, table.column(phase + "_h")).empty()) continue;
    const double hours = table.number(row, table.column(phase + "_h"));
    const bool cut = table.integer(row, table.column(phase + "_censored")) == 1;
    if (!(cut && hours > drop_above_h)) out.durations.push_back(cut ? cut_off_duration(hours) : exact_duration(hours));
  }
  out.design.resize(out.count(), 0);
  return out;
}

inline std::vector<CompleteCycle> carr_cycles(const std::filesystem::path& file) {
  const DelimitedTable table = DelimitedTable::read(file);
  std::map<std::int64_t, CompleteCycle> cycles;
  const std::map<std::string, int> phases{{"G1_red", 0}, {"eS_yellow", 1}, {"SG2M_green", 2}};
  for (std::size_t row = 0; row < table.rows(); ++row)
    cycles[table.integer(row, table.column("track_id"))].hours[static_cast<std::size_t>(phases.at(table.text(row, table.column("phase"))))] = table.number(row, table.column("hours_in_phase"));
  std::vector<CompleteCycle> out;
  for (const auto& [id, cycle] : cycles) out.push_back(cycle);
  return out;
}

}  // namespace hyped::testing
