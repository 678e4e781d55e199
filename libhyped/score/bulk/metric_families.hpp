// Families of metrics on mean profiles; internal to this folder, put together by bulk_metrics.
#pragma once
#include <vector>

#include "libhyped/score/bulk/bulk_metrics.hpp"

namespace hyped {

std::vector<Metric> absolute_metrics(OwnGenes own);
std::vector<Metric> change_metrics(OwnGenes own);
std::vector<Metric> perturbed_mean_metrics(OwnGenes own);
std::vector<Metric> top_gene_metrics(OwnGenes own);
std::vector<Metric> weighted_metrics(OwnGenes own);
std::vector<Metric> gears_metrics(OwnGenes own);
std::vector<Metric> discrimination_metrics();

// One condition's row without the columns left out.
class ConditionView {
 public:
  ConditionView(const EffectComparison& pair, std::size_t condition, OwnGenes own);
  std::vector<double> of(const ProfileMatrix& profiles) const;                                   // its row
  std::vector<double> change_of(const ProfileMatrix& profiles, const ProfileMatrix& reference) const;      // see change()
  bool empty() const { return columns_.empty(); }
  const std::vector<std::size_t>& columns() const { return columns_; }

 private:
  std::size_t condition_;
  std::vector<std::size_t> columns_;
};

// A metric of one condition at a time.
std::function<std::vector<MetricValue>(const EffectComparison&)> per_condition(OwnGenes own, std::function<MetricValue(const EffectComparison&, const ConditionView&)> score);

// The mean of all perturbed conditions that the differences are taken from: given with the comparison, else the mean of the context's truths.
ProfileMatrix perturbed_mean_of(const EffectComparison& pair);

}  // namespace hyped
