// What every perturbation-response predictor is: from measured conditions to the mean expression of others.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libhyped/observe/response_profiles.hpp"

namespace hyped {

struct PredictedProfiles {
  ProfileMatrix mean;                   // [M x G], unit and genes of the training data
  std::vector<std::string> notes;       // [M]: what it fell back to, "" where it did not
};

enum class PredictorRole { baseline, model, negative_control, ceiling };

class Predictor {
 public:
  virtual ~Predictor() = default;
  virtual std::string_view name() const = 0;           // as in tables: "overlap-corrected additive"
  virtual std::string_view formula() const = 0;        // one line, with its source
  virtual PredictorRole role() const = 0;
  // training holds the control of every wanted context and nothing of what is wanted. Draws depend on seed alone.
  virtual PredictedProfiles predict(const ResponseProfiles& training, std::span<const ResponseCondition> wanted, std::uint64_t seed) const = 0;
};

}  // namespace hyped
