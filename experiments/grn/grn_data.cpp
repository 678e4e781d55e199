// CellBox folders and .h5ad files to GrnData; designs to splits.
#include "experiments/grn/grn_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "experiments/cells/expression_input.hpp"
#include "libhyped/random.hpp"
#include "models/delivery/active_input.hpp"

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
  out.conditions = read.conditions;
  out.level = read.input.rightCols(read.drug_count());
  out.mean = read.response;
  out.drugs = read.drugs;
  out.facts = {{"data", fmt::format("{} conditions of {} nodes: {} proteins, {} phenotypes, {} drugs", read.conditions.size(), m, read.count.proteins, read.count.measured - read.count.proteins, read.drug_count())},
               {"measured", "log2 of the response over the untreated control, taken as the steady state under a constant input"},
               {"weights", "all values count the same: the folder gives no standard errors"}};
  const auto constant = constant_nodes(read);
  if (!constant.empty()) {
    std::string names;
    for (const auto& name : constant) names += (names.empty() ? "" : ", ") + name;
    out.warnings.push_back(fmt::format("{} measured nodes never vary and say nothing of their regulators: {}.", constant.size(), names));
  }
  return out;
}

std::string name_of(const GrnDelivery& d) { return fmt::format("{} {} at {:g} h{}", d.kind, d.gene, d.from_h, d.dose == 1 ? "" : fmt::format(" x{:g}", d.dose)); }

int index_of(const std::vector<std::string>& genes, const std::string& gene) {
  const auto at = std::find(genes.begin(), genes.end(), gene);
  return at == genes.end() ? -1 : static_cast<int>(at - genes.begin());
}

struct GroupMean {
  double mean = 0, squared_error = 0;
};

// Means over the cells of each group with squared standard errors, one gene.
std::vector<GroupMean> means_by_group(const SparseRows& by_gene, int gene, const CellGroups& groups, const std::vector<std::int64_t>& sizes) {
  std::vector<GroupMean> out(static_cast<std::size_t>(groups.count()));
  std::vector<double> squares(out.size(), 0);
  const auto cells = by_gene.columns_of(gene);
  const auto values = by_gene.values_of(gene);
  for (std::size_t e = 0; e < cells.size(); ++e) {
    const int group = groups.of_cell[static_cast<std::size_t>(cells[e])];
    if (group < 0) continue;
    const double v = values[e];
    out[static_cast<std::size_t>(group)].mean += v;
    squares[static_cast<std::size_t>(group)] += v * v;
  }
  for (std::size_t g = 0; g < out.size(); ++g) {
    const double n = static_cast<double>(std::max<std::int64_t>(1, sizes[g]));
    out[g].mean /= n;
    out[g].squared_error = n > 1 ? std::max(0.0, squares[g] / n - out[g].mean * out[g].mean) / (n - 1) : 0;
  }
  return out;
}

GrnData from_cells(const GrnScenario& scenario, const fs::path& path) {
  const GrnDataChoice& choice = scenario.data;
  const ExpressionInput input = read_expression(path, {ExpressionUse::log_values, choice.matrix, 1e4});
  GrnData out;
  out.facts = input.facts;
  out.notes = input.notes;
  // Genes: those asked for, then those perturbed.
  std::vector<std::string> wanted = choice.genes, missing;
  for (const auto& d : scenario.deliveries) {
    if (index_of(input.genes, d.gene) < 0) throw InputError(d.place, fmt::format("the perturbed gene '{}' is not measured in {}", d.gene, path.string()), "did you mean " + nearest_names(d.gene, input.genes) + "?");
    if (index_of(wanted, d.gene) < 0) wanted.push_back(d.gene);
  }
  for (const auto& gene : wanted)
    if (index_of(input.genes, gene) < 0) missing.push_back(gene);
    else if (index_of(out.genes, gene) < 0) out.genes.push_back(gene);
  if (!missing.empty()) {
    std::string names;
    for (std::size_t i = 0; i < std::min<std::size_t>(10, missing.size()); ++i) names += (i > 0 ? ", " : "") + missing[i];
    out.warnings.push_back(fmt::format("{} of {} genes of the scenario are not in the data and are left out: {}{}.", missing.size(), wanted.size(), names, missing.size() > 10 ? ", ..." : ""));
  }
  if (out.genes.size() < 2) throw InputError(path.string(), "holds fewer than two genes of the scenario", "check the names in [data] genes");
  out.roles.assign(out.genes.size(), GrnRole::gene);
  // Arms, with phases where asked.
  std::vector<std::string> arms = choice.arms;
  for (const auto& d : scenario.deliveries)
    if (index_of(arms, d.arm) < 0) {
      if (!choice.arms.empty()) throw InputError(d.place, fmt::format("the arm '{}' is not in [data] arms", d.arm), "did you mean " + nearest_names(d.arm, choice.arms) + "?");
      arms.push_back(d.arm);
    }
  std::vector<std::string> all = arms;
  all.push_back(choice.reference);
  const CellGroups by_arm = groups_by(input.data.obs, choice.by, all, path.string());
  CellGroups phases{{""}, std::vector<std::int32_t>(by_arm.of_cell.size(), 0)};
  if (!choice.phase.empty()) phases = groups_by(input.data.obs, choice.phase, {}, path.string());
  CellGroups groups;
  for (const auto& arm : all)
    for (const auto& phase : phases.names) groups.names.push_back(phase.empty() ? arm : arm + " " + phase);
  for (std::size_t c = 0; c < by_arm.of_cell.size(); ++c) groups.of_cell.push_back(by_arm.of_cell[c] < 0 || phases.of_cell[c] < 0 ? -1 : by_arm.of_cell[c] * phases.count() + phases.of_cell[c]);
  const auto sizes = groups.sizes();
  for (std::size_t g = 0; g < sizes.size(); ++g)
    if (sizes[g] < 2) throw InputError(path.string(), fmt::format("'{}' has {} cells: no mean and no standard error", groups.names[g], sizes[g]), "leave the arm out, or give no phase");
  // Inputs: one per delivery that differs.
  std::map<std::string, int> known;
  for (const auto& d : scenario.deliveries)
    if (known.emplace(name_of(d), static_cast<int>(out.inputs.size())).second) {
      out.inputs.push_back(name_of(d));
      out.deliveries.push_back(d);
      models::Dosing dosing;
      dosing.kind = models::delivery_kind(d.kind);
      dosing.dose = d.dose;
      dosing.from_h = d.from_h;
      dosing.end_h = std::max(choice.time_h, d.from_h) + 1;
      out.courses.push_back(models::active_input(dosing));
    }
  const int n = static_cast<int>(arms.size()) * phases.count(), m = static_cast<int>(out.genes.size()), k = static_cast<int>(out.inputs.size());
  out.time_h = choice.time_h;
  out.given = out.level = Eigen::MatrixXd::Zero(n, k);
  out.mean = out.standard_error = out.reference_variance = Eigen::MatrixXd::Zero(n, m);
  out.drugs.resize(static_cast<std::size_t>(n));
  for (int a = 0; a < static_cast<int>(arms.size()); ++a)
    for (int p = 0; p < phases.count(); ++p) {
      const int row = a * phases.count() + p;
      out.conditions.push_back(groups.names[static_cast<std::size_t>(row)]);
      for (const auto& d : scenario.deliveries) {
        if (d.arm != arms[static_cast<std::size_t>(a)]) continue;
        const int input_at = known.at(name_of(d));
        if (out.given(row, input_at) == 0) out.drugs[static_cast<std::size_t>(row)].push_back(input_at + 1);
        out.given(row, input_at) = 1;
        constexpr int points = 480;
        double sum = 0;
        for (int i = 0; i < points; ++i) sum += out.courses[static_cast<std::size_t>(input_at)]((i + 0.5) / points * choice.time_h);
        out.level(row, input_at) = sum / points;
      }
      if (out.drugs[static_cast<std::size_t>(row)].empty()) throw InputError(scenario.file.string(), fmt::format("the arm '{}' receives nothing", arms[static_cast<std::size_t>(a)]), "write its [[delivery]], or leave it out of [data] arms");
    }
  for (int row = 0; row < n; ++row) out.reference.push_back(row % phases.count());
  std::vector<std::string> flat;
  for (int g = 0; g < m; ++g) {
    const auto means = means_by_group(input.by_gene, index_of(input.genes, out.genes[static_cast<std::size_t>(g)]), groups, sizes);
    double largest = 0;
    for (int row = 0; row < n; ++row) {
      const GroupMean &here = means[static_cast<std::size_t>(row)], &control = means[static_cast<std::size_t>(arms.size()) * static_cast<std::size_t>(phases.count()) + static_cast<std::size_t>(row % phases.count())];
      out.mean(row, g) = here.mean - control.mean;
      out.standard_error(row, g) = std::sqrt(here.squared_error + control.squared_error);
      out.reference_variance(row, g) = control.squared_error;
      largest = std::max(largest, out.standard_error(row, g));
    }
    if (largest == 0) flat.push_back(out.genes[static_cast<std::size_t>(g)]);
  }
  if (!flat.empty()) {
    std::string names;
    for (const auto& gene : flat) names += (names.empty() ? "" : ", ") + gene;
    out.warnings.push_back(fmt::format("{} genes do not vary between cells and count for nothing: {}.", flat.size(), names));
  }
  for (Eigen::Index i = 0; i < out.standard_error.size(); ++i)
    if (!(out.standard_error.data()[i] > 0)) out.standard_error.data()[i] = 0;
  out.facts.emplace_back("state", fmt::format("mean log-normalised expression minus that of '{}'{}; 0 at 0 h", choice.reference, choice.phase.empty() ? "" : " in the same phase"));
  out.facts.emplace_back("time", fmt::format("cells were taken at {:g} h of the deliveries' clock ([data] time_h)", choice.time_h));
  out.facts.emplace_back("errors", "standard errors are those between the cells of an arm and of the reference: they say nothing of other cultures");
  return out;
}

}  // namespace

int GrnData::scored() const { return static_cast<int>(std::count_if(roles.begin(), roles.end(), [](GrnRole r) { return r != GrnRole::drug; })); }

fs::path find_grn_data(const GrnScenario& scenario, const std::string& given) {
  if (!given.empty()) {
    if (!fs::exists(given)) throw InputError(given, "does not exist", "check the path of the data");
    return given;
  }
  if (scenario.data.path.empty()) throw InputError(scenario.file.string(), "names no data", "give path in [data], or DATA on the command line");
  const char* shared = std::getenv("HYPED_SHARED");
  std::vector<fs::path> places{scenario.file.parent_path(), fs::current_path()};
  if (shared != nullptr) places.insert(places.begin(), fs::path(shared) / "data"), places.insert(places.begin(), fs::path(shared));
  for (const auto& place : places)
    if (fs::exists(place / scenario.data.path)) return place / scenario.data.path;
  throw InputError(scenario.data.path.string(), "is not found beside the scenario, in the working folder or below HYPED_SHARED", "give DATA: hyped grn fit SCENARIO DATA --out DIR");
}

GrnData read_grn_data(const GrnScenario& scenario, const fs::path& path) {
  GrnData out = scenario.data.kind == "cellbox" ? from_cellbox(scenario, path) : from_cells(scenario, path);
  out.source = path;
  return out;
}

std::vector<GrnSplit> splits_of(const GrnScenario& scenario, const GrnData& data) {
  const GrnDesign& design = scenario.design;
  const int n = static_cast<int>(data.conditions.size());
  std::vector<GrnSplit> out;
  const auto by = [&](const std::string& name, const auto& is_test) {
    GrnSplit split{name, {}, {}};
    for (int i = 0; i < n; ++i) (is_test(i) ? split.test : split.train).push_back(data.conditions[static_cast<std::size_t>(i)]);
    if (split.train.size() < 3 || split.test.empty()) throw InputError(scenario.file.string(), fmt::format("the split '{}' leaves {} conditions to learn from and {} to predict", name, split.train.size(), split.test.size()), "choose another design");
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
    for (std::size_t d = 0; d < data.inputs.size(); ++d)
      by(fmt::format("without drug {}", d + 1), [&](int i) { return std::find(drugs_of(i).begin(), drugs_of(i).end(), static_cast<int>(d) + 1) != drugs_of(i).end() && (!design.with_singles || drugs_of(i).size() > 1); });
  if (design.kind == GrnDesignKind::leave_one_arm_out)
    for (int left = 0; left < n; ++left) by("without " + data.conditions[static_cast<std::size_t>(left)], [&](int i) { return i == left; });
  return out;
}

}  // namespace hyped
