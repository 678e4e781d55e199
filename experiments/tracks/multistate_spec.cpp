// The multi-state model that the settings ask for, and the rates nobody made.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "experiments/tracks/multistate.hpp"

namespace hyped {
namespace {

int phase_named(const PanelData& data, const std::string& name, const std::string& where) {
  const auto at = std::find(data.phases.begin(), data.phases.end(), name);
  if (at == data.phases.end()) throw InputError(where, "'" + name + "' is no phase of the data", "phases are " + fmt::format("{}", fmt::join(data.phases, ", ")));
  return static_cast<int>(at - data.phases.begin());
}

// Which phase can be reached from which, in any number of changes.
std::vector<std::vector<char>> reachable(const PanelSpec& spec) {
  const std::size_t n = spec.phases.size();
  std::vector<std::vector<char>> to(n, std::vector<char>(n, 0));
  for (std::size_t i = 0; i < n; ++i) to[i][i] = 1;
  for (const PanelTransition& t : spec.transitions) to[static_cast<std::size_t>(t.from)][static_cast<std::size_t>(t.to)] = 1;
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) to[i][j] = to[i][j] || (to[i][k] && to[k][j]);
  return to;
}

}  // namespace

bool is_end(const std::string& phase) { return phase == "divided" || phase == "dead"; }

PanelSpec spec_of(const PanelData& data, const MultistateSettings& settings) {
  PanelSpec spec;
  spec.phases = data.phases;
  spec.cuts_h = settings.cuts_h;
  int last = -1;
  for (int k = 0; k < static_cast<int>(data.phases.size()); ++k)
    if (!is_end(data.phases[static_cast<std::size_t>(k)])) last = k;
  if (settings.transitions.empty()) {
    for (int k = 0; k < last; ++k) spec.transitions.push_back({k, k + 1});
    const auto divided = std::find(data.phases.begin(), data.phases.end(), "divided"), dead = std::find(data.phases.begin(), data.phases.end(), "dead");
    if (divided != data.phases.end()) spec.transitions.push_back({last, static_cast<int>(divided - data.phases.begin())});
    // Without any division in the file, the first phase after the last one is it.
    const bool missed = divided == data.phases.end() && std::any_of(data.subjects.begin(), data.subjects.end(), [&](const PanelSubject& s) {
      return std::adjacent_find(s.looks.begin(), s.looks.end(), [&](const PanelLook& a, const PanelLook& b) { return a.seen == last && b.seen == 0; }) != s.looks.end();
    });
    if (missed && last > 0) spec.transitions.push_back({last, 0});
    for (int k = 0; dead != data.phases.end() && k <= last; ++k) spec.transitions.push_back({k, static_cast<int>(dead - data.phases.begin()), true});
  }
  for (const std::string& text : settings.transitions) {
    // The names may hold a dash themselves: every split is tried.
    bool found = false;
    for (std::size_t dash = text.find('-'); dash != text.npos && !found; dash = text.find('-', dash + 1)) {
      const auto from = std::find(data.phases.begin(), data.phases.end(), text.substr(0, dash)), to = std::find(data.phases.begin(), data.phases.end(), text.substr(dash + 1));
      if (from == data.phases.end() || to == data.phases.end()) continue;
      spec.transitions.push_back({static_cast<int>(from - data.phases.begin()), static_cast<int>(to - data.phases.begin()), *to == "dead"});
      found = true;
    }
    if (!found) throw InputError("--transition " + text, "names no two phases", fmt::format("write A-B with phases among {}", fmt::join(data.phases, ", ")));
  }
  spec.stages.assign(data.phases.size(), 1);
  for (const auto& [phase, stages] : settings.stages) spec.stages[static_cast<std::size_t>(phase_named(data, phase, "--stages"))] = stages;
  if (settings.misread) {
    for (int a = 0; a <= last; ++a)
      for (int b = 0; b <= last; ++b)
        if (a != b) spec.misread.push_back({a, b});
    spec.start = PanelSpec::Start::estimated;
    return spec;
  }
  const auto to = reachable(spec);
  std::set<std::string> seen;
  long impossible = 0;
  for (const PanelSubject& subject : data.subjects)
    for (std::size_t i = 1; i < subject.looks.size(); ++i) {
      const int a = subject.looks[i - 1].seen, b = subject.looks[i].seen;
      if (a < 0 || b < 0 || to[static_cast<std::size_t>(a)][static_cast<std::size_t>(b)]) continue;
      ++impossible;
      seen.insert(data.phases[static_cast<std::size_t>(a)] + "-" + data.phases[static_cast<std::size_t>(b)]);
    }
  if (impossible > 0)
    throw InputError(data.source, fmt::format("shows {} changes that no allowed path explains: {}", impossible, fmt::join(seen, ", ")), "allow them by --transition, or take phases for misread by --misread");
  return spec;
}

std::vector<UnseenRate> leave_out_unseen(const PanelData& data, PanelSpec& spec, std::vector<std::string>& pooled) {
  const std::size_t n = data.phases.size(), rows = static_cast<std::size_t>(data.covariates.rows());
  std::vector<std::vector<double>> hours(rows, std::vector<double>(n, 0));
  std::vector<std::vector<std::vector<long>>> seen(rows, std::vector<std::vector<long>>(n, std::vector<long>(n, 0)));
  for (const PanelSubject& subject : data.subjects) {
    int before = -1;
    double since = 0;
    for (const PanelLook& look : subject.looks) {
      if (look.seen < 0) continue;
      if (before >= 0) {
        hours[static_cast<std::size_t>(subject.covariate_row)][static_cast<std::size_t>(before)] += look.time_h - since;
        ++seen[static_cast<std::size_t>(subject.covariate_row)][static_cast<std::size_t>(before)][static_cast<std::size_t>(look.seen)];
      }
      before = look.seen;
      since = look.time_h;
    }
  }
  const auto events = [&](const PanelTransition& t, std::size_t row) { return seen[row][static_cast<std::size_t>(t.from)][static_cast<std::size_t>(t.to)]; };
  const auto explained = [&](const PanelSpec& all) {
    const auto to = reachable(all);
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t a = 0; a < n; ++a)
        for (std::size_t b = 0; b < n; ++b)
          if (seen[row][a][b] > 0 && !to[a][b]) return false;
    return true;
  };
  std::vector<UnseenRate> out;
  for (std::size_t r = 0; r < spec.transitions.size();) {
    const PanelTransition t = spec.transitions[r];
    long all = 0;
    UnseenRate unseen{data.phases[static_cast<std::size_t>(t.from)] + "-" + data.phases[static_cast<std::size_t>(t.to)]};
    for (std::size_t row = 0; row < rows; ++row) all += events(t, row), unseen.hours += hours[row][static_cast<std::size_t>(t.from)];
    PanelSpec without = spec;
    without.transitions.erase(without.transitions.begin() + static_cast<std::ptrdiff_t>(r));
    const bool left = std::any_of(without.transitions.begin(), without.transitions.end(), [&](const PanelTransition& other) { return other.from == t.from; });
    if (all > 0 || !left || !(unseen.hours > 0) || !explained(without)) {
      ++r;
      continue;
    }
    unseen.upper_per_h = -std::log(0.05) / unseen.hours;
    out.push_back(unseen);
    spec = without;
  }
  std::erase_if(spec.effects, [&](const PanelEffect& effect) {
    const PanelTransition& t = spec.transitions[static_cast<std::size_t>(effect.transition)];
    const auto row = static_cast<std::size_t>(effect.covariate) + 1;
    const bool here = events(t, row) > 0, reference = events(t, 0) > 0;
    // what can also be passed by in one step is seen as a longer change: only ways to an end are sure to show
    if (!is_end(data.phases[static_cast<std::size_t>(t.to)]) || (here && reference)) return false;
    pooled.push_back(fmt::format("{}-{} was not seen in '{}': one rate for it and for '{}'", data.phases[static_cast<std::size_t>(t.from)], data.phases[static_cast<std::size_t>(t.to)], here ? data.reference : data.covariate_names[static_cast<std::size_t>(effect.covariate)], here ? data.covariate_names[static_cast<std::size_t>(effect.covariate)] : data.reference));
    return true;
  });
  return out;
}

}  // namespace hyped
