// Tables and figures of the fitted network: ladder, parameters, edges, fit by arm, courses, drawing.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include "experiments/cells/cell_figures.hpp"
#include "experiments/grn/fit/jackknife.hpp"
#include "experiments/grn/report/grn_evidence.hpp"
#include "experiments/grn/grn_run.hpp"
#include "libhyped/counted.hpp"

namespace hyped {
namespace {

constexpr int most_drawn = 60;               // edges in the drawing
constexpr std::size_t most_shown = 12;      // and on screen

std::string verdict_of(const JackknifeRange& range) {
  if (range.members < 2) return "no folds: not judged";
  // A fold with the other sign, or none, is as far from the estimate as 0 is: the interval then holds 0.
  return range.identified ? "stable over folds" : range.same_sign == range.members ? "same sign over folds" : "not identified";
}

void add_ladder(RunDirectory& run, const GrnData& data, const NetworkFit& fit) {
  const std::string unit = data.standard_error.size() > 0 ? "1" : data.squared_unit();      // weighted by 1 / standard error squared, or not
  Table table({{"factor", "", "of the penalty"}, {"edges", "1", ""}, {"misfit", unit, "mean half squared residual, weighted; conditions fitted; one value, no interval: it was minimised"}, {"cross_validated", unit, "the same of conditions held out, mean over folds"}, {"standard_error", unit, "of cross_validated, between folds"}, {"iterations", "1", ""},
               {"optimality", "", ""}, {"taken_back", "1", "steps to where no steady state is reached, or the course fails"}, {"chosen", "", ""}, {"outcome", "", ""}});
  const std::size_t steps = std::max(fit.ladder.size(), fit.cross_validated.size());
  for (std::size_t s = 0; s < steps; ++s) {
    const Cell cv = s < fit.cross_validated.size() ? cell_of(fit.cross_validated[s]) : Cell{}, error = s < fit.cross_validated_error.size() ? cell_of(fit.cross_validated_error[s]) : Cell{};
    if (s < fit.ladder.size()) {
      const LadderStep& step = fit.ladder[s];
      table.add_row({step.factor, std::int64_t{step.edges}, cell_of(step.misfit), cv, error, std::int64_t{step.iterations}, cell_of(step.optimality), std::int64_t{step.failed_evaluations}, std::string(static_cast<int>(s) == fit.chosen ? "yes" : ""), step.outcome.ok() ? std::string("ok") : step.outcome.message});
    } else {
      const NetworkMember* member = nullptr;
      for (const auto& m : fit.members)
        if (s < m.ladder.size()) member = &m;
      table.add_row({member != nullptr ? Cell(member->ladder[s].factor) : Cell{}, Cell{}, Cell{}, cv, error, Cell{}, Cell{}, Cell{}, std::string(), std::string("not needed")});
    }
  }
  std::vector<Column> plain = table.columns();      // units of several words would push columns off the screen
  for (Column& column : plain) column.unit.clear();
  Table shown(plain);
  for (const auto& cells : table.rows()) shown.add_row(cells);
  fmt::print("\n{}(misfits in {})\n", to_terminal(shown, "tables/ladder.tsv"), unit == "1" ? "squared standard errors" : unit);
  run.add_table("ladder", table, "The ladder of penalties and its cross-validation.");
}

struct DrawnEdge {
  std::string from, to, verdict;
  double weight = 0;
};

// clear, faint: what edges drawn through and dashed are.
void add_drawing(RunDirectory& run, std::vector<DrawnEdge> edges, const std::string& clear, const std::string& faint) {
  std::stable_sort(edges.begin(), edges.end(), [](const DrawnEdge& a, const DrawnEdge& b) { return std::abs(a.weight) > std::abs(b.weight); });
  const std::size_t all = edges.size();
  if (edges.size() > most_drawn) edges.resize(most_drawn);
  if (edges.empty()) {
    run.add_note(fmt::format("No edge between genes is {} or {}: no network is drawn.", clear, faint));
    return;
  }
  std::vector<std::string> names;
  for (const auto& e : edges)
    for (const auto& name : {e.from, e.to})
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  Table nodes({{"node", "", ""}, {"x", "", ""}, {"y", "", ""}}), lines({{"from", "", ""}, {"to", "", ""}, {"from_x", "", ""}, {"from_y", "", ""}, {"to_x", "", ""}, {"to_y", "", ""}, {"weight", "1", ""}, {"width", "", ""}, {"verdict", "", ""}});
  const auto angle = [&](const std::string& name) { return 2 * std::numbers::pi * static_cast<double>(std::find(names.begin(), names.end(), name) - names.begin()) / static_cast<double>(names.size()); };
  for (const auto& name : names) nodes.add_row({name, std::cos(angle(name)), std::sin(angle(name))});
  const double largest = std::abs(edges.front().weight);
  for (const auto& e : edges) {
    const double fx = std::cos(angle(e.from)), fy = std::sin(angle(e.from)), tx = std::cos(angle(e.to)), ty = std::sin(angle(e.to));
    const double length = std::max(1e-9, std::hypot(tx - fx, ty - fy)), gap = std::min(0.05, 0.3 * length) / length;
    lines.add_row({e.from, e.to, fx + gap * (tx - fx), fy + gap * (ty - fy), tx - gap * (tx - fx), ty - gap * (ty - fy), e.weight, 0.6 + 2.4 * std::abs(e.weight) / largest, e.verdict});
  }
  report::add_figure(run, {"network", fmt::format("Edges between genes that are {}, or {}{}: blue activates, orange represses, width by weight.", clear, faint, all > most_drawn ? fmt::format(" (the {} strongest of {})", most_drawn, all) : ""), "edges", {{"edges", lines}, {"nodes", nodes}}, {{"legend", fmt::format("blue: activates   orange: represses   through: {}   dashed: {}", clear, faint)}}, "answer"});
}

// Whole cells were fitted: do the fitted means still lie where the measured ones do? Empty if so.
std::string means_missed(const GrnScenario& scenario, const GrnData& data, const GrnPrediction& seen, bool ended) {
  constexpr double most = 2;      // root mean square, in standard errors
  if (scenario.loss.kind == GrnLoss::means || data.standard_error.size() == 0 || !seen.outcome.ok()) return "";
  double squares = 0, largest = 0;
  long count = 0;
  std::string who;
  for (Eigen::Index c = 0; c < data.mean.rows(); ++c)
    for (Eigen::Index g = 0; g < data.mean.cols(); ++g) {
      if (!(data.standard_error(c, g) > 0)) continue;
      const double z = (seen.estimate(g, c) - data.mean(c, g)) / data.standard_error(c, g);
      squares += z * z, ++count;
      if (std::abs(z) > largest) largest = std::abs(z), who = fmt::format("{} in {}: fitted {:.2f}, measured {:.2f}", data.genes[static_cast<std::size_t>(g)], data.conditions[static_cast<std::size_t>(c)], seen.estimate(g, c), data.mean(c, g));
    }
  const double rms = std::sqrt(squares / static_cast<double>(std::max(1L, count)));
  if (!(rms > most)) return "";
  return fmt::format("The fit to whole cells ({}) misses the measured means by {:.1f} standard errors (root mean square; most: {}): {}. Its edges are not judged: use loss = \"means\", or another dose_log_sd.", to_string(scenario.loss.kind), rms, who,
                     ended ? fmt::format("how simulated cells differ (dose_log_sd = {:g}, and at rest alike in all arms) does not hold in these cells", scenario.loss.dose_log_sd) : "its descent did not end, or how simulated cells differ does not hold in these cells");
}

void add_fit_by_arm(RunDirectory& run, const GrnData& data, const GrnPrediction& seen, double level) {
  if (!seen.outcome.ok()) {
    run.set_outcome(seen.outcome);
    return;
  }
  Table table({{"arm", "", ""}, {"gene", "", ""}, {"measured", data.unit, ""}, {"standard_error", data.unit, "of the mean; empty: not known"}, {"fitted", data.unit, ""}, {"lower", data.unit, "for a new measurement, by the folds"}, {"upper", data.unit, ""}, {"residual", data.unit, ""}, {"interval", "", "of fitted"}});
  const Eigen::MatrixXd measured = data.mean.transpose(), misfit = (seen.estimate - measured).array().square();
  std::vector<std::pair<double, int>> worst;
  for (std::size_t c = 0; c < data.conditions.size(); ++c) {
    worst.emplace_back(misfit.col(static_cast<Eigen::Index>(c)).sum(), static_cast<int>(c));
    for (std::size_t g = 0; g < data.genes.size(); ++g) {
      const auto i = static_cast<Eigen::Index>(g), k = static_cast<Eigen::Index>(c);
      table.add_row({data.conditions[c], data.genes[g], data.mean(k, i), data.standard_error.size() > 0 ? Cell(data.standard_error(k, i)) : Cell{}, seen.estimate(i, k), cell_of(seen.range.lower(i, k)), cell_of(seen.range.upper(i, k)), data.mean(k, i) - seen.estimate(i, k), interval_words(seen.range, i, k, level)});
    }
  }
  run.add_table("fit_by_arm", table, "Measured means and what the network of all conditions says of them.");
  std::stable_sort(worst.begin(), worst.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  const std::string& unit = data.unit;
  // What the points are: roles where there are several, else what a delivery acts on and what it does not.
  std::vector<std::string> kinds = data.steady() ? std::vector<std::string>{"proteins", "phenotypes", "drugs"} : std::vector<std::string>{"genes acted on", "other genes"};
  std::vector<std::int32_t> kind;
  for (std::size_t g = 0; g < data.genes.size(); ++g)
    kind.push_back(data.steady() ? static_cast<std::int32_t>(data.roles[g]) : std::none_of(data.deliveries.begin(), data.deliveries.end(), [&](const GrnDelivery& d) { return d.gene == data.genes[g]; }));
  std::vector<PointPanel> panels;
  for (std::size_t w = 0; w < std::min<std::size_t>(8, worst.size()); ++w) {
    const Eigen::Index c = worst[w].second;
    PointPanel panel{data.conditions[static_cast<std::size_t>(c)], "fitted, " + unit, "measured, " + unit, seen.estimate.col(c), measured.col(c), kinds, data.steady() ? std::vector<std::string>{"#0072B2", "#D55E00", "#009E73"} : std::vector<std::string>{"#D55E00", "#0072B2"}, kind, 0.35, {}, {}};
    const double low = std::min(panel.x.minCoeff(), panel.y.minCoeff()), high = std::max(panel.x.maxCoeff(), panel.y.maxCoeff());
    panel.line_x = (Eigen::VectorXd(2) << low, high).finished();
    panel.line_y = panel.line_x;
    panels.push_back(std::move(panel));
  }
  report::add_figure(run, point_figure("fit_by_arm", fmt::format("Fit against data{}. Line: equal.", worst.size() > 8 ? ", the eight arms that fit worst" : " by arm"), panels, "diagnostics"));
}

// Courses of the genes that move most, with the doses under them.
void add_courses(RunDirectory& run, const GrnData& data, const FittedGrn& fitted) {
  if (data.steady()) return;
  NetworkMeasurements block = fitted.network.problem.blocks[0];
  constexpr int points = 97;
  block.experiment.sample_times_h.clear();
  for (int i = 0; i < points; ++i) block.experiment.sample_times_h.push_back(data.time_h * i / (points - 1));
  std::vector<Eigen::MatrixXd> seen;      // means over the columns of a condition
  const NetworkPrediction course = predict_network(*fitted.network.model, fitted.network.problem.transform.natural(fitted.fit.best().theta), block);
  if (!course.outcome.ok()) {
    run.set_outcome(course.outcome);
    return;
  }
  for (const auto& measured_then : course.measured) seen.push_back(by_condition(block, measured_then));
  std::vector<int> genes(data.genes.size());
  for (std::size_t g = 0; g < genes.size(); ++g) genes[g] = static_cast<int>(g);
  std::stable_sort(genes.begin(), genes.end(), [&](int a, int b) { return data.mean.col(a).cwiseAbs().maxCoeff() > data.mean.col(b).cwiseAbs().maxCoeff(); });
  genes.resize(std::min<std::size_t>(4, genes.size()));      // as many as the template has marks
  Table model({{"arm", "", ""}, {"class", "", "gene"}, {"time_h", "h", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}}), measured({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"value", "", ""}});
  Table inputs({{"arm", "", ""}, {"input", "", ""}, {"time_h", "h", ""}, {"amount", "1", "active input; 1 is the reference dose's peak"}});
  for (std::size_t c = 0; c < data.conditions.size(); ++c) {
    for (const int g : genes) {
      for (int i = 0; i < points; ++i) {
        const double v = seen[static_cast<std::size_t>(i)](g, static_cast<Eigen::Index>(c));
        model.add_row({data.conditions[c], data.genes[static_cast<std::size_t>(g)], block.experiment.sample_times_h[static_cast<std::size_t>(i)], v, v, v});
      }
      measured.add_row({data.conditions[c], data.genes[static_cast<std::size_t>(g)], data.time_h, data.mean(static_cast<Eigen::Index>(c), g)});
    }
    for (std::size_t k = 0; k < data.inputs.size(); ++k)
      for (int i = 0; i < points; ++i) {
        const double t = block.experiment.sample_times_h[static_cast<std::size_t>(i)];
        inputs.add_row({data.conditions[c], data.inputs[k], t, data.given(static_cast<Eigen::Index>(c), static_cast<Eigen::Index>(k)) * data.courses[k](t)});
      }
  }
  report::add_figure(run, {"courses", "Courses of the genes that change most, by the fitted network; points: measured.", "time_course", {{"points", measured}, {"model", model}}, {{"y_label", data.unit + " difference"}, {"band_label", "points: data   line: fitted network"}}, "answer"});
  report::add_figure(run, {"doses", "What acts on each arm over the same time.", "schedule", {{"inputs", inputs}}, {}, "answer"});
}

}  // namespace

void report_network(RunDirectory& run, const GrnScenario& scenario, const GrnData& data, const FittedGrn& fitted, const GrnBootstrapRanges& ranges) {
  add_ladder(run, data, fitted.fit);
  const GrnEvidence told_by = grn_evidence(scenario, data, fitted);
  const NetworkEvidence* evidence = told_by.evidence.get();
  const GrnPrediction seen = predict_grn(fitted, fitted.network.problem.blocks[0], scenario.level);
  const std::string missed = means_missed(scenario, data, seen, fitted.fit.best().outcome.ok());
  if (!missed.empty()) run.add_warning(missed);
  const std::string source = evidence ? "95 %, from the information of the means" : "jackknife range over folds of conditions: t times its standard error";
  const std::string edge_unit = fmt::format("1/({})", data.unit);
  const std::vector<Column> judged_by{{"z", "1", "distance from no effect in standard deviations; empty: not judged by the information"},
                                      {"prior_share", "1", "the penalty's share of the information: the variance that is left over the prior's; 1: the data say nothing"},
                                      {"null_share", "1", "part of it in directions where the penalty outweighs the data"}};
  std::vector<Column> parameter_columns{{"parameter", "", ""}, {"kind", "", ""}, {"unit", "", ""}, {"estimate", "", "natural units"}, {"lower", "", source}, {"upper", "", ""}};
  std::vector<Column> edge_columns{{"from", "", ""}, {"to", "", ""}, {"weight", edge_unit, ""}, {"lower", edge_unit, source}, {"upper", edge_unit, ""}};
  for (auto* columns : {&parameter_columns, &edge_columns}) columns->insert(columns->end(), judged_by.begin(), judged_by.end());
  for (const Column& column : {Column{"verdict", "", ""}, Column{"why", "", "criteria met and failed"}}) parameter_columns.push_back(column), edge_columns.push_back(column);
  edge_columns.insert(edge_columns.end(), {{"folds_agree", "1", "fold fits with this sign"}, {"folds", "1", ""}, {"resampled_lower", edge_unit, "bootstrap over cells or wells"}, {"resampled_upper", edge_unit, ""}});
  Table parameters(parameter_columns), edges(edge_columns), shown({{"from", "", ""}, {"to", "", ""}, {"weight", "", ""}, {"lower", "", ""}, {"upper", "", ""}, {"z", "", ""}, {"prior_share", "", ""}, {"verdict", "", ""}});
  std::vector<DrawnEdge> drawn;
  std::vector<std::pair<double, std::vector<Cell>>> rows;
  int determined = 0, weak = 0, weak_but_far = 0;
  for (std::size_t f = 0; f < fitted.network.free.size(); ++f) {
    const GrnParameter& parameter = fitted.network.free[f];
    JackknifeRange range = jackknife_range(fitted, static_cast<int>(f));
    if (parameter.kind == GrnParameterKind::edge && range.estimate == 0) continue;      // zeros are not listed: there are thousands
    std::string verdict = parameter.kind == GrnParameterKind::capacity ? (range.members < 2 ? "no folds: not judged" : range.identified ? "stable over folds" : "not identified") : verdict_of(range), why = range.members < 2 ? "" : fmt::format("{} of {} fold fits agree in sign", range.same_sign, range.members);
    std::vector<Cell> by(judged_by.size());
    if (evidence) {
      const bool logarithmic = fitted.network.problem.transform.logarithmic[f];
      const EdgeEvidence one = evidence->edge(told_by.place[f], logarithmic ? fitted.network.problem.transform.start()[static_cast<Eigen::Index>(f)] : 0.0);
      range.lower = logarithmic ? std::exp(one.lower) : one.lower, range.upper = logarithmic ? std::exp(one.upper) : one.upper;
      verdict = to_string(one.verdict), why = one.why;
      by = {one.z, one.prior_share(), one.null_share};
      if (parameter.kind == GrnParameterKind::edge && one.verdict == EdgeVerdict::weakly_determined) weak_but_far += std::abs(one.z) >= EdgeThresholds{}.z ? 1 : 0;
    }
    if (!missed.empty()) verdict = "not judged", why = "the fit misses the measured means";
    const std::string kind = parameter.kind == GrnParameterKind::capacity ? "capacity" : parameter.kind == GrnParameterKind::edge ? "edge" : "input";
    const std::vector<Cell> range_cells{range.estimate, cell_of(range.lower), cell_of(range.upper), by[0], by[1], by[2], verdict, why};
    std::vector<Cell> row{parameter.name, kind, unit_of(data, parameter)};
    row.insert(row.end(), range_cells.begin(), range_cells.end());
    parameters.add_row(std::move(row));
    if (parameter.kind != GrnParameterKind::edge) continue;
    const std::string &from = data.genes[static_cast<std::size_t>(parameter.from)], &to = data.genes[static_cast<std::size_t>(parameter.to)];
    const bool clear = verdict == "determined" || verdict == "stable over folds", faint = verdict == "weakly determined" || verdict == "same sign over folds";
    determined += clear ? 1 : 0;
    weak += faint ? 1 : 0;
    const bool signed_edge = clear || (faint && (!evidence || range.lower > 0 || range.upper < 0));      // by the information a weak edge may have either sign
    if (signed_edge) drawn.push_back({from, to, clear ? "determined" : "weakly determined", range.estimate});
    row = {from, to};
    row.insert(row.end(), range_cells.begin(), range_cells.end());
    const bool resampled = ranges.refits > 0;
    for (const Cell& cell : {Cell(std::int64_t{range.same_sign}), Cell(std::int64_t{range.members}), resampled ? cell_of(ranges.lower[f]) : Cell{}, resampled ? cell_of(ranges.upper[f]) : Cell{}}) row.push_back(cell);
    rows.push_back({std::abs(range.estimate), std::move(row)});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (auto& [size, cells] : rows) {
    if (shown.rows().size() < most_shown) shown.add_row({cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6], cells[8]});
    edges.add_row(std::move(cells));
  }
  if (!rows.empty()) fmt::print("\n{}(weights in {}{}; why: tables/edges.tsv)\n\n", to_terminal(shown, "tables/edges.tsv"), edge_unit, rows.size() > most_shown ? fmt::format("; {} more", rows.size() - most_shown) : "");
  const std::string no_clock = data.steady() ? " Steady states have no clock: time is counted so that a node decays with the rate decay_per_h of the scenario." : "";
  const std::string rule = evidence ? verdict_rule({}, "the penalty")
                                    : "Stable over folds: the jackknife range leaves out no effect (all folds then agree in sign); same sign over folds: all agree in sign, but the range holds no effect; not identified: folds disagree, and the range holds no effect. "
                                      "The range is that of Student's t for 95 %; under a penalty it is no confidence interval.";
  run.add_table("parameters", parameters, "Free parameters; edges at exactly 0 are left out." + no_clock + " " + rule + (evidence ? "" : " A capacity has no sign: only its range counts, against where it started."));
  run.add_table("edges", edges, "Edges of the fitted network, strongest first. " + rule);
  run.add_result("edges", static_cast<double>(rows.size()), "1");
  run.add_result(evidence ? "edges_determined" : "edges_stable_over_folds", determined, "1");
  run.add_result("misfit", fitted.fit.best().misfit, data.standard_error.size() > 0 ? "1" : data.squared_unit());
  run.add_result("input_pull", fitted.network.input_pull, "1");
  const int rest = static_cast<int>(rows.size()) - determined - weak;
  const std::string judged = !missed.empty() ? "not judged, because the fit misses the measured means"
                             : evidence      ? fmt::format("{} determined (far from 0 by the data and not by the penalty), {} weakly determined (of these {} {} far from 0 and {} on the penalty, the others are nearer to 0), {} by the penalty only; z and the penalty's share stand "
                                                           "beside each edge, and 'why' names what failed. Intervals are of this model: they do not show that an edge is causal",
                                                           determined, weak, weak_but_far, weak_but_far == 1 ? "lies" : "lie", weak_but_far == 1 ? "rests" : "rest", rest)
                             : fitted.member_theta.size() < 2 ? "not judged, because no folds were fitted"
                                                              : fmt::format("{} stable over folds (the jackknife range leaves out 0), {} of one sign in all folds (the range holds 0), {} not identified (the range holds 0, folds disagree). Ranges are how far folds of conditions move this model "
                                                                            "under its penalty: they are no confidence intervals, and do not show that an edge is there",
                                                                            determined, weak, rest);
  run.add_answer(fmt::format("The network of {} has {}: {}.", counted(data.conditions.size(), "condition"), counted(rows.size(), "edge"), judged));
  run.add_note(told_by.words);
  for (const std::string& words : {far_words(told_by), cut_words(fitted.fit.best())})
    if (!words.empty()) run.add_warning(words);
  run.add_result("overdispersion", told_by.overdispersion, "1");
  run.add_note(fmt::format("Input strengths are pulled towards 0 with weight {:.3g} ({}).", fitted.network.input_pull, scenario.input_pull ? "of the scenario" : data.steady() ? "the linear baseline's penalty, chosen by leave-one-out" : "a weak default"));
  add_drawing(run, drawn, evidence ? "determined" : "stable over folds", evidence ? "weakly determined, with a sign" : "one sign in all folds");
  add_fit_by_arm(run, data, seen, scenario.level);
  add_courses(run, data, fitted);
}

}  // namespace hyped
