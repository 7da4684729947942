#pragma once

#include <iosfwd>

namespace CLI {
class App;
}

namespace hedgewatch {

enum class GreeksConvention { Black76, CoinSettled };

/// Reads options as CSV from `in` (columns id, type, F, K, T, sigma, and r, b or q where wanted) and writes id and Greeks as CSV to
/// `out`, in raw calculus units. A row that cannot be read or priced gives `line N: what is wrong` on `errors` and no output row.
/// Returns the exit status: kExitSuccess, or kExitFault when any row or the header was at fault.
int run_greeks(std::istream& in, std::ostream& out, std::ostream& errors, GreeksConvention convention);

/// `hedgewatch greeks [--inverse] [FILE]`
void add_greeks_command(CLI::App& app, int& status);

}  // namespace hedgewatch
