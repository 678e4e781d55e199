// Bulk time series as gene-by-sample tables, with the table that says what each sample is.
#pragma once
#include <filesystem>

#include "libhyped/observe/expression_series.hpp"
#include "libhyped/observe/marker_check.hpp"

namespace hyped {

// `table`: genes in rows, samples in columns. Counts with column names NUMBER_T<k>R<replicate> (the names of the MYOD1 series), or
// log2(CPM + 1) means with one column per time point k. `samples` (columns column, sample_id, T_label, hours_official, replicate) says the hours;
// if empty, samples.csv beside the table is taken if it is there. InputError for a column without its row, a
// missing time, a negative or broken count. Genes that occur twice are summed and counted.
ExpressionSeries read_expression_series(const std::filesystem::path& table, std::filesystem::path samples = {});

// Columns set, gene.
std::vector<MarkerSet> read_marker_sets(const std::filesystem::path& file);

}  // namespace hyped
