// Which matrix holds the counts.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/cells/backed_matrix.hpp"
#include "libhyped/ingest/hyped/hyped_cells.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

fs::path find_expression(const fs::path& folder) {
  if (fs::is_regular_file(folder)) return folder;
  if (!fs::is_directory(folder)) throw InputError(folder.string(), "does not exist", "give the folder of the release, or the .h5ad in it");
  std::vector<fs::path> named, others;
  for (const auto& entry : fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied)) {
    if (!entry.is_regular_file() || lower(entry.path().extension().string()) != ".h5ad") continue;
    (lower(entry.path().filename().string()) == "genexpression.h5ad" ? named : others).push_back(entry.path());
  }
  std::vector<fs::path>& found = named.empty() ? others : named;
  std::sort(found.begin(), found.end());
  if (found.size() == 1) return found[0];
  std::vector<std::string> names;
  for (const auto& path : found) names.push_back(fs::relative(path, folder).string());
  if (found.empty()) throw InputError(folder.string(), "holds no Genexpression.h5ad and no other .h5ad file", "give the folder of the release, or the .h5ad itself");
  throw InputError(folder.string(), fmt::format("holds {} files that may be meant: {}", found.size(), fmt::join(names, ", ")), "give the one .h5ad to use");
}

std::vector<SurveyedMatrix> survey_matrices(const fs::path& file) {
  std::vector<SurveyedMatrix> out;
  for (const auto& path : matrix_paths(file)) {
    const BackedMatrix matrix(file, path);
    MatrixSurveyor surveyor;
    matrix.each_block([&](const RowBlock& block) { surveyor.see(block.first_row, block.rows); });
    out.push_back({path, matrix.words(), surveyor.finish()});
  }
  return out;
}

}  // namespace hyped
