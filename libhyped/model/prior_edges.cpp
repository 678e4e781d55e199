// Names to indices.
#include "libhyped/model/prior_edges.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>
#include <unordered_map>

#include "libhyped/counted.hpp"
#include "libhyped/errors.hpp"

namespace hyped {
namespace {

std::string some_of(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t n = 0; n < names.size() && n < 8; ++n) out += (n == 0 ? "" : ", ") + names[n];
  return names.size() > 8 ? out + fmt::format(" and {} more", names.size() - 8) : out;
}

}  // namespace

PlacedEdges place_edges(const PriorEdges& list, const std::vector<std::string>& genes, const PlacingRules& rules) {
  std::unordered_map<std::string, int> place;
  for (std::size_t g = 0; g < genes.size(); ++g) place.emplace(genes[g], static_cast<int>(g));
  PlacedEdges out;
  std::set<std::string> sources, targets;
  int positive = 0, unsigned_edges = 0;
  for (const PriorEdge& e : list.edges) {
    const auto from = place.find(e.source), to = place.find(e.target);
    if (from == place.end()) sources.insert(e.source);
    if (to == place.end()) targets.insert(e.target);
    if (from == place.end() || to == place.end()) {
      ++out.dropped;
      continue;
    }
    if (from->second == to->second && !rules.keep_self) {
      ++out.self;
      continue;
    }
    const bool weak = list.weak_positive && e.sign > 0;
    positive += weak ? 1 : 0;
    unsigned_edges += e.sign == 0 ? 1 : 0;
    out.edges.push_back({from->second, to->second, e.sign, e.confidence * (weak ? rules.positive_evidence : 1.0)});
  }
  out.absent_sources.assign(sources.begin(), sources.end());
  out.absent_targets.assign(targets.begin(), targets.end());
  out.notes.push_back(fmt::format("{}: {} of {} between genes of the data; {} and {} not in the data.", list.name, out.edges.size(), counted(list.edges.size(), "edge"), counted(sources.size(), "source"), counted(targets.size(), "target")));
  if (!sources.empty()) out.notes.push_back("Sources not in the data: " + some_of(out.absent_sources) + ".");
  if (!targets.empty()) out.notes.push_back("Targets not in the data: " + some_of(out.absent_targets) + ".");
  if (out.self > 0) out.notes.push_back(fmt::format("{} edges of a gene to itself are left out.", out.self));
  if (positive > 0) out.notes.push_back(fmt::format("{} of them are +: in this resource + is also given when the mode is not known, so a + sign counts as weak evidence (confidence times {:g}).", positive, rules.positive_evidence));
  if (unsigned_edges > 0) out.notes.push_back(fmt::format("{} edges have no sign.", unsigned_edges));
  if (out.edges.empty()) out.notes.push_back("No edge of the prior is left: the fit has no prior.");
  return out;
}

PriorWeights prior_weights(const PlacedEdges& placed, int genes, double inside, double strength, double sd) {
  if (!(inside >= 0 && inside <= 1) || !(sd > 0)) throw InputError("prior", "the weight inside is not between 0 and 1, or the width of the pull is not positive", "");
  PriorWeights out;
  out.lasso.assign(static_cast<std::size_t>(genes) * static_cast<std::size_t>(genes), 1.0);
  for (const auto& e : placed.edges) {
    out.lasso[static_cast<std::size_t>(e.to) * static_cast<std::size_t>(genes) + static_cast<std::size_t>(e.from)] = 1 - (1 - inside) * e.confidence;
    out.pull_mean.push_back(e.sign * strength * e.confidence);
    out.pull_sd.push_back(sd / std::sqrt(std::max(1e-3, e.confidence)));
  }
  return out;
}

}  // namespace hyped
