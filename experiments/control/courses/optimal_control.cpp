// Starts, the choice of the transcription, and what its solution means.
#include "experiments/control/courses/optimal_control.hpp"

#include <fmt/format.h>

#include <cmath>

#include "experiments/control/courses/control_mesh.hpp"
#include "experiments/control/courses/course_trajectory.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped::control {
namespace {

using Vector = Eigen::VectorXd;

ControlMesh mesh_of(const OptimalControlProblem& problem, const OptimalControlOptions& options) {
  ControlMesh mesh;
  mesh.states = static_cast<int>(problem.states.size());
  mesh.controls = static_cast<int>(problem.controls.size());
  mesh.stages = options.transcription == Transcription::collocation ? 3 : 1;
  mesh.shape = options.shape;
  mesh.basis = control_basis(options.shape);
  mesh.arcs = options.arcs;
  const double shortest = problem.end_lower - problem.start_time, longest = problem.end_upper - problem.start_time;
  if (mesh.arcs.empty()) mesh.arcs.push_back({options.intervals, shortest, longest});
  double sum_shortest = 0, sum_longest = 0;
  for (std::size_t a = 0; a < mesh.arcs.size(); ++a) {
    const ControlArc& arc = mesh.arcs[a];
    if (arc.intervals < 1 || !(arc.shortest <= arc.longest) || arc.shortest < 0)
      throw InputError("control arcs", fmt::format("arc {} has {} intervals and a duration between {:.6g} and {:.6g}", a + 1, arc.intervals, arc.shortest, arc.longest), "give at least one interval and durations in order");
    mesh.arc_of.insert(mesh.arc_of.end(), static_cast<std::size_t>(arc.intervals), static_cast<int>(a));
    sum_shortest += arc.shortest;
    sum_longest += arc.longest;
  }
  if (sum_shortest > longest * (1 + 1e-12) || sum_longest < shortest * (1 - 1e-12))
    throw InputError("control arcs", fmt::format("the arcs last {:.6g} to {:.6g} together, the horizon {:.6g} to {:.6g}", sum_shortest, sum_longest, shortest, longest), "let them fit");
  return mesh;
}

double inside(double low, double high, double share) {
  if (std::isfinite(low) && std::isfinite(high)) return low + share * (high - low);
  return std::clamp(0.0, low, high);
}

// Controls of a start: the middle of the bounds, or random levels over a few stretches of the horizon.
void start_controls(const ControlMesh& mesh, const NonlinearProgram& program, RandomStream* random, Vector& z) {
  constexpr int stretches = 5;
  Eigen::MatrixXd levels = Eigen::MatrixXd::Constant(stretches, mesh.controls, 0.5);
  if (random)
    for (double& level : levels.reshaped()) level = random->uniform();
  for (int k = 0; k < mesh.intervals(); ++k)
    for (int b = 0; b < static_cast<int>(mesh.basis.size()); ++b)
      for (int u = 0; u < mesh.controls; ++u) {
        const int v = mesh.control(k, b) + u;
        z[v] = inside(program.lower[v], program.upper[v], levels(k * stretches / mesh.intervals(), u));
      }
}

// States that follow from the start's controls; where they cannot be followed, a line from start to target.
void start_states(const OptimalControlProblem& problem, const ControlMesh& mesh, const NonlinearProgram& program, double tolerance, Vector& z) {
  const Vector at = program.lower.cwiseMax(Vector::Zero(z.size())).cwiseMin(program.upper);
  const Vector first = at.segment(mesh.state(0), mesh.states), last = at.segment(mesh.last_state(), mesh.states);
  std::vector<double> places;
  for (const double c : mesh.stages == 3 ? control_basis(ControlShape::collocated) : std::vector<double>{1}) places.push_back(c);
  ControlCourse course{mesh.basis, mesh.breaks(z, problem.start_time), {}};
  for (int k = 0; k < mesh.intervals(); ++k) course.values.push_back(mesh.coefficients(z, k));
  const CourseTrajectory way = follow_course(problem, first, course, places, tolerance);
  const bool known = way.outcome.ok() && way.states.allFinite() && way.states.cwiseAbs().maxCoeff() < 1e6 * (1 + first.cwiseAbs().maxCoeff());
  for (int point = 0; point < mesh.points(); ++point) {
    const double share = static_cast<double>(point) / (mesh.points() - 1);
    const Vector x = point == 0 ? first : known ? Vector(way.states.row(point - 1)) : Vector((1 - share) * first + share * last);
    z.segment(mesh.state(point), mesh.states) = x;
  }
}

// States and controls of an earlier solution at the same shares of the horizon, along the arcs where they have durations of their own.
void start_from(const ControlSolution& guess, const OptimalControlProblem& problem, const ControlMesh& mesh, Vector& z) {
  const auto breaks = mesh.breaks(z, problem.start_time);
  const double scale = (guess.times.back() - guess.times.front()) / (breaks.back() - breaks.front());
  const auto points = mesh.stages == 3 ? control_basis(ControlShape::collocated) : std::vector<double>{1};
  const auto state_at = [&](double t) -> Vector {
    const auto after = std::upper_bound(guess.times.begin(), guess.times.end(), t) - guess.times.begin();
    const auto k = std::clamp<std::ptrdiff_t>(after - 1, 0, static_cast<std::ptrdiff_t>(guess.times.size()) - 2);
    const double from = guess.times[static_cast<std::size_t>(k)], length = guess.times[static_cast<std::size_t>(k) + 1] - from;
    const double share = length > 0 ? std::clamp((t - from) / length, 0.0, 1.0) : 0;
    Vector x((1 - share) * guess.states.row(k) + share * guess.states.row(k + 1));
    if (x.size() + 1 == mesh.states) x.conservativeResize(mesh.states), x[mesh.states - 1] = t;      // the clock
    return x;
  };
  const auto share_of = [&](double t) { return guess.times.front() + (t - breaks.front()) * scale; };
  z.segment(mesh.state(0), mesh.states) = state_at(guess.times.front());
  for (int k = 0; k < mesh.intervals(); ++k) {
    const double from = breaks[static_cast<std::size_t>(k)], length = breaks[static_cast<std::size_t>(k) + 1] - from;
    for (int i = 0; i < mesh.stages; ++i) z.segment(mesh.state(k * mesh.stages + i + 1), mesh.states) = state_at(share_of(from + points[static_cast<std::size_t>(i)] * length));
    for (int b = 0; b < static_cast<int>(mesh.basis.size()); ++b)
      z.segment(mesh.control(k, b), mesh.controls) = guess.course.at(share_of(from + mesh.basis[static_cast<std::size_t>(b)] * length * 0.999));
  }
}

Vector start_of(const OptimalControlProblem& problem, const ControlMesh& mesh, const NonlinearProgram& program, const OptimalControlOptions& options, int number) {
  Vector z = Vector::Zero(mesh.variables());
  RandomStream random(options.seed, static_cast<std::uint32_t>(number), 0);
  const double share = number == 0 ? 0.5 : number == 1 ? 1.0 : random.uniform();      // a horizon too short is a trap, one too long is not
  double sum = 0;
  for (std::size_t a = 0; a < mesh.arcs.size(); ++a) sum += z[static_cast<Eigen::Index>(a)] = mesh.arcs[a].guess > 0 ? mesh.arcs[a].guess : inside(mesh.arcs[a].shortest, mesh.arcs[a].longest, share);
  const double fitting = std::clamp(sum, problem.end_lower - problem.start_time, problem.end_upper - problem.start_time);
  if (sum > 0) z.head(static_cast<Eigen::Index>(mesh.arcs.size())) *= fitting / sum;
  if (number == 0 && options.guess) {
    start_from(*options.guess, problem, mesh, z);
  } else {
    start_controls(mesh, program, number == 0 ? nullptr : &random, z);
    start_states(problem, mesh, program, 1e-6, z);
  }
  return z.cwiseMax(program.lower).cwiseMin(program.upper);
}

}  // namespace

ControlSolution solve_optimal_control(const OptimalControlProblem& given, const OptimalControlOptions& options) {
  check_problem(given);
  if (options.transcription == Transcription::multiple_shooting && options.shape == ControlShape::collocated)
    throw InputError("control problem", "multiple shooting has no collocation points", "choose constant or linear controls, or collocation");
  const OptimalControlProblem problem = with_clock(given);
  const ControlMesh mesh = mesh_of(problem, options);
  const bool collocation = options.transcription == Transcription::collocation;
  const int starts = std::max(1, options.starts);
  std::vector<ProgramSolution> found(static_cast<std::size_t>(starts));
  std::vector<Transcribed> programs(static_cast<std::size_t>(starts));      // each keeps room of its own
  parallel_for(starts, [&](int start) {
    const auto i = static_cast<std::size_t>(start);
    programs[i] = collocation ? transcribe_by_collocation(problem, mesh) : transcribe_by_shooting(problem, mesh, options.integrator_tolerance);
    if (options.limited_memory) programs[i].program.hessian = nullptr, programs[i].program.hessian_pattern.clear();
    found[i] = solve_program(programs[i].program, start_of(problem, mesh, programs[i].program, options, start), options.program);
  });
  std::size_t best = 0;
  ControlSolution s;
  for (std::size_t i = 0; i < found.size(); ++i) {
    s.start_costs.push_back(found[i].outcome.ok() ? found[i].value : std::numeric_limits<double>::quiet_NaN());
    if (found[i].outcome.ok() && (!found[best].outcome.ok() || found[i].value < found[best].value)) best = i;
  }
  s.program = found[best];
  s.outcome = s.program.outcome;
  s.cost = s.program.value;
  s.adjoints = programs[best].adjoints(s.program);
  s.times = mesh.breaks(s.program.x, problem.start_time);
  s.course = {mesh.basis, s.times, {}};
  s.states.resize(mesh.intervals() + 1, static_cast<Eigen::Index>(given.states.size()));
  for (int k = 0; k <= mesh.intervals(); ++k) s.states.row(k) = s.program.x.segment(mesh.state(k * mesh.stages), s.states.cols());
  for (int k = 0; k < mesh.intervals(); ++k) s.course.values.push_back(mesh.coefficients(s.program.x, k));
  for (std::size_t a = 0; a < mesh.arcs.size(); ++a) s.durations.push_back(s.program.x[static_cast<Eigen::Index>(a)]);
  static constexpr const char* shapes[] = {"constant in each interval", "linear in each interval", "a parabola in each interval"};
  s.method = fmt::format("{}, {} intervals, controls {}, {}", collocation ? "collocation (Radau IIA, order 5)" : "multiple shooting", mesh.intervals(), shapes[static_cast<int>(options.shape)],
                         options.program.method == ProgramMethod::interior_point ? "interior point (Ipopt)" : "sequential quadratic programs (SLSQP)");
  return s;
}

}  // namespace hyped::control
