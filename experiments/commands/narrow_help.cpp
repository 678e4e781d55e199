// Wrapping of help texts, and what --help leaves to --help-all.
#include "experiments/commands/narrow_help.hpp"

namespace hyped::commands {

std::string wrapped(const std::string& text, std::size_t width) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\n') {
      out += '\n';
      column = 0;
      ++at;
      continue;
    }
    const std::size_t end = std::min(text.find_first_of(" \n", at), text.size());
    const std::size_t length = end - at;
    if (column > 0 && column + length > width) {
      while (!out.empty() && out.back() == ' ') out.pop_back();
      out += '\n';
      column = 0;
    }
    out.append(text, at, length);
    column += length;
    at = end;
    while (at < text.size() && text[at] == ' ') {
      if (column > 0) {
        out += ' ';
        ++column;
      }
      ++at;
    }
  }
  return out;
}

std::string NarrowHelp::make_subcommand(const CLI::App* sub) const {
  std::string name = "  " + sub->get_name();
  name.resize(std::max<std::size_t>(name.size() + 1, 14), ' ');
  std::string out = name;
  for (const char c : wrapped(sub->get_description(), 79 - name.size())) {
    out += c;
    if (c == '\n') out.append(name.size(), ' ');
  }
  return out + "\n";
}

std::string NarrowHelp::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const {
  if (mode == CLI::AppFormatMode::Sub) return make_expanded(app);
  std::string out = make_description(app) + make_usage(app, name) + make_positionals(app);
  bool more = false;
  for (const std::string& group : app->get_groups()) {
    const auto options = app->get_options([&](const CLI::Option* option) { return option->get_group() == group && option->nonpositional() && option != app->get_help_all_ptr(); });
    if (group.empty() || options.empty()) continue;
    const bool left_out = group == rarely_used && mode == CLI::AppFormatMode::Normal;
    if (!left_out) out += make_group(group, false, options);
    more = more || left_out;
  }
  out += make_subcommands(app, mode) + "\n" + make_footer(app);
  return more ? out + "More options: " + name + " --help-all\n" : out;
}

}  // namespace hyped::commands
