// A scenario: the one TOML file that says what is modelled, from which data, how it is fitted and compared.
#pragma once
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/twin/cells/cells_settings.hpp"
#include "experiments/twin/twin.hpp"
#include "fitting/cycle_setup.hpp"
#include "fitting/process_fit.hpp"
#include "libhyped/ingest/read_phase_counts.hpp"
#include "libhyped/observe/phase_counts.hpp"

namespace hyped {

// An input delivered by a carrier whose kinetics a delivery model gives, unequally taken up.
struct DeliveredInput {
  std::string input, kind;                    // kind: sirna, modified_mrna, ligand
  double dose = 1, from_h = 0, until_h = std::numeric_limits<double>::infinity();
  double transfected_fraction = 1, log_sd = 0;
  int dose_points = 1;
  std::map<std::string, double> parameters;
};
// An input that is `amount` from one time to another.
struct SteppedInput {
  std::string input;
  double from_h = 0, until_h = std::numeric_limits<double>::infinity(), amount = 1;
};
struct ScenarioEvent {
  Perturbation change;
  std::vector<std::string> arms;              // empty: all
  std::string label;                          // on the time axis of figures
};

struct DataSource {
  std::string format = "phase_counts";        // phase_counts, au565, bj_channels, nuclei_counts
  std::string file;                           // may come from the command line
  ColumnMap columns;
  double frame_interval_h = 0, stage2_start_h = 24;
  double frame_interval_alternative_h = 0;    // the other end of what the interval may be; 0: it is known
  struct LeftOut {
    std::string condition, well, why;
  };
  std::vector<LeftOut> leave_out;             // condition and well as in the file
  double from_h = -1e300;                     // frames before are not fitted
  std::map<std::string, std::string> rename;  // condition in the file -> arm
  std::vector<std::string> conditions;        // those used; empty: all arms'
};

// A variant of the model in `hyped cycle compare`; what it does not name stays.
struct ModelVariant {
  std::string name;
  std::string place;                          // file:line, for error texts
  std::optional<std::string> model;
  std::optional<std::string> start;
  std::map<std::string, int> stages, start_parts;
  std::vector<std::string> without_effects;
  std::vector<Effect> with_effects;
  std::vector<ParameterChoice> parameters;
  std::optional<ClassMap> map;
  std::vector<RandomEffectGroup> random_effects;      // empty: the scenario's
};

// A published value beside which the fitted one is put.
struct ReferenceValue {
  std::string condition, parameter;
  std::string quantity;                       // mean_duration (1 / rate) or value
  std::string unit, source;
  double value = 0;
};

struct PredictSettings {
  std::string held_out, control;              // arms
  std::vector<std::string> singles;           // arms whose effects add up to the held-out one
  int interval_times = 4;                     // blocks whose totals get a prediction profile, the last among them; 0: none
};

struct Scenario {
  std::string name, title, question;
  std::filesystem::path file;
  std::string text;
  CycleSetup setup;
  DataSource data;
  std::vector<DeliveredInput> deliveries;
  std::vector<SteppedInput> steps;
  std::map<std::string, std::vector<std::string>> arm_inputs;
  std::vector<ScenarioEvent> events;
  std::optional<TwinSettings> twin;
  std::string truth_from = "[twin] truth";      // what to call the values the twin is made with
  std::optional<CellsTwinSettings> cells;     // its sequencing half
  ProcessOptions fit;
  Records records;                            // of the run that is being made; set by the command
  std::vector<std::string> profiles;          // parameters to profile; "all"
  std::vector<std::string> independent;       // likelihoods of independent frames to fit beside the default one
  int bootstrap_wells = 0, bootstrap_parametric = 0;      // replicates; 0: none
  std::vector<ModelVariant> variants;
  bool compare_in_fit = false;                // `hyped cycle fit` fits the variants too
  std::vector<ReferenceValue> references;
  std::vector<std::string> figures;           // arms shown in figures and answers; empty: the first
  std::optional<PredictSettings> predict;
  double end_h = 72;                          // last time inputs are needed for
};

// Throws InputError naming file, line and key; unknown keys are errors.
Scenario read_scenario(const std::filesystem::path& file);
// A scenario that ships with the program, by name ("hyped_twin"), from the source tree or the installation.
std::filesystem::path shipped_scenario(const std::string& name);

// Builds model and class map once, so that what does not fit is said with the line of the scenario that says it.
void check_model(const CycleSetup& setup);
// Names and ranges of the values a twin is made with.
void check_truth(const CycleSetup& setup, const std::map<std::string, double>& truth);

// Arms from inputs and events: strata are all combinations of the uptake strata of the arm's deliveries.
std::vector<Arm> build_arms(const Scenario& scenario);

// The scenario's data, read, renamed and reduced to its conditions. file overrides the scenario's.
PhaseCounts read_data(const Scenario& scenario, const std::string& file = "");
// Is the arm, or the parameter "rate@arm", among those the scenario shows in figures and answers?
bool is_shown(const Scenario& scenario, const std::string& arm_or_parameter);
// The setup with a variant's changes.
CycleSetup with_variant(const Scenario& scenario, const ModelVariant& variant);

}  // namespace hyped
