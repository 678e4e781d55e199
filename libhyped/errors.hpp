// The three kinds of failure: our bug (HYPED_ASSERT), the user's input (InputError), the mathematics (Outcome).
#pragma once
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace hyped {

// The user's input is wrong. `where` is a file, line, dataset or key; the message says what was expected and what to do.
class InputError : public std::runtime_error {
 public:
  InputError(std::string where, std::string problem, std::string fix = "");
  const std::string& where() const { return where_; }

 private:
  std::string where_;
};

// Thrown by HYPED_REQUIRE when our own code is wrong; the command ends with exit code 3.
class BugError : public std::logic_error {
  using std::logic_error::logic_error;
};

// Numerical failure is a value, never an exception and never a NaN in a table.
enum class Status { ok, step_limit, step_too_small, not_finite, singular, not_converged, at_bound, not_identifiable };
std::string_view to_string(Status);

struct Outcome {
  Status status = Status::ok;
  std::string message;                                          // why, in words; empty when ok
  double time_h = std::numeric_limits<double>::quiet_NaN();     // where it stopped, if that means something
  std::vector<double> state = {};                               // the last good state of a solver, natural units
  bool ok() const { return status == Status::ok; }
};

// The valid names nearest to a mistyped one, by edit distance, as "a, b or c".
std::string nearest_names(std::string_view wrong, std::span<const std::string> valid);
// "did you mean 'a' or 'b'?" where some names are like the wrong one (a third of the letters differ at most, or one is a part of the other); else what there is.
std::string did_you_mean(std::string_view wrong, std::span<const std::string> valid);

[[noreturn]] void bug(const char* expression, const char* file, int line);

}  // namespace hyped

#define HYPED_REQUIRE(expression) ((expression) ? (void)0 : ::hyped::bug(#expression, __FILE__, __LINE__))
#ifdef HYPED_CHECKS
#define HYPED_ASSERT(expression) HYPED_REQUIRE(expression)
#else
#define HYPED_ASSERT(expression) ((void)0)
#endif
