// Names of genes: repeated ones, symbols against Ensembl ids.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libhyped/expression/annotated_data.hpp"

namespace hyped {

// ENSG00000129152, ENSMUST00000000001.5, ...
bool is_ensembl_id(std::string_view name);

enum class GeneNaming { symbols, ensembl_ids, mixed };
// By the share of names that are Ensembl ids: below 5 % symbols, above 95 % ids.
GeneNaming naming_of(const Strings& names);

// Names that occur more than once with how often, in alphabetical order.
std::vector<std::pair<std::string, int>> repeated_names(const Strings& names);
// "A (2), B (3) and 4 more"
std::string words_of(const std::vector<std::pair<std::string, int>>& repeated);

// What to do with genes of one name: refuse them (InputError that lists the choices), give the later ones a suffix ("-1", "-2", ...
// as anndata's var_names_make_unique), or add their values up in one gene. Adding is for counts: layers, varm and varp, which cannot be
// added, are dropped; raw has genes of its own and stays.
enum class RepeatedGenes { refuse, suffix, sum };
RepeatedGenes repeated_genes_of(const std::string& word);      // "refuse", "suffix", "sum"; InputError
// Returns what was done in words, empty if no name was repeated.
std::string settle_repeated_genes(AnnotatedData& data, RepeatedGenes choice, const std::string& where);

// Makes the column of var the index, named as it was, and the old index the column `old_name`. InputError if a value is missing.
void use_as_gene_names(AnnotatedData& data, const std::string& column, const std::string& old_name, const std::string& where);

}  // namespace hyped
