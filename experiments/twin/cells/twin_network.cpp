// Named genes with stated effects, made-up regulators and targets with random ones.
#include "experiments/twin/cells/twin_network.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/program_files.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/ingest/delimited.hpp"
#include "libhyped/random.hpp"
#include "libhyped/units.hpp"

namespace hyped {
namespace {

using models::InputAction;

constexpr std::uint32_t job = 0x67656e65;
constexpr double factor_half_life_h = 5;                                   // data/parameters.tsv t12_mPRRX1
constexpr double interferon_half_life_h = 4, phase_half_life_h = 2;        // assumed: genes of a phase fall and rise within it
constexpr double myod1_bias = -8, myod1_on_itself = 6;                     // silent alone, induced by what is delivered, off again without it

double logit(double p) { return std::log(p / (1 - p)); }
double logistic(double z) { return 1 / (1 + std::exp(-z)); }

// A row of twin_genes.tsv; NaN: empty.
struct NamedGene {
  std::string name, programme;
  double umis, myod1, prrx1, s, g2m, interferon;
  bool moves() const { return programme != "mitochondrial" && programme != "ribosomal" && programme != "constant"; }
};

std::vector<NamedGene> read_named() {
  const DelimitedTable table = DelimitedTable::read(program_file("experiments/scenarios/twin_genes.tsv"));
  std::vector<NamedGene> out;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    const auto number = [&](const char* column) { return table.number_or_missing(r, table.column(column)); };
    out.push_back({table.name(r, table.column("gene")), table.name(r, table.column("programme")), table.number(r, table.column("umis")), number("myod1"), number("prrx1"), number("s"), number("g2m"), number("interferon")});
  }
  return out;
}

// The network as it grows, before weights are counted from the resting levels.
struct Draft {
  models::NetworkDefinition d;
  std::vector<double> open, rest;      // share of the capacity in use at rest; level at rest
  int myod1 = -1, prrx1 = -1;
  int add(const std::string& name, double half_life_h, double openness) {
    d.genes.push_back(name);
    d.decay.push_back(units::rate_of_half_life(half_life_h));
    open.push_back(openness);
    rest.push_back(1);
    return static_cast<int>(d.genes.size()) - 1;
  }
  // Weight that moves the gene's production from `open` to fold * open when the regulator's level changes by `change`.
  void regulate(int from, int to, double log2_fold, double change) {
    const double now = open[static_cast<std::size_t>(to)], then = std::clamp(now * std::exp2(log2_fold), 1e-6, 0.98);
    d.edges.push_back({from, to, (logit(then) - logit(now)) / change});
  }
  void act(int input, InputAction action, int gene, double amount) { d.actions.push_back({input, gene, action, amount}); }
};

double half_life(RandomStream& random, double median) { return std::clamp(median * std::exp(0.5 * random.normal()), 0.22 * median, 3 * median); }

void add_named(Draft& draft, const NamedGene& g, const CellsTwinSettings& settings, const TwinNetwork& out) {
  const double strongest = std::max({0.0, std::isnan(g.myod1) ? 0 : g.myod1, std::isnan(g.interferon) ? 0 : g.interferon});
  const bool phase = g.programme == "s_phase" || g.programme == "g2m";
  const double t12 = g.programme == "factor" ? factor_half_life_h : g.programme == "interferon" ? interferon_half_life_h : phase ? phase_half_life_h : settings.mrna_half_life_h;
  const int i = draft.add(g.name, t12, std::min(0.4, 0.6 / std::exp2(strongest)));
  if (g.name == "MYOD1") draft.myod1 = i;
  if (g.name == "PRRX1") draft.prrx1 = i;
  if (!std::isnan(g.myod1)) draft.regulate(draft.myod1, i, g.myod1, 1);
  if (!std::isnan(g.prrx1)) draft.regulate(draft.prrx1, i, g.prrx1, -1);
  if (!std::isnan(g.s)) draft.act(out.s_phase, InputAction::modulates, i, g.s - 1);
  if (!std::isnan(g.g2m)) draft.act(out.g2m, InputAction::modulates, i, g.g2m - 1);
  if (!std::isnan(g.interferon)) {
    const double now = draft.open[static_cast<std::size_t>(i)];
    draft.act(out.interferon, InputAction::drives, i, logit(std::min(0.98, now * std::exp2(g.interferon))) - logit(now));
  }
}

// Regulators of a made-up gene: MYOD1 and PRRX1 more often for regulators, else other regulators.
void add_random_edges(Draft& draft, int gene, const std::vector<int>& regulators, bool regulator, double mean, RandomStream& random) {
  const auto wanted = std::min<std::int64_t>(5, random.poisson(mean) + (regulator ? 1 : 0));
  std::vector<int> taken{gene};
  for (int n = 0; n < wanted; ++n) {
    const double u = random.uniform(), factor = regulator || regulators.size() < 2 ? 0.3 : 0.12;
    int from = u < factor ? draft.myod1 : u < 2 * factor ? draft.prrx1 : -1;
    if (from < 0) from = regulators.empty() ? draft.prrx1 : regulators[static_cast<std::size_t>(random.uniform() * static_cast<double>(regulators.size()))];
    const double weight = (random.uniform() < 0.6 ? 1 : -1) * (0.5 + 2 * random.uniform());
    if (std::find(taken.begin(), taken.end(), from) != taken.end()) continue;
    taken.push_back(from);
    draft.d.edges.push_back({from, gene, weight});
  }
}

// Capacities and biases under which every gene rests at its level.
void settle(Draft& draft) {
  auto& d = draft.d;
  d.capacity.assign(d.genes.size(), 0);
  d.bias.assign(d.genes.size(), 0);
  for (std::size_t i = 0; i < d.genes.size(); ++i) {
    if (static_cast<int>(i) == draft.myod1) continue;
    d.capacity[i] = d.decay[i] * draft.rest[i] / draft.open[i];
    d.bias[i] = logit(draft.open[i]);
  }
  const auto m = static_cast<std::size_t>(draft.myod1);
  d.capacity[m] = 1.3 * d.decay[m];
  d.bias[m] = myod1_bias;
  double level = 0;      // the lower fixed point of MYOD1 alone, from below
  for (int n = 0; n < 200; ++n) level = 1.3 * logistic(myod1_bias + myod1_on_itself * level);
  draft.rest[m] = level;
  for (const auto& e : d.edges)
    if (!(e.from == draft.myod1 && e.to == draft.myod1)) d.bias[static_cast<std::size_t>(e.to)] -= e.weight * draft.rest[static_cast<std::size_t>(e.from)];
  d.initial = draft.rest;
}

double slowest_mode(const models::SaturatingNetwork& model, const std::vector<double>& at) {
  Linearisation jacobian;
  std::vector<double> dx(at.size());
  model.linearise(0, at, model.default_parameters(), dx, jacobian);
  return Eigen::EigenSolver<Eigen::MatrixXd>(jacobian.state, false).eigenvalues().real().maxCoeff();
}

void describe(TwinGene& gene, std::size_t number, RandomStream& random) {
  static const std::map<std::string, std::string> real{{"MYOD1", "ENSG00000129152"}, {"PRRX1", "ENSG00000116132"}};
  const auto found = real.find(gene.name);
  gene.id = found != real.end() ? found->second : fmt::format("ENSG9{:010}", number);
  gene.type = gene.programme == "unconnected" && random.uniform() < 0.35 ? "lncRNA" : "protein_coding";
  const int chromosome = 1 + static_cast<int>(random.uniform() * 23);
  gene.chromosome = gene.programme == "mitochondrial" ? "chrM" : chromosome == 23 ? "chrX" : fmt::format("chr{}", chromosome);
  gene.start = static_cast<std::int64_t>(random.uniform() * (gene.programme == "mitochondrial" ? 1.5e4 : 1.3e8));
  gene.end = gene.start + (gene.programme == "mitochondrial" ? 1000 : 2000 + static_cast<std::int64_t>(8e4 * random.uniform()));
}

}  // namespace

TwinNetwork make_twin_network(const CellsTwinSettings& settings, std::uint64_t seed) {
  const std::vector<NamedGene> named = read_named();
  RandomStream random(seed, job, 0);
  TwinNetwork out;
  Draft draft;
  for (const auto& d : settings.delivered) draft.d.inputs.push_back(d.input);
  for (auto [index, name] : {std::pair{&out.interferon, "interferon"}, {&out.s_phase, "S"}, {&out.g2m, "G2M"}}) {
    *index = static_cast<int>(draft.d.inputs.size());
    draft.d.inputs.push_back(name);
  }
  for (const NamedGene& g : named) {
    TwinGene gene{g.name, g.programme, -1, g.umis, 0, 0, {}, "", "", "", 0, 0};
    if (g.moves()) {
      if (static_cast<int>(draft.d.genes.size()) >= settings.network_genes) continue;
      gene.state = static_cast<int>(draft.d.genes.size());
      add_named(draft, g, settings, out);
    }
    out.genes.push_back(gene);
  }
  const int static_genes = static_cast<int>(out.genes.size()) - static_cast<int>(draft.d.genes.size());
  if (settings.genes < settings.network_genes + static_genes)
    throw InputError("[cells]", fmt::format("{} genes are fewer than {} of the network and {} named ones outside it", settings.genes, settings.network_genes, static_genes), "ask for more genes");
  draft.d.edges.push_back({draft.myod1, draft.myod1, myod1_on_itself});
  std::vector<int> regulators;
  const int first_made = static_cast<int>(draft.d.genes.size()), made = settings.network_genes - first_made;
  for (int n = 0; n < made; ++n) {
    const bool regulator = n < settings.regulators;
    const int i = draft.add(fmt::format("{}{:04}", regulator ? "REG" : "TGT", n + 1), regulator ? factor_half_life_h : half_life(random, settings.mrna_half_life_h), 0.15 + 0.35 * random.uniform());
    if (regulator) regulators.push_back(i);
    out.genes.push_back({draft.d.genes.back(), regulator ? "regulator" : "target", i, std::exp(1.2 * random.normal()), 0, 0, {}, "", "", "", 0, 0});
  }
  for (int n = 0; n < made; ++n) add_random_edges(draft, first_made + n, regulators, n < settings.regulators, settings.edges_per_gene, random);
  for (std::size_t k = 0; k < settings.delivered.size(); ++k) {
    const DeliveredGene& one = settings.delivered[k];
    const bool silenced = one.kind == "sirna";
    draft.act(static_cast<int>(k), silenced ? InputAction::degrades : InputAction::carries, one.gene == "PRRX1" ? draft.prrx1 : draft.myod1, silenced ? one.fold : 1);
  }
  for (;; ++out.weakened) {
    settle(draft);
    out.model = std::make_unique<models::SaturatingNetwork>(draft.d);
    out.slowest = slowest_mode(*out.model, draft.rest);
    if (out.slowest < -0.01 || out.weakened == 30) break;
    for (auto& e : draft.d.edges)
      if (e.to != draft.myod1 && std::find(regulators.begin(), regulators.end(), e.to) != regulators.end()) e.weight *= 0.5;
  }
  out.rest = draft.rest;
  // genes outside the network, levels, noise, library offsets
  for (int n = 0; static_cast<int>(out.genes.size()) < settings.genes; ++n) out.genes.push_back({fmt::format("GEN{:05}", n + 1), "unconnected", -1, std::exp(1.6 * random.normal()), 0, 0, {}, "", "", "", 0, 0});
  double stated = 0, drawn = 0;
  const auto made_up = [](const TwinGene& g) { return g.programme == "regulator" || g.programme == "target" || g.programme == "unconnected"; };
  for (const TwinGene& g : out.genes) (made_up(g) ? drawn : stated) += g.name == "MYOD1" ? 0 : g.umis;
  const double room = settings.libraries.empty() ? 12529 : settings.libraries[0].umis;
  if (drawn > 0 && room > stated)
    for (TwinGene& g : out.genes)
      if (made_up(g)) g.umis *= (room - stated) / drawn;
  std::sort(out.genes.begin(), out.genes.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  out.gene_of_state.resize(draft.d.genes.size());
  for (std::size_t g = 0; g < out.genes.size(); ++g) {
    TwinGene& gene = out.genes[g];
    RandomStream own(seed, job, static_cast<std::uint32_t>(g + 1));
    gene.relaxation = gene.state >= 0 ? draft.d.decay[static_cast<std::size_t>(gene.state)] : units::rate_of_half_life(half_life(own, settings.mrna_half_life_h));
    gene.noise = std::sqrt(2 * gene.relaxation * settings.dispersion / (1 + settings.dispersion));
    if (gene.state >= 0) out.gene_of_state[static_cast<std::size_t>(gene.state)] = static_cast<int>(g);
    for (std::size_t l = 0; l < settings.libraries.size(); ++l) {
      const double further = gene.programme == "mitochondrial" ? settings.mitochondrial_batch_sd : 0;
      gene.batch.push_back((std::sqrt(0.5) * std::hypot(settings.batch_sd, further)) * own.normal());      // two libraries differ by batch_sd
    }
    describe(gene, g + 1, own);
  }
  return out;
}

}  // namespace hyped
