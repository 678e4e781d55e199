// The two assignment problems, with a grid to find near spots.
#include "libhyped/image/link/spot_tracker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

#include "libhyped/errors.hpp"
#include "libhyped/image/link/gated_assignment.hpp"

namespace hyped {
namespace {

// Spots of one frame by squares of a side of the greatest distance asked for.
class SpotGrid {
 public:
  SpotGrid(const std::vector<Spot>& spots, const std::vector<int>& members, double side) : spots_(spots), side_(side) {
    for (const int i : members) cells_[key(place(spots[static_cast<std::size_t>(i)].row), place(spots[static_cast<std::size_t>(i)].column))].push_back(i);
  }
  // Indices within `distance` of the spot, rising.
  void near(const Spot& spot, double distance, std::vector<int>& out) const {
    out.clear();
    const long reach = std::max(1L, static_cast<long>(std::ceil(distance / side_))), r = place(spot.row), c = place(spot.column);
    for (long i = r - reach; i <= r + reach; ++i)
      for (long k = c - reach; k <= c + reach; ++k)
        if (const auto found = cells_.find(key(i, k)); found != cells_.end())
          for (const int other : found->second)
            if (std::hypot(spots_[static_cast<std::size_t>(other)].row - spot.row, spots_[static_cast<std::size_t>(other)].column - spot.column) <= distance) out.push_back(other);
    std::sort(out.begin(), out.end());
  }

 private:
  long place(double x) const { return static_cast<long>(std::floor(x / side_)); }
  static long key(long row, long column) { return row * 4194304L + column; }
  const std::vector<Spot>& spots_;
  double side_;
  std::unordered_map<long, std::vector<int>> cells_;
};

class Tracker {
 public:
  Tracker(const std::vector<Spot>& spots, const SpotTrackerOptions& options) : spots_(spots), options_(options), next_(spots.size(), -1), before_(spots.size(), -1) {
    for (std::size_t i = 0; i < spots.size(); ++i) {
      if (!std::isfinite(spots[i].row) || !std::isfinite(spots[i].column)) throw InputError("spots", fmt::format("number {} in frame {} has no position", i, spots[i].frame), "leave it out");
      frames_[spots[i].frame].push_back(static_cast<int>(i));
    }
    const double side = std::max({options.linking.max_distance, options.gaps.max_distance, options.splits.max_distance, options.merges.max_distance, 1.0});
    for (const auto& [frame, members] : frames_) grids_.emplace(frame, SpotGrid(spots, members, side));
  }

  std::vector<SpotEdge> run() {
    if (options_.linking.max_distance > 0)
      for (auto here = frames_.begin(); here != frames_.end(); ++here)
        if (const auto later = std::next(here); later != frames_.end() && later->first - here->first <= options_.linking.max_frames) link_frames(here->second, later->second, later->first);
    link_segments();
    std::stable_sort(links_.begin(), links_.end(), [](const SpotEdge& a, const SpotEdge& b) { return a.from != b.from ? a.from < b.from : a.to < b.to; });
    return links_;
  }

 private:
  const Spot& spot(int i) const { return spots_[static_cast<std::size_t>(i)]; }
  // Infinite where the link is not allowed.
  double cost(const LinkStep& step, int from, int to) const {
    const double distance = std::hypot(spot(from).row - spot(to).row, spot(from).column - spot(to).column);
    const double price = step.cost ? step.cost(from, to) : distance * distance;
    return !step.price_limited || price <= step.max_distance * step.max_distance ? price : INFINITY;
  }

  void link_frames(const std::vector<int>& sources, const std::vector<int>& targets, int frame) {
    std::unordered_map<int, int> place;
    for (std::size_t k = 0; k < targets.size(); ++k) place[targets[k]] = static_cast<int>(k);
    std::vector<GatedLink> found;
    std::vector<double> costs;
    std::vector<int> near;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      grids_.at(frame).near(spot(sources[i]), options_.linking.max_distance, near);
      for (const int to : near) {
        const double price = cost(options_.linking, sources[i], to);
        if (!std::isfinite(price)) continue;
        found.push_back({static_cast<int>(i), place[to], price});
        costs.push_back(price);
      }
    }
    if (found.empty()) return;
    const double greatest = *std::max_element(costs.begin(), costs.end());
    const std::vector<int> target = assign(static_cast<int>(sources.size()), static_cast<int>(targets.size()), found, alternative(greatest));
    std::map<std::pair<int, int>, double> price_of;
    for (const GatedLink& link : found) price_of[{link.source, link.target}] = link.cost;
    for (std::size_t i = 0; i < sources.size(); ++i)
      if (target[i] >= 0) {
        const int to = targets[static_cast<std::size_t>(target[i])];
        next_[static_cast<std::size_t>(sources[i])] = to;
        before_[static_cast<std::size_t>(to)] = sources[i];
        links_.push_back({sources[i], to, LinkKind::frame_to_frame, price_of[{static_cast<int>(i), target[i]}]});
      }
  }

  // Where all costs are nought nothing would gain by a link.
  double alternative(double typical) const { return typical > 0 ? options_.alternative_factor * typical : 1; }

  void link_segments() {
    std::vector<int> ends, starts, middles, splitters;
    for (const auto& [frame, members] : frames_)
      for (const int i : members) {
        const bool first = before_[static_cast<std::size_t>(i)] < 0, last = next_[static_cast<std::size_t>(i)] < 0;
        if (first && last && !options_.lone_spots) continue;
        if (first) starts.push_back(i);
        if (last) ends.push_back(i);
        if (!first && !last) middles.push_back(i);
        if (options_.splits_anywhere || (!first && !last)) splitters.push_back(i);
      }
    // Rows: ends (gap or merge), then spots that may split. Columns: starts (gap or split), then middles (merge).
    std::unordered_map<int, int> start_place, middle_place;
    for (std::size_t k = 0; k < starts.size(); ++k) start_place[starts[k]] = static_cast<int>(k);
    for (std::size_t k = 0; k < middles.size(); ++k) middle_place[middles[k]] = static_cast<int>(starts.size() + k);
    std::vector<GatedLink> found;
    std::vector<LinkKind> kinds;
    std::vector<int> near;
    const auto look = [&](const LinkStep& step, int from, int row, const std::unordered_map<int, int>& columns, LinkKind kind) {
      if (!(step.max_distance > 0)) return;
      for (auto later = frames_.upper_bound(spot(from).frame); later != frames_.end() && later->first - spot(from).frame <= step.max_frames; ++later) {
        grids_.at(later->first).near(spot(from), step.max_distance, near);
        for (const int to : near) {
          const auto column = columns.find(to);
          if (column == columns.end()) continue;
          const double price = cost(step, from, to);
          if (!std::isfinite(price)) continue;
          found.push_back({row, column->second, price});
          kinds.push_back(kind);
        }
      }
    };
    for (std::size_t i = 0; i < ends.size(); ++i) {
      look(options_.gaps, ends[i], static_cast<int>(i), start_place, LinkKind::gap);
      look(options_.merges, ends[i], static_cast<int>(i), middle_place, LinkKind::merge);
    }
    for (std::size_t i = 0; i < splitters.size(); ++i) look(options_.splits, splitters[i], static_cast<int>(ends.size() + i), start_place, LinkKind::split);
    if (found.empty()) return;
    std::vector<double> costs;
    for (const GatedLink& link : found) costs.push_back(link.cost);
    const std::vector<int> target = assign(static_cast<int>(ends.size() + splitters.size()), static_cast<int>(starts.size() + middles.size()), found,
                                           options_.segment_alternative > 0 ? options_.segment_alternative : alternative(percentile_of(costs, options_.percentile)));
    for (std::size_t k = 0; k < found.size(); ++k) {
      const auto row = static_cast<std::size_t>(found[k].source);
      if (target[row] != found[k].target) continue;
      const int from = row < ends.size() ? ends[row] : splitters[row - ends.size()];
      const auto column = static_cast<std::size_t>(found[k].target);
      links_.push_back({from, column < starts.size() ? starts[column] : middles[column - starts.size()], kinds[k], found[k].cost});
    }
  }

  const std::vector<Spot>& spots_;
  const SpotTrackerOptions& options_;
  std::vector<int> next_, before_;
  std::map<int, std::vector<int>> frames_;
  std::map<int, SpotGrid> grids_;
  std::vector<SpotEdge> links_;
};

}  // namespace

std::vector<SpotEdge> link_spots(const std::vector<Spot>& spots, const SpotTrackerOptions& options) { return Tracker(spots, options).run(); }

}  // namespace hyped
