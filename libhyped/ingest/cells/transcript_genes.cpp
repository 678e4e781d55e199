// The gene of each transcript, from a table or an annotation.
#include <fmt/format.h>

#include <algorithm>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/cells/matrix_folder.hpp"
#include "libhyped/ingest/cells/packed_lines.hpp"

namespace hyped {
namespace {

// The value of an attribute in GTF (key "value";) or GFF3 (key=value;); empty if it is not there.
std::string attribute(std::string_view attributes, std::string_view key) {
  for (std::size_t at = attributes.find(key); at != attributes.npos; at = attributes.find(key, at + 1)) {
    if (at > 0 && attributes[at - 1] != ' ' && attributes[at - 1] != ';') continue;
    std::size_t from = at + key.size();
    if (from >= attributes.size() || (attributes[from] != ' ' && attributes[from] != '=')) continue;
    ++from;
    const bool quoted = from < attributes.size() && attributes[from] == '"';
    if (quoted) ++from;
    return std::string(attributes.substr(from, attributes.find_first_of(quoted ? "\"" : ";", from) - from));
  }
  return "";
}

std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> out;
  const char delimiter = line.find('\t') != line.npos ? '\t' : ',';
  for (std::size_t from = 0;;) {
    const std::size_t to = line.find(delimiter, from);
    out.emplace_back(line.substr(from, to == line.npos ? line.npos : to - from));
    if (to == line.npos) return out;
    from = to + 1;
  }
}

}  // namespace

std::map<std::string, std::string> read_transcript_genes(const std::filesystem::path& file) {
  PackedLines lines(file);
  std::map<std::string, std::string> out;
  std::string_view line;
  bool more = lines.next(line);
  while (more && (line.empty() || line.starts_with('#'))) more = lines.next(line);
  if (!more) throw InputError(file.string(), "is empty", "give a table of transcript and gene, or a GTF or GFF file");
  const auto add = [&](const std::string& transcript, const std::string& gene) {
    if (transcript.empty() || gene.empty()) return;
    const auto [found, added] = out.try_emplace(transcript, gene);
    if (!added && found->second != gene) throw lines.error("transcript '" + transcript + "' has the genes '" + found->second + "' and '" + gene + "'", "a transcript has one gene");
  };
  const auto header = cells_of(line);
  const auto transcript = std::find(header.begin(), header.end(), "transcript"), gene = std::find(header.begin(), header.end(), "gene");
  if (transcript != header.end() && gene != header.end()) {
    while (lines.next(line)) {
      if (line.empty()) continue;
      const auto cells = cells_of(line);
      if (cells.size() != header.size()) throw lines.error(fmt::format("has {} columns, the header {}", cells.size(), header.size()), "the file is damaged: copy it again");
      add(cells[static_cast<std::size_t>(transcript - header.begin())], cells[static_cast<std::size_t>(gene - header.begin())]);
    }
    return out;
  }
  if (header.size() != 9) throw InputError(file.string(), "is neither a table with the columns transcript and gene nor GTF or GFF", "write a table with these two columns");
  for (; more; more = lines.next(line)) {
    if (line.empty() || line.starts_with('#')) continue;
    const auto cells = tab_cells(line);
    if (cells.size() != 9) throw lines.error(fmt::format("has {} columns, not 9", cells.size()), "the file is damaged: copy it again");
    const std::string name = attribute(cells[8], "gene_name");
    add(attribute(cells[8], "transcript_id"), name.empty() ? attribute(cells[8], "gene_id") : name);
  }
  if (out.empty()) throw InputError(file.string(), "names no transcript_id with a gene", "give the annotation the transcripts were counted with");
  return out;
}

}  // namespace hyped
