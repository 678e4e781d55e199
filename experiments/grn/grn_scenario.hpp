// What `hyped grn` is asked: data, network, design, fit, from one TOML file with every key checked.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fitting/networks/cells/cell_bootstrap.hpp"
#include "fitting/networks/network_fit.hpp"
#include "libhyped/ingest/read_cellbox.hpp"
#include "models/gene_network/transfer.hpp"

namespace hyped {

// What an arm is given, as `hyped tracks multistate --delivery` has it, and what that does to which gene.
struct GrnDelivery {
  std::string arm, kind;                  // kind: sirna, modified_mrna or ligand
  double from_h = 0, dose = 1;            // dose relative; ligand: nM
  std::string gene, action;               // action: drives, produces, degrades or carries
  std::string place;                      // in the scenario
};

// What a mean over cells is: of log-normalised values, or the logarithm of summed counts over summed sizes.
enum class GrnCellScale { log_normalised, log_ratio };

struct GrnDataChoice {
  std::string kind;                       // "cellbox" or "cells"
  std::filesystem::path path;             // as in the scenario or the command line; relative: below the scenario, the working folder, then HYPED_SHARED
  CellboxNodes nodes;                     // cellbox
  std::string published;                  // cellbox: sub-folder of a trained model, empty: none
  int published_batch = 4;                // conditions in a batch of its training: its log holds means over batches
  std::string by = "arm", phase, well, library;      // cells: columns of obs; the last three may be empty
  std::vector<std::string> reference{"control"};      // cells: labels of the arm without inputs
  GrnCellScale scale = GrnCellScale::log_normalised;
  std::vector<std::string> arms;          // cells: to use; empty: those with deliveries
  std::vector<std::string> genes;         // cells: of the network; perturbed genes are added
  std::string genes_place;                // file:line of them
  bool leave_out_missing = false;         // cells: genes that are not in the data are left out with a warning, not refused
  double time_h = 48;                     // cells: when they were taken, on the deliveries' clock
  std::string matrix;                     // cells: see ExpressionChoice
};

// What is taken out of the effects of cells before a network is fitted (log-normalised values alone).
struct GrnNuisance {
  std::vector<std::string> programmes;    // of the file; empty: nothing is taken out
  std::filesystem::path file;             // columns programme, gene; empty: data/gene_sets/nuisance_programmes.tsv
};

enum class InputRoute { direct, nodes };      // direct: inputs drive all measured genes, linear in dose; nodes: through drug nodes of their own (CellBox)

struct GrnNetworkChoice {
  models::TransferFunction transfer;
  int envelope = 0;                       // CellBox 0, 1 or 2, for drug nodes
  InputRoute inputs = InputRoute::direct;
  bool capacity_free = true;
  double decay_per_h = 1;                 // fixed: end points alone do not tell it
  std::string prior;                      // signed edges; empty: none
  bool prior_only = true;                 // only its edges are allowed, with their signs; false: the others are penalised more
  double prior_inside = 0.2;              // false: weight in the penalty of an edge of the prior; 1 is that of others
  double prior_strength = 0.5, prior_sd = 0;      // false: its edges are pulled towards sign * strength with this sd; 0: no pull
};

enum class GrnDesignKind { none, random, given, leave_one_drug_out, single_to_combination, leave_one_arm_out };

struct GrnDesign {
  GrnDesignKind kind = GrnDesignKind::none;
  int splits = 20;                        // random
  double train_share = 0.7;
  std::string order;                      // given: file below the data folder, first `train_share` of it is for training
  bool with_singles = true;               // leave one drug out: its own single conditions stay in training
};

// Of what the misfit is: means, or whole cells.
enum class GrnLoss { means, counts, moments, energy, sliced_wasserstein };

// Losses on distributions compare measured cells with simulated ones: doses differ between them, and what a cell of the reference differs by is added.
struct GrnCellLoss {
  GrnLoss kind = GrnLoss::means;
  int simulated = 64, measured = 400;     // cells of a condition
  double dose_log_sd = 0.3;               // of log-normal doses with mean 1
  int directions = 64;                    // of slicing
};

enum class EdgeGroups { none, regulator, target };

struct GrnBootstrap {
  int replicates = 0;                     // 0: none
  ResampledUnit unit = ResampledUnit::cells;
};

struct GrnScenario {
  std::filesystem::path file;
  std::string title, question, text;      // text: the file itself, stored with the run
  GrnDataChoice data;
  std::vector<GrnDelivery> deliveries;
  GrnNetworkChoice network;
  GrnDesign design;
  NetworkFitOptions fit;
  std::string folds_place;                // file:line where the scenario says how many folds; empty: it does not
  double huber = 0;
  std::optional<double> input_pull;       // of input strengths towards 0; not given: as the ridge baseline chose it by leave-one-out
  double capacity_pull = 3e-5;            // of log capacity towards 0
  double input_lasso = 0;                 // base weight of input strengths; 1 is that of edges
  double level = 0.95;
  GrnNuisance nuisance;
  GrnCellLoss loss;
  EdgeGroups groups = EdgeGroups::none;   // edges that share a regulator (or a target) go together
  double group_share = 0.5;               // of the penalty that is the group's norm; the rest is the lasso
  double edge_pull = 0;                   // quadratic, of edges towards 0
  bool ensemble = false;                  // predictions are means over the fold fits
  GrnBootstrap bootstrap;
};

// InputError with file and line: unknown keys and words, numbers out of range, a delivery to an arm that is not used.
GrnScenario read_grn_scenario(const std::filesystem::path& file);
// A file, or a scenario of experiments/networks/grn by its name.
std::filesystem::path shipped_grn_scenario(const std::string& name);
std::string_view to_string(GrnDesignKind kind);
std::string_view to_string(GrnLoss loss);
// A path of the scenario: below HYPED_SHARED or its data, beside the scenario, or in the working folder. InputError that says where it was looked for.
std::filesystem::path beside_scenario(const GrnScenario& scenario, const std::filesystem::path& path, const std::string& otherwise);

}  // namespace hyped
