// From graph to registers, and the loop over operations for one value or a pack of eight.
#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/model/expression.hpp"
#include "libhyped/model/pack.hpp"

namespace hyped {
namespace {

using Op = ExpressionGraph::Op;

template <class Test>
double decide(double a, double b, Test test) { return test(a, b); }
template <class Test>
Pack decide(const Pack& a, const Pack& b, Test test) { return Pack::by_lane(a, b, [&](double x, double y) { return double(test(x, y)); }); }
double chosen(double c, double a, double b) { return c != 0 ? a : b; }
Pack chosen(const Pack& c, const Pack& a, const Pack& b) {
  Pack out;
  for (int i = 0; i < pack_lanes; ++i) out.v[i] = c.v[i] != 0 ? a.v[i] : b.v[i];
  return out;
}

}  // namespace

Tape::Tape(const ExpressionGraph& graph, const std::vector<ExpressionGraph::Node>& outputs, int variables) : variables_(variables) {
  int highest = -1;
  for (const int node : outputs) highest = std::max(highest, node);
  std::vector<int> place(static_cast<std::size_t>(highest + 1), -1);
  std::vector<char> needed(place.size(), 0);
  for (const int node : outputs) needed[static_cast<std::size_t>(node)] = 1;
  for (int node = highest; node >= 0; --node) {      // operands come before what uses them
    if (!needed[static_cast<std::size_t>(node)] || graph[node].op == Op::variable) continue;
    for (const int operand : {graph[node].a, graph[node].b, graph[node].c})
      if (operand >= 0) needed[static_cast<std::size_t>(operand)] = 1;
  }
  for (int node = 0; node <= highest; ++node) {
    if (!needed[static_cast<std::size_t>(node)]) continue;
    if (graph[node].op == Op::variable) place[static_cast<std::size_t>(node)] = graph[node].a;
    if (graph[node].op != Op::constant) continue;
    place[static_cast<std::size_t>(node)] = variables_ + static_cast<int>(constants_.size());
    constants_.push_back(graph[node].value);
  }
  registers_ = variables_ + static_cast<int>(constants_.size());
  const auto where = [&](int node) { return node < 0 ? 0 : place[static_cast<std::size_t>(node)]; };
  for (int node = 0; node <= highest; ++node) {
    const auto& at = graph[node];
    if (!needed[static_cast<std::size_t>(node)] || at.op == Op::constant || at.op == Op::variable) continue;
    place[static_cast<std::size_t>(node)] = registers_;
    steps_.push_back({at.op, registers_++, where(at.a), where(at.b), where(at.c)});
  }
  for (const int node : outputs) outputs_.push_back(where(node));
}

template <class T>
void Tape::evaluate(T* r, T* out) const {
  using std::abs, std::ceil, std::cos, std::exp, std::floor, std::log, std::pow, std::sin, std::sqrt, std::tan, std::tanh, std::atan;
  for (std::size_t i = 0; i < constants_.size(); ++i) r[variables_ + static_cast<int>(i)] = T(constants_[i]);
  for (const Step& s : steps_) {
    T& to = r[s.to];
    const T &a = r[s.a], &b = r[s.b];
    switch (s.op) {
      case Op::add: to = a + b; break;
      case Op::subtract: to = a - b; break;
      case Op::multiply: to = a * b; break;
      case Op::divide: to = a / b; break;
      case Op::negate: to = -a; break;
      case Op::power: to = pow(a, b); break;
      case Op::power_log: to = decide(a, b, [](double x, double y) { return x > 0 ? std::pow(x, y) * std::log(x) : 0.0; }); break;
      case Op::exp: to = exp(a); break;
      case Op::log: to = log(a); break;
      case Op::sqrt: to = sqrt(a); break;
      case Op::sin: to = sin(a); break;
      case Op::cos: to = cos(a); break;
      case Op::tan: to = tan(a); break;
      case Op::tanh: to = tanh(a); break;
      case Op::atan: to = atan(a); break;
      case Op::abs: to = abs(a); break;
      case Op::floor: to = floor(a); break;
      case Op::ceil: to = ceil(a); break;
      case Op::sign: to = decide(a, a, [](double x, double) { return double((x > 0) - (x < 0)); }); break;
      case Op::minimum: to = decide(a, b, [](double x, double y) { return y < x ? y : x; }); break;
      case Op::maximum: to = decide(a, b, [](double x, double y) { return x < y ? y : x; }); break;
      case Op::less: to = decide(a, b, [](double x, double y) { return double(x < y); }); break;
      case Op::less_equal: to = decide(a, b, [](double x, double y) { return double(x <= y); }); break;
      case Op::equal: to = decide(a, b, [](double x, double y) { return double(x == y); }); break;
      case Op::both: to = decide(a, b, [](double x, double y) { return double(x != 0 && y != 0); }); break;
      case Op::either: to = decide(a, b, [](double x, double y) { return double(x != 0 || y != 0); }); break;
      case Op::negation: to = decide(a, a, [](double x, double) { return double(x == 0); }); break;
      case Op::select: to = chosen(a, b, r[s.c]); break;
      case Op::constant:
      case Op::variable: break;
    }
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) out[i] = r[outputs_[i]];
}

template void Tape::evaluate<double>(double*, double*) const;
template void Tape::evaluate<Pack>(Pack*, Pack*) const;

}  // namespace hyped
