// What a delivered dose does in one cell over time: silencing, active protein, cytosolic mRNA, the interferon answer.
#pragma once
#include <string>
#include <vector>

#include "experiments/twin/cells/cells_settings.hpp"
#include "libhyped/simulate/input_course.hpp"

namespace hyped {

struct Scenario;      // experiments/scenario.hpp

// Courses under relative dose 1; all but silencing are proportional to the dose.
struct DeliveryCourse {
  std::string input, kind;             // sirna, modified_mrna
  double from_h = 0, until_h = 0;
  double mean_dose = 0;                // over all cells of a dish: the share reached, as reached cells have mean 1
  InputCourse active;                  // siRNA: loaded complexes, doses; mRNA: active protein, relative to the peak of the reference dose
  InputCourse transcript;              // cytosolic modified mRNA, relative to what there is 24 h after the reference dose
  InputCourse answer;                  // interferon answer, relative to its peak
  double half_saturation = 0;          // of silencing, doses

  double activity(double dose, double time_h) const;      // silencing between 0 and 1, or protein
};

// Of every input in [[cells.delivered]], in that order. The delivery models of the scenario, with its parameters.
std::vector<DeliveryCourse> delivery_courses(const Scenario& scenario);

}  // namespace hyped
