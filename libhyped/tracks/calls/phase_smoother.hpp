// Hidden semi-Markov phases of followed cells: the cycle's order, log-normal light, durations that are not geometric.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/tracks/calls/reporter_map.hpp"

namespace hyped {

// One look and how long it lasts. Its duration in frames is a sum of `stages` geometric times (a discrete phase-type, hence semi-Markov,
// duration: mean_frames, least `stages` frames); one stage is the plain hidden Markov model.
struct SmootherState {
  Light light;
  int stages = 1;
  double mean_frames = 10;
  double skipped = 0;            // probability that a cell goes from the state before to the state after
  bool given = false;            // its mean is not fitted: the onset of a phase, while the light of the one before fades
};

// Everything the smoother believes. Light is normal in the logarithm; every stage has its own mean, so that a reporter's rise and fall
// within a phase can be told (smoother_fit.hpp fills them from two levels or from reporter kinetics).
struct SmootherModel {
  std::vector<std::string> phases;
  std::vector<SmootherState> states;       // in the order of the cycle, first after mitosis first
  Eigen::MatrixX2d log_mean, log_sd;       // of g1 and cycling channel, by stage [S x 2]
  Eigen::VectorXd start_share;             // states of cells that were there before the film [states], sums to 1
  // Cells differ in brightness: what lies above the background is scaled by a factor of the cell, one per channel, log-normal about 1.
  Eigen::RowVector2d log_background = Eigen::RowVector2d::Zero(), brightness_sd = Eigen::RowVector2d::Zero();      // sd of its logarithm; 0: all alike
  Eigen::RowVector2d log_low, log_high;    // range of the light, in which a frame may be anything:
  double outlier = 0.01;                   // probability that a frame shows something else (swap, debris, wrong outline)
  double jump = 1e-4;                      // probability per frame that the track goes on with another cell, in any phase
  double missed_division = 1e-2;           // of divisions that the tracker did not see: the track goes on as a daughter
  double false_division = 1e-3;            // weight of a division recorded before the last state
  int stage_count() const;
  int first_stage(int state) const;
  int state_of_stage(int stage) const;
};

// Phases of every row. A change of phase is possible at each step of the film's frame interval; frames a cell is missing from
// are steps without light. Rows the tracker filled in count as missing.
struct SmoothedPhases {
  std::vector<int> state, phase;           // of the decoded path, an order of states the cycle allows [O]
  std::vector<float> certainty;            // posterior probability of that phase in that frame [O]
  std::vector<char> jumped;                // 1: between the row before and this one the track went over to another cell [O]
  Eigen::MatrixX2f log_brightness;         // of each cell, g1 and cycling channel; 0 where the model has none [C x 2]
  double log_likelihood = 0;               // of the light and the ends of all cells; brightness integrated out by Laplace's method
  long outliers = 0, jumps = 0;            // frames that more likely show something else; jumps of the path
  int cells = 0;
  Outcome outcome;                         // not_finite: a cell no path explains (named)
};

// Sums of the expectation step, enough to fit every parameter (by stage; weights leave the outliers' share out).
struct SmootherSums {
  Eigen::MatrixX2d weight, light, light2;  // of the logarithm of light, the cells' brightness taken out [S x 2]
  Eigen::RowVector2d brightness = Eigen::RowVector2d::Zero(), brightness2 = Eigen::RowVector2d::Zero();      // expected logarithms and squares, summed
  int cells = 0;
  Eigen::VectorXd occupied, left, skipped_into, entered, started;      // expected steps in a state, exits, skips, entries, starts before the film [states]
  double log_likelihood = 0;
  void clear(int stages, int states);
  void add(const SmootherSums& other);
};

// Phases and stays of the tracks from the calls. Where a track jumped the stay before it is lost and the one after it has no seen entry:
// neither is a duration of the cycle.
void apply_phases(CellTracks& tracks, const std::vector<std::string>& phases, const std::vector<int>& phase, const std::vector<char>& jumped);      // as in SmoothedPhases

class PhaseSmoother {
 public:
  // Logarithms of the light, frame steps and ends are taken from the tracks once. InputError as check_intensities and channels_of.
  PhaseSmoother(const CellTracks& tracks, const ReporterMap& map);

  // Forward, backward and the decoded path of every cell; parallel over cells, independent of the number of threads.
  // Sources: Rabiner 1989, Proc IEEE 77:257; Guedon 2003, J Comput Graph Stat 12:604 (semi-Markov chains as expanded Markov chains).
  SmoothedPhases smooth(const SmootherModel& model) const;
  // Expectations over the cells `which` (indices; empty: all). log_brightness [C x 2] is where each cell's brightness was, and is moved by one
  // step; the model's sd being 0, it may be empty.
  SmootherSums expectations(const SmootherModel& model, const std::vector<int>& which, Eigen::MatrixX2d& log_brightness) const;

  const Eigen::MatrixX2d& log_light() const { return log_light_; }      // NaN where missing [O x 2]
  int cell_count() const { return static_cast<int>(cells_.size()); }
  long frame_steps() const;                                             // over all cells

 private:
  friend class SmootherPass;
  struct Cell {
    int first_row = 0, rows = 0, steps = 0;      // steps: frames from first to last, missing ones included
    bool born = false, before_film = false, divided = false;
  };
  std::vector<Cell> cells_;
  Eigen::MatrixX2d log_light_;
  std::vector<int> step_;                        // of each row from its cell's first [O]
};

}  // namespace hyped
