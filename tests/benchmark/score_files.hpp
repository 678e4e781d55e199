// Files of a small measured screen and its prediction, and runs of bench score on them.
#pragma once
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "experiments/benchmark/score/score_pair.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/ingest/delimited.hpp"
#include "libhyped/store/write_anndata.hpp"
#include "tests/benchmark/small_pair.hpp"

namespace hyped::testing {

struct ScoreFolder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("hyped_bench_score_" + std::to_string(getpid()));
  ScoreFolder() { std::filesystem::create_directories(path); }
  ~ScoreFolder() { std::filesystem::remove_all(path); }
};

inline AnnotatedData annotated(const ScoredCells& cells, const std::vector<std::string>& genes, const std::string& column = "arm") {
  AnnotatedData out;
  Strings labels, names;
  for (std::size_t c = 0; c < cells.groups.of_cell.size(); ++c) {
    labels.push_back(cells.groups.of_cell[c] < 0 ? "other" : cells.groups.names[static_cast<std::size_t>(cells.groups.of_cell[c])]);
    names.push_back("cell" + std::to_string(c));
  }
  out.obs.index = names, out.obs.index_name = "_index";
  out.obs.put(column, DataColumn(labels));
  out.var.index = genes, out.var.index_name = "_index";
  out.X.value = compressed_of(cells.cells);
  return out;
}

struct ScoreFiles {
  ScoreFolder folder;
  ScoredPair pair = small_pair();
  std::filesystem::path truth = folder.path / "truth.h5ad", prediction = folder.path / "prediction.h5ad";
  ScoreFiles() {
    write_anndata(annotated(pair.truth, pair.genes), truth);
    write_anndata(annotated(*pair.predicted, pair.genes), prediction);
  }
  ScoreSettings settings() const {
    ScoreSettings out;
    out.truth = truth, out.prediction = prediction, out.by = "arm", out.control = "control";
    return out;
  }
  std::filesystem::path text(const std::string& name, const std::string& content) const {
    std::ofstream(folder.path / name) << content;
    return folder.path / name;
  }
  // Runs and gives a cell of tables/means.tsv.
  double mean_of(const ScoreSettings& settings, const std::string& preset, const std::string& metric, const std::string& column = "mean") const {
    RunDirectory run(folder.path / "run", {"test"}, 1);
    run_score(run, settings);
    run.finish();
    const DelimitedTable table = DelimitedTable::read(folder.path / "run/tables/means.tsv");
    for (std::size_t r = 0; r < table.rows(); ++r)
      if (table.text(r, table.column("preset")) == preset && table.text(r, table.column("metric")) == metric) return table.number_or_missing(r, table.column(column));
    FAIL(preset << " " << metric << " is not in the table");
    return 0;
  }
  std::string refusal(const ScoreSettings& settings) const {
    try {
      RunDirectory run(folder.path / "refused", {"test"}, 1);
      run_score(run, settings);
    } catch (const InputError& e) {
      CHECK_FALSE(std::filesystem::exists(folder.path / "refused"));
      return e.what();
    }
    return "accepted";
  }
};

}  // namespace hyped::testing
