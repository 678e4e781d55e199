// Scores of methods from published tables and from our own runs, as one cube.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/score/leaderboard/score_cube.hpp"

namespace hyped {

struct ScoreReading {
  std::vector<std::filesystem::path> inputs;      // one table, or run folders
  std::string method, unit, data_set;             // columns of a table; empty: found by their usual names; data_set "none": a name is one perturbation wherever it occurs
  std::vector<std::string> metrics;               // NAME=higher, NAME=lower, with ",scaled" where it is published min-max scaled; empty: those that are known
  bool splits_apart = false;                      // NAME_1, NAME_2, ... are perturbations of their own, not splits of one
  std::string preset;                             // of `hyped bench score` runs
  std::vector<std::string> names;                 // of run folders, in their order: of the method, or before a run's predictors; empty: the folder's name, or none
};
struct ScoreTables {
  ScoreCube rows;                                 // as published: one unit a row of a method
  ScoreCube perturbations;                        // splits of the same perturbation put together
  std::vector<std::string> words;                 // what was taken and why
};
// A table: one row a method and unit. Folders: tables/by_condition.tsv of `hyped bench run` (predictors), or tables/scores.tsv of `hyped bench score` (one
// method, named as the folder); conditions and metrics that all have. InputError: no such column, a pair of method and unit twice, nothing in common.
ScoreTables read_scores(const ScoreReading& reading);

}  // namespace hyped
