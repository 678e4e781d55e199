// Cuts a graph of spots into cells.
#include "libhyped/ingest/tracks/spot_links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "libhyped/errors.hpp"

namespace hyped {

LinkedCells cells_of_links(const std::string& source, const std::vector<LinkedSpot>& spots, std::vector<SpotLink> links, bool single_cells) {
  const std::size_t n = spots.size();
  LinkedCells out;
  out.cell.resize(n);
  out.mother.resize(n);
  std::vector<std::vector<int>> targets(n);
  std::vector<int> sources(n, 0), from(n, -1);
  std::vector<char> touched(n, single_cells);
  for (SpotLink& link : links) {
    if (spots[link.source].frame == spots[link.target].frame)
      throw InputError(fmt::format("{}:{}", source, link.line), fmt::format("spots {} and {} are linked within frame {}", spots[link.source].id, spots[link.target].id, spots[link.source].frame),
                       "links lead from one frame to a later one: delete this one");
    if (spots[link.source].frame > spots[link.target].frame) std::swap(link.source, link.target);
    touched[link.source] = touched[link.target] = 1;
  }
  const auto ends = [](const SpotLink& link) { return std::pair(link.source, link.target); };
  std::sort(links.begin(), links.end(), [&](const auto& a, const auto& b) { return ends(a) < ends(b); });
  links.erase(std::unique(links.begin(), links.end(), [&](const auto& a, const auto& b) { return ends(a) == ends(b); }), links.end());
  for (const auto& link : links) ++sources[link.target];
  for (const auto& link : links) {
    if (sources[link.target] > 1) {
      ++out.merges;
      continue;
    }
    targets[link.source].push_back(link.target);
    from[link.target] = link.source;
  }
  std::vector<int> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return std::pair(spots[a].frame, spots[a].line) < std::pair(spots[b].frame, spots[b].line); });
  std::set<std::string> taken;
  for (const int s : order) {      // sources come before their targets
    if (!touched[s]) continue;
    const int before = from[s];
    if (before >= 0 && targets[before].size() == 1) {
      out.cell[s] = out.cell[before];
      out.mother[s] = out.mother[before];
      continue;
    }
    std::string name = spots[s].track;
    if (before >= 0) {
      auto& sisters = targets[before];
      std::sort(sisters.begin(), sisters.end(), [&](int a, int b) { return spots[a].line < spots[b].line; });
      const auto rank = std::find(sisters.begin(), sisters.end(), s) - sisters.begin();
      if (rank == 0) ++out.splits;
      out.mother[s] = out.cell[before];
      name = fmt::format("{}.{}", out.cell[before], rank + 1);
    }
    if (!taken.insert(name).second) taken.insert(name += ":" + spots[s].id);      // a second root of one track
    out.cell[s] = name;
  }
  return out;
}

void note_merges(CellTracks& tracks, int merges) {
  tracks.merges = merges;
  if (merges > 0) tracks.notes.push_back(fmt::format("{} links lead into spots with more than one source (cells do not merge): they are cut, the cells before them are lost there", merges));
}

}  // namespace hyped
