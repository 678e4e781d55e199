// Normalisation of totals and logarithms, cell by cell.
#include "libhyped/expression/preparation/normalise.hpp"

#include <array>
#include <cmath>

#include "libhyped/expression/preparation/quality.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr int block = 256;      // cells a job

template <class Body>
void each_row(int rows, const Body& body) {
  parallel_for((rows + block - 1) / block, [&](int b) {
    for (int r = b * block; r < std::min(rows, (b + 1) * block); ++r) body(r);
  });
}

}  // namespace

Eigen::VectorXd row_totals(const SparseRows& counts) {
  Eigen::VectorXd totals(counts.rows);
  each_row(counts.rows, [&](int r) {
    double sum = 0;
    for (const float value : counts.values_of(r)) sum += value;
    totals[r] = sum;
  });
  return totals;
}

double median_total(const Eigen::VectorXd& totals) {
  std::vector<double> positive;
  for (const double total : totals)
    if (total > 0) positive.push_back(total);
  return median_of(std::move(positive));
}

void normalise_total(SparseRows& counts, const Eigen::VectorXd& totals, double target) {
  each_row(counts.rows, [&](int r) {
    if (!(totals[r] > 0)) return;
    const double factor = target / totals[r];
    for (float& value : counts.values_of(r)) value = static_cast<float>(value * factor);
  });
}

void log1p_values(SparseRows& values) {
  each_row(values.rows, [&](int r) {
    for (float& value : values.values_of(r)) value = static_cast<float>(std::log1p(static_cast<double>(value)));
  });
}

void log_normalise(SparseRows& counts, const Eigen::VectorXd& totals, double target) {
  each_row(counts.rows, [&](int r) {
    if (!(totals[r] > 0)) return;
    const auto log_of = [&](float value) { return static_cast<float>(std::log1p(static_cast<double>(value) / totals[r] * target)); };      // divided first: equal shares are equal numbers in all cells
    std::array<float, 32> known;      // of whole counts; most counts are small
    known.fill(-1);
    for (float& value : counts.values_of(r)) {
      const auto whole = static_cast<unsigned>(value);
      if (whole < known.size() && static_cast<float>(whole) == value) {
        float& there = known[whole];
        if (there < 0) there = log_of(value);
        value = there;
      } else {
        value = log_of(value);
      }
    }
  });
}

}  // namespace hyped
