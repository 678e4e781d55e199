// Wells are found by their frames, wherever an archive was unpacked to.
#include "libhyped/ingest/hyped/imaging_tree.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "libhyped/errors.hpp"
#include "libhyped/hdf5/dataset.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

// The number of t_<n>.hdf5; none for other names.
std::optional<std::int64_t> frame_number(const fs::path& file) {
  const std::string stem = file.stem().string(), kind = file.extension().string();
  if ((kind != ".hdf5" && kind != ".h5") || !stem.starts_with("t_")) return std::nullopt;
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(stem.data() + 2, stem.data() + stem.size(), out);
  return error == std::errc() && end == stem.data() + stem.size() && out >= 0 ? std::optional(out) : std::nullopt;
}

void look_inside(const fs::path& frame, ImagingWell& well) {
  const auto file = hdf5::File::open(frame);
  const hdf5::Group root = file.root();
  for (const char* name : {"Scene", "scene", "data", "image", "frame"})
    if (root.has(name) && !root.is_group(name)) {
      const hdf5::Dataset scene = root.dataset(name);
      well.scene = fmt::format("{}, {}", scene.type().words, fmt::join(scene.shape(), " x "));
      break;
    }
  for (const char* name : {"Channels", "channel_names"})
    if (root.has(name) && !root.is_group(name)) {
      well.channels = root.dataset(name).read_text();
      break;
    }
  if (!root.is_group("metadata")) return;
  const auto about = root.attributes_of("metadata");
  if (about.is_text("sample")) well.sample_inside = about.text("sample");
  if (about.has("sampleID") && !about.is_text("sampleID"))
    if (const auto id = about.integers("sampleID"); id.size() == 1) well.id_inside = std::to_string(id[0]);
}

std::string range_words(const std::pair<std::int64_t, std::int64_t>& gap) { return gap.first == gap.second ? fmt::format("{}", gap.first) : fmt::format("{}-{}", gap.first, gap.second); }

void doubt(ImagingTree& tree) {
  constexpr std::int64_t fewest = 190, most = 204;      // 67 + 136 or 137 frames, less what a reader that counts from 1 loses
  std::set<std::string> unknown;
  std::set<std::int64_t> counts;
  bool myod = false, prrx1 = false;
  for (const auto& well : tree.wells) {
    const std::string name = well.sample + "/" + well.id;
    if (!well.arm) unknown.insert(well.sample);
    myod = myod || well.arm == CellArm::mmMYOD1;
    prrx1 = prrx1 || well.arm == CellArm::siPRRX1;
    counts.insert(well.frames);
    if (!well.gaps.empty()) {
      std::vector<std::string> gaps;
      for (const auto& gap : well.gaps) gaps.push_back(range_words(gap));
      tree.doubts.push_back(fmt::format("{}: frames {} are missing", name, fmt::join(gaps, ", ")));
    }
    if (well.frames < fewest || well.frames > most) tree.doubts.push_back(fmt::format("{}: {} frames; the release has {} to {}", name, well.frames, fewest, most));
    if (!well.sample_inside.empty() && well.sample_inside != well.sample) tree.doubts.push_back(fmt::format("{}: its frames say the sample is '{}'", name, well.sample_inside));
    if (!well.id_inside.empty() && well.id_inside != well.id) tree.doubts.push_back(fmt::format("{}: its frames say the number is {}", name, well.id_inside));
    if (well.scene.empty()) tree.doubts.push_back(name + ": its first frame holds no image under a known name");
  }
  for (const auto& sample : unknown) tree.doubts.push_back("'" + sample + "' is no known name of an arm; say what it is with --folder '" + sample + "'=ARM");
  if (counts.size() > 1) tree.doubts.push_back(fmt::format("wells have different numbers of frames: {}", fmt::join(counts, ", ")));
  if (myod && prrx1)
    tree.doubts.push_back("the folders of MYOD1 and PRRX1 may be swapped: the converter of the release numbers the scenes of one as the lab's notes number the other. "
                          "The lab's counts have 2.7 times as many nuclei under siPRRX1 as under mmMYOD1 in the last 48 h: count nuclei before comparing arms. Nothing was relabelled");
}

}  // namespace

ImagingTree list_imaging(const fs::path& folder, const std::map<std::string, CellArm>& labels) {
  if (!fs::is_directory(folder)) throw InputError(folder.string(), fs::exists(folder) ? "is no folder" : "does not exist", "give the folder of the release");
  std::map<fs::path, std::vector<std::pair<std::int64_t, fs::path>>> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied))
    if (entry.is_regular_file())
      if (const auto number = frame_number(entry.path())) found[entry.path().parent_path()].emplace_back(*number, entry.path());
  ImagingTree tree;
  std::set<std::string> samples;
  for (auto& [place, frames] : found) {
    std::sort(frames.begin(), frames.end());
    ImagingWell well;
    well.folder = fs::relative(place, folder);
    well.id = place.filename().string();
    well.sample = place.parent_path().filename().string();
    samples.insert(well.sample);
    const auto given = labels.find(well.sample);
    well.arm = given != labels.end() ? std::optional(given->second) : arm_of(well.sample);
    well.frames = static_cast<std::int64_t>(frames.size());
    well.files = frames;
    well.first = frames.front().first;
    well.last = frames.back().first;
    for (std::size_t i = 1; i < frames.size(); ++i) {
      if (frames[i].first == frames[i - 1].first) tree.doubts.push_back(fmt::format("{}/{}: frame {} is there twice", well.sample, well.id, frames[i].first));
      if (frames[i].first > frames[i - 1].first + 1) well.gaps.emplace_back(frames[i - 1].first + 1, frames[i].first - 1);
    }
    try {
      look_inside(frames.front().second, well);
    } catch (const InputError& error) {
      tree.doubts.emplace_back(error.what());
    }
    tree.wells.push_back(std::move(well));
  }
  for (const auto& [sample, arm] : labels)
    if (!samples.contains(sample)) {
      const std::vector<std::string> names(samples.begin(), samples.end());
      throw InputError("--folder " + sample, "there is no such sample folder", names.empty() ? "no folder holds frames" : "the folders are " + nearest_names(sample, names));
    }
  std::stable_sort(tree.wells.begin(), tree.wells.end(), [](const auto& a, const auto& b) {
    return std::tuple(a.sample, a.id.size(), a.id) < std::tuple(b.sample, b.id.size(), b.id);
  });
  if (!tree.wells.empty()) doubt(tree);
  return tree;
}

}  // namespace hyped
