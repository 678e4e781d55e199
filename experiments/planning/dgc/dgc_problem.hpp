// `hyped control dgc`: what the user asks for, and the start, path and target that it means in one order of time.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "experiments/control/factors/guided_dynamics.hpp"
#include "libhyped/observe/expression_series.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct DgcSettings {
  std::filesystem::path series, samples, prior;      // samples empty: samples.csv beside the series
  std::filesystem::path responses;                   // gene x perturbation log2 changes, for superposition; empty: none
  std::string start;                                 // hours or a sample's label; empty: first time
  std::vector<std::string> path_until;               // none: static (A = I); one: steps from start to it
  std::vector<std::string> target;                   // times or labels; none: the next two say
  std::string target_cells, target_label;            // .h5ad, COLUMN=LABEL
  std::string target_set;                            // a set of data/gene_sets/cell_type_markers.tsv, or FILE:SET
  double raise = 3.321928094887362;                  // log2 by which a gene set is to rise: tenfold
  double least_cpm = 1, fold = 10;
  int least_targets = 5, pool = 100, listed = 20, draws = 400, permutations = 1000, strata = 10, rank = 0, sensors = 20;
  bool weigh = false;
  control::ReplicateRule rule = control::ReplicateRule::mean;
  std::vector<std::string> programmes;               // to take out; none: all of the file
  std::vector<std::string> follow = {"MYOD1", "MYOG"};      // factors that are spoken of in any case
  std::uint64_t seed = 1;
};

// A wanted profile from outside the series.
struct OutsideTarget {
  Eigen::VectorXd profile;                           // log2(CPM + 1) [G]
  Eigen::VectorXd known;                             // 1, or 0 of genes it does not say anything of [G]
  Eigen::RowVectorXd share;                          // of each sample's total that lies on its genes; empty: profile is normalised by the total of all [N]
  std::string words;
};

// In one order of time.
struct DgcCase {
  ExpressionCourse course;
  control::GuidedData data;
  Eigen::VectorXd known;                             // genes that the target knows [G]
  std::vector<double> step_times_h;                  // when each step begins [K]
  std::string words;                                 // which samples are start, path and target
  std::vector<std::string> warnings;
  std::vector<bool> used() const;                    // genes that the target knows [G]
};

// Hours of "T14", "104" or a column's name. InputError that lists the times.
double hours_of(const ExpressionSeries& series, const std::string& text);
// Start, path and target as the settings say; prints nothing.
DgcCase make_case(const ExpressionSeries& series, const DgcSettings& settings, TimeOrder order);
// Whether sample numbers give another order.
bool has_numbers(const ExpressionSeries& series);

}  // namespace hyped
