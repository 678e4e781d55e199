// Network and simple models on arms they have not seen, where the scenario itself holds nothing out.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "experiments/grn/fit/grn_baselines.hpp"
#include "experiments/grn/grn_run.hpp"

namespace hyped {
namespace {

const BaselineRow* row_named(const GrnBaselines& all, const std::string& model) {
  for (const BaselineRow& row : all.rows)
    if (row.model == model) return &row;
  return nullptr;
}

// "network minus ridge on the inputs -0.01 (-0.03 to +0.01): no better"; what is said where there is no score.
std::string compared(const BaselineRow& network, const BaselineRow& other) {
  const std::string head = "network minus " + other.model;
  if (network.by_group.empty() || other.by_group.empty()) return fmt::format("{}: not known ({})", head, network.by_group.empty() ? network.why_not : other.why_not);
  std::vector<double> differences;
  for (std::size_t g = 0; g < network.by_group.size(); ++g) differences.push_back(network.by_group[g] - other.by_group[g]);
  const double n = static_cast<double>(differences.size());
  const PairedDifference d = paired_difference(differences, 1 / (n - 1));      // each group is held out once: one for the n - 1 that were learned from
  const std::string verdict = d.corrected_upper < 0 ? "better" : d.corrected_lower > 0 ? "worse" : d.mean < 0 ? "smaller, but not shown to be better" : "no better";
  return fmt::format("{} {:+.3g} (95 % {:+.3g} to {:+.3g}): {}", head, d.mean, d.corrected_lower, d.corrected_upper, verdict);
}

}  // namespace

void report_baselines(RunDirectory& run, const GrnScenario& scenario, const GrnData& data, const FittedGrn& fitted) {
  const GrnBaselines found = cross_validated_baselines(scenario, data, fitted);
  const std::string squared = data.squared_unit();
  Table table({{"model", "", ""}, {"mse", squared, "mean squared error of genes and phenotypes that were held out"}, {"lower", squared, ""}, {"upper", squared, ""}, {"pearson", "1", "over all of these values"},
               {"rms_se", "1", "root mean square error in standard errors of the means; empty: not known"}, {"interval", "", "of mse"}, {"note", "", ""}});
  const std::string group = fitted.fit.folds > 1 && static_cast<std::size_t>(fitted.fit.folds) < data.conditions.size() && found.held_out.find("fold") != std::string::npos ? "fold" : "arm";
  for (const BaselineRow& row : found.rows) {
    const ErrorInterval interval = row.why_not.empty() ? error_interval(row.mse, row.by_group, group, scenario.level) : ErrorInterval{std::nan(""), std::nan(""), "no value: " + row.why_not};
    table.add_row({row.model, cell_of(row.mse), cell_of(interval.lower), cell_of(interval.upper), cell_of(row.pearson), cell_of(row.rms_se), interval.words, row.note});
    if (std::isfinite(row.mse)) run.add_result("held_out_mse " + row.model, row.mse, squared);
  }
  Table shown({{"model", "", ""}, {"mse", "", ""}, {"lower", "", ""}, {"upper", "", ""}, {"pearson", "", ""}, {"rms_se", "", ""}, {"note", "", ""}});
  for (const auto& cells : table.rows()) shown.add_row({cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[7]});
  const std::string held = found.held_out.empty() ? "nothing can be held out" : found.held_out;
  fmt::print("\n{}(mse in {}; {}; {})\n\n", to_terminal(shown, "tables/baselines.tsv"), squared, held, std::get<std::string>(table.rows().back()[6]));
  run.add_table("baselines", table, fmt::format("Network and simple models on arms that each has not seen ({}).", held));
  if (!found.why_not.empty()) {
    run.add_warning(found.why_not);
    return;
  }
  const BaselineRow *network = row_named(found, "network"), *ridge = row_named(found, "ridge on the inputs"), *empty = row_named(found, "empty network"), *none = row_named(found, "no change");
  run.add_answer(fmt::format("Squared error on {}: {}; {}; {}.", held, compared(*network, *ridge), compared(*network, *empty), compared(*network, *none)));
}

}  // namespace hyped
