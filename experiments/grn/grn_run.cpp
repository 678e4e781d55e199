// `hyped grn fit`: design, final network, files.
#include "experiments/grn/grn_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <map>
#include <set>

#include "experiments/cells/cell_columns.hpp"
#include "experiments/cells/expression_input.hpp"
#include "experiments/report/figure.hpp"
#include "libhyped/counted.hpp"
#include "libhyped/ingest/read_cellbox.hpp"
#include "libhyped/store/run_file.hpp"

namespace hyped {
namespace {

Eigen::MatrixXd columns_of(const std::vector<Eigen::VectorXd>& columns, Eigen::Index rows) {
  Eigen::MatrixXd out(rows, static_cast<Eigen::Index>(columns.size()));
  for (std::size_t c = 0; c < columns.size(); ++c) out.col(static_cast<Eigen::Index>(c)) = columns[c];
  return out;
}

Eigen::MatrixXd numbers(const std::vector<int>& values) {
  Eigen::MatrixXd out(static_cast<Eigen::Index>(values.size()), 1);
  for (std::size_t i = 0; i < values.size(); ++i) out(static_cast<Eigen::Index>(i), 0) = values[i];
  return out;
}

}  // namespace

void store_grn(RunDirectory& run, const GrnScenario& scenario, const GrnData& data, const FittedGrn& fitted) {
  RunArrays arrays;
  arrays.attributes = {{"scenario", scenario.text}, {"scenario_file", std::filesystem::absolute(scenario.file).string()}, {"data", std::filesystem::absolute(data.source).string()}, {"kind", "grn fit"}};
  std::vector<std::string> names;
  for (const auto& parameter : fitted.network.free) names.push_back(parameter.name);
  arrays.names["parameters/names"] = names;
  arrays.names["conditions"] = fitted.trained;
  arrays.names["genes"] = data.genes;
  arrays.arrays["parameters/theta"] = {fitted.fit.best().theta, {"theta"}, {"search scale"}};
  arrays.arrays["parameters/values"] = {fitted.network.problem.transform.natural(fitted.fit.best().theta)(fitted.network.problem.transform.free), {"value"}, {"natural"}};
  arrays.arrays["left_out/member_of"] = {numbers(fitted.member_of), {"member"}, {"1"}};
  arrays.arrays["left_out/residual"] = {fitted.left_out_residual, {}, {}};
  arrays.arrays["left_out/deal"] = {numbers(fitted.member_deal), {"deal"}, {"1"}};
  arrays.arrays["left_out/theta"] = {columns_of(fitted.member_theta, fitted.fit.best().theta.size()), {}, {}};
  arrays.arrays["measured/mean"] = {data.mean, {}, {}};
  write_run_file(run.path_for("run.h5"), arrays);
}

StoredGrn read_stored_grn(const std::filesystem::path& fit) {
  const auto file = std::filesystem::is_directory(fit) ? fit / "run.h5" : fit;
  if (!std::filesystem::exists(file)) throw InputError(fit.string(), "holds no run.h5 of a fit", "give the folder that hyped grn fit wrote");
  const RunArrays arrays = read_run_file(file);
  if (!arrays.attributes.contains("kind") || arrays.attributes.at("kind") != "grn fit") throw InputError(file.string(), "is no fit of a gene network", "give the folder that hyped grn fit wrote");
  StoredGrn out;
  const auto scenario_file = file.parent_path() / "scenario.toml";
  out.scenario = read_grn_scenario(scenario_file);
  out.scenario.file = arrays.attributes.at("scenario_file");      // paths are beside it
  out.data = read_grn_data(out.scenario, arrays.attributes.at("data"));
  if (arrays.names.at("genes") != out.data.genes || arrays.arrays.at("measured/mean").values.rows() != out.data.mean.rows() || (arrays.arrays.at("measured/mean").values - out.data.mean).cwiseAbs().maxCoeff() > 1e-9)
    throw InputError(arrays.attributes.at("data"), "is not what the network was fitted to any more", "fit again");
  out.fitted.trained = arrays.names.at("conditions");
  out.fitted.baseline = baseline_of(out.data, rows_named(out.data, out.fitted.trained));
  out.fitted.network = build_grn(out.scenario, out.data, out.fitted.baseline);
  out.fitted.ensemble = out.scenario.ensemble;
  std::vector<std::string> names;
  for (const auto& parameter : out.fitted.network.free) names.push_back(parameter.name);
  if (names != arrays.names.at("parameters/names") || !arrays.arrays.contains("left_out/deal")) throw InputError(file.string(), "holds other parameters than its scenario gives", "fit again with this version");
  LadderStep step;
  step.theta = arrays.arrays.at("parameters/theta").values.col(0);
  out.fitted.fit.ladder.push_back(step);
  out.fitted.fit.chosen = 0;
  const auto& members = arrays.arrays.at("left_out/theta").values;
  for (Eigen::Index c = 0; c < members.cols(); ++c) out.fitted.member_theta.emplace_back(members.col(c));
  const auto& deal = arrays.arrays.at("left_out/deal").values;
  for (Eigen::Index i = 0; i < deal.rows(); ++i) out.fitted.member_deal.push_back(static_cast<int>(deal(i, 0)));
  const auto& of = arrays.arrays.at("left_out/member_of").values;
  for (Eigen::Index i = 0; i < of.rows(); ++i) out.fitted.member_of.push_back(static_cast<int>(of(i, 0)));
  out.fitted.left_out_residual = arrays.arrays.at("left_out/residual").values;
  return out;
}

void run_grn_fit(RunDirectory& run, const GrnScenario& scenario, const std::string& data_path) {
  const auto path = find_grn_data(scenario, data_path);
  run.set_title(scenario.title, scenario.question);
  run.add_input(scenario.file);
  run.add_input(path);
  const GrnData data = read_grn_data(scenario, path);
  check_folds(scenario, data);
  for (const auto& [name, value] : data.facts) say(run, name, value);
  const auto note = [&](const std::string& words) {
    fmt::print("{}", to_terminal_paragraph("note      ", words));
    run.add_note(words);
  };
  for (const auto& words : data.notes) note(words);
  if (!data.nuisance.rows().empty()) run.add_table("nuisance", data.nuisance, "Effects before and after programmes were taken out, largest correction apart from noise where adjusted differs from effect.");
  for (const auto& warning : data.warnings) run.add_warning(warning);
  run.add_setting("design", std::string(to_string(scenario.design.kind)));
  if (!scenario.data.published.empty()) report_published(run, scenario, path);
  std::vector<SplitResult> results;
  std::vector<std::string> skipped;
  const auto splits = splits_of(scenario, data, skipped);
  for (const auto& words : skipped) run.add_warning(words);
  for (const GrnSplit& split : splits) {
    results.push_back(run_split(scenario, data, split));
    const SplitResult& r = results.back();
    fmt::print("{}", to_terminal_paragraph("split     ", fmt::format("{}: ridge r {:.4f}, network r {:.4f} ({}, {:.1f} s)", split.name, r.ridge.pearson, r.network.pearson, counted(r.edges, "edge"), r.seconds)));
    std::fflush(stdout);
  }
  if (!results.empty()) report_design(run, scenario, data, results);
  for (const GrnSplit& split : splits) {
    std::set<std::string> arms;
    for (const int row : rows_named(data, split.train)) arms.insert(data.arm_of[static_cast<std::size_t>(row)]);
    if (static_cast<int>(arms.size()) >= scenario.fit.folds) continue;
    note(fmt::format("Splits that learn from fewer than {} arms have a fold for each arm.", scenario.fit.folds));
    break;
  }
  const FittedGrn fitted = fit_grn(scenario, data, data.conditions);
  for (const auto& words : fitted.network.words) note(words);
  for (const auto& words : fitted.fit.words) note(words);
  if (results.empty()) report_baselines(run, scenario, data, fitted);
  if (!scenario.network.prior.empty()) run.add_input(beside_scenario(scenario, scenario.network.prior, ""));
  if (!fitted.fit.outcome.ok()) run.set_outcome(fitted.fit.outcome);
  if (fitted.fit.chosen < 0 || !std::isfinite(fitted.fit.best().misfit)) return;
  std::ofstream(run.path_for("scenario.toml")) << scenario.text;
  store_grn(run, scenario, data, fitted);
  const GrnBootstrapRanges ranges = bootstrap_grn(run, scenario, data, fitted);
  report_network(run, scenario, data, fitted, ranges);
  for (const auto& answer : run.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
}

}  // namespace hyped
