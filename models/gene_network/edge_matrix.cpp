// Which entry stands where, and dense products block by block.
#include "models/gene_network/edge_matrix.hpp"

#include <algorithm>
#include <cstring>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped::models {
namespace {

constexpr int block = 256;                   // rows or columns of a product that one thread makes
constexpr double worth_threads = 4e6;        // multiplications

// Columns for which lanes are faster than blocked products; they need 32 registers of 8 numbers.
#ifdef __AVX512F__
constexpr Eigen::Index least_lanes = 8, most_lanes = 64;
#else
constexpr Eigen::Index least_lanes = 1, most_lanes = 0;
#endif
bool by_lanes(Eigen::Index columns) { return columns >= least_lanes && columns <= most_lanes; }

template <class Body>
void over_blocks(int n, double work, const Body& body) {
  const int blocks = (n + block - 1) / block;
  const auto one = [&](int b) { body(b * block, std::min(block, n - b * block)); };
  if (work < worth_threads) {
    for (int b = 0; b < blocks; ++b) one(b);
  } else {
    parallel_for(blocks, one);
  }
}

}  // namespace

EdgeMatrix::EdgeMatrix(Eigen::MatrixXd all) : targets_(static_cast<int>(all.rows())), regulators_(static_cast<int>(all.cols())), free_(targets_ * regulators_), dense_(true), all_(true), direct_(true) {
  initial_.resize(static_cast<std::size_t>(all.size()));
  Eigen::Map<RowMajor>(initial_.data(), targets_, regulators_) = all;
}

EdgeMatrix::EdgeMatrix(int targets, int regulators, std::vector<EdgeEntry> entries, EdgeStorage storage) : targets_(targets), regulators_(regulators) {
  std::sort(entries.begin(), entries.end(), [](const EdgeEntry& a, const EdgeEntry& b) { return a.to != b.to ? a.to < b.to : a.from < b.from; });
  const std::size_t count = entries.size();
  const double density = static_cast<double>(count) / std::max(1.0, static_cast<double>(targets) * regulators);
  dense_ = storage == EdgeStorage::dense || (storage == EdgeStorage::automatic && density >= 0.12);
  row_.assign(static_cast<std::size_t>(targets) + 1, 0);
  for (std::size_t e = 0; e < count; ++e) {
    const EdgeEntry& one = entries[e];
    HYPED_REQUIRE(one.to >= 0 && one.to < targets && one.from >= 0 && one.from < regulators);
    ++row_[static_cast<std::size_t>(one.to) + 1];
    from_.push_back(one.from);
    initial_.push_back(one.weight);
    parameter_.push_back(one.fixed ? -1 : free_++);
    const long place = dense_ ? static_cast<long>(one.to) * regulators + one.from : static_cast<long>(e);
    if (dense_) dense_place_.push_back(place);
    if (one.fixed) continue;
    if (!runs_.empty() && runs_.back().value + runs_.back().length == place && runs_.back().parameter + runs_.back().length == parameter_.back()) ++runs_.back().length;
    else runs_.push_back({parameter_.back(), place, 1});
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(targets); ++i) row_[i + 1] += row_[i];
  fixed_.assign(dense_ ? static_cast<std::size_t>(targets) * static_cast<std::size_t>(regulators) : count, 0.0);
  direct_ = runs_.size() == 1 && runs_[0].length == static_cast<long>(fixed_.size());
  if (direct_) fixed_.clear();
  for (std::size_t e = 0; e < count; ++e)
    if (entries[e].fixed) fixed_[dense_ ? static_cast<std::size_t>(dense_place_[e]) : e] = entries[e].weight;
  if (dense_) return;
  column_.assign(static_cast<std::size_t>(regulators) + 1, 0);
  for (const int from : from_) ++column_[static_cast<std::size_t>(from) + 1];
  for (std::size_t j = 0; j < static_cast<std::size_t>(regulators); ++j) column_[j + 1] += column_[j];
  column_to_.resize(count);
  column_entry_.resize(count);
  std::vector<long> at(column_.begin(), column_.end() - 1);
  for (std::size_t e = 0; e < count; ++e) {
    const auto place = static_cast<std::size_t>(at[static_cast<std::size_t>(entries[e].from)]++);
    column_to_[place] = entries[e].to;
    column_entry_[place] = static_cast<long>(e);
  }
}

int EdgeMatrix::parameter_of(int to, int from) const {
  if (to < 0 || to >= targets_ || from < 0 || from >= regulators_) return -1;
  if (all_) return to * regulators_ + from;
  const auto begin = from_.begin() + row_[static_cast<std::size_t>(to)], end = from_.begin() + row_[static_cast<std::size_t>(to) + 1], at = std::lower_bound(begin, end, from);
  return at == end || *at != from ? -1 : parameter_[static_cast<std::size_t>(at - from_.begin())];
}

void EdgeMatrix::place(const double* p, Room& room) const {
  if (direct_) {
    room.values = p;
    return;
  }
  if (room.filled.size() != fixed_.size()) room.filled = fixed_;
  for (const Run& run : runs_) std::memcpy(room.filled.data() + run.value, p + run.parameter, static_cast<std::size_t>(run.length) * sizeof(double));
  room.values = room.filled.data();
}

void EdgeMatrix::multiply(const ConstBatchMatrix& levels, BatchMatrix out, Room& room) const {
  if (!dense_) return multiply_sparse(levels, out, room);
  if (by_lanes(levels.cols())) return multiply_lanes(levels, out, room);
  const Eigen::Map<const RowMajor> w(room.values, targets_, regulators_);
  over_blocks(targets_, static_cast<double>(entries()) * static_cast<double>(levels.cols()), [&](int from, int count) {
    if (levels.cols() == 1) out.col(0).segment(from, count).noalias() = w.middleRows(from, count) * levels.col(0);
    else out.middleRows(from, count).noalias() = w.middleRows(from, count) * levels;
  });
}

void EdgeMatrix::pull_back(const ConstBatchMatrix& bar, const ConstBatchMatrix& levels, BatchMatrix levels_bar, double* p_bar, Room& room) const {
  if (dense_) pull_back_dense(bar, levels, levels_bar, p_bar, room);
  else pull_back_sparse(bar, levels_bar, p_bar, room);
}

void EdgeMatrix::pull_back_dense(const ConstBatchMatrix& bar, const ConstBatchMatrix& levels, BatchMatrix levels_bar, double* p_bar, Room& room) const {
  const Eigen::Map<const RowMajor> w(room.values, targets_, regulators_);
  const double cost = static_cast<double>(targets_) * regulators_ * static_cast<double>(levels.cols());
  if (by_lanes(bar.cols())) pull_back_lanes(bar, levels_bar, room);
  else over_blocks(regulators_, cost, [&](int from, int count) {
    if (bar.cols() == 1) levels_bar.col(0).segment(from, count).noalias() += w.middleCols(from, count).transpose() * bar.col(0);
    else levels_bar.middleRows(from, count).noalias() += w.middleCols(from, count).transpose() * bar;
  });
  if (p_bar == nullptr) return;
  if (direct_) {
    Eigen::Map<RowMajor> w_bar(p_bar, targets_, regulators_);
    return over_blocks(targets_, cost, [&](int from, int count) { w_bar.middleRows(from, count).noalias() += bar.middleRows(from, count) * levels.transpose(); });
  }
  // A block of rows at a time, so that what is computed for pairs that are no edges stays in the cache.
  const std::size_t columns = static_cast<std::size_t>(regulators_);
  over_blocks(targets_, cost, [&](int from, int count) {
    thread_local std::vector<double> block_bar;
    block_bar.resize(columns * static_cast<std::size_t>(count));
    Eigen::Map<RowMajor> here(block_bar.data(), count, regulators_);
    here.noalias() = bar.middleRows(from, count) * levels.transpose();
    const long first = static_cast<long>(from) * regulators_, last = static_cast<long>(from + count) * regulators_;
    auto run = std::partition_point(runs_.begin(), runs_.end(), [&](const Run& one) { return one.value + one.length <= first; });
    for (; run != runs_.end() && run->value < last; ++run) {
      const long begin = std::max(run->value, first), end = std::min(run->value + run->length, last);
      double* to = p_bar + run->parameter + (begin - run->value);
      const double* read = block_bar.data() + (begin - first);
      for (long i = 0; i < end - begin; ++i) to[i] += read[i];
    }
  });
}

void EdgeMatrix::add_row_sums(const Room& room, Eigen::VectorXd& sums) const {
  sums.setZero(targets_);
  if (dense_) {
    sums = Eigen::Map<const RowMajor>(room.values, targets_, regulators_).rowwise().sum();
    return;
  }
  for (int i = 0; i < targets_; ++i)
    for (long e = row_[static_cast<std::size_t>(i)]; e < row_[static_cast<std::size_t>(i) + 1]; ++e) sums[i] += room.values[e];
}

void EdgeMatrix::pull_back_row_sums(const Eigen::VectorXd& sums_bar, double* p_bar) const {
  for_each([&](int parameter, int to, int, double) {
    if (parameter >= 0) p_bar[parameter] += sums_bar[to];
  });
}

void EdgeMatrix::add_dense(const Room& room, Eigen::Ref<Eigen::MatrixXd> out) const {
  if (dense_) {
    out += Eigen::Map<const RowMajor>(room.values, targets_, regulators_);
    return;
  }
  for (int i = 0; i < targets_; ++i)
    for (long e = row_[static_cast<std::size_t>(i)]; e < row_[static_cast<std::size_t>(i) + 1]; ++e) out(i, from_[static_cast<std::size_t>(e)]) += room.values[e];
}

}  // namespace hyped::models
