// Matrix Market coordinates, streamed into compressed rows of cells.
#include "libhyped/ingest/cells/matrix_folder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/cells/packed_lines.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

// The file of the folder whose name is one of these, or ends in one of them; empty if there is none.
fs::path file_named(const fs::path& folder, std::initializer_list<const char*> names) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && std::any_of(names.begin(), names.end(), [&](const std::string& wanted) { return name.ends_with(wanted) || name.ends_with(wanted + ".gz"); })) found.push_back(entry.path());
  }
  if (found.size() > 1) {
    std::sort(found.begin(), found.end());
    throw InputError(folder.string(), fmt::format("holds {} and {}", found[0].filename().string(), found[1].filename().string()), "give a folder with one matrix");
  }
  return found.empty() ? fs::path() : found[0];
}

template <class T>
bool parse(const char*& at, const char* end, T& value) {
  while (at < end && (*at == ' ' || *at == '\t')) ++at;
  if (at < end && *at == '+') ++at;
  const auto [rest, error] = std::from_chars(at, end, value);
  at = rest;
  return error == std::errc();
}

struct Entries {
  SparseRows cells;
  std::string comment;
};

// The file's columns are the rows here.
Entries read_entries(const fs::path& file, std::int64_t features, std::int64_t barcodes) {
  PackedLines lines(file);
  std::string_view line;
  Entries out;
  if (!lines.next(line) || !line.starts_with("%%MatrixMarket")) throw InputError(file.string(), "does not start with %%MatrixMarket", "give a matrix in Matrix Market form");
  std::string banner(line);
  std::transform(banner.begin(), banner.end(), banner.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (banner.find("coordinate") == banner.npos || banner.find("general") == banner.npos || banner.find("complex") != banner.npos || banner.find("pattern") != banner.npos)
    throw lines.error("is '" + std::string(line) + "'", "'matrix coordinate integer general' or 'real general' is read");
  bool more = lines.next(line);
  for (; more && line.starts_with('%'); more = lines.next(line)) out.comment += std::string(line.substr(1)) + "\n";
  std::int64_t rows = 0, columns = 0, count = 0;
  const char* at = line.data();
  const char* end = line.data() + line.size();
  if (!more || !parse(at, end, rows) || !parse(at, end, columns) || !parse(at, end, count) || rows < 0 || columns < 0 || count < 0) throw lines.error("is not 'rows columns entries'", "the file is damaged: copy it again");
  if (rows != features || columns != barcodes)
    throw lines.error(fmt::format("says {} x {}, and there are {} features and {} barcodes", rows, columns, features, barcodes), "take the three files of one matrix");
  constexpr std::int64_t least_line = 6;      // "1 1 1" and a line end; gzip packs at most a thousandfold
  const auto room = static_cast<std::int64_t>(std::min<std::uintmax_t>(fs::file_size(file) * 1032 / least_line + 1, 1ULL << 40));
  if (count > room) throw lines.error(fmt::format("says {} entries, which the file cannot hold", count), "the file is damaged: copy it again");
  SparseRows& cells = out.cells;
  cells.rows = static_cast<int>(columns);
  cells.columns = static_cast<int>(rows);
  std::vector<std::int64_t> in_cell(static_cast<std::size_t>(columns), 0);
  std::vector<std::int32_t> cell_of;      // of each entry, once the file turns out not to go cell by cell
  std::int32_t last_cell = 0;
  bool sorted = true;
  while (lines.next(line)) {
    if (line.empty()) continue;
    std::int64_t feature = 0, cell = 0;
    double value = 0;
    at = line.data();
    end = line.data() + line.size();
    if (!parse(at, end, feature) || !parse(at, end, cell) || !parse(at, end, value) || at != end) throw lines.error("'" + std::string(line.substr(0, 60)) + "' is not 'feature barcode value'", "the file is damaged: copy it again");
    if (feature < 1 || feature > rows || cell < 1 || cell > columns) throw lines.error(fmt::format("names feature {} and barcode {} of {} and {}", feature, cell, rows, columns), "the file is damaged: copy it again");
    if (!std::isfinite(value) || value < 0) throw lines.error(fmt::format("holds the count {}", value), "counts are finite and not negative: check what wrote the matrix");
    if (static_cast<std::int64_t>(cells.column.size()) == count) throw lines.error(fmt::format("there are more entries than the {} announced", count), "the file is damaged: copy it again");
    const auto own = static_cast<std::int32_t>(cell - 1);
    if (sorted && own < last_cell) {
      sorted = false;
      for (std::int32_t c = 0; c < static_cast<std::int32_t>(columns); ++c) cell_of.insert(cell_of.end(), static_cast<std::size_t>(in_cell[static_cast<std::size_t>(c)]), c);
    }
    last_cell = own;
    ++in_cell[static_cast<std::size_t>(own)];
    if (!sorted) cell_of.push_back(own);
    cells.column.push_back(static_cast<std::int32_t>(feature - 1));
    cells.value.push_back(static_cast<float>(value));
  }
  if (static_cast<std::int64_t>(cells.column.size()) != count) throw InputError(file.string(), fmt::format("holds {} entries and announces {}", cells.column.size(), count), "the file is cut off: copy it again");
  for (const std::int64_t n : in_cell) cells.start.push_back(cells.start.back() + n);
  if (!sorted) {
    std::vector<std::int64_t> next(cells.start.begin(), cells.start.end() - 1);
    std::vector<std::int32_t> column(cells.column.size());
    std::vector<float> values(cells.value.size());
    for (std::size_t i = 0; i < cell_of.size(); ++i) {
      const auto to = static_cast<std::size_t>(next[static_cast<std::size_t>(cell_of[i])]++);
      column[to] = cells.column[i];
      values[to] = cells.value[i];
    }
    cells.column = std::move(column);
    cells.value = std::move(values);
  }
  try {
    make_rows(cells);
  } catch (const InputError& error) {
    throw InputError(file.string(), error.what(), "");
  }
  return out;
}

bool is_placeholder(const std::string& id) {
  static const std::string start = "unknown_";
  return id.starts_with(start) && id.size() > start.size() && id.find_first_not_of("0123456789", start.size()) == id.npos;
}

struct Features {
  Strings ids, names, types, genes;
};

Features read_features(const fs::path& file) {
  PackedLines lines(file);
  Features out;
  std::size_t width = 0;
  for (std::string_view line; lines.next(line);) {
    if (line.empty()) continue;
    const auto cells = tab_cells(line);
    if (width == 0) width = cells.size();
    if (cells.size() != width || width < 1) throw lines.error(fmt::format("has {} columns, the lines before {}", cells.size(), width), "the file is damaged: copy it again");
    out.ids.emplace_back(cells[0]);
    out.names.emplace_back(cells[width > 1 ? 1 : 0]);
    if (width > 2) out.types.emplace_back(cells[2]);
    if (out.names.back().empty()) throw lines.error("has no name", "the file is damaged: copy it again");
  }
  return out;
}

Strings read_barcodes(const fs::path& file) {
  PackedLines lines(file);
  Strings out;
  for (std::string_view line; lines.next(line);)
    if (!line.empty()) out.emplace_back(line.substr(0, line.find('\t')));
  return out;
}

// "-1" if every barcode ends so; empty otherwise.
std::string shared_suffix(const Strings& barcodes) {
  std::string out;
  for (const auto& barcode : barcodes) {
    const auto dash = barcode.rfind('-');
    if (dash == barcode.npos || dash == 0 || dash + 1 == barcode.size() || barcode.find_first_not_of("0123456789", dash + 1) != barcode.npos) return "";
    if (out.empty()) out = barcode.substr(dash);
    if (barcode.compare(dash, barcode.npos, out) != 0) return "";
  }
  return out;
}

fs::path matrix_place(const fs::path& folder) {
  if (!fs::is_directory(folder)) throw InputError(folder.string(), fs::exists(folder) ? "is no folder" : "does not exist", "give the folder that holds matrix.mtx.gz");
  if (is_matrix_folder(folder)) return folder;
  std::vector<fs::path> inside;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_directory() && is_matrix_folder(entry.path())) inside.push_back(entry.path());
  std::sort(inside.begin(), inside.end());
  if (inside.size() == 1) return inside[0];
  std::vector<std::string> names;
  for (const auto& path : inside) names.push_back(path.filename().string());
  throw InputError(folder.string(), inside.empty() ? "holds no matrix.mtx or matrix.mtx.gz" : fmt::format("holds several matrices: {}", fmt::join(names, ", ")), "give the folder of one matrix");
}

}  // namespace

bool is_matrix_folder(const fs::path& folder) {
  if (!fs::is_directory(folder)) return false;
  return std::any_of(fs::directory_iterator(folder), fs::directory_iterator(), [](const auto& entry) {
    const std::string name = entry.path().filename().string();
    return entry.is_regular_file() && (name.ends_with("matrix.mtx") || name.ends_with("matrix.mtx.gz"));
  });
}

ReadMatrixFolder read_matrix_folder(const fs::path& given, const MatrixFolderReading& reading) {
  const fs::path folder = matrix_place(given);
  const fs::path matrix = file_named(folder, {"matrix.mtx"}), features = file_named(folder, {"features.tsv", "genes.tsv"}), barcodes = file_named(folder, {"barcodes.tsv"});
  if (features.empty() || barcodes.empty()) throw InputError(folder.string(), features.empty() ? "has no features.tsv or genes.tsv" : "has no barcodes.tsv", "take the three files of one matrix");
  Features genes = read_features(features);
  Strings cells = read_barcodes(barcodes);
  if (genes.names.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()) || cells.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    throw InputError(folder.string(), "has more than 2,147,483,647 features or barcodes", "split it");
  ReadMatrixFolder out;
  Entries entries = read_entries(matrix, static_cast<std::int64_t>(genes.names.size()), static_cast<std::int64_t>(cells.size()));
  if (entries.comment.find("software_version") != std::string::npos) out.notes.push_back("written by" + entries.comment.substr(0, entries.comment.find('\n')));
  if (const std::string suffix = shared_suffix(cells); !suffix.empty() && !reading.keep_suffix) {
    for (auto& cell : cells) cell.resize(cell.size() - suffix.size());
    out.notes.push_back(fmt::format("all {} barcodes ended in {}, which was dropped", cells.size(), suffix));
  }
  if (const auto repeated = repeated_names(cells); !repeated.empty()) throw InputError(barcodes.string(), "barcodes are repeated: " + words_of(repeated), "join libraries as libraries, each from its own folder");
  out.data.X = {compressed_of(std::move(entries.cells))};
  out.data.obs.index = std::move(cells);
  out.data.var.index = std::move(genes.names);
  if (!genes.ids.empty() && std::all_of(genes.ids.begin(), genes.ids.end(), is_placeholder)) out.notes.push_back("the ids of genes are placeholders (" + genes.ids[0] + ", ...) and were dropped: genes have their names only");
  else if (genes.ids != std::get<Strings>(out.data.var.index)) out.data.var.put("gene_id", std::move(genes.ids));
  if (!genes.types.empty()) {
    const Labels types = labels_of(genes.types);
    if (types.levels.size() > 1) out.notes.push_back(fmt::format("features are of {} types: {}; all are kept, see var/feature_types", types.levels.size(), fmt::join(types.levels, ", ")));
    out.data.var.put("feature_types", categorical_of(types));
  }
  if (const std::string done = settle_repeated_genes(out.data, reading.repeated, features.string()); !done.empty()) out.notes.push_back(done);
  check_shapes(out.data, folder.string());
  return out;
}

}  // namespace hyped
