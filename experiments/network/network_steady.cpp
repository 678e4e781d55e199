// `hyped network steady`: where a start leads, whether rounding decides it, and how the end moves with parameters.
#include <fmt/format.h>

#include <cmath>
#include <cstdio>

#include "experiments/network/network_run.hpp"
#include "experiments/network/network_values.hpp"
#include "libhyped/simulate/steady_state.hpp"

namespace hyped {
namespace {

void say(RunDirectory& run, const std::string& answer) {
  run.add_answer(answer);
  std::fprintf(stdout, "%s", to_terminal_paragraph("answer    ", answer).c_str());
}

std::string in_words(const InterpretedModel& model, const SteadyState& end) {
  if (!end.outcome.ok()) return end.outcome.message;
  std::string text;
  for (int i = 0; i < model.state_count(); ++i) text += fmt::format("{}{} = {:.4g}", i == 0 ? "" : ", ", model.states()[static_cast<std::size_t>(i)].name, end.state[i]);
  return text;
}

// The start's two ends, where a millionth of it decides between them.
bool lies_on_border(RunDirectory& run, const InterpretedModel& model, const NetworkValues& values, const SteadyState& found) {
  const std::vector<SteadyState> ends = ends_beside(model, values.parameters, values.initial, found);
  if (ends.empty()) return false;
  Table table({{"name", "", ""}, {"unit", "", ""}, {"start", "", ""}, {"one_side", "", "where a start a millionth aside leads"}, {"other_side", "", "and one a millionth to the other side"}});
  const auto value = [](const SteadyState& end, int i) { return end.outcome.ok() ? cell_of(end.state[i]) : Cell{}; };
  for (int i = 0; i < model.state_count(); ++i)
    table.add_row({std::string(model.states()[static_cast<std::size_t>(i)].name), std::string(model.states()[static_cast<std::size_t>(i)].unit), cell_of(values.initial[static_cast<std::size_t>(i)]), value(ends[0], i), value(ends[1], i)});
  run.add_table("border", table, "Where starts a millionth beside the one given lead.");
  const std::string text = fmt::format("the start lies on the border between basins: a millionth aside it leads to {}; to the other side, to {}", in_words(model, ends[0]), in_words(model, ends[1]));
  run.set_outcome({Status::not_converged, text});
  say(run, "The steady state of this start is decided by rounding: " + text + ".");
  return true;
}

}  // namespace

void run_network_steady(RunDirectory& run, const NetworkFile& network, const NetworkSettings& settings) {
  const InterpretedModel& model = *network.model;
  const NetworkValues values = values_of(network, settings.set);
  if (*model.clock_use() != ClockUse::none) throw InputError(network.file.string(), "its rates depend on time, so it has no steady state", "replace time by a parameter that is set to what it is in the end");
  if (!network.schedule.empty()) {
    const std::string note = fmt::format("The {} event{} of the file {} ignored: this is the steady state of the start and the parameters as given.", network.schedule.size(), network.schedule.size() == 1 ? "" : "s", network.schedule.size() == 1 ? "is" : "are");
    run.add_note(note);
    std::fprintf(stdout, "%s", to_terminal_paragraph("note      ", note).c_str());
  }
  const SteadyState found = steady_state(model, values.parameters, values.initial);
  run.add_table("values", values_table(model, values), "Parameters and starts that were used.");
  Table states({{"name", "", ""}, {"unit", "", ""}, {"start", "", ""}, {"steady", "", found.outcome.ok() ? "" : "where the integration stopped"}});
  for (int i = 0; i < model.state_count(); ++i) states.add_row({std::string(model.states()[static_cast<std::size_t>(i)].name), std::string(model.states()[static_cast<std::size_t>(i)].unit), values.initial[static_cast<std::size_t>(i)], cell_of(found.state[i])});
  run.add_table("steady_state", states, "The steady state this start leads to.");
  std::fprintf(stdout, "%s\n", to_terminal(states, "tables/steady_state.tsv").c_str());
  Table totals({{"total", "", "what no reaction changes"}, {"value", "", ""}});
  for (const auto& total : found.totals) totals.add_row({total.text, total.total});
  if (!totals.rows().empty()) run.add_table("conserved", totals, "Conserved totals at this start.");
  for (const auto& total : found.totals) std::fprintf(stdout, "conserved %s\n", total.text.c_str());
  if (lies_on_border(run, model, values, found)) return;
  if (!found.outcome.ok()) {
    run.set_outcome(found.outcome);
    run.add_answer("No steady state: " + found.outcome.message + ".");
    return;
  }
  Table derivatives({{"state", "", ""}, {"by", "", "parameter or conserved total"}, {"derivative", "", "natural units"}, {"elasticity", "1", "relative change per relative change"}});
  for (Eigen::Index i = 0; i < found.by_parameter.rows(); ++i) {
    for (Eigen::Index p = 0; p < found.by_parameter.cols(); ++p) {
      const double slope = found.by_parameter(i, p);
      derivatives.add_row({std::string(model.states()[static_cast<std::size_t>(i)].name), std::string(model.parameters()[static_cast<std::size_t>(p)].name), cell_of(slope), found.state[i] > 0 ? cell_of(slope * values.parameters[static_cast<std::size_t>(p)] / found.state[i]) : Cell{}});
    }
    for (Eigen::Index c = 0; c < found.by_total.cols(); ++c) derivatives.add_row({std::string(model.states()[static_cast<std::size_t>(i)].name), found.totals[static_cast<std::size_t>(c)].text, cell_of(found.by_total(i, c)), Cell{}});
  }
  run.add_table("steady_derivatives", derivatives, "How the steady state moves (implicit function theorem).");
  const double slowest = found.eigenvalues.empty() ? 0 : found.eigenvalues.front().real();
  run.add_result("slowest_rate", slowest, "1/h");
  say(run, fmt::format("Steady state, {}; disturbances die with a half-life of {:.4g} h or faster; largest rate left {:.1e} /h.", found.stable ? "stable" : "not stable", slowest < 0 ? std::log(2.0) / -slowest : std::numeric_limits<double>::infinity(), found.largest_rate));
}

}  // namespace hyped
