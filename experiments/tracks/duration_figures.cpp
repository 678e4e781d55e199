// A band between steps is a polygon: every corner is a row.
#include "experiments/tracks/duration_figures.hpp"

#include "experiments/report/figure.hpp"

namespace hyped {
namespace {

enum Column { arm, phase, time_h, value, lower, upper };

Table stepped(const Table& curve) {
  Table band({{"arm", "", ""}, {"phase", "", ""}, {"time_h", "h", ""}, {"lower", "", ""}, {"upper", "", ""}});
  for (std::size_t r = 0; r < curve.rows().size(); ++r) {
    const auto& row = curve.rows()[r];
    if (r > 0)
      if (const auto& last = curve.rows()[r - 1]; last[arm] == row[arm] && last[phase] == row[phase]) band.add_row({row[arm], row[phase], row[time_h], last[lower], last[upper]});
    band.add_row({row[arm], row[phase], row[time_h], row[lower], row[upper]});
  }
  return band;
}

}  // namespace

void add_duration_figures(RunDirectory& run, const Table& curve, const Table& model, const Table& density, const Table& histogram) {
  if (!curve.rows().empty())
    report::add_figure(run, {"survival", "Share of stays that last longer: steps without a model, with 95 % bands; dashed: best family by AICc.", "survival", {{"curve", curve}, {"band", stepped(curve)}, {"model", model}}, {}, "answer"});
  if (density.rows().empty()) return;
  report::Figure figure{"duration_densities", "Density of the duration of each phase: bars of the survival curve's steps (stays that were cut off are allowed for), line: best family by AICc; every phase has its own scale.", "densities", {{"density", density}}, {}, "answer"};
  if (!histogram.rows().empty()) figure.data.emplace_back("histogram", histogram);
  else figure.caption = "Density of the duration of each phase, best family by AICc; every phase has its own scale.";
  report::add_figure(run, figure);
}

}  // namespace hyped
