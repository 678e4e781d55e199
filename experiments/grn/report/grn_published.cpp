// A published CellBox model, run as its authors run it and scored on its own split.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/cells/cell_columns.hpp"
#include "experiments/grn/grn_run.hpp"
#include "libhyped/counted.hpp"
#include "libhyped/simulate/batch_heun.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

HeunPass heun_pass(const BatchModel& model, const Eigen::VectorXd& parameters, const Eigen::MatrixXd& inputs, double step_h, int steps) {
  const std::span<const double> p{parameters.data(), static_cast<std::size_t>(parameters.size())};
  const Eigen::MatrixXd zero = Eigen::MatrixXd::Zero(model.state_count(), inputs.cols());
  const BatchTrajectory course = heun_batch(model, p, zero, inputs, {step_h, {steps}});
  if (!course.outcome.ok()) throw InputError("the trained model", course.outcome.message, "check its weights");
  HeunPass out{course.states.back(), 0};
  Eigen::MatrixXd rate(zero.rows(), zero.cols());
  model.rates(out.state, inputs, p, rate, *model.scratch(static_cast<int>(inputs.cols())));
  out.largest_rate = rate.cwiseAbs().maxCoeff();
  return out;
}

std::string rest_words(const HeunPass& pass) {
  constexpr double at_rest = 1e-6;      // of the largest state, within one unit of time
  const double largest = pass.state.cwiseAbs().maxCoeff();
  return fmt::format("{} its steady state at the last step: max |dx/dt| = {:.2g}, states reach {:.2g}", pass.largest_rate <= at_rest * std::max(1.0, largest) ? "has reached" : "has not reached", pass.largest_rate, largest);
}

std::unique_ptr<models::BatchNetwork> cellbox_network(const CellboxData& data, const CellboxModel& model) {
  models::BatchNetworkDefinition definition;
  const int m = static_cast<int>(data.nodes.size());
  definition.genes = data.nodes;
  definition.inputs.assign(data.nodes.begin() + data.count.measured, data.nodes.end());
  definition.transfer = {models::Transfer::tanh, 1};
  definition.capacity.assign(model.eps.data(), model.eps.data() + m);
  definition.decay.assign(model.alpha.data(), model.alpha.data() + m);
  definition.bias.assign(static_cast<std::size_t>(m), 0.0);
  definition.bias_fixed = true;
  definition.all_edges = model.weight;
  for (int d = 0; d < data.drug_count(); ++d) definition.actions.push_back({d, data.count.measured + d, models::BatchAction::drives, 1.0, true});
  return std::make_unique<models::BatchNetwork>(std::move(definition));
}

PublishedCheck check_published(const std::vector<double>& errors, int batch, const std::vector<CellboxLogRow>& log) {
  HYPED_REQUIRE(!errors.empty() && batch > 0 && !log.empty());
  PublishedCheck out;
  int batches = 0;
  for (std::size_t from = 0; from < errors.size(); from += static_cast<std::size_t>(batch), ++batches) {
    const std::size_t until = std::min(errors.size(), from + static_cast<std::size_t>(batch));
    for (std::size_t c = from; c < until; ++c) out.here += errors[c] / static_cast<double>(until - from);
  }
  out.here /= batches;
  out.row = *std::min_element(log.begin(), log.end(), [&](const CellboxLogRow& a, const CellboxLogRow& b) { return std::abs(a.test_mse - out.here) < std::abs(b.test_mse - out.here); });
  out.published = out.row.test_mse;
  out.difference = std::abs(out.published - out.here);
  out.tolerance = 1e-6 * out.published;
  out.next = std::numeric_limits<double>::infinity();
  for (const CellboxLogRow& row : log)
    if (row.test_mse != out.published) out.next = std::min(out.next, std::abs(row.test_mse - out.here));
  out.last = log.back().test_mse;
  out.rows = static_cast<int>(log.size());
  return out;
}

std::string words_of(const PublishedCheck& check) {
  const std::string at = check.row.epoch >= 0 ? fmt::format("epoch {}, iteration {}", check.row.epoch, check.row.iteration) : "the end of a stage";
  return fmt::format("{}: test error {:.12g} here, {:.12g} in the authors' log (record_eval.csv line {}, {}, the nearest of {}); largest difference {:.2g}, tolerance {:.2g} (a millionth; the log is in single precision); the next value of the log is {:.2g} away. "
                     "Both are means over batches; the log's last value, {:.6g}, is {}",
                     check.reproduced() ? "reproduced: yes" : "reproduced: no", check.here, check.published, check.row.line, at, counted(check.rows, "row"), check.difference, check.tolerance, check.next, check.last,
                     check.last == check.published ? "the same" : "of weights that are not in the data");
}

void report_published(RunDirectory& run, const GrnScenario& scenario, const std::filesystem::path& folder) {
  const CellboxData data = read_cellbox(folder, scenario.data.nodes);
  const auto place = folder / scenario.data.published;
  const auto model = cellbox_network(data, read_cellbox_model(place, data.nodes));
  const std::vector<int> order = read_cellbox_order(place / "random_pos.csv", static_cast<int>(data.conditions.size()));
  const auto values = model->default_parameters();
  const HeunPass pass = heun_pass(*model, Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Eigen::Index>(values.size())), data.input.rightCols(data.drug_count()).transpose(), 0.1, 400);
  const Eigen::MatrixXd predicted = pass.state.transpose();
  // The authors' own parts: 70 % for training, of which 80 % are fitted and 20 % stop the training.
  const int n = static_cast<int>(order.size()), learned = static_cast<int>(0.7 * n), fitted = static_cast<int>(0.8 * learned);
  const std::string unit = "log2 fold squared";
  Table table({{"part", "", ""}, {"conditions", "1", ""}, {"mse_all_nodes", unit, ""}, {"lower", unit, ""}, {"upper", unit, ""}, {"pearson", "1", "genes and phenotypes; one value, no interval: values of one condition are alike"}, {"interval", "", "of mse_all_nodes"}});
  std::vector<double> tested;
  for (const auto& [name, from, until] : {std::tuple{"fitted", 0, fitted}, {"validation", fitted, learned}, {"test", learned, n}, {"all", 0, n}}) {
    const std::vector<int> rows(order.begin() + from, order.begin() + until);
    const Eigen::MatrixXd guess = predicted(rows, Eigen::all), truth = data.response(rows, Eigen::all);
    const GrnScore score = score_of(guess, truth, data.count.measured);
    const Eigen::VectorXd by = (guess - truth).array().square().rowwise().mean();
    const std::vector<double> errors(by.data(), by.data() + by.size());
    if (from == learned) tested = errors;
    const ErrorInterval interval = error_interval(score.mse, errors, "condition", scenario.level);
    table.add_row({std::string(name), std::int64_t{until - from}, score.mse, cell_of(interval.lower), cell_of(interval.upper), score.pearson, interval.words});
    run.add_result(fmt::format("published_{}_mse", name), score.mse, unit);
    run.add_result(fmt::format("published_{}_pearson", name), score.pearson, "1");
  }
  Table shown({{"part", "", ""}, {"conditions", "", ""}, {"mse_all_nodes", "", ""}, {"lower", "", ""}, {"upper", "", ""}, {"pearson", "", ""}});
  for (const auto& cells : table.rows()) shown.add_row({cells.begin(), cells.begin() + 6});
  fmt::print("\nPublished model {}\n\n{}(mse in {}; {:g} % over the conditions of each part)\n\n", scenario.data.published, to_terminal(shown, "tables/published.tsv"), unit, 100 * scenario.level);
  if (const auto log = place / "record_eval.csv"; std::filesystem::exists(log)) {
    const PublishedCheck check = check_published(tested, scenario.data.published_batch, read_cellbox_log(log));
    say(run, "published", words_of(check));
    Table checked({{"number", "", ""}, {"here", unit, ""}, {"published", unit, ""}, {"difference", unit, ""}, {"tolerance", unit, ""}, {"log_line", "1", ""}, {"reproduced", "", ""}});
    checked.add_row({std::string("test error, mean over batches"), check.here, check.published, check.difference, check.tolerance, std::int64_t{check.row.line}, std::string(check.reproduced() ? "yes" : "no")});
    run.add_table("published_check", checked, "The published model against the log of its training.");
    if (!check.reproduced()) run.add_warning("The published numbers are not reproduced: " + words_of(check) + ".");
  } else {
    say(run, "published", "reproduced: not known, since the authors' log (record_eval.csv) is not in the data");
  }
  run.add_result("published_largest_rate", pass.largest_rate, "log2 fold/time");
  run.add_table("published", table, fmt::format("The published model {}: Heun's method, 400 steps of 0.1; prediction is the last step.", scenario.data.published));
  run.add_note(fmt::format("The published model {} {}.", scenario.data.published, rest_words(pass)));
}

}  // namespace hyped
