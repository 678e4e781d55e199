// Graph edits of a tracking, hits among its links and divisions.
#include "libhyped/image/quality/tracking_scores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "libhyped/errors.hpp"
#include "libhyped/image/link/gated_assignment.hpp"

namespace hyped {
namespace {

using Pair = std::pair<int, int>;

struct Neighbours {
  std::vector<std::vector<int>> after, before;
};
Neighbours neighbours_of(int size, const std::vector<TrackGraph::Link>& links) {
  Neighbours out;
  out.after.resize(static_cast<std::size_t>(size));
  out.before.resize(static_cast<std::size_t>(size));
  for (const auto& link : links) {
    out.after[static_cast<std::size_t>(link.from)].push_back(link.to);
    out.before[static_cast<std::size_t>(link.to)].push_back(link.from);
  }
  for (auto& list : out.after) std::sort(list.begin(), list.end());
  return out;
}

// The reference's links, joined over the detections that were not found.
std::vector<TrackGraph::Link> joined_links(const TrackGraph& reference, const std::vector<int>& matched) {
  const Neighbours near = neighbours_of(reference.size(), reference.links);
  std::vector<TrackGraph::Link> out;
  for (int i = 0; i < reference.size(); ++i) {
    if (matched[static_cast<std::size_t>(i)] < 0) continue;
    std::vector<std::pair<int, bool>> open;
    const auto grow = [&](int from, bool divided) {
      const auto& after = near.after[static_cast<std::size_t>(from)];
      for (const int to : after) open.push_back({to, divided || after.size() > 1});
    };
    grow(i, false);
    while (!open.empty()) {
      const auto [to, divided] = open.back();
      open.pop_back();
      if (matched[static_cast<std::size_t>(to)] >= 0) out.push_back({i, to, divided});
      else grow(to, divided);
    }
  }
  return out;
}

struct Division {
  int mother = 0, first = 0, second = 0;
};
std::vector<Division> divisions_of(const Neighbours& near) {
  std::vector<Division> out;
  for (std::size_t i = 0; i < near.after.size(); ++i)
    if (near.after[i].size() >= 2) out.push_back({static_cast<int>(i), near.after[i][0], near.after[i][1]});
  return out;
}

// The next detections of one cell from `start` on, itself first, until it divides, ends, or `count` are there.
std::vector<int> walk(const std::vector<std::vector<int>>& next, const std::vector<std::vector<int>>& branches, int start, int count, bool backwards) {
  std::vector<int> out{start};
  for (int at = start; static_cast<int>(out.size()) < count;) {
    const auto& on = next[static_cast<std::size_t>(at)];
    if (on.size() != 1) break;
    at = on[0];
    if (backwards && branches[static_cast<std::size_t>(at)].size() > 1) break;
    out.push_back(at);
  }
  return out;
}

class DivisionMatcher {
 public:
  DivisionMatcher(const TrackGraph& reference, const TrackGraph& found, const std::vector<int>& matched, const Neighbours& truth, const Neighbours& seen) : reference_(reference), found_(found), matched_(matched), truth_(truth), seen_(seen) {}

  HitCounts count(const std::vector<Division>& want, const std::vector<Division>& got, int tolerance) const {
    struct Candidate {
      int apart, want, got;
    };
    std::vector<Candidate> candidates;
    for (std::size_t w = 0; w < want.size(); ++w)
      for (std::size_t g = 0; g < got.size(); ++g) {
        const int apart = std::abs(reference_.frame[static_cast<std::size_t>(want[w].mother)] - found_.frame[static_cast<std::size_t>(got[g].mother)]);
        if (apart <= tolerance && alike(want[w], got[g], tolerance)) candidates.push_back({apart, static_cast<int>(w), static_cast<int>(g)});
      }
    std::stable_sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) { return a.apart < b.apart; });
    std::vector<char> used_want(want.size(), 0), used_got(got.size(), 0);
    HitCounts out;
    for (const Candidate& c : candidates)
      if (!used_want[static_cast<std::size_t>(c.want)] && !used_got[static_cast<std::size_t>(c.got)]) {
        used_want[static_cast<std::size_t>(c.want)] = used_got[static_cast<std::size_t>(c.got)] = 1;
        ++out.hit;
      }
    out.missed = static_cast<long>(want.size()) - out.hit;
    out.wrong = static_cast<long>(got.size()) - out.hit;
    return out;
  }

 private:
  bool meet(const std::vector<int>& truth, const std::vector<int>& seen) const {
    return std::any_of(truth.begin(), truth.end(), [&](int i) { return std::find(seen.begin(), seen.end(), matched_[static_cast<std::size_t>(i)]) != seen.end(); });
  }
  bool alike(const Division& want, const Division& got, int tolerance) const {
    const auto truth_after = [&](int i) { return walk(truth_.after, truth_.before, i, tolerance + 1, false); };
    const auto seen_after = [&](int i) { return walk(seen_.after, seen_.before, i, tolerance + 1, false); };
    const auto a = truth_after(want.first), b = truth_after(want.second), c = seen_after(got.first), d = seen_after(got.second);
    if (!(meet(a, c) && meet(b, d)) && !(meet(a, d) && meet(b, c))) return false;
    return meet(walk(truth_.before, truth_.after, want.mother, tolerance + 1, true), walk(seen_.before, seen_.after, got.mother, tolerance + 1, true));
  }
  const TrackGraph &reference_, &found_;
  const std::vector<int>& matched_;
  const Neighbours &truth_, &seen_;
};

GraphEdits edits_of(const TrackGraph& reference, const TrackGraph& found, const std::vector<int>& matched) {
  GraphEdits out;
  std::vector<int> stands_for(static_cast<std::size_t>(found.size()), 0);
  for (const int m : matched) {
    if (m < 0) ++out.missed_nodes;
    else ++stands_for[static_cast<std::size_t>(m)];
  }
  for (const int n : stands_for) {
    if (n == 0) ++out.false_nodes;
    if (n > 1) out.splits += n - 1;
  }
  // Links are compared between detections that stand for one of the reference each.
  std::map<Pair, bool> kept;
  for (const auto& link : found.links)
    if (stands_for[static_cast<std::size_t>(link.from)] == 1 && stands_for[static_cast<std::size_t>(link.to)] == 1) kept[{link.from, link.to}] = link.to_daughter;
  std::set<Pair> wanted;
  for (const auto& link : reference.links) {
    const int from = matched[static_cast<std::size_t>(link.from)], to = matched[static_cast<std::size_t>(link.to)];
    const auto same = from >= 0 && to >= 0 ? kept.find({from, to}) : kept.end();
    if (same == kept.end()) ++out.missed_links;
    else {
      wanted.insert({from, to});
      if (same->second != link.to_daughter) ++out.wrong_links;
    }
  }
  out.false_links = static_cast<long>(kept.size() - wanted.size());
  out.detection_cost = 5.0 * static_cast<double>(out.splits) + 10.0 * static_cast<double>(out.missed_nodes) + static_cast<double>(out.false_nodes);
  out.cost = out.detection_cost + static_cast<double>(out.false_links) + 1.5 * static_cast<double>(out.missed_links) + static_cast<double>(out.wrong_links);
  out.empty_detection_cost = 10.0 * reference.size();
  out.empty_cost = out.empty_detection_cost + 1.5 * static_cast<double>(reference.links.size());
  return out;
}

HitCounts link_hits(const std::vector<TrackGraph::Link>& wanted, const TrackGraph& found, const std::vector<int>& matched) {
  std::set<Pair> there, hit;
  for (const auto& link : found.links) there.insert({link.from, link.to});
  HitCounts out;
  for (const auto& link : wanted) {
    const Pair here{matched[static_cast<std::size_t>(link.from)], matched[static_cast<std::size_t>(link.to)]};
    if (here.first >= 0 && here.second >= 0 && there.count(here)) hit.insert(here);
    else ++out.missed;
  }
  out.hit = static_cast<long>(hit.size());
  out.wrong = static_cast<long>(there.size() - hit.size());
  return out;
}

}  // namespace

TrackGraph graph_of(const CellTracks& tracks) {
  if (tracks.films.size() > 1) throw InputError(tracks.source, fmt::format("holds {} films", tracks.films.size()), "score one film at a time");
  TrackGraph out;
  out.frame = tracks.frames.frame;
  out.place = tracks.frames.position;
  for (const FollowedCell& cell : tracks.cells) {
    for (int r = cell.first_row + 1; r < cell.first_row + cell.row_count; ++r) out.links.push_back({r - 1, r, false});
    if (cell.mother < 0 || cell.row_count == 0) continue;
    const FollowedCell& mother = tracks.cells[static_cast<std::size_t>(cell.mother)];
    if (mother.row_count > 0) out.links.push_back({mother.first_row + mother.row_count - 1, cell.first_row, true});
  }
  return out;
}

std::vector<int> match_places(const TrackGraph& reference, const TrackGraph& found, double max_distance) {
  std::map<int, std::pair<std::vector<int>, std::vector<int>>> frames;
  for (int i = 0; i < reference.size(); ++i) frames[reference.frame[static_cast<std::size_t>(i)]].first.push_back(i);
  for (int i = 0; i < found.size(); ++i) frames[found.frame[static_cast<std::size_t>(i)]].second.push_back(i);
  std::vector<int> out(static_cast<std::size_t>(reference.size()), -1);
  for (const auto& [frame, both] : frames) {
    std::vector<GatedLink> near;
    for (std::size_t a = 0; a < both.first.size(); ++a)
      for (std::size_t b = 0; b < both.second.size(); ++b) {
        const double distance = (reference.place.row(both.first[a]) - found.place.row(both.second[b])).norm();
        if (distance <= max_distance) near.push_back({static_cast<int>(a), static_cast<int>(b), distance * distance});
      }
    const auto pairs = assign(static_cast<int>(both.first.size()), static_cast<int>(both.second.size()), near, 1.05 * max_distance * max_distance + 1e-12);
    for (std::size_t a = 0; a < pairs.size(); ++a)
      if (pairs[a] >= 0) out[static_cast<std::size_t>(both.first[a])] = both.second[static_cast<std::size_t>(pairs[a])];
  }
  return out;
}

std::vector<Pair> match_labels(const Labels& reference, const Labels& found) {
  if (reference.rows() != found.rows() || reference.cols() != found.cols())
    throw InputError("labels", fmt::format("are {} x {}, the reference {} x {} pixels", found.rows(), found.cols(), reference.rows(), reference.cols()), "label the same frame");
  std::map<int, long> area;
  std::map<Pair, long> shared;
  for (Eigen::Index i = 0; i < reference.size(); ++i) {
    const int a = reference.data()[i], b = found.data()[i];
    if (a <= 0) continue;
    ++area[a];
    if (b > 0) ++shared[{a, b}];
  }
  std::vector<Pair> out;
  for (const auto& [pair, pixels] : shared)
    if (2 * pixels > area[pair.first]) out.push_back(pair);
  return out;
}

TrackingScores score_tracking(const TrackGraph& reference, const TrackGraph& found, const std::vector<int>& matched, int tolerance) {
  HYPED_REQUIRE(matched.size() == reference.frame.size());
  TrackingScores out;
  out.edits = edits_of(reference, found, matched);
  out.detections.missed = out.edits.missed_nodes;
  out.detections.hit = reference.size() - out.edits.missed_nodes;
  out.detections.wrong = out.edits.false_nodes;
  const std::vector<TrackGraph::Link> joined = joined_links(reference, matched);
  out.links = link_hits(joined, found, matched);
  out.links_strict = link_hits(reference.links, found, matched);
  const Neighbours truth = neighbours_of(reference.size(), joined), seen = neighbours_of(found.size(), found.links);
  const DivisionMatcher matcher(reference, found, matched, truth, seen);
  const auto want = divisions_of(truth), got = divisions_of(seen);
  out.divisions_exact = matcher.count(want, got, 0);
  out.divisions_near = matcher.count(want, got, tolerance);
  return out;
}

}  // namespace hyped
