// Spellings of arms, names of genes, and what a matrix holds.
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/expression/arms.hpp"
#include "libhyped/expression/gene_names.hpp"
#include "libhyped/expression/matrix_survey.hpp"
#include "libhyped/parallel.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

TEST_CASE("every spelling of an arm is known, in any case and with any separator") {
  for (const auto& [arm, spelling] : arm_aliases()) CHECK(arm_of(spelling) == arm);
  CHECK(arm_of("prrx1 - myod") == CellArm::dual);
  CHECK(arm_of("SIPRRX1/MMMYOD1") == CellArm::dual);
  CHECK(arm_of("negative-controls") == CellArm::control);
  CHECK_FALSE(arm_of("scrambled").has_value());
  CHECK_FALSE(arm_of("").has_value());
  for (const auto arm : all_arms) CHECK(arm_of(to_string(arm)) == arm);
  CHECK(phase_of("G2/M") == "G2M");
  CHECK_FALSE(phase_of("M").has_value());
  CHECK(library_of("Hybrid") == "hybrid");
  CHECK(delivered_genes(CellArm::dual) == std::vector<std::string>{"PRRX1", "MYOD1"});
}

TEST_CASE("Ensembl ids are told from symbols") {
  for (const char* id : {"ENSG00000129152", "ENSMUSG00000000001", "ENST00000250003.4"}) CHECK(is_ensembl_id(id));
  for (const char* name : {"MYOD1", "ENSA", "ENSG1", "ENSG00000129152.", "ENSG0000012915X", "ENSGGGGG00000129152"}) CHECK_FALSE(is_ensembl_id(name));
  CHECK(naming_of({"ENSG00000129152", "A"}) == GeneNaming::mixed);
}

TEST_CASE("a suffix never makes a name that is taken") {
  AnnotatedData data;
  data.obs.index = Strings{"c"};
  data.var.index = Strings{"A", "A-1", "A", "A"};
  settle_repeated_genes(data, RepeatedGenes::suffix, "x");
  CHECK(names_of(data.var, "x") == Strings{"A", "A-1", "A-2", "A-3"});
}

TEST_CASE("what a matrix holds is told from its values, whatever the blocks and threads") {
  constexpr int n = 600, g = 50;
  SparseRows counts, logs, scaled, normalised, subset;
  for (auto* m : {&counts, &logs, &scaled, &normalised, &subset}) m->rows = n, m->columns = g;
  subset.columns = g - 10;
  for (int i = 0; i < n; ++i) {
    double total = 0;
    for (int j = i % 4; j < g; j += 1 + (i + j) % 4) total += 1 + (i * 5 + j * 11) % 4;
    for (int j = i % 4; j < g; j += 1 + (i + j) % 4) {
      const double count = 1 + (i * 5 + j * 11) % 4;
      const auto put = [&](SparseRows& m, double value) { m.column.push_back(j), m.value.push_back(static_cast<float>(value)); };
      put(counts, count);
      put(logs, std::log1p(1e4 * count / total));
      put(normalised, 1e4 * count / total + 1e-4);
      put(scaled, std::log1p(count) - 2.2);
      if (j < g - 10) put(subset, std::log1p(1e4 * count / total));
    }
    for (auto* m : {&counts, &logs, &scaled, &normalised, &subset}) m->start.push_back(static_cast<std::int64_t>(m->column.size()));
  }
  const auto surveyed = [](const SparseRows& matrix, int block) {
    MatrixSurveyor surveyor;
    for (int from = 0; from < matrix.rows; from += block) {
      std::vector<int> rows;
      for (int r = from; r < std::min(matrix.rows, from + block); ++r) rows.push_back(r);
      surveyor.see(from, rows_of(matrix, rows));
    }
    return surveyor.finish();
  };
  CHECK(surveyed(counts, 100).kind == MatrixKind::counts);
  CHECK(surveyed(logs, 100).kind == MatrixKind::log_normalised);
  CHECK(surveyed(logs, 100).log_target == Approx(1e4).epsilon(1e-5));
  CHECK(surveyed(scaled, 100).kind == MatrixKind::scaled);
  CHECK(surveyed(normalised, 100).kind == MatrixKind::normalised);
  const auto part = surveyed(subset, 100);
  CHECK(part.kind == MatrixKind::log_normalised);
  CHECK(part.log_target == 0);
  CHECK(part.counts_in_logs >= 0.99);
  set_threads(3);
  const auto other = surveyed(logs, 7);
  set_threads(0);
  CHECK(other.why == surveyed(logs, 600).why);
  CHECK(other.row_sums == surveyed(logs, 600).row_sums);
  // random numbers are neither
  SparseRows noise = counts;
  for (std::size_t i = 0; i < noise.value.size(); ++i) noise.value[i] = static_cast<float>(std::fmod(0.618 * static_cast<double>(i) + 0.1, 1.0) * 5 + 0.01);
  CHECK(surveyed(noise, 100).kind == MatrixKind::unknown);
}
