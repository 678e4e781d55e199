// Which reporter is which? What the data say of the polarity the user gave, and what nuclei counts say of the folders' labels.
#pragma once
#include <Eigen/Core>
#include <array>
#include <string>
#include <vector>

#include "libhyped/tracks/cell_tracks.hpp"

namespace hyped {

enum class Verdict { agrees, contradicts, silent };
std::string_view to_string(Verdict);

struct PolarityEvidence {
  std::string what;                 // one sentence with its numbers
  Verdict verdict = Verdict::silent;
  double for_it = 0, against_it = 0;      // cases, or medians compared
  double p_value = 1;               // two-sided
};

struct PolarityOptions {
  bool starved = false;             // the film begins at the release from starvation: cells rest, the G1 reporter is on
  double noise_times = 5;           // light counts from so many sd of a dark nucleus on
};

// light [O x 2] of g1 and cycling channel, as given (dark 0), its noise, dna_total [O] the nucleus' whole stain. (1) At a division the
// cycling (geminin) reporter collapses within the hour, the G1 reporter does not: divisions in which only one of them does, sign
// test. (2) Released from starvation, lit cells show the G1 reporter in the first hour: sign test over cells. (3) Cells with the
// cycling reporter alone have more DNA than those with the G1 reporter alone: rank-sum test over cells (median of each).
// A verdict needs p < 0.01.
std::vector<PolarityEvidence> test_polarity(const CellTracks& tracks, const Eigen::MatrixX2d& light, const Eigen::RowVector2d& noise, const Eigen::VectorXd& dna_total, const std::array<std::string, 2>& channels, const PolarityOptions& options);

// contradicts if any does and none of greater weight agrees: the order of the list is that of weight.
Verdict verdict_of(const std::vector<PolarityEvidence>& evidence);

// Nuclei of the wells of each arm, frame by frame.
struct ArmNuclei {
  std::string arm, well;
  double nuclei = 0;                // mean over the frames looked at
};
struct LabelCheck {
  Verdict verdict = Verdict::silent;
  double ratio = 0, lower = 0, upper = 0;      // nuclei under siPRRX1 over those under mmMYOD1; 95 % by the wells' scatter
  std::string words;
};
// In the lab's own films siPRRX1 has 2.7 times the nuclei of mmMYOD1 in the last 48 h: a ratio below 1 / 1.5 says that
// the folders' labels are exchanged, above 1.5 that they are right. Never relabels anything. silent: one of the arms is absent.
LabelCheck check_labels(const std::vector<ArmNuclei>& wells);

}  // namespace hyped
