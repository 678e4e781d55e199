// One pass over the rows, in parallel; what is said comes from the rows' own numbers in their order.
#include "libhyped/expression/matrix_survey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

struct Row {
  double sum = 0, log_sum = 0, least = std::numeric_limits<double>::infinity(), greatest = -std::numeric_limits<double>::infinity();
  std::int64_t nonzeros = 0;
  MatrixSurvey::Found not_finite, negative, fractional;
  int whole = -1;      // multiples of the smallest after expm1: 1 yes, 0 no, -1 not judged
};

constexpr double largest_log = 30;           // exp of more is no count
constexpr double nearly_whole = 0.02;        // a 32-bit logarithm of a count of thousands is off by less
constexpr double same_sum = 1e-3;            // relative spread of sums that count as one number

Row row_of(std::span<const std::int32_t> columns, std::span<const float> values) {
  Row out;
  out.nonzeros = static_cast<std::int64_t>(values.size());
  const auto note = [&](MatrixSurvey::Found& found, std::size_t i) {
    if (found.count++ == 0) found.column = columns[i], found.value = values[i];
  };
  double smallest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double x = static_cast<double>(values[i]);
    if (!std::isfinite(x)) {
      note(out.not_finite, i);
      continue;
    }
    if (x < 0) note(out.negative, i);
    if (x != std::floor(x)) note(out.fractional, i);
    out.sum += x;
    out.least = std::min(out.least, x);
    out.greatest = std::max(out.greatest, x);
    if (x > 0) smallest = std::min(smallest, x);
  }
  if (out.negative.count > 0 || out.fractional.count == 0 || out.greatest > largest_log) return out;
  for (const float value : values)
    if (std::isfinite(value)) out.log_sum += std::expm1(static_cast<double>(value));
  if (values.size() < 3 || !std::isfinite(smallest)) return out;
  const double unit = std::expm1(smallest);
  out.whole = 1;
  for (const float value : values) {
    const double count = std::expm1(static_cast<double>(value)) / unit;
    if (!std::isfinite(value) || std::abs(count - std::round(count)) > nearly_whole + 1e-5 * count) out.whole = 0;
  }
  return out;
}

// The one value all positive sums have, 0 if they differ.
double common(const std::vector<double>& sums) {
  double least = std::numeric_limits<double>::infinity(), greatest = 0;
  for (const double sum : sums)
    if (sum > 0) least = std::min(least, sum), greatest = std::max(greatest, sum);
  return greatest > 0 && greatest - least <= same_sum * greatest ? 0.5 * (least + greatest) : 0;
}

}  // namespace

std::string_view to_string(MatrixKind kind) {
  switch (kind) {
    case MatrixKind::counts: return "counts";
    case MatrixKind::log_normalised: return "log-normalised";
    case MatrixKind::normalised: return "normalised, not logged";
    case MatrixKind::scaled: return "scaled or centred";
    case MatrixKind::unknown: return "unknown";
  }
  return "";
}

void MatrixSurveyor::see(std::int64_t first_row, const SparseRows& block) {
  HYPED_REQUIRE(first_row == out_.rows);
  std::vector<Row> rows(static_cast<std::size_t>(block.rows));
  constexpr int batch = 256;
  parallel_for((block.rows + batch - 1) / batch, [&](int b) {
    for (int r = b * batch; r < std::min(block.rows, (b + 1) * batch); ++r) rows[static_cast<std::size_t>(r)] = row_of(block.columns_of(r), block.values_of(r));
  });
  if (out_.rows == 0) out_.least = std::numeric_limits<double>::infinity(), out_.greatest = -out_.least;
  out_.columns = block.columns;
  for (const Row& row : rows) {
    const auto take = [&](MatrixSurvey::Found& all, const MatrixSurvey::Found& own) {
      if (own.count > 0 && all.count == 0) all = {0, out_.rows, own.column, own.value};
      all.count += own.count;
    };
    take(out_.not_finite, row.not_finite);
    take(out_.negative, row.negative);
    take(out_.fractional, row.fractional);
    out_.least = std::min(out_.least, row.nonzeros < out_.columns ? std::min(0.0, row.least) : row.least);
    out_.greatest = std::max(out_.greatest, row.nonzeros < out_.columns ? std::max(0.0, row.greatest) : row.greatest);
    out_.nonzero += row.nonzeros;
    out_.empty_rows += row.nonzeros == 0;
    out_.row_sums.push_back(row.sum);
    out_.row_nonzeros.push_back(row.nonzeros);
    log_sums_.push_back(row.log_sum);
    judged_ += row.whole >= 0;
    whole_ += row.whole == 1;
    ++out_.rows;
  }
}

MatrixSurvey MatrixSurveyor::finish() {
  MatrixSurvey& s = out_;
  if (s.rows == 0 || s.columns == 0 || !std::isfinite(s.least)) s.least = s.greatest = 0;
  s.counts_in_logs = judged_ > 0 ? static_cast<double>(whole_) / static_cast<double>(judged_) : 0;
  const std::string range = fmt::format("values from {:.4g} to {:.4g}", s.least, s.greatest);
  if (s.nonzero == 0) s.why = "there is no value other than zero";
  else if (s.not_finite.count > 0 && s.not_finite.count == s.nonzero) s.why = "no value is finite";
  else if (s.negative.count > 0 && s.fractional.count == 0) s.why = fmt::format("whole numbers, {} of them negative, the first {}", s.negative.count, s.negative.value);
  else if (s.negative.count > 0) {
    s.kind = MatrixKind::scaled;
    s.why = fmt::format("{} values are negative ({})", s.negative.count, range);
  } else if (s.fractional.count == 0) {
    s.kind = MatrixKind::counts;
    s.why = fmt::format("every value is a whole number from 0 ({})", range);
    if (s.greatest <= 1) s.why += "; no value above 1: perhaps only presence is stored";
  } else {
    s.target = common(s.row_sums);
    s.log_target = s.greatest <= largest_log ? common(log_sums_) : 0;
    const std::string share = fmt::format("{:.3g} % of values are whole", 100.0 * static_cast<double>(s.nonzero - s.fractional.count) / static_cast<double>(s.nonzero));
    if (s.log_target > 0) {
      s.kind = MatrixKind::log_normalised;
      s.why = fmt::format("exp(x) - 1 sums to {:.6g} in every cell ({}): log1p of counts scaled to that sum", s.log_target, range);
    } else if (s.target > 0) {
      s.kind = MatrixKind::normalised;
      s.why = fmt::format("every cell sums to {:.6g} ({})", s.target, range);
    } else if (s.counts_in_logs >= 0.99) {
      s.kind = MatrixKind::log_normalised;
      s.why = fmt::format("exp(x) - 1 are whole multiples of the smallest in {:.4g} % of cells, and sums differ ({}): log1p of counts scaled over more genes than are here", 100 * s.counts_in_logs, range);
    } else s.why = fmt::format("{}, {}; cells sum neither to one number nor do their exponentials", range, share);
  }
  return std::move(out_);
}

}  // namespace hyped
