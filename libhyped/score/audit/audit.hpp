// What a metric pays for tricks: gains over the untouched submission, with intervals, and which metrics no trick moves upwards.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "libhyped/score/calibration/joint_scores.hpp"
#include "libhyped/score/metric.hpp"

namespace hyped {

// A metric as one harness computes it, on one submission.
struct AuditedValues {
  std::string preset, metric;
  Better better = Better::higher;
  std::vector<MetricValue> values;      // [N], or [1] of a metric over all conditions
};
using AuditedScores = std::vector<AuditedValues>;

struct AuditedSubmission {
  std::string base, trick, setting;     // trick "": the base itself
  bool cells = false;                   // scored as cells; else as mean profiles
  AuditedScores scores;
};

enum class Paid { no_value, loses, nothing, gains };
std::string_view to_string(Paid paid);

struct TrickGain {
  std::string preset, metric, base, trick, setting;
  bool cells = false;
  std::optional<double> before, after;  // means over conditions where both are defined
  std::size_t conditions = 0;
  std::optional<ScoreRange> gain;       // in the metric's direction, over perturbations; none for a metric over all conditions at once
  std::optional<double> in_spans;       // gain / (score of the span's upper submission - that of its lower one)
  Paid paid = Paid::no_value;
};
struct AuditVerdict {
  std::string preset, metric;
  bool certified = true;                // no trick gains
  bool sees_labels = false;             // shuffling labels of an informed base costs something
  std::vector<std::string> gained_by;   // "scale x 3 (duplicate)"
  std::optional<TrickGain> worst;       // largest gain in spans among those
};
struct AuditOptions {
  double level = 0.95;                  // of all intervals of one metric together (Bonferroni over its tricks and bases)
  double least = 0.01;                  // a gain below this part of the span is none
  std::string span_upper, span_lower;   // bases whose scores make the span, for example "duplicate" and "mean only"; of means, else of cells
  std::uint64_t seed = 1;
};
struct Audit {
  std::vector<TrickGain> gains;
  std::vector<AuditVerdict> verdicts;
};
// Submissions with trick "" are the bases. A trick that makes the metric undefined gains nothing. A metric over all conditions at once has no interval: its
// gain counts from 5 % of the span. label_shuffle of any base gains where the score rises; a metric whose score it does not lower is blind to labels.
Audit audit_of(const std::vector<AuditedSubmission>& submissions, const AuditOptions& options);

}  // namespace hyped
