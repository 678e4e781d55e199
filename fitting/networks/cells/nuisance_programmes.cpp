// Scores, within-group loadings, adjusted effects.
#include "fitting/networks/cells/nuisance_programmes.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {

std::vector<NuisanceProgramme> place_programmes(const std::vector<ProgrammeGene>& table, const std::vector<std::string>& genes, std::vector<std::string>& notes) {
  std::unordered_map<std::string, int> place;
  for (std::size_t g = 0; g < genes.size(); ++g) place.emplace(genes[g], static_cast<int>(g));
  std::vector<NuisanceProgramme> out;
  std::map<std::string, std::pair<int, int>> seen;      // found, all
  for (const auto& row : table) {
    auto at = std::find_if(out.begin(), out.end(), [&](const auto& one) { return one.name == row.programme; });
    if (at == out.end()) at = out.insert(out.end(), {row.programme, {}});
    auto& [found, all] = seen[row.programme];
    ++all;
    if (const auto gene = place.find(row.gene); gene != place.end()) at->genes.push_back(gene->second), ++found;
  }
  for (const auto& [name, counts] : seen) notes.push_back(fmt::format("Programme {}: {} of {} genes are in the data.", name, counts.first, counts.second));
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
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(count, samples);
  for (Eigen::Index k = 0; k < count; ++k) {
    const auto& programme = programmes[static_cast<std::size_t>(k)];
    for (const int g : programme.genes) {
      const double sd = std::sqrt(within(values.row(g)).squaredNorm() / freedom);
      if (!(sd > 0)) continue;
      weight[static_cast<std::size_t>(k)][g] = 1 / sd;
      sums.row(k) += values.row(g) / sd;
      out.member[static_cast<std::size_t>(g)] = true;
    }
    const auto found = weight[static_cast<std::size_t>(k)].size();
    if (found < 3) throw InputError("programme " + programme.name, fmt::format("has {} genes that vary within groups", found), "three are needed; leave it out");
  }
  out.scores = sums;
  for (Eigen::Index k = 0; k < count; ++k) out.scores.row(k) /= static_cast<double>(weight[static_cast<std::size_t>(k)].size());
  out.loading.setZero(genes, count);
  out.loading_se.setZero(genes, count);
  out.effect.setZero(genes, groups);
  out.adjusted.setZero(genes, groups);
  out.adjusted_se.setZero(genes, groups);
  parallel_for(static_cast<int>(genes), [&](int g) {
    Eigen::MatrixXd scores = out.scores;
    for (Eigen::Index k = 0; k < count; ++k) {
      const auto& of = weight[static_cast<std::size_t>(k)];
      if (const auto own = of.find(g); own != of.end()) scores.row(k) = (sums.row(k) - own->second * values.row(g)) / static_cast<double>(of.size() - 1);
    }
    Eigen::MatrixXd x(count, samples), means(count, groups);
    for (Eigen::Index k = 0; k < count; ++k) x.row(k) = within(scores.row(k)), means.row(k) = group_means(scores.row(k)).transpose();
    const Eigen::RowVectorXd y = within(values.row(g));
    const Eigen::MatrixXd inverse = (x * x.transpose()).ldlt().solve(Eigen::MatrixXd::Identity(count, count));
    const Eigen::VectorXd loading = inverse * (x * y.transpose());
    const double variance = (y - loading.transpose() * x).squaredNorm() / (freedom - static_cast<double>(count));
    const Eigen::VectorXd mean = group_means(values.row(g));
    out.loading.row(g) = loading.transpose();
    out.loading_se.row(g) = (variance * inverse.diagonal()).cwiseSqrt().transpose();
    for (int group = 1; group < groups; ++group) {
      const Eigen::VectorXd difference = means.col(group) - means.col(0);
      out.effect(g, group) = mean[group] - mean[0];
      out.adjusted(g, group) = out.effect(g, group) - loading.dot(difference);
      out.adjusted_se(g, group) = std::sqrt(variance * (1 / size[static_cast<std::size_t>(group)] + 1 / size[0] + difference.dot(inverse * difference)));
    }
  });
  for (std::size_t k = 0; k < programmes.size(); ++k) {
    std::string moved;
    for (int group = 1; group < groups; ++group) {
      const Eigen::VectorXd mean = group_means(out.scores.row(static_cast<Eigen::Index>(k)));
      moved += fmt::format("{}{:+.2f}", moved.empty() ? "" : ", ", mean[group] - mean[0]);
    }
    out.notes.push_back(fmt::format("Programme {} moves by {} standard deviations in groups 1 to {}.", programmes[k].name, moved, groups - 1));
  }
  return out;
}

}  // namespace hyped
