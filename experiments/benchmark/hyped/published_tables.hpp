// The printed scores of the HYPED paper: what they imply about the vectors behind them, and ours beside them.
#pragma once
#include <string>
#include <vector>

#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct Benchmark;      // experiments/benchmark/run/bench_run.hpp

// A number as printed: the true one lies within half of the last digit.
struct PrintedNumber {
  double value = 0, half_step = 0;
};
struct PublishedScores {
  std::string model, perturbation, phase, space;
  PrintedNumber cosine, mse, mae, pearson;
  std::string arm() const;          // of HYPED: "mmMYOD1", "siPRRX1", "dual"
  std::string context() const;      // "G1", "S", "G2M"; "" for all
};
std::vector<PublishedScores> read_published_table3();      // data/published/hyped_table3.tsv

struct NumberRange {
  double value = 0, lower = 0, upper = 0;
  bool overlaps(const NumberRange& other) const { return lower <= other.upper && other.lower <= upper; }
};
// If two vectors have one norm, mse = 2 rms^2 (1 - cosine); if they have one mean and one standard deviation, mse = 2 sd^2 (1 - pearson). Otherwise rms and sd
// are upper bounds of the geometric mean of the two. Ranges from the rounding of both numbers.
struct ImpliedScale {
  NumberRange rms, sd;
  double mean = 0;                  // root of rms^2 - sd^2, 0 where that is below
  double mae_over_rmse = 0;         // 0.798 for normal errors; less: heavier tails
};
ImpliedScale implied_scale(const PublishedScores& row);

// The peak that a pair of mse and PSNR implies, PSNR = 10 log10(peak^2 / mse), and what the PSNR would be for a peak of 1.
struct ImpliedPeak {
  NumberRange peak;
  NumberRange psnr_for_peak_one;      // dB
};
ImpliedPeak implied_peak(const PrintedNumber& mse, const PrintedNumber& psnr);
struct PublishedDenoising {
  PrintedNumber mse, psnr, ssim;
};
PublishedDenoising read_published_table4();      // data/published/hyped_table4.tsv

// Tables published_table3 (the printed rows with what they imply) and table3_rows (no change, the mean of the arm's own training cells, and predictors on all
// genes and on the 500 most variable ones, in the form of the paper: one mean profile a condition), with what can be compared and what cannot.
void report_published_table3(RunDirectory& run, const Benchmark& bench);

}  // namespace hyped
