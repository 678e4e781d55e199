// The benchmark's figures draw invented data without a word from gnuplot.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "experiments/report/figure.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

namespace {

report::Figure scores() {
  Table rows({{"panel", "", ""}, {"axis", "", ""}, {"name", "", ""}, {"role", "", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}, {"floor", "", ""}, {"ceiling", "", ""}, {"most", "", ""}});
  const std::vector<std::pair<std::string, std::string>> names{{"no change", "baseline"}, {"it's `ls` $x", "model"}, {"shuffled genes", "negative control"}};
  for (const std::string panel : {"l2_delta", "pearson_delta"})
    for (std::size_t i = 0; i < names.size(); ++i)
      rows.add_row({panel, std::string("higher is better"), names[i].first, names[i].second, i == 2 ? Cell(9.0) : i == 0 && panel == "pearson_delta" ? Cell() : Cell(0.5 + 0.1 * static_cast<double>(i)), i == 1 ? Cell(0.4) : Cell(), i == 1 ? Cell(0.8) : Cell(), Cell(0.5), Cell(0.9), panel == "pearson_delta" ? Cell(1.0) : Cell()});
  return {"scores", "", "scores", {{"rows", rows}}, {}};
}

report::Figure changes() {
  Table points({{"panel", "", ""}, {"kind", "", ""}, {"x", "", ""}, {"y", "", ""}, {"label", "", ""}});
  for (const std::string panel : {"A+B", "dual G1"})
    for (int g = 0; g < 200; ++g) points.add_row({panel, std::string(g == 3 ? "target" : "gene"), std::sin(1.0 * g), 0.8 * std::sin(1.0 * g) + 0.1 * std::cos(7.0 * g), std::string(g == 3 ? "MYOD1" : "gene")});
  return {"changes", "", "changes", {{"points", points}}, {{"x_label", "measured change"}, {"y_label", "predicted change"}, {"legend", "predicted by: additive"}}};
}

report::Figure overlap() {
  Table curve({{"name", "", ""}, {"k", "", ""}, {"share", "", ""}});
  for (const std::string name : {"additive", "chance"})
    for (const std::int64_t k : {5, 10, 40, 200}) curve.add_row({name, k, name == "chance" ? static_cast<double>(k) / 400 : 0.3 + static_cast<double>(k) / 400});
  return {"overlap", "", "overlap", {{"curve", curve}}, {{"legend", "dashed: chance"}}};
}

report::Figure strata() {
  Table boxes({{"panel", "", ""}, {"name", "", ""}, {"stratum", "", ""}, {"value", "", ""}});
  for (const std::string panel : {"l2_delta", "pearson_delta", "pds_cosine"})
    for (const std::string name : {"additive", "no change"})
      for (int s = 0; s < 9; ++s) boxes.add_row({panel, name, "arm " + std::to_string(s), s == 4 ? Cell() : Cell(0.4 * s - 1.5)});
  return {"strata", "", "heat_map", {{"boxes", boxes}}, {}};
}

}  // namespace

TEST_CASE("the benchmark's figures are drawn, hostile names and missing values too") {
  for (const auto& [figure, word] : {std::pair{scores(), "it's `ls` $x"}, std::pair{changes(), "MYOD1"}, std::pair{overlap(), "additive"}, std::pair{strata(), "arm 8"}}) {
    const DrawnFigure drawn = report::draw(figure);
    INFO(figure.template_name << ": " << drawn.outcome);
    CHECK(drawn.outcome.empty());
    CHECK_THAT(drawn.svg, Contains("</svg>") && Contains(word));
    CHECK_THAT(drawn.svg, !Contains("scale(0.00)"));      // a matrix that other programs refuse
    if (const char* keep = std::getenv("HYPED_FIGURES")) std::ofstream(std::string(keep) + "/" + figure.name + ".svg") << drawn.svg;
  }
}
