// Published values beside the fitted ones.
#include <fmt/format.h>

#include <cmath>

#include "experiments/cycle/cycle_fit.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

void write_references(RunDirectory& run, const Scenario& scenario, const CycleFit& fitted) {
  if (scenario.references.empty()) return;
  Table table({{"condition", "", ""}, {"parameter", "", ""}, {"quantity", "", ""}, {"unit", "", ""}, {"published", "", ""}, {"estimate", "", "here"}, {"lower", "", "95 %"}, {"upper", "", ""}, {"ratio", "1", "estimate / published"}, {"inside", "", "is the published value in the interval?"}, {"source", "", ""}});
  const ParameterSpace& space = fitted.problem->space();
  int inside = 0, known = 0;
  double squares = 0;
  for (const ReferenceValue& reference : scenario.references) {
    const int own = space.index(reference.parameter + "@" + reference.condition), index = own >= 0 ? own : space.index(reference.parameter);
    if (index < 0)
      throw InputError(scenario.file.string(), fmt::format("a [[reference]] names the parameter '{}', which is not free in '{}'", reference.parameter, reference.condition), did_you_mean(reference.parameter, space.names()));
    if (reference.quantity != "mean_duration" && reference.quantity != "value")
      throw InputError(scenario.file.string(), "a [[reference]] has the quantity '" + reference.quantity + "'", "use \"mean_duration\" (1 / rate) or \"value\"");
    const FittedParameter& p = fitted.fit.parameters[static_cast<std::size_t>(index)];
    const bool duration = reference.quantity == "mean_duration";
    const double value = duration ? 1 / p.estimate : p.estimate, lower = duration ? 1 / p.upper : p.lower, upper = duration ? 1 / p.lower : p.upper;
    std::string verdict = "not identified";
    if (p.identified) {
      ++known;
      const bool holds = lower <= reference.value && reference.value <= upper;
      inside += holds ? 1 : 0;
      squares += std::pow(std::log(value / reference.value), 2);
      verdict = holds ? "yes" : value > reference.value ? "no, longer here" : "no, shorter here";
      if (!duration && !holds) verdict = "no";
    }
    table.add_row({reference.condition, reference.parameter, reference.quantity, reference.unit, reference.value, value, p.identified ? cell_of(lower) : Cell{}, p.identified ? cell_of(upper) : Cell{}, value / reference.value, verdict, reference.source});
  }
  run.add_table("reference_comparison", table, "Published values beside the fitted ones.");
  run.add_result("references_inside", static_cast<double>(inside), "1");
  run.add_result("references", static_cast<double>(scenario.references.size()), "1");
  if (known > 0) run.add_answer(fmt::format("{} of {} published values lie in the 95 % intervals found here; typical ratio (root mean square of logs) {:.2f}.", inside, known, std::exp(std::sqrt(squares / known))));
}

}  // namespace hyped
