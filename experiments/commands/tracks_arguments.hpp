// Arguments of every verb of `hyped tracks`.
#pragma once
#include <memory>

#include "experiments/commands/run_arguments.hpp"
#include "libhyped/ingest/read_tracks.hpp"
#include "libhyped/parallel.hpp"

namespace hyped::commands {

struct TracksArguments : RunArguments {
  TrackReading reading;
  double frame_interval_min = 0;
  std::string edges, graph, properties;
  std::vector<std::string> roles, events;      // role=column, event=column

  // reads_tidy: mostly given a tidy folder, so that what tells how to read other tables is listed by --help-all alone.
  void add_reading(CLI::App& command, const std::string& example, bool reads_tidy = true);
  TrackReading finished_reading() const;       // InputError for a role that does not exist
};

template <class Verb>
void run(TracksArguments& args, int& exit_code, const Verb& verb) {
  set_threads(args.threads);
  args.note_start();
  RunDirectory folder(args.out, args.command_line, args.seed);
  verb(folder, args.data, args.finished_reading());
  exit_code = args.finish(folder);
}

// One function per verb.
void add_convert(CLI::App& tracks, const std::shared_ptr<TracksArguments>& args, int& exit_code);
void add_phases(CLI::App& tracks, const std::shared_ptr<TracksArguments>& args, int& exit_code);
void add_durations(CLI::App& tracks, const std::shared_ptr<TracksArguments>& args, int& exit_code);
void add_multistate(CLI::App& tracks, const std::shared_ptr<TracksArguments>& args, int& exit_code);

}  // namespace hyped::commands
