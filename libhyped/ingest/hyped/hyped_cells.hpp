// The sequencing half of HYPED made tidy: whatever variant of Genexpression.h5ad was given, the same columns come out.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libhyped/expression/annotated_data.hpp"
#include "libhyped/expression/arms.hpp"
#include "libhyped/expression/gene_names.hpp"
#include "libhyped/expression/matrix_survey.hpp"

namespace hyped {

struct HypedReading {
  std::string counts;                                        // path of the matrix of counts; empty: the first that is one
  std::string condition_column;                              // empty: assigned_condition, pooled_condition or condition
  std::string phase_column = "phase";                        // scored phases, for cells without a hashtag of a phase
  std::string library_column = "dataset";
  std::map<std::string, std::optional<CellArm>> labels;      // what a label of the column means, over the aliases; none: leave such cells without an arm
  RepeatedGenes repeated = RepeatedGenes::refuse;
};

// A matrix of the file and what it was told to be.
struct SurveyedMatrix {
  std::string path, form;      // "X", "compressed rows of float32, 19858 x 28702, 61234567 stored"
  MatrixSurvey survey;
};

struct HypedCells {
  // X: counts (compressed rows of floats). obs: arm (control, siPRRX1, mmMYOD1, dual; missing: no hashtag), arm_label (as it was in
  // the file), phase (G1, S, G2M), phase_source (sorted, scored), library (control, hybrid), then the file's own columns; a column of
  // one of these names is kept as <name>_in_file. var: symbols. uns/hyped: source, counts, decisions, doubts. Layers, obsm, obsp and
  // uns of the file are kept.
  AnnotatedData data;
  std::string version;                                       // of the file
  std::vector<SurveyedMatrix> matrices;
  std::vector<std::pair<std::string, std::string>> decisions;      // what was used, and why
  std::vector<std::string> doubts, notes;
};

// Genexpression.h5ad (in any case) in the folder or below it; else the only .h5ad there. A path of a file is itself. InputError that
// lists what there is.
std::filesystem::path find_expression(const std::filesystem::path& folder);

// All matrices of cells x genes in the file: X, layers, raw/X; their values are looked at in blocks.
std::vector<SurveyedMatrix> survey_matrices(const std::filesystem::path& file);

// InputError: no counts anywhere (says what each matrix is), NaN or negative counts (says where), no condition column (lists the
// columns), unknown labels (lists them), repeated genes or cells.
HypedCells read_hyped_cells(const std::filesystem::path& file, const HypedReading& reading = {});

}  // namespace hyped
