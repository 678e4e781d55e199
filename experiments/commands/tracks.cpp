// `hyped tracks convert|phases|durations|multistate FILE`.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "experiments/commands/commands.hpp"
#include "experiments/commands/run_records.hpp"
#include "experiments/commands/checks.hpp"
#include "experiments/commands/narrow_help.hpp"
#include "experiments/commands/tracks_arguments.hpp"
#include "experiments/tracks/convert.hpp"
#include "experiments/tracks/durations.hpp"
#include "experiments/tracks/population.hpp"
#include "experiments/tracks/terminal_notes.hpp"
#include "libhyped/store/table.hpp"
#include "libhyped/tracks/split_films.hpp"

namespace hyped::commands {
namespace {

// CLASS=PHASE+PHASE
void add_class(PopulationSettings& settings, const std::string& text) {
  const auto equals = text.find('=');
  if (equals == text.npos || equals + 1 == text.size()) throw InputError("--class " + text, "is not CLASS=PHASE+PHASE", "write --class S/G2/M=G1/S+S/G2/M");
  auto& phases = settings.classes[text.substr(0, equals)];
  for (std::size_t from = equals + 1; from <= text.size();) {
    const auto plus = std::min(text.find('+', from), text.size());
    phases.push_back(text.substr(from, plus - from));
    from = plus + 1;
  }
}

}  // namespace

void add_convert(CLI::App& tracks, const std::shared_ptr<TracksArguments>& args, int& exit_code) {
  auto* convert = tracks.add_subcommand("convert", "Read a tracker's export, check it, write it tidily");
  args->add_reading(*convert, "hyped tracks convert tracks.xml --frame-interval-min 15 --out out/t", false);
  convert->callback([args, &exit_code] { run(*args, exit_code, run_convert); });
}

void add_durations(CLI::App& tracks, const std::shared_ptr<TracksArguments>& args, int& exit_code) {
  auto* durations = tracks.add_subcommand("durations", "How long phases last, with the film's censoring; the growth they make");
  struct More {
    DurationSettings durations;
    PopulationSettings population;
    std::vector<std::string> class_texts;
    bool residual = false, finished_only = false;
    std::string counts;
  };
  auto settings = std::make_shared<More>();
  durations->add_option("--only", settings->durations.phases, "a phase to look at; default: all")->allow_extra_args(false);
  durations->add_option("--family", settings->durations.families, "lognormal, gamma, weibull, erlang, exgaussian, delayed_exponential; default: all")->allow_extra_args(false);
  durations->add_option("--baseline", settings->durations.baseline, "condition the others are compared with");
  durations->add_option("--split", settings->durations.split, "a mark of the films (a dose) or an hour: stays before and after it apart");
  durations->add_option("--draws", settings->durations.draws, "of the goodness of fit; 0: none")->check(count_from_zero())->capture_default_str();
  durations->add_flag("--never", settings->durations.never, "fit a share of cells that never leaves a phase");
  durations->add_flag("--unseen-entries", settings->residual, "count stays met half way (steady growth)")->group(rarely_used);
  durations->add_option("--growth-rate", settings->durations.growth_rate_per_h, "1/h, for stays met half way")->check(number_from_zero())->group(rarely_used);
  durations->add_flag("--finished-only", settings->finished_only, "the file holds only stays that ended")->group(rarely_used);
  durations->add_option("--counts", settings->counts, "tidy counts to predict from the durations");
  durations->add_option("--class", settings->class_texts, "CLASS=PHASE+PHASE: what a class of counts shows")->allow_extra_args(false)->group(rarely_used);
  durations->add_option("--from-h", settings->population.from_h, "the prediction of counts starts here")->group(rarely_used);
  durations->add_flag("--resume", args->resume, "go on with the run that was stopped (OUT.unfinished)");
  args->add_reading(*durations, "hyped tracks durations out/phases/data --baseline control --out out/durations");
  durations->callback([args, settings, &exit_code] {
    settings->durations.unseen_entry = settings->residual ? UnseenEntry::residual : UnseenEntry::left_out;
    settings->durations.kept = settings->finished_only ? StaysKept::finished_only : StaysKept::all;
    settings->durations.seed = args->seed;
    settings->population.counts = settings->counts;
    for (const std::string& text : settings->class_texts) add_class(settings->population, text);
    std::optional<RunRecords> records;
    run(*args, exit_code, [&](RunDirectory& folder, const std::filesystem::path& file, const TrackReading& reading) {
      folder.set_title("Durations in " + file.filename().string(), "How long does each phase last, are cells of a kind alike, and how fast does a population of them grow?");
      folder.add_input(file);
      CellTracks read = read_tracks(file, reading);
      if (!settings->durations.split.empty()) read = split_films(read, settings->durations.split);
      fmt::print("{}", to_terminal_paragraph("time      ", read.time_axis));
      say_notes(folder, read.notes);
      records.emplace(*args, file, "tracks durations");
      const DurationRun durations = run_durations(folder, read, settings->durations, records->all());
      if (durations.fitted && settings->durations.phases.empty()) run_population(folder, read, settings->durations, settings->population, durations);
      for (const auto& answer : folder.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
    });
    if (records) records->finish();
  });
}

void add_tracks(CLI::App& app, int& exit_code) {
  auto* tracks = app.add_subcommand("tracks", "Single cells: what trackers export, phases, durations, rates");
  tracks->require_subcommand(1);
  tracks->footer("Example: hyped tracks convert tracks.xml --frame-interval-min 15 --out out/tracks");
  auto args = std::make_shared<TracksArguments>();      // shared with the callbacks
  add_convert(*tracks, args, exit_code);
  add_phases(*tracks, args, exit_code);
  add_durations(*tracks, args, exit_code);
  add_multistate(*tracks, args, exit_code);
}

}  // namespace hyped::commands
