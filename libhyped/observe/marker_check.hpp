// Do a file's cells look like what its label says? Markers of cell types against mean expression.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

namespace hyped {

struct MarkerSet {
  std::string cell_type;
  std::vector<std::string> genes;
};

struct MarkerScore {
  std::string cell_type;
  int found = 0, expressed = 0;        // of its genes in the data; of those above the limit
  double share = 0;                    // expressed over found
  double mean_log2 = 0;                // of log2(CPM + 1) over those found
  std::vector<std::string> seen;       // expressed ones
};

struct MarkerCheck {
  std::vector<MarkerScore> scores;     // by falling share, then mean
  std::vector<std::string> warnings;   // where data contradict the label; empty: they agree
};

// mean_cpm [G] of `genes`. A type is there when at least half of its found markers (three or more) exceed `limit` CPM. Warns if the
// labelled type is not there, if another one is, or if no marker of the label is among the genes. InputError for an
// unknown label, with the nearest names.
MarkerCheck check_markers(const std::vector<std::string>& genes, const Eigen::VectorXd& mean_cpm, const std::vector<MarkerSet>& sets, const std::string& label, double limit = 5);

}  // namespace hyped
