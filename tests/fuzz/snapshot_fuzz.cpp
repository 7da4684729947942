// A snapshot's file of any bytes, and the engine that is made of it. The first byte says how the rest is packed: as it is; as
// blocks of the kinds that their first bytes name; as the state in a whole file; or as changes to the state that an engine has
// saved, which the file's checksums agree with. Property: reading takes no more than it may, what is not whole is refused in words,
// an engine comes out or words do, and what was saved and is not changed is loaded and saved as the same bytes.

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/parser.hpp"
#include "core/engine/engine.hpp"
#include "daemon/journal/journal_block.hpp"
#include "daemon/journal/snapshot_files.hpp"
#include "daemon/setup.hpp"

using namespace hedgewatch;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr std::string_view kDesk = R"([[venue]]
kind = "deribit"
endpoint = "wss://exchange.example/ws/api/v2"
network = "testnet"
currencies = ["BTC"]
books = ["deribit:BTC-PERPETUAL"]
[[account]]
name = "main"
venue = "deribit"
client_id = "monitor"
secret_file = "/nowhere"
[[book]]
name = "all"
rules = [{ accounts = ["main"] }]
[[hedge]]
name = "straddles"
book = "all"
underlying = "BTC"
legs = ["deribit:BTC-PERPETUAL"]
view = "net_transaction"
target_ratio = 1
soft_delta_limit_coins = 2
hard_delta_limit_coins = 5
[alertmanager]
urls = ["http://127.0.0.1:9093"]
)";

EngineSetup setup() {
  auto config = parse_config(kDesk, "desk");
  require(config.ok());
  return to_engine_setup(config.value());
}

/// What an engine saves that has seen a little of everything.
std::vector<std::byte> saved_state() {
  constexpr std::int64_t kVenueStart = 1'790'000'000'000'000'000;
  constexpr std::int64_t kDay = 86'400'000'000'000;
  Engine engine{setup()};
  MonoTime now = from_nanoseconds<MonoTime>(1'000'000'000);
  const AssetCode btc = AssetCode::from("BTC").value();
  const AssetCode usd = AssetCode::from("USD").value();
  const auto price = [](double value) { return Price::from_raw(std::llround(value * 1e9)); };
  const auto size = [](double value) { return Size::from_raw(std::llround(value * 1e9)); };
  const auto apply = [&](const EventBody& body, InstrumentId instrument, ConnectionId connection) {
    engine.apply({.header = {.exchange_time = from_nanoseconds<VenueTime>(kVenueStart + nanoseconds_of(now)),
                             .received = now,
                             .instrument = instrument,
                             .account = connection == ConnectionId{1} ? AccountId{0} : kNoAccount,
                             .connection = connection,
                             .venue = Venue::Deribit},
                  .body = body});
  };
  const auto told = [&](const EventBody& body, std::uint32_t instrument) {
    apply(body, make_instrument_id(Venue::Deribit, instrument), ConnectionId{0});
  };
  const auto held = [&](const EventBody& body, std::uint32_t instrument) {
    apply(body, make_instrument_id(Venue::Deribit, instrument), ConnectionId{1});
  };
  for (const std::uint8_t connection : {std::uint8_t{0}, std::uint8_t{1}})
    apply(FeedStatus{.phase = FeedPhase::Live, .reason = FeedDownReason::None}, kNoInstrument, ConnectionId{connection});
  told(InstrumentListed{{.name = InstrumentName::from("BTC-PERPETUAL").value(),
                         .base = btc,
                         .quote = usd,
                         .settlement = btc,
                         .contract_size = 10,
                         .lot = 10,
                         .kind = ContractKind::Perpetual,
                         .style = PayoffStyle::Inverse,
                         .size_unit = SizeUnit::Quote}},
       0);
  for (const std::uint32_t option : {1U, 2U})
    told(InstrumentListed{{.name = InstrumentName::from(option == 1 ? "BTC-26MAR27-90000-C" : "BTC-26MAR27-90000-P").value(),
                           .base = btc,
                           .quote = usd,
                           .settlement = btc,
                           .expiry = from_nanoseconds<VenueTime>(kVenueStart + 90 * kDay),
                           .strike = 90'000,
                           .contract_size = 1,
                           .lot = 0.1,
                           .kind = ContractKind::Option,
                           .right = option == 1 ? OptionRight::Call : OptionRight::Put,
                           .style = PayoffStyle::Inverse,
                           .size_unit = SizeUnit::Base}},
         option);
  for (int cycle = 0; cycle < 20; ++cycle) {
    now += std::chrono::seconds{10};
    const double index = 90'000 + 40 * cycle;
    apply(IndexPrice{.base = btc, .quote = usd, .price = index}, kNoInstrument, ConnectionId{0});
    told(Mark{.price = index, .forward = index, .index = index}, 0);
    told(Funding{.current_rate_8h = 0.0001, .average_rate_8h = 0.0001}, 0);
    for (const std::uint32_t option : {1U, 2U})
      told(Mark{.price = 0.09, .vol = 0.55, .forward = index, .index = index, .rate = 0}, option);
    told(BookBegin{.snapshot = true}, 0);
    told(BookLevel{.price = price(index - 5), .size = size(1000), .side = Side::Buy}, 0);
    told(BookLevel{.price = price(index + 5), .size = size(2000), .side = Side::Sell}, 0);
    told(BookEnd{.sequence = static_cast<std::uint64_t>(cycle)}, 0);
    if (cycle % 5 == 1) {
      held(PositionSnapshotBegin{}, 0);
      held(PositionReport{.size = size(-50'000), .average_entry = 90'000}, 0);
      for (const std::uint32_t option : {1U, 2U}) held(PositionReport{.size = size(-2), .average_entry = 0.1}, option);
      held(PositionSnapshotEnd{}, 0);
      held(
          AccountSummary{
              .asset = btc, .equity = 3, .balance = 3.2, .margin_balance = 3, .initial_margin = 1, .maintenance_margin = 0.7},
          0);
    }
    if (cycle == 12)
      held(Fill{.price = price(index), .size = size(10'000), .fee = 0.00001, .fee_asset = btc, .sequence = 1, .side = Side::Sell},
           0);
    engine.end_cycle(now);
  }
  std::vector<std::byte> state;
  engine.save(state);
  return state;
}

std::string text_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::string file_with(std::string_view state) {
  std::string bytes;
  append_block(bytes, {.kind = BlockKind::Session, .sequence = 7, .payload = session_text({"1", 5})});
  append_block(bytes, {.kind = BlockKind::Configuration, .sequence = 7, .payload = std::string{kDesk}});
  if (!state.empty()) append_block(bytes, {.kind = BlockKind::State, .sequence = 7, .payload = std::string{state}});
  append_block(bytes, {.kind = BlockKind::State, .sequence = 7, .payload = {}});
  return bytes;
}

/// Each part of the input, up to a zero byte, is a block of the kind that its first byte names.
std::string blocks_of(std::string_view rest) {
  std::string bytes;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    constexpr std::uint8_t kKinds = 6;
    const auto kind =
        part.empty() ? BlockKind::State : static_cast<BlockKind>(1 + static_cast<std::uint8_t>(part.front()) % kKinds);
    append_block(bytes, {.kind = kind, .sequence = 3, .payload = std::string{part.substr(part.empty() ? 0 : 1)}});
  }
  return bytes;
}

/// Four bytes are a change: a place, three bytes long, and what stands there instead.
std::string changed(std::string state, std::string_view changes) {
  for (; changes.size() >= 4; changes.remove_prefix(4)) {
    const auto byte = [&](std::size_t at) { return static_cast<std::size_t>(static_cast<std::uint8_t>(changes[at])); };
    state[(byte(0) | byte(1) << 8 | byte(2) << 16) % state.size()] = changes[3];
  }
  return state;
}

/// A file in memory that can be opened by name.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : descriptor_{memfd_create("snapshot", MFD_CLOEXEC)} {
    require(descriptor_ >= 0 && write(descriptor_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  [[nodiscard]] std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string good = text_of(saved_state());
  if (size == 0) return 0;
  const std::string_view rest{reinterpret_cast<const char*>(data) + 1, size - 1};
  constexpr std::uint8_t kPackings = 4;
  const std::uint8_t packing = data[0] % kPackings;
  const std::string bytes = packing == 0   ? std::string{rest}
                            : packing == 1 ? blocks_of(rest)
                                           : file_with(packing == 2 ? std::string{rest} : changed(good, rest));

  const MemoryFile file{bytes};
  const auto snapshot = read_snapshot(file.path());
  if (!snapshot.ok()) {
    require(!snapshot.error().empty() && packing < 2);
    return 0;
  }
  require(snapshot.value().state.size() <= kLargestState);
  const auto engine = Engine::restored(setup(), std::as_bytes(std::span{snapshot.value().state}));
  if (!engine.ok()) {
    require(!engine.error().empty());
    return 0;
  }
  if (snapshot.value().state != good) return 0;
  std::vector<std::byte> again;
  engine.value().save(again);
  require(text_of(again) == good);
  return 0;
}
