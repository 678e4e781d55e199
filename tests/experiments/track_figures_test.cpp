// Figures of single cells: many conditions in panels of their own, data beside densities, keys that are not cut.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "experiments/report/figure.hpp"

using namespace hyped;
using report::Figure;
using Catch::Matchers::Contains;

namespace {

Table table(const std::string& names) {
  std::vector<Column> columns;
  std::istringstream words(names);
  for (std::string name; words >> name;) columns.push_back({name, "", ""});
  return Table(columns);
}

std::vector<std::string> conditions(int n) {
  std::vector<std::string> out;
  for (int i = 0; i < n; ++i) out.push_back("condition " + std::to_string(i + 1));
  return out;
}

Figure densities(int arms) {
  Table density = table("arm phase time_h value"), histogram = table("arm phase from_h to_h value");
  for (const auto& arm : conditions(arms))
    for (const std::string phase : {"G1", "S/G2/M"}) {
      for (int t = 0; t <= 60; ++t) density.add_row({arm, phase, 0.5 * t, 0.1 * std::exp(-std::pow((0.5 * t - 10) / 4, 2))});
      for (int b = 0; b < 8; ++b) histogram.add_row({arm, phase, 3.0 * b, 3.0 * b + 3, 0.01 * b});
    }
  return {"densities", "", "densities", {{"density", density}, {"histogram", histogram}}, {}};
}

Figure survival(int arms) {
  Table curve = table("arm phase time_h value lower upper"), band = table("arm phase time_h lower upper"), model = table("arm phase time_h value");
  for (const auto& arm : conditions(arms))
    for (const std::string phase : {"G1", "S/G2/M"})
      for (int t = 0; t <= 30; ++t) {
        const double s = 1 / (1 + std::exp((t - 12.0) / 2));
        curve.add_row({arm, phase, 1.0 * t, s, 0.9 * s, std::min(1.0, 1.1 * s)});
        band.add_row({arm, phase, 1.0 * t, 0.9 * s, std::min(1.0, 1.1 * s)});
        model.add_row({arm, phase, 1.0 * t, s});
      }
  return {"survival", "", "survival", {{"curve", curve}, {"band", band}, {"model", model}}, {}};
}

Figure scatter(int arms) {
  Table points = table("arm panel seen x y");
  for (const auto& arm : conditions(arms))
    for (const std::string panel : {"sisters, G1", "one cell, G1 and S/G2/M"})
      for (int i = 0; i < 12 && (arm != "condition 2" || panel == "sisters, G1"); ++i) points.add_row({arm, panel, std::string(i % 3 ? "complete" : "cut off"), 5.0 + i, 4.0 + 1.1 * i});
  return {"pairs", "", "scatter", {{"points", points}}, {{"x_label", "duration [h]"}, {"y_label", "duration of the other [h]"}}};
}

Figure prevalence() {
  Table model = table("arm phase time_h estimate lower upper"), points = table("arm phase time_h value");
  for (const std::string phase : {"G1", "S/G2/M", "divided"})
    for (int t = 0; t <= 40; ++t) {
      const double e = phase == "G1" ? std::exp(-t / 10.0) : phase == "divided" ? 1 - std::exp(-t / 10.0) : 0.0;
      model.add_row({std::string("control"), phase, 1.0 * t, e, 0.9 * e, std::min(1.0, 1.1 * e)});
      points.add_row({std::string("control"), phase, 1.0 * t, e});
    }
  return {"prevalence", "", "prevalence", {{"model", model}, {"points", points}}, {}};
}

Figure lineages() {
  Table stays = table("phase row from_h until_h"), ends = table("end time_h row");
  double row = 0;
  for (const std::string phase : {"G1_red, early", "eS_yellow after release", "SG2M_green", "a phase of a very long name", "G0", "quiescent cells", "M"}) {
    stays.add_row({phase, row, row, row + 9});
    ends.add_row({std::string("death"), row + 9, row});
    row += 1;
  }
  return {"lineages", "", "lineages", {{"stays", stays}, {"ends", ends}}, {}};
}

std::string drawn(const Figure& figure) {
  const DrawnFigure out = report::draw(figure);
  INFO(figure.template_name << ": " << out.outcome);
  CHECK(out.outcome.empty());
  if (const char* keep = std::getenv("HYPED_FIGURES")) std::ofstream(std::string(keep) + "/" + figure.name + ".svg") << out.svg;
  return out.svg;
}

int count(const std::string& text, const std::string& word) {
  int n = 0;
  for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("seven conditions have panels of their own, three share one") {
  for (const auto& make : {survival, densities}) {
    CHECK_THAT(drawn(make(7)), Contains("condition 7, G1") && Contains("condition 1, S/G2/M"));
  }
  const std::string three = drawn(survival(3)), pairs = drawn(scatter(7));
  CHECK(count(three, "condition 3, G1") == 0);
  CHECK(count(three, ">condition 3<") == 1);
  CHECK(count(pairs, ">condition 3<") == 2);
  CHECK(count(pairs, ">condition 2<") == 1);      // it has no such pairs
  drawn(scatter(3));
}

TEST_CASE("densities are drawn with the data beside them") {
  Figure plain = densities(1);
  CHECK_THAT(drawn(plain), Contains("bars: data"));
  plain.data.pop_back();
  CHECK_THAT(drawn(plain), !Contains("bars: data"));
}

TEST_CASE("phases are the colours of shares, and the key of lineages keeps within the picture") {
  CHECK_THAT(drawn(prevalence()), Contains(">divided<") && Contains("points: as read"));
  const std::string svg = drawn(lineages());
  const auto at = svg.find("viewBox=\"0 0 ");
  REQUIRE(at != svg.npos);
  const double width = std::stod(svg.substr(at + 13));
  CHECK_THAT(svg, Contains("cross: death"));
  std::vector<std::pair<double, double>> places;
  for (const std::string name : {"G1_red, early", "eS_yellow after release", "SG2M_green", "a phase of a very long name", "G0", "quiescent cells", "M"}) {
    const auto text = svg.find(">" + name + "<");
    REQUIRE(text != svg.npos);
    const auto place = svg.rfind("translate(", text);
    const double x = std::stod(svg.substr(place + 10)), y = std::stod(svg.substr(svg.find(',', place) + 1)), end = x + 7 * static_cast<double>(name.size());
    INFO(name << " at " << x << ", " << y);
    CHECK(end < width);
    for (const auto& [other, row] : places) CHECK((row != y || x > other));      // right of what stands before it in its row
    places.emplace_back(end, y);
  }
}
