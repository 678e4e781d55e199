// Simulated cells in four arms as a file, and scenarios of gene networks on them.
#pragma once
#include <cmath>

#include "libhyped/random.hpp"
#include "libhyped/store/write_anndata.hpp"
#include "tests/experiments/command_run.hpp"

namespace hyped::testing {

// Counts in four arms: the siRNA halves PRRX1 and COL1A1, the mRNA raises MYOD1 and MYOG; an interferon programme answers the mRNA and moves OTHER with it.
struct CellsFolder : CommandFolder {
  CellsFolder() {
    std::vector<std::string> genes{"PRRX1", "MYOD1", "COL1A1", "MYOG", "OTHER", "IFIT1", "IFIT2", "IFIT3", "ISG15", "MX1"}, names, arms, wells, libraries, own;
    for (int g = 10; g < 40; ++g) genes.push_back("BG" + std::to_string(g));
    std::vector<double> counts;
    RandomStream stream(3, 0, 0);
    for (const char* arm : {"control", "siPRRX1", "mmMYOD1", "dual"})
      for (int c = 0; c < 90; ++c) {
        const std::string name = arm;
        const bool si = name == "siPRRX1" || name == "dual", mm = name == "mmMYOD1" || name == "dual";
        names.push_back(name + std::to_string(c));
        arms.push_back(name);
        wells.push_back(name + " " + std::to_string(c % 3));
        libraries.emplace_back(c % 2 == 0 ? "first" : "second");
        own.emplace_back(name == "control" ? "first" : "second");
        const double response = std::exp((mm ? 0.7 : 0.0) + 0.3 * stream.normal()), size = std::exp(0.2 * stream.normal()), batch = c % 2 == 0 ? 1 : 1.6;
        for (std::size_t g = 0; g < genes.size(); ++g) {
          double mean = 10;
          if (g == 0) mean = si ? 5 : 12;
          if (g == 1) mean = mm ? 20 : 4;
          if (g == 2) mean = (si ? 7 : 14) * batch;
          if (g == 3) mean = mm ? 8 : 3;
          if (g >= 4 && g < 10) mean = 8 * response;
          counts.push_back(static_cast<double>(stream.poisson(size * mean)));
        }
      }
    AnnotatedData data;
    data.X = Element{Array{{static_cast<std::int64_t>(names.size()), static_cast<std::int64_t>(genes.size())}, counts}};
    data.obs.index = names;
    data.obs.put("arm", arms);
    data.obs.put("well", wells);
    data.obs.put("library", libraries);
    data.obs.put("own_library", own);
    data.var.index = genes;
    write_anndata(data, path() / "cells.h5ad");
  }
  static std::string scenario(const std::string& data, const std::string& fit, const std::string& more = "", const std::string& network = "") {
    const auto delivery = [](const std::string& arm, const std::string& kind, const std::string& of, const std::string& from) { return "[[delivery]]\narm = \"" + arm + "\"\nkind = \"" + kind + "\"\ngene = \"" + of + "\"\nfrom_h = " + from + "\n"; };
    return "[data]\nkind = \"cells\"\ntime_h = 48\ngenes = [\"PRRX1\", \"MYOD1\", \"COL1A1\", \"MYOG\", \"OTHER\"]\n" + data + "\n" + delivery("siPRRX1", "sirna", "PRRX1", "0") + delivery("mmMYOD1", "modified_mrna", "MYOD1", "24") +
           delivery("dual", "sirna", "PRRX1", "0") + delivery("dual", "modified_mrna", "MYOD1", "24") + "[network]\ndecay_per_h = 0.1\n" + network + "\n[fit]\niterations = 400\nleast_gain = 1e-5\n" + fit + "\n" + more + "\n";
  }
  Ended fit(const std::string& text, const std::string& out) const {
    write(out + ".toml", text);
    return run("grn fit " + out + ".toml cells.h5ad --out " + out);
  }
  // Of a gene in an arm.
  double value(const std::string& file, const std::string& arm, const std::string& gene, const std::string& column) const {
    for (const auto& row : table(file))
      if (row.at("arm") == arm && row.at("gene") == gene) return std::stod(row.at(column));
    return std::nan("");
  }
};

}  // namespace hyped::testing
