#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>

#include "daemon/commands/replay_command.hpp"
#include "shared_files.hpp"
#include "support/temporary_folder.hpp"

// Recorded frames of each venue, replayed under a configuration, become the figures that only whole decoding and books give.

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

struct Shown {
  std::string rows;
  std::string messages;

  /// Whether the figure had a value in a row that names the instrument.
  [[nodiscard]] bool has(std::string_view figure, std::string_view instrument) const {
    std::istringstream lines{rows};
    for (std::string row; std::getline(lines, row);)
      if (row.find("," + std::string{figure} + ",") != std::string::npos &&
          row.find("\"\"" + std::string{instrument} + "\"\"") != std::string::npos && row.find(",ok,,") != std::string::npos)
        return true;
    return false;
  }
};

/// The recording under the name of its connection.
Shown replayed(std::string_view venue, std::string_view recording, std::string_view connection, std::string_view instrument,
               std::string_view more) {
  const TemporaryFolder folder;
  ReplayRequest request;
  request.inputs = {folder.path() / (std::string{connection} + "-1.frames.zst")};
  std::filesystem::create_symlink(*shared_directory() / "data" / venue / recording, request.inputs.front());
  const std::string name = std::string{venue} + ':' + std::string{instrument};
  std::string config = "[[venue]]\nkind = \"" + std::string{venue} + "\"\nnetwork = \"testnet\"\nwatch = [\"" + name +
                       "\"]\nbooks = [\"" + name + "\"]\n";
  config.append(more)
      .append("\n[[book]]\nname = \"desk\"\npositions = [{ instrument = \"")
      .append(name)
      .append("\", size = 1 }]\n");
  request.configuration = folder.write("hedgewatch.toml", config);
  request.every = std::chrono::seconds{1};
  std::ostringstream out;
  std::ostringstream messages;
  static_cast<void>(run_replay(request, out, messages));
  return {out.str(), messages.str()};
}

}  // namespace

TEST_SUITE("replay/captured_frames") {
  TEST_CASE("Deribit: an option is priced from its tickers") {
    if (skip_without_shared("replay/captured_frames")) return;
    const Shown shown = replayed("deribit", "cryptofeed_options_20210722.jsonl.zst", "deribit", "BTC-24SEP21-8000-P",
                                 "endpoint = \"wss://127.0.0.1:1/\"\ncurrencies = [\"BTC\"]\n");
    CAPTURE(shown.messages);
    CHECK(shown.has("hedgewatch_mark_price", "BTC-24SEP21-8000-P"));
    CHECK(shown.has("hedgewatch_position_delta_coins", "BTC-24SEP21-8000-P"));
  }
  TEST_CASE("Binance: a book is made of a snapshot and the changes that follow it") {
    if (skip_without_shared("replay/captured_frames")) return;
    const Shown shown = replayed("binance", "cryptofeed_usdm_20210722.jsonl.zst", "binance-usd_margined_public", "SUSHIUSDT",
                                 "products = [\"usd_margined\"]\ncurrencies = [\"SUSHI\"]\n");
    CAPTURE(shown.messages);
    CHECK(shown.has("hedgewatch_spread_ratio", "SUSHIUSDT"));
    CHECK(shown.messages.find("not understood") == std::string::npos);
  }
  TEST_CASE("OKX: a book is made of its stream alone") {
    if (skip_without_shared("replay/captured_frames")) return;
    const Shown shown = replayed("okx", "cryptofeed_books_20220513.jsonl.zst", "okx", "BTC-USDT", "currencies = [\"BTC\"]\n");
    CAPTURE(shown.messages);
    CHECK(shown.has("hedgewatch_spread_ratio", "BTC-USDT"));
    CHECK(shown.messages.find("not understood") == std::string::npos);
  }
  TEST_CASE("Bybit: tickers that tell what changed are whole marks, and the book has a spread") {
    if (skip_without_shared("replay/captured_frames")) return;
    const Shown shown = replayed("bybit", "cryptofeed_v5_linear_btc_eth_20260809.jsonl.zst", "bybit-linear", "BTCUSDT",
                                 "products = [\"linear\"]\ncurrencies = [\"BTC\"]\n");
    CAPTURE(shown.messages);
    CHECK(shown.has("hedgewatch_mark_price", "BTCUSDT"));
    CHECK(shown.has("hedgewatch_spread_ratio", "BTCUSDT"));
    CHECK(shown.has("hedgewatch_position_delta_coins", "BTCUSDT"));
    CHECK(shown.messages.find("not understood") == std::string::npos);
  }
}
