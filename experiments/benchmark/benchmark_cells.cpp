// Cells, conditions, targets and masks of a benchmark.
#include "experiments/benchmark/benchmark_cells.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "experiments/benchmark/replicates.hpp"
#include "experiments/cells/expression_input.hpp"
#include "libhyped/expression/arms.hpp"
#include "libhyped/expression/composition/design_limits.hpp"
#include "libhyped/expression/differential/group_moments.hpp"
#include "libhyped/expression/preparation/gene_masks.hpp"
#include "libhyped/expression/preparation/normalise.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/ingest/hyped/hyped_cells.hpp"

namespace hyped {
namespace {

std::vector<std::string> split_at(const std::string& text, char mark) {
  std::vector<std::string> out(1);
  for (const char c : text)
    if (c == mark) out.emplace_back();
    else out.back() += c;
  return out;
}

std::pair<std::string, std::string> at_equals(const std::string& option, const std::string& text, const std::string& form) {
  const auto equals = text.find('=');
  if (equals == text.npos || equals == 0 || equals + 1 == text.size()) throw InputError(option + " " + text, "is not " + form, "write " + option + " " + form);
  return {text.substr(0, equals), text.substr(equals + 1)};
}

std::vector<std::string> delivered_by(const std::string& part) {
  if (part == "siPRRX1") return delivered_genes(CellArm::siPRRX1);
  if (part == "mmMYOD1") return delivered_genes(CellArm::mmMYOD1);
  return {};
}

// Target genes of every part: as given, delivered in HYPED, or the gene of the part's name.
void resolve_targets(BenchmarkCells& cells, const BenchmarkReading& reading, const std::string& where) {
  std::set<std::string> parts;
  for (const auto& c : cells.conditions) parts.insert(c.perturbations.begin(), c.perturbations.end());
  const std::set<std::string> genes(cells.genes.begin(), cells.genes.end());
  bool rest_without = false;
  for (const auto& text : reading.targets) {
    if (text == "none") {
      rest_without = true;
      continue;
    }
    const auto [part, wanted] = at_equals("--targets", text, "PART=GENE[,GENE] or PART=none");
    if (!parts.contains(part)) throw InputError("--targets " + text, fmt::format("there is no perturbation '{}'", part), fmt::format("there are: {}", fmt::join(parts, ", ")));
    auto& list = cells.targets[part];
    if (wanted == "none") continue;
    for (const auto& gene : split_at(wanted, ',')) {
      if (!genes.contains(gene)) throw InputError("--targets " + text, fmt::format("gene '{}' is not in {}", gene, where), did_you_mean(gene, cells.genes) + " (a part without a measured target: PART=none)");
      list.push_back(gene);
    }
  }
  std::vector<std::string> open;
  for (const auto& part : parts) {
    if (cells.targets.contains(part)) continue;
    const auto delivered = delivered_by(part);
    for (const auto& gene : delivered)
      if (genes.contains(gene)) cells.targets[part].push_back(gene);
    if (!delivered.empty()) cells.targets.try_emplace(part);
    else if (genes.contains(part)) cells.targets[part] = {part};
    else if (rest_without) cells.targets.try_emplace(part);
    else open.push_back(part);
  }
  if (!open.empty())
    throw InputError(where, fmt::format("{} perturbation{} no gene of the data: {}", open.size(), open.size() > 1 ? "s are" : " is", fmt::join(open, ", ")),
                     fmt::format("say what each targets, or that it has no target gene: --targets {}=GENE, --targets {}=none, or --targets none for all of these", open[0], open[0]));
}

void mask_genes(BenchmarkCells& cells, const BenchmarkReading& reading, std::vector<std::string>& notes) {
  std::vector<std::string> absent, kept_names;
  const GeneMask named = named_genes("masked", cells.genes, reading.masked, &absent);
  const GeneMask mt = mitochondrial_genes(cells.genes);
  if (!absent.empty()) notes.push_back(fmt::format("Masked genes that the data do not have: {}.", fmt::join(absent, ", ")));
  std::vector<int> kept;
  for (std::size_t g = 0; g < cells.genes.size(); ++g) {
    if (named.of[g] || (reading.mask_mitochondrial && mt.of[g])) cells.masked.push_back(cells.genes[g]);
    else kept.push_back(static_cast<int>(g)), kept_names.push_back(cells.genes[g]);
  }
  if (kept.size() < 2) throw InputError(cells.where, "fewer than two genes are left to score", "mask fewer genes");
  if (cells.masked.empty()) return;
  notes.push_back(fmt::format("{} of {} genes are used; masked: {} by name, {} mitochondrial.", kept.size(), cells.genes.size(), named.count(), reading.mask_mitochondrial ? mt.count() : 0));
  cells.values = columns_of(cells.values, kept);
  cells.genes = std::move(kept_names);
}

}  // namespace

int BenchmarkCells::index_of(const std::string& name, const std::string& context) const {
  for (std::size_t l = 0; l < conditions.size(); ++l)
    if (conditions[l].name == name && conditions[l].context == context) return static_cast<int>(l);
  return -1;
}

std::vector<std::string> parts_of_label(const std::string& label, const BenchmarkReading& reading) {
  std::vector<std::string> out;
  for (const auto& text : reading.parts)
    if (const auto [name, parts] = at_equals("--parts", text, "LABEL=PART+PART"); name == label) out = split_at(parts, '+');
  if (out.empty()) {
    const auto arm = arm_of(label);
    if (arm == CellArm::dual) out = {"mmMYOD1", "siPRRX1"};
    else if (arm == CellArm::siPRRX1 || arm == CellArm::mmMYOD1) out = {std::string(to_string(*arm))};
    else out = split_at(label, '+');
  }
  std::sort(out.begin(), out.end());
  if (std::adjacent_find(out.begin(), out.end()) != out.end() || out.front().empty()) throw InputError("label '" + label + "'", "has an empty or repeated part", "name its parts: --parts LABEL=PART+PART");
  return out;
}

void take_replicates(BenchmarkCells& cells, const std::vector<std::string>& names, const std::string& where) {
  Replicates replicates = numbered_replicates(names, cells.condition_of, where);
  cells.replicate_names = std::move(replicates.names), cells.replicate_of = std::move(replicates.of_cell);
}

BenchmarkCells benchmark_cells_of(const std::vector<std::string>& genes, SparseRows values, const std::vector<std::string>& labels, const std::vector<std::string>& contexts,
                                  const std::vector<std::string>& cell_names, const std::string& control, const BenchmarkReading& reading, const std::string& where, std::vector<std::string>& notes) {
  BenchmarkCells out;
  out.where = where;
  out.genes = genes;
  out.values = std::move(values);
  out.cell_names = cell_names;
  out.control_label = control;
  const std::size_t cells = labels.size();
  std::map<std::pair<std::string, std::string>, std::int64_t> count;
  std::int64_t unlabelled = 0;
  for (std::size_t c = 0; c < cells; ++c) {
    const std::string context = contexts.empty() ? "" : contexts[c];
    if (labels[c].empty() || (!contexts.empty() && context.empty())) ++unlabelled;
    else ++count[{labels[c], context}];
  }
  if (unlabelled > 0) notes.push_back(fmt::format("{} cells have no label or no context and take no part.", unlabelled));
  std::set<std::string> known;
  for (const auto& [key, n] : count) known.insert(key.first);
  for (const auto& text : reading.parts)
    if (const std::string label = at_equals("--parts", text, "LABEL=PART+PART").first; !known.contains(label))
      throw InputError("--parts " + text, fmt::format("no cell is labelled '{}'", label), did_you_mean(label, std::vector<std::string>(known.begin(), known.end())));
  if (!known.contains(control)) throw InputError(where, fmt::format("no cell is labelled '{}', the control", control), fmt::format("there are: {}", fmt::join(known, ", ")));
  std::map<std::pair<std::string, std::string>, std::int32_t> index;
  for (const auto& [key, n] : count) {
    if (n < reading.least_cells) {
      notes.push_back(fmt::format("'{}'{} has {} cells, fewer than {}: left out.", key.first, key.second.empty() ? "" : " in " + key.second, n, reading.least_cells));
      continue;
    }
    if (count.contains({control, key.second}) == false || count.at({control, key.second}) < reading.least_cells)
      throw InputError(where, fmt::format("'{}'{} has no control of {} cells or more beside it", key.first, key.second.empty() ? "" : " in context " + key.second, reading.least_cells),
                       "choose another --context, a lower --min-cells, or take out the cells of this context");
    index[key] = static_cast<std::int32_t>(out.conditions.size());
    out.conditions.push_back({key.first, key.first == control ? std::vector<std::string>{} : parts_of_label(key.first, reading), key.second, static_cast<std::size_t>(n)});
  }
  std::map<std::pair<std::vector<std::string>, std::string>, std::string> same;
  for (const auto& c : out.conditions)
    if (const auto [at, fresh] = same.emplace(std::pair{c.perturbations, c.context}, c.name); !fresh)
      throw InputError(where, fmt::format("labels '{}' and '{}' mean the same perturbation", at->second, c.name), "join them in the file first");
  if (std::count_if(out.conditions.begin(), out.conditions.end(), [](const auto& c) { return !c.perturbations.empty(); }) < 2)
    throw InputError(where, fmt::format("has fewer than two perturbed conditions of {} cells or more{}", reading.least_cells, unlabelled > 0 ? fmt::format("; {} cells have no label or no context (phases can be scored: hyped cells prepare)", unlabelled) : std::string()), "a prediction is learned from at least one and scored on another; a lower --min-cells admits smaller ones");
  for (std::size_t c = 0; c < cells; ++c) {
    const auto at = index.find({labels[c], contexts.empty() ? "" : contexts[c]});
    out.condition_of.push_back(at == index.end() ? -1 : at->second);
  }
  std::vector<char> some(out.conditions.size(), 0);
  for (std::size_t c = 0; c < cells; ++c)
    if (out.condition_of[c] >= 0 && !some[static_cast<std::size_t>(out.condition_of[c])]) {
      const auto x = out.values.values_of(static_cast<int>(c));
      some[static_cast<std::size_t>(out.condition_of[c])] = std::any_of(x.begin(), x.end(), [](float v) { return v != 0; });
    }
  for (std::size_t l = 0; l < some.size(); ++l)
    if (!some[l])
      throw InputError(where, fmt::format("all values of all cells of '{}'{} are 0", out.conditions[l].name, out.conditions[l].context.empty() ? "" : " in " + out.conditions[l].context), "leave the condition out of the file, or find out where its counts went");
  out.hyped = are_hyped_arms({known.begin(), known.end()});
  resolve_targets(out, reading, where);
  BenchmarkReading masks = reading;
  if (out.hyped) {
    for (const auto& gene : transgene_symbols())
      if (std::find(genes.begin(), genes.end(), gene) != genes.end()) masks.masked.push_back(gene);
    masks.mask_mitochondrial = true;
    notes.push_back("Arms of HYPED: genes whose reads may be delivered (MYOD1, PRRX1, ESR1) and mitochondrial genes are masked.");
  }
  mask_genes(out, masks, notes);
  return out;
}

namespace {

// Labels by cell, empty where there is none. Declared labels without a cell are said.
std::vector<std::string> label_of_cells(const DataFrame& obs, const std::string& column, const std::string& where, std::vector<std::string>& notes) {
  const Labels labels = labels_of(column_named(obs, column, where));
  std::vector<char> seen(labels.levels.size(), 0);
  for (const auto code : labels.codes)
    if (code >= 0) seen[static_cast<std::size_t>(code)] = 1;
  std::string empty;
  int count = 0;
  for (std::size_t l = 0; l < seen.size(); ++l)
    if (!seen[l] && ++count <= 10) empty += (empty.empty() ? "" : ", ") + labels.levels[l];
  if (count > 0) notes.push_back(fmt::format("{} label{} of column {} {} no cell and {} left out: {}{}.", count, count > 1 ? "s" : "", column, count > 1 ? "have" : "has", count > 1 ? "are" : "is", empty, count > 10 ? ", ..." : ""));
  std::vector<std::string> out;
  for (const auto code : labels.codes) out.push_back(code < 0 ? "" : labels.levels[static_cast<std::size_t>(code)]);
  return out;
}

std::string words_of_replicates(const BenchmarkCells& cells, const std::string& column) {
  std::vector<char> is_control;
  for (const auto& condition : cells.conditions) is_control.push_back(condition.perturbations.empty());
  return replicates_in_words(column, {cells.replicate_names, cells.replicate_of}, cells.condition_of, is_control);
}

ExpressionInput tidy_release(RunDirectory& run, const std::filesystem::path& file, const std::string& release, const BenchmarkReading& reading) {
  say(run, "form", fmt::format("column {} holds the conditions of the HYPED release: arms, phases and libraries are taken as import-hyped does", release));
  HypedReading how;
  how.counts = reading.matrix;
  HypedCells cells = read_hyped_cells(file, how);
  for (const auto& [what, text] : cells.decisions) say(run, what, text);
  for (const auto& doubt : cells.doubts) run.add_warning(doubt);
  for (const auto& note : cells.notes) run.add_note(note);
  ExpressionInput out;
  out.where = file.string();
  out.genes = names_of(cells.data.var, out.where);
  SparseRows rows = sparse_rows_of(std::move(cells.data.X), out.where + ", counts");
  log_normalise(rows, row_totals(rows), reading.target);
  out.by_gene = transposed(rows);
  out.data = std::move(cells.data);
  out.data.X = {};
  return out;
}

}  // namespace

BenchmarkCells read_benchmark_cells(RunDirectory& run, const std::filesystem::path& given, const BenchmarkReading& reading) {
  const std::filesystem::path file = find_expression(given);
  run.add_input(file);
  const ReadAnndata names = read_anndata(file, {{"X", "layers", "raw", "obsm", "varm", "obsp", "varp", "uns"}});
  const auto release = hyped_condition_column(names.data.obs);
  ExpressionInput input;
  if (release && reading.arms.column.empty()) input = tidy_release(run, file, *release, reading);
  else {
    input = read_expression(file, {ExpressionUse::log_values, reading.matrix, reading.target});
    state_input(run, input);
  }
  const ArmChoice arms = choose_arms(run, input.data.obs, reading.arms, input.where);
  std::string context = reading.context;
  if (!context.empty()) say(run, "context", fmt::format("column {}: predictions start from the control of the same context", context));
  std::vector<std::string> notes;
  SparseRows values = transposed(input.by_gene);
  input.by_gene = {};
  BenchmarkCells out = benchmark_cells_of(input.genes, std::move(values), label_of_cells(input.data.obs, arms.column, input.where, notes),
                                          context.empty() ? std::vector<std::string>{} : label_of_cells(input.data.obs, context, input.where, notes), names_of(input.data.obs, input.where), arms.reference, reading, input.where, notes);
  out.unit = "mean log1p of normalised counts";
  out.arm_column = arms.column;
  out.as_a_network_reads = reading.matrix.empty() && reading.target == 1e4 && !(release && reading.arms.column.empty());
  out.context_column = context;
  if (!reading.replicates.empty()) take_replicates(out, label_of_cells(input.data.obs, reading.replicates, input.where, notes), reading.replicates);
  for (const auto& note : notes) {
    fmt::print("{}", to_terminal_paragraph("note      ", note));
    run.add_note(note);
  }
  if (!reading.replicates.empty()) say(run, "replicate", words_of_replicates(out, reading.replicates));
  std::string told;
  for (const auto& [part, genes] : out.targets) told += fmt::format("{}{}: {}", told.empty() ? "" : "; ", part, genes.empty() ? std::string("none") : fmt::format("{}", fmt::join(genes, ", ")));
  say(run, "targets", told.size() > 600 ? told.substr(0, 600) + " ..." : told);
  return out;
}

}  // namespace hyped
