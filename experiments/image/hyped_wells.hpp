// The wells of a HYPED folder as films: which frames there are, when they were taken, and their pictures one channel at a time.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "libhyped/expression/arms.hpp"
#include "libhyped/ingest/images/hyped_frames.hpp"

namespace hyped {

// Hours of a frame from its place in the film. The release stores no times: contiguous counts every frame, protocol puts the second
// acquisition at its nominal time.
struct FilmClock {
  double interval_h = 1.0 / 3;
  double first_h = 0;
  int break_index = 67;                  // first frame of the second acquisition, counted from the film's first; 0: one acquisition
  bool contiguous = false;
  double break_h = 24;                   // its time, if not contiguous
  double time_h(std::int64_t index) const;
  int stage(std::int64_t index) const { return break_index > 0 && index >= break_index ? 1 : 0; }
  std::string words() const;
};

struct FrameStamp {
  std::int64_t number = 0;               // in the file's name
  double time_h = 0;
  int stage = 0;
};

// A film that pictures can be asked of, from files or from a twin.
struct WellFrames {
  std::string condition, well;           // as in tables
  std::string sample, id;                // folders
  std::vector<FrameStamp> frames;
  double interval_h = 0;
  int rows = 0, columns = 0;
  int white_level = 16383;
  std::function<CameraPlane(const FrameStamp&, const std::string&)> picture;      // InputError with file and frame; from any thread
  std::string name() const { return sample + "/" + id; }
};

struct BadFrame {
  std::string well;
  std::int64_t number = 0;
  std::string problem;
};

struct HypedWells {
  std::vector<WellFrames> wells;
  std::vector<BadFrame> bad;             // files that cannot be of use, found so far
  std::vector<std::string> doubts, notes;
};

struct HypedImageReading {
  FrameReading frame;
  FilmClock clock;
  std::map<std::string, CellArm> folders;      // what sample folders hold, over their names
  std::vector<std::string> only;               // wells to read, sample/id; empty: all
};

// Lists the tree, finds each well's first readable frame and from it size, channels and encoding. A well without a readable frame is a
// list of bad frames, no error. InputError: no frames at all, a name in `only` that is no well.
HypedWells hyped_wells(const std::filesystem::path& folder, const HypedImageReading& reading, const std::vector<std::string>& channels);

}  // namespace hyped
