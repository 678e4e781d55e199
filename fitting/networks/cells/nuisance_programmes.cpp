// Scores, within-group loadings, adjusted effects.
#include "fitting/networks/cells/nuisance_programmes.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

#include "libhyped/counted.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr double least_reliability = 0.3;      // of a score whose noise is corrected for

// Variance of the score's noise in each sample: that of the mean of k genes, from the scatter of the genes about their mean.
Eigen::RowVectorXd noise_of(const Eigen::RowVectorXd& sum, const Eigen::RowVectorXd& squares, double k) { return (squares.array() - sum.array().square() / k) / (k * (k - 1)); }

}  // namespace

std::vector<NuisanceProgramme> place_programmes(const std::vector<ProgrammeGene>& table, const std::vector<std::string>& genes, std::vector<std::string>& notes) {
  std::unordered_map<std::string, int> place;
  for (std::size_t g = 0; g < genes.size(); ++g) place.emplace(genes[g], static_cast<int>(g));
  std::vector<NuisanceProgramme> out;
  std::map<std::string, std::pair<int, int>> seen;      // found, all
  std::map<std::string, int> repeated;
  std::set<std::pair<std::string, std::string>> listed;
  for (const auto& row : table) {
    auto at = std::find_if(out.begin(), out.end(), [&](const auto& one) { return one.name == row.programme; });
    if (at == out.end()) at = out.insert(out.end(), {row.programme, {}});
    auto& [found, all] = seen[row.programme];
    if (!listed.insert({row.programme, row.gene}).second) {
      ++repeated[row.programme];
      continue;
    }
    ++all;
    if (const auto gene = place.find(row.gene); gene != place.end()) at->genes.push_back(gene->second), ++found;
  }
  for (const auto& [name, counts] : seen) {
    const int rows = repeated[name];
    notes.push_back(fmt::format("Programme {}: {} of {} {} in the data{}.", name, counts.first, counted(counts.second, "gene"), agreed(counts.first, "is", "are"), rows == 0 ? "" : rows == 1 ? "; 1 row that repeats a gene is left out" : fmt::format("; {} rows that repeat a gene are left out", rows)));
  }
  return out;
}

ProjectedEffects project_programmes(const Eigen::MatrixXd& values, const std::vector<int>& group_of, const std::vector<NuisanceProgramme>& programmes) {
  const Eigen::Index genes = values.rows(), samples = values.cols();
  const auto count = static_cast<Eigen::Index>(programmes.size());
  HYPED_REQUIRE(static_cast<Eigen::Index>(group_of.size()) == samples && samples > 0);
  const int groups = 1 + *std::max_element(group_of.begin(), group_of.end());
  std::vector<double> size(static_cast<std::size_t>(groups), 0);
  for (const int g : group_of) {
    HYPED_REQUIRE(g >= 0);
    size[static_cast<std::size_t>(g)] += 1;
  }
  for (int g = 0; g < groups; ++g)
    if (size[static_cast<std::size_t>(g)] < static_cast<double>(count) + 2) throw InputError(fmt::format("group {}", g), fmt::format("has {} samples; {} programmes need {}", size[static_cast<std::size_t>(g)], count, count + 2), "");
  const auto group_means = [&](const Eigen::RowVectorXd& row) {
    Eigen::VectorXd mean = Eigen::VectorXd::Zero(groups);
    for (Eigen::Index n = 0; n < samples; ++n) mean[group_of[static_cast<std::size_t>(n)]] += row[n];
    for (int g = 0; g < groups; ++g) mean[g] /= size[static_cast<std::size_t>(g)];
    return mean;
  };
  const auto within = [&](Eigen::RowVectorXd row) {
    const Eigen::VectorXd mean = group_means(row);
    for (Eigen::Index n = 0; n < samples; ++n) row[n] -= mean[group_of[static_cast<std::size_t>(n)]];
    return row;
  };
  const double freedom = static_cast<double>(samples) - groups;
  ProjectedEffects out;
  out.member.assign(static_cast<std::size_t>(genes), false);
  // scores: sums of genes over their standard deviation within groups, so that one gene can be taken out of its own score
  std::vector<std::map<int, double>> weight(programmes.size());
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(count, samples), within_sums = sums, within_squares = sums;
  for (Eigen::Index k = 0; k < count; ++k) {
    const auto& programme = programmes[static_cast<std::size_t>(k)];
    for (const int g : programme.genes) {
      if (weight[static_cast<std::size_t>(k)].contains(g)) continue;      // listed twice
      const Eigen::RowVectorXd scatter = within(values.row(g));
      const double sd = std::sqrt(scatter.squaredNorm() / freedom);
      if (!(sd > 0)) continue;
      weight[static_cast<std::size_t>(k)][g] = 1 / sd;
      within_sums.row(k) += scatter / sd;
      within_squares.row(k) += (scatter / sd).cwiseAbs2();
      sums.row(k) += values.row(g) / sd;
      out.member[static_cast<std::size_t>(g)] = true;
    }
    const auto found = weight[static_cast<std::size_t>(k)].size();
    if (found < 3) throw InputError("programme " + programme.name, fmt::format("has {} that {} within groups", counted(found, "gene"), agreed(found, "varies", "vary")), "three are needed; leave it out");
  }
  out.scores = sums;
  out.reliability.resize(count);
  for (Eigen::Index k = 0; k < count; ++k) {
    const double found = static_cast<double>(weight[static_cast<std::size_t>(k)].size());
    out.scores.row(k) /= found;
    out.reliability[k] = 1 - noise_of(within_sums.row(k), within_squares.row(k), found).sum() / (within_sums.row(k) / found).squaredNorm();
  }
  out.loading.setZero(genes, count);
  out.loading_se.setZero(genes, count);
  out.effect.setZero(genes, groups);
  out.adjusted.setZero(genes, groups);
  out.adjusted_se.setZero(genes, groups);
  parallel_for(static_cast<int>(genes), [&](int g) {
    const Eigen::RowVectorXd y = within(values.row(g));
    Eigen::MatrixXd scores = out.scores, noise = Eigen::MatrixXd::Zero(count, samples);
    for (Eigen::Index k = 0; k < count; ++k) {
      const auto& of = weight[static_cast<std::size_t>(k)];
      Eigen::RowVectorXd sum = within_sums.row(k), squares = within_squares.row(k);
      double k_genes = static_cast<double>(of.size());
      if (const auto own = of.find(g); own != of.end()) {
        k_genes -= 1;
        scores.row(k) = (sums.row(k) - own->second * values.row(g)) / k_genes;
        sum -= own->second * y;
        squares -= (own->second * y).cwiseAbs2();
      }
      if (out.reliability[k] >= least_reliability) noise.row(k) = noise_of(sum, squares, k_genes);
    }
    Eigen::MatrixXd x(count, samples), means(count, groups);
    for (Eigen::Index k = 0; k < count; ++k) x.row(k) = within(scores.row(k)), means.row(k) = group_means(scores.row(k)).transpose();
    Eigen::MatrixXd scatter = x * x.transpose();
    scatter.diagonal() -= noise.rowwise().sum();
    const Eigen::MatrixXd inverse = scatter.ldlt().solve(Eigen::MatrixXd::Identity(count, count));
    const Eigen::VectorXd loading = inverse * (x * y.transpose());
    const Eigen::RowVectorXd residual = y - loading.transpose() * x;
    const double left = freedom - static_cast<double>(count), variance = residual.squaredNorm() / left;
    // What each sample pulls the loading by, its part of the noise's variance included; the covariance is the sum of squares.
    Eigen::MatrixXd pull = noise.array().colwise() * loading.array();
    pull.array() += x.array().rowwise() * residual.array();
    const Eigen::MatrixXd covariance = inverse * (pull * pull.transpose()) * inverse * (freedom / left);
    const Eigen::VectorXd mean = group_means(values.row(g));
    out.loading.row(g) = loading.transpose();
    out.loading_se.row(g) = covariance.diagonal().cwiseSqrt().transpose();
    for (int group = 1; group < groups; ++group) {
      const Eigen::VectorXd difference = means.col(group) - means.col(0);
      out.effect(g, group) = mean[group] - mean[0];
      out.adjusted(g, group) = out.effect(g, group) - loading.dot(difference);
      out.adjusted_se(g, group) = std::sqrt(variance * (1 / size[static_cast<std::size_t>(group)] + 1 / size[0]) + difference.dot(covariance * difference));
    }
  });
  for (std::size_t k = 0; k < programmes.size(); ++k) {
    std::string moved;
    for (int group = 1; group < groups; ++group) {
      const Eigen::VectorXd mean = group_means(out.scores.row(static_cast<Eigen::Index>(k)));
      moved += fmt::format("{}{:+.2f}", moved.empty() ? "" : ", ", mean[group] - mean[0]);
    }
    out.notes.push_back(fmt::format("Programme {} moves by {} standard deviations in groups 1 to {}.", programmes[k].name, moved, groups - 1));
    const double reliability = out.reliability[static_cast<Eigen::Index>(k)];
    if (reliability < least_reliability) out.notes.push_back(fmt::format("Programme {}: the reliability of its score within groups is {:.2f}, too low to correct for its noise: adjusted effects keep part of the programme.", programmes[k].name, reliability));
    else out.notes.push_back(fmt::format("Programme {}: the reliability of its score within groups is {:.2f}; loadings are corrected for it.", programmes[k].name, reliability));
  }
  return out;
}

}  // namespace hyped
