// A measured file and a prediction from anywhere, brought to the same genes, conditions and scale, or refused with the reason.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/score/dialects/scored_pair.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct PairSettings {
  std::filesystem::path truth, prediction;        // .h5ad of cells; prediction also .vcc (labels in target_gene, control non-targeting, unless said otherwise), .h5ad with one row per condition, or a table of means
  std::string by, control;                        // column of cells, label of the control
  std::string prediction_by, prediction_control;  // where the prediction calls them otherwise; empty: the same
  std::string matrix = "X", prediction_matrix = "X";
  std::string replicates;                         // column of the truth: guides, donors or wells, drawn whole for intervals; empty: cells are drawn
  std::vector<std::string> targets;               // LABEL=GENE, LABEL=GENE+GENE, LABEL=none; a part of a label counts too. "none": labels not mapped have no target gene
  std::vector<std::string> only;                  // conditions to score; empty: all
  bool intersection = false;                      // score the genes that both have
  double normalise = 0;                           // counts of one side become ln(1 + share * this) where the other side has logarithms; 0: refuse
};

// Prints and stores what was taken and why. InputError: no such column or label, repeated genes, different genes (unless the intersection is asked for), no
// condition in common, values that are NaN, infinite or negative (with cell and gene), counts beside logarithms, logarithms of different targets or taken
// twice, labels that are no gene and not mapped. Conditions that the prediction has not are marked, others of it are ignored; both with a warning.
ScoredPair read_scored_pair(RunDirectory& run, const PairSettings& settings);

}  // namespace hyped
