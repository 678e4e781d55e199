// Reading a profile.
#include "experiments/planning/plan/profile_target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "experiments/cells/expression_input.hpp"
#include "libhyped/ingest/delimited.hpp"

namespace hyped {

std::vector<std::pair<std::string, double>> profile_of(const StatedProfile& stated, const std::vector<std::string>& genes, const std::filesystem::path& folder, std::vector<std::string>& notes) {
  std::filesystem::path file = stated.file;
  if (file.is_relative()) file = folder / file;
  std::map<std::string, double> profile;
  if (stated.column.empty()) {
    const DelimitedTable table = DelimitedTable::read(file);
    const std::size_t name = table.column("gene"), value = table.column("value");
    for (std::size_t r = 0; r < table.rows(); ++r) profile[table.name(r, name)] = table.number(r, value);
    notes.push_back(fmt::format("Target profile: {} genes of {}, in the model's units as they stand there.", profile.size(), file.string()));
  } else {
    const ExpressionInput input = read_expression(file, {ExpressionUse::counts, stated.matrix});
    const CellGroups groups = groups_by(input.data.obs, stated.column, {stated.label}, file.string());
    std::vector<char> in(static_cast<std::size_t>(input.by_gene.columns), 0);
    std::int64_t cells = 0;
    for (std::size_t n = 0; n < in.size(); ++n) in[n] = groups.of_cell[n] >= 0, cells += in[n];
    for (std::size_t g = 0; g < input.genes.size(); ++g) {
      if (std::find(genes.begin(), genes.end(), input.genes[g]) == genes.end()) continue;
      double sum = 0;
      const auto cells_of_gene = input.by_gene.columns_of(static_cast<int>(g));
      const auto values = input.by_gene.values_of(static_cast<int>(g));
      for (std::size_t k = 0; k < values.size(); ++k)
        if (in[static_cast<std::size_t>(cells_of_gene[k])]) sum += static_cast<double>(values[k]);
      profile[input.genes[g]] = sum / static_cast<double>(cells) / stated.depth;
    }
    if (cells == 0) throw InputError(stated.place, "no cell of " + file.string() + " has " + stated.column + " = " + stated.label);
    notes.push_back(fmt::format("Target profile: mean counts of {} cells with {} = {} in {}, over its depth of {:.4g} counts at level 1.", cells, stated.column, stated.label, file.string(), stated.depth));
  }
  std::vector<std::pair<std::string, double>> out;
  std::vector<std::string> there;
  for (const auto& [gene, value] : profile) there.push_back(gene);
  for (const auto& gene : stated.genes)
    if (!profile.contains(gene)) throw InputError(stated.place, "the target gene '" + gene + "' is not measured in " + file.string() + (std::find(genes.begin(), genes.end(), gene) == genes.end() ? " or not in the model" : ""), there.empty() ? "it has none of the model's genes" : did_you_mean(gene, there));
  for (const auto& gene : genes)
    if (profile.contains(gene) && (stated.genes.empty() || std::find(stated.genes.begin(), stated.genes.end(), gene) != stated.genes.end())) out.emplace_back(gene, profile.at(gene));
  if (out.empty()) throw InputError(stated.place, "no gene of the model is measured in " + file.string(), "check the names of genes");
  return out;
}

}  // namespace hyped
