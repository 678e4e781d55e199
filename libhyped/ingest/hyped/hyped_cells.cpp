// Labels, phases and libraries of cells under one set of names.
#include "libhyped/ingest/hyped/hyped_cells.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"

namespace hyped {
namespace {

constexpr std::size_t shown = 12;
constexpr std::int64_t fewest = 10;      // cells of an arm

struct Importer {
  const std::string file;
  const HypedReading& reading;
  HypedCells out;

  AnnotatedData& data() { return out.data; }
  void decide(std::string what, std::string text) { out.decisions.emplace_back(std::move(what), std::move(text)); }
  void doubt(std::string text) { out.doubts.push_back(std::move(text)); }
  std::string obs() const { return file + ": obs"; }

  const SurveyedMatrix& choose_counts() {
    std::vector<std::string> seen;
    const SurveyedMatrix* chosen = nullptr;
    for (const auto& matrix : out.matrices) {
      seen.push_back(fmt::format("{}: {} ({})", matrix.path, to_string(matrix.survey.kind), matrix.survey.why));
      const bool wanted = reading.counts.empty() ? chosen == nullptr && matrix.survey.kind == MatrixKind::counts : matrix.path == reading.counts;
      if (wanted) chosen = &matrix;
    }
    if (!reading.counts.empty() && chosen == nullptr) throw InputError(file, "has no matrix '" + reading.counts + "'", seen.empty() ? "it has no matrix at all" : fmt::format("it has {}", fmt::join(seen, "; ")));
    if (chosen == nullptr) {
      // whole numbers with a few that are no counts are a broken matrix of counts, not another kind
      for (const auto& matrix : out.matrices) refuse_broken(matrix);
      throw InputError(file, seen.empty() ? std::string("has no matrix at all") : fmt::format("holds no counts: {}", fmt::join(seen, "; ")), "give the file with raw counts; they cannot be guessed from logarithms");
    }
    refuse_broken(*chosen);
    if (chosen->survey.kind != MatrixKind::counts) throw InputError(file + ": " + chosen->path, fmt::format("holds no counts but is {} ({})", to_string(chosen->survey.kind), chosen->survey.why), "name another matrix with --counts");
    decide("counts", fmt::format("{}: {}{}", chosen->path, chosen->survey.why, reading.counts.empty() ? "" : "; named by you"));
    return *chosen;
  }

  void refuse_broken(const SurveyedMatrix& matrix) const {
    const auto& s = matrix.survey;
    const auto& bad = s.not_finite.count > 0 ? s.not_finite : s.negative;
    if (bad.count == 0 || s.fractional.count > s.not_finite.count) return;
    throw InputError(file + ": " + matrix.path, fmt::format("{} values are {}; the first is {} in row {} (cell), column {} (gene)", bad.count, s.not_finite.count > 0 ? "not finite" : "negative", bad.value, bad.row + 1, bad.column + 1),
                     "counts are finite and not negative: check what wrote the matrix");
  }

  // X becomes the counts; layers stay where they have the same genes.
  void place_counts(const SurveyedMatrix& chosen) {
    AnnotatedData& d = data();
    Element counts;
    if (chosen.path == "X") counts = std::move(d.X);
    else if (chosen.path == "raw/X") {
      counts = std::move(d.raw->X);
      if (d.raw->var.index != d.var.index) {
        std::string dropped;
        for (const auto& name : d.layers.names) dropped += ", layers/" + name;
        for (const auto& name : d.varm.names) dropped += ", varm/" + name;
        for (const auto& name : d.varp.names) dropped += ", varp/" + name;
        decide("genes", fmt::format("the {} of raw/X, not the {} of X; dropped because they have other genes: X{}", d.raw->var.rows(), d.var.rows(), dropped));
        d.var = d.raw->var;
        d.X = {};
        d.layers = {};
        d.varm = std::move(d.raw->varm);
        d.varp = {};
      }
      d.raw.reset();
    } else counts = std::move(*d.layers.take(chosen.path.substr(std::string("layers/").size())));
    if (chosen.path != "X" && !d.X.empty()) d.layers.put(d.layers.find("X_in_file") == nullptr ? "X_in_file" : "X_in_file_2", std::move(d.X));
    d.X = {compressed_of(sparse_rows_of(std::move(counts), file + ": " + chosen.path))};
    for (const auto& matrix : out.matrices)
      if (matrix.survey.kind == MatrixKind::log_normalised && matrix.survey.columns == d.genes()) {
        decide("logs", fmt::format("{}: {}{}", matrix.path, matrix.survey.why, matrix.path == "X" ? "; kept as layers/X_in_file" : ""));
        return;
      }
    decide("logs", "none in the file: they are computed from the counts when needed");
  }

  void settle_genes() {
    AnnotatedData& d = data();
    Strings names = names_of(d.var, file + ": var");
    const GeneNaming naming = naming_of(names);
    if (naming != GeneNaming::symbols) {
      std::string column;
      for (const char* candidate : {"gene_name", "gene_symbol", "gene_symbols", "feature_name", "symbol"})
        if (column.empty() && d.var.find(candidate) != nullptr && naming_of(labels_of(*d.var.find(candidate)).levels) == GeneNaming::symbols) column = candidate;
      if (column.empty()) doubt(fmt::format("genes are named by {} (the first is {}), and no column of var has symbols: steps that name genes (MYOD1, MT-, phase genes) need symbols", naming == GeneNaming::mixed ? "symbols and Ensembl ids mixed" : "Ensembl ids", names[0]));
      else {
        use_as_gene_names(d, column, d.var.find("gene_id") == nullptr ? "gene_id" : "gene_id_in_index", file);
        decide("gene names", "var/" + column + "; the index held Ensembl ids, which are kept in var/gene_id");
      }
    }
    if (const std::string settled = settle_repeated_genes(d, reading.repeated, file); !settled.empty()) decide("repeated genes", settled);
    names = names_of(d.var, file + ": var");
    for (const char* gene : {"MYOD1", "PRRX1"})
      if (std::find(names.begin(), names.end(), gene) == names.end()) doubt(fmt::format("{} is not among the genes: an effect on it cannot be checked", gene));
  }

  // library of each cell, -1 if unknown
  Labels libraries(const Strings& cells) {
    Labels labels{{"control", "hybrid"}, std::vector<std::int32_t>(cells.size(), -1)};
    const auto code = [](const std::optional<std::string>& library) { return !library ? -1 : *library == "control" ? 0 : 1; };
    if (const DataColumn* column = data().obs.find(reading.library_column)) {
      const Labels given = labels_of(*column);
      std::set<std::string> unknown;
      for (std::size_t i = 0; i < cells.size(); ++i) {
        if (given.codes[i] < 0) continue;
        const std::string& level = given.levels[static_cast<std::size_t>(given.codes[i])];
        labels.codes[i] = code(library_of(level));
        if (labels.codes[i] < 0) unknown.insert(level);
      }
      if (!unknown.empty()) throw InputError(obs() + "/" + reading.library_column, fmt::format("names libraries that are not known: {}", fmt::join(unknown, ", ")), "the libraries are Control and Hybrid; name another column with --library-column");
      decide("library", "obs/" + reading.library_column);
    } else {
      for (std::size_t i = 0; i < cells.size(); ++i)
        if (const auto end = cells[i].rfind('_'); end != std::string::npos) labels.codes[i] = code(library_of(cells[i].substr(end + 1)));
      if (std::any_of(labels.codes.begin(), labels.codes.end(), [](auto c) { return c >= 0; })) decide("library", "the end of the barcodes (_control, _hybrid); there is no column '" + reading.library_column + "'");
      else doubt("the library of the cells is not known: there is no column '" + reading.library_column + "', and barcodes do not end in _control or _hybrid");
    }
    return labels;
  }

  std::string condition_column() const {
    const auto& names = out.data.obs.names;
    if (!reading.condition_column.empty()) {
      if (out.data.obs.find(reading.condition_column) == nullptr) throw InputError(obs(), "has no column '" + reading.condition_column + "'", "its columns are " + nearest_names(reading.condition_column, names));
      return reading.condition_column;
    }
    for (const char* name : {"assigned_condition", "pooled_condition", "condition"})
      if (out.data.obs.find(name) != nullptr) return name;
    std::vector<std::string> there;
    for (std::size_t c = 0; c < names.size(); ++c) {
      const Labels labels = labels_of(out.data.obs.columns[c]);
      there.push_back(labels.levels.size() <= shown && !std::holds_alternative<Numbers>(out.data.obs.columns[c]) ? fmt::format("{} ({})", names[c], fmt::join(labels.levels, ", ")) : names[c]);
    }
    throw InputError(obs(), "has no column assigned_condition, pooled_condition or condition", names.empty() ? "it has no column at all" : fmt::format("name one with --condition-column; its columns are {}", fmt::join(there, "; ")));
  }

  void label_cells() {
    AnnotatedData& d = data();
    const Strings cells = names_of(d.obs, obs());
    if (const auto repeated = repeated_names(cells); !repeated.empty()) throw InputError(obs(), "names of cells are repeated: " + words_of(repeated), "give every cell its own name where the file is written");
    const Labels library = libraries(cells);
    const std::string column = condition_column();
    const Labels given = labels_of(*d.obs.find(column));
    std::vector<std::optional<CellArm>> arm_of_level;
    std::vector<std::int64_t> cells_of_level(given.levels.size(), 0);
    for (const auto code : given.codes)
      if (code >= 0) ++cells_of_level[static_cast<std::size_t>(code)];
    std::vector<std::string> unknown, used;
    for (std::size_t l = 0; l < given.levels.size(); ++l) {
      const auto own = reading.labels.find(given.levels[l]);
      arm_of_level.push_back(own != reading.labels.end() ? own->second : arm_of(given.levels[l]));
      if (cells_of_level[l] == 0) continue;
      if (own == reading.labels.end() && !arm_of_level[l]) unknown.push_back(fmt::format("'{}' ({} cells)", given.levels[l], cells_of_level[l]));
      else used.push_back(fmt::format("{} is {}", given.levels[l], arm_of_level[l] ? to_string(*arm_of_level[l]) : "left out"));
    }
    for (const auto& [label, arm] : reading.labels)
      if (std::find(given.levels.begin(), given.levels.end(), label) == given.levels.end()) throw InputError("--label " + label, "is no label of obs/" + column, "its labels are " + nearest_names(label, given.levels));
    if (!unknown.empty())
      throw InputError(obs() + "/" + column, fmt::format("holds labels that are no known arm: {}", fmt::join(unknown, ", ")), "say what each is with --label 'LABEL'=control|siPRRX1|mmMYOD1|dual|none");
    decide("arm", fmt::format("obs/{}: {}", column, fmt::join(used, ", ")));

    const DataColumn* scored_column = column == reading.phase_column ? nullptr : d.obs.find(reading.phase_column);
    const Labels scored = scored_column == nullptr ? Labels{} : labels_of(*scored_column);
    Labels arm{{}, std::vector<std::int32_t>(cells.size(), -1)}, phase{{}, arm.codes}, source{{"sorted", "scored"}, arm.codes};
    for (const auto name : all_arms) arm.levels.emplace_back(to_string(name));
    for (const auto name : all_phases) phase.levels.emplace_back(name);
    const auto phase_code = [&](const std::optional<std::string>& name) { return name ? static_cast<std::int32_t>(std::find(phase.levels.begin(), phase.levels.end(), *name) - phase.levels.begin()) : -1; };
    std::int64_t tagless_controls = 0, tagless = 0, misplaced = 0, both = 0, agree = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::int32_t code = given.codes[i];
      if (code >= 0) {
        if (const auto own = arm_of_level[static_cast<std::size_t>(code)]) arm.codes[i] = static_cast<std::int32_t>(*own);
      } else if (library.codes[i] == 0) {
        arm.codes[i] = static_cast<std::int32_t>(CellArm::control);
        ++tagless_controls;
      } else ++tagless;
      if (library.codes[i] >= 0 && arm.codes[i] >= 0) misplaced += (arm.codes[i] == 0) != (library.codes[i] == 0);
      const std::int32_t sorted = code >= 0 && arm.codes[i] == 0 ? phase_code(phase_of(given.levels[static_cast<std::size_t>(code)])) : -1;
      const std::int32_t called = scored.codes.empty() || scored.codes[i] < 0 ? -1 : phase_code(phase_of(scored.levels[static_cast<std::size_t>(scored.codes[i])]));
      phase.codes[i] = sorted >= 0 ? sorted : called;
      source.codes[i] = sorted >= 0 ? 0 : called >= 0 ? 1 : -1;
      both += sorted >= 0 && called >= 0;
      agree += sorted >= 0 && sorted == called;
    }
    const auto count = [](const Labels& labels, std::int32_t code) { return std::count(labels.codes.begin(), labels.codes.end(), code); };
    decide("phase", fmt::format("hashtag of the sorted culture for {} cells{}; unknown for {}", count(source, 0), scored_column == nullptr ? "; no column of scored phases" : fmt::format(", scored (obs/{}) for {}", reading.phase_column, count(source, 1)), count(phase, -1)));
    if (count(source, 0) == 0) doubt("no cell has a phase from its hashtag (labels G1, S, G2M): phases of the controls are what was scored, or unknown");
    if (both > 0) doubt(fmt::format("scored phases agree with the sorted ones in {:.1f} % of {} controls that have both; the sorted one is used", 100.0 * static_cast<double>(agree) / static_cast<double>(both), both));
    if (tagless_controls > 0) doubt(fmt::format("{} cells of the control library have no hashtag: they are controls without a phase", tagless_controls));
    if (tagless > 0) doubt(fmt::format("{} cells have no label and are not of the control library: they have no arm and no analysis uses them", tagless));
    if (misplaced > 0) doubt(fmt::format("{} cells are controls of the hybrid library or perturbed cells of the control library", misplaced));
    for (const auto name : all_arms) {
      const std::int64_t own = count(arm, static_cast<std::int32_t>(name));
      if (own > 0 && own < fewest) doubt(fmt::format("arm {} has {} cells: too few to describe it", to_string(name), own));
    }
    confound(library, arm);

    Labels raw = given;
    DataFrame tidy;
    tidy.index = d.obs.index;
    tidy.index_name = d.obs.index_name;
    tidy.put("arm", categorical_of(arm));
    tidy.put("arm_label", categorical_of(std::move(raw)));
    tidy.put("phase", categorical_of(phase));
    tidy.put("phase_source", categorical_of(source));
    if (count(library, -1) < static_cast<std::int64_t>(cells.size())) tidy.put("library", categorical_of(library));
    const Strings own = tidy.names;
    for (std::size_t c = 0; c < d.obs.names.size(); ++c) {
      const bool taken = std::find(own.begin(), own.end(), d.obs.names[c]) != own.end();
      tidy.put(taken ? d.obs.names[c] + "_in_file" : d.obs.names[c], std::move(d.obs.columns[c]));
    }
    d.obs = std::move(tidy);
  }

  void confound(const Labels& library, const Labels& arm) {
    std::set<std::int32_t> of_control, of_perturbed;
    for (std::size_t i = 0; i < arm.codes.size(); ++i)
      if (arm.codes[i] >= 0 && library.codes[i] >= 0) (arm.codes[i] == 0 ? of_control : of_perturbed).insert(library.codes[i]);
    std::vector<std::int32_t> shared;
    std::set_intersection(of_control.begin(), of_control.end(), of_perturbed.begin(), of_perturbed.end(), std::back_inserter(shared));
    if (!of_control.empty() && !of_perturbed.empty() && shared.empty()) doubt("all controls are in one library and all perturbed cells in another: a difference between them cannot be told from the library's own effect");
    if (of_control.empty() || of_perturbed.empty()) doubt("controls or perturbed cells are missing, or their library is: contrasts with controls cannot be made or judged");
  }

  void compare_totals(const MatrixSurvey& survey) {
    const DataColumn* totals = data().obs.find("total_reads");
    const auto given = totals == nullptr ? std::nullopt : numbers_of(*totals);
    if (!given) return;
    std::int64_t different = 0;
    for (std::size_t i = 0; i < given->size(); ++i) different += !(std::abs((*given)[i] - survey.row_sums[i]) <= 0.5);
    if (different > 0) doubt(fmt::format("total_reads differs from the sum of the counts in {} cells: genes were dropped after it was computed, or it is of another matrix", different));
    else decide("totals", "total_reads equals the sum of the counts in every cell");
  }
};

}  // namespace

HypedCells read_hyped_cells(const std::filesystem::path& file, const HypedReading& reading) {
  check_structure(file);
  Importer import{file.string(), reading, {}};
  import.out.matrices = survey_matrices(file);
  const SurveyedMatrix counts = import.choose_counts();
  auto read = read_anndata(file, {{}, false});
  import.out.data = std::move(read.data);
  import.out.version = read.version;
  import.out.notes = std::move(read.notes);
  import.place_counts(counts);
  import.compare_totals(counts.survey);
  import.settle_genes();
  import.label_cells();
  Dict about;
  Strings decisions;
  for (const auto& [what, text] : import.out.decisions) decisions.push_back(what + ": " + text);
  const auto list = [](Strings text) { return Element{TextArray{{static_cast<std::int64_t>(text.size())}, text}}; };
  about.put("source", {TextArray{{}, {file.filename().string()}}});
  about.put("counts", {TextArray{{}, {counts.path}}});
  about.put("decisions", list(decisions));
  about.put("doubts", list(import.out.doubts));
  import.out.data.uns.put("hyped", {std::move(about)});
  check_shapes(import.out.data, file.string());
  return std::move(import.out);
}

}  // namespace hyped
