// The ranking and its variants, as tables, figures and sentences.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "experiments/planning/dgc/dgc_run.hpp"
#include "experiments/report/figure.hpp"
#include "libhyped/expression/differential/false_discovery.hpp"

namespace hyped {
namespace {

std::vector<std::size_t> best_first(const std::vector<double>& places) {
  std::vector<std::size_t> order(places.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return places[a] < places[b]; });
  return order;
}

// The best of the plain ranking and those that are followed.
std::vector<std::size_t> spoken_of(const DgcRanking& ranking, const control::FactorInputs& inputs, const DgcSettings& settings, std::size_t best) {
  auto order = best_first(ranking.places);
  order.resize(std::min(best, order.size()));
  for (const auto& name : settings.follow)
    if (const int m = inputs.index_of(name); m >= 0 && std::find(order.begin(), order.end(), static_cast<std::size_t>(m)) == order.end()) order.push_back(static_cast<std::size_t>(m));
  return order;
}

// "102", "102 (61 to 190)".
std::string place_words(const DgcRanking& ranking, std::size_t m) {
  const std::string place = fmt::format("{:g}", ranking.places[m]);
  return ranking.intervals ? fmt::format("{} ({:g} to {:g})", place, ranking.intervals->places[m].lower, ranking.intervals->places[m].upper) : place;
}

Cell known(bool is, double value) { return is ? cell_of(value) : Cell(); }

void report_sets(RunDirectory& run, const DgcRanking& ranking, const DgcCase& first, const control::FactorInputs& inputs) {
  Table table({{"factors", "", ""}, {"size", "1", ""}, {"start_h", "h", "when the inputs begin"}, {"inputs", "log2 a step", "in the order of the factors"}, {"score", "log2", "mu = d0 - d*"}, {"lower", "log2", "95 %"}, {"upper", "log2", ""}, {"p", "1", "targets on other genes; not corrected for the search over sets"}});
  for (std::size_t s = 0; s < ranking.listed.size(); ++s) {
    const auto& set = ranking.listed[s];
    std::vector<std::string> names, amounts;
    for (const int f : set.factors) names.push_back(inputs.names[static_cast<std::size_t>(f)]);
    for (const double u : set.inputs) amounts.push_back(fmt::format("{:.3g}", u));
    const bool sure = ranking.scored();
    table.add_row({fmt::format("{}", fmt::join(names, " + ")), static_cast<std::int64_t>(set.factors.size()), first.step_times_h[static_cast<std::size_t>(set.start - 1)], fmt::format("{}", fmt::join(amounts, " ")), set.score, known(sure, sure ? ranking.intervals->sets[s].lower : 0), known(sure, sure ? ranking.intervals->sets[s].upper : 0), known(ranking.null.has_value(), ranking.null ? ranking.null->sets[s] : 0)});
  }
  run.add_table("sets", table, fmt::format("The best pairs of all {} factors and the best triples of the {} best alone; {} sets and start steps were tried.", inputs.names.size(), ranking.sets.pool, ranking.sets.tried));
  if (!ranking.sets.triples.empty()) {
    std::vector<std::string> names;
    for (const int f : ranking.sets.triples[0].factors) names.push_back(inputs.names[static_cast<std::size_t>(f)]);
    run.add_answer(fmt::format("Best set of three: {} (mu {:.3f}, {:.2g} % of d0).", fmt::join(names, ", "), ranking.sets.triples[0].score, 100 * ranking.sets.triples[0].score / ranking.distance));
    run.add_result("best_triple_score", ranking.sets.triples[0].score, "log2");
  }
}

void draw_ranking(RunDirectory& run, const DgcRanking& ranking, const control::FactorInputs& inputs, const DgcSettings& settings) {
  Table rows({{"panel", "", ""}, {"name", "", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}, {"scale", "", ""}});
  const std::string score = "score d0 - d* [log2 units]", place = fmt::format("place among {} factors", inputs.names.size());
  const auto shown = spoken_of(ranking, inputs, settings, 20);
  for (const auto m : shown) {
    const bool sure = ranking.scored();
    const double mu = ranking.scores[m].score;
    rows.add_row({score, inputs.names[m], mu, sure ? ranking.intervals->factors[m].lower : mu, sure ? ranking.intervals->factors[m].upper : mu, std::string("linear")});
  }
  for (const auto m : shown) {
    const bool sure = ranking.intervals.has_value();
    rows.add_row({place, inputs.names[m], ranking.places[m], sure ? ranking.intervals->places[m].lower : ranking.places[m], sure ? ranking.intervals->places[m].upper : ranking.places[m], std::string("log10")});
  }
  report::add_figure(run, {"ranking", fmt::format("The best 20 factors alone and those followed ({}); d0 = {:.4g}. {}", fmt::join(settings.follow, ", "), ranking.distance, ranking.intervals ? "Intervals from replicates, each of its own; mu holds the noise of d0, its interval is for profiles without noise." : "No intervals: " + ranking.why_not + "."), "intervals", {{"rows", rows}}, {{"interval_label", ranking.intervals ? "blue: estimate and 95 % from replicates" : "estimates, without intervals"}}, "answer"});
}

}  // namespace

void report_ranking(RunDirectory& run, const std::vector<DgcRanking>& rankings, const DgcCase& first, const control::FactorInputs& inputs, const std::vector<DgcFold>& folds, const DgcSettings& settings) {
  const DgcRanking& plain = rankings[0];
  const auto order = best_first(plain.places);
  const double limit = std::log2(settings.fold);
  std::vector<double> filtered(order.size(), 0);
  int passing = 0, unknown = 0;
  for (const auto m : order) {
    unknown += folds[m].known ? 0 : 1;
    if (folds[m].known && folds[m].log2 >= limit) filtered[m] = ++passing;
  }
  std::vector<TailProbability> tests;
  if (plain.null)
    for (const double p : plain.null->factors) tests.push_back({p, std::log(p)});
  const auto q = benjamini_hochberg(tests);
  Table table({{"factor", "", ""}, {"place", "1", "by gain; equal ones share the mean of their places"}, {"place_lower", "1", "95 %"}, {"place_upper", "1", ""}, {"score", "log2", "mu = d0 - d*"}, {"score_lower", "log2", "95 %, for profiles without noise"}, {"score_upper", "log2", ""},
               {"gain", "log2", "distance gone along its effect; below 0 it leads away"}, {"input", "log2 a step", "best non-negative"}, {"start_h", "h", "when it begins"}, {"p", "1", "targets on other genes of alike expression"}, {"q", "1", "Benjamini-Hochberg"}, {"p_family", "1", "against the largest of all factors"},
               {"activated", "1", "targets"}, {"repressed", "1", ""}, {"own_log2_fold", "log2", "target over start, (CPM + 1); empty: not measured"}, {"place_filtered", "1", "among those whose own fold passes; empty: does not"}});
  Table shown({{"factor", "", ""}, {"place", "", ""}, {"95 %", "", ""}, {"mu", "log2", ""}, {"95 % ", "", ""}, {"from", "h", ""}, {"p", "", ""}, {"own fold", "log2", ""}});
  const auto speak = spoken_of(plain, inputs, settings, 12);
  const bool sure = plain.intervals.has_value(), scored = plain.scored(), tested = plain.null.has_value();
  for (const auto m : order) {
    const auto& one = plain.scores[m];
    const double begin = first.step_times_h[static_cast<std::size_t>(one.start - 1)];
    const auto* interval = sure ? &plain.intervals->factors[m] : nullptr;
    const auto* place = sure ? &plain.intervals->places[m] : nullptr;
    table.add_row({inputs.names[m], plain.places[m], known(sure, sure ? place->lower : 0), known(sure, sure ? place->upper : 0), one.score, known(scored, scored ? interval->lower : 0), known(scored, scored ? interval->upper : 0), one.gain, one.input, begin,
                   known(tested, tested ? plain.null->factors[m] : 0), known(tested, tested ? q[m].p : 0), known(tested, tested ? plain.null->family[m] : 0), std::int64_t{inputs.activated[m]}, std::int64_t{inputs.repressed[m]}, known(folds[m].known, folds[m].log2), known(filtered[m] > 0, filtered[m])});
    if (std::find(speak.begin(), speak.end(), m) != speak.end())
      shown.add_row({inputs.names[m], plain.places[m], sure ? fmt::format("{:g}-{:g}", place->lower, place->upper) : std::string(), one.score, scored ? fmt::format("{:.3f}-{:.3f}", interval->lower, interval->upper) : std::string(), begin, known(tested, tested ? plain.null->factors[m] : 0), known(folds[m].known, folds[m].log2)});
  }
  fmt::print("\n{}\n", to_terminal(shown, "tables/ranking.tsv"));
  run.add_table("ranking", table, fmt::format("All factors alone, order of labels, nothing taken out; d0 = {:.6g}.", plain.distance));
  run.add_result("distance", plain.distance, "log2");
  if (sure) {
    if (scored) run.add_result("distance_without_noise", plain.intervals->distance, "log2");
    for (const auto& text : plain.intervals->notes) run.add_note(text);
  } else run.add_warning("Scores and places have no intervals: " + plain.why_not + ".");
  std::vector<std::string> top;
  for (std::size_t k = 0; k < std::min<std::size_t>(5, order.size()); ++k) top.push_back(fmt::format("{} {:.3f}", inputs.names[order[k]], plain.scores[order[k]].score));
  run.add_answer(fmt::format("d0 = {:.3f}; the best factors alone, with mu = d0 - d*: {}. The best takes {:.2g} % of d0.", plain.distance, fmt::join(top, ", "), 100 * plain.scores[order[0]].score / plain.distance));
  for (const auto& name : settings.follow) {
    const int m = inputs.index_of(name);
    if (m < 0) {
      run.add_warning(fmt::format("{} is no factor: the list has fewer than {} signed targets of it among the genes used.", name, settings.least_targets));
      continue;
    }
    const auto at = static_cast<std::size_t>(m);
    run.add_answer(fmt::format("{}: place {} of {}, mu {:.4f}{}{}.", name, place_words(plain, at), inputs.names.size(), plain.scores[at].score, scored ? fmt::format(" ({:.4f} to {:.4f})", plain.intervals->factors[at].lower, plain.intervals->factors[at].upper) : "", tested ? fmt::format(", p {:.3f}", plain.null->factors[at]) : ""));
    if (plain.scores[at].gain == 0) run.add_answer(fmt::format("{} leads neither to the target nor away from it: its gain is 0.", name));
    else if (plain.scores[at].score == 0) {
      const auto alike = std::count_if(plain.scores.begin(), plain.scores.end(), [](const auto& one) { return one.score == 0; });
      run.add_answer(fmt::format("{} leads away from the target: its mu is 0, as that of {} factors. By mu any place among them would be as true; the place given is by the signed gain.", name, alike));
    }
    run.add_result("place_" + name, plain.places[at], "1");
    run.add_result("score_" + name, plain.scores[at].score, "log2");
  }
  if (tested) run.add_answer(fmt::format("{} of {} factors do better than the same number of targets on other genes (q < 0.05).", std::count_if(q.begin(), q.end(), [](const auto& one) { return one.p < 0.05; }), q.size()));
  std::vector<std::string> passers;
  for (const auto m : order)
    if (filtered[m] > 0 && passers.size() < 5) passers.push_back(inputs.names[m]);
  run.add_setting("filter", fmt::format("own expression {:g}-fold higher in the target, (CPM + 1)", settings.fold));
  run.add_answer(passing == 0 ? fmt::format("No factor is {:g}-fold higher in the target than in the start ({} are not measured): with Ronquist's filter nothing is left; the ranking above is without it.", settings.fold, unknown)
                              : fmt::format("With Ronquist's filter ({:g}-fold higher in the target) {} of {} factors are left: {} ({} are not measured).", settings.fold, passing, order.size(), fmt::join(passers, ", "), unknown));
  run.add_result("factors_passing_filter", passing, "1");
  report_sets(run, plain, first, inputs);
  draw_ranking(run, plain, inputs, settings);
}

void report_variants(RunDirectory& run, const std::vector<DgcRanking>& rankings, const control::FactorInputs& inputs, const DgcSettings& settings) {
  Table table({{"order", "", "of time"}, {"removed", "", "nuisance programmes"}, {"factor", "", ""}, {"place", "1", ""}, {"place_lower", "1", "95 %"}, {"place_upper", "1", ""}, {"score", "log2", ""}, {"score_lower", "log2", ""}, {"score_upper", "log2", ""}, {"distance", "log2", "d0"}});
  Table points({{"arm", "", "factor"}, {"panel", "", "order"}, {"variant", "", ""}, {"place", "1", ""}});
  // the best of every variant that has intervals, and those followed
  std::vector<std::size_t> drawn;
  for (const auto& name : settings.follow)
    if (const int m = inputs.index_of(name); m >= 0) drawn.push_back(static_cast<std::size_t>(m));
  for (const auto& ranking : rankings)
    for (const auto m : best_first(ranking.places)) {
      if (ranking.removed != "nothing" && ranking.removed != "genes and loadings of all") break;
      if (ranking.places[m] > 3) break;
      if (drawn.size() < 9 && std::find(drawn.begin(), drawn.end(), m) == drawn.end()) drawn.push_back(m);
    }
  for (const auto& ranking : rankings) {
    const bool sure = ranking.intervals.has_value(), scored = ranking.scored();
    for (const auto m : best_first(ranking.places))
      table.add_row({ranking.order, ranking.removed, inputs.names[m], ranking.places[m], known(sure, sure ? ranking.intervals->places[m].lower : 0), known(sure, sure ? ranking.intervals->places[m].upper : 0), ranking.scores[m].score, known(scored, scored ? ranking.intervals->factors[m].lower : 0), known(scored, scored ? ranking.intervals->factors[m].upper : 0), ranking.distance});
  }
  for (const auto m : drawn)      // one factor after the other: its points are joined
    for (const auto& ranking : rankings) points.add_row({inputs.names[m], "order of " + ranking.order, ranking.removed, ranking.places[m]});
  run.add_table("variants", table, "Every factor in both orders of time, with nuisance programmes left in or taken out of states and inputs.");
  for (const auto& name : settings.follow) {
    const int m = inputs.index_of(name);
    if (m < 0) continue;
    std::vector<std::string> words;
    std::set<double> places;
    for (const auto& ranking : rankings)
      if (ranking.removed == "nothing" || ranking.removed.find("all") != std::string::npos) words.push_back(fmt::format("{} in the order of {}, {} taken out", place_words(ranking, static_cast<std::size_t>(m)), ranking.order, ranking.removed)), places.insert(ranking.places[static_cast<std::size_t>(m)]);
    if (words.size() < 2) continue;
    const bool orders = rankings.front().order != rankings.back().order;
    run.add_answer(places.size() == 1 ? fmt::format("{} keeps its place, {:g}, whatever is taken out{}.", name, *places.begin(), orders ? ", in both orders of time" : "")
                                      : fmt::format("{} moves with what is taken out{}: place {}.", name, orders ? " or with the order of time" : "", fmt::join(words, "; ")));
  }
  report::add_figure(run, {"variants", "Place of factors when nuisance programmes are taken out, in both orders of time.", "factor_places", {{"points", points}}, {{"y_label", fmt::format("place among {} factors", inputs.names.size())}}, "answer"});
}

}  // namespace hyped
