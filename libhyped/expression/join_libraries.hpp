// Several sequenced libraries as one table of cells, and the matrix of transcripts beside that of genes.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libhyped/expression/annotated_data.hpp"
#include "libhyped/expression/gene_names.hpp"

namespace hyped {

struct Library {
  std::string name;
  AnnotatedData data;      // X is what is joined; layers, obsm, obsp, varm, varp, uns and raw are not
};

enum class JoinBy { automatic, name, id };      // automatic: by gene_id if every library has one for every gene and none is repeated
struct JoinOptions {
  JoinBy by = JoinBy::automatic;
  RepeatedGenes repeated = RepeatedGenes::refuse;
};
struct JoinedLibraries {
  AnnotatedData data;
  Strings notes;
};

// Cells in the order of the libraries, called BARCODE_LIBRARY, with the column `library`; genes are all that any library has, in the
// order of their names, and 0 where a library lacks one. Columns of obs are joined by name (missing where a library lacks one);
// columns of var are kept where the libraries agree. The notes say what was joined by, how many genes are shared and what was
// dropped. InputError for two libraries of one name, no library, a library without X, and repeated genes as settled by `repeated`.
JoinedLibraries join_libraries(std::vector<Library> libraries, const JoinOptions& options = {});

// Transcripts counted in the same cells: obsm/transcripts [N x transcripts], and the table uns/transcripts with the gene of each.
struct Isoforms {
  CompressedMatrix counts;      // [N x T]
  Strings transcripts;          // [T]
  Strings genes;                // [T], empty where none is known
};
// Cells are found by their names: those that only the transcripts have are dropped, those that only the genes have get no
// transcripts; the notes say how many, and how many transcripts have no gene or one that is not among the genes.
Strings add_isoforms(AnnotatedData& genes, AnnotatedData transcripts, const std::map<std::string, std::string>& gene_of);
std::optional<Isoforms> isoforms_of(const AnnotatedData& data);

}  // namespace hyped
