// `hyped image denoise`: the noise of a picture measured, the picture denoised, and what that did to it.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/image/denoise/sliding_cosines.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct DenoiseSettings {
  CosineOptions cosines;
  int frame = 0, channel = 0;
  bool compare = true;                   // thinning: a Gaussian and a median filter beside
  std::vector<std::filesystem::path> others = {};      // the same picture denoised by other programs (FM2S): their residuals beside
  std::uint64_t seed = 1;
};

// Table noise, table methods (thinned error and residual of each), figure noise; data/denoised.npy in the units of the picture. The outcome is not ok where noise cannot be measured.
void run_image_denoise(RunDirectory& run, const std::filesystem::path& file, const DenoiseSettings& settings);

}  // namespace hyped
