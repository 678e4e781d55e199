// The command `hyped`: adds the subcommands, turns each kind of failure into its exit code, nothing more.
#include <cstdio>
#include <exception>

#include "experiments/commands/checks.hpp"
#include "experiments/commands/commands.hpp"
#include "experiments/commands/narrow_help.hpp"
#include "libhyped/errors.hpp"

int main(int argc, char** argv) {
  using namespace hyped;
  CLI::App app("hyped: how cells answer transient perturbations", "hyped");
  app.formatter(std::make_shared<commands::NarrowHelp>());      // shared: subcommands inherit it
  app.set_help_all_flag("--help-all", "rarely used options too");      // subcommands inherit it; the help of those that have any names it
  app.set_version_flag("--version", "hyped " HYPED_VERSION);
  app.require_subcommand(1);
  app.footer("Example: hyped demo --out out/demo\nExit codes: 0 good, 1 the numerics did not succeed (said in the output), "
             "2 the input is wrong (said on stderr), 3 a bug in hyped.");
  int exit_code = 0;
  commands::add_inspect(app, exit_code);
  commands::add_demo(app, exit_code);
  commands::add_twin(app, exit_code);
  commands::add_cycle(app, exit_code);
  commands::add_network(app, exit_code);
  commands::add_grn(app, exit_code);
  commands::add_tracks(app, exit_code);
  commands::add_image(app, exit_code);
  commands::add_cells(app, exit_code);
  commands::add_bench(app, exit_code);
  commands::add_control(app, exit_code);
  commands::add_report(app, exit_code);
  if (const std::string wrong = commands::unknown_command(app, argc, argv); !wrong.empty()) {
    std::fprintf(stderr, "hyped: %s\n", wrong.c_str());
    return 2;
  }
  const auto say = [](const char* format, const char* what) {      // what was printed before the fault stands before it
    std::fflush(stdout);
    std::fprintf(stderr, format, what);
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const InputError& error) {
    say("hyped: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    say("hyped: this is a bug in hyped, please report it with the command line: %s\n", error.what());
    return 3;
  }
  return exit_code;
}
