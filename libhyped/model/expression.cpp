// The graph: nodes made once, simplified as they are made, differentiated by the chain rule.
#include "libhyped/model/expression.hpp"

#include <cmath>
#include <optional>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

using Op = ExpressionGraph::Op;
using Node = ExpressionGraph::Node;

double folded(Op op, double a, double b, double c) {
  switch (op) {
    case Op::add: return a + b;
    case Op::subtract: return a - b;
    case Op::multiply: return a * b;
    case Op::divide: return a / b;
    case Op::negate: return -a;
    case Op::power: return std::pow(a, b);
    case Op::power_log: return a > 0 ? std::pow(a, b) * std::log(a) : 0;
    case Op::exp: return std::exp(a);
    case Op::log: return std::log(a);
    case Op::sqrt: return std::sqrt(a);
    case Op::sin: return std::sin(a);
    case Op::cos: return std::cos(a);
    case Op::tan: return std::tan(a);
    case Op::tanh: return std::tanh(a);
    case Op::atan: return std::atan(a);
    case Op::abs: return std::abs(a);
    case Op::sign: return (a > 0) - (a < 0);
    case Op::floor: return std::floor(a);
    case Op::ceil: return std::ceil(a);
    case Op::minimum: return b < a ? b : a;
    case Op::maximum: return a < b ? b : a;
    case Op::less: return a < b;
    case Op::less_equal: return a <= b;
    case Op::equal: return a == b;
    case Op::both: return a != 0 && b != 0;
    case Op::either: return a != 0 || b != 0;
    case Op::negation: return a == 0;
    case Op::select: return a != 0 ? b : c;
    case Op::constant:
    case Op::variable: break;
  }
  HYPED_REQUIRE(false);
  return 0;
}

}  // namespace

Node ExpressionGraph::insert(const Operation& operation) {
  const auto key = std::make_tuple(operation.op, operation.a, operation.b, operation.c, operation.value);
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  nodes_.push_back(operation);
  return known_[key] = static_cast<Node>(nodes_.size()) - 1;
}

Node ExpressionGraph::constant(double value) { return insert({Op::constant, -1, -1, -1, value == 0 ? 0.0 : value}); }
Node ExpressionGraph::variable(int slot) { return insert({Op::variable, slot, -1, -1, 0}); }

Node ExpressionGraph::make(Op op, Node a, Node b, Node c) {
  const auto value = [&](Node node) { return node < 0 || (*this)[node].op == Op::constant; };
  if (value(a) && value(b) && value(c)) {
    const auto number = [&](Node node) { return node < 0 ? 0.0 : (*this)[node].value; };
    return constant(folded(op, number(a), number(b), number(c)));
  }
  if (const Node simple = simplified(op, a, b, c); simple >= 0) return simple;
  if ((op == Op::add || op == Op::multiply) && b < a) std::swap(a, b);
  return insert({op, a, b, c, 0});
}

// Where the operation is known to be something simpler; -1 if not.
Node ExpressionGraph::simplified(Op op, Node a, Node b, Node c) {
  switch (op) {
    case Op::add:
      if (is_constant(a, 0)) return b;
      if (is_constant(b, 0)) return a;
      break;
    case Op::subtract:
      if (is_constant(b, 0)) return a;
      if (is_constant(a, 0)) return make(Op::negate, b);
      if (a == b) return constant(0);
      break;
    case Op::multiply:
      if (is_constant(a, 0) || is_constant(b, 0)) return constant(0);
      if (is_constant(a, 1)) return b;
      if (is_constant(b, 1)) return a;
      if (is_constant(a, -1)) return make(Op::negate, b);
      if (is_constant(b, -1)) return make(Op::negate, a);
      break;
    case Op::divide:
      if (is_constant(a, 0)) return constant(0);
      if (is_constant(b, 1)) return a;
      if ((*this)[b].op == Op::constant && (*this)[b].value != 0) return make(Op::multiply, a, constant(1 / (*this)[b].value));
      break;
    case Op::negate:
      if ((*this)[a].op == Op::negate) return (*this)[a].a;
      break;
    case Op::power: {
      if ((*this)[b].op != Op::constant) break;
      const double exponent = (*this)[b].value;
      if (exponent == 0.5) return make(Op::sqrt, a);
      if (exponent == std::floor(exponent) && std::abs(exponent) <= 8) {
        const Node whole = whole_power(a, static_cast<int>(std::abs(exponent)));
        return exponent < 0 ? make(Op::divide, constant(1), whole) : whole;
      }
      break;
    }
    case Op::minimum:
    case Op::maximum:
    case Op::both:
    case Op::either:
      if (a == b) return a;
      break;
    case Op::select:
      if ((*this)[a].op == Op::constant) return (*this)[a].value != 0 ? b : c;
      if (b == c) return b;
      break;
    default: break;
  }
  return -1;
}

Node ExpressionGraph::whole_power(Node base, int exponent) {
  if (exponent == 0) return constant(1);
  if (exponent == 1) return base;
  const Node half = whole_power(base, exponent / 2), square = make(Op::multiply, half, half);
  return exponent % 2 == 0 ? square : make(Op::multiply, square, base);
}

bool ExpressionGraph::depends_on(Node node, int slot) {
  if (node < 0) return false;
  const Operation at = (*this)[node];
  if (at.op == Op::constant) return false;
  if (at.op == Op::variable) return at.a == slot;
  if (const auto found = dependences_.find({node, slot}); found != dependences_.end()) return found->second;
  const bool depends = depends_on(at.a, slot) || depends_on(at.b, slot) || depends_on(at.c, slot);
  return dependences_[{node, slot}] = depends;
}

Node ExpressionGraph::derivative(Node node, int slot) {
  if (!depends_on(node, slot)) return constant(0);
  if (const auto found = derivatives_.find({node, slot}); found != derivatives_.end()) return found->second;
  const Node result = slope(node, slot);
  return derivatives_[{node, slot}] = result;
}

Node ExpressionGraph::slope(Node node, int slot) {
  const Operation at = (*this)[node];      // a copy: making nodes moves them
  const auto d = [&](Node operand) { return derivative(operand, slot); };
  const auto times = [&](Node x, Node y) { return make(Op::multiply, x, y); };
  const auto over = [&](Node x, Node y) { return make(Op::divide, x, y); };
  switch (at.op) {
    case Op::variable: return constant(at.a == slot ? 1 : 0);
    case Op::add:
    case Op::subtract: return make(at.op, d(at.a), d(at.b));
    case Op::multiply: return make(Op::add, times(d(at.a), at.b), times(at.a, d(at.b)));
    case Op::divide: return over(make(Op::subtract, d(at.a), times(node, d(at.b))), at.b);
    case Op::negate: return make(Op::negate, d(at.a));
    case Op::power: {
      const Node by_base = times(times(at.b, make(Op::power, at.a, make(Op::subtract, at.b, constant(1)))), d(at.a));
      return make(Op::add, by_base, times(make(Op::power_log, at.a, at.b), d(at.b)));
    }
    case Op::power_log: {
      const Node logarithm = make(Op::log, at.a), below = make(Op::power, at.a, make(Op::subtract, at.b, constant(1)));
      const Node by_base = times(times(below, make(Op::add, times(at.b, logarithm), constant(1))), d(at.a));
      return make(Op::add, by_base, times(times(node, logarithm), d(at.b)));
    }
    case Op::exp: return times(node, d(at.a));
    case Op::log: return over(d(at.a), at.a);
    case Op::sqrt: return over(d(at.a), times(constant(2), node));
    case Op::sin: return times(make(Op::cos, at.a), d(at.a));
    case Op::cos: return make(Op::negate, times(make(Op::sin, at.a), d(at.a)));
    case Op::tan: return times(make(Op::add, constant(1), times(node, node)), d(at.a));
    case Op::tanh: return times(make(Op::subtract, constant(1), times(node, node)), d(at.a));
    case Op::atan: return over(d(at.a), make(Op::add, constant(1), times(at.a, at.a)));
    case Op::abs: return times(make(Op::sign, at.a), d(at.a));
    case Op::minimum: return make(Op::select, make(Op::less, at.b, at.a), d(at.b), d(at.a));
    case Op::maximum: return make(Op::select, make(Op::less, at.a, at.b), d(at.b), d(at.a));
    case Op::select: return make(Op::select, at.a, d(at.b), d(at.c));
    default: return constant(0);      // steps: sign, floor, ceil and conditions
  }
}

}  // namespace hyped
