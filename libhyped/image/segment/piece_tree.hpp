// Pieces of a clump, the tree of their unions, and what each union looks like: which of them are nuclei is decided on this tree.
#pragma once
#include <array>
#include <vector>

#include "libhyped/image/segment/flood.hpp"

namespace hyped::segmentation {

inline constexpr int look_count = 18;
// Solidity; area over that of the ellipse of the same moments; log2 of the area over a nucleus'; log elongation; dip of light where the two parts meet, and the deepest inside;
// narrowing of shape where they meet, and the deepest inside; log ratio of the parts' light; light at the outline over that inside; share of the outline
// that touches other pieces; contrast inside over haze and inside together; log of the light over that of the picture's bright nuclei;
// log2 of the area over that of the picture's convex unions; solidity, dip, narrowing and log2 of the area of the union it is a part of (its own solidity, 0, 0, 0: of none).
using UnionLook = std::array<double, look_count>;

struct PieceUnion {
  int left = -1, right = -1;     // parts, places in PieceTree::unions; -1: a piece
  int piece = 0;                 // its number, of a piece
  double area = 0;               // [px]
  double light = 0;              // mean
  bool whole = true;             // not a part of another union
  bool cut_off = false;          // by the picture's edge
  bool allowed = true;           // large and bright enough
  UnionLook look{};
};

struct PieceTree {
  std::vector<PieceUnion> unions;      // parts before wholes
};

// Neighbours are united by the solidity of their union, less for light or width missing where they meet, best first, until each clump is one. `light` and `haze` as the pieces
// were made of, `away` distances to the clump's outside.
PieceTree piece_tree(const Labels& pieces, const Plane& light, const Plane& haze, const Plane& away, double radius);

}  // namespace hyped::segmentation
