// Networks fitted to whole cells by the command: losses, penalties, programmes, libraries and bootstraps of the scenario, each with what it must do.
#include <catch2/catch.hpp>
#include <cmath>

#include "experiments/cells/cell_figures.hpp"
#include "libhyped/random.hpp"
#include "tests/grn/cells_folder.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

const std::string ladder = "highest_penalty = 0.1\nlowest_penalty = 0.01\npenalties = 2\nfolds = 0\n";

}  // namespace

TEST_CASE("losses on cells lead to the arms' effects: counts, moments, energy and sliced Wasserstein", "[standard]") {
  const CellsFolder folder;
  for (const char* loss : {"counts", "moments", "energy", "sliced_wasserstein"}) {
    const bool counts = std::string(loss) == "counts";
    std::string text = CellsFolder::scenario(counts ? "scale = \"log_ratio\"" : "", ladder + "loss = \"" + loss + "\"\n" + (counts ? "" : "simulated_cells = 24\nmeasured_cells = 60\ndirections = 16\n"));
    if (!counts) text.replace(text.find("iterations = 400"), 16, "iterations = 60");      // near the end is enough to see where it leads
    const Ended fit = folder.fit(text, loss);
    INFO(loss << fit.out << fit.err);
    REQUIRE(fit.code != 2);
    const std::string table = std::string(loss) + "/tables/fit_by_arm.tsv";
    const double silenced = folder.value(table, "siPRRX1", "PRRX1", "fitted"), delivered = folder.value(table, "mmMYOD1", "MYOD1", "fitted"), target = folder.value(table, "dual", "COL1A1", "fitted");
    if (counts) {      // true logarithms of ratios; the penalty takes some
      CHECK(silenced == Approx(std::log(5.0 / 12)).margin(0.25));
      CHECK(delivered == Approx(std::log(5.0)).margin(0.35));
      CHECK(target == Approx(std::log(0.5)).margin(0.25));
      CHECK(std::abs(folder.value(table, "siPRRX1", "MYOG", "fitted")) < 0.2);
    } else {           // simulated cells are too like those at rest where counts are low: direction and rough size alone
      CHECK((silenced < -0.4 && silenced > -1.6));
      CHECK((delivered > 0.8 && delivered < 2.6));
      CHECK(target < -0.2);
    }
    CHECK(fit.out.find(counts ? "negative binomial" : "simulated ones") != std::string::npos);
    if (!counts) {
      const Ended late = folder.run("grn predict " + std::string(loss) + " --out late_" + loss);      // of simulated cells: one row a condition
      CHECK(late.code == 0);
      CHECK(folder.table("late_" + std::string(loss) + "/tables/predictions.tsv").size() == 15);
    }
  }
}

TEST_CASE("a loss on whole cells that misses the measured means is said, and its edges are not judged", "[standard]") {
  const CellsFolder folder;
  const auto moments = [&](const std::string& name, const std::string& iterations) {
    std::string text = CellsFolder::scenario("", ladder + "loss = \"moments\"\nsimulated_cells = 32\nmeasured_cells = 90\ndose_log_sd = 0.0\n");
    text.replace(text.find("iterations = 400"), 16, "iterations = " + iterations);
    return folder.fit(text, name);
  };
  const Ended cut = moments("cut", "1");
  INFO(cut.out << cut.err);
  REQUIRE(cut.code != 2);
  CHECK(cut.out.find("misses the measured means by") != std::string::npos);
  for (const auto& row : folder.table("cut/tables/edges.tsv")) CHECK(row.at("verdict") == "not judged");
  // with the spread of doses there is, means are kept: MYOG does not answer the siRNA (counting noise in variances made it +0.9 before)
  const Ended none = moments("whole", "200");
  INFO(none.out << none.err);
  REQUIRE(none.code != 2);
  CHECK(std::abs(folder.value("whole/tables/fit_by_arm.tsv", "siPRRX1", "MYOG", "fitted") - folder.value("whole/tables/fit_by_arm.tsv", "siPRRX1", "MYOG", "measured")) < 0.3);
  CHECK(none.out.find("misses the measured means by") == std::string::npos);
}

TEST_CASE("an siRNA as extra degradation of the whole level: its fold is fitted, and 1 is no effect", "[standard]") {
  const CellsFolder folder;
  const auto degrading = [&](const std::string& data) {
    std::string text = CellsFolder::scenario(data, "highest_penalty = 0.3\nlowest_penalty = 0.3\npenalties = 1\nfolds = 3\n");
    for (std::size_t at = 0; (at = text.find("gene = \"PRRX1\"", at)) != std::string::npos; at += 30) text.replace(at, 14, "gene = \"PRRX1\"\naction = \"degrades\"");
    return text;
  };
  const Ended fit = folder.fit(degrading(""), "degrades");
  INFO(fit.out << fit.err);
  REQUIRE(fit.code != 2);
  const double measured = folder.value("degrades/tables/fit_by_arm.tsv", "siPRRX1", "PRRX1", "measured"), fitted = folder.value("degrades/tables/fit_by_arm.tsv", "siPRRX1", "PRRX1", "fitted");
  CHECK(measured < -0.5);
  CHECK(fitted == Approx(measured).margin(0.15));      // was exactly 0: a difference from the control that rests at 0 cannot decay
  for (const auto& row : folder.table("degrades/tables/parameters.tsv"))
    if (row.at("parameter").find("degrades PRRX1") != std::string::npos) {
      CHECK(std::stod(row.at("estimate")) > 1);
      CHECK(std::stod(row.at("lower")) > 0);
      CHECK(std::stod(row.at("lower")) < std::stod(row.at("estimate")));
    }
  CHECK(text_of(folder.path() / "degrades/summary.json").find("raises the decay of the whole level of PRRX1") != std::string::npos);
  const Ended late = folder.run("grn predict degrades --arm half=sirna@0x0.5 --out half");
  INFO(late.out << late.err);
  CHECK(late.code == 0);
  const Ended refused = folder.fit(degrading("scale = \"log_ratio\""), "refused");
  CHECK(refused.code == 2);
  CHECK(refused.err.find("the state is a logarithm of levels") != std::string::npos);
}

TEST_CASE("programmes are taken out, shared libraries subtracted, libraries of their own widen the errors", "[standard]") {
  const CellsFolder folder;
  const Ended plain = folder.fit(CellsFolder::scenario("", ladder), "plain");
  REQUIRE(plain.code != 2);
  const Ended clean = folder.fit(CellsFolder::scenario("", ladder, "[nuisance]\nprogrammes = [\"interferon\"]"), "clean");
  INFO(clean.out << clean.err);
  REQUIRE(clean.code != 2);
  const std::string table = "/tables/fit_by_arm.tsv";
  CHECK(folder.value("plain" + table, "mmMYOD1", "OTHER", "measured") > 0.4);
  CHECK(std::abs(folder.value("clean" + table, "mmMYOD1", "OTHER", "measured")) < 0.2);      // the programme's answer is gone
  CHECK(folder.value("clean" + table, "mmMYOD1", "MYOD1", "measured") > 1.0);                // that of the factor stays
  CHECK(folder.table("clean/tables/nuisance.tsv").size() == 15);
  const Ended shared = folder.fit(CellsFolder::scenario("library = \"library\"", ladder), "shared");
  REQUIRE(shared.code != 2);
  CHECK(folder.value("shared" + table, "siPRRX1", "COL1A1", "standard_error") < 0.9 * folder.value("plain" + table, "siPRRX1", "COL1A1", "standard_error"));      // the factor of 1.6 is no scatter any more
  const Ended own = folder.fit(CellsFolder::scenario("library = \"own_library\"", ladder), "own");
  REQUIRE(own.code != 2);
  CHECK(own.out.find("cannot be told from an effect") != std::string::npos);
  CHECK(folder.value("own" + table, "siPRRX1", "COL1A1", "standard_error") >= folder.value("plain" + table, "siPRRX1", "COL1A1", "standard_error"));
}

TEST_CASE("bootstraps over cells and over wells give every parameter an interval that holds the estimate", "[standard]") {
  const CellsFolder folder;
  for (const char* unit : {"cells", "wells"}) {
    // refits are made of a fit that is at the end of its descent: a linear network gets there
    const Ended fit = folder.fit(CellsFolder::scenario("well = \"well\"", ladder, "[bootstrap]\nunit = \"" + std::string(unit) + "\"\nreplicates = 20", "transfer = \"identity\"\ncapacity_free = false\n"), unit);
    INFO(fit.out << fit.err);
    REQUIRE(fit.code != 2);
    CHECK(fit.out.find("refits to resampled " + std::string(unit)) != std::string::npos);
    int inputs = 0;
    for (const auto& row : folder.table(std::string(unit) + "/tables/bootstrap.tsv")) {
      if (row.at("parameter").find("drives") == std::string::npos) continue;
      ++inputs;
      CHECK(std::stod(row.at("sd")) > 0);
      CHECK(std::stod(row.at("same_sign")) == 20);      // effects are many standard errors
    }
    CHECK(inputs == 2);
  }
}

TEST_CASE("penalties and descents are reached from the scenario - groups - prior - Huber - Adam - LBFGS - stopping - ensembles", "[standard]") {
  const CellsFolder folder;
  const auto edges = [&](const std::string& run, const std::string& from) {
    int count = 0;
    for (const auto& row : folder.table(run + "/tables/edges.tsv")) count += row.at("from") == from ? 1 : 0;
    return count;
  };
  // groups alone: a regulator has all of its edges or none
  const Ended groups = folder.fit(CellsFolder::scenario("", ladder + "groups = \"regulator\"\ngroup_share = 1.0\n"), "groups");
  INFO(groups.out << groups.err);
  REQUIRE(groups.code != 2);
  for (const char* gene : {"PRRX1", "MYOD1", "COL1A1", "MYOG", "OTHER"}) CHECK((edges("groups", gene) == 0 || edges("groups", gene) == 4));
  // an edge of the prior costs less, and grows further than without the list
  folder.write("prior.tsv", "source\ttarget\tsign\nPRRX1\tCOL1A1\t1\nMYOD1\tMYOG\t1\nMYOD1\tELSEWHERE\t1\n");
  const Ended prior = folder.fit(CellsFolder::scenario("", ladder, "", "prior = \"prior.tsv\"\nprior_use = \"penalty\"\nprior_inside = 0.01\n"), "prior");
  INFO(prior.out << prior.err);
  REQUIRE(prior.code != 2);
  CHECK(prior.out.find("ELSEWHERE") != std::string::npos);
  const auto listed = [&](const std::string& run) {
    double sum = 0;
    for (const auto& row : folder.table(run + "/tables/edges.tsv"))
      if ((row.at("from") == "PRRX1" && row.at("to") == "COL1A1") || (row.at("from") == "MYOD1" && row.at("to") == "MYOG")) sum += std::abs(std::stod(row.at("weight")));
    return sum;
  };
  REQUIRE(folder.fit(CellsFolder::scenario("", ladder), "plain").code != 2);
  INFO("listed edges: " << listed("prior") << ", without the list " << listed("plain"));
  CHECK(listed("prior") > 1.5 * listed("plain"));      // a hundredth of the penalty on them
  for (const auto& [name, text] : {std::pair<std::string, std::string>{"huber", ladder + "huber = 2\n"}, {"adam", "highest_penalty = 0.1\nlowest_penalty = 0.1\npenalties = 1\nfolds = 0\ndescent = \"adam\"\nlearning_rate = 0.02\n"}, {"lbfgs", "folds = 0\ndescent = \"lbfgs\"\nedge_pull = 1e-3\n"},
                                   {"stopped", "highest_penalty = 0.1\nlowest_penalty = 0.01\npenalties = 2\nfolds = 3\npatience = 20\nlook_every = 5\npredict = \"ensemble\"\n"}}) {
    const Ended fit = folder.fit(CellsFolder::scenario("", text), name);
    INFO(name << fit.out << fit.err);
    REQUIRE(fit.code != 2);
    CHECK(folder.value(name + "/tables/fit_by_arm.tsv", "siPRRX1", "PRRX1", "fitted") < -0.3);
    CHECK(folder.value(name + "/tables/fit_by_arm.tsv", "mmMYOD1", "MYOD1", "fitted") > (name == "stopped" ? 0.2 : 0.8));      // folds that left the arm out know less
  }
}

TEST_CASE("a descent that is cut short is counted, said, and the run's outcome", "[standard]") {
  const CellsFolder folder;
  const Ended fit = folder.fit(CellsFolder::scenario("", ladder), "whole");
  REQUIRE(fit.code != 2);
  std::string text = CellsFolder::scenario("", ladder);
  text.replace(text.find("iterations = 400"), 16, "iterations = 2");
  const Ended cut = folder.fit(text, "cut");
  INFO(cut.out << cut.err);
  CHECK(cut.code == 1);
  CHECK(cut.out.find("did not converge within their iterations") != std::string::npos);
  CHECK(text_of(folder.path() / "cut/summary.json").find("is not the end of its descent") != std::string::npos);
}

TEST_CASE("settings that do not go together are clear errors") {
  const CellsFolder folder;
  const auto fails = [&](const std::string& text, const std::string& words) {
    const Ended ended = folder.fit(text, "out");
    INFO(ended.out << ended.err);
    CHECK(ended.code == 2);
    CHECK(ended.err.find(words) != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "out"));
  };
  fails(CellsFolder::scenario("", ladder + "loss = \"counts\"\n"), "needs the scale of counts");
  fails(CellsFolder::scenario("", ladder + "loss = \"energie\"\n"), "did you mean 'energy'");
  fails(CellsFolder::scenario("", ladder + "simulated_cells = 20\n"), "losses on distributions");
  fails(CellsFolder::scenario("", ladder, "[bootstrap]\nunit = \"wells\""), "names no column of wells");
  fails(CellsFolder::scenario("well = \"arm\"", ladder, "[bootstrap]\nunit = \"wells\""), "one well");
  fails(CellsFolder::scenario("", ladder, "[bootstrap]\nunit = \"cells\"\nreps = 3"), "unknown key 'reps'");
  fails(CellsFolder::scenario("", ladder, "[nuisance]\nprogrammes = [\"interferone\"]"), "there is no programme 'interferone'");
  fails(CellsFolder::scenario("", "folds = 0\ndescent = \"lbfgs\"\nhighest_penalty = 1\n"), "L-BFGS takes no penalty with corners");
  fails(CellsFolder::scenario("", "folds = 0\npatience = 10\n"), "held out");
  fails(CellsFolder::scenario("", ladder + "predict = \"ensemble\"\n"), "made of the fold fits");
  fails(CellsFolder::scenario("", ladder, "", "prior_inside = 0.1"), "no prior");
  fails(CellsFolder::scenario("reference = [\"control\", \"dual\"]", ladder), "an arm with a delivery and the reference");
}

TEST_CASE("thinned points keep the extremes") {
  const int n = 5000;
  Eigen::VectorXd x(n), y(n);
  RandomStream random(1, 2, 3);
  for (int i = 0; i < n; ++i) x[i] = random.normal(), y[i] = random.normal();
  x[77] = 9, y[1234] = -8, x[4000] = 6, y[4000] = -6;      // in x, in y, off the diagonal
  const std::vector<int> drawn = drawn_points(x, y, 300);
  CHECK(drawn.size() == 300);
  CHECK(std::is_sorted(drawn.begin(), drawn.end()));
  for (const int extreme : {77, 1234, 4000}) CHECK(std::binary_search(drawn.begin(), drawn.end(), extreme));
  CHECK(drawn_points(x, y, n).size() == static_cast<std::size_t>(n));
}
