// Light, noise and a tracker's mistakes.
#include "experiments/twin/film.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "libhyped/model/catalogue.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/simulate/simulate.hpp"

namespace hyped {
namespace {

struct Stretch {
  int phase = 0;
  double from_h = 0, until_h = 0;
};
// A cell as it lived.
struct History {
  int id = 0, mother = -1;                      // mother: index in its well
  std::vector<Stretch> stretches;
  std::string end;
  std::vector<double> state;                    // of the reporter at its end
  std::array<double, 2> brightness{1, 1};
};
struct Row {
  double time_h;
  int frame, phase, cell;                       // cell: of the truth
  std::array<double, 2> light;
};
// A track as the tracker has it.
struct Track {
  std::vector<Row> rows;
  int mother = -1;
  CellStart start = CellStart::division;
  CellEnd end = CellEnd::film_end;
};
struct Activity {
  double s_phase = 0, apc = 0;
};

Activity activity_of(const std::string& phase, Reporter reporter) {
  if (phase == "G0" || phase == "G1") return {0, 1};
  if (phase == "S" || (phase == "S/G2/M" && reporter == Reporter::cdt1_geminin)) return {1, 0};
  if (phase == "G2/M" || phase == "G2" || phase == "M") return {reporter == Reporter::cdt1_geminin ? 1.0 : 0.0, 0};
  throw InputError("phase '" + phase + "'", fmt::format("cannot be shown by reporter {}", to_string(reporter)), "use a model with G0, G1, S, G2/M (pip) or S/G2/M (cdt1_geminin)");
}

class Well {
 public:
  Well(const std::vector<TwinPhase>& phases, std::size_t from, std::size_t until, const std::vector<std::string>& names, const FilmSettings& settings, RandomStream random)
      : settings_(settings), random_(random), fucci_(ModelCatalogue::instance().make("reporter/fucci")) {
    for (const std::string& name : names) activity_.push_back(activity_of(name, settings.reporter));
    std::map<int, int> index;
    int founders = 0;
    for (std::size_t i = from; i < until; ++i) {
      const TwinPhase& p = phases[i];
      auto found = index.find(p.cell);
      if (found == index.end()) {
        const auto mother = index.find(p.parent);
        if (p.parent < 0 ? !p.labelled || founders >= settings.founders : mother == index.end()) continue;
        founders += p.parent < 0 ? 1 : 0;
        found = index.emplace(p.cell, static_cast<int>(cells_.size())).first;
        cells_.push_back({p.cell, p.parent < 0 ? -1 : mother->second, {}, "", {}, {1, 1}});
      }
      History& cell = cells_[static_cast<std::size_t>(found->second)];
      cell.stretches.push_back({static_cast<int>(std::find(names.begin(), names.end(), p.phase) - names.begin()), p.from_h, p.until_h});
      cell.end = p.end;
    }
  }

  std::vector<Track> run(FilmedCells& counts) {
    std::vector<Track> tracks;
    for (std::size_t c = 0; c < cells_.size(); ++c) tracks.push_back(seen(cells_[c], static_cast<int>(c), counts));
    std::vector<std::vector<int>> daughters(cells_.size());
    for (std::size_t c = 0; c < cells_.size(); ++c)
      if (cells_[c].mother >= 0) daughters[static_cast<std::size_t>(cells_[c].mother)].push_back(static_cast<int>(c));
    for (std::size_t c = 0; c < cells_.size(); ++c) {      // daughters come after their mothers, so a missed division passes on
      if (tracks[c].end != CellEnd::division || daughters[c].size() != 2 || random_.uniform() >= settings_.missed_division) continue;
      ++counts.missed_divisions;
      join(tracks, static_cast<int>(c), daughters[c], daughters);
    }
    swaps(tracks, counts);
    losses(tracks, counts);
    return tracks;
  }

 private:
  Track seen(History& cell, int index, FilmedCells& counts) {
    Experiment life;
    const double birth = cell.stretches.front().from_h, death = cell.stretches.back().until_h;
    life.start_h = birth;
    std::vector<double> parameters = fucci_->default_parameters();
    const auto set = [&](double at, const Activity& a) {
      if (at <= birth) {
        parameters[static_cast<std::size_t>(fucci_->parameter_index("s_phase"))] = a.s_phase;
        parameters[static_cast<std::size_t>(fucci_->parameter_index("apc"))] = a.apc;
        return;
      }
      life.schedule.push_back({at, "s_phase", Action::set, a.s_phase});
      life.schedule.push_back({at, "apc", Action::set, a.apc});
    };
    for (const Stretch& stretch : cell.stretches) set(stretch.from_h, activity_[static_cast<std::size_t>(stretch.phase)]);
    if (cell.mother >= 0) {
      life.initial = cells_[static_cast<std::size_t>(cell.mother)].state;
      cell.brightness = cells_[static_cast<std::size_t>(cell.mother)].brightness;
    } else {
      life.initial = founder_state(activity_[static_cast<std::size_t>(cell.stretches.front().phase)]);
      for (double& b : cell.brightness) b = std::exp(settings_.cell_sd * random_.normal());
    }
    std::vector<int> frames;
    for (std::size_t f = 0; f < settings_.times_h.size(); ++f)
      if (settings_.times_h[f] >= birth && settings_.times_h[f] < death) {
        frames.push_back(static_cast<int>(f));
        life.sample_times_h.push_back(settings_.times_h[f]);
      }
    if (life.sample_times_h.empty() || life.sample_times_h.back() < death) life.sample_times_h.push_back(death);
    const Trajectory run = simulate(*fucci_, parameters, life, OdeOptions{1e-6, 1e-9});
    HYPED_REQUIRE(run.outcome.ok());
    const Eigen::RowVectorXd last = run.states.row(run.states.rows() - 1);
    cell.state.assign(last.begin(), last.end());

    Track track;
    track.mother = cell.mother;
    const double first = settings_.times_h.front(), final = settings_.times_h.back();
    track.start = cell.mother >= 0 ? CellStart::division : birth <= first ? CellStart::film_start : CellStart::appeared;
    track.end = death >= final ? CellEnd::film_end : cell.end == "divided" ? CellEnd::division : cell.end == "died" ? CellEnd::death : CellEnd::lost;
    std::size_t stretch = 0;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const double time = settings_.times_h[static_cast<std::size_t>(frames[i])];
      while (stretch + 1 < cell.stretches.size() && time >= cell.stretches[stretch].until_h) ++stretch;
      if (random_.uniform() < settings_.dropped) {
        ++counts.dropped;
        continue;
      }
      std::array<double, 2> amount{run.states(static_cast<Eigen::Index>(i), 1), run.states(static_cast<Eigen::Index>(i), 3)};
      if (random_.uniform() < settings_.misread) {
        ++counts.misread;
        for (double& a : amount) a = random_.uniform() < 0.5 ? 0.0 : 1.5 * random_.uniform();
      }
      Row row{time, frames[i], cell.stretches[stretch].phase, index, {}};
      for (int c = 0; c < 2; ++c)
        row.light[c] = (settings_.background[c] + settings_.gain[c] * cell.brightness[c] * std::max(0.0, amount[c])) * std::exp(settings_.light_sd * random_.normal());
      track.rows.push_back(row);
    }
    return track;
  }

  // A cell before the film has been in its phase for a while: 40 h under the same activities.
  std::vector<double> founder_state(const Activity& a) {
    std::vector<double> parameters = fucci_->default_parameters();
    parameters[static_cast<std::size_t>(fucci_->parameter_index("s_phase"))] = a.s_phase;
    parameters[static_cast<std::size_t>(fucci_->parameter_index("apc"))] = a.apc;
    Experiment before;
    before.initial = fucci_->default_state();
    before.sample_times_h = {a.apc > 0 ? 40.0 : 4 + 8 * random_.uniform()};
    const Trajectory run = simulate(*fucci_, parameters, before, OdeOptions{1e-6, 1e-9});
    HYPED_REQUIRE(run.outcome.ok());
    const Eigen::RowVectorXd last = run.states.row(0);
    return {last.begin(), last.end()};
  }

  // The mother's track goes on as the first daughter's, whose own daughters are then the mother's.
  void join(std::vector<Track>& tracks, int mother, const std::vector<int>& pair, const std::vector<std::vector<int>>& daughters) {
    Track &whole = tracks[static_cast<std::size_t>(mother)], &kept = tracks[static_cast<std::size_t>(pair[0])], &other = tracks[static_cast<std::size_t>(pair[1])];
    whole.rows.insert(whole.rows.end(), kept.rows.begin(), kept.rows.end());
    whole.end = kept.end;
    kept.rows.clear();
    kept.end = CellEnd::lost;
    for (const int d : daughters[static_cast<std::size_t>(pair[0])]) tracks[static_cast<std::size_t>(d)].mother = mother;
    other.mother = -1;
    other.start = CellStart::appeared;
  }

  // What follows a frame changes places between two tracks, with the ends and the daughters.
  void swaps(std::vector<Track>& tracks, FilmedCells& counts) {
    const auto total = tracks.size();
    for (std::size_t a = 0; a < total; ++a)
      for (std::size_t i = 1; i < tracks[a].rows.size(); ++i) {
        if (random_.uniform() >= settings_.swapped) continue;
        const auto b = static_cast<std::size_t>(random_.uniform() * static_cast<double>(total));
        const double time = tracks[a].rows[i].time_h;
        const auto cut = [&](Track& t) { return std::find_if(t.rows.begin(), t.rows.end(), [&](const Row& r) { return r.time_h >= time; }); };
        if (b == a || cut(tracks[b]) == tracks[b].rows.begin() || cut(tracks[b]) == tracks[b].rows.end()) continue;
        ++counts.swaps;
        const auto at_a = cut(tracks[a]), at_b = cut(tracks[b]);
        std::vector<Row> tail_a(at_a, tracks[a].rows.end()), tail_b(at_b, tracks[b].rows.end());
        tracks[a].rows.erase(at_a, tracks[a].rows.end());
        tracks[b].rows.erase(at_b, tracks[b].rows.end());
        tracks[a].rows.insert(tracks[a].rows.end(), tail_b.begin(), tail_b.end());
        tracks[b].rows.insert(tracks[b].rows.end(), tail_a.begin(), tail_a.end());
        std::swap(tracks[a].end, tracks[b].end);
        for (Track& t : tracks) t.mother = t.mother == static_cast<int>(a) ? static_cast<int>(b) : t.mother == static_cast<int>(b) ? static_cast<int>(a) : t.mother;
        break;
      }
  }

  void losses(std::vector<Track>& tracks, FilmedCells& counts) {
    const auto total = tracks.size();
    for (std::size_t a = 0; a < total; ++a)
      for (std::size_t i = 1; i < tracks[a].rows.size(); ++i) {
        if (random_.uniform() >= settings_.lost) continue;
        ++counts.lost;
        Track rest;
        rest.rows.assign(tracks[a].rows.begin() + static_cast<std::ptrdiff_t>(i), tracks[a].rows.end());
        rest.start = CellStart::appeared;
        rest.end = tracks[a].end;
        tracks[a].rows.resize(i);
        tracks[a].end = CellEnd::lost;
        for (Track& t : tracks)
          if (t.mother == static_cast<int>(a)) t.mother = static_cast<int>(tracks.size());
        tracks.push_back(rest);
        break;
      }
  }

  const FilmSettings& settings_;
  RandomStream random_;
  std::unique_ptr<Model> fucci_;
  std::vector<Activity> activity_;
  std::vector<History> cells_;
};

// Tracks of one well into the table; a track without a row was never seen, and a division without a seen daughter is a loss.
void append(const std::vector<Track>& tracks, const FilmSettings& settings, FilmedCells& out, std::vector<std::array<double, 2>>& light) {
  CellTracks& all = out.tracks;
  std::vector<int> index(tracks.size(), -1);
  for (std::size_t t = 0; t < tracks.size(); ++t)
    if (!tracks[t].rows.empty()) index[t] = static_cast<int>(all.cells.size()) + static_cast<int>(std::count_if(index.begin(), index.begin() + static_cast<std::ptrdiff_t>(t), [](int i) { return i >= 0; }));
  const int film = static_cast<int>(all.films.size()) - 1;
  const auto first = all.cells.size();
  for (std::size_t t = 0; t < tracks.size(); ++t) {
    const Track& track = tracks[t];
    if (index[t] < 0) continue;
    FollowedCell cell;
    cell.id = fmt::format("{}", index[t] - static_cast<int>(first) + 1);
    cell.film = film;
    cell.mother = track.mother < 0 ? -1 : index[static_cast<std::size_t>(track.mother)];
    cell.start = track.start == CellStart::division && cell.mother < 0 ? CellStart::appeared : track.start;
    cell.end = track.rows.back().time_h >= settings.times_h.back() ? CellEnd::film_end : track.end == CellEnd::film_end ? CellEnd::lost : track.end;
    cell.start_h = track.rows.front().time_h;
    cell.end_h = track.rows.back().time_h;
    cell.first_row = all.frames.rows();
    cell.row_count = static_cast<int>(track.rows.size());
    for (const Row& row : track.rows) {
      all.frames.frame.push_back(row.frame);
      all.frames.time_h.push_back(row.time_h);
      all.frames.filled.push_back(0);
      all.frames.source_line.push_back(0);
      light.push_back(row.light);
      out.true_phase.push_back(row.phase);
      out.true_cell.push_back(row.cell);
    }
    all.cells.push_back(cell);
  }
  for (std::size_t c = first; c < all.cells.size(); ++c)
    if (all.cells[c].mother >= 0) all.cells[static_cast<std::size_t>(all.cells[c].mother)].daughters.push_back(static_cast<int>(c));
  for (std::size_t c = first; c < all.cells.size(); ++c)
    if (all.cells[c].end == CellEnd::division && all.cells[c].daughters.empty()) all.cells[c].end = CellEnd::lost;
}

}  // namespace

FilmedCells film_cells(const std::vector<TwinPhase>& phases, const FilmSettings& settings, std::uint64_t seed) {
  FilmedCells out;
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < phases.size(); ++i) {
    if (std::find(out.true_phases.begin(), out.true_phases.end(), phases[i].phase) == out.true_phases.end()) out.true_phases.push_back(phases[i].phase);
    if (i == 0 || phases[i].condition != phases[i - 1].condition || phases[i].well != phases[i - 1].well) starts.push_back(i);
  }
  std::vector<std::vector<Track>> wells(starts.size());
  std::vector<FilmedCells> counts(starts.size());
  parallel_for(static_cast<int>(starts.size()), [&](int w) {
    const auto at = static_cast<std::size_t>(w);
    Well well(phases, starts[at], at + 1 < starts.size() ? starts[at + 1] : phases.size(), out.true_phases, settings, RandomStream(seed, 0x66696c6d, static_cast<std::uint32_t>(w)));
    wells[at] = well.run(counts[at]);
  });
  out.tracks.format = "twin";
  out.tracks.source = fmt::format("twin (seed {})", seed);
  out.tracks.time_axis = "hours since release from starvation, as simulated";
  out.tracks.frames.channels = {settings.channels[0], settings.channels[1]};
  std::vector<std::array<double, 2>> light;
  for (std::size_t w = 0; w < wells.size(); ++w) {
    const TwinPhase& first = phases[starts[w]];
    out.tracks.films.push_back({first.well, first.condition, settings.frame_interval_h, settings.times_h.front(), settings.times_h.back()});
    append(wells[w], settings, out, light);
    out.dropped += counts[w].dropped;
    out.misread += counts[w].misread;
    out.missed_divisions += counts[w].missed_divisions;
    out.swaps += counts[w].swaps;
    out.lost += counts[w].lost;
  }
  out.tracks.frames.intensity.resize(out.tracks.frames.rows(), 2);
  out.tracks.frames.position = Eigen::MatrixX2d::Constant(out.tracks.frames.rows(), 2, std::nan(""));
  for (std::size_t i = 0; i < light.size(); ++i) out.tracks.frames.intensity.row(static_cast<Eigen::Index>(i)) << light[i][0], light[i][1];
  return out;
}

}  // namespace hyped
