// Tests of whitened residuals.
#include "fitting/residual_check.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <map>
#include <numbers>

namespace hyped {
namespace {

double chi_square_tail(double statistic, double degrees) {
  return degrees > 0 ? boost::math::cdf(boost::math::complement(boost::math::chi_squared_distribution<double>(degrees), std::max(0.0, statistic))) : 1.0;
}

// All wells stacked, with an orthonormal basis of what the fit can absorb.
struct Stack {
  Eigen::VectorXd residuals;      // [N]
  Eigen::MatrixXd basis;          // [N x rank]
  std::vector<int> first;         // row of each well
};

Stack stack_of(const WhitenedResiduals& in) {
  Stack out;
  int rows = 0, own = 0;
  for (const auto& well : in.wells) {
    out.first.push_back(rows);
    rows += static_cast<int>(well.residuals.size());
    own += static_cast<int>(well.design.cols()) - in.shared;
  }
  out.residuals.resize(rows);
  Eigen::MatrixXd design = Eigen::MatrixXd::Zero(rows, in.shared + own);
  int column = in.shared;
  for (std::size_t w = 0; w < in.wells.size(); ++w) {
    const auto& well = in.wells[w];
    const auto size = well.residuals.size(), extra = well.design.cols() - in.shared;
    out.residuals.segment(out.first[w], size) = well.residuals;
    design.block(out.first[w], 0, size, in.shared) = well.design.leftCols(in.shared);
    design.block(out.first[w], column, size, extra) = well.design.rightCols(extra);
    column += static_cast<int>(extra);
  }
  for (int c = 0; c < design.cols(); ++c)
    if (const double norm = design.col(c).norm(); norm > 0) design.col(c) /= norm;
  const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(design);
  out.basis = qr.householderQ() * Eigen::MatrixXd::Identity(rows, qr.rank());
  return out;
}

// Are the contrasts (columns) of the residuals as large as they should be?
ResidualTest contrast_test(const std::string& name, const Stack& stack, const Eigen::MatrixXd& contrasts) {
  ResidualTest test{name, 0, 0, 1, false};
  if (contrasts.cols() == 0) return test;
  const Eigen::MatrixXd absorbed = stack.basis.transpose() * contrasts;
  const Eigen::VectorXd value = contrasts.transpose() * stack.residuals;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(contrasts.transpose() * contrasts - absorbed.transpose() * absorbed);
  const Eigen::VectorXd turned = eigen.eigenvectors().transpose() * value;
  const double largest = eigen.eigenvalues().maxCoeff();
  for (int i = 0; i < turned.size(); ++i)
    if (eigen.eigenvalues()[i] > 1e-3 * largest) {      // below: the fit absorbs it
      test.statistic += turned[i] * turned[i] / eigen.eigenvalues()[i];
      test.degrees += 1;
    }
  test.p_value = chi_square_tail(test.statistic, test.degrees);
  return test;
}

std::map<std::string, std::vector<int>> arms_of(const WhitenedResiduals& in) {
  std::map<std::string, std::vector<int>> arms;
  for (std::size_t w = 0; w < in.wells.size(); ++w) arms[in.wells[w].condition].push_back(static_cast<int>(w));
  return arms;
}

// Slow cosines of each class and arm: the part all wells of the arm share, or differences between them (Helmert).
Eigen::MatrixXd slow_contrasts(const WhitenedResiduals& in, const Stack& stack, int waves, bool shared) {
  std::vector<Eigen::VectorXd> columns;
  const int classes = static_cast<int>(in.classes.size());
  for (const auto& [condition, wells] : arms_of(in)) {
    const int count = static_cast<int>(wells.size());
    double from = 1e300, until = -1e300;
    for (const int w : wells) {
      from = std::min(from, in.wells[w].times_h.front());
      until = std::max(until, in.wells[w].times_h.back());
    }
    for (int which = shared ? 0 : 1; which < (shared ? 1 : count); ++which)
      for (int k = 0; k < classes; ++k)
        for (int wave = 0; wave < waves; ++wave) {
          Eigen::VectorXd column = Eigen::VectorXd::Zero(stack.residuals.size());
          for (int j = 0; j < count; ++j) {
            const double weight = which == 0 ? 1.0 : j < which ? 1.0 : j == which ? -which : 0.0;
            const auto& well = in.wells[wells[j]];
            for (std::size_t t = 0; t < well.times_h.size(); ++t)
              column[stack.first[wells[j]] + static_cast<int>(t) * classes + k] = weight * std::cos(wave * std::numbers::pi * (well.times_h[t] - from) / std::max(1e-9, until - from));
          }
          columns.push_back(column / column.norm());
        }
  }
  Eigen::MatrixXd out(stack.residuals.size(), static_cast<int>(columns.size()));
  for (std::size_t c = 0; c < columns.size(); ++c) out.col(static_cast<int>(c)) = columns[c];
  return out;
}

// Autocorrelation of one well about zero, the known mean: [lags x K].
Eigen::MatrixXd autocorrelation_of(const WhitenedWell& well, int classes, int lags) {
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(lags, classes);
  const Eigen::Map<const Eigen::MatrixXd> r(well.residuals.data(), classes, static_cast<Eigen::Index>(well.times_h.size()));
  for (int k = 0; k < classes; ++k)
    for (int lag = 1; lag <= lags && lag < r.cols(); ++lag)
      out(lag - 1, k) = r.row(k).head(r.cols() - lag).dot(r.row(k).tail(r.cols() - lag)) / std::max(1e-300, r.row(k).squaredNorm());
  return out;
}

std::vector<ResidualPlace> largest_places(const WhitenedResiduals& in, const Stack& stack, double window_h) {
  std::vector<ResidualPlace> places;
  const int classes = static_cast<int>(in.classes.size());
  for (const auto& [condition, wells] : arms_of(in)) {
    double last = 0;
    for (const int w : wells) last = std::max(last, in.wells[w].times_h.back());
    for (double from = 0; from <= last; from += window_h)
      for (int k = 0; k < classes; ++k) {
        Eigen::VectorXd contrast = Eigen::VectorXd::Zero(stack.residuals.size());
        for (const int w : wells)
          for (std::size_t t = 0; t < in.wells[w].times_h.size(); ++t)
            if (const double h = in.wells[w].times_h[t]; h >= from && h < from + window_h) contrast[stack.first[w] + static_cast<int>(t) * classes + k] = 1;
        const double variance = contrast.squaredNorm() - (stack.basis.transpose() * contrast).squaredNorm();
        if (variance > 0.05 * contrast.squaredNorm() && contrast.squaredNorm() > 0)
          places.push_back({condition, in.classes[k], from, from + window_h, contrast.dot(stack.residuals) / std::sqrt(variance)});
      }
  }
  std::stable_sort(places.begin(), places.end(), [](const auto& a, const auto& b) { return std::abs(a.z) > std::abs(b.z); });
  if (places.size() > 5) places.resize(5);
  return places;
}

enum TestNumber { total, shared_slow, slow_differences, lag_one, ljung_box };

void say(ResidualCheck& check) {
  auto text = [&](int number) {
    const ResidualTest& test = check.tests[number];
    return test.degrees > 0 ? fmt::format("chi-square {:.1f} with {:.0f} degrees of freedom, p = {:.2g}", test.statistic, test.degrees, test.p_value)
                            : fmt::format("z = {:.1f}, p = {:.2g}", test.statistic, test.p_value);
  };
  std::string place;
  if (!check.places.empty()) {
    const ResidualPlace& p = check.places.front();
    place = fmt::format("; most in '{}', class {}, {:.0f} to {:.0f} h, where the data lie {} the model (z = {:.1f})", p.condition, p.class_name, p.from_h, p.until_h, p.z > 0 ? "above" : "below", p.z);
  }
  if (check.tests[shared_slow].flagged)
    check.words.push_back("All wells of an arm leave the expected course together (" + text(shared_slow) + ")" + place + ". The mean is wrong: try other numbers of stages, quiescent cells, or an effect on another rate.");
  if (check.tests[slow_differences].flagged)
    check.words.push_back("Wells of one arm drift apart more than the model allows (" + text(slow_differences) + "). Give the rates a random effect of the well, or name more rates in it; sisters' correlation may be too small.");
  if (check.tests[lag_one].flagged || check.tests[ljung_box].flagged)
    check.words.push_back("Residuals remember the ones before (lag 1: " + text(lag_one) + "; Ljung-Box: " + text(ljung_box) + "). The covariance is not that of these cells: numbers of stages, sisters' correlation or detection noise are wrong.");
  if (check.tests[total].flagged) {
    const bool large = check.tests[total].statistic > check.tests[total].degrees;
    check.words.push_back(fmt::format("Residuals are {} than the model's covariance says ({}){}.", large ? "larger" : "smaller", text(total),
                                      large ? (check.tests[shared_slow].flagged ? "" : place) + ". Something scatters that is not in it: sisters, wells, detection, or single bad frames" : ""));
  }
  if (check.words.empty()) check.words.push_back("The whitened residuals look independent with variance 1: nothing speaks against the model.");
}

}  // namespace

ResidualCheck check_residuals(const WhitenedResiduals& in, const ResidualCheckOptions& options) {
  ResidualCheck check;
  check.outcome = in.outcome;
  if (!in.outcome.ok() || in.wells.empty()) return check;
  const Stack stack = stack_of(in);
  const int classes = static_cast<int>(in.classes.size());
  std::size_t shortest = in.wells.front().times_h.size();
  for (const auto& well : in.wells) shortest = std::min(shortest, well.times_h.size());
  const int lags = std::clamp(static_cast<int>(shortest) / 4, 1, std::max(1, options.lags));

  check.autocorrelation = Eigen::MatrixXd::Zero(lags, classes);
  Eigen::VectorXd squares = Eigen::VectorXd::Zero(classes);
  double samples = 0, neighbours = 0, pairs = 0;
  for (const auto& well : in.wells) {
    check.by_well.push_back(autocorrelation_of(well, classes, lags));
    const Eigen::Map<const Eigen::MatrixXd> r(well.residuals.data(), classes, static_cast<Eigen::Index>(well.times_h.size()));
    const Eigen::VectorXd square = r.rowwise().squaredNorm();
    for (int lag = 1; lag <= lags; ++lag) check.autocorrelation.row(lag - 1) += check.by_well.back().row(lag - 1).cwiseProduct(square.transpose());
    squares += square;
    samples += static_cast<double>(r.cols());
    neighbours += r.leftCols(r.cols() - 1).cwiseProduct(r.rightCols(r.cols() - 1)).sum();
    pairs += static_cast<double>(classes * (r.cols() - 1));
  }
  for (int lag = 0; lag < lags; ++lag) check.autocorrelation.row(lag).array() /= squares.transpose().array().max(1e-300);
  check.band = 1.96 / std::sqrt(samples);

  ResidualTest all{"total", (stack.residuals - stack.basis * (stack.basis.transpose() * stack.residuals)).squaredNorm(), static_cast<double>(stack.residuals.size() - stack.basis.cols()), 1, false};
  const double upper = chi_square_tail(all.statistic, all.degrees);
  all.p_value = 2 * std::min(upper, 1 - upper);
  ResidualTest lag{"lag 1", neighbours / std::sqrt(pairs) * (static_cast<double>(stack.residuals.size()) / std::max(1e-300, stack.residuals.squaredNorm())), 0, 1, false};
  lag.p_value = std::erfc(std::abs(lag.statistic) / std::numbers::sqrt2);
  ResidualTest box{"Ljung-Box", 0, static_cast<double>(lags * classes), 1, false};
  for (int h = 1; h <= lags; ++h) {
    const double counted = samples - h * static_cast<double>(in.wells.size());      // pairs at this lag per class
    box.statistic += samples * samples / std::max(1.0, counted) * check.autocorrelation.row(h - 1).squaredNorm();
  }
  box.p_value = chi_square_tail(box.statistic, box.degrees);
  check.tests = {all, contrast_test("slow part shared by an arm's wells", stack, slow_contrasts(in, stack, options.waves, true)),
                 contrast_test("slow differences between wells", stack, slow_contrasts(in, stack, options.waves, false)), lag, box};
  std::vector<int> order(check.tests.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  std::sort(order.begin(), order.end(), [&](int a, int b) { return check.tests[a].p_value < check.tests[b].p_value; });
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (check.tests[order[i]].p_value * static_cast<double>(order.size() - i) > options.level) break;
    check.tests[order[i]].flagged = true;
    check.passed = false;
  }
  check.places = largest_places(in, stack, options.window_h);
  say(check);
  return check;
}

WhitenedResiduals whitened_residuals(const CycleProblem& problem, const ProcessFit& fit) {
  WhitenedResiduals out;
  for (const auto& seen : problem.setup().map.classes) out.classes.push_back(seen.name);
  out.shared = problem.space().count();
  const auto residuals = frozen_residuals(problem, fit, out.outcome);
  if (!out.outcome.ok()) return out;
  const auto factors = covariance_factors(problem, fit, out.outcome);
  if (!out.outcome.ok()) return out;
  Eigen::VectorXd values;
  Eigen::MatrixXd jacobian;
  out.outcome = residuals->evaluate(fit.theta, values, &jacobian);
  if (!out.outcome.ok()) return out;
  const auto means = fit.effects.size() > 0 ? problem.well_means(fit.theta, fit.effects, false) : problem.unit_means(fit.theta, false);
  int row = 0;
  for (std::size_t w = 0; w < problem.wells().size(); ++w) {
    const Well& well = problem.wells()[w];
    const Unit& unit = problem.units()[static_cast<std::size_t>(well.unit)];
    const int size = static_cast<int>(well.blocks.size());
    WhitenedWell one{well.condition, well.name, std::vector<double>(static_cast<std::size_t>(unit.blocks.count), 0.0), values.segment(row, size), jacobian.middleRows(row, size)};
    const auto sizes = unit.blocks.size();
    for (std::size_t t = 0; t < unit.times_h.size(); ++t)
      if (const int block = unit.blocks.block_of_sample[t]; block >= 0) one.times_h[block] += unit.times_h[t] / sizes[block];
    if (problem.has_scale()) {      // the well's own scale was fitted too
      const UnitMean& mean = means[fit.effects.size() > 0 ? w : static_cast<std::size_t>(well.unit)];
      one.design.conservativeResize(Eigen::NoChange, out.shared + 1);
      one.design.col(out.shared) = factors[w].triangularView<Eigen::Lower>().solve(Eigen::VectorXd(problem.block_average(well.unit, mean.mean)));
    }
    out.wells.push_back(std::move(one));
    row += size;
  }
  return out;
}

ResidualCheck check_residuals(const CycleProblem& problem, const ProcessFit& fit, const ResidualCheckOptions& options) {
  return check_residuals(whitened_residuals(problem, fit), options);
}

}  // namespace hyped
