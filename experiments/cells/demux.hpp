// `hyped cells demux`: which sample every cell is of, how certain that is, and how the rule of most votes compares.
#pragma once
#include <filesystem>
#include <string>

#include "libhyped/expression/hashtags/demultiplex.hpp"
#include "libhyped/ingest/cells/read_hashtags.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct DemuxSettings {
  double certainty = 0.9;              // least posterior of a call
  std::string truth;                   // cells_truth.tsv of a twin; empty: not known
};

// Every library by itself: tables/calls_<library>.tsv, parameters with intervals, checks of the model, figures; with the truth,
// reliability of the posteriors and errors at equal yield beside those of the rule.
void run_demux(RunDirectory& run, const std::filesystem::path& file, const DemuxSettings& settings);

// Posteriors and votes against what is true, pure: the parts of the comparison that tests use.
struct DemuxTruth {
  std::vector<double> certainty;       // [N] greatest posterior
  std::vector<char> class_right;       // is that class (hashtags carried) the true one?
  std::vector<double> single, rate;    // [N] greatest posterior of one hashtag alone; share of votes of the winner
  std::vector<char> single_right, vote_right;      // is the cell of that hashtag alone?
  std::vector<char> vote_made;         // the rule called it: it has reads
};
// true_classes: "A", "A+B" in any order, "negative". InputError for a name that is no hashtag.
DemuxTruth against_truth(const Demultiplexed& fit, const HashtagCounts& counts, const std::vector<std::string>& true_classes);

}  // namespace hyped
