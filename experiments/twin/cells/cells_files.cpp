// Columns of the published file and of the truth.
#include "experiments/twin/cells/cells_files.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/twin/cells/cells_truth.hpp"
#include "libhyped/expression/annotated_data.hpp"
#include "libhyped/store/write_anndata.hpp"

namespace hyped {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

std::int32_t place_of(const Strings& levels, const std::string& name) { return static_cast<std::int32_t>(std::find(levels.begin(), levels.end(), name) - levels.begin()); }

// Texts as categories; an empty one is missing.
DataColumn categories_of(const Strings& texts) {
  Labels out;
  for (const auto& text : texts)
    if (!text.empty()) out.levels.push_back(text);
  std::sort(out.levels.begin(), out.levels.end());
  out.levels.erase(std::unique(out.levels.begin(), out.levels.end()), out.levels.end());
  for (const auto& text : texts) out.codes.push_back(text.empty() ? -1 : place_of(out.levels, text));
  return categorical_of(out);
}

Strings sorted_once(Strings names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace

AnnotatedData published_form(const CellsTwin& twin, const CellsTwinSettings& settings) {
  AnnotatedData out;
  const auto rows = droplets_of(twin);
  const std::size_t n = rows.size();
  out.obs.index = row_names(twin, settings);
  std::vector<double> total(n, std::nan("")), rate(n, std::nan(""));
  Labels assigned, dataset;
  for (const auto& library : settings.libraries) {
    dataset.levels.push_back(library.dataset);
    for (const auto& sample : library.samples) assigned.levels.push_back(sample.label);
  }
  assigned.levels = sorted_once(assigned.levels);
  dataset.levels = sorted_once(dataset.levels);
  for (std::size_t i = 0; i < n; ++i) {
    const LibrarySettings& library = settings.libraries[at(twin.library[i])];
    const ArgmaxCall& vote = rows[i]->vote;
    dataset.codes.push_back(place_of(dataset.levels, library.dataset));
    assigned.codes.push_back(vote.tag < 0 ? -1 : place_of(assigned.levels, library.samples[at(vote.tag)].label));
    if (vote.total > 0) total[i] = vote.total, rate[i] = vote.rate;
  }
  for (std::size_t l = 0; l < settings.libraries.size(); ++l) {
    // one column per hashtag of the library, by name; cells of other libraries and cells without reads have none
    std::map<std::string, int> tags;
    for (std::size_t k = 0; k < settings.libraries[l].samples.size(); ++k) tags[settings.libraries[l].samples[k].label] = static_cast<int>(k);
    for (const auto& [label, k] : tags) {
      std::vector<double> reads(n, std::nan(""));
      if (const auto* there = out.obs.find(label + "-fb_counts")) reads = *numbers_of(*there);      // a label of two libraries
      for (std::size_t i = 0; i < n; ++i)
        if (at(twin.library[i]) == l && rows[i]->vote.total > 0) reads[i] = rows[i]->reads[at(k)];
      out.obs.put(label + "-fb_counts", Numbers(reads));
    }
    if (l != 0) continue;      // the published order of columns
    out.obs.put("assigned_condition", categorical_of(assigned));
    out.obs.put("total_fb_counts", Numbers(total));
    out.obs.put("condition_counts_rate", Numbers(rate));
  }
  out.obs.put("dataset", categorical_of(dataset));
  std::vector<float> umis(n);
  std::vector<std::int64_t> genes(n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto values = twin.counts.values_of(static_cast<int>(i));
    double sum = 0;
    for (const float value : values) sum += value;
    umis[i] = static_cast<float>(sum);
    genes[i] = static_cast<std::int64_t>(values.size());
  }
  out.obs.put("total_reads", Numbers(umis));
  out.obs.put("total_genes", Numbers(genes));

  Strings names, ids, types, chromosomes;
  std::vector<std::int64_t> starts, ends;
  for (const TwinGene& gene : twin.network.genes) {
    names.push_back(gene.name);
    ids.push_back(gene.id);
    types.push_back(gene.type);
    chromosomes.push_back(gene.chromosome);
    starts.push_back(gene.start);
    ends.push_back(gene.end);
  }
  out.var.index = names;
  out.var.index_name = "gene_name";
  out.var.put("gene_id", ids);
  out.var.put("gene_type", categorical_of(labels_of(types)));
  out.var.put("Chromosome", categorical_of(labels_of(chromosomes)));
  out.var.put("Start", Numbers(starts));
  out.var.put("End", Numbers(ends));
  out.X.value = compressed_of(twin.counts);
  return out;
}

AnnotatedData truth_form(const CellsTwin& twin, const CellsTwinSettings& settings) {
  AnnotatedData out;
  out.obs.index = row_names(twin, settings);
  for (const TruthColumn& column : truth_columns(twin, settings)) {
    if (column.texts.empty()) out.obs.put(column.name, Numbers(column.numbers));
    else out.obs.put(column.name, categories_of(column.texts));
  }
  Strings genes, programmes;
  for (const int g : twin.network.gene_of_state) {
    genes.push_back(twin.network.genes[at(g)].name);
    programmes.push_back(twin.network.genes[at(g)].programme);
  }
  out.var.index = genes;
  out.var.index_name = "gene_name";
  out.var.put("programme", categorical_of(labels_of(programmes)));
  const auto first = first_cells(twin);
  const auto states = static_cast<std::size_t>(twin.levels.cols());
  std::vector<float> levels;
  levels.reserve(at(twin.droplets()) * states);
  for (std::size_t i = 0; i + 1 < first.size(); ++i) {
    double depth = 0;
    Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(twin.levels.cols());
    for (std::size_t m = first[i]; m < first[i + 1]; ++m) {
      sum += twin.cells[m].umis * twin.levels.row(static_cast<Eigen::Index>(m));
      depth += twin.cells[m].umis;
    }
    for (const double value : sum) levels.push_back(static_cast<float>(value / depth));
  }
  out.X.value = Array{{twin.droplets(), static_cast<std::int64_t>(states)}, Numbers(std::move(levels))};
  return out;
}

void write_cells_files(const CellsTwin& twin, const CellsTwinSettings& settings, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder / "GeneExpression");
  std::filesystem::create_directories(folder / "data");
  write_anndata(published_form(twin, settings), folder / "GeneExpression" / "Genexpression.h5ad", {1});
  write_anndata(truth_form(twin, settings), folder / "data" / "cells_truth.h5ad", {1});
}

}  // namespace hyped
