// The run from file to report.
#include "experiments/benchmark/run/bench_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>

#include "experiments/benchmark/hyped/network_predictor.hpp"
#include "experiments/benchmark/hyped/published_tables.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/expression/arms.hpp"
#include "libhyped/score/bulk/bulk_metrics.hpp"

namespace hyped {
namespace {

EditChoice edits_of(const std::vector<std::string>& texts) {
  EditChoice out;
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    const std::string what = equals == text.npos ? "" : text.substr(equals + 1);
    if (what != "deletes" && what != "raises") throw InputError("--edit " + text, "is not PART=deletes or PART=raises", "write --edit siPRRX1=deletes");
    out.parts[text.substr(0, equals)] = what == "deletes" ? GeneEdit::deletes : GeneEdit::raises;
  }
  return out;
}

std::vector<Metric> metrics_named(const std::vector<std::string>& names, OwnGenes own) {
  if (names.size() == 1 && names[0] == "all") return bulk_metrics(own);
  std::vector<Metric> out;
  for (const auto& name : names.empty() ? headline_metrics() : names) out.push_back(bulk_metric(name, own));
  return out;
}

std::size_t floor_of(const Benchmark& bench, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& one : bench.predictors) names.emplace_back(one->name());
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) throw InputError("--floor " + name, "is none of the predictors of this run", did_you_mean(name, names));
  return static_cast<std::size_t>(at - names.begin());
}

void state_hyped(RunDirectory& run, const Benchmark& bench) {
  if (!bench.cells.hyped) return;
  for (const auto& limit : design_limits()) run.add_note(limit);
  run.add_warning("Contrasts between perturbed arms are free of the library effect only: one culture per arm, no mock arms, delivery collinear with the factor.");
}

}  // namespace

std::vector<std::string> headline_metrics() {
  return {"l2_delta", "mse", "mae", "pearson", "cosine", "pearson_delta", "spearman_delta", "cosine_delta", "pearson_perturbed_mean", "r2_delta", "direction", "pds_cosine", "pds_l2"};
}

void prepare_models(Benchmark& bench, bool shared_control) {
  bench.tested = tested_conditions(bench.cells, bench.split);
  bench.groups = condition_groups(bench.cells, bench.seed, shared_control);
  bench.means = CellResamples(bench.cells.values, bench.groups.groups, bench.seed).means();
  bench.truth = truth_comparison(bench.cells, bench.split, bench.tested, bench.groups, bench.means);
  add_evidence(bench.truth, bench.cells, bench.tested, bench.groups);
  // An effect against the learning half of the control, put on the half that the truth is compared with.
  const ProfileMatrix learned_control = bench.truth.predicted_control;
  bench.truth.predicted = bench.truth.predicted_control = bench.truth.control;
  for (const auto& predictor : bench.predictors) {
    const PredictedProfiles got = predict_tested(bench.cells, bench.split, bench.tested, bench.groups, bench.means, *predictor, bench.seed);
    const auto absolute = [&bench, p = predictor.get()](const ProfileMatrix& means) { return predict_tested(bench.cells, bench.split, bench.tested, bench.groups, means, *p, bench.seed).mean; };
    ScoredModel model{std::string(predictor->name()), bench.truth, absolute};
    model.pair.predicted = got.mean;
    if (!shared_control) {
      model.pair.predicted = got.mean - learned_control + bench.truth.control;
      model.again = [&bench, absolute](const ProfileMatrix& means) -> ProfileMatrix {
        ProfileMatrix out = absolute(means);
        for (Eigen::Index i = 0; i < out.rows(); ++i) {
          const auto control = static_cast<std::size_t>(bench.cells.index_of(bench.cells.control_label, bench.truth.conditions[static_cast<std::size_t>(i)].context));
          out.row(i) += means.row(bench.groups.truth[control]) - means.row(bench.groups.learned[control]);
        }
        return out;
      };
    }
    check_comparison(model.pair, bench.cells.where + ", " + model.name);
    bench.absolute.push_back({got.mean, absolute});
    bench.models.push_back(std::move(model));
    bench.notes.push_back(got.notes);
  }
}

void run_benchmark(RunDirectory& run, const std::filesystem::path& file, const BenchRunSettings& settings) {
  run.set_title("Benchmark of predictions: " + file.filename().string(), "Which simple predictor comes how near to what was measured, between no knowledge and a second measurement?");
  Benchmark bench;
  bench.seed = settings.seed;
  bench.cells = read_benchmark_cells(run, file, settings.reading);
  const bool from_file = settings.split.find('.') != std::string::npos || settings.split.find('/') != std::string::npos;
  if (from_file) {
    run.add_input(settings.split);
    bench.split = read_split(settings.split);
    bench.seed = bench.split.seed;
  } else {
    bench.split = make_split(bench.cells, split_kind_of(settings.split), settings.seed, settings.share);
  }
  check_split(bench.split, bench.cells, from_file ? settings.split : "--split " + settings.split);
  bench.predictors = settings.predictors.empty() ? standard_predictors(edits_of(settings.edits)) : standard_predictors(settings.predictors, edits_of(settings.edits));
  if (!settings.network.empty()) bench.predictors.push_back(network_predictor(run, settings.network, bench.cells));
  bench.floor = floor_of(bench, settings.floor);
  const auto own = settings.leave_own_genes_out ? OwnGenes::left_out : OwnGenes::scored;
  bench.metrics = metrics_named(settings.metrics, own);
  say(run, "own genes", settings.leave_own_genes_out ? "targets of a condition are left out of its errors and correlations" : "targets of a condition are scored with the others (--leave-own-genes-out takes them out)");
  report_split(run, bench, settings.shared_control);
  prepare_models(bench, settings.shared_control);
  state_hyped(run, bench);
  bench.options.seed = bench.seed, bench.options.level = settings.level;
  bench.options.cell_draws = settings.draws, bench.options.splits = settings.splits, bench.options.depths = false;
  bench.calibrated = calibrate(bench.models, bench.floor, bench.metrics, cells_behind(bench.cells, bench.tested, bench.groups), bench.options);
  bench.deviations = deviations_over_cells(bench, settings.draws);
  report_scores(run, bench);
  report_ranks(run, bench);
  report_de(run, bench);
  report_duplicates(run, bench, std::min(5, settings.splits));
  report_control_halves(run, bench);
  report_contrasts(run, bench);
  report_batch(run, bench, settings.non_responding);
  report_composition(run, bench);
  if (bench.cells.hyped) {
    report_programmes(run, bench);
    report_published_table3(run, bench);
  }
  add_benchmark_figures(run, bench);
  for (const auto& answer : run.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
}

}  // namespace hyped
