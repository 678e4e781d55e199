// What the sequencing half of a twin is made with: libraries, hashtags, genes, network, and the mistakes of the assay.
#pragma once
#include <string>
#include <vector>

namespace hyped {

// A sample of a library: one arm, or one sorted part of it, stained with one hashtag.
struct HashtagSample {
  std::string label;                   // as in assigned_condition
  std::string arm;                     // of the scenario
  std::string phase;                   // G1, S or G2M: what was sorted; empty: all cells
  int cells = 0;                       // droplets that the rule of most votes gives this label
  double stain = 1;                    // brightness of the hashtag relative to the library's mean
};

struct LibrarySettings {
  std::string dataset, suffix;         // "Hybrid", "hybrid" (of barcodes)
  std::vector<HashtagSample> samples;  // two or more
  int missing = 0;                     // droplets without a single hashtag read
  double umis = 12529, umi_log_sd = 0.35;      // per cell: median, sd of the logarithm
  double hashtag_reads = 20;           // mean of a singlet, ambient included
  double hashtag_signal = 0.93;        // share of them from the cell's own hashtag
  double unstained = 0.005;            // share of droplets whose cell carries no hashtag

  int cells() const {
    int sum = missing;
    for (const auto& sample : samples) sum += sample.cells;
    return sum;
  }
};

// A delivered input of the scenario and the gene it works on: siRNA degrades its transcript, modified mRNA carries it.
struct DeliveredGene {
  std::string input, gene;             // gene: MYOD1 or PRRX1
  std::string kind;                    // sirna or modified_mrna: of the scenario's [[delivery]], like fold
  double fold = 6;                     // of the transcript's decay under full silencing
};

struct CellsTwinSettings {
  double harvest_h = 48;
  double rest_h = 24;                  // simulated before 0 h: cells settle, starved
  std::vector<LibrarySettings> libraries;
  std::vector<DeliveredGene> delivered;

  int genes = 2000, network_genes = 300, regulators = 20;
  double edges_per_gene = 1.5;         // mean number of random regulators of a gene of the network
  double dispersion = 0.2;             // squared coefficient of variation between cells, counts aside
  double mrna_half_life_h = 9;         // median
  double step_h = 0.5;                 // of the stochastic equation

  double s_share = 0.625;              // of an S/G2/M phase that is S
  double sort_purity = 0.97;           // of sorted samples
  double exogenous_umis = 29;          // of modified mRNA per reached cell of the median depth at harvest, reference dose
  double fusion_share = 0.3;           // further reads of the same mRNA that count as ESR1 (the fused domain), relative to those
  double interferon_delay_h = 6;       // of the answer to cytosolic mRNA
  double interferon_paracrine = 0.3;   // answer of cells that took up nothing, relative to the mean of the dish
  double interferon_of_sirna = 0;      // answer to siRNA, relative to mRNA

  double batch_sd = 0.2;               // between libraries, of the logarithm of each gene
  double mitochondrial_batch_sd = 1;   // further, of mitochondrial genes
  double ambient = 0.05;               // share of UMIs in a median cell
  double ambient_log_sd = 0.3;
  double doublets_per_1000 = 0.004;    // share of droplets with two cells, per 1000 cells of the library
  double stain_cv = 0.45, ambient_stain_cv = 0.5;      // of hashtag signal and background between cells
  double capture_log_sd = 0.15;        // of hashtag reads, shared by all hashtags of a droplet
};

}  // namespace hyped
