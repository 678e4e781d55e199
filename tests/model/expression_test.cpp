// Infix: values, precedence, exact derivatives, what is said of text that does not parse; packs give the same numbers.
#include "libhyped/model/expression.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/model/pack.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

namespace {

const std::vector<std::string> names{"x", "y", "k_1"};

ExpressionGraph::Node parsed(ExpressionGraph& graph, const std::string& text) {
  return parse_expression(graph, text, [&](const std::string& name) {
    for (std::size_t i = 0; i < names.size(); ++i)
      if (names[i] == name) return graph.variable(static_cast<int>(i));
    throw InputError("here", "unknown name '" + name + "'");
  }, "model.toml:3");
}

std::vector<double> run(const ExpressionGraph& graph, const std::vector<ExpressionGraph::Node>& nodes, std::vector<double> at) {
  const Tape tape(graph, nodes, 3);
  std::vector<double> registers(static_cast<std::size_t>(tape.register_count())), out(nodes.size());
  std::copy(at.begin(), at.end(), registers.begin());
  tape.evaluate(registers.data(), out.data());
  return out;
}

double value(const std::string& text, double x = 0.7, double y = 1.9, double k = 3) {
  ExpressionGraph graph;
  return run(graph, {parsed(graph, text)}, {x, y, k})[0];
}

}  // namespace

TEST_CASE("infix has the usual precedence") {
  CHECK(value("1 + 2*3") == 7);
  CHECK(value("-2^2") == -4);
  CHECK(value("2^3^2") == 512);
  CHECK(value("2**-1") == 0.5);
  CHECK(value("8/4/2") == 1);
  CHECK(value("7 - 2 - 1") == 4);
  CHECK(value("(1 + 2)*3 - -1") == 10);
  CHECK(value("1e3 + .5") == 1000.5);
  CHECK(value("1 < 2 && 3 >= 3") == 1);
  CHECK(value("!(1 == 1) || 2 != 3") == 1);
  CHECK(value("piecewise(5, x > 1, 6, y > 1, 7)") == 6);
  CHECK(value("max(x, y, k_1) + min(x, y)") == Approx(3.7).epsilon(1e-15));
  CHECK(value("log10(1000) + ln(exp(2)) + sqrt(9) + pow(2, 5)") == Approx(3 + 2 + 3 + 32).epsilon(1e-15));
  CHECK(value("k_1*x/(y + x)") == Approx(3 * 0.7 / 2.6).epsilon(1e-15));
}

TEST_CASE("symbolic derivatives agree with central differences") {
  const double at[3] = {0.7, 1.9, 3}, step = 1e-6;
  for (const char* text : {"k_1*x^2*y/(y + x)", "x^k_1/(y^k_1 + x^k_1)", "exp(-k_1*x)*sin(y*x) + cos(x)", "tanh(x*y) + tan(x/3) + atan(x*y - k_1)", "log(x + y^2) - sqrt(x*k_1)", "abs(x - y)*2", "max(x*y, k_1)*min(x, y)",
                           "piecewise(x^3, x < y, y)", "(x + y)^2.5 + 2^x", "x^-3", "pow(x, y)/k_1 - 1/x/y", "floor(x)*y + ceil(y)*x"})
    for (int slot = 0; slot < 3; ++slot) {
      ExpressionGraph graph;
      const auto node = parsed(graph, text), slope = graph.derivative(node, slot);
      std::vector<double> up(at, at + 3), down(at, at + 3);
      up[static_cast<std::size_t>(slot)] += step;
      down[static_cast<std::size_t>(slot)] -= step;
      const double difference = (run(graph, {node}, up)[0] - run(graph, {node}, down)[0]) / (2 * step);
      INFO(text << " by " << names[static_cast<std::size_t>(slot)]);
      // differences: error step^2/6 f''' plus rounding 1e-16/step, together below 1e-8 here
      CHECK(run(graph, {slope}, {at, at + 3})[0] == Approx(difference).epsilon(1e-7).margin(1e-8));
    }
}

TEST_CASE("the derivative of a Hill function exists at zero") {
  ExpressionGraph graph;
  const auto node = parsed(graph, "x^k_1/(y^k_1 + x^k_1)");
  for (int slot = 0; slot < 3; ++slot) CHECK(run(graph, {graph.derivative(node, slot)}, {0, 1.9, 3})[0] == 0);
}

TEST_CASE("equal subexpressions are computed once and constants folded") {
  ExpressionGraph graph;
  const auto a = parsed(graph, "x*y + 2*3"), b = parsed(graph, "(y*x + 6)^2 + 0*k_1");
  const Tape tape(graph, {a, b}, 3);
  CHECK(tape.operation_count() == 3);      // product, sum, square
}

TEST_CASE("a pack computes each lane as one value would be") {
  ExpressionGraph graph;
  const auto node = parsed(graph, "piecewise(x^k_1/(y + x), x < y, exp(-y)*max(x, 1)) + sqrt(x)*log(y) + abs(x - y)");
  const Tape tape(graph, {node}, 3);
  std::vector<Pack> registers(static_cast<std::size_t>(tape.register_count()));
  Pack out;
  for (int lane = 0; lane < pack_lanes; ++lane) {
    registers[0].set(lane, 0.3 * lane);
    registers[1].set(lane, 1.1);
    registers[2].set(lane, 2.5 + lane);
  }
  tape.evaluate(registers.data(), &out);
  for (int lane = 0; lane < pack_lanes; ++lane) CHECK(out[lane] == run(graph, {node}, {0.3 * lane, 1.1, 2.5 + lane})[0]);
}

TEST_CASE("what does not parse is refused with column and token") {
  const auto refused = [](const std::string& text, const std::string& where, const std::string& what) {
    INFO(text);
    ExpressionGraph graph;
    try {
      parsed(graph, text);
      FAIL("accepted");
    } catch (const InputError& error) {
      CHECK_THAT(error.what(), Contains("model.toml:3, column " + where) && Contains(what));
    }
  };
  refused("x + ", "5", "unexpected the end");
  refused("x + * y", "5", "unexpected '*'");
  refused("(x + y", "7", "expected ')' for the '(' at column 1");
  refused("x y", "3", "unexpected 'y'");
  refused("x + z", "5", "unknown name 'z'");
  refused("2*exq(x)", "3", "no function 'exq'");
  refused("pow(x)", "1", "'pow' has 1 argument");
  refused("x $ y", "3", "unexpected '$'");
  refused("", "1", "unexpected the end");
  refused("x & y", "3", "unexpected '&'");
}
