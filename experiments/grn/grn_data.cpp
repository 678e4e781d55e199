// CellBox folders to GrnData, cells by their own reader; designs to splits.
#include "experiments/grn/grn_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "experiments/grn/cells/read_cells.hpp"
#include "libhyped/counted.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

GrnData from_cellbox(const GrnScenario& scenario, const fs::path& path) {
  const CellboxData read = read_cellbox(path, scenario.data.nodes);
  GrnData out;
  out.genes = read.nodes;
  const int m = static_cast<int>(read.nodes.size());
  for (int i = 0; i < m; ++i) out.roles.push_back(i < read.count.proteins ? GrnRole::gene : i < read.count.measured ? GrnRole::phenotype : GrnRole::drug);
  out.inputs.assign(read.nodes.begin() + read.count.measured, read.nodes.end());
  out.conditions = out.arm_of = read.conditions;
  out.level = read.input.rightCols(read.drug_count());
  out.mean = read.response;
  out.drugs = read.drugs;
  out.unit = "log2 fold";
  out.facts = {{"data", fmt::format("{} of {}: {}, {}, {}", counted(read.conditions.size(), "condition"), counted(m, "node"), counted(read.count.proteins, "protein"), counted(read.count.measured - read.count.proteins, "phenotype"), counted(read.drug_count(), "drug"))},
               {"measured", "log2 of the response over the untreated control, taken as the steady state under a constant input"},
               {"weights", "all values count the same: the folder gives no standard errors"}};
  const auto constant = constant_nodes(read);
  if (!constant.empty()) {
    std::string names;
    for (const auto& name : constant) names += (names.empty() ? "" : ", ") + name;
    out.warnings.push_back(fmt::format("{} never {} and {} nothing of the regulators: {}.", counted(constant.size(), "measured node"), agreed(constant.size(), "varies", "vary"), agreed(constant.size(), "says", "say"), names));
  }
  return out;
}

}  // namespace

int GrnData::scored() const { return static_cast<int>(std::count_if(roles.begin(), roles.end(), [](GrnRole r) { return r != GrnRole::drug; })); }

std::vector<std::string> GrnData::arms() const {
  std::vector<std::string> out;
  for (const auto& arm : arm_of)
    if (std::find(out.begin(), out.end(), arm) == out.end()) out.push_back(arm);
  return out;
}

void check_folds(const GrnScenario& scenario, const GrnData& data) {
  const int n = static_cast<int>(data.arms().size());
  if (scenario.folds_place.empty() || scenario.fit.folds <= n) return;
  throw InputError(scenario.folds_place, fmt::format("folds is {}, and there {} {} to hold out", scenario.fit.folds, agreed(n, "is", "are"), data.steady() ? counted(n, "condition") : counted(n, "arm")),
                   n < 2 ? "write folds = 0: nothing is left to learn from when the only one is held out" : fmt::format("give {} or fewer, or 0 for none", n));
}

fs::path find_grn_data(const GrnScenario& scenario, const std::string& given) {
  if (!given.empty()) {
    if (!fs::exists(given)) throw InputError(given, "does not exist", "check the path of the data");
    return given;
  }
  if (scenario.data.path.empty()) throw InputError(scenario.file.string(), "names no data", "give path in [data], or DATA on the command line");
  return beside_scenario(scenario, scenario.data.path, "give DATA: hyped grn fit SCENARIO DATA --out DIR");
}

GrnData read_grn_data(const GrnScenario& scenario, const fs::path& path) {
  GrnData out = scenario.data.kind == "cellbox" ? from_cellbox(scenario, path) : read_grn_cells(scenario, path);
  out.source = path;
  return out;
}

std::vector<GrnSplit> splits_of(const GrnScenario& scenario, const GrnData& data, std::vector<std::string>& words) {
  const GrnDesign& design = scenario.design;
  const int n = static_cast<int>(data.conditions.size());
  std::vector<GrnSplit> out;
  const auto by = [&](const std::string& name, const auto& is_test) {
    GrnSplit split{name, {}, {}};
    for (int i = 0; i < n; ++i) (is_test(i) ? split.test : split.train).push_back(data.conditions[static_cast<std::size_t>(i)]);
    if (split.train.size() < 3 || split.test.empty()) throw InputError(scenario.file.string(), fmt::format("the split '{}' leaves {} to learn from and {} to predict", name, counted(split.train.size(), "condition"), split.test.size()), "choose another design");
    out.push_back(std::move(split));
  };
  const auto ordered = [&](const std::string& name, const std::vector<int>& order) {
    const int train = static_cast<int>(std::floor(design.train_share * n));
    std::set<int> tested(order.begin() + train, order.end());
    by(name, [&](int i) { return tested.contains(i); });
  };
  const auto drugs_of = [&](int i) -> const std::vector<int>& { return data.drugs[static_cast<std::size_t>(i)]; };
  if (design.kind == GrnDesignKind::random)
    for (int s = 0; s < design.splits; ++s) {
      std::vector<int> order(static_cast<std::size_t>(n));
      for (int i = 0; i < n; ++i) order[static_cast<std::size_t>(i)] = i;
      RandomStream stream(scenario.fit.seed, 7101, static_cast<std::uint32_t>(s));
      for (int i = n - 1; i > 0; --i) std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(stream.uniform() * (i + 1))]);
      ordered(fmt::format("random {}", s + 1), order);
    }
  if (design.kind == GrnDesignKind::given) {
    const fs::path file = data.source / design.order;
    ordered(design.order, read_cellbox_order(file, n));
  }
  if (design.kind == GrnDesignKind::single_to_combination) by("single to combination", [&](int i) { return drugs_of(i).size() > 1; });
  if (design.kind == GrnDesignKind::leave_one_drug_out)
    for (std::size_t d = 0; d < data.inputs.size(); ++d) {
      const auto is_test = [&](int i) { return std::find(drugs_of(i).begin(), drugs_of(i).end(), static_cast<int>(d) + 1) != drugs_of(i).end() && (!design.with_singles || drugs_of(i).size() > 1); };
      bool any = false;
      for (int i = 0; i < n; ++i) any = any || is_test(i);
      if (any) by(fmt::format("without drug {}", d + 1), is_test);
      else words.push_back(fmt::format("The drug '{}' is in no {}: there is nothing to predict without it, and no split.", data.inputs[d], design.with_singles ? "combination" : "condition"));
    }
  if (design.kind == GrnDesignKind::leave_one_arm_out) {
    for (const auto& left : data.arms()) by("without " + left, [&](int i) { return data.arm_of[static_cast<std::size_t>(i)] == left; });
  }
  if (out.empty() && design.kind != GrnDesignKind::none) throw InputError(scenario.file.string(), fmt::format("the design {} gives no split of these conditions", to_string(design.kind)), "choose another design");
  return out;
}

}  // namespace hyped
