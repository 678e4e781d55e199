// Prints the names of the models that the installed library knows.
#include <cstdio>

#include "libhyped/model/catalogue.hpp"

int main() {
  for (const auto& name : hyped::ModelCatalogue::instance().names()) std::puts(name.c_str());
}
