// Structural identifiability: published cases with known answers (StructuralIdentifiability.jl; shared data), a product pair.
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "fitting/identifiability.hpp"
#include "fitting/least_squares.hpp"
#include "fitting/structural_identifiability.hpp"
#include "libhyped/model/expression.hpp"
#include "libhyped/model/interpreted_model.hpp"
#include "tests/simulate/test_models.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

struct Case {
  std::unique_ptr<InterpretedModel> model;
  StructuralQuestion question;
  std::map<std::string, bool> local;
};

// A case of the suite as a model whose parameters are all names that no equation sets; the known input is a wave about 1.
Case case_of(const nlohmann::json& given, const std::string& where) {
  Case out;
  ReactionTable table;
  table.name = given.at("name");
  table.where = where;
  std::set<std::string> known{"u"};
  out.question.outputs = given.at("outputs").get<std::vector<std::string>>();
  std::vector<std::string> texts = out.question.outputs;
  for (const std::string equation : given.at("ode")) {
    const auto equals = equation.find('=');
    const std::string state = equation.substr(0, equals);
    table.species.push_back({state, "1", 1});
    table.rates.push_back({state, equation.substr(equals + 1), table.name});
    out.question.unknown_starts.push_back(state);
    texts.push_back(table.rates.back().expression);
    known.insert(state);
  }
  if (given.contains("input")) table.assignments.push_back({"u", "1 + 0.7*sin(1.3*t)", table.name});
  for (const auto& text : texts)
    for (const auto& name : names_in(text, table.name))
      if (known.insert(name).second) table.parameters.push_back({name, "1", "", 1});
  for (int i = 0; i <= 60; ++i) out.question.experiment.sample_times_h.push_back(i * 0.1);
  out.model = std::make_unique<InterpretedModel>(table);
  out.local = given.at("local").get<std::map<std::string, bool>>();
  return out;
}

// y = a b x seen at x = 1 ... 6, exactly known up to `sd`.
class Product final : public ResidualFunction {
 public:
  int residual_count() const override { return 6; }
  int parameter_count() const override { return 2; }
  Outcome evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& r, Eigen::MatrixXd* jacobian) const override {
    r.resize(6);
    if (jacobian != nullptr) jacobian->resize(6, 2);
    for (int i = 0; i < 6; ++i) {
      const double x = i + 1, sd = 0.1;
      r[i] = (theta[0] * theta[1] * x - 6 * x - 0.1 * std::sin(7.0 * i)) / sd;
      if (jacobian != nullptr) jacobian->row(i) << theta[1] * x / sd, theta[0] * x / sd;
    }
    return {};
  }
};

}  // namespace

// All cases have null singular values below 1e-15 (columns of length one); the least that counts are those of SIWR_waterborne (2e-7)
// and goodwin_oscillator (3e-7). The gaps below are asked for at all five points.
TEST_CASE("must/engine/3", "[standard]") {
  const auto file = shared_file("data/suites/identifiability/cases.json");
  if (file.empty()) WARN("skipped: no shared data");
  else {
    // deficiency by hand: scaling of x1; of b and x1; of alpha, x2 and of gama, x3 in turn; second-order output of three rates and two starts
    const std::map<std::string, int> deficiency{{"two_compartment_no_input", 1}, {"lotka_volterra_prey_observed", 1}, {"SIWR_waterborne", 0}, {"goodwin_oscillator", 2},
                                                {"SEIR_prevalence_and_N", 0}, {"two_comp_chain_no_input", 1}, {"two_comp_chain_with_input", 0}};
    std::ifstream in(file);
    int cases = 0;
    for (const auto& given : nlohmann::json::parse(in)) {
      ++cases;
      const Case one = case_of(given, file.string());
      const StructuralIdentifiability found = structural_identifiability(*one.model, one.question);
      INFO(one.model->name() << ": deficiency " << found.deficiency << ", gap " << found.gap << ", " << found.outcome.message);
      CHECK(found.outcome.ok());
      CHECK(found.agreeing == 5);
      CHECK(found.deficiency == deficiency.at(std::string(one.model->name())));
      CHECK(static_cast<int>(found.null.size()) == found.deficiency);
      CHECK(found.gap > (found.deficiency > 0 ? 1e8 : 1e4));
      int told = 0;
      for (std::size_t u = 0; u < found.names.size(); ++u) {
        const auto expected = one.local.find(found.names[u]);
        if (expected == one.local.end()) continue;
        INFO(found.names[u] << " has weight " << found.weight[u]);
        ++told;
        CHECK(found.identifiable[u] == expected->second);
        if (expected->second) CHECK(found.weight[u] < 1e-8);
        else CHECK(found.weight[u] > 1e-2);
        const bool named = std::find(found.not_identifiable.begin(), found.not_identifiable.end(), found.names[u]) != found.not_identifiable.end();
        CHECK(named != expected->second);
        for (const auto& text : found.null)
          if (expected->second) CHECK((text + " ").find("ln " + found.names[u] + " ") == std::string::npos);
      }
      CHECK(told == static_cast<int>(one.local.size()));
      if (one.model->name() == "lotka_volterra_prey_observed") CHECK(found.null == std::vector<std::string>{"ln b - ln x1"});
      if (one.model->name() == "goodwin_oscillator") {
        CHECK(found.not_identifiable == std::vector<std::string>{"alpha", "gama", "x2", "x3"});
        CHECK(found.null == std::vector<std::string>{"ln alpha + ln x2 + ln x3", "ln gama + ln x3"});
      }
    }
    CHECK(cases == 7);
  }
  // The pair for which Ceres' DENSE_SVD covariance prints standard errors.
  ParameterSpace space;
  for (const char* name : {"a", "b"}) space.add({name, "1", "", 0.1, 100, 1.5, SearchScale::linear, std::nullopt});
  const Product product;
  const LeastSquaresResult fit = least_squares(product, space.start(), space.lower(), space.upper());
  REQUIRE(fit.outcome.ok());
  CHECK(fit.theta.prod() == Approx(6).epsilon(0.01));
  Eigen::VectorXd residuals;
  Eigen::MatrixXd jacobian;
  REQUIRE(product.evaluate(fit.theta, residuals, &jacobian).ok());
  for (const Identifiability& known : {identifiability_of_jacobian(jacobian, space), identifiability_of(jacobian.transpose() * jacobian, space)}) {
    CHECK(known.identified == std::vector<bool>{false, false});
    CHECK(known.covariance.isZero(0));
    REQUIRE(known.null.size() == 1);
    CHECK_THAT(known.null[0].text, Catch::Contains("a") && Catch::Contains("b"));
  }
}

TEST_CASE("a product is named as such, what makes it identifiable is seen, wrong questions are answered in words") {
  ReactionTable table;
  table.name = "product";
  table.species = {{"x", "1", 2}};
  table.parameters = {{"a", "1", "", 2}, {"b", "1", "", 3}, {"k", "1/h", "", 0.2}};
  table.rates = {{"x", "-k*x", "product"}};
  const InterpretedModel model(table);
  StructuralQuestion question;
  question.outputs = {"a*b*x"};
  question.experiment.sample_times_h = {0, 1, 2, 3, 4};
  const auto pair = structural_identifiability(model, question);
  CHECK(pair.deficiency == 1);
  CHECK(pair.not_identifiable == std::vector<std::string>{"a", "b"});
  CHECK(pair.null == std::vector<std::string>{"ln a - ln b"});
  question.unknown_starts = {"x"};
  CHECK(structural_identifiability(model, question).deficiency == 2);
  question.outputs = {"a*b*x", "b*x", "b"};
  const auto all = structural_identifiability(model, question);
  CHECK(all.deficiency == 0);
  CHECK(all.not_identifiable.empty());
  CHECK(all.gap > 1e6);
  question.unknown_parameters = {"k"};
  question.outputs = {"a"};      // neither k nor x is seen in it
  const auto nothing = structural_identifiability(model, question);
  CHECK(nothing.deficiency == 2);
  CHECK(nothing.not_identifiable == std::vector<std::string>{"k", "x"});
  question.outputs = {"a*b*y"};
  CHECK_THROWS_WITH(structural_identifiability(model, question), Catch::Contains("unknown name 'y'"));
  question.outputs = {"x"};
  question.unknown_parameters = {"kk"};
  CHECK_THROWS_WITH(structural_identifiability(model, question), Catch::Contains("'kk' is no parameter"));
  question.unknown_parameters = {};
  question.experiment.sample_times_h = {1, 2};
  CHECK_THAT(structural_identifiability(model, question).outcome.message, Catch::Contains("give more sample times"));
}
