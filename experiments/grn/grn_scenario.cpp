// TOML to GrnScenario.
#include "experiments/grn/grn_scenario.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "experiments/program_files.hpp"
#include "experiments/scenario_section.hpp"
#include "libhyped/counted.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

template <class T>
T word(Section& s, const std::string& key, const std::string& text, const std::vector<std::pair<std::string, T>>& known) {
  std::vector<std::string> names;
  for (const auto& [name, value] : known) {
    if (name == text) return value;
    names.push_back(name);
  }
  throw InputError(s.place(key), fmt::format("{} '{}' is unknown", key, text), did_you_mean(text, names));
}

double positive(Section& s, const std::string& key, double otherwise, bool zero_too = false) {
  const double value = s.number(key, otherwise);
  if (!(zero_too ? value >= 0 : value > 0)) throw InputError(s.place(key), fmt::format("{} is {:g}", key, value), zero_too ? "give 0 or more" : "give a number above 0");
  return value;
}

const std::vector<std::pair<std::string, GrnDesignKind>> designs{{"none", GrnDesignKind::none}, {"random", GrnDesignKind::random}, {"given", GrnDesignKind::given}, {"leave_one_drug_out", GrnDesignKind::leave_one_drug_out},
                                                                   {"single_to_combination", GrnDesignKind::single_to_combination}, {"leave_one_arm_out", GrnDesignKind::leave_one_arm_out}};

void each_once(Section& s, const std::string& key, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) != names.begin() + static_cast<std::ptrdiff_t>(i))
      throw InputError(s.place(key), fmt::format("{} names '{}' twice", key, names[i]), "name it once");
}

void read_data(Section s, GrnDataChoice& out) {
  out.kind = s.required("kind");
  if (out.kind != "cellbox" && out.kind != "cells") throw InputError(s.place("kind"), "there is no kind of data '" + out.kind + "'", "use \"cellbox\" (a folder of CSV files) or \"cells\" (an .h5ad file)");
  out.path = s.text("path", "");
  if (out.kind == "cellbox") {
    out.nodes.proteins = s.integer("protein_nodes", out.nodes.proteins);
    out.nodes.measured = s.integer("activity_nodes", out.nodes.measured);
    out.published = s.text("published", "");
    out.published_batch = s.integer("published_batch", out.published_batch);
    if (out.published_batch < 1) throw InputError(s.place("published_batch"), fmt::format("published_batch is {}", out.published_batch), "give the size of a batch, 1 or more");
  } else {
    out.by = s.text("by", out.by);
    if (s.has("reference")) out.reference = s.texts("reference");
    if (out.reference.empty()) throw InputError(s.place("reference"), "reference names no arm", "give the label of the arm without inputs, or a list of labels");
    out.phase = s.text("phase", "");
    out.well = s.text("well", "");
    out.library = s.text("library", "");
    out.scale = word<GrnCellScale>(s, "scale", s.text("scale", "log_normalised"), {{"log_normalised", GrnCellScale::log_normalised}, {"log_ratio", GrnCellScale::log_ratio}});
    out.arms = s.texts("arms");
    out.genes = s.texts("genes");
    out.time_h = positive(s, "time_h", out.time_h);
    out.matrix = s.text("matrix", "");
    for (const auto& [key, names] : {std::pair{"genes", &out.genes}, {"arms", &out.arms}, {"reference", &out.reference}}) each_once(s, key, *names);
    out.genes_place = s.place("genes");
    out.leave_out_missing = word<bool>(s, "missing_genes", s.text("missing_genes", "refuse"), {{"refuse", false}, {"leave_out", true}});
    if (out.genes.empty()) throw InputError(s.place("genes"), "[data] of cells names no genes", "write genes = [\"MYOD1\", ...]: the network is of these");
  }
  s.reject_unknown();
}

void read_network(Section s, GrnNetworkChoice& out) {
  using models::Transfer;
  out.transfer.kind = word<Transfer>(s, "transfer", s.text("transfer", "tanh"), {{"identity", Transfer::identity}, {"tanh", Transfer::tanh}, {"polynomial", Transfer::polynomial}, {"hill", Transfer::hill}, {"clip", Transfer::clip}});
  out.transfer.exponent = s.integer("exponent", out.transfer.exponent);
  out.envelope = s.integer("envelope", out.envelope);
  if (out.envelope < 0 || out.envelope > 2) throw InputError(s.place("envelope"), fmt::format("there is no envelope {}", out.envelope), "use 0, 1 or 2");
  out.inputs = word<InputRoute>(s, "inputs", s.text("inputs", "direct"), {{"direct", InputRoute::direct}, {"nodes", InputRoute::nodes}});
  out.capacity_free = s.flag("capacity_free", out.capacity_free);
  out.decay_per_h = positive(s, "decay_per_h", out.decay_per_h);
  out.prior = s.text("prior", "");
  out.prior_only = word<bool>(s, "prior_use", s.text("prior_use", "only"), {{"only", true}, {"penalty", false}});
  out.prior_inside = s.number("prior_inside", out.prior_inside);
  if (!(out.prior_inside >= 0 && out.prior_inside <= 1)) throw InputError(s.place("prior_inside"), fmt::format("prior_inside is {:g}", out.prior_inside), "give a weight between 0 (free) and 1 (as any other edge)");
  out.prior_strength = positive(s, "prior_strength", out.prior_strength);
  out.prior_sd = positive(s, "prior_sd", out.prior_sd, true);
  for (const char* key : {"prior_use", "prior_inside", "prior_strength", "prior_sd"})
    if (s.has(key) && out.prior.empty()) throw InputError(s.place(key), fmt::format("[network] has '{}' and no prior", key), "name the file of signed edges: prior = \"...\"");
  for (const char* key : {"prior_inside", "prior_strength", "prior_sd"})
    if (s.has(key) && out.prior_only) throw InputError(s.place(key), fmt::format("'{}' means nothing where only the prior's edges are allowed", key), "write prior_use = \"penalty\"");
  s.reject_unknown();
}

void read_design(Section s, GrnDesign& out) {
  out.kind = word<GrnDesignKind>(s, "kind", s.required("kind"), designs);
  out.splits = s.integer("splits", out.splits);
  if (out.splits < 1) throw InputError(s.place("splits"), "splits is not positive", "give at least 1");
  out.train_share = s.number("train_share", out.train_share);
  if (!(out.train_share > 0 && out.train_share < 1)) throw InputError(s.place("train_share"), fmt::format("train_share is {:g}", out.train_share), "give a share between 0 and 1");
  out.order = s.text("order", "");
  if (out.kind == GrnDesignKind::given && out.order.empty()) s.missing("order");
  out.with_singles = s.flag("with_singles", out.with_singles);
  s.reject_unknown();
}

const std::vector<std::pair<std::string, GrnLoss>> losses{{"means", GrnLoss::means}, {"counts", GrnLoss::counts}, {"moments", GrnLoss::moments}, {"energy", GrnLoss::energy}, {"sliced_wasserstein", GrnLoss::sliced_wasserstein}};

// What the misfit is of, and penalties beside the lasso.
void read_loss(Section& s, GrnScenario& out) {
  out.loss.kind = word<GrnLoss>(s, "loss", s.text("loss", "means"), losses);
  out.loss.simulated = s.integer("simulated_cells", out.loss.simulated);
  out.loss.measured = s.integer("measured_cells", out.loss.measured);
  out.loss.directions = s.integer("directions", out.loss.directions);
  if (out.loss.simulated < 8 || out.loss.measured < 8 || out.loss.directions < 1) throw InputError(s.place("simulated_cells"), "too few cells or directions", "give 8 cells or more, and 1 direction or more");
  out.loss.dose_log_sd = positive(s, "dose_log_sd", out.loss.dose_log_sd, true);
  const bool clouds = out.loss.kind == GrnLoss::moments || out.loss.kind == GrnLoss::energy || out.loss.kind == GrnLoss::sliced_wasserstein;
  for (const char* key : {"simulated_cells", "measured_cells", "dose_log_sd"})
    if (s.has(key) && !clouds) throw InputError(s.place(key), fmt::format("'{}' is for losses on distributions of cells", key), "write loss = \"moments\", \"energy\" or \"sliced_wasserstein\"");
  if (out.huber > 0 && out.loss.kind != GrnLoss::means) throw InputError(s.place("huber"), "Huber's loss is of means", "leave huber out, or write loss = \"means\"");
  out.groups = word<EdgeGroups>(s, "groups", s.text("groups", "none"), {{"none", EdgeGroups::none}, {"regulator", EdgeGroups::regulator}, {"target", EdgeGroups::target}});
  out.group_share = s.number("group_share", out.group_share);
  if (!(out.group_share > 0 && out.group_share <= 1)) throw InputError(s.place("group_share"), fmt::format("group_share is {:g}", out.group_share), "give a share above 0, at most 1 (groups alone)");
  out.edge_pull = positive(s, "edge_pull", out.edge_pull, true);
  out.ensemble = word<bool>(s, "predict", s.text("predict", "fit"), {{"fit", false}, {"ensemble", true}});
  if (out.ensemble && out.fit.folds < 2) throw InputError(s.place("predict"), "an ensemble is made of the fold fits", "give folds = 2 or more");
  if (out.fit.descent != Descent::lbfgs) return;
  for (const char* key : {"highest_penalty", "lowest_penalty", "penalties", "input_lasso"})
    if (s.has(key)) throw InputError(s.place(key), "L-BFGS takes no penalty with corners: no lasso, no groups", "leave it out and give edge_pull, or use descent = \"proximal\" or \"adam\"");
  if (out.groups != EdgeGroups::none) throw InputError(s.place("groups"), "L-BFGS takes no penalty with corners: no lasso, no groups", "use descent = \"proximal\" or \"adam\"");
  if (!(out.edge_pull > 0)) throw InputError(s.place("descent"), "without any penalty on edges their weights are not determined", "give edge_pull above 0");
  out.fit.ladder = {1};
}

void read_bootstrap(Section s, GrnBootstrap& out) {
  out.unit = word<ResampledUnit>(s, "unit", s.required("unit"), {{"cells", ResampledUnit::cells}, {"wells", ResampledUnit::wells}});
  out.replicates = s.integer("replicates", 100);
  if (out.replicates < 20) throw InputError(s.place("replicates"), fmt::format("{} {} no interval", counted(out.replicates, "replicate"), agreed(out.replicates, "gives", "give")), "give 20 or more");
  s.reject_unknown();
}

void read_nuisance(Section s, GrnNuisance& out) {
  out.programmes = s.texts("programmes");
  out.file = s.text("file", "");
  if (out.programmes.empty()) throw InputError(s.place("programmes"), "[nuisance] names no programmes", "write programmes = [\"interferon\", \"sterol\"]");
  s.reject_unknown();
}

// What goes together with what.
void check_together(const GrnScenario& out) {
  const auto fail = [&](const std::string& what, const std::string& todo) { throw InputError(out.file.string(), what, todo); };
  const bool cells = out.data.kind == "cells";
  if (!cells && out.loss.kind != GrnLoss::means) fail(fmt::format("loss = \"{}\" is of cells, and the data are a CellBox folder of means", to_string(out.loss.kind)), "use loss = \"means\"");
  if (!cells && out.bootstrap.replicates > 0) fail("[bootstrap] draws cells or wells, and the data are a CellBox folder of means", "leave [bootstrap] out: its intervals come from folds");
  if (!cells && !out.nuisance.programmes.empty()) fail("[nuisance] is for cells, and the data are a CellBox folder of means", "leave [nuisance] out");
  if (out.bootstrap.replicates > 0 && out.loss.kind != GrnLoss::means) fail("[bootstrap] fits resampled means", "use loss = \"means\"");
  if (out.bootstrap.unit == ResampledUnit::wells && out.data.well.empty()) fail("[bootstrap] draws wells, and [data] names no column of wells", "write well = \"COLUMN\" in [data]");
  if (out.loss.kind == GrnLoss::counts && out.data.scale != GrnCellScale::log_ratio) fail("loss = \"counts\" needs the scale of counts", "write scale = \"log_ratio\" in [data]");
  if (out.loss.kind != GrnLoss::means && out.loss.kind != GrnLoss::counts && out.data.scale != GrnCellScale::log_normalised) fail("losses on distributions of cells need log-normalised values", "write scale = \"log_normalised\" in [data]");
  if (out.data.scale == GrnCellScale::log_ratio && !out.nuisance.programmes.empty()) fail("programmes are scored on log-normalised values", "write scale = \"log_normalised\" in [data]");
  for (const GrnDelivery& d : out.deliveries)
    if (d.action == "degrades" && out.data.scale == GrnCellScale::log_ratio) throw InputError(d.place, "action = \"degrades\" multiplies the decay of a level, and the state is a logarithm of levels (scale = \"log_ratio\")", "write scale = \"log_normalised\" in [data], or action = \"drives\"");
  if (out.fit.descent == Descent::lbfgs && !out.network.prior.empty() && out.network.prior_only) fail("L-BFGS cannot keep the prior's signs", "write prior_use = \"penalty\", or descent = \"proximal\"");
}

void read_fit(Section s, GrnScenario& out) {
  NetworkFitOptions& fit = out.fit;
  fit.descent = descent_named(s.text("descent", "proximal"), s.place("descent"));
  const double highest = positive(s, "highest_penalty", 1e-3), lowest = positive(s, "lowest_penalty", 1e-4);
  const int steps = s.integer("penalties", 6);
  if (lowest > highest) throw InputError(s.place("lowest_penalty"), "lowest_penalty is above highest_penalty", "exchange them");
  if (steps < 1) throw InputError(s.place("penalties"), "penalties is not positive", "give the number of steps from the highest to the lowest");
  fit.ladder.clear();
  for (int i = 0; i < steps; ++i) fit.ladder.push_back(steps == 1 ? highest : highest * std::pow(lowest / highest, static_cast<double>(i) / (steps - 1)));
  fit.step.iteration_limit = s.integer("iterations", 80);
  if (fit.step.iteration_limit < 1) throw InputError(s.place("iterations"), "iterations is not positive", "give the most iterations per step of the ladder");
  fit.step.tolerance = positive(s, "tolerance", 1e-7);
  fit.step.least_gain = positive(s, "least_gain", 1e-3, true);
  fit.step.learning_rate = positive(s, "learning_rate", fit.step.learning_rate);
  fit.folds = s.integer("folds", fit.folds);
  if (s.has("folds")) out.folds_place = s.place("folds");
  fit.repeats = s.integer("repeats", fit.repeats);
  if (fit.folds < 0 || fit.folds == 1 || fit.repeats < 1) throw InputError(s.place("folds"), "folds or repeats is out of range", "folds: 0 (none), or 2 or more; repeats: 1 or more");
  fit.patience = s.integer("patience", fit.patience);
  fit.look_every = s.integer("look_every", fit.look_every);
  if (fit.patience < 0 || fit.look_every < 1) throw InputError(s.place("patience"), "patience or look_every is out of range", "patience: iterations without a better prediction, 0 for no early stopping; look_every: 1 or more");
  if (fit.patience > 0 && fit.folds < 2) throw InputError(s.place("patience"), "early stopping needs conditions that are held out", "give folds = 2 or more");
  fit.one_standard_error = s.flag("one_standard_error", fit.one_standard_error);
  out.huber = positive(s, "huber", 0, true);
  out.input_pull = s.number("input_pull");
  if (out.input_pull && *out.input_pull < 0) throw InputError(s.place("input_pull"), "input_pull is negative", "give 0 or more, or leave it out: the linear baseline's penalty is taken");
  out.capacity_pull = positive(s, "capacity_pull", out.capacity_pull, true);
  out.input_lasso = positive(s, "input_lasso", out.input_lasso, true);
  read_loss(s, out);
  out.level = s.number("level", out.level);
  if (!(out.level > 0.5 && out.level < 1)) throw InputError(s.place("level"), fmt::format("level is {:g}", out.level), "give a level between 0.5 and 1");
  s.reject_unknown();
}

}  // namespace

std::string_view to_string(GrnLoss loss) {
  for (const auto& [name, value] : losses)
    if (value == loss) return name;
  return "";
}

std::string_view to_string(GrnDesignKind kind) {
  for (const auto& [name, value] : designs)
    if (value == kind) return name;
  return "";
}

GrnScenario read_grn_scenario(const fs::path& file) {
  GrnScenario out;
  out.file = file;
  TomlFile toml = read_toml(file, "check the path");
  out.text = std::move(toml.text);
  Section top(toml.table, file.string(), "grn");
  out.title = top.text("title", file.stem().string());
  out.question = top.text("question", "");
  bool has_data = false;
  for (Section s : top.sections("data")) read_data(s, out.data), has_data = true;
  if (!has_data) throw InputError(file.string(), "has no [data]", "write [data] with kind and path");
  for (Section s : top.sections("network")) read_network(s, out.network);
  for (Section s : top.sections("design")) read_design(s, out.design);
  for (Section s : top.sections("fit")) read_fit(s, out);
  for (Section s : top.sections("nuisance")) read_nuisance(s, out.nuisance);
  for (Section s : top.sections("bootstrap")) read_bootstrap(s, out.bootstrap);
  for (Section s : top.sections("delivery")) {
    GrnDelivery d{s.required("arm"), s.required("kind"), s.number("from_h", 0), positive(s, "dose", 1), s.required("gene"), s.text("action", "drives"), s.place("arm")};
    const std::vector<std::pair<std::string, int>> actions{{"drives", 0}, {"produces", 1}, {"degrades", 2}, {"carries", 3}}, kinds{{"sirna", 0}, {"modified_mrna", 1}, {"ligand", 2}};
    word(s, "action", d.action, actions);
    word(s, "kind", d.kind, kinds);
    if (!(d.from_h >= 0)) throw InputError(s.place("from_h"), fmt::format("the delivery to '{}' is at {:g} h, before the start (0 h)", d.arm, d.from_h), "give 0 or more");
    for (const GrnDelivery& other : out.deliveries)
      if (other.arm == d.arm && other.kind == d.kind && other.gene == d.gene && other.from_h == d.from_h)
        throw InputError(s.place("arm"), fmt::format("'{}' gets {} {} at {:g} h twice", d.arm, d.kind, d.gene, d.from_h), "give it once, with the whole dose");
    if (d.from_h > out.data.time_h) throw InputError(s.place("from_h"), fmt::format("the delivery to '{}' is at {:g} h, after the cells were taken ({:g} h)", d.arm, d.from_h, out.data.time_h), "correct from_h or [data] time_h");
    s.reject_unknown();
    out.deliveries.push_back(d);
  }
  if (out.data.kind == "cellbox" && !out.deliveries.empty()) throw InputError(out.deliveries[0].place, "CellBox folders hold their inputs themselves", "leave [[delivery]] out");
  if (out.data.kind == "cells" && out.deliveries.empty()) throw InputError(file.string(), "says nothing of what the arms received", "write [[delivery]] with arm, kind, from_h, gene and action");
  if (out.data.kind == "cells" && (out.design.kind == GrnDesignKind::given || out.design.kind == GrnDesignKind::leave_one_drug_out)) throw InputError(file.string(), fmt::format("the design {} is for CellBox folders", to_string(out.design.kind)), "use none or leave_one_arm_out");
  top.reject_unknown();
  check_together(out);
  return out;
}

fs::path beside_scenario(const GrnScenario& scenario, const fs::path& path, const std::string& otherwise) {
  const char* shared = std::getenv("HYPED_SHARED");
  std::vector<fs::path> places{scenario.file.parent_path(), fs::current_path()};
  if (shared != nullptr) places.insert(places.begin(), fs::path(shared) / "data"), places.insert(places.begin(), fs::path(shared));
  for (const auto& place : places)
    if (fs::exists(place / path)) return place / path;
  throw InputError(path.string(), "is not found beside the scenario, in the working folder or below HYPED_SHARED", otherwise);
}

fs::path shipped_grn_scenario(const std::string& name) {
  try {
    return program_file("experiments/networks/grn/" + name + ".toml");
  } catch (const InputError&) {
    if (fs::is_directory(name)) throw InputError(name, "is no scenario (a TOML file)", "the scenario comes first, then the data: hyped grn fit SCENARIO DATA");
    if (fs::exists(name)) return name;
    const std::vector<std::string> shipped{"cellbox_random", "cellbox_published", "cellbox_leave_one_drug_out", "cellbox_single_to_combination", "hyped_cells", "hyped_twin_cells"};
    throw InputError(name, "is neither a file nor a shipped scenario of gene networks", fmt::format("shipped are {}", fmt::join(shipped, ", ")));
  }
}

}  // namespace hyped
