// Reads, asks, answers.
#include "experiments/planning/dgc/dgc_run.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>

#include "experiments/cells/cell_columns.hpp"
#include "libhyped/ingest/networks/read_edge_list.hpp"
#include "libhyped/ingest/networks/read_expression_series.hpp"

namespace hyped {

std::vector<DgcFold> own_folds(const ExpressionSeries& series, const DgcSettings& settings, const std::vector<std::string>& factors) {
  DgcSettings everything = settings;
  everything.least_cpm = -1;      // silent genes as well
  const DgcCase all = make_case(series, everything, TimeOrder::labels);
  const Eigen::VectorXd start = all.data.path[0].rowwise().mean();
  Eigen::VectorXd target = Eigen::VectorXd::Zero(start.size());
  for (const auto& one : all.data.target) target += one.rowwise().mean() / static_cast<double>(all.data.target.size());
  std::map<std::string, std::size_t> place;
  for (std::size_t g = 0; g < all.course.genes.size(); ++g) place.emplace(all.course.genes[g], g);
  std::vector<DgcFold> out;
  for (const auto& name : factors) {
    const auto at = place.find(name);
    const auto g = at == place.end() ? Eigen::Index{0} : static_cast<Eigen::Index>(at->second);
    if (at == place.end() || !(all.known[g] > 0)) out.push_back({});
    else out.push_back({target[g] - start[g], true});
  }
  return out;
}

namespace {

// Factors that are asked for by name must be in the list; those of the default need not.
void check_followed(const DgcSettings& settings, const PriorEdges& prior, const control::FactorInputs& inputs) {
  if (settings.follow == DgcSettings().follow) return;
  std::set<std::string> sources;
  for (const auto& edge : prior.edges) sources.insert(edge.source);
  for (const auto& name : settings.follow)
    if (!sources.contains(name)) throw InputError("--follow " + name, "is no factor of " + prior.name, did_you_mean(name, inputs.names));
}

}  // namespace

void run_dgc(RunDirectory& run, const DgcSettings& settings) {
  check_programmes(settings);
  run.set_title("Data-guided control of " + settings.series.filename().string(), "Which transcription factors bring the start nearest to the target, from when on, and how sure is the ranking?");
  run.add_input(settings.series);
  run.add_input(settings.prior);
  const ExpressionSeries series = read_expression_series(settings.series, settings.samples);
  const PriorEdges prior = read_edge_list(settings.prior);
  std::vector<DgcCase> cases{make_case(series, settings, TimeOrder::labels)};
  if (has_numbers(series)) cases.push_back(make_case(series, settings, TimeOrder::sample_numbers));
  const auto note = [&](const std::string& text) {
    fmt::print("{}", to_terminal_paragraph("note      ", text));
    run.add_note(text);
  };
  for (const auto& text : series.notes) note(text);
  for (const auto& text : cases[0].course.notes) note(text);
  say(run, "problem", cases[0].words);
  if (cases.size() > 1) say(run, "reordered", cases[1].words);
  else note("Samples have no numbers: only the order of the labels is ranked.");
  say(run, "distance", "Euclidean, of log2(CPM + 1) over the genes used");
  say(run, "steps", cases[0].data.path.size() == 1 ? std::string("none: A = I") : fmt::format("A = identity + {}", to_string(settings.rule)));
  const control::FactorInputs inputs = control::factor_inputs(prior, cases[0].course.genes, {settings.least_targets, settings.weigh, cases[0].used()});
  check_followed(settings, prior, inputs);
  std::optional<MeasuredResponses> responses;
  if (!settings.responses.empty()) responses = read_responses(settings.responses, cases[0].course.genes);
  for (const auto& text : prior.notes) note(text);
  for (const auto& text : inputs.notes) note(text);
  say(run, "inputs", fmt::format("{}, {} factors, non-negative, constant from their start step on", settings.weigh ? "sign times confidence" : "sign", inputs.names.size()));
  for (const auto& text : cases[0].warnings) run.add_warning(text);
  const auto& steps = cases[0].step_times_h;
  for (std::size_t k = 2; k < steps.size(); ++k)
    if (std::abs(steps[k] - steps[k - 1] - (steps[1] - steps[0])) > 1e-6) {
      run.add_warning(fmt::format("Steps differ in length ({:g} h and {:g} h): an input acts once a step, so it counts for less in a long one.", steps[1] - steps[0], steps[k] - steps[k - 1]));
      break;
    }
  const auto rankings = rank_variants(run, cases, inputs, settings);
  report_ranking(run, rankings, cases[0], inputs, own_folds(series, settings, inputs.names), settings);
  report_variants(run, rankings, inputs, settings);
  report_other_scores(run, rankings[0], cases[0], prior, inputs, responses, settings);
  report_linear(run, series, cases[0], rankings[0], inputs, settings);
  run.add_note("The score is linear and unit-less: one input of 1 changes every listed target by one log2 unit a step, without dose, decay or cell variability. It ranks; it does not predict what a factor does.");
  for (const auto& answer : run.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
}

}  // namespace hyped
