// Four headers, one list.
#include "libhyped/ingest/networks/read_edge_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "libhyped/counted.hpp"
#include "libhyped/ingest/delimited.hpp"

namespace hyped {
namespace {

int sign_of(const DelimitedTable& table, std::size_t row, std::size_t column) {
  const std::string& text = table.text(row, column);
  if (text == "Activation" || text == "+" || text == "activation") return 1;
  if (text == "Repression" || text == "-" || text == "repression") return -1;
  if (text == "Unknown" || text.empty() || text == "unknown" || text == "?") return 0;
  const double value = table.number(row, column);
  return value > 0 ? 1 : value < 0 ? -1 : 0;
}

double confidence_of(const DelimitedTable& table, std::size_t row, std::size_t column) {
  const std::string& text = table.text(row, column);
  if (text.size() == 1 && text[0] >= 'A' && text[0] <= 'E') return 1 - 0.2 * (text[0] - 'A');
  const double value = table.number(row, column);
  if (!(value >= 0 && value <= 1)) throw table.error(row, column, "is not between 0 and 1", "give a confidence, or A to E");
  return value;
}

}  // namespace

PriorEdges read_edge_list(const std::filesystem::path& file) {
  const DelimitedTable table = DelimitedTable::read(file);
  PriorEdges out;
  out.name = file.filename().string();
  std::string lower = out.name;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool trrust = table.has("Mode_of_Regulation");
  const char* regulator = table.has("source") ? "source" : "regulator";
  if (!trrust && (!table.has(regulator) || !table.has("target"))) throw InputError(file.string(), "has no columns source (or regulator) and target, nor those of TRRUST", "the header must name source, target and sign (or weight)");
  const std::size_t source = table.column(trrust ? "Gene1" : regulator), target = table.column(trrust ? "Gene2" : "target");
  const char* mode = trrust ? "Mode_of_Regulation" : table.has("sign") ? "sign" : "weight";
  const bool has_sign = table.has(mode);
  if (!has_sign) out.notes.push_back(fmt::format("{} has no column sign or weight: no edge has a sign.", out.name));
  const bool graded = table.has("confidence");
  out.weak_positive = lower.find("collectri") != lower.npos;
  std::map<std::pair<std::string, std::string>, std::size_t> place;
  std::set<std::size_t> contradicted;
  int repeated = 0;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    PriorEdge edge{table.name(r, source), table.name(r, target), has_sign ? sign_of(table, r, table.column(mode)) : 0, graded ? confidence_of(table, r, table.column("confidence")) : 1.0};
    const auto [at, fresh] = place.emplace(std::pair(edge.source, edge.target), out.edges.size());
    if (fresh) {
      out.edges.push_back(std::move(edge));
      continue;
    }
    ++repeated;
    PriorEdge& kept = out.edges[at->second];
    kept.confidence = std::max(kept.confidence, edge.confidence);
    if (edge.sign != 0 && kept.sign != 0 && edge.sign != kept.sign) contradicted.insert(at->second);
    if (kept.sign == 0) kept.sign = edge.sign;
  }
  for (const std::size_t e : contradicted) out.edges[e].sign = 0;
  if (out.edges.empty()) throw InputError(file.string(), "holds no edge", "");
  if (repeated > 0) out.notes.push_back(fmt::format("{} {} a pair.", counted(repeated, "row"), agreed(repeated, "repeats", "repeat")));
  if (!contradicted.empty()) out.notes.push_back(fmt::format("{} with both signs: kept without one.", counted(contradicted.size(), "pair")));
  return out;
}

}  // namespace hyped
