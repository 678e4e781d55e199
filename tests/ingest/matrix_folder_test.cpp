// Matrix folders as 10x and EPI2ME write them, and what is wrong with damaged ones.
#include "libhyped/ingest/cells/matrix_folder.hpp"

#include <zlib.h>

#include <catch2/catch.hpp>

#include "libhyped/errors.hpp"
#include "libhyped/expression/join_libraries.hpp"
#include "tests/ingest/child_run.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

namespace {

void write_packed(const std::filesystem::path& file, const std::string& text) {
  gzFile out = gzopen(file.c_str(), "wb");
  REQUIRE(gzwrite(out, text.data(), static_cast<unsigned>(text.size())) == static_cast<int>(text.size()));
  gzclose(out);
}

constexpr const char* banner = "%%MatrixMarket matrix coordinate integer general\n";
constexpr const char* epi2me_comment = "%metadata_json: {\"software_version\": \"ont-single-cell\", \"format_version\": 2}\n";

// Three genes, two cells: A has 5 of gene 1 and 2 of gene 3, B has 7 of gene 2.
void write_epi2me(const std::filesystem::path& folder, const std::string& entries = "1 1 5\n3 1 2\n2 2 7\n", const std::string& size = "3 2 3\n") {
  std::filesystem::create_directories(folder);
  write_packed(folder / "matrix.mtx.gz", banner + std::string(epi2me_comment) + size + entries);
  write_packed(folder / "features.tsv.gz", "unknown_00000\tMYOD1\tGene Expression\nunknown_00001\tPRRX1\tGene Expression\nunknown_00002\tMT-CO1\tGene Expression\n");
  write_packed(folder / "barcodes.tsv.gz", "AAACCC-1\nAAAGGG-1\n");
}

bool noted(const Strings& notes, const std::string& text) {
  return std::any_of(notes.begin(), notes.end(), [&](const auto& note) { return note.find(text) != note.npos; });
}

}  // namespace

TEST_CASE("an EPI2ME folder gives cells x genes with symbols, placeholders and the suffix go") {
  const Folder folder;
  write_epi2me(folder / "hybrid.gene_raw_feature_bc_matrix");
  for (const auto& path : {folder / "hybrid.gene_raw_feature_bc_matrix", folder.path}) {      // also the folder above
    const auto read = read_matrix_folder(path);
    CHECK(names_of(read.data.obs, "obs") == Strings{"AAACCC", "AAAGGG"});
    CHECK(names_of(read.data.var, "var") == Strings{"MYOD1", "PRRX1", "MT-CO1"});
    CHECK(read.data.var.find("gene_id") == nullptr);
    CHECK(noted(read.notes, "placeholders (unknown_00000"));
    CHECK(noted(read.notes, "ended in -1"));
    CHECK(noted(read.notes, "ont-single-cell"));
    const auto& x = *read.data.X.as<CompressedMatrix>();
    CHECK(x.start == std::vector<std::int64_t>{0, 2, 3});
    CHECK(x.index == std::vector<std::int32_t>{0, 2, 1});
    CHECK(x.values == Numbers(std::vector<float>{5, 2, 7}));
  }
  const auto kept = read_matrix_folder(folder.path, {RepeatedGenes::refuse, true});
  CHECK(names_of(kept.data.obs, "obs")[0] == "AAACCC-1");
}

TEST_CASE("a 10x folder keeps ids and types, entries in any order, plain files, a prefix") {
  const Folder folder;
  write_bytes(folder / "GSM1_matrix.mtx", banner + std::string("3 2 3\n2 2 7\n3 1 2\n1 1 5\n"));
  write_bytes(folder / "GSM1_features.tsv", "ENSG00000129152\tMYOD1\tGene Expression\r\nENSG00000116132\tPRRX1\tGene Expression\r\nHTO1\tG1\tAntibody Capture\r\n");
  write_bytes(folder / "GSM1_barcodes.tsv", "AAACCC-1\nAAAGGG-2");
  const auto read = read_matrix_folder(folder.path);
  CHECK(names_of(read.data.obs, "obs") == Strings{"AAACCC-1", "AAAGGG-2"});      // two suffixes tell libraries apart
  CHECK(std::get<Strings>(*read.data.var.find("gene_id")) == Strings{"ENSG00000129152", "ENSG00000116132", "HTO1"});
  CHECK(noted(read.notes, "2 types: Antibody Capture, Gene Expression"));
  CHECK(read.data.X.as<CompressedMatrix>()->index == std::vector<std::int32_t>{0, 2, 1});
}

TEST_CASE("genes of one name are refused, numbered or added, as chosen") {
  const Folder folder;
  write_epi2me(folder.path);
  write_packed(folder / "features.tsv.gz", "a\tTBCE\tx\nb\tMYOD1\tx\nc\tTBCE\tx\n");
  CHECK_THROWS_WITH(read_matrix_folder(folder.path), Contains("TBCE (2)") && Contains("--repeated-genes suffix"));
  CHECK(names_of(read_matrix_folder(folder.path, {RepeatedGenes::suffix, false}).data.var, "var") == Strings{"TBCE", "MYOD1", "TBCE-1"});
  const auto summed = read_matrix_folder(folder.path, {RepeatedGenes::sum, false}).data;
  CHECK(names_of(summed.var, "var") == Strings{"TBCE", "MYOD1"});
  CHECK(summed.X.as<CompressedMatrix>()->values == Numbers(std::vector<float>{7, 7}));
}

TEST_CASE("damaged folders are named by file and line") {
  const Folder folder;
  CHECK_THROWS_WITH(read_matrix_folder(folder.path), Contains("holds no matrix.mtx"));
  write_epi2me(folder.path, "1 1 5\n3 1 x\n2 2 7\n");
  CHECK_THROWS_WITH(read_matrix_folder(folder.path), Contains("matrix.mtx.gz:5") && Contains("'3 1 x'"));
  write_epi2me(folder.path, "1 1 5\n3 1 -2\n2 2 7\n");
  CHECK_THROWS_WITH(read_matrix_folder(folder.path), Contains("matrix.mtx.gz:5") && Contains("count -2"));
  write_epi2me(folder.path, "1 1 5\n3 1 nan\n2 2 7\n");
  CHECK_THROWS_WITH(read_matrix_folder(folder.path), Contains("count nan"));
  write_epi2me(folder.path, "1 1 5\n4 1 2\n2 2 7\n");
  CHECK_THROWS_WITH(read_matrix_folder(folder.path), Contains("names feature 4 and barcode 1 of 3 and 2"));
  write_epi2me(folder.path, "1 1 5\n3 1 2\n");
  CHECK_THROWS_WITH(read_matrix_folder(folder.path), Contains("holds 2 entries and announces 3"));
  write_epi2me(folder.path, "1 1 5\n1 1 2\n2 2 7\n");
  CHECK_THROWS_WITH(read_matrix_folder(folder.path), Contains("names column 1 twice"));
  write_epi2me(folder.path, "1 1 5\n3 1 2\n2 2 7\n", "4 2 3\n");
  CHECK_THROWS_WITH(read_matrix_folder(folder.path), Contains("says 4 x 2, and there are 3 features and 2 barcodes"));
  write_epi2me(folder.path, "1 1 5\n3 1 2\n2 2 7\n", "3 2 3000000000000\n");
  CHECK_THROWS_WITH(read_matrix_folder(folder.path), Contains("which the file cannot hold"));
  write_epi2me(folder.path);
  const std::string packed = bytes_of(folder / "matrix.mtx.gz");
  for (const std::size_t size : {packed.size() - 4, packed.size() / 2, packed.size() / 3}) {
    write_bytes(folder / "matrix.mtx.gz", packed.substr(0, size));
    CHECK_THROWS_AS(read_matrix_folder(folder.path), InputError);
  }
  write_epi2me(folder.path);
  write_packed(folder / "barcodes.tsv.gz", "AAACCC-1\nAAACCC-1\n");
  CHECK_THROWS_WITH(read_matrix_folder(folder.path), Contains("barcodes are repeated: AAACCC (2)"));
}

TEST_CASE("libraries are joined without collisions, genes by an outer join") {
  const Folder folder;
  write_epi2me(folder / "control");
  write_epi2me(folder / "hybrid");
  write_packed(folder / "hybrid" / "features.tsv.gz", "unknown_00000\tXIST\tGene Expression\nunknown_00001\tMYOD1\tGene Expression\nunknown_00002\tPRRX1\tGene Expression\n");
  std::vector<Library> libraries;
  for (const char* name : {"control", "hybrid"}) libraries.push_back({name, read_matrix_folder(folder / name).data});
  const auto joined = join_libraries(libraries);
  CHECK(names_of(joined.data.obs, "obs") == Strings{"AAACCC_control", "AAAGGG_control", "AAACCC_hybrid", "AAAGGG_hybrid"});
  CHECK(names_of(joined.data.var, "var") == Strings{"MT-CO1", "MYOD1", "PRRX1", "XIST"});
  CHECK(noted(joined.notes, "joined by name (not every library has ids): 4 in all, 2 in every library"));
  const auto& x = *joined.data.X.as<CompressedMatrix>();
  CHECK(x.start == std::vector<std::int64_t>{0, 2, 3, 5, 6});
  CHECK(x.index == std::vector<std::int32_t>{0, 1, 2, 2, 3, 1});
  CHECK(x.values == Numbers(std::vector<float>{2, 5, 7, 2, 5, 7}));
  const Labels library = labels_of(*joined.data.obs.find("library"));
  CHECK(library.levels == Strings{"control", "hybrid"});
  CHECK(library.codes == std::vector<std::int32_t>{0, 0, 1, 1});
  CHECK_THROWS_WITH(join_libraries(libraries, {JoinBy::id, RepeatedGenes::refuse}), Contains("not every library has an id"));
  libraries[1].name = "control";
  CHECK_THROWS_WITH(join_libraries(libraries), Contains("two are called 'control'"));
}

TEST_CASE("transcripts stand beside genes with the gene of each") {
  const Folder folder;
  write_epi2me(folder / "genes");
  write_epi2me(folder / "transcripts");
  write_packed(folder / "transcripts" / "features.tsv.gz", "unknown_00000\tENST00000250003.4\tGene Expression\nunknown_00001\tENST2\tGene Expression\nunknown_00002\tMSTRG.7.1\tGene Expression\n");
  write_packed(folder / "transcripts" / "barcodes.tsv.gz", "AAAGGG-1\nTTTTTT-1\n");
  write_bytes(folder / "map.tsv", "transcript\tgene\nENST00000250003\tMYOD1\nENST2\tNOWHERE\n");
  write_packed(folder / "map.gtf.gz", "#!genome\nchr11\tx\ttranscript\t1\t2\t.\t+\t.\tgene_id \"ENSG00000129152\"; transcript_id \"ENST00000250003\"; gene_name \"MYOD1\";\n");
  const auto genes_of_gtf = read_transcript_genes(folder / "map.gtf.gz");
  CHECK(genes_of_gtf == std::map<std::string, std::string>{{"ENST00000250003", "MYOD1"}});
  AnnotatedData genes = read_matrix_folder(folder / "genes").data;
  const Strings notes = add_isoforms(genes, read_matrix_folder(folder / "transcripts").data, read_transcript_genes(folder / "map.tsv"));
  CHECK(noted(notes, "1 of 2 cells have them; 1 cells of the transcripts are not among those of the genes"));
  CHECK(noted(notes, "3 in all, 1 without a known gene, 1 of a gene that is not among the genes here"));
  check_shapes(genes, "genes");
  const auto isoforms = isoforms_of(genes);
  REQUIRE(isoforms.has_value());
  CHECK(isoforms->genes == Strings{"MYOD1", "NOWHERE", ""});
  CHECK(isoforms->counts.start == std::vector<std::int64_t>{0, 0, 2});
  CHECK(isoforms->counts.values == Numbers(std::vector<float>{5, 2}));
  write_bytes(folder / "bad.tsv", "transcript\tgene\nA\tX\nA\tY\n");
  CHECK_THROWS_WITH(read_transcript_genes(folder / "bad.tsv"), Contains("bad.tsv:3") && Contains("has the genes 'X' and 'Y'"));
}
