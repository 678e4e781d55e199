// Sparse products: the columns of the batch side by side in registers, so that an edge costs a few vector instructions.
#include <algorithm>
#include <cstring>

#include "libhyped/model/pack.hpp"
#include "libhyped/parallel.hpp"
#include "models/gene_network/edge_matrix.hpp"

namespace hyped::models {
namespace {

typedef double Loose __attribute__((vector_size(64), aligned(8)));
using Lanes = Pack::Lanes;
Lanes load(const double* from) { return static_cast<Lanes>(*reinterpret_cast<const Loose*>(from)); }
void add_to(double* to, const Lanes& value) { *reinterpret_cast<Loose*>(to) += value; }

constexpr int block = 256;
constexpr double worth_threads = 2e6;
constexpr int most_packs = 4;      // that one pass keeps in registers

template <class Body>
void over_blocks(int n, double work, const Body& body) {
  const int blocks = (n + block - 1) / block;
  const auto one = [&](int b) { body(b * block, std::min(n, (b + 1) * block)); };
  if (work < worth_threads) {
    for (int b = 0; b < blocks; ++b) one(b);
  } else {
    parallel_for(blocks, one);
  }
}

double sum_of(const Lanes& v) { return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7])); }

// out[0 .. 8 N) = sum over entries of value * column `index` of lanes.
template <int N, class Value>
void gather(const double* lanes, long stride, const int* index, long from, long until, const Value& value, double* out) {
  Lanes sum[N] = {};
  for (long e = from; e < until; ++e) {
    const double w = value(e);
    const double* column = lanes + stride * index[e];
    for (int n = 0; n < N; ++n) sum[n] += w * load(column + 8 * n);
  }
  std::memcpy(out, sum, sizeof sum);
}

// For every row of the pattern and all lanes: fn(row, first lane, lanes, sums).
template <class Value, class Write>
void gather_rows(const Eigen::MatrixXd& by_lane, const std::vector<long>& rows, const std::vector<int>& index, int begin, int end, int columns, const Value& value, const Write& write) {
  const long stride = by_lane.rows();
  double sums[8 * most_packs];
  for (int i = begin; i < end; ++i)
    for (int first = 0; first < columns; first += 8 * most_packs) {
      const int packs = std::min<int>(most_packs, static_cast<int>((stride - first) / 8));
      const double* lanes = by_lane.data() + first;
      const long from = rows[static_cast<std::size_t>(i)], until = rows[static_cast<std::size_t>(i) + 1];
      switch (packs) {
        case 1: gather<1>(lanes, stride, index.data(), from, until, value, sums); break;
        case 2: gather<2>(lanes, stride, index.data(), from, until, value, sums); break;
        case 3: gather<3>(lanes, stride, index.data(), from, until, value, sums); break;
        default: gather<4>(lanes, stride, index.data(), from, until, value, sums);
      }
      write(i, first, std::min(columns - first, 8 * packs), sums);
    }
}

}  // namespace

// Columns become lanes [8 * ceil(B / 8) x n], the rest zero.
void EdgeMatrix::to_lanes(const ConstBatchMatrix& given, Eigen::MatrixXd& out) const {
  const Eigen::Index padded = (given.cols() + 7) / 8 * 8;
  if (out.rows() != padded || out.cols() != given.rows()) out.setZero(padded, given.rows());
  constexpr Eigen::Index tile = 16;
  for (Eigen::Index i = 0; i < given.rows(); i += tile)
    for (Eigen::Index b = 0; b < given.cols(); ++b)
      for (Eigen::Index r = i; r < std::min(i + tile, given.rows()); ++r) out(b, r) = given(r, b);
}

void EdgeMatrix::multiply_sparse(const ConstBatchMatrix& levels, BatchMatrix out, Room& room) const {
  const int columns = static_cast<int>(levels.cols());
  const double* values = room.values;
  if (columns == 1) {
    room.by_lane = levels;      // kept for pull_back
    for (int i = 0; i < targets_; ++i) {
      double sum = 0;
      for (long e = row_[static_cast<std::size_t>(i)]; e < row_[static_cast<std::size_t>(i) + 1]; ++e) sum += values[e] * levels(from_[static_cast<std::size_t>(e)], 0);
      out(i, 0) = sum;
    }
    return;
  }
  to_lanes(levels, room.by_lane);
  over_blocks(targets_, static_cast<double>(entries()) * columns, [&](int begin, int end) {
    gather_rows(room.by_lane, row_, from_, begin, end, columns, [values](long e) { return values[e]; }, [&](int i, int first, int count, const double* sums) {
      for (int b = 0; b < count; ++b) out(i, first + b) = sums[b];
    });
  });
}

void EdgeMatrix::pull_back_sparse(const ConstBatchMatrix& bar, BatchMatrix levels_bar, double* p_bar, Room& room) const {
  const int columns = static_cast<int>(bar.cols());
  const double* values = room.values;
  if (columns == 1) {
    for (int i = 0; i < targets_; ++i)
      for (long e = row_[static_cast<std::size_t>(i)]; e < row_[static_cast<std::size_t>(i) + 1]; ++e) {
        const int from = from_[static_cast<std::size_t>(e)];
        levels_bar(from, 0) += values[e] * bar(i, 0);
        if (p_bar != nullptr && parameter_[static_cast<std::size_t>(e)] >= 0) p_bar[parameter_[static_cast<std::size_t>(e)]] += bar(i, 0) * room.by_lane(from, 0);
      }
    return;
  }
  to_lanes(bar, room.bar_by_lane);
  const double cost = static_cast<double>(entries()) * columns;
  over_blocks(regulators_, cost, [&](int begin, int end) {
    const long* entry = column_entry_.data();
    gather_rows(room.bar_by_lane, column_, column_to_, begin, end, columns, [values, entry](long e) { return values[entry[e]]; }, [&](int j, int first, int count, const double* sums) {
      for (int b = 0; b < count; ++b) levels_bar(j, first + b) += sums[b];
    });
  });
  if (p_bar == nullptr) return;
  const long stride = room.by_lane.rows(), packs = stride / 8;
  over_blocks(targets_, cost, [&](int begin, int end) {
    for (int i = begin; i < end; ++i) {
      const double* target = room.bar_by_lane.data() + stride * i;
      for (long e = row_[static_cast<std::size_t>(i)]; e < row_[static_cast<std::size_t>(i) + 1]; ++e) {
        const int parameter = parameter_[static_cast<std::size_t>(e)];
        if (parameter < 0) continue;
        const double* regulator = room.by_lane.data() + stride * from_[static_cast<std::size_t>(e)];
        Lanes sum = load(target) * load(regulator);
        for (long n = 1; n < packs; ++n) sum += load(target + 8 * n) * load(regulator + 8 * n);
        p_bar[parameter] += sum_of(sum);
      }
    }
  });
}

}  // namespace hyped::models
