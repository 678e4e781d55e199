// Networks fitted along a ladder of penalties, chosen by cross-validation or stopped early, alone and as ensembles.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "fitting/networks/network_objective.hpp"

namespace hyped {

struct NetworkProblem {
  const BatchModel* model = nullptr;
  NetworkTransform transform;
  std::vector<NetworkMeasurements> blocks;
  NetworkLoss loss;
  NetworkSolving solving;
  Penalty penalty;                            // [F] base weights; the ladder multiplies lasso and groups
  std::vector<int> edges;                     // entries of theta that are edges: a fit without any is empty
  std::map<std::string, std::string> together;     // conditions with one label are held out together, as the phases of an arm are; not named: each alone
  std::vector<std::string> conditions() const;                                        // all names, each once, in order of appearance
  // The conditions named, in the blocks they are in; blocks without any of them are left out.
  NetworkProblem only(const std::vector<std::string>& names) const;
};

enum class Descent { proximal, adam, lbfgs };
// InputError, naming `where`, for another word.
Descent descent_named(const std::string& name, const std::string& where);

struct NetworkFitOptions {
  std::vector<double> ladder{1};              // factors of the penalty, one after the other, each from where the last ended
  Descent descent = Descent::proximal;
  DescentOptions step;
  int folds = 5;                              // of cross-validation; 0: none, the ladder's last step is taken
  int repeats = 1;                            // times the folds are dealt anew
  bool one_standard_error = false;            // take the largest penalty within one standard error of the best
  int patience = 0;                           // early stopping: iterations without a lower held-out loss; 0: none
  int look_every = 5;                         // iterations between looks at the held-out conditions
  std::vector<int> stop_at;                   // by step: iterations after which a descent ends, as early stopping found them; empty: none
  std::uint64_t seed = 1;
};

// Where one step of the ladder ended.
struct LadderStep {
  double factor = 0;
  Eigen::VectorXd theta;
  double objective = 0, misfit = 0;           // with and without penalties; of the conditions fitted
  double held_out = 0;                        // misfit of those held out; infinite where they could not be predicted, NaN without any
  int edges = 0, iterations = 0, evaluations = 0, failed_evaluations = 0;
  int stopped_at = 0;                         // early stopping: the iteration that predicted best; 0: did not end so
  double optimality = 0;
  bool ended_by_gain = false;                 // ten iterations gained too little to go on
  Outcome outcome;
};

// One fit down the ladder. held_out may be empty; with patience a step ends early at its best held-out loss.
std::vector<LadderStep> descend_ladder(const NetworkProblem& problem, const std::vector<std::string>& held_out, const NetworkFitOptions& options);

struct NetworkMember {
  std::vector<std::string> held_out;          // conditions it has not seen
  std::vector<LadderStep> ladder;
};

struct NetworkFit {
  std::vector<LadderStep> ladder;             // of the fit to all conditions
  int chosen = -1;                            // step of the ladder; -1: no step could be fitted
  std::vector<double> cross_validated, cross_validated_error;      // by step: mean over folds of the held-out misfit; its standard error between the folds of one deal (deals are not independent: more of them do not make it smaller); NaN: a fold failed
  std::vector<NetworkMember> members;         // all folds of the first deal, then those of the next
  int folds = 0;                              // of one deal
  Outcome outcome;                            // why no network came out, came out empty, or is not the end of its descent: words with figures
  int unconverged = 0, descents = 0;          // of all fits, down to the step chosen
  std::vector<std::string> words;             // what a reader has to know of this fit
  const LadderStep& best() const { return ladder.at(static_cast<std::size_t>(chosen)); }
};

// Members first (in parallel, the same bytes for any number of threads), then the ladder on all conditions down to the step they choose.
// With early stopping the last fit, which holds nothing out, ends each step where the members did (median).
NetworkFit fit_network(const NetworkProblem& problem, const NetworkFitOptions& options);

// Fold of each of n conditions, dealt from a shuffled deck: sizes differ by at most one.
std::vector<int> deal_folds(int n, int folds, std::uint64_t seed, int repeat);

}  // namespace hyped
