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
  return path_trajectory(experiment.sample_times_h, model.state_count(), "exact SSA (direct method)", [&](const SampleSink& sink) -> PathEnd {
    const Outcome outcome = path.run(trajectory, sink);
    return {outcome, path.reactions()};
  });
}

SsaEnsemble simulate_ssa_ensemble(const Model& model, std::span<const double> parameters, const Experiment& experiment, int runs,
                                  const SsaOptions& options, const Observables& observables) {
  if (runs < 1) throw InputError("stochastic simulation", "at least one run is needed");
  const Plan plan = plan_of(model, parameters, experiment);
  const JumpNetwork network(model, parameters, plan);
  PathMoments moments = path_moments(runs, plan.sample_count, model.state_count() + observables.count, [&]() -> PathSimulator {
    const auto path = std::make_shared<ExactPath>(network, plan, parameters, experiment, options);      // std::function copies
    return [path, &observables](int k, const SampleSink& record) -> PathEnd {
      Outcome outcome = path->run(static_cast<std::uint32_t>(k), observed(observables, record));
      return {std::move(outcome), path->reactions()};
    };
  });
  if (!moments.outcome.ok()) return {{}, {}, {}, runs, std::move(moments.outcome), moments.reactions};
  return {experiment.sample_times_h, std::move(moments.mean), std::move(moments.covariance), runs, std::move(moments.outcome), moments.reactions};
}

}  // namespace hyped
