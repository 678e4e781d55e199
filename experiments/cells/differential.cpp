// Comparison of arms gene by gene.
#include "experiments/cells/differential.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/errors.hpp"
#include "libhyped/expression/composition/design_limits.hpp"
#include "libhyped/expression/differential/false_discovery.hpp"
#include "libhyped/expression/differential/group_moments.hpp"
#include "libhyped/expression/differential/rank_test.hpp"

namespace hyped {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool between_replicates(DifferentialTest test) { return test == DifferentialTest::nb || test == DifferentialTest::nb_wald || test == DifferentialTest::nb_ratio; }

struct Groups {
  CellGroups arms;
  int reference = the_rest;
  std::optional<CellGroups> replicates;
};

Groups groups_of(const ExpressionInput& input, const DifferentialSettings& settings, std::vector<std::string>& words) {
  Groups out;
  std::vector<std::string> only = settings.only;
  const bool rest = settings.arms.reference == "rest";
  if (!only.empty() && !rest && std::find(only.begin(), only.end(), settings.arms.reference) == only.end()) only.push_back(settings.arms.reference);
  out.arms = groups_by(input.data.obs, settings.arms.column, only, input.where);
  if (!rest) out.reference = out.arms.index_of(settings.arms.reference, fmt::format("{}, column {}", input.where, settings.arms.column));
  if (settings.bystanders) {
    const auto myod1 = std::find(input.genes.begin(), input.genes.end(), "MYOD1");
    if (myod1 == input.genes.end()) throw InputError(input.where, "has no gene MYOD1, so bystanders cannot be told", "bystanders are cells of the mRNA arms without a count of it");
    Bystanders split = split_bystanders(out.arms, input.by_gene, static_cast<int>(myod1 - input.genes.begin()));
    out.arms = std::move(split.groups);
    words.insert(words.end(), split.words.begin(), split.words.end());
  }
  if (out.arms.count() < 2) throw InputError(input.where, fmt::format("column {} names one arm only", settings.arms.column), "a comparison needs two");
  require_cells(out.arms, settings.least_cells, fmt::format("{}, column {}", input.where, settings.arms.column));
  if (!settings.replicate.empty()) {
    if (settings.replicate == settings.arms.column) throw InputError("--replicate " + settings.replicate, "is the column of the arms", "name the column of cultures, donors or libraries");
    out.replicates = groups_by(input.data.obs, settings.replicate, {}, input.where);
  }
  return out;
}

void add_wilcoxon(DifferentialResult& out, const ExpressionInput& input, const Groups& groups) {
  const auto count = static_cast<std::size_t>(groups.arms.count());
  std::vector<RankSum> pooled;
  std::vector<StratifiedRankSum> within;
  if (groups.replicates) within = rank_test_within(input.by_gene, groups.arms, groups.reference, *groups.replicates);
  else pooled = rank_test(input.by_gene, groups.arms, groups.reference);
  for (GeneDifference& d : out.differences) {
    const std::size_t at = static_cast<std::size_t>(d.gene) * count + static_cast<std::size_t>(d.arm);
    AreaInterval interval{nan, nan};
    if (groups.replicates) {
      const StratifiedRankSum& r = within[at];
      d.statistic = r.z, d.test = r.test, d.area = r.area, d.u = nan;
      interval = area_interval(r.area, r.area_se, r.group, r.other);
    } else {
      const RankSum& r = pooled[at];
      d.statistic = r.z, d.test = r.test, d.area = r.area, d.u = r.u();
      interval = area_interval(r.area, r.area_se, r.group, r.other);
    }
    d.area_lower = interval.lower, d.area_upper = interval.upper;
  }
}

// Means, shares of expressing cells and fold changes of cells; t-tests on the values as they are.
void add_means(DifferentialResult& out, const ExpressionInput& input, const Groups& groups, const DifferentialSettings& settings) {
  const bool arithmetic = settings.mean == MeanKind::arithmetic;
  const GroupMoments logs = group_moments(input.by_gene, groups.arms, MomentScale::stored);
  const GroupMoments scale = arithmetic ? group_moments(input.by_gene, groups.arms, MomentScale::log1p_undone) : logs;
  const bool rest = groups.reference == the_rest;
  const GroupMoments other_logs = rest ? moments_of_rest(logs) : logs, other_scale = rest ? moments_of_rest(scale) : scale;
  const auto mean_of = [](const GroupMoments& m, int gene, int arm) { return MeanOfCells{m.mean(gene, arm), m.variance(gene, arm), m.cells[static_cast<std::size_t>(arm)]}; };
  for (GeneDifference& d : out.differences) {
    const int other = rest ? d.arm : groups.reference;
    d.fold = fold_change(mean_of(scale, d.gene, d.arm), mean_of(other_scale, d.gene, other), settings.mean, settings.pseudocount);
    const auto shown = [&](double mean) { return arithmetic ? mean : std::expm1(mean); };
    d.mean_arm = shown(scale.mean(d.gene, d.arm)), d.mean_reference = shown(other_scale.mean(d.gene, other));
    d.expressing_arm = logs.expressing(d.gene, d.arm) / static_cast<double>(logs.cells[static_cast<std::size_t>(d.arm)]);
    d.expressing_reference = other_logs.expressing(d.gene, other) / static_cast<double>(other_logs.cells[static_cast<std::size_t>(other)]);
    if (settings.test != DifferentialTest::t && settings.test != DifferentialTest::t_overestimated) continue;
    const MeanTest t = mean_test(mean_of(logs, d.gene, d.arm), mean_of(other_logs, d.gene, other), settings.test == DifferentialTest::t ? MeanTestKind::welch : MeanTestKind::overestimated_variance);
    d.statistic = t.t, d.test = t.test;
  }
}

void add_replicate_test(DifferentialResult& out, const ExpressionInput& input, const Groups& groups, const DifferentialSettings& settings) {
  const PseudobulkCounts bulk = pseudobulk_counts(input.by_gene, groups.arms, *groups.replicates, settings.least_cells);
  const PseudobulkDesign design = pseudobulk_design(bulk, groups.reference);
  ReplicateTestOptions options;
  options.kind = settings.test == DifferentialTest::nb ? ReplicateTestKind::quasi_likelihood : settings.test == DifferentialTest::nb_wald ? ReplicateTestKind::wald : ReplicateTestKind::likelihood_ratio;
  options.size_factors = settings.size_factors;
  options.least_counts = settings.least_counts;
  const ReplicateTest found = replicate_test(bulk, design, options);
  for (const auto& list : {bulk.words, design.words, found.words}) out.words.insert(out.words.end(), list.begin(), list.end());
  out.outcome = found.outcome;
  const GroupMoments counts = group_moments(input.by_gene, groups.arms, MomentScale::stored);
  const auto arms = static_cast<std::size_t>(groups.arms.count());
  for (GeneDifference& d : out.differences) {
    const ReplicateEffect& e = found.effects[static_cast<std::size_t>(d.gene) * arms + static_cast<std::size_t>(d.arm)];
    const auto cells = [&](int arm) { return static_cast<double>(counts.cells[static_cast<std::size_t>(arm)]); };
    d.mean_arm = counts.mean(d.gene, d.arm), d.mean_reference = counts.mean(d.gene, groups.reference);
    d.expressing_arm = counts.expressing(d.gene, d.arm) / cells(d.arm), d.expressing_reference = counts.expressing(d.gene, groups.reference) / cells(groups.reference);
    d.fold = {e.log2, e.lower, e.upper};
    d.statistic = e.statistic, d.test = e.test;
    if (design.of_arm[static_cast<std::size_t>(d.arm)] < 0) d.status = "no replicate with enough cells";
    else if (e.status != GeneStatus::tested) d.status = to_string(e.status);
  }
}

// q within each arm, or over all; genes that were not tested do not count.
void add_false_discovery(std::vector<GeneDifference>& differences, bool pooled) {
  for (std::size_t from = 0; from < differences.size();) {
    std::size_t until = from;
    while (until < differences.size() && (pooled || differences[until].arm == differences[from].arm)) ++until;
    std::vector<TailProbability> tests;
    for (std::size_t i = from; i < until; ++i)
      if (differences[i].status.empty()) tests.push_back(differences[i].test);
    const auto q = benjamini_hochberg(tests);
    for (std::size_t i = from, next = 0; i < until; ++i)
      if (differences[i].status.empty()) differences[i].q = q[next++];
    from = until;
  }
}

}  // namespace

std::string_view to_string(DifferentialTest test) {
  switch (test) {
    case DifferentialTest::wilcoxon: return "Wilcoxon rank sums";
    case DifferentialTest::t: return "Welch's t";
    case DifferentialTest::t_overestimated: return "t with overestimated variance";
    case DifferentialTest::nb: return "pseudobulk, quasi-likelihood F";
    case DifferentialTest::nb_wald: return "pseudobulk, Wald";
    case DifferentialTest::nb_ratio: return "pseudobulk, likelihood ratio";
  }
  return "";
}

DifferentialResult differential_of(const ExpressionInput& input, const DifferentialSettings& settings) {
  DifferentialResult out;
  if (between_replicates(settings.test) && settings.replicate.empty())
    throw InputError("--test nb", "compares arms between replicates, and no column names them", "give --replicate COLUMN; cells of one culture are no replicates of each other");
  if (between_replicates(settings.test) && settings.arms.reference == "rest") throw InputError("--reference rest", "is not for a test between replicates", "name the label of the reference arm");
  const Groups groups = groups_of(input, settings, out.words);
  out.genes = input.genes;
  out.arms = groups.arms;
  out.reference = groups.reference;
  for (int arm = 0; arm < groups.arms.count(); ++arm)
    for (int gene = 0; gene < input.by_gene.rows && arm != groups.reference; ++gene) {
      GeneDifference d;
      d.gene = gene, d.arm = arm;
      d.u = d.area = d.area_lower = d.area_upper = nan;
      out.differences.push_back(d);
    }
  if (between_replicates(settings.test)) add_replicate_test(out, input, groups, settings);
  else add_means(out, input, groups, settings);
  if (settings.test == DifferentialTest::wilcoxon) add_wilcoxon(out, input, groups);
  if ((settings.test == DifferentialTest::t || settings.test == DifferentialTest::t_overestimated) && groups.replicates) throw InputError("--replicate " + settings.replicate, "is not used by a t-test", "take --test wilcoxon (within replicates) or nb (between them)");
  add_false_discovery(out.differences, settings.pooled);
  std::stable_sort(out.differences.begin(), out.differences.end(), [](const GeneDifference& a, const GeneDifference& b) {
    if (a.arm != b.arm) return a.arm < b.arm;
    if (a.status.empty() != b.status.empty()) return a.status.empty();
    if (a.test.p != b.test.p) return a.test.p < b.test.p;
    if (a.test.log_p != b.test.log_p) return a.test.log_p < b.test.log_p;
    const double x = std::isnan(a.fold.log2) ? 0 : std::abs(a.fold.log2), y = std::isnan(b.fold.log2) ? 0 : std::abs(b.fold.log2);
    return x > y;
  });
  return out;
}

void run_differential(RunDirectory& run, const std::filesystem::path& file, const DifferentialSettings& asked) {
  run.add_input(file);
  ExpressionInput input = read_expression(file, {between_replicates(asked.test) ? ExpressionUse::counts : ExpressionUse::log_values, asked.matrix, asked.target});
  state_input(run, input);
  DifferentialSettings settings = asked;
  settings.arms = choose_arms(run, input.data.obs, asked.arms, input.where);
  if (!asked.replicate.empty()) settings.replicate = choose_replicates(run, input.data.obs, asked.replicate, input.where);
  run.set_title("Differential expression of " + file.filename().string(), fmt::format("Which genes differ between the arms of column {} and {}, by how much, and how sure is that?", settings.arms.column, settings.arms.reference == "rest" ? "all other cells" : settings.arms.reference));
  const DifferentialResult result = differential_of(input, settings);
  const auto sizes = result.arms.sizes();
  std::vector<std::string> arms;
  for (std::size_t k = 0; k < sizes.size(); ++k) arms.push_back(fmt::format("{} ({} cells)", result.arms.names[k], sizes[k]));
  say(run, "arms", fmt::format("{}; reference {}", fmt::join(arms, ", "), result.reference < 0 ? "all other cells of these" : result.arms.names[static_cast<std::size_t>(result.reference)]));
  const std::string replicates_words = settings.replicate.empty() ? "" : settings.test == DifferentialTest::wilcoxon ? ", within " + settings.replicate + " (van Elteren)" : ", between " + settings.replicate;
  say(run, "test", std::string(to_string(settings.test)) + replicates_words);
  say(run, "fdr", settings.pooled ? "Benjamini-Hochberg over all arms and genes together" : "Benjamini-Hochberg within each arm over all genes tested");
  if (!between_replicates(settings.test))
    say(run, "fold", fmt::format("log2 of {} means, pseudocount {:g}{}", to_string(settings.mean), settings.pseudocount, settings.pseudocount > 0 ? "" : ": a gene that is absent on one side has no finite fold change, only a direction"));
  for (const auto& word : result.words) {
    fmt::print("{}", to_terminal_paragraph("note      ", word));
    run.add_note(word);
  }
  std::optional<CellGroups> replicates;
  if (!settings.replicate.empty()) replicates = groups_by(input.data.obs, settings.replicate, {}, input.where);
  state_limits(run, groups_by(input.data.obs, settings.arms.column, {}, input.where), replicates ? &*replicates : nullptr, settings.replicate);
  report_differential(run, result, settings);
  if (!result.outcome.ok()) run.set_outcome(result.outcome);
  for (const auto& answer : run.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
}

}  // namespace hyped
