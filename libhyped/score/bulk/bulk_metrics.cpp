// The list of metrics, put together from its families.
#include "libhyped/score/bulk/bulk_metrics.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "libhyped/errors.hpp"
#include "libhyped/score/bulk/metric_families.hpp"

namespace hyped {

std::vector<Metric> bulk_metrics(OwnGenes own) {
  std::vector<Metric> out = absolute_metrics(own);
  for (auto* family : {&change_metrics, &perturbed_mean_metrics, &top_gene_metrics, &weighted_metrics, &gears_metrics}) {
    const auto more = (*family)(own);
    out.insert(out.end(), more.begin(), more.end());
  }
  const auto more = discrimination_metrics();
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

Metric bulk_metric(std::string_view id, OwnGenes own) {
  std::vector<std::string> names;
  for (Metric& m : bulk_metrics(own)) {
    if (m.id == id) return m;
    names.push_back(m.id);
  }
  throw InputError("metric " + std::string(id), "is not known", did_you_mean(id, names));
}

void check_comparison(const EffectComparison& pair, const std::string& where) {
  const auto n = static_cast<Eigen::Index>(pair.conditions.size()), g = static_cast<Eigen::Index>(pair.genes.size());
  const auto fits = [&](const ProfileMatrix& m, bool needed) { return (m.rows() == n && m.cols() == g) || (!needed && m.size() == 0); };
  if (n == 0) throw InputError(where, "no condition is left to score");
  if (g == 0) throw InputError(where, "no gene is left to score");
  for (const ProfileMatrix* m : {&pair.truth, &pair.predicted, &pair.control, &pair.predicted_control})
    if (!fits(*m, true)) throw InputError(where, fmt::format("a matrix of profiles is {} x {}, not {} conditions x {} genes", m->rows(), m->cols(), n, g));
  for (const ProfileMatrix* m : {&pair.perturbed_mean, &pair.de_score, &pair.contrast_score, &pair.truth_error, &pair.control_error})
    if (!fits(*m, false)) throw InputError(where, fmt::format("evidence beside the profiles is {} x {}, not {} conditions x {} genes", m->rows(), m->cols(), n, g));
  if (!pair.own_genes.empty() && static_cast<Eigen::Index>(pair.own_genes.size()) != n) throw InputError(where, "own genes are not given for every condition");
  for (const auto& list : pair.own_genes)
    for (const std::size_t at : list)
      if (at >= pair.genes.size()) throw InputError(where, "a condition's own gene is outside the genes that are scored");
  std::set<std::string> seen;
  for (const std::string& gene : pair.genes)
    if (!seen.insert(gene).second) throw InputError(where, fmt::format("gene {} is there twice", gene), "make names unique, or add such genes up, before scoring");
  seen.clear();
  for (const ResponseCondition& c : pair.conditions)
    if (!seen.insert(c.name + "\n" + c.context).second) throw InputError(where, fmt::format("condition {}{} is there twice", c.name, c.context.empty() ? "" : " in " + c.context));
  const auto finite = [&](const ProfileMatrix& m, const char* what) {
    for (Eigen::Index i = 0; i < m.rows(); ++i)
      for (Eigen::Index j = 0; j < m.cols(); ++j)
        if (!std::isfinite(m(i, j))) throw InputError(where, fmt::format("{} of {}, gene {}, is {}", what, pair.conditions[static_cast<std::size_t>(i)].name, pair.genes[static_cast<std::size_t>(j)], m(i, j)), "repair the file where it is written");
  };
  finite(pair.truth, "the truth"), finite(pair.predicted, "the prediction"), finite(pair.control, "the control"), finite(pair.predicted_control, "the control of the prediction");
}

}  // namespace hyped
