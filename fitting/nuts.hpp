// The no-U-turn sampler: chains that can be stopped after any draw, stored as a value and continued byte for byte.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "fitting/log_density.hpp"
#include "fitting/records.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"

namespace hyped {

enum class MassMetric { diagonal, dense };

// Defaults are Stan's.
struct NutsOptions {
  std::uint64_t seed = 1;
  int chains = 4, warmup = 1000, draws = 1000;      // warm-up and kept draws of each chain
  MassMetric metric = MassMetric::diagonal;
  double target_accept = 0.8;
  int max_depth = 10;
  double divergence_threshold = 1000;               // rise of the energy
  std::vector<Eigen::VectorXd> starts = {};         // whole line [D], in turn for the chains; empty: the density's start, and
  double start_radius = 2;                          // then uniform within this of it in each coordinate
  Eigen::MatrixXd start_metric = {};                // inverse metric to begin with, shaped as `metric`; empty: the identity
  Records records = {};                             // keeps every draw, warm-up included, with the state after it
};

// What one draw was like. accept: mean Metropolis acceptance over the trajectory. energy: minus log density plus kinetic.
struct NutsDraw {
  double log_density = 0, accept = 0, energy = 0, step_size = 0;
  int depth = 0, leapfrogs = 0;
  bool divergent = false, saturated = false;        // saturated: stopped by max_depth alone
  bool warmup = false;
};

// Everything a chain is between two draws. The next draw uses the random stream (seed, chain, iteration + 1).
struct NutsState {
  std::uint64_t seed = 0;
  std::uint32_t chain = 0, iteration = 0;           // draws made, warm-up included
  Eigen::VectorXd u, gradient;                      // position on the whole line and the gradient there [D]
  double log_density = 0;
  double step_size = 1;
  double step_centre = 0, step_shortfall = 0, log_step_mean = 0;      // dual averaging: mu, H-bar, log epsilon-bar
  int step_updates = 0;
  Eigen::MatrixXd inverse_metric;                   // covariance estimate: [D x 1] diagonal or [D x D]
  int window_draws = 0;                             // of the warm-up window that is open
  Eigen::VectorXd window_mean;                      // [D]
  Eigen::MatrixXd window_squares;                   // sums of squares about the mean, shaped as inverse_metric
};

// One chain. A pure function of (options, chain number): `options.chains` and `options.draws` do not matter to it, the other
// options must be the same when it is continued. The density must outlive it.
// Sources: Hoffman & Gelman 2014, JMLR 15:1593 (trees, dual averaging); Betancourt 2017, arXiv 1701.02434 (multinomial sampling,
// generalised criterion); Stan's reference manual (warm-up windows; the criterion across the joint of subtrees).
class NutsChain {
 public:
  NutsChain(const LogDensity& density, const NutsOptions& options, std::uint32_t chain);      // from its start
  NutsChain(const LogDensity& density, const NutsOptions& options, NutsState state);          // from where it was
  const Outcome& outcome() const { return outcome_; }      // not ok: no start with a finite density was found
  NutsDraw advance();                                      // one draw; the position is state().u
  const NutsState& state() const { return state_; }
  bool warm() const { return state_.iteration >= static_cast<std::uint32_t>(options_.warmup); }

 private:
  struct Point {      // of phase space
    Eigen::VectorXd u, momentum, gradient;
    double log_density = 0;
  };
  struct End {        // of a trajectory: momentum and velocity
    Eigen::VectorXd momentum, velocity;
  };
  struct Level {      // working space of one depth of the recursion
    Point proposal;
    Eigen::VectorXd first_sum, second_sum, joint;
    End first_last, second_first;
  };
  struct Walk {       // what a draw's trajectory gathers
    double start_energy = 0, accept_sum = 0;
    int direction = 1, leapfrogs = 0;
    bool divergent = false;
  };
  void allocate();
  void factor_metric();
  void draw_momentum(RandomStream& random, Eigen::VectorXd& momentum) const;
  void velocity(const Eigen::VectorXd& momentum, Eigen::VectorXd& out) const;
  double energy(const Point& at) const;
  void leapfrog(double step);
  void find_step(RandomStream& random);
  bool build(int depth, Walk& walk, RandomStream& random, Point& proposal, End& first, End& last, Eigen::VectorXd& sum, double& log_weight);
  NutsDraw transition(RandomStream& random);
  void adapt(double accept, RandomStream& random);

  const LogDensity& density_;
  NutsOptions options_;
  NutsState state_;
  Outcome outcome_;
  Eigen::MatrixXd metric_root_;                     // lower Cholesky factor of a dense inverse metric
  mutable Eigen::VectorXd velocity_;
  Point moving_, ahead_, behind_, sample_, proposal_;
  End ahead_last_, ahead_first_, behind_first_, behind_last_;      // of the two halves of the trajectory
  Eigen::VectorXd sum_, ahead_sum_, behind_sum_, joint_;
  std::vector<Level> levels_;
  int first_in_window_ = 0;
  std::vector<int> window_ends_;                    // warm-up draws (from 0) after which the metric is renewed
};

// One chain's kept draws.
struct Chain {
  Eigen::MatrixXd draws;                            // natural units [K x D]
  Eigen::MatrixXd u;                                // whole line [K x D]
  std::vector<NutsDraw> steps;                      // [K]
  NutsState end;
  long warmup_leapfrogs = 0, leapfrogs = 0;
  int warmup_divergences = 0;
  Outcome outcome;                                  // not ok: no draws
};

struct Chains {
  std::vector<std::string> names;                   // [D]
  std::vector<Chain> chains;
  int max_depth = 10;
  // Draws of one coordinate in natural units, a column per chain that could start [K x C].
  Eigen::MatrixXd parameter(int i) const;
  Eigen::MatrixXd pooled() const;                   // all chains' draws below each other, natural units [K C x D]
};

// All chains, in parallel; the same bytes for any number of threads. Throws InputError for options that make no sense.
Chains sample(const LogDensity& density, const NutsOptions& options = {});

}  // namespace hyped
