// Linking of a film's nuclei: places in one system of coordinates, costs, rounds of linking and asking divisions for evidence.
#include "libhyped/image/link/link_nuclei.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "libhyped/image/link/film_cells.hpp"
#include "libhyped/image/link/gated_assignment.hpp"
#include "libhyped/image/link/spot_tracker.hpp"

namespace hyped {
namespace {

using image::SpotOrigins;

int channel_named(const std::vector<std::string>& channels, const std::string& name) {
  if (name.empty()) return -1;
  const auto found = std::find(channels.begin(), channels.end(), name);
  if (found == channels.end()) throw InputError("channel " + name, "is not among those measured", did_you_mean(name, channels));
  return static_cast<int>(found - channels.begin());
}

class FilmLinker {
 public:
  FilmLinker(const std::vector<FrameNuclei>& frames, const LinkOptions& options) : frames_(frames), options_(options) {}

  LinkedFilm run() {
    check_frames();
    if (usable_ < 2) {
      out_.outcome = {Status::not_identifiable, fmt::format("{} frames hold nuclei: nothing to link", usable_)};
      out_.notes.push_back(out_.outcome.message);
      return out_;
    }
    collect();
    if (spots_.empty()) {
      out_.outcome = {Status::not_identifiable, "all that was found is debris: nothing to link"};
      out_.notes.push_back(out_.outcome.message);
      return std::move(out_);
    }
    choose_distance();
    register_stages();
    link();
    return std::move(out_);
  }

 private:
  void check_frames() {
    const FrameNuclei* first = nullptr;
    for (std::size_t k = 0; k < frames_.size(); ++k) {
      if (k && frames_[k].frame <= frames_[k - 1].frame) throw InputError(fmt::format("frame {}", frames_[k].frame), fmt::format("comes after frame {}", frames_[k - 1].frame), "give frames in rising order, each once");
      if (!frames_[k].outcome.ok() || frames_[k].nuclei.empty()) {
        out_.notes.push_back(fmt::format("frame {} is a gap: {}", frames_[k].frame, frames_[k].outcome.ok() ? "no nucleus in it" : frames_[k].outcome.message));
        continue;
      }
      ++usable_;
      if (!first) first = &frames_[k];
      else if (frames_[k].channels != first->channels) throw InputError(fmt::format("frame {}", frames_[k].frame), fmt::format("has other channels than frame {}", first->frame), "measure the same channels in every frame");
    }
    if (!first) return;
    dna_ = channel_named(first->channels, options_.dna_channel);
    cycling_ = channel_named(first->channels, options_.cycling_channel);
    if (dna_ < 0) out_.notes.push_back("no DNA channel was named: total light and condensation are no evidence");
    if (cycling_ < 0 && options_.divisions) out_.notes.push_back("no reporter channel that is lost at division was named: divisions rest on places" + std::string(dna_ < 0 ? " alone" : " and DNA light"));
  }

  void collect() {
    long debris = 0;
    for (std::size_t f = 0; f < frames_.size(); ++f) {
      if (!frames_[f].outcome.ok()) continue;
      for (std::size_t k = 0; k < frames_[f].nuclei.size(); ++k) {
        if (frames_[f].nuclei[k].debris) ++debris;
        else origins_.push_back({static_cast<int>(f), static_cast<int>(k)});
      }
    }
    if (debris > 0) out_.notes.push_back(fmt::format("{} objects marked as debris were left out", debris));
    const auto n = static_cast<Eigen::Index>(origins_.size());
    NucleusSeries& s = series_;
    for (Eigen::ArrayXd* column : {&s.row, &s.column, &s.diameter, &s.dna_total, &s.dna_mean, &s.cycling, &s.area}) column->setConstant(n, DivisionEvidence::unknown);
    std::vector<double> diameters, lights;
    for (Eigen::Index i = 0; i < n; ++i) {
      const FrameNuclei& frame = frames_[static_cast<std::size_t>(origins_[static_cast<std::size_t>(i)].first)];
      const Nucleus& nucleus = frame.nuclei[static_cast<std::size_t>(origins_[static_cast<std::size_t>(i)].second)];
      spots_.push_back({frame.frame, nucleus.row, nucleus.column});
      s.row[i] = nucleus.row, s.column[i] = nucleus.column;
      if (nucleus.area > 0) {
        s.diameter[i] = 2 * std::sqrt(nucleus.area / M_PI);
        diameters.push_back(s.diameter[i]);
        if (!nucleus.at_border) s.area[i] = nucleus.area;
      }
      const auto light_in = [&](int channel) { return nucleus.light[static_cast<std::size_t>(channel)]; };
      if (dna_ >= 0 && static_cast<std::size_t>(dna_) < nucleus.light.size()) {
        s.dna_mean[i] = light_in(dna_).mean - light_in(dna_).ring;
        if (!nucleus.at_border) s.dna_total[i] = light_in(dna_).sum - nucleus.area * light_in(dna_).ring;
      }
      if (cycling_ >= 0 && static_cast<std::size_t>(cycling_) < nucleus.light.size()) {
        s.cycling[i] = light_in(cycling_).above_ring();
        lights.push_back(s.cycling[i]);
      }
    }
    if (!diameters.empty()) s.typical_diameter = percentile_of(diameters, 0.5);
    // A cell about to divide is among the brighter ones; below the 30 % point it shows nothing that could be lost.
    if (!lights.empty()) s.dark = std::max(0.0, percentile_of(lights, 0.3));
  }

  // Pairs of neighbouring frames that are each other's nearest, with any other nucleus more than twice as far.
  void choose_distance() {
    if (options_.max_distance_px > 0) {
      out_.max_distance_px = options_.max_distance_px;
      return;
    }
    std::map<int, std::vector<std::size_t>> by_frame;
    for (std::size_t i = 0; i < spots_.size(); ++i) by_frame[origins_[i].first].push_back(i);
    std::vector<double> steps, spacings;
    const auto two_nearest = [&](std::size_t i, const std::vector<std::size_t>& among) {
      std::pair<double, double> best{1e300, 1e300};
      std::size_t who = i;
      for (const std::size_t j : among) {
        const double d = std::hypot(spots_[i].row - spots_[j].row, spots_[i].column - spots_[j].column);
        if (d < best.first) best = {d, best.first}, who = j;
        else best.second = std::min(best.second, d);
      }
      return std::make_tuple(who, best.first, best.second);
    };
    for (auto here = by_frame.begin(); here != by_frame.end() && steps.size() < 20000; ++here) {
      const auto later = std::next(here);
      if (later == by_frame.end()) break;
      const FrameNuclei &a = frames_[static_cast<std::size_t>(here->first)], &b = frames_[static_cast<std::size_t>(later->first)];
      if (b.frame != a.frame + 1 || a.stage != b.stage) continue;
      for (const std::size_t i : here->second) {
        if (std::isnan(series_.diameter[static_cast<Eigen::Index>(i)]) && here->second.size() > 1) spacings.push_back(std::get<2>(two_nearest(i, here->second)));      // the nearest is itself
        const auto [j, near, next] = two_nearest(i, later->second);
        if (next < 2 * near) continue;
        const auto [back, back_near, back_next] = two_nearest(j, here->second);
        if (back == i && back_next >= 2 * back_near) steps.push_back(near);
      }
    }
    // Nuclei do not lie on each other: where no area is known, the closest neighbours tell their size.
    const double diameter = series_.typical_diameter > 0 || spacings.size() < 50 ? series_.typical_diameter : percentile_of(spacings, 0.05);
    if (steps.size() < 50) {
      out_.max_distance_px = diameter > 0 ? 1.5 * diameter : 20;
      out_.notes.push_back(fmt::format("{} pairs of nuclei are unmistakable: too few to learn how far nuclei move; {:.1f} px taken", steps.size(), out_.max_distance_px));
      return;
    }
    double distance = std::max(1.4 * percentile_of(steps, 0.995), 2.0);
    distance = std::max(distance, diameter);
    if (series_.typical_diameter > 0) distance = std::min(distance, 2.5 * diameter);      // a daughter stands up to a nucleus from her mother
    out_.max_distance_px = distance;
    out_.notes.push_back(fmt::format("nuclei may move {:.1f} px from frame to frame: from {} unmistakable pairs, half of which moved less than {:.1f} px", distance, steps.size(), percentile_of(steps, 0.5)));
  }

  void register_stages() {
    group_.assign(frames_.size(), 0);
    double rows = 0, columns = 0;
    int group = 0;
    const FrameNuclei* before = nullptr;
    std::vector<std::pair<double, double>> shift(frames_.size(), {0, 0});
    for (std::size_t f = 0; f < frames_.size(); ++f) {
      const FrameNuclei& here = frames_[f];
      if (here.outcome.ok() && !here.nuclei.empty()) {
        if (before && here.stage != before->stage) {
          FrameShift found = register_nuclei(*before, here, out_.max_distance_px);
          if (!options_.link_over_break) found.trusted = false;
          if (found.trusted) rows += found.rows, columns += found.columns;
          else ++group;
          out_.notes.push_back(fmt::format("break between frames {} and {}: {} of {} nuclei fit after a shift of {:.1f} rows and {:.1f} columns ({:.1f} expected by chance); {}", found.from_frame, found.to_frame, found.matched, found.nuclei, found.rows,
                                           found.columns, found.by_chance, found.trusted ? "cells are linked over it" : options_.link_over_break ? "not trusted, no cell is linked over it" : "cells end there, as asked"));
          out_.breaks.push_back(found);
        }
        before = &here;
      }
      shift[f] = {rows, columns};
      group_[f] = group;
    }
    for (std::size_t i = 0; i < spots_.size(); ++i) {
      const auto& [dr, dc] = shift[static_cast<std::size_t>(origins_[i].first)];
      spots_[i].row -= dr, spots_[i].column -= dc;
      series_.row[static_cast<Eigen::Index>(i)] = spots_[i].row, series_.column[static_cast<Eigen::Index>(i)] = spots_[i].column;
    }
  }

  bool apart(int a, int b) const { return group_[static_cast<std::size_t>(origins_[static_cast<std::size_t>(a)].first)] != group_[static_cast<std::size_t>(origins_[static_cast<std::size_t>(b)].first)]; }
  double distance(int a, int b) const { return std::hypot(spots_[static_cast<std::size_t>(a)].row - spots_[static_cast<std::size_t>(b)].row, spots_[static_cast<std::size_t>(a)].column - spots_[static_cast<std::size_t>(b)].column); }
  double same_nucleus_cost(int a, int b) const {
    if (apart(a, b)) return INFINITY;
    double factor = 1;
    for (const Eigen::ArrayXd* light : {&series_.dna_total, &series_.area}) {
      const double x = (*light)[a], y = (*light)[b];
      if (x > 0 && y > 0) factor += 3 * options_.light_weight * std::abs(x - y) / (x + y);
    }
    const double cost = distance(a, b) * factor;
    return cost * cost;
  }

  // Unbranched nuclei of one cell from `start` on, or back from it (then in rising order).
  static std::vector<int> onward(const std::vector<std::vector<int>>& next, int start, std::size_t count) {
    std::vector<int> out{start};
    while (out.size() < count && next[static_cast<std::size_t>(out.back())].size() == 1) out.push_back(next[static_cast<std::size_t>(out.back())][0]);
    return out;
  }
  static std::vector<int> back(const std::vector<int>& before, const std::vector<std::vector<int>>& next, int start, std::size_t count) {
    std::vector<int> out{start};
    while (out.size() < count && before[static_cast<std::size_t>(out.back())] >= 0 && next[static_cast<std::size_t>(before[static_cast<std::size_t>(out.back())])].size() == 1) out.push_back(before[static_cast<std::size_t>(out.back())]);
    std::reverse(out.begin(), out.end());
    return out;
  }
  static std::vector<int> before_of(const std::vector<std::vector<int>>& next) {
    std::vector<int> out(next.size(), -1);
    for (std::size_t i = 0; i < next.size(); ++i)
      for (const int to : next[i]) out[static_cast<std::size_t>(to)] = static_cast<int>(i);
    return out;
  }

  void link() {
    SpotTrackerOptions step;
    step.linking = {out_.max_distance_px, options_.max_gap_frames, [this](int a, int b) { return same_nucleus_cost(a, b); }, false};
    step.lone_spots = true;
    const auto pieces = image::followers_of(spots_.size(), link_spots(spots_, step));      // before gaps and divisions
    const auto piece_before = before_of(pieces);
    std::set<std::pair<int, int>> forbidden;
    step.gaps = {out_.max_distance_px, options_.max_gap_frames, step.linking.cost, false};
    step.splits_anywhere = true;
    const int last_frame = spots_.back().frame;
    step.segment_alternative = options_.alternative * out_.max_distance_px * out_.max_distance_px;
    if (options_.divisions)
      step.splits = {out_.max_distance_px, std::min(2, options_.max_gap_frames), [&](int mother, int start) {
                       if (apart(mother, start) || forbidden.count({mother, start})) return static_cast<double>(INFINITY);
                       // A nucleus seen once is not a daughter.
                       if (pieces[static_cast<std::size_t>(start)].empty() && spots_[static_cast<std::size_t>(start)].frame < last_frame) return static_cast<double>(INFINITY);
                       double factor = 1;
                       if (!pieces[static_cast<std::size_t>(mother)].empty()) {
                         std::vector<int> first = onward(pieces, pieces[static_cast<std::size_t>(mother)][0], 5);
                         while (first.size() > 1 && spots_[static_cast<std::size_t>(first.front())].frame < spots_[static_cast<std::size_t>(start)].frame) first.erase(first.begin());
                         factor += division_penalty(division_evidence(series_, back(piece_before, pieces, mother, 14), first, onward(pieces, start, 4)), options_.evidence_weight);
                       }
                       factor += options_.missing_weight * (spots_[static_cast<std::size_t>(start)].frame - spots_[static_cast<std::size_t>(mother)].frame - 1);
                       const double cost = distance(mother, start) * factor;
                       return cost * cost;
                     }, false};
    std::vector<SpotEdge> links;
    std::vector<std::vector<int>> next;
    std::map<int, FoundDivision> accepted;      // by the mother's last spot
    for (int round = 0; round < 8; ++round) {
      links = link_spots(spots_, step);
      next = image::followers_of(spots_.size(), links);
      const auto before = before_of(next);
      accepted.clear();
      bool all_good = true;
      for (const SpotEdge& split : links) {
        if (split.kind != LinkKind::split || next[static_cast<std::size_t>(split.from)].size() < 2) continue;
        const int other = next[static_cast<std::size_t>(split.from)][0] == split.to ? next[static_cast<std::size_t>(split.from)][1] : next[static_cast<std::size_t>(split.from)][0];
        FoundDivision found;
        const Spot& place = spots_[static_cast<std::size_t>(split.from)];
        found.frame = place.frame;
        found.time_h = frames_[static_cast<std::size_t>(origins_[static_cast<std::size_t>(split.from)].first)].time_h;
        found.row = place.row, found.column = place.column;
        found.evidence = division_evidence(series_, back(before, next, split.from, 14), onward(next, other, 4), onward(next, split.to, 4));
        found.accepted = found.evidence.total >= options_.least_evidence;
        if (found.accepted) accepted[split.from] = found;
        else {
          all_good = false;
          forbidden.insert({split.from, split.to});
          out_.divisions.push_back(found);
        }
      }
      if (all_good) break;
      if (round == 7) {
        std::erase_if(links, [&](const SpotEdge& link) { return link.kind == LinkKind::split && forbidden.count({link.from, link.to}) > 0; });
        next = image::followers_of(spots_.size(), links);
        out_.notes.push_back("divisions were still being refused after 8 rounds of linking: those of the last round are left out");
      }
    }
    for (const SpotEdge& one : links) out_.gaps += spots_[static_cast<std::size_t>(one.to)].frame - spots_[static_cast<std::size_t>(one.from)].frame > 1;
    const std::vector<int> cell_of = image::build_cells(out_, frames_, origins_, next, options_);
    for (auto& [spot, found] : accepted) {
      found.mother = cell_of[static_cast<std::size_t>(spot)];
      found.first = cell_of[static_cast<std::size_t>(next[static_cast<std::size_t>(spot)][0])];
      found.second = cell_of[static_cast<std::size_t>(next[static_cast<std::size_t>(spot)][1])];
      out_.divisions.push_back(found);
    }
    std::stable_sort(out_.divisions.begin(), out_.divisions.end(), [](const auto& a, const auto& b) { return a.frame < b.frame; });
    out_.tracks.notes = out_.notes;
  }

  const std::vector<FrameNuclei>& frames_;
  const LinkOptions& options_;
  LinkedFilm out_;
  int usable_ = 0, dna_ = -1, cycling_ = -1;
  SpotOrigins origins_;
  std::vector<Spot> spots_;
  NucleusSeries series_;
  std::vector<int> group_;      // frames of one group can be linked
};

}  // namespace

LinkedFilm link_nuclei(const std::vector<FrameNuclei>& frames, const LinkOptions& options) {
  if (options.max_gap_frames < 1) throw InputError("frames between two sightings", fmt::format("are {}", options.max_gap_frames), "give 1 or more; 3 bridges two missing ones");
  return FilmLinker(frames, options).run();
}

}  // namespace hyped
