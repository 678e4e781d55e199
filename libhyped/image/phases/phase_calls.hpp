// Phases of followed nuclei: who carries the reporter, where each of its frames is in the cycle, and what stays unlabelled.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/image/phases/nuclear_light.hpp"
#include "libhyped/image/phases/reporter_mixture.hpp"
#include "libhyped/tracks/calls/smoother_fit.hpp"

namespace hyped {

enum class LightChoice { automatic, kinetics, levels };

struct PhaseCallOptions {
  ReporterMap map;
  LightChoice light = LightChoice::automatic;      // by the lower BIC
  double early_g1_h = 6;                 // a dark nucleus is early in G1 for so long after a division that was seen
  SmootherFitOptions smoother;
};

struct NucleusCalls {
  std::vector<std::string> phases;       // in the order of the cycle
  std::vector<int> phase;                // of every row; -1: unlabelled [O]
  std::vector<char> jumped;              // 1: between the row before and this one the track went over to another cell [O]
  std::vector<float> certainty;          // posterior probability of that phase; 0 where unlabelled [O]
  Eigen::MatrixX2f on;                   // P(on) of g1 and cycling channel, frame by frame, without the track [O x 2]
  std::vector<char> labelled;            // the cell carries the reporter [C]
  std::vector<int> family;               // of the first cell of its lineage [C]
  std::vector<ReporterMixture> mixtures; // g1 and cycling of the first acquisition, then of the second
  SmootherFit fit;
  LightModel light = LightModel::levels;
  double other_bic = 0, bic = 0;         // of the light model not used, and of the one used
  long dark_clones = 0, unsure_cells = 0;      // cells that never shine; cells whose light does not say whether they carry it
  long early_g1 = 0, dark_unseen = 0;    // dark rows of lit lineages: counted as G1 after a division seen; left unlabelled
  std::vector<std::string> notes;
  Outcome outcome;
};

// (1) A mixture per reporter and acquisition gives P(on) of each nucleus. (2) A lineage carries the reporter or not: log-likelihood
// ratio of its rows, each counting 3 nats at most, over the whole lineage, but for a cell whose own rows say the contrary by 6 nats.
// Cells below 2 nats are unsure and unlabelled. (3) The semi-Markov smoother of libhyped/tracks/calls over the cells that
// carry it, on light plus a floor that makes the noise of dark nuclei 0.12 in the logarithm; with the kinetics of
// cdt1_geminin the boundary of G1 and S is read off the geminin reporter (SmootherFitOptions::least_g1_sd). (4) A row dark in both channels keeps its phase
// within early_g1_h after its birth was seen, else it is unlabelled. cdt1_geminin: G1 and S/G2/M (both on is S);
// pip: G1, S, G2/M. Outcome of the smoother.
NucleusCalls call_nuclei(const CellTracks& tracks, const NuclearLight& light, const PhaseCallOptions& options);

// The cells `keep`, with their rows and the links between them; row_of [rows kept] is each row's place in `tracks`.
CellTracks some_cells(const CellTracks& tracks, const std::vector<char>& keep, std::vector<int>& row_of);

}  // namespace hyped
