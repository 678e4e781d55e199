// Every template draws an invented data set; what gnuplot says is an outcome, not a crash.
#include "experiments/report/figure.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "experiments/cycle/cycle_fit.hpp"

using namespace hyped;
using report::Figure;
using Catch::Matchers::Contains;

namespace {

const std::vector<std::string> arms{"control", "siPRRX1", "mmMYOD1", "dual"};

Table table(const std::string& columns) {
  std::vector<Column> list;
  for (std::size_t at = 0; at < columns.size();) {
    const std::size_t end = std::min(columns.find(' ', at), columns.size());
    list.push_back({columns.substr(at, end - at), "", ""});
    at = end + 1;
  }
  return Table(list);
}

Table events() {
  Table rows = table("time_h name");
  rows.add_row({0.0, std::string("siRNA")});
  rows.add_row({24.0, std::string("wash, mRNA")});
  return rows;
}

Figure time_course() {
  Table points = table("arm class time_h value"), model = table("arm class time_h estimate lower upper"), truth = table("arm class time_h value");
  for (std::size_t a = 0; a < arms.size(); ++a)
    for (const std::string phase : {"G1", "S/G2/M"})
      for (int t = 0; t <= 69; ++t) {
        const double level = (phase == "G1" ? 0.62 : 0.3) + 0.08 * std::sin(t / 9.0 + static_cast<double>(a));
        points.add_row({arms[a], phase, 1.0 * t, t == 23 ? Cell() : Cell(level + 0.02 * std::sin(97.0 * t))});
        model.add_row({arms[a], phase, 1.0 * t, level, level - 0.03, level + 0.03});
        truth.add_row({arms[a], phase, 1.0 * t, level + 0.01});
      }
  return {"fractions", "", "time_course", {{"points", points}, {"model", model}, {"truth", truth}, {"events", events()}}, {{"y_label", "fraction of cells"}}};
}

Figure residuals() {
  Table points = table("arm class time_h residual");
  for (const auto& arm : arms)
    for (int t = 0; t <= 69; ++t) points.add_row({arm, std::string("G1"), 1.0 * t, 2 * std::sin(31.0 * t)});
  return {"residuals", "", "residuals", {{"points", points}, {"events", events()}}, {}};
}

Figure autocorrelation() {
  Table points = table("arm lag_h autocorrelation lower upper");
  for (const auto& arm : arms)
    for (int k = 1; k <= 30; ++k) points.add_row({arm, k / 3.0, std::exp(-k / 8.0), -0.15, 0.15});
  return {"autocorrelation", "", "autocorrelation", {{"points", points}}, {}};
}

Figure profiles() {
  Table profile = table("parameter value delta"), marks = table("parameter axis estimate lower upper threshold scale truth");
  for (int i = -10; i <= 10; ++i) {
    profile.add_row({std::string("g1_exit"), 0.08 * std::pow(10.0, 0.015 * i), 0.05 * i * i});
    profile.add_row({std::string("release_delay"), 4 + 0.3 * i, i < 0 ? 0.05 * i * i : 0.004 * i * i});
    profile.add_row({std::string("loss"), std::pow(10.0, -3 + 0.2 * i), i < 0 ? 0.01 * i * i : 0.1 * i * i});
  }
  marks.add_row({std::string("g1_exit"), std::string("rate [1/h]"), 0.08, 0.0592, 0.1081, 4.12, std::string("log10"), 0.085});
  marks.add_row({std::string("release_delay"), std::string("[h]"), 4.0, 1.4, Cell(), 3.91, std::string("linear"), 5.0});
  marks.add_row({std::string("loss"), std::string("fraction [1]"), 1e-3, Cell(), 0.0174, 3.84, std::string("log10"), Cell()});
  return {"profiles", "", "profiles", {{"profile", profile}, {"marks", marks}}, {}};
}

Figure waterfall() {
  Table points = table("rank cost outcome");
  for (int r = 1; r <= 40; ++r)
    points.add_row({std::int64_t{r}, r < 20 ? 812.5 : r < 32 ? 830.25 : 900.0 + r, std::string(r > 36 ? "not_converged" : "ok")});
  return {"waterfall", "", "waterfall", {{"points", points}}, {}};
}

Figure densities() {
  Table density = table("arm phase time_h value lower upper"), truth = table("arm phase time_h value");
  for (std::size_t a = 0; a < arms.size(); ++a)
    for (const std::string phase : {"G1", "S", "G2/M"})
      for (int t = 0; t <= 48; ++t) {
        const double mean = (phase == "G1" ? 14.0 : 8.0) + 2.0 * static_cast<double>(a), z = (t - mean) / 4, value = 0.1 * std::exp(-z * z / 2);
        density.add_row({arms[a], phase, 1.0 * t, value, 0.9 * value, 1.1 * value});
        truth.add_row({arms[a], phase, 1.0 * t, 0.1 * std::exp(-(z + 0.1) * (z + 0.1) / 2)});
      }
  return {"densities", "", "densities", {{"density", density}, {"truth", truth}}, {}};
}

Figure schedule() {
  Table inputs = table("arm input time_h amount");
  for (std::size_t a = 0; a < arms.size(); ++a)
    for (int t = 0; t <= 69; ++t) {
      inputs.add_row({arms[a], std::string("siRNA"), 1.0 * t, a % 2 ? std::exp(-t / 30.0) * std::min(1.0, t / 6.0) : 0.0});
      inputs.add_row({arms[a], std::string("MYOD1"), 1.0 * t, a > 1 && t > 24 ? std::exp(-(t - 24) / 12.0) : 0.0});
    }
  return {"schedule", "", "schedule", {{"inputs", inputs}, {"events", events()}}, {}};
}

Figure intervals() {
  Table rows = table("panel name estimate lower upper truth independent_lower independent_upper");
  rows.add_row({std::string("duration [h]"), std::string("G1"), 12.0, 10.5, 13.7, 12.6, 11.6, 12.4});
  rows.add_row({std::string("duration [h]"), std::string("S/G2/M"), 9.0, Cell(), 10.7, 9.4, 8.8, 9.2});
  rows.add_row({std::string("log effect"), std::string("siPRRX1 on g1_exit"), -0.4, -0.62, -0.2, -0.35, -0.45, -0.35});
  rows.add_row({std::string("log effect"), std::string("mmMYOD1 on g1_exit"), 0.1, -0.15, 0.33, 0.2, 0.05, 0.15});
  rows.add_row({std::string("log effect"), std::string("mmMYOD1 on death's rate"), 0.02, -0.1, 0.14, Cell(), Cell(), Cell()});
  return {"intervals", "", "intervals", {{"rows", rows}}, {}};
}

Figure reliability() {
  Table points = table("arm predicted observed lower upper cells");
  for (const char* library : {"Hybrid", "it's `Control`"})
    for (const double p : {0.45, 0.7, 0.93, 0.98, 0.997, 0.99993}) points.add_row({std::string(library), p, p > 0.99 ? 1.0 : p - 0.02, p - 0.05, std::min(1.0, p + 0.02), std::int64_t{120}});
  return {"reliability", "", "reliability", {{"points", points}}, {}};
}

Figure hashtag_counts() {
  Table seen = table("arm reads cells"), model = table("arm class reads cells");
  for (const char* tag : {"PRRX1", "MYOD", "PRRX1_MYOD"})
    for (int y = 1; y < 60; ++y) {
      seen.add_row({std::string(tag), 1.0 * y, 400 * std::exp(-0.5 * std::abs(y - 20.0))});
      for (const char* c : {"signal", "background"}) model.add_row({std::string(tag), std::string(c), 1.0 * y, 300 * std::exp(-1.0 * y)});
    }
  return {"hashtag_counts", "", "hashtag_counts", {{"seen", seen}, {"model", model}}, {}};
}

Figure yield() {
  Table curve = table("arm yield wrong lower upper");
  for (const char* method : {"posterior", "most votes"})
    for (int i = 5; i <= 10; ++i) curve.add_row({std::string(method), 0.1 * i, i == 5 ? 0.0 : 0.001 * i * i, i == 5 ? 0.0 : 0.0008 * i * i, 0.0015 * i * i});
  return {"yield", "", "yield", {{"curve", curve}}, {}};
}

Figure network_course() {
  Table model = table("panel name time_h estimate lower upper"), panels = table("title axis low high"), names = table("quantity panel place"), marks = table("time_h name");
  for (int k = 0; k < 3; ++k) {
    panels.add_row({fmt::format("unit {}", k), fmt::format("amount [unit {}]", k), k == 1 ? -2.0 : 0.0, 30.0});
    for (int q = 0; q < 8; ++q) {
      names.add_row({fmt::format("it's {} of `{}`", q, k), std::int64_t{k + 1}, std::int64_t{q + 1}});
      for (int t = 0; t <= 48; ++t) model.add_row({std::int64_t{k + 1}, fmt::format("it's {} of `{}`", q, k), 1.0 * t, 20.0 + q, 19.0, 30.0});
    }
  }
  marks.add_row({6.0, std::string("dox = 200")});
  return {"network_course", "", "network_course", {{"model", model}, {"panels", panels}, {"names", names}, {"events", marks}}, {{"band_label", "line: mean"}}};
}

Figure volcano() {
  Table points = table("arm kind x y"), labels = table("arm x y label");
  for (std::size_t a = 1; a < arms.size(); ++a)
    for (int i = 0; i < 200; ++i) {
      const double x = 3 * std::sin(7.0 * i + static_cast<double>(a)), y = 0.1 * i;
      points.add_row({arms[a], std::string(i < 120 ? "none" : i < 125 ? "edge" : i < 130 ? "edge_none" : x > 0 ? "up" : "down"), x, y});
    }
  labels.add_row({arms[1], 1.2, 18.5, std::string("IFIT1 `it's`")});
  return {"volcano", "", "volcano", {{"points", points}, {"labels", labels}}, {}};
}

}  // namespace

// HYPED_FIGURES=DIR keeps the pictures for a look.
Figure factor_places() {
  Table points = table("arm panel variant place");
  for (const std::string order : {"order of labels", "order of sample numbers"})
    for (int v = 0; v < 5; ++v)
      for (int f = 0; f < 8; ++f) points.add_row({"FACTOR" + std::to_string(f), order, std::vector<std::string>{"nothing", "genes of interferon", "genes of sterol", "genes of all", "genes and loadings of all"}[static_cast<std::size_t>(v)], 1 + std::floor(std::pow(2.3, f) * (1 + 0.2 * v))});
  return {"places", "", "factor_places", {{"points", points}}, {{"y_label", "place among 656 factors"}}};
}

TEST_CASE("every template draws without a word from gnuplot") {
  for (const Figure& figure : {time_course(), residuals(), autocorrelation(), profiles(), waterfall(), densities(), schedule(), intervals(), network_course(), reliability(), hashtag_counts(), yield(), volcano(), factor_places()}) {
    const DrawnFigure drawn = report::draw(figure);
    INFO(figure.template_name << ": " << drawn.outcome);
    CHECK(drawn.outcome.empty());
    CHECK_THAT(drawn.svg, Contains("<svg") && Contains("</svg>"));
    if (const char* keep = std::getenv("HYPED_FIGURES")) std::ofstream(std::string(keep) + "/" + figure.name + ".svg") << drawn.svg;
  }
}

TEST_CASE("a figure names its arms, classes and events, in the arms' colours") {
  const std::string svg = report::draw(time_course()).svg;
  for (const std::string word : {"siPRRX1", "S/G2/M", "wash, mRNA", "time [h]", "fraction of cells"}) CHECK_THAT(svg, Contains(word));
  CHECK(report::arm_colour("dual", arms) == "#009E73");
  CHECK(report::arm_colour("untreated", {}) == "#6b6b6b");
  const std::vector<std::string> others{"untreated", "lapatinib 25 nM", "lapatinib 50 nM"};
  CHECK(report::arm_colour("lapatinib 25 nM", others) == "#CC79A7");
  CHECK(report::arm_colour("lapatinib 50 nM", others) == "#56B4E9");
}

TEST_CASE("a model without data, one class, no events, and a hostile name are drawn too") {
  Figure figure = time_course();
  figure.data = {{"points", table("arm class time_h value")}};
  figure.data[0].second.add_row({std::string("it's \"quoted\" \\ $x `ls` %d"), std::string("nuclei"), 0.0, 100.0});
  figure.data[0].second.add_row({std::string("it's \"quoted\" \\ $x `ls` %d"), std::string("nuclei"), 2.0, 110.0});
  const auto drawn = report::draw(figure);
  INFO(drawn.outcome);
  CHECK(drawn.outcome.empty());
  CHECK_THAT(drawn.svg, Contains("`ls`"));
}

TEST_CASE("a legend speaks of truth only where there is one, and the threshold drawn is the one of the data") {
  Figure with = profiles(), without = profiles();
  without.data[1].second = table("parameter axis estimate lower upper threshold scale truth");
  for (auto row : with.data[1].second.rows()) {
    row.back() = Cell();
    without.data[1].second.add_row(row);
  }
  with.variables["threshold_name"] = without.variables["threshold_name"] = "t^2";
  const std::string svg = report::draw(with).svg, plain = report::draw(without).svg;
  CHECK_THAT(svg, Contains("dashed: truth") && Contains("interval, t^2"));
  CHECK_THAT(plain, !Contains(": truth") && Contains("interval, t^2"));
  for (const std::string threshold : {"4.12", "3.91", "3.84"}) CHECK_THAT(plain, Contains(threshold));
  CHECK_THAT(plain, Contains("rate [1/h]") && Contains("fraction [1], log axis"));

  Figure course = time_course();
  CHECK_THAT(report::draw(course).svg, Contains("dashed black: truth"));
  course.data.erase(course.data.begin() + 2);
  CHECK_THAT(report::draw(course).svg, !Contains(": truth") && !Contains("prediction profile"));
  Table bars = table("arm class time_h estimate lower upper");
  bars.add_row({std::string("dual"), std::string("G1"), 60.0, 0.6, 0.5, 0.9});
  course.data.emplace_back("intervals", bars);
  const auto marked = report::draw(course);
  INFO(marked.outcome);
  CHECK_THAT(marked.svg, Contains("bars: prediction profile, 95 %"));
}

namespace {

// The height in the picture at which each text stands, in order.
std::vector<double> heights_of(const std::string& svg, const std::string& text) {
  std::vector<double> found;
  for (std::size_t at = svg.find(text); at != svg.npos; at = svg.find(text, at + 1)) {
    const std::string from = "translate(";
    const std::size_t place = svg.rfind(from, at), comma = svg.find(',', place);
    found.push_back(std::stod(svg.substr(comma + 1)));
  }
  return found;
}

}  // namespace

TEST_CASE("names of events stand above their panel, below its title, and not on each other") {
  Figure figure = residuals();
  Table close = table("time_h name");
  close.add_row({20.0, std::string("first long name")});
  close.add_row({24.0, std::string("second long name")});
  close.add_row({70.0, std::string("harvest of every well")});
  figure.data[1].second = close;
  const auto drawn = report::draw(figure);
  INFO(drawn.outcome);
  REQUIRE(drawn.outcome.empty());
  const auto first = heights_of(drawn.svg, "first long name"), second = heights_of(drawn.svg, "second long name"), title = heights_of(drawn.svg, "siPRRX1");
  REQUIRE(first.size() == arms.size());
  REQUIRE(second.size() == arms.size());
  REQUIRE(title.size() == 1);
  CHECK(second[1] - first[1] >= 12);      // an earlier event stands higher
  CHECK(first[1] - title[0] >= 12);
  CHECK(heights_of(drawn.svg, "harvest of every well").size() == arms.size());
  if (const char* keep = std::getenv("HYPED_FIGURES")) std::ofstream(std::string(keep) + "/events.svg") << drawn.svg;
}

TEST_CASE("classes are named in a legend, once, and decades get a log axis") {
  CHECK(heights_of(report::draw(time_course()).svg, ">S/G2/M<").size() == 1);
  Figure figure = intervals();
  Table rows = table("panel name scale estimate lower upper");
  rows.add_row({std::string("odds [1]"), std::string("start_G1"), std::string("log10"), 1.2, 0.6, 2.3});
  rows.add_row({std::string("odds [1]"), std::string("start_S"), std::string("log10"), 0.0136, 2e-4, 0.93});
  rows.add_row({std::string("effect [log-fold change]"), std::string("drug"), std::string("linear"), 0.2, 0.1, 3.5});
  figure.data[0].second = rows;
  const auto drawn = report::draw(figure);
  INFO(drawn.outcome);
  REQUIRE(drawn.outcome.empty());
  CHECK_THAT(drawn.svg, Contains("odds [1], log axis") && !Contains("change], log axis"));
}

TEST_CASE("parameters of one kind share an axis") {
  const auto axis = [](const char* unit, const char* meaning, double lower, double upper) {
    FreeParameter p;
    p.unit = unit, p.meaning = meaning, p.lower = lower, p.upper = upper;
    return axis_of(p);
  };
  CHECK(axis("1/h", "1 / mean G1 duration", 2e-3, 1) == "rate [1/h]");
  CHECK(axis("1", "log-fold change of division by x at input 1", -3, 3) == "effect [log-fold change]");
  CHECK(axis("1", "odds of starting in this phase against the first phase", 1e-4, 1e4) == "odds [1]");
  CHECK(axis("1", "fraction of cells kept at the medium change", 0.3, 1) == "fraction [1]");
  CHECK(axis("1", "exit rates are multiplied by exp(-density_effect (N/reference - 1))", -3, 10) == "coefficient [1]");
  CHECK(axis("1/h", "death hazard of every cell", 0, 0.1) == "death rate [1/h]");
  CHECK(axis("1", "fraction of cells kept at the handling", 0.3, 1.1) == "fraction [1]");
  CHECK(axis("h", "delay", 0, 24) == "[h]");
}

TEST_CASE("a template that fails is an outcome with gnuplot's words") {
  Figure figure = residuals();
  figure.data.clear();
  const auto drawn = report::draw(figure);
  CHECK_THAT(drawn.outcome, Contains("distinct_arm"));
  CHECK(drawn.svg.empty());
}

TEST_CASE("a figure clears what killed runs left, and nothing of those alive", "[figure]") {
  namespace fs = std::filesystem;
  const fs::path dead = fs::temp_directory_path() / "hyped-figure-4194999-killed";      // above Linux's greatest process number
  const fs::path alive = fs::temp_directory_path() / fmt::format("hyped-figure-{}-alive", getppid());
  fs::create_directory(dead);
  fs::create_directory(alive);
  CHECK(draw(time_course()).outcome.empty());
  CHECK_FALSE(fs::exists(dead));
  CHECK(fs::exists(alive));
  fs::remove(alive);
}
