// States by breadth-first search, occupation times by a sparse factorisation, distributions by uniformisation.
#include "experiments/control/transitions/passage_chain.hpp"

#include <fmt/format.h>

#include <Eigen/SparseLU>
#include <algorithm>
#include <cmath>

#include "libhyped/parallel.hpp"

namespace hyped::control {
namespace {

constexpr int in_target = -1, beyond_box = -2;

void check(const Model& model, std::span<const std::vector<double>> parameters, std::span<const double> start, const CountSet& target, const PassageChainOptions& options) {
  const std::string where = "first passage of '" + std::string(model.name()) + "'";
  const auto states = static_cast<std::size_t>(model.state_count());
  if (model.stoichiometry().empty()) throw InputError(where, "the model is no network of reactions that change whole counts", "give every reaction whole numbers and no rate rules");
  if (const auto use = model.clock_use(); !use || *use != ClockUse::none) throw InputError(where, "its rates vary in time, or are not known to be constant", "give what varies as a species or as events");
  if (start.size() != states || target.lower.size() != states || (!options.most.empty() && options.most.size() != states)) throw InputError(where, "start, target and box are not of the model's size");
  if (parameters.empty()) throw InputError(where, "no parameters are given");
  for (const auto& p : parameters)
    if (p.size() != static_cast<std::size_t>(model.parameter_count())) throw InputError(where, "parameters are not of the model's size");
  for (const double count : start)
    if (count < 0 || count != std::floor(count)) throw InputError(where, fmt::format("the start {} is no whole count", count), "an exact chain starts from whole counts");
}

}  // namespace

PassageChain::PassageChain(const Model& model, std::span<const std::vector<double>> parameters, std::span<const double> start, const CountSet& target,
                           const PassageChainOptions& options)
    : model_(model), options_(options), table_(model.state_count()) {
  check(model, parameters, start, target, options);
  const auto states = static_cast<std::size_t>(model.state_count()), reactions = static_cast<std::size_t>(model.reaction_count());
  const auto change = model.stoichiometry();
  std::vector<std::int32_t> next(states);
  for (std::size_t s = 0; s < states; ++s) next[s] = static_cast<std::int32_t>(start[s]);
  if ((starts_inside_ = target.holds(std::span<const std::int32_t>(next)))) return;
  table_.insert(next);
  std::vector<double> x(states), rate(reactions);
  std::vector<bool> possible(reactions);
  for (int i = 0; i < table_.size(); ++i) {
    arrow_start_.push_back(static_cast<int>(arrow_to_.size()));
    for (std::size_t s = 0; s < states; ++s) x[s] = table_[i][s];
    std::fill(possible.begin(), possible.end(), false);
    for (const auto& p : parameters) {
      model.propensities(0, x, p, rate);
      for (std::size_t r = 0; r < reactions; ++r) {
        if (!std::isfinite(rate[r])) outcome_ = {Status::not_finite, "the rate of reaction '" + model.reaction_name(static_cast<int>(r)) + "' is not finite"};
        if (rate[r] < 0) outcome_ = {Status::not_converged, "the rate of reaction '" + model.reaction_name(static_cast<int>(r)) + "' is negative at some count"};
        possible[r] = possible[r] || rate[r] > 0;
      }
    }
    for (std::size_t r = 0; r < reactions && outcome_.ok(); ++r) {
      if (!possible[r]) continue;
      bool moves = false, beyond = false;
      for (std::size_t s = 0; s < states; ++s) {
        const int amount = change[r * states + s];
        next[s] = table_[i][s] + amount;
        moves = moves || amount != 0;
        if (next[s] < 0) outcome_ = {Status::not_converged, fmt::format("reaction '{}' takes '{}' below 0: its rate must vanish when there is not enough of it", model.reaction_name(static_cast<int>(r)), model.states()[s].name)};
        beyond = beyond || (!options.most.empty() && next[s] > options.most[s]);
      }
      if (!moves || !outcome_.ok()) continue;
      arrow_reaction_.push_back(static_cast<int>(r));
      arrow_to_.push_back(beyond ? beyond_box : target.holds(std::span<const std::int32_t>(next)) ? in_target : table_.insert(next));
    }
    if (outcome_.ok() && table_.size() > options.state_limit)
      outcome_ = {Status::step_limit, fmt::format("the exact chain needs more than {} states: smaller counts, a tighter box, or sample paths alone", options.state_limit)};
    if (!outcome_.ok()) return;
  }
  arrow_start_.push_back(static_cast<int>(arrow_to_.size()));
  if (std::find(arrow_to_.begin(), arrow_to_.end(), in_target) == arrow_to_.end())
    outcome_ = {Status::not_converged, "no path of reactions leads from the start to the target"};
}

PassageChain::Generator PassageChain::generator(std::span<const double> parameters) const {
  Generator g;
  const auto states = static_cast<std::size_t>(model_.state_count());
  g.rate.assign(arrow_to_.size(), 0.0);
  for (auto* by_state : {&g.exit, &g.absorbed, &g.beyond}) by_state->assign(static_cast<std::size_t>(size()), 0.0);
  std::vector<double> x(states), rate(static_cast<std::size_t>(model_.reaction_count()));
  for (int i = 0; i < size(); ++i) {
    for (std::size_t s = 0; s < states; ++s) x[s] = table_[i][s];
    model_.propensities(0, x, parameters, rate);
    for (int a = arrow_start_[i]; a < arrow_start_[i + 1]; ++a) {
      const double value = rate[static_cast<std::size_t>(arrow_reaction_[a])];
      if (!(value >= 0) || !std::isfinite(value)) g.outcome = {Status::not_finite, "the rate of reaction '" + model_.reaction_name(arrow_reaction_[a]) + "' is negative or not finite"};
      g.rate[a] = value;
      if (arrow_to_[a] == beyond_box) g.beyond[i] += value;
      else g.exit[i] += value;
      if (arrow_to_[a] == in_target) g.absorbed[i] += value;
    }
    g.fastest = std::max(g.fastest, g.exit[i]);
  }
  return g;
}

PassageMoments PassageChain::moments(std::span<const double> parameters) const {
  PassageMoments out;
  out.outcome = outcome_;
  if (!out.outcome.ok() || starts_inside_) return out;
  if (size() > options_.solve_limit) {
    out.outcome = {Status::step_limit, fmt::format("mean times need {} states, more than the {} that are factorised", size(), options_.solve_limit)};
    return out;
  }
  const Generator g = generator(parameters);
  if (!g.outcome.ok()) {
    out.outcome = g.outcome;
    return out;
  }
  using Sparse = Eigen::SparseMatrix<double>;
  std::vector<Eigen::Triplet<double>> entries;
  for (int i = 0; i < size(); ++i) {
    entries.emplace_back(i, i, g.exit[i]);
    for (int a = arrow_start_[i]; a < arrow_start_[i + 1]; ++a)
      if (arrow_to_[a] >= 0 && g.rate[a] > 0) entries.emplace_back(arrow_to_[a], i, -g.rate[a]);      // -Q', a column for each state left
  }
  Sparse matrix(size(), size());
  matrix.setFromTriplets(entries.begin(), entries.end());
  Eigen::SparseLU<Sparse, Eigen::COLAMDOrdering<int>> factors;
  factors.compute(matrix);
  if (factors.info() != Eigen::Success) {
    out.outcome = {Status::singular, "the target cannot be reached from every state: mean times are infinite"};
    return out;
  }
  const auto solve = [&](const Eigen::VectorXd& right) -> Eigen::VectorXd {
    Eigen::VectorXd x = factors.solve(right);
    x += factors.solve(Eigen::VectorXd(right - matrix * x));
    return x;
  };
  Eigen::VectorXd right = Eigen::VectorXd::Zero(size());
  right[0] = 1;
  const Eigen::VectorXd occupation = solve(right), second = solve(occupation);
  out.mean_h = occupation.sum();
  out.sd_h = std::sqrt(std::max(0.0, 2 * second.sum() - out.mean_h * out.mean_h));
  out.left_out = occupation.dot(Eigen::Map<const Eigen::VectorXd>(g.beyond.data(), size()));
  // what the occupation times lead into the target must be all that started
  out.residual = std::abs(occupation.dot(Eigen::Map<const Eigen::VectorXd>(g.absorbed.data(), size())) - 1);
  if (!std::isfinite(out.mean_h) || !std::isfinite(out.sd_h) || !(out.mean_h > 0) || out.residual > 1e-4)
    out.outcome = {Status::singular, "the times are too long for the precision of the numbers: the chance to reach the target does not add up to 1"};
  return out;
}

PassageDistribution PassageChain::distribution(std::span<const PassageStage> stages, std::span<const double> times_h, double tolerance) const {
  PassageDistribution out;
  out.outcome = outcome_;
  if (stages.empty() || !std::is_sorted(times_h.begin(), times_h.end()) || (!times_h.empty() && times_h.front() < stages.front().from_h))
    throw InputError("first passage", "times must increase from the start of the first stage on");
  if (!out.outcome.ok()) return out;
  if (starts_inside_) {
    out.times_h.assign(times_h.begin(), times_h.end());
    out.reached.assign(times_h.size(), 1.0);
    return out;
  }
  const auto n = static_cast<std::size_t>(size());
  std::vector<double> p(n, 0.0), now, next, sum;
  p[0] = 1;
  double t = stages.front().from_h, reached = 0;
  std::size_t at = 0;
  Generator g;
  // gather form: who comes into each state
  std::vector<int> in_start(n + 1, 0), in_arrow, in_from;
  for (const int to : arrow_to_)
    if (to >= 0) ++in_start[static_cast<std::size_t>(to) + 1];
  for (std::size_t i = 0; i < n; ++i) in_start[i + 1] += in_start[i];
  in_arrow.resize(static_cast<std::size_t>(in_start[n]));
  in_from.resize(in_arrow.size());
  std::vector<int> filled(in_start.begin(), in_start.end() - 1);
  for (int i = 0; i < size(); ++i)
    for (int a = arrow_start_[i]; a < arrow_start_[i + 1]; ++a)
      if (arrow_to_[a] >= 0) {
        const int slot = filled[static_cast<std::size_t>(arrow_to_[a])]++;
        in_arrow[slot] = a;
        in_from[slot] = i;
      }
  constexpr double largest_step = 200;      // products that one step expects
  const double end = times_h.empty() ? t : times_h.back();
  const auto advance = [&](double until) {
    while (t < until && out.outcome.ok()) {
      const double rate = 1.02 * g.fastest;
      if (!(rate > 0)) {
        t = until;
        break;
      }
      const double step = std::min(until - t, largest_step / rate), mean = rate * step;
      now = p;
      double weight = std::exp(-mean), used = weight;
      sum.assign(n, 0.0);
      for (std::size_t i = 0; i < n; ++i) sum[i] = weight * now[i];
      next.resize(n);
      double into_target = 0, beyond = 0, flow_target = 0, flow_beyond = 0;
      const double share = tolerance * step / std::max(1e-300, end - stages.front().from_h);
      for (int k = 1;; ++k) {
        for (std::size_t i = 0; i < n; ++i) {
          flow_target += now[i] * g.absorbed[i] / rate;
          flow_beyond += now[i] * g.beyond[i] / rate;
        }
        weight *= mean / k;
        constexpr int chunk = 1 << 14;
        const auto product = [&](std::size_t from, std::size_t to) {
          for (std::size_t i = from; i < to; ++i) {
            double in = 0;
            for (int slot = in_start[i]; slot < in_start[i + 1]; ++slot) in += g.rate[in_arrow[slot]] * now[in_from[slot]];
            next[i] = now[i] * (1 - g.exit[i] / rate) + in / rate;
            sum[i] += weight * next[i];
          }
        };
        if (n < 4 * chunk) product(0, n);
        else parallel_for(static_cast<int>((n + chunk - 1) / chunk), [&](int c) { product(static_cast<std::size_t>(c) * chunk, std::min(n, static_cast<std::size_t>(c + 1) * chunk)); });
        std::swap(now, next);
        into_target += weight * flow_target;
        beyond += weight * flow_beyond;
        used += weight;
        if (k > mean && 1 - used < share) break;
        if (k > mean + 60 * std::sqrt(mean) + 400) break;      // rounding of `used`
      }
      out.truncation += std::max(0.0, 1 - used);
      out.left_out += beyond;
      reached += into_target;
      std::swap(p, sum);
      t = until - t <= step ? until : t + step;
    }
    t = until;
  };
  for (std::size_t k = 0; k < stages.size() && out.outcome.ok(); ++k) {
    g = generator(stages[k].parameters);
    out.outcome = g.outcome;
    const double until = k + 1 < stages.size() ? stages[k + 1].from_h : end;
    for (; at < times_h.size() && out.outcome.ok() && (times_h[at] < until || k + 1 == stages.size()); ++at) {
      advance(times_h[at]);
      out.times_h.push_back(times_h[at]);
      out.reached.push_back(std::min(1.0, reached));
    }
    if (until > t) advance(until);
  }
  return out;
}

}  // namespace hyped::control
