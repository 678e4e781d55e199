// Tables of scores: by predictor and metric with floor, ceiling and verdict, by condition, ranks, duplicates.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>

#include "experiments/benchmark/run/bench_run.hpp"
#include "libhyped/distance/tail_probability.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/score/calibration/paired_models.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

Cell cell_of(const std::optional<double>& value) { return value ? hyped::cell_of(*value) : Cell(); }
Cell lower_of(const std::optional<ScoreRange>& range) { return range ? hyped::cell_of(range->lower) : Cell(); }
Cell upper_of(const std::optional<ScoreRange>& range) { return range ? hyped::cell_of(range->upper) : Cell(); }

std::string number(const std::optional<double>& value) { return value ? fmt::format("{:.3f}", *value) : std::string("none"); }

std::string drawn_levels(const Benchmark& bench) { return bench.options.cell_draws > 1 ? drawn_units(bench) + " and perturbations" : std::string("perturbations (--draws 0: cells are not drawn)"); }

Table score_table(const Benchmark& bench) {
  Table out({{"predictor", "", ""}, {"role", "", ""}, {"metric", "", ""}, {"better", "", "higher or lower"}, {"mean", "", "over conditions where it is defined"}, {"defined", "", ""}, {"of", "", "conditions, or 1 for a metric over all"},
             {"cells_lower", "", "95 % if " + drawn_units(bench) + " were drawn again"}, {"cells_upper", "", ""}, {"lower", "", "95 % over " + drawn_levels(bench)}, {"upper", "", ""}, {"noise", "", "what the noise of measuring adds"},
             {"floor", "", "mean of the floor"}, {"ceiling", "", ""}, {"ceiling_kind", "", ""}, {"scaled", "", "0 floor, 1 ceiling"}, {"scaled_lower", "", ""}, {"scaled_upper", "", ""}, {"against_floor", "", ""}, {"against_ceiling", "", ""},
             {"calibrated", "", "does this metric tell ceiling from floor on these data"}, {"why_not", "", ""}});
  for (const auto& metric : bench.calibrated)
    for (std::size_t m = 0; m < metric.models.size(); ++m) {
      const CalibratedScore& s = metric.models[m];
      const auto role = std::string(to_string(bench.predictors[m]->role()));
      out.add_row({s.model, role, metric.metric, std::string(metric.better == Better::higher ? "higher" : "lower"), cell_of(s.mean), static_cast<std::int64_t>(s.defined), static_cast<std::int64_t>(s.of), lower_of(s.ranges.cells), upper_of(s.ranges.cells),
                   lower_of(s.ranges.both), upper_of(s.ranges.both), cell_of(s.noise_shift), cell_of(metric.floor_mean), cell_of(metric.ceiling_mean), std::string(to_string(metric.ceiling)), cell_of(s.scaled.value), cell_of(s.scaled.lower),
                   cell_of(s.scaled.upper), std::string(m == bench.floor ? "floor" : to_string(s.against_floor)), std::string(to_string(s.against_ceiling)), std::string(metric.separates ? "yes" : "no"),
                   !s.mean ? s.undefined_because : s.scaled.refused_because});
    }
  return out;
}

const std::vector<std::string> headline{"l2_delta", "pearson_delta", "pearson", "pds_cosine"};

// For a column of a table in 100 columns.
std::string short_number(double x) { return std::abs(x) < 1 ? fmt::format("{:.2f}", x) : fmt::format("{:.3g}", x); }

std::string first_shown(const Benchmark& bench) {
  for (const auto& name : headline)
    if (std::any_of(bench.calibrated.begin(), bench.calibrated.end(), [&](const auto& metric) { return metric.metric == name; })) return name;
  return bench.calibrated.empty() ? "" : bench.calibrated.front().metric;
}

// What a reader sees first: every predictor under a few metrics, best mean L2 first. together: predictors with one set of numbers share a row.
Table headline_table(const Benchmark& bench, bool together) {
  std::vector<Column> columns{{"predictor", "", ""}};
  std::vector<const MetricCalibration*> shown;
  for (const auto& name : headline)
    for (const auto& metric : bench.calibrated)
      if (metric.metric == name) shown.push_back(&metric);
  for (const auto& metric : bench.calibrated)
    if (shown.size() < 4 && std::find(shown.begin(), shown.end(), &metric) == shown.end()) shown.push_back(&metric);
  // of the first metric also the interval: as words where it is read, as numbers where it is used
  for (const auto* metric : shown) {
    columns.push_back({metric->metric + (metric->separates ? "" : "*"), "", metric->better == Better::higher ? "higher is better" : "lower is better"});
    if (metric != shown[0]) continue;
    if (together) columns.push_back({"95 %", "", ""});
    else columns.push_back({metric->metric + "_lower", "", "95 % over " + drawn_levels(bench)}), columns.push_back({metric->metric + "_upper", "", ""});
  }
  const auto add_value = [&](std::vector<Cell>& row, const MetricCalibration& metric, const std::optional<double>& value, const CalibratedScore* score) {
    if (together && score && value && score->defined < score->of) row.emplace_back(fmt::format("{:.4g} ({} of {})", *value, score->defined, score->of));
    else row.push_back(cell_of(value));
    if (&metric != shown[0]) return;
    const auto range = score ? score->ranges.both ? score->ranges.both : score->ranges.perturbations : std::nullopt;
    if (!together) row.push_back(lower_of(range)), row.push_back(upper_of(range));
    else row.push_back(range ? Cell(short_number(range->lower) + " to " + short_number(range->upper)) : Cell());
  };
  columns.push_back({"scaled", "", "mean scaled score over calibrated metrics"});
  Table out(columns);
  const auto scaled = mean_scaled_scores(bench.calibrated);
  std::vector<std::size_t> order(bench.models.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto key = [&](std::size_t m) {
    if (shown.empty() || !shown[0]->models[m].mean) return std::numeric_limits<double>::infinity();
    return (shown[0]->better == Better::lower ? 1 : -1) * *shown[0]->models[m].mean;
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  const auto alike = [&](const std::optional<double>& a, const std::optional<double>& b) { return a.has_value() == b.has_value() && (!a || std::abs(*a - *b) <= 1e-9 * (1 + std::abs(*a))); };
  const auto same = [&](std::size_t a, std::size_t b) {
    return alike(scaled[a].mean, scaled[b].mean) && std::all_of(shown.begin(), shown.end(), [&](const auto* metric) { return alike(metric->models[a].mean, metric->models[b].mean); });
  };
  std::vector<char> told(order.size(), 0);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t m = order[i];
    if (told[m]) continue;
    std::size_t others = 0;
    for (std::size_t j = i + 1; together && j < order.size(); ++j)
      if (!told[order[j]] && same(m, order[j])) told[order[j]] = 1, ++others;
    std::vector<Cell> row{bench.models[m].name + (bench.predictors[m]->role() == PredictorRole::negative_control ? " (negative)" : "") + (others > 0 ? fmt::format(" +{}", others) : "")};
    for (const auto* metric : shown) add_value(row, *metric, metric->models[m].mean, &metric->models[m]);
    row.push_back(scaled[m].mean && std::abs(*scaled[m].mean) < 1e-12 ? Cell(0.0) : cell_of(scaled[m].mean));
    out.add_row(row);
  }
  for (const auto kind : {CeilingKind::half_split, CeilingKind::replicate, CeilingKind::noise_free}) {
    std::vector<Cell> row{fmt::format("duplicate, {}", to_string(kind))};
    for (const auto* metric : shown) add_value(row, *metric, metric->ceilings[kind].mean, nullptr);
    row.emplace_back();
    out.add_row(row);
  }
  return out;
}

}  // namespace

std::string drawn_units(const Benchmark& bench) { return bench.cells.replicate_of.empty() ? "cells" : "replicates"; }

std::vector<std::vector<std::vector<double>>> deviations_over_cells(const Benchmark& bench, int draws) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<std::vector<std::vector<double>>> out(bench.models.size(), std::vector<std::vector<double>>(bench.metrics.size(), std::vector<double>(bench.tested.condition.size(), nan)));
  if (draws < 2) return out;
  const CellsBehind behind = cells_behind(bench.cells, bench.tested, bench.groups);
  const CellResamples resamples(bench.cells.values, bench.groups.groups, bench.seed, &bench.cells.replicate_of);
  struct Sum {
    double one = 0, two = 0;
    int count = 0;
  };
  std::vector<std::vector<std::vector<Sum>>> sums(bench.models.size(), std::vector<std::vector<Sum>>(bench.metrics.size(), std::vector<Sum>(bench.tested.condition.size())));
  for (int first = 0; first < draws; first += 8) {
    std::vector<ProfileMatrix> means(static_cast<std::size_t>(std::min(8, draws - first)));
    resamples.bootstrap(first, means);
    parallel_for(static_cast<int>(bench.models.size()), [&](int m) {
      for (const auto& one : means) {
        const EffectComparison pair = with_means(bench.models[static_cast<std::size_t>(m)], behind, one);
        for (std::size_t k = 0; k < bench.metrics.size(); ++k) {
          const auto values = bench.metrics[k].evaluate(pair);
          if (values.size() != bench.tested.condition.size()) continue;
          for (std::size_t i = 0; i < values.size(); ++i)
            if (values[i].value) {
              Sum& s = sums[static_cast<std::size_t>(m)][k][i];
              const double x = *values[i].value - (bench.calibrated[k].joint.values[static_cast<std::size_t>(m)][i].value.value_or(0));
              s.one += x, s.two += x * x, ++s.count;
            }
        }
      }
    });
  }
  for (std::size_t m = 0; m < sums.size(); ++m)
    for (std::size_t k = 0; k < sums[m].size(); ++k)
      for (std::size_t i = 0; i < sums[m][k].size(); ++i)
        if (const Sum& s = sums[m][k][i]; s.count > 1) out[m][k][i] = std::sqrt(std::max(0.0, (s.two - s.one * s.one / s.count) / (s.count - 1)));
  return out;
}

void report_split(RunDirectory& run, const Benchmark& bench, bool shared_control) {
  std::filesystem::create_directories(run.path_for("data"));
  std::ofstream(run.path_for("data/split.tsv"), std::ios::binary) << split_text(bench.split);
  std::size_t tested = 0;
  for (const auto& fold : bench.split.folds) tested += fold.test.size();
  say(run, "split", fmt::format("{}, seed {}: {} folds, {} conditions tested; data/split.tsv repeats it (--split FILE)", bench.split.kind, bench.split.seed, bench.split.folds.size(), tested));
  Table table({{"check", "", ""}, {"count", "", ""}, {"leaks", "", ""}, {"words", "", ""}});
  for (const auto& leak : leaks_of(bench.cells, bench.split, shared_control)) {
    table.add_row({leak.check, leak.count, std::string(leak.leaks ? "yes" : "no"), leak.words});
    if (leak.leaks) run.add_warning(fmt::format("Leak: {}: {}.", leak.check, leak.words));
  }
  run.add_table("leaks", table, "What of the truth the learning side may have seen.");
}

std::optional<double> scaled_at(const Benchmark& bench, std::size_t metric, std::size_t model, std::size_t condition) {
  const MetricCalibration& m = bench.calibrated[metric];
  const auto& ceiling = m.ceilings[m.ceiling].values;
  if (m.joint.global() || condition >= ceiling.size()) return std::nullopt;
  const MetricValue &value = m.joint.values[model][condition], &floor = m.joint.values[bench.floor][condition];
  if (!value.value || !floor.value) return std::nullopt;
  const double span = m.joint.sign() * (ceiling[condition] - *floor.value), noise = bench.deviations[bench.floor][metric][condition];
  if (!(span > 0) || !(span >= 2 * noise)) return std::nullopt;
  return m.joint.sign() * (*value.value - *floor.value) / span;
}

// The best predictor of two metrics with its interval and those that cannot be told from it. "A only" and "B only" go by the order of names: no rule to follow.
void answer_best(RunDirectory& run, const Benchmark& bench) {
  const RangeOptions options{bench.seed, bench.options.level, bench.options.perturbation_draws};
  for (const auto& metric : bench.calibrated) {
    if (metric.metric != "l2_delta" && metric.metric != "pearson_delta") continue;
    const auto takes_part = [&](std::size_t m) {
      return bench.predictors[m]->role() != PredictorRole::negative_control && bench.models[m].name != "A only" && bench.models[m].name != "B only" && metric.models[m].mean.has_value();
    };
    std::size_t best = bench.models.size();
    for (std::size_t m = 0; m < bench.models.size(); ++m)
      if (takes_part(m) && (best == bench.models.size() || metric.joint.sign() * (*metric.models[m].mean - *metric.models[best].mean) > 0)) best = m;
    if (best == bench.models.size()) continue;
    const auto range = metric.models[best].ranges.both ? metric.models[best].ranges.both : metric.models[best].ranges.perturbations;
    std::string apart_from;      // better than the best, but no rule
    for (std::size_t m = 0; m < bench.models.size(); ++m)
      if ((bench.models[m].name == "A only" || bench.models[m].name == "B only") && metric.models[m].mean && metric.joint.sign() * (*metric.models[m].mean - *metric.models[best].mean) > 0) apart_from = bench.models[m].name;
    std::size_t near = 0, compared = 0;
    for (std::size_t m = 0; m < bench.models.size(); ++m) {
      if (m == best || !takes_part(m)) continue;
      std::vector<double> weights(bench.models.size(), 0.0);
      weights[best] = metric.joint.sign(), weights[m] = -metric.joint.sign();
      const ScoreRanges apart = ranges_of(metric.joint, weights, options);
      const auto& difference = apart.both ? apart.both : apart.perturbations;
      ++compared;
      if (!difference || difference->lower <= 0) ++near;
    }
    const bool beyond = metric.ceiling_mean && metric.joint.sign() * (*metric.models[best].mean - *metric.ceiling_mean) > 0;
    run.add_answer(fmt::format("{}: best is {} with {}{}; {} of {} others cannot be told from it (tables/pairs.tsv). The floor, {}, has {}, the {} ceiling {}.{}{}", metric.metric, bench.models[best].name, number(metric.models[best].mean),
                               range ? fmt::format(" [{:.3f}, {:.3f}]", range->lower, range->upper) : " (no interval: too few conditions)", near, compared, bench.models[bench.floor].name, number(metric.floor_mean), to_string(metric.ceiling), number(metric.ceiling_mean),
                               beyond ? " A ceiling is what another measurement of the same depth reaches; a predictor that averages over conditions has less noise and may pass it." : "",
                               apart_from.empty() ? "" : fmt::format(" {} has a better mean, but goes by the order of names, which is no rule.", apart_from)));
  }
}

void report_scores(RunDirectory& run, const Benchmark& bench) {
  fmt::print("\n{}\n", to_terminal(headline_table(bench, true), "tables/scores.tsv"));
  fmt::print("{}", to_terminal_paragraph("          ", "*: ceiling and floor are not told apart by this metric on these data. +N: N more predictors have the same numbers, most because they fell back on the same rule (tables/fallbacks.tsv). 95 %: of " + first_shown(bench) + ", over " + drawn_levels(bench) + ". All intervals, and how many conditions each mean holds: tables/scores.tsv."));
  run.add_table("leaderboard", headline_table(bench, false), fmt::format("Means over {} tested conditions. Ceilings are halves of the cells against each other, and brought to full depth. Floor of scaled scores: {}. *: not calibrated on these data. (negative): a negative control.", bench.tested.condition.size(), bench.models[bench.floor].name));
  run.add_table("scores", score_table(bench), "Every predictor under every metric, with floor, ceiling, intervals and verdicts.");
  const auto& sd = bench.deviations;
  const CellsBehind behind = cells_behind(bench.cells, bench.tested, bench.groups);
  const CellResamples resamples(bench.cells.values, bench.groups.groups, bench.seed, behind.replicates);
  const auto wide = [&](std::size_t i) {      // sd to an interval: a few replicates tell theirs with few degrees of freedom
    const std::array<int, 2> both{behind.of_condition[i], behind.of_control[i]};
    const double freedom = resamples.freedom_of(both);
    return std::isfinite(freedom) ? student_quantile(0.5 + 0.5 * bench.options.level, freedom) : -normal_quantile_of(0.5 - 0.5 * bench.options.level);
  };
  Table rows({{"predictor", "", ""}, {"condition", "", ""}, {"context", "", ""}, {"metric", "", ""}, {"value", "", ""}, {"lower", "", "95 % if " + drawn_units(bench) + " were drawn again"}, {"upper", "", ""}, {"floor", "", ""}, {"ceiling", "", ""}, {"scaled", "", ""}, {"why_not", "", ""}});
  for (std::size_t k = 0; k < bench.metrics.size(); ++k) {
    const MetricCalibration& metric = bench.calibrated[k];
    if (metric.joint.global()) continue;
    const auto& ceiling = metric.ceilings[metric.ceiling].values;
    const auto floor = metric.joint.units(bench.floor);
    for (std::size_t m = 0; m < bench.models.size(); ++m)
      for (std::size_t i = 0; i < bench.tested.condition.size(); ++i) {
        const MetricValue& v = metric.joint.values[m][i];
        const double top = i < ceiling.size() ? ceiling[i] : std::numeric_limits<double>::quiet_NaN(), e = sd[m][k][i];
        const auto scaled = scaled_at(bench, k, m, i);
        std::optional<ScoreRange> range;
        if (v.value) range = within_bounds({*v.value, e, *v.value - wide(i) * e, *v.value + wide(i) * e}, metric.metric, metric.better, bench.metrics[k].perfect, bench.metrics[k].worst);
        rows.add_row({bench.models[m].name, bench.truth.conditions[i].name, bench.truth.conditions[i].context, metric.metric, cell_of(v.value), range ? hyped::cell_of(range->lower) : Cell(), range ? hyped::cell_of(range->upper) : Cell(),
                      hyped::cell_of(floor[i]), hyped::cell_of(top), cell_of(scaled), !v.value ? v.undefined_because : scaled ? std::string() : std::string("ceiling and floor are not told apart here")});
      }
  }
  run.add_table("by_condition", rows, "Every predictor, tested condition and metric.");
  Table notes({{"predictor", "", ""}, {"condition", "", ""}, {"context", "", ""}, {"note", "", ""}});
  for (std::size_t m = 0; m < bench.models.size(); ++m)
    for (std::size_t i = 0; i < bench.notes[m].size(); ++i)
      if (!bench.notes[m][i].empty()) notes.add_row({bench.models[m].name, bench.truth.conditions[i].name, bench.truth.conditions[i].context, bench.notes[m][i]});
  run.add_table("fallbacks", notes, "Where a predictor fell back on something simpler, or what it chose.");
  Table formulas({{"name", "", ""}, {"kind", "", ""}, {"formula", "", ""}});
  for (const auto& p : bench.predictors) formulas.add_row({std::string(p->name()), std::string(to_string(p->role())), std::string(p->formula())});
  for (const auto& m : bench.metrics) formulas.add_row({m.id, std::string("metric, ") + (m.better == Better::higher ? "higher" : "lower") + " is better", m.formula});
  run.add_table("formulas", formulas, "What the names mean.");
  std::string marked;
  for (const auto& metric : bench.calibrated)
    if (!metric.separates) marked += fmt::format("{}{} ({})", marked.empty() ? "" : "; ", metric.metric, metric.why_not);
  if (!marked.empty()) run.add_warning("Not calibrated on these data and left out of mean scaled scores: " + marked + ".");
  // Notes 14: a metric that likes an answer without knowledge better than the floor, or no change better than a second measurement, says nothing here.
  std::string fooled;
  for (const auto& metric : bench.calibrated)
    for (std::size_t m = 0; m < bench.models.size(); ++m) {
      if (!metric.models[m].mean) continue;
      const auto above = [&](const std::optional<double>& other) { return other && metric.joint.sign() * (*metric.models[m].mean - *other) > 1e-12 * (1 + std::abs(*other)); };
      const bool senseless = bench.models[m].name == "shuffled genes" || bench.models[m].name == "sign flip" || bench.models[m].name == "control plus shift";
      if (senseless && above(metric.floor_mean)) fooled += fmt::format("{}{}: {} above {}", fooled.empty() ? "" : "; ", metric.metric, bench.models[m].name, bench.models[bench.floor].name);
      if (bench.models[m].name == "no change" && above(metric.ceiling_mean)) fooled += fmt::format("{}{}: no change above the ceiling", fooled.empty() ? "" : "; ", metric.metric);
    }
  if (!fooled.empty()) run.add_warning("Metrics that prefer an answer without knowledge on these data: " + fooled + ".");
  answer_best(run, bench);
}

void report_ranks(RunDirectory& run, const Benchmark& bench) {
  if (bench.tested.condition.size() < 2) {
    run.add_note("One condition is tested: no rank and no paired difference over perturbations can be told.");
    return;
  }
  Table ranks({{"metric", "", ""}, {"predictor", "", ""}, {"first", "1", "chance of rank 1"}, {"mean_rank", "", ""}, {"best", "", "95 % of draws"}, {"worst", "", ""}, {"conditions", "", ""}});
  Table pairs({{"metric", "", ""}, {"one", "", ""}, {"other", "", ""}, {"conditions", "", ""}, {"difference", "", "above 0: one is better"}, {"lower", "", ""}, {"upper", "", ""}, {"detectable", "", "smallest difference found with power 80 %; empty: unknown"}});
  const RangeOptions options{bench.seed, bench.options.level, bench.options.perturbation_draws};
  for (const auto& metric : bench.calibrated) {
    if (metric.metric != "l2_delta" && metric.metric != "pearson_delta" && metric.metric != "pds_cosine" && metric.metric != "mse") continue;
    const PairedModels paired = compare_models(metric.joint, options);
    for (const auto& r : paired.ranks) ranks.add_row({metric.metric, r.model, hyped::cell_of(r.first), hyped::cell_of(r.mean), static_cast<std::int64_t>(r.best), static_cast<std::int64_t>(r.worst), static_cast<std::int64_t>(paired.conditions)});
    for (const auto& d : paired.differences)
      if (d.range) pairs.add_row({metric.metric, d.one, d.other, static_cast<std::int64_t>(d.conditions), hyped::cell_of(d.range->estimate), hyped::cell_of(d.range->lower), hyped::cell_of(d.range->upper), d.detectable > 0 ? hyped::cell_of(d.detectable) : Cell()});
  }
  run.add_table("ranks", ranks, "How sure the order of predictors is, over draws of perturbations.");
  run.add_table("pairs", pairs, "Differences of predictors on the same conditions.");
}

}  // namespace hyped
