// Signed edges between genes by name, as prior knowledge has them, and what they mean for the genes of a data set.
#pragma once
#include <string>
#include <vector>

namespace hyped {

struct PriorEdge {
  std::string source, target;
  int sign = 0;                        // +1, -1, 0: not known
  double confidence = 1;               // between 0 and 1
};

struct PriorEdges {
  std::string name;                    // of the resource, or the file
  std::vector<PriorEdge> edges;       // each pair once
  bool weak_positive = false;          // a + sign may only mean that the mode is not known (CollecTRI)
  std::vector<std::string> notes;      // repeated pairs, contradictions
};

// Edges between genes at hand, by index; genes of the list that are not at hand are counted and listed.
struct PlacedEdges {
  struct Edge {
    int from = 0, to = 0, sign = 0;
    double confidence = 1;
  };
  std::vector<Edge> edges;
  std::vector<std::string> absent_sources, absent_targets;      // ascending, each once
  int dropped = 0;                     // edges with an end that is not at hand
  int self = 0;                        // edges of a gene to itself, left out
  std::vector<std::string> notes;      // in words, for the user
};

struct PlacingRules {
  double positive_evidence = 0.5;      // confidence of a + sign where it is weak evidence is multiplied by this
  bool keep_self = false;
};
PlacedEdges place_edges(const PriorEdges& list, const std::vector<std::string>& genes, const PlacingRules& rules = {});

// Weights of an L1 penalty for every possible edge, target by source [G x G] row major: 1 outside the prior, `inside` for an edge of
// confidence 1, between them for less. And a quadratic pull toward sign * `strength` with standard deviation growing as confidence falls.
struct PriorWeights {
  std::vector<double> lasso;           // [G x G]
  std::vector<double> pull_mean, pull_sd;      // by placed edge
};
PriorWeights prior_weights(const PlacedEdges& placed, int genes, double inside = 0.2, double strength = 1, double sd = 1);

}  // namespace hyped
