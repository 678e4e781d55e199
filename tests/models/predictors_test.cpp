// Predictors of perturbed profiles: closed forms on small data, fallbacks that are said, no look at the truth.
#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <Eigen/SVD>
#include <catch2/catch.hpp>
#include <set>

#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"
#include "models/predictors/context_shares.hpp"
#include "models/predictors/duplicates.hpp"
#include "models/predictors/overlap.hpp"
#include "models/predictors/standard_predictors.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

namespace {

ResponseProfiles profiles(const std::vector<ResponseCondition>& conditions, const std::vector<std::vector<double>>& rows) {
  ResponseProfiles out;
  for (std::size_t g = 0; g < rows[0].size(); ++g) out.genes.push_back("g" + std::to_string(g));
  out.conditions = conditions;
  out.mean.resize(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(rows[0].size()));
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t g = 0; g < rows[i].size(); ++g) out.mean(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(g)) = rows[i][g];
  out.unit = "mean log1p of counts per 10,000";
  return out;
}

// Control, A, B: effects (1, -0.5, 0.25, 0) and (0.4, -1, -0.25, 0.5).
ResponseProfiles two_singles() {
  return profiles({{"control", {}, "", 10}, {"A", {"A"}, "", 30}, {"B", {"B"}, "", 10}}, {{2, 2, 2, 2}, {3, 1.5, 2.25, 2}, {2.4, 1, 1.75, 2.5}});
}

Eigen::RowVectorXd predicted(const std::string& name, const ResponseProfiles& training, const ResponseCondition& wanted, std::string* note = nullptr, std::uint64_t seed = 1) {
  const auto one = standard_predictors(std::vector<std::string>{name});
  const PredictedProfiles out = one[0]->predict(training, std::vector<ResponseCondition>{wanted}, seed);
  if (note) *note = out.notes[0];
  return out.mean.row(0);
}

Eigen::RowVectorXd row(std::initializer_list<double> values) {
  Eigen::RowVectorXd out(static_cast<Eigen::Index>(values.size()));
  Eigen::Index i = 0;
  for (const double v : values) out[i++] = v;
  return out;
}

const ResponseCondition both{"A+B", {"A", "B"}, "", 20};

}  // namespace

TEST_CASE("predictors of a combination follow their formulas") {
  const ResponseProfiles t = two_singles();
  const std::vector<std::pair<std::string, Eigen::RowVectorXd>> expected = {
      {"no change", row({2, 2, 2, 2})},
      {"perturbed mean", row({2.7, 1.25, 2.0, 2.25})},
      {"perturbed mean, by cells", row({2.85, 1.375, 2.125, 2.125})},
      {"perturbed mean, with control", row({7.4 / 3, 1.5, 2.0, 6.5 / 3})},
      {"matching mean", row({2.7, 1.25, 2.0, 2.25})},
      {"additive", row({3.4, 0.5, 2.0, 2.5})},
      {"overlap-corrected additive", row({3.0, 1.0, 2.0, 2.5})},
      {"largest effect", row({3.0, 1.0, 2.25, 2.5})},
      {"smallest effect", row({2.4, 1.5, 2.25, 2.0})},
      {"best single", row({2.4, 1, 1.75, 2.5})},      // |dB|^2 = 1.4725 > |dA|^2 = 1.3125
      {"A only", row({3, 1.5, 2.25, 2})},
      {"B only", row({2.4, 1, 1.75, 2.5})},
      {"sign flip", row({0.6, 3.5, 2.0, 1.5})},
  };
  for (const auto& [name, value] : expected) {
    INFO(name);
    CHECK((predicted(name, t, both) - value).cwiseAbs().maxCoeff() < 1e-14);
  }
  const auto x = [](double m) { return std::expm1(m); };
  CHECK(predicted("additive on counts", t, both)[0] == Approx(std::log1p(x(3) + x(2.4) - x(2))));
  CHECK(predicted("multiplicative", t, both)[0] == Approx(std::log1p(x(3) * x(2.4) / x(2))));
  // alpha = max(0, 1 - (s^2/2)/mean^2): gene 0 effects 1, 0.4: mean 0.7, s^2 = 0.18
  CHECK(predicted("shrunken mean", t, both)[0] == Approx(2 + 0.7 * (1 - 0.09 / 0.49)));
  CHECK(predicted("shrunken mean", t, both)[2] == 2);      // mean effect 0
}

TEST_CASE("factors of scaled combinations come from other combinations alone") {
  // combinations C+D measured at 0.6 of the sum, with effects that overlap fully: minmod = the smaller
  ResponseProfiles t = profiles({{"control", {}, "", 9}, {"A", {"A"}, "", 9}, {"B", {"B"}, "", 9}, {"C", {"C"}, "", 9}, {"D", {"D"}, "", 9}, {"C+D", {"D", "C"}, "", 9}},
                                {{0, 0, 0}, {1, 2, 0}, {2, 2, 1}, {4, 1, 0}, {2, 0.5, 0}, {3.6, 0.9, 0}});
  std::string note;
  CHECK((predicted("scaled additive", t, both, &note) - row({1.8, 2.4, 0.6})).norm() < 1e-12);
  CHECK(note.empty());
  // overlap (2, 0.5, 0); dC + dD - dCD = (2.4, 0.6, 0): k = 1.2; overlap of A and B (1, 2, 0)
  CHECK((predicted("overlap-corrected additive, fitted", t, both) - row({3 - 1.2, 4 - 2.4, 1})).norm() < 1e-12);
  // one combination whose parts are multiples of each other cannot tell two factors apart
  predicted("scaled additive, two factors", t, both, &note);
  CHECK_THAT(note, Contains("factor 1"));
  t.mean(4, 2) = 1;      // D gets a direction of its own: strong C, weak D; 0.5 C + 0.8 D exactly
  t.mean.row(5) = 0.5 * t.mean.row(3) + 0.8 * t.mean.row(4);
  // stronger of A and B is B
  CHECK((predicted("scaled additive, two factors", t, both, &note) - row({0.5 * 2 + 0.8 * 1, 0.5 * 2 + 0.8 * 2, 0.5})).norm() < 1e-12);
  predicted("scaled additive", two_singles(), both, &note);
  CHECK_THAT(note, Contains("no combination was learned"));
}

TEST_CASE("overlap of two effects is minmod and symmetric for more") {
  RandomStream random(3, 0, 0);
  for (int i = 0; i < 200; ++i) {
    const double a = random.normal(), b = random.normal(), c = random.normal();
    const auto one = [](double v) { return row({v}); };
    const double minmod = a * b > 0 ? (std::abs(a) < std::abs(b) ? a : b) : 0.0;
    CHECK(overlap_of({one(a), one(b)})[0] == Approx(minmod).margin(1e-15));
    CHECK(overlap_of({one(a), one(b), one(c)})[0] == Approx(overlap_of({one(c), one(a), one(b)})[0]).margin(1e-15));
  }
}

TEST_CASE("what was not learned is said, and the truth is never let in") {
  const ResponseProfiles t = two_singles();
  std::string note;
  const ResponseCondition unseen{"A+X", {"A", "X"}, "", 5};
  CHECK((predicted("additive", t, unseen, &note) - row({3.7, 0.75, 2.25, 2.25})).norm() < 1e-14);      // dA + mean effect
  CHECK_THAT(note, Contains("X alone is not learned"));
  CHECK_THROWS_AS(predicted("additive", t, {"A", {"A"}, "", 5}), InputError);
  CHECK_THROWS_WITH(predicted("no change", t, {"A+B", {"A", "B"}, "other", 5}), Contains("no control of context other"));
  CHECK_THROWS_WITH(standard_predictors(std::vector<std::string>{"aditive"}), Contains("did you mean 'additive'"));
  predicted("nearest perturbation", t, both, &note);
  CHECK_THAT(note, Contains("no measured target gene"));
}

TEST_CASE("another context lends its effects") {
  const ResponseProfiles t = profiles({{"control", {}, "x", 9}, {"control", {}, "y", 9}, {"A", {"A"}, "x", 9}, {"B", {"B"}, "x", 9}, {"B", {"B"}, "y", 9}, {"A+B", {"A", "B"}, "x", 9}},
                                      {{1, 1}, {5, 5}, {2, 1}, {1, 3}, {5, 6}, {2.5, 2.5}});
  std::string note;
  CHECK((predicted("context-shifted mean", t, {"A", {"A"}, "y", 9}, &note) - row({6, 5})).norm() < 1e-14);
  CHECK(note.empty());
  CHECK((predicted("additive", t, {"A+B", {"A", "B"}, "y", 9}, &note) - row({6, 6})).norm() < 1e-14);      // A lent by x, B of y
  CHECK_THAT(note, Contains("mean of its effects in 1 other context"));
  CHECK((predicted("context-shifted mean", t, {"A+B", {"A", "B"}, "y", 9}, &note) - row({6.5, 6.5})).norm() < 1e-14);
}

TEST_CASE("linear models are their normal equations") {
  constexpr int n = 7, genes = 30;
  RandomStream random(11, 1, 2);
  std::vector<ResponseCondition> conditions{{"control", {}, "", 50}};
  std::vector<std::vector<double>> rows{std::vector<double>(genes)};
  for (auto& v : rows[0]) v = 1 + random.uniform();
  for (int p = 0; p < n; ++p) {
    const std::string name = "g" + std::to_string(3 * p);
    conditions.push_back({name, {name}, "", 50});
    rows.push_back(rows[0]);
    for (auto& v : rows.back()) v += 0.3 * random.normal();
  }
  ResponseProfiles t = profiles(conditions, rows);
  for (int p = 0; p < n; ++p) t.targets[conditions[static_cast<std::size_t>(p) + 1].name] = {conditions[static_cast<std::size_t>(p) + 1].name};
  t.targets["g25"] = {"g25"};
  const ResponseCondition wanted{"g25", {"g25"}, "", 50};
  // direct: genes x conditions, scores by the singular vectors of what prcomp sees
  const Eigen::MatrixXd y = (t.mean.bottomRows(n).rowwise() - t.mean.row(0)).transpose();      // [G x n]
  const Eigen::MatrixXd centred = y.rowwise() - y.colwise().mean();
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(centred, Eigen::ComputeThinV);
  const Eigen::MatrixXd g = centred * svd.matrixV();
  Eigen::MatrixXd p(n, n);
  for (int i = 0; i < n; ++i) p.row(i) = g.row(3 * i);
  const Eigen::VectorXd c = y.rowwise().mean();
  const Eigen::MatrixXd identity = 0.1 * Eigen::MatrixXd::Identity(n, n);
  const Eigen::MatrixXd w = (g.transpose() * g + identity).inverse() * g.transpose() * (y.colwise() - c) * p * (p.transpose() * p + identity).inverse();
  const Eigen::RowVectorXd expected = t.mean.row(0) + (c + g * w * g.row(25).transpose()).transpose();
  CHECK((predicted("ridge bilinear", t, wanted) - expected).cwiseAbs().maxCoeff() < 1e-10);
  std::string note;
  const Eigen::RowVectorXd unknown = predicted("ridge bilinear", t, {"zz", {"zz"}, "", 5}, &note);
  CHECK((unknown - t.mean.row(0) - c.transpose()).cwiseAbs().maxCoeff() < 1e-12);
  CHECK_THAT(note, Contains("mean effect"));
  // ten nearest of seven are all of them: the perturbed mean
  CHECK((predicted("10 nearest perturbations", t, wanted, &note) - predicted("perturbed mean", t, wanted)).cwiseAbs().maxCoeff() < 1e-12);
  CHECK_THAT(note, Contains("only 7"));
}

TEST_CASE("joint least squares finds parts that were never measured alone") {
  // effects a, b, c from A+B, B+C, A+C: the additive rule cannot, the latent additive model can
  const Eigen::RowVectorXd a = row({1, 0, 2}), b = row({0, 1, -1}), c = row({0.5, 0.5, 0});
  ResponseProfiles t = profiles({{"control", {}, "", 9}, {"A+B", {"A", "B"}, "", 9}, {"B+C", {"B", "C"}, "", 9}, {"A+C", {"A", "C"}, "", 9}}, {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}});
  t.mean.row(1) = a + b, t.mean.row(2) = b + c, t.mean.row(3) = a + c;
  CHECK((predicted("latent additive", t, {"A", {"A"}, "", 9}) - a).norm() < 1e-12);
  CHECK((predicted("latent additive", t, {"A+B+C", {"A", "B", "C"}, "", 9}) - a - b - c).norm() < 1e-12);
  const auto two = two_singles();
  CHECK((predicted("ridge by gene", two, both) - row({2 + 1.4 / 1.001, 2 - 1.5 / 1.001, 2, 2 + 0.5 / 1.001})).norm() < 1e-12);
}

TEST_CASE("an in-silico edit moves the targets and nothing else") {
  ResponseProfiles t = profiles({{"control", {}, "", 9}, {"siPRRX1", {"siPRRX1"}, "", 9}}, {{1, 3, 0.5}, {0.2, 3, 0.5}});
  t.genes = {"PRRX1", "COL1A1", "MYOD1"};
  t.targets = {{"siPRRX1", {"PRRX1"}}, {"mmMYOD1", {"MYOD1"}}, {"drug", {}}};
  std::string note;
  CHECK((predicted("in-silico edit", t, {"dual", {"mmMYOD1", "siPRRX1"}, "", 9}, &note) - row({0, 3, 3})).norm() == 0);
  CHECK_THAT(note, Contains("all genes but the targets are the control's"));
  CHECK((predicted("in-silico edit", t, {"drug", {"drug"}, "", 9}, &note) - row({1, 3, 0.5})).norm() == 0);
  CHECK_THAT(note, Contains("neither deletes nor raises"));
}

TEST_CASE("composition: shares of phases are predicted from the parts") {
  const ResponseProfiles t = profiles({{"control", {}, "G1", 10}, {"control", {}, "S", 10}, {"A", {"A"}, "G1", 80}, {"A", {"A"}, "S", 20}, {"B", {"B"}, "G1", 20}, {"B", {"B"}, "S", 80}},
                                      {{1, 0}, {0, 1}, {2, 0}, {0, 1}, {1, 1}, {0, 2}});
  const auto shares = predicted_shares(TrainingSet(t), {"A", "B"});
  REQUIRE(shares.size() == 2);
  CHECK(shares[0].share == Approx(0.5));
  const auto one = composition_additive();
  const auto all = one->predict(t, std::vector<ResponseCondition>{{"A+B", {"A", "B"}, "", 0}, {"A+B", {"A", "B"}, "S", 0}}, 1);
  CHECK((Eigen::RowVectorXd(all.mean.row(0)) - row({1, 1.5})).norm() < 1e-12);      // halves of (2, 1) and (0, 2)
  CHECK((Eigen::RowVectorXd(all.mean.row(1)) - row({0, 2})).norm() < 1e-12);
}

TEST_CASE("draws depend on seed and condition alone, ceilings see the truth and controls spoil it") {
  ResponseProfiles t = two_singles();
  CHECK(predicted("shuffled genes", t, both, nullptr, 5) == predicted("shuffled genes", t, both, nullptr, 5));
  std::set<double> seen;
  for (std::uint64_t seed = 0; seed < 40; ++seed) seen.insert(predicted("shuffled labels", t, both, nullptr, seed)[0]);
  CHECK(seen == std::set<double>{2.4, 3});
  ProfileMatrix truth(5, 2);
  for (int i = 0; i < 5; ++i) truth.row(i) << i, 2 * i;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const ProfileMatrix other = shuffled_truth(truth, seed);
    for (int i = 0; i < 5; ++i) CHECK(other(i, 0) != truth(i, 0));
    CHECK(other.sum() == truth.sum());
  }
  TruthHalves halves{{both}, ProfileMatrix::Constant(1, 3, 4), ProfileMatrix::Constant(1, 3, 5)};
  ProfileMatrix p(1, 3);
  p << 0, 1, std::numeric_limits<double>::quiet_NaN();
  const ProfileMatrix mixed = interpolated_duplicate(halves, ProfileMatrix::Constant(1, 3, 1), p);
  CHECK(mixed(0, 0) == 4);
  CHECK(mixed(0, 1) == 1);
  CHECK(mixed(0, 2) == 1);
}
