// Phases: how much of an effect is composition, what composition the parts predict, and the programmes that delivery moves.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "experiments/benchmark/run/bench_run.hpp"
#include "experiments/program_files.hpp"
#include "libhyped/distance/tail_probability.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/expression/differential/false_discovery.hpp"
#include "libhyped/expression/differential/fold_change.hpp"
#include "libhyped/expression/differential/group_moments.hpp"
#include "libhyped/ingest/delimited.hpp"
#include "libhyped/random.hpp"
#include "libhyped/score/bulk/bulk_metrics.hpp"
#include "models/predictors/context_shares.hpp"
#include "models/predictors/duplicates.hpp"

namespace hyped {
namespace {

std::vector<std::string> contexts_of(const BenchmarkCells& cells) {
  std::set<std::string> out;
  for (const auto& c : cells.conditions) out.insert(c.context);
  return {out.begin(), out.end()};
}

// A label with its condition in every context.
struct Arm {
  std::string name;
  std::vector<int> in;      // [K] condition
};
std::vector<Arm> arms_in_all(const BenchmarkCells& cells, const std::vector<std::string>& contexts) {
  std::vector<Arm> out;
  std::set<std::string> names;
  for (const auto& c : cells.conditions)
    if (!c.perturbations.empty()) names.insert(c.name);
  for (const auto& name : names) {
    Arm arm{name, {}};
    for (const auto& context : contexts) arm.in.push_back(cells.index_of(name, context));
    if (std::find(arm.in.begin(), arm.in.end(), -1) == arm.in.end()) out.push_back(std::move(arm));
  }
  return out;
}

// A combination of all contexts together: [predictor] l2_delta and pearson_delta; NaN where undefined.
const std::vector<std::string> pooled_names{"composition-aware additive", "no change", "additive, contexts together"};
using PooledScores = std::array<std::array<double, 2>, 3>;

// counts [conditions]: cells of each, from which shares of contexts are taken; reference: weights of the control's contexts.
PooledScores pooled_scores(const Benchmark& bench, const Arm& arm, const std::vector<Arm>& arms, const std::vector<std::string>& contexts, const std::vector<double>& reference, const ProfileMatrix& means, const std::vector<double>& counts) {
  const auto& conditions = bench.cells.conditions;
  const auto mean_of = [&](int condition) -> Eigen::RowVectorXd { return means.row(bench.groups.truth[static_cast<std::size_t>(condition)]); };
  const auto share = [&](const Arm& of, std::size_t k) {
    double all = 0;
    for (const int l : of.in) all += counts[static_cast<std::size_t>(l)];
    return counts[static_cast<std::size_t>(of.in[k])] / all;
  };
  SplitFold fold{"", {}, {}};      // learned: everything but this arm, in all contexts
  for (const auto& c : conditions)
    if (!c.perturbations.empty() && c.name != arm.name) fold.train.push_back({c.name, c.context});
  ResponseProfiles training = training_of(bench.cells, fold, bench.groups, means);
  for (auto& c : training.conditions) {
    const int l = bench.cells.index_of(c.name, c.context);
    if (!c.perturbations.empty()) c.cells = static_cast<std::size_t>(std::lround(counts[static_cast<std::size_t>(l)]));
  }
  Eigen::RowVectorXd pooled = Eigen::RowVectorXd::Zero(means.cols()), base = pooled, learned_base = pooled;
  for (std::size_t k = 0; k < contexts.size(); ++k) {
    const auto control = static_cast<std::size_t>(bench.cells.index_of(bench.cells.control_label, contexts[k]));
    pooled += share(arm, k) * mean_of(arm.in[k]);
    base += reference[k] * means.row(bench.groups.truth[control]);
    learned_base += reference[k] * means.row(bench.groups.learned[control]);
  }
  const auto& parts = conditions[static_cast<std::size_t>(arm.in[0])].perturbations;
  const ResponseCondition wanted{arm.name, parts, "", 0};
  Eigen::RowVectorXd additive = learned_base;      // of all contexts together, shares of the parts as they are
  for (const auto& part : parts)
    for (const auto& other : arms)
      if (conditions[static_cast<std::size_t>(other.in[0])].perturbations == std::vector<std::string>{part}) {
        for (std::size_t k = 0; k < contexts.size(); ++k) additive += share(other, k) * mean_of(other.in[k]);
        additive -= learned_base;
      }
  const std::array<Eigen::RowVectorXd, 3> guesses{composition_additive()->predict(training, std::vector<ResponseCondition>{wanted}, bench.seed).mean.row(0), learned_base, additive};
  PooledScores out;
  for (std::size_t p = 0; p < guesses.size(); ++p) {
    EffectComparison pair;
    pair.genes = bench.cells.genes;
    pair.conditions = {wanted};
    pair.truth = pooled, pair.control = base, pair.predicted = guesses[p] - learned_base + base, pair.predicted_control = base;
    pair.own_genes = {{}};
    out[p] = {bulk_metric("l2_delta").evaluate(pair)[0].value.value_or(std::nan("")), bulk_metric("pearson_delta").evaluate(pair)[0].value.value_or(std::nan(""))};
  }
  return out;
}

// Numbers of cells of each arm's contexts, drawn again with its total.
std::vector<double> drawn_counts(const Benchmark& bench, const std::vector<Arm>& arms, int draw) {
  std::vector<double> out;
  for (const auto& c : bench.cells.conditions) out.push_back(static_cast<double>(c.cells));
  for (std::size_t a = 0; a < arms.size(); ++a) {
    RandomStream random(bench.seed, 0x70000000u + static_cast<std::uint32_t>(draw), static_cast<std::uint32_t>(a));
    double total = 0;
    std::vector<double> upto;
    for (const int l : arms[a].in) upto.push_back(total += static_cast<double>(bench.cells.conditions[static_cast<std::size_t>(l)].cells)), out[static_cast<std::size_t>(l)] = 0;
    for (double i = 0; i < total; ++i) {
      const auto k = static_cast<std::size_t>(std::upper_bound(upto.begin(), upto.end(), random.uniform() * total) - upto.begin());
      out[static_cast<std::size_t>(arms[a].in[std::min(k, upto.size() - 1)])] += 1;
    }
  }
  return out;
}

// Intervals: what a quarter of a draw's step changes, both ways (see score_jointly), so that the draws' own noise is not added to the scores.
void add_composition_scores(Table& scores, const Benchmark& bench, const Arm& arm, const std::vector<Arm>& arms, const std::vector<std::string>& contexts, const std::vector<double>& reference) {
  constexpr double step = 0.25;
  std::vector<double> counts;
  for (const auto& c : bench.cells.conditions) counts.push_back(static_cast<double>(c.cells));
  const PooledScores here = pooled_scores(bench, arm, arms, contexts, reference, bench.means, counts);
  const int draws = bench.options.cell_draws / 2;
  const CellResamples resamples(bench.cells.values, bench.groups.groups, bench.seed, &bench.cells.replicate_of);
  std::array<std::array<double, 3>, 3> squares{};      // [predictor][l2, pearson, l2 minus the additive's]
  for (int d = 0; d < draws; ++d) {
    std::vector<ProfileMatrix> direction(1);
    resamples.directions(d, direction);
    const std::vector<double> again = drawn_counts(bench, arms, d);
    const auto at = [&](double by) {
      std::vector<double> moved = counts;
      for (std::size_t l = 0; l < moved.size(); ++l) moved[l] += by * (again[l] - counts[l]);
      return pooled_scores(bench, arm, arms, contexts, reference, bench.means + by * direction[0], moved);
    };
    const PooledScores up = at(step), down = at(-step);
    for (std::size_t p = 0; p < 3; ++p) {
      for (std::size_t m = 0; m < 2; ++m) squares[p][m] += std::pow((up[p][m] - down[p][m]) / (2 * step), 2) / draws;
      squares[p][2] += std::pow((up[p][0] - down[p][0] - up[2][0] + down[2][0]) / (2 * step), 2) / draws;
    }
  }
  std::vector<int> groups;
  for (int k = 0; k < resamples.groups(); ++k) groups.push_back(k);
  const double t = draws > 1 ? student_quantile(0.5 + 0.5 * bench.options.level, std::min<double>(draws, resamples.freedom_of(groups))) : 0;
  for (std::size_t p = 0; p < 3; ++p) {
    const auto three = [&](std::vector<Cell>& row, double value, double square, double least, double most) {      // the score, and its interval within what it can be
      const bool there = std::isfinite(value), bars = there && draws > 1 && std::isfinite(square);
      row.push_back(there ? Cell(value) : Cell());
      row.push_back(bars ? Cell(std::max(least, value - t * std::sqrt(square))) : Cell()), row.push_back(bars ? Cell(std::min(most, value + t * std::sqrt(square))) : Cell());
    };
    constexpr double open = std::numeric_limits<double>::infinity();
    std::vector<Cell> row{pooled_names[p], arm.name};
    three(row, here[p][0], squares[p][0], 0, open), three(row, here[p][1], squares[p][1], -1, 1), three(row, p == 2 ? std::nan("") : here[p][0] - here[2][0], squares[p][2], -open, open);
    scores.add_row(row);
  }
}

}  // namespace

void report_composition(RunDirectory& run, const Benchmark& bench) {
  const auto contexts = contexts_of(bench.cells);
  const auto arms = arms_in_all(bench.cells, contexts);
  if (contexts.size() < 2 || arms.size() < 2) return;
  const auto& conditions = bench.cells.conditions;
  const auto share = [&](const Arm& arm, std::size_t k) {
    double all = 0;
    for (const int l : arm.in) all += static_cast<double>(conditions[static_cast<std::size_t>(l)].cells);
    return static_cast<double>(conditions[static_cast<std::size_t>(arm.in[k])].cells) / all;
  };
  // Sorted or otherwise chosen numbers of control cells say nothing of a composition: the control is weighted as the mean perturbed arm.
  std::vector<double> reference(contexts.size(), 0);
  for (const auto& arm : arms)
    for (std::size_t k = 0; k < contexts.size(); ++k) reference[k] += share(arm, k) / static_cast<double>(arms.size());
  const auto control = [&](std::size_t k) { return bench.cells.index_of(bench.cells.control_label, contexts[k]); };
  Table table({{"arm", "", ""}, {"context", "", ""}, {"share", "1", "of the arm's cells"}, {"reference_share", "1", "mean over perturbed arms, which the control is weighted with"}, {"predicted_share", "1", "of a combination from its parts; empty: not a combination"},
               {"composition", "", "L2 of the effect that different shares make, all contexts"}, {"within", "", "L2 of the effect within contexts"}, {"total", "", ""}});
  Table scores({{"predictor", "", ""}, {"arm", "", ""}, {"l2_delta", "", "all contexts together, the control weighted as above"}, {"l2_lower", "", "95 % over cells, shares of contexts drawn with them"}, {"l2_upper", "", ""}, {"pearson_delta", "", ""}, {"pearson_lower", "", "95 % over cells"}, {"pearson_upper", "", ""},
                {"l2_less_additive", "", "l2_delta minus that of the additive one: below 0 it is nearer"}, {"less_lower", "", "95 % over cells"}, {"less_upper", "", ""}});
  for (const auto& arm : arms) {
    const auto& parts = conditions[static_cast<std::size_t>(arm.in[0])].perturbations;
    // learned: everything but this arm, in all contexts
    SplitFold fold{"", {}, {}};
    for (const auto& c : conditions)
      if (!c.perturbations.empty() && c.name != arm.name) fold.train.push_back({c.name, c.context});
    const ResponseProfiles training = training_of(bench.cells, fold, bench.groups, bench.means);
    std::map<std::string, double> predicted;
    bool all_parts = parts.size() > 1;
    for (const auto& part : parts)
      for (const auto& context : contexts)
        all_parts = all_parts && std::any_of(training.conditions.begin(), training.conditions.end(), [&](const auto& c) { return c.context == context && c.perturbations == std::vector<std::string>{part}; });
    if (all_parts)
      for (const auto& one : predicted_shares(TrainingSet(training), parts)) predicted[one.context] = one.share;
    Eigen::RowVectorXd pooled = Eigen::RowVectorXd::Zero(bench.means.cols()), base = pooled, composition = pooled, within = pooled;
    for (std::size_t k = 0; k < contexts.size(); ++k) {
      const Eigen::RowVectorXd mine = bench.means.row(bench.groups.truth[static_cast<std::size_t>(arm.in[k])]), c = bench.means.row(bench.groups.truth[static_cast<std::size_t>(control(k))]);
      pooled += share(arm, k) * mine;
      base += reference[k] * c;
      composition += (share(arm, k) - reference[k]) * c;
      within += share(arm, k) * (mine - c);
    }
    for (std::size_t k = 0; k < contexts.size(); ++k)
      table.add_row({arm.name, contexts[k], share(arm, k), reference[k], predicted.contains(contexts[k]) ? Cell(predicted.at(contexts[k])) : Cell(), composition.norm(), within.norm(), (pooled - base).norm()});
    if (all_parts) add_composition_scores(scores, bench, arm, arms, contexts, reference);
  }
  run.add_table("composition", table, "Effects of arms split into shares of contexts and changes within: m_p - m_c = sum (w_pk - w_ck) m_ck + sum w_pk (m_pk - m_ck), exactly. Shares of sorted controls are not used.");
  if (!scores.rows().empty()) run.add_table("composition_scores", scores, "Combinations over all contexts together.");
}

void report_duplicates(RunDirectory& run, const Benchmark& bench, int splits) {
  const auto behind = cells_behind(bench.cells, bench.tested, bench.groups);
  const CellResamples resamples(bench.cells.values, bench.groups.groups, bench.seed, &bench.cells.replicate_of);
  const auto n = static_cast<Eigen::Index>(bench.tested.condition.size()), genes = static_cast<Eigen::Index>(bench.cells.genes.size());
  for (Eigen::Index i = 0; i < n; ++i)
    if (!resamples.splittable(behind.of_condition[static_cast<std::size_t>(i)]) || !resamples.splittable(behind.of_control[static_cast<std::size_t>(i)])) return;
  const SparseRows by_gene = transposed(bench.cells.values);
  const std::vector<std::string> names{"technical duplicate", "interpolated duplicate", bench.models[bench.floor].name, "shuffled truth", "flipped truth"};
  std::vector<std::vector<std::vector<double>>> values(names.size(), std::vector<std::vector<double>>(bench.metrics.size()));
  for (int s = 0; s < splits; ++s) {
    ProfileMatrix one, other;
    resamples.split(s, SplitRule::random, 0.5, one, other);
    const EffectComparison pair = duplicate_of(bench.truth, behind, one, other);
    // p of the predicting half against its half of the controls, adjusted over genes
    CellGroups halves{{}, std::vector<std::int32_t>(bench.cells.condition_of.size(), -1)};
    std::map<int, int> place;
    for (const auto* list : {&behind.of_condition, &behind.of_control})
      for (const int group : *list)
        if (place.emplace(group, halves.count()).second) {
          for (const auto cell : resamples.parts(s, SplitRule::random, 0.5, group).other) halves.of_cell[static_cast<std::size_t>(cell)] = halves.count();
          halves.names.push_back(bench.groups.groups.names[static_cast<std::size_t>(group)]);
        }
    const GroupMoments moments = group_moments(by_gene, halves, MomentScale::stored);
    ProfileMatrix adjusted(n, genes);
    for (Eigen::Index i = 0; i < n; ++i) {
      const int a = place.at(behind.of_condition[static_cast<std::size_t>(i)]), b = place.at(behind.of_control[static_cast<std::size_t>(i)]);
      std::vector<TailProbability> tests;
      for (Eigen::Index g = 0; g < genes; ++g) tests.push_back(mean_test({moments.mean(g, a), moments.variance(g, a), moments.cells[static_cast<std::size_t>(a)]}, {moments.mean(g, b), moments.variance(g, b), moments.cells[static_cast<std::size_t>(b)]}, MeanTestKind::welch).test);
      const auto q = benjamini_hochberg(tests);
      for (Eigen::Index g = 0; g < genes; ++g) adjusted(i, g) = q[static_cast<std::size_t>(g)].p;
    }
    const TruthHalves both{pair.conditions, pair.predicted, pair.truth};
    const std::vector<ProfileMatrix> rows{technical_duplicate(both), interpolated_duplicate(both, bench.models[bench.floor].pair.predicted, adjusted), bench.models[bench.floor].pair.predicted, shuffled_truth(pair.truth, bench.seed + static_cast<std::uint64_t>(s)), flipped_truth(pair.truth, pair.control)};
    for (std::size_t r = 0; r < rows.size(); ++r) {
      EffectComparison scored = pair;
      scored.predicted = rows[r];
      for (std::size_t k = 0; k < bench.metrics.size(); ++k)
        for (const auto& v : bench.metrics[k].evaluate(scored))
          if (v.value) values[r][k].push_back(*v.value);
    }
  }
  Table table({{"row", "", ""}, {"metric", "", ""}, {"mean", "", ""}, {"values", "", "conditions times splits where it is defined"}});
  for (std::size_t r = 0; r < names.size(); ++r)
    for (std::size_t k = 0; k < bench.metrics.size(); ++k) {
      double sum = 0;
      for (const double v : values[r][k]) sum += v;
      table.add_row({names[r], bench.metrics[k].id, values[r][k].empty() ? Cell() : Cell(sum / static_cast<double>(values[r][k].size())), static_cast<std::int64_t>(values[r][k].size())});
    }
  run.add_table("duplicates", table, fmt::format("Rows that see the truth, all against the same half of the cells, {} splits: one half as prediction of the other; the same mixed gene by gene with {} by 1 - adjusted p of that half (Shift); another condition's truth; the truth with its change reversed. No model is among them but the floor.", splits, names[2]));
}

void report_programmes(RunDirectory& run, const Benchmark& bench) {
  Table table({{"programme", "", ""}, {"genes", "", "of it in the data"}, {"arm", "", ""}, {"context", "", ""}, {"change", "", "mean over its genes, arm minus control"}, {"background", "", "mean change of all genes"}});
  const DelimitedTable file = DelimitedTable::read(program_file("data/gene_sets/nuisance_programmes.tsv"));
  std::map<std::string, Eigen::Index> column;
  for (std::size_t g = 0; g < bench.cells.genes.size(); ++g) column.emplace(bench.cells.genes[g], static_cast<Eigen::Index>(g));
  std::map<std::string, std::vector<Eigen::Index>> programmes;
  for (std::size_t row = 0; row < file.rows(); ++row)
    if (const auto at = column.find(file.name(row, file.column("gene"))); at != column.end()) programmes[file.name(row, file.column("programme"))].push_back(at->second);
  for (const auto& [name, members] : programmes) {
    for (std::size_t l = 0; l < bench.cells.conditions.size(); ++l) {
      const ResponseCondition& c = bench.cells.conditions[l];
      if (c.perturbations.empty()) continue;
      const auto control = static_cast<std::size_t>(bench.cells.index_of(bench.cells.control_label, c.context));
      const Eigen::RowVectorXd change = bench.means.row(bench.groups.truth[l]) - bench.means.row(bench.groups.truth[control]);
      double sum = 0;
      for (const auto g : members) sum += change[g];
      table.add_row({name, static_cast<std::int64_t>(members.size()), c.name, c.context, sum / static_cast<double>(members.size()), change.mean()});
    }
  }
  run.add_table("delivery_programmes", table, "Programmes that move with delivery and handling. Without mock arms their change cannot be told from that of the delivered factor.");
}

}  // namespace hyped
