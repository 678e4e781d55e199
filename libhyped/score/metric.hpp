// What every metric on mean profiles is: one number per condition, or the reason why there is none.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libhyped/observe/response_profiles.hpp"

namespace hyped {

// Truth and prediction, aligned: same genes, same perturbed conditions, in the same order.
struct EffectComparison {
  std::vector<std::string> genes;                      // [G]
  std::vector<ResponseCondition> conditions;           // [N], perturbed ones only
  ProfileMatrix truth, predicted;                      // [N x G], mean expression
  ProfileMatrix control;                               // [N x G], the measured control of each condition's context
  ProfileMatrix predicted_control;                     // [N x G], what the prediction brought as control; `control` where it brought none
  std::vector<std::vector<std::size_t>> own_genes;     // [N], columns of its target genes

  // Where there is more evidence than means; 0 x 0 where there is not, and metrics that need it are then undefined and say so.
  ProfileMatrix perturbed_mean;                        // [N x G], equal-weight mean of the training conditions of the context; 0 x 0: of `truth` itself
  ProfileMatrix de_score;                              // [N x G], test statistic of the truth against its control; orders the top genes by size
  ProfileMatrix contrast_score;                        // [N x G], test statistic of the truth against all other perturbed cells (Shift's weights)
  ProfileMatrix truth_error, control_error;            // [N x G], squared standard errors of `truth` and `control`
};

struct MetricValue {
  std::optional<double> value;
  std::string undefined_because;      // "" where there is a value
};

enum class Better { higher, lower };

struct Metric {
  std::string id;                      // field's name, for example "pearson_delta"
  std::string formula;                 // one line with its source
  Better better = Better::higher;
  double perfect = 1;
  std::optional<double> worst;         // the structural worst value, given for a missing prediction; none where it is unbounded
  // One value per condition [N]; a metric over all conditions at once gives one value [1].
  std::function<std::vector<MetricValue>(const EffectComparison&)> evaluate;
};

}  // namespace hyped
