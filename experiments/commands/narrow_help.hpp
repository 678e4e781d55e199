// Help that fits a terminal of 80 columns: descriptions are wrapped beside a narrow column of names.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

namespace hyped::commands {

// Text broken at spaces so that no line is longer than `width`; line breaks in it stay.
std::string wrapped(const std::string& text, std::size_t width);

class NarrowHelp : public CLI::Formatter {
 public:
  NarrowHelp() { column_width(26); }
  std::string make_option_desc(const CLI::Option* option) const override { return wrapped(Formatter::make_option_desc(option), 79 - 26); }
  std::string make_description(const CLI::App* app) const override { return wrapped(Formatter::make_description(app), 79); }
  std::string make_footer(const CLI::App* app) const override { return wrapped(Formatter::make_footer(app), 79); }
  std::string make_subcommand(const CLI::App* sub) const override;
};

}  // namespace hyped::commands
