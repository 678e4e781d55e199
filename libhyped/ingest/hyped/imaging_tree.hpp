// The imaging half of a HYPED folder, listed and not read: wells, frames, gaps, and what the first frame says of itself.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libhyped/expression/arms.hpp"

namespace hyped {

struct ImagingWell {
  std::filesystem::path folder;                    // relative to the folder given
  std::string sample, id;                          // the last two folders: "Myod_PRRX1", "2"
  std::optional<CellArm> arm;                      // what the folder name means, or what the user says; none: unknown spelling
  std::int64_t frames = 0, first = 0, last = 0;    // by the number in the file name, t_<n>.hdf5
  std::vector<std::pair<std::int64_t, std::int64_t>> gaps;      // missing numbers, from - to
  std::vector<std::pair<std::int64_t, std::filesystem::path>> files;      // number and absolute path, in order; a number given twice is here twice
  std::string scene;                               // "uint16, 4 x 2826 x 3245", of the first frame
  std::vector<std::string> channels;               // in the order stored
  std::string sample_inside, id_inside;            // attributes of the first frame's metadata
};

struct ImagingTree {
  std::vector<ImagingWell> wells;                  // by sample, then id
  std::vector<std::string> doubts;
};

// Every folder below `folder` that holds t_<n>.hdf5 (or .h5) is a well. `labels` says what a sample folder holds, over its name; a
// label for no folder is an InputError. Nothing is relabelled: that the released folders Myod and PRRX1 may be swapped is a doubt.
ImagingTree list_imaging(const std::filesystem::path& folder, const std::map<std::string, CellArm>& labels = {});

}  // namespace hyped
