// Contrasts within one library, the batch that controls in another library bring, and control cells that stand on both sides.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>

#include "experiments/benchmark/run/bench_run.hpp"
#include "libhyped/distance/tail_probability.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/score/bulk/bulk_metrics.hpp"
#include "libhyped/score/bulk/vectors.hpp"

namespace hyped {
namespace {

struct Contrast {
  int p = 0, q = 0;                // conditions of the cells
  int tested_p = -1, tested_q = -1;      // rows of the tested ones, -1: measured
};

// Combination minus its parts, then parts against each other; at least one of the two is predicted.
std::vector<Contrast> contrasts_of(const Benchmark& bench) {
  std::map<int, int> row;
  for (std::size_t i = 0; i < bench.tested.condition.size(); ++i) row[bench.tested.condition[i]] = static_cast<int>(i);
  const auto at = [&](int l) { return row.contains(l) ? row.at(l) : -1; };
  std::vector<Contrast> out;
  const auto& conditions = bench.cells.conditions;
  for (std::size_t p = 0; p < conditions.size(); ++p) {
    if (conditions[p].perturbations.size() < 2) continue;
    std::vector<int> singles;
    for (const auto& part : conditions[p].perturbations)
      for (std::size_t q = 0; q < conditions.size(); ++q)
        if (conditions[q].context == conditions[p].context && conditions[q].perturbations == std::vector<std::string>{part}) singles.push_back(static_cast<int>(q));
    for (const int q : singles) out.push_back({static_cast<int>(p), q, at(static_cast<int>(p)), at(q)});
    if (singles.size() == 2) out.push_back({singles[0], singles[1], at(singles[0]), at(singles[1])});
  }
  std::erase_if(out, [](const Contrast& c) { return c.tested_p < 0 && c.tested_q < 0; });
  std::set<std::pair<int, int>> seen;
  std::erase_if(out, [&](const Contrast& c) { return !seen.insert({c.p, c.q}).second; });
  return out;
}

ProfileMatrix predicted_contrasts(const Benchmark& bench, const std::vector<Contrast>& contrasts, const ProfileMatrix& predicted, const ProfileMatrix& means) {
  ProfileMatrix out(static_cast<Eigen::Index>(contrasts.size()), means.cols());
  for (std::size_t i = 0; i < contrasts.size(); ++i) {
    const Contrast& c = contrasts[i];
    const auto measured = [&](int l) -> Eigen::RowVectorXd { return means.row(bench.groups.truth[static_cast<std::size_t>(l)]); };
    const Eigen::RowVectorXd p = c.tested_p >= 0 ? Eigen::RowVectorXd(predicted.row(c.tested_p)) : measured(c.p), q = c.tested_q >= 0 ? Eigen::RowVectorXd(predicted.row(c.tested_q)) : measured(c.q);
    out.row(static_cast<Eigen::Index>(i)) = p - q + measured(c.q);
  }
  return out;
}

}  // namespace

ContrastSet contrast_models(const Benchmark& bench) {
  const auto contrasts = contrasts_of(bench);
  ContrastSet out;
  if (contrasts.empty()) return out;
  EffectComparison truth;
  truth.genes = bench.cells.genes;
  truth.truth.resize(static_cast<Eigen::Index>(contrasts.size()), bench.means.cols());
  truth.control = truth.truth;
  out.cells = {&bench.cells.values, &bench.groups.groups, {}, {}, bench.cells.replicate_of.empty() ? nullptr : &bench.cells.replicate_of};
  for (std::size_t i = 0; i < contrasts.size(); ++i) {
    const auto p = static_cast<std::size_t>(contrasts[i].p), q = static_cast<std::size_t>(contrasts[i].q);
    ResponseCondition condition = bench.cells.conditions[p];
    condition.name = fmt::format("{} - {}", bench.cells.conditions[p].name, bench.cells.conditions[q].name);
    truth.conditions.push_back(condition);
    truth.truth.row(static_cast<Eigen::Index>(i)) = bench.means.row(bench.groups.truth[p]);
    truth.control.row(static_cast<Eigen::Index>(i)) = bench.means.row(bench.groups.truth[q]);
    truth.own_genes.emplace_back();
    out.cells.of_condition.push_back(bench.groups.truth[p]);
    out.cells.of_control.push_back(bench.groups.truth[q]);
  }
  truth.predicted_control = truth.control;
  for (std::size_t m = 0; m < bench.models.size(); ++m) {
    ScoredModel model{bench.models[m].name, truth, {}};
    model.pair.predicted = predicted_contrasts(bench, contrasts, bench.absolute[m].predicted, bench.means);
    model.again = [&bench, contrasts, again = bench.absolute[m].again](const ProfileMatrix& means) { return predicted_contrasts(bench, contrasts, again(means), means); };
    out.models.push_back(std::move(model));
  }
  return out;
}

void report_contrasts(RunDirectory& run, const Benchmark& bench) {
  const ContrastSet set = contrast_models(bench);
  if (set.models.empty()) return;
  const std::vector<Metric> metrics{bulk_metric("l2_delta"), bulk_metric("pearson_delta"), bulk_metric("direction")};
  ScoreCalibrationOptions options = bench.options;
  const auto calibrated = calibrate(set.models, bench.floor, metrics, set.cells, options);
  Table table({{"predictor", "", ""}, {"contrast", "", ""}, {"context", "", ""}, {"metric", "", ""}, {"value", "", ""}, {"ceiling", "", "second measurement of both"}, {"why_not", "", ""}});
  Table means({{"predictor", "", ""}, {"metric", "", ""}, {"mean", "", ""}, {"cells_lower", "", "95 % if " + drawn_units(bench) + " were drawn again"}, {"cells_upper", "", ""}, {"floor", "", ""}, {"ceiling", "", ""}, {"scaled", "", ""}, {"against_floor", "", ""}});
  for (const auto& metric : calibrated)
    for (std::size_t m = 0; m < set.models.size(); ++m) {
      const auto& ceiling = metric.ceilings[metric.ceiling].values;
      for (std::size_t i = 0; i < metric.joint.values[m].size(); ++i) {
        const MetricValue& v = metric.joint.values[m][i];
        const auto& condition = set.models[m].pair.conditions[i];
        table.add_row({set.models[m].name, condition.name, condition.context, metric.metric, v.value ? cell_of(*v.value) : Cell(), i < ceiling.size() ? cell_of(ceiling[i]) : Cell(), v.undefined_because});
      }
      const CalibratedScore& s = metric.models[m];
      means.add_row({s.model, metric.metric, s.mean ? cell_of(*s.mean) : Cell(), s.ranges.cells ? cell_of(s.ranges.cells->lower) : Cell(), s.ranges.cells ? cell_of(s.ranges.cells->upper) : Cell(), metric.floor_mean ? cell_of(*metric.floor_mean) : Cell(),
                     metric.ceiling_mean ? cell_of(*metric.ceiling_mean) : Cell(), s.scaled.value ? cell_of(*s.scaled.value) : Cell(), std::string(m == bench.floor ? "floor" : to_string(s.against_floor))});
    }
  run.add_table("contrasts", table, "Differences of two perturbed conditions of one context: measured, and predicted (a condition that was learned stands for itself). The truth of such a contrast holds no effect of the control's library; a prediction made from a control may.");
  run.add_table("contrast_means", means, "Means over contrasts.");
  std::size_t best = set.models.size();
  for (std::size_t m = 0; m < set.models.size(); ++m)
    if (bench.predictors[m]->role() != PredictorRole::negative_control && calibrated[0].models[m].mean && (best == set.models.size() || *calibrated[0].models[m].mean < *calibrated[0].models[best].mean)) best = m;
  if (best == set.models.size()) return;
  const auto& range = calibrated[0].models[best].ranges.cells;
  run.add_answer(fmt::format("Contrasts between perturbed conditions ({}): smallest L2 error {:.3f}{} by {}.", set.models[0].pair.conditions.size(), *calibrated[0].models[best].mean, range ? fmt::format(" [{:.3f}, {:.3f}] over {}", range->lower, range->upper, drawn_units(bench)) : std::string(), set.models[best].name));
}

Eigen::RowVectorXd sparse_batch(const Eigen::RowVectorXd& a, const Eigen::RowVectorXd& b, const Eigen::RowVectorXd& ab) {
  Eigen::RowVectorXd out(a.size());
  for (Eigen::Index g = 0; g < a.size(); ++g) {
    const double x = a[g], y = b[g], z = a[g] + b[g] - ab[g];
    out[g] = std::max(std::min(x, y), std::min(std::max(x, y), z));
  }
  return out;
}

namespace {

std::vector<Eigen::Index> declared_genes(const BenchmarkCells& cells, const std::string& file, std::vector<std::string>& absent) {
  std::ifstream in(file);
  if (!in) throw InputError(file, "cannot be read", "give a file of gene names, one a line");
  std::vector<Eigen::Index> out;
  std::set<std::string> seen;
  for (std::string line; std::getline(in, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (line.empty() || line[0] == '#' || !seen.insert(line).second) continue;
    const auto at = std::find(cells.genes.begin(), cells.genes.end(), line);
    if (at == cells.genes.end()) absent.push_back(line);
    else out.push_back(at - cells.genes.begin());
  }
  if (out.size() < 5) throw InputError(file, fmt::format("names {} genes of the data, {} that they do not have", out.size(), absent.size()), "five or more are needed for an estimate and its spread");
  return out;
}

double correlation(const Eigen::RowVectorXd& a, const Eigen::RowVectorXd& b) {
  const Eigen::ArrayXd x = (a.array() - a.mean()).transpose(), y = (b.array() - b.mean()).transpose();
  const double scale = std::sqrt(x.square().sum() * y.square().sum());
  return scale > 0 ? (x * y).sum() / scale : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

void report_batch(RunDirectory& run, const Benchmark& bench, const std::string& non_responding) {
  const auto& conditions = bench.cells.conditions;
  std::vector<std::string> absent;
  std::vector<Eigen::Index> declared;
  if (!non_responding.empty()) {
    declared = declared_genes(bench.cells, non_responding, absent);
    run.add_input(non_responding);
    say(run, "declared", fmt::format("{} genes that are said to answer nothing, {} of the list are not in the data", declared.size(), absent.size()));
  }
  Table table({{"combination", "", ""}, {"context", "", ""}, {"a", "", "size of D_A = m_A - m_c (L2)"}, {"b", "", "of D_B"}, {"ab", "", "of D_AB"}, {"interaction", "", "of m_AB - m_A - m_B + m_c, which is e - b: interaction and batch cannot be told apart"},
               {"sparse_batch", "", "of median(D_A, D_B, D_A + D_B - D_AB): a diagnostic, it uses the measured AB"}, {"overlap", "", "of minmod(D_A, D_B), its counterpart without AB"}, {"sparse_against_overlap", "1", "correlation over genes"},
               {"left", "", "interaction + sparse batch"}, {"declared_batch", "", "mean change of declared genes over D_A, D_B, D_AB; empty: none declared"}, {"declared_sd", "", "between those genes"}, {"declared_genes", "", ""},
               {"genes_beyond_band", "", "genes whose interaction no batch within the band explains: the declared genes' mean with Student's t of their number on the scatter of their interactions"}, {"genes", "", ""}});
  Table genes({{"combination", "", ""}, {"context", "", ""}, {"gene", "", ""}, {"interaction", "", "e - b"}, {"lower", "", "e if the batch is the lowest of the band"}, {"upper", "", "e if it is the highest"}});
  int combinations = 0;
  for (std::size_t p = 0; p < conditions.size(); ++p) {
    if (conditions[p].perturbations.size() != 2) continue;
    std::vector<std::size_t> singles;
    for (const auto& part : conditions[p].perturbations)
      for (std::size_t q = 0; q < conditions.size(); ++q)
        if (conditions[q].context == conditions[p].context && conditions[q].perturbations == std::vector<std::string>{part}) singles.push_back(q);
    if (singles.size() != 2) continue;
    ++combinations;
    const auto mean = [&](std::size_t l) -> Eigen::RowVectorXd { return bench.means.row(bench.groups.truth[l]); };
    // all control cells: nothing is predicted here
    const auto control_at = static_cast<std::size_t>(bench.cells.index_of(bench.cells.control_label, conditions[p].context));
    Eigen::RowVectorXd control = mean(control_at);
    if (bench.groups.truth[control_at] != bench.groups.learned[control_at]) {
      const auto sizes = bench.groups.groups.sizes();
      const double n1 = static_cast<double>(sizes[static_cast<std::size_t>(bench.groups.learned[control_at])]), n2 = static_cast<double>(sizes[static_cast<std::size_t>(bench.groups.truth[control_at])]);
      control = (n1 * bench.means.row(bench.groups.learned[control_at]) + n2 * bench.means.row(bench.groups.truth[control_at])) / (n1 + n2);
    }
    const Eigen::RowVectorXd a = mean(singles[0]) - control, b = mean(singles[1]) - control, ab = mean(p) - control, interaction = ab - a - b, sparse = sparse_batch(a, b, ab);
    Eigen::RowVectorXd overlap(a.size());
    for (Eigen::Index g = 0; g < a.size(); ++g) overlap[g] = a[g] * b[g] > 0 ? (std::abs(a[g]) < std::abs(b[g]) ? a[g] : b[g]) : 0;
    std::vector<Cell> row{conditions[p].name, conditions[p].context, cell_of(a.norm()), cell_of(b.norm()), cell_of(ab.norm()), cell_of(interaction.norm()), cell_of(sparse.norm()), cell_of(overlap.norm()), cell_of(correlation(sparse, overlap)), cell_of((interaction + sparse).norm())};
    if (declared.empty()) {
      row.insert(row.end(), {Cell(), Cell(), std::int64_t{0}, Cell()});
    } else {
      double sum = 0, squares = 0;
      for (const auto g : declared) {
        const double d = (a[g] + b[g] + ab[g]) / 3;
        sum += d, squares += d * d;
      }
      const double n = static_cast<double>(declared.size()), centre = sum / n, sd = std::sqrt(std::max(0.0, (squares - n * centre * centre) / (n - 1)));
      // the interaction of a declared gene is -b and its own noise, which is that of four means: their scatter, not that of b alone, is what another gene's has too
      double scatter = 0;
      for (const auto g : declared) scatter += (interaction[g] + centre) * (interaction[g] + centre);
      scatter = std::sqrt(scatter / (n - 1));
      const double half = student_quantile(0.975, n - 1) * scatter * std::sqrt(1 + 1 / n);
      std::int64_t beyond = 0;
      for (Eigen::Index g = 0; g < a.size(); ++g) {
        const double lower = interaction[g] + centre - half, upper = interaction[g] + centre + half;
        if (lower > 0 || upper < 0) ++beyond;
        genes.add_row({conditions[p].name, conditions[p].context, bench.cells.genes[static_cast<std::size_t>(g)], cell_of(interaction[g]), cell_of(lower), cell_of(upper)});
      }
      row.insert(row.end(), {cell_of(centre), cell_of(sd), static_cast<std::int64_t>(declared.size()), beyond});
    }
    row.emplace_back(static_cast<std::int64_t>(a.size()));
    table.add_row(row);
  }
  if (combinations == 0) return;
  run.add_table("batch", table, "What is shared by perturbed conditions and not by the control. If controls are another library with its own effect b: m_AB - m_A - m_B + m_c = e - b exactly, and the additive prediction holds 2 b.");
  if (!declared.empty()) run.add_table("interaction_band", genes, "Interaction of each gene over the band of batches that the declared genes allow.");
  else if (bench.cells.hyped) run.add_warning("No genes were declared as answering nothing (--non-responding FILE): of e - b nothing can be said about e alone.");
}

void report_control_halves(RunDirectory& run, const Benchmark& bench) {
  // The additive effect of combinations against the measured one, with the control cells of prediction and truth shared or disjoint.
  const auto& conditions = bench.cells.conditions;
  const ConditionGroups whole = condition_groups(bench.cells, bench.seed, true);
  const CellResamples resamples(bench.cells.values, whole.groups, bench.seed);
  const ProfileMatrix means = resamples.means();
  ProfileMatrix one, other;
  resamples.split(0, SplitRule::alternate, 0.5, one, other);
  Table table({{"control", "", ""}, {"combinations", "", "times two: each half in turn"}, {"l2", "", "of predicted minus measured change, mean"}, {"pearson", "", "of changes, mean"}});
  for (const bool shared : {true, false}) {
    double l2 = 0, r = 0;
    std::int64_t count = 0;
    for (std::size_t p = 0; p < conditions.size(); ++p) {
      if (conditions[p].perturbations.size() < 2) continue;
      std::vector<Eigen::Index> singles;
      for (const auto& part : conditions[p].perturbations)
        for (std::size_t q = 0; q < conditions.size(); ++q)
          if (conditions[q].context == conditions[p].context && conditions[q].perturbations == std::vector<std::string>{part}) singles.push_back(static_cast<Eigen::Index>(q));
      const int control = bench.cells.index_of(bench.cells.control_label, conditions[p].context);
      if (singles.size() != conditions[p].perturbations.size() || !resamples.splittable(control)) continue;
      for (const auto& [learned, truth] : {std::pair{&one, shared ? &one : &other}, std::pair{&other, shared ? &other : &one}}) {
        Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(means.cols());
        for (const auto q : singles) sum += means.row(q) - learned->row(control);
        const Eigen::RowVectorXd measured = means.row(static_cast<Eigen::Index>(p)) - truth->row(control);
        const double correlated = correlation(sum, measured);
        if (std::isfinite(correlated)) l2 += (sum - measured).norm(), r += correlated, ++count;
      }
    }
    if (count == 0) return;
    table.add_row({std::string(shared ? "the same half on both sides" : "disjoint halves"), count, l2 / static_cast<double>(count), r / static_cast<double>(count)});
  }
  run.add_table("control_halves", table, "Additive effects of combinations, where prediction and truth take their control from the same half of the cells (every second one, in the order of the file) or from different halves, each half in turn. Shared control cells raise the correlation without any knowledge.");
}

}  // namespace hyped
