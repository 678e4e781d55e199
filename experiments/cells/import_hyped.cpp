// Decisions and doubts to the terminal, the run's tables and the file itself.
#include "experiments/cells/import_hyped.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "libhyped/store/table.hpp"
#include "libhyped/store/write_anndata.hpp"

namespace hyped {
namespace {

Table cells_per_arm(const DataFrame& obs) {
  Table table({{"arm", "", ""}, {"label", "", "in the file"}, {"library", "", ""}, {"phase", "", ""}, {"phase_source", "", "sorted: by its hashtag; scored: called from its genes"}, {"cells", "", ""}});
  const std::vector<std::string> names = {"arm", "arm_label", "library", "phase", "phase_source"};
  std::vector<Labels> labels;
  for (const auto& name : names) labels.push_back(obs.find(name) == nullptr ? Labels{{}, std::vector<std::int32_t>(static_cast<std::size_t>(obs.rows()), -1)} : labels_of(*obs.find(name)));
  std::map<std::vector<std::int32_t>, std::int64_t> counts;
  for (std::size_t i = 0; i < static_cast<std::size_t>(obs.rows()); ++i) {
    std::vector<std::int32_t> key;
    for (const auto& one : labels) key.push_back(one.codes[i]);
    ++counts[key];
  }
  for (const auto& [key, count] : counts) {
    std::vector<Cell> row;
    for (std::size_t k = 0; k < key.size(); ++k) row.push_back(key[k] < 0 ? Cell() : Cell(labels[k].levels[static_cast<std::size_t>(key[k])]));
    row.emplace_back(count);
    table.add_row(std::move(row));
  }
  return table;
}

Table wells_of(const ImagingTree& tree) {
  Table table({{"sample", "", "folder"}, {"well", "", ""}, {"arm", "", "by the folder's name, or as you said"}, {"frames", "", ""}, {"first", "", ""}, {"last", "", ""}, {"missing", "", "frames between"},
               {"scene", "", "of the first frame"}, {"channels", "", "in the order stored"}, {"folder", "", ""}});
  for (const auto& well : tree.wells) {
    std::int64_t missing = 0;
    for (const auto& [from, to] : well.gaps) missing += to - from + 1;
    table.add_row({well.sample, well.id, well.arm ? Cell(std::string(to_string(*well.arm))) : Cell(), well.frames, well.first, well.last, missing, well.scene, fmt::format("{}", fmt::join(well.channels, ", ")), well.folder.string()});
  }
  return table;
}

void say(const std::string& head, const std::string& text) { fmt::print("{}", to_terminal_paragraph(fmt::format("{:<9} ", head), text)); }

}  // namespace

void run_import_hyped(RunDirectory& run, const std::filesystem::path& folder, const HypedImport& settings) {
  run.set_title("HYPED: cells of " + folder.filename().string(), "Which cells are of which arm, phase and library, which matrix holds the counts, and what is doubtful about it?");
  const auto file = find_expression(folder);
  run.add_input(file);
  HypedCells cells = read_hyped_cells(file, settings.reading);
  const ImagingTree tree = std::filesystem::is_directory(folder) ? list_imaging(folder, settings.folders) : ImagingTree{};
  say("file", fmt::format("{} ({})", file.string(), cells.version));
  Table decisions({{"what", "", ""}, {"decided", "", ""}}), doubts({{"about", "", ""}, {"doubt", "", ""}}), matrices({{"matrix", "", ""}, {"holds", "", ""}, {"because", "", ""}, {"form", "", ""}});
  for (const auto& [what, text] : cells.decisions) {
    say(what, text);
    run.add_setting(what, text);
    decisions.add_row({what, text});
  }
  for (const auto& matrix : cells.matrices) matrices.add_row({matrix.path, std::string(to_string(matrix.survey.kind)), matrix.survey.why, matrix.form});
  for (const auto& [about, list] : {std::pair("cells", cells.doubts), std::pair("imaging", tree.doubts)})
    for (const auto& doubt : list) {
      run.add_warning(doubt);
      doubts.add_row({std::string(about), doubt});
    }
  for (const auto& note : cells.notes) run.add_note(note);
  for (const auto& limit : design_limits()) run.add_note(limit);
  const Table arms = cells_per_arm(cells.data.obs);
  fmt::print("\n{}\n", to_terminal(arms, "tables/cells_per_arm.tsv"));
  run.add_table("cells_per_arm", arms, "Cells by arm, label in the file, library and phase. Phases of sorted controls carry no composition.");
  run.add_table("matrices", matrices, "What each matrix of cells x genes holds, told from all its values.");
  run.add_table("decisions", decisions, "What was used, and why.");
  if (!doubts.rows().empty()) run.add_table("doubts", doubts, "What may be wrong with the data or with a decision.");
  if (!tree.wells.empty()) {
    const Table wells = wells_of(tree);
    fmt::print("{}\n", to_terminal(wells, "tables/wells.tsv"));
    run.add_table("wells", wells, "The imaging half: wells and their frames.");
  }
  run.add_result("cells", static_cast<double>(cells.data.cells()), "1");
  run.add_result("genes", static_cast<double>(cells.data.genes()), "1");
  run.add_result("wells", static_cast<double>(tree.wells.size()), "1");
  write_anndata(cells.data, run.path_for("data/cells.h5ad"));
  run.add_answer(fmt::format("{} cells x {} genes in tidy form are in data/cells.h5ad; {} doubts are listed{}.", cells.data.cells(), cells.data.genes(), cells.doubts.size() + tree.doubts.size(),
                             tree.wells.empty() ? "; no imaging was found" : fmt::format("; {} wells of imaging were found", tree.wells.size())));
  for (const auto& answer : run.summary().answers) say("answer", answer);
}

}  // namespace hyped
