// Error texts and the search for the nearest valid name.
#include "libhyped/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
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

static std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// A slip of the pen changes a third of the letters at most; or one name is a part of the other.
static bool is_like(std::string_view wrong, std::string_view name) {
  if (edit_distance(wrong, name) <= std::max(wrong.size(), name.size()) / (std::max(wrong.size(), name.size()) < 3 ? 2 : 3)) return true;
  const std::string a = lower(wrong), b = lower(name);
  return std::min(a.size(), b.size()) >= 3 && (a.find(b) != a.npos || b.find(a) != b.npos);
}

static std::vector<std::string> by_distance(std::string_view wrong, std::span<const std::string> valid) {
  std::vector<std::string> sorted(valid.begin(), valid.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::stable_sort(sorted.begin(), sorted.end(), [&](const auto& a, const auto& b) { return edit_distance(wrong, a) < edit_distance(wrong, b); });
  return sorted;
}

static std::string listed(const std::vector<std::string>& names, std::size_t most, const char* last) {
  const std::size_t shown = std::min(most, names.size());
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) text += i + 1 == shown ? last : ", ";
    text += "'" + names[i] + "'";
  }
  return text;
}

std::string nearest_names(std::string_view wrong, std::span<const std::string> valid) { return listed(by_distance(wrong, valid), 4, " or "); }

std::string did_you_mean(std::string_view wrong, std::span<const std::string> valid) {
  std::vector<std::string> names = by_distance(wrong, valid), like;
  for (const auto& name : names)
    if (is_like(wrong, name)) like.push_back(name);
  if (!like.empty()) return fmt::format("did you mean {}?", listed(like, 4, " or "));
  if (names.empty()) return "there are none";
  std::sort(names.begin(), names.end());
  if (names.size() <= 12) return "there " + std::string(names.size() == 1 ? "is " : "are ") + listed(names, 12, " and ");
  return fmt::format("none of the {} there are is like it; the first are {}", names.size(), listed(names, 4, " and "));
}

void bug(const char* expression, const char* file, int line) {
  throw BugError(fmt::format("{}:{}: broken promise: {}", file, line, expression));
}

}  // namespace hyped
