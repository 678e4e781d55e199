// Chains in parallel, every draw a record.
#include <fmt/format.h>

#include <memory>

#include "fitting/nuts.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

// A chain whose draws are records. After warm-up the metric and the windows stay, so that a record is the position alone.
class KeptChain {
 public:
  KeptChain(const LogDensity& density, const NutsOptions& options, std::uint32_t chain)
      : density_(density), options_(options), chain_(chain), records_(options.records.in(fmt::format("chain {}", chain))) {}
  NutsDraw advance() {
    NutsDraw draw;
    const std::uint32_t number = state_.iteration;
    const bool whole = number <= static_cast<std::uint32_t>(options_.warmup);
    const Record kept = records_.job(fmt::format("{}", number), [&] { return made(whole); });
    outcome_ = kept.outcome;
    if (!outcome_.ok()) return draw;
    RecordReader in(kept);
    for (double* value : {&draw.log_density, &draw.accept, &draw.energy, &draw.step_size}) *value = in.number();
    draw.depth = in.integer();
    draw.leapfrogs = in.integer();
    draw.divergent = in.number() != 0;
    draw.saturated = in.number() != 0;
    draw.warmup = in.number() != 0;
    if (!(made_ && made_->state().iteration == number + 1)) made_.reset();      // it came from an earlier life
    state_.seed = options_.seed;
    state_.chain = chain_;
    state_.iteration = number + 1;
    state_.u = in.vector();
    state_.gradient = in.vector();
    for (double* value : {&state_.log_density, &state_.step_size, &state_.step_centre, &state_.step_shortfall, &state_.log_step_mean}) *value = in.number();
    state_.step_updates = in.integer();
    if (whole) {
      state_.inverse_metric = in.matrix();
      state_.window_draws = in.integer();
      state_.window_mean = in.vector();
      state_.window_squares = in.matrix();
    }
    return draw;
  }
  const NutsState& state() const { return state_; }
  const Outcome& outcome() const { return outcome_; }

 private:
  Record made(bool whole) {
    if (!made_) {
      if (state_.iteration == 0) made_ = std::make_unique<NutsChain>(density_, options_, chain_);
      else made_ = std::make_unique<NutsChain>(density_, options_, state_);
      if (!made_->outcome().ok()) return {{}, made_->outcome()};
    }
    const NutsDraw draw = made_->advance();
    const NutsState& now = made_->state();
    RecordWriter out;
    out << draw.log_density << draw.accept << draw.energy << draw.step_size << draw.depth << draw.leapfrogs << draw.divergent << draw.saturated << draw.warmup;
    out << now.u << now.gradient << now.log_density << now.step_size << now.step_centre << now.step_shortfall << now.log_step_mean << now.step_updates;
    if (whole) out << now.inverse_metric << now.window_draws << now.window_mean << now.window_squares;
    return out.record();
  }
  const LogDensity& density_;
  const NutsOptions& options_;
  std::uint32_t chain_;
  Records records_;
  NutsState state_;
  std::unique_ptr<NutsChain> made_;      // null while records are read
  Outcome outcome_;
};

}  // namespace

Chains sample(const LogDensity& density, const NutsOptions& options) {
  if (options.chains < 1 || options.draws < 1 || options.warmup < 0 || options.max_depth < 1 || options.max_depth > 20 ||
      !(options.target_accept > 0 && options.target_accept < 1))
    throw InputError("sampler", fmt::format("{} chains of {} draws after {}, depth {}, target {}", options.chains, options.draws, options.warmup, options.max_depth, options.target_accept),
                     "give at least 1 chain and draw, a depth of 1 to 20 and a target between 0 and 1");
  Chains out;
  out.names = density.names();
  out.max_depth = options.max_depth;
  out.chains.resize(static_cast<std::size_t>(options.chains));
  const int size = density.dimension();
  parallel_for(options.chains, [&](int c) {
    Chain& chain = out.chains[static_cast<std::size_t>(c)];
    KeptChain sampler(density, options, static_cast<std::uint32_t>(c));
    chain.draws.resize(options.draws, size);
    chain.u.resize(options.draws, size);
    for (int i = 0; i < options.warmup + options.draws; ++i) {
      const NutsDraw draw = sampler.advance();
      chain.outcome = sampler.outcome();
      if (!chain.outcome.ok()) return;
      const int k = i - options.warmup;
      (k < 0 ? chain.warmup_leapfrogs : chain.leapfrogs) += draw.leapfrogs;
      if (k < 0) {
        chain.warmup_divergences += draw.divergent ? 1 : 0;
        continue;
      }
      chain.steps.push_back(draw);
      chain.u.row(k) = sampler.state().u.transpose();
      for (int d = 0; d < size; ++d) chain.draws(k, d) = density.natural(d, sampler.state().u[d]);
    }
    chain.end = sampler.state();
  });
  return out;
}

}  // namespace hyped
