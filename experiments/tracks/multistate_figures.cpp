// Shares of phases and rates, drawn.
#include "experiments/tracks/multistate_figures.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "experiments/report/figure.hpp"
#include "experiments/tracks/multistate.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

// Draws from the normal approximation on the search scale, inside the bounds; none where some parameter is not determined.
std::vector<Eigen::VectorXd> parameter_draws(const PanelFit& fit, std::uint64_t seed) {
  std::vector<Eigen::VectorXd> out;
  if (!fit.identifiability.all()) return out;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(fit.identifiability.covariance);
  RandomStream random(seed, 0x70726576, 0);
  for (int k = 0; k < 200; ++k) {
    Eigen::VectorXd z(fit.theta.size());
    for (double& value : z) value = random.normal();
    const Eigen::VectorXd theta = fit.theta + eigen.eigenvectors() * (eigen.eigenvalues().cwiseMax(0).cwiseSqrt().array() * z.array()).matrix();
    out.push_back(fit.space.natural(theta.cwiseMax(fit.space.lower()).cwiseMin(fit.space.upper())));
  }
  return out;
}

// When nearly all cells have ended nothing more happens: a tenth more than until 97 % of them have, or their last look.
double drawn_until(const PanelData& data, const std::vector<const PanelSubject*>& there, double first, double last) {
  std::vector<double> ends;
  for (const PanelSubject* s : there)
    if (const int seen = s->looks.back().seen; seen >= 0 && is_end(data.phases[static_cast<std::size_t>(seen)])) ends.push_back(s->looks.back().time_h);
  std::sort(ends.begin(), ends.end());
  const auto most = static_cast<std::size_t>(std::ceil(0.97 * static_cast<double>(there.size())));
  return ends.size() < most || most == 0 ? last : std::min(last, first + 1.1 * (ends[most - 1] - first));
}

}  // namespace

void add_prevalence(RunDirectory& run, const PanelData& data, const PanelFit& fit, const PanelSpec& spec, std::uint64_t seed) {
  const PanelModel model(spec, data);
  const PanelLikelihood likelihood(data, model);
  const auto draws = parameter_draws(fit, seed);
  Table points({{"arm", "", ""}, {"phase", "", ""}, {"time_h", "h", ""}, {"value", "1", "share of the cells there at the first look, ends included"}}), line({{"arm", "", ""}, {"phase", "", ""}, {"time_h", "h", ""}, {"estimate", "1", ""}, {"lower", "", ""}, {"upper", "", ""}});
  for (int row = 0; row < static_cast<int>(data.covariates.rows()); ++row) {
    std::string arm = data.reference;
    for (Eigen::Index c = 0; c < data.covariates.cols(); ++c)
      if (data.covariates(row, c) == 1) arm = data.covariate_names[static_cast<std::size_t>(c)];
    std::vector<const PanelSubject*> there;
    double first = 1e300, last = 0;
    for (const PanelSubject& s : data.subjects)
      if (s.covariate_row == row) first = std::min(first, s.looks.front().time_h);
    for (const PanelSubject& s : data.subjects)
      if (s.covariate_row == row && s.looks.front().time_h <= first + 1e-9) there.push_back(&s), last = std::max(last, s.looks.back().time_h);
    if (there.empty()) continue;
    last = drawn_until(data, there, first, last);
    std::vector<double> times;
    for (int i = 0; i <= 40; ++i) times.push_back(first + (last - first) * i / 40);
    const Eigen::MatrixXd expected = likelihood.prevalence(fit.natural(), times, row);
    std::vector<Eigen::MatrixXd> drawn(draws.size());
    parallel_for(static_cast<int>(draws.size()), [&](int k) { drawn[static_cast<std::size_t>(k)] = likelihood.prevalence(draws[static_cast<std::size_t>(k)], times, row); });
    for (std::size_t t = 0; t < times.size(); ++t) {
      std::vector<double> seen(data.phases.size(), 0);
      double all = 0;
      for (const PanelSubject* s : there) {
        const PanelLook* at = nullptr;
        for (const PanelLook& look : s->looks)
          if (look.time_h <= times[t] + 1e-9) at = &look;
        const bool over = s->looks.back().time_h < times[t] - 1e-9;
        if (at == nullptr || at->seen < 0 || (over && !is_end(data.phases[static_cast<std::size_t>(at->seen)]))) continue;
        seen[static_cast<std::size_t>(at->seen)] += 1;
        all += 1;
      }
      for (std::size_t k = 0; k < data.phases.size(); ++k) {
        if (all >= 5) points.add_row({arm, data.phases[k], times[t], seen[k] / all});
        const double e = expected(static_cast<Eigen::Index>(t), static_cast<Eigen::Index>(k));
        std::vector<double> here{e};
        for (const auto& one : drawn) here.push_back(one(static_cast<Eigen::Index>(t), static_cast<Eigen::Index>(k)));
        std::sort(here.begin(), here.end());
        const auto at = [&](double q) { return here[static_cast<std::size_t>(q * static_cast<double>(here.size() - 1) + 0.5)]; };
        line.add_row({arm, data.phases[k], times[t], e, at(0.025), at(0.975)});
      }
    }
  }
  report::Figure figure{"prevalence", "Share of the cells that were there at the first look in each phase: points as read, lines and 95 % bands (of the parameters) by the fitted model (true phases).", "prevalence", {{"model", line}}, {}, "answer"};
  if (!points.rows().empty()) figure.data.emplace_back("points", points);
  report::add_figure(run, figure);
}

void add_diagram(RunDirectory& run, const PanelSpec& spec, const PanelFit& fit) {
  Table phases({{"phase", "", ""}, {"x", "1", "place in the figure"}, {"y", "1", ""}, {"label", "", ""}}), arrows({{"name", "", ""}, {"from_x", "1", ""}, {"from_y", "1", ""}, {"to_x", "1", ""}, {"to_y", "1", ""}, {"rate", "1/h", ""}, {"label", "", ""}});
  const auto n = static_cast<double>(spec.phases.size());
  const auto place = [&](int k) { return std::pair(std::cos(std::numbers::pi / 2 - 2 * std::numbers::pi * k / n), std::sin(std::numbers::pi / 2 - 2 * std::numbers::pi * k / n)); };
  for (int k = 0; k < static_cast<int>(spec.phases.size()); ++k) {
    const auto [x, y] = place(k);
    std::string label;
    for (const PanelEstimate& s : fit.sojourns)
      if (s.name == spec.phases[static_cast<std::size_t>(k)]) label = fmt::format("{:.3g} h", s.estimate);
    phases.add_row({spec.phases[static_cast<std::size_t>(k)], x, y, label});
  }
  for (std::size_t r = 0; r < spec.transitions.size(); ++r) {
    const auto [x, y] = place(spec.transitions[r].from);
    const auto [u, v] = place(spec.transitions[r].to);
    const PanelEstimate& e = fit.estimates[r];
    const double length = std::hypot(u - x, v - y), a = (u - x) / length, b = (v - y) / length, side = 0.045;      // two ways between the same phases side by side
    arrows.add_row({e.name, x + 0.2 * a - side * b, y + 0.2 * b + side * a, u - 0.2 * a - side * b, v - 0.2 * b + side * a, e.estimate, fmt::format("{} to {}: ", spec.phases[static_cast<std::size_t>(spec.transitions[r].from)], spec.phases[static_cast<std::size_t>(spec.transitions[r].to)]) + (e.identified ? fmt::format("{:.3g} [{:.3g}, {:.3g}] /h", e.estimate, e.lower, e.upper) : fmt::format("{:.3g} /h, open", e.estimate))});
  }
  report::add_figure(run, {"rates", "Rates [1/h] of every allowed change with 95 % intervals, and the mean stay in every phase (reference condition, first piece of time).", "rates", {{"phases", phases}, {"transitions", arrows}}, {}, "answer"});
}

}  // namespace hyped
