// What the commands on cells take from an AnnData file: counts, the columns that name arms, libraries and phases, symbols.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libhyped/expression/annotated_data.hpp"
#include "libhyped/expression/matrix_survey.hpp"
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

// Arms to compare: what was asked for, and where nothing was, the first usual column of words with two labels or more, and the label in it that is the control.
// Prints what was taken and why. InputError that lists the columns (the labels) if none can be told.
struct ArmChoice {
  std::string column, reference;
  std::string option = "--reference";      // how the command calls the latter
};
ArmChoice choose_arms(RunDirectory& run, const DataFrame& obs, const ArmChoice& asked, const std::string& where);
// The same for the column of phases.
std::string choose_phases(RunDirectory& run, const DataFrame& obs, const std::string& asked, const std::string& where);
// A column of replicates: the name of one, or COLUMN:PATTERN, which adds one to `obs`: of each label of COLUMN the first group of the regular expression
// PATTERN (all of the match if it has no group). Prints the labels. InputError: no such column, a label without a match, a pattern that is none.
std::string choose_replicates(RunDirectory& run, DataFrame& obs, const std::string& asked, const std::string& where);
// The column of conditions of a HYPED release as it was published: all of its labels are arms by some spelling. None, also where the file has arms already.
std::optional<std::string> hyped_condition_column(const DataFrame& obs);
// The column of that name; InputError that lists the columns if there is none.
const DataColumn& column_named(const DataFrame& obs, const std::string& name, const std::string& where);
// The columns of cells with their kinds, as a sentence's end.
std::string columns_in_words(const DataFrame& frame);

// What is wrong with values of a matrix that is counts or was meant to be (all whole): the first that is no number, or negative, by cell and gene. Empty: nothing.
std::string bad_values(const MatrixSurvey& survey, const AnnotatedData& data, const DataFrame& genes, const std::string& path, const std::string& where);
// Paths of the matrices of cells x genes in memory: "X", "layers/NAME", "raw/X".
std::vector<std::string> matrices_of(const AnnotatedData& data);
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
