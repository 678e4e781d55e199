// expat, fed from a file or, through libzip, from an archive.
#include "libhyped/ingest/tracks/xml_source.hpp"

#include <expat.h>
#include <fmt/format.h>
#include <zip.h>

#include <exception>
#include <fstream>
#include <memory>

#include "libhyped/errors.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t chunk = 1 << 16;

struct Handlers {
  XML_Parser parser;
  std::string file;
  const std::function<void(const XmlElement&)>& begin;
  const std::function<void(std::string_view)>& end;
  std::exception_ptr thrown;                   // an exception must not cross expat's C frames
  XmlElement element;

  template <class Call>
  void guarded(Call call) {
    if (thrown) return;
    try {
      call();
    } catch (...) {
      thrown = std::current_exception();
      XML_StopParser(parser, XML_FALSE);
    }
  }
};

void on_begin(void* data, const char* name, const char** attributes) {
  auto& handlers = *static_cast<Handlers*>(data);
  handlers.guarded([&] {
    XmlElement& element = handlers.element;
    element.name = name;
    element.line = static_cast<int>(XML_GetCurrentLineNumber(handlers.parser));
    element.attributes.clear();
    for (; *attributes != nullptr; attributes += 2) element.attributes.emplace_back(attributes[0], attributes[1]);
    element.where = fmt::format("{}:{}", handlers.file, element.line);
    handlers.begin(element);
  });
}

void on_end(void* data, const char* name) {
  auto& handlers = *static_cast<Handlers*>(data);
  handlers.guarded([&] { handlers.end(name); });
}

// Reads up to `chunk` bytes; 0 at the end.
using Bytes = std::function<std::size_t(char*)>;

Bytes bytes_of_file(const fs::path& file) {
  const auto in = std::make_shared<std::ifstream>(file, std::ios::binary);      // shared: std::function copies
  if (!*in) throw InputError(file.string(), fs::exists(file) ? "cannot be read" : "does not exist", "give the path of an existing file");
  return [in](char* to) {
    in->read(to, chunk);
    return static_cast<std::size_t>(in->gcount());
  };
}

Bytes bytes_of_archive(const fs::path& file) {
  const auto damaged = [&] { return InputError(file.string(), "is a zip archive that cannot be read", "unzip it, and give the XML inside"); };
  const std::shared_ptr<zip_t> archive(zip_open(file.c_str(), ZIP_RDONLY, nullptr), [](zip_t* open) { if (open != nullptr) zip_discard(open); });
  if (!archive) throw damaged();
  zip_int64_t wanted = -1;
  int found = 0;
  for (zip_int64_t i = 0; i < zip_get_num_entries(archive.get(), 0); ++i)
    if (const char* name = zip_get_name(archive.get(), static_cast<zip_uint64_t>(i), 0); name != nullptr && std::string_view(name).ends_with(".xml")) {
      wanted = i;
      ++found;
    }
  if (found != 1) throw InputError(file.string(), fmt::format("the archive holds {} XML files", found), "give an archive of one TrackMate XML, or the unzipped file");
  const std::shared_ptr<zip_file_t> entry(zip_fopen_index(archive.get(), static_cast<zip_uint64_t>(wanted), 0), [archive](zip_file_t* open) { if (open != nullptr) zip_fclose(open); });
  if (!entry) throw damaged();
  return [entry, path = file](char* to) {
    const zip_int64_t got = zip_fread(entry.get(), to, chunk);
    if (got < 0) throw InputError(path.string(), "is a zip archive that is damaged", "unzip it, and give the XML inside");
    return static_cast<std::size_t>(got);
  };
}

bool is_archive(const fs::path& file) {
  char start[4] = {};
  std::ifstream(file, std::ios::binary).read(start, 4);
  return std::string_view(start, 4) == std::string_view("PK\x03\x04", 4);
}

}  // namespace

std::string_view XmlElement::value(std::string_view attribute) const {
  for (const auto& [name, value] : attributes)
    if (name == attribute) return value;
  return {};
}

void read_xml(const fs::path& file, const std::function<void(const XmlElement&)>& begin, const std::function<void(std::string_view)>& end) {
  const Bytes bytes = is_archive(file) ? bytes_of_archive(file) : bytes_of_file(file);
  const std::unique_ptr<XML_ParserStruct, void (*)(XML_Parser)> parser(XML_ParserCreate(nullptr), XML_ParserFree);
  Handlers handlers{parser.get(), file.string(), begin, end, nullptr, {}};
  XML_SetUserData(parser.get(), &handlers);
  XML_SetElementHandler(parser.get(), on_begin, on_end);
  for (bool last = false; !last;) {
    void* buffer = XML_GetBuffer(parser.get(), chunk);
    if (buffer == nullptr) throw std::bad_alloc();
    const std::size_t got = bytes(static_cast<char*>(buffer));
    last = got == 0;
    const bool good = XML_ParseBuffer(parser.get(), static_cast<int>(got), last) == XML_STATUS_OK;
    if (handlers.thrown) std::rethrow_exception(handlers.thrown);
    if (!good)
      throw InputError(fmt::format("{}:{}", file.string(), XML_GetCurrentLineNumber(parser.get())), fmt::format("is not well-formed XML: {}", XML_ErrorString(XML_GetErrorCode(parser.get()))),
                       "save the file again; it may be cut off");
  }
}

}  // namespace hyped
