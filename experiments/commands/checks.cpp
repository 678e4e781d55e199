// Validators, and the walk down the subcommands.
#include "experiments/commands/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped::commands {
namespace {

template <class Allowed>
CLI::Validator number(const std::string& what, Allowed allowed) {
  return CLI::Validator([what, allowed](std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    const bool good = end != text.c_str() && *end == 0 && std::isfinite(value) && allowed(value);
    return good ? std::string() : "'" + text + "' is not " + what;
  }, "");
}

}  // namespace

CLI::Validator positive_number() { return number("a number above 0", [](double v) { return v > 0; }); }
CLI::Validator number_from_zero() { return number("a number of 0 or more", [](double v) { return v >= 0; }); }
CLI::Validator positive_count() { return number("a whole number of 1 or more", [](double v) { return v >= 1 && v == std::floor(v); }); }
CLI::Validator count_from_zero() { return number("a whole number of 0 or more", [](double v) { return v >= 0 && v == std::floor(v); }); }

CLI::Validator number_within(double low, double high) {
  return number(fmt::format("a number from {} to {}", low, high), [=](double v) { return v >= low && v <= high; });
}

CLI::Validator count_within(int low, int high) {
  return number(fmt::format("a whole number from {} to {}", low, high), [=](double v) { return v >= low && v <= high && v == std::floor(v); });
}

std::string unknown_command(const CLI::App& app, int argc, const char* const* argv) {
  const CLI::App* current = &app;
  std::string path = app.get_name();
  for (int i = 1; i < argc && argv[i][0] != '-'; ++i) {
    const std::string word = argv[i];
    std::vector<std::string> names;
    const CLI::App* next = nullptr;
    for (const CLI::App* sub : current->get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(sub->get_name());
      if (sub->get_name() == word) next = sub;
    }
    if (names.empty()) return "";      // its arguments begin
    if (next == nullptr) return "there is no command '" + word + "' of " + path + "; " + did_you_mean(word, names);
    current = next;
    path += " " + word;
  }
  return "";
}

}  // namespace hyped::commands
