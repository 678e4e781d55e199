// `hyped tracks convert|phases|multistate FILE`.
#include <fmt/format.h>

#include <map>
#include <memory>

#include "experiments/commands/commands.hpp"
#include "experiments/commands/run_arguments.hpp"
#include "experiments/tracks/convert.hpp"
#include "experiments/tracks/multistate.hpp"
#include "experiments/tracks/phases.hpp"
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

template <class Verb>
void run(TracksArguments& args, int& exit_code, const Verb& verb) {
  set_threads(args.threads);
  args.note_start();
  RunDirectory folder(args.out, args.command_line, args.seed);
  verb(folder, args.data, args.finished_reading());
  exit_code = args.finish(folder);
}

void add_phases(CLI::App& tracks, const std::shared_ptr<TracksArguments>& args, int& exit_code) {
  auto* phases = tracks.add_subcommand("phases", "Call the phase of every cell from two reporter channels");
  auto settings = std::make_shared<PhaseSettings>();
  phases->add_option("--reporter", settings->reporter, "cdt1_geminin or pip: both on is G1/S there, G2/M here")->required();
  phases->add_option("--g1-channel", settings->g1_channel, "channel of the Cdt1 or PIP part")->required();
  phases->add_option("--cycling-channel", settings->cycling_channel, "channel of the geminin part")->required();
  phases->add_option("--method", settings->method, "smoother, kinetics (rise and fall of the reporter) or gates")->capture_default_str();
  phases->add_option("--stages", settings->stages, "of a phase's duration in the smoother")->check(CLI::Range(1, 20))->capture_default_str();
  phases->add_option("--gate-on", settings->gates.on, "of gates: on above, min-max scaled")->capture_default_str();
  phases->add_option("--gate-off", settings->gates.off, "of gates: off below")->capture_default_str();
  phases->add_flag("--allow-saturated", settings->allow_saturated, "take channels with over 5 % at their maximum");
  args->add_reading(*phases, "hyped tracks phases out/twin/data/film --reporter cdt1_geminin --g1-channel mKate --cycling-channel tagGFP --out out/phases");
  phases->callback([args, settings, &exit_code] {
    run(*args, exit_code, [&](RunDirectory& folder, const std::filesystem::path& file, const TrackReading& reading) { run_phases(folder, file, reading, *settings); });
  });
}

void add_multistate(CLI::App& tracks, const std::shared_ptr<TracksArguments>& args, int& exit_code) {
  auto* multistate = tracks.add_subcommand("multistate", "Markov rates between called phases, with tests of what they assume");
  struct More : MultistateSettings {
    std::vector<std::string> stage_texts;
    bool same_rates = false;
  };
  auto settings = std::make_shared<More>();
  multistate->add_option("--transition", settings->transitions, "A-B, an allowed change; default: the cycle's order")->allow_extra_args(false);
  multistate->add_flag("--misread", settings->misread, "phases may be read as others: fit how often");
  multistate->add_option("--stages", settings->stage_texts, "PHASE=k: an Erlang stay of k stages")->allow_extra_args(false);
  multistate->add_option("--cut-h", settings->cuts_h, "rates change at this time")->allow_extra_args(false);
  multistate->add_flag("--same-rates", settings->same_rates, "one set of rates for all conditions");
  multistate->add_option("--reference", settings->reference, "condition the others are compared with");
  multistate->add_option("--starts", settings->starts, "local fits")->check(CLI::PositiveNumber)->capture_default_str();
  args->add_reading(*multistate, "hyped tracks multistate out/phases/data --stages G1=3 --out out/rates");
  multistate->callback([args, settings, &exit_code] {
    for (const std::string& text : settings->stage_texts) {
      const auto equals = text.rfind('=');
      char* end = nullptr;
      const long stages = equals == text.npos ? 0 : std::strtol(text.c_str() + equals + 1, &end, 10);
      if (stages < 1 || end == nullptr || *end != 0) throw InputError("--stages " + text, "is not PHASE=k", "write --stages G1=3");
      settings->stages[text.substr(0, equals)] = static_cast<int>(stages);
    }
    settings->effects = !settings->same_rates;
    run(*args, exit_code, [&](RunDirectory& folder, const std::filesystem::path& file, const TrackReading& reading) { run_multistate(folder, file, reading, *settings); });
  });
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
  add_phases(*tracks, args, exit_code);
  add_multistate(*tracks, args, exit_code);
}

}  // namespace hyped::commands
