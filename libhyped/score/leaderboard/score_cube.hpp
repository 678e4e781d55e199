// Scores of methods on perturbations by several metrics, and the ways to put them into one number.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "libhyped/observe/response_profiles.hpp"
#include "libhyped/score/metric.hpp"

namespace hyped {

struct CubeMetric {
  std::string id;
  Better better = Better::higher;
  bool relative = false;            // published as min-max scaled across methods within each unit: it changes when a method joins or leaves
  ProfileMatrix values;             // [U x M], NaN where there is none
};
struct ScoreCube {
  std::vector<std::string> methods;      // [M]
  std::vector<std::string> units;        // [U] perturbations
  std::vector<CubeMetric> metrics;
};
// InputError: fewer than two methods, no unit, no metric, shapes that do not fit, an infinite value.
void check_cube(const ScoreCube& cube, const std::string& where);

// One score a unit and method, higher better, [U x M].
enum class Aggregation {
  mean,               // of the metrics as they are, lower-better ones with a minus; what a published aggregate of scaled metrics is
  min_max,            // of metrics scaled within each unit to 0 (worst method) .. 1 (best)
  mean_rank,          // minus the mean over metrics of the rank within the unit, ties share
};
std::string_view to_string(Aggregation rule);
// Over metrics that are defined for the unit and method; NaN where none is.
ProfileMatrix aggregated(const ScoreCube& cube, Aggregation rule);
// (value - worst) / (best - worst) within each unit; a unit where all are equal gives 0.5 to all, as nothing is known.
ProfileMatrix min_max_scaled(const CubeMetric& metric);

// Mean over units of each method, [M]; over units where all methods have a value. `used`: how many those are.
std::vector<double> method_means(const ProfileMatrix& scores, std::size_t* used = nullptr);

ScoreCube without_metric(const ScoreCube& cube, std::size_t metric);
// The others' values stay; metrics published as relative are scaled anew within each unit, which gives what would have been published.
ScoreCube without_method(const ScoreCube& cube, std::size_t method);
// Rows of the same group become their mean over what is defined. group [U] codes from 0.
ScoreCube grouped_units(const ScoreCube& cube, const std::vector<int>& group, const std::vector<std::string>& names);

// Kendall's tau-b of two vectors; NaN if one is constant.
double kendall_tau(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace hyped
