// What arguments may be, said in words when they are not, and commands that are misspelt.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

namespace hyped::commands {

CLI::Validator positive_number();
CLI::Validator number_from_zero();
CLI::Validator positive_count();        // 1, 2, 3, ...
CLI::Validator count_from_zero();       // 0, 1, 2, ...
CLI::Validator number_within(double low, double high);      // ends included
CLI::Validator count_within(int low, int high);
// "there is no command 'simulat' of hyped network; did you mean 'simulate'?"; empty if every command is known.
std::string unknown_command(const CLI::App& app, int argc, const char* const* argv);

}  // namespace hyped::commands
