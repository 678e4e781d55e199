// `hyped network`: the shipped network by every method, steady states, and what is said of wrong files.
#include <catch2/catch.hpp>
#include <cmath>

#include "experiments/network/network_file.hpp"
#include "libhyped/errors.hpp"
#include "tests/experiments/command_run.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

namespace {

// Last value of a quantity in a run's table course.
std::pair<double, double> at_end(const CommandFolder& folder, const std::string& run, const std::string& name, const char* column) {
  std::pair<double, double> last{NAN, NAN};
  for (const auto& row : folder.table(run + "/tables/course.tsv"))
    if (row.at("name") == name) last = {std::stod(row.at(column)), row.at("sd").empty() ? 0 : std::stod(row.at("sd"))};
  return last;
}

const std::string good = R"(
[[species]]
name = "A"
initial = 10
[[species]]
name = "B"
[[parameter]]
name = "k"
value = 0.3
[[reaction]]
name = "turn"
equation = "A -> B"
rate = "k*A"
[[event]]
time_h = 2
target = "A"
action = "add"
amount = 5
[simulate]
end_h = 4
step_h = 1
)";

std::string with(const std::string& from, const std::string& to) {
  std::string text = good;
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a network by the ODE is its closed form, events included") {
  const CommandFolder folder;
  folder.write("turn.toml", good);
  const Ended ended = folder.run("network simulate turn.toml --out out");
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  CHECK(at_end(folder, "out", "A", "value").first == Approx((10 * std::exp(-0.6) + 5) * std::exp(-0.6)).epsilon(1e-7));
  REQUIRE(folder.run("network simulate turn.toml --set k=0.5 --set A=4 --out set").code == 0);
  CHECK(at_end(folder, "set", "A", "value").first == Approx((4 * std::exp(-1.0) + 5) * std::exp(-1.0)).epsilon(1e-7));
}

TEST_CASE("the shipped switch: master equation, sample paths and leaps agree, noise included") {
  const CommandFolder folder;
  for (const char* method : {"master", "ssa", "tau"}) {
    const Ended ended = folder.run(std::string("network simulate toggle_switch --runs 4000 --method ") + method + " --out " + method);
    INFO(ended.err << ended.out);
    REQUIRE(ended.code <= 1);      // leaps may say that their variance is off
  }
  const auto [mean, sd] = at_end(folder, "master", "U", "mean");
  const auto [ssa, ssa_sd] = at_end(folder, "ssa", "U", "mean");
  const auto [tau, tau_sd] = at_end(folder, "tau", "U", "mean");
  CHECK(std::abs(ssa - mean) < 4 * sd / std::sqrt(4000.0));
  CHECK(ssa_sd == Approx(sd).epsilon(0.15));
  CHECK(std::abs(tau - mean) < 0.05 * mean);      // its own bias correction rests on 64 pairs
  // the rare switch to the other state is in the spread: a Poisson number of 48 would scatter by 7
  CHECK(sd > 7.2);
}

TEST_CASE("both steady states of the switch are found from their sides") {
  const CommandFolder folder;
  REQUIRE(folder.run("network steady toggle_switch --out high").code == 0);
  REQUIRE(folder.run("network steady toggle_switch --set U=3 --set V=40 --out low").code == 0);
  const auto value = [&](const std::string& run, std::size_t row) { return std::stod(folder.table(run + "/tables/steady_state.tsv").at(row).at("steady")); };
  CHECK(value("high", 0) == Approx(value("low", 1)).epsilon(1e-9));
  CHECK(value("high", 0) > 10 * value("high", 1));
}

TEST_CASE("what outputs cannot tell is named") {
  const CommandFolder folder;
  // only k*A is seen: the unit of A is free when its start is unknown
  std::string text = "outputs = [\"k*A\"]\nunknown_starts = [\"A\"]\n" + with("[[event]]\ntime_h = 2\ntarget = \"A\"\naction = \"add\"\namount = 5\n", "[[parameter]]\nname = \"m\"\nvalue = 1\n");
  text.replace(text.find("rate = \"k*A\""), 12, "rate = \"k*m*A\"");
  folder.write("turn.toml", text);
  const Ended ended = folder.run("network identify turn.toml --out out");
  INFO(ended.err << ended.out);
  REQUIRE(ended.code == 0);
  CHECK_THAT(ended.out, Contains("1 direction cannot be determined"));
  CHECK_THAT(folder.run("network identify turn.toml --output Q --out none").err, Contains("'Q'"));
}

TEST_CASE("wrong networks are refused with line, column and fix") {
  const CommandFolder folder;
  const auto refused = [&](const std::string& text, std::vector<std::string> parts, const std::string& verb = "simulate", const std::string& more = "") {
    folder.write("bad.toml", text);
    const Ended ended = folder.run("network " + verb + " bad.toml --out out " + more);
    INFO(ended.err);
    CHECK(ended.code == 2);
    for (const auto& part : parts) CHECK_THAT(ended.err, Contains(part));
    CHECK_FALSE(std::filesystem::exists(folder.path() / "out"));
  };
  refused(with("\"k*A\"", "\"k*A +\""), {"bad.toml:13, column 6", "unexpected the end"});
  refused(with("\"k*A\"", "\"q*A\""), {"bad.toml:13, column 1", "unknown name 'q'"});
  refused(with("\"k*A\"", "\"-k*A\""), {"bad.toml:13", "negative rate", "split a reversible reaction"});
  refused(with("\"A -> B\"", "\"A => B\""), {"bad.toml:12", "no '->'"});
  refused(with("\"A -> B\"", "\"A -> C\""), {"unknown species 'C'"});
  refused(with("initial = 10", "intial = 10"), {"bad.toml:4", "unknown key 'intial'", "'initial'"});
  refused(with("[[event]]", "[[assignment]]\nname = \"p\"\nexpression = \"q + 1\"\n[[assignment]]\nname = \"q\"\nexpression = \"2*p\"\n[[event]]"), {"circle: p needs q needs p"});
  // events
  refused(with("target = \"A\"", "target = \"X\""), {"bad.toml:15", "event at 2 h", "unknown target 'X'"});
  refused(with("amount = 5\n", ""), {"bad.toml:14", "[event] has no 'amount'"});
  refused(with("action = \"add\"\n", ""), {"bad.toml:14", "[event] has no 'action'"});
  refused(with("amount = 5", "amout = 5"), {"bad.toml:18", "'amout'", "did you mean 'amount'"});
  refused(with("\"add\"\namount = 5", "\"scale\"\namount = -2"), {"bad.toml:18", "scales by -2"});
  refused(with("\"add\"\namount = 5", "\"set\"\namount = -2"), {"bad.toml:15", "sets 'A' to -2"});
  refused(with("time_h = 2", "time_h = 5"), {"bad.toml:15", "5 h comes after the end at 4 h"});
  refused(with("[simulate]", "[[event]]\ntime_h = 2\ntarget = \"A\"\naction = \"set\"\namount = 1\n[simulate]"), {"bad.toml:20", "second event on 'A'"});
  refused(with("action = \"add\"", "action = \"ad\""), {"bad.toml:17", "action 'ad'"});
  // names
  refused(with("[[event]]", "[[reaction]]\nname = \"turn\"\nequation = \"B -> A\"\nrate = \"k*B\"\n[[event]]"), {"'turn' is there twice", "bad.toml:13"});
  refused(with("name = \"k\"", "name = \"time\""), {"bad.toml:9", "'time' is that of time"});
  refused(with("name = \"k\"", "name = \"t\""), {"'t' is that of time"});
  for (const char* verb : {"simulate", "steady", "identify"}) {
    refused("outputs = [\"2*Q\"]\n" + good, {"bad.toml:1", "outputs names 'Q'"}, verb);
    refused("outputs = [\"A\"]\nunknown_starts = [\"Q\"]\n" + good, {"bad.toml:2", "unknown_starts names 'Q'"}, verb);
    refused("figures = [\"Q\"]\n" + good, {"bad.toml:1", "figures names 'Q'"}, verb);
  }
  refused(with("rate = \"k*A\"", "rat = \"k*A\""), {"bad.toml:13", "[reaction] has 'rat' and no 'rate'", "did you mean 'rate'"});
  // numbers, in the file and by --set
  for (const char* method : {"automatic", "ssa", "tau", "master"}) {
    refused(with("initial = 10", "initial = -3"), {"bad.toml:4", "'A' starts at -3"}, "simulate", std::string("--method ") + method);
    refused(good, {"--set A=-3", "'A' starts at -3"}, "simulate", std::string("--set A=-3 --method ") + method);
  }
  refused(good, {"bad.toml:13", "negative rate", "with --set k=-1"}, "simulate", "--set k=-1");
  refused(good, {"negative rate"}, "steady", "--set k=-1");
  const std::string bounded = with("value = 0.3", "value = 0.3\nlower = 0.1\nupper = 1");
  refused(bounded, {"--set k=2", "outside its own bounds 0.1 to 1"}, "simulate", "--set k=2");
  refused(with("value = 0.3", "value = 3\nlower = 0.1\nupper = 1"), {"bad.toml:9", "'k' is 3, outside"});
  refused(with("value = 0.3", "value = 0.3\nlower = 0.1"), {"only one of lower and upper"});
  refused(with("step_h = 1", "step_h = 0"), {"bad.toml:21", "step_h is not positive"});
  folder.write("good.toml", good);
  CHECK_THAT(folder.run("network simulate good.toml --set z=1 --out out").err, Contains("no parameter or species 'z'"));
  CHECK_THAT(folder.run("network simulate good.toml --method sssa --out out").err, Contains("did you mean 'ssa'"));
  CHECK_THAT(folder.run("network simulate nothing --out out").err, Contains("toggle_switch"));
  CHECK_THAT(folder.run("network simulat good.toml --out out").err, Contains("no command 'simulat' of hyped network; did you mean 'simulate'"));
  CHECK_THAT(folder.run("netwrk simulate good.toml --out out").err, Contains("no command 'netwrk' of hyped; did you mean 'network'"));
  CHECK_THAT(folder.run("network simulate good.toml --end-h -1 --out out").err, Contains("--end-h: '-1' is not a number above 0"));
  CHECK_THAT(folder.run("network simulate good.toml --seed -1 --out out").err, Contains("--seed: '-1' is not a whole number of 0 or more"));
  CHECK_THAT(folder.run("network simulate good.toml --method tau --runs 1 --out out").err, Contains("at least two paths"));
  CHECK_THAT(folder.run("network simulate good.toml --method ssa --tolerance 0.1 --out out").err, Contains("no tolerance"));
  CHECK_THAT(folder.run("network simulate good.toml --max-states 10 --out out").err, Contains("only the master equation"));
}

namespace {

// X(0) = 8, made at `rate`, lost at 0.1*X.
std::string made_at(const std::string& rate) {
  return "[simulate]\nend_h = 10\nstep_h = 1\n[[species]]\nname = \"X\"\ninitial = 8\nunit = \"molecules\"\n[[parameter]]\nname = \"k\"\nvalue = 5\n[[assignment]]\nname = \"dox\"\nexpression = \"time > 2 && time < 6\"\n"
         "[[assignment]]\nname = \"square\"\nexpression = \"X^2\"\nunit = \"molecules^2\"\n[[reaction]]\nname = \"make\"\nequation = \"-> X\"\nrate = \"" + rate + "\"\n[[reaction]]\nname = \"lose\"\nequation = \"X ->\"\nrate = \"0.1*X\"\n";
}

}  // namespace

TEST_CASE("a pulse in time is seen by every method, assignments included") {
  const CommandFolder folder;
  folder.write("pulse.toml", made_at("5*dox"));
  const double exact = 8 * std::exp(-1.0) + 50 * (std::exp(-0.4) - std::exp(-0.8));      // 13.99
  double square = 0;
  for (const char* method : {"master", "automatic", "explicit", "stiff", "ssa", "tau"}) {
    const Ended ended = folder.run(std::string("network simulate pulse.toml --runs 4000 --method ") + method + " --out " + method);
    INFO(method << ended.err << ended.out);
    REQUIRE(ended.code <= 1);
    const bool many = std::string(method) == "ssa" || std::string(method) == "tau" || std::string(method) == "master";
    const auto [value, sd] = at_end(folder, method, "X", many ? "mean" : "value");
    CHECK(std::abs(value - exact) < (std::string(method) == "ssa" || std::string(method) == "tau" ? 4.5 * sd / std::sqrt(4000.0) + 0.03 : 1e-4));
    const double seen = at_end(folder, method, "square", many ? "mean" : "value").first;
    if (std::string(method) == "master") square = seen;
    CHECK(seen == Approx(!many ? exact * exact : sd > 0 && std::string(method) == "master" ? value * value + sd * sd : square).epsilon(std::string(method) == "ssa" || std::string(method) == "tau" ? 0.05 : 1e-4));
    const auto rows = folder.table(std::string(method) + "/tables/course.tsv");
    for (const auto& row : rows)
      if (row.at("name") == "dox") CHECK(std::stod(row.at(many ? "mean" : "value")) == (std::stod(row.at("time_h")) > 2 && std::stod(row.at("time_h")) < 6 ? 1 : 0));
  }
  folder.write("wave.toml", made_at("5*(sin(time) > 0)"));
  for (const char* method : {"ssa", "tau", "master"}) CHECK_THAT(folder.run(std::string("network simulate wave.toml --out wave --method ") + method).err, Contains("reaction 'make'"));
  CHECK_THAT(folder.run("network simulate wave.toml --out wave").out, Contains("steps of at most"));
  CHECK_THAT(folder.run("network steady pulse.toml --out steady").err, Contains("rates depend on time"));
}

TEST_CASE("outputs end at the end, one path has no spread, a rate that is not finite is named") {
  const CommandFolder folder;
  folder.write("pulse.toml", made_at("k"));
  const auto times = [&](const std::string& arguments) {
    REQUIRE(folder.run("network simulate pulse.toml --out out " + arguments).code == 0);
    std::vector<double> all;
    for (const auto& row : folder.table("out/tables/course.tsv"))
      if (row.at("name") == "X") all.push_back(std::stod(row.at("time_h")));
    return all;
  };
  CHECK(times("--step-h 4") == std::vector<double>{0, 4, 8, 10});
  CHECK(times("--step-h 40") == std::vector<double>{0, 10});
  CHECK(times("--end-h 0.3 --step-h 0.1") == std::vector<double>{0, 0.1, 0.2, 0.3});
  REQUIRE(folder.run("network simulate pulse.toml --method ssa --runs 1 --out one").code == 0);
  for (const auto& row : folder.table("one/tables/course.tsv")) CHECK((row.at("sd").empty() && row.at("mean_error").empty()));
  CHECK(text_of(folder.path() / "one/report.html").find("band") == std::string::npos);
  const Ended half = folder.run("network simulate pulse.toml --method ssa --set X=7.5 --out half");
  CHECK_THAT(half.out, Contains("starts at 7.5") && Contains("7 or 8"));
  folder.write("stops.toml", made_at("k/(1 - dox)"));
  for (const char* method : {"automatic", "stiff", "ssa", "tau", "master"}) {
    const Ended ended = folder.run(std::string("network simulate stops.toml --runs 10 --out stops --method ") + method);
    INFO(method << ended.out << ended.err);
    CHECK(ended.code == 1);
    CHECK_THAT(ended.out, Contains("reaction 'make' is not finite"));
    if (std::string(method) == "automatic") CHECK_THAT(ended.out, Contains("at_2_h"));
  }
  folder.write("down.toml", made_at("k") + "[[event]]\ntime_h = 3\ntarget = \"X\"\naction = \"add\"\namount = -100\n");
  for (const char* method : {"automatic", "stiff", "ssa", "tau", "master"}) {
    const Ended ended = folder.run(std::string("network simulate down.toml --runs 10 --out down --method ") + method);
    CHECK(ended.code == 1);
    CHECK_THAT(ended.out, Contains("event at 3 h takes 'X' below zero") || Contains("event at 3 h takes"));
  }
}

TEST_CASE("a start between two basins says so and lists both ends") {
  const CommandFolder folder;
  const Ended border = folder.run("network steady toggle_switch --set U=20 --set V=20 --out border");
  INFO(border.out << border.err);
  CHECK(border.code == 1);
  CHECK_THAT(border.out, Contains("border between basins") && Contains("U = 49.49, V = 2.407"));
  const auto ends = folder.table("border/tables/border.tsv");
  CHECK(std::stod(ends.at(0).at("one_side")) == Approx(std::stod(ends.at(1).at("other_side"))).epsilon(1e-6));
  CHECK(std::abs(std::stod(ends.at(0).at("one_side")) - std::stod(ends.at(0).at("other_side"))) > 40);
  CHECK(folder.run("network steady toggle_switch --set U=0 --set V=0 --out nothing").code == 1);
  CHECK(folder.run("network steady toggle_switch --set U=20.1 --set V=20 --out aside").code == 0);
}

TEST_CASE("the documented example: input, assignments, events and a pulse, its figure has a panel per unit") {
  const CommandFolder folder;
  for (const char* method : {"automatic", "ssa", "master"}) {
    const Ended ended = folder.run(std::string("network simulate inducible_cascade --runs 2000 --method ") + method + " --out " + method);
    INFO(method << ended.out << ended.err);
    REQUIRE(ended.code == 0);
  }
  // linear: means are the ODE's
  const double ode = at_end(folder, "automatic", "Y", "value").first;
  CHECK(at_end(folder, "master", "Y", "mean").first == Approx(ode).epsilon(1e-4));
  CHECK(at_end(folder, "ssa", "Y", "mean").first == Approx(ode).epsilon(0.05));
  CHECK(at_end(folder, "automatic", "fold", "value").first == Approx(ode / 4).epsilon(1e-9));
  for (const auto& row : folder.table("automatic/tables/course.tsv"))
    if (row.at("name") == "induction") {
      const double t = std::stod(row.at("time_h")), dox = t < 6 ? 0 : t < 30 ? 200 : 4;
      CHECK(std::stod(row.at("value")) == Approx(dox / (80 + dox)));
    }
  const std::string svg = text_of(folder.path() / "master/figures/course.svg");
  for (const char* shown : {"molecules", "without unit", "dox = 200", "dox x 0.02", "fold", "time [h]"}) CHECK_THAT(svg, Contains(shown));
  const Ended steady = folder.run("network steady inducible_cascade --out steady");
  CHECK(steady.code == 2);      // the pulse reads time
  folder.write("turn.toml", good);
  CHECK_THAT(folder.run("network steady turn.toml --out turned").out, Contains("1 event of the file is ignored"));
}

TEST_CASE("the command in a report repeats the run from any folder") {
  const CommandFolder folder;
  folder.write("turn.toml", good);
  REQUIRE(folder.run("network simulate turn.toml --out out").code == 0);
  std::string page = text_of(folder.path() / "out/report.html");
  const auto from = page.find("<pre>") + 5;
  std::string command = page.substr(from, page.find("</pre>") - from);
  for (std::size_t at; (at = command.find("&amp;")) != std::string::npos;) command.replace(at, 5, "&");
  INFO(command);
  const std::string before = text_of(folder.path() / "out/tables/course.tsv");
  std::filesystem::remove_all(folder.path() / "out");
  CHECK(std::system(("cd / && (" + command + ") > /dev/null").c_str()) == 0);
  CHECK(text_of(folder.path() / "out/tables/course.tsv") == before);
}
