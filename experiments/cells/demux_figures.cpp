// Tables for the templates of hashtag figures.
#include "experiments/cells/demux_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/report/figure.hpp"

namespace hyped {

void add_hashtag_figure(RunDirectory& run, const HashtagLibrary& library, const Demultiplexed& fit, const std::string& name) {
  Table seen({{"arm", "", "hashtag"}, {"reads", "reads", "+ 1, middle of a bin"}, {"cells", "cells", "per bin"}}), model({{"arm", "", "hashtag"}, {"class", "", ""}, {"reads", "reads", "+ 1"}, {"cells", "cells", "expected per bin"}});
  for (int k = 0; k < library.counts.tag_count(); ++k) {
    const std::string& tag = library.counts.tags[static_cast<std::size_t>(k)];
    std::int32_t most = 0;
    for (int i = 0; i < library.counts.cells; ++i) most = std::max(most, library.counts.at(i, k));
    // bins that grow with the number: one count each at first, then a fifth wider each
    std::vector<std::int32_t> from{0};
    while (from.back() <= most) from.push_back(std::max(from.back() + 1, static_cast<std::int32_t>(from.back() * 1.2)));
    std::vector<double> cells(from.size() - 1, 0), signal(cells), background(cells);
    for (int i = 0; i < library.counts.cells; ++i) cells[static_cast<std::size_t>(std::upper_bound(from.begin(), from.end(), library.counts.at(i, k)) - from.begin() - 1)] += 1;
    double carried = 0;
    for (int c = 0; c < fit.mixture.class_count(); ++c) carried += fit.mixture.carries(c, k) ? fit.mixture.weight[c] : 0;
    const TagLaws& laws = fit.mixture.laws[static_cast<std::size_t>(k)];
    const std::vector<double> with = carried_probabilities(laws, from.back());
    for (std::size_t b = 0; b < cells.size(); ++b) {
      for (std::int32_t y = from[b]; y < from[b + 1]; ++y) {
        signal[b] += library.counts.cells * carried * with[static_cast<std::size_t>(y)];
        background[b] += library.counts.cells * (1 - carried) * std::exp(count_density(laws.background, y).value);
      }
      const double at = 1 + 0.5 * (from[b] + from[b + 1] - 1), width = from[b + 1] - from[b];
      seen.add_row({tag, at, cells[b] / width});
      model.add_row({tag, std::string("signal"), at, signal[b] / width});
      model.add_row({tag, std::string("background"), at, background[b] / width});
    }
  }
  report::add_figure(run, {name, fmt::format("Library {}: reads of each hashtag in {} cells (points), and the mixture fitted to them: cells that carry the hashtag and cells that do not.", library.name, library.counts.cells), "hashtag_counts", {{"seen", seen}, {"model", model}}, {}, "answer"});
}

void add_reliability_figure(RunDirectory& run, const Table& bins, const std::string& name) {
  Table points({{"arm", "", ""}, {"predicted", "1", ""}, {"observed", "1", ""}, {"lower", "1", ""}, {"upper", "1", ""}, {"cells", "cells", ""}});
  double cells = 0;
  for (const auto& row : bins.rows()) {
    points.add_row({row[0], row[4], row[5], row[6], row[7], row[3]});
    cells += static_cast<double>(std::get<std::int64_t>(row[3]));
  }
  report::add_figure(run, {name, fmt::format("Share of {:.0f} calls that are right against the posterior they were made with; bars: exact 95 % intervals, numbers: calls in the bin. On the line posteriors mean what they say.", cells), "reliability", {{"points", points}}, {}, "answer"});
}

void add_yield_figure(RunDirectory& run, const Table& errors, const std::string& name, const std::string& library) {
  Table curve({{"arm", "", ""}, {"yield", "1", ""}, {"wrong", "1", ""}, {"lower", "1", ""}, {"upper", "1", ""}});
  for (const auto& row : errors.rows()) curve.add_row({row[0], row[1], row[3], row[4], row[5]});
  report::add_figure(run, {name, fmt::format("Library {}: share of wrong calls when the most certain cells are called, by posterior and by the share of votes; bands: exact 95 %.", library), "yield", {{"curve", curve}}, {}, "answer"});
}

}  // namespace hyped
