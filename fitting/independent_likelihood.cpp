// Independent frames: deviance residuals and log-likelihoods, scales of wells solved inside.
#include "fitting/independent_likelihood.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "libhyped/observe/noise.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr std::array noise_names{"multinomial", "multinomial_poisson", "dirichlet_multinomial", "negative_binomial", "gaussian"};
constexpr double least_share = 1e-12;      // of a class: zero expectation with a nonzero count is only very unlikely

// Expected amounts of a unit, as fractions of each frame if the data are.
struct Expected {
  Eigen::VectorXd mean;
  Eigen::MatrixXd slope;
};

Expected expected_of(const CycleProblem& problem, const UnitMean& unit, bool fractions, bool derivatives) {
  Expected out{unit.mean, derivatives ? unit.by_theta : Eigen::MatrixXd()};
  if (!fractions) return out;
  const int classes = problem.class_count();
  for (int t = 0; t < unit.mean.size(); t += classes) {
    const double total = unit.mean.segment(t, classes).sum();
    out.mean.segment(t, classes) /= total;
    if (!derivatives) continue;
    const Eigen::RowVectorXd sum = unit.by_theta.middleRows(t, classes).colwise().sum();
    out.slope.middleRows(t, classes) = (unit.by_theta.middleRows(t, classes) - out.mean.segment(t, classes) * sum) / total;
  }
  return out;
}

std::vector<int> first_rows(const CycleProblem& problem) {
  std::vector<int> first{0};
  for (const Well& well : problem.wells()) first.push_back(first.back() + static_cast<int>(well.values.size()));
  return first;
}

Outcome first_failure(const std::vector<UnitMean>& means) {
  for (const auto& mean : means)
    if (!mean.outcome.ok()) return mean.outcome;
  return {};
}

std::span<const double> view(const Eigen::VectorXd& values, int from, int count) { return {values.data() + from, static_cast<std::size_t>(count)}; }
std::span<double> view(Eigen::VectorXd& values, int from, int count) { return {values.data() + from, static_cast<std::size_t>(count)}; }

}  // namespace

std::string_view to_string(IndependentNoise noise) { return noise_names[static_cast<std::size_t>(noise)]; }

IndependentNoise independent_noise_named(const std::string& name, const std::string& where) {
  const std::vector<std::string> names(noise_names.begin(), noise_names.end());
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw InputError(where, "there is no noise '" + name + "'", did_you_mean(name, names));
  return static_cast<IndependentNoise>(found - names.begin());
}

bool has_dispersion(IndependentNoise noise) {
  return noise == IndependentNoise::dirichlet_multinomial || noise == IndependentNoise::negative_binomial || noise == IndependentNoise::gaussian;
}

bool has_scale(IndependentNoise noise, const CycleProblem& problem) {
  return !problem.density() && noise != IndependentNoise::multinomial && noise != IndependentNoise::dirichlet_multinomial &&
         problem.quantity() != Quantity::fraction;
}

DevianceResidual deviance_residual(double y, double mu) {
  const double d = (y - mu) / mu;
  if (std::abs(d) < 1e-3) {
    // 2 ((1 + d) log(1 + d) - d) = d^2 (1 - d/3 + d^2/6 - d^3/10 + ...)
    const double root = std::sqrt(mu), c = std::sqrt(1 - d * (1.0 / 3 - d * (1.0 / 6 - d * (0.1 - d / 15))));
    return {root * d * c, -1 / (root * c)};      // dr/dmu = -(y - mu) / (mu r)
  }
  const double value = std::copysign(std::sqrt(2 * ((y > 0 ? y * std::log(y / mu) : 0.0) - y + mu)), y - mu);
  return {value, (mu - y) / (mu * value)};
}

DevianceResiduals::DevianceResiduals(const CycleProblem& problem, IndependentNoise noise, double sd) : problem_(problem), noise_(noise), sd_(sd) {
  HYPED_REQUIRE(noise == IndependentNoise::gaussian || !has_dispersion(noise));
  count_ = first_rows(problem).back();
  for (int i = 0; i < problem.space().count(); ++i) priors_ += problem.space()[i].prior ? 1 : 0;
}

Outcome DevianceResiduals::evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const {
  const bool wanted = jacobian != nullptr;
  const auto means = problem_.unit_means(theta, wanted);
  if (const Outcome failure = first_failure(means); !failure.ok()) return failure;
  const auto first = first_rows(problem_);
  const int classes = problem_.class_count();
  const bool scaled = has_scale(noise_, problem_), by_frame = noise_ == IndependentNoise::multinomial;
  std::vector<Expected> expected;
  for (const auto& mean : means) expected.push_back(expected_of(problem_, mean, by_frame || problem_.quantity() == Quantity::fraction, wanted));
  residuals.resize(residual_count());
  if (wanted) jacobian->setZero(residual_count(), theta.size());
  parallel_for(static_cast<int>(problem_.wells().size()), [&](int w) {
    const Well& well = problem_.wells()[w];
    const Expected& e = expected[well.unit];
    const int size = static_cast<int>(well.values.size());
    if (noise_ == IndependentNoise::gaussian) {
      const double norm = e.mean.squaredNorm(), scale = scaled ? e.mean.dot(well.values) / norm : 1.0;
      residuals.segment(first[w], size) = (well.values - scale * e.mean) / sd_;
      if (!wanted) return;
      auto rows = jacobian->middleRows(first[w], size);
      rows = -scale * e.slope;
      if (scaled) rows -= e.mean * ((e.slope.transpose() * (well.values - 2 * scale * e.mean)).transpose() / norm);
      rows /= sd_;
      return;
    }
    const double scale = scaled ? well.values.sum() / e.mean.sum() : 1.0;
    const Eigen::RowVectorXd scale_slope = scaled && wanted ? Eigen::RowVectorXd(-e.slope.colwise().sum() * scale / e.mean.sum()) : Eigen::RowVectorXd();
    for (int t = 0; t < size; t += classes) {
      const double total = by_frame ? well.values.segment(t, classes).sum() : scale;
      for (int k = t; k < t + classes; ++k) {
        const double mean = total * e.mean[k], floor = least_share * std::max(total, 1e-3);
        const DevianceResidual r = deviance_residual(well.values[k], std::max(mean, floor));
        residuals[first[w] + k] = r.value;
        if (!wanted || mean < floor) continue;
        auto row = jacobian->row(first[w] + k);
        row = r.slope * total * e.slope.row(k);
        if (scaled) row += r.slope * e.mean[k] * scale_slope;
      }
    }
  });
  int row = count_;
  for (int i = 0; i < problem_.space().count(); ++i)
    if (const auto& prior = problem_.space()[i].prior) {
      const PriorRow known = prior->row(theta[i]);
      residuals[row] = known.value;
      if (wanted) (*jacobian)(row, i) = known.slope;
      ++row;
    }
  return {};
}

IndependentLikelihood::IndependentLikelihood(const CycleProblem& problem, IndependentNoise noise, std::optional<double> saturation)
    : problem_(problem), noise_(noise), saturation_(saturation) {}

struct IndependentLikelihood::WellSum {
  double value = 0, scale = 1;
  bool bad = false;
  Eigen::VectorXd gradient;
  Eigen::MatrixXd information;
};

Outcome IndependentLikelihood::sums(const Eigen::VectorXd& theta, bool derivatives, std::vector<WellSum>& out) const {
  const int own = problem_.space().count(), count = parameter_count(), classes = problem_.class_count();
  const auto means = problem_.unit_means(theta.head(own), derivatives);
  if (const Outcome failure = first_failure(means); !failure.ok()) return failure;
  const double dispersion = has_dispersion(noise_) ? std::pow(10.0, theta[own]) : 0.0;
  const bool scaled = has_scale(noise_, problem_);
  Noise of_classes = Multinomial{}, of_totals = NegativeBinomial{dispersion};
  if (noise_ == IndependentNoise::multinomial_poisson) of_classes = Poisson{};
  if (noise_ == IndependentNoise::dirichlet_multinomial) of_classes = DirichletMultinomial{dispersion};
  if (noise_ == IndependentNoise::gaussian) of_classes = Gaussian{dispersion};
  if (noise_ == IndependentNoise::gaussian && saturation_) of_classes = CensoredGaussian{dispersion, *saturation_};
  const bool totals = noise_ == IndependentNoise::negative_binomial;
  std::vector<Expected> expected;
  for (const auto& mean : means) expected.push_back(expected_of(problem_, mean, problem_.quantity() == Quantity::fraction, derivatives));
  out.assign(problem_.wells().size(), {});
  parallel_for(static_cast<int>(out.size()), [&](int w) {
    const Well& well = problem_.wells()[w];
    const Expected& e = expected[well.unit];
    const int size = static_cast<int>(well.values.size()), samples = size / classes;
    WellSum& sum = out[w];
    // What the scale multiplies: totals of frames, or the classes themselves.
    Eigen::VectorXd values = well.values, mean = e.mean;
    if (totals) {
      values = Eigen::Map<const Eigen::MatrixXd>(well.values.data(), classes, samples).colwise().sum().transpose();
      mean = Eigen::Map<const Eigen::MatrixXd>(e.mean.data(), classes, samples).colwise().sum().transpose();
    }
    const Noise& scaled_noise = totals ? of_totals : of_classes;
    const int width = totals ? 1 : classes, rows = static_cast<int>(values.size());
    Eigen::VectorXd at(rows), slope(rows);
    NoiseInformation frame;
    double log_scale = scaled ? std::log(std::max(1e-12, values.dot(mean) / mean.squaredNorm())) : 0.0;
    auto density = [&](double u) {
      at = std::exp(u) * mean;
      double value = 0;
      for (int i = 0; i < rows; i += width) value += log_density(scaled_noise, view(values, i, width), view(at, i, width), view(slope, i, width)).value;
      return value;
    };
    if (scaled) {      // Newton on the log scale; the information along it is the expected one
      double value = density(log_scale);
      for (int iteration = 0; iteration < 200; ++iteration) {
        const double gradient = slope.dot(at);
        double curvature = 0;
        for (int i = 0; i < rows; i += width)
          for (int k = i; k < i + width; ++k) curvature += std::holds_alternative<Poisson>(scaled_noise) ? at[k]
                                                          : totals ? at[k] / (1 + dispersion * at[k]) : at[k] * at[k] / (dispersion * dispersion);
        double step = std::clamp(gradient / curvature, -1.0, 1.0);
        if (!(std::abs(step) > 1e-13)) break;
        double next = density(log_scale + step);
        for (int halving = 0; halving < 20 && next < value - 1e-12 * std::abs(value); ++halving) next = density(log_scale + (step /= 2));
        log_scale += step;
        value = next;
      }
    }
    sum.scale = std::exp(log_scale);
    sum.value = density(log_scale);
    if (!std::isfinite(sum.value)) {
      sum.bad = true;
      return;
    }
    // The last column is the log scale.
    const int columns = count + 1;
    if (derivatives) {
      sum.gradient.setZero(columns);
      sum.information.setZero(columns, columns);
    }
    auto add = [&](const Noise& noise, int from, std::span<const double> y, std::span<const double> mu, std::span<double> by_mu, const Eigen::MatrixXd& x) {
      const NoiseDensity density = log_density(noise, y, mu, by_mu);
      information(noise, y, mu, frame);
      const Eigen::VectorXd score = Eigen::Map<const Eigen::VectorXd>(by_mu.data(), static_cast<Eigen::Index>(by_mu.size()));
      const auto design = x.middleRows(from, static_cast<Eigen::Index>(y.size()));
      sum.gradient.noalias() += design.transpose() * score;
      sum.information.noalias() += design.transpose() * frame.expected * design;
      if (count == own) return;
      const double by_log = dispersion * std::numbers::ln10;
      sum.gradient[own] += density.by_dispersion * by_log;
      sum.information(own, own) += frame.dispersion * by_log * by_log;
      const Eigen::VectorXd cross = design.transpose() * frame.mixed * by_log;
      sum.information.col(own) += cross;
      sum.information.row(own) += cross.transpose();
    };
    if (derivatives) {
      Eigen::MatrixXd design = Eigen::MatrixXd::Zero(rows, columns);
      for (int i = 0; i < rows; ++i)
        design.row(i).head(own) = totals ? Eigen::RowVectorXd(sum.scale * e.slope.middleRows(i * classes, classes).colwise().sum()) : Eigen::RowVectorXd(sum.scale * e.slope.row(i));
      if (scaled) design.col(count) = at;
      for (int i = 0; i < rows; i += width) add(scaled_noise, i, view(values, i, width), view(at, i, width), view(slope, i, width), design);
    }
    if (totals) {      // and the classes given the total
      Eigen::VectorXd by_mean(classes);
      Eigen::MatrixXd design;
      if (derivatives) {
        design = Eigen::MatrixXd::Zero(size, columns);
        design.leftCols(own) = e.slope;
      }
      for (int t = 0; t < size; t += classes) {
        sum.value += log_density(of_classes, view(well.values, t, classes), view(e.mean, t, classes)).value;
        if (!derivatives) continue;
        add(of_classes, t, view(well.values, t, classes), view(e.mean, t, classes), view(by_mean, 0, classes), design);
      }
    }
    if (derivatives) {
      const Eigen::VectorXd cross = sum.information.col(count).head(count);
      Eigen::MatrixXd kept = sum.information.topLeftCorner(count, count);
      if (scaled) kept -= cross * cross.transpose() / sum.information(count, count);
      sum.information = kept;
      sum.gradient.conservativeResize(count);
    }
  });
  return {};
}

Outcome IndependentLikelihood::evaluate(const Eigen::VectorXd& theta, LikelihoodValue& out, bool derivatives) const {
  std::vector<WellSum> wells;
  const Outcome outcome = sums(theta, derivatives, wells);
  if (!outcome.ok()) return outcome;
  out.log_likelihood = 0;
  if (derivatives) {
    out.gradient.setZero(parameter_count());
    out.information.setZero(parameter_count(), parameter_count());
  }
  for (const WellSum& sum : wells) {
    if (sum.bad) return {Status::not_finite, "the data are impossible under the model: a class that is expected to be empty holds cells"};
    out.log_likelihood += sum.value;
    if (!derivatives) continue;
    out.gradient += sum.gradient;
    out.information += sum.information;
  }
  return {};
}

Outcome IndependentLikelihood::scales(const Eigen::VectorXd& theta, std::vector<double>& out) const {
  std::vector<WellSum> wells;
  const Outcome outcome = sums(theta, false, wells);
  out.assign(problem_.wells().size(), 1.0);
  if (outcome.ok())
    for (std::size_t w = 0; w < wells.size(); ++w) out[w] = wells[w].scale;
  return outcome;
}

}  // namespace hyped
