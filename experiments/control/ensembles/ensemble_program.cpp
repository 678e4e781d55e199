// Members in parallel, reductions in their order.
#include "experiments/control/ensembles/ensemble_program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/parallel.hpp"

namespace hyped::control {

EnsembleAnswer ensemble_answer(const PlannedSystem& system, const PlanTarget& target, std::span<const int> members, std::span<const Pulse> pulses) {
  const auto count = static_cast<Eigen::Index>(members.size());
  EnsembleAnswer out;
  out.distances.setZero(count), out.weights.setOnes(count);
  out.quantities.setZero(count, static_cast<Eigen::Index>(system.quantities().size()));
  std::vector<Outcome> outcomes(members.size());
  parallel_for(static_cast<int>(members.size()), [&](int m) {
    const PlannedAnswer answer = system.answer(members[static_cast<std::size_t>(m)], pulses, false);
    outcomes[static_cast<std::size_t>(m)] = answer.outcome;
    out.weights[m] = system.weight(members[static_cast<std::size_t>(m)]);
    if (!answer.outcome.ok()) return;
    out.quantities.row(m) = answer.values.transpose();
    out.distances[m] = target.distance(answer.values);
  });
  for (const Outcome& outcome : outcomes)
    if (!outcome.ok() && out.outcome.ok()) out.outcome = outcome;
  return out;
}

EnsembleProgram::EnsembleProgram(const PlanProblem& problem, const PlanShape& shape, std::vector<int> members)
    : problem_(problem), shape_(shape), members_(std::move(members)), lower_(shape.lower()), width_(shape.upper() - shape.lower()) {
  HYPED_REQUIRE(!members_.empty());
  weights_.resize(static_cast<Eigen::Index>(members_.size()));
  for (std::size_t m = 0; m < members_.size(); ++m) weights_[static_cast<Eigen::Index>(m)] = problem.system->weight(members_[m]);
  std::vector<double> least, most;
  const auto add = [&](const std::string& name, double low, double high) {
    names_.push_back(name);
    least.push_back(low), most.push_back(high);
  };
  for (const auto& limit : shape.linear()) add(limit.name, -never_h, limit.most);
  if (std::isfinite(problem.total)) add("total of all inputs", -never_h, problem.total);
  for (const QuantityLimit& limit : problem.limits) {
    if (limit.over == Over::mean) add(limit.name, limit.least, limit.most);
    if (limit.over == Over::every)
      for (std::size_t m = 0; m < members_.size(); ++m) add(fmt::format("{} of member {}", limit.name, members_[m] + 1), limit.least, limit.most);
    if (limit.over == Over::chance) add(limit.name + " (low side)", limit.least, never_h), add(limit.name + " (high side)", -never_h, limit.most);
  }
  least_ = Eigen::Map<Eigen::VectorXd>(least.data(), static_cast<Eigen::Index>(least.size()));
  most_ = Eigen::Map<Eigen::VectorXd>(most.data(), static_cast<Eigen::Index>(most.size()));
}

void EnsembleProgram::compute(const Eigen::VectorXd& x, bool derivatives, At& out) {
  ++evaluations_;
  const std::vector<Pulse> pulses = shape_.pulses(x);
  const int count = static_cast<int>(members_.size()), variables = shape_.variable_count();
  std::vector<PlannedAnswer> answers(members_.size());
  out.distances.setZero(count);
  out.distance_slopes.setZero(count, variables);
  std::vector<Eigen::MatrixXd> by_x(derivatives ? members_.size() : 0);      // [Q x V]
  parallel_for(count, [&](int m) {
    const auto i = static_cast<std::size_t>(m);
    answers[i] = problem_.system->answer(members_[i], pulses, derivatives);
    if (!answers[i].outcome.ok()) return;
    Eigen::VectorXd by_quantity;
    out.distances[m] = problem_.target.distance(answers[i].values, derivatives ? &by_quantity : nullptr);
    if (problem_.to_beat.size() > 0) out.distances[m] -= problem_.to_beat[members_[i]];
    if (!derivatives) return;
    by_x[i] = answers[i].by_pulses * shape_.by_variable();
    out.distance_slopes.row(m) = by_quantity.transpose() * by_x[i];
  });
  out.good = std::all_of(answers.begin(), answers.end(), [](const PlannedAnswer& a) { return a.outcome.ok(); }) && out.distances.allFinite();
  if (!out.good) return;
  Eigen::VectorXd by_member;
  out.cost = risk_of(problem_.risk, out.distances, weights_, &by_member);
  out.gradient = out.distance_slopes.transpose() * by_member;
  Eigen::RowVectorXd amounts = Eigen::RowVectorXd::Zero(variables);
  double total = 0;
  for (int v = 0; v < variables; ++v) amounts[v] = shape_.variables()[static_cast<std::size_t>(v)].knob == Knob::amount ? 1 : 0;
  for (const Pulse& pulse : pulses) total += pulse.amount;
  out.cost += problem_.price * total;
  out.gradient += problem_.price * amounts.transpose();

  out.constraints.setZero(least_.size());
  out.slopes.setZero(least_.size(), variables);
  Eigen::Index row = 0;
  for (const auto& limit : shape_.linear()) {
    out.constraints[row] = limit.row.dot(x);
    out.slopes.row(row++) = limit.row;
  }
  if (std::isfinite(problem_.total)) {
    out.constraints[row] = total;
    out.slopes.row(row++) = amounts;
  }
  for (const QuantityLimit& limit : problem_.limits) {
    Eigen::VectorXd seen = Eigen::VectorXd::Zero(count), share;
    Eigen::MatrixXd slope = Eigen::MatrixXd::Zero(count, variables);
    for (int m = 0; m < count; ++m)
      for (const auto& [q, coefficient] : limit.combination) {
        seen[m] += coefficient * answers[static_cast<std::size_t>(m)].values[q];
        if (derivatives) slope.row(m) += coefficient * by_x[static_cast<std::size_t>(m)].row(q);
      }
    if (limit.over == Over::every) {
      out.constraints.segment(row, count) = seen;
      out.slopes.middleRows(row, count) = slope;
      row += count;
    } else if (limit.over == Over::mean) {
      out.constraints[row] = seen.dot(weights_) / weights_.sum();
      out.slopes.row(row++) = weights_.transpose() * slope / weights_.sum();
    } else {
      const double tail = std::isfinite(limit.least) && std::isfinite(limit.most) ? 0.5 * (1 - limit.chance) : 1 - limit.chance;      // both sides together
      for (const double level : {tail, 1 - tail}) {
        out.constraints[row] = smooth_quantile(seen, weights_, level, &share);
        out.slopes.row(row++) = share.transpose() * slope;
      }
    }
  }
  out.good = out.constraints.allFinite();
}

const EnsembleProgram::At& EnsembleProgram::at(const Eigen::VectorXd& x, bool derivatives) {
  if (last_x_.size() != x.size() || !(last_x_.array() == x.array()).all() || (derivatives && !last_derivatives_) || evaluations_ == 0) {
    compute(x, derivatives, last_);
    last_x_ = x, last_derivatives_ = derivatives;
  }
  return last_;
}

double EnsembleProgram::violation_of(const At& here) const {
  double out = 0;
  for (Eigen::Index c = 0; c < here.constraints.size(); ++c) out = std::max({out, least_[c] - here.constraints[c], here.constraints[c] - most_[c]});
  return out;
}

bool EnsembleProgram::value(const Eigen::VectorXd& x, double& cost, double& violation) {
  const At& here = at(x, false);
  if (!here.good) return false;
  cost = here.cost, violation = violation_of(here);
  return true;
}

std::vector<std::string> EnsembleProgram::violated(const Eigen::VectorXd& x, double tolerance) {
  const At& here = at(x, false);
  std::vector<std::string> out;
  for (Eigen::Index c = 0; here.good && c < here.constraints.size(); ++c) {
    const double value = here.constraints[c];
    if (value < least_[c] - tolerance) out.push_back(fmt::format("{} (at least {:.6g} is asked for, {:.6g} is the nearest)", names_[static_cast<std::size_t>(c)], least_[c], value));
    if (value > most_[c] + tolerance) out.push_back(fmt::format("{} (at most {:.6g} is asked for, {:.6g} is the nearest)", names_[static_cast<std::size_t>(c)], most_[c], value));
  }
  return out;
}

Eigen::VectorXd EnsembleProgram::to_plan(const Eigen::VectorXd& z) const {
  const Eigen::VectorXd part = z.head(shape_.variable_count()).cwiseMax(0.0).cwiseMin(1.0);
  return lower_ + width_.cwiseProduct(part);
}

Eigen::VectorXd EnsembleProgram::to_program(const Eigen::VectorXd& x) {
  Eigen::VectorXd z(program_variables());
  z.head(shape_.variable_count()) = (x - lower_).cwiseQuotient(width_).cwiseMax(0.0).cwiseMin(1.0);
  if (worst()) {
    const At& here = at(x, false);
    z[z.size() - 1] = here.good ? here.distances.maxCoeff() : 1.0;
  }
  return z;
}

NonlinearProgram EnsembleProgram::program() {
  const int variables = shape_.variable_count(), all = program_variables(), members = static_cast<int>(members_.size()), own = static_cast<int>(least_.size());
  const int count = own + (worst() ? members : 0);
  NonlinearProgram out;
  out.lower.setZero(all), out.upper.setOnes(all);
  if (worst()) out.lower[variables] = 0, out.upper[variables] = 1e6;
  for (const auto& variable : shape_.variables()) out.names.push_back(variable.name);
  if (worst()) out.names.push_back("largest distance");
  out.constraint_lower.resize(count), out.constraint_upper.resize(count);
  out.constraint_lower.head(own) = least_, out.constraint_upper.head(own) = most_;
  out.constraint_names = names_;
  for (int m = own; m < count; ++m) {
    out.constraint_lower[m] = -never_h, out.constraint_upper[m] = 0;
    out.constraint_names.push_back(fmt::format("distance of member {}", members_[static_cast<std::size_t>(m - own)] + 1));
  }
  out.objective = [this, variables](const Eigen::VectorXd& z, double& value, Eigen::VectorXd* gradient) {
    const At& here = at(to_plan(z), gradient != nullptr);
    if (!here.good) return false;
    if (!worst()) {
      value = here.cost;
      if (gradient) *gradient = here.gradient.cwiseProduct(width_);
      return true;
    }
    double priced = 0;      // the distance is the extra variable, the price of the doses is not
    Eigen::VectorXd slope = Eigen::VectorXd::Zero(variables + 1);
    for (int v = 0; v < variables; ++v)
      if (shape_.variables()[static_cast<std::size_t>(v)].knob == Knob::amount) priced += problem_.price * to_plan(z)[v], slope[v] = problem_.price * width_[v];
    slope[variables] = 1;
    value = z[variables] + priced;
    if (gradient) *gradient = slope;
    return true;
  };
  if (count == 0) return out;
  for (int c = 0; c < count; ++c)
    for (int v = 0; v < all; ++v)
      if (c >= own || v < variables) out.pattern.emplace_back(c, v);
  out.constraints = [this, own, count, variables](const Eigen::VectorXd& z, Eigen::VectorXd& values, Eigen::VectorXd* derivatives) {
    const At& here = at(to_plan(z), derivatives != nullptr);
    if (!here.good) return false;
    values.resize(count);
    values.head(own) = here.constraints;
    if (count > own) values.tail(count - own) = here.distances.array() - z[variables];
    if (!derivatives) return true;
    derivatives->resize(own * variables + (count - own) * (variables + 1));
    Eigen::Index k = 0;
    for (int c = 0; c < own; ++c)
      for (int v = 0; v < variables; ++v) (*derivatives)[k++] = here.slopes(c, v) * width_[v];
    for (int m = 0; m < count - own; ++m) {
      for (int v = 0; v < variables; ++v) (*derivatives)[k++] = here.distance_slopes(m, v) * width_[v];
      (*derivatives)[k++] = -1;
    }
    return true;
  };
  return out;
}

NonlinearProgram EnsembleProgram::feasibility() {
  NonlinearProgram out;
  out.lower.setZero(shape_.variable_count()), out.upper.setOnes(shape_.variable_count());
  out.objective = [this](const Eigen::VectorXd& z, double& value, Eigen::VectorXd* gradient) {
    const At& here = at(to_plan(z), gradient != nullptr);
    if (!here.good) return false;
    value = 0;
    if (gradient) gradient->setZero(z.size());
    for (Eigen::Index c = 0; c < here.constraints.size(); ++c) {
      const double off = std::min(here.constraints[c] - least_[c], 0.0) + std::max(here.constraints[c] - most_[c], 0.0);
      value += off * off;
      if (gradient && off != 0) *gradient += 2 * off * here.slopes.row(c).transpose().cwiseProduct(width_);
    }
    return true;
  };
  return out;
}

}  // namespace hyped::control
