// Forward, backward and derivatives of one subject.
#include "libhyped/tracks/panels/panel_pass.hpp"

#include <algorithm>
#include <cmath>

namespace hyped {

PanelLikelihood::Pass::Pass(const PanelLikelihood& all, const std::vector<Rated>& rated, const Eigen::VectorXd& parameters, bool derivatives) : all_(all), rated_(rated), model_(all.model_), n_(all.model_.state_count()) {
  for (int seen = PanelLook::nothing; seen < model_.phase_count(); ++seen) readings_.push_back(model_.reading(parameters, seen));
  start_ = model_.start(parameters, start_derivative_);
  if (derivatives)
    for (const Rated& one : rated) collectors_.push_back(one.table.collector());
}

void PanelLikelihood::Pass::begin(const PanelSubject& subject, PanelRow& into) const {
  std::fill(into.begin(), into.begin() + n_, 0.0);
  const int seen = subject.looks.front().seen;
  const bool estimated = model_.spec().start == PanelSpec::Start::estimated;
  for (int phase = 0; phase < model_.phase_count(); ++phase) {
    const int stages = model_.spec().stages[static_cast<std::size_t>(phase)], first = model_.first_state(phase);
    double share = estimated || seen < 0 ? start_[phase] : phase == seen ? 1.0 : 0.0;
    if (estimated) share *= readings_[static_cast<std::size_t>(seen + 2)][first];
    for (int k = 0; k < (subject.entered ? 1 : stages); ++k) into[static_cast<std::size_t>(first + k)] = share / (subject.entered ? 1 : stages);
  }
}

void PanelLikelihood::Pass::weights(const PanelLook* look, const Rated& rated, PanelRow& into) const {
  for (int s = 0; s < n_; ++s) into[static_cast<std::size_t>(s)] = look == nullptr ? 1.0 : look->exact ? (s == model_.first_state(look->seen) ? 0.0 : rated.generator(s, model_.first_state(look->seen))) : readings_[static_cast<std::size_t>(look->seen + 2)][s];
}

bool PanelLikelihood::Pass::forward(int subject) {
  subject_ = &all_.data_.subjects[static_cast<std::size_t>(subject)];
  steps_ = &all_.steps_[static_cast<std::size_t>(subject)];
  const std::size_t count = steps_->size();
  alpha_.resize(count + 1);
  before_.resize(count + 1);
  weight_.resize(count + 1);
  scale_.resize(count + 1);
  begin(*subject_, alpha_[0]);
  log_likelihood_ = 0;
  if (!scaled(0)) return false;
  for (std::size_t i = 0; i < count; ++i) {
    const Step& step = (*steps_)[i];
    const Rated& rated = rated_[static_cast<std::size_t>(step.kernel)];
    const double* p = rated.table.matrix(step.time);
    PanelRow& b = before_[i + 1];
    std::fill(b.begin(), b.begin() + n_, 0.0);
    for (int s = 0; s < n_; ++s) {
      const double a = alpha_[i][static_cast<std::size_t>(s)];
      if (a == 0) continue;
      for (int j = 0; j < n_; ++j) b[static_cast<std::size_t>(j)] += a * p[s * n_ + j];
    }
    const PanelLook* look = look_of(step);
    weights(look, rated, weight_[i + 1]);
    for (int s = 0; s < n_; ++s) alpha_[i + 1][static_cast<std::size_t>(s)] = std::max(0.0, b[static_cast<std::size_t>(s)]) * weight_[i + 1][static_cast<std::size_t>(s)];
    if (!scaled(i + 1)) return false;
  }
  return true;
}

void PanelLikelihood::Pass::backward(double* gradient, std::vector<PanelRow>* posterior) {
  const std::size_t count = steps_->size();
  PanelRow beta, next;
  std::fill(beta.begin(), beta.begin() + n_, 1.0);
  for (std::size_t i = count; i > 0; --i) {
    if (posterior != nullptr)
      for (int s = 0; s < n_; ++s) (*posterior)[i][static_cast<std::size_t>(s)] = alpha_[i][static_cast<std::size_t>(s)] * beta[static_cast<std::size_t>(s)];
    const Step& step = (*steps_)[i - 1];
    const Rated& rated = rated_[static_cast<std::size_t>(step.kernel)];
    const PanelLook* look = look_of(step);
    if (gradient != nullptr && look != nullptr && look->exact) exact_entry(rated, i, model_.first_state(look->seen), beta, gradient);
    if (gradient != nullptr && look != nullptr && !look->exact) misread(look->seen, before_[i], beta, 1 / scale_[i], gradient);
    for (int s = 0; s < n_; ++s) next[static_cast<std::size_t>(s)] = weight_[i][static_cast<std::size_t>(s)] * beta[static_cast<std::size_t>(s)];
    if (gradient != nullptr) rated.table.collect(step.time, alpha_[i - 1].data(), next.data(), 1 / scale_[i], collectors_[static_cast<std::size_t>(step.kernel)]);
    const double* p = rated.table.matrix(step.time);
    for (int s = 0; s < n_; ++s) {
      double sum = 0;
      for (int j = 0; j < n_; ++j) sum += p[s * n_ + j] * next[static_cast<std::size_t>(j)];
      beta[static_cast<std::size_t>(s)] = sum / scale_[i];
    }
  }
  if (posterior != nullptr)
    for (int s = 0; s < n_; ++s) (*posterior)[0][static_cast<std::size_t>(s)] = alpha_[0][static_cast<std::size_t>(s)] * beta[static_cast<std::size_t>(s)];
  if (gradient == nullptr) return;
  starts(beta, gradient);
  for (std::size_t k = 0; k < collectors_.size(); ++k) {
    if (!collectors_[k].used) continue;
    std::fill(by_rate_.begin(), by_rate_.end(), 0.0);
    by_rate_.resize(model_.directions().size(), 0.0);
    rated_[k].table.finish(collectors_[k], by_rate_.data());
    const Eigen::MatrixXd& slope = rated_[k].by_parameter;
    for (Eigen::Index r = 0; r < slope.rows(); ++r)
      for (Eigen::Index p = 0; p < slope.cols(); ++p) gradient[p] += by_rate_[static_cast<std::size_t>(r)] * slope(r, p);
  }
}


bool PanelLikelihood::Pass::scaled(std::size_t i) {
  double sum = 0;
  for (int s = 0; s < n_; ++s) sum += alpha_[i][static_cast<std::size_t>(s)];
  if (!(sum > 0) || !std::isfinite(sum)) return false;
  for (int s = 0; s < n_; ++s) alpha_[i][static_cast<std::size_t>(s)] /= sum;
  scale_[i] = sum;
  log_likelihood_ += std::log(sum);
  return true;
}

void PanelLikelihood::Pass::exact_entry(const Rated& rated, std::size_t i, int target, const PanelRow& beta, double* gradient) const {
  for (std::size_t r = 0; r < model_.directions().size(); ++r) {
    double sum = 0;
    for (int s = 0; s < n_; ++s)
      if (s != target) sum += before_[i][static_cast<std::size_t>(s)] * model_.directions()[r](s, target) * beta[static_cast<std::size_t>(s)];
    if (sum == 0) continue;
    for (Eigen::Index p = 0; p < rated.by_parameter.cols(); ++p) gradient[p] += sum / scale_[i] * rated.by_parameter(static_cast<Eigen::Index>(r), p);
  }
}

void PanelLikelihood::Pass::misread(int seen, const PanelRow& before, const PanelRow& beta, double factor, double* gradient) const {
  const auto& list = model_.spec().misread;
  for (int m = 0; m < static_cast<int>(list.size()); ++m) {
    const double slope = model_.reading_derivative(m, seen);
    if (slope == 0) continue;
    const int first = model_.first_state(list[static_cast<std::size_t>(m)].truth), stages = model_.spec().stages[static_cast<std::size_t>(list[static_cast<std::size_t>(m)].truth)];
    double sum = 0;
    for (int s = first; s < first + stages; ++s) sum += before[static_cast<std::size_t>(s)] * beta[static_cast<std::size_t>(s)];
    gradient[model_.misread_parameter(m)] += slope * factor * sum;
  }
}

void PanelLikelihood::Pass::starts(const PanelRow& beta, double* gradient) const {
  if (model_.spec().start != PanelSpec::Start::estimated) return;
  const int seen = subject_->looks.front().seen;
  PanelRow plain;
  for (int phase = 0; phase < model_.phase_count(); ++phase) {
    const int stages = model_.spec().stages[static_cast<std::size_t>(phase)], first = model_.first_state(phase), open = subject_->entered ? 1 : stages;
    double sum = 0;
    for (int k = 0; k < stages; ++k) {
      plain[static_cast<std::size_t>(first + k)] = k < open ? start_[phase] / open : 0.0;
      if (k < open) sum += beta[static_cast<std::size_t>(first + k)] / open;
    }
    sum *= readings_[static_cast<std::size_t>(seen + 2)][first] / scale_[0];
    for (int o = 0; o < model_.start_count(); ++o) gradient[model_.first_start() + o] += sum * start_derivative_(phase, o);
  }
  misread(seen, plain, beta, 1 / scale_[0], gradient);
}

}  // namespace hyped
