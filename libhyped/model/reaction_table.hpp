// A model as data: species, parameters, rules and reactions with rates in infix, as read from a file.
#pragma once
#include <map>
#include <string>
#include <vector>

namespace hyped {

// `place` of each row is file:line or file and name, for error texts.
struct ReactionTable {
  struct Species {
    std::string name, unit = "1";
    double initial = 0;
    bool constant = false;                       // its amount is held: reactions do not change it
    std::string place = {};
  };
  struct Parameter {
    std::string name, unit = "1", meaning = {};
    double value = 0, lower = 0, upper = 0;      // lower == upper: bounds are made from the value
    std::string place = {};
  };
  struct Rule {
    std::string name, expression, place = {}, unit = "1";
  };
  struct Reaction {
    std::string name;
    std::map<std::string, double> net;           // change of each species when it fires once
    std::string rate;                            // amount (or number of events) per hour
    std::string place = {};
  };
  std::string name, where;
  std::vector<Species> species;
  std::vector<Parameter> parameters;
  std::vector<Rule> assignments;                 // name = expression at all times; any order
  std::vector<Rule> initial_assignments;         // name = expression at the start, of parameters and other initial values
  std::vector<Rule> rates;                       // d name / dt = expression, beside reactions
  std::vector<Reaction> reactions;
};

// "A + 2 B -> C" as net changes; "" or "0" on a side is nothing. Throws InputError at `place` with the column.
std::map<std::string, double> net_of_equation(const std::string& equation, const std::string& place);

}  // namespace hyped
