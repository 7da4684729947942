// Prints what a journal holds: of each session the number of its events, the fills, and how it was found. For the kill -9 harness.
// usage: journal_fills DIRECTORY
#include <iostream>
#include <variant>

#include "core/market/event.hpp"
#include "daemon/journal/journal_files.hpp"
#include "daemon/journal/journal_reader.hpp"

int main(int argc, char** argv) {
  using namespace hedgewatch;
  if (argc != 2) {
    std::cerr << "usage: journal_fills DIRECTORY\n";
    return 2;
  }
  JournalReader journal{segments_in(argv[1])};
  std::uint64_t sessions = 0;
  std::uint64_t events = 0;  // of the session
  std::uint64_t torn = 0;
  std::uint64_t damaged = 0;
  std::uint64_t lost = 0;
  while (const auto item = journal.next()) {
    if (std::holds_alternative<SessionStart>(*item)) {
      if (sessions++ > 0) std::cout << "events " << events << '\n';
      events = 0;
    }
    if (const auto* lost_events = std::get_if<LostEvents>(&*item)) lost += lost_events->count;
    if (const auto* damage = std::get_if<JournalDamage>(&*item)) {
      ++(damage->torn_tail ? torn : damaged);
      if (!damage->torn_tail) std::cerr << damage->file << ": " << damage->what << '\n';
    }
    const auto* told = std::get_if<JournaledEvent>(&*item);
    if (told == nullptr) continue;
    ++events;
    if (const auto* fill = std::get_if<Fill>(&told->event.body))
      std::cout << "fill " << fill->sequence << ' ' << (fill->side == Side::Buy ? "buy" : "sell") << ' '
                << nanoseconds_of(told->event.header.exchange_time) / 1'000'000 << '\n';
  }
  std::cout << "events " << events << "\nsessions " << sessions << "\ntorn " << torn << "\ndamaged " << damaged << "\nlost " << lost
            << '\n';
  return 0;
}
