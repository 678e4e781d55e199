// Panel data from tracks, and what is refused.
#include "libhyped/tracks/panels/panel_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/counted.hpp"
#include "libhyped/errors.hpp"

namespace hyped {

PanelData panel_from_tracks(const CellTracks& tracks, const std::string& reference) {
  if (tracks.phases.empty()) throw InputError(tracks.source, "no phases were called", "call phases first (hyped tracks phases), or give a file with a phase column");
  PanelData out;
  out.source = tracks.source;
  std::vector<int> shown(tracks.phases.size(), 0), index(tracks.phases.size(), -1);
  const FrameTable& frames = tracks.frames;
  for (const int phase : frames.phase)
    if (phase >= 0) ++shown[static_cast<std::size_t>(phase)];
  for (std::size_t k = 0; k < shown.size(); ++k) {
    if (shown[k] == 0) {
      out.notes.push_back(fmt::format("phase '{}' is never seen and left out", tracks.phases[k]));
      continue;
    }
    index[k] = static_cast<int>(out.phases.size());
    out.phases.push_back(tracks.phases[k]);
  }
  const bool divides = std::any_of(tracks.cells.begin(), tracks.cells.end(), [](const auto& c) { return c.end == CellEnd::division && c.row_count > 0; });
  const bool dies = std::any_of(tracks.cells.begin(), tracks.cells.end(), [](const auto& c) { return c.end == CellEnd::death && c.row_count > 0; });
  const int divided = divides ? static_cast<int>(out.phases.size()) : -1;
  if (divides) out.phases.emplace_back("divided");
  const int dead = dies ? static_cast<int>(out.phases.size()) : -1;
  if (dies) out.phases.emplace_back("dead");

  std::vector<std::string> conditions;
  for (const Film& film : tracks.films)
    if (std::find(conditions.begin(), conditions.end(), film.condition) == conditions.end()) conditions.push_back(film.condition);
  const std::string base = reference.empty() ? conditions.front() : reference;
  const auto at = std::find(conditions.begin(), conditions.end(), base);
  if (at == conditions.end()) throw InputError(tracks.source, fmt::format("has no condition '{}'", base), fmt::format("its conditions: {}", nearest_names(base, conditions)));
  std::rotate(conditions.begin(), at, at + 1);
  out.reference = conditions.front();
  out.covariates = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(conditions.size()), static_cast<Eigen::Index>(conditions.size()) - 1);
  for (std::size_t c = 1; c < conditions.size(); ++c) {
    out.covariate_names.push_back(conditions[c]);
    out.covariates(static_cast<Eigen::Index>(c), static_cast<Eigen::Index>(c) - 1) = 1;
  }
  int once = 0, none = 0;
  for (const FollowedCell& cell : tracks.cells) {
    const Film& film = tracks.films[static_cast<std::size_t>(cell.film)];
    PanelSubject subject;
    subject.id = film.name.empty() ? cell.id : film.name + "/" + cell.id;
    subject.covariate_row = static_cast<int>(std::find(conditions.begin(), conditions.end(), film.condition) - conditions.begin());
    subject.entered = cell.start == CellStart::division;
    for (int row = cell.first_row; row < cell.first_row + cell.row_count; ++row) {
      const auto r = static_cast<std::size_t>(row);
      subject.looks.push_back({frames.time_h[r], frames.phase[r] < 0 ? PanelLook::unknown_alive : index[static_cast<std::size_t>(frames.phase[r])]});
    }
    const double step = film.frame_interval_h;
    if (!subject.looks.empty() && step > 0 && cell.end == CellEnd::division) subject.looks.push_back({subject.looks.back().time_h + step, divided});
    if (!subject.looks.empty() && step > 0 && cell.end == CellEnd::death) subject.looks.push_back({subject.looks.back().time_h + step, dead});
    if (subject.looks.empty()) ++none;
    else if (subject.looks.size() == 1) ++once;
    else out.subjects.push_back(std::move(subject));
  }
  if (none + once > 0) out.notes.push_back(fmt::format("{} seen in one frame or none: nothing of changes, left out", counted(none + once, "cell")));
  return out;
}

PanelCuts cut_undivided(PanelData& data) {
  PanelCuts out;
  const auto divided = std::find(data.phases.begin(), data.phases.end(), "divided");
  int last = -1;
  for (int k = 0; k < static_cast<int>(data.phases.size()); ++k)
    if (data.phases[static_cast<std::size_t>(k)] != "divided" && data.phases[static_cast<std::size_t>(k)] != "dead") last = k;
  if (divided == data.phases.end() || last < 1) return out;
  const int division = static_cast<int>(divided - data.phases.begin());
  std::vector<PanelSubject> kept;
  for (PanelSubject& subject : data.subjects) {
    out.divided += subject.looks.back().seen == division ? 1 : 0;
    auto& looks = subject.looks;
    PanelSubject rest = subject;
    bool first_stay = true, newborn = false;
    std::size_t from = 0;
    int before = -1;      // the last known phase
    for (std::size_t i = 0; i < looks.size(); ++i) {
      if (looks[i].seen < 0) continue;
      if (before == last && looks[i].seen == 0) {
        if (first_stay && from == 0 && subject.entered) ++out.leftover;
        else {
          ++out.undivided;
          PanelSubject part = subject;
          part.looks.assign(looks.begin() + static_cast<std::ptrdiff_t>(from), looks.begin() + static_cast<std::ptrdiff_t>(i));
          part.looks.push_back({looks[i].time_h, division});
          part.entered = newborn || (subject.entered && from == 0);
          kept.push_back(std::move(part));
          newborn = true;
        }
        from = i;
      } else if (before >= 0 && looks[i].seen != before) {
        first_stay = false;
      }
      before = looks[i].seen;
    }
    rest.looks.assign(looks.begin() + static_cast<std::ptrdiff_t>(from), looks.end());
    rest.entered = newborn || (subject.entered && from == 0);
    if (rest.looks.size() > 1) kept.push_back(std::move(rest));
  }
  data.subjects = std::move(kept);
  if (out.leftover > 0)
    data.notes.push_back(fmt::format("{} born with the light of '{}' and then in '{}': the light is the mother's, and those looks are left out", out.leftover == 1 ? "1 cell was" : fmt::format("{} cells were", out.leftover), data.phases[static_cast<std::size_t>(last)], data.phases[0]));
  if (out.undivided > 0)
    data.notes.push_back(fmt::format("{} from '{}' to '{}' without a division ({} divisions were seen): read as divisions that the tracker missed, between the two looks; what follows is a new-born cell", out.undivided == 1 ? "1 change" : fmt::format("{} changes", out.undivided), data.phases[static_cast<std::size_t>(last)], data.phases[0], out.divided));
  return out;
}

void check_panel(const PanelData& data, const std::vector<char>& absorbing) {
  const int phases = static_cast<int>(data.phases.size());
  for (const PanelSubject& subject : data.subjects) {
    const auto wrong = [&](const std::string& problem, const std::string& fix) { throw InputError(fmt::format("{}: cell '{}'", data.source, subject.id), problem, fix); };
    if (subject.covariate_row < 0 || subject.covariate_row >= data.covariates.rows()) wrong(fmt::format("names covariate row {} of {}", subject.covariate_row, data.covariates.rows()), "give an existing row");
    for (std::size_t i = 0; i < subject.looks.size(); ++i) {
      const PanelLook& look = subject.looks[i];
      if (look.seen < PanelLook::nothing || look.seen >= phases) wrong(fmt::format("shows phase number {} of {}", look.seen, phases), "give an existing phase");
      if (i > 0 && !(look.time_h > subject.looks[i - 1].time_h)) wrong(fmt::format("is looked at {:.6g} h after {:.6g} h", look.time_h, subject.looks[i - 1].time_h), "sort its looks by time, one per time");
      if (i > 0 && subject.looks[i - 1].seen >= 0 && absorbing[static_cast<std::size_t>(subject.looks[i - 1].seen)]) wrong(fmt::format("is seen again after '{}'", data.phases[static_cast<std::size_t>(subject.looks[i - 1].seen)]), "nothing follows the end of a cell");
      if (look.exact && (look.seen < 0 || !absorbing[static_cast<std::size_t>(look.seen)])) wrong("has an exact time of a phase that can be left", "only ends of cells are known to the moment");
    }
  }
}

}  // namespace hyped
