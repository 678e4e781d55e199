// One arm at a time, the rest held.
#include "fitting/arm_refits.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "fitting/linearised_wells.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

// Parameters of its own that an arm has: their names without "@arm".
std::vector<std::string> own_parameters(const CycleProblem& problem, const std::string& condition) {
  std::vector<std::string> names;
  const std::string suffix = "@" + condition;
  for (const std::string& name : problem.space().names())
    if (name.size() > suffix.size() && name.ends_with(suffix) && problem.model().parameter_index(name.substr(0, name.size() - suffix.size())) >= 0)
      names.push_back(name.substr(0, name.size() - suffix.size()));
  return names;
}

// The setup of one arm alone with everything but its own parameters held at theta; another arm it starts from comes along unseen.
CycleSetup alone(const CycleProblem& problem, const ProcessFit& fit, const Arm& arm) {
  CycleSetup setup = problem.setup();
  setup.arms = {arm};
  setup.unseen_arms.clear();
  const bool follows = setup.start == StartKind::steady && !setup.steady_condition.empty() && setup.steady_condition != arm.condition;
  if (follows) setup.unseen_arms = {problem.arm(setup.steady_condition)};
  const std::vector<std::string> own = own_parameters(problem, arm.condition);
  const std::vector<double> p = problem.parameters_of(arm.condition, fit.theta);
  const std::vector<double> other = follows ? problem.parameters_of(setup.steady_condition, fit.theta) : p;
  auto hold = [&](const std::string& name, std::size_t j) {
    const bool is_own = std::find(own.begin(), own.end(), name) != own.end();
    auto choice = std::find_if(setup.parameters.begin(), setup.parameters.end(), [&](const auto& c) { return c.name == name; });
    if (choice == setup.parameters.end()) {
      choice = setup.parameters.emplace(setup.parameters.end());
      choice->name = name;
    }
    choice->fixed_in.clear();
    if (is_own) {
      choice->conditions = {arm.condition};
      if (follows) choice->fixed_in = {{setup.steady_condition, other[j]}};
    } else {
      choice->per_condition = false;
      choice->conditions.clear();
      choice->prior.reset();
      choice->fixed = p[j];
      if (follows && other[j] != p[j]) {
        choice->fixed.reset();
        choice->fixed_in = {{arm.condition, p[j]}, {setup.steady_condition, other[j]}};
      }
    }
  };
  for (std::size_t j = 0; j < problem.model().parameters().size(); ++j) hold(std::string(problem.model().parameters()[j].name), j);
  hold(labelled_fraction, problem.model().parameters().size());
  hold(misread_fraction, problem.model().parameters().size() + 1);
  for (std::size_t g = 0; g < setup.random_effects.size(); ++g) {
    setup.random_effects[g].assumed_sd = std::sqrt(fit.components[first_random_component + g].value);
    setup.random_effects[g].assumed_from = "all arms together";
  }
  return setup;
}

double prior_sum(const ParameterSpace& space, const Eigen::VectorXd& theta) {
  double sum = 0;
  for (int i = 0; i < space.count(); ++i)
    if (const auto& prior = space[i].prior) sum += std::pow(prior->row(theta[i]).value, 2);
  return sum;
}

struct Candidate {
  Eigen::VectorXd theta;      // of the arm alone
  double score = std::numeric_limits<double>::infinity();
  SolveLog solves;
};

}  // namespace

ProcessFit fit_process_by_arm(const CycleProblem& problem, const PhaseCounts& data, const ProcessOptions& options) {
  ProcessFit fit = fit_process(problem, options);
  const auto& arms = problem.setup().arms;
  std::vector<int> separate;
  for (std::size_t a = 0; a < arms.size(); ++a)
    // what all arms start from is no arm's own
    if (!own_parameters(problem, arms[a].condition).empty() && !(problem.setup().start == StartKind::steady && problem.setup().steady_condition == arms[a].condition)) separate.push_back(static_cast<int>(a));
  if (fit.parameters.empty() || separate.size() < 2 || problem.density()) return fit;

  ProcessOptions small = options;
  small.unit_variance = fit.components[unit_variance_component].value;
  small.sister = fit.components[sister_component].value;
  small.detection = fit.components[detection_component].value;
  small.starts = 4;
  small.records = {};      // the arm's fit is one record
  std::vector<std::unique_ptr<CycleProblem>> problems;
  for (const int a : separate) {
    PhaseCounts mine = data;
    std::erase_if(mine.wells, [&](const WellSeries& well) { return well.condition != arms[a].condition; });
    problems.push_back(std::make_unique<CycleProblem>(alone(problem, fit, arms[a]), mine));
  }
  // present values of an arm's own parameters, in the order of another arm's space of its own
  auto values_of = [&](int arm, const ParameterSpace& space) {
    Eigen::VectorXd theta = space.start();
    for (int i = 0; i < space.count(); ++i) {
      const std::string name = space[i].name.substr(0, space[i].name.find('@'));
      const int index = problem.space().index(name + "@" + arms[static_cast<std::size_t>(arm)].condition);
      if (index >= 0) theta[i] = fit.theta[index];
    }
    return theta;
  };
  enum : int { present, before, after, plain, standard, kinds };
  const int count = static_cast<int>(separate.size());
  std::vector<Candidate> found(static_cast<std::size_t>(count * kinds));
  parallel_for(count * kinds, [&](int job) {
    const int s = job / kinds, kind = job % kinds, neighbour = kind == before ? s - 1 : kind == after ? s + 1 : s;
    if (neighbour < 0 || neighbour >= count) return;
    const CycleProblem& mine = *problems[static_cast<std::size_t>(s)];
    const Record kept = options.records.job("arms/" + arms[static_cast<std::size_t>(separate[static_cast<std::size_t>(s)])].condition + "/" + std::to_string(kind), [&] {
      ProcessOptions own = small;
      if (kind == standard) own.from = mine.space().start();
      else if (kind != plain) own.from = values_of(separate[static_cast<std::size_t>(neighbour)], mine.space());
      const ProcessFit one = fit_process(mine, own);
      SolveLog log;
      for (const StartRecord& start : one.starts) log.add(start.solves);
      RecordWriter out;
      out << log << one.theta << (one.parameters.empty() ? std::numeric_limits<double>::infinity() : one.minus_two_log_likelihood + prior_sum(mine.space(), one.theta));
      return out.record(one.outcome);
    });
    RecordReader in(kept);
    Candidate& candidate = found[static_cast<std::size_t>(job)];
    candidate.solves = solves_of(in);
    candidate.theta = in.vector();
    candidate.score = in.number();
  });
  for (int job = 0; job < count * kinds; ++job)
    fit.failed_solves.add("refit of arm " + arms[static_cast<std::size_t>(separate[static_cast<std::size_t>(job / kinds)])].condition, found[static_cast<std::size_t>(job)].solves, problems[static_cast<std::size_t>(job / kinds)]->space());
  Eigen::VectorXd theta = fit.theta;
  int gained = 0;
  for (int s = 0; s < count; ++s) {
    const Candidate* best = &found[static_cast<std::size_t>(s * kinds + present)];
    for (int kind = 1; kind < kinds; ++kind)
      if (const Candidate& other = found[static_cast<std::size_t>(s * kinds + kind)]; other.score < best->score - (best == &found[static_cast<std::size_t>(s * kinds)] ? refit_gain : 0)) best = &other;
    if (best == &found[static_cast<std::size_t>(s * kinds)]) continue;
    ++gained;
    const ParameterSpace& space = problems[static_cast<std::size_t>(s)]->space();
    for (int i = 0; i < space.count(); ++i)
      if (const int index = problem.space().index(space[i].name); index >= 0) theta[index] = best->theta[i];
  }
  if (gained == 0) return fit;
  ProcessOptions again = options;
  again.from = theta;
  again.records = options.records.in("again");
  ProcessFit better = fit_process(problem, again);
  fit.failed_solves.add(better.failed_solves, "refit of all arms, ");
  if (better.parameters.empty() || better.minus_two_log_likelihood + prior_sum(problem.space(), better.theta) > fit.minus_two_log_likelihood + prior_sum(problem.space(), fit.theta)) return fit;
  better.starts = fit.starts;
  better.failed_solves = fit.failed_solves;
  better.refitted_arms = gained;
  return better;
}

}  // namespace hyped
