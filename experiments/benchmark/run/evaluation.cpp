// Learning, predicting, scoring.
#include "experiments/benchmark/run/evaluation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "libhyped/errors.hpp"
#include "libhyped/expression/differential/fold_change.hpp"
#include "libhyped/expression/differential/group_moments.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {

TestedConditions tested_conditions(const BenchmarkCells& cells, const BenchmarkSplit& split) {
  std::vector<std::pair<int, int>> order;
  for (std::size_t f = 0; f < split.folds.size(); ++f)
    for (const auto& c : split.folds[f].test) order.emplace_back(cells.index_of(c.name, c.context), static_cast<int>(f));
  std::sort(order.begin(), order.end());
  TestedConditions out;
  for (const auto& [condition, fold] : order) {
    out.condition.push_back(condition);
    out.fold.push_back(fold);
  }
  return out;
}

ResponseProfiles training_of(const BenchmarkCells& cells, const SplitFold& fold, const ConditionGroups& groups, const ProfileMatrix& group_means) {
  std::vector<int> rows;
  for (std::size_t l = 0; l < cells.conditions.size(); ++l)
    if (cells.conditions[l].perturbations.empty()) rows.push_back(static_cast<int>(l));
  for (const auto& c : fold.train) rows.push_back(cells.index_of(c.name, c.context));
  std::sort(rows.begin(), rows.end());
  ResponseProfiles out;
  out.genes = cells.genes;
  out.mean.resize(static_cast<Eigen::Index>(rows.size()), group_means.cols());
  out.unit = cells.unit;
  out.targets = cells.targets;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto l = static_cast<std::size_t>(rows[i]);
    out.mean.row(static_cast<Eigen::Index>(i)) = group_means.row(groups.learned[l]);
    out.conditions.push_back(cells.conditions[l]);
    out.conditions.back().cells = static_cast<std::size_t>(groups.learned_cells[l]);
  }
  return out;
}

PredictedProfiles predict_tested(const BenchmarkCells& cells, const BenchmarkSplit& split, const TestedConditions& tested, const ConditionGroups& groups, const ProfileMatrix& group_means, const Predictor& predictor,
                                 std::uint64_t seed) {
  const std::size_t n = tested.condition.size();
  PredictedProfiles out{ProfileMatrix::Zero(static_cast<Eigen::Index>(n), group_means.cols()), std::vector<std::string>(n)};
  std::vector<std::vector<ResponseCondition>> wanted(split.folds.size());
  std::vector<std::vector<std::size_t>> rows(split.folds.size());
  for (std::size_t i = 0; i < n; ++i) {
    const auto f = static_cast<std::size_t>(tested.fold[i]);
    wanted[f].push_back(cells.conditions[static_cast<std::size_t>(tested.condition[i])]);
    wanted[f].back().cells = 0;      // of the truth: not known before it is measured
    rows[f].push_back(i);
  }
  parallel_for(static_cast<int>(split.folds.size()), [&](int fold) {
    const auto f = static_cast<std::size_t>(fold);
    const PredictedProfiles got = predictor.predict(training_of(cells, split.folds[f], groups, group_means), wanted[f], seed);
    for (std::size_t i = 0; i < rows[f].size(); ++i) {
      out.mean.row(static_cast<Eigen::Index>(rows[f][i])) = got.mean.row(static_cast<Eigen::Index>(i));
      out.notes[rows[f][i]] = got.notes[i];
    }
  });
  return out;
}

EffectComparison truth_comparison(const BenchmarkCells& cells, const BenchmarkSplit& split, const TestedConditions& tested, const ConditionGroups& groups, const ProfileMatrix& group_means) {
  EffectComparison out;
  out.genes = cells.genes;
  const ProfileMatrix truth = groups.truth_of(group_means), learned = groups.learned_of(group_means);
  const auto n = static_cast<Eigen::Index>(tested.condition.size());
  for (ProfileMatrix* m : {&out.truth, &out.control, &out.predicted_control, &out.perturbed_mean}) *m = ProfileMatrix::Zero(n, truth.cols());
  std::map<std::string, std::size_t> column;
  for (std::size_t g = 0; g < out.genes.size(); ++g) column.emplace(out.genes[g], g);
  for (Eigen::Index i = 0; i < n; ++i) {
    const int at = tested.condition[static_cast<std::size_t>(i)];
    const ResponseCondition& c = cells.conditions[static_cast<std::size_t>(at)];
    out.conditions.push_back(c);
    const int control = cells.index_of(cells.control_label, c.context);
    out.truth.row(i) = truth.row(at);
    out.control.row(i) = truth.row(control);
    out.predicted_control.row(i) = learned.row(control);
    std::vector<int> rows, all;
    for (const auto& t : split.folds[static_cast<std::size_t>(tested.fold[static_cast<std::size_t>(i)])].train) {
      all.push_back(cells.index_of(t.name, t.context));
      if (t.context == c.context) rows.push_back(all.back());
    }
    if (rows.empty()) rows = all;
    for (const int row : rows) out.perturbed_mean.row(i) += learned.row(row) / static_cast<double>(rows.size());
    if (rows.empty()) out.perturbed_mean.row(i) = learned.row(control);
    std::set<std::size_t> own;
    for (const auto& part : c.perturbations)
      if (const auto targets = cells.targets.find(part); targets != cells.targets.end())
        for (const auto& gene : targets->second)
          if (const auto found = column.find(gene); found != column.end()) own.insert(found->second);
    out.own_genes.emplace_back(own.begin(), own.end());
  }
  out.predicted = out.predicted_control;
  return out;
}

void add_evidence(EffectComparison& truth, const BenchmarkCells& cells, const TestedConditions& tested, const ConditionGroups& groups) {
  const auto n = static_cast<Eigen::Index>(tested.condition.size()), genes = static_cast<Eigen::Index>(cells.genes.size());
  const SparseRows by_gene = transposed(cells.values);
  const GroupMoments moments = group_moments(by_gene, groups.groups, MomentScale::stored);
  for (ProfileMatrix* m : {&truth.de_score, &truth.contrast_score, &truth.truth_error, &truth.control_error}) *m = ProfileMatrix::Zero(n, genes);
  const auto at = [](const GroupMoments& m, Eigen::Index gene, int group) { return MeanOfCells{m.mean(gene, group), m.variance(gene, group), m.cells[static_cast<std::size_t>(group)]}; };
  std::set<std::string> contexts;
  for (const int l : tested.condition) contexts.insert(cells.conditions[static_cast<std::size_t>(l)].context);
  bool others = true;
  for (const auto& context : contexts) {
    CellGroups here;      // perturbed conditions of the context
    std::vector<int> place(cells.conditions.size(), -1);
    for (std::size_t l = 0; l < cells.conditions.size(); ++l)
      if (!cells.conditions[l].perturbations.empty() && cells.conditions[l].context == context) {
        place[l] = here.count();
        here.names.push_back(cells.conditions[l].name);
      }
    for (const auto l : cells.condition_of) here.of_cell.push_back(l < 0 ? -1 : place[static_cast<std::size_t>(l)]);
    others = others && here.count() > 1;
    const GroupMoments rest = here.count() > 1 ? moments_of_rest(group_moments(by_gene, here, MomentScale::stored)) : GroupMoments{};
    const int control = groups.truth[static_cast<std::size_t>(cells.index_of(cells.control_label, context))];
    for (Eigen::Index i = 0; i < n; ++i) {
      const int l = tested.condition[static_cast<std::size_t>(i)];
      if (cells.conditions[static_cast<std::size_t>(l)].context != context) continue;
      for (Eigen::Index gene = 0; gene < genes; ++gene) {
        const MeanOfCells group = at(moments, gene, groups.truth[static_cast<std::size_t>(l)]), other = at(moments, gene, control);
        truth.de_score(i, gene) = mean_test(group, other, MeanTestKind::welch).t;
        truth.truth_error(i, gene) = group.variance / static_cast<double>(group.cells);
        truth.control_error(i, gene) = other.variance / static_cast<double>(other.cells);
        if (here.count() > 1) truth.contrast_score(i, gene) = mean_test(group, at(rest, gene, place[static_cast<std::size_t>(l)]), MeanTestKind::overestimated_variance).t;
      }
    }
  }
  if (!others) truth.contrast_score.resize(0, 0);      // there is no other perturbed cell to compare with
}

CellsBehind cells_behind(const BenchmarkCells& cells, const TestedConditions& tested, const ConditionGroups& groups) {
  CellsBehind out{&cells.values, &groups.groups, {}, {}, cells.replicate_of.empty() ? nullptr : &cells.replicate_of};
  for (const int l : tested.condition) {
    out.of_condition.push_back(groups.truth[static_cast<std::size_t>(l)]);
    out.of_control.push_back(groups.truth[static_cast<std::size_t>(cells.index_of(cells.control_label, cells.conditions[static_cast<std::size_t>(l)].context))]);
  }
  return out;
}

MetricValue mean_over(const std::vector<MetricValue>& values) {
  double sum = 0;
  int count = 0;
  std::string why;
  for (const auto& one : values) {
    if (one.value) sum += *one.value, ++count;
    else if (why.empty()) why = one.undefined_because;
  }
  if (count == 0) return {std::nullopt, why.empty() ? "nothing was scored" : why};
  return {sum / count, ""};
}

}  // namespace hyped
