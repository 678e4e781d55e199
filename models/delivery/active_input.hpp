// From a dose and a wash to the active input over time that cell-cycle and gene-network models take.
#pragma once
#include <limits>
#include <map>
#include <string>

#include "libhyped/simulate/input_course.hpp"

namespace hyped::models {

enum class Delivery { sirna, modified_mrna, ligand };
// "sirna", "modified_mrna" or "ligand"; InputError with the nearest names otherwise.
Delivery delivery_kind(const std::string& name);
// The dose at which an input peaks at 1: 1 (relative dose) for siRNA and mRNA, 2000 nM for the ligand.
double reference_dose(Delivery kind);

struct Dosing {
  Delivery kind = Delivery::sirna;
  double dose = 1;                                              // relative dose; ligand: nM
  double from_h = 0;
  double until_h = std::numeric_limits<double>::infinity();     // wash: what is left in the medium is removed; never by default
  double end_h = 72;                                            // last time needed; constant after it
  std::map<std::string, double> parameters = {};                // of the delivery model, by name; absent: its default
};

// The delivery model under this dosing: fractional silencing activity (siRNA), active protein (mRNA) or active fraction
// (ligand), divided by the peak that the reference dose reaches with the same parameters and no wash. Breaks at dose and wash.
// Throws InputError for unknown parameters, a negative dose, until_h <= from_h or end_h <= from_h.
InputCourse active_input(const Dosing& dosing);

}  // namespace hyped::models
