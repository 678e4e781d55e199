// Reads the challenge's folders through the shared picture reader.
#include "libhyped/ingest/images/read_ctc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <regex>
#include <sstream>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/images/picture.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

fs::path text_in(const fs::path& folder) {
  for (const char* name : {"man_track.txt", "res_track.txt"})
    if (fs::exists(folder / name)) return folder / name;
  return {};
}

struct Track {
  int begin = 0, end = 0, parent = 0, line = 0;
};
std::map<int, Track> tracks_of(const fs::path& file) {
  std::ifstream in(file);
  std::map<int, Track> out;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    std::istringstream words(line);
    int label = 0;
    Track track;
    std::string rest;
    if (!(words >> label >> track.begin >> track.end >> track.parent) || (words >> rest)) throw InputError(fmt::format("{}:{}", file.string(), number), "is not 'label begin end parent'", "four whole numbers");
    track.line = number;
    if (label < 1 || track.end < track.begin) throw InputError(fmt::format("{}:{}", file.string(), number), fmt::format("track {} runs from frame {} to {}", label, track.begin, track.end), "labels start at 1, and a track ends no earlier than it begins");
    if (!out.emplace(label, track).second) throw InputError(fmt::format("{}:{}", file.string(), number), fmt::format("track {} is there twice", label), "give every track one line");
  }
  return out;
}

}  // namespace

bool is_ctc(const fs::path& folder) { return fs::is_directory(folder) && !text_in(folder).empty(); }

CtcTracking read_ctc(const fs::path& folder) {
  const fs::path text = text_in(folder);
  if (text.empty()) throw InputError(folder.string(), "holds no man_track.txt and no res_track.txt", "give a folder of the Cell Tracking Challenge");
  const std::map<int, Track> tracks = tracks_of(text);
  CtcTracking out;
  static const std::regex name("(mask|man_track)(\\d+)\\.tiff?");
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::smatch match;
    const std::string file = entry.path().filename().string();
    if (!std::regex_match(file, match, name)) continue;
    const std::string digits = match[2];
    int frame = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), frame).ec != std::errc()) throw InputError(entry.path().string(), "has no frame number that is a number of frames", "name it maskNNN.tif");
    out.pictures[frame] = entry.path();
  }
  if (out.pictures.empty()) throw InputError(folder.string(), "holds no maskNNN.tif and no man_trackNNN.tif", "the label pictures belong to the tracks");
  std::map<int, std::map<int, int>> rows;      // label, frame
  std::vector<std::pair<double, double>> places;
  for (const auto& [frame, file] : out.pictures) {
    const Labels labels = PictureFile(file).labels();
    struct Sum {
      double x = 0, y = 0;
      long pixels = 0;
    };
    std::map<int, Sum> sums;
    for (Eigen::Index r = 0; r < labels.rows(); ++r)
      for (Eigen::Index c = 0; c < labels.cols(); ++c)
        if (labels(r, c) > 0) {
          Sum& sum = sums[labels(r, c)];
          sum.x += static_cast<double>(c), sum.y += static_cast<double>(r), ++sum.pixels;
        }
    for (const auto& [label, sum] : sums) {
      const auto track = tracks.find(label);
      if (track == tracks.end()) throw InputError(file.string(), fmt::format("holds label {}, which is no track of {}", label, text.filename().string()), "write the tracks and the pictures together");
      if (frame < track->second.begin || frame > track->second.end) throw InputError(file.string(), fmt::format("holds label {}, whose track runs from frame {} to {}", label, track->second.begin, track->second.end), "write the tracks and the pictures together");
      rows[label][frame] = static_cast<int>(out.graph.frame.size());
      out.graph.frame.push_back(frame);
      out.label.push_back(label);
      places.push_back({sum.x / static_cast<double>(sum.pixels), sum.y / static_cast<double>(sum.pixels)});
    }
  }
  out.graph.place.resize(static_cast<Eigen::Index>(places.size()), 2);
  for (std::size_t i = 0; i < places.size(); ++i) out.graph.place.row(static_cast<Eigen::Index>(i)) << places[i].first, places[i].second;
  for (const auto& [label, track] : tracks) {
    const auto fail = [&, line = track.line](const std::string& what) { throw InputError(fmt::format("{}:{}", text.string(), line), what, "write the tracks and the pictures together"); };
    const auto mine = rows.find(label);
    if (mine == rows.end() || mine->second.begin()->first != track.begin || mine->second.rbegin()->first != track.end) fail(fmt::format("track {} is not in the pictures of its first and last frame", label));
    int last = -1;
    for (const auto& [frame, row] : mine->second) {
      if (last >= 0) out.graph.links.push_back({last, row, false});
      last = row;
    }
    if (track.parent == 0) continue;
    const auto mother = tracks.find(track.parent);
    if (mother == tracks.end()) fail(fmt::format("parent {} is no track", track.parent));
    if (mother->second.end >= track.begin) fail(fmt::format("parent {} ends in frame {}, not before {}", track.parent, mother->second.end, track.begin));
    out.graph.links.push_back({rows.at(track.parent).rbegin()->second, mine->second.begin()->second, true});
  }
  return out;
}

std::vector<int> match_ctc(const CtcTracking& reference, const CtcTracking& found) {
  std::map<std::pair<int, int>, int> row_of;
  for (int i = 0; i < found.graph.size(); ++i) row_of[{found.graph.frame[static_cast<std::size_t>(i)], found.label[static_cast<std::size_t>(i)]}] = i;
  std::map<std::pair<int, int>, int> partner;      // frame and label of the reference
  for (const auto& [frame, file] : reference.pictures) {
    const auto other = found.pictures.find(frame);
    if (other == found.pictures.end()) throw InputError(file.string(), fmt::format("frame {} is not among the found ones", frame), "write a picture for every frame, empty ones too");
    for (const auto& [mine, theirs] : match_labels(PictureFile(file).labels(), PictureFile(other->second).labels())) partner[{frame, mine}] = row_of.at({frame, theirs});
  }
  std::vector<int> out(static_cast<std::size_t>(reference.graph.size()), -1);
  for (std::size_t i = 0; i < out.size(); ++i)
    if (const auto at = partner.find({reference.graph.frame[i], reference.label[i]}); at != partner.end()) out[i] = at->second;
  return out;
}

}  // namespace hyped
