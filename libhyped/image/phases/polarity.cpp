// Three tests of the polarity and one of the labels.
#include "libhyped/image/phases/polarity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "libhyped/image/phases/robust_line.hpp"

namespace hyped {
namespace {

constexpr double decided = 0.01;

double sign_test(int a, int b) {
  const int n = a + b;
  if (n == 0) return 1;
  const double tail = boost::math::cdf(boost::math::binomial_distribution<double>(n, 0.5), std::min(a, b));
  return std::min(1.0, 2 * tail);
}

Verdict judged(double p, bool right) { return p >= decided ? Verdict::silent : right ? Verdict::agrees : Verdict::contradicts; }

// Median light of a cell's rows whose time is in [from, until]; NaN if there is none.
double light_between(const CellTracks& tracks, const Eigen::VectorXd& light, const FollowedCell& cell, double from, double until) {
  std::vector<double> some;
  for (int r = cell.first_row; r < cell.first_row + cell.row_count; ++r) {
    const double time = tracks.frames.time_h[static_cast<std::size_t>(r)];
    if (time >= from - 1e-9 && time <= until + 1e-9 && std::isfinite(light[r])) some.push_back(light[r]);
  }
  return middle_value(some);
}

// Light from which on a nucleus counts as carrying each reporter: above the noise, and above what is left of it in other phases (a seventh of bright nuclei).
std::array<double, 2> least_light(const Eigen::MatrixX2d& light, const Eigen::RowVector2d& noise, const PolarityOptions& options) {
  constexpr double bright = 0.9, left_over = 0.15;
  std::array<double, 2> out{};
  for (int c = 0; c < 2; ++c) {
    out[static_cast<std::size_t>(c)] = options.noise_times * noise[c];
    std::vector<double> lit;
    for (Eigen::Index r = 0; r < light.rows(); ++r)
      if (light(r, c) > out[static_cast<std::size_t>(c)]) lit.push_back(light(r, c));
    if (lit.empty()) continue;
    const auto at = lit.begin() + static_cast<std::ptrdiff_t>(bright * static_cast<double>(lit.size() - 1));
    std::nth_element(lit.begin(), at, lit.end());
    out[static_cast<std::size_t>(c)] = std::max(out[static_cast<std::size_t>(c)], left_over * *at);
  }
  return out;
}

PolarityEvidence by_division(const CellTracks& tracks, const Eigen::MatrixX2d& light, const Eigen::RowVector2d& noise, const std::array<std::string, 2>& channels, const PolarityOptions& options) {
  int only_cycling = 0, only_g1 = 0, seen = 0;
  for (const FollowedCell& mother : tracks.cells) {
    if (mother.end != CellEnd::division || mother.daughters.size() != 2 || mother.row_count < 3) continue;
    std::array<bool, 2> collapsed{false, false};
    bool measured = true;
    for (int c = 0; c < 2; ++c) {
      const double before = light_between(tracks, light.col(c), mother, mother.end_h - 1.5, mother.end_h - 0.3);
      std::vector<double> after;
      for (const int d : mother.daughters) after.push_back(light_between(tracks, light.col(c), tracks.cells[static_cast<std::size_t>(d)], mother.end_h + 0.6, mother.end_h + 1.7));
      if (std::isnan(before) || std::isnan(after[0]) || std::isnan(after[1])) measured = false;
      else collapsed[static_cast<std::size_t>(c)] = before > 2 * options.noise_times * noise[c] && std::max(after[0], after[1]) < 0.4 * before;
    }
    if (!measured) continue;
    ++seen;
    only_cycling += collapsed[1] && !collapsed[0] ? 1 : 0;
    only_g1 += collapsed[0] && !collapsed[1] ? 1 : 0;
  }
  PolarityEvidence out{"", Verdict::silent, static_cast<double>(only_cycling), static_cast<double>(only_g1), sign_test(only_cycling, only_g1)};
  out.verdict = judged(out.p_value, only_cycling > only_g1);
  out.what = fmt::format("At {} divisions measured, '{}' (cycling) alone collapses in {} and '{}' (G1) alone in {} (sign test p = {:.2g})", seen, channels[1], only_cycling, channels[0], only_g1, out.p_value);
  return out;
}

PolarityEvidence by_release(const CellTracks& tracks, const Eigen::MatrixX2d& light, const Eigen::RowVector2d& noise, const std::array<std::string, 2>& channels, const PolarityOptions& options) {
  int g1 = 0, cycling = 0;
  const auto least = least_light(light, noise, options);
  for (const FollowedCell& cell : tracks.cells) {
    if (cell.start != CellStart::film_start) continue;
    const double a = light_between(tracks, light.col(0), cell, cell.start_h, cell.start_h + 1), b = light_between(tracks, light.col(1), cell, cell.start_h, cell.start_h + 1);
    if (std::isnan(a) || std::isnan(b)) continue;
    g1 += a > least[0] && b <= least[1] ? 1 : 0;
    cycling += b > least[1] && a <= least[0] ? 1 : 0;
  }
  PolarityEvidence out{"", Verdict::silent, static_cast<double>(g1), static_cast<double>(cycling), sign_test(g1, cycling)};
  out.verdict = judged(out.p_value, g1 > cycling);
  out.what = fmt::format("Of cells lit by one reporter in the first hour after starvation {} show '{}' (G1) and {} '{}' (cycling) (sign test p = {:.2g})", g1, channels[0], cycling, channels[1], out.p_value);
  return out;
}

PolarityEvidence by_dna(const CellTracks& tracks, const Eigen::MatrixX2d& light, const Eigen::RowVector2d& noise, const Eigen::VectorXd& dna, const std::array<std::string, 2>& channels, const PolarityOptions& options) {
  std::vector<std::pair<double, int>> ranked;      // a cell's median stain in each of its looks, and which look
  std::array<std::vector<double>, 2> medians;
  const auto least = least_light(light, noise, options);
  for (const FollowedCell& cell : tracks.cells) {
    std::array<std::vector<double>, 2> here;
    for (int r = cell.first_row; r < cell.first_row + cell.row_count; ++r) {
      if (!(dna[r] > 0)) continue;
      const bool g1 = light(r, 0) > least[0], cycling = light(r, 1) > least[1];
      if (g1 != cycling) here[cycling ? 1 : 0].push_back(dna[r]);
    }
    for (int k = 0; k < 2; ++k)
      if (here[static_cast<std::size_t>(k)].size() >= 3) {
        const double m = middle_value(here[static_cast<std::size_t>(k)]);
        ranked.emplace_back(m, k);
        medians[static_cast<std::size_t>(k)].push_back(m);
      }
  }
  PolarityEvidence out;
  const double n0 = static_cast<double>(medians[0].size()), n1 = static_cast<double>(medians[1].size());
  if (n0 < 5 || n1 < 5) {
    out.what = fmt::format("Too few cells with one reporter alone to compare their DNA ({} and {})", n0, n1);
    return out;
  }
  std::sort(ranked.begin(), ranked.end());
  double rank_sum = 0;
  for (std::size_t i = 0; i < ranked.size(); ++i) rank_sum += ranked[i].second == 1 ? static_cast<double>(i) + 1 : 0;
  // Mann & Whitney 1947, normal approximation: more than 5 in each group
  const double z = (rank_sum - n1 * (n0 + n1 + 1) / 2) / std::sqrt(n0 * n1 * (n0 + n1 + 1) / 12);
  out.for_it = middle_value(medians[1]);
  out.against_it = middle_value(medians[0]);
  out.p_value = 2 * boost::math::cdf(boost::math::complement(boost::math::normal(), std::abs(z)));
  out.verdict = judged(out.p_value, z > 0);
  out.what = fmt::format("Cells with '{}' (cycling) alone have {:.2f} times the DNA stain of those with '{}' (G1) alone (rank sum p = {:.2g}, {} and {} cells)", channels[1], out.for_it / out.against_it, channels[0], out.p_value, n1, n0);
  return out;
}

}  // namespace

std::string_view to_string(Verdict verdict) { return verdict == Verdict::agrees ? "agrees" : verdict == Verdict::contradicts ? "contradicts" : "says nothing"; }

std::vector<PolarityEvidence> test_polarity(const CellTracks& tracks, const Eigen::MatrixX2d& light, const Eigen::RowVector2d& noise, const Eigen::VectorXd& dna_total, const std::array<std::string, 2>& channels, const PolarityOptions& options) {
  std::vector<PolarityEvidence> out{by_division(tracks, light, noise, channels, options)};
  if (options.starved) out.push_back(by_release(tracks, light, noise, channels, options));
  if (dna_total.size() == light.rows()) out.push_back(by_dna(tracks, light, noise, dna_total, channels, options));
  return out;
}

Verdict verdict_of(const std::vector<PolarityEvidence>& evidence) {
  for (const PolarityEvidence& one : evidence)
    if (one.verdict != Verdict::silent) return one.verdict;
  return Verdict::silent;
}

LabelCheck check_labels(const std::vector<ArmNuclei>& wells) {
  constexpr double expected = 2.7, border = 1.5;
  LabelCheck out;
  std::array<std::vector<double>, 2> logs;
  for (const ArmNuclei& well : wells)
    if (well.nuclei > 0 && (well.arm == "siPRRX1" || well.arm == "mmMYOD1")) logs[well.arm == "siPRRX1" ? 0 : 1].push_back(std::log(well.nuclei));
  if (logs[0].empty() || logs[1].empty()) {
    out.words = "The labels of siPRRX1 and mmMYOD1 cannot be compared: one of them is absent.";
    return out;
  }
  double difference = 0, squares = 0, inverse = 0;
  int degrees = -2;
  for (int k = 0; k < 2; ++k) {
    const auto& some = logs[static_cast<std::size_t>(k)];
    double mean = 0;
    for (const double x : some) mean += x / static_cast<double>(some.size());
    for (const double x : some) squares += (x - mean) * (x - mean);
    difference += k == 0 ? mean : -mean;
    inverse += 1 / static_cast<double>(some.size());
    degrees += static_cast<int>(some.size());
  }
  out.ratio = std::exp(difference);
  if (degrees > 0) {
    const double reach = boost::math::quantile(boost::math::students_t(degrees), 0.975) * std::sqrt(squares / degrees * inverse);
    out.lower = std::exp(difference - reach), out.upper = std::exp(difference + reach);
  }
  out.verdict = out.ratio > border ? Verdict::agrees : out.ratio < 1 / border ? Verdict::contradicts : Verdict::silent;
  const std::string interval = degrees > 0 ? fmt::format(" (95 % by the wells' scatter: {:.2f} to {:.2f})", out.lower, out.upper) : "";
  out.words = fmt::format("Wells labelled siPRRX1 have {:.2f} times the nuclei of those labelled mmMYOD1{}; the lab's own films have {} times: {}", out.ratio, interval, expected,
                          out.verdict == Verdict::agrees ? "the labels agree." : out.verdict == Verdict::contradicts ? "the two labels are probably exchanged. Nothing was relabelled: give --folder FOLDER=ARM if you agree." : "this does not tell whether the labels are right.");
  return out;
}

}  // namespace hyped
