// The imaging twin: simulated cells of every well, the pictures of them, and what a method should find.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "experiments/scenario.hpp"
#include "experiments/twin/images/render.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

// Shares of the labelled cells by class over time, those a method is judged by: of infinitely many cells with the well's (or the arm's) rates.
struct ExpectedShares {
  std::vector<std::string> classes;      // labelled ones
  std::vector<double> times_h;
  std::vector<Eigen::MatrixXd> wells;    // [T x K] each, as ImageTwin::wells
  std::vector<std::string> arms;
  std::vector<Eigen::MatrixXd> by_arm;   // [T x K] each
};

struct ImageTwinWell {
  std::string condition, well;
  std::string sample, id;                // folders of the release
};

class ImageTwin {
 public:
  // Seeds cells for the settings' field and simulates them as `hyped twin cycle` does. InputError for sizes no picture has, for an
  // arm in arm_cells that the scenario lacks, and as simulate_twin.
  ImageTwin(const Scenario& scenario, const ImageTwinSettings& settings, std::uint64_t seed, int wells_per_arm = 0);
  const std::vector<ImageTwinWell>& wells() const { return wells_; }
  const std::map<std::string, double>& truth() const { return twin_.truth; }
  FieldFilm film(int well) const;
  std::map<int, int> mothers(int well) const;      // of the well's cells that have one
  const FieldPictures& pictures() const { return *pictures_; }
  const ImageTwinSettings& settings() const { return settings_; }
  // By simulation of `cells` cells a well; their chance error is about 0.5 / sqrt(labelled cells).
  ExpectedShares expected(double cells = 20000) const;

 private:
  Scenario scenario_;
  ImageTwinSettings settings_;
  TwinSettings cells_;
  std::uint64_t seed_;
  Twin twin_;
  std::vector<ImageTwinWell> wells_;
  std::vector<std::pair<std::size_t, std::size_t>> phases_of_;      // of each well, in twin_.tracks
  std::unique_ptr<FieldPictures> pictures_;
};

struct ImageTwinFiles {
  int gzip = 4;                          // of the frames, as the release; 0: none
  bool label_images = true;
  std::vector<int> left_out;             // numbers of frames that are not written, in every well
};

// Imaging/Imaging/<sample>/<id>/t_<n>.hdf5 as the release (Scene [4 x H x W] uint16 in h5py's chunks, Channels, metadata), truth/labels/<sample>/<id>/labels_<n>.hdf5
// (labels [H x W]), truth/nuclei.tsv (every nucleus of every frame), tables truth and truth_shares. One frame per thread in memory.
void run_image_twin(RunDirectory& run, const ImageTwin& twin, const ImageTwinFiles& files);

// The shape of h5py's automatic chunks. Source: h5py 3, h5py/_hl/filters.py, guess_chunk.
std::vector<std::uint64_t> h5py_chunk(const std::vector<std::uint64_t>& shape, std::size_t bytes);

}  // namespace hyped
