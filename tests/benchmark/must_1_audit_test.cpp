// The audit of papalexi against the evidence file: columns without chance to the printed digits, the others in order.
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <map>
#include <regex>

#include "experiments/benchmark/audit/audit_run.hpp"
#include "tests/expression/shared_cells.hpp"

using namespace hyped;
using hyped::testing::log_cp10k;
using hyped::testing::shared_file;
using hyped::testing::SharedCells;

namespace {

struct EvidenceScale {
  std::vector<double> duplicate, noisy;      // L1, L2, cosine; L1, L2
  double mae = 0, no_change = 0;
};
struct Evidence {
  std::map<double, EvidenceScale> scales;
  std::map<std::string, std::vector<double>> rows;      // n_real n_dup DES_dup n_meancells DES_meancells n_shiftctrl DES_shiftctrl
  std::map<std::string, double> means;
  double systematic = 0;
};

std::vector<double> numbers(const std::string& text) {
  std::vector<double> out;
  std::istringstream in(text);
  for (double x; in >> x;) out.push_back(x);
  return out;
}

Evidence evidence_of(const std::filesystem::path& file) {
  Evidence out;
  std::ifstream in(file);
  const std::regex scale(R"(scale\s+([\d.]+) dup:([^|]*)\|[^:]*:([^|]*)\| MAE\(dup\*k\)= ([\d.]+) nochange MAE= ([\d.]+))"), row(R"(\d+\s+([A-Z]\w+)((\s+[\d.]+){7})\s*)"), mean(R"((\w+)\s+([\d.]+))"), systematic(R"(.*mean cos.*=([\d.]+))");
  std::smatch m;
  for (std::string line; std::getline(in, line);) {
    if (std::regex_match(line, m, scale)) out.scales[std::stod(m[1])] = {numbers(m[2]), numbers(m[3]), std::stod(m[4]), std::stod(m[5])};
    else if (std::regex_match(line, m, row)) out.rows[m[1]] = numbers(m[2]);
    else if (std::regex_match(line, m, systematic)) out.systematic = std::stod(m[1]);
    else if (std::regex_match(line, m, mean)) out.means[m[1]] = std::stod(m[2]);
  }
  return out;
}

AuditData papalexi(const std::filesystem::path& file) {
  const SharedCells cells(file);
  std::vector<std::string> notes;
  return audit_data_of(cells.genes, log_cp10k(cells.matrix), cells.labels("target"), "non-targeting", {}, "papalexi", notes);
}

const AuditVerdict& verdict_of(const Audit& audit, const std::string& preset, const std::string& metric) {
  for (const auto& v : audit.verdicts)
    if (v.preset == preset && v.metric == metric) return v;
  FAIL("no verdict on " << preset << " " << metric);
  throw std::logic_error("unreachable");
}

bool gained_by(const AuditVerdict& v, const std::string& trick) {
  for (const auto& word : v.gained_by)
    if (word.starts_with(trick)) return true;
  return false;
}

}  // namespace

TEST_CASE("must/benchmark/1: papalexi audit", "[benchmark1][standard]") {
  const auto file = shared_file("data/scrna/papalexi2021_thp1_sceptre_lowmoi/papalexi_lowmoi_counts.h5ad"), given = shared_file("data/scrna/golden/evidence_papalexi.txt");
  if (file.empty() || given.empty()) return;
  const Evidence evidence = evidence_of(given);
  REQUIRE(evidence.scales.size() == 7);
  REQUIRE(evidence.rows.size() == 25);
  const AuditData data = papalexi(file);
  REQUIRE(data.conditions.size() == 25);

  // the split of the file: odd cells of each condition predict even ones. Everything without chance, to the digits that are printed
  std::vector<double> scales;
  for (const auto& [k, e] : evidence.scales) scales.push_back(k);
  int compared = 0;
  for (const ScaleRow& r : scale_sweep(data, scales, 1)) {
    INFO("scale " << r.scale);
    const EvidenceScale& e = evidence.scales.at(r.scale);
    CHECK(std::abs(*r.duplicate_mae.mean.value - e.mae) < 0.5001e-4);
    CHECK(std::abs(*r.no_change_mae.mean.value - e.no_change) < 0.5001e-4);
    compared += 2;
    if (e.duplicate.size() != 3) continue;      // a change of 0 has no direction: the file leaves it out
    CHECK(std::abs(*r.duplicate_l1.mean.value - e.duplicate[0]) < 0.5001e-3);
    CHECK(std::abs(*r.duplicate_l2.mean.value - e.duplicate[1]) < 0.5001e-3);
    CHECK(std::abs(*r.duplicate_cosine.mean.value - e.duplicate[2]) < 0.5001e-3);
    compared += 3;
  }
  CHECK(compared == 32);
  const auto degenerate = degenerate_cells(data, 1);
  double shifted = 0, mean_cells = 0, real = 0, duplicate = 0, des_duplicate = 0, des_masked = 0, masked = 0, des_shifted = 0;
  std::vector<double> ours, theirs;
  for (const DegenerateRow& r : degenerate) {
    INFO(r.condition);
    const auto& e = evidence.rows.at(r.condition);
    CHECK(r.real == static_cast<long>(e[0]));
    CHECK(r.duplicate == static_cast<long>(e[1]));
    CHECK(std::abs(r.des_duplicate - e[2]) < 0.5001e-2);
    CHECK(r.mean_cells == static_cast<long>(e[3]));
    CHECK(std::abs(r.des_mean_cells - e[4]) < 0.5001e-2);
    CHECK(r.shifted_control < r.mean_cells + 30);
    ours.push_back(static_cast<double>(r.shifted_control)), theirs.push_back(e[5]);
    shifted += static_cast<double>(r.shifted_control) / 25, mean_cells += static_cast<double>(r.mean_cells) / 25, real += static_cast<double>(r.real) / 25, duplicate += static_cast<double>(r.duplicate) / 25;
    des_duplicate += r.des_duplicate / 25, des_shifted += r.des_shifted_control / 25;
    if (r.real > 0) des_masked += r.des_duplicate, masked += 1;
  }
  CHECK(std::abs(real - evidence.means.at("n_real")) < 0.5001e-2);
  CHECK(std::abs(des_duplicate - evidence.means.at("DES_dup")) < 0.5001e-3);
  CHECK(std::abs(des_masked / masked - 0.576) < 0.5001e-3);
  CHECK(std::abs(systematic_variation(data) - evidence.systematic) < 0.5001e-3);
  // with chance: shifted control cells lie between the truth and cells that are all their mean, the same conditions are high
  WARN("genes significant: truth " << real << ", duplicate " << duplicate << ", cells at their mean " << mean_cells << ", shifted control " << shifted << " (file 148.0), their DES " << des_shifted << " (file .097)");
  CHECK(shifted == Approx(148.04).epsilon(0.06));
  CHECK(real < shifted);
  CHECK(shifted < mean_cells);
  CHECK(pearson(ours, theirs).value.value() > 0.9);
  // the noisy model gains by scale: .512 .515 .538 up to 1, .717 .703 .678 from 3 on; over ten draws of its noise
  std::map<double, double> noisy;
  for (std::uint64_t seed = 1; seed <= 10; ++seed)
    for (const ScaleRow& r : scale_sweep(data, scales, seed)) noisy[r.scale] += *r.noisy_l1.mean.value / 10;
  for (const auto& [k, value] : noisy) WARN("noisy model x " << k << ": PDS L1 " << value);
  for (const double low : {0.1, 0.3, 1.0})
    for (const double high : {3.0, 10.0, 100.0}) CHECK(noisy.at(low) < noisy.at(high) - 0.02);
  CHECK(noisy.at(0.1) <= noisy.at(0.3) + 0.01);
  CHECK(noisy.at(0.3) <= noisy.at(1));
}

TEST_CASE("the audit of papalexi names what pays and for which trick", "[standard]") {
  const auto file = shared_file("data/scrna/papalexi2021_thp1_sceptre_lowmoi/papalexi_lowmoi_counts.h5ad");
  if (file.empty()) return;
  const AuditData data = papalexi(file);
  AuditSettings settings;
  settings.presets = {"cell-eval-0.8.1", "cell-eval2", "strict"};
  const Audit audit = audit_of(scored_submissions(data, settings), {0.95, 0.01, "duplicate", "mean only", 1});
  // discrimination by Manhattan distance pays for scale, by cosine it does not
  CHECK(gained_by(verdict_of(audit, "cell-eval-0.8.1", "discrimination_score_l1"), "scale x 3"));
  for (const auto& v : audit.verdicts)
    if (v.metric.find("cosine") != std::string::npos && v.metric.find("pds") != std::string::npos) CHECK(!gained_by(v, "scale"));
  // errors pay for shrinking what is noisy
  CHECK(gained_by(verdict_of(audit, "cell-eval-0.8.1", "mae"), "scale x 0.1"));
  for (const auto& v : audit.verdicts) {
    std::string words;
    for (const auto& w : v.gained_by) words += w + "; ";
    INFO(v.preset << " " << v.metric << " " << (v.certified ? "certified" : "pays") << (v.sees_labels ? "" : " blind") << ": " << words);
    CHECK(v.certified == v.gained_by.empty());
    CHECK(!gained_by(v, "label_shuffle"));      // wrong labels never pay
  }
}
