// Collects failed evaluations of jobs.
#include "fitting/failed_solves.hpp"

namespace hyped {

void SolveLog::add(const LeastSquaresResult& result) {
  evaluations += result.evaluations;
  for (const FailedEvaluation& failed : result.failures) {
    ++reasons[failed.outcome.message];
    if (first.size() < kept) first.push_back(failed);
  }
}

void SolveLog::add(const SolveLog& later) {
  evaluations += later.evaluations;
  for (const auto& [reason, count] : later.reasons) reasons[reason] += count;
  for (const FailedEvaluation& failed : later.first)
    if (first.size() < kept) first.push_back(failed);
}

RecordWriter& operator<<(RecordWriter& out, const SolveLog& log) {
  out << log.evaluations << static_cast<double>(log.first.size());
  for (const FailedEvaluation& failed : log.first) {
    const std::vector<double>& state = failed.outcome.state;
    out << failed.theta << static_cast<double>(failed.outcome.status) << failed.outcome.message << failed.outcome.time_h;
    out << Eigen::MatrixXd(Eigen::Map<const Eigen::VectorXd>(state.data(), static_cast<Eigen::Index>(state.size())));
  }
  out << static_cast<double>(log.reasons.size());
  for (const auto& [reason, count] : log.reasons) out << reason << count;
  return out;
}

SolveLog solves_of(RecordReader& in) {
  SolveLog log;
  log.evaluations = in.integer();
  log.first.resize(static_cast<std::size_t>(in.integer()));
  for (FailedEvaluation& failed : log.first) {
    failed.theta = in.vector();
    failed.outcome.status = static_cast<Status>(in.integer());
    failed.outcome.message = in.text();
    failed.outcome.time_h = in.number();
    const Eigen::VectorXd state = in.vector();
    failed.outcome.state.assign(state.begin(), state.end());
  }
  for (int reasons = in.integer(); reasons > 0; --reasons) {
    const std::string& reason = in.text();
    log.reasons[reason] = in.integer();
  }
  return log;
}

void FailedSolves::add(const std::string& where, const SolveLog& log, const ParameterSpace& space) {
  evaluations += log.evaluations;
  for (const auto& [reason, count] : log.reasons) reasons.try_emplace(reason, Reason{0, where}).first->second.count += count;
  for (const FailedEvaluation& failed : log.first)
    if (first.size() < kept) first.push_back({where, space.names(), space.natural(failed.theta), failed.outcome});
}

void FailedSolves::add(const FailedSolves& others, const std::string& of) {
  evaluations += others.evaluations;
  for (const auto& [reason, found] : others.reasons) reasons.try_emplace(reason, Reason{0, of + found.where}).first->second.count += found.count;
  for (const FailedSolve& failed : others.first)
    if (first.size() < kept) first.push_back({of + failed.where, failed.names, failed.parameters, failed.outcome});
}

}  // namespace hyped
