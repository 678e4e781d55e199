// hyped bench score where cells come from several guides, donors or wells.
#include <catch2/catch.hpp>

#include "tests/benchmark/score_files.hpp"

using namespace hyped;
using namespace hyped::testing;

TEST_CASE("bench score: replicates are drawn whole for intervals, and must be there") {
  ScoreFiles files;
  // wells of ten cells; those of a condition differ from each other
  Strings well;
  for (std::size_t c = 0; c < files.pair.truth.groups.of_cell.size(); ++c) {
    const int r = static_cast<int>(c / 10 % 4);
    well.push_back(files.pair.truth.groups.names[static_cast<std::size_t>(files.pair.truth.groups.of_cell[c])] + "_well" + std::to_string(r));
    const auto genes = files.pair.truth.cells.columns_of(static_cast<int>(c));
    for (std::size_t k = 0; k < genes.size(); ++k) files.pair.truth.cells.values_of(static_cast<int>(c))[k] *= static_cast<float>((genes[k] + r) % 4 == 0 ? 3 : 1);      // each well has genes of its own
  }
  AnnotatedData truth = annotated(files.pair.truth, files.pair.genes);
  truth.obs.put("well", DataColumn(well)), truth.obs.put("plate", DataColumn(Strings(well.size(), "one")));
  write_anndata(truth, files.truth);
  ScoreSettings settings = files.settings();
  settings.presets = {"strict"};
  const auto width = [&](const std::string& replicates) {
    settings.replicates = replicates;
    RunDirectory run(files.folder.path / "wells", {"test"}, 1);
    run_score(run, settings);
    run.finish();
    const DelimitedTable table = DelimitedTable::read(files.folder.path / "wells/tables/calibrated.tsv");
    CHECK((table.rows() > 0 && table.text(0, 0) == "l2_delta"));
    return table.number(0, table.column("upper")) - table.number(0, table.column("lower"));
  };
  const double cells = width(""), wells = width("well");
  INFO("width over cells " << cells << ", over wells " << wells);
  CHECK(wells > 1.5 * cells);
  settings.replicates = "plate";
  CHECK(files.refusal(settings).find("no condition has two replicates") != std::string::npos);
  settings.replicates = "guide";
  CHECK(files.refusal(settings).find("--replicates guide") != std::string::npos);
}
