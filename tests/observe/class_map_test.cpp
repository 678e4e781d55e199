// Class maps: what a cell in each stage contributes to each class, its derivatives, and maps that make no sense.
#include <catch2/catch.hpp>

#include "libhyped/errors.hpp"
#include "libhyped/observe/class_map.hpp"

using namespace hyped;

namespace {

std::unique_ptr<StagedModel> model_with(int g0, int g1, int s) {
  StageSettings settings;
  settings.stages = {{"G0", g0}, {"G1", g1}, {"S/G2/M", s}};
  return make_staged("cell_cycle/quiescence_release", settings);
}

const ClassMap fucci{Reporter::cdt1_geminin, {{"red", {"G0", "G1"}}, {"green", {"S/G2/M"}}, {"dark", {}}}, true};

std::string message_of(const ClassMap& map) {
  try {
    const auto model = model_with(1, 1, 1);
    ClassProjection(map, *model, "here");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("phases merge, dark clones are seen apart, misread cells change class") {
  const auto model = model_with(2, 1, 3);
  const ClassProjection projection(fucci, *model, "here");
  REQUIRE(projection.class_count() == 3);
  CHECK(projection.unlabelled() == 2);
  const double labelled = 0.4, misread = 0.1;
  const Eigen::MatrixXd seen = projection.expected(labelled, misread);
  CHECK(seen(0, 0) == Approx(0.4 * 0.9));
  CHECK(seen(1, 0) == Approx(0.4 * 0.1));
  CHECK(seen(0, 2) == Approx(0.4 * 0.9));      // G1 is red as G0 is
  CHECK(seen(1, 4) == Approx(0.4 * 0.9));
  CHECK(seen(2, 3) == Approx(0.6));
  CHECK((seen.colwise().sum().array() - 1).abs().maxCoeff() < 1e-15);
  CHECK(projection.conditional(misread).row(2).isOnes());
}

TEST_CASE("derivatives of the projection are exact") {
  const auto model = model_with(1, 2, 1);
  const ClassProjection projection(fucci, *model, "here");
  const double h = 1e-6;
  CHECK((projection.by_labelled(0.2) - (projection.expected(0.3 + h, 0.2) - projection.expected(0.3 - h, 0.2)) / (2 * h)).cwiseAbs().maxCoeff() < 1e-9);
  CHECK((projection.by_misread(0.3, 0.2) - (projection.expected(0.3, 0.2 + h) - projection.expected(0.3, 0.2 - h)) / (2 * h)).cwiseAbs().maxCoeff() < 1e-9);
}

TEST_CASE("overlapping channels are no partition and may share phases") {
  const auto model = model_with(1, 1, 1);
  const ClassMap pip{Reporter::pip, {{"green", {"G1"}}, {"blue", {"G0", "G1", "S/G2/M"}}, {"red", {"S/G2/M"}}}, false};
  const Eigen::MatrixXd seen = ClassProjection(pip, *model, "here").expected(1, 0);
  CHECK(seen.col(1).sum() == 2);
  CHECK(seen.row(1).isOnes());
}

TEST_CASE("maps that make no sense are refused with names") {
  using Catch::Matchers::Contains;
  CHECK(message_of(fucci).empty());
  CHECK_THAT(message_of({Reporter::pip, {{"a", {"G0", "G1"}}, {"b", {"S/G2/N"}}}, true}), Contains("'S/G2/N'") && Contains("S/G2/M"));
  CHECK_THAT(message_of({Reporter::pip, {{"a", {"G0", "G1", "S/G2/M"}}, {"b", {}}, {"c", {}}}, true}), Contains("'b' and 'c' name no phase"));
  CHECK_THAT(message_of({Reporter::pip, {{"a", {}}}, true}), Contains("names no phase"));
  CHECK_THAT(message_of({Reporter::pip, {{"a", {"G0", "G1"}}}, true}), Contains("'S/G2/M' is in 0 classes"));
  CHECK_THAT(message_of({Reporter::pip, {{"a", {"G0", "G1"}}, {"b", {"G1", "S/G2/M"}}}, true}), Contains("'G1' is in 2 classes") && Contains("partition = false"));
  CHECK_THROWS_AS(reporter_named("fucci", "here"), InputError);
}
