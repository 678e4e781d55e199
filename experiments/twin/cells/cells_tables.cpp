// What a sequencing twin was made with, in rows.
#include "experiments/twin/cells/cells_tables.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/twin/cells/cells_truth.hpp"

namespace hyped {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

const std::vector<std::string> shown_genes{"MYOD1", "PRRX1", "COL1A1", "DCN", "GREM1", "CDKN1A", "GADD45A", "IFIT2", "ISG15", "MX1"};

}  // namespace

Table truth_table(const CellsTwin& twin, const CellsTwinSettings& settings) {
  std::vector<Column> header{{"barcode", "", "with the suffix of its library"}};
  const auto columns = truth_columns(twin, settings);
  for (const auto& column : columns) header.push_back({column.name, column.unit, column.meaning});
  Table out(header);
  const auto names = row_names(twin, settings);
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::vector<Cell> row{names[i]};
    for (const auto& column : columns) row.push_back(column.texts.empty() ? cell_of(column.numbers[i]) : Cell(column.texts[i]));
    out.add_row(row);
  }
  return out;
}

Table setting_table(const Scenario& scenario, const CellsTwin& twin) {
  const CellsTwinSettings& s = *scenario.cells;
  Table out({{"name", "", ""}, {"truth", "", ""}, {"unit", "", ""}});
  for (const auto& [name, value, unit] : std::initializer_list<std::tuple<const char*, double, const char*>>{
           {"harvest_h", s.harvest_h, "h"}, {"dispersion", s.dispersion, "1"}, {"step_h", s.step_h, "h"}, {"s_share", s.s_share, "1"}, {"sort_purity", s.sort_purity, "1"}, {"exogenous_umis", s.exogenous_umis, "UMIs"},
           {"fusion_share", s.fusion_share, "1"}, {"interferon_delay_h", s.interferon_delay_h, "h"}, {"interferon_paracrine", s.interferon_paracrine, "1"}, {"interferon_of_sirna", s.interferon_of_sirna, "1"},
           {"batch_sd", s.batch_sd, "ln"}, {"mitochondrial_batch_sd", s.mitochondrial_batch_sd, "ln"}, {"ambient", s.ambient, "1"}, {"ambient_log_sd", s.ambient_log_sd, "ln"}, {"doublets_per_1000", s.doublets_per_1000, "1"},
           {"stain_cv", s.stain_cv, "1"}, {"ambient_stain_cv", s.ambient_stain_cv, "1"}, {"capture_log_sd", s.capture_log_sd, "ln"}})
    out.add_row({std::string(name), value, std::string(unit)});
  for (const auto& library : s.libraries)
    for (const auto& [name, value, unit] : std::initializer_list<std::tuple<const char*, double, const char*>>{
             {"umis", library.umis, "UMIs"}, {"umi_log_sd", library.umi_log_sd, "ln"}, {"hashtag_reads", library.hashtag_reads, "reads"}, {"hashtag_signal", library.hashtag_signal, "1"}, {"unstained", library.unstained, "1"}})
      out.add_row({library.dataset + " " + name, value, std::string(unit)});
  for (const auto& pool : twin.pools)
    for (const auto& [name, factor] : pool.factors) out.add_row({pool.arm + " factor of " + name, factor, std::string("1")});
  return out;
}

Table library_table(const CellsTwin& twin, const CellsTwinSettings& settings) {
  Table out({{"library", "", ""}, {"label", "", "by most votes"}, {"cells", "cells", "droplets with the label"}, {"single", "cells", "hold one cell, of that sample and stained"}, {"other_sample", "cells", "hold one stained cell of another sample"}, {"doublets", "cells", "hold two cells of two samples"}, {"same_doublets", "cells", "hold two cells of one sample"}, {"unstained", "cells", ""}, {"ties", "cells", "the label shares its votes"}, {"wrong_phase", "cells", "single, sorted into another phase than its own"}});
  const auto first = first_cells(twin);
  const auto droplets = droplets_of(twin);
  for (std::size_t l = 0; l < settings.libraries.size(); ++l)
    for (int label = -1; label < static_cast<int>(settings.libraries[l].samples.size()); ++label) {
      std::map<std::string, std::int64_t> n;
      for (std::size_t i = 0; i < droplets.size(); ++i) {
        const Droplet& d = *droplets[i];
        if (at(twin.library[i]) != l || d.vote.tag != label) continue;
        ++n["all"];
        n["tie"] += d.vote.tie ? 1 : 0;
        const bool two = d.samples.size() > 1, same = two && d.samples[0] == d.samples[1];
        ++n[!d.stained ? "unstained" : same ? "same" : two ? "doublet" : d.samples[0] == label ? "single" : "other"];
        if (!two && d.stained && d.samples[0] == label) {
          const std::string& sorted = settings.libraries[l].samples[at(label)].phase;
          n["phase"] += !sorted.empty() && sorted != to_string(twin.cells[first[i]].phase) ? 1 : 0;
        }
      }
      out.add_row({settings.libraries[l].dataset, label < 0 ? std::string("(no reads)") : settings.libraries[l].samples[at(label)].label, n["all"], n["single"], n["other"], n["doublet"], n["same"], n["unstained"], n["tie"], n["phase"]});
    }
  return out;
}

Table gene_table(const CellsTwin& twin, const CellsTwinSettings& settings) {
  std::vector<Column> header{{"gene", "", ""}, {"programme", "", ""}, {"umis", "UMIs", "in a median control cell at level 1"}, {"decay", "1/h", ""}, {"noise", "1/sqrt(h)", "of the level, relative"}, {"capacity", "1/h", "of the network; empty: outside it"}, {"bias", "1", ""}, {"rest", "1", "level of an unperturbed G1 cell"}};
  for (const auto& library : settings.libraries) header.push_back({"log_offset_" + library.dataset, "ln", "of the gene in the library"});
  for (const auto& library : settings.libraries) header.push_back({"ambient_" + library.dataset, "1", "share of the gene in ambient RNA"});
  Table out(header);
  const auto& d = twin.network.model->definition();
  for (std::size_t g = 0; g < twin.network.genes.size(); ++g) {
    const TwinGene& gene = twin.network.genes[g];
    const bool inside = gene.state >= 0;
    const auto value = [&](const std::vector<double>& v) { return inside ? Cell(v[at(gene.state)]) : Cell(); };
    std::vector<Cell> row{gene.name, gene.programme, gene.umis, gene.relaxation, gene.noise, value(d.capacity), value(d.bias), value(twin.network.rest)};
    for (const double offset : gene.batch) row.emplace_back(offset);
    for (Eigen::Index l = 0; l < twin.soup.rows(); ++l) row.emplace_back(twin.soup(l, static_cast<Eigen::Index>(g)));
    out.add_row(row);
  }
  return out;
}

Table edge_table(const CellsTwin& twin) {
  Table out({{"from", "", "regulator or input"}, {"to", "", "gene"}, {"kind", "", "regulates: weight inside the logistic; drives, carries, degrades (fold), modulates: see saturating_network.hpp"}, {"weight", "1", ""}});
  const auto& model = *twin.network.model;
  const auto& d = model.definition();
  for (const auto& e : d.edges) out.add_row({d.genes[at(e.from)], d.genes[at(e.to)], std::string("regulates"), e.weight});
  for (std::size_t k = 0; k < d.actions.size(); ++k) {
    const std::string name(model.parameters()[at(model.action_index(static_cast<int>(k)))].name);      // "input verb gene"
    const std::size_t input = d.inputs[at(d.actions[k].input)].size(), gene = d.genes[at(d.actions[k].gene)].size();
    out.add_row({d.inputs[at(d.actions[k].input)], d.genes[at(d.actions[k].gene)], name.substr(input + 1, name.size() - input - gene - 2), d.actions[k].amount});
  }
  return out;
}

Table effect_table(const Scenario& scenario, const CellsTwin& twin) {
  Table out({{"arm", "", ""}, {"gene", "", ""}, {"log2_fold", "log2", "of counts per million, sums over cells"}, {"lower", "log2", "95 % between cells"}, {"upper", "log2", ""}, {"truth", "log2", "of the mean level of the arm's cells; delivered transcripts not counted"}});
  const CellsTwinSettings& settings = *scenario.cells;
  // droplets by the arm of their label
  struct Sum {
    double n = 0, counts = 0, depth = 0, counts2 = 0, depth2 = 0, both = 0, level = 0, cells = 0;
  };
  const auto droplets = droplets_of(twin);
  std::string control;
  for (const auto& [arm, inputs] : scenario.arm_inputs)
    if (inputs.empty()) control = control.empty() ? arm : control;
  if (control.empty()) return out;
  for (const std::string& name : shown_genes) {
    const auto gene = std::find_if(twin.network.genes.begin(), twin.network.genes.end(), [&](const TwinGene& g) { return g.name == name; });
    if (gene == twin.network.genes.end() || gene->state < 0) continue;
    const auto column = static_cast<std::int32_t>(gene - twin.network.genes.begin());
    std::map<std::string, Sum> sums;
    for (std::size_t i = 0; i < droplets.size(); ++i) {
      if (droplets[i]->vote.tag < 0) continue;
      Sum& sum = sums[settings.libraries[at(twin.library[i])].samples[at(droplets[i]->vote.tag)].arm];
      const auto columns = twin.counts.columns_of(static_cast<int>(i));
      const auto values = twin.counts.values_of(static_cast<int>(i));
      double depth = 0, count = 0;
      for (const float v : values) depth += v;
      if (const auto found = std::lower_bound(columns.begin(), columns.end(), column); found != columns.end() && *found == column) count = values[static_cast<std::size_t>(found - columns.begin())];
      sum.n += 1, sum.counts += count, sum.depth += depth, sum.counts2 += count * count, sum.depth2 += depth * depth, sum.both += count * depth;
    }
    for (std::size_t m = 0; m < twin.cells.size(); ++m) sums[twin.cells[m].arm].level += twin.levels(static_cast<Eigen::Index>(m), gene->state), sums[twin.cells[m].arm].cells += 1;
    // variance of log(sum counts / sum depth) between cells, by the delta method
    const auto variance = [](const Sum& s) {
      const double c = s.counts / s.n, d = s.depth / s.n;
      const double vc = s.counts2 / s.n - c * c, vd = s.depth2 / s.n - d * d, cov = s.both / s.n - c * d;
      return (vc / (c * c) + vd / (d * d) - 2 * cov / (c * d)) / s.n;
    };
    const Sum& base = sums[control];
    for (const auto& arm : scenario.setup.arms) {
      if (arm.condition == control || !sums.contains(arm.condition)) continue;
      const Sum& s = sums[arm.condition];
      if (s.n == 0 || s.cells == 0 || base.cells == 0) continue;
      std::vector<Cell> row{arm.condition, name, Cell(), Cell(), Cell(), cell_of(std::log2(s.level / s.cells / (base.level / base.cells)))};
      if (s.counts > 0 && base.counts > 0) {
        const double fold = std::log2(s.counts / s.depth / (base.counts / base.depth)), width = 1.96 * std::sqrt(variance(s) + variance(base)) / std::log(2.0);
        row[2] = fold, row[3] = fold - width, row[4] = fold + width;
      }
      out.add_row(row);
    }
  }
  return out;
}

}  // namespace hyped
