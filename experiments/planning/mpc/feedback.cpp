// Filter and horizon.
#include "experiments/planning/mpc/feedback.hpp"

#include <fmt/format.h>

#include <Eigen/LU>
#include <algorithm>
#include <cmath>

#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/simulate/ssa.hpp"
#include "libhyped/simulate/staged_linear.hpp"

namespace hyped {
namespace {

std::string block_name(int k) { return fmt::format("block {}", k + 1); }

}  // namespace

Eigen::VectorXd start_of(const StagedModel& model, std::span<const double> parameters) {
  Eigen::MatrixXd slope;
  return model.start_distribution(parameters, slope);
}

FeedbackController::FeedbackController(const StageSettings& stages, const std::string& model, std::vector<std::vector<double>> parameters, double cells, FeedbackSettings settings) : settings_(std::move(settings)) {
  if (parameters.size() < 8) throw InputError("feedback", fmt::format("{} members are too few for a covariance", parameters.size()), "give 8 or more");
  const int blocks = static_cast<int>(std::lround(settings_.horizon_h / settings_.block_h));
  if (blocks < 1 || blocks > 30) throw InputError("feedback", fmt::format("the horizon of {:.4g} h has {} blocks of {:.4g} h", settings_.horizon_h, blocks, settings_.block_h), "give 1 to 30");
  const auto base = make_staged(model, stages);
  if (std::find(base->inputs().begin(), base->inputs().end(), settings_.input) == base->inputs().end()) {
    const std::vector<std::string> valid(base->inputs().begin(), base->inputs().end());
    throw InputError("input '" + settings_.input + "'", "the model has no such input", "did you mean " + nearest_names(settings_.input, valid) + "?");
  }
  StageSettings wide = stages;
  for (int k = 0; k < blocks; ++k) wide.event_parameters.push_back({block_name(k), "1", "level of the input", 0, 0, 1e6});
  model_ = make_staged(model, wide);
  input_ = model_->parameter_index(settings_.input);
  for (const auto& p : parameters) {
    std::vector<double> own = model_->default_parameters();
    for (int k = 0; k < base->parameter_count(); ++k) own[static_cast<std::size_t>(model_->parameter_index(base->parameters()[static_cast<std::size_t>(k)].name))] = p[static_cast<std::size_t>(k)];
    parameters_.push_back(std::move(own));
  }
  states_.resize(member_count(), model_->stage_count());
  for (int m = 0; m < member_count(); ++m) states_.row(m) = cells * start_of(*model_, parameters_[static_cast<std::size_t>(m)]).transpose();
  for (int k = 0; k < model_->parameter_count(); ++k) {
    const std::string name(model_->parameters()[static_cast<std::size_t>(k)].name);
    const double first = parameters_[0][static_cast<std::size_t>(k)];
    const bool differs = std::any_of(parameters_.begin(), parameters_.end(), [&](const auto& p) { return p[static_cast<std::size_t>(k)] != first; });
    if (!differs || name.rfind("start_", 0) == 0 || name.rfind("age_", 0) == 0) continue;
    learnt_.push_back(k), names_.push_back(name);
    positive_.push_back(std::all_of(parameters_.begin(), parameters_.end(), [&](const auto& p) { return p[static_cast<std::size_t>(k)] > 0; }) && model_->parameters()[static_cast<std::size_t>(k)].lower >= 0);
  }
  pick_ = Eigen::VectorXd::Zero(model_->stage_count());
  for (const auto& phase : settings_.phases)
    if (model_->phase_index(phase) < 0) throw InputError("feedback", "the model has no phase '" + phase + "'");
  for (int s = 0; s < model_->stage_count(); ++s) {
    const std::string& phase = model_->graph().phases[static_cast<std::size_t>(model_->chain().phase[static_cast<std::size_t>(s)])].name;
    pick_[s] = std::find(settings_.phases.begin(), settings_.phases.end(), phase) != settings_.phases.end();
  }
  plan_ = Eigen::VectorXd::Zero(blocks);
}

Outcome FeedbackController::advance(double dt_h, double level) {
  std::vector<Outcome> outcomes(parameters_.size());
  ++step_;
  parallel_for(member_count(), [&](int m) {
    const auto i = static_cast<std::size_t>(m);
    std::vector<double> p = parameters_[i];
    p[static_cast<std::size_t>(input_)] = level;
    Experiment dish;
    dish.initial.assign(states_.row(m).begin(), states_.row(m).end());
    dish.sample_times_h = {dt_h};
    SsaOptions options;
    options.seed = settings_.seed, options.job = 0x6d70 + step_;
    const Trajectory run = simulate_ssa(*model_, p, dish, options, static_cast<std::uint32_t>(m));
    outcomes[i] = run.outcome;
    if (run.outcome.ok()) states_.row(m) = run.states.row(0);
  });
  for (const Outcome& outcome : outcomes)
    if (!outcome.ok()) return outcome;
  return {};
}

void FeedbackController::observe(double inside, double outside) {
  const int members = member_count(), stages = model_->stage_count(), learnt = static_cast<int>(learnt_.size());
  const double seen = 1 - settings_.missed;
  Eigen::MatrixXd all(members, stages + learnt), predicted(members, 2);
  for (int m = 0; m < members; ++m) {
    all.row(m).head(stages) = states_.row(m);
    for (int k = 0; k < learnt; ++k) {
      const double value = parameters_[static_cast<std::size_t>(m)][static_cast<std::size_t>(learnt_[static_cast<std::size_t>(k)])];
      all(m, stages + k) = positive_[static_cast<std::size_t>(k)] ? std::log(value) : value;
    }
    predicted(m, 0) = seen * states_.row(m).dot(pick_);
    predicted(m, 1) = seen * states_.row(m).sum() - predicted(m, 0);
  }
  const Eigen::MatrixXd spread = all.rowwise() - all.colwise().mean(), answers = predicted.rowwise() - predicted.colwise().mean();
  const Eigen::RowVector2d level = predicted.colwise().mean();
  Eigen::Matrix2d noise = Eigen::Matrix2d::Zero();
  for (int k = 0; k < 2; ++k) noise(k, k) = std::max(1.0, settings_.missed * level[k]);      // binomial detection; at least a cell
  const Eigen::Matrix2d inner = answers.transpose() * answers / (members - 1) + noise;
  const Eigen::MatrixXd gain = spread.transpose() * answers / (members - 1) * inner.inverse();      // [S + learnt x 2]
  for (int m = 0; m < members; ++m) {
    RandomStream random(settings_.seed, 0x6f6273 + step_, static_cast<std::uint32_t>(m));
    Eigen::Vector2d off(inside - predicted(m, 0), outside - predicted(m, 1));
    for (int k = 0; k < 2; ++k) off[k] += std::sqrt(noise(k, k)) * random.normal();
    const Eigen::VectorXd moved = all.row(m).transpose() + gain * off;
    states_.row(m) = moved.head(stages).cwiseMax(0.0).transpose();
    for (int k = 0; k < learnt; ++k) {
      const auto at = static_cast<std::size_t>(learnt_[static_cast<std::size_t>(k)]);
      const auto& spec = model_->parameters()[at];
      const double value = positive_[static_cast<std::size_t>(k)] ? std::exp(moved[stages + k]) : moved[stages + k];
      parameters_[static_cast<std::size_t>(m)][at] = std::clamp(value, std::min(spec.lower, -20.0 * !positive_[static_cast<std::size_t>(k)]), std::max(spec.upper, 20.0 * !positive_[static_cast<std::size_t>(k)]));
    }
  }
}

bool FeedbackController::predict(int member, const Eigen::VectorXd& levels, double& cost, Eigen::VectorXd* gradient) const {
  const int blocks = static_cast<int>(levels.size());
  std::vector<double> p = parameters_[static_cast<std::size_t>(member)];
  Experiment dish;
  dish.initial.assign(states_.row(member).begin(), states_.row(member).end());
  LinearOptions options;
  for (int k = 0; k < blocks; ++k) {
    const int parameter = model_->parameter_index(block_name(k));
    p[static_cast<std::size_t>(parameter)] = levels[k];
    dish.schedule.push_back({k * settings_.block_h, settings_.input, Action::set, 0, block_name(k)});
    options.columns.push_back(parameter);
    dish.sample_times_h.push_back((k + 0.5) * settings_.block_h);
    dish.sample_times_h.push_back((k + 1) * settings_.block_h);
  }
  const Trajectory run = simulate_linear(*model_, p, dish, options, gradient ? Sensitivities::parameters : Sensitivities::none);
  if (!run.outcome.ok()) return false;
  cost = 0;
  if (gradient) gradient->setZero(blocks);
  const double each = 1.0 / static_cast<double>(run.states.rows());
  for (Eigen::Index t = 0; t < run.states.rows(); ++t) {
    const double total = run.states.row(t).sum(), share = run.states.row(t).dot(pick_) / total, off = share - settings_.wanted;
    cost += each * off * off;
    if (gradient) *gradient += 2 * each * off / total * (run.sensitivities[static_cast<std::size_t>(t)].transpose() * (pick_ - share * Eigen::VectorXd::Ones(pick_.size())));
  }
  return true;
}

double FeedbackController::decide(Outcome& outcome) {
  const int count = std::min(settings_.planned_over, member_count());
  const Eigen::Index blocks = plan_.size();
  control::NonlinearProgram program;
  program.lower = Eigen::VectorXd::Zero(blocks), program.upper = Eigen::VectorXd::Constant(blocks, settings_.highest);
  program.objective = [&](const Eigen::VectorXd& levels, double& value, Eigen::VectorXd* gradient) {
    std::vector<double> costs(static_cast<std::size_t>(count));
    std::vector<Eigen::VectorXd> slopes(static_cast<std::size_t>(count));
    std::vector<char> good(static_cast<std::size_t>(count));
    parallel_for(count, [&](int k) {
      const auto i = static_cast<std::size_t>(k);
      good[i] = predict(k * member_count() / count, levels, costs[i], gradient ? &slopes[i] : nullptr);
    });
    if (std::find(good.begin(), good.end(), 0) != good.end()) return false;
    value = settings_.price * levels.squaredNorm();
    if (gradient) *gradient = 2 * settings_.price * levels;
    for (std::size_t i = 0; i < costs.size(); ++i) {
      value += costs[i] / count;
      if (gradient) *gradient += slopes[i] / count;
    }
    return true;
  };
  control::ProgramOptions solver;
  solver.method = control::ProgramMethod::sequential;
  solver.tolerance = 1e-7, solver.iteration_limit = 40;
  // The last plan, and a level in the middle where that one stands at a bound everywhere (its slope there may be flat).
  control::ProgramSolution best = control::solve_program(program, plan_, solver);
  const control::ProgramSolution other = control::solve_program(program, Eigen::VectorXd::Constant(blocks, 0.5 * settings_.highest), solver);
  if (other.value < best.value) best = other;
  outcome = {};
  if (!best.x.allFinite()) outcome = {Status::not_converged, "no level could be planned: the members cannot be simulated"};
  else plan_ = best.x;
  return plan_[0];
}

Eigen::VectorXd FeedbackController::shares() const { return (states_ * pick_).cwiseQuotient(states_.rowwise().sum().cwiseMax(1e-9)); }

Eigen::MatrixXd FeedbackController::learnt() const {
  Eigen::MatrixXd out(member_count(), static_cast<Eigen::Index>(learnt_.size()));
  for (int m = 0; m < member_count(); ++m)
    for (std::size_t k = 0; k < learnt_.size(); ++k) out(m, static_cast<Eigen::Index>(k)) = parameters_[static_cast<std::size_t>(m)][static_cast<std::size_t>(learnt_[k])];
  return out;
}

}  // namespace hyped
