// Which series stand in which panel of a figure of banded curves, for its key.
#pragma once
#include <set>
#include <string>
#include <variant>

#include "libhyped/store/table.hpp"

namespace hyped {

// Rows of panel and series, each pair once, in order of appearance. The table's first two columns are these.
inline Table curve_keys(const Table& curve) {
  Table out({{"panel", "", ""}, {"series", "", ""}});
  std::set<std::pair<std::string, std::string>> seen;
  for (const auto& row : curve.rows()) {
    const std::string panel = std::get<std::string>(row[0]), series = std::get<std::string>(row[1]);
    if (seen.emplace(panel, series).second) out.add_row({panel, series});
  }
  return out;
}

}  // namespace hyped
