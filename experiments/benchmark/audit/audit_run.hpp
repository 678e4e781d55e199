// Which metrics pay for tricks on these data: every dialect's metrics, every trick, as tables, figures and a verdict for each metric.
#pragma once
#include <string>
#include <vector>

#include "experiments/benchmark/audit/audit_data.hpp"
#include "libhyped/score/audit/audit.hpp"
#include "libhyped/score/dialects/dialects.hpp"

namespace hyped {

struct AuditSettings : AuditReading {
  std::vector<std::string> presets;          // dialects; empty: all
  double most_pair_work = 0;                 // see DialectOptions: distances between all pairs of cells cost much and are left out
  double level = 0.95;
};

// The three base predictions and what was made of them, scored.
//   duplicate      the other half of the cells, as means and as cells
//   noisy model    0.3 of the truth's change plus noise of the size of the truth's spread
//   mean only      the mean change of the other half for every condition: knows nothing of a condition; as cells: control cells
std::vector<AuditedSubmission> scored_submissions(const AuditData& data, const AuditSettings& settings);

// The change of a prediction times k: discrimination (own gene left out by label, ties half, N - 1) and error, of the duplicate and of the noisy model.
struct ScaleRow {
  double scale = 1;
  MetricMean duplicate_l1, duplicate_l2, duplicate_cosine, noisy_l1, noisy_l2;
  MetricMean duplicate_mae, no_change_mae;
};
std::vector<ScaleRow> scale_sweep(const AuditData& data, const std::vector<double>& scales, std::uint64_t seed);

// Genes called significant and DES (overlap_at_N) of the truth, the duplicate, its mean in every cell, and shifted control cells.
struct DegenerateRow {
  std::string condition;
  long real = 0, duplicate = 0, mean_cells = 0, shifted_control = 0;
  double des_duplicate = 0, des_mean_cells = 0, des_shifted_control = 0;
};
std::vector<DegenerateRow> degenerate_cells(const AuditData& data, std::uint64_t seed);

double systematic_variation(const AuditData& data);      // mean cosine of the truth's changes with their mean

void run_audit(RunDirectory& run, const std::filesystem::path& file, const AuditSettings& settings);
void add_audit_figures(RunDirectory& run, const Audit& audit, const std::vector<ScaleRow>& sweep);

}  // namespace hyped
