// Groups of cells behind training and truth.
#include "experiments/benchmark/run/condition_groups.hpp"

#include "experiments/benchmark/splits.hpp"
#include "libhyped/errors.hpp"

namespace hyped {
namespace {

ProfileMatrix taken(const ProfileMatrix& means, const std::vector<int>& rows) {
  ProfileMatrix out(static_cast<Eigen::Index>(rows.size()), means.cols());
  for (std::size_t i = 0; i < rows.size(); ++i) out.row(static_cast<Eigen::Index>(i)) = means.row(rows[i]);
  return out;
}

}  // namespace

ProfileMatrix ConditionGroups::learned_of(const ProfileMatrix& means) const { return taken(means, learned); }
ProfileMatrix ConditionGroups::truth_of(const ProfileMatrix& means) const { return taken(means, truth); }

ConditionGroups condition_groups(const BenchmarkCells& cells, std::uint64_t seed, bool shared_control) {
  ConditionGroups out;
  out.shared_control = shared_control;
  const auto halves = cell_halves(cells, seed, 0);
  std::vector<std::string> others;
  for (std::size_t l = 0; l < cells.conditions.size(); ++l) {
    const ResponseCondition& c = cells.conditions[l];
    out.groups.names.push_back(c.context.empty() ? c.name : c.name + " " + c.context);
    out.learned.push_back(static_cast<int>(l));
    out.truth.push_back(static_cast<int>(l));
    if (!c.perturbations.empty() || shared_control) continue;
    if (c.cells < 4) throw InputError(cells.where, "the control " + out.groups.names.back() + " has too few cells to be halved", "ask for --shared-control");
    out.truth.back() = static_cast<int>(cells.conditions.size() + others.size());
    others.push_back(out.groups.names.back() + ", other half");
  }
  out.groups.names.insert(out.groups.names.end(), others.begin(), others.end());
  for (std::size_t c = 0; c < cells.condition_of.size(); ++c) {
    const std::int32_t l = cells.condition_of[c];
    out.groups.of_cell.push_back(l < 0 || halves[c] == 0 ? l : static_cast<std::int32_t>(out.truth[static_cast<std::size_t>(l)]));
  }
  const auto sizes = out.groups.sizes();
  for (const int group : out.learned) out.learned_cells.push_back(sizes[static_cast<std::size_t>(group)]);
  return out;
}

}  // namespace hyped
