// Multi-state likelihoods: closed forms, exact derivatives, smoothed phases.
#include <catch2/catch.hpp>

#include <cmath>

#include "libhyped/random.hpp"
#include "libhyped/tracks/panels/panel_likelihood.hpp"

using namespace hyped;

namespace {

PanelData data_of(std::vector<std::string> phases, std::vector<PanelSubject> subjects) {
  PanelData data;
  data.source = "made";
  data.phases = std::move(phases);
  data.covariates.resize(1, 0);
  data.subjects = std::move(subjects);
  return data;
}

Eigen::VectorXd start_of(const PanelModel& model) {
  Eigen::VectorXd p(model.parameter_count());
  for (int i = 0; i < model.parameter_count(); ++i) p[i] = model.parameters()[static_cast<std::size_t>(i)].value;
  return p;
}

double log_likelihood(const PanelLikelihood& likelihood, const Eigen::VectorXd& p) {
  PanelValue value;
  REQUIRE(likelihood.evaluate(p, value, false).ok());
  return value.log_likelihood;
}

// Looks every `step` or at uneven times, along a path of a three-phase cycle with death, some misread, some unknown.
PanelData simulated(std::uint64_t seed, int subjects, bool uneven, bool misread) {
  RandomStream random(seed, 1, 0);
  const double rate[3] = {0.1, 0.15, 0.2}, death = 0.01;
  std::vector<PanelSubject> out;
  PanelData data = data_of({"G1", "S", "G2/M", "dead"}, {});
  data.covariate_names = {"drug"};
  data.covariates.resize(2, 1);
  data.covariates << 0, 1;
  for (int i = 0; i < subjects; ++i) {
    PanelSubject s;
    s.id = std::to_string(i);
    s.covariate_row = i % 2;
    s.entered = i % 3 == 0;
    int state = s.entered ? 0 : static_cast<int>(3 * random.uniform());
    double now = 0, look = 0;
    s.looks.push_back({0, state});
    double jump = random.exponential() / (rate[state] * (i % 2 ? 0.6 : 1) + death);
    while (s.looks.size() < 14 && state < 3) {
      look += uneven ? 0.3 + 4 * random.uniform() : 2;
      while (state < 3 && jump < look) {
        const double out_rate = rate[state] * (i % 2 ? 0.6 : 1);
        state = random.uniform() * (out_rate + death) < death ? 3 : (state + 1) % 3;
        now = jump;
        if (state < 3) jump = now + random.exponential() / (rate[state] * (i % 2 ? 0.6 : 1) + death);
      }
      if (state == 3 && i % 4 == 0) {
        s.looks.push_back({std::max(now, s.looks.back().time_h + 1e-3), 3, true});
        break;
      }
      int seen = state;
      if (misread && state < 3 && random.uniform() < 0.05) seen = (state + 1) % 3;
      if (state < 3 && random.uniform() < 0.05) seen = PanelLook::unknown_alive;
      s.looks.push_back({look, seen});
    }
    data.subjects.push_back(s);
  }
  return data;
}

PanelSpec cycle(const PanelData& data) {
  PanelSpec spec;
  spec.phases = data.phases;
  spec.transitions = {{0, 1}, {1, 2}, {2, 0}, {0, 3, true}, {1, 3, true}, {2, 3, true}};
  return spec;
}

}  // namespace

TEST_CASE("two states: the likelihood in closed form") {
  const double a = 0.13, b = 0.07;
  PanelData data = data_of({"on", "off"}, {{"1", {{0, 0}, {1.5, 1}, {4, 1}, {5, 0}}, 0, false}, {"2", {{2, 1}, {9, 1}}, 0, false}});
  PanelSpec spec;
  spec.phases = data.phases;
  spec.transitions = {{0, 1}, {1, 0}};
  const PanelModel model(spec, data);
  const PanelLikelihood likelihood(data, model);
  const auto p = [&](int from, int to, double t) {
    const double e = std::exp(-(a + b) * t), stays = from == 0 ? (b + a * e) / (a + b) : (a + b * e) / (a + b);
    return from == to ? stays : 1 - stays;
  };
  CHECK(log_likelihood(likelihood, Eigen::Vector2d(a, b)) == Approx(std::log(p(0, 1, 1.5) * p(1, 1, 2.5) * p(1, 0, 1) * p(1, 1, 7))).epsilon(1e-12));
  CHECK(model.generator(Eigen::Vector2d(a, b))(0, 0) == Approx(-a));
}

TEST_CASE("Erlang stays: a chain of stages is the gamma distribution") {
  // Born into "a", seen in "b" (never left) by t: probability P(Gamma(3, 3/mean) < t).
  PanelData data = data_of({"a", "b"}, {{"1", {{0, 0}, {4, 1}}, 0, true}, {"2", {{0, 0}, {6, 0}}, 0, true}});
  PanelSpec spec;
  spec.phases = data.phases;
  spec.stages = {3, 1};
  spec.transitions = {{0, 1}};
  const PanelModel model(spec, data);
  const PanelLikelihood likelihood(data, model);
  const auto survival = [](double x) { return std::exp(-x) * (1 + x + x * x / 2); };
  const double mean = 5;
  CHECK(log_likelihood(likelihood, Eigen::VectorXd::Constant(1, 1 / mean)) == Approx(std::log((1 - survival(3 * 4 / mean)) * survival(3 * 6 / mean))).epsilon(1e-11));
  // An end known to the moment has the density instead.
  data.subjects[0].looks[1].exact = true;
  const PanelLikelihood exact(data, model);
  const double rate = 3 / mean, density = rate * std::pow(rate * 4, 2) / 2 * std::exp(-rate * 4);
  CHECK(log_likelihood(exact, Eigen::VectorXd::Constant(1, 1 / mean)) == Approx(std::log(density * survival(3 * 6 / mean))).epsilon(1e-11));
}

TEST_CASE("misread states: the sum over all true paths, by hand") {
  PanelData data = data_of({"a", "b"}, {{"1", {{0, 0}, {1, 1}, {3, 0}}, 0, false}});
  PanelSpec spec;
  spec.phases = data.phases;
  spec.transitions = {{0, 1}, {1, 0}};
  spec.misread = {{0, 1}, {1, 0}};
  spec.start = PanelSpec::Start::estimated;
  const PanelModel model(spec, data);
  const double a = 0.3, b = 0.2, e01 = 0.1, e10 = 0.04, odds = 0.5;
  const Eigen::VectorXd p = (Eigen::VectorXd(5) << a, b, e01, e10, odds).finished();
  const PanelLikelihood likelihood(data, model);
  const auto stay = [&](int from, int to, double t) {
    const double e = std::exp(-(a + b) * t), stays = from == 0 ? (b + a * e) / (a + b) : (a + b * e) / (a + b);
    return from == to ? stays : 1 - stays;
  };
  const double read[2][2] = {{1 - e01, e01}, {e10, 1 - e10}}, start[2] = {1 / (1 + odds), odds / (1 + odds)};
  double sum = 0, first_true = 0;
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j)
      for (int k = 0; k < 2; ++k) {
        const double path = start[i] * read[i][0] * stay(i, j, 1) * read[j][1] * stay(j, k, 2) * read[k][0];
        sum += path;
        if (j == 1) first_true += path;
      }
  CHECK(log_likelihood(likelihood, p) == Approx(std::log(sum)).epsilon(1e-12));
  const PanelPath path = likelihood.paths(p)[0];
  CHECK(path.probability(1, 1) == Approx(first_true / sum).epsilon(1e-12));
  CHECK(path.probability.rowwise().sum().isApprox(Eigen::Vector3d::Ones(), 1e-12));
}

TEST_CASE("derivatives of every kind of parameter are exact, with and without an eigenbasis") {
  for (const bool uneven : {false, true})
    for (const int stages : {1, 3})
      for (const bool misread : {false, true}) {
        const PanelData data = simulated(7, 40, uneven, misread);
        PanelSpec spec = cycle(data);
        spec.stages = {stages, stages, 1, 1};
        spec.effects = {{0, 0}, {0, 1}, {0, 2}};
        spec.cuts_h = {7.3, 15};
        spec.cut_transitions = {0, 1};
        spec.input_cuts_h = {3, 7.3, 11};
        spec.inputs = {{"siRNA", (Eigen::MatrixXd(2, 4) << 0, 0, 0, 0, 0, 0.9, 0.6, 0.3).finished()}};
        spec.drives = {{0, 1}, {0, 2}};
        if (misread) spec.misread = {{0, 1}, {1, 2}, {2, 0}}, spec.start = PanelSpec::Start::estimated;
        const PanelModel model(spec, data);
        const PanelLikelihood likelihood(data, model);
        Eigen::VectorXd p = start_of(model);
        for (int i = 0; i < p.size(); ++i) p[i] = p[i] == 0 ? 0.2 - 0.05 * i : 1.2 * p[i];
        PanelValue value;
        REQUIRE(likelihood.evaluate(p, value, true, true).ok());
        CHECK(value.scores.colwise().sum().transpose().isApprox(value.gradient, 1e-10));
        for (int i = 0; i < p.size(); ++i) {
          const double step = 1e-5 * std::max(0.1, std::abs(p[i]));
          Eigen::VectorXd up = p, down = p;
          up[i] += step;
          down[i] -= step;
          const double slope = (log_likelihood(likelihood, up) - log_likelihood(likelihood, down)) / (2 * step);
          INFO(model.parameters()[static_cast<std::size_t>(i)].name << " stages " << stages << " misread " << misread);
          CHECK(value.gradient[i] == Approx(slope).epsilon(2e-6).margin(1e-5));
        }
      }
}

TEST_CASE("most probable paths keep to what is allowed and undo single misreadings") {
  PanelData data = data_of({"G1", "S", "divided"}, {{"1", {{0, 0}, {1, 0}, {2, 1}, {3, 0}, {4, 0}, {5, 1}, {6, 1}, {7, 1}, {8, 2}}, 0, true}});
  PanelSpec spec;
  spec.phases = data.phases;
  spec.transitions = {{0, 1}, {1, 2}};
  spec.misread = {{0, 1}, {1, 0}};
  spec.start = PanelSpec::Start::estimated;
  const PanelModel model(spec, data);
  const PanelLikelihood likelihood(data, model);
  const Eigen::VectorXd p = (Eigen::VectorXd(5) << 0.2, 0.25, 0.05, 0.05, 0.1).finished();
  CHECK(likelihood.paths(p)[0].path == std::vector<int>{0, 0, 0, 0, 0, 1, 1, 1, 2});
}

TEST_CASE("prevalence of a chain without return is its exponential") {
  PanelData data = data_of({"a", "b"}, {{"1", {{0, 0}, {10, 1}}, 0, true}});
  PanelSpec spec;
  spec.phases = data.phases;
  spec.transitions = {{0, 1}};
  spec.cuts_h = {4};
  const PanelModel model(spec, data);
  const PanelLikelihood likelihood(data, model);
  const Eigen::MatrixXd share = likelihood.prevalence(Eigen::Vector2d(0.1, std::log(2.0)), {0, 2, 6}, 0);
  CHECK(share(1, 0) == Approx(std::exp(-0.2)).epsilon(1e-12));
  CHECK(share(2, 0) == Approx(std::exp(-0.4 - 0.4)).epsilon(1e-12));
}

TEST_CASE("a delivered input multiplies the rate while it lasts, in its own condition, beside cuts") {
  PanelData data = data_of({"a", "b"}, {{"1", {{0, 0}, {10, 1}}, 1, true}, {"2", {{0, 0}, {10, 1}}, 0, true}});
  data.covariates = Eigen::MatrixXd::Zero(2, 0);
  PanelSpec spec;
  spec.phases = data.phases;
  spec.transitions = {{0, 1}};
  spec.cuts_h = {4};
  spec.input_cuts_h = {2, 5};
  spec.inputs = {{"mRNA", (Eigen::MatrixXd(2, 3) << 0, 0, 0, 0, 1, 0.5).finished()}};
  spec.drives = {{0, 0}};
  const PanelModel model(spec, data);
  REQUIRE(model.parameter_count() == 3);
  CHECK(model.parameters()[2].name == "mRNA drives a-b");
  const PanelLikelihood likelihood(data, model);
  const double a = 0.1, cut = 1.5, drive = 3;
  const Eigen::Vector3d p(a, std::log(cut), std::log(drive));
  const double driven = a * (2 + 2 * drive + 1 * cut * drive + 1 * cut * std::sqrt(drive)), plain = a * (4 + 2 * cut);
  CHECK(likelihood.prevalence(p, {0, 6}, 1)(1, 0) == Approx(std::exp(-driven)).epsilon(1e-12));
  CHECK(likelihood.prevalence(p, {0, 6}, 0)(1, 0) == Approx(std::exp(-plain)).epsilon(1e-12));
  spec.inputs[0].level.resize(2, 2);
  CHECK_THROWS_WITH(PanelModel(spec, data), Catch::Matchers::Contains("input 'mRNA' has 2 rows and 2 pieces"));
}

TEST_CASE("wrong panels and models are refused with the cell and the cure") {
  const auto likelihood_of = [](const PanelData& data, const PanelSpec& spec) {
    const PanelModel model(spec, data);
    const PanelLikelihood likelihood(data, model);
  };
  PanelData data = data_of({"a", "b"}, {{"x7", {{0, 0}, {2, 1}, {2, 1}}, 0, false}});
  PanelSpec spec;
  spec.phases = data.phases;
  spec.transitions = {{0, 1}};
  CHECK_THROWS_WITH(likelihood_of(data, spec), Catch::Matchers::Contains("cell 'x7'") && Catch::Matchers::Contains("2 h after 2 h"));
  data.subjects[0].looks = {{0, 0}, {2, 1}, {3, 0}};
  CHECK_THROWS_WITH(likelihood_of(data, spec), Catch::Matchers::Contains("seen again after 'b'"));
  data.subjects[0].looks = {{0, 0}, {2, 1}};
  spec.transitions = {{0, 0}};
  CHECK_THROWS_WITH(likelihood_of(data, spec), Catch::Matchers::Contains("two different phases"));
  spec.transitions = {{0, 1}, {0, 1}};
  CHECK_THROWS_WITH(likelihood_of(data, spec), Catch::Matchers::Contains("given twice"));
  spec.transitions = {{0, 1}};
  spec.stages = {1, 2};
  CHECK_THROWS_WITH(likelihood_of(data, spec), Catch::Matchers::Contains("never left"));
  // A change that cannot be is an outcome, not an exception.
  data.subjects[0].looks = {{0, 1}, {2, 0}};
  spec.stages = {};
  spec.transitions = {{0, 1}, {1, 0}};
  const PanelModel model(spec, data);
  const PanelLikelihood likelihood(data, model);
  PanelValue value;
  CHECK(likelihood.evaluate(Eigen::Vector2d(0.1, 0.0), value, false).status == Status::not_finite);
}
