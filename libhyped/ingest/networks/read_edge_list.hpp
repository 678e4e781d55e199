// Signed edge lists of regulators and targets: CollecTRI, DoRothEA, TRRUST, or a table of one's own.
#pragma once
#include <filesystem>

#include "libhyped/model/prior_edges.hpp"

namespace hyped {

// Recognised by the header: source,target,weight[,PMID] (CollecTRI: + is weak evidence if the name says collectri);
// source,confidence,target,weight (DoRothEA: A to E become confidences 1, 0.8, 0.6, 0.4, 0.2); Gene1, Gene2, Mode_of_Regulation (TRRUST:
// Activation, Repression, Unknown); source (or regulator), target [, sign or weight] [, confidence] (own; without a sign column no edge has one). A pair met twice with one sign is kept once; with
// both signs it becomes unsigned. Both are counted in the notes. InputError with file and line for what cannot be read.
PriorEdges read_edge_list(const std::filesystem::path& file);

}  // namespace hyped
