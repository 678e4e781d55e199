// Tables and words about the stability of a leaderboard.
#include "experiments/benchmark/leaderboard/leaderboard_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "experiments/benchmark/first_names.hpp"
#include "experiments/cells/cell_columns.hpp"
#include "libhyped/errors.hpp"

namespace hyped {
namespace {

Aggregation rule_of(const ScoreCube& cube, const std::string& asked) {
  if (asked == "mean") return Aggregation::mean;
  if (asked == "min-max") return Aggregation::min_max;
  if (asked == "rank") return Aggregation::mean_rank;
  // scores of different units have no mean
  const bool published = std::any_of(cube.metrics.begin(), cube.metrics.end(), [](const CubeMetric& m) { return m.relative; });
  return published ? Aggregation::mean : Aggregation::mean_rank;
}

std::vector<double> metric_means(const CubeMetric& metric) {
  ProfileMatrix oriented = (metric.better == Better::higher ? 1.0 : -1.0) * metric.values;
  return method_means(oriented);
}

std::vector<std::string> names_of(const ScoreCube& cube, const std::vector<std::size_t>& which) {
  std::vector<std::string> out;
  for (const auto m : which) out.push_back(cube.methods[m]);
  return out;
}

void add_rank_tables(RunDirectory& run, const ScoreCube& cube, const Leaderboard& board) {
  std::vector<Column> columns = {{"method", "", ""}, {"score", "1", "mean over perturbations of: " + std::string(to_string(board.rule))}, {"first", "1", "chance of rank 1, perturbations drawn again"}, {"mean_rank", "1", ""}, {"best", "", "rank, 95 % of draws"}, {"worst", "", ""}};
  for (const auto& w : board.wins) columns.push_back({fmt::format("first_of_{}", w.perturbations), "1", fmt::format("chance of rank 1 with {} perturbations, {}", w.perturbations, w.exact ? "all subsets" : "drawn")});
  columns.push_back({"beats", "methods", "in more than half of the perturbations"});
  Table table(columns);
  for (const auto m : board.order) {
    std::vector<Cell> row = {cube.methods[m], board.mean[m], board.ranks[m].first, board.ranks[m].mean, std::int64_t{board.ranks[m].best}, std::int64_t{board.ranks[m].worst}};
    for (const auto& w : board.wins) row.push_back(w.first[m]);
    std::int64_t beaten = 0;
    for (Eigen::Index o = 0; o < board.over_perturbations.share.cols(); ++o) beaten += o != static_cast<Eigen::Index>(m) && board.over_perturbations.share(static_cast<Eigen::Index>(m), o) > 0.5;
    row.push_back(beaten);
    table.add_row(std::move(row));
  }
  run.add_table("ranks", table, fmt::format("Order of methods and how sure it is; {} perturbations.", board.perturbations));
  Table sizes{{{"perturbations", "", ""}, {"winners", "methods", "that win in some sample"}, {"samples", "", ""}, {"how", "", ""}}};
  for (const auto& w : board.wins) sizes.add_row({static_cast<std::int64_t>(w.perturbations), static_cast<std::int64_t>(w.winners), w.samples, std::string(w.exact ? "every subset once" : "draws without replacement")});
  run.add_table("sizes", sizes, "Leaderboards with fewer perturbations.");
}

void add_metric_tables(RunDirectory& run, const ScoreCube& cube, const Leaderboard& board) {
  Table agreement{{{"one", "", ""}, {"other", "", ""}, {"tau", "1", "Kendall's of the methods' means over perturbations"}, {"tau_rows", "1", "the same over rows as published"}}};
  for (const auto& a : board.agreement) agreement.add_row({a.one, a.other, cell_of(a.tau), cell_of(a.tau_rows)});
  run.add_table("agreement", agreement, "Do two metrics rank the methods alike.");
  Table without{{{"left_out", "", "metric"}, {"winner", "", ""}, {"first", "1", "its chance of rank 1"}, {"tau", "1", "Kendall's with the order of all metrics"}}};
  for (std::size_t k = 0; k < board.without_metric.size(); ++k) {
    const auto& one = board.without_metric[k];
    without.add_row({one.metric, cube.methods[one.winner], board.ranks_without[k][one.winner].first, cell_of(one.tau)});
  }
  run.add_table("without_metric", without, "The leaderboard with one metric left out.");
  Table flips{{{"one", "", ""}, {"other", "", ""}, {"without", "", "the method taken away"}, {"before", "1", "score of one - score of other"}, {"after", "1", ""}, {"scaling", "", "published, or min-max by us"}}};
  for (const auto& [list, how] : {std::pair{&board.flips, "published"}, std::pair{&board.flips_min_max, "min-max"}})
    for (const auto& f : *list) flips.add_row({cube.methods[f.one], cube.methods[f.other], cube.methods[f.without], f.before, f.after, std::string(how)});
  run.add_table("order_flips", flips, "Two methods whose order turns when a third one is taken away: scores scaled across methods depend on who takes part.");
  Table majorities{{{"voters", "", ""}, {"method", "", ""}, {"against", "", ""}, {"share", "1", "of voters that prefer it"}}};
  for (const auto& [m, voters] : {std::pair{&board.over_perturbations, "perturbations"}, std::pair{&board.over_metrics, "metrics"}})
    for (std::size_t a = 0; a < cube.methods.size(); ++a)
      for (std::size_t b = 0; b < cube.methods.size(); ++b)
        if (a != b) majorities.add_row({std::string(voters), cube.methods[a], cube.methods[b], m->share(static_cast<Eigen::Index>(a), static_cast<Eigen::Index>(b))});
  run.add_table("majorities", majorities, "Every pair of methods: who is better more often.");
}

void add_answers(RunDirectory& run, const ScoreCube& cube, const Leaderboard& board) {
  const auto percent = [](double x) { return fmt::format("{:.1f} %", 100 * x); };
  const auto leading = [&](const auto& chance, std::size_t most) {
    std::vector<std::size_t> by(cube.methods.size());
    std::iota(by.begin(), by.end(), 0);
    std::stable_sort(by.begin(), by.end(), [&](std::size_t a, std::size_t b) { return chance(a) > chance(b); });
    std::vector<std::string> words;
    for (std::size_t i = 0; i < std::min(most, by.size()); ++i)
      if (chance(by[i]) >= 0.0005) words.push_back(fmt::format("{} {}", cube.methods[by[i]], percent(chance(by[i]))));
    return fmt::format("{}", fmt::join(words, ", "));
  };
  run.add_answer(fmt::format("With other perturbations like these {} the winner would be: {}.", board.perturbations, leading([&](std::size_t m) { return board.ranks[m].first; }, 4)));
  for (const auto& w : board.wins) run.add_answer(fmt::format("With {} perturbations {} of {} methods can win: {}.", w.perturbations, w.winners, cube.methods.size(), leading([&](std::size_t m) { return w.first[m]; }, 3)));
  std::vector<std::string> others;
  for (const auto& one : board.without_metric)
    if (one.winner != board.order.front()) others.push_back(fmt::format("{} without {}", cube.methods[one.winner], one.metric));
  run.add_answer(others.empty() ? std::string("Leaving out any one metric keeps the winner.") : fmt::format("Leaving out one metric changes the winner: {}.", fmt::join(others, ", ")));
  run.add_answer(fmt::format("Taking one method away turns the order of two others in {} cases as published, in {} cases if every metric is min-max scaled.", board.flips.size(), board.flips_min_max.size()));
  for (const auto& [m, voters] : {std::pair{&board.over_perturbations, "perturbations"}, std::pair{&board.over_metrics, "metrics"}})
    run.add_answer(m->winner.empty() ? fmt::format("With {} as voters no method beats all others; the smallest set that beats all outside it is {} ({} cycles of three).", voters, fmt::join(names_of(cube, m->top_cycle), ", "), m->cycles.size())
                                     : fmt::format("With {} as voters {} beats every other method ({} cycles of three among the rest).", voters, cube.methods[m->winner[0]], m->cycles.size()));
  double least = 2;
  const MetricAgreement* worst = nullptr;
  for (const auto& a : board.agreement)
    if (a.tau < least) least = a.tau, worst = &a;
  if (worst) run.add_answer(fmt::format("The two metrics that agree least are {} and {}: Kendall's tau {:.2f}.", worst->one, worst->other, worst->tau));
}

// Two methods with the same numbers up to rounding wherever both have one, in words; "" if there are none.
std::string same_scores(const ScoreCube& cube) {
  std::string out;
  for (Eigen::Index a = 0; a < static_cast<Eigen::Index>(cube.methods.size()); ++a)
    for (Eigen::Index b = a + 1; b < static_cast<Eigen::Index>(cube.methods.size()); ++b) {
      bool same = true, any = false;
      for (const auto& metric : cube.metrics)
        for (Eigen::Index u = 0; same && u < metric.values.rows(); ++u) {
          const double x = metric.values(u, a), y = metric.values(u, b);
          if (!std::isnan(x) && !std::isnan(y)) any = true, same = std::abs(x - y) <= 1e-5 * (std::abs(x) + std::abs(y));
        }
      if (same && any) out += fmt::format("{}{} and {}", out.empty() ? "" : "; ", cube.methods[static_cast<std::size_t>(a)], cube.methods[static_cast<std::size_t>(b)]);
    }
  return out;
}

// What a method leaves out costs it nothing in a mean over what all have: said.
void warn_of_omissions(RunDirectory& run, const ScoreCube& cube) {
  std::vector<std::string> without, uneven;
  for (std::size_t u = 0; u < cube.units.size(); ++u) {
    std::vector<int> metrics(cube.methods.size(), 0);
    for (std::size_t m = 0; m < cube.methods.size(); ++m)
      for (const auto& metric : cube.metrics) metrics[m] += std::isnan(metric.values(static_cast<Eigen::Index>(u), static_cast<Eigen::Index>(m))) ? 0 : 1;
    std::vector<std::string> absent;
    for (std::size_t m = 0; m < cube.methods.size(); ++m)
      if (metrics[m] == 0) absent.push_back(cube.methods[m]);
    if (!absent.empty() && absent.size() < cube.methods.size()) without.push_back(fmt::format("{} (not of {})", cube.units[u], first_of(absent, 3)));
    else if (absent.empty() && *std::min_element(metrics.begin(), metrics.end()) < *std::max_element(metrics.begin(), metrics.end())) uneven.push_back(cube.units[u]);
  }
  if (!without.empty()) run.add_warning(fmt::format("{} of {} perturbations have no score of every method and are left out for all: {}. A method may gain by what it did not predict.", without.size(), cube.units.size(), first_of(without, 3)));
  if (!uneven.empty()) run.add_warning(fmt::format("In {} of {} perturbations some methods lack some metrics ({}): their means there are over other metrics than those of the rest.", uneven.size(), cube.units.size(), first_of(uneven, 3)));
}

}  // namespace

Leaderboard leaderboard_of(const ScoreTables& scores, const LeaderboardSettings& settings) {
  const ScoreCube& cube = scores.perturbations;
  Leaderboard out;
  out.rule = rule_of(cube, settings.rule);
  const ProfileMatrix aggregate = aggregated(cube, out.rule);
  out.mean = method_means(aggregate, &out.perturbations);
  if (out.perturbations == 0) throw InputError("scores", "no perturbation has a score of every method", "leave out the method that lacks them");
  out.order.resize(cube.methods.size());
  std::iota(out.order.begin(), out.order.end(), 0);
  std::stable_sort(out.order.begin(), out.order.end(), [&](std::size_t a, std::size_t b) { return out.mean[a] > out.mean[b]; });
  out.ranks = ranks_over_units(aggregate, cube.methods, settings.draws, settings.seed);
  for (const int size : settings.sizes)
    if (size > 0 && static_cast<std::size_t>(size) < out.perturbations) out.wins.push_back(wins_of_subsets(aggregate, static_cast<std::size_t>(size), settings.seed, 2e7, settings.draws));
  std::vector<std::vector<double>> means, row_means;
  for (const auto& m : cube.metrics) means.push_back(metric_means(m));
  for (const auto& m : scores.rows.metrics) row_means.push_back(metric_means(m));
  for (std::size_t a = 0; a < means.size(); ++a)
    for (std::size_t b = a + 1; b < means.size(); ++b) out.agreement.push_back({cube.metrics[a].id, cube.metrics[b].id, kendall_tau(means[a], means[b]), kendall_tau(row_means[a], row_means[b])});
  out.without_metric = leave_metrics_out(cube, out.rule);
  for (std::size_t k = 0; k < out.without_metric.size(); ++k) out.ranks_without.push_back(ranks_over_units(aggregated(without_metric(cube, k), out.rule), cube.methods, settings.draws / 4, settings.seed));
  out.flips = order_flips(cube, out.rule);
  out.flips_min_max = order_flips(cube, Aggregation::min_max);
  out.over_perturbations = majorities_of(aggregate);
  ProfileMatrix voters(static_cast<Eigen::Index>(means.size()), static_cast<Eigen::Index>(cube.methods.size()));
  for (std::size_t k = 0; k < means.size(); ++k)
    for (std::size_t m = 0; m < cube.methods.size(); ++m) voters(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(m)) = means[k][m];
  out.over_metrics = majorities_of(voters);
  return out;
}

void run_leaderboard(RunDirectory& run, const LeaderboardSettings& settings) {
  run.set_title("Leaderboard of " + settings.inputs.front().filename().string(), "Would the same method win with other perturbations, another metric or other competitors?");
  for (const auto& input : settings.inputs) run.add_input(input);
  const ScoreTables scores = read_scores(settings);
  for (const auto& words : scores.words) {
    fmt::print("{}", to_terminal_paragraph("taken     ", words));
    run.add_note(words);
  }
  if (const std::string same = same_scores(scores.perturbations); !same.empty()) run.add_warning("The same numbers up to rounding: " + same + ". Which of them wins says nothing: give one.");
  warn_of_omissions(run, scores.perturbations);
  const Leaderboard board = leaderboard_of(scores, settings);
  say(run, "score", fmt::format("{}, over {} perturbations where all {} methods have it", to_string(board.rule), board.perturbations, scores.perturbations.methods.size()));
  add_rank_tables(run, scores.perturbations, board);
  add_metric_tables(run, scores.perturbations, board);
  add_leaderboard_figures(run, scores, board, settings);
  add_answers(run, scores.perturbations, board);
  run.add_note("Perturbations are drawn again as if they were independent; those of one data set are more alike than that, so true uncertainty is larger.");
  for (const auto& answer : run.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
}

}  // namespace hyped
