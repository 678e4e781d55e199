// Dispersions by adjusted profile likelihood and empirical Bayes.
#include "libhyped/expression/replicates/dispersion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <limits>

#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr double grid_from = -13.8, grid_step = 0.2;      // log dispersion: 1e-6 up to 30
constexpr int grid_points = 87, genes_for_prior = 1500, batch = 64;

// A normal with more weight far out, in log dispersion: the two parts of its density.
struct Prior {
  double centre, sd, wide = std::hypot(sd, dispersion_outlier_sd), near_scale = (1 - dispersion_outliers) / (sd * 2.5066282746310002), far_scale = dispersion_outliers / (wide * 2.5066282746310002);
  double near(double d) const { return near_scale * std::exp(-0.5 * d * d / (sd * sd)); }
  double far(double d) const { return far_scale * std::exp(-0.5 * d * d / (wide * wide)); }
};

struct GeneGrid {
  double mean = 0;
  std::array<double, grid_points> likelihood;      // of each grid point, the largest is 1
};

using Theta = Eigen::Vector3d;      // log asymptote, log extra, log sd

// Sum over genes of log of the integral of likelihood times prior; gradient and sum of its outer products for the step.
double marginal(const std::vector<GeneGrid>& genes, const Theta& theta, Eigen::Vector3d& gradient, Eigen::Matrix3d& outer) {
  const double asymptote = std::exp(theta[0]), extra = std::exp(theta[1]), sd = std::exp(theta[2]);
  const int batches = (static_cast<int>(genes.size()) + batch - 1) / batch;
  struct Part {
    double value = 0;
    Eigen::Vector3d gradient = Eigen::Vector3d::Zero();
    Eigen::Matrix3d outer = Eigen::Matrix3d::Zero();
  };
  std::vector<Part> parts(static_cast<std::size_t>(batches));
  parallel_for(batches, [&](int b) {
    Part& part = parts[static_cast<std::size_t>(b)];
    for (std::size_t g = static_cast<std::size_t>(b * batch); g < std::min(genes.size(), static_cast<std::size_t>((b + 1) * batch)); ++g) {
      const double level = asymptote + extra / genes[g].mean;
      const Prior prior{std::log(level), sd};
      const double tight = 1 / (sd * sd), loose = 1 / (prior.wide * prior.wide), share = sd * sd * loose;      // d log wide / d log sd
      double sum = 0, by_centre = 0, by_sd = 0;
      for (int k = 0; k < grid_points; ++k) {
        const double likelihood = genes[g].likelihood[static_cast<std::size_t>(k)], d = grid_from + k * grid_step - prior.centre;
        if (likelihood < 1e-12) continue;
        const double near = likelihood * prior.near(d), far = likelihood * prior.far(d);
        sum += near + far;
        by_centre += d * (near * tight + far * loose);
        by_sd += near * (d * d * tight - 1) + far * (d * d * loose - 1) * share;
      }
      if (!(sum > 0)) continue;
      by_centre /= sum, by_sd /= sum;
      const Eigen::Vector3d own(by_centre * asymptote / level, by_centre * extra / genes[g].mean / level, by_sd);
      part.value += std::log(sum * grid_step);
      part.gradient += own;
      part.outer += own * own.transpose();
    }
  });
  double value = 0;
  gradient.setZero(), outer.setZero();
  for (const Part& part : parts) value += part.value, gradient += part.gradient, outer += part.outer;
  return value;
}

Theta bounded(Theta t) {
  const double least[3] = {std::log(least_dispersion), std::log(least_dispersion), std::log(0.05)}, most[3] = {3, 8, std::log(3.0)};
  for (int i = 0; i < 3; ++i) t[i] = std::clamp(t[i], least[i], most[i]);
  return t;
}

// Climbs by the outer products of the genes' own gradients (Berndt, Hall, Hall & Hausman 1974).
double climb(const std::vector<GeneGrid>& genes, Theta& theta, bool with_extra, bool& settled) {
  Eigen::Vector3d gradient;
  Eigen::Matrix3d outer;
  double value = marginal(genes, theta, gradient, outer);
  settled = false;
  for (int iteration = 0; iteration < 200 && !settled; ++iteration) {
    if (!with_extra) gradient[1] = 0, outer.row(1).setZero(), outer.col(1).setZero();
    outer.diagonal().array() += 1e-6 * outer.diagonal().maxCoeff() + 1e-12;
    Theta step = outer.ldlt().solve(gradient);
    step *= std::min(1.0, 1.5 / std::max(1e-300, step.cwiseAbs().maxCoeff()));
    settled = true;
    for (int half = 0; half < 20; ++half, step *= 0.5) {
      const Theta next = bounded(theta + step);
      Eigen::Vector3d next_gradient;
      Eigen::Matrix3d next_outer;
      const double there = marginal(genes, next, next_gradient, next_outer);
      if (there < value) continue;
      settled = there - value < 1e-3;      // of a log-likelihood: far below what the data can tell
      theta = next, value = there, gradient = next_gradient, outer = next_outer;
      break;
    }
  }
  return value;
}

}  // namespace

double DispersionPrior::log_density(double log_dispersion, double mean) const { 
  const Prior prior{std::log(trend.at(mean)), sd};
  const double d = log_dispersion - prior.centre, far = std::log(prior.far_scale) - 0.5 * d * d / (prior.wide * prior.wide), near = std::log(prior.near_scale) - 0.5 * d * d / (sd * sd);
  const double top = std::max(near, far);
  return top + std::log(std::exp(near - top) + std::exp(far - top));
}

double adjusted_profile(const NegativeBinomialGlm& glm, const Eigen::Ref<const Eigen::VectorXd>& counts, const Eigen::VectorXd& log_exposure, double log_dispersion, NegativeBinomialFit& work, bool warm) {
  glm.fit(counts, log_exposure, std::exp(log_dispersion), work, warm);
  return work.log_likelihood - 0.5 * work.log_determinant;
}

Dispersions estimate_dispersions(const NegativeBinomialGlm& glm, const Eigen::MatrixXd& counts, const Eigen::VectorXd& log_exposure) {
  const auto genes = static_cast<int>(counts.cols());
  const Eigen::VectorXd scale = (-log_exposure).array().exp();
  Eigen::VectorXd mean(genes);
  std::vector<int> counted;
  for (int g = 0; g < genes; ++g) {
    mean[g] = counts.col(g).dot(scale) / static_cast<double>(counts.rows());
    if (mean[g] > 0) counted.push_back(g);
  }
  Dispersions out;
  out.own = out.trend = out.shrunken = Eigen::VectorXd::Constant(genes, least_dispersion);
  if (counted.empty()) {
    out.outcome = {Status::not_identifiable, "no gene has a count"};
    return out;
  }
  // the genes the prior is learnt from, spread evenly over the means
  std::vector<int> chosen = counted;
  std::sort(chosen.begin(), chosen.end(), [&](int a, int b) { return mean[a] != mean[b] ? mean[a] < mean[b] : a < b; });
  const int used = std::min(genes_for_prior, static_cast<int>(chosen.size()));
  std::vector<GeneGrid> grids(static_cast<std::size_t>(used));
  parallel_for((used + batch - 1) / batch, [&](int b) {
    NegativeBinomialFit work;
    for (int i = b * batch; i < std::min(used, (b + 1) * batch); ++i) {
      const int g = chosen[static_cast<std::size_t>((static_cast<double>(i) + 0.5) * static_cast<double>(chosen.size()) / used)];
      GeneGrid& grid = grids[static_cast<std::size_t>(i)];
      grid.mean = mean[g];
      double top = -std::numeric_limits<double>::infinity();
      for (int k = 0; k < grid_points; ++k) {
        const double value = adjusted_profile(glm, counts.col(g), log_exposure, grid_from + k * grid_step, work, k > 0);
        grid.likelihood[static_cast<std::size_t>(k)] = value;
        top = std::max(top, value);
      }
      for (double& value : grid.likelihood) value = std::exp(value - top);
    }
  });
  out.genes_in_prior = used;
  const bool with_extra = used >= 30;
  if (!with_extra) out.words.push_back(fmt::format("only {} genes have counts: one dispersion for all of them, no trend over the mean", used));
  double best = -std::numeric_limits<double>::infinity();
  Theta theta = Theta::Zero();
  bool settled = false;
  for (const double scale : {0.1, 1.0}) {      // of both numbers of the trend
    Theta from(std::log(0.1 * scale), with_extra ? std::log(2 * scale) : std::log(least_dispersion), std::log(0.7));
    bool here = false;
    const double value = climb(grids, from, with_extra, here);
    if (value > best + 1e-9) best = value, theta = from, settled = here;
  }
  if (!settled) out.outcome = {Status::not_converged, "trend and prior width of the dispersions did not settle"};
  out.prior = {{std::exp(theta[0]), std::exp(theta[1])}, std::exp(theta[2])};
  out.words.push_back(fmt::format("dispersion = {:.4g} + {:.4g} / mean, genes scatter about it by {:.3g} (sd of the logarithm), from {} genes", out.prior.trend.asymptote, out.prior.trend.extra, out.prior.sd, used));
  const double low = std::log(least_dispersion), high = std::log(std::max(10.0, static_cast<double>(counts.rows())));
  constexpr int coarse = 15;
  const double stride = (high - low) / (coarse - 1);
  parallel_for((static_cast<int>(counted.size()) + batch - 1) / batch, [&](int b) {
    NegativeBinomialFit work;
    for (int i = b * batch; i < std::min(static_cast<int>(counted.size()), (b + 1) * batch); ++i) {
      const int g = counted[static_cast<std::size_t>(i)];
      const auto profile = [&](double x) { return adjusted_profile(glm, counts.col(g), log_exposure, x, work, true); };
      glm.fit(counts.col(g), log_exposure, 0.1, work, false);
      std::array<double, coarse> at;
      for (int k = coarse; k-- > 0;) at[static_cast<std::size_t>(k)] = profile(low + k * stride);
      const auto highest = [&](const auto& extra) {
        int top = 0;
        for (int k = 1; k < coarse; ++k)
          if (at[static_cast<std::size_t>(k)] + extra(low + k * stride) > at[static_cast<std::size_t>(top)] + extra(low + top * stride)) top = k;
        std::uintmax_t steps = 60;
        const auto found = boost::math::tools::brent_find_minima([&](double x) { return -profile(x) - extra(x); }, std::max(low, low + (top - 1) * stride), std::min(high, low + (top + 1) * stride), 24, steps);
        return std::exp(found.first);
      };
      out.own[g] = highest([](double) { return 0.0; });
      out.shrunken[g] = highest([&](double x) { return out.prior.log_density(x, mean[g]); });
      out.trend[g] = out.prior.trend.at(mean[g]);
    }
  });
  for (int g = 0; g < genes; ++g)
    if (!(mean[g] > 0)) out.trend[g] = out.shrunken[g] = out.prior.trend.asymptote;
  return out;
}

}  // namespace hyped
