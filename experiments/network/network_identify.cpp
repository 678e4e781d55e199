// `hyped network identify`: what measuring the named outputs without noise could ever determine.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>

#include "experiments/network/network_run.hpp"
#include "experiments/network/network_values.hpp"
#include "fitting/structural_identifiability.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

void run_network_identify(RunDirectory& run, const NetworkFile& network, const NetworkSettings& settings) {
  const InterpretedModel& model = *network.model;
  if (network.outputs.empty()) throw InputError(network.file.string(), "it names no outputs", "add outputs = [\"U\", \"2*V\"], or give --output; say which starts are unknown in unknown_starts");
  StructuralQuestion question;
  question.outputs = network.outputs;
  question.unknown_starts = network.unknown_starts;
  question.experiment.id = std::string(model.name());
  const NetworkValues values = values_of(network, settings.set);
  question.parameters = values.parameters;
  question.experiment.initial = values.initial;
  question.experiment.schedule = network.schedule;
  const double end = settings.end_h > 0 ? settings.end_h : network.end_h;
  if (!(end > 0)) throw InputError(network.file.string(), "no time to look at is given", "add [simulate] end_h, or give --end-h");
  for (int i = 1; i <= 40; ++i) question.experiment.sample_times_h.push_back(end * i / 40);
  const StructuralIdentifiability found = structural_identifiability(model, question, {.seed = settings.seed});
  Table table({{"name", "", ""}, {"identifiable", "", "locally, from outputs without noise"}, {"weight", "1", "largest share in a direction that changes nothing"}});
  for (std::size_t i = 0; i < found.names.size(); ++i) table.add_row({found.names[i], std::string(found.identifiable[i] ? "yes" : "no"), cell_of(found.weight[i])});
  run.add_table("structural_identifiability", table, "Rank of the outputs' sensitivities at generic points: what no amount of such data could determine.");
  std::fprintf(stdout, "%s\n", to_terminal(table, "tables/structural_identifiability.tsv").c_str());
  run.add_setting("outputs", fmt::format("{}", fmt::join(network.outputs, "; ")));
  run.add_result("deficiency", found.deficiency, "1");
  const std::string answer = found.deficiency == 0 ? fmt::format("Everything is identifiable (singular values {:.1e} above their noise at {} of {} points).", found.gap, found.agreeing, found.points.size())
                                                   : fmt::format("{} direction{} cannot be determined: {} (gap {:.1e} at {} of {} points).", found.deficiency, found.deficiency == 1 ? "" : "s", fmt::join(found.null, "; "), found.gap, found.agreeing, found.points.size());
  run.add_answer(answer);
  std::fprintf(stdout, "%s", to_terminal_paragraph("answer    ", answer).c_str());
  run.set_outcome(found.outcome);
}

}  // namespace hyped
