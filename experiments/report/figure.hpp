// A figure: tables and a gnuplot template that draws them to SVG.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libhyped/store/run_directory.hpp"
#include "libhyped/store/table.hpp"

namespace hyped::report {

// What each template reads (part: columns; * may be absent, columns in brackets may be absent or empty):
//   time_course      points*: arm class time_h value; model*: arm class time_h estimate lower upper; truth*: arm class time_h value;
//                    intervals*: as model, bars; events*: time_h name (arm)        variables: y_label (y_log, band_label)
//   network_course   model: panel name time_h estimate lower upper; panels: title axis low high; names: quantity panel place;
//                    events*: time_h name                                             variables: band_label
//   residuals        points: arm class time_h residual; events*
//   autocorrelation  points: arm lag_h autocorrelation lower upper
//   profiles         profile: parameter value delta; marks: parameter axis estimate lower upper threshold scale (truth); an empty lower
//                    or upper is an open bound; axis names the quantity with its unit; scale is linear or log10; delta is the rise of
//                    -2 log-likelihood, threshold its value at the ends of the interval     variables: (threshold_name)
//   waterfall        points: rank cost outcome
//   densities        density: arm phase time_h value (lower upper); truth*: arm phase time_h value; histogram*: arm phase from_h to_h value
//   schedule         inputs: arm input time_h amount; events*
//   survival         curve: arm phase time_h value lower upper; model*: arm phase time_h value
//   scatter          points: arm panel seen x y, seen is "complete" or another word     variables: x_label y_label
//   intervals        rows: panel name estimate lower upper (scale truth independent_lower independent_upper)     variables: (interval_label same_range truth_label)
//   lineages         stays: phase row from_h until_h; links*: time_h row until_row; ends*: end time_h row
//   shares           shares: arm phase time_h value
//   prevalence       model: arm phase time_h estimate lower upper; points*: arm phase time_h value
//   points           points: panel category x y; categories: panel category colour; panels: panel title x_axis y_axis low_x high_x low_y high_y size;
//                    line*: panel x y                                                 variables: legend side
//   distributions    bars: panel library x share; panels: panel title axis low high top; cuts*: panel library x     variables: legend
//   volcano          points: arm kind x y, kind is none, up, down, edge or edge_none; labels*: arm x y label
//   reliability      points: arm predicted observed lower upper cells
//   hashtag_counts   seen: arm reads cells; model: arm class reads cells, class is "signal" or "background"
//   yield            curve: arm yield wrong lower upper, arm is the method
//   rates            phases: phase x y label; transitions: from_x from_y to_x to_y rate label
//   distances        rows: panel name estimate lower upper null_lower null_upper
//   audit            chart: metric trick gain paid, paid is gains, loses, nothing or no value
//   log_curves       curve: panel series x y (300 rows at most), x on a log axis         variables: x_axis
//   factor_places    points: arm panel variant place, arm is the factor, panel the order of time; place on a log axis      variables: y_label
//   banded_curves    curve: panel series x value lower upper; keys: panel series; line*: panel series x value   variables: x_axis y_axis legend (from_zero marks_only)
//   edges            edges: from to from_x from_y to_x to_y weight width verdict; nodes: node x y      variables: (legend)
struct Figure {
  std::string name, caption, template_name;
  std::vector<std::pair<std::string, Table>> data;
  std::map<std::string, std::string> variables;
  std::string section = "diagnostics";      // or "answer"
};

// Runs gnuplot; a failure is in the result's `outcome`.
DrawnFigure draw(const Figure& figure);
void add_figure(RunDirectory& run, const Figure& figure);

// The one colour of an arm, as #rrggbb: known arms by name, others in the order given in `all`.
std::string arm_colour(const std::string& arm, const std::vector<std::string>& all);
// The one colour of a phase of the cycle; others by their index.
std::string phase_colour(const std::string& phase, std::size_t index);

}  // namespace hyped::report
