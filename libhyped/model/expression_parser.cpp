// Precedence climbing over the tokens of one line of infix.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include "libhyped/errors.hpp"
#include "libhyped/model/expression.hpp"

namespace hyped {
namespace {

using Op = ExpressionGraph::Op;
using Node = ExpressionGraph::Node;

struct Token {
  enum class Kind { number, name, symbol, end } kind = Kind::end;
  std::string text;
  double value = 0;
  std::size_t column = 1;      // from 1
};

class Tokens {
 public:
  Tokens(std::string_view text, std::string place) : text_(text), place_(std::move(place)) { take(); }
  const Token& now() const { return now_; }
  Token take() {
    const Token taken = now_;
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    now_ = {Token::Kind::end, "", 0, at_ + 1};
    if (at_ == text_.size()) return taken;
    const char c = text_[at_];
    const auto digit = [&](std::size_t i) { return i < text_.size() && std::isdigit(static_cast<unsigned char>(text_[i])); };
    if (digit(at_) || (c == '.' && digit(at_ + 1))) return number(), taken;
    if (std::isalpha(static_cast<unsigned char>(c)) || c == '_') return name(), taken;
    static constexpr std::array<std::string_view, 7> pairs{"**", "<=", ">=", "==", "!=", "&&", "||"};
    now_ = {Token::Kind::symbol, std::string(1, c), 0, at_ + 1};
    for (const auto pair : pairs)
      if (text_.substr(at_, 2) == pair) now_.text = pair;
    if (now_.text.size() == 1 && std::string_view("+-*/^(),<>!").find(c) == std::string_view::npos) wrong(now_, fmt::format("unexpected '{}'", c), "use + - * / ^ ( ) , and comparisons");
    at_ += now_.text.size();
    return taken;
  }
  bool is(std::string_view symbol) const { return now_.kind == Token::Kind::symbol && now_.text == symbol; }
  bool take_if(std::string_view symbol) {
    if (!is(symbol)) return false;
    take();
    return true;
  }
  [[noreturn]] void wrong(const Token& token, const std::string& problem, const std::string& fix) const {
    throw InputError(fmt::format("{}, column {}", place_, token.column), fmt::format("{} in \"{}\"", problem, text_), fix);
  }
  std::string shown(const Token& token) const { return token.kind == Token::Kind::end ? "the end" : "'" + token.text + "'"; }
  const std::string& place() const { return place_; }

 private:
  void number() {
    const std::string rest(text_.substr(at_));
    char* end = nullptr;
    const double value = std::strtod(rest.c_str(), &end);
    const auto length = static_cast<std::size_t>(end - rest.c_str());
    now_ = {Token::Kind::number, rest.substr(0, length), value, at_ + 1};
    at_ += length;
  }
  void name() {
    const std::size_t from = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_')) ++at_;
    now_ = {Token::Kind::name, std::string(text_.substr(from, at_ - from)), 0, from + 1};
  }
  std::string_view text_;
  std::string place_;
  std::size_t at_ = 0;
  Token now_;
};

struct Function {
  std::string_view name;
  int arguments;      // -1: piecewise, -2: any number from one
};
constexpr std::array functions{Function{"exp", 1},   Function{"ln", 1},   Function{"log", 1},   Function{"log10", 1}, Function{"sqrt", 1},
                               Function{"pow", 2},   Function{"power", 2}, Function{"sin", 1},  Function{"cos", 1},   Function{"tan", 1},
                               Function{"tanh", 1},  Function{"atan", 1},  Function{"abs", 1},  Function{"floor", 1}, Function{"ceil", 1},  Function{"min", -2},
                               Function{"max", -2},  Function{"lt", 2},   Function{"leq", 2},   Function{"gt", 2},    Function{"geq", 2},
                               Function{"eq", 2},    Function{"neq", 2},  Function{"and", -2},  Function{"or", -2},   Function{"not", 1},
                               Function{"piecewise", -1}};

struct Infix {
  std::string_view symbol;
  int strength;
  Op op;
  bool swapped = false, negated = false;
};
constexpr std::array infixes{Infix{"||", 1, Op::either},      Infix{"&&", 2, Op::both},
                                    Infix{"==", 3, Op::equal},       Infix{"!=", 3, Op::equal, false, true},
                                    Infix{"<=", 4, Op::less_equal},  Infix{"<", 4, Op::less},
                                    Infix{">=", 4, Op::less_equal, true}, Infix{">", 4, Op::less, true},
                                    Infix{"+", 5, Op::add},          Infix{"-", 5, Op::subtract},
                                    Infix{"*", 6, Op::multiply},     Infix{"/", 6, Op::divide}};

class Parser {
 public:
  Parser(ExpressionGraph& graph, Tokens& tokens, const NameResolver& resolve) : graph_(graph), tokens_(tokens), resolve_(resolve) {}
  Node whole() {
    const Node node = level(0);
    if (tokens_.now().kind != Token::Kind::end)
      tokens_.wrong(tokens_.now(), fmt::format("unexpected {}", tokens_.shown(tokens_.now())), "expected an operator or the end");
    return node;
  }

 private:
  Node level(int weakest) {
    Node left = prefix();
    while (tokens_.now().kind == Token::Kind::symbol) {
      const auto* found = std::find_if(infixes.begin(), infixes.end(), [&](const Infix& i) { return i.symbol == tokens_.now().text; });
      if (found == infixes.end() || found->strength <= weakest) break;
      tokens_.take();
      const Node right = level(found->strength);
      left = found->swapped ? graph_.make(found->op, right, left) : graph_.make(found->op, left, right);
      if (found->negated) left = graph_.make(Op::negation, left);
    }
    return left;
  }
  Node prefix() {
    if (tokens_.take_if("-")) return graph_.make(Op::negate, prefix());
    if (tokens_.take_if("+")) return prefix();
    if (tokens_.take_if("!")) return graph_.make(Op::negation, prefix());
    const Node base = primary();
    if (tokens_.take_if("^") || tokens_.take_if("**")) return graph_.make(Op::power, base, prefix());      // binds right, before a sign
    return base;
  }
  Node primary() {
    const Token token = tokens_.now();
    if (token.kind == Token::Kind::number) {
      tokens_.take();
      return graph_.constant(token.value);
    }
    if (tokens_.take_if("(")) {
      const Node inside = level(0);
      close(token);
      return inside;
    }
    if (token.kind != Token::Kind::name) tokens_.wrong(token, fmt::format("unexpected {}", tokens_.shown(token)), "expected a number, a name or '('");
    tokens_.take();
    if (tokens_.take_if("(")) return call(token);
    try {
      return resolve_(token.text);
    } catch (const InputError& error) {
      std::string text = error.what();
      if (text.rfind(error.where() + ": ", 0) == 0) text.erase(0, error.where().size() + 2);
      throw InputError(fmt::format("{}, column {}", tokens_.place(), token.column), text);
    }
  }
  void close(const Token& opened) {
    if (!tokens_.take_if(")")) tokens_.wrong(tokens_.now(), fmt::format("unexpected {}", tokens_.shown(tokens_.now())), fmt::format("expected ')' for the '(' at column {}", opened.column));
  }
  Node call(const Token& name) {
    const auto* function = std::find_if(functions.begin(), functions.end(), [&](const Function& f) { return f.name == name.text; });
    if (function == functions.end()) {
      std::vector<std::string> names;
      for (const auto& f : functions) names.emplace_back(f.name);
      tokens_.wrong(name, fmt::format("there is no function '{}'", name.text), did_you_mean(name.text, names));
    }
    std::vector<Node> arguments;
    if (!tokens_.is(")"))
      do arguments.push_back(level(0));
      while (tokens_.take_if(","));
    close(name);
    const int count = static_cast<int>(arguments.size());
    if (function->arguments >= 0 ? count != function->arguments : count < (function->arguments == -1 ? 2 : 1))
      tokens_.wrong(name, fmt::format("'{}' has {} argument{}", name.text, count, count == 1 ? "" : "s"),
                    function->arguments >= 0 ? fmt::format("it takes {}", function->arguments) : "it takes more");
    return apply(name.text, arguments);
  }
  Node chain(Op op, const std::vector<Node>& arguments) {
    Node all = arguments[0];
    for (std::size_t i = 1; i < arguments.size(); ++i) all = graph_.make(op, all, arguments[i]);
    return all;
  }
  Node apply(const std::string& name, const std::vector<Node>& a) {
    static const std::map<std::string, Op> plain{{"exp", Op::exp}, {"ln", Op::log}, {"log", Op::log}, {"sqrt", Op::sqrt}, {"sin", Op::sin}, {"cos", Op::cos}, {"tan", Op::tan}, {"tanh", Op::tanh}, {"atan", Op::atan}, {"abs", Op::abs}, {"floor", Op::floor}, {"ceil", Op::ceil}, {"not", Op::negation}};
    static const std::map<std::string, Op> chains{{"min", Op::minimum}, {"max", Op::maximum}, {"and", Op::both}, {"or", Op::either}};
    if (const auto found = plain.find(name); found != plain.end()) return graph_.make(found->second, a[0]);
    if (const auto found = chains.find(name); found != chains.end()) return chain(found->second, a);
    if (name == "log10") return graph_.make(Op::multiply, graph_.make(Op::log, a[0]), graph_.constant(0.43429448190325182765));
    if (name == "pow" || name == "power") return graph_.make(Op::power, a[0], a[1]);
    if (name == "piecewise") {
      Node otherwise = a.size() % 2 == 1 ? a.back() : graph_.constant(0);
      for (std::size_t pair = a.size() / 2; pair-- > 0;) otherwise = graph_.make(Op::select, a[2 * pair + 1], a[2 * pair], otherwise);
      return otherwise;
    }
    const auto* infix = std::find_if(infixes.begin(), infixes.end(), [&](const Infix& i) {
      return i.symbol == (name == "lt" ? "<" : name == "leq" ? "<=" : name == "gt" ? ">" : name == "geq" ? ">=" : name == "eq" ? "==" : "!=");
    });
    const Node made = infix->swapped ? graph_.make(infix->op, a[1], a[0]) : graph_.make(infix->op, a[0], a[1]);
    return infix->negated ? graph_.make(Op::negation, made) : made;
  }

  ExpressionGraph& graph_;
  Tokens& tokens_;
  const NameResolver& resolve_;
};

}  // namespace

ExpressionGraph::Node parse_expression(ExpressionGraph& graph, std::string_view text, const NameResolver& resolve, const std::string& place) {
  Tokens tokens(text, place);
  return Parser(graph, tokens, resolve).whole();
}

std::vector<std::string> names_in(std::string_view text, const std::string& place) {
  std::vector<std::string> names;
  ExpressionGraph scratch;
  parse_expression(scratch, text, [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    return scratch.variable(static_cast<int>(std::find(names.begin(), names.end(), name) - names.begin()));
  }, place);
  return names;
}

}  // namespace hyped
