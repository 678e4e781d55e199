// SBML through libsbml; what stands in a reaction's name is parsed here.
#include "libhyped/ingest/networks/read_gene_network_sbml.hpp"

#include <fmt/format.h>
#include <sbml/SBMLTypes.h>

#include <cmath>
#include <map>
#include <memory>
#include <set>

#include "libhyped/errors.hpp"

LIBSBML_CPP_NAMESPACE_USE      // Debian builds it without a namespace of its own

namespace hyped {
namespace {

// Constants of a kinetic law by name; every one must be asked for.
class Constants {
 public:
  Constants(const ::Reaction& reaction, std::string where) : where_(std::move(where)) {
    const KineticLaw* law = reaction.getKineticLaw();
    if (!law) throw InputError(where_, "has no kinetic law");
    for (unsigned i = 0; i < law->getNumParameters(); ++i) {
      const ::Parameter* parameter = law->getParameter(i);
      if (!parameter->isSetValue() || !std::isfinite(parameter->getValue())) throw InputError(where_, "parameter '" + parameter->getId() + "' has no finite value");
      if (!values_.emplace(parameter->getId(), parameter->getValue()).second) throw InputError(where_, "parameter '" + parameter->getId() + "' is there twice");
    }
  }
  double operator[](const std::string& name) {
    const auto found = values_.find(name);
    if (found == values_.end()) throw InputError(where_, "parameter '" + name + "' is missing", "GeneNetWeaver's files have it; was the file written by another program?");
    asked_.insert(name);
    return found->second;
  }
  int count(const std::string& name) {
    const double value = (*this)[name];
    if (value != std::floor(value) || value < 0 || value > 64) throw InputError(where_, fmt::format("parameter '{}' is {}: not a count", name, value));
    return static_cast<int>(value);
  }
  void check_all_used() const {
    for (const auto& [name, value] : values_)
      if (!asked_.count(name)) throw InputError(where_, "parameter '" + name + "' has no place in the modules that the name gives");
  }

 private:
  std::string where_;
  std::map<std::string, double> values_;
  std::set<std::string> asked_;
};

}  // namespace

std::vector<NamedModule> parse_modules(std::string_view text, const std::string& where, int first_column) {
  std::size_t at = 0;
  const auto fail = [&](const std::string& what) -> InputError {
    return InputError(fmt::format("{}, column {}", where, first_column + static_cast<int>(at)), what, "modules look like '~(1) + (2*3~4)', or 'no inputs'");
  };
  const auto skip = [&] {
    while (at < text.size() && text[at] == ' ') ++at;
  };
  skip();
  if (text.substr(at).starts_with("no inputs")) {
    at += 9, skip();
    if (at != text.size()) throw fail("text after 'no inputs'");
    return {};
  }
  std::vector<NamedModule> modules;
  int next = 1;
  const auto number = [&] {
    int value = 0;
    const std::size_t start = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9' && value < 100000) value = 10 * value + (text[at++] - '0');
    if (at == start) throw fail("a regulator's number is expected");
    if (value != next) {
      at = start;
      throw fail(fmt::format("regulator {} where {} is expected: they are numbered in order", value, next));
    }
    ++next;
  };
  for (;;) {
    NamedModule module;
    skip();
    if (at < text.size() && text[at] == '~') module.represses = true, ++at;
    if (at >= text.size() || text[at] != '(') throw fail("'(' is expected");
    ++at;
    number();
    module.activators = 1;
    while (at < text.size() && text[at] != ')') {
      const char sign = text[at];
      if (sign != '*' && sign != '~') throw fail(fmt::format("'*', '~' or ')' is expected, not '{}'", sign));
      if (sign == '*' && module.deactivators > 0) throw fail("an activator after a deactivator: activators come first");
      ++at;
      number();
      ++(sign == '*' ? module.activators : module.deactivators);
    }
    if (at >= text.size()) throw fail("')' is expected");
    ++at;
    modules.push_back(module);
    skip();
    if (at == text.size()) return modules;
    if (text[at] != '+') throw fail("'+' and another module are expected");
    ++at;
  }
}

HillNetwork read_gene_network_sbml(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) throw InputError(file.string(), "is not there");
  const std::unique_ptr<SBMLDocument> document(readSBMLFromFile(file.c_str()));
  for (unsigned i = 0; i < document->getNumErrors(); ++i) {
    const SBMLError* error = document->getError(i);
    if (error->getSeverity() == LIBSBML_SEV_FATAL || error->getCategory() == LIBSBML_CAT_XML)
      throw InputError(fmt::format("{}:{}, column {}", file.string(), error->getLine(), error->getColumn()), "is not readable SBML: " + error->getShortMessage());
  }
  const ::Model* model = document->getModel();
  if (!model) throw InputError(file.string(), "holds no SBML model");
  HillNetwork network;
  network.name = model->isSetName() ? model->getName() : model->isSetId() ? model->getId() : file.stem().string();
  std::map<std::string, int> index;
  for (unsigned i = 0; i < model->getNumSpecies(); ++i) {
    const ::Species* species = model->getSpecies(i);
    if (species->getBoundaryCondition()) continue;      // _void_, where mRNA comes from and goes to
    index.emplace(species->getId(), network.size());
    network.genes.emplace_back().name = species->getId();
  }
  if (network.genes.empty()) throw InputError(file.string(), "has no species that is made");
  std::vector<int> made(network.genes.size(), 0), lost(network.genes.size(), 0);
  for (unsigned i = 0; i < model->getNumReactions(); ++i) {
    const ::Reaction* reaction = model->getReaction(i);
    const std::string where = file.string() + ", reaction '" + reaction->getId() + "'";
    const auto gene_of = [&](const std::string& species) {
      const auto found = index.find(species);
      if (found == index.end()) throw InputError(where, "names the species '" + species + "', which is no gene of the file");
      return found->second;
    };
    const bool synthesis = reaction->getId().ends_with("_synthesis");
    if (!synthesis && !reaction->getId().ends_with("_degradation")) throw InputError(where, "is neither a synthesis nor a degradation", "GeneNetWeaver names them GENE_synthesis and GENE_degradation");
    if ((synthesis ? reaction->getNumProducts() : reaction->getNumReactants()) != 1) throw InputError(where, "has not one species that it makes or destroys");
    const int g = gene_of(synthesis ? reaction->getProduct(0)->getSpecies() : reaction->getReactant(0)->getSpecies());
    HillGene& gene = network.genes[static_cast<std::size_t>(g)];
    ++(synthesis ? made : lost)[static_cast<std::size_t>(g)];
    Constants constants(*reaction, where);
    if (!synthesis) {
      gene.decay = constants["delta"];
      constants.check_all_used();
      continue;
    }
    gene.max = constants["max"];
    gene.translation = constants["maxTranslation"];
    gene.protein_decay = constants["deltaProtein"];
    const std::string& name = reaction->getName();
    const std::size_t colon = name.find(':');
    if (colon == std::string::npos) throw InputError(where, "its name '" + name + "' holds no modules", "GeneNetWeaver writes 'GENE_synthesis: (1) + (2*3)'");
    const auto named = parse_modules(std::string_view(name).substr(colon + 1), where + " ('" + name + "')", static_cast<int>(colon) + 2);
    unsigned regulator = 0;
    for (std::size_t m = 0; m < named.size(); ++m) {
      const std::string number = std::to_string(m + 1);
      if (constants.count("numActivators_" + number) != named[m].activators || constants.count("numDeactivators_" + number) != named[m].deactivators)
        throw InputError(where, fmt::format("module {} has {} activators and {} deactivators in the name, {} and {} in the parameters", m + 1, named[m].activators, named[m].deactivators, constants["numActivators_" + number], constants["numDeactivators_" + number]));
      HillModule module;
      const int complex = constants.count("bindsAsComplex_" + number);
      if (complex > 1) throw InputError(where, "bindsAsComplex_" + number + " is neither 0 nor 1");
      module.complex = complex == 1;
      for (int r = 0; r < named[m].activators + named[m].deactivators; ++r, ++regulator) {
        if (regulator >= reaction->getNumModifiers()) throw InputError(where, fmt::format("its name counts more regulators than the {} modifiers it has", reaction->getNumModifiers()));
        const std::string k = std::to_string(regulator + 1);
        (r < named[m].activators ? module.activators : module.deactivators).push_back({gene_of(reaction->getModifier(regulator)->getSpecies()), constants["k_" + k], constants["n_" + k]});
      }
      gene.modules.push_back(std::move(module));
    }
    if (regulator != reaction->getNumModifiers()) throw InputError(where, fmt::format("has {} modifiers, its name counts {}", reaction->getNumModifiers(), regulator));
    if (named.size() > 12) throw InputError(where, "has more than 12 modules");
    gene.activation.clear();
    for (std::size_t s = 0; s < std::size_t{1} << named.size(); ++s) gene.activation.push_back(constants["a_" + std::to_string(s)]);
    for (std::size_t m = 0; m < named.size(); ++m)
      if (named[m].represses != (gene.activation[std::size_t{1} << m] < gene.activation[0]))
        throw InputError(where, fmt::format("module {} is {} repressor in the name, but a_{} is {} a_0", m + 1, named[m].represses ? "a" : "no", std::size_t{1} << m, named[m].represses ? "not below" : "below"));
    constants.check_all_used();
  }
  for (std::size_t g = 0; g < network.genes.size(); ++g)
    if (made[g] != 1 || lost[g] != 1) throw InputError(file.string(), fmt::format("gene '{}' has {} synthesis and {} degradation reactions: one of each is expected", network.genes[g].name, made[g], lost[g]));
  HillNetwork checked = network;
  checked.name = file.string();      // messages name the file
  checked.check();
  return network;
}

}  // namespace hyped
