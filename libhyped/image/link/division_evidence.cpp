// Evidence for single divisions.
#include "libhyped/image/link/division_evidence.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace hyped {
namespace {

// 1 up to `good`, 0 from `bad` on, straight between; the same for good > bad.
double graded(double x, double good, double bad) { return std::clamp((x - bad) / (good - bad), 0.0, 1.0); }

double median_of(std::vector<double> values) {
  values.erase(std::remove_if(values.begin(), values.end(), [](double x) { return !std::isfinite(x); }), values.end());
  if (values.empty()) return DivisionEvidence::unknown;
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

std::vector<double> picked(const Eigen::ArrayXd& values, const std::vector<int>& which, std::size_t from, std::size_t until) {
  std::vector<double> out;
  for (std::size_t k = from; k < std::min(until, which.size()); ++k) out.push_back(values[which[k]]);
  return out;
}
std::vector<double> last_of(const Eigen::ArrayXd& values, const std::vector<int>& which, std::size_t count) {
  return picked(values, which, which.size() - std::min(count, which.size()), which.size());
}

std::array<std::pair<double, double>, 6> rows_of(const DivisionEvidence& e) {
  return {{{e.reporter_lost, 2.0}, {e.dna_halved, 2.0}, {e.sisters_alike, 1.0}, {e.condensed, 0.5}, {e.symmetric, 1.0}, {e.distance, 1.0}}};
}

}  // namespace

DivisionEvidence division_evidence(const NucleusSeries& s, const std::vector<int>& before, const std::vector<int>& first, const std::vector<int>& second) {
  DivisionEvidence out;
  const int mother = before.back(), one = first.front(), two = second.front();
  out.sister_distance = std::hypot(s.row[one] - s.row[two], s.column[one] - s.column[two]);
  const double off = std::hypot(0.5 * (s.row[one] + s.row[two]) - s.row[mother], 0.5 * (s.column[one] + s.column[two]) - s.column[mother]);
  out.offset = off / std::max(out.sister_distance, 1e-9);
  out.symmetric = graded(out.offset, 0.25, 0.6);
  if (s.typical_diameter > 0) out.distance = graded(out.sister_distance, 2 * s.typical_diameter, 4 * s.typical_diameter);

  // The reporter: the brightest of the mother's last four nuclei; the least of each daughter's first three, as it may fall over two frames.
  double lit = -1;
  for (const double x : last_of(s.cycling, before, 4))
    if (std::isfinite(x)) lit = std::max(lit, x);
  const auto least = [&](const std::vector<int>& daughter) {
    double low = DivisionEvidence::unknown;
    for (const double x : picked(s.cycling, daughter, 0, 3))
      if (std::isfinite(x) && !(x >= low)) low = x;
    return low;
  };
  const double left = std::max(least(first), least(second));
  if (lit > 0 && std::isfinite(least(first)) && std::isfinite(least(second))) {
    out.cycling_left = std::max(left, 0.0) / lit;
    out.reporter_lost = lit > s.dark ? graded(out.cycling_left, 0.35, 0.75) : 0.25;
  }

  // DNA: the mother's median before she rounds up, the daughters' over their first three frames.
  const std::size_t calm = before.size() > 4 ? before.size() - 2 : before.size();
  const double whole = median_of(picked(s.dna_total, before, calm > 8 ? calm - 8 : 0, calm));
  const double a = median_of(picked(s.dna_total, first, 0, 3)), b = median_of(picked(s.dna_total, second, 0, 3));
  if (whole > 0 && a > 0 && b > 0) {
    out.first_share = a / whole;
    out.second_share = b / whole;
    out.dna_halved = graded(std::max(std::abs(std::log2(2 * out.first_share)), std::abs(std::log2(2 * out.second_share))), 0.4, 1);
    out.sisters_alike = graded(std::abs(std::log2(a / b)), 0.4, 1);
  }
  if (before.size() >= 6) {
    const double calm_light = median_of(picked(s.dna_mean, before, before.size() > 12 ? before.size() - 12 : 0, before.size() - 3));
    double brightest = DivisionEvidence::unknown;
    for (const double x : last_of(s.dna_mean, before, 3))
      if (std::isfinite(x) && !(x <= brightest)) brightest = x;
    if (calm_light > 0 && std::isfinite(brightest)) out.condensed = 0.4 + 0.6 * graded(brightest / calm_light, 1.4, 1);
  }
  double sum = 0, weights = 0;
  for (const auto& [value, weight] : rows_of(out))
    if (std::isfinite(value)) sum += weight * value, weights += weight;
  out.total = sum / weights;
  return out;
}

double division_penalty(const DivisionEvidence& evidence, double weight) {
  double out = 0;
  for (const auto& [value, row] : rows_of(evidence))
    if (std::isfinite(value)) out += 3 * weight * row * (1 - value) / (1 + value);
  return out;
}

}  // namespace hyped
