// Group profiles from sums over cells in fixed batches.
#include "libhyped/expression/preparation/pseudobulk.hpp"

#include <map>

#include "libhyped/errors.hpp"
#include "libhyped/expression/preparation/gene_moments.hpp"

namespace hyped {

GroupProfiles mean_of_logs(const SparseRows& values, std::span<const int> group, std::span<const std::string> names) {
  HYPED_REQUIRE(static_cast<int>(group.size()) == values.rows);
  std::vector<std::vector<int>> members = rows_by_label(group);
  members.resize(names.size());
  GroupProfiles out;
  out.mean.resize(static_cast<Eigen::Index>(names.size()), values.columns);
  out.standard_error.resizeLike(out.mean);
  for (std::size_t k = 0; k < members.size(); ++k) {
    if (members[k].empty()) throw InputError("group " + names[k], "has no cells", "leave it out");
    const GeneMoments moments = gene_moments(values, members[k]);
    out.mean.row(static_cast<Eigen::Index>(k)) = moments.mean.transpose();
    out.standard_error.row(static_cast<Eigen::Index>(k)) = (moments.variance / moments.cells).cwiseSqrt().transpose();
    out.cells.push_back(moments.cells);
  }
  return out;
}

Eigen::MatrixXd GroupSums::log_normalised(double target) const {
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(sum.rows(), sum.cols());
  for (Eigen::Index p = 0; p < sum.rows(); ++p)
    if (total[p] > 0) out.row(p) = (sum.row(p) * (target / total[p])).array().log1p().matrix();
  return out;
}

GroupSums group_sums(const SparseRows& counts, std::span<const int> group, std::span<const int> replicate) {
  HYPED_REQUIRE(static_cast<int>(group.size()) == counts.rows && (replicate.empty() || replicate.size() == group.size()));
  std::map<std::pair<int, int>, std::vector<int>> members;
  for (std::size_t i = 0; i < group.size(); ++i) {
    const int of = replicate.empty() ? 0 : replicate[i];
    if (group[i] >= 0 && of >= 0) members[{group[i], of}].push_back(static_cast<int>(i));
  }
  GroupSums out;
  out.sum.resize(static_cast<Eigen::Index>(members.size()), counts.columns);
  for (const auto& [key, cells] : members) {
    out.sum.row(static_cast<Eigen::Index>(out.cells.size())) = gene_sums<1>(counts, cells, [](int, double value, double* to) { to[0] += value; });
    out.group.push_back(key.first);
    out.replicate.push_back(key.second);
    out.cells.push_back(static_cast<int>(cells.size()));
  }
  out.total = out.sum.rowwise().sum();
  return out;
}

}  // namespace hyped
