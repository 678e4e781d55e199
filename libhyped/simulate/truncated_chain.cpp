// The set of states grown where mass goes, and the gather form of the generator's stencil.
#include "libhyped/simulate/truncated_chain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr double largest_step = 200;      // products that one step expects: weights start at e^-200
constexpr double smallest_tail = 1e-17;      // of the Poisson weights left out in a step

std::uint64_t hash_of(std::span<const std::int32_t> counts) {
  std::uint64_t hash = 0x9E3779B97F4A7C15ull;
  for (const std::int32_t count : counts) {
    hash = (hash ^ static_cast<std::uint32_t>(count)) * 0xD6E8FEB86659FD93ull;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace

std::size_t CountTable::slot(std::span<const std::int32_t> counts, std::uint64_t hash) const {
  std::size_t at = hash & (slots_.size() - 1);
  while (slots_[at] != 0) {
    const auto i = static_cast<std::size_t>(slots_[at] - 1);
    if (hash_of_[i] == hash && std::ranges::equal(counts, (*this)[static_cast<int>(i)])) break;
    at = (at + 1) & (slots_.size() - 1);
  }
  return at;
}

int CountTable::find(std::span<const std::int32_t> counts) const {
  return slots_.empty() ? -1 : slots_[slot(counts, hash_of(counts))] - 1;
}

int CountTable::insert(std::span<const std::int32_t> counts) {
  if (2 * (hash_of_.size() + 1) > slots_.size()) {
    slots_.assign(std::max<std::size_t>(64, 2 * slots_.size()), 0);
    for (std::size_t i = 0; i < hash_of_.size(); ++i) {
      std::size_t at = hash_of_[i] & (slots_.size() - 1);
      while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = static_cast<std::int32_t>(i) + 1;
    }
  }
  const std::uint64_t hash = hash_of(counts);
  const std::size_t at = slot(counts, hash);
  if (slots_[at] == 0) {
    counts_.insert(counts_.end(), counts.begin(), counts.end());
    hash_of_.push_back(hash);
    slots_[at] = static_cast<std::int32_t>(hash_of_.size());
  }
  return slots_[at] - 1;
}

TruncatedChain::TruncatedChain(const JumpNetwork& network, long state_limit)
    : network_(network), state_limit_(state_limit), way_of_(static_cast<std::size_t>(network.reaction_count()), -1),
      table_(network.state_count()), x_(static_cast<std::size_t>(network.state_count()) + 1, 1.0), a_(way_of_.size()),
      target_(static_cast<std::size_t>(network.state_count())) {
  CountTable distinct(network.state_count());
  for (int r = 0; r < network.reaction_count(); ++r) {
    std::vector<std::int32_t> row(target_.size(), 0);
    for (const JumpNetwork::Change& change : network.changes(r)) row[static_cast<std::size_t>(change.state)] = change.amount;
    if (!network.changes(r).empty()) way_of_[static_cast<std::size_t>(r)] = distinct.insert(row);
  }
  ways_ = distinct.size();
  for (int w = 0; w < ways_; ++w) change_.insert(change_.end(), distinct[w].begin(), distinct[w].end());
  way_rate_.resize(static_cast<std::size_t>(ways_));
}

bool TruncatedChain::fail(Status status, std::string message) {
  outcome_ = {status, std::move(message), t_};
  return false;
}

// Rates of the ways out of one state.
bool TruncatedChain::rates_at(std::span<const std::int32_t> counts) {
  std::copy(counts.begin(), counts.end(), x_.begin());
  network_.propensities(t_, x_, *rates_, a_);
  ++rate_calls_;
  if (const int r = JumpNetwork::first_negative(a_); r >= 0) return fail(Status::not_converged, network_.negative_rate(r, a_[static_cast<std::size_t>(r)]));
  std::ranges::fill(way_rate_, 0.0);
  for (std::size_t r = 0; r < a_.size(); ++r) {
    if (way_of_[r] < 0 || a_[r] == 0) continue;
    if (!std::isfinite(a_[r])) return fail(Status::not_finite, "the rate of reaction '" + network_.model().reaction_name(static_cast<int>(r)) + "' is not finite");
    for (const JumpNetwork::Change& change : network_.changes(static_cast<int>(r)))
      if (x_[static_cast<std::size_t>(change.state)] + change.amount < 0) return fail(Status::not_converged, network_.below_zero(static_cast<int>(r), change.state));
    way_rate_[static_cast<std::size_t>(way_of_[r])] += a_[r];
  }
  return true;
}

bool TruncatedChain::add(std::span<const std::int32_t> counts, int& number) {
  number = table_.insert(counts);
  if (number < static_cast<int>(exit_.size())) return true;
  if (table_.size() > state_limit_)
    return fail(Status::step_limit, fmt::format("the distribution needs more than {} states: allow more states, a larger tolerance, or use SSA", state_limit_));
  if (!rates_at(table_[number])) return false;
  double exit = 0;
  for (const double rate : way_rate_) exit += rate;
  exit_.push_back(exit);
  fastest_ = std::max(fastest_, exit);
  p_.push_back(0);
  next_.push_back(0);
  sum_.push_back(0);
  rate_in_.insert(rate_in_.end(), static_cast<std::size_t>(ways_), 0.0);
  from_.insert(from_.end(), static_cast<std::size_t>(ways_), number);
  closed_.push_back(number);
  largest_ = std::max<long>(largest_, table_.size());
  return true;
}

bool TruncatedChain::open(int state) {
  const std::size_t width = target_.size();
  if (!rates_at(table_[state])) return false;
  const std::vector<double> rate = way_rate_;      // add() uses it
  for (std::size_t w = 0; w < rate.size(); ++w) {
    if (!(rate[w] > 0)) continue;
    for (std::size_t s = 0; s < width; ++s) target_[s] = table_[state][s] + change_[w * width + s];
    int number;
    if (!add(target_, number)) return false;
    const std::size_t entry = static_cast<std::size_t>(number) * rate.size() + w;
    from_[entry] = state;
    rate_in_[entry] = rate[w];
  }
  return true;
}

// Opens what holds more than the threshold; states that this adds are closed and hold nothing yet.
bool TruncatedChain::open_above(const std::vector<double>& p, double threshold) {
  std::size_t kept = 0;
  const std::size_t count = closed_.size();
  for (std::size_t i = 0; i < count; ++i) {
    const int state = closed_[i];
    if (p[static_cast<std::size_t>(state)] > threshold) {
      if (!open(state)) return false;
    } else {
      closed_[kept++] = state;
    }
  }
  closed_.erase(closed_.begin() + static_cast<std::ptrdiff_t>(kept), closed_.begin() + static_cast<std::ptrdiff_t>(count));
  return true;
}

void TruncatedChain::begin(CountTable table, std::vector<double> probability, const JumpNetwork::SegmentRates& rates, double t) {
  rates_ = &rates;
  t_ = t;
  table_ = CountTable(network_.state_count());
  for (auto* values : {&p_, &next_, &sum_, &exit_, &rate_in_}) values->clear();
  from_.clear();
  closed_.clear();
  lost_ = fastest_ = 0;
  outcome_ = {};
  for (int i = 0; i < table.size(); ++i) {
    int number;
    if (!add(table[i], number)) return;
  }
  p_ = std::move(probability);
  ordered_ = table_.size();
}

template <int ways>
void TruncatedChain::product_range(int begin, int end, double weight) {
  const std::size_t count = ways > 0 ? ways : static_cast<std::size_t>(ways_);
  const double scale = 1 / uniform_rate_;
  const double* const p = p_.data();
  for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
    double in = 0;
    for (std::size_t w = 0; w < count; ++w) in += rate_in_[i * count + w] * p[from_[i * count + w]];
    const double value = p[i] * (1 - exit_[i] * scale) + in * scale;
    next_[i] = value;
    sum_[i] += weight * value;
  }
}

// next = P p; sum += weight next. Every state is a sum in a fixed order, so any number of threads gives the same bytes.
void TruncatedChain::product(double weight) {
  constexpr int chunk = 1 << 16;      // threads wait for each other at every product: worth it for large sets only
  const int count = table_.size();
  const auto range = [&](int from, int to) {
    switch (ways_) {
      case 1: return product_range<1>(from, to, weight);
      case 2: return product_range<2>(from, to, weight);
      case 3: return product_range<3>(from, to, weight);
      case 4: return product_range<4>(from, to, weight);
      default: return product_range<0>(from, to, weight);
    }
  };
  if (count < 8 * chunk) range(0, count);
  else parallel_for((count + chunk - 1) / chunk, [&](int k) { range(k * chunk, std::min(count, (k + 1) * chunk)); });
  ++products_;
}

bool TruncatedChain::advance(double duration_h, double budget) {
  if (!outcome_.ok()) return false;
  const double until = t_ + duration_h;
  std::vector<double> before;
  while (t_ < until) {
    if (!open_above(p_, budget / (1e3 * std::max<double>(1, static_cast<double>(closed_.size()))))) return false;
    if (fastest_ == 0) break;      // nothing can happen
    if (uniform_rate_ < 1.001 * fastest_ || uniform_rate_ > 1.5 * fastest_) uniform_rate_ = 1.15 * fastest_;
    const double step = std::min(until - t_, largest_step / uniform_rate_), mean = uniform_rate_ * step;
    const double share = 0.7 * budget * step / duration_h / (mean + 12 * std::sqrt(mean) + 20);      // per product
    before = p_;
    const double lost_before = lost_;
    double weight = std::exp(-mean), lost = 0;
    for (std::size_t i = 0; i < p_.size(); ++i) sum_[i] = weight * p_[i];
    bool faster = false;
    for (int k = 1;; ++k) {
      if (!open_above(p_, share / static_cast<double>(std::max<std::size_t>(1, closed_.size())))) return false;
      if ((faster = 1.001 * fastest_ > uniform_rate_)) break;      // a state was added that is left faster: again with its rate
      for (const int state : closed_) lost += p_[static_cast<std::size_t>(state)] * exit_[static_cast<std::size_t>(state)] / uniform_rate_;
      weight *= mean / k;
      product(weight);
      lost_ += weight * lost;
      std::swap(p_, next_);
      if (k + 2 > mean && weight * mean / (k + 1) / (1 - mean / (k + 2)) < smallest_tail) break;
    }
    if (faster) {
      before.resize(exit_.size(), 0.0);
      p_ = before;
      lost_ = lost_before;
      ++repeated_;
      continue;
    }
    lost_ += smallest_tail;
    std::swap(p_, sum_);
    ++steps_;
    t_ = until - t_ <= step ? until : t_ + step;
    tidy(0.3 * budget * step / duration_h);
  }
  t_ = until;
  return true;
}

// Drops the states of least probability, their mass at most `budget`, when they are many, and puts the others in the order of their
// counts, so that neighbours are near in memory, when many are new.
void TruncatedChain::tidy(double budget) {
  std::vector<double> mass(1100, 0.0);      // by power of two of the probability: the sum of the small ones without sorting
  std::vector<int> count(1100, 0);
  const auto bin = [](double p) { return static_cast<std::size_t>(p > 0 ? std::clamp(std::ilogb(p) + 1080, 1, 1099) : 0); };
  for (const double p : p_) mass[bin(p)] += p, ++count[bin(p)];
  std::size_t limit = 0;
  int dropped = 0;
  for (double left = budget; limit < mass.size() && mass[limit] <= left; ++limit) left -= mass[limit], dropped += count[limit];
  if (3 * dropped < table_.size() && 2 * table_.size() < 3 * ordered_) return;
  std::vector<int> order;
  double lost = lost_;
  for (int i = 0; i < table_.size(); ++i) {
    const double p = p_[static_cast<std::size_t>(i)];
    if (p > 0 && bin(p) < limit) lost += p;
    if (p > 0 && bin(p) >= limit) order.push_back(i);
  }
  std::ranges::sort(order, [&](int a, int b) { return std::ranges::lexicographical_compare(table_[a], table_[b]); });
  CountTable table(network_.state_count());
  std::vector<double> kept;
  for (const int i : order) {
    table.insert(table_[i]);
    kept.push_back(p_[static_cast<std::size_t>(i)]);
  }
  begin(std::move(table), std::move(kept), *rates_, t_);
  lost_ = lost;
}

}  // namespace hyped
