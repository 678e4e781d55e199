// Models by name: files in models/ register themselves, simulators and commands ask for them here.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libhyped/model/model.hpp"

namespace hyped {

struct StageSettings;      // model/staged.hpp; ignored by compiled models

class ModelCatalogue {
 public:
  using Maker = std::function<std::unique_ptr<Model>(const StageSettings&)>;
  static ModelCatalogue& instance();
  void add(std::string name, Maker maker);
  std::vector<std::string> names() const;
  // Throws InputError naming the nearest valid names.
  std::unique_ptr<Model> make(const std::string& name, const StageSettings& settings) const;
  std::unique_ptr<Model> make(const std::string& name) const;

 private:
  std::map<std::string, Maker> makers_;
};

}  // namespace hyped
