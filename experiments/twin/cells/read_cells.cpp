// [cells], [[cells.library]], [[cells.library.sample]] and [[cells.delivered]], every key checked.
#include "experiments/twin/cells/read_cells.hpp"

#include <cmath>
#include <set>

namespace hyped {
namespace {

void within(Section& s, const char* key, double& value, double low, double high) {
  value = s.number(key, value);
  if (!(value >= low && value <= high) || !std::isfinite(value)) throw InputError(s.place(key), fmt::format("{} is {:.6g}", key, value), std::isfinite(high) ? fmt::format("give {:.6g} to {:.6g}", low, high) : fmt::format("give {:.6g} or more", low));
}
void within(Section& s, const char* key, int& value, int low, int high) {
  value = s.integer(key, value);
  if (value < low || value > high) throw InputError(s.place(key), fmt::format("{} is {}", key, value), fmt::format("give {} to {}", low, high));
}

void known(const Section& s, const char* key, const std::string& name, const std::vector<std::string>& names, const char* what) {
  if (std::find(names.begin(), names.end(), name) == names.end()) throw InputError(s.place(key), fmt::format("there is no {} '{}'", what, name), names.empty() ? "add one" : did_you_mean(name, names));
}

HashtagSample read_sample(Section s, const std::vector<std::string>& arms) {
  HashtagSample out;
  out.label = s.required("label");
  out.arm = s.required("arm");
  known(s, "arm", out.arm, arms, "arm");
  out.phase = s.text("phase", "");
  if (!out.phase.empty()) known(s, "phase", out.phase, {"G1", "S", "G2M"}, "sorted phase");
  out.cells = s.integer("cells", 0);
  if (out.cells < 1) throw InputError(s.place("cells"), fmt::format("sample '{}' has {} cells", out.label, out.cells), "give at least 1");
  within(s, "stain", out.stain, 0.01, 100);
  s.reject_unknown();
  return out;
}

LibrarySettings read_library(Section s, const std::vector<std::string>& arms) {
  LibrarySettings out;
  const double none = std::numeric_limits<double>::infinity();
  out.dataset = s.required("dataset");
  out.suffix = s.required("suffix");
  within(s, "missing", out.missing, 0, 1000000);
  within(s, "umis", out.umis, 10, 1e6);
  within(s, "umi_log_sd", out.umi_log_sd, 0, 2);
  within(s, "hashtag_reads", out.hashtag_reads, 0.1, none);
  within(s, "hashtag_signal", out.hashtag_signal, 0.01, 0.9999);
  within(s, "unstained", out.unstained, 0, 0.9);
  std::set<std::string> labels;
  for (Section sample : s.sections("sample")) {
    out.samples.push_back(read_sample(sample, arms));
    if (!labels.insert(out.samples.back().label).second) throw InputError(sample.place("label"), fmt::format("label '{}' is there twice in library '{}'", out.samples.back().label, out.dataset), "name each sample once");
  }
  if (out.samples.size() < 2) throw InputError(s.place("dataset"), fmt::format("library '{}' has fewer than two samples", out.dataset), "add [[cells.library.sample]]: hashtags tell samples apart");
  s.reject_unknown();
  return out;
}

}  // namespace

CellsTwinSettings read_cells(Section s, const std::vector<std::string>& arms, const std::vector<DeliveredInput>& deliveries) {
  CellsTwinSettings out;
  std::vector<std::string> inputs;
  for (const auto& one : deliveries) inputs.push_back(one.input);
  const double none = std::numeric_limits<double>::infinity();
  within(s, "harvest_h", out.harvest_h, 0.1, 1000);
  within(s, "rest_h", out.rest_h, 0, 1000);
  within(s, "genes", out.genes, 50, 60000);
  within(s, "network_genes", out.network_genes, 2, out.genes);
  within(s, "regulators", out.regulators, 0, out.network_genes);
  within(s, "edges_per_gene", out.edges_per_gene, 0, 50);
  within(s, "dispersion", out.dispersion, 0, 5);
  within(s, "mrna_half_life_h", out.mrna_half_life_h, 0.5, 100);
  within(s, "step_h", out.step_h, 0.01, 4);
  within(s, "s_share", out.s_share, 0, 1);
  within(s, "sort_purity", out.sort_purity, 0, 1);
  within(s, "exogenous_umis", out.exogenous_umis, 0, none);
  within(s, "fusion_share", out.fusion_share, 0, none);
  within(s, "interferon_delay_h", out.interferon_delay_h, 0.1, 100);
  within(s, "interferon_paracrine", out.interferon_paracrine, 0, 1);
  within(s, "interferon_of_sirna", out.interferon_of_sirna, 0, none);
  within(s, "batch_sd", out.batch_sd, 0, 3);
  within(s, "mitochondrial_batch_sd", out.mitochondrial_batch_sd, 0, 3);
  within(s, "ambient", out.ambient, 0, 0.9);
  within(s, "ambient_log_sd", out.ambient_log_sd, 0, 2);
  within(s, "doublets_per_1000", out.doublets_per_1000, 0, 0.05);
  within(s, "stain_cv", out.stain_cv, 0.01, 5);
  within(s, "ambient_stain_cv", out.ambient_stain_cv, 0.01, 5);
  within(s, "capture_log_sd", out.capture_log_sd, 0, 2);
  for (Section d : s.sections("delivered")) {
    DeliveredGene one{d.required("input"), d.required("gene"), ""};
    known(d, "input", one.input, inputs, "[[delivery]] of");
    known(d, "gene", one.gene, {"MYOD1", "PRRX1"}, "deliverable gene");
    const DeliveredInput& delivery = deliveries[static_cast<std::size_t>(std::find(inputs.begin(), inputs.end(), one.input) - inputs.begin())];
    one.kind = delivery.kind;
    if (const auto fold = delivery.parameters.find("fold"); fold != delivery.parameters.end()) one.fold = fold->second;
    if (one.kind == "ligand") throw InputError(d.place("input"), fmt::format("'{}' is a ligand", one.input), "siRNA and modified mRNA work on a gene");
    for (const auto& other : out.delivered)
      if (other.input == one.input) throw InputError(d.place("input"), fmt::format("'{}' is delivered twice", one.input), "name its gene once");
    out.delivered.push_back(one);
    d.reject_unknown();
  }
  std::set<std::string> datasets;
  for (Section library : s.sections("library")) {
    out.libraries.push_back(read_library(library, arms));
    if (!datasets.insert(out.libraries.back().dataset).second || !datasets.insert("_" + out.libraries.back().suffix).second)
      throw InputError(library.place("dataset"), fmt::format("dataset '{}' or suffix '{}' is there twice", out.libraries.back().dataset, out.libraries.back().suffix), "name each library once");
  }
  if (out.libraries.empty()) throw InputError(s.place("library"), "[cells] has no library", "add [[cells.library]]");
  s.reject_unknown();
  return out;
}

}  // namespace hyped
