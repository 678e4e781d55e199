// `hyped control dgc SERIES PRIOR`, or with everything in a scenario.
#include "experiments/commands/cells.hpp"
#include "experiments/commands/checks.hpp"
#include "experiments/commands/control.hpp"
#include "experiments/commands/narrow_help.hpp"
#include "experiments/planning/dgc/dgc_run.hpp"
#include "experiments/planning/dgc/dgc_scenario.hpp"

namespace hyped::commands {

void add_control_dgc(CLI::App& control, int& exit_code) {
  struct Arguments : CellsArguments {
    DgcSettings settings;
    std::string series, prior, samples, responses, until, rule = "mean";
  };
  auto args = std::make_shared<Arguments>();      // shared with the callback
  DgcSettings& settings = args->settings;
  auto* dgc = control.add_subcommand("dgc", "Data-guided control: which factors bring a series nearest to a target");
  dgc->add_option("SERIES", args->series, "genes by samples: counts, or log2(CPM + 1)");
  dgc->add_option("PRIOR", args->prior, "list of regulators, targets and signs");
  dgc->add_option("--scenario", args->scenario, "a TOML file with all settings instead");
  dgc->add_option("--samples", args->samples, "what each column is; default: samples.csv beside SERIES")->group(rarely_used);
  dgc->add_option("--start", settings.start, "time (hours) or label, like T0; default: the first");
  dgc->add_option("--path-until", args->until, "steps of the series until here; default: A = I");
  dgc->add_option("--target", settings.target, "times or labels, like T14; their mean")->allow_extra_args(false);
  dgc->add_option("--target-cells", settings.target_cells, "an .h5ad file with the target's cells");
  dgc->add_option("--target-label", settings.target_label, "COLUMN=LABEL of these cells");
  dgc->add_option("--target-set", settings.target_set, "a cell type of the marker file, or FILE:SET");
  dgc->add_option("--raise", settings.raise, "log2 by which the set's genes are to rise")->option_text("NUMBER [3.32]")->group(rarely_used);
  dgc->add_option("--replicates", args->rule, "how they make a step: mean, each or laboratory")->check(CLI::IsMember({"mean", "each", "laboratory"}))->capture_default_str()->group(rarely_used);
  dgc->add_option("--least-cpm", settings.least_cpm, "mean, of genes that are used")->check(number_from_zero())->capture_default_str()->group(rarely_used);
  dgc->add_option("--least-targets", settings.least_targets, "signed ones, of a factor")->check(positive_count())->capture_default_str()->group(rarely_used);
  dgc->add_flag("--confidence", settings.weigh, "weigh edges by their confidence")->group(rarely_used);
  dgc->add_option("--fold", settings.fold, "of a factor's own gene, for the filter")->check(positive_number())->capture_default_str()->group(rarely_used);
  dgc->add_option("--programme", settings.programmes, "nuisance programme to take out, or none; default: all")->allow_extra_args(false)->group(rarely_used);
  dgc->add_option("--pool", settings.pool, "best factors of which triples are made; 0: all")->check(count_from_zero())->capture_default_str()->group(rarely_used);
  dgc->add_option("--listed", settings.listed, "best pairs, best triples")->check(positive_count())->capture_default_str()->group(rarely_used);
  dgc->add_option("--draws", settings.draws, "of replicates; 0: no intervals")->check(count_from_zero())->capture_default_str()->group(rarely_used);
  dgc->add_option("--permutations", settings.permutations, "of targets; 0: no p values")->check(count_from_zero())->capture_default_str()->group(rarely_used);
  dgc->add_option("--responses", args->responses, "table of measured log2 changes, genes by perturbations")->group(rarely_used);
  dgc->add_option("--rank", settings.rank, "of the linear model; 0: optimal threshold")->check(count_from_zero())->capture_default_str()->group(rarely_used);
  dgc->add_option("--sensors", settings.sensors, "genes to choose")->check(positive_count())->capture_default_str()->group(rarely_used);
  dgc->add_option("--follow", settings.follow, "a factor to speak of; default: MYOD1, MYOG")->allow_extra_args(false)->option_text("NAME ...")->group(rarely_used);
  args->add_common(*dgc, "hyped control dgc rp_counts.raw.csv collectri_human.csv --start T0 --target T14 --target T15 --out out/dgc");
  dgc->callback([args, dgc, &exit_code] {
    DgcSettings asked = args->settings;
    if (!args->scenario.empty()) {
      for (const auto* option : dgc->get_options([](const CLI::Option* one) { return one->count() > 0; }))
        if (const std::string name = option->get_name(); name != "--scenario" && name != "--out" && name != "--seed" && name != "--threads") throw InputError("hyped control dgc " + name, "is given beside --scenario", "write it into the scenario, or give all settings here");
      asked = read_dgc_scenario(args->scenario);
    } else {
      if (args->series.empty() || args->prior.empty()) throw InputError("hyped control dgc", "needs SERIES and PRIOR, or --scenario", "see --help");
      asked.series = args->series, asked.prior = args->prior, asked.samples = args->samples, asked.responses = args->responses;
      if (!args->until.empty()) asked.path_until = {args->until};
      asked.rule = args->rule == "each" ? control::ReplicateRule::each : args->rule == "laboratory" ? control::ReplicateRule::laboratory : control::ReplicateRule::mean;
    }
    asked.seed = args->seed;
    check_dgc_settings(asked, "hyped control dgc");
    run_in_folder(*args, exit_code, [&](RunDirectory& folder) { run_dgc(folder, asked); });
  });
}

}  // namespace hyped::commands
