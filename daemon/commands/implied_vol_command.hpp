#pragma once

#include <iosfwd>

namespace CLI {
class App;
}

namespace hedgewatch {

/// Reads option prices as CSV from `in` (columns id, type, F, K, T, price, and tick where wanted) and writes id, sigma and status
/// as CSV to `out`; with a tick column also sigma_low and sigma_high. A price that carries no vol is a row with its status; a row
/// that cannot be read, or whose F, K or T is not positive, gives `line N: what is wrong` on `errors` and no output row. Returns
/// the exit status: kExitSuccess, or kExitFault when any row or the header was at fault.
int run_implied_vol(std::istream& in, std::ostream& out, std::ostream& errors);

/// `hedgewatch implied-vol [FILE]`
void add_implied_vol_command(CLI::App& app, int& status);

}  // namespace hedgewatch
