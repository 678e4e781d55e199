// Tracks to evidence on rates.
#include "experiments/cycle/cycle_tracks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "fitting/track_evidence.hpp"
#include "libhyped/ingest/read_tracks.hpp"
#include "libhyped/model/staged.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

void add_track_evidence(RunDirectory& run, Scenario& scenario, const std::filesystem::path& file, const std::string& condition) {
  const CellTracks tracks = read_tracks(file);
  run.add_input(file);
  std::string from = condition;
  if (from.empty()) {
    std::vector<std::string> plain;
    for (const auto& [arm, inputs] : scenario.arm_inputs)
      if (inputs.empty()) plain.push_back(arm);
    if (plain.size() != 1) throw InputError(scenario.file.string(), fmt::format("{} arms have no input: whose tracks are the model's plain rates?", plain.size()), "give --tracks-condition");
    from = plain[0];
  }
  std::vector<std::string> conditions;
  for (const Film& film : tracks.films) conditions.push_back(film.condition);
  if (std::find(conditions.begin(), conditions.end(), from) == conditions.end()) throw InputError(file.string(), "has no condition '" + from + "'", did_you_mean(from, conditions));
  const auto model = make_staged(scenario.setup.model, scenario.setup.stages);
  Table table({{"phase", "", ""}, {"rate", "", ""}, {"stays", "1", ""}, {"finished", "1", ""}, {"stages", "1", "Erlang, the scenario's"}, {"mean_h", "h", "from the tracks alone"}, {"lower", "h", "95 %, where twice the log-likelihood falls by 3.84"}, {"upper", "h", ""}});
  for (const StagedPhase& phase : model->graph().phases) {
    const auto at = std::find(tracks.phases.begin(), tracks.phases.end(), phase.name);
    if (at == tracks.phases.end()) continue;
    DurationPolicy policy;
    policy.phase = static_cast<int>(at - tracks.phases.begin());
    policy.condition = from;
    const DurationData data = make_durations(tracks, policy);
    const TrackEvidence evidence = erlang_evidence(data, phase.stages);
    if (!evidence.outcome.ok()) {
      run.add_warning(fmt::format("tracks say nothing of {}: {}", phase.exit_rate, evidence.outcome.message));
      continue;
    }
    auto choice = std::find_if(scenario.setup.parameters.begin(), scenario.setup.parameters.end(), [&](const auto& c) { return c.name == phase.exit_rate; });
    if (choice == scenario.setup.parameters.end()) {
      scenario.setup.parameters.push_back({});
      choice = scenario.setup.parameters.end() - 1;
      choice->name = phase.exit_rate;
    }
    if (choice->prior) throw InputError(scenario.setup.where, "parameter '" + choice->name + "' has a prior already", "leave it out where tracks say what it is");
    if (choice->per_condition || choice->fixed) throw InputError(scenario.setup.where, "parameter '" + choice->name + "' is fixed or differs between conditions", "tracks of one condition can join one shared, free rate");
    choice->prior = evidence.prior;
    // Ends of the interval from the row itself.
    const auto end = [&](int side) {
      double inside = evidence.prior.mean, outside = evidence.prior.mean + side * 8 * evidence.prior.sd;
      for (int i = 0; i < 80; ++i) {
        const double middle = 0.5 * (inside + outside);
        (std::abs(evidence.prior.row(middle).value) < 1.959963984540054 ? inside : outside) = middle;
      }
      return std::pow(10.0, -0.5 * (inside + outside));
    };
    table.add_row({phase.name, phase.exit_rate, std::int64_t{evidence.stays}, std::int64_t{evidence.finished}, std::int64_t{evidence.stages}, evidence.mean_h, end(1), end(-1)});
    fmt::print("{}", to_terminal_paragraph("tracks    ", fmt::format("{}: {} stays of '{}', {} of them finished, join {} ({:.3g} h alone)", phase.name, evidence.stays, from, evidence.finished, phase.exit_rate, evidence.mean_h)));
  }
  if (table.rows().empty()) throw InputError(file.string(), fmt::format("shows no stay in a phase of the model; its phases: {}", fmt::join(tracks.phases, ", ")), "call phases by the model's names");
  run.add_table("track_evidence", table, fmt::format("Stays of followed cells of '{}' that are fitted together with the counts.", from));
  run.add_note("counts and tracks are taken as independent: where the same cells are in both, intervals are a little too narrow");
}

}  // namespace hyped
