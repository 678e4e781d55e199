// Bulk expression over time: what each sample's label says of its time, and what the order of sample numbers suggests.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

namespace hyped {

struct ExpressionSample {
  std::string name;
  std::int64_t number = -1;            // of the sample, as the sequencing core gave it; -1: not known
  double time_h = 0;                   // as labelled
  int replicate = 1;
};

struct ExpressionSeries {
  std::string source;
  std::vector<std::string> genes;            // [G]
  std::vector<ExpressionSample> samples;     // [N]
  Eigen::MatrixXd values;                    // counts, or log2(CPM + 1) [G x N]
  bool counted = true;                       // false: values are log2(CPM + 1) already
  std::vector<std::string> notes;            // what was read, and how
};

// labels: the times written on the samples. sample_numbers: time points sorted by their samples' numbers; the k-th gets the k-th time.
enum class TimeOrder { labels, sample_numbers };
const char* to_string(TimeOrder order);

// log2(CPM + 1) over times, one matrix per replicate.
struct ExpressionCourse {
  std::string source;
  std::vector<std::string> genes;                // [G] kept ones
  std::vector<double> times_h;                   // [T] increasing
  std::vector<double> labelled_h;                // [T] the time written on the samples that stand here
  std::vector<std::int64_t> numbers;             // [T] median of the samples' numbers; -1: not known
  std::vector<Eigen::MatrixXd> replicates;       // [R] of [G x T]
  std::vector<std::string> notes;                // what was left out and why
  Eigen::MatrixXd mean() const;                  // over replicates [G x T]
};

struct CourseChoice {
  TimeOrder order = TimeOrder::labels;
  double least_cpm = 1;                // genes whose mean CPM is not above are left out (of log2(CPM + 1) values: 2^mean - 1)
  bool even_steps = false;             // only the longest run of equal steps: linear steps have one length
};

// InputError for a time without one of the replicates, fewer than three times, sample numbers that are not known or do not
// tell time points apart, no gene left. Genes that do not change over the times used are left out and counted.
ExpressionCourse make_course(const ExpressionSeries& series, const CourseChoice& choice = {});

}  // namespace hyped
