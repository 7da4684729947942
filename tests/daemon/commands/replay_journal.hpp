#pragma once

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/engine/engine_driver.hpp"
#include "daemon/journal/journal_writer.hpp"

namespace hedgewatch::testing {

/// The calendar stands so far before the sessions' own clock.
inline constexpr std::chrono::nanoseconds kCalendar = std::chrono::hours{24 * 365 * 56};

/// A journal made by hand: one account that holds the BTC perpetual, whose size is all that changes.
class HandMadeJournal {
 public:
  /// `more` is the end of the configuration of the first session.
  HandMadeJournal(std::string_view name, std::string_view more)
      : folder_{std::filesystem::temp_directory_path() / ("hedgewatch_" + std::string{name} + std::to_string(::getpid()))} {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    begin_session(more);
  }
  ~HandMadeJournal() {
    end();
    std::filesystem::remove_all(folder_);
  }
  HandMadeJournal(const HandMadeJournal&) = delete;
  HandMadeJournal& operator=(const HandMadeJournal&) = delete;

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] static std::string configuration(std::string_view more) {
    return "[[venue]]\nkind = \"deribit\"\nendpoint = \"wss://127.0.0.1:1/\"\nnetwork = \"testnet\"\ncurrencies = [\"BTC\"]\n"
           "[[account]]\nname = \"main\"\nvenue = \"deribit\"\nclient_id = \"kEy01\"\nsecret_credential = \"key\"\n"
           "[[book]]\nname = \"desk\"\nrules = [{ accounts = [\"main\"] }]\n" +
           std::string{more};
  }

  /// A process that starts now, where the one before has written all it had.
  void begin_session(std::string_view more) {
    end();
    // Each process has a clock of its own; the calendar is everybody's.
    boot_ += std::chrono::seconds{100};
    JournalOptions options;
    options.directory = folder_;
    options.mono = [this] { return kStart + boot_ + elapsed_; };
    options.wall = [this] { return from_nanoseconds<WallTime>(nanoseconds_of(kStart) + (elapsed_ + kCalendar).count()); };
    journal_ = std::make_unique<JournalWriter>(std::move(options), configuration(more));
    record(FeedStatus{.phase = FeedPhase::Live});
    record(FeedStatus{.phase = FeedPhase::Live}, 0, 1);
    Contract contract;
    contract.name = InstrumentName::from("BTC-PERPETUAL").value();
    contract.base = contract.settlement = AssetCode::from("BTC").value();
    contract.quote = AssetCode::from("USD").value();
    contract.contract_size = contract.lot = 10;
    contract.kind = ContractKind::Perpetual;
    contract.style = PayoffStyle::Inverse;
    contract.size_unit = SizeUnit::Quote;
    record(InstrumentListed{contract}, 1);
  }
  /// A second later the account states so many dollars of the perpetual, and a cycle ends.
  void hold(double size) {
    elapsed_ += std::chrono::seconds{1};
    record(Mark{.price = 50'000, .index = 50'000}, 1);
    record(PositionSnapshotBegin{}, 0, 1);
    record(PositionReport{.size = size_of(size), .average_entry = 50'000}, 1, 1);
    record(PositionSnapshotEnd{}, 0, 1);
    record(EndOfCycle{});
  }
  void record(const EventBody& body, std::uint32_t instrument = 0, std::uint8_t connection = 0) {
    journal_->record(Event{.header = {.exchange_time = kVenueStart + elapsed_,
                                      .received = kStart + boot_ + elapsed_,
                                      .instrument = make_instrument_id(Venue::Deribit, instrument),
                                      .account = connection == 1 ? AccountId{0} : kNoAccount,
                                      .connection = ConnectionId{connection},
                                      .venue = Venue::Deribit},
                           .body = body});
  }
  /// The configuration changes while the process runs.
  void reload(std::string_view more) { journal_->record_configuration(journal_->announce_configuration(configuration(more))); }
  /// All of it is in the files.
  void end() { journal_.reset(); }
  /// Nanoseconds of the calendar, `seconds` after the beginning.
  [[nodiscard]] static std::string at(int seconds) {
    return std::to_string(nanoseconds_of(kStart) + (kCalendar + std::chrono::seconds{seconds}).count());
  }

 private:
  std::filesystem::path folder_;
  std::chrono::nanoseconds boot_{0};
  std::chrono::nanoseconds elapsed_{0};  ///< since the journal began
  std::unique_ptr<JournalWriter> journal_;
};

}  // namespace hedgewatch::testing
