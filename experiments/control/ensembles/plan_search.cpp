// Screening in parallel over starts, polishing in parallel over members.
#include "experiments/control/ensembles/plan_search.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "fitting/parameter_space.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped::control {
namespace {

// Every member, or `count` of them evenly taken.
std::vector<int> few_of(const std::vector<int>& members, int count) {
  if (static_cast<int>(members.size()) <= count) return members;
  std::vector<int> out;
  for (int k = 0; k < count; ++k) out.push_back(members[static_cast<std::size_t>((2 * k + 1) * static_cast<int>(members.size()) / (2 * count))]);
  return out;
}

struct Job {
  int shape = 0;
  Eigen::VectorXd start, end;
  double cost = 0, violation = 0;
  bool good = false;
  long evaluations = 0;
};

// Costs of candidates; those that break a constraint stand behind those that do not.
bool better(const Job& a, const Job& b, double keeps) {
  if (a.good != b.good) return a.good;
  const bool kept_a = a.violation <= keeps, kept_b = b.violation <= keeps;
  if (kept_a != kept_b) return kept_a;
  if (!kept_a && a.violation != b.violation) return a.violation < b.violation;
  return a.cost < b.cost;
}

// One local solve from `job.start`; the best point met that keeps the constraints is the end.
void solve(const PlanProblem& problem, const PlanShape& shape, const std::vector<int>& members, const PlanSearchOptions& options, double tolerance, Job& job, FoundPlan* found = nullptr) {
  EnsembleProgram program(problem, shape, members);
  job.end = job.start;
  job.good = program.value(job.start, job.cost, job.violation);
  if (!job.good) {
    job.evaluations = program.evaluations() * static_cast<long>(members.size());
    return;
  }
  const auto take = [&](const Eigen::VectorXd& x) {
    Job next = job;
    next.end = x;
    if (program.value(x, next.cost, next.violation) && better(next, job, options.keeps)) job = next;
  };
  if (shape.variable_count() > 0) {
    ProgramOptions solver;
    solver.method = ProgramMethod::sequential;
    solver.tolerance = tolerance;
    solver.iteration_limit = options.iterations;
    solver.value_tolerance = std::max(options.gain, tolerance > options.tolerance ? 1e-4 : 0.0);      // screening need not be sharp
    if (job.violation > options.keeps) take(program.to_plan(solve_program(program.feasibility(), (job.start - shape.lower()).cwiseQuotient(shape.upper() - shape.lower()), solver).x));
    const ProgramSolution solution = solve_program(program.program(), program.to_program(job.end), solver);
    take(program.to_plan(solution.x));
    Eigen::VectorXd without = job.end;      // an amount that rounding left is none
    for (int v = 0; v < shape.variable_count(); ++v)
      if (const PlanVariable& variable = shape.variables()[static_cast<std::size_t>(v)]; variable.knob == Knob::amount && variable.lower == 0 && without[v] < 1e-6 * variable.upper) without[v] = 0;
    if (without != job.end) {
      Job next = job;
      next.end = without;
      if (program.value(without, next.cost, next.violation) && next.cost < job.cost + 1e-7 && next.violation <= std::max(job.violation, options.keeps)) job = next;
    }
    if (found) found->optimality = solution.optimality, found->ended = solution.outcome.ok() ? "" : solution.outcome.message;
  }
  job.evaluations = program.evaluations() * static_cast<long>(members.size());
}

// One pulse's start moved over its range, all else as it is: the best place of another valley, if there is one.
bool better_start(const PlanProblem& problem, const PlanShape& shape, const std::vector<int>& members, const PlanSearchOptions& options, const FoundPlan& best, long& evaluations, Eigen::VectorXd& to) {
  EnsembleProgram program(problem, shape, members);
  double least = best.cost - std::max(1e-6, 1e-3 * std::abs(best.cost));
  bool found = false;
  for (int v = 0; v < shape.variable_count(); ++v) {
    const PlanVariable& variable = shape.variables()[static_cast<std::size_t>(v)];
    if (variable.knob != Knob::start) continue;
    for (int k = 0; k < options.sweep; ++k) {
      Eigen::VectorXd x = best.x;
      x[v] = variable.lower + (variable.upper - variable.lower) * (k + 0.5) / options.sweep;
      double cost = 0, violation = 0;
      if (program.value(x, cost, violation) && violation <= options.keeps && cost < least) least = cost, to = x, found = true;
    }
  }
  evaluations += program.evaluations() * static_cast<long>(members.size());
  return found;
}

// Doses that came out as none are left out: the shape without them says the same with fewer variables.
void leave_out_none(const PlanProblem& problem, const std::vector<int>& members, double keeps, PlanSearch& search) {
  std::vector<Pulse> given;
  std::vector<int> sequence;
  for (const Pulse& pulse : search.best.pulses)
    if (pulse.amount > 0) given.push_back(pulse), sequence.push_back(pulse.input);
  if (given.size() == search.best.pulses.size()) return;
  const auto shape = std::find_if(search.shapes.begin(), search.shapes.end(), [&](const PlanShape& s) { return s.sequence() == sequence; });
  if (shape == search.shapes.end()) return;      // the limits ask for as many pulses
  EnsembleProgram program(problem, *shape, members);
  const Eigen::VectorXd x = shape->variables_of(given);
  double cost = 0, violation = 0;
  if (!program.value(x, cost, violation) || cost > search.best.cost + 1e-7 || violation > std::max(keeps, search.best.violation)) return;
  search.best.x = x, search.best.pulses = given, search.best.cost = cost, search.best.violation = violation;
  search.best.shape = static_cast<int>(shape - search.shapes.begin());
}

}  // namespace

std::vector<Eigen::VectorXd> design_points(const PlanShape& shape, int count, std::uint64_t seed) {
  const int variables = shape.variable_count();
  RandomStream random(seed, 0x706c616e, static_cast<std::uint32_t>(variables));
  Eigen::VectorXd shift(variables);
  for (int v = 0; v < variables; ++v) shift[v] = random.uniform();      // Cranley-Patterson rotation of the Halton points
  const Eigen::VectorXd lower = shape.lower(), width = shape.upper() - lower;
  std::vector<Eigen::VectorXd> kept, others;
  for (int n = 1; static_cast<int>(kept.size()) < count && n <= 50 * count; ++n) {
    Eigen::VectorXd u = halton_point(n, variables) + shift;
    u = u.array() - u.array().floor();
    const Eigen::VectorXd x = lower + width.cwiseProduct(u);
    const bool keeps = std::all_of(shape.linear().begin(), shape.linear().end(), [&](const PlanShape::Linear& limit) { return limit.row.dot(x) <= limit.most; });
    (keeps ? kept : others).push_back(x);
  }
  for (std::size_t k = 0; static_cast<int>(kept.size()) < count && k < others.size(); ++k) kept.push_back(others[k]);
  return kept;
}

PlanSearch find_plan(const PlanProblem& problem, const PlanSearchOptions& options) {
  HYPED_REQUIRE(problem.system != nullptr);
  PlanSearch out;
  out.shapes = enumerate_shapes(problem.inputs, problem.between_h);
  std::vector<int> members = problem.members;
  if (members.empty()) {
    members.resize(static_cast<std::size_t>(problem.system->member_count()));
    std::iota(members.begin(), members.end(), 0);
  }
  if (problem.risk.measure == RiskMeasure::reach && !(problem.risk.within > 0)) throw InputError("risk", "a chance to reach the target needs a distance that counts as reached", "give within");
  const std::vector<int> few = few_of(members, options.screening);

  // Candidates of every shape, looked at once on the screening members.
  std::vector<Job> jobs;
  for (int s = 0; s < static_cast<int>(out.shapes.size()); ++s) {
    const PlanShape& shape = out.shapes[static_cast<std::size_t>(s)];
    out.rows.push_back({shape.words(), shape.variable_count(), false, 0, 0, 0});
    std::vector<Eigen::VectorXd> points = shape.variable_count() == 0 ? std::vector<Eigen::VectorXd>{Eigen::VectorXd(0)} : design_points(shape, options.candidates, options.seed);
    for (const auto& pulses : options.given) {
      const auto same = [&] {
        if (pulses.size() != shape.sequence().size()) return false;
        for (std::size_t k = 0; k < pulses.size(); ++k)
          if (pulses[k].input != shape.sequence()[k]) return false;
        return true;
      };
      if (same()) points.insert(points.begin(), shape.variables_of(pulses));
    }
    for (auto& x : points) jobs.push_back({s, x, x});
  }
  parallel_for(static_cast<int>(jobs.size()), [&](int j) {
    Job& job = jobs[static_cast<std::size_t>(j)];
    EnsembleProgram program(problem, out.shapes[static_cast<std::size_t>(job.shape)], few);
    job.good = program.value(job.start, job.cost, job.violation);
    job.evaluations = program.evaluations() * static_cast<long>(few.size());
  });
  for (const Job& job : jobs) out.evaluations += job.evaluations;
  if (std::none_of(jobs.begin(), jobs.end(), [](const Job& job) { return job.good; })) throw InputError("plan", "no schedule that was looked at could be simulated", "narrow the limits of the inputs");

  // The best of each shape that are not alike start a local solve.
  std::vector<Job> starts;
  for (int s = 0; s < static_cast<int>(out.shapes.size()); ++s) {
    std::vector<Job> mine;
    for (const Job& job : jobs)
      if (job.shape == s && job.good) mine.push_back(job);
    std::stable_sort(mine.begin(), mine.end(), [&](const Job& a, const Job& b) { return better(a, b, options.keeps); });
    const Eigen::VectorXd width = out.shapes[static_cast<std::size_t>(s)].upper() - out.shapes[static_cast<std::size_t>(s)].lower();
    std::vector<Job> taken;
    for (const Job& job : mine) {
      const bool alike = std::any_of(taken.begin(), taken.end(), [&](const Job& other) { return width.size() == 0 || (job.start - other.start).cwiseQuotient(width).cwiseAbs().maxCoeff() < 0.1; });
      if (static_cast<int>(taken.size()) < options.starts && !alike) taken.push_back(job);
    }
    starts.insert(starts.end(), taken.begin(), taken.end());
  }
  parallel_for(static_cast<int>(starts.size()), [&](int j) {
    Job& job = starts[static_cast<std::size_t>(j)];
    solve(problem, out.shapes[static_cast<std::size_t>(job.shape)], few, options, std::max(1e-5, options.tolerance), job);
  });
  std::stable_sort(starts.begin(), starts.end(), [&](const Job& a, const Job& b) { return better(a, b, options.keeps); });
  for (const Job& job : starts) {
    out.evaluations += job.evaluations;
    ShapeRow& row = out.rows[static_cast<std::size_t>(job.shape)];
    const bool kept = job.good && job.violation <= options.keeps;
    if (row.starts++ == 0) row.feasible = kept, row.cost = job.cost;
    row.alike += kept && job.cost <= row.cost + std::max(1e-6, 0.01 * std::abs(row.cost));
  }

  // The best ends on all members. What a few members allow others may not: where none of the ends keeps the limits of all, the best end of
  // each shape that has not been tried follows, then all other ends, until one keeps them.
  std::vector<Job> last;
  std::vector<FoundPlan> found;
  const auto alike = [&](const Job& a, const Job& b) {
    const PlanShape& shape = out.shapes[static_cast<std::size_t>(a.shape)];
    return a.shape == b.shape && (shape.variable_count() == 0 || (a.end - b.start).cwiseQuotient(shape.upper() - shape.lower()).cwiseAbs().maxCoeff() < 0.02);      // b.start: its end on the few
  };
  const auto polish = [&](const Job& end) {
    last.push_back(end);
    found.emplace_back();
    Job& job = last.back();
    job.start = end.end;
    const PlanShape& shape = out.shapes[static_cast<std::size_t>(job.shape)];
    solve(problem, shape, members, options, options.tolerance, job, &found.back());
    out.evaluations += job.evaluations;
    found.back().pulses = shape.pulses(job.end);
    found.back().x = job.end, found.back().shape = job.shape, found.back().cost = job.cost, found.back().violation = job.violation;
  };
  const auto kept = [&] { return std::any_of(last.begin(), last.end(), [&](const Job& job) { return job.good && job.violation <= options.keeps; }); };
  const auto tried = [&](const Job& job) { return std::any_of(last.begin(), last.end(), [&](const Job& other) { return alike(job, other); }); };
  for (const Job& job : starts)
    if (static_cast<int>(last.size()) < options.polished && !tried(job)) polish(job);
  for (const bool other_shapes : {true, false})
    for (const Job& job : starts) {
      if (kept()) break;
      const bool known = std::any_of(last.begin(), last.end(), [&](const Job& other) { return other.shape == job.shape; });
      if (job.good && !tried(job) && !(other_shapes && known)) polish(job);
    }
  std::vector<std::size_t> order(last.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return better(last[a], last[b], options.keeps); });
  const Job& best = last[order[0]];
  if (!best.good) throw InputError("plan", fmt::format("under none of {} plans that were found could all members be simulated, with a value of every limit", last.size()), "narrow the limits of the inputs, or leave the failing members out");
  if (best.violation > options.keeps) {
    EnsembleProgram program(problem, out.shapes[static_cast<std::size_t>(best.shape)], members);
    throw InputError("constraints", fmt::format("no plan that was found keeps them all ({} local searches over {} combinations of inputs); nearest is one that misses: {}", last.size(), out.shapes.size(), fmt::join(program.violated(best.end, options.keeps), "; ")), "loosen one of these");
  }
  for (std::size_t k = 0; k < last.size(); ++k) out.rows[static_cast<std::size_t>(last[k].shape)].feasible |= last[k].good && last[k].violation <= options.keeps;
  for (std::size_t k = 1; k < order.size(); ++k) out.others.push_back(found[order[k]]);
  out.best = found[order[0]];
  for (int round = 0; round < 3 && options.sweep > 0; ++round) {
    const PlanShape& shape = out.shapes[static_cast<std::size_t>(out.best.shape)];
    Job job;
    job.shape = out.best.shape;
    if (!better_start(problem, shape, members, options, out.best, out.evaluations, job.end)) break;
    polish(job);
    if (!last.back().good || last.back().violation > options.keeps || last.back().cost >= out.best.cost) break;
    out.others.insert(out.others.begin(), out.best);
    out.best = found.back();
  }
  leave_out_none(problem, members, options.keeps, out);
  return out;
}

}  // namespace hyped::control
