// What one job of a run found: rows of tables and words, to be told in order however the jobs ran, and kept in records.
#pragma once
#include <string>
#include <vector>

#include "fitting/records.hpp"
#include "libhyped/store/run_directory.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

struct Findings {
  std::vector<Table> tables;                     // the job's rows of each of the run's tables, in their order
  std::vector<std::string> warnings, notes, answers;
  std::vector<std::string> doubts;               // why the job's headline is not to be used, its owner's business
  int kind = -1;                                 // what the job settled, its owner's business
  void tell(RunDirectory& run) const;            // warnings, notes and answers
};

Record record_of(const Findings& found);
// The tables must have the columns of those that were recorded.
Findings findings_of(const Record& record, const std::vector<Table>& empty);
// Rows after those that are there.
void append(Table& to, const Table& rows);

}  // namespace hyped
