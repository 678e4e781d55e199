// Levels of intervals, switches between them, arcs as a program of their own, corrections by the switching function.
#include "experiments/control/courses/switching_structure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hyped::control {
namespace {

using Vector = Eigen::VectorXd;

// One control as runs of one level.
struct Run {
  double from, until;
  ControlLevel level;
};

ControlLevel other(ControlLevel level) { return level == ControlLevel::lower ? ControlLevel::upper : ControlLevel::lower; }

void append(std::vector<Run>& runs, double from, double until, ControlLevel level) {
  if (!(until > from)) return;
  if (!runs.empty() && runs.back().level == level) runs.back().until = until;
  else runs.push_back({from, until, level});
}

// A short stretch between the bounds, of mean share `high` of the upper bound: bang-bang of the same integral.
void resolve_switch(std::vector<Run>& runs, double from, double until, double high, const Run* before, const Run* after) {
  const double length = until - from;
  const ControlLevel first = before ? before->level : after ? other(after->level) : high < 0.5 ? ControlLevel::lower : ControlLevel::upper;
  const ControlLevel last = after ? after->level : other(first);
  const double share = first == ControlLevel::upper ? high : 1 - high;      // of the first level
  if (first != last) {
    append(runs, from, from + share * length, first);
    append(runs, from + share * length, until, last);
  } else {
    append(runs, from, from + 0.5 * share * length, first);
    append(runs, from + 0.5 * share * length, until - 0.5 * share * length, other(first));
    append(runs, until - 0.5 * share * length, until, first);
  }
}

std::vector<Run> runs_of(const ControlCourse& course, Eigen::Index u, double low, double high, double tolerance) {
  std::vector<Run> raw, runs;
  std::vector<double> shares;
  for (std::size_t k = 0; k < course.values.size(); ++k) {
    const double share = (course.values[k].col(u).mean() - low) / (high - low);
    shares.push_back(share);
    const bool bounded = std::isfinite(high - low);
    raw.push_back({course.breaks[k], course.breaks[k + 1], bounded && share <= tolerance ? ControlLevel::lower : bounded && share >= 1 - tolerance ? ControlLevel::upper : ControlLevel::inside});
  }
  // A lone interval at a bound between two that are not belongs to them.
  for (std::size_t k = 1; k + 1 < raw.size(); ++k)
    if (raw[k].level != ControlLevel::inside && raw[k - 1].level == ControlLevel::inside && raw[k + 1].level == ControlLevel::inside) raw[k].level = ControlLevel::inside;
  for (std::size_t k = 0; k < raw.size();) {
    std::size_t end = k;
    double mean = 0;
    for (; end < raw.size() && raw[end].level == raw[k].level; ++end) mean += shares[end] * (raw[end].until - raw[end].from);
    const double from = raw[k].from, until = raw[end - 1].until;
    if (raw[k].level != ControlLevel::inside || end - k > 2) append(runs, from, until, raw[k].level);
    else resolve_switch(runs, from, until, std::clamp(mean / (until - from), 0.0, 1.0), k > 0 ? &raw[k - 1] : nullptr, end < raw.size() ? &raw[end] : nullptr);
    k = end;
  }
  return runs;
}

// All controls' runs on the union of their switches; switches closer than `together` are one.
SwitchingStructure joined(const std::vector<std::vector<Run>>& controls, double together) {
  std::vector<double> cuts;
  for (const auto& runs : controls)
    for (const Run& run : runs) cuts.push_back(run.from);
  const double end = controls.front().back().until;
  std::sort(cuts.begin(), cuts.end());
  std::vector<double> kept;
  for (const double cut : cuts)
    if (kept.empty() || (cut - kept.back() > together && end - cut > together)) kept.push_back(cut);
  kept.push_back(end);
  SwitchingStructure structure;
  for (std::size_t k = 0; k + 1 < kept.size(); ++k) {
    StructureArc arc{kept[k], kept[k + 1], {}};
    const double middle = 0.5 * (arc.from + arc.until);
    for (const auto& runs : controls) {
      const auto run = std::find_if(runs.begin(), runs.end(), [middle](const Run& one) { return middle < one.until; });
      arc.levels.push_back(run == runs.end() ? runs.back().level : run->level);
    }
    if (!structure.arcs.empty() && structure.arcs.back().levels == arc.levels) structure.arcs.back().until = arc.until;
    else structure.arcs.push_back(arc);
  }
  return structure;
}

// The structure that the sign of the switching functions asks for at two points in a row at least (one point at a junction is rounding); arcs inside stay.
SwitchingStructure by_switching(const SwitchingStructure& now, const FirstOrderReport& report, double tolerance) {
  std::vector<std::vector<Run>> controls(static_cast<std::size_t>(report.switching.cols()));
  for (std::size_t u = 0; u < controls.size(); ++u) {
    const auto column = static_cast<Eigen::Index>(u);
    const double small = tolerance * report.switching.col(column).cwiseAbs().maxCoeff();
    double from = now.arcs.front().from;
    ControlLevel running = now.arcs.front().levels[u];
    const auto asked_at = [&](std::size_t m) {
      const double slope = report.switching(static_cast<Eigen::Index>(m), column);
      const auto arc = std::find_if(now.arcs.begin(), now.arcs.end(), [&](const StructureArc& one) { return report.times[m] <= one.until; });
      const ControlLevel planned = arc == now.arcs.end() ? now.arcs.back().levels[u] : arc->levels[u];
      return planned == ControlLevel::inside || std::abs(slope) <= small ? planned : slope > 0 ? ControlLevel::lower : ControlLevel::upper;
    };
    for (std::size_t m = 0; m < report.times.size(); ++m) {
      const ControlLevel asked = asked_at(m);
      if (asked == running || (m + 1 < report.times.size() && asked_at(m + 1) != asked)) continue;
      const double switched = m == 0 ? from : 0.5 * (report.times[m - 1] + report.times[m]);
      append(controls[u], from, switched, running);
      from = switched;
      running = asked;
    }
    append(controls[u], from, now.arcs.back().until, running);
  }
  return joined(controls, 1e-6 * (now.arcs.back().until - now.arcs.front().from));
}

// Arcs shorter than `least` go; neighbours of the same levels become one.
SwitchingStructure without_short_arcs(const SwitchingStructure& structure, double least) {
  SwitchingStructure kept;
  for (const StructureArc& arc : structure.arcs) {
    if (arc.until - arc.from < least) continue;
    if (!kept.arcs.empty() && kept.arcs.back().levels == arc.levels) kept.arcs.back().until = arc.until;
    else kept.arcs.push_back(arc);
  }
  return kept;
}

OptimalControlOptions arcs_of(const OptimalControlProblem& problem, const SwitchingStructure& structure, const StructureOptions& options) {
  OptimalControlOptions solver = options.solver;
  solver.arcs.clear();
  solver.starts = 1;
  bool inside = false;
  const double whole = structure.arcs.back().until - structure.arcs.front().from, longest = problem.end_upper - problem.start_time;
  for (const StructureArc& one : structure.arcs) {
    const double length = one.until - one.from;
    ControlArc arc{std::max(options.arc_intervals, static_cast<int>(std::ceil(options.intervals * length / whole))), 0, longest, length};
    arc.control_lower = problem.control_lower;
    arc.control_upper = problem.control_upper;
    for (std::size_t u = 0; u < one.levels.size(); ++u) {
      const auto i = static_cast<Eigen::Index>(u);
      if (one.levels[u] == ControlLevel::lower) arc.control_upper[i] = arc.control_lower[i];
      else if (one.levels[u] == ControlLevel::upper) arc.control_lower[i] = arc.control_upper[i];
      else inside = true;
    }
    solver.arcs.push_back(arc);
  }
  if (solver.arcs.size() == 1) solver.arcs[0].shortest = problem.end_lower - problem.start_time;
  solver.shape = !inside ? ControlShape::piecewise_constant : solver.transcription == Transcription::collocation ? ControlShape::collocated : ControlShape::piecewise_linear;
  return solver;
}

}  // namespace

std::string SwitchingStructure::words(const OptimalControlProblem& problem) const {
  static constexpr const char* names[] = {"at its lower bound", "at its upper bound", "between its bounds"};
  std::string text;
  for (std::size_t u = 0; u < problem.controls.size(); ++u) {
    text += fmt::format("{}{}:", u ? "; " : "", problem.controls[u]);
    for (std::size_t k = 0; k < arcs.size(); ++k) {
      if (k > 0 && arcs[k].levels[u] == arcs[k - 1].levels[u]) continue;
      std::size_t last = k;
      while (last + 1 < arcs.size() && arcs[last + 1].levels[u] == arcs[k].levels[u]) ++last;
      text += fmt::format("{} {} from {:.6g} to {:.6g}", k ? "," : "", names[static_cast<int>(arcs[k].levels[u])], arcs[k].from, arcs[last].until);
    }
  }
  return text;
}

SwitchingStructure find_structure(const OptimalControlProblem& problem, const ControlCourse& course, double tolerance) {
  std::vector<std::vector<Run>> controls;
  for (Eigen::Index u = 0; u < static_cast<Eigen::Index>(problem.controls.size()); ++u)
    controls.push_back(runs_of(course, u, problem.control_lower[u], problem.control_upper[u], tolerance));
  return joined(controls, 1e-9 * (course.breaks.back() - course.breaks.front()));
}

RefinedControl refine_structure(const OptimalControlProblem& problem, const SwitchingStructure& structure, const ControlSolution& guess, const StructureOptions& options) {
  RefinedControl refined;
  refined.structure = structure;
  ControlSolution from = guess;
  const auto levels_of = [](const SwitchingStructure& one) {
    std::vector<std::vector<ControlLevel>> levels;
    for (const StructureArc& arc : one.arcs) levels.push_back(arc.levels);
    return levels;
  };
  std::vector<std::vector<std::vector<ControlLevel>>> tried;      // an arc that vanished is not asked for again
  for (refined.rounds = 1;; ++refined.rounds) {
    OptimalControlOptions solver = arcs_of(problem, refined.structure, options);
    solver.guess = &from;
    refined.solution = solve_optimal_control(problem, solver);
    refined.outcome = refined.solution.outcome;
    const auto& durations = refined.solution.durations;
    double time = problem.start_time;
    for (std::size_t a = 0; a < durations.size(); ++a) {
      refined.structure.arcs[a].from = time;
      refined.structure.arcs[a].until = time += durations[a];
    }
    const double whole = time - problem.start_time;
    const SwitchingStructure kept = without_short_arcs(refined.structure, 1e-6 * whole);
    const bool vanished = kept.arcs.size() < refined.structure.arcs.size();
    if (refined.outcome.ok() && !vanished) refined.report = check_first_order(problem, refined.solution);
    if (!refined.outcome.ok()) break;
    tried.push_back(levels_of(refined.structure));
    if (vanished) {
      refined.structure = kept;
    } else {
      if (refined.rounds >= options.rounds || !refined.report.outcome.ok() || refined.report.sign_violation <= options.tolerance) break;
      const SwitchingStructure asked = by_switching(refined.structure, refined.report, options.tolerance);
      if (std::find(tried.begin(), tried.end(), levels_of(asked)) != tried.end()) break;
      refined.structure = asked;
    }
    from = refined.solution;
  }
  for (std::size_t k = 1; k < refined.structure.arcs.size(); ++k) refined.switches.push_back(refined.structure.arcs[k].from);
  return refined;
}

RefinedControl solve_by_structure(const OptimalControlProblem& problem, const OptimalControlOptions& grid, const StructureOptions& options) {
  OptimalControlOptions first = grid;
  first.shape = ControlShape::piecewise_constant;
  const ControlSolution on_grid = solve_optimal_control(problem, first);
  if (!on_grid.outcome.ok()) {
    RefinedControl none;
    none.solution = on_grid;
    none.outcome = on_grid.outcome;
    return none;
  }
  return refine_structure(problem, find_structure(problem, on_grid.course), on_grid, options);
}

}  // namespace hyped::control
