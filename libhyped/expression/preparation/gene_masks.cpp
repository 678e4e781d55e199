// Masks of genes by their symbols.
#include "libhyped/expression/preparation/gene_masks.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <unordered_map>

namespace hyped {
namespace {

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

template <class Rule>
GeneMask mask_of(std::string name, std::span<const std::string> symbols, const Rule& rule) {
  GeneMask mask{std::move(name), {}};
  for (const auto& symbol : symbols) mask.of.push_back(rule(upper(symbol)));
  return mask;
}

}  // namespace

int GeneMask::count() const { return static_cast<int>(std::count(of.begin(), of.end(), 1)); }

GeneMask mitochondrial_genes(std::span<const std::string> symbols) {
  return mask_of("mt", symbols, [](const std::string& s) { return s.starts_with("MT-"); });
}

GeneMask ribosomal_genes(std::span<const std::string> symbols) {
  return mask_of("ribo", symbols, [](const std::string& s) { return (s.starts_with("RPS") || s.starts_with("RPL")) && !s.starts_with("RPS6K"); });
}

std::vector<std::string> transgene_symbols() { return {"MYOD1", "PRRX1", "ESR1"}; }

GeneMask named_genes(std::string name, std::span<const std::string> symbols, std::span<const std::string> wanted, std::vector<std::string>* absent) {
  GeneMask mask{std::move(name), std::vector<char>(symbols.size(), 0)};
  std::unordered_map<std::string, std::size_t> place;
  for (std::size_t g = 0; g < symbols.size(); ++g) place.emplace(symbols[g], g);
  for (const auto& symbol : wanted) {
    const auto found = place.find(symbol);
    if (found != place.end()) mask.of[found->second] = 1;
    else if (absent) absent->push_back(symbol);
  }
  return mask;
}

}  // namespace hyped
