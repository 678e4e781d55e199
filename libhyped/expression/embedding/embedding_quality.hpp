// How much of the neighbourhoods a picture keeps.
#pragma once
#include "libhyped/expression/embedding/neighbours.hpp"

namespace hyped {

struct EmbeddingQuality {
  double trustworthiness = 0;      // 1: no point of the picture has a neighbour that is not one in the data; 0.5: as by chance
  double neighbours_kept = 0;      // share of the k neighbours in the data that are among the k in the picture
  int points_looked_at = 0;
};
// Venna and Kaski 2001 (scikit-learn's trustworthiness) with k neighbours, over every point or, above `most` points, over `most` of them evenly spaced.
EmbeddingQuality embedding_quality(const PointMatrix& data, const PointMatrix& picture, int k = 15, int most = 2000);

}  // namespace hyped
