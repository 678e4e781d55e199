// Arrays to and from a Python program of tests/peers, through files in a temporary folder.
#pragma once
#include <unistd.h>
#include "tests/places.hpp"

#include <Eigen/Core>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace hyped::testing {

class PeerFolder {
 public:
  PeerFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "hyped_peer_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~PeerFolder() { std::filesystem::remove_all(path_); }
  PeerFolder(const PeerFolder&) = delete;
  PeerFolder& operator=(const PeerFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  template <class T>
  void write(const std::string& name, const std::vector<T>& values) const {
    std::ofstream(path_ / name, std::ios::binary).write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
  }
  // A file of doubles; empty if it is not there.
  std::vector<double> read(const std::string& name) const {
    std::ifstream in(path_ / name, std::ios::binary | std::ios::ate);
    std::vector<double> out(in ? static_cast<std::size_t>(in.tellg()) / sizeof(double) : 0);
    in.seekg(0);
    in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size() * sizeof(double)));
    return out;
  }
  // As a matrix of `rows` rows, written row by row.
  Eigen::MatrixXd read(const std::string& name, Eigen::Index rows) const {
    const std::vector<double> values = read(name);
    REQUIRE(values.size() % static_cast<std::size_t>(rows) == 0);
    return Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(values.data(), rows, static_cast<Eigen::Index>(values.size()) / rows);
  }
  // With the Python of the virtual environment HYPED_PEERS, or Debian's. What it says goes to said.txt.
  bool run(const std::string& script, const std::string& arguments, bool peers) const {
    const char* environment = std::getenv("HYPED_PEERS");
    if (peers && environment == nullptr) return false;
    const std::string python = peers ? std::string(environment) + "/bin/python" : "/usr/bin/python3";
    return std::system(("OMP_NUM_THREADS=1 " + python + " " + hyped::tests::source_folder() + "/tests/peers/" + script + " " + path_.string() + " " + arguments + " > " + (path_ / "said.txt").string() + " 2>&1").c_str()) == 0;
  }
  std::string said() const {
    std::ifstream in(path_ / "said.txt");
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // True, or skipped loudly, if that Python has the modules.
  static bool has(const std::string& modules, bool peers) {
    const char* environment = std::getenv("HYPED_PEERS");
    const std::string python = peers ? (environment ? std::string(environment) + "/bin/python" : "") : "/usr/bin/python3";
    if (!python.empty() && std::system((python + " -c 'import " + modules + "' 2> /dev/null").c_str()) == 0) return true;
    if (peers) WARN("skipped: " << modules << " is not in the virtual environment HYPED_PEERS");
    else WARN("skipped: " << modules << " is not installed (scripts/setup peers)");
    return false;
  }

 private:
  std::filesystem::path path_;
};

// The largest difference, as a share of the larger of 1 and the value; NaN in both is no difference.
inline double worst_difference(const Eigen::MatrixXd& ours, const Eigen::MatrixXd& theirs) {
  if (ours.rows() != theirs.rows() || ours.cols() != theirs.cols()) return 1e300;
  double worst = 0;
  for (Eigen::Index c = 0; c < ours.cols(); ++c)
    for (Eigen::Index r = 0; r < ours.rows(); ++r) {
      const double a = ours(r, c), b = theirs(r, c);
      if (std::isnan(a) && std::isnan(b)) continue;
      const double difference = std::abs(a - b) / std::max(1.0, std::abs(b));
      worst = std::isnan(difference) ? 1e300 : std::max(worst, difference);
    }
  return worst;
}

// The largest difference of a column, up to its sign, as a share of its largest entry.
inline double worst_up_to_sign(const Eigen::MatrixXd& ours, const Eigen::MatrixXd& theirs) {
  if (ours.rows() != theirs.rows() || ours.cols() != theirs.cols()) return 1e300;
  double worst = 0;
  for (Eigen::Index c = 0; c < ours.cols(); ++c) {
    const double sign = ours.col(c).dot(theirs.col(c)) < 0 ? -1 : 1;
    worst = std::max(worst, (ours.col(c) - sign * theirs.col(c)).cwiseAbs().maxCoeff() / theirs.col(c).cwiseAbs().maxCoeff());
  }
  return worst;
}

}  // namespace hyped::testing
