// The alias table of the HYPED release and its notebooks.
#include "libhyped/expression/arms.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace hyped {
namespace {

constexpr std::array<std::pair<CellArm, std::string_view>, 26> aliases = {{
    {CellArm::control, "control"}, {CellArm::control, "controls"}, {CellArm::control, "Negative_Controls"}, {CellArm::control, "negative control"}, {CellArm::control, "ctrl"},
    {CellArm::control, "G1"}, {CellArm::control, "S"}, {CellArm::control, "G2M"},
    {CellArm::mmMYOD1, "MYOD"}, {CellArm::mmMYOD1, "MYOD1"}, {CellArm::mmMYOD1, "mmMYOD1"}, {CellArm::mmMYOD1, "MYOD1+ctrl"}, {CellArm::mmMYOD1, "ctrl+MYOD1"},
    {CellArm::siPRRX1, "PRRX1"}, {CellArm::siPRRX1, "siPRRX1"}, {CellArm::siPRRX1, "PRRX1+ctrl"}, {CellArm::siPRRX1, "ctrl+PRRX1"},
    {CellArm::dual, "PRRX1_MYOD"}, {CellArm::dual, "Myod_PRRX1"}, {CellArm::dual, "siPRRX1/mmMYOD1"}, {CellArm::dual, "mmMYOD1/siPRRX1"}, {CellArm::dual, "HYB"},
    {CellArm::dual, "hybrid"}, {CellArm::dual, "MYOD1+PRRX1"}, {CellArm::dual, "PRRX1+MYOD1"}, {CellArm::dual, "dual"},
}};

std::string plain(std::string_view text) {
  std::string out;
  for (const unsigned char c : text)
    if (!std::isspace(c) && c != '_' && c != '-' && c != '/' && c != '+') out += static_cast<char>(std::tolower(c));
  return out;
}

}  // namespace

std::string_view to_string(CellArm arm) {
  switch (arm) {
    case CellArm::control: return "control";
    case CellArm::siPRRX1: return "siPRRX1";
    case CellArm::mmMYOD1: return "mmMYOD1";
    case CellArm::dual: return "dual";
  }
  return "";
}

std::span<const std::pair<CellArm, std::string_view>> arm_aliases() { return aliases; }

std::optional<CellArm> arm_of(std::string_view spelling) {
  const std::string word = plain(spelling);
  const auto found = std::find_if(aliases.begin(), aliases.end(), [&](const auto& alias) { return plain(alias.second) == word; });
  return found == aliases.end() ? std::nullopt : std::optional(found->first);
}

std::optional<std::string> phase_of(std::string_view spelling) {
  const std::string word = plain(spelling);
  for (const auto phase : all_phases)
    if (word == plain(phase)) return std::string(phase);
  return std::nullopt;
}

std::optional<std::string> library_of(std::string_view spelling) {
  const std::string word = plain(spelling);
  if (word == "control" || word == "controls") return "control";
  if (word == "hybrid" || word == "hyb") return "hybrid";
  return std::nullopt;
}

std::vector<std::string> delivered_genes(CellArm arm) {
  switch (arm) {
    case CellArm::control: return {};
    case CellArm::siPRRX1: return {"PRRX1"};
    case CellArm::mmMYOD1: return {"MYOD1"};
    case CellArm::dual: return {"PRRX1", "MYOD1"};
  }
  return {};
}

const std::vector<std::string>& design_limits() {
  static const std::vector<std::string> limits = {
      "One culture was sequenced per arm: intervals over cells are conditional on that culture and say nothing of how cultures differ.",
      "There is no mock siRNA, no mock mRNA and no arm with 4-OHT alone: delivery is collinear with the factor delivered.",
      "Controls and perturbed cells are two libraries: a difference between them holds the library's own effect; contrasts between perturbed arms do not.",
      "Controls were sorted by phase before sequencing: how many of them are in each phase was set by the experimenter and is no composition of a culture.",
      "Cells of the mRNA arms without MYOD1 are an imperfect bystander control: transcripts are also missed by sampling.",
      "Reads of delivered mRNA and of the cell's own MYOD1 are counted together."};
  return limits;
}

}  // namespace hyped
