// Versions as compiled in; the commit is read by CMake when it changes.
#include "libhyped/store/versions.hpp"

#include <Eigen/Core>
#include <boost/version.hpp>
#include <fmt/format.h>

#include "libhyped/hdf5/file.hpp"

namespace hyped {

std::map<std::string, std::string> versions() {
  return {{"hyped", HYPED_VERSION},
          {"commit", HYPED_COMMIT},
          {"compiler", "g++ " __VERSION__},
          {"Eigen", fmt::format("{}.{}.{}", EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION)},
          {"Boost", fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100)},
          {"HDF5", hdf5::library_version()}};
}

}  // namespace hyped
