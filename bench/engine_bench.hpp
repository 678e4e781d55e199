// The parts of bench/engine_bench: its verdict, its Python peers and the comparisons that have a file of their own.
#pragma once
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace hyped::bench {

// One line of the table; a target that is missed by more than half fails the program.
struct Verdict {
  int failed = 0, missed = 0, compared = 0;
  // More is better: `factor` at least `target`.
  void at_least(const std::string& what, double factor, double target) { note(what, factor, target, factor >= target, factor >= target / 2, "at least"); }
  void at_most(const std::string& what, double value, double target) { note(what, value, target, value <= target, value <= 2 * target, "at most"); }
  void must(const std::string& what, bool holds) {
    if (holds) return;
    ++failed;
    fmt::print("  FAILED: {}\n", what);
  }

 private:
  void note(const std::string& what, double value, double target, bool met, bool passed, const char* sense) {
    ++compared;
    missed += !met;
    failed += !passed;
    fmt::print("  {}: {:.3g} (target: {} {:g}) {}\n\n", what, value, sense, target, met ? "met" : passed ? "passed, target missed" : "FAILED");
  }
};

// Runs a Python program of bench/ in the virtual environment HYPED_PEERS; the last line it prints is JSON. Empty when it cannot.
std::optional<nlohmann::json> peer(const std::string& program, const std::string& arguments);

// A chain of 60 stages: value, gradient and fit, against CVODE, AMICI and pyPESTO.
void compare_chain(Verdict& verdict);

}  // namespace hyped::bench
