// What we say about a quantity: name, unit, default and natural bounds.
#pragma once
#include <string_view>

namespace hyped {

struct StateSpec {
  std::string_view name;
  std::string_view unit;
  double initial = 0;      // default initial value, natural units
};

// Bounds are in natural units; a positive lower bound makes log10 the default search scale.
struct ParameterSpec {
  std::string_view name;
  std::string_view unit;
  double value = 1;        // default
  double lower = 0;
  double upper = 1;
  std::string_view meaning = "";
};

}  // namespace hyped
