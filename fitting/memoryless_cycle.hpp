// Memoryless phases in a row, from tracks that were kept because their cycle was complete: rates given that it ended within the film.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "fitting/likelihood_interval.hpp"
#include "libhyped/tracks/durations/taylor.hpp"

namespace hyped {

// Hours in each of three phases of one complete cycle; 0: passed between two frames.
struct CompleteCycle {
  std::array<double, 3> hours{};
};

// always: a middle stay of 0 h is a short one. may_be_skipped: cycles without a middle stay left it out, with a probability of their own.
enum class MiddlePhase { always, may_be_skipped };

// theta: log rates [1/h], then, if the middle phase may be skipped, the logit of skipping it. Density of the three stays over the probability
// that their sum is below `within_h` (infinite: unconditioned), by uniformisation of the absorbing chain: only positive terms, derivatives
// exact. Sources: Jensen 1953; selection as right truncation of the sum, Klein & Moeschberger 2003, ch. 3.5.
class MemorylessCycles final : public LogLikelihood {
 public:
  MemorylessCycles(std::vector<CompleteCycle> cycles, double within_h, MiddlePhase middle = MiddlePhase::always);
  int parameter_count() const override { return space_.count(); }
  Outcome evaluate(const Eigen::VectorXd& theta, LikelihoodValue& out, bool derivatives) const override;
  Eigen::MatrixXd observed_information(const Eigen::VectorXd& theta) const;
  const ParameterSpace& space() const { return space_; }

 private:
  Taylor<4> total(const Eigen::VectorXd& theta) const;
  std::vector<CompleteCycle> cycles_;
  double within_h_;
  MiddlePhase middle_;
  ParameterSpace space_;
};

// log P(three exponential stays with these rates [1/h] sum to at most `hours`), the middle one skipped with probability `skip`.
template <class T>
T log_cycle_within(const std::array<T, 3>& rates, const T& skip, double hours);
// Mean of each stay given that their sum is at most `hours`: rate_i d log P / d rate_i moves it below 1 / rate_i [h].
std::array<double, 3> mean_stays_within(const std::array<double, 3>& rates, double hours);

struct MemorylessFit {
  std::array<double, 3> rate{};                          // 1/h, maximum likelihood
  double skip = 0;                                       // probability of skipping the middle phase
  std::vector<LikelihoodInterval> intervals;             // rates [1/h], then skip
  LikelihoodResult best;
  double kept_fraction = 1;                              // of all cycles with these rates that end in time
  Outcome outcome;
};
MemorylessFit fit_memoryless(const std::vector<CompleteCycle>& cycles, double within_h, const std::array<std::string, 3>& phases,
                             MiddlePhase middle = MiddlePhase::always);

// Rates from elsewhere, of a cycle that never skips, against the tracks: how far below the best the tracks find them, and what tracks they would give.
struct RatesAgainstTracks {
  double log_likelihood = 0, below_best = 0, p_value = 1;      // 2 below_best against chi-square with 3 degrees
  double kept_fraction = 0;
  std::array<double, 3> expected_mean{}, observed_mean{};      // hours per phase of the cycles kept
  double silent_expected = 0, silent_observed = 0;       // cycles whose middle stay is shorter than a frame
  double silent_p_value = 1;                             // binomial, of so many or more
  // Share of draws of as many kept cycles whose mean first stay is as short as observed, or shorter (exact sampling of kept cycles).
  double as_short = 0;
};
RatesAgainstTracks rates_against_tracks(const std::vector<CompleteCycle>& cycles, double within_h, const MemorylessFit& best,
                                       const std::array<double, 3>& rates, double frame_h, int draws = 20000, std::uint64_t seed = 1);

}  // namespace hyped
