// `hyped grn knockouts KNOCKOUTS` and `hyped grn dual-arm CELLS`.
#include "experiments/commands/grn_interventions.hpp"

#include <fmt/format.h>

#include "experiments/commands/cells.hpp"
#include "experiments/commands/checks.hpp"
#include "experiments/commands/narrow_help.hpp"
#include "experiments/interventions/intervention_run.hpp"
#include "libhyped/store/table.hpp"

namespace hyped::commands {
namespace {

void print_answers(const RunDirectory& folder) {
  for (const auto& answer : folder.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
}

}  // namespace

void add_grn_interventions(CLI::App& grn, int& exit_code) {
  struct Knockouts : CellsArguments {
    KnockoutSettings settings;
  };
  auto edges = std::make_shared<Knockouts>();      // shared with the callbacks
  auto* knockouts = grn.add_subcommand("knockouts", "Edges from levels after knock-outs and knock-downs, with their posterior");
  knockouts->add_option("KNOCKOUTS", edges->settings.knockouts, "table with a header of genes, row i: gene i knocked out")->required();
  knockouts->add_option("--knockdowns", edges->settings.knockdowns, "the same with half of the transcription left");
  knockouts->add_option("--series", edges->settings.series, "time series that begin and end in the wild type");
  knockouts->add_option("--rows-each", edges->settings.rows_each, "rows of one time series")->check(positive_count());
  knockouts->add_option("--gold", edges->settings.gold, "true edges (regulator, target, 0 or 1), for a score");
  knockouts->add_option("--steps", edges->settings.steps, "of each Markov chain")->check(positive_count());
  edges->add_common(*knockouts, "hyped grn knockouts knockouts.tsv --knockdowns knockdowns.tsv --series timeseries.tsv --out out/edges");
  knockouts->callback([edges, &exit_code] {
    edges->settings.seed = edges->seed;
    run_in_folder(*edges, exit_code, [&](RunDirectory& folder) { run_knockout_edges(folder, edges->settings), print_answers(folder); });
  });

  struct DualArm : CellsArguments {
    DualArmSettings settings;
  };
  auto both = std::make_shared<DualArm>();
  DualArmSettings& s = both->settings;
  auto* dual = grn.add_subcommand("dual-arm", "The arm with both doses predicted from those with none and one");
  dual->add_option("CELLS", s.cells, "counts with a column 'condition'")->required();
  dual->add_option("--edges", s.edges, "signed edges beforehand: regulator, target, sign")->required();
  dual->add_option("--silenced", s.silenced, "gene of the siRNA")->required()->option_text("REQUIRED");
  dual->add_option("--delivered", s.delivered, "gene of the mRNA")->required()->option_text("REQUIRED");
  dual->add_option("--depth", s.depth, "greatest mean count of a gene in the control")->required()->check(positive_number());
  for (const auto& [name, value, what] : {std::tuple{"--depth-si", &s.depth_si, "the same with the siRNA, if another"}, {"--depth-mm", &s.depth_mm, "with the mRNA"}, {"--depth-both", &s.depth_both, "with both"}}) dual->add_option(name, *value, what)->check(positive_number())->group(rarely_used);
  dual->add_option("--metadata", s.metadata, "columns of CELLS that are no genes")->delimiter(',')->group(rarely_used);
  for (const auto& [name, value, what] : {std::tuple{"--ctrl", &s.ctrl, "condition without doses"}, {"--si", &s.si, "with the siRNA"}, {"--mm", &s.mm, "with the mRNA"}, {"--both", &s.both, "with both: only scored, if there"}})
    dual->add_option(name, *value, what);
  for (const auto& [name, value, what] : {std::tuple{"--precision", &s.precision, "share of the edges given that is right"}, {"--recall", &s.recall, "share of all edges that is given"}, {"--strength", &s.doses.strength, "siRNA: extra degradation over the natural one"},
                                          {"--sirna-half-life-h", &s.doses.sirna_half_life_h, "after the wash"}, {"--wash-h", &s.doses.wash_h, "of the siRNA"}, {"--dose", &s.doses.dose, "mRNA delivered, in levels"}, {"--delivery-h", &s.doses.delivery_h, "of the mRNA"},
                                          {"--mrna-half-life-h", &s.doses.delivered_half_life_h, "of the delivered mRNA"}, {"--end-h", &s.end_h, "when cells were taken"}, {"--minutes-per-hour", &s.fit.minutes_per_hour, "60, or the time scale of a simulated network"}})
    dual->add_option(name, *value, what)->check(positive_number())->capture_default_str()->group(rarely_used);
  both->add_common(*dual, "hyped grn dual-arm cells.csv --edges prior.tsv --silenced PRRX1 --delivered MYOD1 --depth 20 --out out/dual");
  dual->callback([both, &exit_code] {
    both->settings.fit.seed = both->seed;
    run_in_folder(*both, exit_code, [&](RunDirectory& folder) { run_dual_arm(folder, both->settings), print_answers(folder); });
  });
}

}  // namespace hyped::commands
