// Genes, groups, inputs and means of an .h5ad file.
#include "experiments/grn/cells/read_cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "experiments/cells/cell_columns.hpp"
#include "libhyped/counted.hpp"
#include "models/delivery/active_input.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

std::string name_of(const GrnDelivery& d) { return fmt::format("{} {} at {:g} h{}", d.kind, d.gene, d.from_h, d.dose == 1 ? "" : fmt::format(" x{:g}", d.dose)); }

int index_of(const std::vector<std::string>& names, const std::string& name) {
  const auto at = std::find(names.begin(), names.end(), name);
  return at == names.end() ? -1 : static_cast<int>(at - names.begin());
}

std::string some_of(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < std::min<std::size_t>(10, names.size()); ++i) out += (i > 0 ? ", " : "") + names[i];
  return names.size() > 10 ? out + ", ..." : out;
}

// Those asked for, then those perturbed; members of programmes are left out.
std::vector<std::string> genes_of(const GrnScenario& scenario, const ExpressionInput& input, GrnData& out) {
  std::vector<std::string> wanted = scenario.data.genes, missing, members, genes;
  const auto programmes = scenario.nuisance.programmes.empty() ? std::vector<std::pair<std::string, std::string>>{} : programme_genes(scenario);
  for (const auto& d : scenario.deliveries) {
    if (index_of(input.genes, d.gene) < 0) throw InputError(d.place, fmt::format("the perturbed gene '{}' is not measured in {}", d.gene, input.where), did_you_mean(d.gene, input.genes));
    for (const auto& [programme, gene] : programmes)
      if (gene == d.gene) throw InputError(d.place, fmt::format("the perturbed gene '{}' is in the programme '{}', which is taken out", gene, programme), "leave the programme out of [nuisance]");
    if (index_of(wanted, d.gene) < 0) wanted.push_back(d.gene);
  }
  for (const auto& gene : wanted) {
    if (index_of(genes, gene) >= 0) continue;
    if (index_of(input.genes, gene) < 0) missing.push_back(gene);
    else if (std::any_of(programmes.begin(), programmes.end(), [&](const auto& one) { return one.second == gene; })) members.push_back(gene);
    else genes.push_back(gene);
  }
  if (!missing.empty() && !scenario.data.leave_out_missing)
    throw InputError(scenario.data.genes_place, fmt::format("'{}' is not measured in {}{}", missing[0], input.where, missing.size() > 1 ? fmt::format(", nor {} of the list", counted(missing.size() - 1, "other gene")) : ""),
                     did_you_mean(missing[0], input.genes) + (missing.size() > 1 ? fmt::format("; not measured: {}", some_of(missing)) : "") + "; or write missing_genes = \"leave_out\"");
  if (!missing.empty()) out.warnings.push_back(fmt::format("{} of {} of the scenario not in the data, and left out: {}.", missing.size(), counted(wanted.size(), "gene"), some_of(missing)));
  if (!members.empty()) out.notes.push_back(fmt::format("{} of a programme that is taken out, no part of the network: {}.", counted(members.size(), "gene"), some_of(members)));
  if (genes.size() < 2) throw InputError(input.where, "holds fewer than two genes of the scenario", "check the names in [data] genes");
  return genes;
}

// Inputs, one per delivery that differs, and what each condition gets.
void add_inputs(const GrnScenario& scenario, const GrnCellGroups& groups, GrnData& out) {
  const double time_h = scenario.data.time_h;
  std::map<std::string, int> known;
  for (const auto& d : scenario.deliveries)
    if (known.emplace(name_of(d), static_cast<int>(out.inputs.size())).second) {
      out.inputs.push_back(name_of(d));
      out.deliveries.push_back(d);
      models::Dosing dosing;
      dosing.kind = models::delivery_kind(d.kind);
      dosing.dose = d.dose;
      dosing.from_h = d.from_h;
      dosing.end_h = std::max(time_h, d.from_h) + 1;
      out.courses.push_back(models::active_input(dosing));
      const double now = out.courses.back()(time_h), most = out.courses.back().range(0, time_h).second;
      out.facts.emplace_back("input", fmt::format("{}: peaks at {:.2g}, and is {:.2g} when cells are taken", out.inputs.back(), most, now));
      if (now < 0.05 * most) out.warnings.push_back(fmt::format("{} has ended before cells were taken ({:.1g} of its peak is left): what it did is read from what remains of it.", out.inputs.back(), now / most));
    }
  const int k = static_cast<int>(out.inputs.size()), n = groups.conditions;
  out.given = out.level = Eigen::MatrixXd::Zero(n, k);
  out.drugs.resize(static_cast<std::size_t>(n));
  for (int row = 0; row < n; ++row) {
    const std::string& arm = groups.arms[static_cast<std::size_t>(row / groups.phases)];
    auto& drugs = out.drugs[static_cast<std::size_t>(row)];
    for (const auto& d : scenario.deliveries) {
      if (d.arm != arm) continue;
      const int at = known.at(name_of(d));
      if (out.given(row, at) == 0) drugs.push_back(at + 1);
      out.given(row, at) = 1;
      constexpr int points = 480;
      double sum = 0;
      for (int i = 0; i < points; ++i) sum += out.courses[static_cast<std::size_t>(at)]((i + 0.5) / points * time_h);
      out.level(row, at) = sum / points;
    }
    if (drugs.empty()) throw InputError(scenario.file.string(), fmt::format("the arm '{}' receives nothing", arm), "write its [[delivery]], or leave it out of [data] arms");
  }
}

void add_means(const GrnScenario& scenario, GrnData& out) {
  std::vector<Eigen::VectorXd> means, errors;
  std::vector<double> sizes;
  const bool by_wells = !scenario.data.well.empty();
  for (const GroupCells& cells : out.cells) {
    const RatioMeans one = ratio_means(cells, {}, by_wells);
    means.push_back(one.mean);
    errors.push_back(one.standard_error);
    sizes.push_back(cells.size.sum());
    if (out.scale == GrnCellScale::log_ratio) errors.back() = errors.back().array() / (one.mean.array() + 0.5 / sizes.back());
  }
  out.mean = effects_of(out, means, sizes);
  const std::set<int> references(out.reference_of.begin(), out.reference_of.end());
  out.resting = Eigen::VectorXd::Zero(out.mean.cols());
  for (const int r : references) out.resting += means[static_cast<std::size_t>(r)] / static_cast<double>(references.size());
  out.standard_error.resizeLike(out.mean);
  out.reference_variance.resizeLike(out.mean);
  std::set<std::string> flat, unseen;
  for (Eigen::Index row = 0; row < out.mean.rows(); ++row)
    for (Eigen::Index g = 0; g < out.mean.cols(); ++g) {
      const auto here = static_cast<std::size_t>(row), there = static_cast<std::size_t>(out.reference_of[here]);
      const bool none = out.scale == GrnCellScale::log_ratio && (means[here][g] == 0 || means[there][g] == 0);
      out.standard_error(row, g) = none ? 0 : std::hypot(errors[here][g], errors[there][g]);
      out.reference_variance(row, g) = none ? 0 : errors[there][g] * errors[there][g];
      if (none) unseen.insert(out.genes[static_cast<std::size_t>(g)]);
      else if (out.standard_error(row, g) == 0) flat.insert(out.genes[static_cast<std::size_t>(g)]);
    }
  for (const auto& gene : unseen) flat.erase(gene);
  const auto list = [](const std::set<std::string>& names) { return some_of({names.begin(), names.end()}); };
  if (!flat.empty()) out.warnings.push_back(fmt::format("{} {} not vary between cells and {} for nothing there: {}.", counted(flat.size(), "gene"), agreed(flat.size(), "does", "do"), agreed(flat.size(), "counts", "count"), list(flat)));
  if (!unseen.empty()) out.warnings.push_back(fmt::format("{} {} no count in an arm or its reference and {} for nothing there: {}.", counted(unseen.size(), "gene"), agreed(unseen.size(), "has", "have"), agreed(unseen.size(), "counts", "count"), list(unseen)));
}

}  // namespace

Eigen::MatrixXd effects_of(const GrnData& data, const std::vector<Eigen::VectorXd>& means, const std::vector<double>& sizes) {
  Eigen::MatrixXd out(static_cast<Eigen::Index>(data.reference_of.size()), means.at(0).size());
  for (std::size_t row = 0; row < data.reference_of.size(); ++row) {
    const auto there = static_cast<std::size_t>(data.reference_of[row]);
    const auto at = static_cast<Eigen::Index>(row);
    if (data.scale == GrnCellScale::log_normalised) out.row(at) = (means[row] - means[there]).transpose();
    else out.row(at) = ((means[row].array() + 0.5 / sizes[row]).log() - (means[there].array() + 0.5 / sizes[there]).log()).matrix().transpose();      // half a count: no logarithm of 0 (Haldane 1956)
  }
  return out;
}

GrnCellGroups group_grn_cells(const GrnScenario& scenario, const ExpressionInput& input) {
  const GrnDataChoice& choice = scenario.data;
  GrnCellGroups out;
  out.arms = choice.arms;
  for (const auto& d : scenario.deliveries)
    if (index_of(out.arms, d.arm) < 0) {
      if (!choice.arms.empty()) throw InputError(d.place, fmt::format("the arm '{}' is not in [data] arms", d.arm), did_you_mean(d.arm, choice.arms));
      out.arms.push_back(d.arm);
    }
  std::vector<std::string> all = out.arms;
  for (const auto& name : choice.reference) {
    if (index_of(out.arms, name) >= 0) throw InputError(scenario.file.string(), fmt::format("'{}' is an arm with a delivery and the reference", name), "the reference received nothing");
    all.push_back(name);
  }
  const CellGroups by_arm = groups_by(input.data.obs, choice.by, all, input.where);
  CellGroups phases{{""}, std::vector<std::int32_t>(by_arm.of_cell.size(), 0)};
  if (!choice.phase.empty()) phases = groups_by(input.data.obs, choice.phase, {}, input.where);
  out.phases = phases.count();
  const int arms = static_cast<int>(out.arms.size());
  out.conditions = arms * out.phases;
  for (int a = 0; a <= arms; ++a)
    for (const auto& phase : phases.names) {
      const std::string name = a < arms ? out.arms[static_cast<std::size_t>(a)] : fmt::format("{}", fmt::join(choice.reference, "+"));
      out.groups.names.push_back(phase.empty() ? name : name + " " + phase);
    }
  for (std::size_t c = 0; c < by_arm.of_cell.size(); ++c) out.groups.of_cell.push_back(by_arm.of_cell[c] < 0 || phases.of_cell[c] < 0 ? -1 : std::min(by_arm.of_cell[c], arms) * out.phases + phases.of_cell[c]);
  const auto sizes = out.groups.sizes();
  for (std::size_t g = 0; g < sizes.size(); ++g)
    if (sizes[g] < 2) throw InputError(input.where, fmt::format("'{}' has {}: no mean and no standard error", out.groups.names[g], counted(sizes[g], "cell")), "leave the arm out, or give no phase");
  return out;
}

GrnData read_grn_cells(const GrnScenario& scenario, const fs::path& path) {
  const GrnDataChoice& choice = scenario.data;
  const bool counts = choice.scale == GrnCellScale::log_ratio;
  const ExpressionInput input = read_expression(path, {counts ? ExpressionUse::counts : ExpressionUse::log_values, choice.matrix, 1e4});
  GrnData out;
  out.scale = choice.scale;
  out.unit = counts ? "ln fold" : "log-normalised";
  out.facts = input.facts;
  out.notes = input.notes;
  out.genes = genes_of(scenario, input, out);
  out.roles.assign(out.genes.size(), GrnRole::gene);
  const GrnCellGroups groups = group_grn_cells(scenario, input);
  out.time_h = choice.time_h;
  std::string sizes;
  const auto cells = groups.groups.sizes();
  for (std::size_t g = 0; g < cells.size(); ++g) sizes += fmt::format("{}{} {}", g > 0 ? ", " : "", groups.groups.names[g], cells[g]);
  out.facts.emplace_back("cells", fmt::format("column {}: {}", choice.by, sizes));
  add_inputs(scenario, groups, out);
  for (int row = 0; row < groups.conditions; ++row) {
    out.conditions.push_back(groups.groups.names[static_cast<std::size_t>(row)]);
    out.arm_of.push_back(groups.arms[static_cast<std::size_t>(row / groups.phases)]);
    out.reference_of.push_back(groups.conditions + row % groups.phases);
  }
  const std::string reference = fmt::format("{}", fmt::join(choice.reference, ", "));
  const std::string within = choice.phase.empty() ? "" : " in the same phase";
  if (counts) out.facts.emplace_back("state", fmt::format("logarithm of summed counts over summed sizes, minus that of '{}'{}; 0 at 0 h", reference, within));
  else out.facts.emplace_back("state", fmt::format("mean log-normalised expression minus that of '{}'{}; 0 at 0 h", reference, within));
  out.facts.emplace_back("time", fmt::format("cells were taken at {:g} h of the deliveries' clock ([data] time_h)", choice.time_h));
  out.facts.emplace_back("errors", choice.well.empty() ? "standard errors are those between the cells of an arm and of the reference: they say nothing of other cultures" : fmt::format("standard errors are those between the wells (column {}) of an arm and of the reference", choice.well));
  out.cells = values_by_group(scenario, input, groups, out.genes, out.notes);
  TakenOut taken;
  const bool subtracted = choice.library.empty() || subtract_libraries(scenario, input, groups, out);
  if (!scenario.nuisance.programmes.empty()) taken = take_out_programmes(scenario, input, groups, out);
  add_means(scenario, out);
  if (taken.standard_error.size() > 0) {
    out.standard_error = out.standard_error.cwiseMax(taken.standard_error);
    out.nuisance = taken.table;
    for (auto& note : taken.notes) out.notes.push_back(std::move(note));
  }
  if (!subtracted) widen_for_libraries(scenario, input, groups, out);
  if (scenario.bootstrap.replicates == 0 && scenario.loss.kind == GrnLoss::means) out.cells.clear();
  return out;
}

}  // namespace hyped
