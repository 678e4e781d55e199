// What followed cells say of a staged model's rate, exactly, so that tracks and counts can be fitted together.
#pragma once
#include <memory>

#include "fitting/parameter_space.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/tracks/durations/duration_data.hpp"

namespace hyped {

struct TrackEvidence {
  NormalPrior prior;                 // on log10 of the exit rate [1/h]: `evidence` is the stays' own likelihood ratio, not a normal
  double mean_h = 0;                 // best for Erlang stays of `stages`
  int stages = 1, stays = 0, finished = 0;
  Outcome outcome;                   // not_identifiable: nobody was seen to leave
};

// Stays (with their censoring) as Erlang(stages) of mean 1 / rate. The signed root of twice the log-likelihood ratio adds one row to the
// residuals of a fit to counts; the sum is then the joint likelihood of both.
TrackEvidence erlang_evidence(const DurationData& data, int stages);

}  // namespace hyped
