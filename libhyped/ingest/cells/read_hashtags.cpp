// Columns of hashtag reads, wherever they stand.
#include "libhyped/ingest/cells/read_hashtags.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>

#include "libhyped/errors.hpp"
#include "libhyped/expression/annotated_data.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/ingest/delimited.hpp"

namespace hyped {
namespace {

// Cells in the file's order, before they are split by library. NaN: missing.
struct FlatTable {
  std::vector<std::string> barcodes, library, assigned;
  std::vector<std::string> tags;
  std::vector<std::vector<double>> reads;      // [K] of [N]
};

std::string plain(const std::string& text, const std::string& suffix) { return text.size() > suffix.size() && text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : ""; }

std::vector<std::string> texts_of(const DataColumn& column) {
  const Labels labels = labels_of(column);
  std::vector<std::string> out;
  for (const auto code : labels.codes) out.push_back(code < 0 ? "" : labels.levels[static_cast<std::size_t>(code)]);
  return out;
}

FlatTable from_anndata(const std::filesystem::path& file, std::vector<std::string>& notes) {
  const ReadAnndata read = read_anndata(file, {{"X", "layers", "raw", "obsm", "varm", "obsp", "varp", "uns"}, true});
  const DataFrame& obs = read.data.obs;
  FlatTable out;
  out.barcodes = names_of(obs, file.string());
  std::vector<std::string> others;
  for (std::size_t c = 0; c < obs.names.size(); ++c) {
    std::string tag = plain(obs.names[c], "-fb_counts");
    if (tag.empty()) tag = plain(obs.names[c], "_fb_counts");
    if (tag.empty() || tag == "total") {
      others.push_back(obs.names[c]);
      continue;
    }
    auto numbers = numbers_of(obs.columns[c]);
    if (!numbers) throw InputError(file.string(), fmt::format("obs column '{}' holds no numbers", obs.names[c]), "it should hold reads of a hashtag");
    out.tags.push_back(tag);
    out.reads.push_back(std::move(*numbers));
  }
  if (out.tags.empty()) throw InputError(file.string(), fmt::format("obs has no column of hashtag reads (\"<label>-fb_counts\"); it has {}", fmt::join(others, ", ")), "give a table of reads per barcode and hashtag");
  if (const DataColumn* dataset = obs.find("dataset")) out.library = texts_of(*dataset), notes.push_back("Libraries are told by the obs column 'dataset'.");
  if (const DataColumn* assigned = obs.find("assigned_condition")) out.assigned = texts_of(*assigned);
  return out;
}

FlatTable from_table(const std::filesystem::path& file, std::vector<std::string>& notes) {
  const DelimitedTable table = DelimitedTable::read(file);
  const auto first_of = [&](std::initializer_list<const char*> names) -> std::string {
    for (const char* name : names)
      if (table.has(name)) return name;
    return "";
  };
  const std::string barcode = first_of({"barcode", "cell_barcode", "cell"}), library = first_of({"dataset", "library"}), assigned = first_of({"assigned_condition", "assigned_tag", "pred"});
  if (barcode.empty()) throw InputError(file.string(), fmt::format("has no column barcode, cell_barcode or cell; it has {}", fmt::join(table.columns(), ", ")), "name the column of cells");
  FlatTable out;
  std::map<std::string, std::size_t> tag_of, row_of;
  std::vector<std::pair<std::size_t, std::size_t>> columns;      // of the table, of the tag
  static const std::regex chunk("chunk_[0-9]+_(.+)");
  std::vector<std::string> left;
  for (std::size_t c = 0; c < table.columns().size(); ++c) {
    const std::string& name = table.columns()[c];
    if (name == barcode || name == library || name == assigned || name.empty() || name.find("total") != name.npos) continue;
    bool numeric = true;
    for (std::size_t r = 0; r < std::min<std::size_t>(table.rows(), 20); ++r) {
      const std::string& text = table.text(r, c);
      numeric = numeric && text.find_first_not_of("0123456789.+-eENnAa") == text.npos;
    }
    if (!numeric) {
      left.push_back(name);
      continue;
    }
    std::smatch match;
    const std::string tag = std::regex_match(name, match, chunk) ? match[1].str() : name;
    const auto [found, added] = tag_of.try_emplace(tag, out.tags.size());
    if (added) out.tags.push_back(tag);
    columns.emplace_back(c, found->second);
  }
  if (!left.empty()) notes.push_back(fmt::format("Columns that hold no counts are not used: {}.", fmt::join(left, ", ")));
  if (out.tags.empty()) throw InputError(file.string(), "has no column of counts", "give one column of reads per hashtag");
  out.reads.resize(out.tags.size());
  std::size_t repeated = 0;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    const std::string& cell = table.name(r, table.column(barcode));
    const auto [found, added] = row_of.try_emplace(cell + "\n" + (library.empty() ? "" : table.text(r, table.column(library))), out.barcodes.size());
    if (added) {
      out.barcodes.push_back(cell);
      if (!library.empty()) out.library.push_back(table.text(r, table.column(library)));
      if (!assigned.empty()) out.assigned.push_back(table.text(r, table.column(assigned)));
      for (auto& reads : out.reads) reads.push_back(std::nan(""));
    } else {
      ++repeated;
    }
    for (const auto& [column, tag] : columns) {
      const double value = table.number_or_missing(r, column);
      double& sum = out.reads[tag][found->second];
      if (!std::isnan(value)) sum = std::isnan(sum) ? value : sum + value;
    }
  }
  if (repeated > 0) {
    notes.push_back(fmt::format("{} rows name a barcode that came before: their reads were added up.", repeated));
    out.assigned.clear();      // labels of parts of a cell's reads
  }
  return out;
}

}  // namespace

HashtagFile read_hashtags(const std::filesystem::path& file) {
  HashtagFile out;
  const std::string extension = file.extension().string();
  const FlatTable flat = extension == ".h5ad" || extension == ".h5" ? from_anndata(file, out.notes) : from_table(file, out.notes);
  std::map<std::string, std::size_t> index;
  std::vector<std::vector<std::size_t>> rows;
  for (std::size_t i = 0; i < flat.barcodes.size(); ++i) {
    const std::string name = flat.library.empty() ? "all cells" : flat.library[i].empty() ? "no library" : flat.library[i];
    const auto [found, added] = index.try_emplace(name, rows.size());
    if (added) {
      rows.emplace_back();
      out.libraries.push_back({});
      out.libraries.back().name = name;
    }
    rows[found->second].push_back(i);
  }
  for (std::size_t l = 0; l < rows.size(); ++l) {
    HashtagLibrary& library = out.libraries[l];
    std::vector<std::size_t> present;
    for (std::size_t k = 0; k < flat.tags.size(); ++k)
      if (std::any_of(rows[l].begin(), rows[l].end(), [&](std::size_t i) { return !std::isnan(flat.reads[k][i]); })) present.push_back(k);
    for (const std::size_t k : present) library.counts.tags.push_back(flat.tags[k]);
    library.counts.cells = static_cast<int>(rows[l].size());
    for (const std::size_t i : rows[l]) {
      library.barcodes.push_back(flat.barcodes[i]);
      if (!flat.assigned.empty()) library.assigned.push_back(flat.assigned[i]);
      bool missing = true;
      for (const std::size_t k : present) {
        const double value = flat.reads[k][i];
        if (!std::isnan(value) && (!(value >= 0) || value != std::floor(value) || value > 2e9))
          throw InputError(file.string(), fmt::format("cell '{}' has {:.6g} reads of hashtag '{}'", flat.barcodes[i], value, flat.tags[k]), "reads are whole numbers from 0");
        missing = missing && std::isnan(value);
        library.counts.reads.push_back(std::isnan(value) ? 0 : static_cast<std::int32_t>(value));
      }
      library.without_reads += missing ? 1 : 0;
    }
    if (library.without_reads > 0) out.notes.push_back(fmt::format("Library '{}': {} of {} cells have missing hashtag counts, which is taken as no reads.", library.name, library.without_reads, library.counts.cells));
  }
  return out;
}

std::vector<std::string> read_true_classes(const std::filesystem::path& file, const std::vector<std::string>& barcodes) {
  const DelimitedTable table = DelimitedTable::read(file);
  const std::size_t barcode = table.column("barcode"), truth = table.column("true_class");
  std::map<std::string, std::string> classes;
  for (std::size_t r = 0; r < table.rows(); ++r) classes[table.name(r, barcode)] = table.name(r, truth);
  std::vector<std::string> out;
  for (const auto& name : barcodes) {
    const auto found = classes.find(name);
    if (found == classes.end()) throw InputError(file.string(), fmt::format("has no cell '{}'", name), "give the truth of the same twin");
    out.push_back(found->second);
  }
  return out;
}

}  // namespace hyped
