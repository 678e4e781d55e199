// Scores within times, loadings of all genes, an orthonormal basis of them.
#include "experiments/control/factors/nuisance_projection.hpp"

#include <fmt/format.h>

#include <Eigen/QR>
#include <cmath>
#include <set>

#include "libhyped/errors.hpp"

namespace hyped::control {

Eigen::MatrixXd NuisanceProjection::apply(const Eigen::MatrixXd& x) const {
  Eigen::MatrixXd out = kept.asDiagonal() * x;
  if (directions.cols() > 0) out -= directions * (directions.transpose() * out).eval();
  return out;
}

NuisanceProjection no_projection(Eigen::Index genes) { return {Eigen::VectorXd::Ones(genes), Eigen::MatrixXd(genes, 0), {}}; }

NuisanceProjection remove_programmes(const std::vector<Eigen::MatrixXd>& replicates, const std::vector<NuisanceProgramme>& programmes, bool loadings) {
  HYPED_REQUIRE(!replicates.empty());
  const Eigen::Index genes = replicates[0].rows(), times = replicates[0].cols(), repeats = static_cast<Eigen::Index>(replicates.size());
  NuisanceProjection out = no_projection(genes);
  for (const auto& programme : programmes)
    for (const int g : programme.genes) out.kept[g] = 0;
  if (!loadings || programmes.empty()) return out;
  if (repeats < 2) throw InputError("the series", "has one replicate: loadings of programmes cannot be told from what happens over time", "leave out the programmes' genes alone");
  Eigen::MatrixXd mean = replicates[0];
  for (Eigen::Index r = 1; r < repeats; ++r) mean += replicates[static_cast<std::size_t>(r)];
  mean /= static_cast<double>(repeats);
  Eigen::MatrixXd scatter(genes, times * repeats);
  for (Eigen::Index r = 0; r < repeats; ++r) scatter.middleCols(r * times, times) = replicates[static_cast<std::size_t>(r)] - mean;
  Eigen::MatrixXd scores(scatter.cols(), static_cast<Eigen::Index>(programmes.size()));
  for (std::size_t k = 0; k < programmes.size(); ++k) {
    const std::set<int> members(programmes[k].genes.begin(), programmes[k].genes.end());
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(scatter.cols());
    double count = 0;
    for (const int g : members) {
      const double size = scatter.row(g).norm();
      if (!(size > 0)) continue;
      sum += scatter.row(g).transpose() / size;
      count += 1;
    }
    if (count < 3) throw InputError("programme " + programmes[k].name, fmt::format("has {:g} genes that scatter between replicates", count), "three are needed; leave it out");
    scores.col(static_cast<Eigen::Index>(k)) = sum / count;
    const double alpha = count / (count - 1) * (1 - count / sum.squaredNorm());      // every gene has variance one
    out.notes.push_back(fmt::format("Programme {}: reliability of its score between replicates of one time {:.2f} ({:g} genes).", programmes[k].name, alpha, count));
  }
  const Eigen::MatrixXd loading = out.kept.asDiagonal() * scores.completeOrthogonalDecomposition().solve(scatter.transpose()).transpose();
  const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(loading);
  out.directions = qr.householderQ() * Eigen::MatrixXd::Identity(genes, qr.rank());
  return out;
}

}  // namespace hyped::control
