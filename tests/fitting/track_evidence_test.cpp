// Tracks as a row of residuals: the same as fitting both likelihoods at once.
#include <catch2/catch.hpp>

#include <cmath>

#include "fitting/duration_fit.hpp"
#include "fitting/track_evidence.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

namespace {

DurationData stays(int count, double mean, int stages, double film, std::uint64_t seed) {
  RandomStream random(seed, 9, 9);
  DurationData data;
  data.name = "stays";
  for (int i = 0; i < count; ++i) {
    const double t = mean * random.gamma(stages) / stages, window = film * random.uniform();
    Duration d;
    if (t < window) d.lower_h = std::floor(3 * t) / 3, d.upper_h = d.lower_h + 1.0 / 3;
    else d.lower_h = window, d.upper_h = std::numeric_limits<double>::infinity(), d.cause = -1;
    data.durations.push_back(d);
  }
  data.design.resize(count, 0);
  return data;
}

}  // namespace

TEST_CASE("half the squared row is the log-likelihood ratio, everywhere") {
  const DurationData data = stays(40, 12, 8, 30, 1);
  const TrackEvidence evidence = erlang_evidence(data, 8);
  REQUIRE(evidence.outcome.ok());
  CHECK(evidence.stays == 40);
  CHECK(evidence.finished < 40);
  const DurationLikelihood likelihood(data, {{FamilyKind::erlang, 8}, false});
  const auto at = [&](double theta) {
    LikelihoodValue value;
    REQUIRE(likelihood.evaluate(Eigen::VectorXd::Constant(1, -theta * std::log(10.0)), value, false).ok());
    return value.log_likelihood;
  };
  const double top = at(evidence.prior.mean);
  for (const double away : {-0.5, -0.1, -0.01, 0.02, 0.2, 0.6}) {
    const double theta = evidence.prior.mean + away;
    const PriorRow row = evidence.prior.row(theta);
    CHECK(0.5 * row.value * row.value == Approx(top - at(theta)).epsilon(1e-8).margin(1e-10));
    const double step = 1e-6, slope = (evidence.prior.row(theta + step).value - evidence.prior.row(theta - step).value) / (2 * step);
    CHECK(row.slope == Approx(slope).epsilon(1e-5));
  }
  // Through its optimum without a kink, and not a parabola.
  CHECK(evidence.prior.row(evidence.prior.mean + 1e-9).slope == Approx(evidence.prior.row(evidence.prior.mean + 1e-3).slope).epsilon(0.01));
  CHECK(std::abs(evidence.prior.row(evidence.prior.mean + 0.5).value) != Approx(std::abs(evidence.prior.row(evidence.prior.mean - 0.5).value)).epsilon(0.05));
}

TEST_CASE("stays nobody was seen to leave are no evidence") {
  DurationData data = stays(10, 12, 4, 30, 2);
  for (Duration& d : data.durations) d.upper_h = std::numeric_limits<double>::infinity(), d.cause = -1, d.lower_h = 2;
  CHECK(erlang_evidence(data, 4).outcome.status == Status::not_identifiable);
}
