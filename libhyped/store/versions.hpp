// Which code made a run: hyped's version and commit, the compiler and the libraries.
#pragma once
#include <map>
#include <string>

namespace hyped {

std::map<std::string, std::string> versions();

}  // namespace hyped
