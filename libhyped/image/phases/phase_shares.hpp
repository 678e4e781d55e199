// Shares of the phases over time, with intervals from lineages and from wells, and the counts a fit takes.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "libhyped/image/phases/phase_calls.hpp"
#include "libhyped/observe/phase_counts.hpp"

namespace hyped {

struct ShareOptions {
  int draws = 1000;
  std::uint64_t seed = 1;
};

// A share with its 95 % interval.
struct ShareBand {
  Eigen::MatrixXd estimate, lower, upper;      // [T x K]; NaN where nothing was labelled
};

struct WellShares {
  int film = 0;
  std::vector<double> times_h;
  Eigen::MatrixXd counts;                // phases, then unlabelled [T x (K + 1)]
  ShareBand labelled;                    // among labelled nuclei
  ShareBand all;                         // among all of them; 1 less the sum is unlabelled
  int families = 0;                      // lineages that were resampled
};

struct ArmShares {
  std::string condition;
  std::vector<double> times_h;           // those all its wells have
  ShareBand labelled;                    // of the mean well
  int wells = 0;
  double degrees = 0;                    // of freedom of the scatter between wells at a time; 0: one well an arm, its lineages' interval stands here
};

struct PhaseShares {
  std::vector<std::string> phases;
  std::vector<WellShares> wells;
  std::vector<ArmShares> arms;
  double misread = 0;                    // mean posterior probability that a labelled nucleus is in another phase
};

// Wells: Bayesian bootstrap over lineages (frames of a track and sisters are dependent: never a binomial of nuclei), with half a
// lineage a class for what was not seen (Jeffreys), and in each of 8 versions of the calls every track in another of the phases its
// posterior allows (one quantile per track: its frames err together). Sources: Rubin 1981, Ann Stat 9:130. Arms: wells
// as replicates, see arm_shares.hpp.
PhaseShares phase_shares(const CellTracks& tracks, const NucleusCalls& calls, const ShareOptions& options);

// Nuclei per phase and unlabelled ones, as `hyped cycle fit` takes them.
PhaseCounts counts_of_shares(const PhaseShares& shares, const CellTracks& tracks);

}  // namespace hyped
