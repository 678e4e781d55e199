// Shares of phases per arm, contrasts where they exist, and the split of changes.
#include "experiments/cells/compose.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "experiments/report/figure.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/expression/composition/design_limits.hpp"
#include "libhyped/expression/composition/mean_change.hpp"
#include "libhyped/expression/composition/phase_composition.hpp"

namespace hyped {
namespace {

constexpr double z95 = 1.959963984540054;

// Arms with cells whose phase is that of the sort (import-hyped writes phase_source): the experimenter set their numbers, also if some cells had to be scored.
std::vector<std::string> sorted_by_source(const ExpressionInput& input, const CellGroups& arms) {
  std::vector<std::string> out;
  if (input.data.obs.find("phase_source") == nullptr) return out;
  const CellGroups source = groups_by(input.data.obs, "phase_source", {}, input.where);
  for (int a = 0; a < arms.count(); ++a) {
    bool sorted = false;
    for (std::size_t c = 0; c < arms.of_cell.size() && !sorted; ++c) sorted = arms.of_cell[c] == a && source.of_cell[c] >= 0 && source.names[static_cast<std::size_t>(source.of_cell[c])] == "sorted";
    if (sorted) out.push_back(arms.names[static_cast<std::size_t>(a)]);
  }
  return out;
}

std::optional<ReferenceComposition> composition_from(const ComposeSettings& settings, const CellGroups& phases) {
  if (settings.shares.empty()) return {};
  ReferenceComposition out;
  out.share.assign(phases.names.size(), 0);
  for (const auto& [phase, share] : settings.shares) out.share[static_cast<std::size_t>(phases.index_of(phase, "--share"))] = share;
  out.cells = settings.share_cells > 0 ? settings.share_cells : std::numeric_limits<double>::infinity();
  out.source = settings.share_source.empty() ? "the shares given" : settings.share_source;
  return out;
}

void add_composition(RunDirectory& run, const std::vector<ArmComposition>& arms, const CellGroups& phases) {
  Table table({{"arm", "", ""}, {"phase", "", ""}, {"cells", "1", ""}, {"share", "1", "of the arm's cells with a phase"}, {"lower", "1", "95 % of this phase alone, Jeffreys"}, {"upper", "1", ""}, {"joint_lower", "1", "95 % of all phases together, Goodman"}, {"joint_upper", "1", ""}, {"numbers", "", "set by sorting: no composition"}});
  Table rows({{"panel", "", ""}, {"name", "", ""}, {"estimate", "1", ""}, {"lower", "1", ""}, {"upper", "1", ""}});
  for (const ArmComposition& arm : arms)
    for (std::size_t k = 0; k < arm.phases.size() && arm.cells > 0; ++k) {
      const PhaseShare& p = arm.phases[k];
      table.add_row({arm.arm, phases.names[k], p.cells, cell_of(p.share), cell_of(p.lower), cell_of(p.upper), cell_of(p.joint_lower), cell_of(p.joint_upper), std::string(arm.set_by_sorting ? "set by sorting" : "sampled")});
      if (!arm.set_by_sorting && std::isfinite(p.share)) rows.add_row({"share in " + phases.names[k], arm.arm, p.share, cell_of(p.lower), cell_of(p.upper)});
    }
  fmt::print("\n{}\n", to_terminal(table, "tables/composition.tsv"));
  run.add_table("composition", table, "Cells per phase and arm. Intervals hold for other cells of the same culture.");
  if (!rows.rows().empty()) report::add_figure(run, {"composition", "Share of each phase among an arm's cells with 95 % Jeffreys intervals (cells of one culture). Arms whose numbers were set by sorting are left out.", "intervals", {{"rows", rows}}, {{"same_range", "yes"}}, "answer"});
}

// Whether two arms' phases were told in the same way.
void check_sources(RunDirectory& run, const std::vector<ArmComposition>& arms, const std::string& reference) {
  std::vector<std::string> scored;
  bool reference_sorted = false;
  for (const auto& arm : arms) {
    if (arm.arm == reference) reference_sorted = arm.set_by_sorting;
    else if (!arm.set_by_sorting && arm.cells > 0) scored.push_back(arm.arm);
  }
  if (reference_sorted && !scored.empty())
    run.add_warning(fmt::format("Phases of {} are from sorting, those of {} are not: a cell that is called G1 by one may be S by the other, and within-phase changes hold that difference too.", reference, fmt::join(scored, ", ")));
}

// Arms none of whose cells has a phase: said once, with what to do.
void say_without_phase(RunDirectory& run, const std::vector<ArmComposition>& arms, const std::string& column) {
  std::vector<std::string> without;
  for (const auto& arm : arms)
    if (arm.cells == 0) without.push_back(arm.arm);
  if (!without.empty()) run.add_warning(fmt::format("No cell of {} has a phase in column {}: nothing can be said of them. hyped cells prepare scores the phases of such cells.", fmt::join(without, ", "), column));
}

// Changes of every gene against the reference, with the reference's own shares or those given.
void add_changes(RunDirectory& run, const ExpressionInput& input, const CellGroups& arms, const CellGroups& phases, const std::vector<ArmComposition>& composition, int reference, const std::optional<ReferenceComposition>& instead, const ComposeSettings& settings) {
  const auto& own = composition[static_cast<std::size_t>(reference)];
  if (own.set_by_sorting && !instead) {
    run.add_warning(fmt::format("No change of expression is split: the phase numbers of {} were set by sorting, so its mean is no mean of a culture. Give its composition with --share.", own.arm));
    return;
  }
  const GroupMoments moments = group_moments(input.by_gene, cross(arms, phases), MomentScale::stored);
  PhaseMeans base = phase_means(moments, reference * phases.count(), phases.count());
  if (instead) {
    base.share = Eigen::Map<const Eigen::VectorXd>(instead->share.data(), phases.count());
    base.share_cells = instead->cells;
  }
  Table table({{"arm", "", ""}, {"gene", "", ""}, {"total", "ln", "change of the mean log expression, arm - reference"}, {"total_lower", "ln", "95 %, delta method"}, {"total_upper", "ln", ""}, {"composition", "ln", "from other shares of phases"}, {"composition_lower", "ln", ""}, {"composition_upper", "ln", ""},
               {"within", "ln", "within phases"}, {"within_lower", "ln", ""}, {"within_upper", "ln", ""}, {"caution", "", ""}});
  const bool hyped = are_hyped_arms(arms.names);
  Table rows({{"panel", "", ""}, {"name", "", ""}, {"estimate", "ln", ""}, {"lower", "ln", ""}, {"upper", "ln", ""}});
  for (int a = 0; a < arms.count(); ++a) {
    const std::string& name = arms.names[static_cast<std::size_t>(a)];
    if (a == reference || composition[static_cast<std::size_t>(a)].set_by_sorting || composition[static_cast<std::size_t>(a)].cells == 0) continue;
    const MeanChange change = mean_change(phase_means(moments, a * phases.count(), phases.count()), base);
    if (!change.outcome.ok()) {
      run.add_warning(name + ": " + change.outcome.message);
      continue;
    }
    std::vector<int> order(input.genes.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int x, int y) { return std::abs(change.total.estimate[x]) > std::abs(change.total.estimate[y]); });
    int drawn = 0;
    double composition_squares = 0, within_squares = 0, cross_products = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const int g = order[i];
      std::vector<Cell> row = {name, input.genes[static_cast<std::size_t>(g)]};
      for (const ChangePart* part : {&change.total, &change.composition, &change.within}) {
        const double value = part->estimate[g], half = z95 * part->se[g];
        row.insert(row.end(), {value, value - half, value + half});
      }
      const std::string caution = hyped ? gene_caution(input.genes[static_cast<std::size_t>(g)]) : "";
      row.emplace_back(caution);
      table.add_row(std::move(row));
      composition_squares += std::pow(change.composition.estimate[g], 2), within_squares += std::pow(change.within.estimate[g], 2), cross_products += 2 * change.composition.estimate[g] * change.within.estimate[g];
      if (!caution.empty() || ++drawn > settings.top) continue;
      for (const auto& [title, part] : {std::pair{"composition", &change.composition}, std::pair{"within phases", &change.within}})
        rows.add_row({fmt::format("{}: {} [ln]", name, title), input.genes[static_cast<std::size_t>(g)], part->estimate[g], part->estimate[g] - z95 * part->se[g], part->estimate[g] + z95 * part->se[g]});
    }
    const double all = composition_squares + within_squares + cross_products;
    if (all > 0)
      run.add_answer(fmt::format("{}: of the squared change of all genes against {}, {:.1f} % is within phases, {:.1f} % composition and {:.1f} % their product.", name, instead ? instead->source : own.arm, 100 * within_squares / all, 100 * composition_squares / all, 100 * cross_products / all));
  }
  if (table.rows().empty()) return;
  run.add_table("mean_change", table, "Change of each gene's mean log expression, split exactly into composition and within phases (Kitagawa, symmetric). Conditional on one culture per arm.");
  report::add_figure(run, {"mean_change", fmt::format("The {} genes that change most: what composition and what changes within phases do, 95 % (delta method, cells of one culture).{}", settings.top, hyped ? " Genes whose counts mean something else (delivered, knocked down, between libraries) are in the table with a caution and not drawn." : ""), "intervals", {{"rows", rows}}, {{"same_range", "yes"}}, "answer"});
}

}  // namespace

void run_compose(RunDirectory& run, const std::filesystem::path& file, const ComposeSettings& asked) {
  run.set_title("Composition of " + file.filename().string(), "In which phases are the cells of each arm, do arms differ in that, and what of their expression follows from it?");
  run.add_input(file);
  const ExpressionInput input = read_expression(file, {ExpressionUse::log_values, asked.matrix, asked.target});
  state_input(run, input);
  ComposeSettings settings = asked;
  settings.arms = choose_arms(run, input.data.obs, asked.arms, input.where);
  settings.phase = choose_phases(run, input.data.obs, asked.phase, input.where);
  std::vector<std::string> only = settings.only;
  if (!only.empty() && std::find(only.begin(), only.end(), settings.arms.reference) == only.end()) only.push_back(settings.arms.reference);
  const CellGroups arms = groups_by(input.data.obs, settings.arms.column, only, input.where), phases = groups_by(input.data.obs, settings.phase, {}, input.where);
  const int reference = arms.index_of(settings.arms.reference, fmt::format("{}, column {}", input.where, settings.arms.column));
  require_cells(arms, settings.least_cells, fmt::format("{}, column {}", input.where, settings.arms.column));
  std::vector<std::string> sorted = settings.sorted;
  for (const auto& arm : sorted_by_source(input, arms))
    if (std::find(sorted.begin(), sorted.end(), arm) == sorted.end()) sorted.push_back(arm);
  const auto composition = phase_composition(arms, phases, sorted);
  const auto instead = composition_from(settings, phases);
  say(run, "sorted", sorted.empty() ? "no arm is said to have phase numbers set by sorting; if the controls were sorted, say --sorted LABEL" : fmt::format("phase numbers were set by sorting in: {}", fmt::join(sorted, ", ")));
  if (instead) say(run, "shares", fmt::format("{} stands for {}: {}{}", instead->source, settings.arms.reference, [&] {
                            std::vector<std::string> words;
                            for (std::size_t k = 0; k < phases.names.size(); ++k) words.push_back(fmt::format("{} {:.4g}", phases.names[k], instead->share[k]));
                            return fmt::format("{}", fmt::join(words, ", "));
                          }(), std::isfinite(instead->cells) ? fmt::format(", from {:g} cells", instead->cells) : ", taken as exact"));
  state_limits(run, groups_by(input.data.obs, settings.arms.column, {}, input.where), nullptr, "");
  say_without_phase(run, composition, settings.phase);
  check_sources(run, composition, settings.arms.reference);
  add_composition(run, composition, phases);
  Table contrasts({{"arm", "", ""}, {"phase", "", ""}, {"difference", "1", "of the share, arm - reference"}, {"lower", "1", "95 %, Newcombe"}, {"upper", "1", ""}, {"p", "1", "of one composition for both, likelihood ratio"}, {"against", "", "or why there is no contrast"}});
  for (std::size_t a = 0; a < composition.size(); ++a) {
    if (static_cast<int>(a) == reference) continue;
    if (composition[a].cells == 0) {
      contrasts.add_row({composition[a].arm, std::string(), Cell(), Cell(), Cell(), Cell(), std::string("no cell has a phase")});
      continue;
    }
    const CompositionContrast c = composition_contrast(composition[a], composition[static_cast<std::size_t>(reference)], instead);
    if (!c.exists) {
      contrasts.add_row({composition[a].arm, std::string(), Cell(), Cell(), Cell(), Cell(), c.words});
      if (std::find(run.summary().warnings.begin(), run.summary().warnings.end(), c.words + ".") == run.summary().warnings.end()) run.add_warning(c.words + ".");      // once for all arms
      continue;
    }
    std::size_t most = 0;
    for (std::size_t k = 0; k < phases.names.size(); ++k) {
      contrasts.add_row({composition[a].arm, phases.names[k], c.difference[k], c.lower[k], c.upper[k], c.test.p, c.words});
      if (std::abs(c.difference[k]) > std::abs(c.difference[most])) most = k;
    }
    run.add_answer(fmt::format("{}: share in {} differs by {:+.3f} [{:.3f}, {:.3f}], p of one composition {:.2g}.", c.words, phases.names[most], c.difference[most], c.lower[most], c.upper[most], c.test.p));
  }
  if (!contrasts.rows().empty()) run.add_table("contrasts", contrasts, "Differences of the shares; an arm whose numbers were set by sorting has none.");
  if (settings.expression) add_changes(run, input, arms, phases, composition, reference, instead, settings);
  for (const auto& answer : run.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
}

}  // namespace hyped
