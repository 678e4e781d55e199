// Look-ups shared by all models.
#include "libhyped/model/model.hpp"

#include <cstdlib>

#include "libhyped/model/pack.hpp"

namespace hyped {

template <class Specs>
static int index_of(const Specs& specs, std::string_view name) {
  for (std::size_t i = 0; i < specs.size(); ++i)
    if (specs[i].name == name) return static_cast<int>(i);
  return -1;
}

int Model::state_index(std::string_view name) const { return index_of(states(), name); }
int Model::parameter_index(std::string_view name) const { return index_of(parameters(), name); }

void Model::pack_rates(const Pack& t, const Pack* x, const Pack* p, Pack* dx) const {
  const auto states = static_cast<std::size_t>(state_count()), parameters = static_cast<std::size_t>(parameter_count());
  std::vector<double> one(2 * states + parameters);
  const std::span<double> state(one.data(), states), values(one.data() + states, parameters), out(one.data() + states + parameters, states);
  for (int lane = 0; lane < pack_lanes; ++lane) {
    for (std::size_t i = 0; i < states; ++i) state[i] = x[i][lane];
    for (std::size_t i = 0; i < parameters; ++i) values[i] = p[i][lane];
    rates(t[lane], state, values, out);
    for (std::size_t i = 0; i < states; ++i) dx[i].set(lane, out[i]);
  }
}

void Model::propensities_of(double t, std::span<const double> x, std::span<const double> p, std::span<const int>, std::span<double> out) const {
  propensities(t, x, p, out);
}

std::string Model::reaction_name(int reaction) const {
  std::string sides[2];
  const auto states_here = states();
  for (int s = 0; s < state_count(); ++s) {
    const int change = stoichiometry()[static_cast<std::size_t>(reaction * state_count() + s)];
    if (change == 0) continue;
    std::string& side = sides[change > 0];
    if (!side.empty()) side += " + ";
    if (std::abs(change) > 1) side += std::to_string(std::abs(change)) + " ";
    side += states_here[static_cast<std::size_t>(s)].name;
  }
  for (std::string& side : sides)
    if (side.empty()) side = "0";
  return sides[0] + " -> " + sides[1];
}

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
