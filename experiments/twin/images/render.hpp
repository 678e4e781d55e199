// Pictures of a simulated field as the camera gives them, and the true labels.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "experiments/twin/images/field.hpp"
#include "libhyped/image/plane.hpp"

namespace hyped {

// Draws the frames of any well of one twin. Light: flat-topped ellipses with an edge as wide as the point spread, haze, bleed-through,
// background; times the illumination of the tile; noise of variance gain x light + read noise squared, Gaussian and
// correlated between neighbours (of more than 100 electrons a pixel, where Poisson noise is normal to a few per cent); rounded and
// clipped at the white level. Noise is cut from one large plane at a random place for every picture. Safe from any thread.
class FieldPictures {
 public:
  FieldPictures(const ImageTwinSettings& settings, std::uint64_t seed);
  ~FieldPictures();
  // channel: of release_channels.
  CameraPlane picture(const FieldFilm& film, int frame, const std::string& channel) const;
  // Label i + 1 for nucleus i of film.frames[frame], where its sharp ellipse is; later ones lie on top. Remains of the dead have none.
  Labels labels(const FieldFilm& film, int frame) const;
  // Where the camera sees a place of the field: moved by the break [px].
  std::pair<double, double> seen_at(const FieldFilm& film, int frame, double row, double column) const;

 private:
  struct Optics;
  Plane light_of(const FieldFilm& film, int frame, const std::string& channel) const;
  void add_noise(const Plane& light, const FieldFilm& film, int frame, int channel, CameraPlane& out) const;
  ImageTwinSettings settings_;
  std::uint64_t seed_;
  std::unique_ptr<Optics> optics_;
};

}  // namespace hyped
