// `hyped tracks convert FILE`.
#include <fmt/format.h>

#include <map>
#include <memory>

#include "experiments/commands/commands.hpp"
#include "experiments/commands/run_arguments.hpp"
#include "experiments/tracks/convert.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/units.hpp"

namespace hyped::commands {
namespace {

// What every verb of this topic needs to read tracks.
struct TracksArguments : RunArguments {
  TrackReading reading;
  double frame_interval_min = 0;
  std::string edges, graph, properties;
  std::vector<std::string> roles;              // role=column

  void add_reading(CLI::App& command, const std::string& example) {
    command.add_option("FILE", data, "export of a tracker, table of events, or tidy folder")->required();
    command.add_option("--format", reading.format, "instead of the one found from the content");
    command.add_option("--frame-interval-min", frame_interval_min, "minutes, instead of the file's")->check(CLI::PositiveNumber)->option_text("M");
    command.add_option("--edges", edges, "TrackMate's edges (CSV)");
    command.add_option("--graph", graph, "btrack's graph.json");
    command.add_option("--properties", properties, "btrack's properties, row by row");
    command.add_option("--column", roles, "role=name: cell, mother, frame, time, channel, ...")->allow_extra_args(false);
    command.add_option("--phase", reading.phases, "a phase, in the order of the cycle")->allow_extra_args(false);
    command.add_option("--condition", reading.condition, "name, where the file has none");
    command.add_option("--pixel-um", reading.pixel_um, "size of a pixel")->check(CLI::PositiveNumber)->option_text("UM");
    add_common(command, example);
  }

  TrackReading finished_reading() const {
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
    return out;
  }
};

void run(TracksArguments& args, int& exit_code, void (*verb)(RunDirectory&, const std::filesystem::path&, const TrackReading&)) {
  set_threads(args.threads);
  args.note_start();
  RunDirectory folder(args.out, args.command_line, args.seed);
  verb(folder, args.data, args.finished_reading());
  exit_code = args.finish(folder);
}

}  // namespace

void add_tracks(CLI::App& app, int& exit_code) {
  auto* tracks = app.add_subcommand("tracks", "Single cells: what trackers export, phases, durations");
  tracks->require_subcommand(1);
  tracks->footer("Example: hyped tracks convert tracks.xml --frame-interval-min 15 --out out/tracks");
  auto args = std::make_shared<TracksArguments>();      // shared with the callbacks
  auto* convert = tracks->add_subcommand("convert", "Read a tracker's export, check it, write it tidily");
  args->add_reading(*convert, "hyped tracks convert tracks.xml --frame-interval-min 15 --out out/t");
  convert->callback([args, &exit_code] { run(*args, exit_code, run_convert); });
}

}  // namespace hyped::commands
