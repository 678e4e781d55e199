// Checks and matrices of a class map.
#include "libhyped/observe/class_map.hpp"

#include <fmt/format.h>

#include "libhyped/errors.hpp"

namespace hyped {

static const std::vector<std::pair<Reporter, std::string>>& reporter_names() {
  static const std::vector<std::pair<Reporter, std::string>> names{{Reporter::cdt1_geminin, "cdt1_geminin"},
                                                                   {Reporter::pip, "pip"},
                                                                   {Reporter::cdk_sensor, "cdk_sensor"},
                                                                   {Reporter::nuclei_only, "nuclei_only"}};
  return names;
}

std::string_view to_string(Reporter reporter) {
  for (const auto& [value, name] : reporter_names())
    if (value == reporter) return name;
  return "unknown";
}

Reporter reporter_named(const std::string& wanted, const std::string& where) {
  std::vector<std::string> valid;
  for (const auto& [value, name] : reporter_names()) {
    if (name == wanted) return value;
    valid.push_back(name);
  }
  throw InputError(where, "there is no reporter '" + wanted + "'", "use " + nearest_names(wanted, valid));
}

ClassProjection::ClassProjection(const ClassMap& map, const StagedModel& model, const std::string& where)
    : per_phase_(Eigen::MatrixXd::Zero(static_cast<int>(map.classes.size()), model.phase_count())),
      phase_of_stage_(model.chain().phase), lit_(Eigen::VectorXd::Ones(per_phase_.rows())), dark_(Eigen::VectorXd::Zero(per_phase_.rows())) {
  std::vector<std::string> phases;
  for (const auto& phase : model.graph().phases) phases.push_back(phase.name);
  for (std::size_t k = 0; k < map.classes.size(); ++k) {
    const auto& seen = map.classes[k];
    if (seen.phases.empty()) {
      if (unlabelled_ >= 0) throw InputError(where, "classes '" + map.classes[unlabelled_].name + "' and '" + seen.name + "' name no phase", "only one class may hold the unlabelled cells; name the phases of the other");
      unlabelled_ = static_cast<int>(k);
      lit_[unlabelled_] = 0;
      dark_[unlabelled_] = 1;
    }
    if (seen.every_cell) {
      if (seen.phases.size() != phases.size()) throw InputError(where, "class '" + seen.name + "' holds every cell but does not name every phase", "name all phases of the model");
      dark_[static_cast<int>(k)] = 1;
    }
    for (const auto& phase : seen.phases) {
      const int index = model.phase_index(phase);
      if (index < 0)
        throw InputError(where, fmt::format("class '{}' names the phase '{}', which the model does not have", seen.name, phase),
                         did_you_mean(phase, phases));
      per_phase_(static_cast<int>(k), index) = 1;
    }
  }
  if (map.classes.size() == 1 && unlabelled_ == 0) throw InputError(where, "the only class '" + map.classes[0].name + "' names no phase", "name the phases it is seen in");
  if (map.partition)
    for (int phase = 0; phase < model.phase_count(); ++phase) {
      const double times = per_phase_.col(phase).sum();
      if (times != 1)
        throw InputError(where, fmt::format("phase '{}' is in {} classes", phases[phase], times),
                         times == 0 ? "put it into a class" : "put it into one class, or say partition = false for overlapping channels");
    }
}

bool ClassProjection::shows_dark() const { return dark_.sum() > 0 && class_count() > 1; }

// Rows of labelled classes mixed: (1 - e) own + e / (L - 1) each other one. slope: the derivative by e.
Eigen::MatrixXd ClassProjection::confusion(double misread, double slope) const {
  const int classes = class_count(), labelled = classes - static_cast<int>(dark_.sum());
  Eigen::MatrixXd m = Eigen::MatrixXd::Identity(classes, classes);
  if (slope != 0) m.setZero();
  if (labelled < 2) return m;
  for (int a = 0; a < classes; ++a)
    for (int b = 0; b < classes; ++b) {
      if (dark_[a] > 0 || dark_[b] > 0) continue;
      if (slope != 0) m(a, b) = a == b ? -1.0 : 1.0 / (labelled - 1);
      else m(a, b) = a == b ? 1 - misread : misread / (labelled - 1);
    }
  return m;
}

Eigen::MatrixXd ClassProjection::to_stages(const Eigen::MatrixXd& per_phase) const {
  Eigen::MatrixXd out(per_phase.rows(), static_cast<Eigen::Index>(phase_of_stage_.size()));
  for (std::size_t i = 0; i < phase_of_stage_.size(); ++i) out.col(static_cast<Eigen::Index>(i)) = per_phase.col(phase_of_stage_[i]);
  return out;
}

Eigen::MatrixXd ClassProjection::conditional(double misread) const {
  Eigen::MatrixXd seen = confusion(misread, 0) * per_phase_;
  if (unlabelled_ >= 0) seen.row(unlabelled_).setOnes();
  return to_stages(seen);
}

Eigen::MatrixXd ClassProjection::expected(double labelled, double misread) const {
  return (labelled * lit_ + (1 - labelled) * dark_).asDiagonal() * conditional(misread);
}

Eigen::MatrixXd ClassProjection::by_labelled(double misread) const {
  return (lit_ - dark_).asDiagonal() * conditional(misread);
}

Eigen::MatrixXd ClassProjection::by_misread(double labelled, double misread) const {
  return labelled * to_stages(confusion(misread, 1) * per_phase_);
}

}  // namespace hyped
