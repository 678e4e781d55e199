// What speaks for a division where one nucleus seems to become two: where the sisters stand, the reporter lost in both, the DNA shared, the mother condensed.
#pragma once
#include <Eigen/Core>
#include <limits>
#include <string>
#include <vector>

namespace hyped {

// What is known of every nucleus, indexed as the spots of the tracker. NaN where not measured.
struct NucleusSeries {
  Eigen::ArrayXd row, column, diameter;        // [px]; in the coordinates of the first acquisition
  Eigen::ArrayXd dna_total, dna_mean;          // light of the DNA dye above the ring: over the nucleus, and per pixel
  Eigen::ArrayXd cycling;                      // of the reporter that is lost at division (geminin), per pixel above the ring
  Eigen::ArrayXd area;                         // [px]
  double dark = 0;                             // cycling light below which a nucleus does not show the reporter
  double typical_diameter = 0;                 // [px]; 0: not known
};

// Each from 0 (speaks against) to 1 (as a division shows it); NaN: not measured.
struct DivisionEvidence {
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  double reporter_lost = unknown, dna_halved = unknown, sisters_alike = unknown, condensed = unknown, symmetric = unknown, distance = unknown;
  double cycling_left = unknown;               // the brighter daughter's reporter over the mother's
  double first_share = unknown, second_share = unknown;      // of the mother's DNA light
  double sister_distance = unknown, offset = unknown;        // [px]; of the sisters' middle from the mother, over their distance
  double total = unknown;                      // weighted mean of what was measured
};

// Rows of the weights: reporter_lost 2, dna_halved 2, sisters_alike 1, condensed .5, symmetric 1, distance 1.
// `before`: the mother's nuclei, last one last; `first`, `second`: the daughters', first one first. None empty.
// Cut points, as the mitoses of a film with a 20 to 30 minute interval show them: reporter left <= .35 is 1, >= .75 is 0, and a mother that shows no reporter .25; each daughter's share of the
// mother's DNA light within a factor 2^.4 of a half 1, 2^1 away 0; the sisters' DNA light the same; mother's DNA light per pixel in her last three
// frames over her earlier median >= 1.4 is 1, <= 1 is .4, as mitosis is often missed between frames; the sisters' middle within .25 of their distance from the mother 1, .6 away 0; sisters
// up to two nuclear diameters apart 1, four 0.
DivisionEvidence division_evidence(const NucleusSeries& series, const std::vector<int>& before, const std::vector<int>& first, const std::vector<int>& second);

// Sum of TrackMate's penalties 3 W (1 - e) / (1 + e) over the evidence measured, W = weight x its row above.
double division_penalty(const DivisionEvidence& evidence, double weight);

}  // namespace hyped
