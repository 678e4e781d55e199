// Best-first unions; sums of moments, light and borders are carried along.
#include "libhyped/image/segment/piece_tree.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "libhyped/image/segment/hull.hpp"

namespace hyped::segmentation {
namespace {

struct Sums {
  RowExtents extents;
  double n = 0, r = 0, c = 0, rr = 0, cc = 0, rc = 0, light = 0, haze = 0;
  double widest = 0;                        // distance to the outside
  double outline = 0, outline_light = 0;    // edges between pixels, and the light across them
  double inner = 0;                         // of the outline: edges to other pieces
  double dip = 0, neck = 0, apart = 0, deepest = 0, narrowest = 0;
  bool alive = false;
};

struct Border {
  double light = 0, width = 0;              // where it is brightest, widest
  double edges = 0, edge_light = 0;
};

double mean_light(const Sums& s) { return std::max(1e-6, s.light / s.n); }

UnionLook look_of(const Sums& s, double disc) {
  const double r = s.r / s.n, c = s.c / s.n, rr = s.rr / s.n - r * r + 1.0 / 12, cc = s.cc / s.n - c * c + 1.0 / 12, rc = s.rc / s.n - r * c;
  const double middle = (rr + cc) / 2, apart = std::sqrt((rr - cc) * (rr - cc) / 4 + rc * rc);
  const double light = mean_light(s);
  return {s.n / std::max(1.0, hull_area(s.extents)), s.n / (4 * M_PI * std::sqrt(std::max(1e-6, rr * cc - rc * rc))), std::log2(s.n / disc), 0.5 * std::log((middle + apart) / std::max(1e-3, middle - apart)), s.dip, s.deepest, s.neck, s.narrowest,
          s.apart, s.outline > 0 ? s.outline_light / s.outline / light : 0, s.outline > 0 ? s.inner / s.outline : 0, light / std::max(1e-6, light + std::max(0.0, s.haze / s.n)), 0, 0, 0, 0, 0, 0};
}

Sums united(const Sums& a, const Sums& b, const Border& border) {
  Sums out = a;
  out.extents = joined(a.extents, b.extents);
  out.n += b.n, out.r += b.r, out.c += b.c, out.rr += b.rr, out.cc += b.cc, out.rc += b.rc, out.light += b.light, out.haze += b.haze;
  out.widest = std::max(a.widest, b.widest);
  out.outline += b.outline - 2 * border.edges, out.outline_light += b.outline_light - 2 * border.edge_light, out.inner += b.inner - 2 * border.edges;
  out.dip = std::max(0.0, 1 - border.light / std::min(mean_light(a), mean_light(b)));
  out.neck = std::max(0.0, 1 - border.width / std::max(1e-6, std::min(a.widest, b.widest)));
  out.apart = std::abs(std::log(mean_light(a) / mean_light(b)));
  out.deepest = std::max({out.dip, a.deepest, b.deepest});
  out.narrowest = std::max({out.neck, a.narrowest, b.narrowest});
  return out;
}

class TreeMaker {
 public:
  TreeMaker(const Labels& pieces, const Plane& light, const Plane& haze, const Plane& away, double radius) : disc_(M_PI * radius * radius) {
    const int count = pieces.size() ? pieces.maxCoeff() : 0;
    sums_.resize(static_cast<std::size_t>(count));
    const auto meet = [&](int a, int b, Eigen::Index x, Eigen::Index y) {      // pixels x of piece a, y of piece b, side by side
      if (a == b) return;
      const double l = 0.5 * (light.data()[x] + light.data()[y]);
      for (const int k : {a, b})
        if (k) {
          Sums& s = sums_[static_cast<std::size_t>(k - 1)];
          s.outline += 1, s.outline_light += l, s.inner += a && b ? 1 : 0;
        }
      if (!a || !b) return;
      Border& one = borders_[{std::min(a, b) - 1, std::max(a, b) - 1}];
      one.light = std::max(one.light, l);
      one.width = std::max(one.width, 0.5 * (away.data()[x] + away.data()[y]));
      one.edges += 1, one.edge_light += l;
    };
    const Eigen::Index cols = pieces.cols();
    for (int r = 0; r < pieces.rows(); ++r)
      for (int c = 0; c < cols; ++c) {
        const int l = pieces(r, c);
        const Eigen::Index at = r * cols + c;
        if (c + 1 < cols) meet(l, pieces(r, c + 1), at, at + 1);
        if (r + 1 < pieces.rows()) meet(l, pieces(r + 1, c), at, at + cols);
        if (!l) continue;
        Sums& s = sums_[static_cast<std::size_t>(l - 1)];
        if (!s.alive) s.alive = true, s.extents.first_row = r;
        const auto line = static_cast<std::size_t>(r - s.extents.first_row);
        if (s.extents.left.size() <= line) s.extents.left.resize(line + 1, 1 << 30), s.extents.right.resize(line + 1, -1);
        s.extents.left[line] = std::min(s.extents.left[line], c), s.extents.right[line] = std::max(s.extents.right[line], c + 1);
        s.n += 1, s.r += r, s.c += c, s.rr += double(r) * r, s.cc += double(c) * c, s.rc += double(r) * c, s.light += light(r, c), s.haze += haze(r, c);
        s.widest = std::max(s.widest, static_cast<double>(away(r, c)));
      }
    for (int k = 0; k < count; ++k) {
      PieceUnion leaf;
      leaf.piece = k + 1;
      leaf.area = sums_[static_cast<std::size_t>(k)].n;
      if (leaf.area > 0) leaf.light = mean_light(sums_[static_cast<std::size_t>(k)]), leaf.look = look_of(sums_[static_cast<std::size_t>(k)], disc_);
      tree_.unions.push_back(leaf);
    }
  }

  PieceTree run() {
    for (const auto& [pair, border] : borders_) worths_[pair] = worth(pair.first, pair.second, border);
    while (!worths_.empty()) {
      const auto best = std::max_element(worths_.begin(), worths_.end(), [](const auto& x, const auto& y) { return x.second < y.second; });
      unite(best->first.first, best->first.second);
    }
    return std::move(tree_);
  }

 private:
  double worth(int a, int b, const Border& border) const {
    const Sums both = united(sums_[static_cast<std::size_t>(a)], sums_[static_cast<std::size_t>(b)], border);
    const bool sliver = std::min(sums_[static_cast<std::size_t>(a)].n, sums_[static_cast<std::size_t>(b)].n) < 0.06 * disc_;
    return (sliver ? 1 : 0) + both.n / std::max(1.0, hull_area(both.extents)) - 0.03 * std::max(0.0, std::log2(both.n / disc_)) - 0.5 * both.dip - 0.1 * both.neck;
  }

  void unite(int a, int b) {
    const Border between = borders_.at({a, b});
    const int next = static_cast<int>(sums_.size());
    sums_.push_back(united(sums_[static_cast<std::size_t>(a)], sums_[static_cast<std::size_t>(b)], between));
    PieceUnion made;
    made.left = a, made.right = b;
    made.area = sums_.back().n, made.light = mean_light(sums_.back()), made.look = look_of(sums_.back(), disc_);
    tree_.unions[static_cast<std::size_t>(a)].whole = tree_.unions[static_cast<std::size_t>(b)].whole = false;
    tree_.unions.push_back(made);
    std::map<int, Border> around;
    for (auto it = borders_.begin(); it != borders_.end();) {
      const auto [x, y] = it->first;
      if (x != a && x != b && y != a && y != b) {
        ++it;
        continue;
      }
      const int other = x == a || x == b ? y : x;
      if (other != a && other != b) {
        Border& one = around[other];
        one.light = std::max(one.light, it->second.light), one.width = std::max(one.width, it->second.width);
        one.edges += it->second.edges, one.edge_light += it->second.edge_light;
      }
      worths_.erase(it->first);
      it = borders_.erase(it);
    }
    for (const auto& [other, border] : around) {
      borders_[{other, next}] = border;
      worths_[{other, next}] = worth(other, next, border);
    }
  }

  double disc_;
  std::vector<Sums> sums_;
  std::map<std::pair<int, int>, Border> borders_;
  std::map<std::pair<int, int>, double> worths_;
  PieceTree tree_;
};

}  // namespace

PieceTree piece_tree(const Labels& pieces, const Plane& light, const Plane& haze, const Plane& away, double radius) { return TreeMaker(pieces, light, haze, away, radius).run(); }

}  // namespace hyped::segmentation
