// Genes, conditions, scales and targets of the two sides put together.
#include "experiments/benchmark/score/read_pair.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "experiments/benchmark/first_names.hpp"
#include "experiments/benchmark/replicates.hpp"
#include "experiments/benchmark/score/prediction_file.hpp"
#include "experiments/benchmark/score/vcc_archive.hpp"
#include "experiments/cells/cell_columns.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/expression/preparation/normalise.hpp"

namespace hyped {
namespace {

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> out;
  std::stringstream in(text);
  for (std::string part; std::getline(in, part, at);) out.push_back(part);
  return out;
}

// Columns of both sides in one order: the truth's.
struct GeneMatch {
  std::vector<std::string> genes;
  std::vector<int> truth, predicted;
};
GeneMatch match_genes(RunDirectory& run, const SideFile& truth, const SideFile& prediction, bool intersection) {
  std::map<std::string, int> at;
  for (std::size_t g = 0; g < prediction.genes.size(); ++g) at[prediction.genes[g]] = static_cast<int>(g);
  GeneMatch out;
  std::vector<std::string> absent;
  for (std::size_t g = 0; g < truth.genes.size(); ++g) {
    const auto found = at.find(truth.genes[g]);
    if (found == at.end()) absent.push_back(truth.genes[g]);
    else out.genes.push_back(truth.genes[g]), out.truth.push_back(static_cast<int>(g)), out.predicted.push_back(found->second);
  }
  const std::size_t extra = prediction.genes.size() - out.genes.size();
  if (out.genes.empty()) throw InputError(prediction.where, fmt::format("has no gene of the truth; it names {}, the truth {}", first_of(prediction.genes), first_of(truth.genes)), "genes must be called the same on both sides (symbols or Ensembl ids)");
  if (!absent.empty() || extra > 0) {
    const std::string words = fmt::format("{} of the truth's {} genes are not in the prediction{}, and {} of the prediction's are not in the truth", absent.size(), truth.genes.size(), absent.empty() ? "" : " (" + first_of(absent) + ")", extra);
    if (!intersection) throw InputError(prediction.where, words, fmt::format("predict the same genes, or score the {} that both have with --intersection", out.genes.size()));
    say(run, "genes", fmt::format("{}: the {} that both have are scored", words, out.genes.size()));
  } else {
    say(run, "genes", fmt::format("{}, the same on both sides{}", out.genes.size(), truth.genes == prediction.genes ? "" : ", in another order: put in the truth's"));
  }
  return out;
}

// Target genes of a label, from the map or the label's own name.
struct Targets {
  std::map<std::string, std::vector<std::string>> of;
  bool others_have_none = false;
};
Targets parse_targets(const std::vector<std::string>& given) {
  Targets out;
  for (const std::string& all : given)
    for (const std::string& one : split(all, ',')) {
      const auto equals = one.find('=');
      if (one == "none") out.others_have_none = true;
      else if (equals == std::string::npos || equals == 0 || equals + 1 == one.size()) throw InputError("--targets " + one, "is no map from a label to genes", "write LABEL=GENE, LABEL=GENE+GENE or LABEL=none; 'none' alone says that all others have none");
      else out.of[one.substr(0, equals)] = one.substr(equals + 1) == "none" ? std::vector<std::string>{} : split(one.substr(equals + 1), '+');
    }
  return out;
}

void resolve_targets(RunDirectory& run, ScoredPair& pair, const Targets& targets) {
  std::map<std::string, std::size_t> at;
  for (std::size_t g = 0; g < pair.genes.size(); ++g) at[pair.genes[g]] = g;
  std::vector<std::string> unresolved, words, unmeasured;
  for (const std::string& label : pair.conditions) {
    std::vector<std::string> names;
    bool known = true;
    if (const auto whole = targets.of.find(label); whole != targets.of.end()) names = whole->second;
    else
      for (const std::string& part : split(label, '+')) {
        if (const auto mapped = targets.of.find(part); mapped != targets.of.end()) names.insert(names.end(), mapped->second.begin(), mapped->second.end());
        else if (at.count(part)) names.push_back(part);
        else if (part != pair.control && part != "ctrl") known = known && targets.others_have_none;      // GEARS writes a single as GENE+ctrl
      }
    if (!known) unresolved.push_back(label);
    std::vector<std::size_t> own;
    for (const std::string& name : names) {
      if (const auto found = at.find(name); found != at.end()) own.push_back(found->second);
      else unmeasured.push_back(name);
    }
    if (!names.empty()) words.push_back(fmt::format("{}: {}", label, fmt::join(names, "+")));
    pair.own_genes.push_back(std::move(own));
  }
  if (!unresolved.empty()) throw InputError("--targets", fmt::format("{} of {} labels are no gene of the data: {}", unresolved.size(), pair.conditions.size(), first_of(unresolved)), "map them (--targets siPRRX1=PRRX1), or say that they have no target gene (--targets LABEL=none, or --targets none for all): a perturbed gene moves by the tool and is left out");
  say(run, "targets", words.empty() ? std::string("none, as declared: no gene is left out") : first_of(words));
  if (!unmeasured.empty()) run.add_note(fmt::format("Target genes that are not among the genes scored: {}.", first_of(unmeasured)));
}

// An arm whose cells hold nothing has a profile of zeros, which is no measurement and no prediction.
void refuse_empty(const ScoredCells& cells, const std::string& where) {
  std::vector<char> seen(cells.groups.names.size(), 0), some(seen);
  for (std::size_t c = 0; c < cells.groups.of_cell.size(); ++c) {
    if (cells.groups.of_cell[c] < 0) continue;
    const auto k = static_cast<std::size_t>(cells.groups.of_cell[c]);
    const auto values = cells.cells.values_of(static_cast<int>(c));
    seen[k] = 1, some[k] = some[k] || std::any_of(values.begin(), values.end(), [](float v) { return v != 0; });
  }
  for (std::size_t k = 0; k < seen.size(); ++k)
    if (seen[k] && !some[k]) throw InputError(where, fmt::format("all values of all cells of '{}' are 0", cells.groups.names[k]), "leave the condition out of the file, or find out where its counts went");
}

// Means of logarithms are not negative. A linear model may fall below 0 by a little: counted and said. A table of changes is refused.
void check_signs(RunDirectory& run, const ScoredPair& pair) {
  const ProfileMatrix& means = pair.predicted_means;
  Eigen::Index row = 0, column = 0;
  if (means.size() == 0 || !(means.minCoeff(&row, &column) < 0)) return;
  const double below = -means.cwiseMin(0).sum(), above = means.cwiseMax(0).sum();
  const std::string first = fmt::format("{} of {} predicted means are negative; the lowest, condition {}, gene {}, is {:.4g}", (means.array() < 0).count(), means.size(), pair.conditions[static_cast<std::size_t>(row)], pair.genes[static_cast<std::size_t>(column)], means(row, column));
  if (below > 0.1 * above) throw InputError(pair.where, first + ": it looks like changes from the control", "give expression: add the control's means");
  run.add_warning(first + ". Means of ln(1 + x) cannot be; they are scored as they are.");
}

void check_differences(RunDirectory& run, const ScoredPair& pair) {
  const ProfileMatrix means = pair.predicted ? group_means(pair.predicted->cells, pair.predicted->groups) : pair.predicted_means;
  const ProfileMatrix measured = group_means(pair.predicted ? pair.truth.cells : logs_of(pair.truth, pair.means_target), pair.truth.groups);
  std::vector<std::string> copies;
  for (std::size_t i = 0; i < pair.conditions.size(); ++i)
    if (const auto row = static_cast<Eigen::Index>(i); !pair.missing[i] && (means.row(row) - measured.row(row)).cwiseAbs().maxCoeff() <= 1e-6 * measured.row(row).cwiseAbs().maxCoeff()) copies.push_back(pair.conditions[i]);
  if (!copies.empty()) run.add_warning(fmt::format("{} of {} predicted conditions are the truth itself ({}): a prediction cannot know its noise. Were they in what was learned from?", copies.size(), pair.conditions.size(), first_of(copies)));
  std::vector<Eigen::Index> given;
  for (std::size_t i = 0; i < pair.conditions.size(); ++i)
    if (!pair.missing[i]) given.push_back(static_cast<Eigen::Index>(i));
  if (given.size() < 2) return;
  double apart = 0;
  for (const auto i : given) apart = std::max(apart, (means.row(i) - means.row(given.front())).cwiseAbs().maxCoeff());
  if (apart <= 1e-6 * means.cwiseAbs().maxCoeff()) run.add_warning(fmt::format("All {} predicted conditions are the same up to rounding: correlations of change are those of rounding, or undefined.", given.size()));
}

// Prediction against the truth's level, over the conditions that both have: a scale that does not fit is refused, not scored. What it looks like is
// the reading under which the mean profile fits, and at least four times better (changes from a control fit none).
void check_level(const ScoredPair& pair, const SideFile& truth, const SideFile& prediction) {
  if (pair.truth.scale == CellScale::counts && pair.predicted) return;
  const ProfileMatrix measured = group_means(logs_of(pair.truth, pair.log_target), pair.truth.groups), predicted = pair.predicted ? group_means(pair.predicted->cells, pair.predicted->groups) : pair.predicted_means;
  Eigen::RowVectorXd t = Eigen::RowVectorXd::Zero(measured.cols()), p = t;
  double both = 0;
  for (std::size_t i = 0; i < pair.conditions.size(); ++i)
    if (const auto row = static_cast<Eigen::Index>(i); !pair.missing[i]) t += measured.row(row), p += predicted.row(row), ++both;
  if (!(both > 0)) return;
  t /= both, p /= both;
  // total: factor between the relative levels of both sides, the middle one of genes that both express
  std::vector<double> factors;
  for (Eigen::Index g = 0; g < t.size(); ++g)
    if (t[g] > 0.05 && p[g] > 0.05) factors.push_back(std::expm1(std::min(p[g], 500.0)) / std::expm1(t[g]));
  double factor = 1;
  if (!factors.empty()) {
    std::nth_element(factors.begin(), factors.begin() + static_cast<std::ptrdiff_t>(factors.size() / 2), factors.end());
    factor = factors[factors.size() / 2];
  }
  const double level = p.sum() / t.sum(), slope = p.dot(t) / t.squaredNorm(), once = (p - t).squaredNorm();
  struct Reading {
    double error;
    std::string words, remedy;
  };
  std::vector<Reading> readings;
  if (std::abs(slope * std::log(2.0) - 1) < 0.1) readings.push_back({(p * std::log(2.0) - t).squaredNorm(), fmt::format("looks like logarithms to base 2: its means are {:.3f} times the truth's natural ones", slope), "give natural logarithms, ln(1 + normalised counts)"});
  if (p.maxCoeff() < 4) readings.push_back({(p - (t.array() + 1).log().matrix()).squaredNorm(), "looks like logarithms taken twice: its means fit ln(1 + x) of the truth's values at least four times better than the values", "give ln(1 + normalised counts), taken once"});
  if (p.minCoeff() >= 0) readings.push_back({((p.array() + 1).log().matrix() - t).squaredNorm(), "looks like counts: ln(1 + x) of its means fits the truth's logarithms at least four times better than the means", "give ln(1 + normalised counts)"});
  if (p.minCoeff() >= 0 && (factor > 1.5 || factor < 1 / 1.5) && p.maxCoeff() < 500) readings.push_back({((((p.array().exp() - 1) / factor + 1).log()).matrix() - t).squaredNorm(), fmt::format("looks like logarithms per another total: {:.3g} times the truth's ({})", factor, truth.words), "give both per the same total"});
  const auto best = std::min_element(readings.begin(), readings.end(), [](const Reading& a, const Reading& b) { return a.error < b.error; });
  const double whole = t.squaredNorm();
  if (best != readings.end() && 4 * best->error < once && best->error < (once > whole ? 0.5 : 0.1) * whole) throw InputError(prediction.where, best->words, best->remedy);
  if (!(level > 0.5 && level < 2)) throw InputError(prediction.where, fmt::format("is on another scale: its mean expression is {:.3g} of the truth's ({})", level, truth.words), "give both as counts, or both as ln(1 + counts per the same total)");
}

// Means of logarithms beside counts: per which total? The total that is taken must not be beaten by a usual one. At most about 8,000 cells are looked at.
void check_total(const ScoredPair& pair, const SideFile& prediction) {
  const SparseRows& counts = pair.truth.cells;
  const int step = std::max(1, counts.rows / 8000);
  const Eigen::VectorXd totals = row_totals(counts);
  Eigen::RowVectorXd p = Eigen::RowVectorXd::Zero(counts.columns);
  double both = 0;
  for (std::size_t i = 0; i < pair.conditions.size(); ++i)
    if (!pair.missing[i]) p += pair.predicted_means.row(static_cast<Eigen::Index>(i)), ++both;
  if (!(both > 0)) return;
  p /= both;
  // (misfit of the mean profile, its size) for counts per `total`
  const auto misfit = [&](double total) {
    ProfileMatrix sum = ProfileMatrix::Zero(static_cast<Eigen::Index>(pair.conditions.size()), counts.columns);
    Eigen::VectorXd cells = Eigen::VectorXd::Zero(sum.rows());
    for (int c = 0; c < counts.rows; c += step) {
      const auto k = pair.truth.groups.of_cell[static_cast<std::size_t>(c)];
      if (k < 0 || k >= sum.rows() || pair.missing[static_cast<std::size_t>(k)] || !(totals[c] > 0)) continue;
      const auto values = counts.values_of(c);
      const auto columns = counts.columns_of(c);
      for (std::size_t n = 0; n < values.size(); ++n) sum(k, columns[n]) += std::log1p(values[n] * total / totals[c]);
      ++cells[k];
    }
    Eigen::RowVectorXd t = Eigen::RowVectorXd::Zero(counts.columns);
    double seen = 0;
    for (Eigen::Index k = 0; k < sum.rows(); ++k)
      if (cells[k] > 0) t += sum.row(k) / cells[k], ++seen;
    t /= std::max(1.0, seen);
    return std::pair((p - t).squaredNorm(), t.squaredNorm());
  };
  const double taken = misfit(pair.log_target).first;
  for (const double total : {1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6}) {
    const auto [error, size] = misfit(total);
    if (4 * error < taken && error < 0.02 * size)
      throw InputError(prediction.where, fmt::format("looks like means of ln(1 + counts per {:.0f}): the truth's counts, which would be taken per {:.0f}, fit it better so", total, pair.log_target), fmt::format("say --normalise {:.0f}, or give ln(1 + counts per {:.0f})", total, pair.log_target));
  }
}

}  // namespace

ScoredPair read_scored_pair(RunDirectory& run, const PairSettings& settings) {
  const std::string predicted_by = settings.prediction_by.empty() ? settings.by : settings.prediction_by, predicted_control = !settings.prediction_control.empty() ? settings.prediction_control : settings.prediction.extension() == ".vcc" ? "non-targeting" : settings.control;
  run.add_input(settings.truth), run.add_input(settings.prediction);
  SideFile truth = read_cells_side(settings.truth, settings.matrix, settings.by, settings.control, false, settings.replicates);
  const auto extension = settings.prediction.extension();
  std::optional<VccArchive> archive;
  if (extension == ".vcc") {
    archive.emplace(settings.prediction);
    say(run, "predicted", fmt::format("{} is an archive of the Virtual Cell Challenge: pred.h5ad in it is scored", settings.prediction.filename().string()));
  }
  SideFile prediction = archive ? read_cells_side(archive->prediction(), settings.prediction_matrix, settings.prediction_by.empty() ? "target_gene" : predicted_by, predicted_control, true) : extension == ".csv" || extension == ".tsv" || extension == ".txt" ? read_means_table(settings.prediction, truth.genes) : read_cells_side(settings.prediction, settings.prediction_matrix, predicted_by, predicted_control, true);
  if (archive) prediction.where = settings.prediction.string() + " (pred.h5ad)";
  say(run, "truth", truth.words), say(run, "predicted", prediction.words);
  ScoredPair pair;
  pair.where = settings.prediction.string();
  pair.control = settings.control;
  const GeneMatch genes = match_genes(run, truth, prediction, settings.intersection);
  pair.genes = genes.genes;
  const bool same_columns = static_cast<int>(genes.truth.size()) == truth.rows.columns;

  const std::set<std::string> known(truth.labels.begin(), truth.labels.end());
  std::set<std::string> wanted(settings.only.begin(), settings.only.end());
  for (const auto& name : wanted)
    if (!known.count(name)) throw InputError("--only " + name, "is no label of the truth", did_you_mean(name, std::vector<std::string>(known.begin(), known.end())));
  for (const auto& label : known)
    if (!label.empty() && label != settings.control && (wanted.empty() || wanted.count(label))) pair.conditions.push_back(label);
  if (pair.conditions.empty()) throw InputError(truth.where, fmt::format("column {} has no condition beside the control {}", settings.by, settings.control));
  std::set<std::string> predicted(prediction.labels.begin(), prediction.labels.end());
  std::vector<std::string> missing, extra;
  for (const auto& name : pair.conditions) {
    pair.missing.push_back(predicted.count(name) ? 0 : 1);
    if (pair.missing.back()) missing.push_back(name);
  }
  for (const auto& name : predicted)
    if (!name.empty() && name != predicted_control && !std::count(pair.conditions.begin(), pair.conditions.end(), name)) extra.push_back(name);
  if (missing.size() == pair.conditions.size()) throw InputError(prediction.where, fmt::format("predicts none of the {} conditions of the truth ({}); it has {}", pair.conditions.size(), first_of(pair.conditions), first_of(predicted)), "labels must be the same on both sides");
  say(run, "scored", fmt::format("{} scored, {} of them predicted", pair.conditions.size(), pair.conditions.size() - missing.size()));
  if (!missing.empty()) run.add_warning(fmt::format("The prediction has not {}: in filled means these count with the metric's worst value, or with that of no change where errors have no worst. Plain means leave them out: do not compare these.", first_of(missing)));
  const auto parts_of = [](const std::string& label) {
    const auto parts = split(label, '+');
    return std::multiset<std::string>(parts.begin(), parts.end());
  };
  for (const auto& one : missing)
    for (const auto& other : extra)
      if (parts_of(one) == parts_of(other)) throw InputError(prediction.where, fmt::format("calls {} of the truth {}", one, other), "write labels as in the truth");
  if (!extra.empty()) run.add_warning(fmt::format("The prediction also has {}, which are not scored.", first_of(extra)));

  const auto groups_of = [&](const std::vector<std::string>& labels, const std::string& control) {
    CellGroups out;
    out.names = pair.conditions;
    out.names.push_back(pair.control);
    std::map<std::string, std::int32_t> place;
    for (std::size_t k = 0; k < pair.conditions.size(); ++k) place[pair.conditions[k]] = static_cast<std::int32_t>(k);
    place[control] = static_cast<std::int32_t>(pair.conditions.size());
    for (const auto& label : labels) out.of_cell.push_back(place.count(label) ? place[label] : -1);
    return out;
  };
  pair.truth.scale = truth.scale;
  pair.truth.groups = groups_of(truth.labels, settings.control);
  if (!settings.replicates.empty()) {
    Replicates replicates = numbered_replicates(truth.replicates, pair.truth.groups.of_cell, fmt::format("{}, --replicates {}", truth.where, settings.replicates));
    std::vector<char> is_control(pair.conditions.size(), 0);
    is_control.push_back(1);
    say(run, "replicate", replicates_in_words(settings.replicates, replicates, pair.truth.groups.of_cell, is_control));
    pair.replicate_of = std::move(replicates.of_cell);
  }
  pair.truth.cells = same_columns ? std::move(truth.rows) : columns_of(truth.rows, genes.truth);
  if (prediction.of_means) {
    std::map<std::string, Eigen::Index> row;
    for (std::size_t r = 0; r < prediction.labels.size(); ++r) row[prediction.labels[r]] = static_cast<Eigen::Index>(r);
    pair.predicted_means = ProfileMatrix::Zero(static_cast<Eigen::Index>(pair.conditions.size()), static_cast<Eigen::Index>(pair.genes.size()));
    const std::vector<Eigen::Index> columns(genes.predicted.begin(), genes.predicted.end());
    for (std::size_t i = 0; i < pair.conditions.size(); ++i)
      if (!pair.missing[i]) pair.predicted_means.row(static_cast<Eigen::Index>(i)) = prediction.means(row.at(pair.conditions[i]), columns);
    if (row.count(predicted_control)) pair.predicted_control = prediction.means(row.at(predicted_control), columns);
  } else {
    pair.predicted.emplace();
    pair.predicted->scale = prediction.scale;
    pair.predicted->groups = groups_of(prediction.labels, predicted_control);
    pair.predicted->cells = genes.predicted.size() == prediction.genes.size() && pair.genes == prediction.genes ? std::move(prediction.rows) : columns_of(prediction.rows, genes.predicted);
  }
  refuse_empty(pair.truth, truth.where);
  if (pair.predicted) refuse_empty(*pair.predicted, prediction.where);
  if (settings.normalise > 0) pair.log_target = settings.normalise;
  if (prediction.of_means && pair.truth.scale == CellScale::counts) {
    if (!(settings.normalise > 0)) check_total(pair, prediction);
    pair.truth.cells = logs_of(pair.truth, pair.log_target), pair.truth.scale = CellScale::logs;
    say(run, "scale", fmt::format("the prediction is taken as means of ln(1 + counts per {:.0f}), and the truth's counts became that{}", pair.log_target, settings.normalise > 0 ? "" : " (--normalise says another total)"));
  }
  if (pair.predicted && pair.predicted->scale != pair.truth.scale) {
    const bool truth_counts = pair.truth.scale == CellScale::counts;
    if (!(settings.normalise > 0)) throw InputError(prediction.where, fmt::format("holds {}, and the truth {}", truth_counts ? "logarithms" : "counts", truth_counts ? "counts" : "logarithms"), "give both on one scale, or --normalise 10000 if the logarithms are of counts per 10,000 (--normalise says the total)");
    ScoredCells& counts = truth_counts ? pair.truth : *pair.predicted;
    counts.cells = logs_of(counts, settings.normalise), counts.scale = CellScale::logs;
    say(run, "scale", fmt::format("counts of the {} became ln(1 + counts per {:.0f})", truth_counts ? "truth" : "prediction", settings.normalise));
  } else if (pair.truth.scale == CellScale::logs && truth.log_target > 0 && prediction.log_target > 0 && std::abs(truth.log_target / prediction.log_target - 1) > 0.01) {
    throw InputError(prediction.where, fmt::format("holds logarithms of counts per {:.6g}, and the truth per {:.6g}", prediction.log_target, truth.log_target), "normalise both to the same total");
  } else if (pair.truth.scale == CellScale::counts) {
    say(run, "scale", fmt::format("counts; logarithms are ln(1 + counts per {:.0f}) where a preset names no total", pair.log_target));
  } else if (truth.log_target > 0) {
    pair.log_target = truth.log_target;
  }
  pair.means_target = pair.log_target;
  check_signs(run, pair);
  check_level(pair, truth, prediction);
  check_differences(run, pair);
  resolve_targets(run, pair, parse_targets(settings.targets));
  return pair;
}

}  // namespace hyped
