// The fitted network fitted again to cells or wells that were drawn anew.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/grn/grn_run.hpp"
#include "libhyped/counted.hpp"

namespace hyped {

GrnBootstrapRanges bootstrap_grn(RunDirectory& run, const GrnScenario& scenario, const GrnData& data, const FittedGrn& fitted) {
  GrnBootstrapRanges out;
  if (scenario.bootstrap.replicates == 0) return out;
  if (!fitted.fit.best().outcome.ok()) {      // refits would go on where the fit stopped, and that is no spread of the data
    run.add_warning("No refits to resampled cells were made: the fit is not the end of its descent, and refits would move on for that reason alone.");
    return out;
  }
  const NetworkProblem& problem = fitted.network.problem;
  const LadderStep& best = fitted.fit.best();
  std::vector<double> sizes;
  for (const GroupCells& cells : data.cells) sizes.push_back(cells.size.sum());
  NetworkFitOptions options = scenario.fit;
  options.ladder = {best.factor};
  options.patience = 0;
  const auto m = static_cast<Eigen::Index>(data.genes.size());
  const RefitToMeans refit = [&](const std::vector<Eigen::VectorXd>& means, Eigen::VectorXd& numbers) {
    NetworkProblem again = problem;
    again.blocks[0].mean[0].topRows(m) = effects_of(data, means, sizes).transpose();
    again.transform.values = problem.transform.natural(best.theta);      // from where the fit ended
    const auto ladder = descend_ladder(again, {}, options);
    if (ladder.empty() || !std::isfinite(ladder.back().misfit)) return ladder.empty() ? Outcome{Status::not_converged, "no descent"} : ladder.back().outcome.ok() ? Outcome{Status::not_converged, "the network has no state to compare with the data"} : ladder.back().outcome;
    numbers = problem.transform.natural(ladder.back().theta)(problem.transform.free);
    return Outcome{};
  };
  const bool wells = scenario.bootstrap.unit == ResampledUnit::wells;
  const CellBootstrap found = bootstrap_groups(data.cells, refit, {scenario.bootstrap.unit, scenario.bootstrap.replicates, scenario.fit.seed, scenario.level});
  if (!found.outcome.ok()) {
    run.set_outcome(found.outcome);
    if (found.numbers.rows() < 2) return out;
  }
  const Eigen::VectorXd estimate = problem.transform.natural(best.theta)(problem.transform.free);
  Table table({{"parameter", "", ""}, {"unit", "", ""}, {"estimate", "", "natural units"}, {"sd", "", fmt::format("over refits to resampled {}", wells ? "wells" : "cells")}, {"lower", "", fmt::format("{:g} %, percentiles, widened for few {}", 100 * scenario.level, wells ? "wells" : "cells")}, {"upper", "", ""}, {"same_sign", "1", "refits with the estimate's sign, and not 0"}, {"refits", "1", ""}});
  out.refits = static_cast<int>(found.numbers.rows());
  int kept = 0, edges = 0;
  for (Eigen::Index f = 0; f < estimate.size(); ++f) {
    const int same = static_cast<int>((found.numbers.col(f).array() * estimate[f] > 0).count());
    out.sd.push_back(found.sd[f]), out.lower.push_back(found.lower[f]), out.upper.push_back(found.upper[f]), out.same_sign.push_back(same);
    const GrnParameter& parameter = fitted.network.free[static_cast<std::size_t>(f)];
    const bool edge = parameter.kind == GrnParameterKind::edge;
    if (edge && estimate[f] != 0) ++edges, kept += same >= scenario.level * out.refits ? 1 : 0;
    if (!edge || estimate[f] != 0 || same > 0 || found.sd[f] > 0) table.add_row({parameter.name, unit_of(data, parameter), estimate[f], found.sd[f], found.lower[f], found.upper[f], std::int64_t{same}, std::int64_t{out.refits}});
  }
  run.add_table("bootstrap", table, fmt::format("Refits to {} drawn anew within their groups, at the chosen penalty, from where the fit ended. Corrections (programmes, libraries) and weights are held. Edges that were 0 in the fit and in all refits are left out.", wells ? "wells (n - 1 of n)" : "cells"));
  run.add_result("bootstrap_refits", out.refits, "1");
  run.add_answer(fmt::format("Of {}, {} {} the sign in {:g} % of {} refits to resampled {}.{}", counted(edges, "edge"), kept, agreed(kept, "keeps", "keep"), 100 * scenario.level, out.refits, wells ? "wells" : "cells", wells ? "" : " Cells of one culture are alike: other cultures may differ by more."));
  if (found.failures > 0) run.add_warning(fmt::format("{} of {} refits failed, first: {}.", found.failures, scenario.bootstrap.replicates, found.failure));
  return out;
}

}  // namespace hyped
