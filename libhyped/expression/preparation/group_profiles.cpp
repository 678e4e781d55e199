// Group profiles from sums over cells in fixed batches.
#include "libhyped/expression/preparation/group_profiles.hpp"

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

}  // namespace hyped
