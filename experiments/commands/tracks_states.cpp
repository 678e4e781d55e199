// `hyped tracks phases|multistate FILE`.
#include "experiments/commands/checks.hpp"
#include "experiments/commands/narrow_help.hpp"
#include "experiments/commands/tracks_arguments.hpp"
#include "experiments/tracks/multistate.hpp"
#include "experiments/tracks/phases.hpp"

namespace hyped::commands {

void add_phases(CLI::App& tracks, const std::shared_ptr<TracksArguments>& args, int& exit_code) {
  auto* phases = tracks.add_subcommand("phases", "Call the phase of every cell from two reporter channels");
  auto settings = std::make_shared<PhaseSettings>();
  phases->add_option("--reporter", settings->reporter, "cdt1_geminin or pip: both on is G1/S there, G2/M here")->required();
  phases->add_option("--g1-channel", settings->g1_channel, "channel of the Cdt1 or PIP part")->required();
  phases->add_option("--cycling-channel", settings->cycling_channel, "channel of the geminin part")->required();
  phases->add_option("--method", settings->method, "auto, kinetics (rise and fall of the reporter), levels, gates")->capture_default_str();
  phases->add_option("--stages", settings->stages, "of a phase's duration in the smoother")->check(count_within(1, 20))->capture_default_str()->group(rarely_used);
  phases->add_option("--gate-on", settings->gates.on, "of gates: on above, min-max scaled")->capture_default_str()->group(rarely_used);
  phases->add_option("--gate-off", settings->gates.off, "of gates: off below")->capture_default_str()->group(rarely_used);
  phases->add_flag("--allow-saturated", settings->allow_saturated, "take channels with over 5 % at their maximum");
  phases->add_option("--most-misfit", settings->most_misfit, "share of frames that may fit no phase's light; above it: exit 1")->check(number_within(0, 1))->capture_default_str();
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
  multistate->add_option("--delivery", settings->deliveries, "CONDITION=KIND@FROM_H[xDOSE]: sirna, modified_mrna or ligand drives its rates")->allow_extra_args(false);
  multistate->add_option("--driven", settings->driven, "A-B, a change that deliveries drive; default: all")->allow_extra_args(false);
  multistate->add_option("--input-step-h", settings->input_step_h, "length of a delivered input's steps")->check(positive_number())->capture_default_str()->group(rarely_used);
  multistate->add_flag("--same-rates", settings->same_rates, "one set of rates for all conditions");
  multistate->add_option("--reference", settings->reference, "condition the others are compared with");
  multistate->add_option("--starts", settings->starts, "local fits")->check(positive_count())->capture_default_str();
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
    settings->seed = args->seed;
    run(*args, exit_code, [&](RunDirectory& folder, const std::filesystem::path& file, const TrackReading& reading) { run_multistate(folder, file, reading, *settings); });
  });
}

}  // namespace hyped::commands
