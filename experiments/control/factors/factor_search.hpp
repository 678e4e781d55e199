// Which factors, from which step on: the score of Ronquist et al. 2017 of every factor, every pair and every triple.
#pragma once
#include <vector>

#include "experiments/control/factors/effect_model.hpp"

namespace hyped::control {

// mu = d0 - d*, d*^2 = d0^2 - gain^2, without cancellation where gain is small.
double score_of(double distance, double gain);

// One factor alone. `gain` has a sign: C'r / |C| at the start step where it is largest; below zero the factor leads away, its input and score are zero.
struct FactorScore {
  int factor = 0, start = 1;
  double gain = 0, score = 0, input = 0;
};
std::vector<FactorScore> score_factors(const EffectModel& model);      // [M] in the order of the factors

// Place by falling gain, 1 the best; equal ones share the mean of their places. Factors of score 0 are so told apart by how far they lead away.
std::vector<double> places_of(const std::vector<FactorScore>& scores);

struct FactorSet {
  std::vector<int> factors;            // ascending
  int start = 1;
  double gain = 0, score = 0;          // |projection of the difference on the cone of their effects|; mu
  std::vector<double> inputs;          // u, all > 0: else the set is no better than a smaller one
};

struct SetSearch {
  std::vector<FactorSet> pairs, triples;      // best first
  int pool = 0;                        // factors of which triples were made; pairs are of all
  long tried = 0;                      // sets times start steps
};
struct SetSearchOptions {
  int pool = 100;                      // best factors alone, for triples; 0: all
  int listed = 20;
};
// All pairs, all triples of the pool, at all start steps; non-negative inputs, exactly. The same bytes for any number of threads.
SetSearch search_sets(const EffectModel& model, const std::vector<FactorScore>& singles, const SetSearchOptions& options = {});

// The best non-negative inputs of one set at one start step; gain >= 0, inputs of some may be 0.
FactorSet evaluate_set(const EffectModel& model, const std::vector<int>& factors, int start);
// Over all start steps.
FactorSet best_start_of(const EffectModel& model, const std::vector<int>& factors);

}  // namespace hyped::control
