// Exact paths as trajectories and ensembles.
#include "libhyped/simulate/ssa.hpp"

#include "libhyped/simulate/exact_path.hpp"
#include "libhyped/simulate/path_moments.hpp"

namespace hyped {

using Eigen::Index;

Trajectory simulate_ssa(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                        const SsaOptions& options, std::uint32_t trajectory) {
  const Plan plan = plan_of(model, parameters, experiment);
  const JumpNetwork network(model, parameters, plan);
  ExactPath path(network, plan, parameters, experiment, options);
  Trajectory out;
  out.method = "exact SSA (direct method)";
  out.states.resize(plan.sample_count, model.state_count());
  Index row = 0;
  out.outcome = path.run(trajectory, [&](std::span<const double> x) {
    out.states.row(row) = Eigen::Map<const Eigen::RowVectorXd>(x.data(), static_cast<Index>(x.size()));
    out.times_h.push_back(experiment.sample_times_h[static_cast<std::size_t>(row++)]);
  });
  out.states.conservativeResize(row, Eigen::NoChange);
  out.work.steps = path.reactions();
  return out;
}

SsaEnsemble simulate_ssa_ensemble(const Model& model, std::span<const double> parameters, const Experiment& experiment, int runs,
                                  const SsaOptions& options) {
  if (runs < 1) throw InputError("stochastic simulation", "at least one run is needed");
  const Plan plan = plan_of(model, parameters, experiment);
  const JumpNetwork network(model, parameters, plan);
  PathMoments moments = path_moments(runs, plan.sample_count, model.state_count(), [&]() -> PathSimulator {
    const auto path = std::make_shared<ExactPath>(network, plan, parameters, experiment, options);      // std::function copies
    return [path](int k, const Record& record) -> PathEnd {
      Outcome outcome = path->run(static_cast<std::uint32_t>(k), record);
      return {std::move(outcome), path->reactions()};
    };
  });
  return {experiment.sample_times_h, std::move(moments.mean), std::move(moments.covariance), runs, std::move(moments.outcome), moments.reactions};
}

}  // namespace hyped
