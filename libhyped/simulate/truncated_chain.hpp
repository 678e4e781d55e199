// Inside the master equation: the states held, their probabilities, and the action of the generator, with all mass that leaves tallied.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/simulate/jump_network.hpp"

namespace hyped {

// Rows of counts, each there once, found by hashing.
class CountTable {
 public:
  explicit CountTable(int width) : width_(static_cast<std::size_t>(width)) {}
  int size() const { return static_cast<int>(hash_of_.size()); }
  std::span<const std::int32_t> operator[](int i) const { return {counts_.data() + static_cast<std::size_t>(i) * width_, width_}; }
  int find(std::span<const std::int32_t> counts) const;      // -1 if it is not there
  int insert(std::span<const std::int32_t> counts);          // its number, new or not

 private:
  std::size_t slot(std::span<const std::int32_t> counts, std::uint64_t hash) const;
  std::size_t width_;
  std::vector<std::int32_t> counts_;
  std::vector<std::uint64_t> hash_of_;
  std::vector<std::int32_t> slots_;      // number + 1, 0 is free
};

// A state is open once its ways out lead to states that are held; mass that leaves one that is not open is lost. States are opened as
// soon as they hold more than a threshold, so the set follows the mass.
class TruncatedChain {
 public:
  TruncatedChain(const JumpNetwork& network, long state_limit);

  // Takes over states and probabilities under the rates of a segment.
  void begin(CountTable table, std::vector<double> probability, const JumpNetwork::SegmentRates& rates, double t);
  // Advances by uniformisation (Jensen 1953): sum over k of Pois(k; L h) P^k p in steps with L h <= 200; `budget` bounds the mass lost.
  // False when it failed: see outcome().
  bool advance(double duration_h, double budget);
  const CountTable& table() const { return table_; }
  const std::vector<double>& probability() const { return p_; }
  double lost() const { return lost_; }      // mass lost since begin()
  const Outcome& outcome() const { return outcome_; }
  long products() const { return products_; }
  long steps() const { return steps_; }
  long repeated() const { return repeated_; }
  long rate_calls() const { return rate_calls_; }
  long largest() const { return largest_; }

 private:
  bool add(std::span<const std::int32_t> counts, int& number);
  bool open(int state);
  bool open_above(const std::vector<double>& p, double threshold);
  bool rates_at(std::span<const std::int32_t> counts);
  void tidy(double budget);
  void product(double weight);
  template <int ways>
  void product_range(int from, int to, double weight);
  bool fail(Status status, std::string message);

  const JumpNetwork& network_;
  const JumpNetwork::SegmentRates* rates_ = nullptr;
  long state_limit_;
  double t_ = 0;
  // Reactions with the same change are one way; those that change nothing are left out.
  int ways_ = 0;
  std::vector<std::int32_t> change_;       // [ways x S]
  std::vector<int> way_of_;                // by reaction, -1: changes nothing
  CountTable table_;
  std::vector<double> p_, next_, sum_;     // [n]
  std::vector<double> exit_, rate_in_;     // [n], [n x ways] 1/h
  std::vector<std::int32_t> from_;         // [n x ways]; itself with rate 0 where nothing comes in
  std::vector<int> closed_;                // states not open
  double uniform_rate_ = 0, fastest_ = 0;
  int ordered_ = 0;                        // how many states there were when they were last put in order
  std::vector<double> x_, a_, way_rate_;
  std::vector<std::int32_t> target_;
  double lost_ = 0;
  Outcome outcome_;
  long products_ = 0, steps_ = 0, repeated_ = 0, rate_calls_ = 0, largest_ = 0;
};

}  // namespace hyped
