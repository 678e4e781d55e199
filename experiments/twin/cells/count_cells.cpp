// Sequencing of droplets.
#include "experiments/twin/cells/count_cells.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "experiments/twin/cells/cells_truth.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

constexpr std::uint32_t depth_job = 0x64657074, count_job = 0x636e7420;
constexpr int batch = 512;      // droplets summed at a time, in order

// In the order given: Eigen's sum over a plain array depends on where in memory it begins.
double total_of(std::span<const double> amounts) {
  double sum = 0;
  for (const double a : amounts) sum += a;
  return sum;
}

class Sequencer {
 public:
  Sequencer(const CellsTwin& twin, const CellsTwinSettings& settings) : twin_(twin), settings_(settings) {
    const auto& genes = twin.network.genes;
    for (std::size_t g = 0; g < genes.size(); ++g) {
      if (genes[g].name == "MYOD1") myod1_ = static_cast<int>(g);
      if (genes[g].name == "ESR1") esr1_ = static_cast<int>(g);
    }
    for (std::size_t l = 0; l < settings.libraries.size(); ++l)
      for (const TwinGene& gene : genes) scale_.push_back(gene.umis * std::exp(gene.batch[l]));
  }
  // Amounts of a cell's transcripts [G] without those genes outside the network that fluctuate by themselves: their mean.
  void amounts(std::size_t m, std::span<double> out) const {
    const auto& genes = twin_.network.genes;
    const SequencedCell& cell = twin_.cells[m];
    const double* scale = scale_.data() + static_cast<std::size_t>(cell.library) * genes.size();
    for (std::size_t g = 0; g < genes.size(); ++g) out[g] = scale[g] * (genes[g].state >= 0 ? twin_.levels(static_cast<Eigen::Index>(m), genes[g].state) : 1.0);
    if (myod1_ >= 0) out[static_cast<std::size_t>(myod1_)] += cell.exogenous_umis;
    if (esr1_ >= 0) out[static_cast<std::size_t>(esr1_)] += settings_.fusion_share * cell.exogenous_umis;
  }
  // Multiplies genes outside the network by draws from their stationary law: inverse Gamma with mean 1 (proportional noise).
  void fluctuate(std::span<double> amounts, RandomStream& random) const {
    if (!(settings_.dispersion > 0)) return;
    const double shape = 2 + 1 / settings_.dispersion;      // variance 1 / (shape - 2)
    const auto& genes = twin_.network.genes;
    for (std::size_t g = 0; g < genes.size(); ++g)
      if (genes[g].state < 0) amounts[g] *= (shape - 1) / random.gamma(shape);
  }

 private:
  const CellsTwin& twin_;
  const CellsTwinSettings& settings_;
  std::vector<double> scale_;      // [libraries x G]
  int myod1_ = -1, esr1_ = -1;
};


}  // namespace

void count_cells(CellsTwin& twin, const CellsTwinSettings& settings, std::uint64_t seed) {
  const int droplets = twin.droplets(), genes = static_cast<int>(twin.network.genes.size()), libraries = static_cast<int>(settings.libraries.size());
  const Sequencer sequencer(twin, settings);
  const auto first = first_cells(twin);
  for (std::size_t m = 0; m < twin.cells.size(); ++m) {
    const LibrarySettings& library = settings.libraries[static_cast<std::size_t>(twin.cells[m].library)];
    RandomStream random(seed, depth_job, static_cast<std::uint32_t>(m));
    twin.cells[m].umis = library.umis * (1 - settings.ambient) * std::exp(library.umi_log_sd * random.normal());
  }
  const int batches = (droplets + batch - 1) / batch;
  std::vector<Eigen::MatrixXd> sums(static_cast<std::size_t>(batches));
  parallel_for(batches, [&](int b) {
    Eigen::MatrixXd& sum = sums[static_cast<std::size_t>(b)];
    sum.setZero(libraries, genes);
    std::vector<double> amounts(static_cast<std::size_t>(genes));
    for (std::size_t m = first[static_cast<std::size_t>(b * batch)]; m < first[static_cast<std::size_t>(std::min(droplets, (b + 1) * batch))]; ++m) {
      sequencer.amounts(m, amounts);
      const double scale = twin.cells[m].umis / total_of(amounts);
      for (int g = 0; g < genes; ++g) sum(twin.cells[m].library, g) += scale * amounts[static_cast<std::size_t>(g)];
    }
  });
  twin.soup = Eigen::MatrixXd::Zero(libraries, genes);
  for (const auto& sum : sums) twin.soup += sum;
  for (int l = 0; l < libraries; ++l) {
    double all = 0;
    for (int g = 0; g < genes; ++g) all += twin.soup(l, g);
    twin.soup.row(l) /= all;
  }

  twin.ambient_share.assign(static_cast<std::size_t>(droplets), 0);
  std::vector<std::vector<std::pair<std::int32_t, float>>> rows(static_cast<std::size_t>(droplets));
  parallel_for(batches, [&](int b) {
    std::vector<double> amounts(static_cast<std::size_t>(genes)), expected(amounts.size());
    for (int d = b * batch; d < std::min(droplets, (b + 1) * batch); ++d) {
      const auto at = static_cast<std::size_t>(d);
      RandomStream random(seed, count_job, static_cast<std::uint32_t>(d));
      const int l = twin.library[at];
      const double sd = settings.ambient_log_sd, ambient = settings.libraries[static_cast<std::size_t>(l)].umis * settings.ambient * std::exp(sd * random.normal() - 0.5 * sd * sd);
      double depth = 0;
      for (int g = 0; g < genes; ++g) expected[static_cast<std::size_t>(g)] = ambient * twin.soup(l, g);
      for (std::size_t m = first[at]; m < first[at + 1]; ++m) {
        sequencer.amounts(m, amounts);
        sequencer.fluctuate(amounts, random);
        const double scale = twin.cells[m].umis / total_of(amounts);
        for (std::size_t g = 0; g < amounts.size(); ++g) expected[g] += scale * amounts[g];
        depth += twin.cells[m].umis;
      }
      twin.ambient_share[at] = ambient / (ambient + depth);
      for (std::size_t g = 0; g < expected.size(); ++g)
        if (const auto umis = random.poisson(expected[g]); umis > 0) rows[at].emplace_back(static_cast<std::int32_t>(g), static_cast<float>(umis));
    }
  });
  SparseRows& out = twin.counts;
  out.rows = droplets;
  out.columns = genes;
  out.start = {0};
  for (const auto& row : rows) out.start.push_back(out.start.back() + static_cast<std::int64_t>(row.size()));
  out.column.resize(static_cast<std::size_t>(out.stored()));
  out.value.resize(out.column.size());
  parallel_for(droplets, [&](int d) {
    auto to = static_cast<std::size_t>(out.start[static_cast<std::size_t>(d)]);
    for (const auto& [gene, umis] : rows[static_cast<std::size_t>(d)]) {
      out.column[to] = gene;
      out.value[to++] = umis;
    }
  });
}

}  // namespace hyped
