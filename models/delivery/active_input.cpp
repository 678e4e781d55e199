// One dose of a carrier, and what kinds of carriers there are.
#include "models/delivery/active_input.hpp"

#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"
#include "models/delivery/carrier.hpp"

namespace hyped::models {
namespace {

const std::map<std::string, Delivery> kinds{{"sirna", Delivery::sirna}, {"modified_mrna", Delivery::modified_mrna}, {"ligand", Delivery::ligand}};

}  // namespace

Delivery delivery_kind(const std::string& name) {
  const auto found = kinds.find(name);
  if (found != kinds.end()) return found->second;
  std::vector<std::string> valid;
  for (const auto& [text, value] : kinds) valid.push_back(text);
  throw InputError("delivery", "there is no kind '" + name + "'", did_you_mean(name, valid));
}

double reference_dose(Delivery kind) { return kind == Delivery::ligand ? 2000 : 1; }

InputCourse active_input(const Dosing& dosing) {
  if (!(dosing.dose >= 0) || !std::isfinite(dosing.dose)) throw InputError("delivery", "the dose must be finite and not negative");
  if (!(dosing.until_h > dosing.from_h)) throw InputError("delivery", "the wash must come after the dose");
  if (!(dosing.end_h > dosing.from_h)) throw InputError("delivery", "end_h must come after the dose");
  const DosePulse pulse{dosing.dose / reference_dose(dosing.kind), dosing.from_h, dosing.until_h};
  return Carrier(dosing.kind, dosing.parameters).course({&pulse, 1}, dosing.end_h).course;
}

}  // namespace hyped::models
