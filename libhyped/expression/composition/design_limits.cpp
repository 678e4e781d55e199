// Sentences on the design of the HYPED experiment and on single cultures in general.
#include "libhyped/expression/composition/design_limits.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>

#include "libhyped/errors.hpp"

namespace hyped {

HypedArm hyped_arm(const std::string& label) {
  std::string plain;
  for (const char c : label)
    if (std::isalnum(static_cast<unsigned char>(c))) plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  static const std::map<std::string, HypedArm> known = {
      {"control", HypedArm::control}, {"negativecontrols", HypedArm::control}, {"ctrl", HypedArm::control},
      {"myod", HypedArm::mrna}, {"myod1", HypedArm::mrna}, {"mmmyod1", HypedArm::mrna}, {"myod1ctrl", HypedArm::mrna},
      {"prrx1", HypedArm::sirna}, {"siprrx1", HypedArm::sirna}, {"prrx1ctrl", HypedArm::sirna},
      {"prrx1myod", HypedArm::both}, {"myodprrx1", HypedArm::both}, {"siprrx1mmmyod1", HypedArm::both}, {"hyb", HypedArm::both}, {"hybrid", HypedArm::both},
      {"dual", HypedArm::both}, {"myod1prrx1", HypedArm::both}, {"prrx1myod1", HypedArm::both}};
  const auto found = known.find(plain);
  return found == known.end() ? HypedArm::none : found->second;
}

bool looks_like_hyped(const std::vector<std::string>& arms) {
  bool control = false, treated = false;
  for (const auto& arm : arms) {
    const HypedArm role = hyped_arm(arm);
    control = control || role == HypedArm::control;
    treated = treated || role == HypedArm::mrna || role == HypedArm::sirna || role == HypedArm::both;
  }
  return control && treated;
}

std::vector<std::string> design_limits(const DesignFacts& facts) {
  std::vector<std::string> out;
  if (!facts.replicates)
    out.push_back(facts.replicate_source.empty() ? "One culture was sequenced per arm, as far as the call says: p-values and intervals speak of cells of these cultures, not of other cultures. A difference between two cultures that were treated alike would look the same."
                                                 : fmt::format("By {} not every arm has two cultures: what is said of an arm with one speaks of that culture's cells alone.", facts.replicate_source));
  if (!looks_like_hyped(facts.arms)) return out;
  out.push_back("There is no mock siRNA, no mock mRNA and no 4-OHT-only arm: delivery goes with the factor in every arm. What transfection and 4-OHT do by themselves (interferon answer, stress, slower cycle) cannot be told from what PRRX1 and MYOD1 do.");
  bool control = hyped_arm(facts.reference) == HypedArm::control || facts.reference.empty();
  if (control)
    out.push_back("The controls are another library: they were sorted by phase and run without transfection. Every contrast with them also holds the difference between the two libraries (mitochondrial genes show it); contrasts between the treated arms do not.");
  const bool mrna = std::any_of(facts.arms.begin(), facts.arms.end(), [](const auto& arm) { return hyped_arm(arm) == HypedArm::mrna || hyped_arm(arm) == HypedArm::both; });
  if (mrna)
    out.push_back("MYOD1-negative cells of the mRNA arms are an imperfect bystander control: they were in the same dish and met the same reagents, but some of them took the mRNA up and lost it or were not read deeply enough. They can be used as an arm by name (--bystanders).");
  return out;
}

std::string gene_caution(const std::string& gene) {
  static const std::map<std::string, std::string> known = {
      {"MYOD1", "holds reads of the delivered mRNA"},
      {"ESR1", "holds reads of the delivered mRNA (MYOD1-ER fusion)"},
      {"PRRX1", "target of the siRNA"},
      {"GMNN", "holds reads of the reporter"},
      {"CDT1", "holds reads of the reporter"}};
  if (const auto found = known.find(gene); found != known.end()) return found->second;
  return gene.starts_with("MT-") ? "mitochondrial: differs between the two libraries" : "";
}

Bystanders split_bystanders(const CellGroups& arms, const SparseRows& genes, int myod1) {
  HYPED_REQUIRE(myod1 >= 0 && myod1 < genes.rows && static_cast<int>(arms.of_cell.size()) == genes.columns);
  std::vector<double> count(arms.of_cell.size(), 0);
  const auto where = genes.columns_of(myod1);
  const auto values = genes.values_of(myod1);
  for (std::size_t i = 0; i < where.size(); ++i) count[static_cast<std::size_t>(where[i])] = static_cast<double>(values[i]);
  Bystanders out;
  out.groups = arms;
  bool any = false;
  for (int a = 0; a < arms.count(); ++a) {
    const std::string& name = arms.names[static_cast<std::size_t>(a)];
    if (hyped_arm(name) != HypedArm::mrna && hyped_arm(name) != HypedArm::both) continue;
    any = true;
    const auto split = static_cast<std::int32_t>(out.groups.names.size());
    out.groups.names.push_back(name + ", MYOD1-negative");
    double negative = 0, positive = 0, sum = 0;
    for (std::size_t c = 0; c < count.size(); ++c) {
      if (arms.of_cell[c] != a) continue;
      if (count[c] > 0) {
        ++positive, sum += count[c];
      } else {
        ++negative;
        out.groups.of_cell[c] = split;
      }
    }
    // mean of a Poisson without its zeros: m / (1 - exp(-m))
    const double seen = positive > 0 ? sum / positive : 0;
    double mean = seen;
    for (int i = 0; i < 200 && mean > 0; ++i) mean = seen * -std::expm1(-mean);
    out.words.push_back(fmt::format("{}: {:.0f} of {:.0f} cells have no count of MYOD1; if all cells had the mean of the positive ones ({:.2g}, Poisson), {:.0f} would be missed by chance", name, negative, negative + positive, mean, mean > 0 ? std::exp(-mean) * (negative + positive) : 0.0));
  }
  if (!any) throw InputError("bystanders", "no arm carries the MYOD1 mRNA", "bystanders exist in arms named mmMYOD1, MYOD or siPRRX1/mmMYOD1 (any of their spellings)");
  return out;
}

}  // namespace hyped
