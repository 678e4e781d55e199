// Does the profile interval of the mean hold its 95 % where films are short and frames are coarse?
#include <catch2/catch.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "fitting/duration_fit.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

namespace {

constexpr double mean = 10, frame = 1, film = 24;

// A stay that begins anywhere in the first 18 h of a film and is seen at its frames; nothing if it falls between two of them.
bool watch(double begin, double t, bool frames, Duration& out) {
  const double end = begin + t;
  if (!frames) {
    out.lower_h = std::min(t, film - begin);
    out.upper_h = end > film ? std::numeric_limits<double>::infinity() : t;
  } else {
    const double first = frame * std::ceil(begin / frame), last = frame * std::floor(std::min(end, film) / frame);
    if (last < first) return false;
    out.entry_spread_h = frame;
    out.lower_h = last - first;
    out.upper_h = end > film ? std::numeric_limits<double>::infinity() : out.lower_h + frame;
  }
  out.cause = out.censored() ? -1 : 0;
  return true;
}

}  // namespace

TEST_CASE("alike sisters do not count as two cells", "[standard]") {
  constexpr int sets = 200, pairs = 40;
  int with = 0, without = 0;
  for (int s = 0; s < sets; ++s) {
    RandomStream random(52, 1, static_cast<std::uint32_t>(s));
    DurationData data;
    data.name = "sisters";
    for (int p = 0; p < pairs; ++p) {
      const double shared = random.gamma(6.4);      // of a gamma of shape 8: correlation 0.8
      for (int sister = 0; sister < 2; ++sister) {
        Duration d;
        d.lower_h = d.upper_h = (shared + random.gamma(1.6)) * mean / 8;
        d.family = p;
        data.durations.push_back(d);
      }
    }
    data.design.resize(data.count(), 0);
    const DurationModel model{{FamilyKind::gamma, 1}, false};
    const LikelihoodInterval alike = fit_durations(data, model).interval("mean");
    for (Duration& d : data.durations) d.family = -1;
    const LikelihoodInterval apart = fit_durations(data, model).interval("mean");
    with += alike.lower < mean && alike.upper > mean;
    without += apart.lower < mean && apart.upper > mean;
  }
  std::printf("sisters with correlation 0.8: covered %d of %d, as independent cells %d\n", with, sets, without);
  CHECK(with >= 180);
  CHECK(without < 175);
}

TEST_CASE("intervals of the mean cover: log-normal and gamma, cut off by the film, between frames", "[standard]") {
  constexpr int sets = 200, cells = 70;
  for (const FamilyKind kind : {FamilyKind::lognormal, FamilyKind::gamma})
    for (const bool frames : {false, true}) {
      const double sigma = 0.45, shape = 4;
      std::vector<int> covered(sets, 0), closed(sets, 0);
      std::vector<double> naive(sets, 0), estimate(sets, 0);
      parallel_for(sets, [&](int s) {
        RandomStream random(51, static_cast<std::uint32_t>(kind), static_cast<std::uint32_t>(s));
        DurationData data;
        data.name = "drawn";
        data.frame_interval_h = frames ? frame : 0;
        double sum = 0, finished = 0;
        while (data.count() < cells) {
          const double begin = 18 * random.uniform(), t = kind == FamilyKind::gamma ? random.gamma(shape) * mean / shape : mean * std::exp(sigma * random.normal() - 0.5 * sigma * sigma);
          Duration d;
          if (!watch(begin, t, frames, d)) continue;
          data.durations.push_back(d);
          if (d.censored()) continue;
          sum += t;
          ++finished;
        }
        data.design.resize(cells, 0);
        const DurationModel model{{kind, 1}, false};
        const DurationFit fit = fit_durations(data, model, {}, {.intervals = false});
        const DurationLikelihood function(data, model);
        const auto quantities = quantities_of(function, fit.best, {});
        const auto told = std::find_if(quantities.begin(), quantities.end(), [](const LikelihoodQuantity& q) { return q.name == "mean"; });
        const LikelihoodInterval interval = likelihood_interval(function, function.space(), fit.best, fit.identifiability.covariance, *told);
        const auto i = static_cast<std::size_t>(s);
        covered[i] = interval.lower < mean && interval.upper > mean;
        closed[i] = interval.identified();
        naive[i] = sum / finished;
        estimate[i] = interval.estimate;
      });
      int hits = 0, good = 0;
      double average = 0, plain = 0;
      for (int s = 0; s < sets; ++s) hits += covered[s], good += closed[s], average += estimate[s] / sets, plain += naive[s] / sets;
      std::printf("%-10s %-14s covered %d of %d, mean estimate %.2f h (truth %.0f), mean of finished stays %.2f h\n", std::string(to_string(kind)).c_str(), frames ? "frames of 1 h" : "annotated", hits, sets, average, mean, plain);
      CHECK(good == sets);
      CHECK(hits >= 181);      // binomial(200, 0.95): 181 to 197 holds 99 %
      CHECK(hits <= 198);
      CHECK(std::abs(average - mean) < 0.25);
      CHECK(plain < 0.88 * mean);
    }
}
