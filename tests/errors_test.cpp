// Suggestions for mistyped names: only what is like them.
#include "libhyped/errors.hpp"

#include <catch2/catch.hpp>

using namespace hyped;

TEST_CASE("a mistyped name gets names like it, another one gets what there is") {
  const std::vector<std::string> metrics{"cosine", "cosine_delta", "mae", "mse", "pds_cosine", "pearson_delta"};
  CHECK(did_you_mean("cosin", metrics) == "did you mean 'cosine', 'pds_cosine' or 'cosine_delta'?");
  CHECK(did_you_mean("person_delta", metrics) == "did you mean 'pearson_delta'?");
  CHECK(did_you_mean("temperature", metrics) == "there are 'cosine', 'cosine_delta', 'mae', 'mse', 'pds_cosine' and 'pearson_delta'");
  CHECK(did_you_mean("G0", std::vector<std::string>{"G1", "S"}) == "did you mean 'G1'?");
  CHECK(did_you_mean("none", std::vector<std::string>{"phase"}) == "there is 'phase'");
  CHECK(did_you_mean("x", std::vector<std::string>{}) == "there are none");
  std::vector<std::string> genes;
  for (int g = 0; g < 20; ++g) genes.push_back("ENSG0000" + std::to_string(100 + g));
  CHECK(did_you_mean("MYOD1", genes) == "none of the 20 there are is like it; the first are 'ENSG0000100', 'ENSG0000101', 'ENSG0000102' and 'ENSG0000103'");
}
