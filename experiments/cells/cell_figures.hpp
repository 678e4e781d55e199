// Figures of cells as points and as distributions.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "experiments/report/figure.hpp"
#include "libhyped/expression/annotated_data.hpp"

namespace hyped {

// Points of one panel and the category of each (-1: in none, drawn first in grey).
struct PointPanel {
  std::string title, x_axis, y_axis;
  Eigen::VectorXd x, y;
  std::vector<std::string> categories, colours;      // "#rrggbb"
  std::vector<std::int32_t> of;
  double size = 0.25;                                // of a point
  Eigen::VectorXd line_x, line_y;                    // ascending; may be empty
};
// Which of the points are drawn, ascending: all, or `most` of them, in which the outermost (in x, in y, in x + y and x - y over their ranges;
// together about an eighth of `most`) are kept, and the others evenly spaced in their order. Points that are not finite are none.
std::vector<int> drawn_points(const Eigen::VectorXd& x, const Eigen::VectorXd& y, int most);
// At most `most` points a panel; the legend says how many. `side` panels stand side by side.
report::Figure point_figure(const std::string& name, const std::string& caption, const std::vector<PointPanel>& panels, const std::string& section, int side = 2, int most = 6000);

enum class Palette { arms, phases, others };
std::vector<std::string> colours_of(const std::vector<std::string>& names, Palette palette);

// A value per cell and library, with the places where it was cut (infinite: not cut).
struct DistributionPanel {
  std::string title, axis;
  std::vector<double> value;                         // [N] NaN: left out
  std::vector<std::pair<std::string, double>> cuts;  // library, value
};
report::Figure distribution_figure(const std::string& name, const std::string& caption, const std::vector<DistributionPanel>& panels, const Labels& libraries);

}  // namespace hyped
