// A walk through an AnnData file that reads no values: for people who look at it, and in a child process for safety.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/cells/element_reader.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr int deepest = 32;
constexpr std::uint64_t walk_memory = 96ULL << 20;       // of the child, beside what the parent has; and a sixteenth of the file
constexpr unsigned walk_seconds = 600;                    // waiting for a slow disk among them
constexpr std::uint64_t bytes_a_second = 100ULL << 20;    // of the file: a walk that computes for longer than this and two seconds goes in circles

std::string words(const Encoding& encoding) { return encoding.version.empty() ? encoding.type : encoding.type + " " + encoding.version; }

std::string shape_of(const hdf5::Dataset& dataset) { return dataset.is_null() ? "no value" : shape_words({dataset.shape().begin(), dataset.shape().end()}); }

class Walk {
 public:
  explicit Walk(const hdf5::Group& root) : left_(root.file_bytes() / 64 + 1000) {}
  std::vector<StoredItem> items;

  void group(const hdf5::Group& group, const std::string& path, int depth) {
    for (const std::string& name : group.children()) {
      const std::string own = path.empty() ? name : path + "/" + name;
      if (depth > deepest || left_-- == 0) throw InputError(group.where() + "/" + name, "groups lie deeper or are more than the file has room for", "the file is damaged or was written wrongly: write it again");
      if (group.is_elsewhere(name)) {
        items.push_back({own, "", "a link to another file", "", "", 0});
        continue;
      }
      const auto attributes = group.attributes_of(name);
      const Encoding encoding = encoding_of(attributes);
      if (!group.is_group(name)) {
        const hdf5::Dataset dataset = group.dataset(name);
        items.push_back({own, words(encoding), dataset.type().words, shape_of(dataset), dataset.storage(), dataset.stored_bytes()});
        continue;
      }
      const hdf5::Group below = group.open(name);
      if (below.has("data") && below.has("indices") && below.has("indptr")) {
        const hdf5::Dataset values = below.dataset("data"), index = below.dataset("indices"), start = below.dataset("indptr");
        const bool old = attributes.is_text("h5sparse_format");
        items.push_back({own, old ? attributes.text("h5sparse_format") + " (h5sparse)" : words(encoding), values.type().words + ", indices " + index.type().words,
                         shape_words(attributes.integers(old ? "h5sparse_shape" : "shape")) + fmt::format(", {} stored", values.size()), values.storage(),
                         values.stored_bytes() + index.stored_bytes() + start.stored_bytes()});
      } else if (below.has("codes") && below.has("categories") && encoding.type == "categorical") {
        const hdf5::Dataset codes = below.dataset("codes");
        items.push_back({own, words(encoding), "codes " + codes.type().words, shape_of(codes), codes.storage(), codes.stored_bytes()});
      } else if (encoding.type.starts_with("nullable-") && below.has("values")) {
        const hdf5::Dataset values = below.dataset("values");
        items.push_back({own, words(encoding), values.type().words + " and a mask", shape_of(values), values.storage(), values.stored_bytes()});
      } else {
        if (!encoding.type.empty() && encoding.type != "dict") items.push_back({own, words(encoding), "", fmt::format("{} parts", below.children().size()), "", 0});
        this->group(below, own, depth + 1);
      }
    }
  }

  // Everything that makes the library follow addresses: groups, types, attributes, indices of chunks. What a dataset says of itself is
  // checked by our own code wherever it is read; attributes are the library's, and one that cannot be read here is the answer.
  void touch(const hdf5::Group& group, int depth) {
    for (const std::string& name : group.children()) {
      if (depth > deepest || left_-- == 0) return;      // the reader says so
      if (group.is_elsewhere(name)) continue;
      const auto attributes = group.attributes_of(name);
      for (const auto& attribute : attributes.names())
        if (attributes.is_text(attribute)) attributes.texts(attribute);
      if (group.is_group(name)) {
        touch(group.open(name), depth + 1);
        continue;
      }
      try {
        group.dataset(name);
      } catch (const InputError&) {
      }
    }
  }

 private:
  std::uint64_t left_;
};

std::uint64_t own_memory() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t pages = 0;
  in >> pages;
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

constexpr int said = 2;      // exit code of a child that wrote down what is wrong

[[noreturn]] void walk_and_leave(const std::filesystem::path& file, int answer) {
  for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU}) signal(number, SIG_DFL);
  std::error_code ignored;
  const rlim_t seconds = 2 + std::filesystem::file_size(file, ignored) / bytes_a_second;
  const rlim_t room = own_memory() + walk_memory + std::filesystem::file_size(file, ignored) / 16;
  const rlimit no_core{0, 0}, memory{room, room}, computing{seconds, seconds + 1};
  setrlimit(RLIMIT_CORE, &no_core);
  setrlimit(RLIMIT_CPU, &computing);
  setrlimit(RLIMIT_AS, &memory);
  alarm(walk_seconds);
  const int silence = open("/dev/null", O_WRONLY);
  if (silence >= 0) dup2(silence, STDERR_FILENO);      // what the C library says of a damaged heap
  set_threads(1);                                      // the parent's threads do not exist here
  std::optional<hdf5::File> opened;
  try {
    opened = hdf5::File::open(file);
  } catch (const InputError&) {
    _exit(0);      // the parent meets it too, and says it
  }
  try {
    const hdf5::Group root = opened->root();
    Walk(root).touch(root, 0);
  } catch (const InputError& error) {
    const std::string text = error.what();
    _exit(write(answer, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? said : 1);
  } catch (...) {
    _exit(1);
  }
  _exit(0);
}

}  // namespace

std::vector<StoredItem> stored_items(const std::filesystem::path& file) {
  const auto opened = hdf5::File::open(file);
  const hdf5::Group root = opened.root();
  Walk walk(root);
  walk.group(root, "", 0);
  return std::move(walk.items);
}

void check_structure(const std::filesystem::path& file) {
  if (!std::filesystem::is_regular_file(file)) throw InputError(file.string(), std::filesystem::exists(file) ? "is no file" : "does not exist", "check the path");
  int ends[2];
  if (pipe(ends) != 0) throw InputError(file.string(), "no process can be started to check it", "close some files, or read it without the check");
  const pid_t child = fork();
  if (child == 0) walk_and_leave(file, ends[1]);
  close(ends[1]);
  std::string problem;
  char buffer[512];
  for (ssize_t got = 0; child > 0 && (got = read(ends[0], buffer, sizeof buffer)) > 0;) problem.append(buffer, static_cast<std::size_t>(got));
  close(ends[0]);
  if (child < 0) throw InputError(file.string(), "no process can be started to check it", "free some memory, or read it without the check");
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return;
  if (WIFEXITED(status) && WEXITSTATUS(status) == said) throw InputError(file.string(), "is damaged (" + problem + ")", "copy or write it again");
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) throw InputError(file.string(), "its structure could not be walked through in ten minutes", "copy it to a local disk, or write it again");
  if (WIFSIGNALED(status) || WEXITSTATUS(status) != 0) throw InputError(file.string(), "is damaged: the HDF5 library cannot walk through it", "copy or write it again");
}

}  // namespace hyped
