// Pictures of cells and what may be read from them.
#include "experiments/cells/embed.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "libhyped/expression/embedding/embedding_quality.hpp"
#include "libhyped/expression/embedding/tsne.hpp"
#include "libhyped/expression/embedding/umap.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/store/write_anndata.hpp"

namespace hyped {
namespace {

constexpr double unstable = 0.8;      // adjusted Rand index between seeds, below which the communities are called so

PointMatrix components_of(const AnnotatedData& data, int most, const std::string& where) {
  const Element* found = data.obsm.find("X_pca");
  const Array* array = found ? found->as<Array>() : nullptr;
  if (!array || array->shape.size() != 2) throw InputError(where, "has no principal components (obsm/X_pca)", "prepare it first: hyped cells prepare " + where + " --out DIR");
  const Eigen::Index width = most > 0 ? std::min<Eigen::Index>(most, array->shape[1]) : array->shape[1];
  if (width < 2) throw InputError(where, "has fewer than two principal components", "prepare it with more (--components)");
  PointMatrix out(array->shape[0], width);
  for (Eigen::Index i = 0; i < out.rows(); ++i)
    for (Eigen::Index c = 0; c < width; ++c) out(i, c) = number_at(array->values, static_cast<std::size_t>(i * array->shape[1] + c));
  if (!out.allFinite()) throw InputError(where, "obsm/X_pca holds values that are no numbers", "prepare it again");
  return out;
}

Element array_of(const PointMatrix& points) {
  return {Array{{points.rows(), points.cols()}, std::vector<double>(points.data(), points.data() + points.size())}};
}

Element matrix_of(const NeighbourGraph& graph) {
  CompressedMatrix out;
  out.rows = out.columns = graph.points();
  out.start = graph.start;
  out.index.assign(graph.other.begin(), graph.other.end());
  out.values = graph.weight;
  return {out};
}

Element matrix_of(const Neighbours& near) {
  CompressedMatrix out;
  out.rows = out.columns = near.index.rows();
  std::vector<double> distance;
  for (Eigen::Index i = 0; i < near.index.rows(); ++i) {
    std::vector<std::pair<int, double>> row;
    for (Eigen::Index k = 0; k < near.index.cols(); ++k) row.emplace_back(near.index(i, k), near.distance(i, k));
    std::sort(row.begin(), row.end());
    for (const auto& [other, apart] : row) out.index.push_back(other), distance.push_back(apart);
    out.start.push_back(static_cast<std::int64_t>(out.index.size()));
  }
  out.values = distance;
  return {out};
}

// Communities and how well other seeds agree with them.
Communities find_communities(RunDirectory& run, const NeighbourGraph& graph, const EmbedSettings& settings) {
  const Communities found = leiden(graph, {.resolution = settings.resolution, .seed = settings.seed});
  double agreement = 0;
  int least = static_cast<int>(found.size.size()), most = least;
  for (int r = 1; r <= settings.repeats; ++r) {
    const Communities other = leiden(graph, {.resolution = settings.resolution, .seed = settings.seed + static_cast<std::uint64_t>(r)});
    agreement += adjusted_rand_index(found.of, other.of) / settings.repeats;
    least = std::min(least, static_cast<int>(other.size.size())), most = std::max(most, static_cast<int>(other.size.size()));
  }
  std::string words = fmt::format("{} by Leiden at resolution {:g}, modularity {:.3f}", found.size.size(), settings.resolution, found.modularity);
  if (settings.repeats > 0) {
    words += fmt::format("; {} other seeds give {} to {}, adjusted Rand index {:.2f} with these", settings.repeats, least, most, agreement);
    run.add_result("community_stability", agreement, "1");
    if (agreement < unstable) run.add_warning(fmt::format("The communities change with the seed (adjusted Rand index {:.2f}): do not read much into their borders.", agreement));
  }
  say(run, "groups", words);
  run.add_result("communities", static_cast<double>(found.size.size()), "1");
  return found;
}

Table community_table(const Communities& found, const Labels& arms) {
  Table table({{"community", "", "0 is the largest"}, {"arm", "", ""}, {"cells", "", ""}, {"share_of_arm", "1", "of the arm's cells"}});
  std::map<std::pair<int, int>, std::int64_t> count;
  std::map<int, double> in_arm;
  for (std::size_t i = 0; i < found.of.size(); ++i) ++count[{found.of[i], arms.codes[i]}], ++in_arm[arms.codes[i]];
  for (const auto& [key, cells] : count)
    table.add_row({std::int64_t{key.first}, key.second < 0 ? Cell() : Cell(arms.levels[static_cast<std::size_t>(key.second)]), cells, static_cast<double>(cells) / in_arm[key.second]});
  return table;
}

}  // namespace

EmbeddedCells embed_cells(RunDirectory& run, AnnotatedData& data, const EmbedSettings& settings, const std::string& where) {
  EmbeddedCells out;
  const PointMatrix points = components_of(data, settings.components, where);
  const auto n = static_cast<int>(points.rows());
  if (settings.neighbours < 3 || settings.neighbours > n) throw InputError("--neighbours", fmt::format("{} does not fit {} cells", settings.neighbours, n), fmt::format("take 3 to {}", n));
  say(run, "distances", fmt::format("Euclidean in {} principal components, {} cells, all pairs", points.cols(), n));
  const auto arm = grouping_of(data, settings.arm, usual_arm_columns(), where), phase = grouping_of(data, settings.phase, usual_phase_columns(), where);
  say(run, "arms", arm ? fmt::format("column {} ({})", arm->column, fmt::join(arm->labels.levels, ", ")) : "no column names them; name one with --arm: " + columns_in_words(data.obs));
  if (arm) add_design_limits(run, arm->labels);
  say(run, "phases", phase ? fmt::format("column {} ({})", phase->column, fmt::join(phase->labels.levels, ", ")) : "no column names them");
  const bool with_tsne = settings.with_tsne && 3 * settings.perplexity < n;
  if (settings.with_tsne && !with_tsne) run.add_warning(fmt::format("No t-SNE: {} cells are too few for a perplexity of {:g}.", n, settings.perplexity));
  const int few = settings.neighbours - 1, many = with_tsne ? std::max(few, static_cast<int>(3 * settings.perplexity)) : few;
  const Neighbours all = nearest_neighbours(points, std::min(many, n - 1)), near{all.index.leftCols(few), all.distance.leftCols(few)};
  const NeighbourGraph graph = fuzzy_neighbour_graph(near);
  out.groups = find_communities(run, graph, settings);

  out.quality = Table({{"picture", "", ""}, {"trustworthiness", "1", "1: no neighbour in the picture that is none in the data; 0.5: by chance"}, {"neighbours_kept", "1", "of the nearest 15"}, {"cells", "", "looked at"}});
  const Labels community{[&] {
                           Strings names;
                           for (std::size_t k = 0; k < out.groups.size.size(); ++k) names.push_back(std::to_string(k));
                           return names;
                         }(),
                         std::vector<std::int32_t>(out.groups.of.begin(), out.groups.of.end())};
  const int looked_around = std::min(15, (2 * n - 2) / 3 - 1);
  const auto add = [&](const std::string& name, const PointMatrix& picture) {
    const EmbeddingQuality found = embedding_quality(points, picture, looked_around);
    out.quality.add_row({name, found.trustworthiness, found.neighbours_kept, std::int64_t{found.points_looked_at}});
    const auto panel = [&](const std::string& title, const Labels& labels, Palette palette) {
      out.panels.push_back({name + ", " + title, name + " 1 [no unit]", name + " 2 [no unit]", picture.col(0), picture.col(1), labels.levels, colours_of(labels.levels, palette), labels.codes, 0.16, {}, {}});
    };
    if (arm) panel(arm->column, arm->labels, Palette::arms);
    if (phase) panel(phase->column, phase->labels, Palette::phases);
    panel("communities", community, Palette::others);
  };
  const PointMatrix by_umap = umap(graph, points, {.min_distance = settings.min_distance, .seed = settings.seed});
  data.obsm.put("X_umap", array_of(by_umap));
  add("UMAP", by_umap);
  if (with_tsne) {
    const PointMatrix by_tsne = tsne(perplexity_graph(all, settings.perplexity), points);
    data.obsm.put("X_tsne", array_of(by_tsne));
    add("t-SNE", by_tsne);
  }
  data.obs.put("leiden", categorical_of(community));
  data.obsp.put("distances", matrix_of(near));
  data.obsp.put("connectivities", matrix_of(graph));
  out.arms = arm ? arm->labels : Labels{{"all cells"}, std::vector<std::int32_t>(static_cast<std::size_t>(n), 0)};
  out.side = 1 + (arm ? 1 : 0) + (phase ? 1 : 0);
  run.add_note("Distances between far groups of a picture, their sizes and their gaps carry no measure; only who is near whom does, as far as embedding_quality says.");
  return out;
}

void run_embed(RunDirectory& run, const std::filesystem::path& file, const EmbedSettings& settings) {
  run.set_title("Cells of " + file.filename().string(), "Which cells are alike, and do arms and phases lie apart?");
  run.add_input(file);
  AnnotatedData data = read_anndata(file).data;
  const EmbeddedCells found = embed_cells(run, data, settings, file.string());
  std::filesystem::create_directories(run.path_for("data"));
  write_anndata(data, run.path_for("data/embedded.h5ad"));
  run.add_table("communities", community_table(found.groups, found.arms), "Cells of each community by arm.");
  run.add_table("embedding_quality", found.quality, "How much of the neighbourhoods in the components each picture keeps.");
  fmt::print("\n{}\n", to_terminal(found.quality, "tables/embedding_quality.tsv"));
  report::add_figure(run, point_figure("embedding", "Cells in two dimensions, coloured by arm, phase and community.", found.panels, "answer", found.side));
  run.add_answer(fmt::format("{} cells lie in {} communities; the pictures are in data/embedded.h5ad.", data.cells(), found.groups.size.size()));
}

}  // namespace hyped
