// A submission of the Virtual Cell Challenge (.vcc): a tar of pred.h5ad.zst and watermark.txt, as `cell-eval prep` writes it.
#pragma once
#include <filesystem>

namespace hyped {

// The prediction of an archive, unpacked for the life of the object into the temporary folder. Programs tar and zstd do the work, as in cell-eval.
// InputError: no tar, no pred.h5ad.zst (or pred.h5ad) in it, a damaged one, programs that are not installed.
class VccArchive {
 public:
  explicit VccArchive(const std::filesystem::path& archive);
  ~VccArchive();
  VccArchive(const VccArchive&) = delete;
  VccArchive& operator=(const VccArchive&) = delete;
  std::filesystem::path prediction() const { return folder_ / "pred.h5ad"; }

 private:
  std::filesystem::path folder_;
};

}  // namespace hyped
