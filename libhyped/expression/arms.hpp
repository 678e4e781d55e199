// The sequenced arms of the HYPED experiment: their names here, every spelling they have elsewhere, and what the design can not say.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hyped {

// Names as in the scenarios of the imaging half.
enum class CellArm { control, siPRRX1, mmMYOD1, dual };
inline constexpr CellArm all_arms[] = {CellArm::control, CellArm::siPRRX1, CellArm::mmMYOD1, CellArm::dual};
std::string_view to_string(CellArm arm);      // "control", "siPRRX1", "mmMYOD1", "dual"

// Case, blanks and _ - / + do not count. "G1", "S" and "G2M" are hashtags of sorted controls. "hybrid" as a condition is the dual arm
// (as a data set it is the library of all three perturbed arms: library_of). None for any other word.
std::optional<CellArm> arm_of(std::string_view spelling);
std::span<const std::pair<CellArm, std::string_view>> arm_aliases();

// The phase a control was sorted into, as "G1", "S" or "G2M", from its hashtag or a name of a phase ("G2/M"); none for other words.
std::optional<std::string> phase_of(std::string_view spelling);
inline constexpr std::string_view all_phases[] = {"G1", "S", "G2M"};

// The library a data set name or the end of a barcode ("..._hybrid") says: "control" or "hybrid"; none for other words.
std::optional<std::string> library_of(std::string_view spelling);

// Genes delivered or knocked down in an arm: their reads do not tell what the cell did. siPRRX1: PRRX1; mmMYOD1: MYOD1; dual: both.
std::vector<std::string> delivered_genes(CellArm arm);

// What this design cannot tell apart, one sentence each; every report of it states them.
const std::vector<std::string>& design_limits();

}  // namespace hyped
