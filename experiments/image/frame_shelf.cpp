// A frame as one matrix of numbers and its names.
#include "experiments/image/frame_shelf.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "libhyped/hdf5/file.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

// One order of fields, for writing and reading.
template <class NucleusType, class Each>
void each_field(NucleusType& n, const Each& each) {
  each(n.label), each(n.row), each(n.column), each(n.area), each(n.first_row), each(n.first_column), each(n.last_row), each(n.last_column), each(n.major_axis), each(n.minor_axis), each(n.eccentricity);
  each(n.orientation), each(n.perimeter), each(n.solidity), each(n.at_border), each(n.at_seam), each(n.debris);
  for (auto& l : n.light) each(l.mean), each(l.median), each(l.mad), each(l.least), each(l.most), each(l.sum), each(l.ring), each(l.ring_mad), each(l.saturated), each(l.ring_pixels);
}

std::string file_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string text_of(const std::map<std::string, std::string>& identity) {
  std::string out;
  for (const auto& [name, value] : identity) out += name + "\t" + value + "\n";
  return out;
}

}  // namespace

FrameShelf::FrameShelf(fs::path folder, const std::map<std::string, std::string>& identity, bool resume) : folder_(std::move(folder)) {
  const fs::path about = folder_ / "identity.tsv";
  const bool there = fs::exists(about);
  if (resume && !there) throw InputError(folder_.string(), "does not exist: there is nothing to resume", "leave --resume out");
  if (!resume && there) throw InputError(folder_.string(), "holds an unfinished run", "give --resume to go on with it, or remove the folder");
  if (there) {
    const std::string now = text_of(identity), before = file_text(about);
    if (now != before) {
      std::istringstream a(now), b(before);
      std::string mine, other;
      while (std::getline(a, mine) && std::getline(b, other) && mine == other) {}
      throw InputError(folder_.string(), fmt::format("holds a run of other settings ('{}', now '{}')", other, mine), "use the settings of then, or remove the folder");
    }
  }
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) throw InputError(folder_.string(), "cannot be made", "check the place and its rights");
  lock_ = std::make_unique<RunLock>(folder_ / "lock");
  if (!there) write_file(about, text_of(identity));
}

FrameShelf::~FrameShelf() = default;

fs::path FrameShelf::file_of(const std::string& well, std::int64_t number) const { return folder_ / file_name_of(well) / fmt::format("t_{}.h5", number); }

std::optional<FrameNuclei> FrameShelf::find(const std::string& well, std::int64_t number) const {
  const fs::path file = file_of(well, number);
  if (!fs::exists(file)) return std::nullopt;
  try {
    const auto stored = hdf5::File::open(file);
    const hdf5::Group root = stored.root();
    FrameNuclei out;
    out.frame = static_cast<int>(number);
    out.channels = root.read_strings("channels");
    out.notes = root.read_strings("notes");
    out.time_h = root.number_attribute(".", "time_h");
    out.stage = static_cast<int>(root.number_attribute(".", "stage"));
    const Eigen::MatrixXd values = root.read_matrix("nuclei");
    if (root.number_attribute(".", "nuclei") > 0)
      for (Eigen::Index i = 0; i < values.rows(); ++i) {
        Nucleus n;
        n.light.resize(out.channels.size());
        Eigen::Index at = 0;
        each_field(n, [&](auto& field) { field = static_cast<std::remove_reference_t<decltype(field)>>(values(i, at++)); });
        out.nuclei.push_back(std::move(n));
      }
    ++found_;
    return out;
  } catch (const InputError&) {
    return std::nullopt;
  }
}

void FrameShelf::keep(const std::string& well, std::int64_t number, const FrameNuclei& frame) {
  const fs::path file = file_of(well, number), beside = file.parent_path() / fmt::format(".{}.part", number);
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  std::vector<std::vector<double>> rows;
  for (const Nucleus& n : frame.nuclei) {
    rows.emplace_back();
    each_field(n, [&](const auto& field) { rows.back().push_back(static_cast<double>(field)); });
  }
  Eigen::MatrixXd values = Eigen::MatrixXd::Zero(std::max<Eigen::Index>(1, static_cast<Eigen::Index>(rows.size())), rows.empty() ? 1 : static_cast<Eigen::Index>(rows[0].size()));
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t j = 0; j < rows[i].size(); ++j) values(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = rows[i][j];
  {
    const auto stored = hdf5::File::create(beside);
    hdf5::Group root = stored.root();
    root.write("nuclei", values);
    root.write("channels", frame.channels);
    root.write("notes", frame.notes);
    root.set_attribute(".", "time_h", frame.time_h);
    root.set_attribute(".", "stage", static_cast<double>(frame.stage));
    root.set_attribute(".", "nuclei", static_cast<double>(frame.nuclei.size()));
  }
  fs::rename(beside, file);
}

void FrameShelf::finish() {
  lock_.reset();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

}  // namespace hyped
