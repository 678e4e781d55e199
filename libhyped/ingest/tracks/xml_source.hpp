// Streams an XML file, alone or the only one in a zip archive, to handlers of its elements; bounded memory.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hyped {

struct XmlElement {
  std::string_view name;
  std::vector<std::pair<std::string_view, std::string_view>> attributes;
  std::string where;                           // "file:line"
  int line = 0;
  std::string_view value(std::string_view attribute) const;      // empty if absent
};

// `begin` sees every start tag, `end` every end tag's name; text between them is skipped. UTF-8, UTF-16, Latin-1. InputError with
// the line where the text is not XML or ends too early, and for an archive that does not hold exactly one .xml.
void read_xml(const std::filesystem::path& file, const std::function<void(const XmlElement&)>& begin, const std::function<void(std::string_view)>& end);

}  // namespace hyped
