// The ladder of penalties, its cross-validation, and what can go wrong on it.
#include "fitting/networks/network_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "libhyped/counted.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity(), missing = std::numeric_limits<double>::quiet_NaN();

NetworkLoss without_pulls(NetworkLoss loss) {
  loss.pull.resize(0);
  loss.pull_to.resize(0);
  return loss;
}

double value_of(const NetworkObjective* objective, const Eigen::VectorXd& theta) {
  if (objective == nullptr) return missing;
  double value = 0;
  return objective->evaluate(theta, value, nullptr).ok() ? value : infinite;
}

DescentResult descend(Descent descent, const SmoothFunction& function, const Penalty& penalty, const Eigen::VectorXd& start, const DescentOptions& options) {
  if (descent == Descent::adam) return minimise_adam(function, penalty, start, options);
  if (descent == Descent::lbfgs) return minimise_lbfgs(function, start, options);
  return minimise_proximal(function, penalty, start, options);
}

// Standard error of the mean over folds within a deal; over several deals the root of the mean variance, as they share their conditions.
double between_folds(const std::vector<double>& losses, std::size_t folds) {
  double variance = 0;
  for (std::size_t first = 0; first < losses.size(); first += folds) {
    const double mean = std::accumulate(losses.begin() + static_cast<std::ptrdiff_t>(first), losses.begin() + static_cast<std::ptrdiff_t>(first + folds), 0.0) / static_cast<double>(folds);
    for (std::size_t f = first; f < first + folds; ++f) variance += (losses[f] - mean) * (losses[f] - mean) / static_cast<double>((folds - 1) * folds);
  }
  return std::sqrt(variance * static_cast<double>(folds) / static_cast<double>(losses.size()));
}

int edges_of(const NetworkProblem& problem, const Eigen::VectorXd& theta) {
  return static_cast<int>(std::count_if(problem.edges.begin(), problem.edges.end(), [&](int e) { return theta[e] != 0; }));
}

// Descents that did not end by themselves, of all fits down to the chosen step, in words.
void count_unconverged(NetworkFit& fit) {
  const auto count = [&](const std::vector<LadderStep>& ladder) {
    int found = 0;
    for (std::size_t s = 0; s < ladder.size() && static_cast<int>(s) <= fit.chosen; ++s) ++fit.descents, found += ladder[s].outcome.ok() ? 0 : 1;
    return found;
  };
  const int whole = count(fit.ladder), steps = fit.descents;
  int folds = 0;
  for (const auto& member : fit.members) folds += count(member.ladder);
  fit.unconverged = whole + folds;
  int gained = 0;
  for (const LadderStep& step : fit.ladder) gained += step.ended_by_gain ? 1 : 0;
  if (gained > 0) fit.words.push_back(fmt::format("{} of {} ended because ten iterations gained less than least_gain; the optimality of the chosen one is {:.2g} ({:.2g} is its penalty on an edge). A smaller least_gain goes on.", gained, counted(steps, "descent"), fit.best().optimality, fit.best().factor));
  if (fit.unconverged == 0) return;
  fit.words.push_back(fmt::format("{} of {} of the fit to all conditions{} did not converge within their iterations: give more iterations, or a larger least_gain.", whole, counted(steps, "descent"),
                                  fit.members.empty() ? "" : fmt::format(", and {} of {} of the folds,", folds, fit.descents - steps)));
}

}  // namespace

Descent descent_named(const std::string& name, const std::string& where) {
  if (name == "proximal") return Descent::proximal;
  if (name == "adam") return Descent::adam;
  if (name == "lbfgs") return Descent::lbfgs;
  throw InputError(where, fmt::format("descent '{}' is unknown", name), "use \"proximal\", \"adam\" or \"lbfgs\" (which takes no penalty with corners)");
}

std::vector<std::string> NetworkProblem::conditions() const {
  std::vector<std::string> out;
  for (const auto& block : blocks)
    for (const auto& name : block.conditions)
      if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  return out;
}

NetworkProblem NetworkProblem::only(const std::vector<std::string>& names) const {
  NetworkProblem out = *this;
  out.blocks.clear();
  for (const auto& block : blocks) {
    std::vector<int> columns;
    for (int c = 0; c < block.columns(); ++c)
      if (std::find(names.begin(), names.end(), block.conditions[static_cast<std::size_t>(c)]) != names.end()) columns.push_back(c);
    if (!columns.empty()) out.blocks.push_back(only_conditions(block, columns));
  }
  return out;
}

std::vector<int> deal_folds(int n, int folds, std::uint64_t seed, int repeat) {
  std::vector<int> order(static_cast<std::size_t>(n)), out(order.size());
  std::iota(order.begin(), order.end(), 0);
  RandomStream stream(seed, 7001, static_cast<std::uint32_t>(repeat));
  for (int i = n - 1; i > 0; --i) std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(stream.uniform() * (i + 1))]);
  for (int i = 0; i < n; ++i) out[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])] = i % folds;
  return out;
}

std::vector<LadderStep> descend_ladder(const NetworkProblem& problem, const std::vector<std::string>& held_out, const NetworkFitOptions& options) {
  std::vector<std::string> seen;
  for (const auto& name : problem.conditions())
    if (std::find(held_out.begin(), held_out.end(), name) == held_out.end()) seen.push_back(name);
  const NetworkProblem mine = problem.only(seen), others = problem.only(held_out);
  const NetworkObjective objective(*mine.model, mine.transform, mine.blocks, mine.loss, mine.solving);
  const NetworkObjective plain(*mine.model, mine.transform, mine.blocks, without_pulls(mine.loss), mine.solving);
  std::unique_ptr<NetworkObjective> unseen;
  if (!others.blocks.empty()) unseen = std::make_unique<NetworkObjective>(*others.model, others.transform, others.blocks, without_pulls(others.loss), others.solving);
  std::vector<LadderStep> out;
  Eigen::VectorXd theta = problem.transform.start();
  for (std::size_t s = 0; s < options.ladder.size(); ++s) {
    const double factor = options.ladder[s];
    DescentOptions step = options.step;
    double best = infinite;
    int best_at = 0;
    Eigen::VectorXd best_theta;
    if (unseen != nullptr && options.patience > 0)
      step.stop = [&](int iteration, const Eigen::VectorXd& here, double) {
        if (iteration % options.look_every != 0) return false;
        const double now = value_of(unseen.get(), here);
        if (now < best) best = now, best_at = iteration, best_theta = here;
        return iteration - best_at >= options.patience;
      };
    if (s < options.stop_at.size()) step.stop = [limit = options.stop_at[s]](int iteration, const Eigen::VectorXd&, double) { return iteration >= limit; };
    const DescentResult found = descend(options.descent, objective, problem.penalty.scaled(factor), theta, step);
    LadderStep at;
    at.factor = factor;
    at.theta = found.theta;
    at.held_out = value_of(unseen.get(), found.theta);
    if (best_theta.size() > 0 && best < at.held_out) at.theta = best_theta, at.held_out = best, at.stopped_at = std::max(1, best_at);
    at.objective = found.value + found.penalty;
    at.misfit = value_of(&plain, at.theta);
    at.edges = edges_of(problem, at.theta);
    at.iterations = found.iterations;
    at.evaluations = found.evaluations;
    at.failed_evaluations = found.failed_evaluations;
    at.optimality = found.optimality;
    at.ended_by_gain = found.ended_by_gain;
    at.outcome = found.outcome;
    const bool lost = found.course.empty();      // not even the start could be evaluated
    out.push_back(std::move(at));
    if (lost) break;
    theta = out.back().theta;
  }
  return out;
}

NetworkFit fit_network(const NetworkProblem& problem, const NetworkFitOptions& options) {
  const std::vector<std::string> names = problem.conditions();
  std::vector<std::string> labels, of;      // what is held out together; of each condition
  for (const auto& name : names) {
    const auto at = problem.together.find(name);
    of.push_back(at == problem.together.end() ? name : at->second);
    if (std::find(labels.begin(), labels.end(), of.back()) == labels.end()) labels.push_back(of.back());
  }
  const int n = static_cast<int>(labels.size()), steps = static_cast<int>(options.ladder.size()), folds = std::min(options.folds, n);
  if (steps == 0) throw InputError("the ladder of penalties", "is empty", "give at least one factor");
  NetworkFit out;
  if (folds > 1) {
    out.folds = folds;
    for (int r = 0; r < std::max(1, options.repeats); ++r) {
      const auto fold = deal_folds(n, folds, options.seed, r);
      for (int f = 0; f < folds; ++f) {
        NetworkMember member;
        for (std::size_t c = 0; c < names.size(); ++c)
          if (fold[static_cast<std::size_t>(std::find(labels.begin(), labels.end(), of[c]) - labels.begin())] == f) member.held_out.push_back(names[c]);
        out.members.push_back(std::move(member));
      }
    }
    parallel_for(static_cast<int>(out.members.size()), [&](int m) {
      NetworkMember& member = out.members[static_cast<std::size_t>(m)];
      member.ladder = descend_ladder(problem, member.held_out, options);
    });
    int best = -1;
    for (int s = 0; s < steps; ++s) {
      std::vector<double> losses;
      for (const auto& member : out.members) losses.push_back(s < static_cast<int>(member.ladder.size()) ? member.ladder[static_cast<std::size_t>(s)].held_out : infinite);
      const double count = static_cast<double>(losses.size()), mean = std::accumulate(losses.begin(), losses.end(), 0.0) / count;
      out.cross_validated.push_back(std::isfinite(mean) ? mean : missing);
      out.cross_validated_error.push_back(std::isfinite(mean) ? between_folds(losses, static_cast<std::size_t>(folds)) : missing);
      if (std::isfinite(mean) && (best < 0 || mean < out.cross_validated[static_cast<std::size_t>(best)])) best = s;
    }
    if (best < 0) {
      out.outcome = {Status::not_converged, "no step of the ladder predicts the conditions held out: in every fold the network diverges, oscillates or cannot be fitted"};
      for (const auto& member : out.members)
        if (!member.ladder.empty() && !member.ladder.back().outcome.ok()) out.words.push_back(fmt::format("A fold ended so: {}.", member.ladder.back().outcome.message));
      return out;
    }
    if (options.one_standard_error)
      for (int s = 0; s < best; ++s)
        if (out.cross_validated[static_cast<std::size_t>(s)] <= out.cross_validated[static_cast<std::size_t>(best)] + out.cross_validated_error[static_cast<std::size_t>(best)]) {
          best = s;
          break;
        }
    out.chosen = best;
    const bool edges = std::any_of(out.members.begin(), out.members.end(), [](const NetworkMember& m) { return m.ladder[0].edges > 0; });      // without any, no larger penalty can do more
    if (best == 0 && steps > 1 && edges) out.words.push_back("Cross-validation chose the first step of the ladder: a larger penalty may be better still.");
    if (best == steps - 1 && steps > 1) out.words.push_back("Cross-validation chose the last step of the ladder: a smaller penalty may be better still.");
  }
  NetworkFitOptions whole = options;
  whole.patience = 0;
  if (out.chosen >= 0) whole.ladder.resize(static_cast<std::size_t>(out.chosen) + 1);
  for (std::size_t s = 0; options.patience > 0 && s < whole.ladder.size() && !out.members.empty(); ++s) {
    std::vector<int> ends;
    for (const auto& member : out.members)
      if (s < member.ladder.size()) ends.push_back(member.ladder[s].stopped_at > 0 ? member.ladder[s].stopped_at : std::max(1, member.ladder[s].iterations));
    std::nth_element(ends.begin(), ends.begin() + static_cast<std::ptrdiff_t>(ends.size() / 2), ends.end());
    whole.stop_at.push_back(ends[ends.size() / 2]);
  }
  out.ladder = descend_ladder(problem, {}, whole);
  if (out.chosen < 0 || out.chosen >= static_cast<int>(out.ladder.size())) out.chosen = static_cast<int>(out.ladder.size()) - 1;
  const LadderStep& last = out.best();
  if (!std::isfinite(last.misfit)) {
    out.outcome = last.outcome.ok() ? Outcome{Status::not_converged, "the fitted network has no state to compare with the data"} : last.outcome;
    return out;
  }
  int failed = 0;
  for (const LadderStep& step : out.ladder) failed += step.failed_evaluations;
  if (failed > 0) out.words.push_back(fmt::format("{} of the search led where the network diverges or does not settle, and {} taken back.", counted(failed, "step"), agreed(failed, "was", "were")));
  count_unconverged(out);
  if (!last.outcome.ok()) out.outcome = {last.outcome.status, fmt::format("the chosen step of the ladder (factor {:.3g}) is not the end of its descent: {}", last.factor, last.outcome.message)};
  if (!problem.edges.empty() && last.edges == 0)
    out.outcome = {Status::not_identifiable, fmt::format("the penalty path ends with an empty network: at the chosen factor {:.3g} no edge is left (misfit {:.4g}); the inputs alone say as much", last.factor, last.misfit)};
  return out;
}

}  // namespace hyped
