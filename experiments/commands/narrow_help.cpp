// Wrapping of help texts.
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

}  // namespace hyped::commands
