// Points at which the model could not be solved, from every part of a run: the first of them whole, all of them counted by reason.
#pragma once
#include <Eigen/Core>
#include <map>
#include <string>
#include <vector>

#include "fitting/least_squares.hpp"
#include "fitting/parameter_space.hpp"
#include "fitting/records.hpp"

namespace hyped {

// Of one job: a start, a profile, a refit.
struct SolveLog {
  static constexpr std::size_t kept = 20;
  int evaluations = 0;                      // of the residuals, failed or not
  std::vector<FailedEvaluation> first;      // in order, at most `kept`
  std::map<std::string, int> reasons;       // how many failed, by message
  void add(const LeastSquaresResult& result);
  void add(const SolveLog& later);
};

// As part of a job's record, so that a run that goes on knows of the failures of its earlier lives.
RecordWriter& operator<<(RecordWriter& out, const SolveLog& log);
SolveLog solves_of(RecordReader& in);

struct FailedSolve {
  std::string where;                        // start 3, profile of x, parametric bootstrap 12, refit of arm y
  std::vector<std::string> names;
  Eigen::VectorXd parameters;               // natural units
  Outcome outcome;                          // reason, time, state
};

// Of many jobs, added in an order that no thread changes.
struct FailedSolves {
  static constexpr std::size_t kept = 200;
  struct Reason {
    int count = 0;
    std::string where;                      // the first of them
  };
  long evaluations = 0;
  std::vector<FailedSolve> first;           // in order, at most `kept`
  std::map<std::string, Reason> reasons;
  void add(const std::string& where, const SolveLog& log, const ParameterSpace& space);
  void add(const FailedSolves& others, const std::string& of = "");      // of: before each of their places
};

}  // namespace hyped
