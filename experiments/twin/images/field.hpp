// Where the simulated cells of a well are, frame by frame, and what they look like: the truth that pictures are drawn from.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/twin/images/image_settings.hpp"
#include "experiments/twin/twin.hpp"
#include "libhyped/tracks/cell_tracks.hpp"

namespace hyped {

struct DrawnNucleus {
  int cell = 0;                          // TwinPhase::cell; negative: what is left of a dead cell (-1 - cell)
  int phase = 0;                         // index into FieldFilm::phases
  bool labelled = false;
  double row = 0, column = 0;            // in the field, before seams and the break move it [px]
  double major = 7, minor = 7, angle = 0;      // semi-axes [px]
  double dna = 0;                        // counts at its flat top
  std::array<double, 2> light{};         // of the G1 and the cycling reporter, counts
};

struct FieldFilm {
  std::string condition, well;
  std::vector<double> times_h;
  std::vector<std::string> phases;
  std::vector<std::vector<DrawnNucleus>> frames;      // by frame
  int break_frame = 0;                   // 0: none
  std::uint32_t number = 0;              // of the well, for its random streams
};

// Cells of one well: persistent random walks with soft cores in a field a little larger than the picture, mothers that round up and
// condense before they divide, daughters on either side of the plane, DNA that doubles in 8 h from the start of S, remains of the
// dead for two hours. Reporter light by film_cells without its noise. `phases` are those of this well; a seed gives the same
// film for any number of threads.
FieldFilm film_field(const std::vector<TwinPhase>& phases, const std::vector<double>& times_h, const ImageTwinSettings& settings, std::uint64_t seed, std::uint32_t number);

}  // namespace hyped
