// Quantities of stages as functions with derivatives, and courses as steps.
#include "experiments/planning/course/course_problem.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hyped {
namespace {

using control::PointFunction;
using control::PointValue;
using Vector = Eigen::VectorXd;

// One quantity of the stages x: a share, or cells in a unit.
struct Seen {
  Vector pick;      // [stages]
  bool share = true;
  double unit = 1;
  double at(const Vector& x, Vector* slope) const {
    const auto part = x.head(pick.size());
    const double sum = share ? part.sum() : unit, value = pick.dot(part) / sum;
    if (slope) *slope = share ? Vector((pick.array() - value).matrix() / sum) : Vector(pick / sum);
    return value;
  }
};

struct CourseTerm {
  Seen seen;
  control::Side side = control::Side::equal;
  double value = 0, scale = 1, weight = 1;      // weight over the sum of all terms' weights
};

void clear(PointValue& out, Eigen::Index rows, const Vector& x, const Vector& u) {
  out.values.setZero(rows);
  out.by_state.setZero(rows, x.size());
  out.by_control.setZero(rows, u.size());
  out.by_time.setZero(rows);
}

double squares(const std::vector<CourseTerm>& terms, const Vector& x, Eigen::MatrixXd& by_state) {
  double out = 0;
  Vector slope;
  for (const CourseTerm& term : terms) {
    const double off = (term.seen.at(x, &slope) - term.value) / term.scale;
    if ((term.side == control::Side::at_least && off > 0) || (term.side == control::Side::at_most && off < 0)) continue;
    out += term.weight * off * off;
    by_state.row(0).head(slope.size()) += 2 * term.weight * off / term.scale * slope.transpose();
  }
  return out;
}

Seen seen_of(const StatedQuantity& stated, const std::string& name, const CycleSystem& system, int member, const PlanScenario& scenario) {
  if (!stated.at_dosing.empty() || (std::isfinite(stated.time_h) && std::abs(stated.time_h - scenario.harvest_h) > 1e-9))
    throw InputError(stated.place, "'" + name + "' is looked at before the harvest, and levels over time are planned for the harvest", "give no time_h, or held = true for a term of the target");
  const auto& quantities = system.setup().quantities;
  for (int q = 0; q < static_cast<int>(quantities.size()); ++q) {
    if (quantities[static_cast<std::size_t>(q)].name != name) continue;
    const auto kind = quantities[static_cast<std::size_t>(q)].kind;
    return {system.pick(q), kind == CycleQuantity::Kind::share, kind == CycleQuantity::Kind::relative_cells ? system.untreated(member, q) : 1.0};
  }
  throw InputError(stated.place, "'" + name + "' is no quantity of the plan");
}

}  // namespace

control::OptimalControlProblem course_problem(const PlanScenario& scenario, const CycleSystem& system, int member) {
  const CyclePlanSetup& setup = system.setup();
  const auto refuse = [&](bool wrong, const char* what, const char* fix) {
    if (wrong) throw InputError(scenario.file.string(), what, fix);
  };
  refuse(!setup.handling.empty() || !setup.events.empty(), "levels over time are planned without medium changes and events", "leave [[handling]] and keep_events out");
  refuse(std::isfinite(scenario.total) || scenario.between_h > 0, "total and between_h are of pulses", "limit each input's own total, in amount times hours");
  refuse(scenario.harvest_h <= setup.start_h, "the harvest lies before the start", "give a later harvest_h");
  std::vector<CourseTerm> at_end, held;
  double weights = 0;
  for (const StatedTerm& stated : scenario.terms) weights += stated.term.weight;
  for (const StatedTerm& stated : scenario.terms)
    (stated.held ? held : at_end).push_back({seen_of(stated.quantity, stated.term.name, system, member, scenario), stated.term.side, stated.term.value, stated.term.scale, stated.term.weight / weights});
  std::vector<Seen> limited;
  std::vector<double> least, most;
  std::vector<std::string> names, inputs;
  for (const StatedLimit& stated : scenario.limits) {
    if (stated.limit.over != control::Over::mean) throw InputError(stated.quantity.place, "the limit '" + stated.limit.name + "' is over members, and levels over time are found at the fitted values alone", "leave `over` out: the run says how many members keep it");
    limited.push_back(seen_of(stated.quantity, stated.limit.name, system, member, scenario));
    least.push_back(stated.limit.least), most.push_back(stated.limit.most), names.push_back(stated.limit.name);
  }
  const auto count = static_cast<Eigen::Index>(scenario.inputs.size());
  for (const auto& input : scenario.inputs) inputs.push_back(input.name);
  control::OptimalControlProblem p = control::control_problem(system.model(), system.values(member), inputs, scenario.harvest_h, std::vector<double>(system.start(member).begin(), system.start(member).end()));
  p.start_time = setup.start_h;
  p.reads_clock = false;      // rates of a cell cycle hang on stages and inputs alone
  for (Eigen::Index i = 0; i < count; ++i) p.control_lower[i] = scenario.inputs[static_cast<std::size_t>(i)].lowest, p.control_upper[i] = scenario.inputs[static_cast<std::size_t>(i)].highest;
  const double hours = scenario.harvest_h - setup.start_h, price = scenario.price;
  if (!at_end.empty())
    p.terminal_cost = [at_end](double, const Vector& x, const Vector& u, PointValue& out) {
      clear(out, 1, x, u);
      out.values[0] = squares(at_end, x, out.by_state);
      return std::isfinite(out.values[0]);
    };
  p.running_cost = [held, hours, price](double, const Vector& x, const Vector& u, PointValue& out) {
    clear(out, 1, x, u);
    out.values[0] = squares(held, x, out.by_state) / hours + price * u.sum();
    out.by_state /= hours;
    out.by_control.setConstant(price);
    return std::isfinite(out.values[0]);
  };
  if (!limited.empty()) {
    p.terminal = [limited](double, const Vector& x, const Vector& u, PointValue& out) {
      clear(out, static_cast<Eigen::Index>(limited.size()), x, u);
      Vector slope;
      for (std::size_t k = 0; k < limited.size(); ++k) {
        out.values[static_cast<Eigen::Index>(k)] = limited[k].at(x, &slope);
        out.by_state.row(static_cast<Eigen::Index>(k)).head(slope.size()) = slope.transpose();
      }
      return out.values.allFinite();
    };
    p.terminal_lower = Eigen::Map<const Vector>(least.data(), static_cast<Eigen::Index>(least.size()));
    p.terminal_upper = Eigen::Map<const Vector>(most.data(), static_cast<Eigen::Index>(most.size()));
    p.terminal_names = names;
  }
  for (Eigen::Index i = 0; i < count; ++i) {
    const auto& input = scenario.inputs[static_cast<std::size_t>(i)];
    if (!std::isfinite(input.total)) continue;
    p = control::with_integral(p, "dose of " + input.name, [i](double, const Vector& x, const Vector& u, PointValue& out) {
      clear(out, 1, x, u);
      out.values[0] = u[i];
      out.by_control(0, i) = 1;
      return true;
    }, 0, input.total);
  }
  return p;
}

std::vector<control::Pulse> pulses_of_course(const control::ControlCourse& course, const control::OptimalControlProblem& problem, double least) {
  // Mean of the polynomial over each interval: Gauss's rule of three points, exact for what a course can be.
  const double places[] = {0.5 - std::sqrt(0.15), 0.5, 0.5 + std::sqrt(0.15)}, weights[] = {5.0 / 18, 8.0 / 18, 5.0 / 18};
  std::vector<control::Pulse> out;
  for (Eigen::Index u = 0; u < static_cast<Eigen::Index>(problem.controls.size()); ++u) {
    const double low = problem.control_lower[u], high = problem.control_upper[u], small = least * (high - low);
    for (std::size_t k = 0; k < course.values.size(); ++k) {
      const double from = course.breaks[k], until = course.breaks[k + 1];
      double level = 0;
      for (int g = 0; g < 3; ++g) level += weights[g] * course.values[k].col(u).dot(control::lagrange_weights(course.basis, places[g]));
      level = std::clamp(level, low, high);
      if (!(until > from) || level <= small) continue;
      const bool same = !out.empty() && out.back().input == u && std::abs(out.back().until_h - from) < 1e-9 && std::abs(out.back().amount - level) <= std::max(small, 1e-9);
      if (same) out.back().until_h = until;
      else out.push_back({static_cast<int>(u), level, from, until});
    }
  }
  return out;
}

}  // namespace hyped
