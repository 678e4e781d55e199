// Whole cells as what a network is fitted to: counts of every condition, or the distribution of cells that differ in dose and at rest.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "experiments/grn/fit/grn_problem.hpp"
#include "fitting/networks/cells/cell_losses.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

// A random choice of `wanted` of n, ascending; all where n is no more.
std::vector<Eigen::Index> some_of(Eigen::Index n, int wanted, RandomStream& random) {
  std::vector<Eigen::Index> out(static_cast<std::size_t>(n));
  std::iota(out.begin(), out.end(), 0);
  if (n <= wanted) return out;
  for (Eigen::Index i = 0; i < wanted; ++i) std::swap(out[static_cast<std::size_t>(i)], out[static_cast<std::size_t>(i) + static_cast<std::size_t>(random.uniform() * static_cast<double>(n - i))]);
  out.resize(static_cast<std::size_t>(wanted));
  std::sort(out.begin(), out.end());
  return out;
}

// Half the deviance of the counts of one condition, mean over genes: the state is the logarithm of a gene's level over the reference's.
ConditionLoss counts_loss(const GroupCells& arm, const GroupCells& reference) {
  const Eigen::VectorXd base = ratio_means(reference).mean, here = ratio_means(arm).mean;
  std::vector<Eigen::Index> used;      // a gene without a count has no level
  for (Eigen::Index g = 0; g < base.size(); ++g)
    if (base[g] > 0 && here[g] > 0) used.push_back(g);
  if (used.empty()) throw InputError(arm.name, "has no gene with counts both in the arm and in its reference", "give other genes");
  auto cells = std::make_shared<CellCounts>();
  cells->counts = arm.counts(Eigen::all, used).transpose();
  cells->column.assign(static_cast<std::size_t>(arm.counts.rows()), 0);
  cells->size = arm.size;
  cells->capture = base(used);
  cells->dispersion = Eigen::VectorXd::Ones(static_cast<Eigen::Index>(used.size()));
  const Eigen::VectorXd ratio = here(used).array() / base(used).array();
  cells->dispersion = fitted_dispersion(*cells, ratio);
  Eigen::MatrixXd scratch = Eigen::MatrixXd::Zero(ratio.size(), 1);
  const double best = negative_binomial_loss(*cells, ratio, scratch), count = static_cast<double>(used.size());
  return {arm.name, [cells, used, best, count](const Eigen::MatrixXd& measured, BatchMatrix bar) {
            const Eigen::MatrixXd level = measured(used, Eigen::all).array().exp();
            Eigen::MatrixXd by = Eigen::MatrixXd::Zero(level.rows(), level.cols());
            const double loss = negative_binomial_loss(*cells, level, by);
            for (std::size_t g = 0; g < used.size(); ++g) bar(used[g], 0) += by(static_cast<Eigen::Index>(g), 0) * level(static_cast<Eigen::Index>(g), 0) / count;
            return (loss - best) / count;
          }};
}

// Distance between measured cells and simulated ones; `rest` [M x columns]: what the cells of the reference differ by, added to the states.
ConditionLoss cloud_loss(const GrnCellLoss& choice, const std::string& name, const Eigen::MatrixXd& cells, const Eigen::MatrixXd& rest, std::uint64_t seed) {
  std::vector<Eigen::Index> used;
  for (Eigen::Index g = 0; g < cells.cols(); ++g)
    if ((cells.col(g).array() != cells(0, g)).any()) used.push_back(g);
  if (used.empty()) throw InputError(name, "has no gene that varies between its cells", "give other genes");
  const Eigen::MatrixXd measured = cells(Eigen::all, used), shift = rest(used, Eigen::all);
  const double count = static_cast<double>(used.size());
  std::function<double(const Eigen::MatrixXd&, BatchMatrix)> distance;
  double scale = 1;
  if (choice.kind == GrnLoss::moments) {
    // Counting noise is part of a variance, and changes with the mean; between genes it is independent. So variances are not compared.
    CellMoments moments = moments_of(measured);
    moments.covariance_se.diagonal().setConstant(std::numeric_limits<double>::quiet_NaN());
    distance = [moments = std::move(moments)](const Eigen::MatrixXd& state, BatchMatrix bar) { return moment_loss(moments, state, bar); };
    scale = 1 / (count + 0.5 * count * (count - 1));      // of moments
  } else {
    distance = CloudLoss(measured, {choice.kind == GrnLoss::energy ? CloudDistance::energy : CloudDistance::sliced_wasserstein, choice.directions, seed});
    scale = 0.5 * static_cast<double>(measured.rows());      // a shift of all cells then counts about as it does between means
  }
  return {name, [distance, shift, used, scale](const Eigen::MatrixXd& states, BatchMatrix bar) {
            const Eigen::MatrixXd simulated = states(used, Eigen::all) + shift;
            Eigen::MatrixXd by = Eigen::MatrixXd::Zero(simulated.rows(), simulated.cols());
            const double loss = distance(simulated, by);
            for (std::size_t g = 0; g < used.size(); ++g) bar.row(used[g]) += scale * by.row(static_cast<Eigen::Index>(g));
            return scale * loss;
          }};
}

}  // namespace

std::function<void(double, bool, BatchMatrix)> delivered(std::vector<InputCourse> courses, Eigen::MatrixXd given) {
  return [courses = std::move(courses), given = std::move(given)](double time_h, bool, BatchMatrix u) {
    for (std::size_t k = 0; k < courses.size(); ++k) {
      const double level = courses[k](time_h);
      for (Eigen::Index c = 0; c < u.cols(); ++c) u(static_cast<Eigen::Index>(k), c) = level * given(c, static_cast<Eigen::Index>(k));
    }
  };
}

void add_cell_losses(const GrnScenario& scenario, const GrnData& data, NetworkMeasurements& block, std::vector<std::string>& words) {
  const GrnCellLoss& choice = scenario.loss;
  const auto reference = [&](std::size_t row) -> const GroupCells& { return data.cells[static_cast<std::size_t>(data.reference_of[row])]; };
  for (auto& weight : block.weight) weight.setZero();
  if (choice.kind == GrnLoss::counts) {
    for (std::size_t row = 0; row < data.conditions.size(); ++row) block.cells.push_back(counts_loss(data.cells[row], reference(row)));
    words.push_back("The misfit is half the deviance of negative binomial counts, mean over genes: the mean of a count is the gene's mean in the reference (capture and unit together) times the cell's size times the level; dispersions are those of each arm and gene.");
    return;
  }
  const int n = static_cast<int>(data.conditions.size()), each = choice.simulated;
  const Eigen::Index states = block.experiment.initial.rows(), genes = static_cast<Eigen::Index>(data.genes.size());
  Eigen::MatrixXd given(static_cast<Eigen::Index>(n) * each, data.given.cols());
  block.conditions.clear();
  for (int row = 0; row < n; ++row) {
    RandomStream random(scenario.fit.seed, 7201, static_cast<std::uint32_t>(row));
    const GroupCells &arm = data.cells[static_cast<std::size_t>(row)], &rest = reference(static_cast<std::size_t>(row));
    for (int c = 0; c < each; ++c) {
      block.conditions.push_back(data.conditions[static_cast<std::size_t>(row)]);
      for (Eigen::Index k = 0; k < given.cols(); ++k) {
        const double dose = std::exp(choice.dose_log_sd * random.normal() - 0.5 * choice.dose_log_sd * choice.dose_log_sd);
        given(static_cast<Eigen::Index>(row) * each + c, k) = data.given(row, k) * dose;
      }
    }
    const Eigen::RowVectorXd at_rest = rest.counts.colwise().mean();
    Eigen::MatrixXd drawn(genes, each);
    const auto chosen = some_of(rest.counts.rows(), each, random);
    for (int c = 0; c < each; ++c) drawn.col(c) = (rest.counts.row(chosen[static_cast<std::size_t>(c) % chosen.size()]) - at_rest).transpose();
    drawn.colwise() -= Eigen::VectorXd(drawn.rowwise().mean());      // few cells would shift the arm
    const Eigen::MatrixXd seen = arm.counts(some_of(arm.counts.rows(), choice.measured, random), Eigen::all);
    block.cells.push_back(cloud_loss(choice, data.conditions[static_cast<std::size_t>(row)], seen.rowwise() - at_rest, drawn, scenario.fit.seed));
  }
  const Eigen::Index columns = static_cast<Eigen::Index>(n) * each;
  block.experiment.initial = Eigen::MatrixXd::Zero(states, columns);
  block.experiment.inputs = delivered(data.courses, given);
  for (auto* matrices : {&block.mean, &block.weight})
    for (auto& m : *matrices) m = Eigen::MatrixXd::Zero(states, columns);
  words.push_back(fmt::format("The misfit is the {} between measured cells (at most {} of an arm) and {} simulated ones: their doses differ (log-normal, mean 1, sd of the logarithm {:g}), and each is offset by what a cell of the reference differs from its mean. That cells differ at rest alike in all arms is an assumption.",
                              choice.kind == GrnLoss::moments ? "squared difference of means and of covariances between genes in standard errors (not of variances, in which counting noise changes with the mean)" : choice.kind == GrnLoss::energy ? "energy distance" : "sliced Wasserstein distance", choice.measured, each, choice.dose_log_sd));
}

}  // namespace hyped
