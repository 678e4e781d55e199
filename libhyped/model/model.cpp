// Look-ups shared by all models.
#include "libhyped/model/model.hpp"

namespace hyped {

template <class Specs>
static int index_of(const Specs& specs, std::string_view name) {
  for (std::size_t i = 0; i < specs.size(); ++i)
    if (specs[i].name == name) return static_cast<int>(i);
  return -1;
}

int Model::state_index(std::string_view name) const { return index_of(states(), name); }
int Model::parameter_index(std::string_view name) const { return index_of(parameters(), name); }

std::vector<double> Model::default_state() const {
  std::vector<double> values;
  for (const StateSpec& spec : states()) values.push_back(spec.initial);
  return values;
}

std::vector<double> Model::default_parameters() const {
  std::vector<double> values;
  for (const ParameterSpec& spec : parameters()) values.push_back(spec.value);
  return values;
}

}  // namespace hyped
