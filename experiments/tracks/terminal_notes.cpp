// Notes, printed.
#include "experiments/tracks/terminal_notes.hpp"

#include <fmt/format.h>

#include "libhyped/store/table.hpp"

namespace hyped {

void say_notes(RunDirectory& run, const std::vector<std::string>& notes, std::size_t most) {
  for (std::size_t i = 0; i < notes.size(); ++i) {
    if (i < most || notes.size() == most + 1) fmt::print("{}", to_terminal_paragraph("note      ", notes[i]));
    run.add_note(notes[i]);
  }
  if (notes.size() > most + 1) fmt::print("note      {} more notes in the report\n", notes.size() - most);
}

}  // namespace hyped
