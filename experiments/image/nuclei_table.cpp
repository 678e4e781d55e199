// The wide table of nuclei.
#include "experiments/image/nuclei_table.hpp"

#include <cmath>

namespace hyped {

Table nuclei_table(std::span<const FrameNuclei> frames, double pixel_um) {
  std::vector<Column> columns{{"frame", "", "counted from 0"}, {"label", "", "value in the label picture"}, {"area", "px", ""}, {"bbox-0", "px", "first row"}, {"bbox-1", "px", "first column"}, {"bbox-2", "px", "one past the last row"},
                              {"bbox-3", "px", "one past the last column"}, {"centroid-0", "px", "row"}, {"centroid-1", "px", "column"}, {"eccentricity", "1", ""}, {"equivalent_diameter", "px", "of the disc of this area"}, {"extent", "1", "area over that of the box"},
                              {"major_axis_length", "px", ""}, {"minor_axis_length", "px", ""}, {"orientation", "rad", "of the major axis to the rows"}, {"perimeter", "px", ""}, {"solidity", "1", "area over that of the convex hull"}};
  if (pixel_um > 0) columns.insert(columns.end(), {{"centroid_x_um", "um", ""}, {"centroid_y_um", "um", ""}});
  columns.insert(columns.end(), {{"at_border", "", "1: cut by the edge of the picture"}, {"at_seam", "", "1: on a seam between tiles"}, {"debris", "", "1: too small for a nucleus"}});
  const std::vector<std::string> channels = frames.empty() ? std::vector<std::string>{} : frames[0].channels;
  for (const std::string& c : channels)
    columns.insert(columns.end(), {{c + "_mean", "counts", "of the raw picture"}, {c + "_max", "counts", ""}, {c + "_min", "counts", ""}, {c + "_sum", "counts", ""}, {c + "_median", "counts", ""}, {c + "_mad", "counts", "median absolute deviation"},
                                   {c + "_ring", "counts", "median of the ring around it"}, {c + "_ring_mad", "counts", ""}, {c + "_ring_pixels", "px", "0: no free pixel around it, the frame's background is taken"}, {c + "_above_ring", "counts", "median minus ring"}, {c + "_saturated", "1", "share of its pixels at the camera's white level"}});
  Table table(std::move(columns));
  const auto flag = [](bool set) { return Cell(std::int64_t{set}); };
  for (const FrameNuclei& frame : frames)
    for (const Nucleus& n : frame.nuclei) {
      const double height = n.last_row - n.first_row + 1, width = n.last_column - n.first_column + 1;
      std::vector<Cell> row{std::int64_t{frame.frame}, std::int64_t{n.label}, n.area, std::int64_t{n.first_row}, std::int64_t{n.first_column}, std::int64_t{n.last_row + 1}, std::int64_t{n.last_column + 1}, n.row, n.column, n.eccentricity,
                            std::sqrt(4 * n.area / M_PI), n.area / (height * width), n.major_axis, n.minor_axis, n.orientation, n.perimeter, n.solidity};
      if (pixel_um > 0) row.insert(row.end(), {n.column * pixel_um, n.row * pixel_um});
      row.insert(row.end(), {flag(n.at_border), flag(n.at_seam), flag(n.debris)});
      for (const NucleusLight& l : n.light) row.insert(row.end(), {l.mean, l.most, l.least, l.sum, l.median, l.mad, l.ring, l.ring_mad, std::int64_t{l.ring_pixels}, l.above_ring(), l.saturated});
      table.add_row(std::move(row));
    }
  return table;
}

}  // namespace hyped
