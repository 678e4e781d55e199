// Files, tables and figures of a sequencing twin.
#include "experiments/twin/cells/cells_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/report/figure.hpp"
#include "experiments/twin/cells/cells_files.hpp"
#include "experiments/twin/cells/cells_tables.hpp"
#include "experiments/twin/cells/cells_truth.hpp"

namespace hyped {
namespace {

// What is delivered over time in each arm, mean dose of reached cells.
void add_schedule_figure(RunDirectory& run, const Scenario& scenario, const CellsTwin& twin) {
  const std::vector<Column> columns{{"arm", "", ""}, {"input", "", ""}, {"time_h", "h", ""}, {"amount", "1", "silencing activity; protein and interferon answer relative to the peak of the reference dose"}};
  Table inputs(columns), answers(columns), events({{"time_h", "h", ""}, {"name", "", ""}});
  for (const auto& pool : twin.pools)
    for (std::size_t k = 0; k < twin.courses.size(); ++k) {
      const DeliveryCourse& course = twin.courses[k];
      const bool there = std::find(pool.inputs.begin(), pool.inputs.end(), course.input) != pool.inputs.end();
      for (double t = 0; t <= scenario.cells->harvest_h + 1e-9; t += 0.5) {
        inputs.add_row({pool.arm, course.kind == "sirna" ? "silencing" : "protein", t, there ? course.activity(1, t) : 0.0});
        if (course.kind != "sirna") answers.add_row({pool.arm, std::string("interferon answer"), t, there ? std::max(0.0, course.answer(t)) : 0.0});
      }
    }
  for (const auto& course : twin.courses) events.add_row({course.from_h, course.input});
  report::add_figure(run, {"cell_inputs", "What reaches a cell that took up the mean dose: silencing by siRNA and protein of the modified mRNA, in the arms that are sequenced.", "schedule", {{"inputs", inputs}, {"events", events}}, {}, "diagnostics"});
  if (!answers.rows().empty()) report::add_figure(run, {"cell_interferon", "The interferon answer to cytosolic mRNA in such a cell: it goes with MYOD1 in every arm.", "schedule", {{"inputs", answers}, {"events", events}}, {}, "diagnostics"});
}

void add_effect_figure(RunDirectory& run, const Table& effects) {
  Table rows({{"panel", "", ""}, {"name", "", ""}, {"estimate", "log2", ""}, {"lower", "log2", ""}, {"upper", "log2", ""}, {"truth", "log2", ""}});
  for (const auto& row : effects.rows())
    if (std::holds_alternative<double>(row[2])) rows.add_row({fmt::format("log2 fold against control, {}", std::get<std::string>(row[0])), row[1], row[2], row[3], row[4], row[5]});
  if (rows.rows().empty()) return;
  report::add_figure(run, {"effects", "What the counts of each arm show against the control library (95 % between cells), and the true change of the cells' levels (cross): they differ by library, ambient RNA and doublets.", "intervals", {{"rows", rows}}, {}, "answer"});
}

}  // namespace

void run_cells_twin(RunDirectory& run, const Scenario& scenario, std::uint64_t seed) {
  const CellsTwin twin = simulate_cells_twin(scenario, seed);
  const CellsTwinSettings& settings = *scenario.cells;
  if (!twin.outcome.ok()) {
    run.set_outcome(twin.outcome);
    return;
  }
  write_cells_files(twin, settings, run.path_for("data").parent_path());
  write_file(run.path_for("data/cells_truth.tsv"), to_tsv(truth_table(twin, settings)));
  run.add_table("truth_cells", setting_table(scenario, twin), "What the sequencing half was made with.");
  run.add_table("libraries", library_table(twin, settings), "Labels as given by most votes, and what their droplets hold.");
  run.add_table("network_genes", gene_table(twin, settings), "Every gene: its level, noise, offsets between libraries, and its constants in the network.");
  run.add_table("network_edges", edge_table(twin), "The network that moved the cells: every edge and every action of an input.");
  const Table effects = effect_table(scenario, twin);
  run.add_table("effects", effects, "Change of some genes against control: in the counts, and in the cells' true levels.");
  add_effect_figure(run, effects);
  add_schedule_figure(run, scenario, twin);
  double umis = 0;
  for (const float value : twin.counts.value) umis += value;
  const double rows = twin.droplets();
  long doublets = 0;
  for (const Droplet* d : droplets_of(twin)) doublets += d->samples.size() > 1 ? 1 : 0;
  run.add_result("cells", rows, "droplets");
  run.add_result("genes", static_cast<double>(twin.network.genes.size()), "genes");
  run.add_result("mean_umis", umis / rows, "UMIs per cell");
  run.add_result("mean_genes", static_cast<double>(twin.counts.stored()) / rows, "genes per cell");
  run.add_result("true_doublets", static_cast<double>(doublets) / rows, "share of droplets");
  std::vector<std::string> labels;
  for (const auto& library : settings.libraries) {
    for (const auto& sample : library.samples) labels.push_back(fmt::format("{} {}", sample.label, sample.cells));
    labels.push_back(fmt::format("{} {} without label", library.dataset, library.missing));
  }
  run.add_answer(fmt::format("{} cells x {} genes with {:.0f} UMIs and {:.0f} genes a cell; labels by most votes: {}.", twin.droplets(), twin.network.genes.size(), umis / rows, static_cast<double>(twin.counts.stored()) / rows, fmt::join(labels, ", ")));
  run.add_answer(fmt::format("{} droplets hold two cells ({:.2f} %), and the network has {} genes with {} edges (slowest mode {:.3f} 1/h).", doublets, 100.0 * static_cast<double>(doublets) / rows, twin.network.model->state_count(), twin.network.model->definition().edges.size(), twin.network.slowest));
  run.add_note("Phases of sorted controls are what was sorted, not the culture's composition; every arm is one culture; delivery (interferon) goes with the mRNA in every arm that has it.");
  if (twin.network.weakened > 0) run.add_note(fmt::format("Weights onto regulators were halved {} times so that the network without inputs is stable.", twin.network.weakened));
  if (twin.network.slowest >= 0) run.add_warning("The network without inputs is unstable: cells drift from their levels.");
}

}  // namespace hyped
