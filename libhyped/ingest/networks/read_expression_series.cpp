// Columns matched to samples, rows to genes.
#include "libhyped/ingest/networks/read_expression_series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

#include "libhyped/counted.hpp"
#include "libhyped/ingest/delimited.hpp"

namespace hyped {
namespace {

struct SampleTable {
  std::map<std::string, ExpressionSample> by_column;
  std::map<std::string, ExpressionSample> by_label;      // first sample of each time point: its hours, and the least number
};

SampleTable read_samples(const std::filesystem::path& file) {
  const DelimitedTable table = DelimitedTable::read(file);
  SampleTable out;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    ExpressionSample sample{table.name(r, table.column("column")), table.integer(r, table.column("sample_id")), table.number(r, table.column("hours_official")), static_cast<int>(table.integer(r, table.column("replicate")))};
    const std::string label = table.name(r, table.column("T_label"));
    const auto [at, fresh] = out.by_label.emplace(label, sample);
    if (!fresh && sample.number < at->second.number) at->second.number = sample.number;
    at->second.name = label, at->second.replicate = 1;
    if (!out.by_column.emplace(sample.name, sample).second) throw table.error(r, table.column("column"), "the sample is there twice", "keep one");
  }
  return out;
}

}  // namespace

ExpressionSeries read_expression_series(const std::filesystem::path& file, std::filesystem::path samples) {
  const DelimitedTable table = DelimitedTable::read(file);
  ExpressionSeries out;
  out.source = file.string();
  if (samples.empty()) samples = file.parent_path() / "samples.csv";
  if (!std::filesystem::exists(samples)) throw InputError(samples.string(), "is not there, and only it says at how many hours a sample was taken", "give it with --samples");
  const SampleTable known = read_samples(samples);
  const auto& columns = table.columns();
  if (columns.size() < 4) throw InputError(out.source, "has fewer than three samples", "genes are rows, samples are columns");
  std::string sample_column, label_column;
  for (std::size_t c = 1; c < columns.size(); ++c) {
    const auto by_column = known.by_column.find(columns[c]), by_label = known.by_label.find(columns[c]);
    if (by_column != known.by_column.end()) out.samples.push_back(by_column->second), sample_column = columns[c];
    else if (by_label != known.by_label.end()) out.samples.push_back(by_label->second), out.counted = false, label_column = columns[c];
    else throw InputError(out.source, fmt::format("column '{}' is no sample of {}", columns[c], samples.string()), "add its row");
  }
  if (!sample_column.empty() && !label_column.empty())
    throw InputError(out.source, fmt::format("has a column of one sample ('{}', counts) beside one of a time point ('{}', a mean of log2(CPM + 1))", sample_column, label_column), "give tables of one kind");
  std::unordered_map<std::string, Eigen::Index> row_of;
  std::vector<std::vector<double>> rows;
  int twice = 0;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    const auto [at, fresh] = row_of.emplace(table.name(r, 0), static_cast<Eigen::Index>(rows.size()));
    if (fresh) out.genes.push_back(at->first), rows.emplace_back(out.samples.size(), 0.0);
    else if (!out.counted) throw table.error(r, 0, "the gene is there twice", "keep one row");
    else ++twice;
    for (std::size_t c = 1; c < columns.size(); ++c) {
      const double value = table.number(r, c);
      if (value < 0) throw table.error(r, c, "is negative", "give counts, or log2(CPM + 1)");
      rows[static_cast<std::size_t>(at->second)][c - 1] += value;
    }
  }
  out.values.resize(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(out.samples.size()));
  for (std::size_t g = 0; g < rows.size(); ++g)
    for (std::size_t n = 0; n < rows[g].size(); ++n) out.values(static_cast<Eigen::Index>(g), static_cast<Eigen::Index>(n)) = rows[g][n];
  out.notes.push_back(fmt::format("{} genes, {} samples, {}; hours from {}.", out.genes.size(), out.samples.size(), out.counted ? "counts" : "log2(CPM + 1), means over replicates", samples.filename().string()));
  if (twice > 0) out.notes.push_back(fmt::format("{} {} a gene: counts were summed.", counted(twice, "row"), agreed(twice, "repeats", "repeat")));
  return out;
}

std::vector<MarkerSet> read_marker_sets(const std::filesystem::path& file) {
  const DelimitedTable table = DelimitedTable::read(file);
  std::vector<MarkerSet> out;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    const std::string& set = table.name(r, table.column("set"));
    auto at = std::find_if(out.begin(), out.end(), [&](const MarkerSet& one) { return one.cell_type == set; });
    if (at == out.end()) at = out.insert(out.end(), {set, {}});
    at->genes.push_back(table.name(r, table.column("gene")));
  }
  return out;
}

}  // namespace hyped
