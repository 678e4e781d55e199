// Arguments of every verb of `hyped tracks`.
#include "experiments/commands/tracks_arguments.hpp"

#include <cmath>
#include <cstdlib>
#include <map>

#include "experiments/commands/checks.hpp"
#include "experiments/commands/narrow_help.hpp"
#include "libhyped/units.hpp"

namespace hyped::commands {

void TracksArguments::add_reading(CLI::App& command, const std::string& example, bool reads_tidy) {
  command.add_option("FILE", data, "tracker's export, table of events, tidy folder")->required();
  command.add_option("--frame-interval-min", frame_interval_min, "minutes, instead of the file's")->check(positive_number())->option_text("M");
  const std::string group = reads_tidy ? rarely_used : "Options";      // a tidy folder has said these
  command.add_option("--format", reading.format, "instead of the one found from the content")->group(group);
  command.add_option("--edges", edges, "TrackMate's edges (CSV)")->group(group);
  command.add_option("--graph", graph, "btrack's graph.json")->group(group);
  command.add_option("--properties", properties, "btrack's properties, row by row")->group(group);
  command.add_option("--column", roles, "role=name: cell, mother, frame, channel, ...")->allow_extra_args(false)->group(group);
  command.add_option("--event", events, "EVENT=column of a table with one row per cell; times=since_birth")->allow_extra_args(false)->group(group);
  command.add_option("--unit-h", reading.hours_per_time_unit, "hours per unit of a time column")->check(positive_number())->option_text("H")->group(group);
  command.add_option("--phase", reading.phases, "a phase, in the order of the cycle")->allow_extra_args(false)->group(group);
  command.add_option("--condition", reading.condition, "name, where the file has none")->group(group);
  command.add_option("--pixel-um", reading.pixel_um, "size of a pixel")->check(positive_number())->option_text("UM")->group(group);
  add_common(command, example);
}

TrackReading TracksArguments::finished_reading() const {
  TrackReading out = reading;
  out.frame_interval_h = frame_interval_min / units::minutes_per_hour;
  out.edges = edges;
  out.graph = graph;
  out.properties = properties;
  const std::map<std::string, std::string*> single = {{"cell", &out.columns.cell}, {"mother", &out.columns.mother}, {"frame", &out.columns.frame}, {"time", &out.columns.time},
                                                      {"x", &out.columns.x}, {"y", &out.columns.y}, {"phase", &out.columns.phase}, {"condition", &out.columns.condition}};
  for (const std::string& item : roles) {
    const auto equals = item.find('=');
    const std::string role = item.substr(0, equals), name = equals == item.npos ? "" : item.substr(equals + 1);
    const auto found = single.find(role);
    if (name.empty() || (found == single.end() && role != "film" && role != "channel"))
      throw InputError("--column " + item, "is not role=name", "roles are cell, mother, frame, time, x, y, phase, film, condition, channel");
    if (found != single.end()) *found->second = name;
    else (role == "film" ? out.columns.film : out.columns.channels).push_back(name);
  }
  const std::map<std::string, std::string*> known = {{"birth", &out.events.birth}, {"division", &out.events.division}, {"death", &out.events.death}, {"lost", &out.events.lost},
                                                     {"film_end", &out.events.film_end}, {"survived", &out.events.survived}, {"family", &out.events.family}};
  for (const std::string& item : events) {
    const auto equals = item.find('=');
    if (equals == item.npos || equals == 0) throw InputError("--event " + item, "is not EVENT=column", "write --event division=divided_h, --event G1=g1_end_h and, for the last phase, --event S/G2/M=");
    const std::string event = item.substr(0, equals), name = item.substr(equals + 1);
    if (event == "film_end_h") {      // a time for all films, not a column
      char* end = nullptr;
      out.film_end_h = std::strtod(name.c_str(), &end);
      if (name.empty() || *end != 0 || !(out.film_end_h > 0) || !std::isfinite(out.film_end_h)) throw InputError("--event " + item, "gives no time in hours", "write --event film_end_h=48");
      continue;
    }
    if (event == "times") {
      if (name != "film" && name != "since_birth" && name != "phases_since_birth") throw InputError("--event " + item, "is none of times=film, times=since_birth, times=phases_since_birth", "film: hours of the film's clock; since_birth: ends count from each cell's birth; phases_since_birth: only the phases' ends do");
      out.events.since_birth = name != "film";
      out.events.ends_since_birth = name == "since_birth";
      continue;
    }
    if (event == "founders") {
      if (name != "there" && name != "born") throw InputError("--event " + item, "is neither founders=there nor founders=born", "there: the birth of a cell without a mother was not seen; born: it was");
      out.founders_unborn = name == "there";
      continue;
    }
    const auto found = known.find(event);
    if (found == known.end()) out.events.phases.emplace_back(event, name);
    else if (name.empty()) throw InputError("--event " + item, "names no column", "only the last phase has none: it ends with the cell");
    else *found->second = name;
  }
  for (std::size_t k = 0; k + 1 < out.events.phases.size(); ++k)
    if (out.events.phases[k].second.empty()) throw InputError("--event " + out.events.phases[k].first + "=", "only the last phase has no column of its own", "give phases in the order of the cycle");
  if (!events.empty() && out.format.empty()) out.format = "events";
  return out;
}

}  // namespace hyped::commands
