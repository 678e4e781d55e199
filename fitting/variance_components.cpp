// REML by Fisher scoring over independent blocks.
#include "fitting/variance_components.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

Eigen::MatrixXd covariance_of(const MixedBlock& block, const std::vector<VarianceComponent>& components) {
  const auto n = block.residual.size();
  Eigen::MatrixXd v = Eigen::MatrixXd::Zero(n, n);
  for (std::size_t k = 0; k < components.size(); ++k) {
    const auto& part = block.parts[k];
    if (components[k].value == 0) continue;
    if (part.dense.size() > 0) v += components[k].value * part.dense;
    if (part.factor.size() > 0) v.noalias() += components[k].value * part.factor * part.factor.transpose();
  }
  // values that cannot vary (a class no cell can be in yet) have zero variance: 1e-8 of the mean keeps the factor defined
  v.diagonal().array() += 1e-8 * v.diagonal().mean();
  return v;
}

// What one block adds to the sums of the scoring equations. Derived quantities use Q = V^-1 - V^-1 o (o'V^-1 o)^-1 o'V^-1, the
// block's own nuisance projected out, so that the global restriction only involves shared effects.
struct BlockSums {
  double log_determinant = 0, quadratic = 0;
  Eigen::MatrixXd information;                   // X'QX
  Eigen::VectorXd score;                         // X'Qe
  std::vector<double> trace, quadratic_slope;    // tr(Q V_k), e'Q V_k Q e
  std::vector<Eigen::MatrixXd> slope;            // X'Q V_k Q X
  std::vector<Eigen::VectorXd> score_slope;      // X'Q V_k Q e
  Eigen::MatrixXd traces;                        // tr(Q V_k Q V_l)
  std::vector<Eigen::MatrixXd> cross;            // X'Q V_k Q V_l Q X, k * K + l
  bool failed = false;
};

// A block with the fixed effects it depends on: a parameter of one condition does not touch the wells of another.
struct SparseBlock {
  MixedBlock block;                              // design: those columns alone
  std::vector<int> columns;
};

std::vector<SparseBlock> sparse_blocks(const std::vector<MixedBlock>& blocks) {
  std::vector<SparseBlock> out(blocks.size());
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    for (int c = 0; c < blocks[b].design.cols(); ++c)
      if (!blocks[b].design.col(c).isZero(0)) out[b].columns.push_back(c);
    out[b].block = {blocks[b].residual, blocks[b].design(Eigen::all, out[b].columns), blocks[b].own, blocks[b].parts};
  }
  return out;
}

BlockSums sums_of(const MixedBlock& block, const std::vector<VarianceComponent>& components, bool derivatives) {
  BlockSums out;
  const auto count = components.size();
  const Eigen::LLT<Eigen::MatrixXd> factor(covariance_of(block, components));
  if (factor.info() != Eigen::Success) {
    out.failed = true;
    return out;
  }
  const auto n = block.residual.size();
  out.log_determinant = 2 * factor.matrixLLT().diagonal().array().log().sum();
  Eigen::MatrixXd q;
  if (derivatives) {
    q = factor.solve(Eigen::MatrixXd::Identity(n, n));
    if (block.own.size() > 0) {
      const Eigen::VectorXd vo = q * block.own;
      const double oo = block.own.dot(vo);
      q.noalias() -= vo * vo.transpose() / oo;
      out.log_determinant += std::log(oo);
    }
  }
  auto apply = [&](const Eigen::MatrixXd& m) -> Eigen::MatrixXd {
    if (derivatives) return q * m;
    Eigen::MatrixXd solved = factor.solve(m);
    if (block.own.size() > 0) {
      const Eigen::VectorXd vo = factor.solve(block.own);
      solved -= vo * (block.own.transpose() * solved) / block.own.dot(vo);
    }
    return solved;
  };
  if (!derivatives && block.own.size() > 0) out.log_determinant += std::log(block.own.dot(Eigen::VectorXd(factor.solve(block.own))));
  const Eigen::MatrixXd qx = apply(block.design);
  const Eigen::VectorXd qe = apply(block.residual);
  out.information = block.design.transpose() * qx;
  out.score = block.design.transpose() * qe;
  out.quadratic = block.residual.dot(qe);
  if (!derivatives) return out;

  // For each component: W_k = Q V_k as a matrix (dense) or as the pair Q F, F.
  std::vector<Eigen::MatrixXd> w(count), vqx(count);
  out.trace.assign(count, 0);
  out.quadratic_slope.assign(count, 0);
  out.slope.resize(count);
  out.score_slope.resize(count);
  out.cross.resize(count * count);
  out.traces = Eigen::MatrixXd::Zero(static_cast<int>(count), static_cast<int>(count));
  for (std::size_t k = 0; k < count; ++k) {
    const auto& part = block.parts[k];
    Eigen::VectorXd vqe = Eigen::VectorXd::Zero(n);
    vqx[k] = Eigen::MatrixXd::Zero(n, block.design.cols());
    if (components[k].free && part.dense.size() > 0) {
      w[k] = q * part.dense;
      out.trace[k] = w[k].trace();
      vqe = part.dense * qe;
      vqx[k] = part.dense * qx;
    } else if (components[k].free && part.factor.size() > 0) {
      w[k] = q * part.factor;
      out.trace[k] = w[k].cwiseProduct(part.factor).sum();
      vqe = part.factor * (part.factor.transpose() * qe);
      vqx[k] = part.factor * (part.factor.transpose() * qx);
    }
    out.quadratic_slope[k] = qe.dot(vqe);
    out.slope[k] = qx.transpose() * vqx[k];
    out.score_slope[k] = qx.transpose() * vqe;
  }
  for (std::size_t k = 0; k < count; ++k) {
    if (w[k].size() == 0) continue;
    const Eigen::MatrixXd qvqx = q * vqx[k];
    for (std::size_t l = 0; l < count; ++l) {
      out.cross[k * count + l] = Eigen::MatrixXd::Zero(block.design.cols(), block.design.cols());
      if (w[l].size() == 0) continue;
      out.cross[k * count + l] = vqx[l].transpose() * qvqx;
      if (l < k) continue;
      const bool dk = block.parts[k].dense.size() > 0, dl = block.parts[l].dense.size() > 0;
      double trace = 0;      // tr(Q V_k Q V_l)
      if (dk && dl) trace = w[k].cwiseProduct(w[l].transpose()).sum();
      else if (dk) trace = (w[k] * w[l]).cwiseProduct(block.parts[l].factor).sum();
      else if (dl) trace = (w[l] * w[k]).cwiseProduct(block.parts[k].factor).sum();
      else trace = (block.parts[k].factor.transpose() * w[l]).cwiseAbs2().sum();
      out.traces(static_cast<int>(k), static_cast<int>(l)) = out.traces(static_cast<int>(l), static_cast<int>(k)) = trace;
    }
  }
  return out;
}

// Inverse on the span of well-determined directions; directions without information do not take part in the restriction.
Eigen::MatrixXd pseudo_inverse(const Eigen::MatrixXd& information, double& log_determinant) {
  Eigen::VectorXd scale = information.diagonal().cwiseMax(1e-300).cwiseSqrt();
  const Eigen::MatrixXd unit = scale.cwiseInverse().asDiagonal() * information * scale.cwiseInverse().asDiagonal();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(unit);
  Eigen::VectorXd inverse = Eigen::VectorXd::Zero(unit.rows());
  log_determinant = 0;
  for (int i = 0; i < unit.rows(); ++i)
    if (eigen.eigenvalues()[i] > 1e-10) {
      inverse[i] = 1 / eigen.eigenvalues()[i];
      log_determinant += std::log(eigen.eigenvalues()[i]);
    }
  for (int i = 0; i < scale.size(); ++i)
    if (information(i, i) > 0) log_determinant += 2 * std::log(scale[i]);
  const Eigen::MatrixXd m = eigen.eigenvectors() * inverse.asDiagonal() * eigen.eigenvectors().transpose();
  return scale.cwiseInverse().asDiagonal() * m * scale.cwiseInverse().asDiagonal();
}

struct Totals {
  double likelihood = 1e300;
  Eigen::MatrixXd information, inverse;
  Eigen::VectorXd score;
  std::vector<BlockSums> blocks;
  bool failed = false;
};

Totals totals_of(const std::vector<SparseBlock>& blocks, Eigen::Index effects, const std::vector<VarianceComponent>& components, bool derivatives) {
  Totals out;
  out.blocks.resize(blocks.size());
  parallel_for(static_cast<int>(blocks.size()), [&](int b) { out.blocks[b] = sums_of(blocks[b].block, components, derivatives); });
  out.information = Eigen::MatrixXd::Zero(effects, effects);
  out.score = Eigen::VectorXd::Zero(effects);
  double likelihood = 0;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const BlockSums& block = out.blocks[b];
    if (block.failed) {
      out.failed = true;
      return out;
    }
    likelihood += block.log_determinant + block.quadratic;
    out.information(blocks[b].columns, blocks[b].columns) += block.information;
    out.score(blocks[b].columns) += block.score;
  }
  double log_determinant = 0;
  out.inverse = pseudo_inverse(out.information, log_determinant);
  out.likelihood = likelihood + log_determinant - out.score.dot(out.inverse * out.score);
  return out;
}

}  // namespace

Outcome block_factor(const MixedBlock& block, const std::vector<VarianceComponent>& components, Eigen::MatrixXd& lower) {
  const Eigen::LLT<Eigen::MatrixXd> factor(covariance_of(block, components));
  if (factor.info() != Eigen::Success) return {Status::singular, "the covariance of a well's counts is not positive definite"};
  lower = factor.matrixL();
  return {};
}

MixedFit fit_variance_components(const std::vector<MixedBlock>& dense, std::vector<VarianceComponent> components, int iteration_limit) {
  const std::vector<SparseBlock> blocks = sparse_blocks(dense);
  const Eigen::Index effects = dense.front().design.cols();
  MixedFit fit;
  const int count = static_cast<int>(components.size());
  Totals now = totals_of(blocks, effects, components, true);
  if (now.failed) {
    fit.outcome = {Status::singular, "the covariance of a well's counts is not positive definite at the start"};
    fit.components = components;
    return fit;
  }
  Eigen::MatrixXd information(count, count);
  std::vector<bool> active(static_cast<std::size_t>(count));
  for (fit.iterations = 0; fit.iterations < iteration_limit; ++fit.iterations) {
    Eigen::VectorXd gradient = Eigen::VectorXd::Zero(count);      // of -2 log L, halved and negated
    information.setZero();
    std::vector<Eigen::MatrixXd> slope(count, Eigen::MatrixXd::Zero(now.inverse.rows(), now.inverse.cols()));
    const Eigen::VectorXd shift = now.inverse * now.score;        // the residual is corrected to first order
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const std::vector<int>& columns = blocks[b].columns;
      const Eigen::VectorXd moved = shift(columns);
      const Eigen::MatrixXd inverse = now.inverse(columns, columns);
      const BlockSums& sums = now.blocks[b];
      for (int k = 0; k < count; ++k) {
        slope[k](columns, columns) += sums.slope[k];
        gradient[k] += 0.5 * (sums.quadratic_slope[k] - 2 * moved.dot(sums.score_slope[k]) + moved.dot(sums.slope[k] * moved) - sums.trace[k]);
        for (int l = 0; l < count; ++l) {
          information(k, l) += 0.5 * sums.traces(k, l);
          if (sums.cross[k * count + l].size() > 0) information(k, l) -= inverse.cwiseProduct(sums.cross[k * count + l]).sum();
        }
      }
    }
    std::vector<Eigen::MatrixXd> pulled(static_cast<std::size_t>(count));
    for (int k = 0; k < count; ++k) pulled[k].noalias() = now.inverse * slope[k];
    for (int k = 0; k < count; ++k) {
      gradient[k] += 0.5 * now.inverse.cwiseProduct(slope[k]).sum();
      for (int l = 0; l < count; ++l)
        information(k, l) += 0.5 * pulled[k].cwiseProduct(pulled[l].transpose()).sum();
    }
    fit.information_slope = slope;
    std::vector<int> index;
    for (int k = 0; k < count; ++k) {
      active[k] = components[k].free && information(k, k) > 0 &&
                  !(components[k].value <= 0 && gradient[k] <= 0) && !(components[k].value >= components[k].upper && gradient[k] >= 0);
      if (active[k]) index.push_back(k);
    }
    if (index.empty()) break;
    const int size = static_cast<int>(index.size());
    Eigen::MatrixXd reduced(size, size);
    Eigen::VectorXd right(size);
    for (int a = 0; a < size; ++a) {
      right[a] = gradient[index[a]];
      for (int b = 0; b < size; ++b) reduced(a, b) = information(index[a], index[b]);
    }
    const Eigen::VectorXd step = reduced.ldlt().solve(right);
    double length = 1, change = 0;
    bool accepted = false;
    for (int halving = 0; halving < 12; ++halving, length /= 2) {
      auto trial = components;
      change = 0;
      for (int a = 0; a < size; ++a) {
        auto& component = trial[index[a]];
        component.value = std::clamp(component.value + length * step[a], 0.0, component.upper);
        const double spread = 1 / std::sqrt(reduced(a, a));
        change = std::max(change, std::abs(component.value - components[index[a]].value) / std::max(1e-12, spread));
      }
      const Totals next = totals_of(blocks, effects, trial, true);
      if (next.failed || !(next.likelihood <= now.likelihood + 1e-9 * std::abs(now.likelihood))) continue;
      components = trial;
      now = next;
      accepted = true;
      break;
    }
    if (!accepted || change < 0.01) break;
  }
  fit.components = components;
  fit.information = now.information;
  fit.score = now.score;
  fit.minus_two_log_likelihood = now.likelihood;
  std::vector<int> index;
  for (int k = 0; k < count; ++k)
    if (components[k].free && components[k].value > 0 && information(k, k) > 0) index.push_back(k);
  fit.component_covariance = Eigen::MatrixXd::Zero(count, count);
  if (!index.empty()) {
    Eigen::MatrixXd reduced(index.size(), index.size());
    for (std::size_t a = 0; a < index.size(); ++a)
      for (std::size_t b = 0; b < index.size(); ++b) reduced(a, b) = information(index[a], index[b]);
    const Eigen::MatrixXd inverse = reduced.ldlt().solve(Eigen::MatrixXd::Identity(reduced.rows(), reduced.cols()));
    for (std::size_t a = 0; a < index.size(); ++a)
      for (std::size_t b = 0; b < index.size(); ++b) fit.component_covariance(index[a], index[b]) = inverse(a, b);
  }
  if (fit.iterations == iteration_limit) fit.outcome = {Status::not_converged, "the variance components did not settle"};
  return fit;
}

double satterthwaite(const MixedFit& fit, const Eigen::MatrixXd& covariance, const Eigen::VectorXd& contrast) {
  const Eigen::VectorXd moved = covariance * contrast;
  Eigen::VectorXd gradient(static_cast<Eigen::Index>(fit.components.size()));
  for (int k = 0; k < gradient.size(); ++k) gradient[k] = moved.dot(fit.information_slope[static_cast<std::size_t>(k)] * moved);
  const double spread = gradient.dot(fit.component_covariance * gradient), variance = contrast.dot(moved);
  return spread > 0 ? std::clamp(2 * variance * variance / spread, 1.0, 1e6) : 1e6;
}

Eigen::VectorXd satterthwaite(const MixedFit& fit, const Eigen::MatrixXd& covariance) {
  Eigen::VectorXd degrees(covariance.rows());
  for (int i = 0; i < degrees.size(); ++i) degrees[i] = satterthwaite(fit, covariance, Eigen::VectorXd::Unit(degrees.size(), i));
  return degrees;
}

}  // namespace hyped
