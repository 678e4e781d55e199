// Lineage trees as segments of phases.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "experiments/report/figure.hpp"
#include "experiments/tracks/phases.hpp"

namespace hyped {

void add_lineages(RunDirectory& run, const CellTracks& tracks, int trees) {
  // Cells of every tree; the largest first, equal ones in the order of the file.
  std::vector<int> roots, size(tracks.cells.size(), 1);
  std::function<int(int)> count = [&](int c) {
    int all = 1;
    for (const int d : tracks.cells[static_cast<std::size_t>(c)].daughters) all += count(d);
    return all;
  };
  for (int c = 0; c < static_cast<int>(tracks.cells.size()); ++c)
    if (tracks.cells[static_cast<std::size_t>(c)].mother < 0 && !tracks.cells[static_cast<std::size_t>(c)].stays.empty()) {
      roots.push_back(c);
      size[static_cast<std::size_t>(c)] = count(c);
    }
  std::stable_sort(roots.begin(), roots.end(), [&](int a, int b) { return size[static_cast<std::size_t>(a)] > size[static_cast<std::size_t>(b)]; });
  const std::size_t all = roots.size();
  if (roots.empty()) return;
  roots.resize(std::min<std::size_t>(roots.size(), static_cast<std::size_t>(trees)));
  Table stays({{"phase", "", ""}, {"row", "1", "place in the figure"}, {"from_h", "h", ""}, {"until_h", "h", ""}}), links({{"time_h", "h", ""}, {"row", "1", ""}, {"until_row", "1", ""}}), ends({{"end", "", ""}, {"time_h", "h", ""}, {"row", "1", ""}});
  double next = 0;
  // Leaves one below the other, a mother in the middle of her daughters.
  std::function<double(int)> place = [&](int c) -> double {
    const FollowedCell& cell = tracks.cells[static_cast<std::size_t>(c)];
    std::vector<double> rows;
    for (const int d : cell.daughters)
      if (!tracks.cells[static_cast<std::size_t>(d)].stays.empty()) rows.push_back(place(d));
    const double row = rows.empty() ? next++ : 0.5 * (rows.front() + rows.back());
    double until = cell.end_h;
    for (std::size_t i = 0; i < cell.stays.size(); ++i) {
      const PhaseStay& stay = cell.stays[i];
      const double from = 0.5 * (stay.entered_from_h + stay.entered_by_h);
      until = 0.5 * (stay.left_from_h + stay.left_by_h);
      stays.add_row({tracks.phases[static_cast<std::size_t>(stay.phase)], row, from, until});
    }
    if (rows.size() > 1) links.add_row({until, rows.front(), rows.back()});
    else if (cell.end == CellEnd::death || cell.end == CellEnd::lost) ends.add_row({std::string(to_string(cell.end)), until, row});
    return row;
  };
  for (const int root : roots) {
    place(root);
    next += 0.7;
  }
  report::Figure figure{"lineages", fmt::format("The {} largest of {} trees, a line per cell coloured by its called phase; cross: death, open circle: lost.", roots.size(), all), "lineages", {{"stays", stays}}, {}, "answer"};
  if (!links.rows().empty()) figure.data.emplace_back("links", links);
  if (!ends.rows().empty()) figure.data.emplace_back("ends", ends);
  report::add_figure(run, figure);
}

}  // namespace hyped
