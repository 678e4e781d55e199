// `hyped cells inspect|convert|import-hyped`.
#include <fmt/format.h>

#include "experiments/cells/convert_cells.hpp"
#include "experiments/cells/import_hyped.hpp"
#include "experiments/cells/inspect_cells.hpp"
#include "experiments/commands/cells.hpp"
#include "experiments/commands/checks.hpp"
#include "libhyped/errors.hpp"

namespace hyped::commands {
namespace {

CellArm arm_named(const std::string& option, const std::string& word) {
  for (const auto arm : all_arms)
    if (to_string(arm) == word) return arm;
  throw InputError(option, "'" + word + "' is no arm", "the arms are control, siPRRX1, mmMYOD1 and dual");
}

// LEFT=RIGHT; the last equals sign, since labels may hold one.
std::pair<std::string, std::string> halves(const std::string& option, const std::string& text) {
  const auto equals = text.rfind('=');
  if (equals == text.npos || equals == 0 || equals + 1 == text.size()) throw InputError(option + " " + text, "is not NAME=VALUE", "write for example " + option + " control=VALUE");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

// NAME=PATH, or a path alone.
CellsConversion::Named library(const std::string& text) {
  if (std::filesystem::exists(text)) return {"", text};
  const auto equals = text.find('=');
  if (equals == text.npos || equals == 0) throw InputError(text, "does not exist", "give a matrix folder or .h5ad file, or NAME=PATH");
  const std::filesystem::path path = text.substr(equals + 1);
  if (!std::filesystem::exists(path)) throw InputError(path.string(), "does not exist", "check the path");
  return {text.substr(0, equals), path};
}

}  // namespace

void add_cells_inspect(CLI::App& cells, int&) {
  struct Arguments {
    std::string file;
    bool all = false;
  };
  auto args = std::make_shared<Arguments>();      // shared with the callback, which outlives this function
  auto* command = cells.add_subcommand("inspect", "What is in a file: shapes, what X is and why, columns, doubts");
  command->add_option("FILE", args->file, "an .h5ad file of any version, or a matrix folder (10x, EPI2ME)")->required();
  command->add_flag("--all", args->all, "everything in the file and how it is stored");
  command->footer("Example: hyped cells inspect cells.h5ad --all");
  command->callback([args] { fmt::print("{}", to_terminal(inspect_cells(args->file), args->all)); });
}

void add_cells_convert(CLI::App& cells, int& exit_code) {
  struct Arguments : CellsArguments {
    std::vector<std::string> libraries, transcripts;
    std::string by = "automatic", repeated = "refuse", genes;
    bool keep_suffix = false, by_rows = false;
    int gzip = 4;
  };
  auto args = std::make_shared<Arguments>();
  auto* command = cells.add_subcommand("convert", "Matrix folders or .h5ad files to one .h5ad; libraries are joined");
  command->add_option("LIBRARY", args->libraries, "NAME=PATH of each library, or one path")->required();
  command->add_option("--transcripts", args->transcripts, "NAME=FOLDER of transcript counts of that library")->allow_extra_args(false);
  command->add_option("--transcript-genes", args->genes, "table (transcript, gene), GTF or GFF");
  command->add_option("--by", args->by, "genes are one by: automatic, name, id")->check(CLI::IsMember({"automatic", "name", "id"}))->capture_default_str();
  command->add_option("--repeated-genes", args->repeated, "refuse, suffix or sum")->check(CLI::IsMember({"refuse", "suffix", "sum"}))->capture_default_str();
  command->add_flag("--keep-suffix", args->keep_suffix, "keep the -1 at the end of barcodes");
  command->add_flag("--rows", args->by_rows, "store X as compressed rows of 32-bit floats");
  command->add_option("--gzip", args->gzip, "level of packing; 0: none")->check(count_within(0, 9))->capture_default_str();
  args->add_common(*command, "hyped cells convert control=c/gene_raw hybrid=h/gene_raw --out out/c");
  command->callback([args, &exit_code] {
    CellsConversion settings;
    for (const auto& text : args->libraries) settings.libraries.push_back(library(text));
    for (const auto& text : args->transcripts) settings.transcripts.push_back(library(text));
    settings.transcript_genes = args->genes;
    settings.join.by = args->by == "name" ? JoinBy::name : args->by == "id" ? JoinBy::id : JoinBy::automatic;
    settings.join.repeated = repeated_genes_of(args->repeated);
    settings.keep_suffix = args->keep_suffix;
    settings.by_rows = args->by_rows;
    settings.gzip = args->gzip;
    run_in_folder(*args, exit_code, [&](RunDirectory& folder) { run_convert_cells(folder, settings); });
  });
}

void add_cells_import_hyped(CLI::App& cells, int& exit_code) {
  struct Arguments : CellsArguments {
    HypedImport import;
    std::vector<std::string> labels, folders;
    std::string repeated = "refuse";
  };
  auto args = std::make_shared<Arguments>();
  auto* command = cells.add_subcommand("import-hyped", "The HYPED release: tidy cells, wells listed, every doubt said");
  args->add_reading(*command, "folder of the release, or its .h5ad", "hyped cells import-hyped HYB-IMAGEN --out out/hyped");
  command->add_option("--counts", args->import.reading.counts, "matrix of counts: X, layers/NAME, raw/X; default: found");
  command->add_option("--condition-column", args->import.reading.condition_column, "column of obs; default: found");
  command->add_option("--phase-column", args->import.reading.phase_column, "scored phases")->capture_default_str();
  command->add_option("--library-column", args->import.reading.library_column, "of obs")->capture_default_str();
  command->add_option("--label", args->labels, "LABEL=control|siPRRX1|mmMYOD1|dual|none")->allow_extra_args(false);
  command->add_option("--folder", args->folders, "what a sample folder holds: FOLDER=ARM")->allow_extra_args(false);
  command->add_option("--repeated-genes", args->repeated, "refuse, suffix or sum")->check(CLI::IsMember({"refuse", "suffix", "sum"}))->capture_default_str();
  command->callback([args, &exit_code] {
    for (const auto& text : args->labels) {
      const auto [label, arm] = halves("--label", text);
      args->import.reading.labels[label] = arm == "none" ? std::nullopt : std::optional(arm_named("--label " + text, arm));
    }
    for (const auto& text : args->folders) {
      const auto [folder, arm] = halves("--folder", text);
      args->import.folders[folder] = arm_named("--folder " + text, arm);
    }
    args->import.reading.repeated = repeated_genes_of(args->repeated);
    run_in_folder(*args, exit_code, [&](RunDirectory& folder) { run_import_hyped(folder, args->data, args->import); });
  });
}

}  // namespace hyped::commands
