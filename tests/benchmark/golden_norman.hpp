// The cells of norman_triplets.h5ad as comparisons, and the reference numbers made from them elsewhere.
#pragma once
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "libhyped/score/metric.hpp"
#include "tests/expression/shared_cells.hpp"

namespace hyped::testing {

// The golden file; NaN, which JSON has not, becomes null.
inline nlohmann::json golden_norman() {
  const auto file = shared_file("data/scrna/golden/golden_norman.json");
  if (file.empty()) return {};
  std::ifstream in(file);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  for (std::size_t at = 0; (at = text.find("NaN", at)) != std::string::npos;) text.replace(at, 3, "null");
  return nlohmann::json::parse(text);
}

// Cells of one condition; part 0: all, 1: every other from the first, 2: the rest of them.
struct NormanCells {
  SharedCells cells{shared_file("data/scrna/norman2019_mcfaline2023_perturbench_devel/norman_triplets.h5ad")};
  std::vector<std::string> labels = cells.labels("condition");

  std::vector<int> rows(const std::string& condition, int part) const {
    std::vector<int> out;
    int seen = 0;
    for (std::size_t c = 0; c < labels.size(); ++c)
      if (labels[c] == condition) {
        const bool even = seen++ % 2 == 0;
        if (part == 0 || even == (part == 1)) out.push_back(static_cast<int>(c));
      }
    return out;
  }
  Eigen::MatrixXd cloud(const std::string& condition, int part) const {
    const auto taken = rows(condition, part);
    Eigen::MatrixXd out = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(taken.size()), cells.matrix.columns);
    for (std::size_t i = 0; i < taken.size(); ++i)
      for (std::size_t k = 0; k < cells.matrix.columns_of(taken[i]).size(); ++k) out(static_cast<Eigen::Index>(i), cells.matrix.columns_of(taken[i])[k]) = static_cast<double>(cells.matrix.values_of(taken[i])[k]);
    return out;
  }
  Eigen::RowVectorXd mean(const std::string& condition, int part) const { return cloud(condition, part).colwise().mean(); }
};

// The larger of the two numbers is the measure; both undefined is no difference, one is infinitely far.
inline double relative_difference(const MetricValue& ours, const nlohmann::json& golden) {
  if (golden.is_null() || !ours.value) return golden.is_null() && !ours.value ? 0 : std::numeric_limits<double>::infinity();
  const double a = *ours.value, b = golden.get<double>();
  return a == b ? 0 : std::abs(a - b) / std::max(std::abs(a), std::abs(b));
}

// Differences by name, the largest of each.
struct WorstDifferences {
  std::map<std::string, double> worst;
  int compared = 0;
  void see(const std::string& name, const MetricValue& ours, const nlohmann::json& golden) {
    ++compared;
    auto& w = worst[name];
    w = std::max(w, relative_difference(ours, golden));
  }
};

}  // namespace hyped::testing
