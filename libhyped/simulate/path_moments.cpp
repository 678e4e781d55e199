// Sums by block, added in order.
#include "libhyped/simulate/path_moments.hpp"

#include <algorithm>

#include "libhyped/parallel.hpp"

namespace hyped {

using Eigen::Index;

PathMoments path_moments(int runs, int time_count, int state_count, const std::function<PathSimulator()>& make) {
  const Index times = time_count, states = state_count;
  const Index block_limit = std::clamp<Index>(20'000'000 / std::max<Index>(1, times * states * states), 4, 64);
  const int block_runs = std::max(32, (runs + static_cast<int>(block_limit) - 1) / static_cast<int>(block_limit));
  struct Block {
    Eigen::MatrixXd sum, products;      // [T x S], [T x S*S]
    Outcome outcome;
    long reactions = 0;
  };
  const int block_count = (runs + block_runs - 1) / block_runs;
  std::vector<Block> blocks(static_cast<std::size_t>(block_count));
  Eigen::MatrixXd origin = Eigen::MatrixXd::Zero(times, states);      // counts are taken from the first path's, against cancellation
  Index first = 0;
  make()(0, [&](std::span<const double> x) { origin.row(first++) = Eigen::Map<const Eigen::RowVectorXd>(x.data(), states); });
  parallel_for(block_count, [&](int b) {
    Block& block = blocks[static_cast<std::size_t>(b)];
    block.sum.setZero(times, states);
    block.products.setZero(times, states * states);
    Eigen::VectorXd off(states);
    Index row = 0;
    const SampleSink add = [&](std::span<const double> x) {
      off = Eigen::Map<const Eigen::VectorXd>(x.data(), states) - origin.row(row).transpose();
      block.sum.row(row) += off.transpose();
      for (Index i = 0; i < states; ++i)
        if (off[i] != 0) block.products.block(row, i * states, 1, states) += off[i] * off.transpose();
      ++row;
    };
    const PathSimulator simulate = make();
    for (int k = b * block_runs; k < std::min(runs, (b + 1) * block_runs) && block.outcome.ok(); ++k) {
      row = 0;
      const PathEnd end = simulate(k, add);
      block.outcome = end.outcome;
      block.reactions += end.reactions;
    }
  });

  PathMoments out;
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(times, states), products = Eigen::MatrixXd::Zero(times, states * states);
  for (const Block& block : blocks) {
    if (out.outcome.ok()) out.outcome = block.outcome;
    out.reactions += block.reactions;
    sum += block.sum;
    products += block.products;
  }
  out.mean = origin + sum / runs;
  for (Index t = 0; t < times; ++t) {
    Eigen::MatrixXd second(states, states);
    for (Index i = 0; i < states; ++i) second.row(i) = products.block(t, i * states, 1, states);
    const Eigen::VectorXd shift = sum.row(t).transpose() / runs;
    out.covariance.emplace_back((second - runs * shift * shift.transpose()) / std::max(1, runs - 1));
  }
  return out;
}

SampleSink observed(const Observables& observables, const SampleSink& record) {
  if (observables.count == 0) return record;
  return [&observables, &record, sample = 0, all = std::vector<double>()](std::span<const double> x) mutable {
    all.assign(x.begin(), x.end());
    all.resize(x.size() + static_cast<std::size_t>(observables.count));
    observables.value(sample++, x, std::span(all).subspan(x.size()));
    record(all);
  };
}

Trajectory path_trajectory(const std::vector<double>& times_h, int states, std::string method, const std::function<PathEnd(const SampleSink&)>& run) {
  Trajectory out;
  out.method = std::move(method);
  out.states.resize(static_cast<Eigen::Index>(times_h.size()), states);
  Eigen::Index row = 0;
  const PathEnd end = run([&](std::span<const double> x) {
    out.states.row(row) = Eigen::Map<const Eigen::RowVectorXd>(x.data(), static_cast<Eigen::Index>(x.size()));
    out.times_h.push_back(times_h[static_cast<std::size_t>(row++)]);
  });
  out.states.conservativeResize(row, Eigen::NoChange);
  out.outcome = end.outcome;
  out.work.steps = end.reactions;
  return out;
}

}  // namespace hyped
