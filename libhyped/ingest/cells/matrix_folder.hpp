// Matrix folders of 10x Genomics and of EPI2ME wf-single-cell: matrix.mtx, features.tsv (or genes.tsv) and barcodes.tsv, packed or not.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "libhyped/expression/annotated_data.hpp"
#include "libhyped/expression/gene_names.hpp"

namespace hyped {

struct MatrixFolderReading {
  RepeatedGenes repeated = RepeatedGenes::refuse;
  bool keep_suffix = false;      // of barcodes: "-1", which is dropped if all cells have the same one
};

struct ReadMatrixFolder {
  AnnotatedData data;            // X: counts, compressed rows of floats [N x G]; obs has the barcodes; var the symbols, gene_id, feature_types
  std::vector<std::string> notes;
};

// Is there a matrix.mtx or matrix.mtx.gz in the folder, also behind a prefix ("GSM123_matrix.mtx.gz")?
bool is_matrix_folder(const std::filesystem::path& folder);

// Features are rows of the file and become columns. Placeholders in the place of ids ("unknown_00000", EPI2ME) are dropped, with a
// note. A folder that holds one matrix folder is read as it. InputError with file and line: sizes that do not fit, numbers that are
// none, negative or not finite, an entry twice, a file that is cut off.
ReadMatrixFolder read_matrix_folder(const std::filesystem::path& folder, const MatrixFolderReading& reading = {});

// Transcript -> gene, from a table with the columns transcript and gene (tab or comma, header line), or from GTF or GFF attributes
// (transcript_id, gene_name, else gene_id). Packed or not.
std::map<std::string, std::string> read_transcript_genes(const std::filesystem::path& file);

}  // namespace hyped
