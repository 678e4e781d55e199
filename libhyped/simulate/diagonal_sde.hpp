// Ito equations whose noise in each state depends on that state alone: expression of many cells, eight at a time.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/model/model.hpp"
#include "libhyped/random.hpp"

namespace hyped {

// g(x) = s, s sqrt(x) or s x. With a constant input and loss k x the states are then normal with variance s^2 / (2 k), Gamma with
// variance s^2 mean / (2 k), or inverse Gamma with squared coefficient of variation s^2 / (2 k - s^2).
enum class NoiseForm { additive, square_root, proportional };

struct DiagonalNoise {
  NoiseForm form = NoiseForm::proportional;
  std::vector<double> strength;        // s [S]; 0: the state has no noise of its own
  std::vector<double> relaxation;      // k [S] 1/h, >= 0: the part of each state's loss that is solved exactly together with its noise
};

// Paths of dx = f(t, x, p) dt + g(x) dW that share a model; parameters named in `driven` have a course for each path.
struct SdeEnsemble {
  const Model* model = nullptr;
  std::vector<double> parameters;                                                    // [P]
  DiagonalNoise noise;
  int paths = 0;
  double start_h = 0;
  std::vector<double> sample_times_h;                                                // increasing, >= start_h
  std::vector<double> breaks_h;                                                      // steps end here: doses, washes
  std::vector<int> driven;                                                           // indices of parameters [K]
  std::function<void(int path, double time_h, std::span<double> values)> drive;      // writes [K]; called in the middle of every step
  std::function<void(int path, RandomStream& random, std::span<double> state)> start;      // writes [S]
};

struct SdeOptions {
  double step_h = 0.5;                 // longest step; intervals between samples and breaks are cut evenly
  std::uint32_t job = 0x7364;          // of the random streams: path n draws from RandomStream(seed, job, n)
};

struct SdePaths {
  std::vector<double> times_h;                 // [T]
  std::vector<Eigen::MatrixXd> states;         // [T] of [N x S]
  long steps = 0;                              // of one path
  Outcome outcome;                             // not_finite, or a state left the domain of its noise: first such path
};

// Strang splitting: half a step of dx = -k x dt + g(x) dW, whose law is known exactly for each form, a step of the rest of the
// drift by the explicit midpoint rule, half a step of the first again (neighbouring halves are drawn as one). Weak order 2 for smooth
// courses (order 1 in the time of a jump that no break names); states stay positive where f + k x does. Parallel over paths, the
// same bytes for any number of threads. InputError for wrong sizes, times out of order, a negative strength or relaxation.
// Sources: Talay & Tubaro 1990, Stoch Anal Appl 8:483 (weak order); Alfonsi 2010, Math Comp 79:209 (splitting for square-root noise).
SdePaths simulate_sde(const SdeEnsemble& ensemble, std::uint64_t seed, const SdeOptions& options = {});

}  // namespace hyped
