// Tricks on mean profiles.
#include "libhyped/score/audit/tricks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

constexpr std::uint32_t derangement_stream = 0x60000000u, noise_stream = 0x61000000u;

Submission with_change(const Submission& base, const ProfileMatrix& change) { return {change.rowwise() + base.control, base.control}; }

Trick scale_by(double k) {
  return {"scale", fmt::format("x {:g}", k), "all predicted changes times one number", [k](const Submission& s, const AuditScene&) { return with_change(s, k * s.change()); }};
}

// Part `to_mean` of the way to the mean of all predicted changes.
Trick shrink(double to_mean) {
  return {to_mean == 1 ? "replicated_mean" : "shrink_to_mean", to_mean == 1 ? "" : fmt::format("{:g} of the way", to_mean),
          to_mean == 1 ? "every condition gets the mean of all predictions" : "every prediction moved towards the mean of all", [to_mean](const Submission& s, const AuditScene&) {
            const ProfileMatrix change = s.change();
            const Eigen::RowVectorXd mean = change.colwise().mean();
            return with_change(s, ProfileMatrix(((1 - to_mean) * change).rowwise() + to_mean * mean));
          }};
}

Trick twist(double by) {
  return {"control_twist", fmt::format("by {:g} mean changes", by), "the submitted control moved against the mean change; predicted conditions stay", [by](const Submission& s, const AuditScene&) {
            Submission out = s;
            out.control -= by * Eigen::RowVectorXd(s.change().colwise().mean());
            return out;
          }};
}

Trick own_target(bool off) {
  return {"own_target", off ? "set to 0" : "raised", off ? "the perturbed gene itself set to 0" : "the perturbed gene itself raised", [off](const Submission& s, const AuditScene& scene) {
            Submission out = s;
            for (std::size_t i = 0; i < scene.own_genes.size(); ++i)
              for (const auto g : scene.own_genes[i]) {
                double& value = out.means(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(g));
                value = off ? 0 : value + scene.spike;
              }
            return out;
          }};
}

Trick other_targets() {
  return {"other_targets", "raised", "the target genes of all other conditions raised", [](const Submission& s, const AuditScene& scene) {
            Submission out = s;
            for (std::size_t i = 0; i < scene.own_genes.size(); ++i)
              for (std::size_t j = 0; j < scene.own_genes.size(); ++j)
                for (const auto g : scene.own_genes[j])
                  if (std::find(scene.own_genes[i].begin(), scene.own_genes[i].end(), g) == scene.own_genes[i].end())
                    out.means(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(g)) = s.control[static_cast<Eigen::Index>(g)] + scene.spike;
            return out;
          }};
}

}  // namespace

std::vector<std::size_t> derangement(std::size_t n, std::uint64_t seed) {
  std::vector<std::size_t> out(n);
  std::iota(out.begin(), out.end(), 0);
  if (n < 2) return out;
  for (std::uint32_t round = 0;; ++round) {
    RandomStream random(seed, derangement_stream, round);
    std::iota(out.begin(), out.end(), 0);
    for (std::size_t i = n; i > 1; --i) std::swap(out[i - 1], out[std::min(i - 1, static_cast<std::size_t>(random.uniform() * static_cast<double>(i)))]);
    bool fixed = false;
    for (std::size_t i = 0; i < n; ++i) fixed = fixed || out[i] == i;
    if (!fixed) return out;
  }
}

Submission noisy_model(const Submission& truth, double known, double noise, std::uint64_t seed) {
  ProfileMatrix change = truth.change();
  const Eigen::RowVectorXd mean = change.colwise().mean();
  const double n = static_cast<double>(change.rows());
  const Eigen::RowVectorXd sd = ((change.rowwise() - mean).array().square().colwise().sum() / std::max(1.0, n - 1)).sqrt();
  RandomStream random(seed, noise_stream, 0);
  for (Eigen::Index i = 0; i < change.rows(); ++i)
    for (Eigen::Index g = 0; g < change.cols(); ++g) change(i, g) = known * change(i, g) + noise * sd[g] * random.normal();
  return with_change(truth, change);
}

std::vector<Trick> mean_tricks() {
  std::vector<Trick> out;
  for (const double k : {0.1, 0.3, 3.0, 10.0, 100.0}) out.push_back(scale_by(k));
  for (const double to_mean : {0.5, 0.9, 1.0}) out.push_back(shrink(to_mean));
  for (const double by : {1.0, 10.0}) out.push_back(twist(by));
  out.push_back(own_target(true));
  out.push_back(own_target(false));
  out.push_back(other_targets());
  out.push_back({"label_shuffle", "", "predictions handed to other conditions", [](const Submission& s, const AuditScene& scene) {
                   Submission shuffled = s;
                   const auto from = derangement(static_cast<std::size_t>(s.means.rows()), scene.seed);
                   for (std::size_t i = 0; i < from.size(); ++i) shuffled.means.row(static_cast<Eigen::Index>(i)) = s.means.row(static_cast<Eigen::Index>(from[i]));
                   return shuffled;
                 }});
  out.push_back({"log1p_twice", "", "ln(1 + x) of values that are logarithms already", [](const Submission& s, const AuditScene&) {
                   return Submission{s.means.array().max(0).log1p().matrix(), s.control.array().max(0).log1p().matrix()};
                 }});
  return out;
}

}  // namespace hyped
