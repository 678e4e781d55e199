// Pictures a person looks at: a grey picture with outlines of nuclei in the colours of their phases, and the tails of their tracks; contact sheets.
#pragma once
#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/image/plane.hpp"

namespace hyped {

struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
};
struct ColourPicture {
  int height = 0, width = 0;
  std::vector<Colour> pixels;                  // [H x W], row by row
  Colour& at(int row, int column) { return pixels[static_cast<std::size_t>(row) * width + column]; }
  const Colour& at(int row, int column) const { return pixels[static_cast<std::size_t>(row) * width + column]; }
};

// Colours that the colour-blind tell apart (Okabe & Ito 2008) for phases, in the order they are given out.
Colour outline_colour(int number);

// Grey by a square-root stretch between two shares of the values; reduced by block means to at most `most_side` pixels a side (0: not reduced).
struct Stretch {
  double low = 0.01, high = 0.998;
  int most_side = 0;
};
ColourPicture grey_picture(const CameraPlane& plane, const Stretch& stretch = {});

struct TrackTail {
  std::vector<std::pair<double, double>> places;      // (row, column) [px], the last one now
  Colour colour;
};
// Draws outlines one pixel wide inside each nucleus and tails as lines on a picture that may have been reduced. `colours`: by label; missing ones are drawn in white.
void draw_outlines(ColourPicture& picture, const Labels& labels, const std::vector<Colour>& colours);
void draw_tail(ColourPicture& picture, const TrackTail& tail, double scale);      // scale: picture pixels per camera pixel

// Pictures side by side, `columns` in a row, with white lines between.
ColourPicture contact_sheet(const std::vector<ColourPicture>& pictures, int columns);

// InputError where the file cannot be written. Written to a temporary name and renamed.
void write_png(const std::filesystem::path& file, const ColourPicture& picture);

}  // namespace hyped
