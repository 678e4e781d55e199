// Figures of `hyped cells demux`.
#pragma once
#include <string>

#include "libhyped/expression/hashtags/demultiplex.hpp"
#include "libhyped/ingest/cells/read_hashtags.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

// A panel per hashtag: cells by reads, and the mixture's signal and background.
void add_hashtag_figure(RunDirectory& run, const HashtagLibrary& library, const Demultiplexed& fit, const std::string& name);
// bins: arm predicted observed lower upper cells.
void add_reliability_figure(RunDirectory& run, const Table& bins, const std::string& name);
// errors: arm (method) yield wrong lower upper.
void add_yield_figure(RunDirectory& run, const Table& errors, const std::string& name, const std::string& library);

}  // namespace hyped
