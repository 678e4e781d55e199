// Mean expression of perturbed populations and of their controls: what predictors learn from and give, and what is scored.
#pragma once
#include <Eigen/Core>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace hyped {

using ProfileMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// One population: what was done to it and where.
struct ResponseCondition {
  std::string name;                          // as in the data, for example "siPRRX1+mmMYOD1"
  std::vector<std::string> perturbations;    // its parts, sorted; none: control
  std::string context;                       // cell line, phase, donor; "" where there is only one
  std::size_t cells = 0;
};

// Profiles of perturbed populations and of one control per context.
struct ResponseProfiles {
  std::vector<std::string> genes;                 // [G]
  std::vector<ResponseCondition> conditions;      // [N]
  ProfileMatrix mean;                             // [N x G], in `unit`
  std::string unit;                               // for example "mean log1p of counts per 10,000"
  std::map<std::string, std::vector<std::string>> targets;      // of each part; an empty list says that it has none
};

}  // namespace hyped
