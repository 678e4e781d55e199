// Courses of active input by condition, as steps.
#include "experiments/tracks/driven_rates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "libhyped/errors.hpp"
#include "libhyped/store/table.hpp"
#include "models/delivery/active_input.hpp"

namespace hyped {
namespace {

std::vector<std::string> conditions_of(const PanelData& data) {
  std::vector<std::string> out{data.reference};      // row 0; row c + 1 is covariate c
  out.insert(out.end(), data.covariate_names.begin(), data.covariate_names.end());
  return out;
}

}  // namespace

RateDelivery rate_delivery(const std::string& text, const std::vector<std::string>& conditions) {
  const std::string where = "--delivery " + text, how = "write CONDITION=KIND@FROM_H or CONDITION=KIND@FROM_HxDOSE, such as siPRRX1=sirna@0";
  const auto equals = text.rfind('='), at = text.rfind('@');
  if (equals == text.npos || at == text.npos || at < equals) throw InputError(where, "does not say what is delivered when", how);
  RateDelivery out;
  out.condition = text.substr(0, equals);
  out.kind = text.substr(equals + 1, at - equals - 1);
  const char* number = text.c_str() + at + 1;
  char* end = nullptr;
  out.from_h = std::strtod(number, &end);
  if (end == number || !std::isfinite(out.from_h)) throw InputError(where, "gives no time after @", how);
  if (*end == 'x') {
    number = end + 1;
    out.dose = std::strtod(number, &end);
    if (end == number || !(out.dose > 0) || !std::isfinite(out.dose)) throw InputError(where, "gives no dose after x", how);
  }
  if (*end != 0) throw InputError(where, fmt::format("goes on with '{}'", end), how);
  models::delivery_kind(out.kind);
  if (std::find(conditions.begin(), conditions.end(), out.condition) == conditions.end())
    throw InputError(where, fmt::format("there is no condition '{}'", out.condition), fmt::format("conditions of the tracks: {}", nearest_names(out.condition, conditions)));
  return out;
}

void add_deliveries(RunDirectory& run, const PanelData& data, const std::vector<std::string>& deliveries, const std::vector<int>& transitions, double step_h, PanelSpec& spec) {
  if (!(step_h > 0)) throw InputError(fmt::format("--input-step-h {:g}", step_h), "is no length of time", "give hours above 0");
  const auto conditions = conditions_of(data);
  double first = 1e300, last = -1e300;
  for (const PanelSubject& s : data.subjects) first = std::min(first, s.looks.front().time_h), last = std::max(last, s.looks.back().time_h);
  const int pieces = std::clamp(static_cast<int>(std::ceil((last - first) / step_h)), 1, 2000);
  for (int k = 1; k < pieces; ++k) spec.input_cuts_h.push_back(first + k * step_h);
  std::map<std::pair<std::string, double>, std::vector<RateDelivery>> kinds;
  for (const std::string& text : deliveries) {
    const RateDelivery d = rate_delivery(text, conditions);
    auto& same = kinds[{d.kind, d.from_h}];
    if (std::any_of(same.begin(), same.end(), [&](const RateDelivery& other) { return other.condition == d.condition; })) throw InputError("--delivery " + text, "is given twice for its condition", "leave one out");
    same.push_back(d);
  }
  Table courses({{"input", "", ""}, {"condition", "", ""}, {"time_h", "h", "middle of a step"}, {"level", "1", "mean active input over the step; 1 is the peak of the reference dose"}});
  for (const auto& [key, same] : kinds) {
    PanelInput input{fmt::format("{} from {:.6g} h", key.first, key.second), Eigen::MatrixXd::Zero(data.covariates.rows(), pieces)};
    for (const RateDelivery& d : same) {
      models::Dosing dosing;
      dosing.kind = models::delivery_kind(d.kind);
      dosing.dose = d.dose;
      dosing.from_h = d.from_h;
      dosing.end_h = std::max(last, d.from_h) + 1;
      const InputCourse course = models::active_input(dosing);
      const auto row = std::find(conditions.begin(), conditions.end(), d.condition) - conditions.begin();
      double peak = 0, peak_at = first;
      for (int k = 0; k < pieces; ++k) {
        constexpr int points = 16;
        for (int i = 0; i < points; ++i) input.level(row, k) += course(first + (k + (i + 0.5) / points) * step_h) / points;
        const double middle = first + (k + 0.5) * step_h;
        if (input.level(row, k) > peak) peak = input.level(row, k), peak_at = middle;
        courses.add_row({input.name, d.condition, middle, input.level(row, k)});
      }
      const std::string words = fmt::format("{} in {}: dose {:g}, highest at {:.3g} h ({:.3g} of the reference dose's peak), {:.3g} at the last look", input.name, d.condition, d.dose, peak_at, peak, input.level(row, pieces - 1));
      fmt::print("{}", to_terminal_paragraph("delivery  ", words));
      run.add_note("Delivery: " + words + "; kinetics of models/delivery at their defaults.");
    }
    const int index = static_cast<int>(spec.inputs.size());
    spec.inputs.push_back(std::move(input));
    for (int r = 0; r < static_cast<int>(spec.transitions.size()); ++r)
      if (transitions.empty() || std::find(transitions.begin(), transitions.end(), r) != transitions.end()) spec.drives.push_back({index, r});
  }
  run.add_table("delivered", courses, fmt::format("Active inputs that drive the rates, in steps of {:g} h.", step_h));
}

}  // namespace hyped
