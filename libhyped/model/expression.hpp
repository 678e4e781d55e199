// Arithmetic written as text ("k*S/(Km + S)"): parsed once, differentiated symbolically, evaluated from a flat list of operations.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace hyped {

// Equal subexpressions are one node; constants are folded and neutral elements dropped as nodes are made.
class ExpressionGraph {
 public:
  using Node = int;
  enum class Op : std::uint8_t {
    constant, variable, add, subtract, multiply, divide, negate, power, power_log,      // power_log: x^y log x, 0 at x = 0
    exp, log, sqrt, sin, cos, tan, tanh, atan, abs, sign, floor, ceil, minimum, maximum,
    less, less_equal, equal, both, either, negation, select                             // conditions are 1 or 0; select: c ? a : b
  };
  struct Operation {
    Op op;
    Node a = -1, b = -1, c = -1;      // operands; of a variable `a` is its slot
    double value = 0;                 // of a constant
  };

  Node constant(double value);
  Node variable(int slot);
  Node make(Op op, Node a, Node b = -1, Node c = -1);
  // d node / d slot, as a node.
  Node derivative(Node node, int slot);
  const Operation& operator[](Node node) const { return nodes_[static_cast<std::size_t>(node)]; }
  bool is_constant(Node node, double value) const { return (*this)[node].op == Op::constant && (*this)[node].value == value; }
  bool depends_on(Node node, int slot);

 private:
  Node insert(const Operation& operation);
  Node simplified(Op op, Node a, Node b, Node c);
  Node whole_power(Node base, int exponent);
  Node slope(Node node, int slot);
  std::vector<Operation> nodes_;
  std::map<std::tuple<Op, Node, Node, Node, double>, Node> known_;
  std::map<std::pair<Node, int>, Node> derivatives_;
  std::map<std::pair<Node, int>, bool> dependences_;
};

// A name in the text as a node; throws InputError (any place) for names it does not know.
using NameResolver = std::function<ExpressionGraph::Node(const std::string& name)>;

// Infix with + - * / ^ ** ( ), comparisons, && || !, and the functions exp, ln, log (natural), log10, sqrt, pow, sin, cos, tan, tanh, atan,
// abs, floor, ceil, min, max, lt, leq, gt, geq, eq, neq, and, or, not, piecewise(value, condition, ..., otherwise).
// Throws InputError at `place` with column and token for what does not parse and for unknown names and functions.
ExpressionGraph::Node parse_expression(ExpressionGraph& graph, std::string_view text, const NameResolver& resolve, const std::string& place);
// Names the text uses, functions left out, in order of appearance. Same errors.
std::vector<std::string> names_in(std::string_view text, const std::string& place);

struct Interval {
  double low = 0, high = 0;
};

// The operations that some nodes need, in order, over registers [variables | constants | intermediate values]. Const and safe to
// share between threads: registers are the caller's.
class Tape {
 public:
  Tape() = default;
  Tape(const ExpressionGraph& graph, const std::vector<ExpressionGraph::Node>& outputs, int variables);
  int register_count() const { return registers_; }
  int variable_count() const { return variables_; }
  int output_count() const { return static_cast<int>(outputs_.size()); }
  int operation_count() const { return static_cast<int>(steps_.size()); }
  // The first `variable_count()` registers are set by the caller, out [outputs]; T is double or Pack.
  template <class T>
  void evaluate(T* registers, T* out) const;
  // The same over intervals, up to rounding: what the outputs can be for any values of the variables within theirs.
  void bounds(Interval* registers, Interval* out) const;

 private:
  struct Step {
    ExpressionGraph::Op op;
    int to, a, b, c;
  };
  int variables_ = 0, registers_ = 0;
  std::vector<double> constants_;
  std::vector<Step> steps_;
  std::vector<int> outputs_;
};

}  // namespace hyped
