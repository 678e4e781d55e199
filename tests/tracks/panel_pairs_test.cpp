// Transitions counted once each against the passes over every cell, which R msm checks.
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/parallel.hpp"
#include "libhyped/tracks/panels/panel_likelihood.hpp"
#include "libhyped/tracks/panels/panel_pairs.hpp"
#include "tests/fitting/panel_paths.hpp"

using namespace hyped;

namespace {

// Both ways of writing one likelihood: pairs and what they leave, and the passes alone.
void compare(const PanelData& data, const PanelSpec& spec, bool all_counted) {
  const PanelModel model(spec, data);
  REQUIRE(PanelPairs::applies(model));
  const PanelPairs pairs(data, model);
  CHECK(pairs.rest().subjects.empty() == all_counted);
  Eigen::VectorXd p(model.parameter_count());
  for (int i = 0; i < p.size(); ++i) p[i] = model.parameters()[static_cast<std::size_t>(i)].positive ? 1.1 * model.parameters()[static_cast<std::size_t>(i)].value : 0.1 + 0.02 * i;
  const PanelLikelihood passes(data, model);
  PanelValue whole, left;
  PairValue counted;
  REQUIRE(passes.evaluate(p, whole, true, true).ok());
  REQUIRE(pairs.evaluate(p, counted, true).ok());
  long intervals = pairs.intervals();
  left.gradient = Eigen::VectorXd::Zero(p.size());
  if (!all_counted) {
    const PanelLikelihood rest(pairs.rest(), model);
    REQUIRE(rest.evaluate(p, left, true, false).ok());
    intervals += rest.intervals();
  }
  CHECK(intervals == passes.intervals());
  // Sums of thousands of terms in another order: rounding alone.
  CHECK(counted.log_likelihood + left.log_likelihood == Approx(whole.log_likelihood).epsilon(1e-12));
  CHECK((counted.gradient + left.gradient - whole.gradient).norm() < 1e-9 * (1 + whole.scores.norm()));
  // The information is that of single transitions: positive, and the gradient lies in its range.
  CHECK(counted.information.isApprox(counted.information.transpose(), 1e-12));
  CHECK(counted.information.diagonal().minCoeff() >= 0);
}

}  // namespace

TEST_CASE("transitions counted once each give the likelihood of all cells") {
  for (const bool uneven : {false, true}) {
    hyped::testing::PanelTruth truth;
    truth.uneven = uneven;
    PanelData data = hyped::testing::simulated_panel(truth, 80, 5);
    PanelSpec spec = hyped::testing::cycle_with_death(data, false);
    compare(data, spec, true);
    if (!uneven) CHECK(PanelPairs(data, PanelModel(spec, data)).distinct() < 150);      // of some 1,800: deaths have lengths of their own

    // Cuts between and at looks, covariates, an input.
    data.covariate_names = {"dose"};
    data.covariates.resize(2, 1);
    data.covariates << 0, 1;
    for (std::size_t i = 0; i < data.subjects.size(); i += 2) data.subjects[i].covariate_row = 1;
    spec.effects = {{0, 0}, {0, 3}};
    spec.cuts_h = {7, 20};
    spec.input_cuts_h = {7, 11.5};
    spec.inputs = {{"mRNA", (Eigen::MatrixXd(2, 3) << 0, 0, 0, 0, 1, 0.4).finished()}};
    spec.drives = {{0, 1}};
    compare(data, spec, false);

    // Looks without a call, in the middle, in a row, at both ends.
    for (std::size_t i = 0; i < data.subjects.size(); i += 3) {
      auto& looks = data.subjects[i].looks;
      for (const std::size_t k : {std::size_t{0}, std::size_t{3}, std::size_t{4}, looks.size() - 1})
        if (k < looks.size() && looks[k].seen < 3) looks[k].seen = k == 3 ? PanelLook::nothing : PanelLook::unknown_alive;
    }
    compare(data, spec, false);
  }
}

TEST_CASE("an impossible transition is an outcome that names the cell, on any number of threads") {
  hyped::testing::PanelTruth truth;
  PanelData data = hyped::testing::simulated_panel(truth, 40, 6);
  PanelSpec spec = hyped::testing::cycle_with_death(data, false);
  data.subjects[7].looks = {{0, 1}, {2, 3, true}};
  spec.transitions = {{0, 1}, {1, 2}, {2, 0}, {0, 3, true}, {2, 3, true}};
  Eigen::VectorXd p = Eigen::VectorXd::Constant(5, 0.1);
  p[1] = 0;      // S is not left
  const PanelModel model(spec, data);
  const PanelPairs pairs(data, model);
  PairValue value;
  const Outcome outcome = pairs.evaluate(p, value, false);
  CHECK(outcome.status == Status::not_finite);
  p[1] = 0.1;
  PairValue one, two;
  set_threads(1);
  REQUIRE(pairs.evaluate(p, one, true).ok());
  set_threads(2);
  REQUIRE(pairs.evaluate(p, two, true).ok());
  set_threads(0);
  CHECK(one.log_likelihood == two.log_likelihood);
  CHECK(one.gradient == two.gradient);
}
