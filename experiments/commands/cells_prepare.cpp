// `hyped cells prepare|embed|figure2 FILE`.
#include "experiments/cells/embed.hpp"
#include "experiments/cells/figure2.hpp"
#include "experiments/cells/prepare.hpp"
#include "experiments/commands/cells.hpp"
#include "experiments/commands/checks.hpp"
#include "experiments/commands/narrow_help.hpp"
#include "libhyped/expression/preparation/gene_masks.hpp"

namespace hyped::commands {

void add_cells_prepare(CLI::App& cells, int& exit_code) {
  auto* prepare = cells.add_subcommand("prepare", "Quality, filters, normalisation, phases, variable genes, principal components");
  auto args = std::make_shared<CellsArguments>();      // shared with the callback
  auto settings = std::make_shared<PrepareSettings>();
  settings->masked = transgene_symbols();
  args->add_reading(*prepare, "an .h5ad with counts", "hyped cells prepare cells.h5ad --out out/prepared");
  prepare->add_option("--counts", settings->counts, "X, layers/NAME or raw/X; default: the first with counts")->group(rarely_used);
  prepare->add_option("--arm", settings->arm, "column of cells that names the arm");
  prepare->add_option("--library", settings->library, "column that names the library; cut-offs are taken within");
  prepare->add_option("--mads", settings->rules.mads, "cut-off in MADs of counts, genes, share of the top")->check(number_from_zero())->capture_default_str()->group(rarely_used);
  prepare->add_option("--mads-mt", settings->rules.mads_mt, "of the mitochondrial share")->check(number_from_zero())->capture_default_str()->group(rarely_used);
  prepare->add_option("--max-pct-mt", settings->rules.max_pct_mt, "per cent; 100: no bound beside the MADs")->check(number_within(0, 100))->capture_default_str();
  prepare->add_option("--min-counts", settings->rules.min_counts, "of a cell")->check(number_from_zero())->capture_default_str()->group(rarely_used);
  prepare->add_option("--min-genes", settings->rules.min_genes, "of a cell")->check(count_from_zero())->capture_default_str()->group(rarely_used);
  prepare->add_flag("--keep-all", settings->keep_all, "judge cells, drop none");
  prepare->add_option("--min-cells", settings->min_cells, "of a gene")->check(count_from_zero())->capture_default_str()->group(rarely_used);
  prepare->add_option("--min-counts-gene", settings->min_counts, "of a gene")->check(number_from_zero())->capture_default_str()->group(rarely_used);
  prepare->add_option("--target", settings->target, "total of a normalised cell; 0: the median")->check(number_from_zero())->capture_default_str()->group(rarely_used);
  const std::map<std::string, VariableGeneFlavour> flavours{{"seurat_v3", VariableGeneFlavour::seurat_v3}, {"seurat", VariableGeneFlavour::seurat}};
  prepare->add_option("--flavour", settings->flavour, "of variable genes: seurat_v3 (default) or seurat")->transform(CLI::CheckedTransformer(flavours))->option_text("NAME")->group(rarely_used);
  prepare->add_option("--variable-genes", settings->variable_genes, "how many")->check(positive_count())->capture_default_str();
  prepare->add_flag("!--across-libraries", settings->by_library, "choose variable genes over all libraries at once")->group(rarely_used);
  prepare->add_option("--mask", settings->masked, "a gene that is not to be chosen; default: MYOD1, PRRX1, ESR1")->allow_extra_args(false)->group(rarely_used);
  prepare->add_option("--components", settings->components, "principal components")->check(positive_count())->capture_default_str();
  prepare->add_option("--scale-to", settings->scale_to, "scale genes, clip at this; 0: do not scale")->check(number_from_zero())->capture_default_str()->group(rarely_used);
  prepare->callback([args, settings, &exit_code] {
    settings->seed = args->seed;
    run_in_folder(*args, exit_code, [&](RunDirectory& folder) { run_prepare(folder, args->data, *settings); });
  });
}

void add_cells_embed(CLI::App& cells, int& exit_code) {
  auto* embed = cells.add_subcommand("embed", "Neighbours, communities, UMAP and t-SNE of prepared cells");
  auto args = std::make_shared<CellsArguments>();
  auto settings = std::make_shared<EmbedSettings>();
  args->add_reading(*embed, "an .h5ad with obsm/X_pca (hyped cells prepare)", "hyped cells embed out/prepared/data/prepared.h5ad --out out/embedded");
  embed->add_option("--arm", settings->arm, "column of cells that names the arm");
  embed->add_option("--phase", settings->phase, "column that names the phase");
  embed->add_option("--components", settings->components, "how many are used; 0: all")->check(count_from_zero())->capture_default_str();
  embed->add_option("--neighbours", settings->neighbours, "the cell itself among them")->check(positive_count())->capture_default_str();
  embed->add_option("--resolution", settings->resolution, "of the communities")->check(positive_number())->capture_default_str();
  embed->add_option("--min-distance", settings->min_distance, "of UMAP")->check(number_from_zero())->capture_default_str();
  embed->add_option("--perplexity", settings->perplexity, "of t-SNE")->check(positive_number())->capture_default_str();
  embed->add_flag("!--no-tsne", settings->with_tsne, "leave t-SNE out");
  embed->add_option("--repeats", settings->repeats, "of the communities with other seeds")->check(count_from_zero())->capture_default_str();
  embed->callback([args, settings, &exit_code] {
    settings->seed = args->seed;
    run_in_folder(*args, exit_code, [&](RunDirectory& folder) { run_embed(folder, args->data, *settings); });
  });
}

void add_cells_figure2(CLI::App& cells, int& exit_code) {
  auto* figure = cells.add_subcommand("figure2", "In one step: phases, UMAP by phase and by arm, top genes of each arm");
  auto args = std::make_shared<CellsArguments>();
  auto settings = std::make_shared<Figure2Settings>();
  args->add_reading(*figure, "an .h5ad with counts and arms, or a folder of the HYPED release", "hyped cells figure2 HYB-IMAGEN --out out/figure2");
  figure->add_option("--by", settings->arms.column, "column of cells that names the arms; default: found");
  figure->add_option("--reference", settings->arms.reference, "label the arms are compared with; default: the control");
  figure->add_option("--only", settings->only, "an arm to compare; default: all")->allow_extra_args(false);
  figure->add_option("--phase", settings->phase, "column that names the phases; default: the file's, else scored");
  figure->add_option("--counts", settings->counts, "X, layers/NAME or raw/X; default: the first with counts");
  figure->add_option("--min-cells", settings->least_cells, "of an arm")->check(positive_count())->capture_default_str();
  figure->add_flag("--keep-all", settings->keep_all, "drop no cell for its quality");
  figure->add_option("--top", settings->top, "genes of an arm")->check(positive_count())->capture_default_str();
  figure->add_option("--fdr", settings->fdr, "what counts as significant")->check(number_within(0, 1))->capture_default_str();
  figure->callback([args, settings, &exit_code] {
    settings->seed = args->seed;
    run_in_folder(*args, exit_code, [&](RunDirectory& folder) { run_figure2(folder, args->data, *settings); });
  });
}

}  // namespace hyped::commands
