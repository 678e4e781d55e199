// A planning scenario: the TOML file that says which inputs may be used how, what is to be reached, what must not be broken, how sure.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "experiments/control/ensembles/plan_search.hpp"
#include "libhyped/simulate/schedule.hpp"
#include "models/gene_network/transient_doses.hpp"

namespace hyped {

// A quantity as the file names it; which of the fields count depends on the model.
struct StatedQuantity {
  std::string quantity;                    // cycle: share, cells, relative_cells; network: level
  std::vector<std::string> of;             // phases or genes; several are added up
  double time_h = 0;                       // NaN: the harvest
  std::string at_dosing;                   // an input
  std::string place;                       // file:line
};
struct StatedTerm {
  control::TargetTerm term;
  StatedQuantity quantity;
  bool held = false;                       // of a free course: the mean square over all the time, not at one time
};
// Inputs with shape = "free": levels over time, found as an optimal control problem at the fitted values.
struct CourseSettings {
  int intervals = 24, starts = 3;
  bool shooting = false;                   // multiple shooting in place of collocation
  double tolerance = 1e-2;                 // up to which the first-order conditions count as met, relative: where an arc between the bounds begins is
                                           // known to the root of the cost's precision only
};
struct StatedLimit {
  control::QuantityLimit limit;
  StatedQuantity quantity;
};
// A profile as target: mean expression of a cell type's cells, gene by gene, from an .h5ad or a table gene, value.
struct StatedProfile {
  std::string file, column, label, matrix, place;
  std::vector<std::string> genes;          // empty: all of the model's that are measured there
  double weight = 1, scale = 1;
  double depth = 0;                        // of an .h5ad: mean count of a gene at level 1 of the networks, in that file
};
struct StatedProgramme {                   // projected out of a target of genes
  std::string name, place;
  std::map<std::string, double> loadings;
};
struct StatedHandling {
  std::string input, place;
  bool at_end = false;
  Perturbation change;
};
struct StatedEnsemble {
  int members = 100;
  bool kinetics = true;                    // draw the carriers' kinetics from the ranges of their priors
  double relative_sd = 0;                  // without a fit: log sd of every parameter about the scenario's truth
};
struct NetworkPlanData {                   // kind = "network" or "joint"
  std::string cells, edges, silenced, delivered;      // files and genes
  double depth = 20, precision = 0.8, recall = 0.8, minutes_per_hour = 12;
  std::map<std::string, std::string> arms;            // ctrl, si, mm, simm -> labels in the file
  models::TransientDoses doses;                       // of the experiment that was measured: times, strength, half-lives
};
struct StatedCoupling {
  std::string gene, input, place;          // the gene's level, relative to that without doses, drives this input of the cell cycle
};
struct MpcSettings {
  double observe_h = 1.0 / 3, block_h = 2, horizon_h = 12, until_h = 72, start_h = 0;
  int particles = 60, cells = 700;
  double missed = 0.02;
  std::string input;
  double highest = 1;
  bool given = false;
};

struct PlanScenario {
  std::filesystem::path file;
  std::string text, title, question;
  std::string kind = "cycle";              // cycle, network or joint
  std::string base;                        // cycle: the scenario whose model was fitted
  std::string protocol;                    // arm that plans are compared with
  bool keep_events = false;                // the base scenario's events happen at their own times too
  double harvest_h = 72;
  StatedEnsemble ensemble;
  NetworkPlanData network;
  std::vector<StatedCoupling> couplings;   // joint plans
  std::vector<control::InputLimits> inputs;
  double between_h = 0;
  std::vector<StatedHandling> handling;
  std::vector<StatedTerm> terms;
  std::vector<StatedProfile> profiles;
  std::vector<StatedProgramme> nuisance;
  control::PlanDistance distance = control::PlanDistance::root_mean_square;
  double within = 0;                       // a distance that counts as reached; 0: none said
  std::vector<StatedLimit> limits;
  control::Risk risk;
  double price = 0, total = control::never_h;
  control::PlanSearchOptions search;
  int pareto_points = 8;
  CourseSettings course;
  MpcSettings mpc;
};

inline bool is_free(const PlanScenario& scenario) { return !scenario.inputs.empty() && scenario.inputs[0].free; }      // all are, or none

// InputError with file, line and key; unknown keys are errors.
PlanScenario read_plan_scenario(const std::filesystem::path& file);

}  // namespace hyped
