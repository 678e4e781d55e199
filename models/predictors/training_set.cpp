// Look-ups of training data and their fallbacks.
#include "models/predictors/training_set.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

std::vector<std::string> sorted(std::vector<std::string> parts) {
  std::sort(parts.begin(), parts.end());
  return parts;
}

std::string place(const std::string& context) { return context.empty() ? std::string("the data") : "context " + context; }

}  // namespace

void add_to_note(std::string& note, const std::string& sentence) {
  if (note.find(sentence) == note.npos) note += (note.empty() ? "" : "; ") + sentence;
}

TrainingSet::TrainingSet(const ResponseProfiles& profiles) : profiles_(profiles) {
  HYPED_REQUIRE(static_cast<std::size_t>(profiles_.mean.rows()) == profiles_.conditions.size() && static_cast<std::size_t>(profiles_.mean.cols()) == profiles_.genes.size());
  std::set<std::pair<std::vector<std::string>, std::string>> seen;
  for (std::size_t row = 0; row < profiles_.conditions.size(); ++row) {
    ResponseCondition& c = profiles_.conditions[row];
    c.perturbations = sorted(c.perturbations);
    if (!seen.insert({c.perturbations, c.context}).second)
      throw InputError("training profiles", fmt::format("hold '{}' twice in {}", c.name, place(c.context)), "give one profile for each condition and context");
    if (!profiles_.mean.row(static_cast<Eigen::Index>(row)).allFinite()) throw InputError("training profiles", fmt::format("'{}' has a value that is not finite", c.name), "leave out conditions without cells");
    if (c.perturbations.empty()) control_of_[c.context] = static_cast<int>(row);
    else perturbed_.push_back(static_cast<int>(row));
  }
  for (const int row : perturbed_) control(condition(row).context);
  for (std::size_t g = 0; g < profiles_.genes.size(); ++g) column_of_.emplace(profiles_.genes[g], static_cast<int>(g));
}

Eigen::RowVectorXd TrainingSet::control(const std::string& context) const {
  const auto found = control_of_.find(context);
  if (found == control_of_.end()) throw InputError("training profiles", fmt::format("hold no control of {}", place(context)), "predictions start from the control of the same context");
  return profiles_.mean.row(found->second);
}

std::vector<int> TrainingSet::perturbed_in(const std::string& context) const {
  std::vector<int> out;
  for (const int row : perturbed_)
    if (condition(row).context == context) out.push_back(row);
  return out;
}

Eigen::RowVectorXd TrainingSet::effect(int row) const { return profiles_.mean.row(row) - control(condition(row).context); }

std::vector<int> TrainingSet::measured_here(const std::vector<std::string>& parts, const std::string& context) const {
  std::vector<int> out;
  const auto wanted = sorted(parts);
  for (const int row : perturbed_)
    if (condition(row).perturbations == wanted && condition(row).context == context) out.push_back(row);
  return out;
}

std::vector<int> TrainingSet::measured_elsewhere(const std::vector<std::string>& parts, const std::string& context) const {
  std::vector<int> out;
  const auto wanted = sorted(parts);
  for (const int row : perturbed_)
    if (condition(row).perturbations == wanted && condition(row).context != context) out.push_back(row);
  return out;
}

Eigen::RowVectorXd TrainingSet::mean_effect(const std::string& context, std::string& note) const {
  std::vector<int> rows = perturbed_in(context);
  if (rows.empty() && !perturbed_.empty()) {
    rows = perturbed_;
    add_to_note(note, fmt::format("no perturbation was learned in {}: mean effect over all contexts", place(context)));
  }
  Eigen::RowVectorXd out = Eigen::RowVectorXd::Zero(genes());
  if (rows.empty()) {
    add_to_note(note, "no perturbation was learned: no effect");
    return out;
  }
  for (const int row : rows) out += effect(row);
  return out / static_cast<double>(rows.size());
}

Eigen::RowVectorXd TrainingSet::part_effect(const std::string& part, const std::string& context, std::string& note) const {
  if (const auto here = measured_here({part}, context); !here.empty()) return effect(here[0]);
  if (const auto elsewhere = measured_elsewhere({part}, context); !elsewhere.empty()) {
    add_to_note(note, fmt::format("{} alone is not learned in {}: mean of its effects in {} other contexts", part, place(context), elsewhere.size()));
    Eigen::RowVectorXd out = Eigen::RowVectorXd::Zero(genes());
    for (const int row : elsewhere) out += effect(row);
    return out / static_cast<double>(elsewhere.size());
  }
  add_to_note(note, fmt::format("{} alone is not learned: mean effect of learned perturbations instead", part));
  return mean_effect(context, note);
}

std::vector<Eigen::RowVectorXd> TrainingSet::part_effects(const ResponseCondition& wanted, std::string& note) const {
  std::vector<Eigen::RowVectorXd> out;
  for (const auto& part : wanted.perturbations) out.push_back(part_effect(part, wanted.context, note));
  return out;
}

std::vector<int> TrainingSet::combinations_with_singles() const {
  std::vector<int> out;
  for (const int row : perturbed_) {
    const ResponseCondition& c = condition(row);
    if (c.perturbations.size() < 2) continue;
    if (std::all_of(c.perturbations.begin(), c.perturbations.end(), [&](const auto& part) { return !measured_here({part}, c.context).empty(); })) out.push_back(row);
  }
  return out;
}

std::vector<int> TrainingSet::target_columns(const ResponseCondition& wanted) const {
  std::vector<int> out;
  for (const auto& part : wanted.perturbations) {
    const auto declared = profiles_.targets.find(part);
    if (declared == profiles_.targets.end()) return {};
    for (const auto& gene : declared->second)
      if (const auto at = column_of_.find(gene); at != column_of_.end()) out.push_back(at->second);
  }
  return out;
}

}  // namespace hyped
