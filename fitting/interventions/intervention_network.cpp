// Metropolis over sparse linear networks; an intervention's outcome is a column of the inverse.
#include "fitting/interventions/intervention_network.hpp"

#include <fmt/format.h>

#include <Eigen/LU>
#include <algorithm>
#include <cmath>

#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

constexpr double least_level = 0.05;      // a wild type below counts as this where changes are relative to it

struct Changes {
  Eigen::MatrixXd change, variance;       // [R x G] relative to the wild type
  std::vector<int> target;
  std::vector<double> held;               // [R] relative change of the target
  Eigen::VectorXd most;                   // [G] greatest relative change upwards: one unit of level
};

Changes changes_of(const InterventionData& data, const InterventionOptions& options) {
  const Eigen::Index rows = data.levels.rows(), genes = data.levels.cols();
  const auto fail = [](const std::string& what) { throw InputError("interventions", what); };
  if (genes < 2 || static_cast<Eigen::Index>(data.genes.size()) != genes || data.wild_type.size() != genes) fail("genes, wild type and levels are not of one size, or fewer than two genes");
  if (rows == 0 || static_cast<Eigen::Index>(data.target.size()) != rows || static_cast<Eigen::Index>(data.remaining.size()) != rows) fail("there are not as many targets and shares as rows, or none");
  if (!(data.levels.array() >= 0).all() || !(data.wild_type.array() >= 0).all()) fail("a level is negative or not finite");
  Changes out;
  const Eigen::ArrayXd scale = data.wild_type.array().max(least_level);
  out.change.resize(rows, genes), out.variance.resize(rows, genes);
  out.target = data.target;
  out.most = 1 / scale;
  for (Eigen::Index r = 0; r < rows; ++r) {
    const int target = data.target[static_cast<std::size_t>(r)];
    const double remaining = data.remaining[static_cast<std::size_t>(r)];
    if (target < 0 || target >= genes || !(remaining >= 0) || remaining >= 1) fail(fmt::format("row {} has a target that there is not, or a share left that is not in [0, 1)", r + 1));
    for (Eigen::Index g = 0; g < genes; ++g) {
      const double level = std::max(data.levels(r, g), data.wild_type[g]);
      out.change(r, g) = (data.levels(r, g) - data.wild_type[g]) / scale[g];
      out.variance(r, g) = (std::pow(options.noise_absolute, 2) + std::pow(options.noise_relative * level, 2)) / (scale[g] * scale[g]) + std::pow(options.nonlinear, 2);
    }
    out.held.push_back(remaining == 0 ? -1.0 : std::clamp(0.5 * (remaining - 1) + 0.5 * out.change(r, target), -1.0, 0.0));
  }
  return out;
}

// `inverse`: of 1 - effects.
double log_likelihood(const Changes& data, const Eigen::MatrixXd& inverse, double degrees) {
  const Eigen::Index genes = inverse.rows();
  double sum = 0;
  for (std::size_t r = 0; r < data.target.size(); ++r) {
    const Eigen::Index target = data.target[r];
    const double force = data.held[r] / inverse(target, target);
    if (!std::isfinite(force)) return -1e300;
    double product = 1;      // one logarithm a row
    for (Eigen::Index g = 0; g < genes; ++g) {
      if (g == target) continue;
      const double expected = std::clamp(inverse(g, target) * force, -1.0, data.most[g]), residual = data.change(static_cast<Eigen::Index>(r), g) - expected;
      product *= 1 + residual * residual / (data.variance(static_cast<Eigen::Index>(r), g) * degrees);
      if (product > 1e200) sum -= std::log(product), product = 1;
    }
    sum -= std::log(product);
  }
  return std::isfinite(sum) ? 0.5 * (degrees + 1) * sum : -1e300;
}

struct ChainSums {
  Eigen::MatrixXd present, effect, square;      // [G x G] row: target
  double kept = 0;
};

// One network of a chain, at a temperature of its likelihood.
struct Rung {
  Eigen::MatrixXd effects, inverse;      // inverse of 1 - effects, kept up by updates of rank one
  double likelihood = 0, heat = 1;
  void refresh() { inverse = (Eigen::MatrixXd::Identity(effects.rows(), effects.rows()) - effects).inverse(); }
};
struct Trial {
  Eigen::MatrixXd inverse;
  Eigen::RowVectorXd row;
};

// Adds, removes, redirects or changes one edge. Source of the update: Sherman & Morrison 1950, Ann Math Stat 21:124.
void metropolis_step(const Changes& data, const InterventionOptions& options, RandomStream& random, Rung& rung, Trial& trial) {
  const Eigen::Index genes = rung.effects.rows();
  const double odds = std::log(options.edge_share / (1 - options.edge_share));
  const auto pick = [&] { return std::min<Eigen::Index>(genes - 1, static_cast<Eigen::Index>(random.uniform() * static_cast<double>(genes))); };
  const Eigen::Index to = pick(), from = pick();
  const double move = random.uniform();
  if (to == from) return;
  const double edge = rung.effects(to, from);
  Eigen::Index other = -1;      // takes over the edge
  double next = 0, taken = 0, prior = 0;
  if (edge == 0) {
    if (move >= 0.35) return;
    next = options.effect_sd * random.normal(), prior = odds;
  } else if (move < 0.35) {
    prior = -odds;
  } else if (move < 0.6) {
    other = pick();
    if (other == to || rung.effects(to, other) != 0) return;
    taken = random.uniform() < 0.5 ? edge : -edge;
  } else {
    next = edge + (random.uniform() < 0.5 ? 0.1 : 0.4) * random.normal();
    prior = (edge * edge - next * next) / (2 * options.effect_sd * options.effect_sd);
  }
  trial.row = (next - edge) * rung.inverse.row(from);
  if (other >= 0) trial.row += taken * rung.inverse.row(other);
  const double scale = 1 - trial.row[to];
  if (std::abs(scale) < 1e-6) return;
  trial.inverse = rung.inverse;
  trial.inverse.noalias() += rung.inverse.col(to) * (trial.row / scale);
  const double proposal = log_likelihood(data, trial.inverse, options.degrees);
  if (!(std::log(random.uniform()) < (proposal - rung.likelihood) / rung.heat + prior)) return;
  rung.effects(to, from) = next;
  if (other >= 0) rung.effects(to, other) = taken;
  rung.inverse.swap(trial.inverse);
  rung.likelihood = proposal;
}

ChainSums run_chain(const Changes& data, const InterventionOptions& options, RandomStream random) {
  const Eigen::Index genes = data.change.cols();
  Trial trial;
  std::vector<Rung> rungs(static_cast<std::size_t>(options.temperatures));
  for (std::size_t k = 0; k < rungs.size(); ++k) {
    rungs[k].effects.setZero(genes, genes);
    rungs[k].refresh();
    rungs[k].likelihood = log_likelihood(data, rungs[k].inverse, options.degrees);
    rungs[k].heat = std::pow(options.hottest, static_cast<double>(k) / std::max<double>(1, static_cast<double>(rungs.size()) - 1));
  }
  ChainSums sums{Eigen::MatrixXd::Zero(genes, genes), Eigen::MatrixXd::Zero(genes, genes), Eigen::MatrixXd::Zero(genes, genes), 0};
  for (int step = 0; step < options.steps; ++step) {
    for (Rung& rung : rungs) {
      if (step % 500 == 499) rung.refresh();
      metropolis_step(data, options, random, rung, trial);
    }
    if (rungs.size() > 1 && step % 5 == 0) {
      const std::size_t k = std::min(rungs.size() - 2, static_cast<std::size_t>(random.uniform() * static_cast<double>(rungs.size() - 1)));
      Rung &cold = rungs[k], &hot = rungs[k + 1];
      if (std::log(random.uniform()) < (1 / cold.heat - 1 / hot.heat) * (hot.likelihood - cold.likelihood)) cold.effects.swap(hot.effects), cold.inverse.swap(hot.inverse), std::swap(cold.likelihood, hot.likelihood);
    }
    if (step < 0.25 * options.steps) continue;
    const Eigen::MatrixXd& now = rungs[0].effects;
    sums.kept += 1;
    sums.present += (now.array() != 0).cast<double>().matrix();
    sums.effect += now;
    sums.square += now.cwiseAbs2();
  }
  return sums;
}

}  // namespace

EdgePosterior intervention_network(const InterventionData& data, const InterventionOptions& options) {
  if (options.chains < 2 || options.steps < 100 || options.temperatures < 1 || !(options.hottest >= 1)) throw InputError("interventions", "fewer than two chains, a hundred steps or one temperature");
  if (!(options.edge_share > 0 && options.edge_share < 1 && options.effect_sd > 0 && options.degrees > 0)) throw InputError("interventions", "the prior of edges makes no sense");
  const Changes changes = changes_of(data, options);
  const Eigen::Index genes = changes.change.cols();
  std::vector<ChainSums> chains(static_cast<std::size_t>(options.chains));
  parallel_for(options.chains, [&](int c) { chains[static_cast<std::size_t>(c)] = run_chain(changes, options, RandomStream(options.seed, 0x6b6f, static_cast<std::uint32_t>(c))); });
  EdgePosterior out;
  Eigen::MatrixXd present = Eigen::MatrixXd::Zero(genes, genes), effect = present, square = present, spread = present;
  double kept = 0;
  for (const ChainSums& c : chains) present += c.present, effect += c.effect, square += c.square, kept += c.kept;
  const Eigen::MatrixXd share = present / kept;
  for (const ChainSums& c : chains) spread += (c.present / c.kept - share).cwiseAbs2() / (options.chains - 1.0);
  out.disagreement = std::sqrt(spread.maxCoeff() / options.chains);
  out.probability = share.transpose();
  const Eigen::ArrayXXd count = present.array().max(1);
  const Eigen::ArrayXXd mean = effect.array() / count;
  out.effect = mean.matrix().transpose();
  out.effect_sd = (square.array() / count - mean.square()).max(0).sqrt().matrix().transpose();
  return out;
}

Eigen::MatrixXd knockout_zscores(const Eigen::MatrixXd& knockouts) {
  const Eigen::Index genes = knockouts.cols();
  if (genes < 3 || knockouts.rows() != genes) throw InputError("knock-outs", "have not one row for each of three genes at least");
  Eigen::MatrixXd out(genes, genes);
  for (Eigen::Index g = 0; g < genes; ++g) {
    const Eigen::ArrayXd off = knockouts.col(g).array() - knockouts.col(g).mean();
    const double sd = std::sqrt(off.square().sum() / static_cast<double>(genes - 1));
    out.col(g) = sd > 0 ? Eigen::VectorXd(off.abs() / sd) : Eigen::VectorXd::Zero(genes);
    out(g, g) = 0;
  }
  return out;
}

LevelNoise noise_of_replicates(const Eigen::MatrixXd& replicates) {
  if (replicates.rows() < 3 || replicates.cols() < 2) throw InputError("replicates", "fewer than three rows or two genes");
  const Eigen::RowVectorXd mean = replicates.colwise().mean();
  const Eigen::ArrayXd variance = ((replicates.rowwise() - mean).colwise().squaredNorm() / static_cast<double>(replicates.rows() - 1)).transpose().array();
  const Eigen::ArrayXd square = mean.transpose().array().square();
  double a = variance.mean(), b = 0;
  for (int round = 0; round < 50; ++round) {      // weights from the fit itself
    const Eigen::ArrayXd w = (a + b * square).max(1e-12).square().inverse();
    const double s0 = w.sum(), s1 = (w * square).sum(), s2 = (w * square * square).sum(), y0 = (w * variance).sum(), y1 = (w * variance * square).sum(), det = s0 * s2 - s1 * s1;
    a = det > 0 ? (s2 * y0 - s1 * y1) / det : y0 / s0;
    b = det > 0 ? (s0 * y1 - s1 * y0) / det : 0;
    if (a < 0) a = 0, b = y1 / s2;
    if (b < 0) b = 0, a = y0 / s0;
  }
  return {std::sqrt(a), std::sqrt(b)};
}

}  // namespace hyped
