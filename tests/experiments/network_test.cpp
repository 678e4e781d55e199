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
  const auto refused = [&](const std::string& text, std::vector<std::string> parts) {
    folder.write("bad.toml", text);
    const Ended ended = folder.run("network simulate bad.toml --out out");
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
  refused(with("target = \"A\"", "target = \"X\""), {"unknown target 'X'"});
  folder.write("good.toml", good);
  CHECK_THAT(folder.run("network simulate good.toml --set z=1 --out out").err, Contains("no parameter or species 'z'"));
  CHECK_THAT(folder.run("network simulate good.toml --method sssa --out out").err, Contains("did you mean 'ssa'"));
  CHECK_THAT(folder.run("network simulate nothing --out out").err, Contains("toggle_switch"));
}
