// The matrix of transcripts beside that of genes.
#include <fmt/format.h>

#include <unordered_map>
#include <unordered_set>

#include "libhyped/errors.hpp"
#include "libhyped/expression/join_libraries.hpp"

namespace hyped {
namespace {

constexpr const char* place = "transcripts";

}  // namespace

Strings add_isoforms(AnnotatedData& genes, AnnotatedData transcripts, const std::map<std::string, std::string>& gene_of) {
  const Strings cells = names_of(genes.obs, "obs of the genes"), counted = names_of(transcripts.obs, "obs of the transcripts");
  std::unordered_map<std::string_view, std::int32_t> row;
  for (std::size_t i = 0; i < counted.size(); ++i)
    if (!row.try_emplace(counted[i], static_cast<std::int32_t>(i)).second) throw InputError("transcripts", "two cells are called " + counted[i], "join libraries as libraries, each from its own folder");
  const SparseRows all = sparse_rows_of(std::move(transcripts.X), "transcripts: X");
  SparseRows own;
  own.rows = static_cast<int>(cells.size());
  own.columns = all.columns;
  std::size_t found = 0;
  for (const auto& cell : cells) {
    if (const auto at = row.find(cell); at != row.end()) {
      ++found;
      const auto columns = all.columns_of(at->second);
      const auto values = all.values_of(at->second);
      own.column.insert(own.column.end(), columns.begin(), columns.end());
      own.value.insert(own.value.end(), values.begin(), values.end());
    }
    own.start.push_back(static_cast<std::int64_t>(own.column.size()));
  }
  Strings notes;
  if (found == 0) throw InputError("transcripts", fmt::format("none of their {} cells is among the {} cells of the genes ('{}' against '{}')", counted.size(), cells.size(), counted.empty() ? "" : counted[0], cells.empty() ? "" : cells[0]),
                                   "name the library of both the same, and keep or drop suffixes of both");
  notes.push_back(fmt::format("transcripts: {} of {} cells have them; {} cells of the transcripts are not among those of the genes and were dropped", found, cells.size(), counted.size() - found));
  DataFrame table;
  const Strings names = names_of(transcripts.var, "var of the transcripts");
  table.index = names;
  for (std::size_t c = 0; c < transcripts.var.names.size(); ++c) table.put(transcripts.var.names[c], transcripts.var.columns[c]);
  const DataColumn* given = transcripts.var.find("gene");
  const std::optional<Labels> in_file = given == nullptr ? std::nullopt : std::optional(labels_of(*given));
  Strings gene;
  std::size_t unknown = 0, elsewhere = 0;
  const Strings gene_names = names_of(genes.var, "var");
  const std::unordered_set<std::string> known(gene_names.begin(), gene_names.end());
  for (std::size_t t = 0; t < names.size(); ++t) {
    auto at = gene_of.find(names[t]);
    if (at == gene_of.end()) at = gene_of.find(names[t].substr(0, names[t].find('.')));      // without its version
    std::string own_gene = at != gene_of.end() ? at->second : "";
    if (own_gene.empty() && in_file && in_file->codes[t] >= 0) own_gene = in_file->levels[static_cast<std::size_t>(in_file->codes[t])];
    unknown += own_gene.empty();
    elsewhere += !own_gene.empty() && !known.contains(own_gene);
    gene.push_back(std::move(own_gene));
  }
  notes.push_back(fmt::format("transcripts: {} in all, {} without a known gene, {} of a gene that is not among the genes here", names.size(), unknown, elsewhere));
  table.put("gene", std::move(gene));
  genes.obsm.put(place, {compressed_of(std::move(own))});
  genes.uns.put(place, {std::move(table)});
  return notes;
}

std::optional<Isoforms> isoforms_of(const AnnotatedData& data) {
  const Element* counts = data.obsm.find(place);
  const Element* table = data.uns.find(place);
  const auto* matrix = counts == nullptr ? nullptr : counts->as<CompressedMatrix>();
  const auto* frame = table == nullptr ? nullptr : table->as<DataFrame>();
  if (matrix == nullptr || frame == nullptr) return std::nullopt;
  const DataColumn* genes = frame->find("gene");
  if (genes == nullptr || matrix->columns != frame->rows()) throw InputError("transcripts", "obsm/transcripts and uns/transcripts do not fit", "write them together again");
  Isoforms out{*matrix, names_of(*frame, "uns/transcripts"), {}};
  const Labels labels = labels_of(*genes);
  for (const auto code : labels.codes) out.genes.push_back(code < 0 ? "" : labels.levels[static_cast<std::size_t>(code)]);
  return out;
}

}  // namespace hyped
