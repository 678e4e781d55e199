// The variational equation over the entries that exist.
#include "fitting/networks/cells/sensitivity_system.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"

namespace hyped {

SensitivitySystem::SensitivitySystem(const Model& base, std::vector<int> wanted, int starts, const std::vector<int>& moving) : base_(base), name_("sensitivities of " + std::string(base.name())), wanted_(std::move(wanted)), starts_(starts < 0 ? base.state_count() : starts), moving_(static_cast<std::size_t>(base.state_count()), moving.empty()) {
  for (const int i : moving) moving_[static_cast<std::size_t>(i)] = true;
  const int states = base.state_count(), parameters = base.parameter_count();
  Eigen::MatrixXd by_state = Eigen::MatrixXd::Zero(states, states), by_parameter = Eigen::MatrixXd::Zero(states, parameters);
  std::vector<double> x(static_cast<std::size_t>(states)), p = base.default_parameters(), dx(x.size());
  Linearisation at;
  const auto specs = base.parameters();
  const auto there = [](double value) { return std::isnan(value) || value != 0 ? 1.0 : 0.0; };      // not a number: it depends on something
  for (std::uint32_t point = 0; point < 12; ++point) {
    RandomStream random(11, 0x73656e73, point);
    // a saturated function has a slope of exactly 0: at small arguments, of both signs, it is not saturated
    const double small = std::pow(10.0, -static_cast<double>(point / 3));
    for (double& value : x) value = small * (0.2 + random.uniform());
    std::vector<double> moved = p;
    for (std::size_t i = 0; i < moved.size(); ++i) {
      const double size = moved[i] == 0 ? 0.1 + 0.4 * random.uniform() : moved[i] * (0.8 + 0.4 * random.uniform()), sign = random.uniform() < 0.5 ? -1.0 : 1.0;
      moved[i] = small * size * (point >= 3 && specs[i].lower < 0 ? sign : 1.0);
    }
    base.linearise(0, x, moved, dx, at);
    by_state += at.state.unaryExpr(there);
    by_parameter += at.parameter.unaryExpr(there);
  }
  for (int i = 0; i < states; ++i)
    for (int j = 0; j < states; ++j)
      if (i != j && by_state(i, j) > 0 && moving_[static_cast<std::size_t>(i)] && !moving_[static_cast<std::size_t>(j)])
        throw InputError(std::string(base.states()[static_cast<std::size_t>(i)].name), fmt::format("depends on '{}', which is not moved with it", base.states()[static_cast<std::size_t>(j)].name), "move both");
  // columns that reach each state: own ones, then those of its regulators until nothing changes
  std::vector<std::set<int>> reach(static_cast<std::size_t>(states));
  for (int i = 0; i < states; ++i) {
    if (!moving_[static_cast<std::size_t>(i)]) continue;
    for (std::size_t c = 0; c < wanted_.size(); ++c)
      if (by_parameter(i, wanted_[c]) > 0) reach[static_cast<std::size_t>(i)].insert(static_cast<int>(c));
    if (i < starts_) reach[static_cast<std::size_t>(i)].insert(static_cast<int>(wanted_.size()) + i);
  }
  for (bool grown = true; grown;) {
    grown = false;
    for (int i = 0; i < states; ++i)
      for (int j = 0; j < states; ++j) {
        if (i == j || !(by_state(i, j) > 0) || !moving_[static_cast<std::size_t>(i)]) continue;
        auto& mine = reach[static_cast<std::size_t>(i)];
        const auto before = mine.size();
        mine.insert(reach[static_cast<std::size_t>(j)].begin(), reach[static_cast<std::size_t>(j)].end());
        grown = grown || mine.size() > before;
      }
  }
  entries_.resize(static_cast<std::size_t>(states));
  inflows_.resize(static_cast<std::size_t>(states));
  int offset = states;
  for (int i = 0; i < states; ++i) {
    first_.push_back(offset);
    for (const int column : reach[static_cast<std::size_t>(i)]) entries_[static_cast<std::size_t>(i)].push_back({column, column < static_cast<int>(wanted_.size()) ? wanted_[static_cast<std::size_t>(column)] : -1});
    offset += static_cast<int>(entries_[static_cast<std::size_t>(i)].size());
  }
  for (int i = 0; i < states; ++i)
    for (int j = 0; j < states; ++j) {
      if (i == j || !(by_state(i, j) > 0) || !moving_[static_cast<std::size_t>(i)]) continue;
      Inflow inflow{j, {}};
      const auto &mine = entries_[static_cast<std::size_t>(i)], &theirs = entries_[static_cast<std::size_t>(j)];
      std::size_t k = 0;
      for (std::size_t n = 0; n < theirs.size(); ++n) {      // both ascend by column, theirs is part of mine
        while (mine[k].column != theirs[n].column) ++k;
        const int to = first_[static_cast<std::size_t>(i)] + static_cast<int>(k), from = first_[static_cast<std::size_t>(j)] + static_cast<int>(n);
        if (!inflow.runs.empty() && inflow.runs.back().to + inflow.runs.back().count == to) ++inflow.runs.back().count;
        else inflow.runs.push_back({to, from, 1});
      }
      inflows_[static_cast<std::size_t>(i)].push_back(std::move(inflow));
    }
  names_.reserve(static_cast<std::size_t>(offset));
  for (int n = 0; n < offset; ++n) names_.push_back(n < states ? std::string(base.states()[static_cast<std::size_t>(n)].name) : "s" + std::to_string(n - states));
  for (int n = 0; n < offset; ++n) {
    StateSpec spec = n < states ? base.states()[static_cast<std::size_t>(n)] : base.states()[0];
    spec.name = names_[static_cast<std::size_t>(n)];
    states_.push_back(spec);
  }
}

void SensitivitySystem::rates(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx) const {
  thread_local Linearisation at;
  const auto states = static_cast<std::size_t>(base_.state_count());
  base_.linearise(t, x.first(states), p, dx.first(states), at);
  for (std::size_t i = 0; i < states; ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    if (!moving_[i]) {
      dx[i] = 0;
      continue;
    }
    const auto& mine = entries_[i];
    const auto offset = static_cast<std::size_t>(first_[i]);
    const double own = at.state(row, row);
    for (std::size_t k = 0; k < mine.size(); ++k) dx[offset + k] = own * x[offset + k] + (mine[k].parameter >= 0 ? at.parameter(row, mine[k].parameter) : 0.0);
    for (const Inflow& inflow : inflows_[i]) {
      const double weight = at.state(row, inflow.from);
      if (weight == 0) continue;
      for (const Run& run : inflow.runs) {
        double* const out = dx.data() + run.to;
        const double* const in = x.data() + run.from;
        for (int n = 0; n < run.count; ++n) out[n] += weight * in[n];
      }
    }
  }
}

void SensitivitySystem::linearise(double, std::span<const double>, std::span<const double>, std::span<double>, Linearisation&) const { HYPED_REQUIRE(!"sensitivities of sensitivities are not made"); }

std::vector<double> SensitivitySystem::initial(const Eigen::VectorXd& start, const Eigen::SparseMatrix<double>& start_by) const {
  std::vector<double> out(states_.size(), 0.0);
  const auto place = [&](int state, int column, double value) {
    const auto& mine = entries_[static_cast<std::size_t>(state)];
    const auto found = std::find_if(mine.begin(), mine.end(), [&](const Entry& e) { return e.column == static_cast<int>(wanted_.size()) + column; });
    HYPED_REQUIRE(found != mine.end());
    out[static_cast<std::size_t>(first_[static_cast<std::size_t>(state)] + (found - mine.begin()))] = value;
  };
  for (Eigen::Index i = 0; i < start.size(); ++i) {
    out[static_cast<std::size_t>(i)] = start[i];
    if (start_by.size() == 0 && i < starts_ && moving_[static_cast<std::size_t>(i)]) place(static_cast<int>(i), static_cast<int>(i), 1);
  }
  for (int c = 0; c < start_by.outerSize(); ++c)
    for (Eigen::SparseMatrix<double>::InnerIterator it(start_by, c); it; ++it)
      if (moving_[static_cast<std::size_t>(it.row())]) place(static_cast<int>(it.row()), c, it.value());
  return out;
}

Eigen::MatrixXd SensitivitySystem::sensitivities(const Eigen::RowVectorXd& state) const {
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(base_.state_count(), columns());
  for (Eigen::Index i = 0; i < out.rows(); ++i) {
    const auto& mine = entries_[static_cast<std::size_t>(i)];
    for (std::size_t k = 0; k < mine.size(); ++k) out(i, mine[k].column) = state[first_[static_cast<std::size_t>(i)] + static_cast<Eigen::Index>(k)];
  }
  return out;
}

}  // namespace hyped
