// `hyped cycle simulate|fit|compare|predict SCENARIO [DATA]`.
#include <fmt/format.h>

#include <memory>

#include "experiments/commands/checks.hpp"
#include "experiments/commands/commands.hpp"
#include "experiments/commands/run_arguments.hpp"
#include "experiments/commands/run_records.hpp"
#include "experiments/cycle/cycle_run.hpp"
#include "experiments/cycle/cycle_tracks.hpp"
#include "experiments/cycle/sample.hpp"
#include "libhyped/store/table.hpp"

namespace hyped::commands {
namespace {

// Reads scenario and data, says what was read, calls the verb with its records, writes what it returns: the failed solves; finishes the run.
template <class Run>
void with_data(RunArguments& args, int& exit_code, const std::string& verb, Run body) {
  Scenario scenario = args.read();
  const PhaseCounts data = read_data(scenario, args.data);
  RunRecords records(args, scenario, data.source, verb);
  scenario.records = records.all();
  RunDirectory run(args.out, args.command_line, args.seed);
  run.set_title(scenario.title, scenario.question);
  run.add_input(scenario.file);
  run.add_input(data.source);
  fmt::print("{}\n", to_terminal_paragraph("data      ", data_summary(data)));
  write_failed_solves(run, body(run, scenario, data));
  exit_code = args.finish(run);
  records.finish();
}

}  // namespace

void add_cycle(CLI::App& app, int& exit_code) {
  auto* cycle = app.add_subcommand("cycle", "Cell-cycle models of phase counts over time");
  cycle->require_subcommand(1);
  cycle->footer("Example: hyped cycle fit hyped_twin out/twin/data/counts.tsv --out out/fit");
  auto args = std::make_shared<RunArguments>();      // shared with the callbacks
  auto* simulate = args->add(*cycle, "simulate", "Expected course of every arm of a scenario", "hyped cycle simulate hyped_twin --out out/expected", false);
  simulate->callback([args, &exit_code] {
    const Scenario scenario = args->read();
    RunDirectory run(args->out, args->command_line, args->seed);
    run.set_title(scenario.title, scenario.question);
    run.add_input(scenario.file);
    run_simulate(run, scenario);
    exit_code = args->finish(run);
  });
  auto* fit = args->add(*cycle, "fit", "Fit a scenario's model to counts", "hyped cycle fit hyped_twin out/twin/data/counts.tsv --out out/fit", true);
  auto tracks = std::make_shared<std::pair<std::string, std::string>>();
  fit->add_option("--tracks", tracks->first, "tidy tracks with phases, fitted together with the counts");
  fit->add_option("--tracks-condition", tracks->second, "whose cells; default: the arm without inputs");
  fit->callback([args, tracks, &exit_code] {
    if (!tracks->first.empty()) args->settings = fmt::format("tracks '{}' of '{}'", tracks->first, tracks->second);
    with_data(*args, exit_code, "fit", [&](RunDirectory& run, const Scenario& given, const PhaseCounts& data) {
      Scenario scenario = given;
      if (!tracks->first.empty()) add_track_evidence(run, scenario, tracks->first, tracks->second);
      const CycleFit fitted = run_cycle_fit(run, scenario, data, {});
      fmt::print("{}\n", terminal_summary(fitted, {}, "tables/parameters.tsv"));
      return fitted.fit.failed_solves;
    });
  });
  auto* compare = args->add(*cycle, "compare", "Fit every variant of a scenario and compare them", "hyped cycle compare hyped_twin out/twin/data/counts.tsv --out out/compare", true);
  compare->callback([args, &exit_code] {
    with_data(*args, exit_code, "compare", [](RunDirectory& run, const Scenario& scenario, const PhaseCounts& data) { return run_compare(run, scenario, data); });
  });
  auto* sample = args->add(*cycle, "sample", "Draw from the posterior (NUTS), Laplace beside it", "hyped cycle sample hyped_twin out/twin/data/counts.tsv --out out/sample", true);
  auto sampling = std::make_shared<SampleSettings>();
  sample->add_option("--chains", sampling->chains, "independent chains")->check(positive_count())->capture_default_str();
  sample->add_option("--warmup", sampling->warmup, "draws of each chain that only adapt it")->check(count_from_zero())->capture_default_str();
  sample->add_option("--draws", sampling->draws, "draws kept of each chain")->check(positive_count())->capture_default_str();
  sample->callback([args, sampling, &exit_code] {
    args->settings = fmt::format("chains {}, warmup {}, draws {}", sampling->chains, sampling->warmup, sampling->draws);
    with_data(*args, exit_code, "sample", [&](RunDirectory& run, const Scenario& scenario, const PhaseCounts& data) { return run_sample(run, scenario, data, *sampling); });
  });
  auto* predict = args->add(*cycle, "predict", "Predict a held-out arm from the others, beside baselines and a ceiling", "hyped cycle predict hyped_twin out/twin/data/counts.tsv --out out/predict", true);
  predict->add_option("--hold-out", args->held_out, "arm to predict instead of the scenario's");
  predict->callback([args, &exit_code] {
    with_data(*args, exit_code, "predict", [&](RunDirectory& run, const Scenario& scenario, const PhaseCounts& data) {
      if (!scenario.predict) throw InputError(scenario.file.string(), "the scenario has no [predict]", "add held_out, control and singles");
      PredictSettings settings = *scenario.predict;
      if (!args->held_out.empty()) settings.held_out = args->held_out;
      const ArmPrediction prediction = run_predict(run, scenario, data, settings);
      for (const auto& s : prediction.scores) fmt::print("{:44} error {:.3f} [{:.3f}, {:.3f}]\n", s.name, s.error, s.lower, s.upper);
      return prediction.fitted.fit.failed_solves;
    });
  });
}

}  // namespace hyped::commands
