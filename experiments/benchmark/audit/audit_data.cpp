// Halves of the cells of every condition, target genes by label.
#include "experiments/benchmark/audit/audit_data.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "experiments/cells/expression_input.hpp"
#include "libhyped/errors.hpp"

namespace hyped {
namespace {

std::vector<std::string> split_at(const std::string& text, char mark) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == mark) out.emplace_back();
    else out.back() += c;
  }
  return out;
}

// Genes that a condition perturbs, by name; labels that name none are counted.
void set_targets(AuditData& data, const AuditReading& reading, std::vector<std::string>& notes) {
  std::map<std::string, std::size_t> gene_at;
  for (std::size_t g = 0; g < data.genes.size(); ++g) gene_at[data.genes[g]] = g;
  std::map<std::string, std::vector<std::string>> mapped;
  for (const auto& text : reading.targets) {
    if (text == "none") {      // no condition has one
      for (const auto& label : data.conditions) mapped[label];
      continue;
    }
    const auto equals = text.rfind('=');
    if (equals == text.npos || equals == 0 || equals + 1 == text.size()) throw InputError("--targets " + text, "is not none, LABEL=GENE, LABEL=GENE+GENE or LABEL=none");
    const std::string label = text.substr(0, equals);
    if (std::find(data.conditions.begin(), data.conditions.end(), label) == data.conditions.end()) throw InputError("--targets " + text, "there is no such condition", did_you_mean(label, data.conditions));
    mapped[label] = text.substr(equals + 1) == "none" ? std::vector<std::string>{} : split_at(text.substr(equals + 1), '+');
    for (const auto& gene : mapped[label])
      if (!gene_at.count(gene)) throw InputError("--targets " + text, "the data have no gene " + gene, did_you_mean(gene, data.genes));
  }
  std::size_t with = 0;
  for (const auto& label : data.conditions) {
    std::vector<std::size_t> own;
    for (const auto& gene : mapped.count(label) ? mapped.at(label) : split_at(label, '+'))
      if (const auto found = gene_at.find(gene); found != gene_at.end()) own.push_back(found->second);
    with += !own.empty();
    data.own_genes.push_back(own);
  }
  notes.push_back(fmt::format("{} of {} conditions have a target gene among the {} genes; tricks on targets can touch only these.", with, data.conditions.size(), data.genes.size()));
}

ScoredCells part_of(const SparseRows& logs, const CellResamples& resamples, const std::vector<std::string>& names, const AuditReading& reading, bool first) {
  ScoredCells out;
  out.scale = CellScale::logs;
  out.groups.names = names;
  std::vector<std::pair<int, int>> rows;      // row, group
  for (int k = 0; k < resamples.groups(); ++k) {
    const auto parts = resamples.parts(0, reading.split, 0.5, k);
    for (const int row : first ? parts.one : parts.other) rows.emplace_back(row, k);
  }
  std::sort(rows.begin(), rows.end());
  std::vector<int> order;
  for (const auto& [row, group] : rows) order.push_back(row), out.groups.of_cell.push_back(group);
  out.cells = rows_of(logs, order);
  return out;
}

ScoredPair empty_pair(const AuditData& data) {
  ScoredPair pair;
  pair.genes = data.genes, pair.conditions = data.conditions, pair.control = data.control, pair.truth = data.truth;
  pair.missing.assign(data.conditions.size(), 0);
  pair.own_genes = data.own_genes, pair.where = data.where;
  return pair;
}

}  // namespace

AuditData audit_data_of(const std::vector<std::string>& genes, const SparseRows& logs, const std::vector<std::string>& labels, const std::string& control, const AuditReading& reading, const std::string& where, std::vector<std::string>& notes) {
  const CellGroups all = group_cells(labels);
  const int reference = all.index_of(control, where);
  const auto sizes = all.sizes();
  AuditData out;
  out.genes = genes, out.control = control, out.where = where;
  std::vector<std::string> few;
  for (int k = 0; k < all.count(); ++k) {
    if (k == reference) continue;
    (sizes[static_cast<std::size_t>(k)] >= reading.least_cells ? out.conditions : few).push_back(all.names[static_cast<std::size_t>(k)]);
  }
  if (!few.empty()) notes.push_back(fmt::format("Left out, fewer than {} cells: {}.", reading.least_cells, fmt::join(few, ", ")));
  if (out.conditions.size() < 2) throw InputError(where, fmt::format("{} conditions beside {} have {} cells or more, an audit needs two", out.conditions.size(), control, reading.least_cells), "lower --min-cells or name another column with --by");
  if (sizes[static_cast<std::size_t>(reference)] < std::max<std::int64_t>(2, reading.least_cells)) throw InputError(where, fmt::format("the control {} has {} cells", control, sizes[static_cast<std::size_t>(reference)]), "lower --min-cells or name another control");
  std::vector<std::string> names = out.conditions;
  names.push_back(control);
  const CellGroups groups = only_groups(all, names, where);
  const CellResamples resamples(logs, groups, reading.seed);
  out.truth = part_of(logs, resamples, names, reading, true), out.other = part_of(logs, resamples, names, reading, false);
  out.truth_means = group_means(out.truth.cells, out.truth.groups), out.other_means = group_means(out.other.cells, out.other.groups);
  set_targets(out, reading, notes);
  return out;
}

AuditData read_audit_data(RunDirectory& run, const std::filesystem::path& file, const AuditReading& reading) {
  run.add_input(file);
  const ExpressionInput input = read_expression(file, {ExpressionUse::log_values, reading.matrix, reading.target});
  state_input(run, input);
  const ArmChoice arms = choose_arms(run, input.data.obs, reading.arms, input.where);
  const Labels column = labels_of(column_named(input.data.obs, arms.column, input.where));
  std::vector<std::string> labels, notes;
  for (const auto code : column.codes) labels.push_back(code < 0 ? "" : column.levels[static_cast<std::size_t>(code)]);
  const SparseRows cells = transposed(input.by_gene);
  AuditData out = audit_data_of(input.genes, cells, labels, arms.reference, reading, input.where, notes);
  say(run, "halves", reading.split == SplitRule::alternate ? "every second cell of a condition in the order of the file: first, third, ... are the truth" : "at random, by the seed");
  say(run, "scored", fmt::format("{} beside {}; {} cells are the truth, {} the other half", out.conditions.size(), out.control, out.truth.cells.rows, out.other.cells.rows));
  for (const auto& note : notes) run.add_note(note);
  return out;
}

ScoredPair pair_of(const AuditData& data, const Submission& submission) {
  ScoredPair pair = empty_pair(data);
  pair.predicted_means = submission.means, pair.predicted_control = submission.control;
  return pair;
}

ScoredPair pair_of(const AuditData& data, const CellSubmission& submission) {
  ScoredPair pair = empty_pair(data);
  pair.predicted = ScoredCells{submission.cells, submission.groups, CellScale::logs};
  return pair;
}

Submission duplicate_means(const AuditData& data) {
  const auto n = static_cast<Eigen::Index>(data.conditions.size());
  return {data.other_means.topRows(n), data.other_means.row(n)};
}

CellSubmission duplicate_cells(const AuditData& data) { return {data.other.cells, data.other.groups}; }

}  // namespace hyped
