// Measured cells in two halves: one is the truth, the other becomes the predictions that an audit plays tricks with.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "experiments/cells/cell_columns.hpp"
#include "libhyped/score/audit/tricks.hpp"
#include "libhyped/score/calibration/cell_resamples.hpp"
#include "libhyped/score/dialects/scored_pair.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct AuditReading {
  ArmChoice arms{{}, {}, "--control"};       // --by, --control
  std::string matrix;
  double target = 1e4;
  SplitRule split = SplitRule::alternate;    // every second cell of a condition, by the order in the file
  std::vector<std::string> targets;          // LABEL=GENE[+GENE] or LABEL=none; other labels: their parts (at +) that are genes of the data
  std::int64_t least_cells = 10;
  std::uint64_t seed = 1;
};
struct AuditData {
  std::vector<std::string> genes;            // [G]
  std::vector<std::string> conditions;       // [N] by name
  std::string control, where;
  std::vector<std::vector<std::size_t>> own_genes;          // [N]
  ScoredCells truth, other;                  // log values; groups: the conditions, then the control
  ProfileMatrix truth_means, other_means;    // [N + 1 x G]
};
// Log values [C x G] and labels in memory. InputError: fewer than two conditions with enough cells, no control, a target that is no gene.
AuditData audit_data_of(const std::vector<std::string>& genes, const SparseRows& logs, const std::vector<std::string>& labels, const std::string& control, const AuditReading& reading, const std::string& where, std::vector<std::string>& notes);
AuditData read_audit_data(RunDirectory& run, const std::filesystem::path& file, const AuditReading& reading);

// The pair whose prediction is mean profiles, or cells.
ScoredPair pair_of(const AuditData& data, const Submission& submission);
ScoredPair pair_of(const AuditData& data, const CellSubmission& submission);
Submission duplicate_means(const AuditData& data);                  // the other half, with its own control
CellSubmission duplicate_cells(const AuditData& data);

}  // namespace hyped
