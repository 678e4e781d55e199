// DREAM4 and HYPED-like tables; their quirks (no header, no time column, quoted names) stay in here.
#include "libhyped/ingest/networks/read_network_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

#include "libhyped/ingest/delimited.hpp"

namespace hyped {
namespace {

LevelTable levels_of(const DelimitedTable& table) {
  LevelTable out;
  out.genes = table.columns();
  out.levels.resize(static_cast<Eigen::Index>(table.rows()), static_cast<Eigen::Index>(out.genes.size()));
  for (std::size_t r = 0; r < table.rows(); ++r)
    for (std::size_t g = 0; g < out.genes.size(); ++g) {
      const double value = table.number(r, g);
      if (value < 0) throw table.error(r, g, fmt::format("a level of {}", value), "levels are not negative");
      out.levels(static_cast<Eigen::Index>(r), static_cast<Eigen::Index>(g)) = value;
    }
  if (table.rows() == 0) throw InputError(table.file(), "has no rows");
  return out;
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw InputError(file.string(), "cannot be read");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::size_t index_of(const std::vector<std::string>& genes, const std::string& gene, const DelimitedTable& table, std::size_t row, std::size_t column) {
  const auto found = std::find(genes.begin(), genes.end(), gene);
  if (found == genes.end()) throw table.error(row, column, "'" + gene + "' is no gene of the network", "nearest: " + nearest_names(gene, genes));
  return static_cast<std::size_t>(found - genes.begin());
}

}  // namespace

LevelTable read_level_table(const std::filesystem::path& file) { return levels_of(DelimitedTable::read(file)); }

LevelTable read_bare_levels(const std::filesystem::path& file, const std::vector<std::string>& genes) {
  std::string header;
  for (const auto& gene : genes) header += (header.empty() ? "" : "\t") + gene;
  return levels_of(DelimitedTable::parse(file.string(), header + "\n" + text_of(file)));      // lines in messages are then one too many
}

SeriesTable read_series_table(const std::filesystem::path& file, int rows_each, double step) {
  const LevelTable all = read_level_table(file);
  if (rows_each < 2 || all.levels.rows() % rows_each != 0) throw InputError(file.string(), fmt::format("has {} rows: not a whole number of series of {}", all.levels.rows(), rows_each));
  SeriesTable out;
  out.genes = all.genes;
  for (int t = 0; t < rows_each; ++t) out.times.push_back(t * step);
  for (Eigen::Index r = 0; r < all.levels.rows(); r += rows_each) out.series.push_back(all.levels.middleRows(r, rows_each));
  return out;
}

GoldStandard read_gold_standard(const std::filesystem::path& file, const std::vector<std::string>& genes) {
  const DelimitedTable table = DelimitedTable::parse(file.string(), "regulator\ttarget\tpresent\n" + text_of(file));
  GoldStandard out;
  out.genes = genes;
  out.present.setConstant(static_cast<Eigen::Index>(genes.size()), static_cast<Eigen::Index>(genes.size()), false);
  std::set<std::pair<std::size_t, std::size_t>> seen;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    const std::size_t from = index_of(genes, table.name(r, 0), table, r, 0), to = index_of(genes, table.name(r, 1), table, r, 1);
    const auto value = table.integer(r, 2);
    if (value != 0 && value != 1) throw table.error(r, 2, "is neither 0 nor 1", "1: the edge is there");
    if (from == to) throw table.error(r, 0, "an edge from a gene to itself", "self-edges are not scored");
    if (!seen.insert({from, to}).second) throw table.error(r, 0, "this edge is there twice", "keep one");
    out.present(static_cast<Eigen::Index>(from), static_cast<Eigen::Index>(to)) = value == 1;
  }
  if (!out.present.any()) throw InputError(file.string(), "has no edge that is there");
  return out;
}

std::map<std::string, ReferenceArm> read_reference_arms(const std::filesystem::path& file, const std::vector<std::string>& genes) {
  const DelimitedTable table = DelimitedTable::read(file);
  const std::size_t condition = table.column("condition"), hours = table.column("hours"), gene = table.column("gene");
  const std::size_t columns[3] = {table.column("mRNA_endogenous"), table.column("mRNA_measured"), table.column("protein")};
  std::map<std::string, std::set<double>> times;
  for (std::size_t r = 0; r < table.rows(); ++r) times[table.name(r, condition)].insert(table.number(r, hours));
  std::map<std::string, ReferenceArm> out;
  const double missing = std::nan("");
  for (const auto& [arm, at] : times) {
    ReferenceArm& here = out[arm];
    here.hours.assign(at.begin(), at.end());
    for (auto* matrix : {&here.endogenous, &here.measured, &here.protein}) matrix->setConstant(static_cast<Eigen::Index>(at.size()), static_cast<Eigen::Index>(genes.size()), missing);
  }
  for (std::size_t r = 0; r < table.rows(); ++r) {
    ReferenceArm& here = out[table.name(r, condition)];
    const auto t = std::lower_bound(here.hours.begin(), here.hours.end(), table.number(r, hours)) - here.hours.begin();
    const auto g = static_cast<Eigen::Index>(index_of(genes, table.name(r, gene), table, r, gene));
    if (!std::isnan(here.endogenous(t, g))) throw table.error(r, gene, "this arm, time and gene is there twice", "keep one");
    here.endogenous(t, g) = table.number(r, columns[0]);
    here.measured(t, g) = table.number(r, columns[1]);
    here.protein(t, g) = table.number(r, columns[2]);
  }
  for (const auto& [arm, here] : out)
    if (here.endogenous.hasNaN()) throw InputError(file.string(), "arm '" + arm + "' lacks a gene at some time");
  return out;
}

Eigen::MatrixXd ConditionCounts::of(const std::string& name) const {
  std::vector<Eigen::Index> rows;
  for (std::size_t n = 0; n < condition.size(); ++n)
    if (condition[n] == name) rows.push_back(static_cast<Eigen::Index>(n));
  if (rows.empty()) throw InputError("condition '" + name + "'", "has no cells", "nearest: " + nearest_names(name, condition));
  return counts(rows, Eigen::all);
}

ConditionCounts read_condition_counts(const std::filesystem::path& file, const std::vector<std::string>& metadata) {
  const DelimitedTable table = DelimitedTable::read(file);
  const std::size_t condition = table.column("condition");
  ConditionCounts out;
  for (const auto& name : metadata) table.column(name);      // it must be there
  std::vector<std::size_t> columns;
  for (std::size_t c = 0; c < table.columns().size(); ++c)
    if (c != condition && table.columns()[c] != "cell" && std::find(metadata.begin(), metadata.end(), table.columns()[c]) == metadata.end()) columns.push_back(c), out.genes.push_back(table.columns()[c]);
  if (columns.empty()) throw InputError(table.file(), "has no gene columns");
  out.counts.resize(static_cast<Eigen::Index>(table.rows()), static_cast<Eigen::Index>(columns.size()));
  for (std::size_t r = 0; r < table.rows(); ++r) {
    out.condition.push_back(table.name(r, condition));
    for (std::size_t g = 0; g < columns.size(); ++g) {
      const auto count = table.integer(r, columns[g]);
      if (count < 0) throw table.error(r, columns[g], "a negative count", "counts are not negative");
      out.counts(static_cast<Eigen::Index>(r), static_cast<Eigen::Index>(g)) = static_cast<double>(count);
    }
  }
  return out;
}

}  // namespace hyped
