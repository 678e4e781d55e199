// Distances of every prediction from every truth, and what their order says.
#include "libhyped/score/bulk/discrimination.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/score/bulk/vectors.hpp"

namespace hyped {
namespace {

double distance_of(const double* a, const double* b, Eigen::Index genes, ProfileDistance distance, const std::vector<char>& out) {
  double sum = 0, aa = 0, bb = 0;
  switch (distance) {
    case ProfileDistance::l1:
      for (Eigen::Index g = 0; g < genes; ++g)
        if (!out[static_cast<std::size_t>(g)]) sum += std::abs(a[g] - b[g]);
      return sum;
    case ProfileDistance::l2:
      for (Eigen::Index g = 0; g < genes; ++g)
        if (!out[static_cast<std::size_t>(g)]) sum += (a[g] - b[g]) * (a[g] - b[g]);
      return std::sqrt(sum);
    case ProfileDistance::cosine:
      for (Eigen::Index g = 0; g < genes; ++g)
        if (!out[static_cast<std::size_t>(g)]) sum += a[g] * b[g], aa += a[g] * a[g], bb += b[g] * b[g];
      return aa > 0 && bb > 0 ? 1 - sum / std::sqrt(aa * bb) : 1;
  }
  return 0;
}

ProfileMatrix rows_taken(const ProfileMatrix& m, const std::vector<std::size_t>& rows) {
  ProfileMatrix out(static_cast<Eigen::Index>(rows.size()), m.cols());
  for (std::size_t i = 0; i < rows.size(); ++i) out.row(static_cast<Eigen::Index>(i)) = m.row(static_cast<Eigen::Index>(rows[i]));
  return out;
}

}  // namespace

ProfileMatrix discrimination_distances(const ProfileMatrix& truth, const ProfileMatrix& predicted, ProfileDistance distance, const std::vector<std::vector<std::size_t>>& left_out) {
  HYPED_REQUIRE(truth.rows() == predicted.rows() && truth.cols() == predicted.cols());
  const Eigen::Index n = truth.rows(), genes = truth.cols();
  HYPED_REQUIRE(left_out.size() <= 1 || static_cast<Eigen::Index>(left_out.size()) == n);
  ProfileMatrix out(n, n);
  parallel_for(static_cast<int>(n), [&](int p) {
    std::vector<char> skip(static_cast<std::size_t>(genes), 0);
    if (!left_out.empty())
      for (const std::size_t g : left_out[left_out.size() == 1 ? 0 : static_cast<std::size_t>(p)]) skip[g] = 1;
    for (Eigen::Index q = 0; q < n; ++q) out(p, q) = distance_of(predicted.row(p).data(), truth.row(q).data(), genes, distance, skip);
  });
  return out;
}

std::vector<MetricValue> discrimination(const ProfileMatrix& distances, DiscriminationRule rule, const std::vector<std::string>& names) {
  const Eigen::Index n = distances.rows();
  HYPED_REQUIRE(distances.cols() == n && static_cast<Eigen::Index>(names.size()) == n);
  std::vector<MetricValue> out;
  const bool of_all = rule == DiscriminationRule::argsort || rule == DiscriminationRule::below_only;
  for (Eigen::Index p = 0; p < n; ++p) {
    if (n < 2 && !of_all) {
      out.push_back(undefined("one condition alone has nothing to be told apart from"));
      continue;
    }
    double below = 0, equal = 0, before = 0;
    for (Eigen::Index q = 0; q < n; ++q) {
      if (q == p) continue;
      if (distances(p, q) < distances(p, p)) ++below;
      else if (distances(p, q) == distances(p, p)) ++equal, before += names[static_cast<std::size_t>(q)] < names[static_cast<std::size_t>(p)] ? 1 : 0;
    }
    const auto all = static_cast<double>(n);
    switch (rule) {
      case DiscriminationRule::mid_rank: out.push_back(defined(1 - (below + equal / 2) / (all - 1))); break;
      case DiscriminationRule::argsort: out.push_back(defined(1 - (below + before) / all)); break;
      case DiscriminationRule::below_only: out.push_back(defined(1 - below / all)); break;
      case DiscriminationRule::strictly_nearer: out.push_back(defined((all - 1 - below - equal) / (all - 1))); break;
    }
  }
  return out;
}

std::vector<MetricValue> transposed_rank(const ProfileMatrix& distances) {
  std::vector<MetricValue> out;
  const Eigen::Index n = distances.rows();
  for (Eigen::Index q = 0; q < n; ++q) {
    if (n < 2) {
      out.push_back(undefined("one condition alone has no rank"));
      continue;
    }
    double below = 0, equal = 0;
    for (Eigen::Index p = 0; p < n; ++p)
      if (p != q) below += distances(p, q) < distances(q, q) ? 1 : 0, equal += distances(p, q) == distances(q, q) ? 1 : 0;
    out.push_back(defined((below + equal / 2) / static_cast<double>(n)));
  }
  return out;
}

std::vector<MetricValue> discrimination_of(const EffectComparison& pair, const DiscriminationForm& form) {
  using LeftOut = DiscriminationForm::LeftOut;
  std::map<std::string, std::vector<std::size_t>> contexts;
  for (std::size_t i = 0; i < pair.conditions.size(); ++i) contexts[pair.conditions[i].context].push_back(i);
  std::map<std::string, std::size_t> gene_at;
  for (std::size_t g = 0; g < pair.genes.size(); ++g) gene_at.emplace(pair.genes[g], g);
  std::vector<MetricValue> out(pair.conditions.size());
  for (const auto& [context, rows] : contexts) {
    const ProfileMatrix truth = changes(rows_taken(pair.truth, rows), rows_taken(pair.control, rows));
    const ProfileMatrix predicted = changes(rows_taken(pair.predicted, rows), rows_taken(form.predicted_control ? pair.predicted_control : pair.control, rows));
    std::vector<std::vector<std::size_t>> left_out;
    std::vector<std::string> names;
    if (form.left_out == LeftOut::all_own_genes) left_out.emplace_back();
    for (const std::size_t i : rows) {
      names.push_back(pair.conditions[i].name);
      if (form.left_out == LeftOut::all_own_genes && i < pair.own_genes.size()) left_out[0].insert(left_out[0].end(), pair.own_genes[i].begin(), pair.own_genes[i].end());
      if (form.left_out != LeftOut::own_gene_by_label) continue;
      left_out.emplace_back();
      if (const auto found = gene_at.find(pair.conditions[i].name); found != gene_at.end()) left_out.back().push_back(found->second);
    }
    const ProfileMatrix distances = discrimination_distances(truth, predicted, form.distance, left_out);
    const auto values = form.transposed ? transposed_rank(distances) : discrimination(distances, form.rule, names);
    for (std::size_t k = 0; k < rows.size(); ++k) out[rows[k]] = values[k];
  }
  return out;
}

}  // namespace hyped
