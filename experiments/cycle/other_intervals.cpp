// Intervals from elsewhere, beside the default ones: bootstraps, and likelihoods of independent frames.
#include <fmt/format.h>

#include "experiments/cycle/cycle_fit.hpp"
#include "fitting/bootstrap.hpp"
#include "fitting/independent_fit.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

void write_bootstraps(RunDirectory& run, const Scenario& scenario, CycleFit& fitted, std::uint64_t seed) {
  Table table({{"bootstrap", "", ""}, {"name", "", ""}, {"unit", "", ""}, {"estimate", "", ""}, {"lower", "", "95 % percentile interval"}, {"upper", "", ""}, {"sd", "", "search scale"}, {"used", "", "refits behind it"}});
  auto add = [&](const char* kind, int replicates, const Bootstrap& bootstrap) {
    for (const auto& p : bootstrap.parameters) table.add_row({std::string(kind), p.name, p.unit, p.estimate, cell_of(p.lower), cell_of(p.upper), cell_of(p.sd), static_cast<std::int64_t>(p.used)});
    fitted.fit.failed_solves.add(bootstrap.failed_solves);
    for (const auto& note : bootstrap.notes) run.add_note(fmt::format("{} bootstrap: {}", kind, note));
    if (bootstrap.failures > 0) run.add_warning(fmt::format("{} bootstrap: {} of {} refits failed.", kind, bootstrap.failures, replicates));
  };
  BootstrapOptions options;
  options.records = scenario.records.in("bootstrap");
  options.seed = seed;
  if (scenario.bootstrap_parametric > 0) {
    options.replicates = scenario.bootstrap_parametric;
    add("parametric", options.replicates, bootstrap_parametric(*fitted.problem, fitted.fit, options));
  }
  if (scenario.bootstrap_wells > 0) {
    options.replicates = scenario.bootstrap_wells;
    add("wells", options.replicates, bootstrap_wells(*fitted.problem, fitted.fit, options));
  }
  if (!table.rows().empty()) run.add_table("bootstrap", table, "Percentile intervals of refits: to data drawn from the fitted model (parametric), or to wells drawn within arms (wells).");
}

void write_independent_fits(RunDirectory& run, const Scenario& scenario, CycleFit& fitted) {
  if (scenario.independent.empty()) return;
  Table table({{"likelihood", "", ""}, {"name", "", ""}, {"unit", "", ""}, {"estimate", "", ""}, {"lower", "", "95 % Wald, every frame taken as new cells"}, {"upper", "", ""}, {"log_likelihood", "", ""}, {"outcome", "", ""}});
  for (const auto& name : scenario.independent) {
    IndependentOptions options;
    options.noise = independent_noise_named(name, scenario.file.string());
    options.starts = scenario.fit.starts;
    const IndependentFit fit = fit_independent(*fitted.problem, options);
    for (std::size_t s = 0; s < fit.starts.size(); ++s) fitted.fit.failed_solves.add(fmt::format("{} start {}", name, s + 1), fit.starts[s].solves, fitted.problem->space());
    for (const auto& p : fit.parameters)
      table.add_row({name, p.name, p.unit, cell_of(p.estimate), p.identified ? cell_of(p.lower) : Cell{}, p.identified ? cell_of(p.upper) : Cell{}, cell_of(fit.log_likelihood), std::string(to_string(fit.outcome.status))});
  }
  run.add_table("independent_fits", table, "The same model with independent frames: exact for snapshots of different cells, overconfident for films of the same cells.");
}

}  // namespace hyped
