// Time-order test, markers and linear steps of a bulk series, in tables and words.
#include "experiments/grn/time_order.hpp"

#include <fmt/format.h>

#include <Eigen/SVD>
#include <cmath>
#include <optional>

#include "experiments/program_files.hpp"
#include "experiments/report/figure.hpp"
#include "fitting/networks/series/linear_dynamics.hpp"
#include "fitting/networks/series/time_order.hpp"
#include "libhyped/ingest/networks/read_expression_series.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

// "2.1 % of 2000 random orders", or that there was none.
// share: (reached + 1) / (orders + 1).
std::string share_words(double share, int orders) { return share * (orders + 1) > 1.5 ? fmt::format("{:.2g} % of {} random orders are as smooth", 100 * share, orders) : fmt::format("none of {} random orders is as smooth", orders); }

void say(RunDirectory& run, const std::string& note) {
  fmt::print("{}", to_terminal_paragraph("note      ", note));
  run.add_note(note);
}

void add_markers(RunDirectory& run, const ExpressionSeries& series, const TimeOrderSettings& settings) {
  Eigen::VectorXd cpm(series.values.rows());
  if (series.counted) cpm = (series.values.array().rowwise() / series.values.colwise().sum().array() * 1e6).matrix().rowwise().mean();
  else cpm = (series.values.array() * std::log(2.0)).exp().matrix().rowwise().mean().array() - 1;
  const MarkerCheck check = check_markers(series.genes, cpm, read_marker_sets(program_file("data/gene_sets/cell_type_markers.tsv")), settings.cell_type);
  Table table({{"cell_type", "", ""}, {"found", "1", "markers among the genes"}, {"expressed", "1", "of them above 5 CPM"}, {"share", "1", ""}, {"mean_log2", "1", "of log2(CPM + 1)"}, {"seen", "", "expressed markers"}});
  for (const auto& score : check.scores) table.add_row({score.cell_type, std::int64_t{score.found}, std::int64_t{score.expressed}, score.share, score.mean_log2, fmt::format("{}", fmt::join(score.seen, " "))});
  run.add_table("markers", table, "Markers of cell types against the label '" + settings.cell_type + "'.");
  for (const auto& text : check.warnings) run.add_warning(text);
  if (check.warnings.empty()) run.add_answer(fmt::format("The markers agree with the label '{}' ({} of {} above 5 CPM), and no other type's are there.", settings.cell_type, check.scores[0].expressed, check.scores[0].found));
}

std::string turned(const TimeOrderTest& test, int index, const ExpressionCourse& course) {
  std::string out;
  for (std::size_t b = 0; b < test.blocks.size(); ++b)
    if (index >> b & 1) out += fmt::format("{}{:g}-{:g} h", out.empty() ? "" : ", ", course.times_h[static_cast<std::size_t>(test.blocks[b].first)], course.times_h[static_cast<std::size_t>(test.blocks[b].second)]);
  return out.empty() ? "none" : out;
}

void add_order_test(RunDirectory& run, const ExpressionCourse& course, const TimeOrderSettings& settings) {
  const TimeOrderTest test = test_time_order(course, settings.random_orders, settings.seed);
  Table table({{"order", "", ""}, {"roughness", "1", "sum of squared steps over sum of squares about the mean"}, {"random_share", "1", "of random orders as smooth or smoother"}, {"rank", "1", "among the orientations of the blocks, 1 the smoothest"}});
  table.add_row({std::string("labels"), test.labels, test.share_labels, test.labels_rank > 0 ? Cell(std::int64_t{test.labels_rank}) : Cell()});
  if (std::isfinite(test.numbers)) table.add_row({std::string("sample numbers"), test.numbers, test.share_numbers, test.numbers_rank > 0 ? Cell(std::int64_t{test.numbers_rank}) : Cell()});
  fmt::print("\n{}\n", to_terminal(table, "tables/time_order.tsv"));
  run.add_table("time_order", table, fmt::format("Roughness of the mean course, against {} random orders.", test.random_orders));
  run.add_result("roughness_labels", test.labels, "1");
  run.add_result("random_share_labels", test.share_labels, "1");
  if (!std::isfinite(test.numbers)) {
    say(run, "Samples have no numbers: only the order of the labels was looked at.");
    return;
  }
  run.add_result("roughness_numbers", test.numbers, "1");
  run.add_result("random_share_numbers", test.share_numbers, "1");
  Table orientations({{"roughness", "1", ""}, {"turned", "", "blocks in which the order is turned"}, {"order", "", ""}});
  for (std::size_t k = 0; k < test.orientations.size(); ++k)
    orientations.add_row({test.orientations[k], turned(test, test.orientation_index[k], course), std::string(static_cast<int>(k) + 1 == test.labels_rank ? "labels" : static_cast<int>(k) + 1 == test.numbers_rank ? "sample numbers" : "")});
  run.add_table("orientations", orientations, fmt::format("All {} ways to turn the {} blocks in which sample numbers fall while labelled time rises.", test.orientations.size(), test.blocks.size()));
  run.add_answer(fmt::format("Roughness {:.3f} in the order of the labels ({}; place {} of {} orientations), {:.3f} in the order of sample numbers ({}; place {}).", test.labels, share_words(test.share_labels, test.random_orders), test.labels_rank, test.orientations.size(), test.numbers, share_words(test.share_numbers, test.random_orders), test.numbers_rank));
  if (test.doubtful()) run.add_warning(fmt::format("The order of the labels is rougher (roughness {:.3f}; {}) than that of the sample numbers ({:.3f}; {}), and more than 20 times as many random orders reach it: the labels may be wrong. Report both.", test.labels, share_words(test.share_labels, test.random_orders), test.numbers, share_words(test.share_numbers, test.random_orders)));
}

// One row per model and one order; the coordinates go into the figure.
void add_linear(Table& table, Table& points, const ExpressionSeries& series, TimeOrder order, const TimeOrderSettings& settings, RunDirectory& run) {
  const ExpressionCourse course = make_course(series, {order, settings.least_cpm, true});
  const CourseCoordinates coordinates = coordinates_of(course);
  const std::string name = to_string(order);
  if (order == TimeOrder::labels)
    for (const auto& note : course.notes) say(run, note);
  const StepPairs all = step_pairs(coordinates, all_transitions(coordinates));
  const auto add = [&](const std::string& model, const StepFit& fit) {
    const LinearScore left_out = leave_one_transition_out(coordinates, fit);
    const Eigen::MatrixXd step = fit(all);
    const LinearScore one = one_step_score(coordinates, step), path = k_step_score(coordinates, step);
    std::optional<LinearScore> replicate;
    if (coordinates.replicates.size() > 1 && !model.starts_with("ridge")) replicate = leave_one_replicate_out(coordinates, fit);
    table.add_row({name, model, left_out.frobenius, left_out.spectral, replicate ? cell_of(replicate->frobenius) : Cell(), one.frobenius, one.spectral, path.frobenius, path.spectral});
    run.add_result(fmt::format("left_out_r2_{}_{}", order == TimeOrder::labels ? "labels" : "numbers", model.substr(0, model.find(' '))), left_out.frobenius, "1");
    return left_out.frobenius;
  };
  if (settings.rank < 0) throw InputError(fmt::format("--rank {}", settings.rank), "is negative", "give a rank, or 0 for the threshold");
  if (settings.rank > all.before.cols() - 1)
    throw InputError(fmt::format("--rank {}", settings.rank), fmt::format("{} steps are known, and one is left out at a time", all.before.cols()), fmt::format("give at most {}, or 0 for the threshold", all.before.cols() - 1));
  const int threshold = hard_threshold_rank(all.before, all.genes), rank = settings.rank == 0 ? threshold : settings.rank;
  const double dmd = add(fmt::format("dmd rank {}", rank), [&](const StepPairs& pairs) { return dmd_step(pairs, rank); });
  if (threshold != rank) add(fmt::format("dmd_threshold rank {}", threshold), [&](const StepPairs& pairs) { return dmd_step(pairs, 0); });
  add("persistence 1", [&](const StepPairs& pairs) { return Eigen::MatrixXd::Identity(pairs.before.rows(), pairs.before.rows()); });
  const RidgeChoice whole = choose_ridge(coordinates, all.transitions);
  const double ridge = add("ridge " + whole.chosen.text(), [&](const StepPairs& pairs) { return ridge_step(pairs, choose_ridge(coordinates, pairs.transitions).chosen); });
  run.add_answer(fmt::format("Order of {}: left-out steps are predicted with R2 {:.3f} by the ridge of low rank (settings chosen within each training set) and {:.3f} by dynamic mode decomposition of rank {}; 0 is the mean.", name, ridge, dmd, rank));
  for (std::size_t r = 0; r < coordinates.replicates.size(); ++r) {
    static const char* const components[] = {"first", "second", "third"};
    const Eigen::MatrixXd modes = Eigen::JacobiSVD<Eigen::MatrixXd>(all.before, Eigen::ComputeThinU).matrixU();
    for (int c = 0; c < 3 && c < modes.cols(); ++c)
      for (int t = 0; t < coordinates.times(); ++t) points.add_row({"order of " + name, std::string(components[c]), course.times_h[static_cast<std::size_t>(t)], modes.col(c).dot(coordinates.replicates[r].col(t))});
  }
}

}  // namespace

void run_time_order(RunDirectory& run, const TimeOrderSettings& settings) {
  run.set_title("Time order of " + settings.table.filename().string(), "Are the samples in the right order, are the cells what the label says, and what do linear steps predict?");
  run.add_input(settings.table);
  const ExpressionSeries series = read_expression_series(settings.table, settings.samples);
  for (const auto& note : series.notes) say(run, note);
  run.add_setting("cell_type", settings.cell_type);
  run.add_setting("least_cpm", fmt::format("{:g}", settings.least_cpm));
  run.add_setting("rank", settings.rank == 0 ? "optimal hard threshold" : fmt::format("{}", settings.rank));
  add_markers(run, series, settings);
  add_order_test(run, make_course(series, {TimeOrder::labels, settings.least_cpm, false}), settings);
  Table linear({{"order", "", ""}, {"model", "", ""}, {"left_out_r2", "1", "each transition predicted from the others; about the mean of all samples"}, {"left_out_r2_spectral", "1", "the same with the largest singular value for the norm"}, {"replicate_r2", "1", "each replicate predicted from the others"}, {"one_step_r2", "1", "on the training data"}, {"one_step_r2_spectral", "1", ""}, {"k_step_r2", "1", "from the first time, on the training data"}, {"k_step_r2_spectral", "1", ""}});
  Table points({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"value", "log2", ""}});
  add_linear(linear, points, series, TimeOrder::labels, settings, run);
  bool numbered = true;
  for (const auto& sample : series.samples) numbered = numbered && sample.number >= 0;
  if (numbered) add_linear(linear, points, series, TimeOrder::sample_numbers, settings, run);
  fmt::print("\n{}\n", to_terminal(linear, "tables/linear_steps.tsv"));
  run.add_table("linear_steps", linear, "Linear steps x(k+1) = M x(k). R2 by Frobenius norm; the spectral norm, used by the code of published work, does not compare with it.");
  report::add_figure(run, {"courses", "The three directions in which the series varies most, in either order; one point per replicate.", "time_course", {{"points", points}}, {{"y_label", "log2(CPM + 1), from the mean"}}, "answer"});
  for (const auto& answer : run.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
}

}  // namespace hyped
