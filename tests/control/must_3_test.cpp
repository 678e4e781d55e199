// The MYOD1 series: exact steps, the earlier static figures, the fold filter, rankings without nuisance programmes and in both orders of time.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "experiments/planning/dgc/dgc_run.hpp"
#include "libhyped/ingest/networks/read_edge_list.hpp"
#include "libhyped/ingest/networks/read_expression_series.hpp"
#include "tests/experiments/real_data.hpp"

using namespace hyped;
using hyped::testing::real_data;
using hyped::testing::RunFolder;

namespace {

DgcSettings settings_of(const std::filesystem::path& series, const std::filesystem::path& prior) {
  DgcSettings out;
  out.series = series, out.prior = prior;
  out.start = "T0", out.target = {"T14", "T15"};
  return out;
}

}  // namespace

TEST_CASE("must/control/3", "[standard]") {
  const auto file = real_data("data/grn/myod1_fibroblast_timeseries/rp_counts.raw.csv"), list = real_data("data/grn/priors/collectri_human.csv");
  if (file.empty() || list.empty()) return;
  const ExpressionSeries series = read_expression_series(file);
  const PriorEdges prior = read_edge_list(list);
  DgcSettings settings = settings_of(file, list);
  const DgcCase labels = make_case(series, settings, TimeOrder::labels);
  REQUIRE(labels.course.genes.size() == 12777);
  // A_k x_k = x_{k+1}, relative to x_{k+1}, of the means and (by the rule for it) of every replicate
  {
    std::vector<Eigen::MatrixXd> states;
    for (std::size_t t = 0; t < labels.course.times_h.size(); ++t) {
      Eigen::MatrixXd state(12777, 3);
      for (int r = 0; r < 3; ++r) state.col(r) = labels.course.replicates[static_cast<std::size_t>(r)].col(static_cast<Eigen::Index>(t));
      states.push_back(state);
    }
    const auto mean = control::guided_transitions(states), each = control::guided_transitions(states, control::ReplicateRule::each);
    for (std::size_t k = 0; k + 1 < states.size(); ++k) {
      const Eigen::VectorXd x = states[k].rowwise().mean(), next = states[k + 1].rowwise().mean();
      CHECK((mean[k].apply(x) - next).norm() < 1e-14 * next.norm());
      CHECK((each[k].apply(states[k]) - states[k + 1]).norm() < 1e-12 * states[k + 1].norm());      // replicates are nearly collinear: digits are lost
    }
  }
  // the earlier static figures: A = I, start T0, target T14 and T15, signs of CollecTRI, no filter. They were made of means rounded to four
  // decimals: half a unit of their last digit
  const control::FactorInputs inputs = control::factor_inputs(prior, labels.course.genes);
  REQUIRE(inputs.names.size() == 656);
  const auto nothing = control::no_projection(12777);
  const auto gram = control::input_gram(inputs, nothing);
  const control::EffectModel model(gram, control::guided_problem(labels.data, nothing));
  const auto scores = control::score_factors(model);
  const auto places = control::places_of(scores);
  const auto at = [&](const char* name) { return static_cast<std::size_t>(inputs.index_of(name)); };
  CHECK(model.distance() == Approx(86.304).margin(1e-3));
  CHECK(scores[at("NFKB")].score == Approx(0.351).margin(5e-4));
  CHECK(scores[at("SREBF2")].score == Approx(0.311).margin(5e-4));
  CHECK(scores[at("STAT1")].score == Approx(0.309).margin(5e-4));
  CHECK(scores[at("MYOD1")].score == Approx(0.0364).margin(5e-5));
  CHECK(places[at("NFKB")] == 1);
  CHECK(places[at("SREBF2")] == 2);
  CHECK(places[at("STAT1")] == 3);
  CHECK(places[at("MYOD1")] == 102);
  CHECK(places[at("MYOG")] == 66);
  // from 0 h MYOD1 leads away: its score is exactly 0, as that of 241 factors. Any place from 416 to 656 is as true; the earlier figure, 423, is one of them.
  {
    DgcSettings from_zero = settings;
    from_zero.start = "T1";
    const DgcCase other = make_case(series, from_zero, TimeOrder::labels);
    const control::EffectModel later(gram, control::guided_problem(other.data, nothing));
    const auto found = control::score_factors(later);
    CHECK(found[at("MYOD1")].score == 0);
    CHECK(found[at("MYOD1")].gain < 0);
    int positive = 0;
    for (const auto& one : found) positive += one.score > 0 ? 1 : 0;
    CHECK(positive < 423);
    CHECK(positive == 415);
  }
  // everything the command does, with intervals
  RunFolder folder("control_3");
  {
    RunDirectory run(folder.path, {"test"}, 1);
    run_dgc(run, settings);
    run.finish();
  }
  const auto ranking = folder.table("ranking"), variants = folder.table("variants");
  const std::size_t myod1 = testing::row_of(ranking, "factor", "MYOD1");
  CHECK(ranking.number(myod1, ranking.column("place")) == 102);
  CHECK(ranking.number(myod1, ranking.column("place_lower")) <= 102);
  CHECK(ranking.number(myod1, ranking.column("place_upper")) >= 102);
  // the filter: the delivered MYOD1 is not counted in this series, so that it cannot pass
  CHECK(ranking.text(myod1, ranking.column("place_filtered")).empty());
  CHECK(ranking.number(myod1, ranking.column("own_log2_fold")) < 1);
  // places with and without programmes, both orders
  int rows = 0;
  for (std::size_t r = 0; r < variants.rows(); ++r) {
    if (variants.text(r, variants.column("factor")) != "MYOD1") continue;
    ++rows;
    const std::string order = variants.text(r, variants.column("order")), removed = variants.text(r, variants.column("removed"));
    WARN(fmt::format("MYOD1, order of {}, without {}: place {:g} ({} to {}), mu {:.4f}, d0 {:.3f}", order, removed, variants.number(r, variants.column("place")), variants.text(r, variants.column("place_lower")), variants.text(r, variants.column("place_upper")), variants.number(r, variants.column("score")), variants.number(r, variants.column("distance"))));
    if (removed == "nothing" || removed.find("all") != std::string::npos) {
      CHECK_FALSE(variants.text(r, variants.column("place_lower")).empty());
    }
  }
  CHECK(rows == 12);
  // what is taken out no longer leads: STAT1 lives on interferon's genes, SREBF2 on sterol's
  const auto place_in = [&](const char* factor, const char* removed) {
    for (std::size_t r = 0; r < variants.rows(); ++r)
      if (variants.text(r, variants.column("factor")) == factor && variants.text(r, variants.column("order")) == "labels" && variants.text(r, variants.column("removed")) == removed) return variants.number(r, variants.column("place"));
    return -1.0;
  };
  CHECK(place_in("STAT1", "genes of interferon") > 3);
  CHECK(place_in("SREBF2", "genes of sterol") > 5);
  CHECK(place_in("MYOD1", "genes of all") < 102);
  const auto summary = folder.text("summary.json");
  for (const char* word : {"d0 = 86.304", "log2(CPM + 1)", "sample numbers", "fold"}) CHECK_THAT(summary, Catch::Matchers::Contains(word));
  CHECK(std::filesystem::exists(folder.path / "figures/ranking.svg"));
  CHECK(std::filesystem::exists(folder.path / "figures/variants.svg"));
  CHECK(std::filesystem::exists(folder.path / "tables/sensors.tsv"));
  CHECK(std::filesystem::exists(folder.path / "tables/controllability.tsv"));
}
