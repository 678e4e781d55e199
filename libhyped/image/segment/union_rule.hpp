// Whether a union of pieces is a nucleus, by what it looks like.
#pragma once
#include <vector>

#include "libhyped/image/segment/piece_tree.hpp"

namespace hyped {

// Probability that a union is a nucleus, where one is: that it overlaps it by more than half of both together (0.7 of the weight) and by more than
// 0.7 (0.3). A network of one hidden layer (tanh, logistic).
struct UnionRule {
  std::vector<float> weights;    // [hidden x (looks + 1)], then of the output [hidden + 1]; empty: those shipped
  double least_score = 0.35;     // below it a union is no nucleus; about half of the F1 to be had makes the expected F1 greatest
  double score(const segmentation::UnionLook& look) const;
};

struct UnionExample {
  segmentation::UnionLook look;
  double target = 0;             // share of the overlaps asked for that it reaches
};
UnionExample union_example(const segmentation::UnionLook& look, double overlap);      // overlap: intersection over union with the nucleus it overlaps best
// Cross-entropy with weight decay, Adam over the whole set, from a fixed start. Sources: trees of unions and what is learned of them: Liu, Seyedhosseini & Tasdizen 2016, IEEE Trans Image
// Process 25:4596; Adam: Kingma & Ba 2015. InputError without examples.
UnionRule fit_union_rule(const std::vector<UnionExample>& examples, int steps = 600, double decay = 3e-4);

const std::vector<float>& shipped_union_weights();

}  // namespace hyped
