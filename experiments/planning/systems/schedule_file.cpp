// Writing a plan and reading it back as a scenario.
#include "experiments/planning/systems/schedule_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "models/delivery/uptake.hpp"

namespace hyped {
namespace {

const std::map<std::string, Action> actions{{"set", Action::set}, {"add", Action::add}, {"scale", Action::scale}};

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

std::string to_toml(const ScheduleFile& file) {
  std::string out = "# " + file.title + "\n# Run it: hyped cycle simulate THIS_FILE --out FOLDER\n";
  out += fmt::format("schedule_of = {}\ntitle = {}\narm = {}\nend_h = {:.17g}\n", quoted(file.scenario), quoted(file.title), quoted(file.arm), file.end_h);
  for (const SchedulePulse& pulse : file.pulses) {
    out += fmt::format("\n[[pulse]]\ninput = {}\namount = {:.17g}\nfrom_h = {:.17g}\n", quoted(pulse.input), pulse.dose.amount, pulse.dose.from_h);
    if (std::isfinite(pulse.dose.until_h)) out += fmt::format("until_h = {:.17g}\n", pulse.dose.until_h);
  }
  for (const Perturbation& event : file.events) {
    out += fmt::format("\n[[event]]\ntime_h = {:.17g}\ntarget = {}\n", event.time_h, quoted(event.target));
    for (const auto& [name, action] : actions)
      if (action == event.action) out += fmt::format("action = \"{}\"\n", name);
    out += event.amount_parameter.empty() ? fmt::format("amount = {:.17g}\n", event.amount) : fmt::format("amount_parameter = {}\n", quoted(event.amount_parameter));
  }
  out += "\n[values]\n";
  for (const auto& [name, value] : file.values) out += fmt::format("{} = {:.17g}\n", quoted(name), value);
  return out;
}

std::string to_toml(const DrivenInput& input, std::span<const double> times_h) {
  std::string times, values, slopes;
  for (std::size_t k = 0; k < times_h.size(); ++k) {
    const double t = times_h[k], inside = k + 1 == times_h.size() ? t - 1e-9 : t;      // the course is constant after its table
    times += fmt::format("{}{:.17g}", k > 0 ? ", " : "", t), values += fmt::format("{}{:.17g}", k > 0 ? ", " : "", input.course(t)), slopes += fmt::format("{}{:.17g}", k > 0 ? ", " : "", input.course.slope(inside));
  }
  return fmt::format("\n[[course]]\ninput = {}\ntimes_h = [{}]\nvalues = [{}]\nslopes = [{}]\n", quoted(input.input), times, values, slopes);
}

Scenario read_scheduled(Section top, const std::filesystem::path& file, const std::string& text) {
  const std::string base = top.required("schedule_of");
  std::filesystem::path path = base;
  if (path.extension() == ".toml" && path.is_relative()) path = file.parent_path() / path;
  Scenario out = read_scenario(shipped_scenario(path.extension() == ".toml" ? path.string() : base));
  const std::string base_file = out.file.string();
  out.file = file, out.text = text;
  out.name = file.stem().string();
  out.title = top.text("title", out.name);
  out.question = "What does this schedule do to the cells?";
  out.end_h = top.number("end_h", out.end_h);
  const std::string name = top.text("arm", "plan");
  std::map<std::string, std::vector<models::DosePulse>> doses;
  for (Section s : top.sections("pulse")) {
    const std::string input = s.required("input");
    std::vector<std::string> valid;
    for (const auto& d : out.deliveries) valid.push_back(d.input);
    if (std::find(valid.begin(), valid.end(), input) == valid.end()) throw InputError(s.place("input"), fmt::format("'{}' is no delivery of {}", input, base_file), valid.empty() ? "it has none" : did_you_mean(input, valid));
    doses[input].push_back({s.required_number("amount"), s.required_number("from_h"), s.number("until_h", std::numeric_limits<double>::infinity())});
    s.reject_unknown();
  }
  Arm plan{name, {{1, {}}}, {}}, none{"no dose", {{1, {}}}, {}};
  for (const auto& d : out.deliveries) {
    if (!doses.contains(d.input)) continue;
    const InputCourse course = models::Carrier(models::delivery_kind(d.kind), d.parameters).course(doses[d.input], out.end_h).course;
    std::vector<ArmStratum> split;
    for (const ArmStratum& before : plan.strata)
      for (const auto& uptake : models::uptake_strata(d.transfected_fraction, d.log_sd, d.dose_points)) {
        split.push_back(before);
        split.back().weight *= uptake.weight;
        if (uptake.relative_dose > 0) split.back().inputs[d.input] = course.scaled(uptake.relative_dose);
      }
    plan.strata = split;
  }
  const auto model = make_staged(out.setup.model, out.setup.stages);
  for (Section s : top.sections("course")) {
    const std::string input = s.required("input");
    const std::vector<std::string> valid(model->inputs().begin(), model->inputs().end());
    if (std::find(valid.begin(), valid.end(), input) == valid.end()) throw InputError(s.place("input"), fmt::format("'{}' is no input of {}", input, base_file), valid.empty() ? "it has none" : did_you_mean(input, valid));
    const auto times = s.numbers("times_h"), values = s.numbers("values"), slopes = s.numbers("slopes");
    if (times.empty() || values.size() != times.size() || slopes.size() != times.size()) throw InputError(s.place("times_h"), fmt::format("the course has {} times, {} values and {} slopes", times.size(), values.size(), slopes.size()), "give as many of each");
    for (ArmStratum& stratum : plan.strata) stratum.inputs[input] = InputCourse(times, values, slopes, {});
    s.reject_unknown();
  }
  for (Section s : top.sections("event")) {
    const std::string action = s.text("action", "scale");
    if (!actions.contains(action)) throw InputError(s.place("action"), "action '" + action + "' is unknown", "use \"set\", \"add\" or \"scale\"");
    const Perturbation event{s.required_number("time_h"), s.text("target", "cells"), actions.at(action), s.number("amount", 1), s.text("amount_parameter", "")};
    s.reject_unknown();
    plan.schedule.push_back(event);
    if (std::find(model->inputs().begin(), model->inputs().end(), event.target) == model->inputs().end()) none.schedule.push_back(event);
  }
  for (Arm* arm : {&plan, &none}) std::stable_sort(arm->schedule.begin(), arm->schedule.end(), [](const auto& a, const auto& b) { return a.time_h < b.time_h; });
  TwinSettings twin = out.twin ? *out.twin : TwinSettings{};
  twin.wells.clear();
  twin.truth = top.map<double>("values");
  out.truth_from = "[values] of the schedule";
  twin.times_h.clear();
  for (double t = out.setup.start_h; t < out.end_h + 1e-9; t += 0.5) twin.times_h.push_back(t);
  if (twin.times_h.back() < out.end_h) twin.times_h.push_back(out.end_h);
  for (const auto& [parameter, value] : twin.truth) out.setup.places["truth " + parameter] = top.place("values", parameter);
  top.reject_unknown();
  check_truth(out.setup, twin.truth);
  out.twin = std::move(twin);
  out.setup.arms = {plan, none};
  out.arm_inputs = {{plan.condition, {}}, {none.condition, {}}};
  out.deliveries.clear(), out.steps.clear(), out.events.clear(), out.variants.clear(), out.references.clear(), out.figures.clear();
  out.predict.reset(), out.cells.reset();
  return out;
}

}  // namespace hyped
