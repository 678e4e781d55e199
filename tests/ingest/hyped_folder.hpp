// A small folder like the HYPED release, in several of its variants, made by a fixed recipe.
#pragma once
#include <cmath>
#include <filesystem>
#include <string>

#include "libhyped/expression/annotated_data.hpp"
#include "libhyped/hdf5/file.hpp"
#include "libhyped/store/write_anndata.hpp"

namespace hyped::testing {

// 60 controls (30 G1, 15 S, 10 G2M, 5 without a hashtag) and 61 perturbed cells (20 each, one without a hashtag); 40 genes, whole counts.
inline AnnotatedData raw_merge() {
  AnnotatedData out;
  Strings cells, genes;
  std::vector<std::string> labels;
  const auto add = [&](const std::string& library, const std::string& label, int count) {
    for (int i = 0; i < count; ++i) {
      cells.push_back("ACGT" + std::to_string(cells.size()) + "_" + library);
      labels.push_back(label);
    }
  };
  add("hybrid", "PRRX1_MYOD", 20);
  add("hybrid", "PRRX1", 20);
  add("hybrid", "MYOD", 20);
  add("hybrid", "", 1);
  add("control", "G1", 30);
  add("control", "S", 15);
  add("control", "G2M", 10);
  add("control", "", 5);
  for (int g = 0; g < 38; ++g) genes.push_back((g < 9 ? "GENE0" : "GENE") + std::to_string(g + 1));
  genes.push_back("MYOD1");
  genes.push_back("PRRX1");
  SparseRows counts;
  counts.rows = static_cast<int>(cells.size());
  counts.columns = 40;
  std::vector<float> totals;
  for (int i = 0; i < counts.rows; ++i) {
    float total = 0;
    for (int g = i % 3; g < 40; g += 1 + (i + g) % 3) {
      counts.column.push_back(g);
      counts.value.push_back(static_cast<float>(1 + (i * 7 + g * 13) % 23));
      total += counts.value.back();
    }
    totals.push_back(total);
    counts.start.push_back(static_cast<std::int64_t>(counts.column.size()));
  }
  out.X = {compressed_of(std::move(counts))};
  out.obs.index = cells;
  out.obs.index_name = "";
  out.var.index = genes;
  out.var.index_name = "gene_name";
  const Strings levels = {"G1", "G2M", "MYOD", "PRRX1", "PRRX1_MYOD", "S"};
  Labels condition{levels, {}}, dataset{{"Control", "Hybrid"}, {}};
  std::vector<double> votes;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    condition.codes.push_back(labels[i].empty() ? -1 : static_cast<std::int32_t>(std::find(levels.begin(), levels.end(), labels[i]) - levels.begin()));
    dataset.codes.push_back(cells[i].ends_with("_control") ? 0 : 1);
    votes.push_back(labels[i].empty() ? std::nan("") : 7);
  }
  out.obs.put("assigned_condition", categorical_of(condition));
  out.obs.put("total_fb_counts", Numbers(votes));
  out.obs.put("dataset", categorical_of(dataset));
  out.obs.put("total_reads", Numbers(totals));
  Strings ids;
  for (std::size_t g = 0; g < genes.size(); ++g) ids.push_back("ENSG" + std::string(11 - std::to_string(g).size(), '0') + std::to_string(g));
  out.var.put("gene_id", ids);
  return out;
}

// log1p of counts per 10,000 of the same cells.
inline CompressedMatrix log_normalised(const CompressedMatrix& counts) {
  CompressedMatrix out = counts;
  auto& values = std::get<std::vector<float>>(out.values);
  for (std::int64_t r = 0; r < out.rows; ++r) {
    double total = 0;
    const auto from = static_cast<std::size_t>(out.start[static_cast<std::size_t>(r)]), until = static_cast<std::size_t>(out.start[static_cast<std::size_t>(r) + 1]);
    for (std::size_t i = from; i < until; ++i) total += static_cast<double>(values[i]);
    for (std::size_t i = from; i < until; ++i) values[i] = static_cast<float>(std::log1p(static_cast<double>(values[i]) * 1e4 / total));
  }
  return out;
}

inline void write_release(const std::filesystem::path& folder, const AnnotatedData& data) {
  std::filesystem::create_directories(folder / "GeneExpression");
  write_anndata(data, folder / "GeneExpression" / "Genexpression.h5ad");
}

// One frame as the release's converter writes it, small.
inline void write_frame(const std::filesystem::path& file, const std::string& sample, int id, int time) {
  std::filesystem::create_directories(file.parent_path());
  auto root = hdf5::File::create(file).root();
  const std::vector<std::uint16_t> pixels(4 * 6 * 5, 100);
  root.write_numbers("Scene", hdf5::NumberType::u16, {4, 6, 5}, pixels.data(), {4, false});
  root.write_text("Channels", {4}, {"tagGFP", "MKate", "Cy5", "Oblique"});
  auto about = root.create("metadata");
  about.set_attribute(".", "sample", sample);
  about.set_integers(".", "sampleID", {id});
  about.set_integers(".", "time", {time});
}

}  // namespace hyped::testing
