// Reading, joining, writing.
#include "experiments/cells/convert_cells.hpp"

#include <fmt/format.h>

#include "libhyped/errors.hpp"
#include "libhyped/expression/matrix_survey.hpp"
#include "libhyped/ingest/cells/matrix_folder.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/store/table.hpp"
#include "libhyped/store/write_anndata.hpp"

namespace hyped {
namespace {

AnnotatedData read_library(const CellsConversion::Named& named, const CellsConversion& settings, RepeatedGenes repeated, Strings& notes) {
  const std::string name = named.first.empty() ? named.second.filename().string() : named.first;
  Strings own;
  AnnotatedData out;
  if (std::filesystem::is_directory(named.second)) {
    auto read = read_matrix_folder(named.second, {repeated, settings.keep_suffix});
    out = std::move(read.data);
    own = std::move(read.notes);
  } else {
    auto read = read_anndata(named.second);
    out = std::move(read.data);
    own = std::move(read.notes);
  }
  for (auto& note : own) notes.push_back(name + ": " + note);
  return out;
}

AnnotatedData joined(const std::vector<CellsConversion::Named>& named, const CellsConversion& settings, RepeatedGenes repeated, Strings& notes, Table* table) {
  std::vector<Library> libraries;
  for (const auto& one : named) {
    libraries.push_back({one.first, read_library(one, settings, repeated, notes)});
    if (table != nullptr) table->add_row({one.first, one.second.string(), libraries.back().data.cells(), libraries.back().data.genes(), kind_of(libraries.back().data.X)});
  }
  if (libraries.size() == 1 && libraries[0].name.empty()) return std::move(libraries[0].data);
  for (const auto& library : libraries)
    if (library.name.empty()) throw InputError("libraries", "one of several has no name", "write NAME=PATH for each");
  JoinOptions options = settings.join;
  options.repeated = repeated;
  auto out = join_libraries(std::move(libraries), options);
  notes.insert(notes.end(), out.notes.begin(), out.notes.end());
  return std::move(out.data);
}

}  // namespace

void run_convert_cells(RunDirectory& run, const CellsConversion& settings) {
  run.set_title("Cells of " + settings.libraries[0].second.filename().string() + (settings.libraries.size() > 1 ? " and others" : ""), "Which cells and genes are there, and what had to be decided to put them in one table?");
  for (const auto& list : {settings.libraries, settings.transcripts})
    for (const auto& [name, path] : list) run.add_input(path);
  if (!settings.transcript_genes.empty()) run.add_input(settings.transcript_genes);
  Strings notes;
  Table table({{"library", "", ""}, {"path", "", ""}, {"cells", "", ""}, {"genes", "", ""}, {"matrix", "", ""}});
  AnnotatedData data = joined(settings.libraries, settings, settings.join.repeated, notes, &table);
  if (settings.by_rows && !data.X.empty()) {
    const std::string before = kind_of(data.X);
    data.X = {compressed_of(sparse_rows_of(std::move(data.X), "X"))};
    notes.push_back("X: " + before + " became " + kind_of(data.X));
  }
  if (!settings.transcripts.empty()) {
    const auto genes = settings.transcript_genes.empty() ? std::map<std::string, std::string>() : read_transcript_genes(settings.transcript_genes);
    const Strings added = add_isoforms(data, joined(settings.transcripts, settings, RepeatedGenes::suffix, notes, &table), genes);
    notes.insert(notes.end(), added.begin(), added.end());
  }
  for (const auto& note : notes) {
    fmt::print("{}", to_terminal_paragraph("note      ", note));
    run.add_note(note);
  }
  fmt::print("\n{}\n", to_terminal(table, "tables/libraries.tsv"));
  run.add_table("libraries", table, "What was read.");
  run.add_result("cells", static_cast<double>(data.cells()), "1");
  run.add_result("genes", static_cast<double>(data.genes()), "1");
  write_anndata(data, run.path_for("data/cells.h5ad"), {settings.gzip});
  run.add_answer(fmt::format("{} cells x {} genes are in data/cells.h5ad.", data.cells(), data.genes()));
  for (const auto& answer : run.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
}

}  // namespace hyped
