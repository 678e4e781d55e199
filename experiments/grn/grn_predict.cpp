// `hyped grn predict|edges|steady`: what a stored fit says of other arms, of its edges, and of its steady states.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "experiments/grn/grn_run.hpp"
#include "experiments/grn/report/grn_evidence.hpp"
#include "fitting/networks/evidence/edge_identifiability.hpp"
#include "libhyped/counted.hpp"
#include "libhyped/ingest/delimited.hpp"
#include "libhyped/simulate/batch_steady.hpp"
#include "libhyped/store/run_file.hpp"
#include "libhyped/store/write_anndata.hpp"
#include "models/delivery/active_input.hpp"

namespace hyped {
namespace {

std::vector<std::string> parts_of(const std::string& text, char mark) {
  std::vector<std::string> out(1);
  for (const char c : text)
    if (c == mark) out.emplace_back();
    else out.back() += c;
  return out;
}

double number_of(const std::string& text, const std::string& where) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != 0 || !std::isfinite(value)) throw InputError(where, fmt::format("'{}' is not a number", text), "write NAME=INPUT:LEVEL or NAME=KIND@FROM_HxDOSE");
  return value;
}

NetworkMeasurements empty_block(const StoredGrn& stored, std::size_t arms) {
  const auto m = static_cast<Eigen::Index>(stored.fitted.network.model->state_count()), n = static_cast<Eigen::Index>(arms);
  NetworkMeasurements out;
  out.steady = stored.data.steady();
  out.experiment.initial = Eigen::MatrixXd::Zero(m, n);
  out.mean.assign(1, Eigen::MatrixXd::Zero(m, n));
  out.weight.assign(1, Eigen::MatrixXd::Ones(m, n));
  return out;
}

void name_arm(std::vector<std::string>& arms, const std::string& name, const std::string& where) {
  if (name.empty()) throw InputError(where, "has no name", "write NAME=... with a name before the sign");
  if (std::find(arms.begin(), arms.end(), name) != arms.end()) throw InputError(where, fmt::format("names the arm '{}' a second time", name), "give each arm a name of its own");
  arms.push_back(name);
}

// NAME=INPUT:LEVEL,INPUT:LEVEL
NetworkMeasurements constant_arms(const StoredGrn& stored, const std::vector<std::string>& arms, std::vector<std::string>& words) {
  NetworkMeasurements out = empty_block(stored, arms.size());
  out.experiment.constant_inputs = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(stored.data.inputs.size()), static_cast<Eigen::Index>(arms.size()));
  for (std::size_t a = 0; a < arms.size(); ++a) {
    const std::string where = "--arm " + arms[a];
    const auto equals = arms[a].find('=');
    if (equals == std::string::npos) throw InputError(where, "is not NAME=INPUT:LEVEL", fmt::format("inputs are {}", nearest_names("", stored.data.inputs)));
    name_arm(out.conditions, arms[a].substr(0, equals), where);
    std::set<std::string> named;
    for (const std::string& part : parts_of(arms[a].substr(equals + 1), ',')) {
      const auto colon = part.find(':');
      const std::string input = part.substr(0, colon);
      const auto at = std::find(stored.data.inputs.begin(), stored.data.inputs.end(), input);
      if (colon == std::string::npos || at == stored.data.inputs.end()) throw InputError(where, fmt::format("there is no input '{}'", input), did_you_mean(input, stored.data.inputs));
      if (!named.insert(input).second) throw InputError(where, fmt::format("gives the input '{}' twice", input), "give it once");
      const auto k = static_cast<Eigen::Index>(at - stored.data.inputs.begin());
      const double level = number_of(part.substr(colon + 1), where);
      out.experiment.constant_inputs(k, static_cast<Eigen::Index>(a)) = level;
      const double low = stored.data.level.col(k).minCoeff(), high = stored.data.level.col(k).maxCoeff();
      if (level < low || level > high) words.push_back(fmt::format("{}: {} at {:g} lies outside what was fitted ({:g} to {:g}): the network extrapolates, and its intervals do not know how wrong that may be.", out.conditions.back(), input, level, low, high));
    }
  }
  return out;
}

// NAME=KIND@FROM_H[xDOSE]+KIND@...; the deliveries of the fit at other times and doses.
NetworkMeasurements delivered_arms(const StoredGrn& stored, const GrnPredictSettings& settings, std::vector<std::string>& words) {
  NetworkMeasurements out = empty_block(stored, settings.arms.size());
  const double time_h = settings.time_h > 0 ? settings.time_h : stored.data.time_h;
  std::vector<std::vector<std::pair<int, InputCourse>>> courses(settings.arms.size());
  for (std::size_t a = 0; a < settings.arms.size(); ++a) {
    const std::string where = "--arm " + settings.arms[a];
    const auto equals = settings.arms[a].find('=');
    if (equals == std::string::npos) throw InputError(where, "is not NAME=KIND@FROM_H", "write --arm late=sirna@0+modified_mrna@30x0.5");
    name_arm(out.conditions, settings.arms[a].substr(0, equals), where);
    for (const std::string& part : parts_of(settings.arms[a].substr(equals + 1), '+')) {
      const auto at = part.find('@');
      const auto cross = part.find('x', at == std::string::npos ? 0 : at);
      if (at == std::string::npos) throw InputError(where, fmt::format("'{}' does not say from when", part), "write KIND@FROM_H, such as sirna@0");
      int input = -1, found = 0;
      for (std::size_t k = 0; k < stored.data.deliveries.size(); ++k)
        if (stored.data.deliveries[k].kind == part.substr(0, at) || stored.data.deliveries[k].gene == part.substr(0, at)) input = static_cast<int>(k), ++found;
      if (found != 1) throw InputError(where, fmt::format("'{}' is {} of the deliveries that were fitted", part.substr(0, at), found == 0 ? "none" : "more than one"), "name the kind, or the gene it acts on");
      models::Dosing dosing;
      dosing.kind = models::delivery_kind(stored.data.deliveries[static_cast<std::size_t>(input)].kind);
      dosing.from_h = number_of(part.substr(at + 1, cross == std::string::npos ? cross : cross - at - 1), where);
      dosing.dose = cross == std::string::npos ? stored.data.deliveries[static_cast<std::size_t>(input)].dose : number_of(part.substr(cross + 1), where);
      if (!(dosing.from_h >= 0)) throw InputError(where, fmt::format("is delivered at {:g} h, before the start (0 h)", dosing.from_h), "give 0 or more");
      if (!(dosing.dose >= 0)) throw InputError(where, fmt::format("has the dose {:g}", dosing.dose), "give 0 or more");
      if (dosing.from_h >= time_h) throw InputError(where, fmt::format("is delivered at {:g} h, when cells are taken at {:g} h", dosing.from_h, time_h), "give --time-h");
      dosing.end_h = time_h + 1;
      if (dosing.dose > stored.data.deliveries[static_cast<std::size_t>(input)].dose) words.push_back(fmt::format("{}: dose {:g} is above the one fitted: the network extrapolates.", out.conditions.back(), dosing.dose));
      courses[a].emplace_back(input, models::active_input(dosing));
      for (const double t : courses[a].back().second.breaks())
        if (t > 0 && t < time_h) out.experiment.breaks_h.push_back(t);
    }
  }
  std::sort(out.experiment.breaks_h.begin(), out.experiment.breaks_h.end());
  out.experiment.breaks_h.erase(std::unique(out.experiment.breaks_h.begin(), out.experiment.breaks_h.end()), out.experiment.breaks_h.end());
  out.experiment.sample_times_h = {time_h};
  if (time_h != stored.data.time_h) words.push_back(fmt::format("Predicted for {:g} h; the network was fitted to {:g} h alone, so times in between rest on its assumed decay.", time_h, stored.data.time_h));
  out.experiment.inputs = [courses](double t, bool, BatchMatrix u) {
    u.setZero();
    for (std::size_t a = 0; a < courses.size(); ++a)
      for (const auto& [k, course] : courses[a]) u(k, static_cast<Eigen::Index>(a)) += course(t);
  };
  return out;
}

Element matrix_of(const Eigen::MatrixXd& columns) {      // [M x Q] to [Q x M], row by row
  Array out{{columns.cols(), columns.rows()}, std::vector<double>(columns.data(), columns.data() + columns.size())};
  return Element{out};
}

}  // namespace

NetworkMeasurements arms_to_predict(const StoredGrn& stored, const GrnPredictSettings& settings, std::vector<std::string>& words) {
  if (settings.arms.empty()) return stored.fitted.network.problem.blocks[0];
  return stored.data.steady() ? constant_arms(stored, settings.arms, words) : delivered_arms(stored, settings, words);
}

void run_grn_predict(RunDirectory& run, const GrnPredictSettings& settings) {
  const StoredGrn stored = read_stored_grn(settings.fit);
  run.set_title("Predictions of " + stored.scenario.title, "What does the fitted network say of these arms, and how certain is that?");
  run.add_input(settings.fit);
  std::vector<std::string> words;
  const NetworkMeasurements block = arms_to_predict(stored, settings, words);
  const GrnPrediction predicted = predict_grn(stored.fitted, block, stored.scenario.level);
  for (const auto& w : words) run.add_warning(w);
  if (!predicted.outcome.ok()) {
    run.set_outcome(predicted.outcome);
    return;
  }
  Table table({{"arm", "", ""}, {"gene", "", ""}, {"estimate", stored.data.unit, ""}, {"lower", stored.data.unit, fmt::format("{:g} % for a new measurement, from conditions the folds left out", 100 * stored.scenario.level)}, {"upper", stored.data.unit, ""}, {"interval", "", ""}});
  for (std::size_t a = 0; a < predicted.conditions.size(); ++a)
    for (std::size_t g = 0; g < stored.data.genes.size(); ++g) {
      const auto i = static_cast<Eigen::Index>(g), c = static_cast<Eigen::Index>(a);
      table.add_row({predicted.conditions[a], stored.data.genes[g], predicted.estimate(i, c), cell_of(predicted.range.lower(i, c)), cell_of(predicted.range.upper(i, c)), interval_words(predicted.range, i, c, stored.scenario.level)});
    }
  run.add_table("predictions", table, "Predicted means with intervals.");
  AnnotatedData data;
  data.X = matrix_of(predicted.estimate);
  data.obs.index = predicted.conditions;
  data.obs.put("arm", predicted.conditions);
  data.var.index = stored.data.genes;
  data.layers.put("lower", matrix_of(predicted.range.lower));
  data.layers.put("upper", matrix_of(predicted.range.upper));
  std::filesystem::create_directories(run.path_for("data"));
  write_anndata(data, run.path_for("data/predictions.h5ad"));
  const auto known = predicted.range.lower.array().isFinite().count();
  run.add_result("predicted_values", static_cast<double>(predicted.estimate.size()), "1");
  run.add_result("with_interval", static_cast<double>(known), "1");
  run.add_answer(fmt::format("{} predicted for {}, {} of {} with an interval.{}", counted(predicted.conditions.size(), "arm"), counted(stored.data.genes.size(), "gene"), known, counted(predicted.estimate.size(), "value"), known > 0 ? " Intervals come from conditions left out in the fit: they hold for arms like those." : " The fit left no condition out (folds in [fit]), and nothing else says how far off a new arm may be."));
  fmt::print("{}", to_terminal_paragraph("answer    ", run.summary().answers.back()));
}

void run_grn_edges(RunDirectory& run, const GrnEdgeSettings& settings) {
  const auto file = settings.fit / "tables/edges.tsv";
  if (!std::filesystem::exists(file)) throw InputError(settings.fit.string(), "holds no tables/edges.tsv", "give the folder that hyped grn fit wrote");
  run.set_title("Edges of " + settings.fit.filename().string(), "Which edges do the data determine, which only weakly, which not at all?");
  run.add_input(settings.fit);
  const std::vector<std::string> known = std::filesystem::exists(settings.fit / "run.h5") ? read_run_file(settings.fit / "run.h5").names.at("genes") : std::vector<std::string>{};
  for (const auto& [option, gene] : {std::pair{"--from ", settings.from}, {"--to ", settings.to}})
    if (!gene.empty() && !known.empty() && std::find(known.begin(), known.end(), gene) == known.end()) throw InputError(option + gene, "is no gene of the fit", did_you_mean(gene, known));
  const DelimitedTable read = DelimitedTable::read(file);
  if (!read.has("prior_share")) throw InputError(file.string(), "was written by an earlier version: it does not say what each verdict rests on", "fit again");
  std::string unit;
  for (const StoredTable& stored : read_summary(settings.fit).tables)
    for (const Column& column : stored.columns)
      if (stored.name == "edges" && column.name == "weight") unit = column.unit;
  Table table({{"from", "", ""}, {"to", "", ""}, {"weight", unit, ""}, {"lower", "", "of the fit: 95 % by the information of the means, or the jackknife range over folds"}, {"upper", "", ""}, {"z", "", "distance from no effect in standard deviations; empty: folds judge"},
               {"prior_share", "", "the penalty's share of the information: the variance that is left over the prior's"}, {"verdict", "", ""}, {"folds_agree", "1", ""}, {"why", "", "criteria met and failed"}});
  std::map<std::string, int> counts;
  std::vector<std::string> genes;
  bool named = settings.from.empty() && settings.to.empty();
  for (std::size_t r = 0; r < read.rows(); ++r) {
    const auto text = [&](const char* column) { return read.text(r, read.column(column)); };
    genes.push_back(text("from"));
    genes.push_back(text("to"));
    if ((!settings.from.empty() && text("from") != settings.from) || (!settings.to.empty() && text("to") != settings.to)) continue;
    named = true;
    const auto number = [&](const char* column) { return cell_of(read.number_or_missing(r, read.column(column))); };
    table.add_row({text("from"), text("to"), number("weight"), number("lower"), number("upper"), number("z"), number("prior_share"), text("verdict"), read.integer(r, read.column("folds_agree")), text("why")});
    ++counts[text("verdict")];
  }
  if (!named) {
    const std::string& wrong = settings.from.empty() ? settings.to : settings.from;
    if (std::find(genes.begin(), genes.end(), wrong) == genes.end()) run.add_note(fmt::format("No edge of the fit touches '{}'. Nearest names with edges: {}.", wrong, nearest_names(wrong, genes)));
  }
  fmt::print("\n{}\n", to_terminal(table, "tables/edges.tsv"));
  run.add_table("edges", table, "Edges, strongest first. Edges that are exactly 0 are not listed. " + verdict_rule({}, "the penalty") + " Without standard errors folds judge: stable over folds, same sign over folds, not identified.");
  std::string words;
  for (const auto& [verdict, count] : counts) words += fmt::format("{}{} {}", words.empty() ? "" : ", ", count, verdict);
  run.add_answer(words.empty() ? "No such edge: the fit has set it to exactly 0, or it may not be." : "Edges: " + words + ".");
  fmt::print("{}", to_terminal_paragraph("answer    ", run.summary().answers.back()));
}

void run_grn_steady(RunDirectory& run, const GrnPredictSettings& settings) {
  const StoredGrn stored = read_stored_grn(settings.fit);
  run.set_title("Steady states of " + stored.scenario.title, "Under constant inputs: is there a steady state, is it stable, does the network reach it from 0?");
  run.add_input(settings.fit);
  std::vector<std::string> words, names;
  Eigen::MatrixXd inputs;
  if (stored.data.steady()) {
    const NetworkMeasurements block = arms_to_predict(stored, settings, words);
    inputs = block.experiment.constant_inputs;
    names = block.conditions;
  } else {
    if (!settings.arms.empty()) throw InputError("--arm", "deliveries come and go: a steady state is asked for constant inputs", "leave --arm out: each arm's inputs are then held at 1");
    inputs = stored.data.given.transpose();
    names = stored.data.conditions;
    words.push_back("The inputs of every arm are held at the reference dose's peak: their courses have no steady state but that without inputs.");
  }
  for (const auto& w : words) run.add_warning(w);
  const Eigen::VectorXd p = stored.fitted.network.problem.transform.natural(stored.fitted.fit.best().theta);
  const auto found = steady_batch(*stored.fitted.network.model, {p.data(), static_cast<std::size_t>(p.size())}, Eigen::MatrixXd::Zero(stored.fitted.network.model->state_count(), inputs.cols()), inputs);
  const std::string time = stored.data.time_unit();
  Table table({{"arm", "", ""}, {"exists", "", ""}, {"stable", "", ""}, {"reached", "", "from 0"}, {"leading_real", "1/" + time, "eigenvalue of the Jacobian with the largest real part"}, {"leading_imaginary", "1/" + time, ""}, {"period", time, "where it oscillates"}, {"largest_rate", stored.data.unit + "/" + time, "max |dx/dt| where it ended"}, {"outcome", "", ""}});
  const auto yes = [](bool b) { return std::string(b ? "yes" : "no"); };
  int reached = 0;
  double slowest = -std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < found.size(); ++c) {
    const SteadyColumn& s = found[c];
    reached += s.exists && s.stable && s.reached ? 1 : 0;
    if (s.exists) slowest = std::max(slowest, s.leading.real());
    table.add_row({names[c], yes(s.exists), yes(s.stable), yes(s.reached), s.exists ? cell_of(s.leading.real()) : Cell{}, s.exists ? cell_of(std::abs(s.leading.imag())) : Cell{}, s.period_h > 0 ? Cell(s.period_h) : Cell{}, cell_of(s.largest_rate), s.outcome.ok() ? std::string("ok") : s.outcome.message});
  }
  fmt::print("\n{}\n", to_terminal(table, "tables/steady.tsv"));
  run.add_table("steady", table, fmt::format("Steady states under constant inputs.{}", stored.data.steady() ? fmt::format(" The data have no clock: time is counted so that a node decays with rate {:g}.", stored.scenario.network.decay_per_h) : ""));
  run.add_result("reached", reached, "arms");
  run.add_answer(fmt::format("{} of {} {} a steady state that is stable and reached from 0{}.", reached, counted(found.size(), "arm"), agreed(reached, "has", "have"), std::isfinite(slowest) ? fmt::format("; the slowest direction of all has the rate {:.4g}{}", slowest, stored.data.steady() ? fmt::format(", where a node decays with {:g}", stored.scenario.network.decay_per_h) : " per h") : ""));
  if (reached < static_cast<int>(found.size())) run.set_outcome({Status::not_converged, fmt::format("{} without a steady state that is stable and reached", counted(static_cast<int>(found.size()) - reached, "arm"))});
  fmt::print("{}", to_terminal_paragraph("answer    ", run.summary().answers.back()));
}

}  // namespace hyped
