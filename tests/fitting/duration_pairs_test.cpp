// Pairs of durations: closed forms, derivatives under every kind of cut-off, recovery, and pairs taken from lineages.
#include <catch2/catch.hpp>
#include <cmath>

#include "fitting/competing_risks.hpp"
#include "fitting/duration_pairs.hpp"
#include "libhyped/random.hpp"
#include "libhyped/tracks/durations/survival_curves.hpp"

using namespace hyped;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
const DurationFamily lognormal{FamilyKind::lognormal, 1}, gamma_family{FamilyKind::gamma, 1};

Duration seen(double t, double limit, double frame = 0) {
  Duration d;
  d.lower_h = t > limit ? limit : frame > 0 ? frame * std::floor(t / frame) : t;
  d.upper_h = t > limit ? infinity : frame > 0 ? d.lower_h + frame : t;
  d.cause = t > limit ? -1 : 0;
  return d;
}

DurationPairs drawn_pairs(int count, double rho, double limit, double frame, bool exchangeable, std::uint32_t job) {
  DurationPairs out{"drawn", "a", "b", {}, exchangeable};
  RandomStream random(31, job, 1);
  for (int i = 0; i < count; ++i) {
    const double x = random.normal(), y = rho * x + std::sqrt(1 - rho * rho) * random.normal();
    out.pairs.emplace_back(seen(8 * std::exp(0.3 * x), limit, frame), seen((exchangeable ? 8 : 10) * std::exp(0.3 * y), limit, frame));
  }
  return out;
}

}  // namespace

TEST_CASE("complete pairs: the copula over log-normal margins is the bivariate normal of the logs") {
  const DurationPairs pairs = drawn_pairs(60, 0.6, infinity, 0, false, 1);
  std::vector<double> x, y;
  for (const auto& [a, b] : pairs.pairs) {
    x.push_back(std::log(a.lower_h));
    y.push_back(std::log(b.lower_h));
  }
  const PairFit fit = fit_pairs(pairs, lognormal, lognormal);
  REQUIRE(fit.outcome.ok());
  const double r = pearson_interval(x, y).r;
  CHECK(fit.correlation.estimate == Approx(r).epsilon(1e-8));
  // profile over rho: -2 log L = -n log((1 - rho^2) (1 - r^2) / (1 - rho r)^2)
  const auto rise = [&](double rho) { return -60 * std::log((1 - rho * rho) * (1 - r * r) / std::pow(1 - rho * r, 2)); };
  CHECK(rise(fit.correlation.lower) == Approx(3.841458820694124).epsilon(1e-4));
  CHECK(rise(fit.correlation.upper) == Approx(3.841458820694124).epsilon(1e-4));
  CHECK(fit.test.statistic == Approx(-60 * std::log(1 - r * r)).epsilon(1e-6));
  CHECK(fit.pearson_lower < 0.6);
  CHECK(fit.pearson_upper > 0.6);
  // sisters: intraclass correlation of the logs
  const DurationPairs sisters = drawn_pairs(60, 0.6, infinity, 0, true, 2);
  x.clear(), y.clear();
  for (const auto& [a, b] : sisters.pairs) {
    x.push_back(std::log(a.lower_h));
    y.push_back(std::log(b.lower_h));
  }
  const PairFit same = fit_pairs(sisters, lognormal, lognormal);
  CHECK(same.correlation.estimate == Approx(pearson_interval(x, y, true).r).epsilon(1e-8));
  CHECK_THROWS_AS(fit_pairs(sisters, lognormal, gamma_family), InputError);
}

TEST_CASE("score of pairs: exact, between frames, one or both cut off") {
  for (const bool exchangeable : {false, true})
    for (const double frame : {0.0, 0.5}) {
      const DurationPairs pairs = drawn_pairs(40, -0.4, 9, frame, exchangeable, 3);
      const PairLikelihood function(pairs, gamma_family, gamma_family);
      Eigen::VectorXd theta(function.parameter_count());
      if (exchangeable) theta << std::log(8.2), 2.3, -0.3;
      else theta << std::log(8.2), 2.3, std::log(10.0), 2.4, -0.3;
      CHECK(score_error(function, theta) < 1e-6);
      LikelihoodValue up, down;
      const Eigen::MatrixXd information = function.observed_information(theta);
      for (int i = 0; i < theta.size(); ++i) {
        const Eigen::VectorXd step = 1e-5 * Eigen::VectorXd::Unit(theta.size(), i);
        REQUIRE(function.evaluate(theta + step, up, true).ok());
        REQUIRE(function.evaluate(theta - step, down, true).ok());
        CHECK((-(up.gradient - down.gradient) / 2e-5 - information.col(i)).cwiseAbs().maxCoeff() < 1e-5 * information.cwiseAbs().maxCoeff());
      }
    }
}

TEST_CASE("cut-off pairs give the correlation back where complete ones alone are selected") {
  const DurationPairs pairs = drawn_pairs(600, 0.7, 8.5, 0, false, 4);
  const PairFit fit = fit_pairs(pairs, lognormal, lognormal);
  REQUIRE(fit.outcome.ok());
  CHECK(fit.complete < 0.5 * fit.pairs);
  CHECK(fit.correlation.lower < 0.7);
  CHECK(fit.correlation.upper > 0.7);
  CHECK(fit.pearson_upper < 0.7);      // selection flattens it
  const PairFit framed = fit_pairs(drawn_pairs(600, 0.7, 8.5, 0.5, false, 4), lognormal, lognormal);
  CHECK(framed.correlation.estimate == Approx(fit.correlation.estimate).margin(0.03));
}

TEST_CASE("pairs and durations from lineages by a stated policy") {
  CellTracks tracks;
  tracks.phases = {"G1", "S/G2/M"};
  tracks.films = {{"f1", "control", 0.5, 0, 48}, {"f2", "drug", 0.5, 0, 48}};
  RandomStream random(33, 1, 1);
  for (int m = 0; m < 20; ++m) {
    const int film = m % 2, first = static_cast<int>(tracks.cells.size());
    FollowedCell mother{"m" + std::to_string(m), film, -1, {first + 1, first + 2}, {}, CellStart::film_start, CellEnd::division, 0, 10};
    mother.stays = {{0, 0, 0, 3, 3.5, false, StayEnd::next}, {1, 3, 3.5, 9.5, 10, true, StayEnd::division}};
    tracks.cells.push_back(mother);
    for (int s = 0; s < 2; ++s) {
      FollowedCell cell{"d" + std::to_string(m) + std::to_string(s), film, first, {}, {}, CellStart::division, s == 0 ? CellEnd::division : CellEnd::lost, 10, 30};
      const double change = 16 + std::floor(6 * random.uniform());
      cell.stays = {{0, 9.5, 10, change, change + 0.5, true, StayEnd::next}, {1, change, change + 0.5, 29.5, s == 0 ? 30 : 29.5, true, s == 0 ? StayEnd::division : StayEnd::lost}};
      tracks.cells.push_back(cell);
    }
  }
  DurationPolicy policy;
  const DurationData g1 = make_durations(tracks, policy);
  CHECK(g1.count() == 40);
  CHECK(g1.words.front() == "40 stays ended by progress");
  CHECK(g1.words.back() == "20 stays left out: their begin was not seen");
  CHECK(g1.durations[0].entry_spread_h == 0.5);
  CHECK(g1.durations[0].upper_h - g1.durations[0].lower_h == 0.5);
  policy.unseen_entry = UnseenEntry::residual;
  policy.covariates = arm_covariates(tracks, "control");
  policy.covariates.push_back(time_since_dose_covariate({{"control", 48}, {"drug", 6}}));
  const DurationData with = make_durations(tracks, policy);
  CHECK(with.count() == 60);
  CHECK(with.durations[0].residual);
  CHECK(with.covariates == std::vector<std::string>{"drug", "time since dose [h]"});
  CHECK(with.design(3, 0) == 1);
  CHECK(with.design(4, 1) == Approx(4));
  policy.covariates.clear();
  policy.unseen_entry = UnseenEntry::left_out;
  policy.phase = 1;
  policy.kept = StaysKept::finished_only;
  policy.condition = "drug";
  const DurationData finished = make_durations(tracks, policy);
  CHECK(finished.count() == 20);
  CHECK(finished.durations[0].seen_if_below_h == Approx(48 - 3.5));
  CHECK(sister_pairs(tracks, 1, "drug").pairs.size() == 10);
  CHECK(sister_pairs(tracks, 1).pairs[0].second.censored());
  CHECK(within_cell_pairs(tracks, 0, 1).pairs.size() == 40);
  CHECK(mother_daughter_pairs(tracks, 1).pairs.size() == 40);
  CHECK_THROWS_AS(arm_covariates(tracks, "contrl"), InputError);
  policy.condition = "nothing";
  CHECK_THROWS_AS(make_durations(tracks, policy), InputError);
}

TEST_CASE("competing ends: annotated they factorise, between frames the joint likelihood recovers both") {
  RandomStream random(34, 1, 1);
  DurationData exact, framed;
  exact.name = framed.name = "ends";
  exact.causes = framed.causes = {"division", "death"};
  const double frame = 1.5;
  for (int i = 0; i < 500; ++i) {
    const double divides = random.gamma(6) * 1.5, dies = random.exponential() * 25, t = std::min(divides, dies), limit = 14;
    Duration d;
    d.cause = t > limit ? -1 : divides < dies ? 0 : 1;
    d.lower_h = std::min(t, limit);
    d.upper_h = t > limit ? infinity : t;
    exact.durations.push_back(d);
    if (d.cause >= 0) d.lower_h = frame * std::floor(t / frame), d.upper_h = d.lower_h + frame;
    else d.lower_h = frame * std::floor(limit / frame);
    framed.durations.push_back(d);
  }
  exact.design.resize(500, 0);
  framed.design.resize(500, 0);
  const std::vector<DurationModel> models{{gamma_family, false}, {{FamilyKind::weibull, 1}, false}};
  const CompetingFit joint = fit_competing(exact, models);
  REQUIRE(joint.outcome.ok());
  double apart = 0;
  for (int c = 0; c < 2; ++c) apart += fit_durations(for_cause(exact, c), models[static_cast<std::size_t>(c)], {}, {.intervals = false}).log_likelihood();
  CHECK(joint.best.at.log_likelihood == Approx(apart).epsilon(1e-10));
  const CompetingFit between = fit_competing(framed, models);
  REQUIRE(between.outcome.ok());
  for (const CompetingFit* fit : {&joint, &between}) {
    CHECK(fit->causes[0].interval("mean").lower < 9);
    CHECK(fit->causes[0].interval("mean").upper > 9);
    CHECK(fit->causes[1].interval("scale").lower < 25);
    CHECK(fit->causes[1].interval("scale").upper > 25);
  }
  const CompetingLikelihood function(framed, models, {});
  CHECK(score_error(function, between.best.theta) < 1e-6);
  // the overlay: fitted incidence within the product-limit band nearly everywhere
  const CauseCurves curves = aalen_johansen(exact);
  const CompetingLikelihood fitted(exact, models, {});
  const Eigen::MatrixXd incidence = fitted.incidence(joint.best.theta, Eigen::VectorXd(), curves.time_h);
  int inside = 0, told = 0;
  for (Eigen::Index k = 0; k < incidence.rows(); ++k)
    for (int c = 0; c < 2; ++c)
      if (std::isfinite(curves.lower(k, c)) && curves.probability(k, c) > 0) {
        ++told;
        inside += incidence(k, c) > curves.lower(k, c) && incidence(k, c) < curves.upper(k, c);
      }
  CHECK(inside > 0.9 * told);
  CHECK(incidence.row(incidence.rows() - 1).sum() + curves.survival.back() == Approx(1).margin(0.08));
}
