// Linear tools on the same series: which genes to measure, which factors move the modes.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <Eigen/SVD>
#include <algorithm>
#include <map>
#include <numeric>

#include "experiments/control/linear/minimum_energy.hpp"
#include "experiments/control/linear/sensors.hpp"
#include "experiments/planning/dgc/dgc_run.hpp"
#include "fitting/networks/series/linear_dynamics.hpp"

namespace hyped {
namespace {

std::vector<double> places_by_weight(const Eigen::VectorXd& weight) {
  std::vector<Eigen::Index> order(static_cast<std::size_t>(weight.size()));
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return weight[a] > weight[b]; });
  std::vector<double> out(order.size());
  for (std::size_t k = 0; k < order.size(); ++k) out[static_cast<std::size_t>(order[k])] = static_cast<double>(k + 1);
  return out;
}

// Variance of a replicate about its time's mean, over all genes.
double replicate_variance(const ExpressionCourse& course) {
  const Eigen::MatrixXd mean = course.mean();
  double sum = 0;
  for (const auto& one : course.replicates) sum += (one - mean).squaredNorm();
  return sum / (static_cast<double>(course.replicates.size() - 1) * static_cast<double>(mean.size()));
}

}  // namespace

void report_linear(RunDirectory& run, const ExpressionSeries& series, const DgcCase& first, const DgcRanking& ranking, const control::FactorInputs& inputs, const DgcSettings& settings) {
  const ExpressionCourse even = make_course(series, {TimeOrder::labels, settings.least_cpm, true});
  if (even.times_h.size() < 4) {
    run.add_note("Fewer than four times in steps of one length: no linear model, no sensors.");
    return;
  }
  const CourseCoordinates coordinates = coordinates_of(even);
  const StepPairs pairs = step_pairs(coordinates, all_transitions(coordinates));
  const int most = static_cast<int>(std::min(pairs.before.rows(), pairs.before.cols()));
  const int rank = settings.rank == 0 ? hard_threshold_rank(pairs.before, pairs.genes) : std::min(settings.rank, most);
  if (settings.rank > most) run.add_warning(fmt::format("A rank of {} was asked for; the samples have {} directions, and these are taken.", settings.rank, most));
  const Eigen::MatrixXd step = dmd_step(pairs, rank);
  const Eigen::MatrixXd modes = Eigen::JacobiSVD<Eigen::MatrixXd>(pairs.before, Eigen::ComputeThinU).matrixU().leftCols(rank);
  const Eigen::MatrixXd a = modes.transpose() * step * modes, rows = coordinates.basis * modes;      // [r x r], [G x r]
  const int steps = static_cast<int>(even.times_h.size()) - 1;
  Eigen::VectorXd start = Eigen::VectorXd::Zero(rows.cols());
  double spread = 0;
  for (const auto& one : coordinates.replicates) start += modes.transpose() * one.col(0) / static_cast<double>(coordinates.replicates.size()), spread += (modes.transpose() * one).squaredNorm() / static_cast<double>(one.cols() * rank) / static_cast<double>(coordinates.replicates.size());
  run.add_setting("linear model", fmt::format("dynamic mode decomposition, rank {} ({}), {:g} to {:g} h in steps of {:g} h, about the mean of all samples", rank, settings.rank == 0 ? "optimal hard threshold" : "asked for", even.times_h.front(), even.times_h.back(), even.times_h[1] - even.times_h[0]));
  // sensors
  const auto model = control::trajectory_sensors(rows * control::linear_trajectory(a, start, steps));
  const auto data = control::trajectory_sensors(even.mean());
  const Eigen::MatrixXd mean = even.mean();
  const auto centred = control::trajectory_sensors(mean.colwise() - mean.rowwise().mean());
  const bool replicated = even.replicates.size() > 1;
  const double noise = replicated ? replicate_variance(even) : 1;
  if (!replicated) run.add_note("No replicates: the noise of a measurement, which the greedy choice of sensors needs, is taken as 1 log2 unit squared.");
  const int count = std::min<int>(settings.sensors, static_cast<int>(rows.rows()));
  if (settings.sensors > count) run.add_warning(fmt::format("{} sensors were asked for; the series has {} genes, and all are taken.", settings.sensors, count));
  const auto greedy = control::greedy_sensors(rows, a, steps, count, noise / spread);
  std::vector<double> chosen(even.genes.size(), 0);
  for (std::size_t k = 0; k < greedy.chosen.size(); ++k) chosen[static_cast<std::size_t>(greedy.chosen[k])] = static_cast<double>(k + 1);
  const auto by_model = places_by_weight(model.weight), by_data = places_by_weight(data.weight), by_change = places_by_weight(centred.weight);
  Table sensors({{"gene", "", ""}, {"place_model", "1", "weight in the leading directions of the linear model's trajectory"}, {"weight_model", "1", ""}, {"place_guided", "1", "the same of data-guided steps: of the measured means themselves"}, {"place_change", "1", "of the measured means about their mean"}, {"greedy", "1", "place in the greedy choice; empty: not chosen"}});
  for (std::size_t g = 0; g < even.genes.size(); ++g)
    if (by_model[g] <= 100 || by_data[g] <= 100 || by_change[g] <= 100 || chosen[g] > 0) sensors.add_row({even.genes[g], by_model[g], model.weight[static_cast<Eigen::Index>(g)], by_data[g], by_change[g], chosen[g] > 0 ? Cell(chosen[g]) : Cell()});
  run.add_table("sensors", sensors, fmt::format("The best 100 genes by each way to choose sensors, and a greedy choice of {} for the initial state of the linear model over {} steps.", count, steps));
  std::vector<std::string> names;
  for (std::size_t k = 0; k < std::min<std::size_t>(5, greedy.chosen.size()); ++k) names.push_back(even.genes[static_cast<std::size_t>(greedy.chosen[k])]);
  run.add_answer(fmt::format("Sensors: {} genes chosen greedily ({}, ...) have at least {:.0f} % of the information that the best {} could have.", count, fmt::join(names, ", "), 100 * greedy.value.back() / greedy.at_most, count));
  run.add_note(fmt::format("Sensors by data-guided steps are read off the measured means themselves, since A_k takes each to the next; their first direction has {:.1f} % of the energy and is mean expression.", 100 * data.energy[0] / data.energy.sum()));
  // factors
  std::map<std::string, Eigen::Index> row;
  for (std::size_t g = 0; g < even.genes.size(); ++g) row.emplace(even.genes[g], static_cast<Eigen::Index>(g));
  // of the genes that the even steps and the problem share
  Eigen::VectorXd wanted = Eigen::VectorXd::Zero(rows.cols());
  std::vector<Eigen::Index> row_of(first.course.genes.size(), -1);
  for (std::size_t g = 0; g < row_of.size(); ++g)
    if (const auto at = row.find(first.course.genes[g]); at != row.end()) row_of[g] = at->second, wanted += rows.row(at->second).transpose() * ranking.problem.difference[static_cast<Eigen::Index>(g)];
  Eigen::MatrixXd inputs_in_modes = Eigen::MatrixXd::Zero(rows.cols(), static_cast<Eigen::Index>(inputs.names.size()));
  for (Eigen::Index m = 0; m < inputs.effect.outerSize(); ++m)
    for (control::SparseEffects::InnerIterator entry(inputs.effect, m); entry; ++entry)
      if (const auto at = row_of[static_cast<std::size_t>(entry.row())]; at >= 0) inputs_in_modes.col(m) += entry.value() * rows.row(at).transpose();
  Table energy({{"factor", "", ""}, {"average_controllability", "1", "trace of its Gramian in the modes: squared effect of a unit input"}, {"share", "1", "of the wanted change, within the modes, that its input (free in sign) can make"}, {"energy", "1", "least sum of squared inputs for that share"}, {"place_guided", "1", "data-guided control"}});
  for (std::size_t m = 0; m < inputs.names.size(); ++m) {
    const auto reach = control::reach_of(a, inputs_in_modes.col(static_cast<Eigen::Index>(m)), wanted, steps);
    energy.add_row({inputs.names[m], reach.average, reach.share, reach.energy, ranking.places[m]});
  }
  run.add_table("controllability", energy, fmt::format("Each factor alone as the input of the linear model over {} steps. {} modes hold {:.0f} % of the squared distance that is wanted; with as many steps as modes nearly any input reaches them all, at the energy given.", steps, rank, 100 * wanted.squaredNorm() / ranking.problem.difference.squaredNorm()));
}

}  // namespace hyped
