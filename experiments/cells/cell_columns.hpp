// What the commands on cells take from an AnnData file: counts, the columns that name arms, libraries and phases, symbols.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libhyped/expression/annotated_data.hpp"
#include "libhyped/expression/sparse_rows.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct CellGrouping {
  std::string column;
  Labels labels;
};
// The column asked for, else the first of the usual ones that is there and has words. InputError that lists the columns if the one asked is not there.
std::optional<CellGrouping> grouping_of(const AnnotatedData& data, const std::string& asked, const std::vector<std::string>& usual, const std::string& where);
std::vector<std::string> usual_arm_columns();
std::vector<std::string> usual_library_columns();
std::vector<std::string> usual_phase_columns();
// The columns of cells with their kinds, as a sentence's end.
std::string columns_in_words(const DataFrame& frame);

struct CountsTaken {
  SparseRows counts;
  std::string path, why;
};
// The matrix asked for ("X", "layers/counts", "raw/X"), else the first that holds counts. Where it is that of raw, var becomes raw's. X and layers
// of `data` are gone afterwards. InputError: none holds counts (says what each is), NaN or negative values (with cell and gene), repeated genes.
CountsTaken take_counts(AnnotatedData& data, const std::string& asked, const std::string& where);

// Gene sets of a TSV file with columns set, gene, present_symbol: places of the genes that the data have under either name, and the names they do not have.
struct GeneSetFound {
  std::string name;
  std::vector<int> genes;
  std::vector<std::string> absent;
};
std::vector<GeneSetFound> gene_sets_of(const std::string& file, const std::vector<std::string>& symbols);

// If all levels are arms of HYPED: what its design cannot tell apart, as notes of the run.
void add_design_limits(RunDirectory& run, const Labels& arms);

// Prints a fact and stores it as a setting of the run.
void say(RunDirectory& run, const std::string& name, const std::string& value);

}  // namespace hyped
