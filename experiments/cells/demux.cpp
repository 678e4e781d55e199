// Demultiplexing of every library, in tables, figures and words.
#include "experiments/cells/demux.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "experiments/cells/demux_figures.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/score/reliability.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

std::set<int> tags_of(const std::string& name, const std::vector<std::string>& tags) {
  std::set<int> out;
  if (name == "negative") return out;
  for (std::size_t from = 0; from <= name.size();) {
    const std::size_t plus = std::min(name.find('+', from), name.size());
    const std::string tag = name.substr(from, plus - from);
    const auto found = std::find(tags.begin(), tags.end(), tag);
    if (found == tags.end()) throw InputError("true_class '" + name + "'", fmt::format("'{}' is no hashtag of this library", tag), "hashtags are " + fmt::format("{}", fmt::join(tags, ", ")));
    out.insert(static_cast<int>(found - tags.begin()));
    from = plus + 1;
  }
  return out;
}

Table call_table(const HashtagLibrary& library, const Demultiplexed& fit, const std::vector<HashtagCall>& calls, const std::vector<ArgmaxCall>& votes) {
  std::vector<Column> columns{{"barcode", "", ""}, {"call", "", "a sample, doublet, negative or unassigned"}, {"certainty", "1", "greatest posterior"}, {"best_class", "", "class of greatest posterior"}, {"single", "1", "greatest posterior of one hashtag alone"}, {"doublet", "1", "posterior of two samples"}, {"negative", "1", "posterior of no hashtag"}, {"most_votes", "", "the rule's label; empty without reads"}, {"rate", "1", "share of votes of its winner"}, {"tie", "", "the winner shares its votes"}};
  for (const auto& tag : library.counts.tags) columns.push_back({"reads_" + tag, "reads", ""});
  for (int c = 0; c < fit.mixture.class_count(); ++c) columns.push_back({"p_" + fit.mixture.class_name(c), "1", "posterior"});
  Table table(columns);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const ArgmaxCall& vote = votes[i];
    std::vector<Cell> row{library.barcodes[i], calls[i].label, calls[i].certainty, fit.mixture.class_name(calls[i].best), calls[i].single, calls[i].doublet, calls[i].negative,
                          vote.tag < 0 ? Cell() : Cell(library.counts.tags[static_cast<std::size_t>(vote.tag)]), vote.rate, std::string(vote.tie ? "yes" : "")};
    for (int k = 0; k < library.counts.tag_count(); ++k) row.push_back(std::int64_t{library.counts.at(static_cast<int>(i), k)});
    for (int c = 0; c < fit.mixture.class_count(); ++c) row.push_back(fit.posterior(static_cast<Eigen::Index>(i), c));
    table.add_row(row);
  }
  return table;
}

// How many cells each label of the rule has among the calls.
void add_agreement(RunDirectory& run, const HashtagLibrary& library, const std::vector<HashtagCall>& calls, const std::vector<ArgmaxCall>& votes, const std::string& suffix) {
  std::vector<std::string> rows = library.counts.tags, columns = library.counts.tags;
  rows.push_back("no reads");
  for (const char* more : {"doublet", "negative", "unassigned"}) columns.emplace_back(more);
  std::vector<std::vector<std::int64_t>> cells(rows.size(), std::vector<std::int64_t>(columns.size(), 0));
  long same = 0;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const std::size_t r = votes[i].tag < 0 ? rows.size() - 1 : static_cast<std::size_t>(votes[i].tag);
    const auto c = static_cast<std::size_t>(std::find(columns.begin(), columns.end(), calls[i].label) - columns.begin());
    ++cells[r][c];
    same += r == c ? 1 : 0;
  }
  std::vector<Column> header{{"most_votes", "", "label of the rule"}};
  for (const auto& c : columns) header.push_back({c, "cells", "called so"});
  Table table(header);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::vector<Cell> row{rows[r]};
    for (const auto n : cells[r]) row.emplace_back(n);
    table.add_row(row);
  }
  run.add_table("calls_by_votes" + suffix, table, fmt::format("Library {}: calls against the rule of most votes. {} cells keep their label.", library.name, same));
}

void compare(RunDirectory& run, const HashtagLibrary& library, const Demultiplexed& fit, const std::string& truth, const std::string& suffix) {
  const DemuxTruth seen = against_truth(fit, library.counts, read_true_classes(truth, library.barcodes));
  const std::vector<double> edges{0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1};
  Table bins({{"arm", "", "library"}, {"from", "1", ""}, {"until", "1", ""}, {"cells", "cells", ""}, {"predicted", "1", "mean posterior of the called class"}, {"observed", "1", "share of calls that are right"}, {"lower", "1", "exact 95 %"}, {"upper", "1", ""}, {"p_value", "1", "of so many right calls if posteriors are right"}});
  double least = 1;
  int count = 0;
  for (const ReliabilityBin& bin : reliability(seen.certainty, seen.class_right, edges)) {
    bins.add_row({library.name, bin.from, bin.until, std::int64_t{bin.count}, bin.predicted, bin.observed, bin.lower, bin.upper, bin.p_value});
    least = std::min(least, bin.p_value);
    ++count;
  }
  run.add_table("reliability" + suffix, bins, fmt::format("Library {}: are calls right as often as their posterior says?", library.name));
  add_reliability_figure(run, bins, "reliability" + suffix);
  const CalibrationSummary all = calibration(seen.certainty, seen.class_right, edges);
  run.add_result("calibration_error" + suffix, all.expected_error, "1");
  run.add_result("log_loss" + suffix, all.log_loss, "nats per cell");
  const double worst = std::min(1.0, least * count);
  run.add_answer(fmt::format("Library {}: posteriors are {}: {:+.1f} more calls are right than predicted, of {} (standard deviation {:.1f} if posteriors are right); the worst of {} bins has p = {:.2g} (Bonferroni).", library.name,
                             worst > 0.01 && std::abs(all.excess) < 3 * all.excess_error ? "calibrated" : "NOT calibrated", all.excess, seen.certainty.size(), all.excess_error, count, worst));
  // cells that the rule calls, ranked by each method's certainty
  std::vector<double> single, rate, yields{0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99, 1};
  std::vector<char> single_right, vote_right;
  for (std::size_t i = 0; i < seen.single.size(); ++i) {
    if (seen.vote_made[i] == 0) continue;
    single.push_back(seen.single[i]);
    rate.push_back(seen.rate[i]);
    single_right.push_back(seen.single_right[i]);
    vote_right.push_back(seen.vote_right[i]);
  }
  const auto model = errors_at_yield(single, single_right, yields), votes = errors_at_yield(rate, vote_right, yields);
  Table table({{"arm", "", "method"}, {"yield", "1", "share of cells with reads that is called"}, {"cells", "cells", ""}, {"wrong", "1", "share of calls that are not a single cell of that sample"}, {"lower", "1", "exact 95 %"}, {"upper", "1", ""}});
  for (const auto& [name, points] : {std::pair{"posterior", &model}, {"most votes", &votes}})
    for (const YieldError& at : *points) table.add_row({std::string(name), at.yield, std::int64_t{at.calls}, at.share, at.lower, at.upper});
  run.add_table("errors_at_yield" + suffix, table, fmt::format("Library {}: wrong calls among the most certain cells of each method.", library.name));
  add_yield_figure(run, table, "errors_at_yield" + suffix, library.name);
  const auto at95 = static_cast<std::size_t>(std::find(yields.begin(), yields.end(), 0.95) - yields.begin());
  run.add_result("wrong_at_95" + suffix, model[at95].share, "share of calls");
  run.add_result("wrong_at_95_most_votes" + suffix, votes[at95].share, "share of calls");
  run.add_answer(fmt::format("Library {}: of the {} most certain cells (95 %), {:.2f} % are called wrongly [{:.2f}, {:.2f}], by the rule of most votes {:.2f} % [{:.2f}, {:.2f}].", library.name, model[at95].calls, 100 * model[at95].share, 100 * model[at95].lower, 100 * model[at95].upper, 100 * votes[at95].share,
                             100 * votes[at95].lower, 100 * votes[at95].upper));
}

}  // namespace

DemuxTruth against_truth(const Demultiplexed& fit, const HashtagCounts& counts, const std::vector<std::string>& true_classes) {
  HYPED_REQUIRE(true_classes.size() == static_cast<std::size_t>(counts.cells));
  DemuxTruth out;
  const auto calls = call_cells(fit, 0.5);
  const auto votes = argmax_calls(counts);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const std::set<int> truth = tags_of(true_classes[i], counts.tags);
    const auto& best = fit.mixture.classes[static_cast<std::size_t>(calls[i].best)];
    out.certainty.push_back(calls[i].certainty);
    out.class_right.push_back(truth == std::set<int>(best.begin(), best.end()));
    out.single.push_back(calls[i].single);
    out.single_right.push_back(truth == std::set<int>{calls[i].tag});
    out.rate.push_back(votes[i].rate);
    out.vote_right.push_back(truth == std::set<int>{votes[i].tag});
    out.vote_made.push_back(votes[i].tag >= 0);
  }
  return out;
}

void run_demux(RunDirectory& run, const std::filesystem::path& file, const DemuxSettings& settings) {
  run.set_title("Hashtags of " + file.filename().string(), "Which sample is every cell of, and how certain is that?");
  run.add_input(file);
  if (!settings.truth.empty()) run.add_input(settings.truth);
  if (!(settings.certainty > 0.5 && settings.certainty <= 1)) throw InputError("--certainty", fmt::format("{:.6g} is not a least posterior", settings.certainty), "give more than 0.5, up to 1");
  const HashtagFile read = read_hashtags(file);
  for (const auto& note : read.notes) {
    fmt::print("{}", to_terminal_paragraph("note      ", note));
    run.add_note(note);
  }
  run.add_setting("certainty", fmt::format("{:.3g}", settings.certainty));
  Table parameters({{"library", "", ""}, {"tag", "", "hashtag or class"}, {"quantity", "", ""}, {"unit", "", ""}, {"estimate", "", ""}, {"lower", "", "95 %; empty: not bounded"}, {"upper", "", ""}, {"identified", "", "how well the data determine it"}});
  Table checks({{"library", "", ""}, {"check", "", ""}, {"statistic", "1", "distance of cumulative shares times root of cells; or standardised difference of the mean product"}, {"limit", "1", "1 % point"}, {"passed", "", ""}});
  for (const HashtagLibrary& library : read.libraries) {
    const std::string suffix = read.libraries.size() == 1 ? "" : "_" + file_name_of(library.name);
    fmt::print("{}", to_terminal_paragraph("library   ", fmt::format("{}: {} cells, hashtags {}", library.name, library.counts.cells, fmt::join(library.counts.tags, ", "))));
    const Demultiplexed fit = demultiplex(library.counts, {});
    if (!fit.outcome.ok()) run.set_outcome({fit.outcome.status, fmt::format("library {}: {}", library.name, fit.outcome.message)});
    for (const auto& p : fit.parameters) parameters.add_row({library.name, p.tag, p.quantity, p.unit, p.estimate, cell_of(p.lower), cell_of(p.upper), p.identified});
    std::vector<std::string> failed;
    for (const auto& c : fit.checks) {
      checks.add_row({library.name, c.what, c.statistic, c.limit, std::string(c.passed ? "yes" : "no")});
      if (!c.passed) failed.push_back(c.what);
    }
    if (!failed.empty()) run.add_warning(fmt::format("Library {}: the mixture does not describe {} (1 % level): posteriors may be a little off. See tables/checks.tsv.", library.name, fmt::join(failed, ", ")));
    const auto calls = call_cells(fit, settings.certainty);
    const auto votes = argmax_calls(library.counts);
    run.add_table("calls" + suffix, call_table(library, fit, calls, votes), fmt::format("Library {}: every cell's posterior and call (at least {:.2g}), and the rule of most votes.", library.name, settings.certainty));
    add_agreement(run, library, calls, votes, suffix);
    std::map<std::string, int> counts;
    for (const auto& call : calls) ++counts[call.label];
    std::vector<std::string> words;
    for (const auto& tag : library.counts.tags) words.push_back(fmt::format("{} {}", tag, counts[tag]));
    run.add_answer(fmt::format("Library {}: {} cells called at {:.2g} or more: {}; {} doublets of two samples, {} without a hashtag, {} unassigned.", library.name, library.counts.cells, settings.certainty, fmt::join(words, ", "), counts["doublet"], counts["negative"], counts["unassigned"]));
    if (std::isfinite(fit.doublets_lower) && fit.doublets > 0)
      run.add_answer(fmt::format("Library {}: {:.2f} % of cells [{:.2f}, {:.2f}] are doublets, those of two cells of one sample included: hashtags do not show these.", library.name, 100 * fit.doublets, 100 * fit.doublets_lower, 100 * fit.doublets_upper));
    run.add_result("doublets" + suffix, fit.doublets, "share of cells");
    run.add_setting("starts that agree" + suffix, fmt::format("{} of {}", fit.best_starts, DemultiplexOptions{}.starts));
    if (!library.assigned.empty()) {
      long differ = 0, labelled = 0;
      for (std::size_t i = 0; i < votes.size(); ++i) {
        if (library.assigned[i].empty()) continue;
        ++labelled;
        differ += votes[i].tag < 0 || library.counts.tags[static_cast<std::size_t>(votes[i].tag)] != library.assigned[i] ? 1 : 0;
      }
      run.add_note(fmt::format("Library {}: the file's own labels differ from the rule of most votes in {} of {} cells.", library.name, differ, labelled));
    }
    add_hashtag_figure(run, library, fit, "hashtags" + suffix);
    if (!settings.truth.empty()) compare(run, library, fit, settings.truth, suffix);
  }
  run.add_table("parameters", parameters, "Reads of a hashtag in cells that carry it and in cells that do not (negative binomial: variance = mean + dispersion mean squared), shares of classes.");
  run.add_table("checks", checks, "Does the mixture describe the reads? Each hashtag's distribution, and hashtags two by two.");
}

}  // namespace hyped
