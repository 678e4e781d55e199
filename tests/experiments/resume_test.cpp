// Runs killed at random times go on where they were and end in the same bytes, with any number of threads.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <thread>

#include "libhyped/random.hpp"
#include "tests/experiments/command_run.hpp"
#include "tests/experiments/small_scenario.hpp"
#include "tests/places.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

// The first start cannot be solved: that, too, is in the bytes that are compared.
const std::string scenario = small_scenario + R"([[random_effect]]
name = "well_rate_variance"
parameters = ["g1_exit", "division"]
[fit]
starts = 6
profiles = ["all"]
bootstrap_parametric = 1500
bootstrap_wells = 1000
[predict]
held_out = "drug"
control = "control"
[[parameter]]
name = "g1_exit"
upper = 1e3
start = 200
[[parameter]]
name = "division"
upper = 1e3
start = 200
)";

// Two arms, three wells each, 33 frames.
std::string counts() {
  std::ostringstream out;
  RandomStream random(11, 0, 0);
  out << "condition\twell\ttime_h\tclass\tcount\n";
  for (const bool drug : {false, true})
    for (int well = 1; well <= 3; ++well)
      for (int i = 0; i < 33; ++i) {
        const double t = i, cells = 300 * std::exp(0.02 * t), share = 0.55 + 0.1 * std::exp(-t / 9) * (drug ? 0.5 : 1);
        for (const bool g1 : {true, false})
          out << (drug ? "drug" : "control") << '\t' << well << '\t' << t << '\t' << (g1 ? "G1" : "S/G2/M") << '\t' << std::lround(cells * (g1 ? share : 1 - share) + 4 * random.normal()) << '\n';
      }
  return out.str();
}

// Starts `hyped arguments` in the folder; killed after `life_s` if it lives that long. Whether it was.
bool killed(const CommandFolder& folder, const std::vector<std::string>& arguments, double life_s, int& code) {
  std::cout.flush();      // or the child prints it again
  std::fflush(nullptr);
  std::string command = hyped::tests::command_path();
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (chdir(folder.path().c_str()) != 0) _exit(99);
    std::vector<char*> words{command.data()};
    for (const auto& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    if (std::freopen("out.txt", "w", stdout) == nullptr || std::freopen("err.txt", "w", stderr) == nullptr) _exit(99);
    execv(command.c_str(), words.data());
    _exit(99);
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(life_s);
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > until) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      if (WIFSIGNALED(status)) return true;
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return false;
}

// Files of a run that must be the same bytes; the summary and its page hold times and the command line.
std::map<std::string, std::string> bytes_of(const fs::path& run) {
  std::map<std::string, std::string> all;
  for (const auto& entry : fs::recursive_directory_iterator(run))
    if (entry.is_regular_file() && entry.path().filename() != "summary.json" && entry.path().filename() != "report.html") all[fs::relative(entry.path(), run).string()] = text_of(entry.path());
  return all;
}

int records_in(const std::string& said) {
  const auto at = said.find("resumed: ");
  return at == std::string::npos ? 0 : std::atoi(said.c_str() + at + 9);
}

// Kills `verb` at 20 random times over its life, resuming with 1, 2 and 8 threads in turn, and compares with an undisturbed run.
void check_kills(const std::vector<std::string>& verb, std::uint32_t job) {
  const CommandFolder folder;
  folder.write("scenario.toml", scenario);
  folder.write("counts.tsv", counts());
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> words = verb;
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  int code = -1;
  const auto began = std::chrono::steady_clock::now();
  REQUIRE_FALSE(killed(folder, with({"--out", "whole", "--threads", "2"}), 600, code));
  INFO(text_of(folder.path() / "err.txt") << text_of(folder.path() / "out.txt"));
  REQUIRE(code <= 1);
  const int expected = code;
  CHECK_THAT(text_of(folder.path() / "whole/tables/failed_solves.tsv"), Contains("\nstart 1\t"));
  const double life = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  RandomStream random(20, job, 0);
  int kills = 0, earlier = 0, lives = 0;
  while (kills < 20 || lives == 0) {      // a run that ends before its 20 kills is begun again
    const bool there = fs::exists(folder.path() / "cut.unfinished/run.h5");
    if (!there && earlier > 0) {      // killed when it was done, but before it had ended
      CHECK(fs::exists(folder.path() / "cut/summary.json"));
      earlier = 0;
    }
    std::vector<std::string> more{"--out", "cut", "--threads", std::vector<std::string>{"1", "2", "8"}[static_cast<std::size_t>(kills) % 3]};
    if (there) more.push_back("--resume");
    const bool cut = killed(folder, with(more), kills < 20 ? life * (0.02 + 0.3 * random.uniform()) : 600, code);
    if (there) {
      const int found = records_in(text_of(folder.path() / "err.txt"));
      if (found > 0) {
        CHECK(found >= earlier);      // nothing that was kept is ever lost
        earlier = found;
      }
    }
    if (cut) {
      ++kills;
      continue;
    }
    REQUIRE(code == expected);
    CHECK_FALSE(fs::exists(folder.path() / "cut.unfinished"));
    ++lives;
    earlier = 0;
    const auto whole = bytes_of(folder.path() / "whole"), resumed = bytes_of(folder.path() / "cut");
    REQUIRE(whole.size() == resumed.size());
    for (const auto& [name, bytes] : whole) {
      INFO(name);
      CHECK(resumed.at(name) == bytes);
    }
    fs::remove_all(folder.path() / "cut");
  }
}

}  // namespace

TEST_CASE("must/engine/6", "[standard]") {
  check_kills({"cycle", "fit", "scenario.toml"}, 0);
  check_kills({"cycle", "predict", "scenario.toml"}, 2);
  check_kills({"cycle", "sample", "scenario.toml", "--warmup", "200", "--draws", "200", "--chains", "2"}, 1);
}

TEST_CASE("an unfinished run is neither thrown away unasked nor continued as another", "[standard]") {
  const CommandFolder folder;
  folder.write("scenario.toml", scenario);
  folder.write("counts.tsv", counts());
  CHECK_THAT(folder.run("cycle fit scenario.toml --out cut --resume").err, Contains("no unfinished run"));
  int code = 0;
  double life = 0.05;
  while (!fs::exists(folder.path() / "cut.unfinished/run.h5")) {
    REQUIRE(killed(folder, {"cycle", "fit", "scenario.toml", "--out", "cut"}, life, code));
    life += 0.05;
  }
  const Ended unasked = folder.run("cycle fit scenario.toml --out cut");
  if (unasked.code != 0) {      // with no whole record the file is taken over
    CHECK(unasked.code == 2);
    CHECK_THAT(unasked.err, Contains("cut.unfinished/run.h5: an unfinished run with") && Contains("--resume"));
    CHECK_THAT(folder.run("cycle fit scenario.toml --out cut --resume --seed 2").err, Contains("is of another seed"));
    std::string other = scenario;
    other.replace(other.find("starts = 6"), 10, "starts = 7");
    folder.write("other.toml", other);
    CHECK_THAT(folder.run("cycle fit other.toml --out cut --resume").err, Contains("is of another sc") || Contains("is of another se") || Contains("has other settings"));
    CHECK_THAT(folder.run("cycle compare scenario.toml --out cut --resume").err, Contains("is of another command"));
    // cut in the middle: what is whole is read, what is not is said and done again
    const fs::path file = folder.path() / "cut.unfinished/run.h5";
    std::string bytes = text_of(file);
    const std::string intact = bytes;
    bytes[bytes.size() - 40] = static_cast<char>(bytes[bytes.size() - 40] ^ 0x55);
    std::ofstream(file, std::ios::binary) << bytes;
    const Ended repaired = folder.run("cycle fit scenario.toml --out cut --resume");
    CHECK(repaired.code <= 1);
    CHECK_THAT(repaired.err, Contains("resumed: "));
    fs::create_directories(folder.path() / "cut.unfinished");
    std::ofstream(file, std::ios::binary) << intact.substr(0, 100);
    const Ended damaged = folder.run("cycle fit scenario.toml --out cut --resume");
    CHECK(damaged.code == 2);
    CHECK_THAT(damaged.err, Contains("nothing of it can be used"));
  }
}
