// Genes set apart by their names: mitochondrial, ribosomal, and those the experiment itself brings into the cells.
#pragma once
#include <span>
#include <string>
#include <vector>

namespace hyped {

struct GeneMask {
  std::string name;
  std::vector<char> of;      // [G] 1: belongs to it
  int count() const;
};

// By symbol, whatever the case: MT- and the rest.
GeneMask mitochondrial_genes(std::span<const std::string> symbols);
// RPS and RPL and the rest, but not the S6 kinases (RPS6K...), which are no parts of a ribosome.
GeneMask ribosomal_genes(std::span<const std::string> symbols);
// Genes whose reads may come from what was delivered (MYOD1 mRNA or MYOD1-ESR1, siRNA against PRRX1): not to be found variable.
std::vector<std::string> transgene_symbols();
// The genes named; a name the data do not have is in `absent`.
GeneMask named_genes(std::string name, std::span<const std::string> symbols, std::span<const std::string> wanted, std::vector<std::string>* absent = nullptr);

}  // namespace hyped
