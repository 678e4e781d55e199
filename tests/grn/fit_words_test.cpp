// What `hyped grn fit` says beside its network: baselines on arms left out, intervals with units, warnings of fits that are none, refusals.
#include <catch2/catch.hpp>
#include <algorithm>

#include "experiments/grn/fit/grn_baselines.hpp"
#include "experiments/grn/grn_run.hpp"
#include "experiments/grn/report/grn_evidence.hpp"
#include "libhyped/store/run_summary.hpp"
#include "tests/grn/cells_folder.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

namespace {

const std::string linear = "transfer = \"identity\"\ncapacity_free = false\n", one_step = "highest_penalty = 0.02\nlowest_penalty = 0.02\npenalties = 1\n";

bool warns(const CellsFolder& folder, const std::string& out, const std::string& words) {
  const RunSummary summary = read_summary(folder.path() / out);
  return std::any_of(summary.warnings.begin(), summary.warnings.end(), [&](const std::string& text) { return text.find(words) != std::string::npos; });
}

// The scenario with one arm alone.
std::string one_arm() {
  std::string text = CellsFolder::scenario("", one_step + "folds = 0\n", "", linear);
  const auto from = text.find("[[delivery]]", text.find("[[delivery]]") + 1), until = text.find("[network]");
  return text.erase(from, until - from);
}

}  // namespace

TEST_CASE("three arms without a design stand beside ridge - an empty network - no change on arms that none has seen", "[standard]") {
  const CellsFolder folder;
  const Ended fit = folder.fit(CellsFolder::scenario("", one_step + "folds = 3\n", "", linear), "three");
  INFO(fit.out << fit.err);
  REQUIRE(fit.code != 2);
  const auto rows = folder.table("three/tables/baselines.tsv");
  REQUIRE(rows.size() == 4);
  const GrnScenario scenario = read_grn_scenario(folder.path() / "three.toml");
  const GrnData data = read_grn_data(scenario, folder.path() / "cells.h5ad");
  double ridge = 0, none = 0;
  for (int left = 0; left < 3; ++left) {
    std::vector<int> others;
    for (int row = 0; row < 3; ++row)
      if (row != left) others.push_back(row);
    ridge += (baseline_of(data, others).predict(data.level.row(left)) - data.mean.row(left)).squaredNorm() / static_cast<double>(data.mean.size());
    none += data.mean.row(left).squaredNorm() / static_cast<double>(data.mean.size());
  }
  const std::vector<std::string> names{"ridge on the inputs", "empty network", "network", "no change"};
  for (std::size_t r = 0; r < rows.size(); ++r) {
    CHECK(rows[r].at("model") == names[r]);
    CHECK(std::stod(rows[r].at("lower")) < std::stod(rows[r].at("mse")));
    CHECK(std::stod(rows[r].at("upper")) > std::stod(rows[r].at("mse")));
    CHECK_THAT(rows[r].at("interval"), Contains("over 3 arms held out"));
  }
  CHECK(std::stod(rows[0].at("mse")) == Approx(ridge).epsilon(1e-9));
  CHECK(std::stod(rows[3].at("mse")) == Approx(none).epsilon(1e-9));
  CHECK_THAT(fit.out, Contains("ridge on the inputs") && Contains("network minus ridge on the inputs") && Contains("log-normalised squared"));
  for (const StoredTable& table : read_summary(folder.path() / "three").tables)
    for (const Column& column : table.columns) {
      if (table.name == "baselines" && column.name == "mse") CHECK(column.unit == "log-normalised squared");
      if (table.name == "edges" && column.name == "weight") CHECK(column.unit == "1/(log-normalised)");
      if (table.name == "fit_by_arm" && column.name == "fitted") CHECK(column.unit == "log-normalised");
    }
  for (const auto& row : folder.table("three/tables/fit_by_arm.tsv")) CHECK_FALSE(row.at("interval").empty());
  // z and the penalty's share stand beside every verdict, and decide it
  const auto edges = folder.table("three/tables/edges.tsv");
  CHECK_FALSE(edges.empty());
  for (const auto& row : edges) {
    const double z = std::abs(std::stod(row.at("z"))), share = std::stod(row.at("prior_share")), none_of = std::stod(row.at("null_share"));
    const std::string verdict = share > 0.75 ? "prior only" : z >= 3 && share <= 0.25 && none_of <= 0.5 ? "determined" : "weakly determined";
    INFO(row.at("from") << " " << row.at("to") << " z " << z << " share " << share);
    CHECK(row.at("verdict") == verdict);
    CHECK((row.at("why").find("failed") == 0) == (verdict != "determined"));
  }
  const Ended asked = folder.run("grn edges three --out asked");
  CHECK(asked.code == 0);
  CHECK_THAT(asked.out, Contains("prior_share"));
}

TEST_CASE("where folds or arms are missing the baselines say so", "[standard]") {
  const CellsFolder folder;
  const Ended none = folder.fit(CellsFolder::scenario("", one_step + "folds = 0\n", "", linear), "none");
  INFO(none.out << none.err);
  REQUIRE(none.code != 2);
  const auto rows = folder.table("none/tables/baselines.tsv");
  REQUIRE(rows.size() == 4);
  CHECK(rows[2].at("mse").empty());
  CHECK_THAT(rows[2].at("interval"), Contains("folds = 0"));
  CHECK_FALSE(rows[0].at("mse").empty());
  const Ended one = folder.fit(one_arm(), "one");
  INFO(one.out << one.err);
  REQUIRE(one.code != 2);
  CHECK(warns(folder, "one", "There is one arm"));
  CHECK(folder.table("one/tables/baselines.tsv").size() == 1);
  CHECK_THAT(folder.table("one/tables/baselines.tsv")[0].at("interval"), Contains("one value, no interval"));
  CHECK_THAT(one.out, Contains("The network of 1 condition has"));
  // an siRNA alone, from 0 h: its course has no break, and from strengths near 0 the descent found no way
  const std::string arms = "one/tables/fit_by_arm.tsv";
  const double measured = folder.value(arms, "siPRRX1", "PRRX1", "measured"), fitted = folder.value(arms, "siPRRX1", "PRRX1", "fitted");
  CHECK(measured < -0.4);
  CHECK(fitted == Approx(measured).margin(0.2));
}

TEST_CASE("a descent that was cut and a network far from the means are warnings - a fit that is neither has none", "[standard]") {
  const CellsFolder folder;
  const auto fit = [&](const std::string& name, const std::string& penalty, const std::string& gain) {
    std::string text = CellsFolder::scenario("", "highest_penalty = " + penalty + "\nlowest_penalty = " + penalty + "\npenalties = 1\nfolds = 0\n", "", linear);
    text.replace(text.find("least_gain = 1e-5"), 17, "least_gain = " + gain);
    const Ended ended = folder.fit(text, name);
    INFO(ended.out << ended.err);
    REQUIRE(ended.code != 2);
  };
  fit("good", "0.02", "1e-9");
  CHECK_FALSE(warns(folder, "good", "The descent was cut short"));
  CHECK_FALSE(warns(folder, "good", "standard errors from the measured means"));
  fit("cut", "0.0001", "0.9");
  CHECK(warns(folder, "cut", "The descent was cut short"));
  fit("far", "1000", "1e-9");      // no edge is left, and inputs move one gene each
  CHECK(warns(folder, "far", "standard errors from the measured means"));
  CHECK_FALSE(warns(folder, "far", "The descent was cut short"));
}

TEST_CASE("an edge far from no effect that rests on the prior is weakly determined, and the words name the criterion that failed") {
  const auto alone = [](double theta, double information, double prior_sd) {
    Eigen::MatrixXd jacobian(1, 1);
    jacobian << std::sqrt(information);
    return NetworkEvidence(Eigen::VectorXd::Constant(1, theta), jacobian, 1, Eigen::VectorXd::Constant(1, prior_sd), {"A -> B"}).edge(0);
  };
  // data and prior say as much: half of the information is the prior's, however far the estimate is from 0
  const EdgeEvidence far = alone(23 / std::sqrt(2.0), 1.05, 1);
  CHECK(far.verdict == EdgeVerdict::weakly_determined);
  CHECK(far.z == Approx(23).epsilon(0.02));
  CHECK(far.prior_share() == Approx(1 / 2.05));
  CHECK(far.why == "failed: prior's share 49 % (at most 25 %); met: z 23.3 (at least 3), 0 % of it where the prior outweighs the data (at most 50 %)");
  const EdgeEvidence near = alone(0.1, 100, 1);
  CHECK(near.verdict == EdgeVerdict::weakly_determined);
  CHECK(near.why.find("failed: z 1.0 (at least 3); met: prior's share 1 %") == 0);
  const EdgeEvidence clear = alone(1, 100, 1);
  CHECK(clear.verdict == EdgeVerdict::determined);
  CHECK(clear.why.find("met: z 10.0") == 0);
  const EdgeEvidence priors = alone(23, 0.1, 1);      // 24 standard deviations from 0, and nine tenths of that are the prior's doing
  CHECK(priors.verdict == EdgeVerdict::prior_only);
  CHECK(priors.why.find("prior's share 91 % (at most 25 %)") != std::string::npos);
  CHECK(priors.why.find("above 75 %: prior only") != std::string::npos);
  CHECK(priors.why.find("met: z 24.1") != std::string::npos);
  const std::string rule = verdict_rule({}, "the penalty");
  for (const char* words : {"is 3 or more", "at most 25 %", "at most 50 %", "above 75 %, whatever z is", "the penalty"}) CHECK(rule.find(words) != std::string::npos);
}

TEST_CASE("warnings begin above their named limits") {
  LadderStep step;
  step.factor = 0.01, step.optimality = 0.99 * cut_descent * step.factor;
  CHECK(cut_words(step).empty());
  step.optimality = 1.01 * cut_descent * step.factor;
  CHECK_THAT(cut_words(step), Contains("cut short"));
  GrnEvidence told_by;
  told_by.overdispersion = 2 * far_from_means;
  CHECK(far_words(told_by).empty());      // nothing is judged
  told_by.evidence = std::make_unique<NetworkEvidence>(Eigen::VectorXd::Ones(1), Eigen::MatrixXd::Ones(1, 1), 1, Eigen::VectorXd::Ones(1), std::vector<std::string>{"a"});
  CHECK_THAT(far_words(told_by), Contains("2.8 standard errors"));
  told_by.overdispersion = 0.99 * far_from_means;
  CHECK(far_words(told_by).empty());
}

TEST_CASE("settings of grn that cannot be meant are refused", "[standard]") {
  const CellsFolder folder;
  const auto fails = [&](std::string text, const std::string& from, const std::string& to, const std::string& words) {
    if (!from.empty()) {
      REQUIRE(text.find(from) != std::string::npos);
      text.replace(text.find(from), from.size(), to);
    }
    const Ended ended = folder.fit(text, "out");
    INFO(ended.out << ended.err);
    CHECK(ended.code == 2);
    CHECK_THAT(ended.err, Contains(words) && Contains("out.toml:"));
    CHECK_FALSE(std::filesystem::exists(folder.path() / "out"));
  };
  const std::string good = CellsFolder::scenario("", one_step + "folds = 0\n", "", linear);
  fails(good, "folds = 0", "folds = 4", "folds is 4, and there are 3 arms to hold out");
  fails(one_arm(), "folds = 0", "folds = 2", "folds is 2, and there is 1 arm to hold out");
  fails(good, "\"COL1A1\", ", "\"COL1A1\", \"MYOD1\", ", "genes names 'MYOD1' twice");
  fails(good, "\"COL1A1\"", "\"COL1A3\"", "did you mean 'COL1A1'");
  fails(good, "from_h = 24", "from_h = -5", "before the start (0 h)");
  fails(good, "[network]", "[[delivery]]\narm = \"dual\"\nkind = \"sirna\"\ngene = \"PRRX1\"\n[network]", "'dual' gets sirna PRRX1 at 0 h twice");
  std::string left_out = good;
  left_out.replace(left_out.find("\"COL1A1\""), 8, "\"COL1A3\"");
  left_out.replace(left_out.find("time_h = 48"), 11, "time_h = 48\nmissing_genes = \"leave_out\"");
  const Ended fit = folder.fit(left_out, "left_out");
  INFO(fit.err);
  REQUIRE(fit.code != 2);
  CHECK(warns(folder, "left_out", "1 of 5 genes of the scenario not in the data, and left out: COL1A3"));
  for (const auto& [arm, words] : {std::pair<std::string, std::string>{"late=sirna@-5", "before the start (0 h)"}, {"late=sirna@0x-1", "has the dose -1"}, {"=sirna@0", "has no name"}, {"a=sirna@0 --arm a=sirna@1", "names the arm 'a' a second time"}}) {
    const Ended ended = folder.run("grn predict left_out --arm " + arm + " --out asked");
    INFO(arm << ended.out << ended.err);
    CHECK(ended.code == 2);
    CHECK_THAT(ended.err, Contains(words));
  }
  const Ended wrong = folder.run("grn edges left_out --from PRRX1 --to MYOD2 --out asked");
  CHECK(wrong.code == 2);
  CHECK_THAT(wrong.err, Contains("did you mean 'MYOD1'"));
}

TEST_CASE("intervals of squared errors") {
  RandomStream stream(11, 2, 0);
  for (const auto& [spread, least] : {std::pair{0.3, 0.92}, {0.7, 0.89}})
    for (const int arms : {3, 12, 40}) {
      constexpr int sets = 2000;
      int held = 0;
      for (int s = 0; s < sets; ++s) {
        std::vector<double> by;
        double sum = 0;
        for (int a = 0; a < arms; ++a) {
          double squares = 0;      // ten independent genes an arm, arms that are harder than others
          for (int g = 0; g < 10; ++g) squares += std::pow(stream.normal(), 2) / 10;
          by.push_back(std::exp(spread * stream.normal() - 0.5 * spread * spread) * squares);
          sum += by.back() / arms;
        }
        const ErrorInterval interval = error_interval(sum, by, "arm", 0.95);
        held += interval.lower <= 1 && 1 <= interval.upper;
      }
      const double share = static_cast<double>(held) / sets;
      INFO("spread " << spread << ", " << arms << " arms: held " << share);
      CHECK(share > least);
      CHECK(share < 0.97);
    }
  const ErrorInterval few = error_interval(1, {1, 2}, "arm", 0.95);
  CHECK(std::isnan(few.lower));
  CHECK(few.words == "one value, no interval: 2 arms held out, and a spread needs 3");
}

TEST_CASE("a published model is reproduced by the log of its training or said not to be") {
  const std::vector<double> errors{0.1, 0.3, 0.2, 0.6, 0.9};      // batches of 2: 0.2, 0.4, 0.9
  const std::vector<CellboxLogRow> log{{2, 0, 0, 0.7}, {3, 0, 1, 0.5 + 1e-9}, {4, 0, 2, 0.48}, {5, -1, -1, 0.45}};
  const PublishedCheck yes = check_published(errors, 2, log);
  CHECK(yes.here == Approx(0.5));
  CHECK(yes.row.iteration == 1);
  CHECK(yes.difference == Approx(1e-9).epsilon(1e-3));
  CHECK(yes.next == Approx(0.02));
  CHECK(yes.reproduced());
  CHECK_THAT(words_of(yes), Contains("reproduced: yes") && Contains("line 3") && Contains("of weights that are not in the data"));
  const PublishedCheck no = check_published(errors, 5, log);      // one batch: 0.42
  CHECK_FALSE(no.reproduced());
  CHECK_THAT(words_of(no), Contains("reproduced: no") && Contains("the end of a stage"));
  CommandFolder folder;
  folder.write("record_eval.csv", "epoch,iter,train_mse,test_mse,time_elapsed\n0,0,0.5,0.7,1,\n0,1,0.4,None,1,\n-1,None,None,0.45,2,\n");
  const auto read = read_cellbox_log(folder.path() / "record_eval.csv");
  REQUIRE(read.size() == 2);
  CHECK(read[1].line == 4);
  CHECK(read[1].epoch == -1);
  CHECK(read[1].test_mse == 0.45);
  folder.write("other.csv", "a,b\n1,2\n");
  CHECK_THROWS_WITH(read_cellbox_log(folder.path() / "other.csv"), Contains("has no column 'epoch'"));
}
