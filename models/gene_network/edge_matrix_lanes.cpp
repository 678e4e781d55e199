// Dense products of a few dozen columns: a row of weights is read once, in its place, while the columns stand side by side in registers.
#include <algorithm>

#include "libhyped/model/pack.hpp"
#include "libhyped/parallel.hpp"
#include "models/gene_network/edge_matrix.hpp"

namespace hyped::models {
namespace {

typedef double Loose __attribute__((vector_size(64), aligned(8)));
using Lanes = Pack::Lanes;
Lanes load(const double* from) { return static_cast<Lanes>(*reinterpret_cast<const Loose*>(from)); }
void store(double* to, const Lanes& value) { *reinterpret_cast<Loose*>(to) = static_cast<Loose>(value); }

constexpr int rows_at_once = 6;      // 24 sums, 4 packs of levels and a weight: what 32 registers hold
constexpr int block = 240;           // rows that one thread makes: a multiple of rows_at_once
constexpr int columns_block = 128;   // regulators whose sums stay in the first cache going backwards
constexpr double worth_threads = 4e6;

template <class Body>
void over_blocks(int n, int size, double work, const Body& body) {
  const int blocks = (n + size - 1) / size;
  const auto one = [&](int b) { body(b * size, std::min(n, (b + 1) * size)); };
  if (work < worth_threads) {
    for (int b = 0; b < blocks; ++b) one(b);
  } else {
    parallel_for(blocks, one);
  }
}

// R rows of weights [R x n] times lanes [8 N x n].
template <int N, int R, class Write>
void rows_times(const double* weights, long n, const double* lanes, long stride, const Write& write) {
  Lanes sum[R][N] = {};
  for (long j = 0; j < n; ++j) {
    Lanes x[N];
    for (int k = 0; k < N; ++k) x[k] = load(lanes + stride * j + 8 * k);
    for (int r = 0; r < R; ++r) {
      const double w = weights[r * n + j];
      for (int k = 0; k < N; ++k) sum[r][k] += w * x[k];
    }
  }
  for (int r = 0; r < R; ++r)
    for (int k = 0; k < N; ++k) write(r, 8 * k, sum[r][k]);
}

// out lanes of regulators [from, until) += what R rows give them.
template <int N, int R>
void rows_back(const double* weights, long n, const double* bar, long stride, long from, long until, double* out) {
  Lanes z[R][N];
  for (int r = 0; r < R; ++r)
    for (int k = 0; k < N; ++k) z[r][k] = load(bar + stride * r + 8 * k);
  for (long j = from; j < until; ++j) {
    Lanes sum[N];
    for (int k = 0; k < N; ++k) sum[k] = load(out + 8 * N * (j - from) + 8 * k);
    for (int r = 0; r < R; ++r) {
      const double w = weights[r * n + j];
      for (int k = 0; k < N; ++k) sum[k] += w * z[r][k];
    }
    for (int k = 0; k < N; ++k) store(out + 8 * N * (j - from) + 8 * k, sum[k]);
  }
}

// body<N>(first lane) over groups of at most four packs.
template <class Body>
void over_packs(long stride, const Body& body) {
  for (long first = 0; first < stride; first += 32) {
    switch (std::min<long>(4, (stride - first) / 8)) {
      case 1: body.template operator()<1>(first); break;
      case 2: body.template operator()<2>(first); break;
      case 3: body.template operator()<3>(first); break;
      default: body.template operator()<4>(first);
    }
  }
}

}  // namespace

void EdgeMatrix::multiply_lanes(const ConstBatchMatrix& levels, BatchMatrix out, Room& room) const {
  to_lanes(levels, room.by_lane);
  const long stride = room.by_lane.rows(), n = regulators_, columns = levels.cols();
  over_blocks(targets_, block, static_cast<double>(targets_) * regulators_ * static_cast<double>(columns), [&](int begin, int end) {
    over_packs(stride, [&]<int N>(long first) {
      const double* lanes = room.by_lane.data() + first;
      int i = begin;
      const auto write = [&](int r, int lane, const Lanes& sum) {
        for (long b = 0; b < std::min<long>(8, columns - first - lane); ++b) out(i + r, first + lane + b) = sum[b];
      };
      for (; i + rows_at_once <= end; i += rows_at_once) rows_times<N, rows_at_once>(room.values + static_cast<long>(i) * n, n, lanes, stride, write);
      for (; i < end; ++i) rows_times<N, 1>(room.values + static_cast<long>(i) * n, n, lanes, stride, write);
    });
  });
}

void EdgeMatrix::pull_back_lanes(const ConstBatchMatrix& bar, BatchMatrix levels_bar, Room& room) const {
  to_lanes(bar, room.bar_by_lane);
  const long stride = room.bar_by_lane.rows(), n = regulators_, columns = bar.cols();
  over_blocks(regulators_, columns_block, static_cast<double>(targets_) * regulators_ * static_cast<double>(columns), [&](int begin, int end) {
    double sums[32 * columns_block];
    over_packs(stride, [&]<int N>(long first) {
      std::fill_n(sums, 8 * N * (end - begin), 0.0);
      int i = 0;
      for (; i + rows_at_once <= targets_; i += rows_at_once) rows_back<N, rows_at_once>(room.values + static_cast<long>(i) * n, n, room.bar_by_lane.data() + stride * i + first, stride, begin, end, sums);
      for (; i < targets_; ++i) rows_back<N, 1>(room.values + static_cast<long>(i) * n, n, room.bar_by_lane.data() + stride * i + first, stride, begin, end, sums);
      for (long b = 0; b < std::min<long>(8 * N, columns - first); ++b)
        for (int j = begin; j < end; ++j) levels_bar(j, first + b) += sums[8 * N * (j - begin) + b];
    });
  });
}

}  // namespace hyped::models
