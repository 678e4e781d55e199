// The three real data sets, read as distributed, and small samples of their formats.
#include "libhyped/ingest/read_published.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <set>

#include "libhyped/errors.hpp"
#include "tests/places.hpp"

using namespace hyped;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

// The shared data, or an empty path (said in the log) where they are not installed.
fs::path shared(const std::string& relative) {
  const char* named = std::getenv("HYPED_SHARED");
  const fs::path path = (named ? fs::path(named) : fs::path(hyped::tests::source_folder()) / ".." / "shared") / relative;
  if (fs::exists(path)) return path;
  WARN("skipped: no shared data (" + relative + ")");
  return {};
}

struct File {
  fs::path path = fs::temp_directory_path() / ("hyped_published_" + std::to_string(getpid()) + "_" + std::to_string(std::rand()) + ".csv");
  explicit File(const std::string& text) { std::ofstream(path) << text; }
  ~File() { fs::remove(path); }
};

const WellSeries& well(const PhaseCounts& counts, const std::string& condition, const std::string& name) {
  const auto found = std::find_if(counts.wells.begin(), counts.wells.end(), [&](const auto& w) { return w.condition == condition && w.well == name; });
  REQUIRE(found != counts.wells.end());
  return *found;
}

}  // namespace

TEST_CASE("AU565: 120 wells, one shared control, the missing totals and the copies are said") {
  const auto folder = shared("data/fucci/au565_population");
  if (folder.empty()) return;
  const auto counts = read_au565(folder);
  CHECK(counts.wells.size() == 120);
  CHECK(counts.quantity == Quantity::relative_total);
  CHECK(std::count_if(counts.wells.begin(), counts.wells.end(), [](const auto& w) { return w.condition == "untreated"; }) == 15);
  const auto& control = well(counts, "untreated", "lapatinib 1");
  CHECK(control.values(0, 0) == Approx(0.61882));
  CHECK(control.values(0, 1) == Approx(0.38118));
  CHECK(control.source_lines[0] == 2);
  CHECK(well(counts, "gemcitabine 2.5 nM", "3").times_h.back() == 95.5);
  const auto& cut = well(counts, "untreated", "lapatinib 2");
  CHECK(std::isnan(cut.values(cut.values.rows() - 1, 0)));
  std::string notes;
  for (const auto& note : counts.notes) notes += note + "\n";
  CHECK_THAT(notes, Contains("16 frames have no total"));
  CHECK_THAT(notes, Contains("'paclitaxel 1 nM' well '3' and 'untreated' well 'palbociclib 3'"));
}

TEST_CASE("BJ PIP-FUCCI: two wells, three overlapping channels, the doubt about the interval") {
  const auto file = shared("data/fucci/bj_pipfucci_lab/bj_myod_vs_control_channel_counts.csv");
  if (file.empty()) return;
  const auto counts = read_bj_channels(file, 22.2875 / 60);
  REQUIRE(counts.wells.size() == 2);
  CHECK_FALSE(counts.classes_partition_cells);
  const auto& treated = well(counts, "MyoD+", "scene B3");
  CHECK(treated.times_h.size() == 177);
  CHECK(treated.times_h[176] == Approx(176 * 22.2875 / 60));
  CHECK(treated.values(0, 0) == 820);
  CHECK(std::isnan(treated.values(48, 0)));
  Eigen::Index peak = 0;
  treated.values.col(2).head(120).maxCoeff(&peak);
  CHECK(std::abs(peak - 46) <= 6);
  CHECK_THAT(counts.notes.at(0), Contains("25 min") && Contains("22.3 min"));
}

TEST_CASE("HYPED nuclei: ten wells, two stages on one named axis") {
  const auto file = shared("hyped/nuclei_counts_digitised.tsv");
  if (file.empty()) return;
  const auto counts = read_nuclei_counts(file);
  CHECK(counts.wells.size() == 10);
  std::multiset<std::string> arms;
  for (const auto& w : counts.wells) {
    arms.insert(w.condition);
    CHECK(w.times_h.size() == 204);
    CHECK(w.times_h[66] == Approx(22));
    CHECK(w.times_h[67] == Approx(24));
    CHECK(w.times_h[203] == Approx(69.3333).margin(1e-3));
  }
  CHECK(arms.count("control") == 3);
  CHECK(arms.count("hybrid") == 3);
  CHECK(arms.count("siPRRX1") == 2);
  CHECK(well(counts, "control", "D2").values(0, 0) == 495);
  CHECK_THAT(counts.time_axis, Contains("24.00 h") && Contains("69.33 h"));
}

TEST_CASE("wrong cells of the published formats are named with line and fix") {
  CHECK_THROWS_WITH(read_au565(File("drug,replicate,dose_nM,time_h,total_rel,sg2_percent,g1_rel,sg2_rel\nx,1,5,0,1,40,0.6,0.4\nx,1,5,0.5,1,40,-0.6,0.4\n").path),
                    Contains(".csv:3: column 'g1_rel'") && Contains("negative") && Contains("empty if missing"));
  const std::string bj = "condition,frame,channel,nucleus_count\n";
  CHECK_THROWS_WITH(read_bj_channels(File(bj + "A (B1),1,4,10\n").path, 0.4), Contains(".csv:2") && Contains("no channel 4") && Contains("1 green"));
  CHECK_THROWS_WITH(read_bj_channels(File(bj + "A (B1),1,1,10.5\n").path, 0.4), Contains(".csv:2") && Contains("whole number"));
  CHECK_THROWS_WITH(read_bj_channels(File(bj + "A (B1),1,1,10\n").path, -1), Contains("frame interval") && Contains("positive"));
  const std::string nuclei = "condition\tscene\tstage\tframe\tn_cells_approx\n";
  CHECK_THROWS_WITH(read_nuclei_counts(File(nuclei + "a\tB1\t3\t0\t10\n").path), Contains(".csv:2") && Contains("no stage 3"));
  CHECK_THROWS_WITH(read_nuclei_counts(File(nuclei + "a\tB1\t1\t72\t10\n").path), Contains(".csv:2") && Contains("stage 2"));
  CHECK_THROWS_WITH(read_nuclei_counts(File(nuclei + "a\tB1\t1\t0\t-10\n").path), Contains(".csv:2") && Contains("negative"));
  CHECK_THROWS_WITH(read_nuclei_counts(File(nuclei + "a\tB1\t1\t0\t10\na\tB1\t1\t0\t10\n").path), Contains(".csv:3") && Contains("twice"));
}
