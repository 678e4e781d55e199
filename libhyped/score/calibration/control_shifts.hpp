// What other control cells would change: the one noise that all conditions share, taken a twentieth of the control cells at a time.
#pragma once
#include <cstdint>
#include <vector>

#include "libhyped/score/calibration/ceilings.hpp"
#include "libhyped/score/calibration/joint_scores.hpp"

namespace hyped {

// Control cells (replicates, where they are drawn) in 16 blocks (one cell a block where there are fewer), half of the blocks with a little more weight and half with less, in 15 orthogonal ways
// (Sylvester's Hadamard matrix), and each way round: what is linear in the weights and what is not. No noise is added, as a bootstrap would: a correlation of
// noisier profiles feels the control less.
class ControlShifts {
 public:
  static constexpr int blocks = 16, ways = blocks - 1, states = 2 * ways;      // state 2 w: way w, 2 w + 1: the other way round
  ControlShifts(const CellsBehind& cells, const CellResamples& resamples, std::uint64_t seed);

  // The controls' means [C x G] of every state.
  std::vector<ProfileMatrix> means() const;
  // The controls' rows [C x G] of both parts of a split, for every state.
  void split(int number, SplitRule rule, std::vector<ProfileMatrix>& one, std::vector<ProfileMatrix>& other) const;
  void put(const ProfileMatrix& rows, ProfileMatrix& group_means) const;

 private:
  const CellResamples& resamples_;
  std::vector<int> controls_;                              // [C] groups
  std::vector<std::vector<double>> weights_;               // [C][cells x states], relative
};

// Responses of mean scores, [metrics][M]; of metrics whose law of depth is not known they are empty.
std::vector<std::vector<ShiftResponse>> control_responses(const std::vector<ScoredModel>& models, const std::vector<Metric>& metrics, const CellsBehind& cells, std::uint64_t seed);

// Adds to the ceilings of metrics whose law of depth is known what conditions share of them (`shared`, `by_control`).
void add_shared_variance(std::vector<Ceilings>& ceilings, const ScoredModel& floor, const std::vector<Metric>& metrics, const CellsBehind& cells, const SplitOptions& options);

}  // namespace hyped
