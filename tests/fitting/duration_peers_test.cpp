// Durations through independent implementations: R survival and SciPy, on the same data at the same parameters.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <unistd.h>

#include "fitting/duration_pairs.hpp"
#include "libhyped/random.hpp"
#include "libhyped/tracks/durations/survival_curves.hpp"
#include "tests/places.hpp"

using namespace hyped;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Numbers a program prints; empty if it cannot be run.
std::vector<double> numbers_of(const std::string& command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen((command + " 2>/dev/null").c_str(), "r"), pclose);
  std::vector<double> out;
  for (double value; pipe && std::fscanf(pipe.get(), "%lf", &value) == 1;) out.push_back(value);
  return out;
}
std::string script(const std::string& name) { return hyped::tests::source_folder() + "/tests/peers/" + name; }

struct TextFile {
  std::filesystem::path path;
  std::ofstream stream;
  explicit TextFile(const std::string& name) : path(std::filesystem::temp_directory_path() / (name + std::to_string(getpid()))), stream(path) { stream.precision(17); }
  ~TextFile() { std::filesystem::remove(path); }
};

double finite_or(double value, double other) { return std::isfinite(value) ? value : other; }

}  // namespace

TEST_CASE("durations agree with R survival", "[peers][single5]") {
  RandomStream random(21, 1, 1);
  DurationData data, ends, grid;
  data.name = ends.name = grid.name = "peer";
  data.covariates = {"arm"};
  ends.causes = {"division", "death"};
  TextFile intervals("hyped_peer_intervals"), risks("hyped_peer_risks"), frames("hyped_peer_frames");
  intervals.stream << "lower upper arm\n";
  std::vector<double> arms;
  for (int i = 0; i < 240; ++i) {
    const double arm = i % 2, t = 8 * std::exp(0.3 * arm + 0.4 * random.normal());
    Duration d;
    if (i % 3 == 0) d.lower_h = d.upper_h = t;
    else if (i % 3 == 1) d.lower_h = 0.5 * std::floor(2 * t), d.upper_h = d.lower_h + 0.5;
    else d.lower_h = 0.7 * t, d.upper_h = infinity, d.cause = -1;
    data.durations.push_back(d);
    arms.push_back(arm);
    intervals.stream << d.lower_h << ' ' << finite_or(d.upper_h, -1) << ' ' << arm << '\n';
  }
  data.design = Eigen::Map<Eigen::MatrixXd>(arms.data(), data.count(), 1);
  risks.stream << "entry time cause\n";
  for (int i = 0; i < 200; ++i) {
    const double entry = i < 150 ? 0 : 2 + random.uniform(), t = entry + 0.25 * (1 + std::floor(4 * 7 * random.exponential()));      // many ties
    Duration d;
    d.lower_h = t;
    d.seen_if_above_h = entry;
    d.cause = static_cast<int>(random.uniform() * 3) - 1;
    d.upper_h = d.cause < 0 ? infinity : t;
    ends.durations.push_back(d);
    risks.stream << entry << ' ' << t << ' ' << d.cause + 1 << '\n';
  }
  frames.stream << "lower upper\n";      // ends that never touch begins: theirs are closed intervals, ours half open
  for (int i = 0; i < 120; ++i) {
    const double t = random.gamma(4) * 2.5, low = std::max(0.0, 0.1 + std::floor(t) - static_cast<int>(random.uniform() * 3)), high = std::floor(t) + 1 + static_cast<int>(random.uniform() * 3);
    Duration d;
    d.lower_h = low;
    d.upper_h = i % 6 == 0 ? infinity : high;
    d.cause = i % 6 == 0 ? -1 : 0;
    if (d.censored() && !(low > 0)) d.lower_h = 1;
    grid.durations.push_back(d);
    frames.stream << d.lower_h << ' ' << finite_or(d.upper_h, -1) << '\n';
  }
  for (DurationData* one : {&ends, &grid}) one->design.resize(one->count(), 0);
  for (TextFile* file : {&intervals, &risks, &frames}) file->stream.close();
  const std::vector<double> peer = numbers_of("/usr/bin/Rscript " + script("durations_survival.R") + " " + intervals.path.string() + " " + risks.path.string() + " " + frames.path.string());
  if (peer.empty()) {
    WARN("skipped: R survival is not installed (scripts/setup peers)");
    return;
  }
  std::size_t at = 0;
  const auto next = [&] {
    REQUIRE(at < peer.size());
    return peer[at++];
  };
  double worst = 0;
  for (const FamilyKind kind : {FamilyKind::lognormal, FamilyKind::weibull}) {
    const double intercept = next(), slope = next(), scale = next(), theirs = next();
    const DurationLikelihood function(data, {{kind, 1}, false}, {{"location", {"arm"}}});
    // log T = intercept + slope arm + scale W: the Weibull's shape is 1 / scale
    const Eigen::VectorXd theta{{intercept, slope, kind == FamilyKind::weibull ? -std::log(scale) : std::log(scale)}};
    LikelihoodValue value;
    REQUIRE(function.evaluate(theta, value, true).ok());
    INFO(to_string(kind) << " " << value.log_likelihood << " against " << theirs);
    CHECK(std::abs(value.log_likelihood - theirs) < 1e-6);
    CHECK(value.gradient.cwiseAbs().maxCoeff() < 1e-4);      // their maximum is ours
    const DurationFit fit = fit_durations(data, {{kind, 1}, false}, {{"location", {"arm"}}}, {.intervals = false});
    CHECK((fit.best.theta - theta).cwiseAbs().maxCoeff() < 1e-6);
    worst = std::max(worst, std::abs(value.log_likelihood - theirs));
  }
  // Kaplan-Meier with late entries
  const SurvivalCurve curve = kaplan_meier(ends);
  REQUIRE(curve.time_h.size() == static_cast<std::size_t>(next()));
  for (const auto* column : {&curve.time_h, &curve.survival, &curve.sd, &curve.lower, &curve.upper})
    for (const double ours : *column) {
      const double theirs = next();
      if (std::isfinite(ours)) CHECK(ours == Approx(theirs).epsilon(1e-10));
    }
  // Aalen-Johansen; theirs also lists times of cut-offs
  DurationData whole = ends;
  std::erase_if(whole.durations, [](const Duration& d) { return d.seen_if_above_h > 0; });
  whole.design.resize(whole.count(), 0);
  const CauseCurves causes = aalen_johansen(whole);
  const auto listed = static_cast<std::size_t>(next());
  const std::vector<double> block(peer.begin() + static_cast<std::ptrdiff_t>(at), peer.begin() + static_cast<std::ptrdiff_t>(at + 5 * listed));
  at += 5 * listed;
  for (std::size_t row = 0; row < listed; ++row)
    for (std::size_t k = 0; k < causes.time_h.size(); ++k)
      if (std::abs(causes.time_h[k] - block[row]) < 1e-9)
        for (int c = 0; c < 2; ++c) {
          CHECK(causes.probability(static_cast<Eigen::Index>(k), c) == Approx(block[listed * static_cast<std::size_t>(1 + c) + row]).epsilon(1e-10));
          CHECK(causes.sd(static_cast<Eigen::Index>(k), c) == Approx(block[listed * static_cast<std::size_t>(3 + c) + row]).epsilon(1e-6));
        }
  // Turnbull at half hours: inside an interval they hold the value before it
  const TurnbullCurve npmle = turnbull(grid, {.gap = 1e-10, .bootstrap = 0});
  REQUIRE(npmle.outcome.ok());
  double furthest = 0;
  for (double t = 0.5; t <= 30; t += 1) {
    const double theirs = next();
    double before = 1, after = 1;
    for (std::size_t k = 0; k < npmle.mass.size(); ++k) {
      if (npmle.from_h[k] < t) after = npmle.survival[k];
      if (npmle.to_h[k] <= t) before = npmle.survival[k];
    }
    furthest = std::max({furthest, theirs - before, after - theirs});
  }
  CHECK(furthest < 0.01);      // their EM stops early; ours is within 1e-10 of the largest likelihood
  CHECK(at == peer.size());
  std::printf("R survival: log-likelihoods within %.1g, Turnbull within %.1g\n", worst, furthest);
}

TEST_CASE("durations and pairs agree with SciPy", "[peers][single5]") {
  RandomStream random(22, 1, 1);
  DurationData data;
  data.name = "peer";
  TextFile table("hyped_peer_durations"), pair_table("hyped_peer_pairs");
  table.stream << "lower upper above below\n";
  for (int i = 0; i < 150; ++i) {
    const double t = 1.6 + random.gamma(4) * 2;
    Duration d;
    d.lower_h = d.upper_h = t;
    if (i % 5 == 1) d.lower_h = std::max(1.0, std::floor(t)), d.upper_h = std::floor(t) + 1;
    if (i % 5 == 2) d.lower_h = 0.8 * t, d.upper_h = infinity, d.cause = -1;
    if (i % 5 == 3) d.seen_if_above_h = 0.4 * t;
    if (i % 5 == 4) d.seen_if_below_h = t + 5;
    data.durations.push_back(d);
    table.stream << d.lower_h << ' ' << finite_or(d.upper_h, -1) << ' ' << d.seen_if_above_h << ' ' << finite_or(d.seen_if_below_h, -1) << '\n';
  }
  data.design.resize(data.count(), 0);
  DurationPairs pairs{"peer", "a", "b", {}, false};
  pair_table.stream << "a ca b cb\n";
  for (int i = 0; i < 80; ++i) {
    const double z = random.normal(), a = 8.5 * std::exp(0.37 * z), b = 9 * std::exp(0.3 * (0.6 * z + 0.8 * random.normal()));
    Duration d[2];
    d[0].lower_h = d[0].upper_h = a, d[1].lower_h = d[1].upper_h = b;
    for (int side = 0; side < 2; ++side)
      if (i & (1 << side)) d[side].upper_h = infinity, d[side].cause = -1;
    pairs.pairs.emplace_back(d[0], d[1]);
    pair_table.stream << a << ' ' << (i & 1) << ' ' << b << ' ' << ((i >> 1) & 1) << '\n';
  }
  table.stream.close();
  pair_table.stream.close();
  const std::vector<double> peer = numbers_of("/usr/bin/python3 " + script("durations_scipy.py") + " " + table.path.string() + " " + pair_table.path.string());
  if (peer.empty()) {
    WARN("skipped: SciPy is not installed (scripts/setup peers)");
    return;
  }
  REQUIRE(peer.size() == 7);
  const double l = std::log(4.2);
  const std::vector<std::pair<FamilyKind, Eigen::VectorXd>> at = {{FamilyKind::gamma, Eigen::VectorXd{{std::log(9.0), l}}},
                                                                  {FamilyKind::lognormal, Eigen::VectorXd{{std::log(8.5), std::log(0.37)}}},
                                                                  {FamilyKind::weibull, Eigen::VectorXd{{std::log(10.1), std::log(2.3)}}},
                                                                  {FamilyKind::exgaussian, Eigen::VectorXd{{std::log(5.7), std::log(1.2), std::log(3.1)}}},
                                                                  {FamilyKind::delayed_exponential, Eigen::VectorXd{{std::log(1.5), std::log(6.5)}}}};
  double worst = 0;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const DurationLikelihood function(data, {{at[i].first, 1}, false});
    LikelihoodValue value;
    REQUIRE(function.evaluate(at[i].second, value, false).ok());
    INFO(to_string(at[i].first) << " " << value.log_likelihood << " against " << peer[i]);
    CHECK(std::abs(value.log_likelihood - peer[i]) < 1e-6);
    worst = std::max(worst, std::abs(value.log_likelihood - peer[i]));
  }
  DurationData met;
  met.name = "met";
  met.growth_rate_per_h = 0.06;
  met.durations.resize(2);
  met.durations[0].residual = met.durations[1].residual = true;
  met.durations[0].lower_h = met.durations[0].upper_h = 3;
  met.durations[1].lower_h = 7, met.durations[1].upper_h = infinity, met.durations[1].cause = -1;
  met.design.resize(2, 0);
  const DurationLikelihood residual(met, {{FamilyKind::gamma, 1}, false});
  LikelihoodValue value;
  REQUIRE(residual.evaluate(at[0].second, value, false).ok());
  CHECK(std::abs(value.log_likelihood - peer[5]) < 1e-8);
  const PairLikelihood copula(pairs, {FamilyKind::lognormal, 1}, {FamilyKind::gamma, 1});
  Eigen::VectorXd theta(5);
  theta << std::log(8.5), std::log(0.37), std::log(9.0), l, std::atanh(0.55);
  REQUIRE(copula.evaluate(theta, value, true).ok());
  INFO(value.log_likelihood << " against " << peer[6]);
  CHECK(std::abs(value.log_likelihood - peer[6]) < 1e-6);
  CHECK(score_error(copula, theta) < 1e-7);
  std::printf("SciPy: log-likelihoods within %.1g, of pairs within %.1g\n", worst, std::abs(value.log_likelihood - peer[6]));
}
