// Help that fits a terminal of 80 columns: descriptions are wrapped beside a narrow column of names.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

namespace hyped::commands {

// Group of options that --help leaves out and --help-all shows: `command->add_option(...)->group(rarely_used)`. The last line of --help names --help-all then.
inline constexpr const char* rarely_used = "Rarely used options";

// Text broken at spaces so that no line is longer than `width`; line breaks in it stay.
std::string wrapped(const std::string& text, std::size_t width);

class NarrowHelp : public CLI::Formatter {
 public:
  static constexpr std::size_t names = 30;      // columns
  NarrowHelp() { column_width(names); }
  std::string make_option(const CLI::Option* option, bool is_positional) const override { return option->check_lname("help") ? "" : Formatter::make_option(option, is_positional); }      // whoever reads it has found it
  std::string make_option_desc(const CLI::Option* option) const override { return wrapped(Formatter::make_option_desc(option), 79 - names); }
  std::string make_description(const CLI::App* app) const override { return wrapped(Formatter::make_description(app), 79); }
  std::string make_footer(const CLI::App* app) const override { return wrapped(Formatter::make_footer(app), 79); }
  std::string make_subcommand(const CLI::App* sub) const override;
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
};

}  // namespace hyped::commands
