// The registry.
#include "libhyped/model/catalogue.hpp"

#include "libhyped/errors.hpp"
#include "libhyped/model/staged.hpp"

namespace hyped {

ModelCatalogue& ModelCatalogue::instance() {
  static ModelCatalogue catalogue;
  return catalogue;
}

void ModelCatalogue::add(std::string name, Maker maker) {
  const bool fresh = makers_.emplace(std::move(name), std::move(maker)).second;
  HYPED_REQUIRE(fresh);
}

std::vector<std::string> ModelCatalogue::names() const {
  std::vector<std::string> all;
  for (const auto& [name, maker] : makers_) all.push_back(name);
  return all;
}

std::unique_ptr<Model> ModelCatalogue::make(const std::string& name, const StageSettings& settings) const {
  const auto found = makers_.find(name);
  if (found == makers_.end())
    throw InputError("model", "there is no model '" + name + "'", did_you_mean(name, names()));
  return found->second(settings);
}

std::unique_ptr<Model> ModelCatalogue::make(const std::string& name) const { return make(name, StageSettings{}); }

}  // namespace hyped
