// Tables, figures and words of a design.
#include "experiments/planning/design/design_report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstdio>

#include "experiments/control/next_experiment/continuous_design.hpp"
#include "experiments/control/transitions/efficiency.hpp"
#include "experiments/report/figure.hpp"

namespace hyped {
namespace {

using namespace control;
constexpr double normal_975 = 1.959963984540054;

// A typical width per draw, as the criterion sees it: root mean variance of the contrasts (A, c), or that of a typical direction of their volume (D).
Eigen::VectorXd typical_width(const DesignProblem& problem, const Eigen::VectorXd& amount) {
  const auto information = total_information(problem, amount);
  if (problem.kind == CriterionKind::a_optimal) return contrast_variances(problem, information).rowwise().mean().cwiseSqrt() * 2 * normal_975;
  Eigen::VectorXd out(problem.draws());
  for (int s = 0; s < problem.draws(); ++s) {
    const auto i = static_cast<std::size_t>(s);
    out[s] = std::exp(0.5 * criterion({{problem.known[i]}, {problem.contrasts[i]}, {}, problem.kind}, {information[i]})) * 2 * normal_975;
  }
  return out;
}

struct Mean {
  double value = 0, error = 0;
};
Mean mean_of(const Eigen::VectorXd& draws) {
  Mean out{draws.mean(), 0};
  if (draws.size() > 1) out.error = std::sqrt((draws.array() - out.value).square().sum() / static_cast<double>(draws.size() * (draws.size() - 1)));
  return out;
}

std::string in_words(const QuantityLabel& label, double sd) {
  return label.log10 ? fmt::format("{:.4g} [{:.4g}, {:.4g}] {}", std::pow(10, label.value), std::pow(10, label.value - normal_975 * sd), std::pow(10, label.value + normal_975 * sd), label.unit)
                     : fmt::format("{:.4g} [{:.4g}, {:.4g}] {}", label.value, label.value - normal_975 * sd, label.value + normal_975 * sd, label.unit);
}

Cell natural(const QuantityLabel& label, double value) { return cell_of(label.log10 ? std::pow(10, value) : value); }

void write_ranking(RunDirectory& run, const DesignProblem& problem) {
  const auto count = static_cast<Eigen::Index>(problem.candidates.size());
  const Eigen::VectorXd before = typical_width(problem, Eigen::VectorXd::Zero(count));
  const bool open = !before.allFinite();
  struct Row {
    std::size_t candidate;
    Mean after, ratio;
    Eigen::VectorXd by_draw;         // ratio, or width where there is none; empty: does not determine the quantity
    double per_cost, criterion;      // expected over draws: what the design makes least
  };
  std::vector<Row> rows;
  for (Eigen::Index i = 0; i < count; ++i) {
    const Eigen::VectorXd after = typical_width(problem, Eigen::VectorXd::Unit(count, i));
    const double value = criterion(problem, total_information(problem, Eigen::VectorXd::Unit(count, i)));
    if (!after.allFinite()) {
      rows.push_back({static_cast<std::size_t>(i), {std::numeric_limits<double>::infinity(), 0}, {1, 0}, {}, 0, std::numeric_limits<double>::infinity()});
      continue;
    }
    const Mean ratio = open ? Mean{0, 0} : mean_of(after.cwiseQuotient(before));
    rows.push_back({static_cast<std::size_t>(i), mean_of(after), ratio, open ? after : Eigen::VectorXd(after.cwiseQuotient(before)), open ? 1 / mean_of(after).value : -std::log(ratio.value) / problem.candidates[static_cast<std::size_t>(i)].cost, value});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.criterion < b.criterion; });
  const bool many = problem.draws() > 1;
  // by the same draws: what both owe to the draw is not between them
  const auto beside_best = [&](const Row& row) { return mean_of(row.by_draw - rows.front().by_draw); };
  const double reach = many ? boost::math::quantile(boost::math::students_t(problem.draws() - 1.0), 0.975) : 0;
  std::vector<std::string> alike;
  Table table({{"rank", "", "by the criterion after"}, {"experiment", "", ""}, {"cost", "", ""}, {"width_before", "", "of the 95 % interval on its scale, mean over draws; empty: not determined"}, {"width_after", "", ""}, {"width_after_error", "", "Monte-Carlo standard error over draws"},
               {"ratio", "1", "width after over before"}, {"ratio_error", "1", "Monte-Carlo standard error"}, {"beside_best", "1", "ratio (width, where there is none) less that of the best, mean over the same draws"}, {"beside_best_error", "1", "Monte-Carlo standard error"}, {"told_apart", "", "from the best, 95 %"}, {"gain_per_cost", "1", "fall of log width per cost"}, {"criterion", "", "after, expected over draws"}});
  Table bars({{"panel", "", ""}, {"name", "", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}});
  std::int64_t rank = 0;
  for (const Row& row : rows) {
    const auto& candidate = problem.candidates[row.candidate];
    const bool compared = many && row.by_draw.size() > 0 && rows.front().by_draw.size() > 0;
    const Mean beside = compared ? beside_best(row) : Mean{};
    const bool apart = !compared || std::abs(beside.value) > reach * beside.error;
    if (rank > 0 && compared && !apart) alike.push_back(open ? candidate.name : fmt::format("{} ({:.1f} %)", candidate.name, 100 * row.ratio.value));
    table.add_row({++rank, candidate.name, candidate.cost, open ? Cell{} : cell_of(before.mean()), cell_of(row.after.value), many && std::isfinite(row.after.value) ? cell_of(row.after.error) : Cell{},
                   open ? Cell{} : cell_of(row.ratio.value), open || !many ? Cell{} : cell_of(row.ratio.error), compared ? cell_of(beside.value) : Cell{}, compared ? cell_of(beside.error) : Cell{}, rank == 1 ? std::string() : !compared ? std::string(many ? "yes" : "") : std::string(apart ? "yes" : "no"), cell_of(row.per_cost), cell_of(row.criterion)});
    if (rank > 20 || !std::isfinite(row.after.value)) continue;
    const Mean shown = open ? row.after : row.ratio;
    bars.add_row({std::string(open ? "width of the interval after it" : "width after it over width now"), candidate.name, shown.value, shown.value - normal_975 * shown.error, shown.value + normal_975 * shown.error});
  }
  run.add_table("ranking", table, "Each candidate done once beside what is known, best first. Widths are of 95 % intervals on the scale they are made on (log10 for positive quantities): with several quantities the root mean square of their widths (A), or the typical width of their volume (D).");
  report::add_figure(run, {"ranking", open ? "Width of the 95 % interval after each candidate; bars: Monte-Carlo 95 % over posterior draws." : "Width of the 95 % interval after each candidate over that now; bars: Monte-Carlo 95 % over posterior draws.", "intervals", {{"rows", bars}}, {{"interval_label", "bar: Monte-Carlo 95 %"}}, "answer"});
  const Row& best = rows.front();
  const auto most = std::max_element(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.per_cost < b.per_cost; });
  if (!open) run.add_answer(fmt::format("Next experiment: {} shrinks the interval most, to {:.1f} % of its width now{}.", problem.candidates[best.candidate].name, 100 * best.ratio.value, many ? fmt::format(" (Monte-Carlo error {:.2f} %)", 100 * best.ratio.error) : ""));
  else run.add_answer(fmt::format("The quantity is not determined by what is known; {} determines it best of the single experiments.", problem.candidates[best.candidate].name));
  if (!alike.empty()) {
    const std::size_t count = alike.size();
    if (count > 6) alike.resize(6), alike.push_back(fmt::format("{} more", count - 6));
    run.add_answer(fmt::format("Not told apart from it by {} draws (paired, 95 %): {}. More [design] draws may tell.", problem.draws(), fmt::join(alike, "; ")));
    run.add_result("not_told_from_best", static_cast<double>(count), "candidates");
  } else if (many && rows.size() > 1) {
    const auto next = std::min_element(rows.begin() + 1, rows.end(), [&](const Row& a, const Row& b) { return a.by_draw.size() > 0 && (b.by_draw.size() == 0 || beside_best(a).value < beside_best(b).value); });
    if (next->by_draw.size() > 0 && rows.front().by_draw.size() > 0) {
      const Mean beside = beside_best(*next);
      run.add_answer(fmt::format("All other candidates are told apart from it by the same {} draws; the nearest, {}, is wider by {:.2g} +- {:.1g}{} (the error above is mostly that of the draws, which all share).", problem.draws(), problem.candidates[next->candidate].name, (open ? 1 : 100) * beside.value, (open ? 1 : 100) * reach * beside.error, open ? "" : " % of the width now"));
    }
  }
  if (!open && most->candidate != best.candidate) run.add_answer(fmt::format("Most for its cost: {} ({:.1f} % of the width for {:.4g}).", problem.candidates[most->candidate].name, 100 * most->ratio.value, problem.candidates[most->candidate].cost));
  std::fprintf(stdout, "\n%s\n", to_terminal(table, "tables/ranking.tsv").c_str());
}

}  // namespace

ExactDesign write_design(RunDirectory& run, const DesignProblem& problem, const std::vector<QuantityLabel>& labels, const DesignSettings& settings, std::uint64_t seed) {
  problem.check();
  run.add_setting("criterion", fmt::format("{}, expected over {} draw{} of the parameters", settings.criterion, problem.draws(), problem.draws() == 1 ? "" : "s"));
  write_ranking(run, problem);
  ContinuousOptions share;
  share.budget = settings.budget;
  const ContinuousDesign continuous = continuous_design(problem, share);
  ExactOptions whole;
  whole.budget = settings.budget;
  whole.starts = settings.starts;
  whole.seed = seed;
  const ExactDesign exact = exact_design(problem, whole);
  Table table({{"experiment", "", ""}, {"cost", "", ""}, {"share", "1", "of the budget in the continuous design"}, {"slack", "1", "equivalence theorem: how far its sensitivity lies below the largest, 0 on the support"}, {"count", "", "in the exact design"}});
  const double top = continuous.sensitivity.size() > 0 ? continuous.sensitivity.maxCoeff() : 0;
  std::vector<std::string> words;
  for (std::size_t i = 0; i < problem.candidates.size(); ++i) {
    const auto k = static_cast<Eigen::Index>(i);
    table.add_row({problem.candidates[i].name, problem.candidates[i].cost, continuous.share[k], top > 0 ? 1 - continuous.sensitivity[k] / top : 0.0, std::int64_t{exact.count[i]}});
    if (exact.count[i] > 0) words.push_back(fmt::format("{} x {}", exact.count[i], problem.candidates[i].name));
  }
  run.add_table("design", table, fmt::format("The best use of a budget of {:.6g}.", settings.budget));
  if (!continuous.outcome.ok()) run.add_warning("The continuous design: " + continuous.outcome.message);
  if (!exact.outcome.ok()) {
    run.set_outcome(exact.outcome);
    run.add_warning("The exact design: " + exact.outcome.message);
    return exact;
  }
  run.add_result("criterion_continuous", continuous.value, "");
  run.add_result("equivalence_gap", continuous.gap, "no design is better than the continuous one by more");
  run.add_result("criterion_exact", exact.value, "");
  int alike = 0;
  for (const double end : exact.by_start) alike += std::abs(end - exact.value) <= 1e-9 * std::abs(exact.value);
  run.add_answer(fmt::format("Budget {:.4g}: {} (cost {:.4g}; {} of {} starts of the search end there).", settings.budget, fmt::join(words, ", "), exact.cost, alike, exact.by_start.size()));
  const bool by_log = problem.kind == CriterionKind::d_optimal;
  const double efficiency = by_log ? std::exp(continuous.bound - exact.value) : continuous.bound / exact.value;
  run.add_answer(fmt::format("Equivalence theorem: the continuous design is optimal to within {:.2g} ({}); the exact design has {:.1f} % or more of the best possible efficiency.", continuous.gap, by_log ? "in log variance" : fmt::format("{:.2g} of its value", continuous.gap / std::abs(continuous.value)), 100 * std::min(1.0, efficiency)));
  Eigen::VectorXd amount(static_cast<Eigen::Index>(exact.count.size()));
  for (std::size_t i = 0; i < exact.count.size(); ++i) amount[static_cast<Eigen::Index>(i)] = exact.count[i];
  const Eigen::MatrixXd now = contrast_variances(problem, problem.known), then = contrast_variances(problem, total_information(problem, amount));
  Table quantities({{"quantity", "", ""}, {"unit", "", ""}, {"scale", "", ""}, {"estimate", "", "natural units"}, {"sd_before", "", "on the scale, root mean variance over draws"}, {"sd_after", "", "predicted"}, {"lower_before", "", "95 %, natural units"}, {"upper_before", "", ""}, {"lower_after", "", "predicted, about the same estimate"}, {"upper_after", "", ""}, {"width_ratio", "1", ""}});
  for (std::size_t q = 0; q < labels.size(); ++q) {
    const QuantityLabel& label = labels[q];
    const auto k = static_cast<Eigen::Index>(q);
    const double before = std::sqrt(now.col(k).mean()), after = std::sqrt(then.col(k).mean());
    quantities.add_row({label.name, label.unit, std::string(label.log10 ? "log10" : "linear"), natural(label, label.value), cell_of(before), cell_of(after), natural(label, label.value - normal_975 * before), natural(label, label.value + normal_975 * before),
                        natural(label, label.value - normal_975 * after), natural(label, label.value + normal_975 * after), cell_of(after / before)});
    if (labels.size() > 6) continue;
    run.add_answer(std::isfinite(before) ? fmt::format("{}: {} now; with the design an interval {:.1f} % as wide is predicted, {}.", label.name, in_words(label, before), 100 * after / before, in_words(label, after))
                                         : fmt::format("{}: not determined now; with the design {} is predicted.", label.name, in_words(label, after)));
  }
  run.add_table("quantities", quantities, "Intervals now and as predicted with the exact design. The estimate itself will move.");
  return exact;
}

void write_checks(RunDirectory& run, const std::vector<ErrorCheck>& checks) {
  if (checks.empty()) return;
  Table table({{"quantity", "", ""}, {"experiment", "", ""}, {"how", "", ""}, {"predicted_sd", "", ""}, {"realised_sd", "", "of the refits"}, {"lower", "", "95 % of the realised"}, {"upper", "", ""}, {"ratio", "1", "realised over predicted"}, {"used", "", "refits"}, {"failed", "", ""}, {"coverage", "1", "of the refits' own 95 % intervals; empty: not counted"}, {"coverage_lower", "1", ""}, {"coverage_upper", "1", ""}});
  Table bars({{"panel", "", ""}, {"name", "", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}, {"truth", "", ""}});
  int good = 0;
  for (const ErrorCheck& check : checks) {
    const boost::math::chi_squared_distribution<double> spread(std::max(1, check.used - 1));
    const double lower = check.realised * std::sqrt((check.used - 1) / boost::math::quantile(spread, 0.975)), upper = check.realised * std::sqrt((check.used - 1) / boost::math::quantile(spread, 0.025));
    Cell coverage, low, high;
    if (const int intervals = check.intervals >= 0 ? check.intervals : check.used; check.covered >= 0 && intervals > 0) {
      const control::Share share = control::share_of(check.covered, intervals);
      coverage = share.value, low = share.lower, high = share.upper;
    }
    table.add_row({check.quantity, check.experiment, check.how, check.predicted, check.realised, lower, upper, check.realised / check.predicted, std::int64_t{check.used}, std::int64_t{check.failed}, coverage, low, high});
    bars.add_row({std::string("standard error"), fmt::format("{}, {}, {}", check.quantity, check.experiment, check.how), check.realised, lower, upper, check.predicted});
    good += lower <= check.predicted && check.predicted <= upper;
  }
  run.add_table("verification", table, "Predicted standard errors against those of refits of simulated data.");
  report::add_figure(run, {"verification", "Realised standard errors of refits with 95 % intervals; cross: predicted.", "intervals", {{"rows", bars}}, {{"truth_label", "predicted"}}, "answer"});
  const ErrorCheck& last = checks.back();
  run.add_answer(fmt::format("Checked by simulation: {} of {} predicted standard errors lie within the 95 % interval of the realised ones; with the design, {}: predicted {:.4g}, realised {:.4g}.", good, checks.size(), last.quantity, last.predicted, last.realised));
  std::fprintf(stdout, "\n%s\n", to_terminal(table, "tables/verification.tsv").c_str());
}

}  // namespace hyped
