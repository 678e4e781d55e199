// Equations of reactions as net changes.
#include "libhyped/model/reaction_table.hpp"

#include <fmt/format.h>

#include <cctype>
#include <cstdlib>

#include "libhyped/errors.hpp"

namespace hyped {

std::map<std::string, double> net_of_equation(const std::string& equation, const std::string& place) {
  const auto arrow = equation.find("->");
  if (arrow == std::string::npos) throw InputError(place, "the equation \"" + equation + "\" has no '->'", "write \"A + 2 B -> C\"");
  std::map<std::string, double> net;
  const auto side = [&](std::size_t from, std::size_t to, double sign) {
    std::size_t at = from;
    const auto skip = [&] { while (at < to && std::isspace(static_cast<unsigned char>(equation[at]))) ++at; };
    skip();
    if (at == to || (equation[at] == '0' && equation.find_first_not_of(" \t0", at) >= to)) return;
    while (true) {
      skip();
      double count = 1;
      if (at < to && (std::isdigit(static_cast<unsigned char>(equation[at])) || equation[at] == '.')) {
        char* end = nullptr;
        count = std::strtod(equation.c_str() + at, &end);
        at = static_cast<std::size_t>(end - equation.c_str());
        skip();
        if (at < to && equation[at] == '*') ++at;
        skip();
      }
      const std::size_t name = at;
      while (at < to && (std::isalnum(static_cast<unsigned char>(equation[at])) || equation[at] == '_')) ++at;
      if (at == name) throw InputError(fmt::format("{}, column {}", place, at + 1), "a species was expected in \"" + equation + "\"", "write \"A + 2 B -> C\"");
      net[equation.substr(name, at - name)] += sign * count;
      skip();
      if (at == to) return;
      if (equation[at] != '+') throw InputError(fmt::format("{}, column {}", place, at + 1), fmt::format("unexpected '{}' in \"{}\"", equation[at], equation), "expected '+' or '->'");
      ++at;
    }
  };
  side(0, arrow, -1);
  side(arrow + 2, equation.size(), 1);
  std::erase_if(net, [](const auto& entry) { return entry.second == 0; });
  return net;
}

}  // namespace hyped
