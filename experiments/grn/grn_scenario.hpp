// What `hyped grn` is asked: data, network, design, fit, from one TOML file with every key checked.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

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

struct GrnDataChoice {
  std::string kind;                       // "cellbox" or "cells"
  std::filesystem::path path;             // as in the scenario or the command line; relative: below the scenario, the working folder, then HYPED_SHARED
  CellboxNodes nodes;                     // cellbox
  std::string published;                  // cellbox: sub-folder of a trained model, empty: none
  std::string by = "arm", reference = "control", phase;      // cells: columns of obs and the arm without inputs
  std::vector<std::string> arms;          // cells: to use; empty: those with deliveries
  std::vector<std::string> genes;         // cells: of the network; perturbed genes are added
  double time_h = 48;                     // cells: when they were taken, on the deliveries' clock
  std::string matrix;                     // cells: see ExpressionChoice
};

enum class InputRoute { direct, nodes };      // direct: inputs drive all measured genes, linear in dose; nodes: through drug nodes of their own (CellBox)

struct GrnNetworkChoice {
  models::TransferFunction transfer;
  int envelope = 0;                       // CellBox 0, 1 or 2, for drug nodes
  InputRoute inputs = InputRoute::direct;
  bool capacity_free = true;
  double decay_per_h = 1;                 // fixed: end points alone do not tell it
  std::string prior;                      // signed edges: only these are allowed, with their signs; empty: all
};

enum class GrnDesignKind { none, random, given, leave_one_drug_out, single_to_combination, leave_one_arm_out };

struct GrnDesign {
  GrnDesignKind kind = GrnDesignKind::none;
  int splits = 20;                        // random
  double train_share = 0.7;
  std::string order;                      // given: file below the data folder, first `train_share` of it is for training
  bool with_singles = true;               // leave one drug out: its own single conditions stay in training
};

struct GrnScenario {
  std::filesystem::path file;
  std::string title, question, text;      // text: the file itself, stored with the run
  GrnDataChoice data;
  std::vector<GrnDelivery> deliveries;
  GrnNetworkChoice network;
  GrnDesign design;
  NetworkFitOptions fit;
  double huber = 0;
  std::optional<double> input_pull;       // of input strengths towards 0; not given: as the ridge baseline chose it by leave-one-out
  double capacity_pull = 3e-5;            // of log capacity towards 0
  double input_lasso = 0;                 // base weight of input strengths; 1 is that of edges
  double level = 0.95;
};

// InputError with file and line: unknown keys and words, numbers out of range, a delivery to an arm that is not used.
GrnScenario read_grn_scenario(const std::filesystem::path& file);
// A file, or a scenario of experiments/networks/grn by its name.
std::filesystem::path shipped_grn_scenario(const std::string& name);
std::string_view to_string(GrnDesignKind kind);

}  // namespace hyped
