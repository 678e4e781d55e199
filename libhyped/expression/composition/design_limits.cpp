// Sentences on designs, and the split of arms by MYOD1.
#include "libhyped/expression/composition/design_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "libhyped/errors.hpp"
#include "libhyped/expression/arms.hpp"

namespace hyped {

bool are_hyped_arms(const std::vector<std::string>& arms) {
  bool control = false, treated = false;
  for (const auto& name : arms) {
    const auto arm = arm_of(name);
    if (!arm) return false;
    (*arm == CellArm::control ? control : treated) = true;
  }
  return control && treated;
}

std::vector<std::string> limits_of(const DesignFacts& facts) {
  if (are_hyped_arms(facts.arms)) return design_limits();
  if (facts.replicates) return {};
  if (facts.replicate_source.empty())
    return {"No column of replicates was named: arms count as one culture each. Intervals and p-values then speak of cells of these cultures; two cultures treated alike could differ as much."};
  return {fmt::format("By column {} not every arm has two cultures: what is said of an arm with one speaks of that culture's cells alone.", facts.replicate_source)};
}

std::string gene_caution(const std::string& gene) {
  static const std::map<std::string, std::string> known = {{"MYOD1", "holds reads of the delivered mRNA"},
                                                           {"ESR1", "holds reads of the delivered mRNA (MYOD1-ER fusion)"},
                                                           {"PRRX1", "target of the siRNA"},
                                                           {"GMNN", "may hold reads of the reporter"},
                                                           {"CDT1", "may hold reads of the reporter"}};
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
  for (int a = 0; a < arms.count(); ++a) {
    const std::string& name = arms.names[static_cast<std::size_t>(a)];
    if (const auto arm = arm_of(name); arm != CellArm::mmMYOD1 && arm != CellArm::dual) continue;
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
    // a Poisson seen without its zeros has the mean m / (1 - exp(-m))
    const double seen = positive > 0 ? sum / positive : 0;
    double mean = seen;
    for (int i = 0; i < 200 && mean > 0; ++i) mean = seen * -std::expm1(-mean);
    out.words.push_back(fmt::format("{}: {:.0f} of {:.0f} cells have no count of MYOD1; if all cells had the mean of the positive ones ({:.2g}, Poisson), {:.0f} would have none by chance", name, negative, negative + positive, mean,
                                    mean > 0 ? std::exp(-mean) * (negative + positive) : 0.0));
  }
  if (out.words.empty()) throw InputError("bystanders", "no arm carries the MYOD1 mRNA", "they exist in arms called mmMYOD1, MYOD or siPRRX1/mmMYOD1, in any spelling");
  return out;
}

}  // namespace hyped
