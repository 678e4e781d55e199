// flock, and the number of the process that holds it as the file's text.
#include "fitting/run_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

// Is the open file still the one of that name? Its last holder removes it.
bool is_there(int descriptor, const std::filesystem::path& file) {
  struct stat open_one, named;
  return fstat(descriptor, &open_one) == 0 && stat(file.c_str(), &named) == 0 && open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev;
}

std::string text_in(int descriptor) {
  char text[32] = {};
  const auto length = pread(descriptor, text, sizeof text - 1, 0);
  return length > 0 ? text : "unknown";
}

}  // namespace

RunLock::RunLock(std::filesystem::path file) : file_(std::move(file)) {
  if (!file_.parent_path().empty()) std::filesystem::create_directories(file_.parent_path());
  do {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) throw InputError(file_.string(), std::string("cannot be opened: ") + std::strerror(errno), "give --out a folder you may write to");
    if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) continue;
    const int why = errno;
    const std::string holder = text_in(descriptor_);
    close(descriptor_);
    if (why == EWOULDBLOCK) throw InputError(file_.parent_path().string(), "the run is alive: process " + holder + " is at work on it", "wait for it, end it, or give another --out");
    throw InputError(file_.string(), std::string("cannot be locked: ") + std::strerror(why), "give --out a folder on a file system with locks");
  } while (!is_there(descriptor_, file_));
  const std::string mine = std::to_string(getpid());
  if (ftruncate(descriptor_, 0) != 0 || pwrite(descriptor_, mine.data(), mine.size(), 0) < 0) throw InputError(file_.string(), "cannot be written", "check that the disk is not full");
}

RunLock::~RunLock() {
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
  close(descriptor_);
}

}  // namespace hyped
