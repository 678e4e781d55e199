// Signed root of a duration likelihood.
#include "fitting/track_evidence.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "fitting/duration_fit.hpp"

namespace hyped {
namespace {

struct Stays {
  DurationData data;
  DurationLikelihood likelihood;
  Stays(DurationData given, int stages) : data(std::move(given)), likelihood(data, {{FamilyKind::erlang, stages}, false}) {}
};

}  // namespace

TrackEvidence erlang_evidence(const DurationData& data, int stages) {
  TrackEvidence out;
  out.stages = stages;
  out.stays = data.count();
  out.finished = static_cast<int>(std::count_if(data.durations.begin(), data.durations.end(), [](const Duration& d) { return !d.censored(); }));
  if (out.finished == 0) {
    out.outcome = {Status::not_identifiable, data.name + ": no stay was seen to end"};
    return out;
  }
  const auto stays = std::make_shared<const Stays>(data, stages);      // shared: copies of the prior keep it
  const ParameterSpace& space = stays->likelihood.space();
  LikelihoodResult best;
  best.at.log_likelihood = -std::numeric_limits<double>::infinity();
  for (const Eigen::VectorXd& start : stays->likelihood.starts()) {
    const LikelihoodResult end = maximise(stays->likelihood, start, space.lower(), space.upper());
    if (end.at.log_likelihood > best.at.log_likelihood) best = end;
  }
  out.outcome = best.outcome;
  if (!std::isfinite(best.at.log_likelihood)) return out;
  constexpr double tens = std::numbers::ln10;      // log mean = -ln 10 x log10 rate
  const double top = best.at.log_likelihood, centre = -best.theta[0] / tens, root = std::sqrt(std::max(1e-12, stays->likelihood.observed_information(best.theta)(0, 0))) * tens;
  out.mean_h = std::exp(best.theta[0]);
  out.prior.mean = centre;
  out.prior.sd = 1 / root;
  out.prior.evidence = [=](double theta) -> PriorRow {
    const double away = theta - centre;
    if (std::abs(away) * root < 1e-4) return {root * away, root};      // there the quotient of two small numbers says less
    LikelihoodValue value;
    if (!stays->likelihood.evaluate(Eigen::VectorXd::Constant(1, -theta * tens), value, true).ok() || !std::isfinite(value.log_likelihood)) return {root * away, root};
    const double r = std::copysign(std::sqrt(std::max(0.0, 2 * (top - value.log_likelihood))), away);
    if (r == 0) return {root * away, root};
    return {r, value.gradient[0] * tens / r};      // dr/dtheta = -(dl/dtheta) / r, dl/dtheta = -tens dl/d(log mean)
  };
  return out;
}

}  // namespace hyped
