// The truth of every droplet.
#include "experiments/twin/cells/cells_truth.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace hyped {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

}  // namespace

std::vector<std::size_t> first_cells(const CellsTwin& twin) {
  std::vector<std::size_t> first(at(twin.droplets()) + 1, twin.cells.size());
  for (std::size_t m = twin.cells.size(); m-- > 0;) first[at(twin.cells[m].droplet)] = m;
  return first;
}

std::vector<const Droplet*> droplets_of(const CellsTwin& twin) {
  std::vector<const Droplet*> out;
  for (const auto& library : twin.libraries)
    for (const auto& droplet : library.droplets) out.push_back(&droplet);
  return out;
}

std::vector<std::string> row_names(const CellsTwin& twin, const CellsTwinSettings& settings) {
  std::vector<std::string> out;
  const auto droplets = droplets_of(twin);
  for (std::size_t i = 0; i < droplets.size(); ++i) out.push_back(droplets[i]->barcode + "_" + settings.libraries[at(twin.library[i])].suffix);
  return out;
}

std::string true_class(const Droplet& droplet, const LibrarySettings& library) {
  std::vector<std::string> names;
  for (const int k : droplet.tags()) names.push_back(library.samples[at(k)].label);
  std::sort(names.begin(), names.end());
  return names.empty() ? "negative" : fmt::format("{}", fmt::join(names, "+"));
}

std::vector<TruthColumn> truth_columns(const CellsTwin& twin, const CellsTwinSettings& settings) {
  const auto droplets = droplets_of(twin);
  const auto first = first_cells(twin);
  const auto& inputs = twin.network.model->definition().inputs;
  const auto library_of = [&](std::size_t i) -> const LibrarySettings& { return settings.libraries[at(twin.library[i])]; };
  std::vector<TruthColumn> out;
  const auto numbers = [&](std::string name, std::string unit, std::string meaning, auto value) {
    TruthColumn column{std::move(name), std::move(unit), std::move(meaning), {}, {}};
    for (std::size_t i = 0; i < droplets.size(); ++i) column.numbers.push_back(static_cast<double>(value(i, twin.cells[first[i]])));
    out.push_back(std::move(column));
  };
  const auto texts = [&](std::string name, std::string meaning, auto value) {
    TruthColumn column{std::move(name), "", std::move(meaning), {}, {}};
    for (std::size_t i = 0; i < droplets.size(); ++i) column.texts.push_back(value(i, twin.cells[first[i]]));
    out.push_back(std::move(column));
  };
  const auto second = [&](std::size_t i) -> const SequencedCell* { return first[i + 1] - first[i] > 1 ? &twin.cells[first[i] + 1] : nullptr; };
  texts("library", "", [&](std::size_t i, const SequencedCell&) { return library_of(i).dataset; });
  texts("true_class", "hashtags of the droplet", [&](std::size_t i, const SequencedCell&) { return true_class(*droplets[i], library_of(i)); });
  numbers("cells", "cells", "in the droplet", [&](std::size_t i, const SequencedCell&) { return first[i + 1] - first[i]; });
  numbers("stained", "1", "0: its cell carries no hashtag", [&](std::size_t i, const SequencedCell&) { return droplets[i]->stained ? 1 : 0; });
  texts("sample", "of the cell", [&](std::size_t i, const SequencedCell& cell) { return library_of(i).samples[at(cell.sample)].label; });
  texts("arm", "of the cell", [&](std::size_t, const SequencedCell& cell) { return cell.arm; });
  texts("true_phase", "of the cell at harvest", [&](std::size_t, const SequencedCell& cell) { return std::string(to_string(cell.phase)); });
  texts("second_sample", "of the second cell", [&](std::size_t i, const SequencedCell&) { return second(i) != nullptr ? library_of(i).samples[at(second(i)->sample)].label : std::string(); });
  texts("second_phase", "of the second cell", [&](std::size_t i, const SequencedCell&) { return second(i) != nullptr ? std::string(to_string(second(i)->phase)) : std::string(); });
  for (std::size_t k = 0; k < settings.delivered.size(); ++k) numbers("dose_" + settings.delivered[k].input, "1", "taken up, relative to the mean of reached cells", [k](std::size_t, const SequencedCell& cell) { return cell.doses[k]; });
  for (std::size_t k = 0; k < inputs.size(); ++k)
    if (static_cast<int>(k) <= twin.network.interferon) numbers("input_" + inputs[k], "1", "of the network at harvest", [k](std::size_t, const SequencedCell& cell) { return cell.inputs[k]; });
  numbers("exogenous_umis", "UMIs", "of modified mRNA in a cell of the median depth", [](std::size_t, const SequencedCell& cell) { return cell.exogenous_umis; });
  numbers("expected_umis", "UMIs", "of its cells, ambient ones not counted", [&](std::size_t i, const SequencedCell&) {
    double sum = 0;
    for (std::size_t m = first[i]; m < first[i + 1]; ++m) sum += twin.cells[m].umis;
    return sum;
  });
  numbers("ambient_share", "1", "expected share of ambient UMIs", [&](std::size_t i, const SequencedCell&) { return twin.ambient_share[i]; });
  return out;
}

}  // namespace hyped
