// Error texts and the search for the nearest valid name.
#include "libhyped/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace hyped {

InputError::InputError(std::string where, std::string problem, std::string fix)
    : std::runtime_error(fmt::format("{}: {}{}{}", where, problem, fix.empty() ? "" : "; ", fix)), where_(std::move(where)) {}

std::string_view to_string(Status status) {
  switch (status) {
    case Status::ok: return "ok";
    case Status::step_limit: return "step_limit";
    case Status::step_too_small: return "step_too_small";
    case Status::not_finite: return "not_finite";
    case Status::singular: return "singular";
    case Status::not_converged: return "not_converged";
    case Status::at_bound: return "at_bound";
    case Status::not_identifiable: return "not_identifiable";
  }
  return "unknown";
}

static std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replace = diagonal + (std::tolower(a[i]) != std::tolower(b[j]));
      diagonal = row[j + 1];
      row[j + 1] = std::min({replace, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string nearest_names(std::string_view wrong, std::span<const std::string> valid) {
  std::vector<std::string> sorted(valid.begin(), valid.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::stable_sort(sorted.begin(), sorted.end(), [&](const auto& a, const auto& b) {
    return edit_distance(wrong, a) < edit_distance(wrong, b);
  });
  if (sorted.size() > 4) sorted.resize(4);
  std::string text;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i > 0) text += i + 1 == sorted.size() ? " or " : ", ";
    text += "'" + sorted[i] + "'";
  }
  return text;
}

void bug(const char* expression, const char* file, int line) {
  throw BugError(fmt::format("{}:{}: broken promise: {}", file, line, expression));
}

}  // namespace hyped
