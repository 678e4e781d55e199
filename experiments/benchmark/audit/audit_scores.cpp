// Scores of all submissions of an audit, and the two tables that show discrimination and tests of cells being paid for tricks.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

#include "experiments/benchmark/audit/audit_run.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"
#include "libhyped/score/bulk/bulk_metrics.hpp"
#include "libhyped/score/bulk/discrimination.hpp"
#include "libhyped/score/differential/de_metrics.hpp"

namespace hyped {
namespace {

// Counts and chance levels that stand beside scores in the dialects.
constexpr std::string_view no_scores[] = {"de_nsig_real", "de_nsig_pred", "de_nsig_counts", "overlap_at_N_chance", "overlap_at_N_p"};

AuditScene scene_of(const AuditData& data, std::uint64_t seed) { return {data.own_genes, 3, seed}; }

Submission truth_as_submission(const AuditData& data) {
  const auto n = static_cast<Eigen::Index>(data.conditions.size());
  return {data.truth_means.topRows(n), data.truth_means.row(n)};
}

AuditedScores scores_of(const ScoredPair& pair, const AuditSettings& settings) {
  AuditedScores out;
  DialectOptions options;
  options.most_pair_work = settings.most_pair_work;
  for (const auto& dialect : dialects()) {
    if (!settings.presets.empty() && std::find(settings.presets.begin(), settings.presets.end(), dialect.id) == settings.presets.end()) continue;
    for (auto& metric : score_dialect(pair, dialect.id, options).metrics) out.push_back({dialect.id, metric.id, metric.better, std::move(metric.values)});
  }
  std::erase_if(out, [](const AuditedValues& v) { return std::find(std::begin(no_scores), std::end(no_scores), v.metric) != std::end(no_scores); });
  return out;
}

// Cells add what means do not give: a metric of means sees the tricks on means, exactly.
void keep_metrics_of_cells(AuditedScores& scores, const AuditedScores& of_means) {
  std::erase_if(scores, [&](const AuditedValues& v) {
    for (const auto& m : of_means)
      if (m.preset == v.preset && m.metric == v.metric) return std::any_of(m.values.begin(), m.values.end(), [](const MetricValue& x) { return x.value.has_value(); });
    return false;
  });
}

CellSubmission control_cells(const AuditData& data, std::uint64_t seed) {
  // no change at all: cells of every condition are control cells drawn again
  const CellSubmission base = duplicate_cells(data);
  CellSubmission equal = base;
  std::vector<int> controls, rows;
  const int control = base.groups.count() - 1;
  for (int c = 0; c < base.cells.rows; ++c)
    if (base.groups.of_cell[static_cast<std::size_t>(c)] == control) controls.push_back(c);
  RandomStream random(seed, 0x63000000u, 0);
  for (int c = 0; c < base.cells.rows; ++c) {
    const bool own = base.groups.of_cell[static_cast<std::size_t>(c)] == control;
    rows.push_back(own ? c : controls[std::min(controls.size() - 1, static_cast<std::size_t>(random.uniform() * static_cast<double>(controls.size())))]);
  }
  equal.cells = SparseRows{static_cast<int>(rows.size()), base.cells.columns, {0}, {}, {}};
  for (const int row : rows) {
    const auto columns = base.cells.columns_of(row);
    const auto values = base.cells.values_of(row);
    equal.cells.column.insert(equal.cells.column.end(), columns.begin(), columns.end()), equal.cells.value.insert(equal.cells.value.end(), values.begin(), values.end());
    equal.cells.start.push_back(static_cast<std::int64_t>(equal.cells.column.size()));
  }
  return equal;
}

MetricMean mean_by_label(const AuditData& data, const Submission& submission, ProfileDistance distance) {
  EffectComparison pair;
  const auto n = static_cast<Eigen::Index>(data.conditions.size());
  pair.genes = data.genes;
  pair.truth = data.truth_means.topRows(n), pair.control = data.truth_means.row(n).replicate(n, 1);
  pair.predicted = submission.change().rowwise() + Eigen::RowVectorXd(data.truth_means.row(n)), pair.predicted_control = pair.control;
  for (std::size_t i = 0; i < data.conditions.size(); ++i) pair.conditions.push_back({data.conditions[i], {data.conditions[i]}, "", 1});
  pair.own_genes = data.own_genes;
  DiscriminationForm form;
  form.distance = distance, form.rule = DiscriminationRule::mid_rank, form.left_out = DiscriminationForm::LeftOut::own_gene_by_label;
  return mean_of_defined(discrimination_of(pair, form));
}

MetricMean mean_error(const AuditData& data, const ProfileMatrix& change) {
  const ProfileMatrix truth = truth_as_submission(data).change();
  std::vector<MetricValue> errors;
  for (Eigen::Index i = 0; i < truth.rows(); ++i) errors.push_back(defined((truth.row(i) - change.row(i)).cwiseAbs().mean()));
  return mean_of_defined(errors);
}

DeTable table_of(const AuditData& data, const SparseRows& cells, const CellGroups& groups) { return differential_table(cells, data.genes, groups, groups.count() - 1, {}); }

}  // namespace

std::vector<AuditedSubmission> scored_submissions(const AuditData& data, const AuditSettings& settings) {
  const AuditScene scene = scene_of(data, settings.seed);
  std::vector<AuditedSubmission> out;
  const Submission duplicate = duplicate_means(data);
  Submission mean_only = duplicate;
  mean_only.means = ProfileMatrix(Eigen::RowVectorXd(duplicate.means.colwise().mean()).replicate(duplicate.means.rows(), 1));
  for (const auto& [name, base] : {std::pair<std::string, Submission>{"duplicate", duplicate}, {"noisy model", noisy_model(truth_as_submission(data), 0.3, 1, settings.seed)}, {"mean only", mean_only}}) {
    out.push_back({name, "", "", false, scores_of(pair_of(data, base), settings)});
    for (const auto& trick : mean_tricks()) out.push_back({name, trick.id, trick.setting, false, scores_of(pair_of(data, trick.apply(base, scene)), settings)});
  }
  for (const auto& [name, base] : {std::pair<std::string, CellSubmission>{"duplicate", duplicate_cells(data)}, {"mean only", control_cells(data, settings.seed)}}) {
    out.push_back({name, "", "", true, scores_of(pair_of(data, base), settings)});
    for (const auto& trick : cell_tricks()) out.push_back({name, trick.id, trick.setting, true, scores_of(pair_of(data, trick.apply(base, scene)), settings)});
  }
  const AuditedScores of_means = out.front().scores;
  for (auto& submission : out)
    if (submission.cells) keep_metrics_of_cells(submission.scores, of_means);
  return out;
}

std::vector<ScaleRow> scale_sweep(const AuditData& data, const std::vector<double>& scales, std::uint64_t seed) {
  const Submission duplicate = duplicate_means(data), noisy = noisy_model(truth_as_submission(data), 0.3, 1, seed);
  std::vector<ScaleRow> out;
  for (const double k : scales) {
    const auto scaled = [&](const Submission& s) { return Submission{ProfileMatrix((k * s.change()).rowwise() + s.control), s.control}; };
    ScaleRow row;
    row.scale = k;
    row.duplicate_l1 = mean_by_label(data, scaled(duplicate), ProfileDistance::l1), row.duplicate_l2 = mean_by_label(data, scaled(duplicate), ProfileDistance::l2);
    row.duplicate_cosine = mean_by_label(data, scaled(duplicate), ProfileDistance::cosine);
    row.noisy_l1 = mean_by_label(data, scaled(noisy), ProfileDistance::l1), row.noisy_l2 = mean_by_label(data, scaled(noisy), ProfileDistance::l2);
    row.duplicate_mae = mean_error(data, scaled(duplicate).change()), row.no_change_mae = mean_error(data, ProfileMatrix::Zero(duplicate.means.rows(), duplicate.means.cols()));
    out.push_back(row);
  }
  return out;
}

std::vector<DegenerateRow> degenerate_cells(const AuditData& data, std::uint64_t seed) {
  const AuditScene scene = scene_of(data, seed);
  const CellSubmission base = duplicate_cells(data);
  const DeTable real = table_of(data, data.truth.cells, data.truth.groups);
  const DeMetric des = de_metric("overlap_at_N", cell_eval_rules());
  struct Column {
    std::vector<long> called;
    std::vector<double> overlap;
  };
  const auto column_of = [&](const CellSubmission& s) {
    DeComparison pair{real, table_of(data, s.cells, s.groups), data.own_genes};
    Column out;
    const auto values = des.evaluate(pair);
    for (std::size_t i = 0; i < data.conditions.size(); ++i) {
      long called = 0;
      for (std::size_t g = 0; g < data.genes.size(); ++g) called += pair.predicted.significant(i, g);
      out.called.push_back(called), out.overlap.push_back(values[i].value.value_or(0));
    }
    return out;
  };
  const auto trick = [&](const char* id) {
    for (const auto& t : cell_tricks())
      if (t.id == id) return t.apply(base, scene);
    throw BugError(std::string("no trick ") + id);
  };
  const Column duplicate = column_of(base), means = column_of(trick("replicated_mean_cells")), shifted = column_of(trick("shifted_control"));
  std::vector<DegenerateRow> out;
  for (std::size_t i = 0; i < data.conditions.size(); ++i) {
    long called = 0;
    for (std::size_t g = 0; g < data.genes.size(); ++g) called += real.significant(i, g);
    out.push_back({data.conditions[i], called, duplicate.called[i], means.called[i], shifted.called[i], duplicate.overlap[i], means.overlap[i], shifted.overlap[i]});
  }
  return out;
}

double systematic_variation(const AuditData& data) {
  const ProfileMatrix change = truth_as_submission(data).change();
  const Eigen::RowVectorXd mean = change.colwise().mean();
  double sum = 0;
  for (Eigen::Index i = 0; i < change.rows(); ++i) sum += change.row(i).dot(mean) / change.row(i).norm() / mean.norm();
  return sum / static_cast<double>(change.rows());
}

}  // namespace hyped
