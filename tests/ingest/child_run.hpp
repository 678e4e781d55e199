// A function in a process of its own: how it ended and how much memory it took.
#pragma once
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped::testing {

struct ChildEnd {
  int signal = 0;                  // 0: it ended by itself
  int code = 0;                    // 0 good, 2 InputError, 3 any other exception
  std::uint64_t peak_bytes = 0;    // resident, of it and its own children
};

inline ChildEnd in_child(const std::function<void()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    set_threads(1);      // the parent's threads do not exist here
    for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) signal(number, SIG_DFL);      // not Catch's
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    try {
      work();
    } catch (const InputError&) {
      _exit(2);
    } catch (...) {
      _exit(3);
    }
    _exit(0);
  }
  int status = 0;
  rusage used{};
  wait4(child, &status, 0, &used);
  return {WIFSIGNALED(status) ? WTERMSIG(status) : 0, WIFEXITED(status) ? WEXITSTATUS(status) : -1, static_cast<std::uint64_t>(used.ru_maxrss) * 1024};
}

// A temporary folder that goes with the object.
struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "hyped_cells_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path / name; }
};

inline std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_bytes(const std::filesystem::path& file, const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; }

}  // namespace hyped::testing
