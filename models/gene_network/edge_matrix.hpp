// Weights between regulators and targets, dense or sparse: products with many columns at once, and their adjoints.
#pragma once
#include <Eigen/Core>
#include <span>
#include <vector>

#include "libhyped/model/batch_model.hpp"

namespace hyped::models {

enum class EdgeStorage { automatic, dense, sparse };      // automatic: sparse below 12 % of all pairs

struct EdgeEntry {
  int to = 0, from = 0;      // target, regulator
  double weight = 0;
  bool fixed = false;      // keeps its weight: no parameter
};

// W [targets x regulators] whose entries that are there, and not fixed, are parameters in the order of targets, then regulators.
// Products run over fixed blocks of rows, so that their bytes do not depend on the number of threads.
class EdgeMatrix {
 public:
  EdgeMatrix() = default;
  // Every pair is an edge and a parameter.
  explicit EdgeMatrix(Eigen::MatrixXd all);
  EdgeMatrix(int targets, int regulators, std::vector<EdgeEntry> entries, EdgeStorage storage);

  // Of one thread. `values` is what products read: the parameters themselves, or a copy among fixed entries and zeros.
  struct Room {
    const double* values = nullptr;
    std::vector<double> filled;
    Eigen::MatrixXd by_lane, bar_by_lane;      // regulators' levels, targets' adjoints, transposed and padded [lanes x n]
  };

  bool empty() const { return entries() == 0; }
  int targets() const { return targets_; }
  int regulators() const { return regulators_; }
  bool dense() const { return dense_; }
  long entries() const { return all_ ? static_cast<long>(targets_) * regulators_ : static_cast<long>(from_.size()); }
  int parameter_count() const { return free_; }
  int parameter_of(int to, int from) const;           // -1: no edge, or fixed
  void place(const double* p, Room& room) const;      // p [parameters]: sets room.values
  void multiply(const ConstBatchMatrix& levels, BatchMatrix out, Room& room) const;                      // out = W levels
  // levels_bar += W^T bar; p_bar += what bar levels^T is on the parameters (null: not wanted). levels as last given to multiply with `room`.
  void pull_back(const ConstBatchMatrix& bar, const ConstBatchMatrix& levels, BatchMatrix levels_bar, double* p_bar, Room& room) const;
  void add_row_sums(const Room& room, Eigen::VectorXd& sums) const;                          // sums_i = sum_j w_ij [targets], set
  void pull_back_row_sums(const Eigen::VectorXd& sums_bar, double* p_bar) const;             // the same to all parameters of a row
  void add_dense(const Room& room, Eigen::Ref<Eigen::MatrixXd> out) const;                   // out += W
  // fn(parameter or -1, to, from, weight now in `values` order) over all entries.
  template <class Function>
  void for_each(Function&& fn) const {
    for (int i = 0; i < targets_; ++i) {
      if (all_) {
        for (int j = 0; j < regulators_; ++j) fn(i * regulators_ + j, i, j, initial_[static_cast<std::size_t>(i) * static_cast<std::size_t>(regulators_) + static_cast<std::size_t>(j)]);
        continue;
      }
      for (long e = row_[static_cast<std::size_t>(i)]; e < row_[static_cast<std::size_t>(i) + 1]; ++e) fn(parameter_[static_cast<std::size_t>(e)], i, from_[static_cast<std::size_t>(e)], initial_[static_cast<std::size_t>(e)]);
    }
  }

 private:
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  struct Run {
    long parameter = 0, value = 0, length = 0;      // consecutive parameters that stand in consecutive places
  };
  void to_lanes(const ConstBatchMatrix& given, Eigen::MatrixXd& out) const;
  void multiply_lanes(const ConstBatchMatrix& levels, BatchMatrix out, Room& room) const;
  void pull_back_lanes(const ConstBatchMatrix& bar, BatchMatrix levels_bar, Room& room) const;
  void multiply_sparse(const ConstBatchMatrix& levels, BatchMatrix out, Room& room) const;
  void pull_back_sparse(const ConstBatchMatrix& bar, BatchMatrix levels_bar, double* p_bar, Room& room) const;
  void pull_back_dense(const ConstBatchMatrix& bar, const ConstBatchMatrix& levels, BatchMatrix levels_bar, double* p_bar, Room& room) const;

  int targets_ = 0, regulators_ = 0, free_ = 0;
  bool dense_ = false, all_ = false, direct_ = false;      // direct: the parameters are the values
  std::vector<double> initial_;                            // [entries]
  std::vector<int> from_, parameter_;                      // [entries]; not kept where all pairs are there
  std::vector<long> row_, dense_place_;                    // [targets + 1]; [entries]
  std::vector<Run> runs_;
  std::vector<double> fixed_;                              // values before the parameters are placed
  std::vector<long> column_;                               // [regulators + 1] of the transposed pattern
  std::vector<int> column_to_;                             // [entries]
  std::vector<long> column_entry_;                         // [entries]
};

}  // namespace hyped::models
