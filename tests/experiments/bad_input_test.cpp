// Wrong input through the built command: exit code 2, one line that names place, fault and fix, nothing left behind; results in
// doubt: exit code 1, said in table, summary and output; help that fits a terminal.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/store/run_summary.hpp"
#include "tests/experiments/run_checks.hpp"
#include "tests/experiments/small_scenario.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

namespace {

const std::string scenario = small_scenario + R"([fit]
starts = 2
)";

// Two arms, two wells each, 13 frames; line 2 is control, well 1, 0 h, G1.
std::string counts() {
  std::ostringstream out;
  out << "condition\twell\ttime_h\tclass\tcount\n";
  for (const bool drug : {false, true})
    for (int well = 1; well <= 2; ++well)
      for (int i = 0; i < 13; ++i) {
        const double t = 2 * i, cells = 200 * std::exp(0.02 * t) + (i * 7 + well * 5) % 5 * 3, share = 0.55 + 0.1 * std::exp(-t / 9) * (drug ? 0.5 : 1);
        for (const bool g1 : {true, false})
          out << (drug ? "drug" : "control") << '\t' << well << '\t' << t << '\t' << (g1 ? "G1" : "S/G2/M") << '\t' << std::lround(cells * (g1 ? share : 1 - share)) << '\n';
      }
  return out.str();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

// The text with line `number` (from 1) made anew.
template <class Change>
std::string with_line(const std::string& text, int number, Change change) {
  std::istringstream in(text);
  std::string out, line;
  for (int i = 1; std::getline(in, line); ++i) out += (i == number ? change(line) : line) + "\n";
  return out;
}
std::string with_count(const std::string& text, int number, const std::string& count) {
  return with_line(text, number, [&](const std::string& line) { return line.substr(0, line.rfind('\t') + 1) + count; });
}

// The line of the scenario that begins with `text`.
std::string scenario_line(const std::string& changed, const std::string& text) {
  std::istringstream in(changed);
  std::string line;
  for (int i = 1; std::getline(in, line); ++i)
    if (line.rfind(text, 0) == 0) return "scenario.toml:" + std::to_string(i) + ": ";
  FAIL("no line begins with " << text);
  return "";
}

// Exit code 2, one line on stderr holding all `texts`, and no trace of --out.
void refused(const std::string& toml, const std::string& table, const std::vector<std::string>& texts, const std::string& verb = "cycle fit") {
  const CommandFolder folder;
  folder.write("scenario.toml", toml);
  folder.write("counts.tsv", table);
  const Ended ended = folder.run(verb + " scenario.toml --out out");
  INFO(ended.err);
  CHECK(ended.code == 2);
  CHECK(ended.err.rfind("hyped: ", 0) == 0);
  CHECK(std::count(ended.err.begin(), ended.err.end(), '\n') == 1);
  for (const auto& text : texts) CHECK_THAT(ended.err, Contains(text));
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    const std::string left = entry.path().filename().string();
    INFO("left behind: " << left);
    CHECK((left == "scenario.toml" || left == "counts.tsv" || left == "stdout.txt" || left == "stderr.txt"));
  }
}

}  // namespace

TEST_CASE("bad tables are refused with line, name and fix") {
  const std::string good = counts();
  refused(scenario, replaced(good, "\tcount\n", "\tnumber\n"), {"counts.tsv:1: ", "'count'", "rename it"});
  refused(scenario, replaced(good, "control\t1\t4", "contrl\t1\t4"), {"counts.tsv:6: ", "'contrl'", "did you mean 'control'"});
  refused(scenario, with_count(good, 4, "-4"), {"counts.tsv:4: ", "'count'", "-4 is negative"});
  refused(scenario, with_count(good, 4, "4.5"), {"counts.tsv:4: ", "4.5 is not a whole number", "integers"});
  refused(scenario, with_count(good, 4, "many"), {"counts.tsv:4: ", "'many' is not a number"});
  refused(scenario, with_line(good, 4, [](const std::string& line) { return line.substr(0, line.rfind('\t')); }), {"counts.tsv:4: ", "4 cells", "5 columns"});
  refused(scenario, with_line(good, 7, [](const std::string&) { return "control\t1\t2\tS/G2/M\t80"; }), {"counts.tsv:7: ", "2 h occurs twice", "line"});
  refused(scenario, with_line(with_line(good, 8, [](const std::string&) { return "control\t1\t3\tG1\t120"; }), 9, [](const std::string&) { return "control\t1\t3\tS/G2/M\t90"; }), {"counts.tsv:8: ", "out of order"});
  refused(scenario, "", {"counts.tsv:1: ", "empty", "header"});
  refused(scenario, good.substr(0, good.find('\n') + 1), {"counts.tsv:1: ", "no rows"});
  std::string never = good;
  for (std::size_t at = 0; (at = never.find("S/G2/M\t", at)) != std::string::npos; at += 8) never.replace(at, never.find('\n', at) - at, "S/G2/M\t0");
  refused(scenario, never, {"counts.tsv:", "'S/G2/M' is never observed", "leave the class out"});
  // every count as a fraction of 400: 0.7 + 0.7 in the first frame is more than all
  std::string fractions;
  std::istringstream in(with_count(with_count(good, 2, "280"), 3, "280"));
  for (std::string line; std::getline(in, line);) {
    const auto cell = line.rfind('\t') + 1;
    fractions += fractions.empty() ? line + "\n" : line.substr(0, cell) + std::to_string(std::stod(line.substr(cell)) / 400) + "\n";
  }
  refused(replaced(scenario, "file = ", "quantity = \"fraction\"\nfile = "), fractions, {"counts.tsv:", "sum"});
  refused(replaced(scenario, "counts.tsv", "cuonts.tsv"), good, {"cuonts.tsv: ", "does not exist", "path"});
}

TEST_CASE("an arm without wells is refused with its line") {
  const std::string good = counts();
  std::string one = good.substr(0, good.find("\ndrug") + 1);
  refused(scenario, one, {scenario_line(scenario, "condition = \"drug\""), "'drug'", "the data have 'control'"});
}

TEST_CASE("bad scenarios are refused with line, name and fix") {
  const std::string good = counts();
  auto bad = [&](const std::string& from, const std::string& to, const std::string& line, std::vector<std::string> texts) {
    const std::string changed = replaced(scenario, from, to);
    texts.push_back(scenario_line(changed, line));
    refused(changed, good, texts);
  };
  bad("starts = 2", "startz = 2", "startz", {"unknown key 'startz' in [fit]", "'starts'"});
  bad("starts = 2", "starts = \"two\"", "starts", {"'starts'", "not a whole number"});
  bad("from_h = 0", "from_h = 99", "from_h", {"99 h", "after the last frame at 24 h"});
  bad("[[effect]]", "[[event]]\ntime_h = 50\namount = 0.9\n[[effect]]", "time_h = 50", {"50 h", "after the last frame"});
  bad("phases = [\"S/G2/M\"]", "phases = []", "classes", {"'S/G2/M'", "put it into a class"});
  bad("phases = [\"G1\"]", "phases = [\"G0\"]", "classes", {"the phase 'G0'", "did you mean 'G1'"});
  bad("name = \"G1\", phases", "name = \"G2\", phases", "  {name = \"G2\"", {"'G2'", "counts.tsv does not have"});
  bad("rates = [\"g1_exit\"]", "rates = [\"g1_exot\"]", "rates", {"'g1_exot'", "did you mean 'g1_exit'"});
  bad("name = \"death\"", "name = \"deth\"", "name = \"deth\"", {"'deth'", "'death'"});
  bad("\"cell_cycle/two_phase\"", "\"cell_cycle/two_phases\"", "name = \"cell_cycle", {"'cell_cycle/two_phases'", "'cell_cycle/two_phase'"});
  bad("G1 = 2", "G1 = 0", "name = \"cell_cycle", {"'G1' has 0 stages", "at least 1"});
  bad("inputs = [\"drug\"]\n[[effect]]", "inputs = [\"drag\"]\n[[effect]]", "inputs = [\"drag\"]", {"'drag'", "did you mean 'drug'"});
  bad("\"cdt1_geminin\"", "\"fucci\"", "type", {"'fucci'", "'cdt1_geminin'"});
  bad("file = ", "format = \"excel\"\nfile = ", "format", {"'excel'", "'phase_counts'"});
  bad("file = ", "rename = {contrl = \"control\"}\nfile = ", "rename", {"'contrl'", "the data have 'control'"});
  bad("[fit]", "[[random_effect]]\nname = \"wells\"\nparameters = [\"divisoin\"]\n[fit]", "parameters", {"'divisoin'", "did you mean 'division'"});
  bad("starts = 2", "starts = 2\nprofiles = [\"g1_exot\"]", "profiles", {"'g1_exot'", "did you mean 'g1_exit'"});
  bad("[fit]", "[predict]\nheld_out = \"drug\"\ncontrol = \"contrl\"\n[fit]", "control", {"'contrl'", "did you mean 'control'"});
  bad("[fit]", "[fit", "[fit", {"expected ']'"});
  const std::string delivery = "[[delivery]]\ninput = \"si\"\nfrom_h = 0\nkind = \"sirna\"\n[[arm]]\ncondition = \"si\"\ninputs = [\"si\"]\n[[effect]]";
  bad("[[effect]]", replaced(delivery, "\"sirna\"", "\"sirnas\""), "kind", {"'sirnas'", "did you mean 'sirna'"});
  bad("[[effect]]", replaced(delivery, "from_h = 0", "from_h = 0\ntransfected_fraction = 1.2"), "kind", {"transfected fraction", "[0, 1]"});
  bad("[fit]", "[[compare]]\nname = \"none\"\nwithout_effects = [\"drug_on_g1\"]\n[fit]", "name = \"none\"", {"variant 'none'", "'drug_on_g1'", "did you mean 'drug_on_g1_exit'"});
  bad("[fit]", "[[compare]]\nname = \"other\"\nmodel = \"cell_cycle/two_phases\"\n[fit]", "name = \"other\"", {"'cell_cycle/two_phases'", "'cell_cycle/two_phase'"});
  bad("fixed = 0", "fixed = -0.1", "fixed = -0.1", {"'death' is -0.1", "0 or more"});
  bad("[[effect]]", "[[event]]\ntime_h = 5\namount = -0.9\n[[effect]]", "amount = -0.9", {"scales by -0.9", "0 or more"});
  bad("fixed = 0", "fixd = 0\nfixed = 0", "fixd", {"unknown key 'fixd' in [parameter]", "'fixed'"});
  bad("input = \"drug\"", "inputs = \"drug\"", "inputs = \"drug\"", {"[step] has 'inputs' and no 'input'", "did you mean 'input'"});
  const std::string twin = "[twin]\nwells = {control = 2, drug = 2}\ncells_per_well = 300\ntruth = {g1_exit = 0.05, division = 0.06}\ninterval = 1\n[fit]";
  const auto bad_twin = [&](const std::string& from, const std::string& to, const std::string& line, std::vector<std::string> texts) {
    const std::string changed = replaced(scenario, "[fit]", replaced(replaced(twin, "interval = 1\n", "frame_interval_h = 2\nuntil_h = 24\n"), from, to));
    texts.push_back(scenario_line(changed, line));
    refused(changed, good, texts, "twin cycle");
  };
  bad_twin("g1_exit = 0.05", "g1_exit = -0.05", "truth", {"'g1_exit' is -0.05", "0 or more"});
  bad_twin("g1_exit = 0.05", "labelled_fraction = 1.5", "truth", {"'labelled_fraction' is 1.5", "0 to 1"});
  bad_twin("g1_exit = 0.05", "g1_exot = 0.05", "truth", {"'g1_exot'", "did you mean 'g1_exit'"});
  bad_twin("= 300", "= 0", "cells_per_well", {"cells_per_well is 0", "1 or more"});
  bad_twin("control = 2", "control = 0", "wells", {"'control' has 0 wells"});
  refused(replaced(scenario, "[reporter]", "[reporters]"), good, {"scenario.toml: ", "no [reporter]", "never guessed"});
  refused(scenario, good, {"scenario.toml: ", "no [predict]"}, "cycle predict");
}

TEST_CASE("an unknown scenario, verb or option is refused") {
  const CommandFolder folder;
  for (const char* wrong : {"cycle fit hyped_twn counts.tsv --out out", "cycle fitt hyped_twin --out out", "cycle fit hyped_twin --outt out", "report nowhere", "inspect nowhere.tsv"}) {
    const Ended ended = folder.run(wrong);
    INFO(wrong << ": " << ended.err);
    CHECK(ended.code == 2);
    CHECK_FALSE(ended.err.empty());
    CHECK_FALSE(std::filesystem::exists(folder.path() / "out"));
  }
}

TEST_CASE("data in the scenario's place are refused with the right order") {
  const CommandFolder folder;
  folder.write("counts.tsv", counts());
  const Ended ended = folder.run("cycle fit counts.tsv scenario.toml --out out");
  CHECK(ended.code == 2);
  CHECK_THAT(ended.err, Contains("counts.tsv: is no scenario") && Contains("SCENARIO DATA"));
}

TEST_CASE("a run in the way is named before it is replaced, and what is no run is left alone") {
  const CommandFolder folder;
  folder.write("scenario.toml", scenario);
  CHECK(folder.run("cycle simulate scenario.toml --out out").code == 0);
  const Ended again = folder.run("cycle simulate scenario.toml --out out");
  CHECK(again.code == 0);
  CHECK_THAT(again.err, Contains("out holds the run started 2"));
  std::filesystem::create_directories(folder.path() / "mine");
  folder.write("mine/notes.txt", "mine");
  const Ended refused = folder.run("cycle simulate scenario.toml --out mine");
  CHECK(refused.code == 2);
  CHECK(std::filesystem::exists(folder.path() / "mine/notes.txt"));
}

TEST_CASE("a good fit exits with 0, one in doubt with 1 and says why in table, summary and output") {
  const std::string good = counts();
  auto fit = [&](const std::string& toml, const std::string& status, const std::string& said, const std::string& how) {
    const CommandFolder folder;
    folder.write("scenario.toml", toml);
    folder.write("counts.tsv", good);
    const Ended ended = folder.run("cycle fit scenario.toml --out out");
    INFO(ended.out << ended.err);
    CHECK(ended.code == (status == "ok" ? 0 : 1));
    const RunSummary summary = read_summary(folder.path() / "out");
    CHECK(summary.status == status);
    CHECK_THAT(summary.status_message, Contains(said));
    if (status != "ok") CHECK_THAT(ended.out, Contains("outcome") && Contains(status) && Contains(said));
    bool found = how.empty();
    for (auto row : folder.table("out/tables/parameters.tsv")) {
      found = found || row["how"] == how;
      if (row["how"] == "not identifiable") CHECK((row["lower"].empty() && row["upper"].empty()));
    }
    CHECK(found);
    CHECK(std::filesystem::exists(folder.path() / "out/report.html"));
  };
  fit(scenario, "ok", "", "data");
  fit(replaced(scenario, "[fit]", "[[parameter]]\nname = \"division\"\nlower = 0.2\nupper = 0.9\nstart = 0.5\n[fit]"), "at_bound", "division", "at lower bound");
  // the input is on in both arms: only the product of rate and effect is seen
  fit(replaced(scenario, "condition = \"control\"", "condition = \"control\"\ninputs = [\"drug\"]"), "not_identifiable", "drug_on_g1_exit", "not identifiable");
  fit(replaced(scenario, "starts = 2", "starts = 1\nround_limit = 1"), "not_converged", "did not settle", "");
}

TEST_CASE("an open profile bound is reported and exits 0") {
  const CommandFolder folder;
  // three early frames leave division wider than the bounds it is given
  std::string early;
  std::istringstream in(counts());
  for (std::string line; std::getline(in, line);) {
    const auto first = line.find('\t'), second = line.find('\t', first + 1), third = line.find('\t', second + 1);
    const std::string time = line.substr(second + 1, third - second - 1);
    if (time == "time_h" || std::stod(time) <= 4) early += line + "\n";
  }
  folder.write("counts.tsv", early);
  folder.write("scenario.toml", replaced(scenario, "[fit]\nstarts = 2", "[[parameter]]\nname = \"division\"\nlower = 0.085\nupper = 0.1\nstart = 0.09\n[fit]\nstarts = 2\nprofiles = [\"g1_exit\", \"division\"]"));
  const Ended ended = folder.run("cycle fit scenario.toml --out out");
  INFO(ended.out << ended.err);
  CHECK(ended.code == 0);
  int open = 0;
  for (auto row : folder.table("out/tables/profiles.tsv")) open += (row["lower"].empty() ? 1 : 0) + (row["upper"].empty() ? 1 : 0);
  CHECK(open > 0);
  const RunSummary summary = read_summary(folder.path() / "out");
  CHECK(std::any_of(summary.warnings.begin(), summary.warnings.end(), [](const auto& text) { return text.find("profile bounds are open") != std::string::npos; }));
}

TEST_CASE("help of every verb fits 80 columns and 24 lines and shows an example") {
  check_help({"", "inspect", "demo", "twin", "twin cycle", "cycle", "network", "network simulate", "network steady", "network identify", "cycle simulate", "cycle fit", "cycle compare", "cycle predict", "report"});
}
