// A published CellBox model, run as its authors run it and scored on its own split.
#include <fmt/format.h>

#include <algorithm>

#include "experiments/grn/grn_run.hpp"
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
  Table table({{"part", "", ""}, {"conditions", "1", ""}, {"mse_all_nodes", "", "log2 units squared"}, {"pearson", "1", "genes and phenotypes"}});
  for (const auto& [name, from, until] : {std::tuple{"fitted", 0, fitted}, {"validation", fitted, learned}, {"test", learned, n}, {"all", 0, n}}) {
    const std::vector<int> rows(order.begin() + from, order.begin() + until);
    const GrnScore score = score_of(predicted(rows, Eigen::all), data.response(rows, Eigen::all), data.count.measured);
    table.add_row({std::string(name), std::int64_t{until - from}, score.mse, score.pearson});
    run.add_result(fmt::format("published_{}_mse", name), score.mse, "log2 units squared");
    run.add_result(fmt::format("published_{}_pearson", name), score.pearson, "1");
  }
  run.add_result("published_largest_rate", pass.largest_rate, "1/h");
  run.add_table("published", table, fmt::format("The published model {}: Heun's method, 400 steps of 0.1; prediction is the last step.", scenario.data.published));
  run.add_note(fmt::format("The published model {} {}.", scenario.data.published, rest_words(pass)));
}

}  // namespace hyped
