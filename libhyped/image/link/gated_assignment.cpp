// Shortest augmenting paths on sparse rows, Dijkstra with a heap; one more column per row stands for no link.
#include "libhyped/image/link/gated_assignment.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

constexpr double far = std::numeric_limits<double>::infinity();

struct Edge {
  int target = 0;
  double cost = 0;
};

class Matching {
 public:
  Matching(int sources, int targets, const std::vector<GatedLink>& links, double gain) : targets_(targets), first_(static_cast<std::size_t>(sources) + 1, 0) {
    for (const GatedLink& link : links) {
      HYPED_REQUIRE(link.source >= 0 && link.source < sources && link.target >= 0 && link.target < targets && std::isfinite(link.cost));
      if (link.cost < gain) ++first_[static_cast<std::size_t>(link.source) + 1];
    }
    for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
    edges_.resize(static_cast<std::size_t>(first_.back()));
    std::vector<int> next(first_.begin(), first_.end() - 1);
    for (const GatedLink& link : links)
      if (link.cost < gain) edges_[static_cast<std::size_t>(next[static_cast<std::size_t>(link.source)]++)] = {link.target, link.cost - gain};
    const auto columns = static_cast<std::size_t>(targets) + static_cast<std::size_t>(sources);      // the last ones: source i stays alone
    price_.assign(columns, 0.0);
    owner_.assign(columns, -1);
    distance_.assign(columns, far);
    from_.assign(columns, -1);
    settled_.assign(columns, 0);
    match_.assign(static_cast<std::size_t>(sources), -1);
    for (int i = 0; i < sources; ++i) augment(i);
  }
  std::vector<int> links() const {
    std::vector<int> out = match_;
    for (int& column : out)
      if (column >= targets_) column = -1;
    return out;
  }

 private:
  // Reduced costs are relative to the row's own price, which follows from its matched column: cost(row, match) - price(match).
  double row_price(int row) const {
    const int column = match_[static_cast<std::size_t>(row)];
    if (column < 0) return 0;
    if (column >= targets_) return -price_[static_cast<std::size_t>(column)];
    for (int e = first_[static_cast<std::size_t>(row)]; e < first_[static_cast<std::size_t>(row) + 1]; ++e)
      if (edges_[static_cast<std::size_t>(e)].target == column) return edges_[static_cast<std::size_t>(e)].cost - price_[static_cast<std::size_t>(column)];
    return 0;
  }
  void augment(int start) {
    using Reach = std::pair<double, int>;
    std::priority_queue<Reach, std::vector<Reach>, std::greater<>> heap;
    touched_.clear();
    const auto relax = [&](int row, double base) {
      const double here = row_price(row);
      const auto reach = [&](int column, double cost) {
        const auto c = static_cast<std::size_t>(column);
        const double d = base + cost - here - price_[c];
        if (settled_[c] || d >= distance_[c]) return;
        if (distance_[c] == far) touched_.push_back(column);
        distance_[c] = d;
        from_[c] = row;
        heap.push({d, column});
      };
      for (int e = first_[static_cast<std::size_t>(row)]; e < first_[static_cast<std::size_t>(row) + 1]; ++e) reach(edges_[static_cast<std::size_t>(e)].target, edges_[static_cast<std::size_t>(e)].cost);
      reach(targets_ + row, 0);
    };
    relax(start, 0);
    int end = -1;
    double length = 0;
    while (!heap.empty()) {
      const auto [d, column] = heap.top();
      heap.pop();
      const auto c = static_cast<std::size_t>(column);
      if (settled_[c] || d > distance_[c]) continue;
      settled_[c] = 1;
      if (owner_[c] < 0) {
        end = column;
        length = d;
        break;
      }
      relax(owner_[c], d);
    }
    HYPED_REQUIRE(end >= 0);
    for (const int column : touched_) {
      const auto c = static_cast<std::size_t>(column);
      if (settled_[c]) price_[c] += distance_[c] - length;
    }
    for (int column = end; column >= 0;) {
      const auto c = static_cast<std::size_t>(column);
      const int row = from_[c], before = match_[static_cast<std::size_t>(row)];
      owner_[c] = row;
      match_[static_cast<std::size_t>(row)] = column;
      column = row == start ? -1 : before;
    }
    for (const int column : touched_) {
      const auto c = static_cast<std::size_t>(column);
      distance_[c] = far;
      settled_[c] = 0;
    }
  }

  int targets_;
  std::vector<int> first_, match_, owner_, from_, touched_;      // match_ by row; owner_, from_ by column
  std::vector<Edge> edges_;
  std::vector<double> price_, distance_;
  std::vector<char> settled_;
};

}  // namespace

std::vector<int> assign(int sources, int targets, const std::vector<GatedLink>& links, double alternative) {
  return Matching(sources, targets, links, alternative).links();
}

double percentile_of(std::vector<double> values, double share) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto place = values.begin() + std::clamp<long>(std::lround(share * static_cast<double>(values.size() - 1)), 0, static_cast<long>(values.size()) - 1);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

}  // namespace hyped
