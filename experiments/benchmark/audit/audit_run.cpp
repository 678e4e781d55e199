// Tables and words of an audit.
#include "experiments/benchmark/audit/audit_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

Cell optional_cell(const std::optional<double>& value) { return value ? cell_of(*value) : Cell(); }

Table gains_table(const Audit& audit) {
  Table table{{{"preset", "", ""}, {"metric", "", ""}, {"scored_as", "", "mean profiles or cells"}, {"base", "", "the untouched prediction"}, {"trick", "", ""}, {"setting", "", ""}, {"before", "1", "mean over conditions"}, {"after", "1", ""},
               {"gain", "1", "in the metric's own direction"}, {"lower", "1", "95 % of all tricks of the metric together"}, {"upper", "1", ""}, {"gain_in_spans", "1", "of the distance from mean only to duplicate"}, {"conditions", "", "where both are defined"}, {"paid", "", ""}}};
  for (const auto& g : audit.gains)
    table.add_row({g.preset, g.metric, std::string(g.cells ? "cells" : "means"), g.base, g.trick, g.setting, optional_cell(g.before), optional_cell(g.after), g.gain ? cell_of(g.gain->estimate) : Cell(), g.gain ? cell_of(g.gain->lower) : Cell(), g.gain ? cell_of(g.gain->upper) : Cell(),
                   optional_cell(g.in_spans), static_cast<std::int64_t>(g.conditions), std::string(to_string(g.paid))});
  return table;
}

Table verdicts_table(const Audit& audit) {
  Table table{{{"preset", "", ""}, {"metric", "", ""}, {"verdict", "", "certified: no trick here gains"}, {"sees_labels", "", "shuffled labels cost something"}, {"tricks_that_gain", "", ""}, {"largest_gain", "", "in spans"}, {"by", "", ""}}};
  for (const auto& v : audit.verdicts)
    table.add_row({v.preset, v.metric, std::string(v.certified ? "certified" : "pays for tricks"), std::string(v.sees_labels ? "yes" : "no"), static_cast<std::int64_t>(v.gained_by.size()), v.worst ? optional_cell(v.worst->in_spans) : Cell(),
                   v.worst ? fmt::format("{}{}{} of {}", v.worst->trick, v.worst->setting.empty() ? "" : " ", v.worst->setting, v.worst->base) : std::string()});
  return table;
}

Table sweep_table(const std::vector<ScaleRow>& rows) {
  Table table{{{"scale", "1", "of the predicted change"}, {"duplicate_pds_l1", "1", "own gene out by label, ties half, N - 1"}, {"duplicate_pds_l2", "1", ""}, {"duplicate_pds_cosine", "1", ""}, {"noisy_pds_l1", "1", "0.3 truth + noise"}, {"noisy_pds_l2", "1", ""},
               {"duplicate_mae", "1", ""}, {"no_change_mae", "1", ""}}};
  for (const auto& r : rows)
    table.add_row({r.scale, optional_cell(r.duplicate_l1.mean.value), optional_cell(r.duplicate_l2.mean.value), optional_cell(r.duplicate_cosine.mean.value), optional_cell(r.noisy_l1.mean.value), optional_cell(r.noisy_l2.mean.value), optional_cell(r.duplicate_mae.mean.value), optional_cell(r.no_change_mae.mean.value)});
  return table;
}

Table degenerate_table(const std::vector<DegenerateRow>& rows) {
  Table table{{{"condition", "", ""}, {"real", "genes", "significant, truth"}, {"duplicate", "genes", ""}, {"des_duplicate", "1", "overlap_at_N"}, {"mean_cells", "genes", "every cell is the duplicate's mean"}, {"des_mean_cells", "1", ""}, {"shifted_control", "genes", "control cells plus the duplicate's change, clipped at 0"}, {"des_shifted_control", "1", ""}}};
  for (const auto& r : rows) table.add_row({r.condition, std::int64_t{r.real}, std::int64_t{r.duplicate}, r.des_duplicate, std::int64_t{r.mean_cells}, r.des_mean_cells, std::int64_t{r.shifted_control}, r.des_shifted_control});
  return table;
}

double mean_of(const std::vector<DegenerateRow>& rows, const auto& value, bool with_genes = false) {
  double sum = 0, n = 0;
  for (const auto& r : rows)
    if (!with_genes || r.real > 0) sum += static_cast<double>(value(r)), n += 1;
  return n > 0 ? sum / n : std::nan("");
}

void add_degenerate_results(RunDirectory& run, const AuditData& data, const std::vector<DegenerateRow>& rows) {
  run.add_result("genes_significant_truth", mean_of(rows, [](const auto& r) { return r.real; }), "genes");
  run.add_result("genes_significant_duplicate", mean_of(rows, [](const auto& r) { return r.duplicate; }), "genes");
  run.add_result("genes_significant_mean_cells", mean_of(rows, [](const auto& r) { return r.mean_cells; }), "genes");
  run.add_result("genes_significant_shifted_control", mean_of(rows, [](const auto& r) { return r.shifted_control; }), "genes");
  run.add_result("des_duplicate", mean_of(rows, [](const auto& r) { return r.des_duplicate; }), "1");
  run.add_result("des_duplicate_where_truth_has_genes", mean_of(rows, [](const auto& r) { return r.des_duplicate; }, true), "1");
  run.add_answer(fmt::format("Of {} genes the truth calls {:.1f} significant in a condition; a prediction whose cells are all their mean has {:.1f}, control cells moved by the change {:.1f}.", data.genes.size(), mean_of(rows, [](const auto& r) { return r.real; }),
                             mean_of(rows, [](const auto& r) { return r.mean_cells; }), mean_of(rows, [](const auto& r) { return r.shifted_control; })));
}

}  // namespace

void run_audit(RunDirectory& run, const std::filesystem::path& file, const AuditSettings& settings) {
  run.set_title("Audit of metrics on " + file.filename().string(), "Which metrics pay for changes to a prediction that add no knowledge?");
  const AuditData data = read_audit_data(run, file, settings);
  std::vector<std::string> known;
  for (const auto& d : dialects()) known.push_back(d.id);
  for (const auto& preset : settings.presets)
    if (std::find(known.begin(), known.end(), preset) == known.end()) throw InputError("--preset " + preset, "is not known", did_you_mean(preset, known));
  const auto sweep = scale_sweep(data, {0, 0.1, 0.3, 1, 3, 10, 100}, settings.seed);
  const auto degenerate = degenerate_cells(data, settings.seed);
  const Audit audit = audit_of(scored_submissions(data, settings), {settings.level, 0.01, "duplicate", "mean only", settings.seed});
  run.add_table("verdicts", verdicts_table(audit), "Each metric of each preset: does any trick gain.");
  run.add_table("gains", gains_table(audit), "What each trick does to each score. A gain counts if its interval is above 0 and it is above 1 % of the span; of a metric over all conditions at once, which has no interval, above 5 %.");
  run.add_table("scale_sweep", sweep_table(sweep), "Predicted changes times one number: discrimination by Manhattan and Euclidean distance pays for scale, by cosine it does not.");
  run.add_table("degenerate_cells", degenerate_table(degenerate), "Genes called significant (Wilcoxon, 5 % false discovery) and their overlap with the truth's.");
  add_audit_figures(run, audit, sweep);
  const double systematic = systematic_variation(data);
  run.add_result("systematic_variation", systematic, "1");
  add_degenerate_results(run, data, degenerate);
  std::size_t certified = 0, scored = 0, blind = 0;
  std::map<std::string, std::vector<std::string>> clean;
  for (const auto& v : audit.verdicts) {
    ++scored, certified += v.certified, blind += v.certified && !v.sees_labels;
    if (v.certified && v.sees_labels) clean[v.preset].push_back(v.metric);
  }
  run.add_result("metrics_scored", static_cast<double>(scored), "");
  run.add_result("metrics_certified", static_cast<double>(certified), "");
  run.add_answer(fmt::format("{} of {} metrics pay for at least one trick on these data; {} pay for none and fall when predictions are given to other conditions, {} pay for none but do not surely fall then: they cannot tell a right prediction from a wrong one here.", scored - certified, scored, certified - blind, blind));
  for (const auto& [preset, metrics] : clean) run.add_answer(fmt::format("Certified in {}: {}.", preset, fmt::join(metrics, ", ")));
  run.add_note("Certified means that none of these tricks gains on these data and these three predictions; it is no proof for others.");
  for (const auto& answer : run.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
}

}  // namespace hyped
